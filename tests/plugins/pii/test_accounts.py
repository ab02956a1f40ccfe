"""Names of accounts as programs write them, and accounts that are nobody's in particular."""

import pytest

from plugins.pii.accounts import Account
from plugins.pii.lexicon import Lexicon


@pytest.fixture(scope="module")
def account(lexicon: Lexicon) -> Account:
    return Account(lexicon)


def found(account: Account, text: str) -> list[str]:
    return [text[one.start : one.end] for one in account.analyze(text, ["USERNAME"])]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('  File "/home/jkowalski/proj/app.py", line 12', "jkowalski"),
        ("cd /Users/lena.m", "lena.m"),
        (r"C:\Users\rsantos77\Desktop", "rsantos77"),
        (r'"C:\\Users\\rsantos\\x"', "rsantos"),
        ("# TODO(mfernandez): later", "mfernandez"),
        ("XXX(nnorwitz) why", "nnorwitz"),
        ("INFO login ok user=rsantos77 ip=1", "rsantos77"),
        ("ruser=o.bakare, rhost=", "o.bakare"),
        ("Failed password for invalid user tkrause from 10.1.1.1", "tkrause"),
    ],
)
def test_an_account_is_found(account: Account, text: str, value: str) -> None:
    assert found(account, text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "/home/ubuntu/app /home/user/x /Users/runner/work /home/node/app",
        "/etc/home/jkowalski a/home/jkowalski /homes/jkowalski/x",
        "user=root user=None user=str owner=default user=name account=savings",
        "f(user=self.user, login=get_login(), user=a.b())",
        "TODO(later) TODO: jkowalski TODO (jkowalski)",
        "superuser=jkowalski user==jkowalski",
        "a manual for user interfaces from here",
    ],
)
def test_what_is_nobodys_is_left_alone(account: Account, text: str) -> None:
    assert found(account, text) == []
