"""What the operations on exhibits, watches and standing give back."""

from __future__ import annotations

from typing import Any

from hansard.kernel.shapes import Shape


class ExhibitTold(Shape):
    """An exhibit."""

    id: str
    kind: str
    label: str
    reference: dict[str, Any]
    digest: str
    size: int | None = None
    media_type: str | None = None
    round: int
    added_by: str
    created_at: str


class ExhibitAdded(Shape):
    """The pinned exhibit; evidence cites it by its id."""

    status: str = "success"
    dialogue_id: str
    exhibit: ExhibitTold
    created: bool = True
    """``false``: the same material was pinned before, and this is that exhibit; nothing was added."""
    warnings: list[str] = []


class ExhibitState(ExhibitTold):
    """An exhibit, and whether it still is what was pinned."""

    state: str
    """as_pinned, altered, missing, differs (it came with a record from elsewhere, and is another one here) or
    not_checked."""
    why: str | None = None
    replaced_by: str | None = None
    cited_by: list[str] = []


class ExhibitsListed(Shape):
    """The exhibits of a dialogue."""

    dialogue_id: str
    exhibits: list[ExhibitState]


class WatchAdded(Shape):
    """The bound condition."""

    status: str = "success"
    dialogue_id: str
    verdict_id: str
    seq: int
    condition: str
    kind: str
    reference: dict[str, Any]


class Changed(Shape):
    """Something that a verdict rests on and that is not what it was."""

    what: str
    """exhibit, rule, ethos or verdict."""
    id: str
    was: str
    now: str
    why: str


class Watched(Shape):
    """A watched condition and where it is."""

    condition: str
    kind: str
    reference: dict[str, Any]
    state: str
    """waiting, due, breached or not_checked."""
    since: str | None = None
    """Since when it is due or breached."""


class RestsOn(Shape):
    """What a verdict's key evidence and claims lead to."""

    exhibits: list[str] = []
    ethos: str | None = None
    through: list[str] = []
    """The entities on the way, in order of their ids."""


class VerdictStanding(Shape):
    """Whether one verdict still stands."""

    verdict_id: str
    verdict_type: str
    standing: str
    """stands, stale, breached, due or superseded: the gravest that holds."""
    superseded_by: str | None = None
    changed: list[Changed] = []
    watched: list[Watched] = []
    rests_on: RestsOn
    not_checked: list[str] = []
    """What nobody looked into, and why."""
    notes: list[str] = []


class StandingTold(Shape):
    """Whether the verdicts of a dialogue still stand."""

    dialogue_id: str
    title: str
    on: str
    standing: str | None
    """That of the verdict that concluded it; ``null`` where none does."""
    verdicts: list[VerdictStanding]
