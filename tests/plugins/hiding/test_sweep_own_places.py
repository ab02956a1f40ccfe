"""The sweep need not look where values stand in any case: nothing comes of it there."""

from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.finding.spans import Span
from plugins.hiding.sweep import Known, Sweep
from plugins.hiding.words import whole_words

_WORDS = """Anna anna Annab Berg berg BERG 4 44 415 12 3 + ( ) - _ . / %20 &nbsp; \u00e9
\u00c4nn\u00e4 \u4e2d x@y.example https://a.b/ , ; Jo \u200b %40 a""".split()
_GAPS = (" ", " ", "", "-", " _", "         ")
_TEXT = st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from(_GAPS)), max_size=20).map(
    lambda words: "".join(word + gap for word, gap in words)
)
_ASCII = _TEXT.map(lambda text: text.encode("ascii", "ignore").decode())
_VALUES = st.lists(_TEXT.map(lambda text: text[:12]).filter(bool), max_size=6)
_MANY = st.lists(_TEXT.map(lambda text: text[-9:]).filter(bool), min_size=50, max_size=60)


def _sweep(values: list[str]) -> Sweep:
    known = [Known(value, 0.9, 1, is_name=at % 2 > 0) for at, value in enumerate(values)]
    return Sweep(known, shortest=2, surest=0.6)


@given(_ASCII | _TEXT, st.lists(st.integers(0, 60), max_size=10), _VALUES | _MANY)
@settings(max_examples=400, deadline=None)
def test_only_what_stands_in_a_place_of_its_own_is_left_out(
    text: str, cuts: list[int], others: list[str]
) -> None:
    ends = sorted(min(one, len(text)) for one in cuts)
    spans = [
        Span(start, end, "X", 0.9, "p")
        for start, end in zip(ends[::2], ends[1::2], strict=False)
        if start < end
    ]
    own = {one.start: one.end for one in whole_words(text, spans)}
    sweep = _sweep([*dict.fromkeys([*(text[start:end] for start, end in own.items()), *others])])
    everything, elsewhere = sweep.find(text), sweep.find(text, own)
    assert [one for one in everything if one in elsewhere] == elsewhere
    for left in everything:
        if left not in elsewhere:
            (place,) = [(s, e) for s, e in own.items() if s <= left.start and left.end <= e]
            assert text[slice(*place)] == left.known.value


def test_a_value_that_goes_on_behind_a_place_of_its_own_is_found() -> None:
    sweep = _sweep(["Anna Berg", "Anna Bergmann", "anna.berg4@x.example"])
    text = "Anna Berg 4@x.example"
    assert [one.text for one in sweep.find(text, {0: 9})] == [text]
    assert not sweep.find("Anna Berg wrote", {0: 9})


def test_a_value_that_begins_within_a_place_of_its_own_is_found() -> None:
    sweep = _sweep(["Anna Berg", "Berg Street 12"])
    assert [one.text for one in sweep.find("Anna Berg", {0: 9})] == ["Anna Berg"]
    known = [Known("Dr Anna", 0.9, 1, is_name=False), Known("Anna Berg", 0.9, 1, is_name=False)]
    hits = Sweep(known[1:], shortest=2, surest=0.6).find("Dr Anna Berg", {0: 7})
    assert [one.text for one in hits] == ["Anna Berg"]


@given(_ASCII, _VALUES, _MANY)
@settings(max_examples=100, deadline=None)
def test_few_values_are_found_as_among_many(text: str, few: list[str], many: list[str]) -> None:
    wanted = {*few}
    here = [one for one in _sweep(few).find(text) if one.known.value in wanted]
    filler = [f"zz{'y' * at}" for at in range(len(many))]
    there = _sweep([*few, *filler]).find(text)
    assert [(one.start, one.end, one.known.value) for one in here] == [
        (one.start, one.end, one.known.value) for one in there
    ]


def test_a_value_that_begins_with_a_place_of_what_is_kept_is_found() -> None:
    sweep = _sweep(["Anna Berg Lund"])
    assert [one.text for one in sweep.find("Anna Berg Lund", {0: 9})] == ["Anna Berg Lund"]
