"""The log says what happened and where, and nothing of what anybody said."""

import io
import json
import logging
from pathlib import Path

import httpx
from process import CANARY, ready

from pipeline.service import logs

TYPED = "Typed-In-By-The-User"


def post(url: str, model: str, **more: object) -> httpx.Response:
    """Send a request full of what must not be logged."""
    return httpx.post(
        f"{url}/v1/chat/completions?query={TYPED}",
        json={
            "model": model,
            "messages": [{"role": "user", "content": TYPED}],
            "stream": True,
            **more,
        },
        headers={"authorization": TYPED, "x-privet-session": TYPED, "x-other": TYPED},
        trust_env=False,
        timeout=20,
    )


def test_nothing_of_a_text_is_logged_at_debug(tmp_path: Path) -> None:
    with ready(tmp_path / "log") as process:
        url = process.url
        post(url, "steady")
        post(url, "steady", user=TYPED)
        post(url, "loud")
        post(url, "raises")
        post(url, TYPED)
        post(url, "steady", messages=TYPED)
        httpx.get(f"{url}/v1/{TYPED}?{TYPED}", trust_env=False)
        httpx.post(f"{url}/v1/chat/completions", content=TYPED, trust_env=False)
        process.wait_event("exchange", 7)
        process.signal()
        assert process.wait() == 0
        text = process.text
        broken = next(one for one in process.events("exchange") if one.get("backend") == "loud")
        assert (broken["status"], broken["outcome"]) == (200, "internal_error")
        assert broken["level"] == "warning"
        assert process.events("unexpected")[0]["id"] == broken["id"]
        # The positive control: all of it was there to be seen.
        names = {one["logger"] for one in process.events("library")}
        assert names == {"httpx", "careless"}
        assert process.events("warning")[0]["warning"] == "UserWarning"
        assert process.events("thread_failed")[0]["error"] == "ValueError"
        assert process.events("task_failed")[0]["error"] == "ValueError"
        failed = process.events("plugin_failed")[0]
        assert (failed["plugin"], failed["error"]) == ("raises", "ValueError")
        assert failed["at"].startswith("service/process.py:")
        assert failed["at"].endswith(" Raises.on_request")
        for one in process.events("library"):
            assert one["from"].startswith("service/process.py:")
    assert TYPED not in text
    assert CANARY not in text
    assert "Traceback" not in text


def test_dry_runs_and_clear_text_are_logged_without_a_word(tmp_path: Path) -> None:
    with ready(tmp_path / "log", watched=True) as process:
        warned = process.wait_event("clear_text")
        assert (warned["level"], warned["pipelines"]) == ("warning", ["watched"])
        body = {"model": "steady", "messages": [{"role": "user", "content": TYPED}], TYPED: TYPED}
        inspect = f"{process.url}/privet/inspect"
        shown = httpx.post(f"{inspect}?{TYPED}", json=body, trust_env=False)
        httpx.post(f"{inspect}?dialect={TYPED}", json=body, trust_env=False)
        httpx.post(inspect, json={**body, "model": "raises"}, trust_env=False)
        httpx.get(f"{process.url}/privet/receipts/{TYPED}", trust_env=False)
        assert TYPED in shown.text, "the control: its caller sees it"
        assert TYPED not in str(shown.headers)
        post(process.url, "watched", **{TYPED: TYPED})
        process.wait_event("exchange")
        first, second = (process.wait_event("inspected", count) for count in (1, 2))
        assert first["id"] == shown.headers["x-privet-exchange"]
        assert (first["status"], second["status"]) == (200, 400)
        process.wait_event("inspected", 3)
        failed = process.events("plugin_failed")
        assert [one["plugin"] for one in failed] == ["raises", "raises"]
        text = process.text
    assert TYPED not in text
    assert CANARY not in text


def test_nobody_is_warned_of_nothing(tmp_path: Path) -> None:
    with ready(tmp_path / "log") as process:
        process.signal()
        assert process.wait() == 0
        assert process.events("clear_text") == []


def test_one_line_for_each_exchange(tmp_path: Path) -> None:
    with ready(tmp_path / "log") as process:
        reply = post(process.url, "steady")
        post(process.url, "unknown")
        post(process.url, "raises")
        process.wait_event("exchange", 3)
        good, unknown, raised = process.events("exchange")
    assert good["id"] == reply.headers["x-privet-exchange"]
    assert (good["status"], good["outcome"], good["level"]) == (200, "ok", "info")
    assert (good["route"], good["pipeline"], good["backend"]) == ("steady", "default", "steady")
    assert good["stream"] is True
    assert good["sent"] == len(reply.content)
    assert good["received"] > 0
    assert good["seconds"] >= good["upstream"] > 0.9 > good["first"]
    assert (unknown["status"], unknown["outcome"]) == (404, "model_not_found")
    assert "route" not in unknown
    assert (raised["status"], raised["outcome"]) == (500, "plugin_failed")
    assert raised["level"] == "warning"
    assert "raises" in raised["plugins"]


def test_a_plugin_that_blocks_the_loop_is_named(tmp_path: Path) -> None:
    with ready(tmp_path / "log") as process:
        post(process.url, "blocks")
        blocked = process.wait_event("loop_blocked")
        free = process.wait_event("loop_free")
    assert blocked["plugin"] == free["plugin"] == "blocks"
    assert "process.py" in blocked["at"]
    assert "Blocks.on_request" in blocked["at"]
    assert 1.5 < free["seconds"] < 4


def test_a_client_that_left_is_499(tmp_path: Path) -> None:
    with ready(tmp_path / "log") as process:
        with (
            httpx.Client(base_url=process.url, trust_env=False) as client,
            client.stream(
                "POST",
                "/v1/chat/completions",
                json={"model": "stuck", "messages": [], "stream": True},
            ) as reply,
        ):
            next(reply.iter_raw())
        exchange = process.wait_event("exchange")
    assert (exchange["status"], exchange["outcome"]) == (499, "client_gone")


def test_text_lines() -> None:
    stream = io.StringIO()
    with logs.configured("info", "text", stream):
        logs.event("ready", backends=2, name="a b", nested={"x": 1.5}, url="http://x")
        logs.event("fine", logging.DEBUG)
        logging.getLogger("other").error("%s", CANARY)
    first, second = stream.getvalue().splitlines()
    assert first.endswith(' info    ready backends=2 name="a b" nested={"x":1.5} url=http://x')
    assert ' error   library logger=other from="service/test_logs.py:' in second


def test_all_is_as_before_afterwards() -> None:
    before = logging.getLogRecordFactory(), logging.getLogger().handlers[:]
    with logs.configured("debug", "json", io.StringIO()):
        pass
    assert (logging.getLogRecordFactory(), logging.getLogger().handlers) == before


def test_the_first_of_a_group_is_logged() -> None:
    stream = io.StringIO()
    with logs.configured("debug", "json", stream):
        logs.failure("failed", ExceptionGroup("", [ExceptionGroup("", [ValueError(CANARY)])]))
    line = json.loads(stream.getvalue())
    assert (line["error"], line["at"]) == ("ValueError", "unknown")
    assert CANARY not in stream.getvalue()
