"""The benchmark's own parts: the upstream, the load, what they count, and the page they end in."""

import json
import os
import random
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks.gateway import texts
from benchmarks.gateway.contestants import CONTESTANTS, Place, Running
from benchmarks.gateway.machine import Cores, compile_c, free_port, server
from benchmarks.gateway.measure import Figures, Load, figures, measure, median
from benchmarks.gateway.report import Outcome, judged, write_report
from benchmarks.gateway.rows import PROXIES, WORKERS, Row, Target

SHORT = Load(4, 0.05, 0.3)
FIGURES = Figures(100, 0, 1, 0.5, 50, {"50": 2.0}, {}, {}, {})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, port = tmp_path_factory.mktemp("bench"), free_port()
    every = frozenset(os.sched_getaffinity(0))
    cores = Cores(every, every, every, every)
    with server([compile_c("upstream"), str(port)], port, every, folder / "upstream.log"):
        yield Place(folder, cores, port)


def direct(place: Place, load: Load, pairs: list[texts.Pair]) -> Figures:
    contestant = CONTESTANTS["direct"]
    return measure(place, contestant, Running(place.upstream, ()), load, pairs)


def test_whole_replies_are_right_and_fast(place: Place) -> None:
    found = direct(place, SHORT, texts.messages(1, 50, "mock-0-300"))
    assert not found.void
    assert found.rate > 500


def test_streams_are_right_and_all_chunks_come(place: Place) -> None:
    found = direct(place, SHORT, texts.messages(1, 50, "mock-0-30", stream=True))
    assert not found.void
    assert found.chunks > 1000
    assert 0 < found.first_token["50"] < 1000


def test_a_slow_stream_takes_its_time(place: Place) -> None:
    found = direct(place, Load(4, 0, 0.8), texts.messages(1, 4, "mock-10-20", stream=True))
    assert found.latency["50"] >= 190


def test_once_stops_after_the_last_request(place: Place) -> None:
    found = direct(place, Load(4, 0, 60, once=True), texts.messages(1, 20, "mock-0-300"))
    assert not found.void


def test_a_wrong_reply_voids(place: Place) -> None:
    pairs = [(body, said[:-1] + "!") for body, said in texts.messages(1, 5, "mock-0-300")]
    assert "wrong" in direct(place, SHORT, pairs).void


def test_a_stream_that_is_cut_voids(place: Place) -> None:
    event = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n"

    class Cut(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(65536):
                self.request.sendall(head % len(event) + event)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Cut) as cut:
        cut.daemon_threads = True
        thread = threading.Thread(target=cut.serve_forever, args=(0.01,))
        thread.start()
        running = Running(cut.server_address[1], ())
        pairs = texts.messages(1, 1, "mock-0-30", stream=True)
        contestant = CONTESTANTS["direct"]._replace(check="any")
        found = measure(place, contestant, running, Load(1, 0, 0.1), pairs)
        cut.shutdown()
        thread.join()
    assert "wrong" in found.void


def test_the_upstream_counts_addresses_by_who_let_them_through(place: Place) -> None:
    body, said = texts.messages(1, 1, "mock-0-300")[0]
    url = f"http://127.0.0.1:{place.upstream}"
    for sent in (body, body.replace("@", " at ")):
        with urlopen(f"{url}/redacting/v1/chat/completions", sent.encode()) as answer:
            told = json.load(answer)["choices"][0]["message"]["content"]
        assert told == said.replace("@", "@" if "@" in sent else " at ")
    with urlopen(f"{url}/stats") as answer:
        assert json.load(answer)["redacting"] == [2, 1]


def test_an_address_that_comes_through_voids() -> None:
    told = {"good": 10, "seconds": 1.0}
    assert figures(told, texts.messages(1, 1, "mock-0-300"), 1.0, 1.0, 1.0, leaks=0).void == ""
    assert (
        figures(told, texts.messages(1, 1, "mock-0-300"), 1.0, 1.0, 1.0, leaks=3).void == "3 leaks"
    )


def test_texts_are_of_one_length_with_one_address_each() -> None:
    draw = random.Random(5)
    said = [texts.text(draw) for _ in range(200)]
    assert {len(text) for text, _ in said} == {500}
    assert all(text.count("@") == 1 and mail in text for text, mail in said)
    assert len({text for text, _ in said}) == 200


def test_a_conversation_keeps_its_size_and_grows_by_a_turn() -> None:
    talk = texts.Conversations(1, 1, 20, "m")
    first, second = talk.now()[0], talk.grow(1)[0]
    before, after = (json.loads(one[0])["messages"] for one in (first, second))
    assert len(before) == len(after) == 39
    assert sum(len(turn["content"]) for turn in before) == 39 * 500
    assert before[2:] == after[:-2]


def test_what_the_load_took_is_not_held_against_two_workers() -> None:
    (row,) = WORKERS
    (target,) = row.targets
    two = FIGURES._replace(rate=170, beside=0.2)
    assert round(target.value({"one-worker": FIGURES, "two-workers": two}), 3) == 1.889
    assert median([two]).beside == 0.2


def test_medians_and_the_page(tmp_path: Path) -> None:
    faster = FIGURES._replace(rate=1600.0)
    assert median([FIGURES, faster, faster]).rate == 1600
    assert median([FIGURES, FIGURES._replace(void="1 wrong"), FIGURES]).void == "1 wrong"
    names = PROXIES[0].contestants
    shown = {name: FIGURES._replace(latency={"50": 5.0, "99": 9.0}) for name in names}
    shown |= {"privet": faster, "direct": FIGURES._replace(latency={"50": 1.0})}
    page = write_report(
        [Outcome(PROXIES[0], shown, 1.0)], tmp_path, Cores.share(), 3, quick=False
    ).read_text()
    assert "| times LiteLLM's rate | >= 15 | 16 | yes |" in page
    assert (tmp_path / "gateway-1.svg").read_text().startswith("<svg")


def test_void_and_missing_figures_reach_nothing() -> None:
    target = Target("a figure", lambda of: of["privet"].rate, 1, of=("privet", "litellm"))
    row = Row("a row", ("privet", "litellm"), SHORT, lambda _: ([], []), (target,))
    alone = Outcome(row, {"privet": FIGURES}, 1.0)
    assert judged(alone, target)[1] == "not measured: litellm missing"
    void = Outcome(row, {"privet": FIGURES, "litellm": FIGURES._replace(void="1 wrong")}, 1.0)
    assert judged(void, target)[1] == "void (litellm), else yes"
