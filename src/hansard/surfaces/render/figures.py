"""Rounds in figures, with what the Judge claimed beside what the record shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hansard.surfaces.render.blocks import Block, Cell, Table, Words, line, table
from hansard.surfaces.render.text import count, figure, percent

if TYPE_CHECKING:
    from hansard.dialogue.answers import RoundFigures


class Claimed(NamedTuple):
    """What the Judge stated, and what the record shows instead or as well."""

    round: int | None
    item: str
    claimed: str
    computed: str | None
    differs: bool
    source: str | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Claimed:
        """A claim as an operation answers it."""
        return cls(*(given.get(name) for name in cls._fields))  # type: ignore[arg-type]


COMPARED: Final = {
    "open_tensions": "Open",
    "new_perspectives": "New",
    "velocity": "Velocity",
    "converge_percent": "Converged",
}
"""Figures that judges state, with the name of their column: open tensions, new perspectives, their sum, agreement."""

SPOKEN: Final = {
    "open_tensions": "open tensions",
    "new_perspectives": "new perspectives",
    "velocity": "velocity",
    "converge_percent": "convergence",
}
"""The same figures as a sentence calls them."""


def figures(rounds: Sequence[RoundFigures], claims: Iterable[Mapping[str, Any]]) -> Table:
    """One row a round: each computed figure, and after it what the Judge claimed (``≠`` where it differs)."""
    said = {(claim.round, claim.item): claim for claim in map(Claimed.of, claims)}
    compared = [item for item in COMPARED if any(key[1] == item for key in said)]
    columns = [">Round", ">Score"]
    for item, name in COMPARED.items():
        columns += [f">{name}", ">claimed"] if item in compared else [f">{name}"]
    rows = []
    for one in rounds:
        row: list[Cell] = [str(one.round), figure(one.score)]
        for item in COMPARED:
            value = getattr(one, item)
            row.append(percent(value) if item == "converge_percent" else figure(value))
            if item in compared:
                row.append(_claimed(said.get((one.round, item))))
        rows.append(row)
    return table(columns, rows)


def _claimed(claim: Claimed | None) -> Cell:
    if claim is None:
        return Words("–", "quiet")
    return Words(f"≠ {claim.claimed}", "bad") if claim.differs else Words(claim.claimed, "quiet")


def differing(claims: Iterable[Mapping[str, Any]]) -> list[Claimed]:
    """The claims that the record does not bear out."""
    return [claim for claim in map(Claimed.of, claims) if claim.differs]


def difference_note(claims: Iterable[Mapping[str, Any]]) -> list[Block]:
    """A line that tells of claims the record does not bear out; nothing where there are none."""
    number = len(differing(claims))
    if not number:
        return []
    return [
        line(
            Words(f"The record does not bear out {count(number, 'claim')} that the Judge recorded", "warn"),
            "; 'hansard minutes' says each in a sentence, and what the Clerk found in the verdict.",
        )
    ]
