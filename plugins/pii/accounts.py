"""Names of accounts where programs write them: home directories, logs, notes in code."""

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.words import text_of

_NAME = r"([A-Za-z][\w.-]{0,30}\w)"
_WRITTEN = regex.compile(
    rf"(?:(?<![\w.])/(?:home|Users)/|\b[A-Z]:\\{{1,2}}Users\\{{1,2}}){_NAME}(?=[/\\\s\"':]|$)"
    rf"|\b(?:TODO|FIXME|XXX|HACK|NOTE)\({_NAME}\)"
    rf"|\b(?:user|username|login|uid|owner|author|account|invoked by user|ruser|logname)"
    rf"=[\"']?{_NAME}(?=[\"']?(?:[\s,;&)]|$))"
    rf"|\b(?:for|invalid|illegal)(?: invalid)? user {_NAME} from\b"
)
_SIGNS = (
    "/home/",
    "Users",
    *(f"{word}(" for word in "TODO FIXME XXX HACK NOTE".split()),
    *(f"{word}=" for word in "user username login uid owner author account logname".split()),
    *(f"{word} user " for word in "for invalid illegal".split()),
)
"""Without one of these in it a text has no such name; most have none."""
_WORDS = frozenset(
    """home users todo fixme xxx hack note user username login uid owner author account ruser
    logname""".split()
)
"""Nor without one of these."""
_SERVICES = frozenset(
    """ubuntu debian centos fedora root runner ec2-user vscode git jenkins circleci deploy www-data
    nobody postgres mysql redis docker vagrant app node default none null true false self admin
    guest public shared user username login string str int bool you yourname me myname sysadmin
    administrator service system daemon travis gitpod codespace coder jovyan pi worker""".split()
)
"""Accounts that every machine has, and words that stand for one."""


class Account(Loaded):
    """`/home/jsmith/x.py`, `user=jsmith`, `TODO(jsmith)`."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["USERNAME"], name="Account")
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every name of an account that is nobody's in particular excepted."""
        found: list[RecognizerResult] = []
        if _WORDS.isdisjoint(text_of(text).words) or not any(sign in text for sign in _SIGNS):
            return found
        for match in _WRITTEN.finditer(text):
            group = match.lastindex or 0
            if not any(map(self._nobody, match[group].lower().split("."))):
                found.append(result(self, *match.span(group), 0.6))
        return found

    def _nobody(self, part: str) -> bool:
        return len(part) > 1 and (part in _SERVICES or self._lexicon.plain(part))
