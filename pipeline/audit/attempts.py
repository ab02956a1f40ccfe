"""One request of the audit at a time: send it, and look at everything that it left behind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.audit.canaries import Canary
from pipeline.audit.client import CHAT, Answer, Client
from pipeline.audit.recorder import Recorder
from pipeline.audit.report import Outcome, Spot
from pipeline.audit.scan import Writing, shown
from pipeline.core.jsonvalue import JsonObject, encode

SPOTS = (
    "headers to the backend",
    "error bodies",
    "response headers",
    "receipts",
    "other exchanges",
    "pages of the service",
    "log and output",
    "files",
)


class Attempt(NamedTuple):
    """What came of one request."""

    answer: Answer
    backend: Writing
    received: bytes

    def outcome(self, canary: Canary, pieces: Sequence[str] = ()) -> Outcome:
        """What became of a canary in it."""
        if self.backend.shows(canary, pieces):
            return "leaked"
        if self.answer.is_failure:
            return "failed"
        return "refused" if self.answer.is_error and not self.received else "hidden"


class Attempts:
    """Makes attempts, and keeps count of what they leave in other places than the backend."""

    def __init__(self, client: Client, recorder: Recorder):
        self.client = client
        self.recorder = recorder
        self.spots = {name: Spot(name) for name in SPOTS}

    async def ask(
        self,
        body: JsonObject,
        canaries: Sequence[Canary],
        where: str,
        *,
        stream: bool = False,
        path: str = CHAT,
    ) -> Attempt:
        """Send a request with canaries in it; `where` is what a leak is reported as."""
        asked: JsonObject = {**body, "stream": True} if stream else body
        return await self.post(path, encode(asked), canaries, where)

    async def post(
        self,
        path: str,
        content: bytes,
        canaries: Sequence[Canary],
        where: str,
        headers: Mapping[str, str] | None = None,
    ) -> Attempt:
        """Send anything with canaries in it."""
        self.recorder.take()
        answer = await self.client.post(path, content, headers)
        received = self.recorder.take()
        heads = b"\n".join(one.head for one in received)
        bodies = b"\n".join(one.body for one in received)
        self.look("headers to the backend", heads, canaries, where)
        self.look("response headers", answer.head, canaries, where)
        self.look("error bodies", answer.error, canaries, where)
        if (receipt := await self.client.receipt(answer)) is not None:
            self.look("receipts", receipt.head + receipt.body, canaries, where)
        return Attempt(answer, Writing(bodies), bodies)

    def look(
        self, spot: str, data: bytes, canaries: Iterable[Canary], where: str, count: int = 1
    ) -> None:
        """Look for canaries where none may be; `count` is how much is looked at."""
        if not data:
            return
        self.spots[spot].seen += count
        self.spots[spot].leaks += [f"{where}: {one}" for one in shown(data, canaries)]
