"""Ages that stand with a name or a word for a person: `Ann, 41, of Leeds`; `im 34`."""

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.words import text_of

# Digits are rarer than words, so what stands before them is looked for from them.
_AGE = r"\d(?:(?<=1)[01]\d|(?<=[1-9])\d)?(?!\d)"
_LONGEST = 3
_BESIDE = regex.compile(
    rf"(?<=(?<![\w.])(\p{{L}}[\p{{L}}\p{{M}}'-]+)(, | \()){_AGE}(?=,|\)| and\b|[.;](?:\s|$))"
    r"(?!,\d)"
)
_SAID = regex.compile(
    r"(?<=\b(?:im|i'm|i am|hes|shes|he's|she's|he is|she is|turn(?:s|ed|ing)?) )"
    rf"{_AGE}(?= ?(?:[mf]\b|[.,;!?)](?!\d)|$)"
    r"| (?:and|but|so|now|next|this|last|today|tomorrow|soon|already)\b)",
    regex.IGNORECASE,
)


class AgeBeside(Loaded):
    """The number alone."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["AGE"], name="AgeBeside")
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every age of somebody who is named right before, or who says it."""
        numbers = [start for start, end in text_of(text).numbers if end - start <= _LONGEST]
        said = [match for start in numbers if (match := _SAID.match(text, start))]
        found = [result(self, *match.span(), 0.6) for match in said]
        for match in [match for start in numbers if (match := _BESIDE.match(text, start))]:
            in_parentheses = match[2] == " ("
            if in_parentheses and text[match.end()] != ")":
                continue
            if self._names(match[1], capital=in_parentheses):
                found.append(result(self, *match.span(), 0.6))
        return found

    def _names(self, word: str, *, capital: bool) -> bool:
        known, lower = self._lexicon, word.lower()
        if known.sure(lower) and not capital:
            return True
        if known.town(lower) and not known.sure(lower):
            return False
        named = known.given(lower) or known.family(lower)
        unknown = not known.plain(lower)
        return word[0].isupper() and not word.isupper() and (named or unknown)
