"""Secrets known by what stands before them: `password: hunter2`, `API_TOKEN="…"`.

First a word for a secret, then perhaps more of its name, then a sign or a word that gives it a
value, then the value. What only names something about a secret (`token_url`) is told by the last
word of the name, what is no value (a type, a variable, a call, a prompt) by its form.

Passwords are thought up by people and may look like anything, so one is doubted only where it reads
like code or prose. Keys are made by machines, and must look it.
"""

import re
from collections.abc import Iterator

from plugins.pii.spans import NER, Span
from plugins.secrets.kinds import Kind
from plugins.secrets.looks import is_code, is_no_value, is_prose, looks_chosen, looks_made

SCORE = 0.7
GUESS = 0.5
"""The score of a password that is a plain word; like a name, it may stand elsewhere as a word."""

_WORD = re.compile(
    r"""(?P<password>passwor[dt]s?|passwd|passphrase|passcode|pwd
    |(?<![A-Za-z])(?<!:[ ])(?:pass|pw|mdp)
    (?![A-Za-z])|(?<=[a-z])Pass(?![a-z])|kennwort|contraseña|wachtwoord|mot\ de\ passe|senha
    |парол[ья]|hasło|密码|パスワード)
    |(?P<key>secret|token|credential|creds|bearer|authorization|apikey|(?:api|access|auth|secret
    |private|encryption|signing|account|master|service|admin|application|client|shared|storage
    |session|license|hmac|webhook|deploy|server|subscription|instrumentation)[ _.-]?key)
    |(?P<weak>key(?![a-z])|(?<![A-Za-z])(?:auth|pat|sid|sig)(?![A-Za-z]))""",
    re.VERBOSE | re.IGNORECASE,
)
_BINDER = re.compile(
    r"""(?P<rest>[\w.-]{0,30}?)
    (?:\\{0,2}["'`]?[\])]{0,2}[ \t]{0,20}(?P<sign>:{1,3}=|\?=|=>|->|\|\||=~?=*|:{1,3}|>)
    |["'][ \t]{1,5}value[ \t]{0,3}=                 # <add key="…" value="…"/>
    |(?P<comma>\\{0,2}["'`][ \t]{0,5},)             # set("…", "…")
    |[ \t]{1,5}(?:for[ \t][^\n:]{1,60}?[ \t])?(?P<said>is|ist|es|est|was|to)\b[ \t]{0,3}:?
    |(?P<beside>[ \t]{1,5}))
    [ \t]{0,20}(?P<break>\r?\n[ \t]{0,20})?(?:[A-Za-z]{0,2}@)?""",
    re.VERBOSE,
)
_QUOTED = re.compile(
    r"""(?P<quote>\\{0,2}["'`])(?P<value>(?:(?!(?P=quote))[^\n]){1,300})(?P=quote)"""
)
_BARE = re.compile(
    r"""(?P<value>(?:[^\s"'`<>&;,]
    |[&;](?![ \t]*[\w .-]{1,30}=|\s|$)
    |,(?![\s"'\]})]|$)){1,500})""",
    re.VERBOSE,
)
_CLOSING_TAG = re.compile(r"\s{0,100}</")
_NAME_BEFORE = re.compile(r"[\w.$-]*$")
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
    for word in _WORD.finditer(text):
        if word.start() < end:
            continue
        binder = _BINDER.match(text, word.end())
        if binder is None or not _names_a_secret(text, word, binder):
            continue
        value = _value(text, binder)
        if value is None:
            continue
        quoted = value.re is _QUOTED
        found = value["value"] if quoted else _trimmed(value["value"])
        start = value.start("value")
        if word["password"]:
            if not _is_password(found, quoted, binder):
                continue
            kind = "PASSWORD"
        elif _is_key(found, word, binder):
            kind = "API_KEY"
        else:
            continue
        end = start + len(found)
        plain = kind == "PASSWORD" and not looks_chosen(found)
        yield Span(start, end, kind, GUESS if plain else SCORE, NER if plain else "assigned")


def kind_by_name(name: str) -> Kind | None:
    """The kind of secret that a member of this name holds, if it holds one."""
    found = list(_WORD.finditer(name))
    if not found or not _about_itself(name):
        return None
    return "PASSWORD" if found[-1]["password"] else "API_KEY" if found[-1]["key"] else None


def _value(text: str, binder: re.Match[str]) -> re.Match[str] | None:
    sign, broken = binder["sign"], binder["break"] is not None
    if broken and (binder["comma"] or binder["said"]):
        return None
    if quoted := _QUOTED.match(text, binder.end()):
        return quoted
    bare = _BARE.match(text, binder.end())
    if bare and sign == ">":
        return bare if _CLOSING_TAG.match(text, bare.end()) else None
    return None if broken or binder["comma"] else bare


def _names_a_secret(text: str, word: re.Match[str], binder: re.Match[str]) -> bool:
    before = _NAME_BEFORE.search(text[max(0, word.start() - _LONGEST_NAME) : word.start()])
    return _about_itself((before[0] if before else "") + word[0] + binder["rest"])


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
    if quoted:
        return not binder["beside"] or looks_chosen(value)
    if binder["beside"] is not None or is_code(value):
        return False
    return len(value) >= 5 and looks_chosen(value) if binder["said"] else len(value) >= 4


def _is_key(value: str, word: re.Match[str], binder: re.Match[str]) -> bool:
    """`key` alone names too much else: what it names must look made beyond doubt."""
    doubtful = word["weak"] or binder["said"] or binder["beside"] is not None
    if len(value) < (20 if doubtful else 8) or " " in value or is_no_value(value):
        return False
    return looks_made(value) and not is_code(value)
