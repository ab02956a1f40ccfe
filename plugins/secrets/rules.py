"""The rules for keys of known make: those of Kingfisher, run by its engine in this process.

Kingfisher (MongoDB, Apache-2.0) brings some 490 rules, most of them Betterleaks', and a compiled
matcher whose time is linear in the text. It can also try whether a key works; that is another part
of it, which is never called here, so nothing is sent anywhere.

Some of its rules report a key only beside its other half, such as an AWS key id beside its secret.
A scanner needs both to try the key; here each half is a secret by itself, so these rules are loaded
once more without that condition.
"""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from kingfisher_sdk import Finding, Rules, Scanner

from plugins.finding.spans import Span
from plugins.secrets.kinds import Kind

_SCORE = 0.9
_ALONE = "alone."
_LEAST_ENTROPY = 2.5
"""Bits per character of a key that was found without its other half: drops `xxxxxxxx`."""

_TOO_WIDE = frozenset(
    {"betterleaks.alibaba-secret-key", "betterleaks.alibaba-sts-access-key-secret"}
)
"""Rules that without their condition say no more than `key = …`."""

_FOUND_ELSEWHERE = "credential-uri"
"""Addresses with a password, which are hidden as a whole."""

_NO_SECRET = re.compile(
    r"(?:^|[.\-_])(?:id|url|uri|host|name|address|domain|repository)(?:\.\d+)?$"
)
"""Helper rules that find the harmless half of a pair."""

_EXAMPLE = re.compile(r"(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{24,}")
"""What in a rule's condition is a key, written out, and no pattern."""

_KINDS: tuple[tuple[str, Kind], ...] = (
    ("private-key", "PRIVATE_KEY"),
    ("age-secret-key", "PRIVATE_KEY"),
    ("jwt", "ACCESS_TOKEN"),
    ("connection-string", "CONNECTION_STRING"),
    ("password", "PASSWORD"),
)

_PEM = "-----BEGIN"
_AFTER_A_KEY = re.compile(r"(?<=[\w=/+-])[,.!?)\]}*\u201d\u2019\u00bb]+(?=\s|$)")


class RulesFailed(RuntimeError):
    """The rules could not be run on a text, so nobody knows what is in it. Holds no text."""


class KnownKeys:
    """Finds keys of known make. Safe to use from several threads."""

    def __init__(self, *, cache: bool, timeout: float):
        rules = Rules(confidence="low", cache=cache)
        self._timeout = timeout
        self.examples: set[str] = set()
        alone: list[dict[str, object]] = []
        for one in rules.metadata():
            detail = rules.detail(str(one["id"]))
            self.examples.update(_examples(detail["betterleaks_filter"]))
            alone += _without_condition(detail)
        self._scanners = [
            Scanner(rules, base64=True),
            Scanner(_compiled(alone, cache), base64=False),
        ]

    def find(self, text: str) -> Iterator[Span]:
        """The keys in a text, whatever stands around them. Raises RulesFailed."""
        data = _encoded(_prepared(text))
        for scanner in self._scanners:
            try:
                findings = scanner.scan(data, timeout=self._timeout)
            except TimeoutError:
                raise RulesFailed(f"the rules took longer than {self._timeout:g} s") from None
            yield from (_span(one, text, data) for one in findings if _counts(one))


def _prepared(text: str) -> str:
    """The text with spaces for what the rules, made for code, cannot deal with.

    They do not know that a sentence may end behind a key. PEM is found elsewhere; a text full of
    its first lines would cost quadratic time.
    """
    text = text.replace(_PEM, " " * len(_PEM))
    return _AFTER_A_KEY.sub(lambda match: " " * len(match[0]), text)


def _counts(finding: Finding) -> bool:
    rule = finding.rule_id
    if _FOUND_ELSEWHERE in rule:
        return False
    return finding.visible or not _NO_SECRET.search(rule)


def _span(finding: Finding, text: str, data: bytes) -> Span:
    start, end = finding.location["start_offset"], finding.location["end_offset"]
    if len(text) != len(data):
        start = len(data[:start].decode(errors="ignore"))
        end = start + len(data[finding.location["start_offset"] : end].decode(errors="ignore"))
    return Span(start, end, _kind(finding.rule_id), _SCORE, finding.rule_id)


def _kind(rule: str) -> Kind:
    for part, kind in _KINDS:
        if part in rule:
            return kind
    return "API_KEY"


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise RulesFailed("a text holds half of a surrogate pair") from None


def _examples(condition: object) -> Iterator[str]:
    """The keys that a rule's condition names: those of tutorials and public clients."""
    if isinstance(condition, str):
        if _EXAMPLE.fullmatch(condition):
            yield condition
    elif isinstance(condition, dict):
        yield from _examples(list(cast("dict[str, object]", condition).values()))
    elif isinstance(condition, list):
        for one in cast("list[object]", condition):
            yield from _examples(one)


def _compiled(rules: list[dict[str, object]], cache: bool) -> Rules:
    with tempfile.TemporaryDirectory() as folder:
        # YAML 1.2 is a superset of JSON.
        path = Path(folder, "alone.yml")
        path.write_text(json.dumps({"rules": rules}))
        return Rules([path], builtins=False, confidence="low", cache=cache)


def _without_condition(detail: dict[str, object]) -> Iterator[dict[str, object]]:
    """A rule that asks for another finding nearby, without that."""
    needed = cast("Iterable[dict[str, object]]", detail["depends_on_rule"])
    if detail["id"] not in _TOO_WIDE and any(not other.get("optional") for other in needed):
        yield {
            "id": _ALONE + str(detail["id"]).replace("/", "."),
            "name": detail["name"],
            "pattern": detail["detection_regex"],
            "min_entropy": _LEAST_ENTROPY,
            "confidence": "high",
        }
