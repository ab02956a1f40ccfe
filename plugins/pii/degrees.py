"""What happens when a tier fails: for each entity another tier is enough, or the text is refused.

A tier fails on a text when it raises, and on a whole batch when the worker hangs or dies in it.
Patterns cannot be replaced: they are what finds most, and the last that is left.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

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


class Tiers(Protocol):
    """What looks at texts."""

    def find(
        self, texts: Sequence[str], ner: Sequence[bool], without: Collection[str]
    ) -> Sequence[list[Span] | str]:
        """What is found in texts, by patterns alone where `ner` is not set; or what went wrong."""
        ...

    def reads(self, tier: str, text: str) -> bool:
        """Whether a tier can read the language of a text."""
        ...


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

    def more(self, failed: Collection[str], tier: str) -> frozenset[str] | None:
        """What to do without when one more tier fails; None if the text is to be refused."""
        if tier in failed:  # Without it, nothing was left of it that could fail.
            return None
        more = frozenset({*failed, tier})
        return more if self.stand_ins(more) is not None else None

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
        self, tiers: Tiers, texts: Sequence[str], ner: Sequence[bool], without: Collection[str]
    ) -> list[Found | str]:
        """What is found in texts, or why that cannot be said, without some tiers that have failed.

        A text on which another tier fails is looked at again without that too. Where the policy
        does not allow it, or what is to be enough cannot read the text, the text has failed.
        """
        out: list[Found | str] = [""] * len(texts)
        waiting = {frozenset(without): list(range(len(texts)))}
        while waiting:
            failed, chosen = waiting.popitem()
            answers = tiers.find([texts[at] for at in chosen], [ner[at] for at in chosen], failed)
            for at, answer in zip(chosen, answers, strict=True):
                lost = [one for one in sorted(failed) if ner[at] and tiers.reads(one, texts[at])]
                if isinstance(answer, TierFailed) and (more := self.more(failed, answer.tier)):
                    waiting.setdefault(more, []).append(at)
                elif isinstance(answer, str):
                    out[at] = str(answer)
                elif all(tiers.reads(one.instead, texts[at]) for one in self.stand_ins(lost) or ()):
                    out[at] = Found(answer, lost)
                else:
                    out[at] = "what stands in for a tier that failed cannot read its language"
        return out

    def _instead(self, entity: str) -> str:
        return self._enough.get(entity, self._enough.get(ANY, REFUSE))
