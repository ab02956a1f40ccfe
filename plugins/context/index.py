"""A full-text index over passages, in memory, on SQLite's FTS5.

Words match in any case, with or without accents, and with any English ending. FTS5 would take a run
of Chinese or Japanese for one word, so each character of it is indexed as a word.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Sequence

import anyio
import anyio.to_thread

from plugins.context.documents import Passage

# Marks belong to words, too: many scripts write their vowels with them.
_CREATE = """CREATE VIRTUAL TABLE passage USING fts5(
    words, content='', tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
)"""
_FIND = "SELECT rowid, rank FROM passage WHERE passage MATCH ? ORDER BY rank LIMIT ?"

UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

FEW = 8
"""Of so many passages or more, those are not found that share only common words with a query:
words that are in at least half of all passages."""

# In FTS5's bm25 such a word counts for a millionth.
_COMMON = -0.001


class Index:
    """Passages to search in; searches wait for one another."""

    def __init__(self, passages: Sequence[Passage]):
        self._passages = passages
        # One thread at a time, but not always the one that opened it.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._turn = anyio.CapacityLimiter(1)
        try:
            self._database.execute(_CREATE)
        except sqlite3.OperationalError:
            raise RuntimeError(
                "this Python's SQLite has no full-text search (FTS5); use one that has, or leave "
                "`folder` out"
            ) from None
        rows = ((row, spaced(one.text)) for row, one in enumerate(passages))
        self._database.executemany("INSERT INTO passage(rowid, words) VALUES (?, ?)", rows)
        self._database.commit()

    async def search(self, query: str, limit: int) -> list[Passage]:
        """The passages that fit an FTS5 query best, best first."""
        return await anyio.to_thread.run_sync(self._find, query, limit, limiter=self._turn)

    def close(self) -> None:
        """Forget the index."""
        self._database.close()

    def _find(self, query: str, limit: int) -> list[Passage]:
        try:
            rows: list[tuple[int, float]] = self._database.execute(_FIND, (query, limit)).fetchall()
        except sqlite3.Error as error:
            # SQLite's message quotes the query.
            raise RuntimeError(f"the search failed ({type(error).__name__})") from None
        few = len(self._passages) < FEW
        return [self._passages[row] for row, rank in rows if few or rank < _COMMON]


def spaced(text: str) -> str:
    """The text with white space around each character of a script that writes no spaces."""
    return UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFC", text))
