"""Which words are names of people, which are places, and which are plain words.

Names and places come from Faker's data for some seventy languages and countries (MIT licence),
plain English words from the index of spaCy's lemmatiser (WordNet). Many words are both: `Mark`,
`Rose`, `Will`. A given name is *sure* if it is hardly ever anything else; any other counts only
beside more that speaks for a name.
"""

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import cast

import faker.providers.address
import faker.providers.person
import regex
from spacy.lookups import Lookups

from plugins.pii.language import stop_words
from plugins.pii.letters import first_run
from plugins.pii.towns import towns

_NAME = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}][\p{L}\p{M}'\u2019-]{2,}")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'\u2019-]{2,}")
_PLACE = regex.compile(r"\p{L}[\p{L}\p{M}'\u2019. -]{3,40}")

_COUNTRIES = 3
"""In how many countries a name is used that is none by chance."""

_NOUN_LEMMAS = 50_000
"""WordNet's nouns name people and places, too; its verbs, adjectives and adverbs do not."""

_WORDS = frozenset(
    """abbey aden adonis albino amine amor angel angelica anon april archer ares aria asia athena
    atlas august aura aurora autumn azalea baba baptist basel basil beau berg bergen beryl
    beta blessing bogey braga brandy brit brooklyn cager camelia candela canal carina cercis
    charity cheyenne cornel corona cristal crystal dace daisy dakota dale damar dean destiny
    devi devon diamond dick divan dodo dolly dona earl eden eider elver emerald emir ester
    etna faith fay fella fema flora florin forum franc france franco gael gaia gala garibaldi
    glen gumma gunnel gunner gust hakim harmony harper helper hera holly hunter imam india
    indiana inka ion iris isis israel ivy janus jasmine jasper jati jay jena jerker jordan
    june juvenal kaiser kali karma kelvin kingston kirk kobe krishna lady lan lander lea leone
    lien lilo lily lima lincoln lode loki lolita lore lorraine luna lux magnolia maia malik
    malva manda manila mara marina mars mart marten mason maxim medina melba melody mercy
    merlin mihrab milan mile miller milo mira mitchell mitra moa mona moses musa nacho nadir
    naja nestor nil ninja noel norma nubia nurser oak olympia oran orlando paca page panini
    paris parker pascal pastor patience peace pearl penny phoenix pier piper pol poppy prince
    prudence puck purity qadi queen raf rajab ramadan rana rani ray rex rock romaine romeo
    rosary rosemary rosette rue rune saba sabah saga sakti salami salvador sander santa
    santiago savannah scot selma sep serge serine server shay shem sherry sienna sierra silva
    sky sol sonata sonny star stein sterling stone sunna sylva tala tanner tatu taylor tea ted
    tera thalia tia tiara tilde tinca titi titus toon tor tory trent trine trinidad trinity
    troy tutu tyson ulva union valentine vega venus viking villa vino viola wadi wales warren
    washington wilder willow wolf wolfram yoga zion monday tuesday wednesday thursday friday
    saturday sunday api app bot chat email user admin test data demo info alpha delta gamma
    omega sigma linux unix java ruby perl scala rust julia dart swift kafka jenkins docker
    ansible elk redis celery flask django pandas numpy azure oracle cassandra
    """.split()
)
"""Given names that are more often something else, and are nouns, so that no list tells them."""

_DAYS = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight january
    february march april may june july august september october november december""".split()
)

_NAMES = frozenset(
    """aaron adam alan albert alex alexander ali alice aline allen ana andre andrea andrew ann anna
    anne annie anthony art asad ben betty bob brad brian bruce carlos carol caroline charlie
    chris claire clement curt dan daniel dave david diana don dorian ella ellen emma eric eva
    fabian florentine frank gene george gina greta hans harry hassan hector helen henry hugo
    ivan jack jane jim jimmy joe john jorge jose josh juan julian karl kate kevin kim lena leo
    linda lisa lucas luis maria marcel marian marly martin mary mia michael miguel mohamed
    nina nora norman omar otto pablo paul pauline pedro peter philip ricardo robert ron rosa
    sabine sam sami samuel sandra sara sarah sean shona simon sofia sven theo thomas tim tom
    tony una uwe vera victor yusuf""".split()
)
"""Given names that stop-word lists or dictionaries hold, and that are names all the same."""

_LOCAL_PLACES = ("cities", "provinces", "counties", "city_names", "regions")
_PLACE_LOCALES = """en_US en_GB en_CA en_IE en_IN de_DE de_AT de_CH fr_FR es_ES nl_NL nl_BE
pt_PT pt_BR pl_PL sv_SE da_DK no_NO fi_FI cs_CZ hr_HR ro_RO""".split()


class Lexicon:
    """The words, in lower case."""

    def __init__(self, english: Path | None):
        """`english` is the folder of an English spaCy model with a lemmatiser."""
        verbs, nouns = _english(english) if english else (set[str](), set[str]())
        stop = _stop_words()
        given = _names("first_names", "first_names_male", "first_names_female")
        family = _names("last_names")
        self._family = frozenset(family)
        # A noun that one country alone uses as a name is a noun: Friend, River, Story.
        rare = {name for name, countries in given.items() if countries < _COUNTRIES}
        given = frozenset(given)
        unsure = (verbs | stop | _WORDS | (rare & nouns)) - _NAMES
        self._sure = (given - unsure) | _NAMES
        self._given = given | _NAMES
        self._begin_given = frozenset({first_run(name) for name in self._given})
        self._common = verbs | stop | _DAYS
        self._stop = stop
        self._foreign = stop - verbs - nouns
        self.knows_words = bool(nouns)
        """Whether plain words can be told from unknown ones."""
        usual = {name for name, countries in family.items() if countries >= _COUNTRIES}
        self._plain = (nouns - self._sure - usual) | verbs | stop | _WORDS
        self._plain -= _NAMES
        self._countries = _places("countries", "states")
        self._places = self._countries | _places(*_LOCAL_PLACES)
        self._towns = _typed(towns()) | self._places

    def sure(self, word: str) -> bool:
        """Whether it is a given name and hardly anything else."""
        return word in self._sure

    def given(self, word: str) -> bool:
        """Whether it can be a given name."""
        return word in self._given

    def begin_given(self, words: frozenset[str]) -> frozenset[str]:
        """Those of a text's words with which given names begin, most of which are one word."""
        return self._begin_given & words

    def family(self, word: str) -> bool:
        """Whether it can be a family name."""
        return word in self._family

    def surname(self, word: str) -> bool:
        """Whether it can be a family name and is no verb, adjective or stop word."""
        return word in self._family and word not in self._common

    def stop(self, word: str) -> bool:
        """Whether some language counts it among its most ordinary words."""
        return word in self._stop

    def place(self, name: str) -> bool:
        """Whether it is a country, a state or a city."""
        return name in self._places

    def town(self, name: str) -> bool:
        """Whether some place on earth is called so, which many words and names are as well."""
        return name in self._towns

    def towns(self) -> Iterable[str]:
        """All that some place on earth is called."""
        return self._towns

    def country(self, name: str) -> bool:
        """Whether it is a country or a state."""
        return name in self._countries

    def common(self, word: str) -> bool:
        """Whether it is a verb, an adjective or a stop word."""
        return word in self._common

    def plain(self, word: str) -> bool:
        """Whether it is an ordinary word, also if it can be a name; endings do not matter."""
        if word in self._plain:
            return True
        if word in self._given or word in self._family:
            return False
        for ending, instead in _ENDINGS:
            stem = word[: -len(ending)] + instead
            if word.endswith(ending) and stem in self._plain and stem not in self._foreign:
                return True
        return False


_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("er", ""),
    ("er", "e"),
    ("est", ""),
    ("ly", ""),
    ("'s", ""),
    ("n't", ""),
)


def _names(*attributes: str) -> Counter[str]:
    """Names out of Faker's lists, and in how many languages each is one."""
    found: Counter[str] = Counter()
    for provider in _providers(faker.providers.person, ()):
        values = [value for attribute in attributes for value in _values(provider, attribute)]
        found.update(_typed(value.lower() for value in values if _NAME.fullmatch(value)))
    return found


def _places(*attributes: str) -> set[str]:
    """Countries, states and cities."""
    return _typed(
        value.lower()
        for provider in _providers(faker.providers.address, _PLACE_LOCALES)
        for attribute in attributes
        for value in _values(provider, attribute)
        if _PLACE.fullmatch(value)
    )


def _typed(names: Iterable[str]) -> set[str]:
    """The names, and how they are typed where a keyboard has no accents."""
    found = set(names)
    for name in [name for name in found if len(name) >= _TYPED and not name.isascii()]:
        plain = unicodedata.normalize("NFD", name.translate(_STROKES))
        found.add("".join(char for char in plain if not unicodedata.combining(char)))
    return found


_TYPED = 5
"""Letters of the shortest name for which that is done: many a shorter one is some other word."""
_STROKES = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i", "ß": "ss", "æ": "ae"}
)
"""Letters that Unicode does not take apart."""


def _providers(package: ModuleType, locales: Iterable[str]) -> Iterable[object]:
    for module in iter_modules(package.__path__):
        if module.ispkg and (module.name in locales or not locales):
            name = f"{package.__name__}.{module.name}"
            yield import_module(name).Provider
            sys.modules.pop(name)  # What is not needed of it takes megabytes.


def _values(provider: object, attribute: str) -> Iterable[str]:
    """The strings of one of Faker's lists, which are tuples, or dictionaries with weights."""
    values = getattr(provider, attribute, ())
    if isinstance(values, Mapping):
        return list(cast("Mapping[str, object]", values))
    if isinstance(values, list | tuple | set | frozenset):
        return [one for one in cast("Iterable[object]", values) if isinstance(one, str)]
    return []


def _english(model: Path) -> tuple[set[str], set[str]]:
    """English words out of the lemmatiser: those of one meaning each, and nouns."""
    folder = model / "lemmatizer" / "lookups"
    if not (folder / "lookups.bin").is_file():
        return set(), set()
    lookups = Lookups()
    lookups.from_disk(folder)  # pyright: ignore[reportUnknownMemberType]
    verbs: set[str] = set()
    nouns: set[str] = set()
    for table in ("lemma_index", "lemma_exc"):
        if table in lookups.tables:
            for words in cast("Mapping[int, Iterable[str]]", lookups.get_table(table)).values():
                chosen = {word for word in words if word.isalpha()}
                if len(chosen) > _NOUN_LEMMAS // 2:
                    nouns |= chosen
                else:
                    verbs |= chosen
    return verbs, nouns


def _stop_words() -> set[str]:
    """The stop words of every language that spaCy has."""
    return {word for words in stop_words().values() for word in words}
