"""What announces a name: "my name is", "Dear", "Dr.", "his sister"."""

import re
from collections.abc import Iterator

import regex

from plugins.pii.letters import starts
from plugins.pii.words import text_of

ANNOUNCED, LIKELY = 0.8, 0.6

_TITLE = (
    r"(?i:Mrs?|Ms|Mx|Miss|Mister|Dr|Doctor|Prof|Professor|Sir|Madam|Lady|Dame|Lord|Rev|Reverend|"
    r"Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sr|Sra|Srta|Señora?|Señorita|Don|Doña|Sig|Signora?|"
    r"Senhora?|Mevr|Mevrouw|Meneer|Dhr|Capt|Captain|Sgt|Sergeant|Lt|Lieutenant|Col|Colonel|Gen|"
    r"General|Judge|Senator|Rabbi|Imam|Ing|Dipl)\b\.?"
)
TITLE = regex.compile(_TITLE)
_ANNOUNCED = regex.compile(
    rf"\b(?:{_TITLE}(?: {_TITLE})*|(?i:"
    r"(?:my|his|her|their|whose|our|the|your)(?: (?:full|last|first|maiden|real|middle|sur|family|"
    r"given))? ?name(?: is|'s|\u2019s|:| was)|names? (?:is|are)|named|called|known as|"
    r"call(?:s|ed)? (?:me|him|her)|"
    r"(?:patient|customer|client|employee|colleague|tenant|applicant|passenger|student|suspect|"
    r"victim|witness|owner|holder|contact|manager|attn|attention|recipient|sender|cardholder|"
    r"beneficiary|guardian|signed|signature|regards|sincerely|cheers|thanks|love)(?: name)?[:,]|"
    r"(?:full |first |last |sur|user |display )?name ?[:=]|"
    r"ich heiße|mein name ist|je m'appelle|je suis|me llamo|mi nombre es|mi chiamo|"
    r"meu nome é|me chamo|mijn naam is|ik heet|jag heter|jeg heter|mit navn er|nazywam się|"
    r"mam na imię|jmenuji se|меня зовут|nom ?:|nombre ?:|nome ?:|naam ?:|navn ?:|namn ?:|imię ?:)"
    r")[ \t]*\n?[\"'\u201c]?(?=\p{L})",
)
_ANNOUNCING = frozenset(
    """mr mrs ms mx miss mister dr doctor prof professor sir madam lady dame lord rev reverend herr
    herrn frau mme mlle monsieur madame sr sra srta señor señora señorita don doña sig signor
    signora senhor senhora mevr mevrouw meneer dhr capt captain sgt sergeant lt lieutenant col
    colonel gen general judge senator rabbi imam ing dipl called known call calls patient customer
    client employee colleague tenant applicant passenger student suspect victim witness owner holder
    contact manager attn attention recipient sender cardholder beneficiary guardian signed signature
    regards sincerely cheers thanks love ich mein je me mi meu mijn ik jag jeg mit nazywam mam
    jmenuji меня nom nombre nome naam navn namn imię""".split()
)
"""What `_ANNOUNCED` begins with, where no word of the text holds "name"."""
_WHOSE = "my his her their whose our the your".split()
_NAMING = _ANNOUNCING.union(
    _WHOSE,
    (f"{whose}name" for whose in _WHOSE),
    "name names named full first last surname user display".split(),
)
"""What it begins with elsewhere."""
_GREETED = regex.compile(
    r"(?:^|(?<=[.!?\n\"] ?))(?i:dear|hi|hello|hey|hallo|liebe[rs]?|bonjour|hola|ciao|olá|cher|"
    r"chère|querid[oa]|i'm|i am|this is|it's|thanks|thx|morning|from|to|cc|bcc|by|written by|"
    r"author|assigned to|meet|ask|tell):? (?=\p{L})",
    regex.MULTILINE,
)
_BEGUN = re.compile('[.!?\\n"] ?(?=[abcdfhilmoqtwABCDFHILMOQTW\u0130])')
"""What stands before each of those, but for the beginning of a text, and before little else."""
_KIN = regex.compile(
    # Capitals are rarer than words, so what stands before them is looked for from them.
    r"\p{Lu}(?<=(?:\b(?i:aunt|auntie|uncle|cousin|brother|sister|husband|wife|daughter|son|boyfriend|girlfriend|"
    r"fianc[ée]e?|boss|nurse|coach|colleague|coworker|roommate|flatmate|neighbou?r|landlord|"
    r"friend|therapist|teacher|tutor|nanny|babysitter|freund(?:in)?|frau|mann|sohn|tochter|"
    r"bruder|schwester|mandant(?:en|in)?|kollegin?|ami|amie|mari|femme|fils|fille|frère|sœur|"
    r"amigo|amiga|marido|mujer|hijo|hija|hermano|hermana),? "
    r"|\b(?i:sono|soy|sou|jestem|ik ben|jag är|jeg er) )\p{Lu})"
)
"""What somebody is to somebody, and "I am" where no noun has a capital."""
_RELATED = frozenset(
    """aunt auntie uncle cousin brother sister husband wife daughter son boyfriend girlfriend
    fiancé fiancée fiance fiancee boss nurse coach colleague coworker roommate flatmate neighbour
    neighbor landlord friend therapist teacher tutor nanny babysitter freund freundin frau mann
    sohn tochter bruder schwester mandant mandanten mandantin kollegi kollegin ami amie mari femme
    fils fille frère sœur amigo amiga marido mujer hijo hija hermano hermana
    sono soy sou jestem ben är er""".split()
)
"""A word of each of those."""


def announcements(text: str) -> dict[int, float]:
    """Where words begin that may be names for what stands before them, and how certainly."""
    found = {match.end(): ANNOUNCED for match in _announcing(text)}
    for match in _greeted(text):
        found.setdefault(match.end(), LIKELY)
    if not _RELATED.isdisjoint(text_of(text).words):
        for match in _KIN.finditer(text):
            found.setdefault(match.start(), LIKELY)
    return found


def _announcing(text: str) -> "Iterator[regex.Match[str]]":
    """What announces a name."""
    seen = text_of(text)
    begin = _NAMING if "name" in seen.caseless else _ANNOUNCING
    end = 0
    for start in starts(text, begin & seen.words):
        if start >= end and (match := _ANNOUNCED.match(text, start)):
            end = match.end()
            yield match


def _greeted(text: str) -> "Iterator[regex.Match[str]]":
    """What begins a sentence and is followed by a name."""
    for start in (0, *(match.end() for match in _BEGUN.finditer(text))):
        if match := _GREETED.match(text, start):
            yield match
