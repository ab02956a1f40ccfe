"""Secrets known by what stands before them: `password: hunter2`, `API_TOKEN="…"`.

First a word for a secret, then perhaps more of its name, then a sign or a word that gives it a
value, then the value. What only names something about a secret (`token_url`) is told by the last
word of the name, what is no value (a type, a variable, a call, a prompt) by its form.

Passwords are thought up by people and may look like anything, so one is doubted only where it reads
like code or prose. Keys are made by machines, and must look it.
"""

import re
from collections.abc import Iterator

from plugins.finding.spans import NER, Span
from plugins.secrets.kinds import Kind
from plugins.secrets.looks import is_code, is_no_value, is_prose, looks_chosen, looks_made, lowered

SCORE = 0.7
GUESS = 0.5
"""The score of a password that is a plain word; like a name, it may stand elsewhere as a word."""

_WORD = re.compile(
    r"""(?P<password>passwor[dt]s?|passwd|passphrase|passcode|pwd|kennwort|contraseña|wachtwoord
    |mot\ de\ passe|senha|парол[ья]|hasło|密码|パスワード)
    |(?P<word>pass|psw|pw|mdp)
    |(?P<key>secret|token|credential|creds|bearer|authorization|apikey)
    |(?P<weak>key)
    |(?P<weak_word>auth|pat|sid|sig)""",
    re.VERBOSE,
)
"""Matched against small letters; every branch begins with a letter, which makes it fast."""
_KIND_OF_KEY = re.compile(
    r"""(?:api|access|auth|secret|private|encryption|signing|account|master|service|admin
    |application|client|shared|storage|session|license|hmac|webhook|deploy|server|subscription
    |instrumentation)[ _.-]?$""",
    re.VERBOSE,
)
_BINDER = re.compile(
    r"""(?P<rest>[\w.-]{0,30}?)
    (?:\\{0,7}["'`]?[\])]{0,2}[ \t]{0,20}(?P<sign>:{1,3}=|\?=|=>|->|\|\||=~?=*|:{1,3}|>)
        (?P<block>[ \t]{0,20}[>|][+-]?(?=[ \t]{0,20}\r?\n))?   # a scalar of YAML, on its own line
    |["'][ \t]{1,5}value[ \t]{0,3}=                 # <add key="…" value="…"/>
    |(?P<comma>\\{0,7}["'`][ \t]{0,5},)             # set("…", "…")
    |(?P<below>[ \t]{0,5}(?=\r?\n))                 # a heading, and what stands below it
    |[ \t]{1,5}(?:(?:for|für|pour|du|del?|para|voor|van)[ \t][^\n:]{1,60}?[ \t])?
        (?P<said>is|ist|es|est|was|to)\b[ \t]{0,3}:?
    |(?P<beside>[ \t]{1,5}))
    [ \t]{0,20}(?P<break>\r?\n[ \t]{0,20})?(?:[A-Za-z]{0,2}@)?""",
    re.VERBOSE,
)
_QUOTED = re.compile(
    r"""(?P<quote>\\{0,7}["'`])(?P<value>(?:(?!(?P=quote))[^\n]){1,300})(?P=quote)"""
)
_BARE = re.compile(
    r"""(?P<value>(?:[^\s"'`<>&;,]
    |[&;](?![ \t]*[\w .-]{1,30}=|\s|$)
    |,(?![\s"'\]})]|$)){1,300})""",
    re.VERBOSE,
)
_REST_OF_LINE = re.compile(r"[ \t]{0,20}(?:\r?\n|\Z)")
_CLOSING_TAG = re.compile(r"\s{0,100}</")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){1,4}")
_NO_NAME = re.compile(r"[^\w.$-]")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_AFTERWARDS = ")]}.,;:"
_LONGEST_NAME = 40

_NOT_SECRET = frozenset(
    """public csrf xsrf primary foreign partition sort sequence cache row hot lexer parser tokenizer
    stop next page cursor continuation pagination num n max min count idempotency registry label
    labels field fields regex pattern prompt placeholder hint error errors message""".split()
)
"""Words that make a name one of something else, wherever they stand in it."""

_ABOUT = frozenset(
    """name names id ids url urls uri path paths file files filename type types length len size
    count hash hashes arn version ref reference policy expiry expires expiration expire ttl limit
    usage scope scopes endpoint issuer audience label field column table class dir folder format
    manager provider service store vault bucket list map index event handler callback function
    method required enabled disabled protected reset change changed at in on alg algorithm status
    state code error link page form input box rotation strength checker validator generator helper
    factory util utils test tests spec mode kind role created updated date time s""".split()
)
"""Words that make a name one of something about a secret, if it ends with them."""


def assigned(text: str) -> Iterator[Span]:
    """The passwords and keys that a text assigns."""
    end = 0
    small = lowered(text)
    doubted = _Doubted()
    for word in _WORD.finditer(small):
        if word.start() < end or doubted.skips(word.start()) or not _is_word(text, word):
            continue
        binder = _BINDER.match(text, word.end())
        value = _value(text, binder) if binder else None
        if binder is None or value is None or _is_other_word(binder):
            continue
        quoted = value.re is _QUOTED
        start = value.start("value")
        found = value["value"] if quoted else _trimmed(value["value"])
        is_password = _is_for_password(word)
        if is_password:
            is_secret = _is_password(found, quoted, binder)
        else:
            is_secret = _is_key(found, binder, weak=_is_weak(small, word))
        if not (is_secret and _names_a_secret(text, word, binder)):
            doubted.add(start, value.end())
            continue
        end = start + len(found)
        if is_password and not looks_chosen(found):
            yield Span(start, end, "PASSWORD", GUESS, NER)
        else:
            yield Span(start, end, "PASSWORD" if is_password else "API_KEY", SCORE, "assigned")


class _Doubted:
    """Values that were none, in which others may begin: `secret=token=…`. But not without end."""

    _MOST = 4

    def __init__(self) -> None:
        self._end = 0
        self._times = 0

    def add(self, start: int, end: int) -> None:
        """Remember where a value ends that was doubted."""
        self._times = self._times + 1 if start < self._end else 1
        self._end = max(end, self._end)

    def skips(self, at: int) -> bool:
        """Whether so many values around this place were doubted that another one is not tried."""
        return self._times >= self._MOST and at < self._end


def kind_by_name(name: str) -> Kind | None:
    """The kind of secret that a member of this name holds, if it holds one."""
    small = lowered(name)
    found = [word for word in _WORD.finditer(small) if _is_word(name, word)]
    if not found or not _about_itself(name):
        return None
    if _is_for_password(found[-1]):
        return "PASSWORD"
    return None if _is_weak(small, found[-1]) else "API_KEY"


def _is_word(text: str, word: re.Match[str]) -> bool:
    """Whether short words stand alone, or begin with the capital of a name: `pass`, `dbPass`."""
    start, end = word.span()
    after = text[end : end + 1]
    if word["weak"]:
        return not after.islower()
    if not (word["word"] or word["weak_word"]):
        return True
    before = text[start - 1 : start]
    begins = not before.isalpha() or (before.islower() and text[start].isupper())
    # Python's `pass` is a statement: `else: pass`.
    return begins and not after.isalpha() and not text.endswith(": ", 0, start)


def _is_other_word(binder: re.Match[str]) -> bool:
    """Whether the word goes on and nothing binds it to a value: `tokenize 4b13…`."""
    return binder["beside"] is not None and binder["rest"][:1].islower()


def _is_for_password(word: re.Match[str]) -> bool:
    return bool(word["password"] or word["word"])


def _is_weak(small: str, word: re.Match[str]) -> bool:
    """Whether the word alone says little: `key` does, `api key` does not."""
    if word["weak"]:
        return not _KIND_OF_KEY.search(small[max(0, word.start() - 20) : word.start()])
    return bool(word["weak_word"])


def _value(text: str, binder: re.Match[str]) -> re.Match[str] | None:
    sign, broken = binder["sign"], binder["break"] is not None
    if broken and (binder["comma"] or binder["said"]):
        return None
    if quoted := _QUOTED.match(text, binder.end()):
        return quoted
    bare = _BARE.match(text, binder.end())
    if bare and sign == ">":
        return bare if _CLOSING_TAG.match(text, bare.end()) else None
    if bare and broken and (binder["block"] or binder["below"] is not None):
        return bare if _REST_OF_LINE.match(text, bare.end()) else None
    return None if broken or binder["comma"] else bare


def _names_a_secret(text: str, word: re.Match[str], binder: re.Match[str]) -> bool:
    before = _NO_NAME.split(text[max(0, word.start() - _LONGEST_NAME) : word.start()])[-1]
    return _about_itself(before + text[word.start() : word.end()] + binder["rest"])


def _about_itself(name: str) -> bool:
    parts = [part.lower() for part in _PARTS.findall(name)]
    last = next((part for part in reversed(parts) if not part.isdigit()), "")
    return last not in _ABOUT and _NOT_SECRET.isdisjoint(parts)


def _trimmed(value: str) -> str:
    """Without the punctuation of the sentence or call around it."""
    while value and value[-1] in _AFTERWARDS:
        opening = {")": "(", "]": "[", "}": "{"}.get(value[-1])
        if opening and value.count(opening) >= value.count(value[-1]):
            break
        value = value[:-1]
    return value


def _is_password(value: str, quoted: bool, binder: re.Match[str]) -> bool:
    if len(value) < 3 or is_no_value(value) or is_prose(value):
        return False
    if binder["sign"] == "==" and _VERSION.fullmatch(value):
        return False
    if quoted:
        return not binder["beside"] or looks_chosen(value)
    if binder["beside"] is not None or binder["below"] is not None or is_code(value):
        return False
    if binder["said"]:
        return len(value) >= 5 and looks_chosen(value)
    return len(value) >= (4 if looks_chosen(value) else 5)


def _is_key(value: str, binder: re.Match[str], *, weak: bool) -> bool:
    named = binder["sign"] or binder["comma"] or binder["block"]
    doubtful = weak or not named
    if len(value) < (20 if doubtful else 8) or " " in value or is_no_value(value):
        return False
    return looks_made(value) and not is_code(value)
