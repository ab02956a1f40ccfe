"""Secrets known by their form: keys in PEM, addresses with a password, JWTs, random strings.

Every pattern is bounded, so that the time is linear in the text.
"""

import re
from base64 import b64decode
from collections.abc import Iterator

from plugins.finding.spans import Span
from plugins.secrets.examples import is_example_address
from plugins.secrets.hidden import is_hidden
from plugins.secrets.looks import (
    entropy,
    is_code,
    is_no_value,
    is_prose,
    looks_chosen,
    looks_made,
    looks_random,
    lowered,
)

_CERTAIN = 0.95
_SURE = 0.8
_GUESS = 0.6

_KEY_MARK = re.compile(
    r"""-----(?P<what>BEGIN|END)[ ][A-Z0-9_ ]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----
    |(?P<putty>PuTTY-User-Key-File-\d):|Private-MAC:[ ]?[0-9a-f]{40,64}""",
    re.VERBOSE,
)
_KEY_BODY = re.compile(
    r"""(?:(?:\s|\\+[rn]){1,20}(?:[A-Za-z-]{3,30}:[ ][^\n\\]{1,100}|[A-Za-z0-9+/=]{16,}))*
    (?:(?<=[A-Za-z0-9+/=]{16})(?:\r?\n|\\+[rn])[A-Za-z0-9+/=]{1,15}(?![^\s]))?""",
    re.VERBOSE,
)
"""Headers and lines of base64, of which the last may be short."""
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/]{16}")
_URI = re.compile(
    r"""(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/?\#@"'`<>]{0,200}
    :(?P<password>[^\s"'`<>]{1,200}?)@[\w\[.-][^\s"'`<>]{0,2000}""",
    re.VERBOSE,
)
_TRAILING = ").,;:!?*_]}|\\"
_NO_PASSWORD = frozenset({"password", "pass", "pwd", "passwd", "foo", "bar"})
_HOOK = re.compile(
    r"https?://[^\s/?#\"'`<>]{1,100}/(?:[\w.-]{1,40}/){0,5}?(?:web)?hooks?/"
    r"(?P<token>[^\s?#\"'`<>]{16,500})"
)
_JWT = re.compile(r"(?<![\w.-])eyJ[\w-]{8,8000}\.[\w-]{8,8000}\.[\w-]{0,2000}")
_COMMAND = re.compile(
    r"""login[ \t]{1,20}\S{1,100}\s{1,20}password[ \t]{1,20}(?P<netrc>\S{1,200})
    |identified[ \t]{1,20}by[ \t]{1,20}'(?P<sql>[^'\n]{1,200})'
    |-(?:password|passwd|pass|pwd)(?:=|[ \t]{1,20})["']?(?P<option>[^\s"'-][^\s"']{2,200})
    |(?:sshpass|mysql|psexec)[^\n]{0,80}?[ \t]-p[ \t]?["']?(?P<p>[^\s"'-][^\s"']{3,200})
    |redis-cli[^\n]{0,80}?[ \t]-a[ \t]{1,5}["']?(?P<a>[^\s"'-][^\s"']{3,200})
    |(?:log|sign)_?in\([^,()\n"']{1,60},[ \t]{0,5}["'](?P<call>[^"'\n]{5,100})["']
    |authenticate\([^,()\n"']{1,60},[ \t]{0,5}["'](?P<call2>[^"'\n]{5,100})["']
    |--(?:api-?key|(?:auth-?|access-?)?token|(?:client-?|access-?)?secret)(?:=|[ \t]{1,20})["']?
        (?P<flag>[^\s"'-][^\s"']{7,200})
    |networkcredential\s{0,5}\(\s{0,5}"[^"\n]{1,100}"\s{0,5},\s{0,5}"(?P<net>[^"\n]{1,200})"
    |directoryentry\s{0,5}\((?:\s{0,50}"[^"\n]{1,100}"\s{0,5},){2}\s{0,50}"(?P<ldap>[^"\n]{1,200})"
    |\$(?:2[abxy]|[1-9y]|apr1|argon2(?:id|i|d)|pbkdf2[\w-]{0,20}|krb5[a-z]{1,10})
        \$(?P<hash>[./a-z0-9$=,+*@-]{20,500})""",
    re.VERBOSE,
)
"""Passwords in commands, statements and files, and their hashes as crypt(3) writes them.

Matched against small letters, and every branch begins with a character: that makes it fast.
"""

_AUTHORIZATION = re.compile(
    r"""authorization\\{0,7}["']?[ \t]{0,5}[:=][ \t]{0,5}\\{0,7}["']?
    (?P<scheme>bearer|basic|token|bot|apikey)[ \t]{1,5}(?P<value>[^\s"'`,;<>\\]{4,2000})""",
    re.VERBOSE,
)
_HEADER = re.compile(
    r"""(?:bearer|basic|token|apikey|bot|sso-key)[ \t]{1,5}["']?
    (?P<value>[a-z0-9+/_.=~:|-]{16,2000})""",
    re.VERBOSE,
)
"""What follows the scheme of an `Authorization` header (RFC 9110, 11.6.2)."""

_PREFIXED = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:
    (?:sk|pk|rk|key|tok|token|api|pat|secret|live|test|prod|auth)[_-](?:[a-z0-9]{1,12}[_-]){0,3}
        (?:[0-9a-f]{24,200}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})
    |(?:[spr]k|key[_-](?:live|test))[_-](?:[A-Za-z0-9]{1,12}[_-]){0,3}
        (?=[A-Za-z]{0,200}[0-9])[A-Za-z0-9]{20,200}
    )(?![A-Za-z0-9_-]|\.[a-z]{2,4}\b)""",
    re.VERBOSE,
)
_LEAST_ENTROPY = 2.5
_RUN = re.compile(r"(?<![A-Za-z0-9+/_%-])[A-Za-z0-9+/_-]{20,200}={0,2}(?![A-Za-z0-9+/_=-])")
_HARMLESS_BEFORE = re.compile(
    r"""(?:(?:sha(?:1|224|256|384|512)|md5)[-_:]?|base64,|\?[bq]\?|://[^\s?\#]{0,200}
    |(?:pub(?:lic)?[ _-]?(?:key|token)|(?:primary|foreign)[ _-]?key|[cx]srf[\w-]{0,20}
        |(?:client|consumer|app(?:lication)?|tenant|project)[ _-]?id
    )["']?[ \t]*[:=][ \t]*["']?(?:[0-9]{1,9}\.)?)$""",
    re.IGNORECASE | re.VERBOSE,
)
_FILE_TYPE = re.compile(
    r"\.(?:gif|png|jpe?g|svg|webp|ico|woff2?|css|m?js|map|html?|pdf|zip|gz|whl|py)\b"
)
_HARMLESS_START = re.compile(r"AAAA[BCE][23]|(?:sha(?:1|224|256|384|512)|md5)[-_]", re.IGNORECASE)
"""Public keys as OpenSSH writes them, and hashes with their name."""
_LINE_OF_BASE64 = re.compile(r"[A-Za-z0-9+/=]{50,}")
_BETWEEN_LINES = "\r\n\t \"',\\n+"


def private_keys(text: str) -> Iterator[Span]:
    """Private keys from their first line to their last, or as far as they go if that is missing."""
    begun: re.Match[str] | None = None
    for mark in _KEY_MARK.finditer(text):
        begins = mark["what"] == "BEGIN" or mark["putty"]
        if begun is not None:
            end = _broken_off(text, begun, mark.start()) if begins else mark.end()
            yield from _key(text, begun, end)
        begun = mark if begins else None
    if begun is not None:
        yield from _key(text, begun, _broken_off(text, begun, len(text)))


def shaped(text: str) -> Iterator[Span]:
    """What is a secret by its form, in any text."""
    for match in _URI.finditer(text):
        password = match["password"]
        address = match.group().rstrip(_TRAILING)
        if password.casefold() not in _NO_PASSWORD and not (
            is_no_value(password) or is_hidden(password) or is_example_address(address, password)
        ):
            end = match.start() + len(address)
            yield Span(match.start(), end, "CONNECTION_STRING", _SURE, "uri")
    for match in _HOOK.finditer(text):
        address = match.group().rstrip(_TRAILING)
        if looks_made(match["token"]):
            yield Span(match.start(), match.start() + len(address), "API_KEY", _SURE, "hook")
    for match in _JWT.finditer(text):
        yield Span(*match.span(), "ACCESS_TOKEN", _SURE, "jwt")


def told(text: str) -> Iterator[Span]:
    """What the command, statement or header around it makes a secret."""
    small = lowered(text)
    for match in _COMMAND.finditer(small):
        name = match.lastgroup or ""
        start, end = match.span(name)
        if name == "hash":
            yield Span(match.start(), end, "PASSWORD", _SURE, name)
        elif name == "flag":
            if looks_made(text[start:end]) and not is_code(text[start:end]):
                yield Span(start, end, "API_KEY", _SURE, name)
        elif name.startswith("call") and not _is_spoken_for(text[start:end]):
            continue
        elif not (is_no_value(text[start:end]) or is_code(text[start:end])):
            yield Span(start, end, "PASSWORD", _SURE, name)
    for match in _AUTHORIZATION.finditer(small):
        start, end = match.span("value")
        if _is_credential(text[start:end], match["scheme"]):
            yield Span(start, end, "API_KEY", _SURE, "header")
    for match in _HEADER.finditer(small):
        start, end = match.span("value")
        if looks_made(text[start:end]):
            yield Span(start, end, "API_KEY", _SURE, "header")
    for match in _PREFIXED.finditer(text):
        if entropy(match.group()) >= _LEAST_ENTROPY:
            yield Span(*match.span(), "API_KEY", _GUESS, "prefix")


def random(text: str) -> Iterator[Span]:
    """Strings so random that they can hardly be anything but a secret.

    Not hashes with their name before them, nor public keys, nor what is in the path of an address,
    nor lines of a longer text in base64, such as a picture or a certificate.
    """
    for match in _RUN.finditer(text):
        value = match.group()
        if looks_random(value) and not (is_no_value(value) or _harmless(text, *match.span())):
            yield Span(*match.span(), "RANDOM_STRING", _GUESS, "random")


def _is_credential(value: str, scheme: str) -> bool:
    """Whether this is what follows a scheme in the header, and no word of a sentence."""
    if is_no_value(value) or value[0] in "$({[%":
        return False
    if scheme == "basic":
        try:
            return b":" in b64decode(value + "=" * (-len(value) % 4), validate=True)
        except ValueError:
            return False
    return looks_chosen(value) and not is_code(value)


def _is_spoken_for(value: str) -> bool:
    """Whether what is given to a call is a password, and no label or name."""
    return looks_chosen(value) and not is_prose(value)


def _key(text: str, begun: re.Match[str], end: int) -> Iterator[Span]:
    """The key, if there is more of it than what begins and ends one."""
    if _KEY_MATERIAL.search(text, begun.end(), end):
        yield Span(begun.start(), end, "PRIVATE_KEY", _CERTAIN, "private key")


def _broken_off(text: str, begun: re.Match[str], end: int) -> int:
    """Where a key without a last line ends."""
    body = _KEY_BODY.match(text, begun.end(), end)
    stop = body.end() if body else end
    return begun.start() + len(text[begun.start() : stop].rstrip())


def _harmless(text: str, start: int, end: int) -> bool:
    if _HARMLESS_START.match(text, start) or _HARMLESS_BEFORE.search(
        text[max(0, start - 210) : start]
    ):
        return True
    if _FILE_TYPE.match(text, end):
        return True
    before = text[max(0, start - 120) : start].rstrip(_BETWEEN_LINES).rpartition("\n")[2][-60:]
    after = text[end : end + 120].lstrip(_BETWEEN_LINES)[:60]
    return any(_LINE_OF_BASE64.search(one) for one in (before, after))
