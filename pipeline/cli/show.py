"""A traced message on a terminal."""

import shutil
from collections.abc import Sequence
from itertools import zip_longest
from textwrap import indent, wrap

import msgspec

from pipeline.cli.common import say, style
from pipeline.core.inspection import Inspection
from pipeline.core.receipt import UNKNOWN, Span
from pipeline.core.trace import Stage, Texts, Trace


def show_stages(trace: Trace) -> None:
    """Every step on the message's way, with its texts wherever they have changed."""
    _show("the client sent", trace.sent)
    last = trace.sent
    for stage in trace.pre:
        last = _show_stage(stage, last)
    if trace.backend is not None:
        _show("the backend saw", trace.saw)
    if trace.reply:
        _show("the backend replied", trace.reply)
    last = trace.reply
    for stage in trace.post:
        last = _show_stage(stage, last)
    if trace.got:
        _show("the client got", trace.got)


def show_inspection(trace: Trace, made: Inspection) -> None:
    """A dry run: every step with what it found, and the receipt."""
    _show("the client sent", trace.sent)
    last = trace.sent
    for stage in trace.pre:
        last = _show_stage(stage, last)
        for change in stage.changes:
            for span in change.spans:
                say(f"  {style(change.path, dim=True)}  {_found(span)}")
    if trace.backend is not None:
        _show("the backend would see", trace.saw)
    say(style("the receipt", bold=True))
    receipt = msgspec.json.format(bytes(made.receipt), indent=2)
    say(indent(receipt.decode(), "  "))


def _found(span: Span) -> str:
    """What was found and where; not its text, which stands above."""
    score = "" if span.score is None else f" score {span.score:.2f}"
    who = f" by {span.recogniser}" if span.recogniser != UNKNOWN else ""
    return f"{span.start}-{span.end} {span.entity}: {span.action}{score}{who}"


def show_columns(trace: Trace) -> None:
    """What was sent, what left the house and what came back, side by side."""
    columns = {
        "the client sent": trace.sent,
        "the backend saw": trace.saw,
        "the client got back": trace.got,
    }
    width = max(20, min(shutil.get_terminal_size().columns, 160) // len(columns) - 3)
    say(" │ ".join(style(f"{title:{width}}", bold=True) for title in columns).rstrip())
    say("─┼─".join("─" * width for _ in columns))
    cells = [_lines("\n\n".join(texts.values()), width) for texts in columns.values()]
    for row in zip_longest(*cells, fillvalue=""):
        say(" │ ".join(f"{cell:{width}}" for cell in row).rstrip())


def _show_stage(stage: Stage, last: Texts) -> Texts:
    changed = {name: text for name, text in stage.texts.items() if last.get(name) != text}
    if changed:
        _show(f"after {stage.plugin}", changed)
    else:
        say(f"{style(f'after {stage.plugin}', bold=True)}  {style('nothing changed', dim=True)}")
    return {**last, **stage.texts}


def _show(title: str, texts: Texts) -> None:
    say(style(title, bold=True))
    for name, text in texts.items():
        say(f"  {style(name, dim=True)}")
        say(indent(text, "    "))


def _lines(text: str, width: int) -> Sequence[str]:
    return [one for line in text.splitlines() for one in wrap(line, width) or [""]]
