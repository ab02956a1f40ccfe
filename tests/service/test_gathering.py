"""What is written together is sent together, and nothing is lost or sent where it must not be."""

import asyncio

import pytest
from serving import Call, Script, raw_request, request, serving, whole

from pipeline.core.jsonvalue import encode
from pipeline.service.gathering import Gathering

pytestmark = pytest.mark.anyio


class Kept(asyncio.Transport):
    """Keeps what each call sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closing = False
        self.aborted = False

    def writelines(self, list_of_data: object) -> None:
        self.sent.append(b"".join(list_of_data))  # type: ignore[arg-type]

    def get_write_buffer_size(self) -> int:
        return 5

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.aborted = self.closing = True


def gathering() -> tuple[Gathering, Kept]:
    kept = Kept()
    return Gathering(kept, asyncio.get_running_loop()), kept


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


async def test_a_head_is_sent_with_what_follows_it():
    one, kept = gathering()
    one.write(HEAD)
    assert (kept.sent, one.get_write_buffer_size()) == ([], 5 + len(HEAD))
    one.write(b"a")
    assert (kept.sent, one.get_write_buffer_size()) == ([HEAD + b"a"], 5)
    await asyncio.sleep(0)
    one.write(b"b")
    assert kept.sent == [HEAD + b"a", b"b"]


async def test_a_head_that_nothing_follows_is_sent_soon():
    one, kept = gathering()
    one.write(HEAD)
    await asyncio.sleep(0)
    assert kept.sent == [HEAD]
    one.write(HEAD)
    one.flush()
    await asyncio.sleep(0)
    assert kept.sent == [HEAD, HEAD]


async def test_closing_sends_what_was_written():
    one, kept = gathering()
    one.write(HEAD)
    one.close()
    assert (kept.sent, kept.closing) == ([HEAD], True)


async def test_aborting_does_not():
    one, kept = gathering()
    one.write(HEAD)
    one.abort()
    await asyncio.sleep(0)
    assert (kept.sent, kept.aborted) == ([], True)
    assert one.get_write_buffer_size() == 5


async def test_nothing_is_sent_on_a_connection_that_is_gone():
    one, kept = gathering()
    one.write(HEAD)
    kept.closing = True
    await asyncio.sleep(0)
    assert kept.sent == []


async def test_nor_is_what_comes_after_a_head():
    one, kept = gathering()
    kept.closing = True
    one.write(b"a")
    one.write(HEAD)
    one.write(b"b")
    assert kept.sent == []


async def test_a_reply_comes_in_one_piece():
    async def says(_call: Call) -> object:
        yield whole("Hello")

    async with serving(Script(says)) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        for _ in range(3):
            writer.write(raw_request(encode(request())))
            seen = await reader.read(65_536)
            assert seen.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"Hello" in seen
        writer.close()
        await writer.wait_closed()
