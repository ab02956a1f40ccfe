"""Recording exchanges, and answering from them."""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipeline import Call, Event, Exchange, Reply, Upstream, UpstreamFailed
from pipeline.backends.echo import Echo
from pipeline.backends.recordings import Recording
from pipeline.backends.replay import Replay
from pipeline.cli import privet

pytestmark = pytest.mark.anyio


def asked(text: str, *, stream: bool = False, **more: Any) -> Call:
    body: Any = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
    return Call("openai", body, stream, Exchange(id="e"))


async def said(upstream: Upstream, call: Call) -> tuple[int, list[Event]]:
    reply: Reply = await upstream.send(call)
    return reply.status, [event async for event in reply.events]


async def echo() -> Upstream:
    return Echo(reply="{text} 😀").start(AsyncExitStack())  # type: ignore[return-value]


async def replayed(file: Path, **options: Any) -> Upstream:
    return Replay(file=str(file), **options).start(AsyncExitStack())  # type: ignore[return-value]


@pytest.mark.parametrize("stream", [False, True])
async def test_what_was_recorded_is_said_again(tmp_path: Path, stream: bool):
    file = tmp_path / "said.jsonl"
    recording = Recording(await echo(), file)
    first = await said(recording, asked("one", stream=stream))
    second = await said(recording, asked("two", stream=stream))
    assert first != second
    options = Replay(file=str(file))
    assert options.problems() == []
    assert options.dialects == {"openai"}
    upstream = await replayed(file)
    assert await said(upstream, asked("two", stream=stream)) == second
    assert await said(upstream, asked("one", stream=stream)) == first
    same = asked("one", stream=stream)
    same = Call("openai", dict(reversed(same.body.items())), stream, same.exchange)
    assert await said(upstream, same) == first, "the order of members means nothing"


async def test_a_request_that_was_not_recorded_fails(tmp_path: Path):
    file = tmp_path / "said.jsonl"
    await said(Recording(await echo(), file), asked("one"))
    upstream = await replayed(file)
    for other in (asked("two"), asked("one", temperature=0), asked("one", stream=True)):
        with pytest.raises(UpstreamFailed, match="no recorded exchange") as caught:
            await upstream.send(other)
        assert caught.value.unprocessed
        assert "two" not in caught.value.message


async def test_the_next_one_is_said_whatever_is_asked(tmp_path: Path):
    file = tmp_path / "said.jsonl"
    recording = Recording(await echo(), file)
    one = await said(recording, asked("one"))
    await said(recording, asked("streamed", stream=True))
    two = await said(recording, asked("two"))
    upstream = await replayed(file, match="next")
    assert [await said(upstream, asked("x")) for _ in range(3)] == [one, two, one]


async def test_what_is_broken_off_is_not_recorded(tmp_path: Path):
    file = tmp_path / "said.jsonl"
    reply = await Recording(await echo(), file).send(asked("one", stream=True))
    async for _ in reply.events:
        break
    await reply.events.aclose()  # type: ignore[attr-defined]
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read"),
        ("", "there is no exchange in it"),
        ('{"a": 1}\n', "line 1 is no recorded exchange"),
        ("\n\nx", "line 3 is no recorded exchange"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str | None, expected: str):
    file = tmp_path / "said.jsonl"
    if content is not None:
        file.write_text(content)
    [problem] = Replay(file=str(file)).problems()
    assert expected in problem


def test_a_run_is_recorded_redacted_and_replayed(tmp_path: Path):
    file, config = tmp_path / "said.jsonl", tmp_path / "config.toml"
    rest = (
        '[pipelines.default]\npre = ["pii"]\npost = ["pii"]\n'
        '[plugins.pii]\ntiers = ["patterns"]\n[models]\n"*" = { backend = "local" }\n'
    )
    text = "Write to anna.berg@example.org"
    config.write_text(f'[backends.local]\ntype = "echo"\n{rest}')
    arguments = ["run", "--config", str(config), "--json", text]
    done = CliRunner().invoke(privet, [*arguments, "--record", str(file)])
    assert done.exit_code == 0, done.output
    assert "anna.berg" not in file.read_text()
    assert "EMAIL_ADDRESS_1" in file.read_text()
    config.write_text(f'[backends.local]\ntype = "replay"\nfile = "{file}"\n{rest}')
    again = CliRunner().invoke(privet, arguments)
    assert again.exit_code == 0, again.output
    told, retold = json.loads(done.stdout), json.loads(again.stdout)
    assert retold["client"][0]["choices"] == told["client"][0]["choices"]
    assert "anna.berg@example.org" in retold["client"][0]["choices"][0]["message"]["content"]
