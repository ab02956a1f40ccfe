"""Reading a Chat Completions reply: where the text is in each chunk, and in a whole body."""

from collections.abc import Sequence
from typing import Literal

from pipeline.core.catalog import Usage
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event, Frame, Piece
from pipeline.core.jsonvalue import Json, JsonObject, Place
from pipeline.core.plugin import Channel
from pipeline.dialects.alike import Alike
from pipeline.dialects.decoding import Decoder
from pipeline.dialects.openai.calls import Calls
from pipeline.dialects.openai.copies import COPIES, copies
from pipeline.dialects.openai.deltas import THINKING, delta
from pipeline.dialects.openai.usage import usage
from pipeline.dialects.strings import once

ENVELOPE = ("id", "object", "created", "model", "system_fingerprint", "service_tier", "provider")
"""Members of a chunk that say nothing of its text."""

_FREE = (*ENVELOPE, "obfuscation")
_HARMLESS = frozenset((*_FREE, "choices"))
_ENDING = ("index", "finish_reason")
_REASONING = ("reasoning_content", "reasoning")
_REASONING_LISTS = ("reasoning_details", "thinking_blocks")
_REASONING_TEXT = ("text", "summary", "thinking")
_STRUCTURE = frozenset({"role", "id", "type", "name", "data", "signature", "format", "object"})


class ChatReader:
    """Remembers, for one reply, which channels are open and which choices have finished."""

    def __init__(self, body: JsonObject):
        wanted = body.get("n")
        self._wanted = max(1, wanted) if isinstance(wanted, int) else 1
        answer = body.get("response_format")
        kind = answer.get("type") if isinstance(answer, dict) else "text"
        self._form: Literal["text", "json"] = "text" if kind in (None, "text") else "json"
        self._calls = Calls(body)
        self._open: dict[Channel, None] = {}
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._last = Frame({"object": "chat.completion.chunk"})
        self._decoder = Decoder()
        self._alike = Alike(_FREE)
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """What the backend has said of tokens, if that is credible."""
        return self._usage

    def read(self, event: Event) -> Frame:
        """The frame of a chunk, of `[DONE]`, of an error or of a whole body."""
        if event.data.strip() == b"[DONE]":
            if not self._seen:
                raise UpstreamFailed("the backend ended its reply without having said anything")
            return self._end()
        data = self._decoder.decode(event.data)
        if data.get("error"):
            frame = Frame(data, whole=event.whole, end="error")
            frame.pieces.extend(once(data))
            return frame
        self._usage = usage(data.get("usage")) or self._usage
        frame = self._reply(data, whole=event.whole)
        self._decoder.join(frame)
        self._alike.learn(event, frame)
        return frame

    def alike(self, events: Sequence[Event]) -> Frame | None:
        """One frame for chunks that differ from the one before in their text alone."""
        frame = self._alike.frame(events)
        self._last = frame or self._last
        return frame

    def eof(self) -> Frame:
        """`[DONE]` for a server that forgot it; raises UpstreamFailed if text may be missing."""
        if len(self._finished) < self._wanted or self._seen - self._finished:
            raise UpstreamFailed("the backend's reply broke off before its end")
        return self._end()

    def make(self, channel: Channel, text: str) -> Frame:
        """A chunk with nothing but text."""
        choice: JsonObject = {
            "index": channel.choice,
            "delta": delta(channel, text),
            "finish_reason": None,
        }
        last = self._last.data or {}
        envelope: JsonObject = {key: last[key] for key in ENVELOPE if key in last}
        if "usage" in last:
            envelope["usage"] = None
        return Frame({**envelope, "choices": [choice]}, bare=True)

    def _end(self) -> Frame:
        self._open.update(dict.fromkeys(self._calls.untold(self._seen)))
        return Frame(None, end="done", closes=tuple(self._open))

    def _reply(self, data: JsonObject, *, whole: bool) -> Frame:
        choices = data.get("choices")
        if not isinstance(choices, list) or (whole and not choices):
            raise UpstreamFailed("the backend's reply has no `choices`; is it a chat endpoint?")
        frame = Frame(data, whole=whole, end="done" if whole else "")
        frame.bare = bool(choices) and not whole and _only_envelope(data)
        ended: set[int | None] = set()
        for position, choice in enumerate(choices):
            if isinstance(choice, dict):
                ended.add(self._choice(choice, position, frame))
            else:
                frame.bare = False
                frame.pieces.extend(once(choice, choices, position))
        for key, value in data.items():
            if key != "choices" and not (isinstance(value, str) and key in _HARMLESS):
                frame.pieces.extend(once(value, data, key))
        if not whole:
            self._last = frame
        self._open.update(dict.fromkeys(self._calls.untold(ended)))
        ending = (one for one in self._open if whole or one.choice in ended)
        frame.closes = (*frame.closes, *ending)
        for channel in frame.closes:
            self._open.pop(channel, None)
        return frame

    def _choice(self, choice: JsonObject, position: int, frame: Frame) -> int | None:
        """Read one choice; its number if it ends here."""
        index = choice.get("index")
        index = index if isinstance(index, int) else position
        self._seen.add(index)
        sure = _is_number(choice.get("index"))
        said = "message" if frame.whole else "delta"
        before = len(frame.pieces)
        for key, value in choice.items():
            if key == said and isinstance(value, dict):
                frame.bare = self._message(value, index, frame, sure) and frame.bare
            elif key not in _ENDING or not isinstance(value, (str, int)):
                frame.bare = frame.bare and value is None
                if key not in COPIES:
                    frame.pieces.extend(once(value, choice, key))
        frame.bare = frame.bare and len(frame.pieces) > before
        frame.copies.extend(copies(choice, said, self._direct("content", index)))
        # Some servers say "" where others say null.
        if not choice.get("finish_reason") and not frame.whole:
            return None
        frame.bare = False
        self._finished.add(index)
        return index

    def _message(self, message: JsonObject, choice: int, frame: Frame, sure: bool) -> bool:
        """Read a message or delta; whether it holds nothing but text. `sure` is whose it is."""
        bare = True
        for key, value in message.items():
            if isinstance(value, str):
                if key in _STRUCTURE:
                    bare = False
                    continue
                self._add(frame, self._direct(key, choice), value, message, key)
            elif isinstance(value, list) and key == "tool_calls":
                bare = self._tool_calls(value, choice, frame, sure) and bare
            elif isinstance(value, dict) and key == "function_call":
                if sure:
                    bare = self._call(key, value, choice, 0, frame) and bare
                else:
                    bare = False
                    _unsure(value, choice, frame)
            elif isinstance(value, dict) and key == "audio":
                bare = False
                self._audio(value, choice, frame)
            elif isinstance(value, list) and key in _REASONING_LISTS:
                bare = False
                self._reasoning(key, value, choice, frame)
            elif isinstance(value, list) and key == "content":
                bare = False
                self._parts(value, self._direct(key, choice), frame)
            elif value is not None:
                bare = False
                _rest(value, message, key, frame)
        return bare

    def _parts(self, parts: list[Json], channel: Channel, frame: Frame) -> None:
        """Read content that is a list of parts, as servers send it whose models think aloud."""
        for position, part in enumerate(parts):
            if not isinstance(part, dict):
                frame.pieces.extend(once(part, parts, position))
                continue
            for key, value in part.items():
                if key == "text" and isinstance(value, str):
                    self._add(frame, channel, value, part, key)
                elif key == "thinking" and isinstance(value, list):
                    self._parts(value, Channel("reasoning", channel.choice, name=THINKING), frame)
                else:
                    _rest(value, part, key, frame)

    def _direct(self, key: str, choice: int) -> Channel:
        if key == "content":
            return Channel("content", choice, form=self._form)
        if key == "refusal":
            return Channel("refusal", choice)
        return Channel("reasoning" if key in _REASONING else "other", choice, name=key)

    def _tool_calls(self, calls: list[Json], choice: int, frame: Frame, sure: bool) -> bool:
        bare = True
        for position, call in enumerate(calls):
            if not isinstance(call, dict):
                bare = False
                frame.pieces.extend(once(call, calls, position))
                continue
            index = call.get("index")
            part = index if isinstance(index, int) else position
            for key, value in call.items():
                if key == "index" and isinstance(value, int):
                    continue
                if isinstance(value, dict) and key in ("function", "custom"):
                    if sure and _is_number(index):
                        bare = self._call(key, value, choice, part, frame) and bare
                    else:
                        bare = False
                        _unsure(value, choice, frame)
                    continue
                bare = False
                _rest(value, call, key, frame)
        return bare

    def _call(self, kind: str, call: JsonObject, choice: int, part: int, frame: Frame) -> bool:
        form: Literal["text", "json"] = "text" if kind == "custom" else "json"
        text_key = "input" if kind == "custom" else "arguments"
        unnamed = Channel("arguments", choice, part, form, kind)
        name = call.get("name")
        if isinstance(name, str) and (closed := self._calls.name(unnamed, name)):
            self._open.pop(closed, None)
            frame.closes = (*frame.closes, closed)
        bare = True
        for key, value in call.items():
            if key == text_key and isinstance(value, str):
                told = bool(value) or frame.whole
                if told or choice not in self._finished:
                    channel = self._calls.channel(unnamed, told=told)
                    if channel is not None:
                        self._add(frame, channel, value, call, key)
            else:
                bare = False
                _rest(value, call, key, frame)
        return bare

    def _audio(self, audio: JsonObject, choice: int, frame: Frame) -> None:
        for key, value in audio.items():
            if isinstance(value, str) and key == "transcript":
                self._add(frame, Channel("content", choice, name="audio"), value, audio, key)
            else:
                _rest(value, audio, key, frame)

    def _reasoning(self, name: str, items: list[Json], choice: int, frame: Frame) -> None:
        """Read blocks of reasoning, whose text comes in pieces like content does."""
        for position, item in enumerate(items):
            if not isinstance(item, dict):
                frame.pieces.extend(once(item, items, position))
                continue
            index = item.get("index")
            part = index if isinstance(index, int) else position
            for key, value in item.items():
                if key in _REASONING_TEXT and isinstance(value, str):
                    channel = Channel("reasoning", choice, part, name=f"{name}.{key}")
                    self._add(frame, channel, value, item, key)
                else:
                    _rest(value, item, key, frame)

    def _add(self, frame: Frame, channel: Channel, text: str, place: Place, key: str) -> None:
        # Some servers repeat an empty text after the end: it is no text of its own.
        if text or channel.choice not in self._finished:
            self._open[channel] = None
            frame.pieces.append(Piece(channel, text, place, key))


def _only_envelope(data: JsonObject) -> bool:
    return all(
        key in _HARMLESS or (key == "usage" and value is None) for key, value in data.items()
    )


def _is_number(index: Json) -> bool:
    """Whether all clients know which one is meant: some take a text for a number, too."""
    return index is None or type(index) is int


def _unsure(call: JsonObject, choice: int, frame: Frame) -> None:
    """Read a piece of a call of which nobody can tell for certain what tool it is for."""
    for key, value in call.items():
        if not (isinstance(value, str) and key in _STRUCTURE):
            for piece in once(value, call, key):
                piece.channel = Channel("arguments", choice, name=piece.channel.name)
                frame.pieces.append(piece)


def _rest(value: Json, place: JsonObject, key: str, frame: Frame) -> None:
    """Read a member that is nobody's channel; a string that is structure stays as it is."""
    if not (isinstance(value, str) and key in _STRUCTURE):
        frame.pieces.extend(once(value, place, key))
