"""Words and ranks of the search: the same as SQLite's own, so that a search finds the same on every database."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.database.postgresql import vectors
from hansard.database.words import Item, bm25, matching, occurrences, phrases, snippets, words_of

LETTERS = "abcxyz ÄäÉéßøÅ İ ñ ж Ж 釉 9 ½ ² - _ . , % \" ' * ( ) « \n \u0301 o\u0302"
TEXTS = st.text(alphabet=LETTERS, max_size=40)


def folded(text: str) -> list[str]:
    """The words of a text."""
    [(_, words)] = words_of([("", text)])
    return words


def vector(label: str, body: str) -> tuple[str, int]:
    """The vector of a place."""
    [made] = vectors([Item("", "", label, body)])
    return made


def snippet(text: str, wanted: list[tuple[str, ...]]) -> str:
    """What is shown of a text."""
    [shown] = snippets([("", text)], matching(wanted, every=False))
    return shown


@pytest.fixture(scope="module")
def fts() -> Iterator[sqlite3.Connection]:
    """An empty index as the store has it, with a look at its words."""
    plain = sqlite3.connect(":memory:")
    plain.execute("CREATE VIRTUAL TABLE search USING fts5(label, body, tokenize = 'unicode61 remove_diacritics 2')")
    plain.execute("CREATE VIRTUAL TABLE words USING fts5vocab(search, instance)")
    yield plain
    plain.close()


@given(text=TEXTS)
def test_words_are_those_of_sqlite(fts: sqlite3.Connection, text: str) -> None:
    """A text is taken apart into the words that FTS5 sees in it, folded as FTS5 folds them."""
    with fts:
        fts.execute("DELETE FROM search")
        fts.execute("INSERT INTO search VALUES ('', ?)", (text,))
    found = [row[0] for row in fts.execute("SELECT term FROM words ORDER BY offset")]
    assert folded(text) == found


@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), query=TEXTS)
def test_ranks_are_those_of_sqlite(fts: sqlite3.Connection, rows: list[tuple[str, str]], query: str) -> None:
    """The rank that is computed for a place is the one that FTS5 gives it, phrases and labels included."""
    wanted = phrases(query)
    if not wanted:
        return
    with fts:
        fts.execute("DELETE FROM search")
        fts.executemany(
            "INSERT INTO search (rowid, label, body) VALUES (?, ?, ?)", [(n, *r) for n, r in enumerate(rows)]
        )
    asked = " OR ".join(f'"{" ".join(phrase)}"' for phrase in wanted)
    told = dict(fts.execute("SELECT rowid, bm25(search, 4.0, 1.0) FROM search WHERE search MATCH ?", (asked,)))
    stands = []
    for label, body in rows:
        at: dict[str, dict[int, float]] = {}
        labels, bodies = folded(label), folded(body)
        for weight, start, words in ((4.0, 1, labels), (1.0, len(labels) + 2, bodies)):
            for position, word in enumerate(words, start):
                at.setdefault(word, {})[position] = weight
        stands.append((at, len(labels) + len(bodies)))
    frequencies = [[occurrences(phrase, at) for phrase in wanted] for at, _ in stands]
    having = [sum(1 for row in frequencies if row[n]) for n in range(len(wanted))]
    mean = sum(size for _, size in stands) / len(stands)
    for number, (_, size) in enumerate(stands):
        if any(frequencies[number]):
            rank = bm25(frequencies[number], having, size, len(rows), mean)
            assert math.isclose(rank, told.pop(number), rel_tol=1e-9, abs_tol=1e-12)
    assert told == {}


@given(label=TEXTS, body=TEXTS)
def test_a_vector_holds_each_word_at_its_places(label: str, body: str) -> None:
    """PostgreSQL's vector names every word once, with as many places as it stands at, the label's weighing more."""
    words, size = vector(label, body)
    told = dict(re.findall(r"'([^']*)':([0-9A,]+)", words))
    every = folded(label) + folded(body)
    assert size == len(every)
    assert set(told) == set(every)
    for word, places in told.items():
        assert places.count("A") == folded(label).count(word)
        assert len(places.split(",")) == every.count(word)


def test_a_long_text_makes_a_vector_that_a_server_takes() -> None:
    """However long a text is, its vector stays within a megabyte; words beyond are left out, not refused."""
    body = " ".join(f"word{number}" for number in range(300_000))
    words, size = vector("label", body)
    assert size == 300_001
    assert len(words.encode()) < 2_000_000
    assert "'word0'" in words
    assert "'word299999'" not in words


@pytest.mark.parametrize(
    ("text", "query", "wanted"),
    [
        ("The kiln was hot", "kiln", "The «kiln» was hot"),
        ("Kilns, kiln-dried", "kiln-dried", "Kilns, «kiln-dried»"),
        ("nothing here", "kiln", ""),
        ("Über Löss", "loss uber", "«Über» «Löss»"),
    ],
)
def test_a_snippet_shows_where_the_words_stand(text: str, query: str, wanted: str) -> None:
    """The words around the densest place, found ones in « »; nothing of a text that has none of them."""
    assert snippet(text, phrases(query)) == wanted
    if wanted:
        long = snippet("a " * 40 + text + " b" * 40, phrases(query))
        assert wanted in long
        assert (long[0], long[-1]) == ("…", "…")
