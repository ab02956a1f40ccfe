"""How well findings fit labels, counted in three ways.

- **Typed overlap**: a label is found if a finding of its kind shares a character with it. Kinds
  that a data set does not label are not judged on it.
- **Covered**: the share of labels of which no letter or digit is left, whatever kind hides it.
- **Personal or not**: the span evaluator of presidio-research, all kinds counted as one. On tokens
  without stop words and punctuation, neighbours joined, a label is found if the finding's
  characters are at least nine tenths of those of both together. A finding counts once for each
  label that it touches.
"""

import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from spacy.lang.en import English
from spacy.lang.en.stop_words import STOP_WORDS

from .labelled import IGNORED, Found, Row

_IOU = 0.9
_SKIPPED = frozenset(STOP_WORDS).union(
    string.punctuation,
    [">>", ">>>", ">>>>", ">>>>>", ">>>>>>"],
    # What the evaluator leaves out besides stop words: parts of addresses, titles, dates, companies
    """street st. st de rue via and a the or do as of address country state city zip po apt unit
    corner p.o. box suite mr. mrs. miss year years y/o month months old morning noon afternoon night
    evening this first last week weeks weekend day days age ago inc inc. ltd""".split(),
)


class Score(NamedTuple):
    """Counts of what was found rightly, found wrongly and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f2(self) -> float:
        """The harmonic mean that counts recall twice as much as precision."""
        weighed = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / weighed if weighed else 0.0


def typed_overlap(rows: Sequence[Row], found: Sequence[Sequence[Found]]) -> dict[str, Score]:
    """The score of each kind, and of all under an empty name."""
    judged = {one.kind for row in rows for one in row.gold} - {IGNORED}
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for row, spans in zip(rows, found, strict=True):
        labels = [one for one in row.gold if one.kind in judged]
        other = [one for one in row.gold if one.kind not in judged]
        spans = {one for one in spans if one.kind in judged}
        for label in labels:
            hit = any(one.kind == label.kind and _overlap(one, label) for one in spans)
            (right if hit else missed)[label.kind] += 1
        for one in spans:
            if any(_overlap(one, label) for label in other) and not any(
                _overlap(one, label) for label in labels
            ):
                continue
            if not any(one.kind == label.kind and _overlap(one, label) for label in labels):
                wrong[one.kind] += 1
    scores = {kind: Score(right[kind], wrong[kind], missed[kind]) for kind in sorted(judged)}
    return {"": Score(right.total(), wrong.total(), missed.total()), **scores}


def covered(rows: Sequence[Row], found: Sequence[Sequence[Found]]) -> float:
    """The share of labels of which nothing leaks."""
    whole = count = 0
    for row, spans in zip(rows, found, strict=True):
        hidden = {at for one in spans for at in range(one.start, one.end)}
        for label in row.gold:
            if label.kind != IGNORED:
                count += 1
                whole += all(
                    at in hidden or not row.text[at].isalnum()
                    for at in range(label.start, label.end)
                )
    return whole / max(1, count)


class PersonalOrNot:
    """The span evaluator of presidio-research with all kinds counted as one."""

    def __init__(self) -> None:
        self._tokenizer = English().tokenizer

    def __call__(self, rows: Sequence[Row], found: Sequence[Sequence[Found]]) -> Score:
        right = labelled = told = 0
        for row, spans in zip(rows, found, strict=True):
            tokens = [
                (token.idx, token.idx + len(token), token.lower_)
                for token in self._tokenizer(row.text)
            ]
            gold, guesses = _runs(tokens, row.gold), _runs(tokens, spans)
            labelled += len(gold)
            used: set[tuple[int, int]] = set()
            for label in gold:
                touching = [one for one in guesses if one[0] < label[1] and label[0] < one[1]]
                used.update(touching)
                told += bool(touching)
                right += bool(touching) and _iou(label, touching) >= _IOU
            told += len(set(guesses) - used)
        return Score(right, told - right, labelled - right)


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def _runs(tokens: Sequence[tuple[int, int, str]], spans: Iterable[Found]) -> list[tuple[int, int]]:
    """Runs of personal tokens between which there is nothing but skipped ones."""
    spans = list(spans)
    runs: list[tuple[int, int]] = []
    apart = True
    for start, end, word in tokens:
        if not word.strip() or word.strip() in _SKIPPED:
            continue
        if not any(_personal(start, end, one) for one in spans):
            apart = True
        elif apart:
            runs.append((start, end))
            apart = False
        else:
            runs[-1] = (runs[-1][0], end)
    return runs


def _personal(start: int, end: int, span: Found) -> bool:
    """Whether a span has a token: its beginning, or the span is inside the token."""
    return span.start <= start < span.end or start <= span.start < span.end <= end


def _iou(label: tuple[int, int], guesses: Sequence[tuple[int, int]]) -> float:
    """How much a label and findings have in common, of what they are together."""
    wanted = set(range(*label))
    said = {at for one in guesses for at in range(*one)}
    return len(wanted & said) / len(wanted | said)
