"""The lines between workers: one asks, and the others answer."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import anyio

from pipeline.service.crew import Crew
from pipeline.service.peers import Answer

_ANSWER_TIME = 1.0
"""Seconds that another one has for its answer. One whose event loop is blocked does not answer."""
_LINE_FULL = 0.005
_LENGTH = 8
_READ = 2**16
_QUESTION = 4096


class Mates:
    """The other workers of a crew, seen from one of them."""

    def __init__(self, crew: Crew, worker: int):
        self._crew = crew
        self._worker = worker

    @property
    def degraded(self) -> int:
        """Exchanges of the whole crew."""
        return self._crew.degraded

    def degrade(self) -> None:
        """Count one."""
        self._crew.degrade(self._worker)

    async def ask(self, question: str) -> Sequence[bytes]:
        """What those know that answer in time."""
        found: list[bytes] = []
        async with anyio.create_task_group() as group:
            for other in self._crew.others(self._worker):
                group.start_soon(self._ask, other, question, found)
        return found

    async def _ask(self, other: int, question: str, found: list[bytes]) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, anyio.move_on_after(_ANSWER_TIME):
            with theirs:
                while not self._crew.ask(other, question, theirs):  # noqa: ASYNC110 - it tells nobody
                    await anyio.sleep(_LINE_FULL)
            if (answer := await _read(ours)) is not None:
                found.append(answer)

    async def listen(
        self, answer: Answer, rung: Callable[[], None], tasks: asyncio.TaskGroup
    ) -> None:
        """Answer the questions of others until cancelled; `rung` is called at every ring."""
        line = self._crew.line(self._worker)

        def hear() -> None:
            rung()
            while True:
                try:
                    question, files, _, _ = socket.recv_fds(line, _QUESTION, 1)
                except BlockingIOError:
                    return
                for file in files:
                    asker = socket.socket(fileno=file)
                    tasks.create_task(_tell(asker, answer(question.decode())))

        loop = asyncio.get_running_loop()
        loop.add_reader(line, hear)
        try:
            await anyio.sleep_forever()
        finally:
            loop.remove_reader(line)


async def _tell(asker: socket.socket, answer: bytes | None) -> None:
    with asker, anyio.move_on_after(_ANSWER_TIME):
        asker.setblocking(False)
        if answer is not None:
            content = len(answer).to_bytes(_LENGTH) + answer
            try:
                await asyncio.get_running_loop().sock_sendall(asker, content)
            except OSError:
                return  # he does not wait any more


async def _read(ours: socket.socket) -> bytes | None:
    """A whole answer."""
    found = bytearray()
    loop = asyncio.get_running_loop()
    while piece := await loop.sock_recv(ours, _READ):
        found += piece
    answer = bytes(found[_LENGTH:])
    return answer if found and len(answer) == int.from_bytes(found[:_LENGTH]) else None
