"""The worker process: reads texts from its standard input and writes what it found to its output.

Frames are four bytes of length, big-endian, and MessagePack. The first one in are the options, the
first one out is an empty string, or why it cannot work. Before the answer to a batch come the names
of the tiers that set to work on it, so that it is known in which one it hung or died.

It ends with its input, so that it never outlives the service, and nothing that it runs reaches the
network, writes text to a log or leaves it in a core file.
"""

import ctypes
import gc
import logging
import os
import resource
import signal
import sys
from typing import BinaryIO

import msgspec

from plugins.pii.degrees import PATTERNS
from plugins.pii.options import RecogniserOptions
from plugins.pii.own import CannotLoad

_NICE = 10
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux' prctl

_ENVIRONMENT = {
    # One worker, one core: more threads would take the event loop's.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # The public suffix list comes with its package.
    "TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS": "",
    "HF_HUB_OFFLINE": "1",
    # Presidio skips a pattern that takes too long. The batch's timeout comes first and fails.
    "REGEX_TIMEOUT_SECONDS": "86400",
}


class NoNetwork(PermissionError):
    """Something in the worker reached for the network."""


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _die_with_parent()
    os.environ.update(_ENVIRONMENT)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_stay_offline)
    logging.disable()
    incoming = sys.stdin.buffer
    # What libraries print does not belong between the frames.
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(incoming, outgoing)


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Load what the first frame asks for, then answer every batch."""
    first = read_frame(incoming)
    if first is None:
        return
    options = msgspec.msgpack.decode(first, type=RecogniserOptions)
    # Imported here: loading takes a second, and what goes wrong in it has to be told.
    try:
        from plugins.pii.analysis import Analysis

        tiers = _Tiers(outgoing)
        analysis = Analysis(options, tiers.enter)
        degrees = options.degrees
    except Exception as error:
        # Any other message may quote an option, and options may be secrets.
        safe = isinstance(error, CannotLoad)
        reason = str(error) if safe else f"it raised {type(error).__name__}"
        write_frame(outgoing, msgspec.msgpack.encode(reason))
        return
    gc.collect()
    gc.freeze()
    # From now on the event loop goes first; before, the service waits for this process.
    os.nice(_NICE)
    write_frame(outgoing, msgspec.msgpack.encode(""))
    batch = msgspec.msgpack.Decoder(tuple[list[str], list[bool], list[str]])
    while (frame := read_frame(incoming)) is not None:
        texts, ner, without = batch.decode(frame)
        tiers.enter(PATTERNS)
        found = degrees.recognised(analysis, texts, ner, without)
        write_frame(outgoing, msgspec.msgpack.encode(found))


class _Tiers:
    """Tells the service which tier is at work."""

    def __init__(self, outgoing: BinaryIO):
        self._outgoing = outgoing
        self._last = ""

    def enter(self, tier: str) -> None:
        """From now on this one works."""
        if tier != self._last:
            self._last = tier
            write_frame(self._outgoing, msgspec.msgpack.encode(tier))


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, or None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    return stream.read(int.from_bytes(head, "big"))


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Write a frame at once."""
    stream.write(len(content).to_bytes(4, "big") + content)
    stream.flush()


def _stay_offline(event: str, _arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise NoNetwork(f"recognisers work offline; {event} was refused")


def _die_with_parent() -> None:
    """Have Linux kill the process when its parent is gone, even in the middle of a batch."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    main()
