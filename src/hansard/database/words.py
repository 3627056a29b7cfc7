"""Words of a text as SQLite's full text sees them (unicode61, diacritics removed): the same on every database.

A server's own dictionaries depend on how it was set up, and every library has its own idea of a letter; a search that
finds a place in one store must find it in its copy. So SQLite, which Python brings, reads the words in memory wherever
they are kept. Pure but for that.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

TOKENIZER: Final = "unicode61 remove_diacritics 2"

SNIPPET_WORDS: Final = 24

LABEL_WEIGHT: Final = 4.0
"""A word in a label counts as so many in a body."""

MOST_WORDS: Final = 64
"""A search for any of many words looks for so many of them."""

_LONGEST: Final = 500  # characters; a lexeme of PostgreSQL holds 2046 bytes

_K1: Final = 1.2
_B: Final = 0.75


class Found(NamedTuple):
    """A place in the search index, and how well it fits."""

    dialogue_id: str
    item: str
    label: str
    snippet: str
    rank: float
    """BM25, negative: the lower, the better."""


class Item(NamedTuple):
    """Words to be found again: whose they are, which item of the dialogue, its label and its body."""

    dialogue_id: str
    item: str
    label: str
    body: str


Phrase = tuple[str, ...]
"""Words that must follow each other; one word as a rule."""


class _Reader(threading.local):
    """An SQLite in memory; each thread has its own."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        run = self.database.execute
        run(f"CREATE VIRTUAL TABLE search USING fts5(label, body, tokenize = '{TOKENIZER}')")
        run("CREATE VIRTUAL TABLE words USING fts5vocab(search, instance)")


_reader = _Reader()


def words_of(texts: Iterable[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    """The words of labels and bodies, in small letters without marks, in their order."""
    given = list(texts)
    found: list[tuple[dict[int, str], dict[int, str]]] = [({}, {}) for _ in given]
    run = _reader.database.execute
    run("BEGIN")
    try:
        rows = ((number, *text) for number, text in enumerate(given))
        _reader.database.executemany("INSERT INTO search (rowid, label, body) VALUES (?, ?, ?)", rows)
        for number, column, offset, word in run("SELECT doc, col, offset, term FROM words"):
            found[number][column == "body"][offset] = word[:_LONGEST]
    finally:
        run("ROLLBACK")
    return [([label[at] for at in sorted(label)], [body[at] for at in sorted(body)]) for label, body in found]


def phrases(query: str) -> list[Phrase]:
    """What a query asks for. Nothing in it is an operator: what stands between two spaces is one phrase."""
    read = words_of(("", part) for part in query.split())
    return list(dict.fromkeys(tuple(body) for _, body in read if body))


def matching(wanted: Sequence[Phrase], *, every: bool) -> str:
    """Phrases as FTS5 is asked for them."""
    return (" " if every else " OR ").join(f'"{" ".join(phrase)}"' for phrase in wanted)


def snippets(texts: Iterable[tuple[str, str]], match: str) -> list[str]:
    """The words around the densest place of each label and body, those that were found in « »."""
    given = list(texts)
    run = _reader.database.execute
    run("BEGIN")
    try:
        rows = ((number, *text) for number, text in enumerate(given))
        _reader.database.executemany("INSERT INTO search (rowid, label, body) VALUES (?, ?, ?)", rows)
        shown = "SELECT rowid, snippet(search, -1, '«', '»', '…', ?) FROM search WHERE search MATCH ?"
        told = dict(run(shown, (SNIPPET_WORDS, match)).fetchall())
    finally:
        run("ROLLBACK")
    return [told.get(number, "") for number in range(len(given))]


def occurrences(phrase: Phrase, positions: Mapping[str, Mapping[int, float]]) -> float:
    """How often a phrase stands in a place, each time by the weight of where it stands."""
    return sum(
        weight
        for at, weight in positions.get(phrase[0], {}).items()
        if all(at + step in positions.get(word, {}) for step, word in enumerate(phrase))
    )


def bm25(frequencies: Sequence[float], having: Sequence[int], size: int, total: int, mean: float) -> float:
    """The rank of one place, as SQLite's ``bm25()`` computes it.

    Args:
        frequencies: how often each phrase stands here, weighted.
        having: at how many places each phrase stands.
        size: words of this place.
        total: places there are.
        mean: words of a place on average.
    """
    score = 0.0
    for frequency, places in zip(frequencies, having, strict=True):
        rarity = max(math.log((total - places + 0.5) / (places + 0.5)), 1e-6)
        length = 1 - _B + _B * size / mean if mean else 1.0
        score += rarity * frequency * (_K1 + 1) / (frequency + _K1 * length)
    return -score
