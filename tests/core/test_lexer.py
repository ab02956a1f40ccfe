"""The JSON lexer, on valid and broken JSON, wherever it is cut."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import testing
from pipeline.core.embedded import Embedded, leaves
from pipeline.core.lexer import Lexer, Token, escape

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
VALID = st.builds(
    lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent),
    VALUES,
    st.booleans(),
    st.sampled_from([None, 1]),
)
BROKEN = st.text(
    st.sampled_from('{}[]:," \\/\n\u00a0bfnrtu0159aAdD8cC-+.eEtruefalsnl_é😀\ud83d'), max_size=40
)
ANY = (
    VALID
    | BROKEN
    | st.builds(lambda text, cut: text[: cut % (len(text) + 1)], VALID, st.integers())
)
PLACES = st.lists(st.integers(0, 60), max_size=12)


def lex(parts: list[str]) -> list[Token]:
    lexer = Lexer()
    found = [token for part in parts for token in lexer.feed(part)]
    return found + list(lexer.flush())


def cut(text: str, places: list[int]) -> list[str]:
    return testing.pieces(text, sorted(min(place, len(text)) for place in places))


def runs(tokens: list[Token]) -> list[tuple[str, str]]:
    """The tokens with neighbours of one kind joined, which is all that a cut may change."""
    joined: list[tuple[str, str]] = []
    for token in tokens:
        if joined and joined[-1][0] == token.kind in ("text", "punct", "junk"):
            joined[-1] = token.kind, joined[-1][1] + token.text
        else:
            joined.append((token.kind, token.text))
    return joined


@given(ANY, PLACES)
@example('"\\ud83d\\ude00"', [4, 7, 8, 9])
@example('"\\ud83d\\u0041"', [8])
@example('"\\u12', [3])
@example("truex", [4])
@example("-1.5e", [2, 3])
@example("1" * 70, list(range(60)))
def test_tokens_cover_the_text_and_do_not_depend_on_cuts(text: str, places: list[int]):
    tokens = lex(cut(text, places))
    assert "".join(text[token.start : token.end] for token in tokens) == text
    assert [token.start for token in tokens[1:]] == [token.end for token in tokens[:-1]]
    assert runs(tokens) == runs(lex([text]))


@given(VALUES, st.booleans(), PLACES)
def test_valid_json_decodes_as_python_decodes_it(
    value: object, ascii_only: bool, places: list[int]
):
    text = json.dumps(value, ensure_ascii=ascii_only)
    tokens = lex(cut(text, places))
    assert "junk" not in {token.kind for token in tokens}
    strings: list[str] = []
    numbers: list[object] = []
    for token in tokens:
        if token.kind == "open":
            strings.append("")
        elif token.kind == "text":
            strings[-1] += token.text
        elif token.kind == "number":
            numbers.append(json.loads(token.text))
    assert strings == strings_of(value)
    assert numbers == numbers_of(value)


def strings_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [one for key, member in value.items() for one in [key, *strings_of(member)]]
    return [one for item in value for one in strings_of(item)] if isinstance(value, list) else []


def numbers_of(value: object) -> list[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [one for item in value for one in numbers_of(item)]
    return [] if isinstance(value, bool | str) or value is None else [value]


@given(TEXTS, TEXTS)
def test_escaping_goes_piece_by_piece_and_back(one: str, other: str):
    assert json.loads(f'"{escape(one + other)}"') == one + other
    assert escape(one) + escape(other) == escape(one + other)


@pytest.mark.parametrize("escaped", ["\\ud800", "\\udc00", "\\ud800\\ud800", "\\udc00\\ud800"])
def test_half_a_character_becomes_the_replacement_character(escaped: str):
    text = "".join(token.text for token in lex([f'"{escaped}"']) if token.kind == "text")
    assert set(text) == {"\ufffd"}


@given(VALUES.filter(lambda value: isinstance(value, dict | list)), st.data())
def test_changed_leaves_are_spliced_in_and_the_rest_keeps_its_spelling(
    value: object, data: st.DataObject
):
    source = json.dumps(value, ensure_ascii=data.draw(st.booleans()), indent=2)
    found = leaves(source)
    assert found is not None
    place = {"json": source}
    embedded = Embedded(source, found, place, "json")
    changed = data.draw(st.sets(st.sampled_from(range(len(found))))) if found else set()
    for number in sorted(changed, reverse=True):
        embedded.change(number, 'new "text"\n')
    embedded.write()
    after = place["json"]
    again = leaves(after)
    assert again is not None
    for number, (before, now) in enumerate(zip(found, again, strict=True)):
        if number in changed:
            assert now.text == 'new "text"\n'
        else:
            assert after[now.start : now.end] == source[before.start : before.end]
    json.loads(after)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('{"a": "b', ["a", "b"]),
        ('{"a": "b\\', ["a", "b\\"]),
        ('{"a": 1', ["a", "1"]),
        ('{"a" : [true, "x", 1e5]}', ["a", "x", "1e5"]),
        ("not json", None),
        ("{'a': 1}", None),
        ('{"a": NaN}', None),
        ("", []),
    ],
)
def test_the_leaves_of_broken_json(source: str, texts: list[str] | None):
    found = leaves(source)
    assert (found if found is None else [leaf.text for leaf in found]) == texts
