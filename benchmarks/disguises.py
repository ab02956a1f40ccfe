"""How many disguises of plain values are seen through, beside Presidio's pattern recognisers.

Six values, each in a sentence that says what it is, each disguised by written rules. Only a value
that is covered from its first to its last character counts; of base64, the whole run.

Usage: `python benchmarks/disguises.py [--misses]`.
"""

import argparse
import json
import os
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

os.environ["TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS"] = ""

from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider

from plugins.pii.analysis import Analysis
from plugins.pii.options import DEFAULT_MODELS, RecogniserOptions

SENTENCES = {
    "maria.gonzalez@example.com": "You can write to {} if need be.",
    "+1 415 555 0132": "My phone number is {}, day and night.",
    "4111 1111 1111 1111": "Please charge my card {} today.",
    "DE89 3704 0044 0532 0130 00": "The money goes to {} as always.",
    "219-09-9998": "My social security number is {}, as you know.",
    "Maria Gonzalez": "My name is {} and I live here.",
}
"""E-mail, phone, card, IBAN, social security number, name."""

ALONE = "{}"

Disguise = Callable[[str], str]


def between(sign: str) -> Disguise:
    """A sign between any two characters."""
    return sign.join


def halfway(sign: str) -> Disguise:
    """A sign in the middle."""
    return lambda value: value[: len(value) // 2] + sign + value[len(value) // 2 :]


def after_each(sign: str) -> Disguise:
    """A sign after each character but spaces."""
    return lambda value: "".join(char if char == " " else char + sign for char in value)


def shifted(digits: int = 0, capitals: int = 0, small: int = 0, signs: int = 0) -> Disguise:
    """Digits and letters from another block of Unicode, by where that begins."""

    def char(one: str) -> str:
        if one.isdigit():
            return chr(digits + int(one)) if digits else one
        if one.isalpha() and one.isascii():
            start, base = (capitals, "A") if one.isupper() else (small, "a")
            return chr(start + ord(one) - ord(base)) if start else one
        return chr(signs + ord(one) - 0x21) if signs and one != " " else one

    return lambda value: "".join(map(char, value))


def imitated(script: str, *, every: int = 1) -> Disguise:
    """Letters of a script that look like Latin ones, by the names that Unicode gives them."""
    names = {
        "CYRILLIC": "A:A E:IE O:O P:ER C:ES X:HA B:VE H:EN K:KA M:EM T:TE",
        "GREEK": "A:ALPHA B:BETA E:EPSILON H:ETA I:IOTA K:KAPPA M:MU N:NU O:OMICRON P:RHO T:TAU",
    }[script]
    table: dict[str, str] = {}
    for pair in names.split():
        latin, _, name = pair.partition(":")
        table[latin] = unicodedata.lookup(f"{script} CAPITAL LETTER {name}")
        if latin in "AEOPCX" if script == "CYRILLIC" else latin == "O":
            table[latin.lower()] = unicodedata.lookup(f"{script} SMALL LETTER {name}")

    def disguise(value: str) -> str:
        places = [at for at, char in enumerate(value) if char in table][::every]
        return "".join(table[one] if at in places else one for at, one in enumerate(value))

    return disguise


def escaped(form: str, only: Callable[[str], bool] = lambda _: True) -> Disguise:
    """Characters as escapes, by a format of their numbers."""
    return lambda value: "".join(form.format(ord(one)) if only(one) else one for one in value)


def is_sign(char: str) -> bool:
    """Whether it is neither letter nor digit."""
    return not char.isalnum()


FAMILIES: dict[str, list[Disguise]] = {
    "invisible characters": [
        *map(between, ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u200e"]),
        halfway("\u200b"),
    ],
    "soft hyphens": [between("\u00ad"), halfway("\u00ad")],
    "writing direction": [
        "\u202e{}\u202c".format,
        between("\u200f"),
        halfway("\u202b\u202c"),
        "\u2067{}\u2069".format,
    ],
    "full width": [shifted(0xFF10, 0xFF21, 0xFF41, 0xFF01), shifted(0xFF10)],
    "other digits": [
        *map(shifted, [0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x1D7CE, 0x1D7F6, 0x1FBF0]),
        after_each("\ufe0f\u20e3"),
    ],
    "other letters": [shifted(0, 0x1D400, 0x1D41A), shifted(0, 0x24B6, 0x24D0)],
    "look-alike letters": [
        imitated("CYRILLIC"),
        imitated("CYRILLIC", every=2),
        imitated("GREEK"),
        lambda value: value.replace("0", "O").replace("1 ", "l ") if value[-1].isdigit() else value,
    ],
    "combining marks": [*map(after_each, ["\u0336", "\u0301", "\u0330\u0304", "\u0301" * 20])],
    "spaces and dashes": [
        *(lambda value, sign=sign: value.replace(" ", sign) for sign in "\u00a0\u2007\u202f\u3000"),
        *(lambda value, sign=sign: value.replace("-", sign) for sign in "\u2010\u2011\u2013\u2212"),
    ],
    "percent": [
        lambda value: quote(value, safe=""),
        escaped("%{:02X}"),
        escaped("%{:02x}", is_sign),
        lambda value: quote(quote(value, safe=""), safe=""),
    ],
    "JSON": [
        escaped("\\u{:04x}"),
        escaped("\\u{:04X}", is_sign),
        escaped("\\x{:02x}"),
        lambda value: json.dumps(halfway("\u200b")(value))[1:-1],
    ],
    "HTML": [
        escaped("&#{};"),
        escaped("&#x{:x};"),
        escaped("&#{:07};", is_sign),
        escaped("&#{};", str.isdigit),
    ],
    "line end inside": [
        halfway("\n"),
        halfway("\r\n"),
        lambda value: value.replace(" ", "\n").replace("@", "@\n").replace("-", "-\n", 1),
    ],
    "spaced out": [between(" "), lambda value: " ".join(value.replace(" ", ""))],
    "base64": [
        lambda value: b64encode(value.encode()).decode(),
        lambda value: b64encode(value.encode()).decode().rstrip("="),
        lambda value: urlsafe_b64encode(f"<{value}>?".encode()).decode(),
        lambda value: b64encode(f"My contact: {value}.".encode()).decode(),
        lambda value: b64encode(f'{{"value": "{value}"}}'.encode()).decode(),
    ],
    "hexadecimal": [lambda value: value.encode().hex()],
}
OTHERWISE = {"base64", "hexadecimal", "spaced out"}
"""Families that are not counted with the rest."""


class Case(NamedTuple):
    """A disguised value in its sentence."""

    family: str
    value: str
    text: str
    start: int
    end: int


def cases(sentences: dict[str, str]) -> Iterator[Case]:
    """Every value in every disguise that changes it; base64 of 16 characters or more."""
    for family, disguises in FAMILIES.items():
        for value, sentence in sentences.items():
            variants = dict.fromkeys(disguise(value) for disguise in disguises)
            for variant in variants:
                if variant == value or (family == "base64" and len(variant) < 16):
                    continue
                start = sentence.index("{}")
                text = sentence.replace("{}", variant)
                yield Case(family, value, text, start, start + len(variant))


Detector = Callable[[Sequence[str]], list[list[tuple[int, int]]]]


def privet() -> Detector:
    """Our recogniser."""
    analysis = Analysis(RecogniserOptions())

    def find(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        out: list[list[tuple[int, int]]] = []
        for findings in analysis.find(texts, [True] * len(texts)):
            if isinstance(findings, str):
                raise RuntimeError(findings)
            out.append([(one.start, one.end) for one in findings])
        return out

    return find


def presidio(*, patterns: bool) -> Detector:
    """Presidio as shipped, or its patterns alone."""
    provider = NlpEngineProvider(
        nlp_configuration={
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": DEFAULT_MODELS["en"]}],
        }
    )
    nlp = provider.create_engine()
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(nlp_engine=nlp)
    engine = AnalyzerEngine(nlp_engine=nlp, registry=registry)
    names = {one.name for one in registry.recognizers if isinstance(one, PatternRecognizer)}

    def find(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [
            [
                (one.start, one.end)
                for one in engine.analyze(text, "en")
                if not patterns
                or (one.recognition_metadata or {}).get("recognizer_name")
                in names | {"PhoneRecognizer"}
            ]
            for text in texts
        ]

    return find


def is_covered(case: Case, spans: list[tuple[int, int]]) -> bool:
    """Whether every visible character of the value is in some span."""
    left = set(range(case.start, case.end))
    for start, end in spans:
        left -= set(range(start, end))
    return all(is_unseen(case.text[at]) for at in left)


def is_unseen(char: str) -> bool:
    """Whether nothing of a value is in this character."""
    return char.isspace() or unicodedata.category(char) in ("Cf", "Mn", "Me")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="show what was not covered")
    misses = parser.parse_args().misses
    detectors = {
        "Privet": privet(),
        "Pr. patterns": presidio(patterns=True),
        "Presidio": presidio(patterns=False),
    }
    for title, sentences in (
        ("in a sentence", SENTENCES),
        ("alone", dict.fromkeys(SENTENCES, ALONE)),
    ):
        given = list(cases(sentences))
        total = Counter(case.family for case in given)
        covered: dict[str, Counter[str]] = {}
        for name, find in detectors.items():
            covered[name] = Counter()
            for case, spans in zip(given, find([case.text for case in given]), strict=True):
                if is_covered(case, spans):
                    covered[name][case.family] += 1
                elif misses and name == "Privet":
                    print("  missed", case.family, ascii(case.text), spans)
        print(f"{title:28}", "variants", *(f"{name:>12}" for name in detectors))
        deterministic = [family for family in total if family not in OTHERWISE]
        for row, families in (
            *((family, [family]) for family in total),
            ("deterministic, in all", deterministic),
        ):
            count = sum(total[one] for one in families)
            shares = (sum(covered[name][one] for one in families) for name in detectors)
            print(f"{row:28}{count:9}", *(f"{share:5} ({share / count:4.0%})" for share in shares))
        print()


if __name__ == "__main__":
    main()
