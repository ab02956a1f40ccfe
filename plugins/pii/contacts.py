"""E-mail addresses in words, names of accounts, and numbers that a word before them explains."""

import regex
from presidio_analyzer import Pattern, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import LISTED
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Hinted, Loaded, result
from plugins.pii.words import text_of

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

_SAID = (
    r"\b(?:user ?(?:name|id)|log ?in(?: name)?|handle|screen ?name|nick(?:name)?|account name|"
    r"benutzername|nom d'utilisateur|usuario|gamertag|skype|telegram|insta(?:gram)?|twitter|tiktok|"
    r"snapchat|discord|github|gitlab|reddit|mastodon|steam|linkedin|facebook)"
    r"(?: (?:name|handle|account|id|user))?(?: is| as|'s|:|=| ->)[ \"'`@]{1,3}"
)
_SAYERS = (
    "log in",
    "screen name",
    "account name",
    *"""user benutzer login handle screenname nick utilisateur usuario gamertag skype telegram insta
    twitter tiktok snapchat discord github gitlab reddit mastodon steam linkedin
    facebook""".split(),
)
"""Without one of these in it nothing says that a name of an account follows."""
_USERNAME = regex.compile(rf"{_SAID}([\w][\w.-]{{1,38}}\w)(?![\w@])", regex.IGNORECASE)
_HANDLE = regex.compile(
    r"(?<![\w@./`\"'#&-])@([A-Za-z_]\w{2,29}(?:\.\w{2,20})?)(?![\w@/(.-]|: ?\w*;)"
)
_ALONE = regex.compile(r"(?m)^\s*@\w+\s*$")


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
        if not _SIGNS.search(text):
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
        lower = text_of(text).caseless
        if not any(word in lower for word in _SAYERS):
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
        if "@" not in text:
            return found
        lines = text_of(text).lines
        alone = {match.start() for match in _ALONE.finditer(text)}
        for match in _HANDLE.finditer(text):
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
    entity: str, words: str, hints: tuple[str, ...], code: str = _CODE, score: float = 0.6
) -> Hinted:
    """A recogniser of codes that certain words announce."""
    made = Hinted(
        entity,
        name=entity.title().replace("_", ""),
        patterns=[Pattern("announced", rf"\b(?:{words}){_NUMBERED}{code}", score)],
        global_regex_flags=regex.IGNORECASE,
    )
    made.hints = hints
    return made


def _national() -> Hinted:
    """Numbers that a state gives its people."""
    made = _explained(
        "NATIONAL_ID",
        r"national (?:id|insurance)|identity card|id card|tax id|taxpayer|personalausweis|"
        r"steuer-?id|dni|nif|nie|cpf|bsn|pesel|personnummer|fødselsnummer|cpr|codice fiscale|"
        r"numéro de sécurité sociale|nir|ahv|curp|aadhaar|social insurance|sin|"
        r"(?:sozial|renten)versicherungs-?(?:nr|nummer)|sv-?(?:nr|nummer)",
        (
            "national",
            "card",
            "tax",
            "numéro",
            "social",
            *"""personal steuer dni nif nie cpf bsn pesel personn føds cpr codice nir ahv curp aadh
            sin versicherungs svn sv-n""".split(),
        ),
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
            ("pass", "pasa", "pasz", "pasp"),
            r"(?!\d{9}\b|[A-Z]\d{8}\b)" + single,
            unsure,
        ),
        _explained(
            "DRIVER_LICENSE",
            r"driv(?:er'?s?|ing) licen[cs]e|führerschein|permis de conduire|permiso de conducir|"
            r"patente di guida|prawo jazdy|rijbewijs",
            ("licen", "führ", "permi", "patente", "prawo", "rijb"),
            r"(?!\d+\b)" + single,
            unsure,
        ),
        _explained(
            "LICENSE_PLATE",
            r"(?:licen[cs]e|number|registration|vehicle|car) plate|plate|vehicle registration|"
            r"reg no|kennzeichen|immatriculation|plaque|matrícula|targa|kenteken",
            ("plate", "regist", "reg no", "kenn", "immat", "plaque", "matr", "targa", "kent"),
            plate,
        ),
        _explained(
            "VEHICLE_ID",
            r"vin|chassis|fahrgestell",
            ("vin", "chas", "fahrg"),
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
            (
                *"""mrn medical health patient hospital admission pat. fall versicherten kv
                numéro ipp clínica clinica patiënt""".split(),
                " id",
            ),
        ),
        _national(),
    ]
