"""The content blocks that the deltas of an OpenAI chat make, one after the other."""

from collections.abc import Iterator
from typing import ClassVar

from msgspec import Struct, field

from pipeline.core import surrogates
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject, decode, encode

_DELTAS = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}


def event(kind: str, **members: Json) -> Event:
    """An event of a Messages stream."""
    return Event(encode({"type": kind, **members}), kind)


class _Block(Struct):
    """A block: what it begins with, the pieces of its text, and how many of them have been said.

    `number` is its place in the reply, `half` a character's first half that waits for its second.
    """

    kind: str
    number: int
    call: int = -1
    id: str = ""
    names: list[str] = field(default_factory=list[str])
    pieces: list[str] = field(default_factory=list[str])
    half: str = ""
    said: int = 0

    @property
    def name(self) -> str:
        """The tool's name, which may come in pieces, or again with each piece of the input."""
        first = self.names[0] if self.names else ""
        return first if all(one == first for one in self.names) else "".join(self.names)

    def whole(self) -> JsonObject:
        """The block, complete; raises UpstreamFailed if a tool's input is not an object."""
        text = "".join(self.pieces)
        if self.kind != "tool_use":
            return {**self.begin(), _DELTAS[self.kind][1]: text}
        try:
            given = decode((text.strip() or "{}").encode())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise UpstreamFailed("the backend gave a tool what is not a JSON object")
        return {**self.begin(), "input": given}

    def begin(self) -> JsonObject:
        """The block as it begins."""
        match self.kind:
            case "text":
                return {"type": "text", "text": ""}
            case "thinking":
                return {"type": "thinking", "thinking": "", "signature": ""}
            case _:
                if not self.name:
                    raise UpstreamFailed("the backend calls a tool without its name")
                identity = self.id or f"call_{self.call}"
                return {"type": "tool_use", "id": identity, "name": self.name, "input": {}}


class Blocks:
    """The blocks of one reply. The current one is said as it comes, others wait behind it."""

    MEMBERS: ClassVar[frozenset[str]] = frozenset(
        {"content", "reasoning_content", "reasoning", "tool_calls"}
    )
    """The members of a message or delta that become blocks."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._calls: dict[int, _Block] = {}
        self._first_call: _Block | None = None
        self._current = -1
        self._open = False

    @property
    def calls(self) -> bool:
        """Whether a tool is called."""
        return self._first_call is not None

    def add(self, said: JsonObject) -> Iterator[Event]:
        """Add what a message or delta says; gives what can be said now."""
        thought = said.get("reasoning_content") or said.get("reasoning")
        for kind, value in (("thinking", thought), ("text", said.get("content"))):
            if text := "".join(_texts(value)):
                yield from self._add(self._running(kind), text)
        calls = said.get("tool_calls")
        for position, call in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(call, dict):
                yield from self._call(call, position)

    def end(self) -> Iterator[Event]:
        """Say what is left, and close the last block."""
        for number in range(max(0, self._current), len(self._blocks)):
            yield from self._go_to(number)
            yield from self._say(self._blocks[number])
        yield from self._close()

    def whole(self) -> Iterator[JsonObject]:
        """All blocks, complete."""
        for one in self._blocks:
            yield one.whole()

    def _running(self, kind: str) -> _Block:
        """The block that a text goes on in: the last one if it is of its kind, else a new one.

        Behind a tool call there is at most one of each kind, so that it does not matter how these
        take turns.
        """
        last = self._blocks[-1] if self._blocks else None
        if last is not None and last.kind == kind:
            return last
        if self._first_call is not None:
            for one in self._blocks[self._first_call.number :]:
                if one.kind == kind:
                    return one
        return self._new(_Block(kind, len(self._blocks)))

    def _call(self, call: JsonObject, position: int) -> Iterator[Event]:
        index = call.get("index")
        index = index if isinstance(index, int) else position
        function = call.get("function")
        if not isinstance(function, dict):
            raise UpstreamFailed("the backend calls a tool that is not a function")
        block = self._calls.get(index)
        if block is None:
            block = self._calls[index] = self._new(_Block("tool_use", len(self._blocks), index))
            self._first_call = self._first_call or block
        identity, name = call.get("id"), function.get("name")
        block.id = block.id or (identity if isinstance(identity, str) else "")
        if isinstance(name, str) and name:
            block.names.append(name)
        arguments = function.get("arguments")
        yield from self._add(block, arguments if isinstance(arguments, str) else "")

    def _new(self, block: _Block) -> _Block:
        self._blocks.append(block)
        return block

    def _add(self, block: _Block, text: str) -> Iterator[Event]:
        text, block.half = surrogates.join(block.half, text)
        if text:
            block.pieces.append(text)
        if not block.pieces:
            # The name of a tool may still go on.
            return
        if self._first_call is not None and self._first_call.number < block.number:
            return
        yield from self._go_to(block.number)
        yield from self._say(block)

    def _go_to(self, number: int) -> Iterator[Event]:
        """End the current block and begin another."""
        if number == self._current:
            return
        yield from self._close()
        self._current, self._open = number, True
        begun = self._blocks[number].begin()
        yield event("content_block_start", index=number, content_block=begun)

    def _say(self, block: _Block) -> Iterator[Event]:
        text = "".join(block.pieces[block.said :])
        block.said = len(block.pieces)
        if text:
            kind, key = _DELTAS[block.kind]
            delta: JsonObject = {"type": kind, key: text}
            yield event("content_block_delta", index=self._current, delta=delta)

    def _close(self) -> Iterator[Event]:
        if self._open:
            self._open = False
            yield event("content_block_stop", index=self._current)


def _texts(value: Json) -> Iterator[str]:
    """The text of a member, which some servers send in parts."""
    if isinstance(value, str):
        yield value
    for part in value if isinstance(value, list) else ():
        text = part.get("text") if isinstance(part, dict) else None
        if not isinstance(text, str):
            raise UpstreamFailed("the backend's reply has a part that is no text")
        yield text
