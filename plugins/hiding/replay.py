"""Doing again what was done to the same texts before."""

from collections.abc import Sequence

from pipeline import Text
from plugins.finding.spans import Span
from plugins.hiding.plan import Plan, planned
from plugins.hiding.policy import Action
from plugins.hiding.redaction import Redaction, nobody


class Replay(Redaction):
    """A redaction that can be told by a plan what becomes of its first texts."""

    _again: tuple[Plan, list[Text]] | None = None

    def plan(self, sources: Sequence[str], found: Sequence[Sequence[Span]]) -> Plan | None:
        """How to do the same again to the first texts, as they came; None if that cannot be."""
        return planned(sources, found, self._spans, self._written, self.vault, self._rules)

    def replay(self, texts: Sequence[Text], plan: Plan) -> None:
        """Do to the first texts what has been done to the same before."""
        came = [Text(one.text, one.kind, role=one.role, turn=one.turn) for one in texts]
        for token, entity, at, start, end in plan.held:
            self.vault.hold(token, entity, came[at].text[start:end])
        for text, done in zip(texts, plan.done, strict=True):
            self._write(text, done)
        self._done += texts
        self._left = [text.text for text in texts]
        self._again = plan, came

    def _recall(self) -> None:
        """After a replay, work out what is known besides; only more texts and marks ask for it."""
        if self._again is None:
            return
        plan, came = self._again
        self._again = None
        note, done, left = self._note, self._done, self._left
        self._note, self._done = nobody, []
        self.vault.clear()
        super().apply(came, plan.found)
        self._note, self._done, self._left = note, done, left

    def apply(self, texts: Sequence[Text], found: Sequence[Sequence[Span]]) -> None:
        """Redact texts, as a redaction does."""
        self._recall()
        super().apply(texts, found)

    def knows(self, fixed: str) -> bool:
        """Whether a string that cannot be rewritten holds a known value."""
        self._recall()
        return super().knows(fixed)

    def entities(self) -> set[str]:
        """The kinds of what was found."""
        return super().entities() if self._again is None else set(self._again[0].entities)

    def actions(self) -> set[Action]:
        """What becomes of what was found."""
        self._recall()
        return super().actions()

    def identities(self) -> set[str]:
        """What all spellings of a value share, of each value that was found or made up."""
        self._recall()
        return super().identities()
