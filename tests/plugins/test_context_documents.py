"""How documents are read, cut and found."""

import unicodedata
from pathlib import Path
from time import perf_counter

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.context.documents import Passage, cut, documents, read_folder
from plugins.context.index import FEW, Index
from plugins.context.question import ENDS, MOST_TERMS, to_query


def find(texts: list[str], question: str, limit: int = 5) -> list[str]:
    """The texts that are found for a question."""

    async def main() -> list[str]:
        index = Index([Passage(str(number), text) for number, text in enumerate(texts)])
        try:
            query = to_query(question)
            found = await index.search(query, limit) if query else []
        finally:
            index.close()
        return [one.text for one in found]

    return anyio.run(main)


def test_paragraphs_are_joined_as_long_as_they_fit():
    assert list(cut("aa\n\nbb\n \t\n\ncc\n", 6)) == ["aa\n\nbb", "cc"]
    assert list(cut(" \n\n\n", 9)) == []
    assert list(cut("a\n\n    code\n", 99)) == ["a\n\n    code"]


def test_a_heading_starts_a_passage_and_stays_with_what_follows():
    text = "intro\n\n# A\n\n## B\n\nbody\n\n## C\nmore\n\n# D\n\n" + "long " * 10
    assert list(cut(text, 40)) == [
        "intro",
        "# A\n\n## B\n\nbody",
        "## C\nmore",
        "# D\n\nlong long long long long long long",
        "long long long",
    ]


def test_a_long_paragraph_is_cut_between_sentences_or_words():
    assert list(cut("One two. Three four. Five six.", 22)) == ["One two. Three four.", "Five six."]
    assert list(cut("one two three four five", 12)) == ["one two", "three four", "five"]
    assert list(cut("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]


@given(
    text=st.lists(st.sampled_from([*"ab.# \n\t東。", "\n\n", "# ", "word "]), max_size=60),
    length=st.integers(1, 12),
)
def test_no_passage_is_too_long_and_no_word_is_lost(text: list[str], length: int):
    whole = "".join(text)
    passages = list(cut(whole, length))
    assert all(passage.strip() and len(passage) <= length for passage in passages)
    assert "".join("".join(passages).split()) == "".join(whole.split())


def test_a_document_is_cut_in_linear_time():
    start = perf_counter()
    assert len(list(cut("word " * 200_000, 100))) == 10_000
    assert len(list(cut("word\n\n" * 200_000, 100))) == 11_765
    assert perf_counter() - start < 5


def test_what_is_read_of_a_folder(tmp_path: Path):
    folder = tmp_path / "folder"
    for name in ("b.md", "a.txt", "deep/c.MD", "d.html", ".e.md", ".git/f.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"in {name}")
    (tmp_path / "outside.txt").write_text("outside")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "inner.txt").symlink_to(folder / "a.txt")
    (folder / "folder.md").mkdir()
    names = [path.relative_to(folder).as_posix() for path in documents(folder)]
    assert names == ["a.txt", "b.md", "deep/c.MD", "inner.txt"]
    assert read_folder(folder, 99)[2] == Passage("deep/c.MD", "in deep/c.MD")


TEXTS = [
    "An invoice is due in thirty days.",
    "Das Café in der Straße hat offen.",
    "東京の天気は晴れです。",
    "京都は古い町です。",
    "Приём заявок закрыт.",
    "हिन्दी में उत्तर दो।",
    "한국어 문서",
]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When are INVOICES settled?", 0),
        ("cafe", 1),
        ("cafe\u0301?", 1),
        ("STRASSE straße", 1),
        ("東京に行きたい", 2),
        ("京都", 3),
        ("町", 3),
        ("заявки? ЗАЯВОК!", 4),
        ("हिन्दी", 5),
        (unicodedata.normalize("NFD", "한국어"), 6),
    ],
)
def test_words_are_found_in_many_spellings_and_scripts(question: str, expected: int):
    assert find(TEXTS, question)[0] == TEXTS[expected]


def test_the_best_comes_first_and_no_more_than_asked_for():
    texts = ["red", "red and blue", "red blue green", "grey"]
    assert find(texts, "red blue green", 2) == ["red blue green", "red and blue"]


@pytest.mark.parametrize(
    "question", ["", "?!", "What is this about?", "a I ?", "天気予報が", "___", "हिन"]
)
def test_nothing_is_found_for_nothing(question: str):
    assert find(["What is this? A story of ___.", "I am about it", "हिन्दी"], question) == []


def test_words_that_most_passages_share_are_no_reason():
    texts = [f"Acme handbook, page {word}" for word in "one two three four five six seven".split()]
    assert find(texts[: FEW - 2], "Acme handbook") != []
    texts += ["Acme handbook, page eight", "Acme handbook, parking"]
    assert find(texts, "Acme handbook") == []
    assert find(texts, "Where is parking in the Acme handbook?") == [texts[-1]]


@given(question=st.text(max_size=60) | st.text("\"*^(){}:+-\0 \n'ANDORTE\\_a1", max_size=40))
def test_no_question_is_query_syntax(question: str):
    query = to_query(question)
    assert query.count('"') % 2 == 0
    find(["and or not near words a1"], question)


def test_operators_are_words():
    assert find(["near the sea", "far"], 'sea NEAR far) OR words:"x" NOT *') != []
    assert to_query('NEAR("x y", 5) words:zebra*') == '"near" OR "words" OR "zebra"'


def test_a_long_question_is_bounded():
    words = [f"word{number}" for number in range(100_000)]
    query = to_query(" ".join(words))
    assert query.count(" OR ") == MOST_TERMS - 1
    assert '"word0"' in query and '"word99999"' in query
    assert len(query) < 3 * ENDS
    assert len(to_query("x" * 1_000_000)) < 3 * ENDS


def test_an_error_of_the_search_quotes_nothing():
    async def main() -> None:
        index = Index([])
        with pytest.raises(RuntimeError, match="the search failed") as raised:
            await index.search('"my secret', 3)
        assert "secret" not in str(raised.value)
        assert raised.value.__cause__ is None and raised.value.__suppress_context__
        index.close()

    anyio.run(main)


class Watched(Index):
    """Counts who is searching at the same time."""

    inside = most = 0

    def _find(self, query: str, limit: int) -> list[Passage]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        found = super()._find(query, limit)
        self.inside -= 1
        return found


def test_many_search_one_after_the_other():
    async def main() -> None:
        index = Watched([Passage(str(number), f"page number{number}") for number in range(500)])

        async def search(number: int) -> None:
            found = await index.search(f'"number{number}"', 3)
            assert [one.source for one in found] == [str(number)]

        async with anyio.create_task_group() as group:
            for number in range(200):
                group.start_soon(search, number)
        index.close()
        assert index.most == 1

    anyio.run(main)
