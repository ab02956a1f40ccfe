"""The recogniser from outside: worker processes, batches, memory, and every way to fail."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import anyio.to_thread
import psutil
import pytest
from presidio_analyzer import Pattern, PatternRecognizer
from service_process import outlasting

from plugins.pii.options import PatternOption, RecogniserOptions
from plugins.pii.recogniser import Recogniser, RecogniserFailed, open_recogniser

CARD = "4111 1111 1111 1111"


class Marks(PatternRecognizer):
    """Does what a text tells it to, so that tests can have a worker hang, fail or go online."""

    def __init__(self) -> None:
        super().__init__("MARK", patterns=[Pattern("mark", "MARK", 1.0)])

    def analyze(self, text: str, *arguments: object, **named: object) -> list[object]:  # type: ignore[override]
        if "HANG" in text:
            time.sleep(60)
        if "SLOW" in text:
            time.sleep(0.2)
        if "RAISE" in text:
            raise ValueError(text)
        if "CONNECT" in text:
            import socket

            socket.create_connection(("127.0.0.1", 9))
        if "PRINT" in text:
            os.write(1, text.encode())
            sys.stdout.write(text)
        return super().analyze(text, *arguments, **named)  # type: ignore[arg-type, return-value]


MARKED = RecogniserOptions(
    entities=("CREDIT_CARD", "EMAIL_ADDRESS"),
    languages=(),
    workers=1,
    recognisers=(f"{__name__}:Marks",),
    timeout=2.0,
    cache=150,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def recogniser() -> AsyncIterator[Recogniser]:
    async with opened(MARKED) as one:
        yield one


@asynccontextmanager
async def opened(options: RecogniserOptions) -> AsyncIterator[Recogniser]:
    async with AsyncExitStack() as stack:
        yield await open_recogniser(stack, options)


def workers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "plugins.pii.worker" in child.cmdline()
    ]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110
        await anyio.sleep(0.01)


async def test_it_finds_names_without_loading_models_into_this_process() -> None:
    program = """
        import sys, anyio
        from contextlib import AsyncExitStack
        from plugins.pii.options import RecogniserOptions
        from plugins.pii.recogniser import open_recogniser

        async def main():
            async with AsyncExitStack() as stack:
                recogniser = await open_recogniser(stack, RecogniserOptions(workers=1))
                assert recogniser.ready()
                [[span]] = await recogniser.find(["I am Maria Gonzalez."])
                assert span.entity == "PERSON"
                assert await recogniser.find(["I am Maria Gonzalez."], ner=False) == [[]]
            assert not recogniser.ready()
            heavy = {"spacy", "presidio_analyzer", "numpy", "thinc", "phonenumbers"}
            assert not heavy.intersection(sys.modules), heavy.intersection(sys.modules)

        anyio.run(main)
    """
    await anyio.run_process([sys.executable, "-W", "error", "-c", textwrap.dedent(program)])


async def test_answers_come_in_the_order_of_the_texts(recogniser: Recogniser) -> None:
    texts = [f"a{n}@x.example" + " and so on" * (n % 3) for n in range(100)]
    answers = await recogniser.find([*texts, "", "  \n", texts[0]])
    values = [text[one.start : one.end] for text, [one] in zip(texts, answers, strict=False)]
    assert values == [f"a{n}@x.example" for n in range(100)]
    assert answers[100:] == [[], [], answers[0]]


async def test_a_long_text_is_recognised_whole_wherever_its_values_are(
    recogniser: Recogniser,
) -> None:
    for filler in ("word ", "line\n", "para\n\n", "x" * 7 + " ", "."):
        unit = filler * (531 // len(filler))
        text = "".join(f"{unit} a{n}@x.example {CARD} " for n in range(1_000_000 // 571))
        [spans] = await recogniser.find([text])
        assert len(spans) == 2 * (1_000_000 // 571)
        assert {text[one.start : one.end] for one in spans[1::2]} == {CARD}


async def test_a_long_text_does_not_keep_a_short_one_waiting(recogniser: Recogniser) -> None:
    done: list[str] = []

    async def find(name: str, text: str) -> None:
        await recogniser.find([text])
        done.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(find, "long", "SLOW words " * 5_000)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(find, "short", "MARK")
    assert done == ["short", "long"]


async def test_the_same_text_is_recognised_once_also_concurrently(recogniser: Recogniser) -> None:
    began = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(recogniser.find, ["SLOW MARK"] * 3)
    for _ in range(50):
        assert len((await recogniser.find(["SLOW MARK"]))[0]) == 1
    assert time.perf_counter() - began < 2.0


async def test_what_is_remembered_is_bounded_and_holds_no_text(recogniser: Recogniser) -> None:
    await recogniser.find([f"secret{n}@x.example" for n in range(200)])
    state = vars(recogniser)
    assert len(vars(state["_found"])["_values"]) == MARKED.cache
    assert not state["_works"]
    assert "secret" not in repr([vars(state[one]) for one in ("_found", "_guesses", "_joins")])


async def test_a_killed_worker_fails_what_it_worked_on_and_is_replaced(
    recogniser: Recogniser,
) -> None:
    [worker] = workers()

    async def kill() -> None:
        await anyio.wait_all_tasks_blocked()
        worker.send_signal(signal.SIGKILL)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kill)
        with pytest.raises(RecogniserFailed) as failed:
            await recogniser.find(["HANG secret"])
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert len((await recogniser.find(["MARK after the kill"]))[0]) == 1
    assert [one.pid for one in workers()] != [worker.pid]


async def test_a_worker_killed_while_idle_costs_nobody_anything(recogniser: Recogniser) -> None:
    workers()[0].send_signal(signal.SIGKILL)
    await until(lambda: not recogniser.ready())
    assert len((await recogniser.find(["MARK after idling"]))[0]) == 1


async def test_a_worker_that_hangs_is_stopped_and_replaced(recogniser: Recogniser) -> None:
    with pytest.raises(RecogniserFailed, match="longer than 2 s"):
        await recogniser.find(["HANG"])
    assert len((await recogniser.find(["MARK after the hang"]))[0]) == 1


async def test_a_pattern_without_end_fails_and_is_not_skipped() -> None:
    bad = RecogniserOptions(
        entities=(),
        languages=(),
        workers=1,
        patterns=(PatternOption("BAD", r"(a|aa)+$"),),
        timeout=3.0,
    )
    assert "takes too long" in bad.problems()[0]
    async with opened(bad) as recogniser:
        with pytest.raises(RecogniserFailed, match="longer than"):
            await recogniser.find(["a" * 300 + "!"])


async def test_a_recogniser_that_raises_fails_its_text_alone(recogniser: Recogniser) -> None:
    [worker] = workers()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recogniser.find, ["SLOW", "MARK other"])
        with pytest.raises(RecogniserFailed, match="Marks raised ValueError") as failed:
            await recogniser.find(["RAISE secret"])
    assert "secret" not in str(failed.value)
    assert [one.pid for one in workers()] == [worker.pid]


async def test_a_worker_cannot_reach_the_network(recogniser: Recogniser) -> None:
    with pytest.raises(RecogniserFailed, match="Marks raised NoNetwork"):
        await recogniser.find(["CONNECT"])


async def test_what_a_recogniser_prints_goes_nowhere(recogniser: Recogniser) -> None:
    assert len((await recogniser.find(["PRINT MARK"]))[0]) == 1


async def test_half_a_surrogate_pair_is_refused_and_not_quoted(recogniser: Recogniser) -> None:
    with pytest.raises(RecogniserFailed) as failed:
        await recogniser.find(["fine", "secret \ud800"])
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert await recogniser.find(["fine"]) == [[]]


async def test_a_caller_who_leaves_takes_nothing_from_others(recogniser: Recogniser) -> None:
    answers: list[int] = []

    async def find() -> None:
        answers.append(len((await recogniser.find(["SLOW MARK", "SLOW MARK again"]))[1]))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(find)
        with anyio.move_on_after(0.05):
            await recogniser.find(["SLOW MARK", "SLOW MARK again"])
        with anyio.move_on_after(0.05):
            await recogniser.find(["SLOW MARK nobody waits for"])
    assert answers == [1]
    assert len((await recogniser.find(["SLOW MARK nobody waits for"]))[0]) == 1


async def test_what_cannot_be_loaded_is_told_at_the_start() -> None:
    before = workers()
    with pytest.raises(RecogniserFailed, match="`en_core_web_none`"):
        async with opened(RecogniserOptions(models={"en": "en_core_web_none"}, workers=2)):
            pass
    assert workers() == before


async def test_closing_fails_who_still_waits_and_leaves_no_process() -> None:
    before = workers()
    async with anyio.create_task_group() as tasks, opened(MARKED) as recogniser:

        async def find() -> None:
            with pytest.raises(RecogniserFailed, match="closed"):
                await recogniser.find(["HANG"])

        tasks.start_soon(find)
        await anyio.wait_all_tasks_blocked()
    with pytest.raises(RecogniserFailed, match="closed"):
        await recogniser.find(["x"])
    assert workers() == before


@pytest.mark.parametrize("busy", [False, True])
async def test_workers_die_with_the_service_even_if_it_is_killed(busy: bool) -> None:
    program = f"""
        import anyio
        from contextlib import AsyncExitStack
        import psutil
        from plugins.pii.options import RecogniserOptions
        from plugins.pii.recogniser import open_recogniser

        async def main():
            async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
                options = RecogniserOptions(
                    entities=(), languages=(), workers=1, recognisers={MARKED.recognisers!r}
                )
                recogniser = await open_recogniser(stack, options)
                tasks.start_soon(recogniser.find, ["HANG" if {busy} else "MARK"])
                tasks.start_soon(anyio.sleep, 60)
                await anyio.wait_all_tasks_blocked()
                print(psutil.Process().children()[0].pid, flush=True)

        anyio.run(main)
    """
    service = await anyio.open_process(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    async with service:
        assert service.stdout
        worker = psutil.Process(int(await service.stdout.receive()))
        assert worker.is_running()
        service.kill()
    assert not await anyio.to_thread.run_sync(outlasting, [worker], 5)


async def test_signals_for_the_service_do_not_stop_a_worker(recogniser: Recogniser) -> None:
    [worker] = workers()
    worker.send_signal(signal.SIGINT)
    worker.send_signal(signal.SIGTERM)
    assert len((await recogniser.find(["MARK after the signals"]))[0]) == 1
    assert [one.pid for one in workers()] == [worker.pid]


async def test_the_event_loop_keeps_its_pace_while_long_texts_are_recognised() -> None:
    sentence = "On Monday Maria Gonzalez wrote to Robert Fischer from Berlin, number {}. "
    long = ["".join(sentence.format(n + k) for n in range(300)) for k in (0, 1000)]
    assert all(len(text) > 20_000 for text in long)
    gaps: list[float] = []
    done = anyio.Event()

    async def tick() -> None:
        last = time.perf_counter()
        while not done.is_set():
            await anyio.sleep(0.002)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    options = RecogniserOptions(workers=1)
    async with opened(options) as recogniser, anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        async with anyio.create_task_group() as exchanges:
            for text in long:
                exchanges.start_soon(recogniser.find, [text])
        done.set()
    assert len(gaps) > 20
    # One late tick may be the machine's, which runs other things at the same time.
    assert sorted(gaps)[-2] < 0.05
