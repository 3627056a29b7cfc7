"""How a record is put into words: names, dates, numbers, citations. Everything given back is safe Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from hansard.dialogue import model
from hansard.dialogue.names import names_of
from hansard.exchange.markdown import code, plain
from hansard.exchange.origin import time_is_guessed
from hansard.kernel.ids import KINDS, shown_name

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SMALL: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

REFERENCE_WORDS: Final = {
    "support": ("supports", "supported by"),
    "oppose": ("opposes", "opposed by"),
    "refine": ("refines", "refined by"),
    "address": ("addresses", "addressed by"),
    "resolve": ("claims to resolve", "called resolved by"),
    "reopen": ("reopens", "reopened by"),
    "question": ("questions", "questioned by"),
    "depend": ("rests on", "relied on by"),
}
"""A reference's type as a verb, and as seen from its target."""

MOVE_WORDS: Final = {
    "defend": "defends",
    "challenge": "challenges",
    "bridge": "bridges",
    "request": "asks the panel",
    "concede": "concedes",
    "converge": "is ready to conclude",
}


STEP_WORDS: Final = {
    "accept": "accepted",
    "acknowledged": "acknowledged",
    "address": "proposed as addressed",
    "called resolved": "called resolved",
    "confirm": "confirmed",
    "defer": "deferred",
    "refinement": "refined in words",
    "reopen": "proposed as reopened",
    "resolution": "proposed as resolved",
    "resolve": "proposed as resolved",
    "resolved": "proposed as resolved",
}
"""What somebody said of an entity without changing its status, by the word that was written."""


FEW: Final = 8
"""So many tensions are named one by one; of more, only those that are not simply open."""


class Wording:
    """Names and citations of one record."""

    def __init__(self, record: model.Record) -> None:
        self._names = names_of(record)
        self._entities = {entity.id: entity for entity in record.entities}

    def name(self, slug: str) -> str:
        """An actor's name."""
        return plain(self._names.get(slug) or shown_name(slug))

    def names(self, slugs: Iterable[str]) -> str:
        """Several actors' names, as a list in a sentence."""
        return listed([self.name(slug) for slug in slugs])

    def cite(self, reference: str) -> str:
        """A citation: a link to the entity within the document; ``@muffin`` is the expert's whole position."""
        if reference in self._entities:
            return f"[{reference}](#{reference.lower()})"
        if reference.startswith("@"):
            return f"{self.name(reference[1:])}’s position"
        return code(plain_code(reference))

    def cites(self, references: Iterable[str]) -> str:
        """Several citations, as a list in a sentence."""
        return listed([self.cite(reference) for reference in references])

    def gate(self, gate: model.Gate, codes: Sequence[str], cite: Callable[[str], str] | None = None) -> list[str]:
        """Why a gate is not met (its ``reasons``), or what it warns of (its ``warnings``), in words.

        Args:
            cite: how a tension is named; ``cite`` where left out.
        """
        told = []
        if "open_tensions" in codes:
            ids = gate.open_tensions
            which_ones = f" ({', '.join(map(cite or self.cite, ids))})" if len(ids) <= FEW else ""
            told.append(f"{counted(len(ids), 'tension')} {'was' if len(ids) == 1 else 'were'} not settled{which_ones}")
        if "not_agreed" in codes:
            told.append(
                f"{percent(gate.share)} % of the panel agreed or had its dissent recorded, and "
                f"{percent(gate.target)} % are needed ({self.names(gate.not_agreed)} did not agree)"
            )
        if "new_perspectives" in codes:
            told.append(f"{counted(gate.new_perspectives, 'new perspective')} came up in the last round")
        return told

    def label(self, entity_id: str) -> str:
        """A citation with the entity's label behind it."""
        entity = self._entities.get(entity_id)
        return f"{self.cite(entity_id)} {plain(entity.label)}" if entity else self.cite(entity_id)


def plain_code(text: str) -> str:
    """A text that may stand in a code span: on one line."""
    return " ".join(text.split()) or " "


def listed(items: Sequence[str]) -> str:
    """``a, b and c``; ``nobody`` for none."""
    if not items:
        return "nobody"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def number(count: int) -> str:
    """A count in a sentence: a word up to twelve."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else str(count)


def percent(share: float) -> int:
    """A share in percent, rounded down as all of the record's figures are: 2 of 3 are 66 %."""
    return int(100 * share + 1e-6)  # 0.29 stands a little below itself


def counted(count: int, thing: str, things: str | None = None) -> str:
    """``one tension``, ``3 tensions``: a number and its noun."""
    return f"{number(count)} {thing if count == 1 else things or thing + 's'}"


def day(time: str) -> str:
    """``14 September 2026``."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return plain(time)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def held_on(dialogue: model.Dialogue) -> str:
    """The day of a dialogue; that of its newest file where nothing tells when it was held, and then it says so."""
    told = day(dialogue.created_at)
    if time_is_guessed(dialogue.origin):
        told += " (the time of its newest file; nothing tells when it was held)"
    return told


def moment_of(time: str) -> str:
    """``14 September 2026, 09:00 UTC``."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return plain(time)
    return f"{day(time)}, {moment:%H:%M} UTC"


def sentence(text: str) -> str:
    """A text with a capital first and a full stop last."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def plural(kind: str, count: int) -> str:
    """The name of a kind of entity, in the number that ``count`` asks for."""
    word = KINDS[kind]
    return word if count == 1 or kind == "E" else f"{word}s"
