"""Which tool the arguments in a reply are for.

A stream gives a tool's name before its arguments, mostly at once. Some servers give it in pieces,
which clients join; some repeat it with every piece of the arguments. Which of the two it is, the
tools of the request tell. Where they do not, the call is of no tool that could be relied on: what
is for certain tools only does not go into it.
"""

from collections.abc import Container, Iterator

from msgspec import Struct
from msgspec.structs import replace

from pipeline.core.errors import UpstreamFailed
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Channel


class _Call(Struct):
    """What was said of one call: its names, the channel of its arguments once they have begun, and
    whether there were empty ones before that.
    """

    first: str = ""
    alike: bool = True
    joined: str = ""
    open: Channel | None = None
    untold: bool = False


class Calls:
    """The calls of one reply. Each goes by the channel that its arguments have without a tool."""

    def __init__(self, body: JsonObject):
        self._tools = frozenset(_tools(body))
        self._longest = max(map(len, self._tools), default=0)
        self._calls: dict[Channel, _Call] = {}

    def name(self, unnamed: Channel, name: str) -> Channel | None:
        """Take note of a name, or a piece of one; gives the channel that ends with it, if one does.

        Raises UpstreamFailed where the client would give what was said for one tool to another.
        """
        call = self._calls.setdefault(unnamed, _Call())
        if not name:
            return None
        call.first = call.first or name
        call.alike = call.alike and name == call.first
        if len(call.joined) <= self._longest:
            call.joined += name
        opened = call.open
        if opened is None or not opened.tool or self._tool(call) == opened.tool:
            return None
        if call.joined in self._tools:
            raise UpstreamFailed("the backend named a tool call anew after its arguments had begun")
        call.open = unnamed
        return opened

    def channel(self, unnamed: Channel, *, told: bool) -> Channel | None:
        """The channel of a call's arguments; None as long as the tool was not `told` anything."""
        call = self._calls.setdefault(unnamed, _Call())
        if call.open is None and told:
            call.open = replace(unnamed, tool=self._tool(call))
        call.untold = call.open is None
        return call.open

    def untold(self, choices: Container[int | None]) -> Iterator[Channel]:
        """The channels of the calls of some choices which end with nothing but empty arguments."""
        for unnamed, call in self._calls.items():
            if call.untold and unnamed.choice in choices:
                call.untold = False
                call.open = replace(unnamed, tool=self._tool(call))
                yield call.open

    def _tool(self, call: _Call) -> str:
        joined = call.joined if call.joined in self._tools else ""
        if not call.alike:
            return joined
        # The same twice is a name said again, or two pieces of another tool's.
        return "" if joined and joined != call.first else call.first


def _tools(body: JsonObject) -> Iterator[str]:
    """The names of a request's tools."""
    for member in ("tools", "functions"):
        listed = body.get(member)
        for tool in listed if isinstance(listed, list) else ():
            for inner in (tool, *tool.values()) if isinstance(tool, dict) else ():
                name = inner.get("name") if isinstance(inner, dict) else None
                if isinstance(name, str):
                    yield name
