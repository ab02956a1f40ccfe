"""Hiding what was recognised: from the spans of an exchange's texts to redacted texts."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from pipeline import Rejected, Text
from plugins.finding.spans import GUESSES, JOINED, Span
from plugins.hiding.plan import Done
from plugins.hiding.policy import ANY, OUTSIDE, Action, Policy, rank, strictest
from plugins.hiding.stand_ins import StandIns
from plugins.hiding.sweep import Known, Sweep
from plugins.hiding.tokens import token_pattern
from plugins.hiding.units import identity
from plugins.hiding.words import Place, clear_of, merged, position, whole_words

_WORD = re.compile(r"[A-Za-z0-9](?:_*[A-Za-z0-9])*")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*_[0-9]+[a-z]*")

Note = Callable[[Text, Place, bool], None]
"""Told of every place; whether it counts in the text as it came, or in the redacted one."""


def nobody(_text: Text, _place: Place, _as_it_came: bool) -> None:
    """Nobody listens."""


class Redaction:
    """The redaction of one exchange. Texts come in rounds: the client's, then those added later."""

    def __init__(
        self,
        *,
        shortest: int,
        surest: float,
        policy: Policy | None = None,
        key: bytes = b"",
        note: Note = nobody,
    ):
        self._stand_ins = StandIns(key)
        self.vault = self._stand_ins.vault
        self._policy = policy or Policy()
        self._note = note
        self._sweep = Sweep((), shortest=shortest, surest=surest)
        self._shortest = shortest
        self._surest = surest
        self._known: dict[str, Known] = {}
        self._rules: dict[str, tuple[Action, str]] = {}
        self._roles: defaultdict[str, set[str]] = defaultdict(set)
        self._done: list[Text] = []
        self._left: list[str] = []
        self._fixed: set[str] = set()
        self._fragments: set[str] = set()
        self._spans: list[list[Span]] = []
        self._written: list[list[Done]] = []

    def avoid(self, fixed: Iterable[str]) -> None:
        """Keep off what stands in strings that cannot be rewritten, such as the names of tools.

        Their placeholders are not used, and none of their words is taken for somebody's name: a
        model does that to every other tool ("Use Grep and Glob").
        """
        for text in fixed:
            self.vault.avoid([text])
            self._fixed.update(_WORD.findall(text.replace("_", " ")))

    def knows(self, fixed: str) -> bool:
        """Whether a string that cannot be rewritten holds a known value; a name as it was found."""
        return any(
            not hit.known.is_name or hit.text == hit.known.value for hit in self._sweep.find(fixed)
        )

    def apply(self, texts: Sequence[Text], found: Sequence[Sequence[Span]]) -> None:
        """Redact texts by their spans, and all texts so far by what is known now.

        Raises Rejected if the policy refuses one of the values.
        """
        self._rename([text.text for text in texts])
        found = [
            whole_words(text.text, self._personal(text.text, spans), self._stricter(text))
            for text, spans in zip(texts, found, strict=True)
        ]
        self._spans = found
        ordered = _in_order(texts, found)
        refused = [place for text, spans in ordered for place in self._learn(text, spans)]
        if self._policy.role_actions:
            refused += self._learn_by_role([*self._done, *texts])
        if refused:
            text, entity = refused[0]
            raise Rejected(
                f"{text.path}: holds {entity}, which is not let out; send the request without it",
                param=text.path,
            )
        for text, spans in ordered:
            self._name(text, spans)
        self._sweep = self._sweep_for(
            known for value, known in self._known.items() if self._rules[value][0] != "keep"
        )
        for text, spans in zip(texts, found, strict=True):
            self._redact(text, spans)
        if any(found):
            for text in self._done:
                self._redact_again(text)
        self._done += texts
        self._left = [text.text for text in self._done]

    def texts(self) -> Iterable[str]:
        """The redacted texts: as they were left here, and as other redactions have made them since.

        What those have hidden may be back in a reply by the time it comes here, or may not.
        """
        return dict.fromkeys([*self._left, *(text.text for text in self._done)])

    def entities(self) -> set[str]:
        """The kinds of what was found."""
        return {entity for _, entity in self._rules.values()}

    def actions(self) -> set[Action]:
        """What becomes of what was found."""
        return {action for action, _ in self._rules.values()}

    def identities(self) -> set[str]:
        """What all spellings of a value share, of each value that was found or made up."""
        return {identity(value) for value in (*self._known, *self._stand_ins.surrogates.given)}

    def restorable(self, entities: Collection[str], roles: Collection[str]) -> Mapping[str, str]:
        """The values, by placeholder, of some entities and from texts of some roles."""
        if ANY in entities and ANY in roles:
            return dict(self.vault.values)
        return {
            token: value
            for token, value in self.vault.values.items()
            if (ANY in entities or self.vault.entity(value) in entities)
            and (ANY in roles or not self._roles[value].isdisjoint(roles))
        }

    def _personal(self, source: str, spans: Iterable[Span]) -> Iterator[Span]:
        """The spans, without names that are structure: the request's own, or a placeholder."""
        for span in spans:
            value = source[span.start : span.end]
            if span.source not in GUESSES or not (
                value in self._fixed or _PLACEHOLDER.fullmatch(value)
            ):
                yield span

    def _rename(self, incoming: list[str]) -> None:
        """Give up placeholders that stand literally in texts that come later."""
        renamed = self.vault.avoid(incoming)
        if not renamed:
            return
        for text in self._done:
            text.text = _WORD.sub(lambda word: renamed.get(word[0], word[0]), text.text)

    def _learn(self, text: Text, spans: Sequence[Span]) -> Iterator[tuple[Text, str]]:
        """Take note of values and what becomes of them; gives those that must not go out."""
        source = text.text
        for start, end, entity, score, recogniser in spans:
            value = source[start:end]
            old = self._known.get(value)
            if recogniser != JOINED:
                self._fragments.discard(value)
            elif old is None:
                self._fragments.add(value)
            is_name = recogniser in GUESSES
            self._known[value] = (
                Known(value, score, 1, is_name)
                if old is None
                else Known(value, max(score, old.score), old.times + 1, old.is_name and is_name)
            )
            if self._rule(text, value, entity) == "block":
                self._note(text, Place(start, end, value, entity, "block", recogniser, score), True)
                yield text, entity

    def _learn_by_role(self, texts: Iterable[Text]) -> Iterator[tuple[Text, str]]:
        """The same for places that nobody recognised: what their role asks for counts too."""
        sweep = self._sweep_for(self._known.values())
        for text in texts:
            for hit in sweep.find(text.text):
                entity = self._rules[hit.known.value][1]
                if self._rule(text, hit.known.value, entity) == "block":
                    self._note(
                        text, Place(hit.start, hit.end, hit.known.value, entity, "block"), True
                    )
                    yield text, entity

    def _rule(self, text: Text, value: str, entity: str) -> Action:
        """What this place asks for; the value keeps the strictest action, and whose it was."""
        action = self._policy.action(entity, text.role)
        old = self._rules.get(value)
        if old is None or strictest(action, old[0]) != old[0]:
            self._rules[value] = action, entity
        return action

    def _stricter(self, text: Text) -> Callable[[Span, Span], Span]:
        """Which of two findings says what becomes of both."""

        def stricter(one: Span, other: Span) -> Span:
            return max(one, other, key=lambda at: rank(self._policy.action(at.entity, text.role)))

        return stricter

    def _name(self, text: Text, spans: Sequence[Span]) -> None:
        """Give each value what stands for it, in the order in which they are seen."""
        for span in spans:
            value = text.text[span.start : span.end]
            action, entity = self._rules[value]
            if action == "surrogate" and self._stand_ins.surrogates.is_one(value):
                # The reply of an earlier turn, sent again: nobody else's name.
                self._rules[value] = "keep", entity
            else:
                self._stand_ins.name(action, entity, value)

    def _redact(self, text: Text, spans: Sequence[Span]) -> None:
        source = text.text
        places = [self._place(source, span) for span in spans]
        kept = [Done(place, None) for place in places if place.action == "keep"]
        hidden = [place for place in places if place.action != "keep"] if kept else places
        if swept := self._swept(source, {span.start: span.end for span in spans}):
            hidden = merged(source, sorted([*hidden, *swept], key=position))
        self._written.append(kept + self._hidden(source, hidden))
        self._write(text, self._written[-1])

    def _redact_again(self, text: Text) -> None:
        """Hide what has become known since; the placeholders of the text stay."""
        tokens = re.compile(token_pattern(self.vault.values))
        parts = [match.span() for match in tokens.finditer(text.text)] if self.vault.values else []
        hidden = merged(text.text, clear_of(self._swept(text.text), parts))
        self._write(text, self._hidden(text.text, hidden), as_it_came=False)

    def _place(self, source: str, span: Span) -> Place:
        value = source[span.start : span.end]
        action, entity = self._rules[value]
        return Place(span.start, span.end, value, entity, action, span.source, span.score)

    def _swept(self, source: str, own: Mapping[int, int] | None = None) -> list[Place]:
        """The places of known values, but maybe not those of one's own."""
        out: list[Place] = []
        for start, end, known, _ in self._sweep.find(source, own):
            action, entity = self._rules[known.value]
            out.append(Place(start, end, known.value, entity, action))
        return out

    def _sweep_for(self, known: Iterable[Known]) -> Sweep:
        """A sweep for values; a part of one that was split over texts means nothing elsewhere."""
        whole = (one for one in known if one.value not in self._fragments)
        return Sweep(whole, shortest=self._shortest, surest=self._surest)

    def _hidden(self, source: str, places: Iterable[Place]) -> list[Done]:
        """Places, which are in order and apart, with what stands for them."""
        return [
            Done(
                Place(start, end, "", entity, action, recogniser, score),
                self._stand_ins.of(action, entity, known, source[start:end]),
            )
            for start, end, known, entity, action, recogniser, score in places
        ]

    def _write(self, text: Text, done: Iterable[Done], *, as_it_came: bool = True) -> None:
        """Put over places what stands for them."""
        source, at = text.text, 0
        parts: list[str] = []
        for place, new in done:
            self._note(text, place, as_it_came)
            if new is not None:
                parts += [source[at : place.start], new]
                at = place.end
                self._roles[source[place.start : at]].add(text.role or OUTSIDE)
        if at:
            text.text = "".join(parts) + source[at:]


def _in_order(
    texts: Sequence[Text], found: Sequence[Sequence[Span]]
) -> list[tuple[Text, Sequence[Span]]]:
    """Texts outside messages first: a new turn must not shift the numbers of what is in tools."""
    pairs = list(zip(texts, found, strict=True))
    return sorted(pairs, key=lambda pair: -1 if pair[0].turn is None else pair[0].turn)
