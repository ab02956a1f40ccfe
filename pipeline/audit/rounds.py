"""What is sent through a pipeline: canaries in every position, and in every encoding."""

import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.audit.attempts import Attempt, Attempts
from pipeline.audit.canaries import Aviary, Canary, sentences
from pipeline.audit.encodings import ENCODINGS, Encoding
from pipeline.audit.positions import Place, Position, Sample
from pipeline.audit.report import Outcome, Row, Spelling
from pipeline.audit.shapes import Shape
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.core.request import Request
from pipeline.core.texts import Policy

_INDEX = re.compile(r"\[\d+\]")


class Subject(NamedTuple):
    """A pipeline to be audited: the model that leads to it, and what it lets pass by name."""

    model: str
    policies: Mapping[str, Policy]


class Round:
    """Tries one pipeline in one protocol.

    A `control` is one without its plugins: there is nothing to refuse. Unless it is `thorough`,
    canaries take turns at positions that need a request each.
    """

    def __init__(
        self,
        attempts: Attempts,
        shape: Shape,
        sample: Sample,
        aviary: Aviary,
        subject: Subject,
        *,
        control: bool = False,
        thorough: bool = True,
    ):
        self._attempts = attempts
        self._shape = shape
        self._sample = sample
        self._aviary = aviary
        self._subject = subject
        self._control = control
        self._thorough = thorough
        self.singly = False

    async def positions(self) -> AsyncGenerator[Row]:
        """Every position: those that can be rewritten all at once, the others one by one."""
        texts = [one for one in self._sample.positions if one.role == "text"]
        others = [one for one in self._sample.positions if one.role != "text"]
        for stream in (False, True) if self._shape.streams and not self._control else (False,):
            rows = await self._together(texts, stream)
            if any(row.outcome in ("refused", "failed") for row in rows):
                # Whatever caused it hides what would become of all else.
                self.singly = True
                others = self._sample.positions
                break
            for row in rows:
                yield row
        tried: Counter[str] = Counter()
        for number, position in enumerate(others):
            async for row in self._alone(position, number, tried[position.label]):
                yield row
            tried[position.label] += 1
        async for row in self._opaque():
            yield row

    async def spellings(self) -> AsyncGenerator[Spelling]:
        """Every encoding, in a text."""
        plan = [(one, canary) for one in ENCODINGS for canary in self._aviary.new()]
        attempt = await self._say(plan)
        if attempt.answer.is_error:
            for one in plan:
                yield _spelling(await self._say([one]), *one)
        else:
            for one in plan:
                yield _spelling(attempt, *one)

    async def _together(self, positions: Iterable[Position], stream: bool) -> list[Row]:
        plan = [(one, self._canaries(one)) for one in positions]
        texts = {one.place: _text(one.place, canaries) for one, canaries in plan if canaries}
        attempt = await self._attempts.ask(
            self._sample.planted(texts, self._subject.model),
            [canary for _, canaries in plan for canary in canaries],
            "the maximal request",
            stream=stream,
            path=self._shape.path,
        )
        return [_row(attempt, one, canary) for one, canaries in plan for canary in canaries]

    async def _alone(self, position: Position, number: int, before: int) -> AsyncIterator[Row]:
        """One position; `before` is how many of the same label have been tried."""
        canaries = self._canaries(position)
        if self._control:
            groups = [canaries]
        elif canaries and (before or not self._thorough):
            # Alike positions take turns: each is tried, and each canary at their like.
            turn = before if self._thorough else number
            groups = [[canaries[turn % len(canaries)]]]
        else:
            groups = [[canary] for canary in canaries]
        for group in groups:
            for row in await self._one(position, group, number):
                yield row

    async def _one(self, position: Position, canaries: Sequence[Canary], number: int) -> list[Row]:
        if not canaries:
            return []
        text = _text(position.place, canaries, bare=position.role == "name")
        body = self._sample.planted_alone(position.place, text, self._subject.model)
        stream = self._shape.streams and number % 2 == 1
        attempt = await self._attempts.ask(
            body, canaries, position.label, stream=stream, path=self._shape.path
        )
        return [_row(attempt, position, canary) for canary in canaries]

    async def _opaque(self) -> AsyncIterator[Row]:
        for at in range(len(self._shape.opaque(""))):
            canaries = self._aviary.new()
            body = self._asking(self._shape.opaque(sentences(canaries))[at])
            kind, path = self._kind_of(body)
            attempt = await self._attempts.ask(body, canaries, path, path=self._shape.path)
            passes = self._subject.policies.get(kind) == "pass"
            for canary in canaries:
                outcome = attempt.outcome(canary)
                if outcome == "leaked" and passes and not self._control:
                    outcome = "passed"
                yield Row(path, path, path, canary.entity, outcome)

    def _kind_of(self, body: JsonObject) -> tuple[str, str]:
        """What the configuration calls the content of a request, and where in it that is."""
        dialect = self._shape.dialect
        opaque = Request(body, dialect.layout, dialect.add_context).opaque()
        if not opaque:
            return "", "messages[].content[]"
        kind = opaque[0].name
        return kind, f"{_INDEX.sub('[]', opaque[0].path)} ({kind})"

    def _asking(self, request: JsonObject) -> JsonObject:
        return {"model": self._subject.model, **request}

    async def _say(self, plan: Sequence[tuple[Encoding, Canary]]) -> Attempt:
        body = self._asking(self._shape.saying(*(one.message(canary) for one, canary in plan)))
        canaries = [canary for _, canary in plan]
        return await self._attempts.ask(body, canaries, "an encoding", path=self._shape.path)

    def _canaries(self, position: Position) -> list[Canary]:
        canaries = self._aviary.new()
        if position.place.kind == "number":
            return [one for one in canaries if one.value.isdecimal()]
        return canaries


def _text(place: Place, canaries: Sequence[Canary], *, bare: bool = False) -> Json:
    if place.kind == "number":
        return int(canaries[0].value)
    return " ".join(one.bare for one in canaries) if bare else sentences(canaries)


def _row(attempt: Attempt, position: Position, canary: Canary) -> Row:
    outcome: Outcome = attempt.outcome(canary)
    is_known = position.role == "setting" or (position.role == "name" and canary.is_prose)
    if outcome == "leaked" and is_known:
        outcome = "passed"
    path, kind = position.place
    where = f"{path}.*".lstrip(".") if kind == "key" else path
    return Row(where, position.label, position.area, canary.entity, outcome)


def _spelling(attempt: Attempt, encoding: Encoding, canary: Canary) -> Spelling:
    return Spelling(encoding.name, canary.entity, attempt.outcome(canary, encoding.pieces(canary)))
