"""What makes dialogues similar: words of titles, questions, labels and contents. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from hansard.dialogue.answers import Hit
from hansard.dialogue.model import Record
from hansard.kernel.ids import folded, parse_display_id

MOST_WORDS: Final = 48
"""So many different words are looked for at most: a search for more takes long and finds no better."""

PLACES: Final = 400
"""So many best places are looked at."""

PLACES_SHOWN: Final = 3

_WORD = re.compile(r"[^\W_]{3,}")


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
