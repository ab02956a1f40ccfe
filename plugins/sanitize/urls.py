"""Which addresses a reply may link to, and which it may load by itself.

An address is judged in every form that some renderer or browser may give it: as written, with
entities decoded, without backslashes, and percent-decoded. It passes only if all of them pass.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_SCHEME = re.compile(r"([^/?#]*?):")
_ABSOLUTE = re.compile(r"(https?)://([a-z0-9.-]+(?::[0-9]+)?)(?![^/?#])", re.IGNORECASE)
_DOTS = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")
_OPTION = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[^\s?#\\%]*)?", re.IGNORECASE)


class Prefix(NamedTuple):
    """Where an address must begin: scheme, host with port, and the start of the path."""

    scheme: str
    host: str
    path: str

    def allows(self, url: str) -> bool:
        """Whether `url`, in one form, is under this prefix; never above it again by `..`."""
        match = _ABSOLUTE.match(url)
        if match is None or "\\" in url:
            return False
        path = re.split(r"[?#]", url[match.end() :], maxsplit=1)[0] or "/"
        same = (match[1].lower(), match[2].lower()) == (self.scheme, self.host)
        if not same or _DOTS.search(path) or not path.startswith(self.path):
            return False
        return self.path.endswith("/") or path[len(self.path) :][:1] in ("", "/")


def prefix(option: str) -> Prefix | None:
    """The prefix that an option such as `https://cdn.example.com/img/` means, if it is one."""
    if not _OPTION.fullmatch(option) or _DOTS.search(option.split("://")[1]):
        return None
    match = _ABSOLUTE.match(option)
    if match is None:
        return None
    return Prefix(match[1].lower(), match[2].lower(), option[match.end() :] or "/")


class Images:
    """The images that a reply may load: those under a prefix, and so none by default."""

    def __init__(self, allowed: Iterable[str]):
        self._prefixes = [one for one in map(prefix, allowed) if one]

    def allow(self, url: str) -> bool:
        """Whether a client may load `url` without being asked."""
        return _under(self._prefixes, url)

    def __bool__(self) -> bool:
        return bool(self._prefixes)


class Links:
    """The links that a reply may hold: those that run nothing, or only those under a prefix."""

    def __init__(self, allowed: Iterable[str] | None):
        self.limited = allowed is not None
        self._prefixes = [one for one in map(prefix, allowed or ()) if one]

    def allow(self, url: str) -> bool:
        """Whether a client may offer `url` to be followed."""
        if not _is_harmless(url):
            return False
        return not self.limited or _is_local(url) or _under(self._prefixes, url)


def _under(prefixes: Iterable[Prefix], url: str) -> bool:
    if _UNSEEN.search(url) or _UNSEEN.search(html.unescape(url)):
        return False
    forms = set(_forms(url))
    return any(all(one.allows(form) for form in forms) for one in prefixes)


def _is_harmless(url: str) -> bool:
    if any(ord(char) < 32 or ord(char) == 127 for char in url):
        return False
    for form in _forms(url):
        scheme = _SCHEME.match(_UNSEEN.sub("", form))
        if scheme and scheme[1].lower() not in SCHEMES:
            return False
    return True


def _is_local(url: str) -> bool:
    """Whether `url` stays on the page or site that shows it."""
    for form in _forms(url):
        bare = _UNSEEN.sub("", form).replace("\\", "/")
        if bare.startswith("//") or _SCHEME.match(bare):
            return False
    return True


def _forms(url: str) -> Iterator[str]:
    """What `url` may come to mean; backslashes are kept in the first form alone."""
    yield url
    plain = url
    for _ in range(3):
        plain = html.unescape(re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", plain))
        yield plain
        plain = unquote(plain)
        yield plain
