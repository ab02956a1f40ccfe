"""The service's log: names, numbers and places, and never what anybody said.

Our own events go through `event`. Of everything else, a record of another library, a warning or an
exception, only its origin is kept, because its message may quote a URL, a header or a user's text.
Records are cut down where they are made, so that it does not matter which handlers a library adds.
"""

import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO, cast

from pipeline.core.jsonvalue import Json, encode

_log = logging.getLogger("privet")
_BLANK = vars(logging.LogRecord(_log.name, logging.NOTSET, "", 0, "", (), None))


class _Event(logging.LogRecord):
    """A record that holds an event and nothing else: a usual one takes as long as to write it."""

    def __init__(self, name: str, level: int, fields: Mapping[str, Json]):
        self.__dict__ = {
            **_BLANK,
            "msg": name,
            "levelno": level,
            "levelname": logging.getLevelName(level),
            "created": time.time(),
            "fields": fields,
        }


def event(name: str, level: int = logging.INFO, /, **fields: Json) -> None:
    """Log one event. Fields hold configured names, numbers, codes and places; never a message."""
    if _log.isEnabledFor(level):
        _log.handle(_Event(name, level, fields))


def failure(name: str, error: BaseException, /, **fields: Json) -> None:
    """Log that something was raised: its type and the place, and nothing of what it says."""
    while isinstance(error, BaseExceptionGroup):
        error = cast(BaseException, error.exceptions[0])
    event(name, logging.ERROR, **fields, error=type(error).__qualname__, at=where(error))


def where(error: BaseException) -> str:
    """The innermost line that raised an error."""
    trace = error.__traceback__
    if trace is None:
        return "unknown"
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return place(code.co_filename, trace.tb_lineno, code.co_qualname)


def place(file: str, line: int, function: str = "") -> str:
    """How the log writes a line of code: its file's last two names, the line, the function."""
    short = "/".join(Path(file).parts[-2:])
    return f"{short}:{line} {function}".rstrip()


def plugin_failed(plugin: str, hook: str, error: BaseException) -> None:
    """What `Watch.failed` is told."""
    failure("plugin_failed", error, plugin=plugin, hook=hook)


def loop_failed(_loop: object, context: Mapping[str, Any]) -> None:
    """The event loop's exception handler; what it is given may hold a task's arguments."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        failure("task_failed", error)
    else:
        event("task_failed", logging.ERROR)


@contextmanager
def configured(
    level: str, form: Literal["json", "text"], stream: TextIO | None = None
) -> Generator[None]:
    """Make logging ours, and everything else that would print an exception by itself."""
    handler = _Lines(stream or sys.stderr, _json_line if form == "json" else _text_line)
    root = logging.getLogger()
    handlers, root_level, own_level = root.handlers[:], root.level, _log.level
    factory = logging.getLogRecordFactory()
    root.handlers[:] = [handler]
    # Of others only trouble is logged: without its message the rest says nothing.
    root.setLevel(logging.WARNING)
    _log.setLevel(level.upper())
    logging.setLogRecordFactory(_record)
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    sys.excepthook = _on_exception
    threading.excepthook = _on_thread
    sys.unraisablehook = _on_unraisable
    warnings.showwarning = _on_warning
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks
        logging.setLogRecordFactory(factory)
        _log.setLevel(own_level)
        root.setLevel(root_level)
        root.handlers[:] = handlers


def _record(
    name: str,
    level: int,
    path: str,
    line: int,
    message: object,
    args: Any,
    exc_info: Any,
    function: str | None = None,
    stack: str | None = None,
    **_: Any,
) -> logging.LogRecord:
    """Make a record of whoever does not use `event`: keep where it comes from alone."""
    made = logging.LogRecord(name, level, path, line, "library", (), None, function)
    fields = {"logger": name, "from": place(path, line, function or "")}
    error = cast(tuple[object, ...], exc_info)[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(error, BaseException):
        fields |= {"error": type(error).__qualname__, "at": where(error)}
    made.__dict__["fields"] = fields
    return made


class _Lines(logging.Handler):
    """Writes a line for each record; logging's own handler and formatter take twice as long."""

    def __init__(self, stream: TextIO, line: Callable[[dict[str, Json]], str]):
        super().__init__()
        self._stream = stream
        self._line = line
        self._second = 0
        self._time = ""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            fields: dict[str, Json] = getattr(record, "fields", {})
            head = {"time": self._at(record.created), "level": record.levelname.lower()}
            self._stream.write(self._line({**head, "event": str(record.msg), **fields}) + "\n")
            self._stream.flush()
        except Exception:
            self.handleError(record)

    def _at(self, time: float) -> str:
        """A time as ISO 8601 has it, in milliseconds."""
        second = int(time)
        if second != self._second:
            self._second = second
            self._time = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._time}.{int((time - second) * 1000):03}+00:00"


def _json_line(parts: dict[str, Json]) -> str:
    """One JSON object."""
    return encode(parts).decode()


def _text_line(parts: dict[str, Json]) -> str:
    """`time level event key=value …`, for people."""
    head = f"{parts.pop('time')} {parts.pop('level'):7} {parts.pop('event')}"
    return " ".join([head, *(f"{key}={_word(value)}" for key, value in parts.items())])


def _word(value: Json) -> str:
    plain = isinstance(value, str) and value.isprintable() and " " not in value and value
    return value if plain and isinstance(value, str) else encode(value).decode()


def _on_exception(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    failure("crashed", error)


def _on_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        failure("thread_failed", args.exc_value, thread=args.thread.name if args.thread else "")


def _on_unraisable(args: "sys.UnraisableHookArgs") -> None:
    if args.exc_value is not None:
        failure("unraisable", args.exc_value)


def _on_warning(
    _message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    _file: TextIO | None = None,
    _line: str | None = None,
) -> None:
    """A warning's text is dropped too; like an exception it may quote anything."""
    event("warning", logging.WARNING, warning=category.__qualname__, at=place(filename, lineno))
