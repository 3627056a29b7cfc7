"""What of a dialogue a search names and is no entity: its question, a round, a response, a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.dialogue.model import Dialogue, Row, Utterance, Verdict
from hansard.dialogue.model import Round as RoundRow
from hansard.dialogue.names import names_of
from hansard.dialogue.views import lost_members, verdict_view
from hansard.surfaces.render.blocks import Block, Gap, Heading, Prose, fields, line, table
from hansard.surfaces.render.dialogues import listed_names, status, verdict_fields
from hansard.surfaces.render.standing import verdict_standing
from hansard.surfaces.render.text import figure

if TYPE_CHECKING:
    from hansard.dialogue.exhibits.answers import StandingTold
    from hansard.dialogue.model import Record


def items(record: Record) -> dict[str, Row]:
    """Rows by the names that a search prints for them: ``question``, ``round-1``, ``round-1/muffin``, ``verdict:x``."""
    return {
        "question": record.dialogue,
        **{f"round-{one.round}": one for one in record.rounds},
        **{f"round-{said.round}/{said.slug}": said for said in record.utterances},
        **{f"verdict:{verdict.verdict_id}": verdict for verdict in record.verdicts},
    }


def item_plain(record: Record, row: Row) -> dict[str, Any]:
    """An item for programs."""
    if isinstance(row, Verdict):
        return verdict_view(record, row)
    plain: dict[str, Any] = msgspec.to_builtins(row)
    if isinstance(row, Dialogue):
        return {name: plain[name] for name in ("dialogue_id", "title", "question", "background")}
    return plain


def item(record: Record, row: Row, told: StandingTold | None = None) -> Iterator[Block]:
    """An item for people, whole.

    Args:
        told: whether the verdicts stand, where somebody looked.
    """
    names = names_of(record)
    if isinstance(row, Dialogue):
        yield Heading(row.title)
        yield Prose(row.question, indent=1)
        for name, value in (row.background or {}).items():
            if isinstance(value, str):
                yield from (Gap(), line(name.capitalize()), Prose(value, indent=1))
    elif isinstance(row, RoundRow):
        yield from _round(record, row, names)
    elif isinstance(row, Utterance):
        yield Heading(f"{names.get(row.slug, row.slug)} in round {row.round}")
        yield fields(("Score", None if row.score is None else figure(row.score)))
        yield from (Gap(), Prose(row.raw, indent=1) if row.raw else line("No words of it are kept."))
    elif isinstance(row, Verdict):
        yield Heading(f"Verdict {row.verdict_id}")
        yield verdict_fields(row, lost_members(record, row), names)
        yield from (Gap(), Prose(row.description, indent=1))
        for condition in row.conditions:
            yield line(f"- on condition: {condition}", indent=1)
        if row.what_would_change:
            yield from (Gap(), line("Would change it"), Prose(row.what_would_change, indent=1))
        for one in told.verdicts if told is not None else ():
            if one.verdict_id == row.verdict_id:
                yield from (Gap(), *verdict_standing(one))


def _round(record: Record, row: RoundRow, names: dict[str, str]) -> Iterator[Block]:
    yield Heading(f"Round {row.round}" + (f": {row.title}" if row.title else ""))
    panel = [seat.slug for seat in record.panel_members if seat.round == row.round]
    yield fields(
        ("Status", row.status),
        ("Score", None if row.score is None else figure(row.score)),
        ("Panel", listed_names(panel, names)),
    )
    if row.summary:
        yield from (Gap(), Prose(row.summary, indent=1))
    if raised := [entity for entity in record.entities if entity.round == row.round]:
        yield Gap()
        yield table(
            ["Id", "Status", "By", "Label"],
            [(one.id, status(one.status), listed_names(one.contributors, names), one.label) for one in raised],
        )
