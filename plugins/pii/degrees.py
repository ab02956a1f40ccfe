"""What happens when a tier fails: for each entity another tier is enough, or the text is refused.

A tier fails on a text when it raises, and on a whole batch when the worker hangs or dies in it.
Patterns cannot be replaced: they are what finds most, and the last that is left.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from plugins.finding.spans import Span
from plugins.hiding.policy import ANY
from plugins.pii.suggest import did_you_mean

PATTERNS = "patterns"
REFUSE = "refuse"


class TierFailed(str):
    """Why a text could not be looked at, in words that hold nothing of it; and which tier failed.

    Of any other failure, that is of a plain string, nothing can stand in.
    """

    __slots__ = ("tier",)
    tier: str

    def __new__(cls, tier: str, reason: str) -> "TierFailed":
        """A failure of a tier."""
        made = super().__new__(cls, reason)
        made.tier = tier
        return made


class Found(NamedTuple):
    """What was found in a text, and which tiers should have looked at it and failed."""

    spans: list[Span]
    failed: list[str]


class StandIn(NamedTuple):
    """A tier that failed, and the one that was enough in its place."""

    failed: str
    instead: str


Find: TypeAlias = Callable[
    [Sequence[str], Sequence[bool], Collection[str]], Sequence[list[Span] | str]
]
"""Texts, in which of them names are looked for, and without which tiers; to what was found."""


class Degrees:
    """A policy on failures.

    `looking` has the tiers that look for each entity; `enough` says by entity which of them is
    enough when another one fails.
    """

    def __init__(self, looking: Mapping[str, Collection[str]], enough: Mapping[str, str]):
        self._looking = looking
        self._enough = enough

    def stand_ins(self, failed: Collection[str]) -> set[StandIn] | None:
        """What stands in when these tiers fail on a text; None if the text is to be refused."""
        if PATTERNS in failed:
            return None
        out: set[StandIn] = set()
        for entity, tiers in self._looking.items():
            lost = [tier for tier in tiers if tier in failed]
            instead = self._instead(entity)
            if lost and (instead in failed or instead not in tiers):
                return None
            out.update(StandIn(tier, instead) for tier in lost)
        return out

    def allow(self, failed: Collection[str]) -> bool:
        """Whether others are enough when these tiers fail."""
        return self.stand_ins(failed) is not None

    def problems(self) -> Iterable[str]:
        """What is wrong with the policy: stand-ins that find nothing, or replace nobody."""
        for entity in sorted(self._enough.keys() - {*self._looking, ANY}):
            remedy = did_you_mean(entity, self._looking, "add it to `entities`, or remove it here")
            yield f"on_failure: nothing looks for `{entity}`{remedy}"
        replaceable = [entity for entity, tiers in self._looking.items() if {*tiers} - {PATTERNS}]
        if ANY in self._enough and self._enough.keys() >= {*replaceable}:
            yield f"on_failure: there is nothing left that `{ANY}` stands for; remove it"
        for entity, tiers in self._looking.items():
            instead = self._instead(entity)
            if entity not in replaceable:
                if entity in self._enough:
                    yield (
                        f"on_failure: `{entity}` is looked for by `{PATTERNS}` alone, for which "
                        "nothing can stand in; remove it"
                    )
                continue
            fitting = [one for one in tiers if {*tiers} - {PATTERNS, one}] + [REFUSE]
            if instead not in fitting:
                why = (
                    f"`{instead}` would stand in for itself alone, looking for `{entity}`"
                    if instead in tiers
                    else f"`{instead}` does not look for `{entity}`"
                )
                remedies = " or ".join(f"`{one}`" for one in fitting)
                yield f"on_failure: {why}; for `{entity}`, name {remedies}"

    def recognised(
        self, find: Find, texts: Sequence[str], names: Sequence[bool], without: Collection[str]
    ) -> list[Found | str]:
        """What `find` finds in texts, or why that cannot be said, without these tiers.

        A text on which a tier fails is looked at again without it, if the policy allows that.
        """
        out: list[Found | str] = [""] * len(texts)
        waiting = {frozenset(without): list(range(len(texts)))}
        while waiting:
            failed, chosen = waiting.popitem()
            answers = find([texts[at] for at in chosen], [names[at] for at in chosen], failed)
            for at, answer in zip(chosen, answers, strict=True):
                if isinstance(answer, TierFailed) and self.allow(more := failed | {answer.tier}):
                    waiting.setdefault(more, []).append(at)
                elif isinstance(answer, str):
                    out[at] = str(answer)
                else:
                    out[at] = Found(answer, sorted(failed) if names[at] else [])
        return out

    def _instead(self, entity: str) -> str:
        return self._enough.get(entity, self._enough.get(ANY, REFUSE))
