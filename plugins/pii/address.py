"""Postal addresses by their form. Presidio has no recogniser for them, and models see half of one.

Nearly every address has a number, so each number of a text is looked at with what stands around it:
a kind of street after it ("221B Baker Street"), a street before it ("Sofienberggata 12", "rue de la
Paix 4"), words that announce an address ("lives at"), a postcode's place or state. What is found
grows by what belongs to it: a flat, the town, the lines of the block.
"""

from collections.abc import Iterator

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.endings import Ending
from plugins.pii.lexicon import Lexicon
from plugins.pii.postcodes import STATE, postcodes
from plugins.pii.results import Loaded, result
from plugins.pii.words import Text, text_of

SURE, LIKELY = 0.7, 0.6

_REACH = 60
"""Characters around a number that are looked at."""

_HOUSE = 5
"""Characters of a house number, at most."""

_NUMBER = regex.compile(
    r"(?<![\w.,:;/#$€£%+=@-])\d{1,6}(?:[A-Za-z]\b|(?:[-/]\d{1,4})?\b)(?![\w%@])"
)

_CAP = r"(?:\p{Lu}[\p{L}\p{M}\d'\u2019.-]*|\d{1,3}(?:st|nd|rd|th))"
_LITTLE = (
    r"(?:of|the|de|la|del|della|dei|des|du|di|da|do|dos|das|van|den|der|het|av|y|e|u|von|zum|zur|"
    r"am|im|in|na|w)"
)
_NAME = rf"(?:{_CAP}|{_LITTLE})"
_KIND = (
    r"(?:Street|Str|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|"
    r"Place|Pl|Terrace|Ter|Way|Close|Crescent|Cres|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|"
    r"Row|Quay|Gardens|Gdns|Grove|Mews|Alley|Loop|Pike|Turnpike|Expressway|Hill|Parade|Esplanade|"
    r"Walk|Green|Heights|Park|Cottages|Villas|Wharf|Wynd|Brae|Vale|Point|Ridge|Run|View|Estate|Bypass|Broadway)"
)
_PLAIN_KIND = (
    r"(?:street|avenue|ave|road|rd|boulevard|blvd|lane|terrace|crescent|parkway|drive|court|close|"
    r"st)"
)
_DOT = r"(?:(?<=\b(?:St|Str|Av|Ave|Rd|Blvd|Ln|Dr|Ct|Sq|Pl|Ter|Cres|Pkwy|Hwy|Cir|Trl))\.)?"
_SIDE = r"(?:,? ?(?:[NSEW]{1,2}\b|North|South|East|West))?"

_PREFIX = (
    r"(?:[Rr]ue|RUE|[Aa]venue|[Bb]oulevard|[Bb]d|[Pp]lace|[Cc]hemin|[Aa]llée|[Ii]mpasse|[Qq]uai|"
    r"[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Vv]icolo|[Ll]argo|[Ss]trada|[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|"
    r"[Pp]laza|[Pp]aseo|[Cc]arrer|[Cc]amino|[Rr]ua|[Pp]raça|[Tt]ravessa|[Ee]strada|[Uu]lica|[Uu]l\.|"
    r"[Aa]leja|[Aa]l\.|[Oo]s\.|[Pp]l\.|[Tt]rg|[Nn]áměstí|[Nn]ám\.|[Tt]řída|[Ss]trada|[Ss]tr\.|[Bb]d\.|"
    r"ул\.|[\u0423\u0443]лица|пр\.|[Пп]роспект|[Ss]okak|[Jj]alan|[Jj]l\.)"
)
_LOWER_PREFIX = r"(?:rue|calle|avenida|rua|ulica|ul\.|viale|piazza|vicolo|carrer|travessa|c/)"
_SUFFIX = (
    r"(?:straße|strasse|str\.|gasse|weg|platz|allee|ring|damm|ufer|steig|graben|brücke|markt|"
    r"straat|laan|plein|gracht|kade|dreef|singel|steeg|dijk|hove|baan|"
    r"gatan|gata|vägen|gränd|stigen|torget|veien|vegen|vei|svingen|bakken|"
    r"gade|vej|vejen|stræde|allé|plads|vænget|toften|"
    r"katu|tie|kuja|polku|puisto|ranta|"
    r"braut|stræti|stígur|vegur|holt|utca|körút|tänav|gatve|iela|soka\u011f\u0131|caddesi)"
)
_SECOND = (
    r"(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|utca|út|útja|tér|tere|u\.|köz|"
    r"körút|fasor|sétány|sor|plein|laan|straat|vei|gate|väg|gata|Vej|Gade|Allé|tee|tänav|pst|mnt|"
    r"ulice|nábřeží|cesta|put|Street|Avenue|Road|Lane)"
)
_ROMANCE = rf"{_PREFIX} ?(?:(?:{_NAME}|\p{{Ll}}{{2,}}) ){{0,3}}{_CAP}"

_AFTER = regex.compile(
    r" (?:(?:[NSEW]\. ?|[NSEW]{1,2} |North |South |East |West )?"
    rf"(?:{_NAME} ){{1,4}}?{_KIND}\b{_DOT}{_SIDE}|(?:Broadway|Piccadilly)\b)"
    rf"|,? {_ROMANCE}(?! \d)"
)
_AFTER_PLAIN = regex.compile(
    r" (?:(?:[nsew]|[ns][ew])\.? )?((?:\p{L}[\p{L}\p{M}'.-]+ |\d{1,3}(?:st|nd|rd|th) ){1,3}?)"
    rf"{_PLAIN_KIND}\b"
)
_NO_STREET = frozenset(
    "way lane car person day year minute hour mile bed star storey story".split()
)
"""What has a number before it and "street", "court" or "drive" after it, and is no name."""

_BEFORE = Ending(
    rf"(?<![\p{{L}}.]){_ROMANCE},? (?:n[.º°]? ?)?"
    rf"|(?<!\p{{L}})(?:{_CAP}[ -]){{0,3}}\p{{Lu}}[\p{{L}}\p{{M}}-]*{_SUFFIX},? "
    rf"|(?<!\p{{L}})(?:{_CAP} (?:\p{{Ll}}+ )?){{1,3}}{_SECOND},? "
)
_BEFORE_PLAIN = Ending(
    rf"(?<![\p{{L}}.]){_LOWER_PREFIX} (?:\p{{L}}[\p{{L}}\p{{M}}'.]* ){{1,4}}"
    r"|(?<!\p{L})\p{L}{3,}(?:straße|strasse|gasse|platz|allee|straat|laan|plein|gracht|gatan|vägen|"
    r"gata|veien|gade|katu|kuja|vej) "
)
_ANNOUNCED = Ending(
    r"(?i:\b(?:address(?:es)?(?: is| are)?[:;]?(?: (?:it|they|here they)(?: is|'s| are)[:]?)?|"
    r"wohn(?:e|t|haft)(?: in)?|habite(?: à| au)?|woont? (?:in|aan)|"
    r"(?:lives?|living|lived|resid(?:es?|ing)|staying|located|based|situated|offices?)(?: is| are)?"
    r" (?:at|on|in)|"
    r"(?:moved|ship(?:ped|ping)?|return(?:ed)?|deliver(?:ed|y)?|sen[dt]|mail(?:ed)?|taxi|"
    r"driv(?:e|ing)) "
    r"(?:it |this |them |that |me |us )?to|"
    r"(?:meet|pick|drops?|see) (?:me|us|you|him|her)(?: up| off)? at|"
    r"adresse?|anschrift|indirizzo|dirección|endereço|morada|adres)"
    r"[:\s]\s*((?:\d{1,6} )?(?:\p{L}[\p{L}\p{M}'\u2019.-]+ ){1,4}))"
)
_ANNOUNCING = frozenset(
    """address addresses adress adresse adres anschrift indirizzo dirección endereço morada wohne
    wohnt wohnhaft habite woon woont live lives living lived reside resides residing staying located
    based situated office offices moved ship shipped shipping return returned deliver delivered
    delivery send sent mail mailed taxi drive driving meet pick drop drops see""".split()
)
"""What those begin with."""
_UNIT_WORD = r"(?i:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|Office|Appt|Wohnung|Piso|Bus)"
_UNIT = regex.compile(
    rf"(?:[,\s>]{{1,8}})(?:{_UNIT_WORD}\.? ?#?\d{{1,5}}[A-Za-z]?\b|# ?\d{{1,5}}\b)"
)
_NAMED = Ending(rf"(?<!\p{{L}})(?:{_CAP} (?:{_LITTLE} )?){{0,3}}\p{{Lu}}[\p{{L}}\p{{M}}.'-]+ ")
_FLAT = regex.compile(rf"(?<!\w){_UNIT_WORD}\.? ?#?(?:\d{{1,5}}[A-Za-z]?|[A-Za-z]),? $")
_LEADING = regex.compile(r"(?<![\w.,:/-])(?:\d{1,6}[A-Za-z]? ){1,2}$")

_CORNER = regex.compile(
    r"\b(?i:corner|intersection) of "
    r"((?:[\p{L}\p{M}\d.'-]+ ){1,5}(?:and|&) (?:[\p{L}\p{M}\d'-]+\.? ?){1,4})"
)
_CODE_FIRST = regex.compile(r" ((?:\p{L}[\p{L}\p{M}'.-]+)(?:[ -]\p{L}[\p{L}\p{M}'.-]+){0,3})")
_PLACE_BEFORE = regex.compile(r"(?<!\p{L})(?:\p{L}[\p{L}\p{M}'.()-]+ ){1,3}", regex.REVERSE)

_PART = (
    r"(?:[\p{Lu}\d](?:[\p{L}\p{M}\d'\u2019-]|\.(?=\p{L}))*(?:(?<=\b\p{L}{1,3})\.)?"
    r"|\(\p{Lu}[\p{L}\p{M}]+\))"
)
_SEGMENT = regex.compile(
    r"(?:,? ?\r?\n[ \t>]*(?:, ?)?|, ?)"
    rf"((?!\d+[-. ]\d+[-. ]\d){_PART}(?: (?:{_PART}|de|la|del|di|da|do|u|v|pod|am|an der|nad))*)"
    r"(?=[,.;?!]?(?:\s|$))(?![^\n]{0,2}:)"
)

_PLAIN_TOWN = regex.compile(r",? (\p{Ll}[\p{L}\p{M}'.-]+(?: \p{Ll}[\p{L}\p{M}'.-]+){0,2})")
_PLAIN_STATE = regex.compile(
    rf"(?:,? \p{{L}}[\p{{L}}\p{{M}}'.-]+){{0,3}}?,? {STATE},? \d{{5}}(?:-\d{{4}})?(?![\w-])",
    regex.IGNORECASE,
)


class Address(Loaded):
    """Streets with numbers, postcodes that name their place, post-office boxes."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["LOCATION"], name="Address")
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every address in a text, each as one finding."""
        found: list[RecognizerResult] = []
        free = 0
        for start, end, score in sorted(self._cores(text)):
            if end <= free:
                continue
            end = self._grown(text, end)
            found.append(result(self, start, end, score))
            free = end
        return found

    def _cores(self, text: str) -> Iterator[tuple[int, int, float]]:
        """What is surely part of an address, with the numbers before it."""
        seen = text_of(text)
        for start, end, sure in postcodes(seen):
            yield start, end, SURE if sure else LIKELY
        lower = seen.caseless
        corners = _CORNER.finditer(text) if "on of " in lower or "ner of " in lower else ()
        for match in corners:
            if match[1][0].isupper() or regex.search(rf"\b{_PLAIN_KIND}\b|\d", match[1]):
                yield match.start(1), match.start(1) + len(match[1].rstrip(" .")), LIKELY
        for start, _ in seen.numbers:
            match = _NUMBER.match(text, start)
            core = self._around(seen, *match.span()) if match else None
            if core:
                begin = core[0]
                for before in (_LEADING, _FLAT):
                    if match := before.search(text, max(0, begin - 18), begin):
                        begin = match.start()
                yield begin, core[1], LIKELY

    def _around(self, text: Text, start: int, end: int) -> tuple[int, int] | None:
        """The address that a number belongs to."""
        low, high = max(0, start - _REACH), end + _REACH
        # Most numbers have neither a word after nor before them, which is quickly seen.
        if text[end : end + 1] in (" ", ","):
            if match := _AFTER.match(text, end, high):
                return start, match.end()
            if match := _AFTER_PLAIN.match(text, end, high):
                words = match[1].split()
                if not any(self._lexicon.stop(word) or word in _NO_STREET for word in words):
                    return start, match.end()
        if text[start - 1 : start] == " " and not text[start - 2 : start - 1].isdigit():
            if end - start <= _HOUSE:
                for pattern in (_BEFORE, _BEFORE_PLAIN):
                    if match := pattern.search(text, low, start):
                        return match.start(), end
            announced = not _ANNOUNCING.isdisjoint(text.words)
            if announced and (match := _ANNOUNCED.search(text, low, start)):
                words = match[1].split()
                if not any(self._lexicon.stop(word.lower()) for word in words[-1:]):
                    return match.start(1), end
            if _UNIT.match(text, end, high) and (match := _NAMED.search(text, low, start)):
                return match.start(), end
        return self._coded(text, start, end)

    def _coded(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """A postcode beside the name of its place: `28195 Bremen`, `Sweden 65062`."""
        if not 4 <= end - start <= 6 or not text[start:end].isdigit():
            return None
        if match := _CODE_FIRST.match(text, end, end + _REACH):
            words = match[1].split()
            for count in range(len(words), 0, -1):
                name = " ".join(words[:count])
                if self._lexicon.town(name.lower()) and name[0].isupper():
                    return start, match.start(1) + len(name)
        if match := _PLACE_BEFORE.match(text, max(0, start - 50), start):
            words = match[0].split()
            for first in range(len(words)):
                name = " ".join(words[first:])
                if self._lexicon.place(name.lower().partition(" (")[0]):
                    return start - len(name) - 1, end
        return None

    def _grown(self, text: str, end: int) -> int:
        """The end of an address with its flat, its town and the rest of its block."""
        for _ in range(8):
            if match := _UNIT.match(text, end, end + 40) or self._segment(text, end):
                end = match.end()
            elif match := _PLAIN_STATE.match(text, end, end + _REACH):
                return match.end()
            elif town := self._plain_town(text, end):
                end = town
            else:
                break
        return end

    def _plain_town(self, text: str, end: int) -> int:
        """The end of a town in lower case; 0 if there is none."""
        if match := _PLAIN_TOWN.match(text, end, end + 50):
            words = match[1].split(" ")
            for count in range(len(words), 0, -1):
                name = " ".join(words[:count])
                if self._lexicon.place(name) and not self._lexicon.stop(name):
                    return match.start(1) + len(name)
        return 0

    def _segment(self, text: str, end: int) -> "regex.Match[str] | None":
        """The next line or the part after the next comma, if it is one of an address."""
        match = _SEGMENT.match(text, end, end + 60)
        if match is None:
            return None
        words = match[1].split()
        known = self._lexicon
        if len(words) > 5:
            return None
        if not known.town(match[1].lower()):
            begins_sentence = known.stop(words[0].lower()) and not words[0].isupper()
            if begins_sentence or any(known.sure(word.lower()) for word in words):
                return None
        if "\n" not in match[0] and len(words) == 1 and known.common(words[0].lower()):
            return None
        return match
