"""Postal addresses by their form. Presidio has no recogniser for them, and models see half of one.

Only forms that ordinary sentences do not have: a house number with a kind of street, a street with
its number after it, a postcode with its state or in its British form, a post-office box.
"""

import regex
from presidio_analyzer import Pattern, PatternRecognizer

_NAME = r"(?:[\p{Lu}\d][\p{L}\d'\u2019.-]*|of|the|de|la|del)"
_KIND = (
    r"(?:Street|Str|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|"
    r"Place|Pl|Terrace|Ter|Way|Close|Crescent|Cres|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|"
    r"Row|Quay|Gardens|Gdns|Grove|Mews|Alley|Loop|Pike|Turnpike|Expressway)"
)
_SIDE = r"(?:,? ?(?:[NSEW]{1,2}\b|North|South|East|West))?"
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|No|#)\.? ?#?\w{1,5}\b)?"
_ROMANCE = (
    r"(?:Rue|Avenue|Boulevard|Place|Chemin|Via|Viale|Piazza|Corso|Calle|Avenida|Plaza|Paseo|Rua|"
    r"Praça|Ulica|ul\.|aleja|al\.)"
)
_GERMANIC = (
    r"(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|straat|laan|plein|gracht|gatan|"
    r"vägen|gata|veien|vei|gate|gade|vej|katu|tie)"
)
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|"
    r"S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
)


def address() -> PatternRecognizer:
    """Streets with numbers, postcodes that name their place, post-office boxes."""
    patterns = [
        Pattern(
            "number first",
            rf"(?<![\w.,-])\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})? (?:[NSEW]\.? )?(?:{_NAME} ){{1,4}}"
            rf"{_KIND}\b\.?{_SIDE}{_UNIT}",
            0.6,
        ),
        Pattern(
            "street first",
            rf"\b{_ROMANCE} (?:{_NAME} ){{0,4}}{_NAME},? (?:n[.º°]? ?)?\d{{1,4}}[A-Za-z]?\b",
            0.6,
        ),
        Pattern(
            "compound street",
            rf"\b\p{{Lu}}[\p{{L}}-]+(?:{_GERMANIC}| (?i:{_GERMANIC})) \d{{1,4}} ?[A-Za-z]?\b",
            0.6,
        ),
        Pattern("state and ZIP", rf"\b{_STATE},? \d{{5}}(?:-\d{{4}})?(?![\w-])", 0.6),
        Pattern(
            "British postcode",
            r"\b(?:[A-PR-UWYZ]\d[A-HJKPSTUW\d]?|[A-PR-UWYZ][A-HK-Y]\d[ABEHMNPRVWXY\d]?) "
            r"\d[ABD-HJLNP-UW-Z]{2}\b",
            0.6,
        ),
        Pattern("box", r"\b(?:P\.? ?O\.? Box|Postfach|Boîte postale) \d{1,7}\b", 0.6),
    ]
    return PatternRecognizer(
        "LOCATION",
        name="Address",
        patterns=patterns,
        # No other flag: case matters, as "5 years in court" is no address.
        global_regex_flags=regex.VERSION0,
    )
