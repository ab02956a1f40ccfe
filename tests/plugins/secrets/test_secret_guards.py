"""What each pattern of its own finds and what it leaves, without the rules for known makes."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from plugins.finding.spans import Span
from plugins.secrets.assigned import assigned, kind_by_name
from plugins.secrets.detector import (
    OVERLAP,
    PIECE,
    Source,
    _member,  # pyright: ignore[reportPrivateUsage]
    pieces,
)
from plugins.secrets.shapes import private_keys, shaped, told

MADE = "Zx81kQw0Rt5Lm2Np7VbY"
LINE = "MIIEpAIBAAKCAQEAsk1l0cRK0"


def by(finder: Callable[[str], Iterator[Span]], text: str) -> list[str]:
    return [text[one.start : one.end] for one in finder(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Authorization: Bearer tulips-77", ["tulips-77"]),
        ("Authorization: Basic YW5uYTp0dWxpcA==", ["YW5uYTp0dWxpcA=="]),
        (f"we sent Bearer {MADE} along", [MADE]),
        ("login(page, 'tulip-77')", ["tulip-77"]),
        ("authenticate(anna, 'tulip 77')", ["tulip 77"]),
        (f"tool --api-key {MADE}", [MADE]),
        (f"pk_live_{MADE}", [f"pk_live_{MADE}"]),
    ],
)
def test_what_is_said_around_it_makes_it_a_secret(text: str, values: list[str]) -> None:
    assert sorted(set(by(told, text))) == values


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer sunshine",
        "Authorization: Bearer your-token-1",
        "mysql -u root -p$MYSQL_PASS shop",
        "create user anna identified by 'password'",
        "psql --password=settings.read('key')",
        "Authorization: Bearer config.api_key1",
        "Authorization: Basic dHVsaXA=",
        "Authorization: Basic understanding1",
        "a basic authentication-mechanism is enough",
        "login(page, 'administrator')",
        "login(page, 'Welcome back, your 2 messages are here')",
        "pk_informationArchitectureOverview",
        "tool --api-key read_from_environment",
        "tool --api-key settings.keys.primary1",
    ],
)
def test_words_labels_and_code_in_the_same_places_are_none(text: str) -> None:
    assert by(told, text) == []


@pytest.mark.parametrize("password", ["$DB_PASS", "${DB_PASS}", "password", "****", "PASSWORD_1"])
def test_an_address_with_a_blank_for_its_password_holds_none(password: str) -> None:
    assert by(shaped, f"postgres://anna:{password}@db.intra.example/shop") == []
    assert by(shaped, "postgres://anna:tul1p@db.intra.example/shop")


def test_the_address_of_a_hook_is_a_secret_if_a_machine_made_its_end() -> None:
    assert by(shaped, f"at https://x.example/hooks/{MADE}.") == [f"https://x.example/hooks/{MADE}"]
    assert by(shaped, "at https://x.example/hooks/how-to-send-one-yourself") == []


def test_a_key_ends_with_its_last_line() -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{LINE}\n-----END PRIVATE KEY-----"
    assert by(private_keys, f"{key}\n{LINE}\n{key}\n") == [key, key]


def test_a_key_of_putty_goes_from_its_first_line_to_its_check() -> None:
    key = f"PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{LINE}\nPrivate-MAC: {'0a' * 20}"
    assert by(private_keys, f"see {key} there") == [key]


def test_a_key_that_breaks_off_ends_with_its_base64() -> None:
    begin = "-----BEGIN PRIVATE KEY-----"
    assert by(private_keys, f"{begin}\n{LINE}\nc0RK\nthanks") == [f"{begin}\n{LINE}\nc0RK"]
    assert by(private_keys, f"{begin}\n{LINE}\nthanks!") == [f"{begin}\n{LINE}"]
    headed = f"{begin}\n{LINE}\nVersion: GnuPG"
    assert by(private_keys, f"{headed}\nthanks") == [headed]
    assert by(private_keys, f"{begin} is how it begins") == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("pw: a1b2", ["a1b2"]),
        ("pw: tulip", ["tulip"]),
        ("dbPass=tulip77", ["tulip77"]),
        ("password = 'tulip 77' and user = 'anna'", ["tulip 77"]),
        (f"api_key: {MADE}", [MADE]),
        ("secret=token=secret=token=secret=token=on; password: hunter2", ["hunter2"]),
        ("password: hunter2, password: tulip77", ["hunter2", "tulip77"]),
        (f"the token is {MADE}", [MADE]),
        (f"secrets: {MADE}", [MADE]),
    ],
)
def test_what_is_assigned_is_found(text: str, values: list[str]) -> None:
    assert by(assigned, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "pw: abcd",
        "passenger: anna77",
        "compass: north77",
        "else: pass\n    'tulip 77'",
        "password: 'ab'",
        "the password is a1b2",
        "the password is sunshine",
        "the password is\n'tulip 77'",
        "['password',\n'tulip 77']",
        "password isolation77",
        f"the token is {MADE[:12]}",
        "api_key = settings.primary1key",
        f"keyboard = {MADE}",
        "password_file1: geheim77",
        "password strength2 meter",
        "password: 'Please enter your 2nd name'",
        "password==1.2.3",
        f"csrf_token: {MADE}",
        f"token, {MADE}",
        f"key = {MADE[:12]}",
    ],
)
def test_what_only_resembles_an_assignment_is_none(text: str) -> None:
    assert by(assigned, text) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "PASSWORD"),
        ("dbPass", "PASSWORD"),
        ("api_key", "API_KEY"),
        ("accessToken", "API_KEY"),
        ("passenger", None),
        ("compass", None),
        ("keyboard", None),
        ("author", None),
        ("auth", None),
        ("key", None),
        ("token_url2", None),
        ("csrfToken", None),
        ("name", None),
    ],
)
def test_the_name_of_a_member_says_what_it_holds(name: str, kind: str | None) -> None:
    assert kind_by_name(name) == kind


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("password", "tulip", "PASSWORD"),
        ("api_key", MADE, "API_KEY"),
        ("password", "required", None),
        ("password", "ab", None),
        ("password", "tulip\n77", None),
        ("api_key", "production", None),
        ("api_key", f"see {MADE}", None),
        ("label", MADE, None),
        ("", MADE, None),
    ],
)
def test_a_member_is_a_secret_by_its_name_and_looks(key: str, value: str, kind: str | None) -> None:
    assert [one.entity for one in _member(Source(value, key=key))] == ([kind] if kind else [])


@pytest.mark.parametrize("space", [" ", "\n"])
def test_pieces_begin_with_a_word_where_there_are_words(space: str) -> None:
    text = f"a{MADE}{space}" * 5_000
    parts = list(pieces(text))
    assert len(parts) > 2
    for (start, piece), (following, _) in pairwise(parts):
        assert len(piece) == PIECE
        assert text[following - 1] == space
        assert OVERLAP // 2 <= start + PIECE - following <= OVERLAP
    assert all(text.startswith(piece, start) for start, piece in parts)


def test_pieces_of_one_word_share_what_a_secret_may_take() -> None:
    assert [start for start, _ in pieces("a" * PIECE)] == [0]
    assert [start for start, _ in pieces("a" * (PIECE + 1))] == [0, PIECE - OVERLAP]
