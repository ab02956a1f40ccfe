"""A worker process, seen from the service."""

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from plugins.pii.degrees import PATTERNS, Found
from plugins.pii.options import RecogniserOptions, recogniser_options

_LOST = (
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    anyio.IncompleteRead,
    msgspec.DecodeError,
    OSError,
)
T = TypeVar("T")

_ANSWER = msgspec.msgpack.Decoder(str | list[Found | str])
_FIRST = msgspec.msgpack.Decoder(str)


class WorkerLost(Exception):
    """The process ended, or said something that is not its protocol."""


class Worker:
    """A started worker; `tier` is the one that it was last known to be at work with."""

    def __init__(self, process: Process):
        self._process = process
        self._output = BufferedByteReceiveStream(_there(process.stdout))
        self.tier = PATTERNS

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.returncode is None

    async def ended(self) -> None:
        """Wait until the process is no longer there."""
        await self._process.wait()

    async def load(self, options: RecogniserOptions) -> str:
        """Have it load its models; an empty string, or why it cannot. Raises WorkerLost."""
        await self._send(recogniser_options(options))
        return await self._receive(_FIRST)

    async def find(
        self, texts: Sequence[str], ner: Sequence[bool], without: Collection[str]
    ) -> list[Found | str]:
        """What is personal in each text, or why that cannot be said. Raises WorkerLost."""
        self.tier = PATTERNS
        await self._send((texts, ner, list(without)))
        while isinstance(answer := await self._receive(_ANSWER), str):
            self.tier = answer
        return answer

    async def _send(self, question: object) -> None:
        content = msgspec.msgpack.encode(question)
        try:
            await _there(self._process.stdin).send(len(content).to_bytes(4, "big") + content)
        except _LOST:
            raise WorkerLost from None

    async def _receive(self, answer: msgspec.msgpack.Decoder[T]) -> T:
        try:
            size = int.from_bytes(await self._output.receive_exactly(4), "big")
            return answer.decode(await self._output.receive_exactly(size))
        except _LOST:
            raise WorkerLost from None


@asynccontextmanager
async def start_worker() -> AsyncGenerator[Worker]:
    """A new worker process, killed at the end."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    process = await anyio.open_process(
        [sys.executable, "-P", "-m", "plugins.pii.worker"],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        yield Worker(process)
    finally:
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.aclose()


def _there(stream: T | None) -> T:
    if stream is None:
        raise TypeError("the worker was started without its pipes")
    return stream
