"""The test kit for plugins: no server, no network, no event loop of your own.

    from pipeline import testing

    def test_codenames():
        plugin = Codenames(names={"Falcon": "ALPHA_1"})
        result = testing.exchange(plugin, "Is Falcon late?", "ALPHA_1 is late.")
        assert (result.asked, result.text) == ("Is ALPHA_1 late?", "Falcon is late.")
        testing.check_laws(plugin, "Is Falcon late?", "ALPHA_1 is late.", secret="Falcon")

Wherever a plugin is asked for, several may be given: a request and its reply pass them in the order
given. A plugin that is slow to start is started once, `with testing.started(plugin) as started:`,
and `started` given in its place. A request is a text or a whole body; a reply is a text, a whole
body or the list of its chunks.

Every `check_…` function is one promise to the user. It raises AssertionError, which says where, and
quotes message text only with `show=True`.
"""

from pipeline.testing.bench import Result, Started, exchange, redact, run_text, started
from pipeline.testing.coverage import check_coverage, check_lossless
from pipeline.testing.cuts import cuts, pieces, recut
from pipeline.testing.laws import (
    check_broken_stream,
    check_closed_on_failure,
    check_cut_independence,
    check_isolation,
    check_laws,
    check_no_leak,
    check_restore_order,
)
from pipeline.testing.samples import sample_reply, sample_request

__all__ = [
    "Result",
    "Started",
    "check_broken_stream",
    "check_closed_on_failure",
    "check_coverage",
    "check_cut_independence",
    "check_isolation",
    "check_laws",
    "check_lossless",
    "check_no_leak",
    "check_restore_order",
    "cuts",
    "exchange",
    "pieces",
    "recut",
    "redact",
    "run_text",
    "sample_reply",
    "sample_request",
    "started",
]
