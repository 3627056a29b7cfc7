"""Identifiers: slugs, display ids and local ids.

Two kinds of id name an entity (specification, "Two-Phase ID Assignment"). An expert writes a *local id*
(``MUFFIN-P0101``); registration gives a *display id* (``P0101``) whose digits are two of round and two of
sequence. The expert is data beside the display id, never part of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

KINDS: Final[dict[str, str]] = {
    "P": "perspective",
    "R": "recommendation",
    "T": "tension",
    "E": "evidence",
    "C": "claim",
}
"""Entity kinds by the letter that opens their ids (specification, "Display ID Formulas")."""

PLURALS: Final[dict[str, str]] = {
    "P": "perspectives",
    "R": "recommendations",
    "T": "tensions",
    "E": "evidence",
    "C": "claims",
}
"""The name of the list that carries each kind in requests, answers and exports."""

MAX_ROUND: Final = 99
MAX_SEQ: Final = 99
RESERVED_SLUGS: Final = frozenset({"judge", "user"})
"""Actors that are no experts: the Judge, and a person outside the panel."""

EXPERT_NAMES: Final[tuple[str, ...]] = (
    "muffin", "cupcake", "scone", "eclair", "donut", "brioche", "croissant", "macaron", "cannoli", "strudel",
    "beignet", "churro", "profiterole", "tartlet", "galette", "palmier", "kouign", "sfogliatella", "financier",
    "religieuse",
)  # fmt: skip
"""Names given, in this order, to experts of a pool that brings none; then ``pastry-21`` and so on."""

_DISPLAY_ID = re.compile(r"([PRTEC])([0-9]{2})([0-9]{2})")
_LOCAL_ID = re.compile(r"([A-Z][A-Z0-9-]{1,31})-([A-Z])([0-9]{2})([0-9]{2})")
_EXPERT_SLUG = re.compile(r"[a-z][a-z0-9-]{1,31}")
_EXPERT_TARGET = re.compile(r"@([a-z][a-z0-9-]{1,31})")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")

SLUG_LENGTH: Final = 80
LATEST: Final = "latest"
"""Stands, wherever a dialogue's id is asked for, for the dialogue that was written to last; so it is nobody's id."""


class DisplayId(NamedTuple):
    """A display id taken apart: kind letter, origin round (0–99), sequence within the round (1–99)."""

    kind: str
    round: int
    seq: int

    def __str__(self) -> str:
        return display_id(*self)


@cache
def display_id(kind: str, round_: int, seq: int) -> str:
    """``P0101``; there are 49,500 at most, and a reader of a long record asks for each of them many times."""
    return f"{kind}{round_:02d}{seq:02d}"


class LocalId(NamedTuple):
    """A local id taken apart; ``expert`` is the slug in lower case."""

    expert: str
    kind: str
    round: int
    seq: int

    def __str__(self) -> str:
        return f"{self.expert.upper()}-{self.kind}{self.round:02d}{self.seq:02d}"


def parse_display_id(text: str) -> DisplayId | None:
    """Take ``P0101`` apart; ``None`` for anything else, including a sequence of 00."""
    found = _DISPLAY_ID.fullmatch(text)
    if found is None or found[3] == "00":
        return None
    return DisplayId(found[1], int(found[2]), int(found[3]))


def parse_local_id(text: str) -> LocalId | None:
    """Take ``MUFFIN-P0101`` apart; ``None`` for anything else. The kind letter is not judged here."""
    found = _LOCAL_ID.fullmatch(text)
    if found is None or found[4] == "00":
        return None
    return LocalId(found[1].lower(), found[2], int(found[3]), int(found[4]))


def parse_expert_target(text: str) -> str | None:
    """The slug of ``@muffin``, a reference to an expert's whole position; ``None`` for anything else."""
    found = _EXPERT_TARGET.fullmatch(text)
    return found[1] if found else None


def is_expert_slug(text: str) -> bool:
    """Whether ``text`` may name an expert: ``[a-z][a-z0-9-]{1,31}`` and not reserved."""
    return _EXPERT_SLUG.fullmatch(text) is not None and text not in RESERVED_SLUGS


def slugify(title: str) -> str:
    """A dialogue's slug from its title: ASCII letters and digits, joined by single hyphens.

    Accents are dropped (``Café`` gives ``cafe``); anything else separates. At most 80 characters, cut at a
    hyphen where there is one. A title without a single usable character gives ``dialogue``.
    """
    slug = _plain_slug(title)
    if len(slug) > SLUG_LENGTH:
        head = slug[: SLUG_LENGTH + 1]
        slug = head.rsplit("-", 1)[0] if "-" in head else head[:SLUG_LENGTH]
    return slug or "dialogue"


def free_ids(slug: str) -> Iterator[str]:
    """The ids that a dialogue may get from its slug, in order: the slug, then -2 to -99, cut where that would not fit.

    ``LATEST`` is none of them.
    """
    if slug != LATEST:
        yield slug
    for number in range(2, 100):
        ending = f"-{number}"
        yield slug[: SLUG_LENGTH - len(ending)].rstrip("-") + ending


def _plain_slug(text: str) -> str:
    folded_apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(letter for letter in folded_apart if not unicodedata.combining(letter))
    return _NOT_SLUG.sub("-", plain).strip("-")


def expert_slug(name: str) -> str:
    """The slug an expert's display name stands for (``Muffin`` gives ``muffin``); empty where there is none."""
    return _plain_slug(name)[:32].strip("-")


def shown_name(slug: str) -> str:
    """An actor's name as people read it, told from the slug alone (``anna-lena`` gives ``Anna-Lena``)."""
    return {"judge": "the Judge", "user": "the user"}.get(slug) or "-".join(
        part[:1].upper() + part[1:] for part in slug.split("-")
    )


def default_expert_name(index: int) -> str:
    """The name of the expert at ``index`` (from 0) of a pool that brings no names."""
    return EXPERT_NAMES[index] if index < len(EXPERT_NAMES) else f"pastry-{index + 1}"


def folded(name: str) -> str:
    """A name in the form in which names are compared: NFC and case-folded. Texts are never changed."""
    return unicodedata.normalize("NFC", name).casefold()
