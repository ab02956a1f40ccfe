"""Postcodes and post-office boxes that are none but by their form, or by the word before them."""

from collections.abc import Iterator

import regex

from plugins.pii.words import Text

STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|"
    r"S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
)
_FIXED = regex.compile(
    rf"\b{STATE},? \d{{5}}(?:-\d{{4}})?(?![\w-])"
    r"|\b[A-PR-UWYZ](?:\d[A-HJKPSTUW\d]?|[A-HK-Y]\d[ABEHMNPRVWXY\d]?) \d[ABD-HJLNP-UW-Z]{2}\b"
    r"|\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d\b"
    r"|\u3012 ?\d{3}-\d{4}"
    r"|\b[A-Z]{1,2}-\d{4,5} (?=\p{Lu}\p{Ll})"
)
_MAYBE_FIXED = regex.compile(
    r"\d(?:(?<=[A-Z,] \d)\d{4}|(?<= \d)[A-Z][A-Z\d]|(?<=-\d)\d{3}|(?<=\u3012 ?\d)\d)"
)
"""The digits of those and what is beside them."""
_BOX = regex.compile(
    r"\b(?:psc|unit|cmr) \d{1,5},? box \d{1,5}(?:,?\s+[afd]po,? a[aep] \d{5})?"
    r"|\b(?:P\.? ?O\.? ?Box|Postbox|Postfach|Postbus|Postboks|Boîte postale) \d{1,7}\b"
    r"|\b(?:US(?:S|NS|CGC)|HMS) \p{L}[\p{L}'-]+,?\s+[AFD]PO,? A[AEP] \d{5}"
    r"|\b[afd]po,? a[aep] \d{5}\b",
    regex.IGNORECASE,
)
_ZIPS = """zip post plz cap cep pincode pin""".split()
_ZIP = regex.compile(
    r"\b(?:zip|zip ?code|postal ?code|postcode|plz|postleitzahl|code postal|código postal|cap|cep|"
    r"pin ?code|postnummer|postinumero|kod pocztowy)(?: is| of|'s| number)?[:\s#]{1,3}"
    r"([A-Z]{0,2}-?\d[\dA-Z]{1,5}(?:[ -]?\d[\dA-Z]{1,3}|[ -][A-Z]{2})?)\b(?!-\d)",
    regex.IGNORECASE,
)


def postcodes(text: Text) -> Iterator[tuple[int, int, bool]]:
    """Where they start and end, and whether a word says what they are."""
    lower = text.caseless
    if any(_MAYBE_FIXED.match(text, start) for start, _ in text.numbers):
        for match in _FIXED.finditer(text):
            yield match.start(), match.end(), False
    if "box" in lower or "post" in lower or "po a" in lower:
        for match in _BOX.finditer(text):
            yield match.start(), match.end(), False
    if any(word in lower for word in _ZIPS):
        for match in _ZIP.finditer(text):
            yield match.start(1), match.end(1), True
