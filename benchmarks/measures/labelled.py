"""Texts with what is personal in them, from `benchmarks/data`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32


class Found(NamedTuple):
    """A value in a text and its kind; from a label or from a detector."""

    start: int
    end: int
    kind: str


class Row(NamedTuple):
    """A text and its labels."""

    text: str
    gold: tuple[Found, ...]


IGNORED = "IGNORED"
"""Labelled, but neither right nor wrong to find."""

SYNTH = {
    "PERSON": "PERSON",
    "STREET_ADDRESS": "LOCATION",
    "GPE": "LOCATION",
    "ZIP_CODE": "LOCATION",
    "ORGANIZATION": "ORGANIZATION",
    "CREDIT_CARD": "CREDIT_CARD",
    "DATE_TIME": "DATE_TIME",
    "PHONE_NUMBER": "PHONE_NUMBER",
    "NRP": "NRP",
    "EMAIL_ADDRESS": "EMAIL_ADDRESS",
    "DOMAIN_NAME": "URL",
    "IBAN_CODE": "IBAN_CODE",
    "US_SSN": "US_SSN",
    "IP_ADDRESS": "IP_ADDRESS",
    "US_DRIVER_LICENSE": "US_DRIVER_LICENSE",
    "AGE": "AGE",
    "TITLE": IGNORED,
}
"""The labels of `synth_dev`, by Presidio's names."""

WNUT = {"person": "PERSON"}
"""Of `wnut17_test` names of people alone are measured."""

FOLDS = 5
"""Groups of rows that have no template in common."""

KINDS = {"DATE_OF_BIRTH": "DATE_TIME"}
"""Kinds of ours that the labels call something else."""


def rows(path: Path, kinds: dict[str, str]) -> list[Row]:
    """The rows of a file, their labels by the names that `kinds` gives."""
    out: list[Row] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        gold = [
            Found(span["start"], span["end"], kinds[span["type"]])
            for span in one["spans"]
            if span["type"] in kinds
        ]
        out.append(Row(one["text"], tuple(sorted(gold))))
    return out


def lowered(given: list[Row]) -> list[Row]:
    """The rows in lower case, without those whose length that changes."""
    return [
        row._replace(text=row.text.lower())
        for row in given
        if len(row.text.lower()) == len(row.text)
    ]


def template(row: Row) -> str:
    """The text with its values taken out: rows made from one template have this in common."""
    parts: list[str] = []
    at = 0
    for one in row.gold:
        parts += [row.text[at : one.start], f"<{one.kind}>"]
        at = max(at, one.end)
    parts.append(row.text[at:])
    return re.sub(r"\W+", " ", "".join(parts).casefold())


def folds(given: Sequence[Row]) -> list[list[int]]:
    """The rows by number, dealt out by their templates: each is in one fold alone."""
    out: list[list[int]] = [[] for _ in range(FOLDS)]
    for at, row in enumerate(given):
        out[crc32(template(row).encode()) % FOLDS].append(at)
    return out
