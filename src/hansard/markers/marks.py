"""What is known of a marker between the two passes: where it stands, and what its head says.

The head is what stands inside the brackets; there is one type of it for each family of markers.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from hansard.markers.model import Dialect, Target, VerdictKind


class EntityHead(msgspec.Struct, frozen=True):
    """``[MUFFIN-P0101: label]``, ``[PERSPECTIVE P01: label]``."""

    kind: str
    number: int
    """1 to 99; 0 where a free number must be found."""
    label: str
    dialect: Dialect
    trouble: str = ""
    """Why the number is not as written: a diagnostic's code."""
    written: str = ""
    """What stood in its place."""
    restates: Target | None = None


class ReferenceHead(msgspec.Struct, frozen=True):
    """``[RE:SUPPORT E0001]``."""

    type: str
    targets: tuple[Target, ...]
    label: str


class MoveHead(msgspec.Struct, frozen=True):
    """``[MOVE:BRIDGE P0003 R0001]``."""

    type: str
    targets: tuple[Target, ...]
    label: str


class StanceHead(msgspec.Struct, frozen=True):
    """``[MUFFIN-S0101: CONDITIONAL | 0.85]``; ``label`` is what is neither stance, confidence nor cause."""

    local_id: str
    stance: str
    confidence: float | None
    cause: str | None
    label: str


class VerdictHead(msgspec.Struct, frozen=True):
    """``[DISSENT]``, ``[MINORITY VERDICT: label]``, ``[VERDICT:FINAL]``."""

    kind: VerdictKind
    label: str


class ExhibitHead(msgspec.Struct, frozen=True):
    """``[EXHIBIT X0001]``."""

    exhibits: tuple[str, ...]
    label: str


class AnnotationHead(msgspec.Struct, frozen=True):
    """``[RESOLVED T05: label]``, and whatever is known to be no other marker."""

    word: str
    known: bool
    targets: tuple[Target, ...]
    label: str
    addressee: str | None = None


class QuotationHead(msgspec.Struct, frozen=True):
    """A marker that is not the author's word."""

    expert: str | None
    label: str


class RepeatHead(msgspec.Struct, frozen=True):
    """A marker that says again what another one says; ``source`` is the entity it repeats, if it is one."""

    source: str | None
    label: str = ""


Head: TypeAlias = (
    EntityHead
    | ReferenceHead
    | MoveHead
    | StanceHead
    | VerdictHead
    | ExhibitHead
    | AnnotationHead
    | QuotationHead
    | RepeatHead
)


class Mark(msgspec.Struct):
    """A marker at its place; its head is read, and its words are found, after it is made."""

    start: int
    end: int
    cut: int
    """Where the stretch before it ends; -1 when it stands inside a line and ends nothing."""
    line: int
    """From 1."""
    line_start: int
    line_end: int
    table: bool
    """Whether it stands in a row of a table."""
    quoted: bool
    """Whether it stands in a block quote."""
    body_start: int
    body_end: int
    head: Head = RepeatHead(None)

    @property
    def column(self) -> int:
        """From 1."""
        return self.start - self.line_start + 1

    @property
    def in_line(self) -> bool:
        """Whether it ends no stretch of text."""
        return self.cut < 0


def meaning(head: Head) -> tuple[object, ...]:
    """What two markers must share to say the same."""
    ids = tuple(target.id for target in getattr(head, "targets", ()))
    match head:
        case EntityHead():
            return ("entity", head.kind, head.number or head.label)
        case ReferenceHead() | MoveHead():
            return (type(head).__name__, head.type, ids, head.label)
        case StanceHead():
            return ("stance", head.local_id, head.stance)
        case AnnotationHead():
            return ("annotation", head.word, ids, head.label if not ids else "")
        case VerdictHead():
            return ("verdict", head.kind, head.label)
        case _:
            return ("nothing", id(head))
