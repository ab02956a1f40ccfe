"""A server of a protocol that fails until it is told not to."""

from asyncio import StreamWriter

import anyio
from backends.server import Received, Server, reply, reset, stream
from faults.voices import Voice


class Failing:
    """A server that fails until it is told not to."""

    def __init__(self, voice: Voice, how: str = "500", slow: float = 0.0):
        self.fails = True
        self.go = anyio.Event()
        self.go.set()
        self._voice = voice
        self._how = how
        self.slow = slow

    async def __call__(self, request: Received, writer: StreamWriter) -> None:
        if request.method == "GET":
            await reply(writer, 200, b'{"data": []}')
            return
        await anyio.sleep(self.slow)
        await self.go.wait()
        if not self.fails:
            text = self._voice.asked(request.json)
            if request.json.get("stream"):
                await stream(writer, *self._voice.events(text))
            else:
                await reply(writer, 200, self._voice.whole(text))
        elif self._how == "reset":
            reset(writer)
        else:
            await reply(writer, 500, self._voice.error("it is broken"))


def calls(server: Server) -> int:
    """How often a server was asked for something; that it is there is asked by GET."""
    return sum(one.method == "POST" for one in server.received)


def fine(voice: Voice) -> Failing:
    """A server that does not fail."""
    made = Failing(voice)
    made.fails = False
    return made
