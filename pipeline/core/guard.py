"""What a plugin's hook is called in: a clock, a name for the watchdog, and a net."""

from asyncio import CancelledError, current_task
from time import perf_counter
from types import TracebackType

from pipeline.core.errors import PluginFailed, PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.watch import Watch


class Guard:
    """Times a plugin, names it to the watchdog, and turns what it raises into PluginFailed.

    It can be entered again, but not within itself.
    """

    __slots__ = ("_exchange", "_name", "_start", "_watch")

    def __init__(self, name: str, exchange: Exchange, watch: Watch):
        self._name = name
        self._exchange = exchange
        self._watch = watch

    def __enter__(self) -> None:
        self._watch.doing = self._exchange.receipt.at = self._name
        self._start = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.doing = self._exchange.receipt.at = ""
        taken = perf_counter() - self._start
        times = self._exchange.times
        times[self._name] = times.get(self._name, 0.0) + taken
        if error is None or isinstance(error, PrivetError) or _is_ours(error):
            return
        self._watch.failed(self._name, "hook", error)
        what = "took too long" if isinstance(error, TimeoutError) else "failed"
        # The cause may quote the text it failed on.
        raise PluginFailed(self._name, what) from None


def _is_ours(error: BaseException) -> bool:
    """Whether this ends our task; a plugin may also meet a task or future of its own cancelled."""
    if isinstance(error, CancelledError):
        task = current_task()
        return task is None or task.cancelling() > 0
    return not isinstance(error, Exception)
