"""What a redaction has done to the texts of a request, written down without the texts.

A client that is told to try again sends a whole conversation as it was, and what becomes of the
same texts is the same. So it is worked out once: a plan says which characters of which text gave
way to what, and where the values stand that placeholders stand for. It holds no text, and is looked
for by a digest with a key that only this process has.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline import Text
from plugins.finding.spans import Span
from plugins.hiding.policy import Action
from plugins.hiding.vault import Vault
from plugins.hiding.words import Place

LARGEST = 1000
"""Places and placeholders in the largest plan: some 250 kilobytes."""

_PLANNED: frozenset[Action] = frozenset({"keep", "replace", "mark", "remove", "hash"})
"""What stands for a value without a word of it, and is not drawn."""


class Done(NamedTuple):
    """A place, without the value that it is a spelling of, and what stands there if not that."""

    place: Place
    new: str | None


class Held(NamedTuple):
    """A placeholder, the kind of its value, and where that stands: in which text, from, to."""

    token: str
    entity: str
    text: int
    start: int
    end: int


class Plan(NamedTuple):
    """What was done in each text, the placeholders, and the findings that all follows from."""

    done: Sequence[Sequence[Done]]
    held: Sequence[Held]
    entities: frozenset[str]
    found: Sequence[Sequence[Span]]


def planned(
    sources: Sequence[str],
    found: Sequence[Sequence[Span]],
    widened: Sequence[Sequence[Span]],
    done: Sequence[Sequence[Done]],
    vault: Vault,
    rules: Mapping[str, tuple[Action, str]],
) -> Plan | None:
    """The plan of what was done to texts; None if it would be too large, or not the same again.

    `widened` are the spans that were found, widened to the values that were hidden.
    """
    if not {action for action, _ in rules.values()} <= _PLANNED:
        return None
    if len(vault.values) + sum(map(len, done)) > LARGEST:
        return None
    stands: dict[str, tuple[int, int, int]] = {}
    for at, (source, spans, places) in enumerate(zip(sources, widened, done, strict=True)):
        for start, end, *_ in (*spans, *[each.place for each in places]):
            stands[source[start:end]] = at, start, end
    if not vault.placeholders.keys() <= stands.keys():
        return None
    held = [
        Held(token, vault.entity(value), *stands[value]) for token, value in vault.values.items()
    ]
    return Plan(done, held, frozenset(entity for _, entity in rules.values()), found)


def digest(key: bytes, endpoint: str, texts: Sequence[Text], fixed: Iterable[str]) -> bytes:
    """The digest of all that a plan depends on."""
    made = hashlib.blake2b(key=key, person=b"plan", digest_size=32)

    def add(head: str, text: str) -> None:
        content = text.encode(errors="surrogatepass")
        made.update(f"{head} {len(content)}\n".encode())
        made.update(content)

    add("endpoint", endpoint)
    for text in texts:
        add(f"{text.kind} {text.turn} {text.role!r}", text.text)
    for one in fixed:
        add("fixed", one)
    return made.digest()
