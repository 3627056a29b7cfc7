"""What makes dialogues similar: words of titles, questions, labels and contents. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from hansard.dialogue import errors
from hansard.dialogue.answers import Hit
from hansard.dialogue.model import Record
from hansard.kernel.errors import HansardError
from hansard.kernel.ids import folded, parse_display_id

MOST_WORDS: Final = 48
"""So many different words are looked for at most: a search for more takes long and finds no better."""

PLACES: Final = 400
"""So many best places are looked at."""

PLACES_SHOWN: Final = 3

QUERY_CHARACTERS: Final = 2_000
QUERY_WORDS: Final = 64
"""So long a query is searched for at most: all of its words must be found, so more than a sentence finds nothing."""

WORDS_CHARACTERS: Final = 50_000
"""So long a text is compared with dialogues at most."""

_WORD = re.compile(r"[^\W_]{3,}")
_ANY_WORD = re.compile(r"[^\W_]+")


def query_fault(query: str) -> HansardError | None:
    """Why a query is not searched for; what it says twice counts once."""
    if len(query) > QUERY_CHARACTERS:
        return errors.query_too_long("query", "characters", len(query), QUERY_CHARACTERS)
    words = sum(len(_ANY_WORD.findall(part)) for part in dict.fromkeys(query.split()))
    return errors.query_too_long("query", "words", words, QUERY_WORDS) if words > QUERY_WORDS else None


def words_fault(text: str) -> HansardError | None:
    """Why a text is not compared with dialogues."""
    if len(text) > WORDS_CHARACTERS:
        return errors.query_too_long("words", "characters", len(text), WORDS_CHARACTERS)
    return None


def words_of(texts: Iterable[str]) -> list[str]:
    """The different words of texts, in their order; signs such as ``%`` and quotes part words and are none."""
    found: dict[str, str] = {}
    for text in texts:
        for word in _WORD.findall(text):
            found.setdefault(folded(word), word)
            if len(found) == MOST_WORDS:
                return list(found.values())
    return list(found.values())


def own_words(record: Record) -> list[str]:
    """The words by which a dialogue is known: title, question, labels of tensions, then of the rest."""
    entities = sorted(record.entities, key=lambda entity: entity.kind != "T")
    return words_of([record.dialogue.title, record.dialogue.question, *(entity.label for entity in entities)])


def by_dialogue(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Places by dialogue, the best first; responses and verdicts only repeat what entities say."""
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.item == "question" or parse_display_id(hit.item):
            found.setdefault(hit.dialogue_id, []).append(hit)
    return sorted(found.values(), key=lambda places: (places[0].rank, -len(places), places[0].dialogue_id))
