"""E-mail addresses, also in words, names of accounts, and numbers that a word explains."""

import re

import regex
from presidio_analyzer import Pattern, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import CHECKED, LISTED
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Hinted, Loaded, result
from plugins.pii.words import Text, text_of

_DOT = r"(?: ?[\[({<] ?(?:dot|punkt|point|punto|\.) ?[\])}>] ?| (?:dot|punkt|point|punto) )"
_AT = r"(?: ?[\[({<] ?(?:at|@|arroba|chez) ?[\])}>] ?|(?-i: _?AT_? ))"
_LOCAL = rf"[\w+-]{{1,40}}(?:(?:{_DOT}|\.)[\w+-]{{1,40}}){{0,3}}"
_PROVIDER = (
    r"(?:g(?:oogle)?mail|yahoo|hotmail|outlook|icloud|proton(?:mail)?|gmx|web|aol|live|msn|yandex)"
)
_TOP = r"(?:[a-z]{2}|com|org|net|edu|gov|info|biz|io|dev|app|example|test|name|co[ .]uk)"
_SPELT = regex.compile(
    rf"(?<![\w.@])(?:{_LOCAL}(?:{_AT}|@)[\w-]{{1,40}}(?:(?:{_DOT}|\.)[\w-]{{1,40}}){{0,3}}"
    rf"(?:{_DOT}|\.){_TOP}(?!\w)"
    rf"|{_LOCAL} (?:at|@|arroba) (?P<domain>[\w-]{{1,40}})(?:{_DOT}[\w-]{{1,40}}){{0,2}}"
    rf"{_DOT}{_TOP}(?!\w)"
    rf"|(?P<local>{_LOCAL}) at {_PROVIDER}(?:(?:{_DOT}|\.){_TOP})?(?!\w))",
    regex.IGNORECASE,
)

_SIGNS = regex.compile(
    r"[\[({<] ?(?:at|@|arroba|chez|dot|punkt|point|punto|\.) ?[\])}>]"
    rf"| (?:(?-i:_?AT_? )|at {_PROVIDER}(?!\w)|(?:dot|punkt|point|punto) )",
    regex.IGNORECASE,
)
"""What tells an address that is spelt out from a plain one."""
_BRACKETS = re.compile(r"[\[({<]")
_BRACKETED = re.compile(r"[\[({<] ?[@.] ?[\])}>]")
_DOTS = frozenset("dot punkt point punto".split())
_ATS = frozenset("at arroba chez".split())
_PROVIDERS = frozenset(
    """gmail googlemail yahoo hotmail outlook icloud proton protonmail gmx web aol live msn
    yandex""".split()
)

_SAID = (
    r"\b(?:user ?(?:name|id)|log ?in(?: name)?|handle|screen ?name|nick(?:name)?|account name|"
    r"benutzername|nom d'utilisateur|usuario|gamertag|skype|telegram|insta(?:gram)?|twitter|tiktok|"
    r"snapchat|discord|github|gitlab|reddit|mastodon|steam|linkedin|facebook)"
    r"(?: (?:name|handle|account|id|user))?(?: is| as|'s|:|=| ->)[ \"'`@]{1,3}"
)
_SAYERS = frozenset(
    """user username userid log login handle screen screenname nick nickname account benutzername
    nom usuario gamertag skype telegram insta instagram twitter tiktok snapchat discord github
    gitlab reddit mastodon steam linkedin facebook""".split()
)
"""What those begin with."""
_USERNAME = regex.compile(rf"{_SAID}([\w][\w.-]{{1,38}}\w)(?![\w@])", regex.IGNORECASE)
_HANDLE = regex.compile(
    r"@(?<![\w@./`\"'#&-]@)([A-Za-z_]\w{2,29}(?:\.\w{2,20})?)(?![\w@/(.-]|: ?\w*;)"
)
_ALONE = regex.compile(r"(?m)^\s*@\w+\s*$")


class Email(Loaded):
    """E-mail addresses at any domain: a house-internal one is as personal as a public one.

    Presidio's asks the public suffix list, which it wants to download, and takes `to=` and other
    characters before an address for a part of it.
    """

    # An `@` is rarer than a word, so what stands before it is looked for from it.
    _LOCAL = regex.compile(r"(?<!\w)\w[\w.+%&'~-]{0,255}", regex.REVERSE)
    _DOMAIN = regex.compile(
        r"@(?:\w(?:[\w-]{0,61}\w)?\.){1,9}(?:[xX][nN]--[\w-]{2,59}|[^\W\d_]{2,63})\b"
    )

    def __init__(self) -> None:
        super().__init__(["EMAIL_ADDRESS"], name="Email")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every e-mail address."""
        found: list[RecognizerResult] = []
        free, sign = 0, text.find("@")
        while sign >= 0:
            domain = self._DOMAIN.match(text, sign)
            if domain and (local := self._LOCAL.match(text, free, sign)):
                free = domain.end()
                found.append(result(self, local.start(), free, CHECKED))
            sign = text.find("@", sign + 1)
        return found


class Disguised(Loaded):
    """`anna dot berg at example dot org`, `anna (at) example [dot] org`."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["EMAIL_ADDRESS"], name="Disguised")
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every e-mail address that is spelt out."""
        found: list[RecognizerResult] = []
        if not (_may_be_spelt(text_of(text)) and _SIGNS.search(text)):
            return found
        for match in _SPELT.finditer(text):
            local, domain = match["local"], match["domain"]
            if domain and self._lexicon.stop(domain.lower()):
                continue
            # "She works at Google mail" is no address, "annaberg at gmail" is one.
            if local and local.isalpha() and self._lexicon.plain(local.lower()):
                continue
            found.append(result(self, *match.span(), 0.8))
        return found


def _may_be_spelt(text: Text) -> bool:
    """Whether a text may hold one of the signs."""
    if not _DOTS.isdisjoint(text.words) or _BRACKETED.search(text):
        return True
    if _ATS.isdisjoint(text.words):
        return False
    at = "at" in text.words and ("AT" in text or not _PROVIDERS.isdisjoint(text.words))
    return at or bool(_BRACKETS.search(text))


class Username(Loaded):
    """Names of accounts: after words that say so, and `@handles` in sentences."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["USERNAME"], name="Username")
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every name of an account."""
        found: list[RecognizerResult] = []
        if _SAYERS.isdisjoint(text_of(text).words):
            return found
        for match in _USERNAME.finditer(text):
            value = match[1]
            if not value.isalpha() or not self._lexicon.plain(value.lower()):
                found.append(result(self, *match.span(1), 0.6))
        return found


class Handle(Loaded):
    """`@handles` in sentences; a guess, as a model may know better."""

    def __init__(self) -> None:
        super().__init__(["USERNAME"], name=LISTED)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every handle."""
        found: list[RecognizerResult] = []
        handles = [*_HANDLE.finditer(text)]
        if not handles:
            return found
        lines = text_of(text).lines
        alone = {match.start() for match in _ALONE.finditer(text)}
        for match in handles:
            start = text.rfind("\n", 0, match.start()) + 1
            if start not in alone and not lines.technical(match.start()):
                found.append(result(self, *match.span(1), 0.5))
        return found


_NUMBERED = (
    r"(?: (?:no|number|num|nr|id|code|nummer|número|n[º°]?))?\.?(?: is|'s| are|:| =| #)?"
    r"[\s:#=]{1,3}\K"
)
_CODE = r"(?:[A-Z]{0,4}-?\d[\dA-Z]{3,17}|(?:[A-Z]{0,3}\d[\dA-Z]*[ -]){1,4}[A-Z]{0,3}\d[\dA-Z]*)\b"


_NUMBER_LIKE = regex.compile(r"(?<=[\s:#=][^\W\d_]{0,4})\d(?:[\w./-]{5}|\w*[ ./-][^\W\d_]{0,3}\d)")
"""The first digit of a national number that is announced, and what comes next."""


def _explained(
    entity: str, words: str, begin: str, code: str = _CODE, score: float = 0.6
) -> Hinted:
    """A recogniser of codes that certain words announce, which begin with those of `begin`."""
    made = Hinted(
        entity,
        name=entity.title().replace("_", ""),
        patterns=[Pattern("announced", rf"\b(?:{words}){_NUMBERED}{code}", score)],
        global_regex_flags=regex.IGNORECASE,
    )
    made.words = frozenset(begin.split())
    return made


def _national() -> Hinted:
    """Numbers that a state gives its people."""
    made = _explained(
        "NATIONAL_ID",
        r"national (?:id|insurance)|identity card|id card|tax id|taxpayer|personalausweis|"
        r"steuer-?id|dni|nif|nie|cpf|bsn|pesel|personnummer|fødselsnummer|cpr|codice fiscale|"
        r"numéro de sécurité sociale|nir|ahv|curp|aadhaar|social insurance|sin|"
        r"(?:sozial|renten)versicherungs-?(?:nr|nummer)|sv-?(?:nr|nummer)",
        """national identity id tax taxpayer personalausweis steuer steuerid dni nif nie cpf bsn
        pesel personnummer fødselsnummer cpr codice numéro nir ahv curp aadhaar social sin
        sozialversicherungs sozialversicherungsnr sozialversicherungsnummer rentenversicherungs
        rentenversicherungsnr rentenversicherungsnummer sv svnr svnummer""",
        r"(?:[A-Z]{0,4}\d[\dA-Z./-]{5,18}|(?:[A-Z]{0,3}\d[\dA-Z]*[ ./-]){1,5}\d[\dA-Z]*)\b",
    )
    made.needs = _NUMBER_LIKE
    return made


def explained() -> list[Hinted]:
    """Numbers of documents and vehicles of any country, where a word says what they are."""
    single = r"(?=[A-Z]{0,4}\d)[A-Z0-9]{6,14}\b"
    plate = (
        r"(?!(?:of|for|in|on|at|to|with|and|is|no|a)\b)"
        r"(?=[A-ZÄÖÜ]{0,4}[ \-·]?[A-ZÄÖÜ]{0,3}[ \-·]?\d)"
        r"[A-ZÄÖÜ0-9]{1,4}(?:[ \-·]?[A-Z0-9]{1,4}){1,2}\b"
    )
    # Below what Presidio's recognisers for one country give, which say more.
    unsure = 0.42
    return [
        _explained(
            "PASSPORT",
            "passport|reisepass|passeport|pasaporte|passaporto|paszport|paspoort",
            "passport reisepass passeport pasaporte passaporto paszport paspoort",
            r"(?!\d{9}\b|[A-Z]\d{8}\b)" + single,
            unsure,
        ),
        _explained(
            "DRIVER_LICENSE",
            r"driv(?:er'?s?|ing) licen[cs]e|führerschein|permis de conduire|permiso de conducir|"
            r"patente di guida|prawo jazdy|rijbewijs",
            "driver drivers driving führerschein permis permiso patente prawo rijbewijs",
            r"(?!\d+\b)" + single,
            unsure,
        ),
        _explained(
            "LICENSE_PLATE",
            r"(?:licen[cs]e|number|registration|vehicle|car) plate|plate|vehicle registration|"
            r"reg no|kennzeichen|immatriculation|plaque|matrícula|targa|kenteken",
            """license licence number registration vehicle car plate reg kennzeichen immatriculation
            plaque matrícula targa kenteken""",
            plate,
        ),
        _explained(
            "VEHICLE_ID",
            r"vin|chassis|fahrgestell",
            "vin chassis fahrgestell",
            r"[A-HJ-NPR-Z0-9]{17}\b",
            0.8,
        ),
        _explained(
            "MEDICAL_RECORD",
            r"mrn|medical record|health card|member id|"
            r"(?:patient|hospital|admission) (?:id|number|no)|"
            r"pat(?:\.|ient(?:en)?)-?(?:id|nr|nummer)|fall-?(?:nr|nummer)|"
            r"(?:kranken)?versicherten-?(?:nr|nummer)|kv-?(?:nr|nummer)|"
            r"numéro (?:de dossier|(?:de |du )?patient)|ipp|historia clínica|cartella clinica|"
            r"patiëntnummer",
            """mrn medical health member patient hospital admission pat patid patnr patnummer
            patienten patientid patientnr patientnummer patientenid patientennr patientennummer
            fall fallnr fallnummer versicherten versichertennr versichertennummer
            krankenversicherten krankenversichertennr krankenversichertennummer kv kvnr kvnummer
            numéro ipp historia cartella patiëntnummer""",
        ),
        _national(),
    ]
