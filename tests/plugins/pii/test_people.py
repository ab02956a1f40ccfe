"""Names of people without a model: by lists of names, and by what announces them."""

import time

import pytest

from plugins.pii.announcing import ANNOUNCED, announcements
from plugins.pii.lexicon import Lexicon
from plugins.pii.people import People


@pytest.fixture(scope="module")
def people(lexicon: Lexicon) -> People:
    return People(lexicon)


def found(people: People, text: str) -> list[str]:
    """The names in order, each once, though several things may speak for it."""
    spans = sorted({(one.start, one.end) for one in people.analyze(text, ["PERSON"])})
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("yesterday anna berg called jonas lindqvist back", ["anna berg", "jonas lindqvist"]),
        ("PLEASE CALL ANNA BERG TODAY", ["ANNA BERG"]),
        ("Grace Miller and Will Smith came", ["Grace Miller", "Will Smith"]),
        ("Berg, Anna; Miller, John", ["Berg, Anna", "Miller, John"]),
        ("I saw Ludwig van Beethoven there", ["Ludwig van Beethoven"]),
        ("This is Anna's cat", ["Anna"]),
        ("My name is Grzegorz Brzęczyszczykiewicz.", ["Grzegorz Brzęczyszczykiewicz"]),
        ("my name is xanthor quillby", ["xanthor quillby"]),
        ("Dear Mr. Quillby, thanks", ["Quillby"]),
        ("I am Dr Okonkwo-Ferreira, the surgeon", ["Okonkwo-Ferreira"]),
        ("Patient: Quillby, Xanthor", ["Quillby"]),
        ("Ich heiße Zwetschgenmeier und wohne hier", ["Zwetschgenmeier"]),
        ("Меня зовут Анна Каренина", ["Анна Каренина"]),
        ("我叫王小明。", ["王小明"]),
        ("田中さんに電話して", ["田中"]),
        ("my wife Sunita and my friend Xiomara", ["Sunita", "Xiomara"]),
        ("ciao, sono Ginevra Lombardi", ["Ginevra Lombardi"]),
        ("soy Xanthor Quillby", ["Xanthor Quillby"]),
        ("hej jag heter Saga och bor", ["Saga"]),
        ("My name is Hope and I sing", ["Hope"]),
        ('{"first_name": "Agnieszka", "last_name": "Wójcik"}', ["Agnieszka", "Wójcik"]),
        ("last_name='Quillby'", ["Quillby"]),
        ("customer name: 'Xanthor Quillby-Berg'", ["Xanthor Quillby-Berg"]),
        ("Please ask Henrik\nQuillby about it", ["Henrik\nQuillby"]),
        ("It was Priya \r\n  Okonkwo who called", ["Priya \r\n  Okonkwo"]),
        ("I asked Will\nSmith today", ["Will\nSmith"]),
    ],
)
def test_names_are_found(people: People, text: str, names: list[str]) -> None:
    assert found(people, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "it will rain in may, mark my words, and the rose is red",
        "May I ask Will Microsoft buy it? April Fools, Summer School, Hope Street",
        "i am tired and this is great; i'm happy, my name is on the list",
        "Dear customer, hello world, hi there, Dear all",
        "the name is required; name: string; call me later",
        "an animal can run as fast as any other and do so in july",
        "def grace(rose): return self.mark",
        "Dear Sir or Madam",
        "on 3 Jan she left, Jan 3 and Jan. 3rd, the 12th of April",
        "my friend Request, my boss Level, his wife and son",
        "last_name: 'Last name', first_name='Unknown', middle name: 'N/A'",
    ],
)
def test_ordinary_words_are_no_names(people: People, text: str) -> None:
    assert found(people, text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Please ask Henrik\nThis is urgent", ["Henrik"]),
        ("Please ask Henrik\nquillby", ["Henrik"]),
        ("Please ask Henrik\nQUILLBY Corp", ["Henrik"]),
        ("Please ask Henrik\n\nQuillby Corp", ["Henrik"]),
        ("Thanks,\nHenrik\nQuillby Corp", ["Henrik"]),
        ("12. Henrik\nQuillby Corp", ["Henrik"]),
        ("Team: Henrik\nPriya\nXiomara", ["Henrik", "Priya", "Xiomara"]),
        ("My name is Xanthor\nQuillby Corp", ["Xanthor"]),
    ],
)
def test_a_name_ends_with_its_line_if_nothing_speaks_for_more(
    people: People, text: str, names: list[str]
) -> None:
    assert found(people, text) == names


def test_without_a_list_of_words_lower_case_counts_for_given_names_alone() -> None:
    bare = People(Lexicon(None))
    assert not Lexicon(None).knows_words
    assert found(bare, "my name is tired, says anna berg") == ["anna berg"]


def test_words_and_names_are_told_apart(lexicon: Lexicon) -> None:
    assert lexicon.sure("anna")
    assert lexicon.given("mark")
    assert not lexicon.sure("mark")
    assert lexicon.family("lindqvist")
    assert lexicon.plain("tables")
    assert not lexicon.plain("xanthor")


@pytest.mark.parametrize("unit", ["anna ", "Anna ", "Mr. ", "my name is ", "van ", "a, ", "Mark, "])
def test_no_text_takes_long(people: People, unit: str) -> None:
    text = (unit * 4_000)[:4_000]
    began = time.process_time()
    people.analyze(text, ["PERSON"])
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "announcement",
    """Mr|MRS.|Dr.|Prof. Dr.|Herrn|Señora|Rev|my name is|His surname:|known as|called|CALL ME|
    patient:|Manager,|thanks,|user name =|surname:|ich heiße|je m'appelle|je suis|me llamo|
    mi nombre es|mi chiamo|meu nome é|me chamo|mijn naam is|ik heet|jag heter|jeg heter|mit navn er|
    nazywam się|mam na imię|jmenuji se|меня зовут|Nom :|nombre:|naam:|namn:|imię:""".split("|"),
)
def test_a_name_is_announced(announcement: str) -> None:
    begun = f"It is so: {announcement.strip()} "
    assert announcements(f"{begun}Quillby") == {len(begun): ANNOUNCED}
    # Beside a word of many announcements, these are looked for in another way.
    assert announcements(f"{begun}Quillby\nA filename") == {len(begun): ANNOUNCED}
