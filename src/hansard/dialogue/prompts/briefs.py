"""The brief of an expert who joins: six parts, so that nobody has to ask what the dialogue is about. Pure.

Source: specification, "Context brief requirements". What is derived here is told from the record alone; the Judge's own
words replace any part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from hansard.dialogue import views
from hansard.dialogue.contexts import SETTLED, Context
from hansard.dialogue.model import UNSETTLED, Entity, Expert, PanelMember, Record

PARTS: Final = ("question", "foundation", "why_here", "mandate", "relevant_work", "progress")
"""The six parts, in their order."""

RELEVANT: Final = 12
"""So many earlier entities a brief shows at most."""

_ID = re.compile(r"\b[PRTEC][0-9]{4}\b")
_WORD = re.compile(r"[^\W\d_]{4,}")


def is_fresh(seat: PanelMember) -> bool:
    """Whether a member needs a brief: drawn from the pool after the opening, or created."""
    return seat.source == "created" or (seat.source == "pool" and seat.round > 0)


def brief(context: Context, seat: PanelMember, own: Mapping[str, str]) -> dict[str, Any]:
    """The six parts of a fresh expert's brief.

    Args:
        context: the round's context.
        seat: the expert's seat.
        own: the Judge's words for some of the parts.
    """
    record = context.record
    expert = next(one for one in record.experts if one.slug == seat.slug)
    made: dict[str, Any] = {
        "question": record.dialogue.question,
        "foundation": foundation(record),
        "why_here": _why_here(record, expert, seat),
        "mandate": _mandate(record, expert),
        "relevant_work": [_work(entity) for entity in relevant(record, expert)],
        "progress": progress(record),
    }
    return {part: own.get(part) or made[part] for part in PARTS}


def foundation(record: Record) -> dict[str, Any]:
    """What somebody must know of the matter: domain and background as they were given."""
    dialogue = record.dialogue
    return {"title": dialogue.title, "domain": dialogue.domain, **(dialogue.background or {})}


def progress(record: Record) -> dict[str, Any]:
    """How the dialogue went so far: each round's score, figures and summary; where it stands."""
    summaries = {round_.round: round_ for round_ in record.rounds}
    rounds = views.figures_view(record)
    return {
        "rounds": [
            {
                "round": one.round,
                "title": summaries[one.round].title,
                "score": one.score,
                "open_tensions": one.open_tensions,
                "velocity": one.velocity,
                "converge_percent": one.converge_percent,
                "summary": summaries[one.round].summary,
            }
            for one in rounds
        ],
        "total_alignment": views.total_alignment(record),
        "velocity": rounds[-1].velocity if rounds else None,
        "open_tensions": [entity.id for entity in _open(record)],
    }


def relevant(record: Record, expert: Expert) -> list[Entity]:
    """Earlier entities that concern an expert most: named in the reason, linked to those, open, or of their field.

    In the order of their ids; at most ``RELEVANT``, the nearest first.
    """
    by_id = {entity.id: entity for entity in record.entities}
    told = f"{expert.creation_reason or ''} {expert.focus or ''} {expert.description or ''}"
    named = {name for name in _ID.findall(told) if name in by_id}
    near = {entity.id for entity in _open(record)} | named
    linked = {
        other
        for ref in record.refs
        for one, other in ((ref.source_id, ref.target_id), (ref.target_id, ref.source_id))
        if one in near
    }
    field = _words(f"{told} {expert.role}")

    def rank(entity: Entity) -> tuple[bool, bool, bool, int, bool, int]:
        common = len(field & _words(f"{entity.label} {entity.content}"))
        settled = entity.status in SETTLED[entity.kind]
        return (
            entity.id not in named,
            entity.id not in near,
            entity.id not in linked,
            -common,
            settled,
            -entity.round,
        )

    ranked = sorted(record.entities, key=rank)
    return sorted(ranked[:RELEVANT], key=lambda entity: (entity.round, "TPREC".index(entity.kind), entity.seq))


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))


def _open(record: Record) -> list[Entity]:
    return [entity for entity in record.entities if entity.kind == "T" and entity.status in UNSETTLED]


def _why_here(record: Record, expert: Expert, seat: PanelMember) -> str:
    if expert.source == "created":
        why = f"The Judge created you for this dialogue, and gave the reason: {expert.creation_reason or 'none'}"
    else:
        why = f"You are drawn from the pool of experts for round {seat.round}; you have not sat at this panel before."
    present = sorted(
        {one.role for one in record.experts}
        & {
            one.role
            for one in record.experts
            if one.slug in {member.slug for member in record.panel_members if member.round == seat.round - 1}
        }
        - {expert.role}
    )
    if present:
        why += f"\n\nThe panel so far: {', '.join(present)}."
    return why


def _mandate(record: Record, expert: Expert) -> list[str]:
    """What is asked of an expert, as far as the record tells."""
    tasks = []
    if expert.creation_reason:
        tasks.append(f"Settle, or say what would settle, what you were created for: {expert.creation_reason}")
    tasks.append(f"Look at the question as {_article(expert.role)}" + (f": {expert.focus}." if expert.focus else "."))
    still = [f"{entity.id} ({entity.label})" for entity in _open(record)]
    if still:
        tasks.append(f"Say what you make of the tensions that are open: {', '.join(still[:RELEVANT])}.")
    tasks.append("Bring evidence where you can, and say plainly where earlier contributions do not hold.")
    return tasks


def _article(role: str) -> str:
    return f"{'an' if role[:1].casefold() in 'aeiou' else 'a'} {role}"


def _work(entity: Entity) -> dict[str, Any]:
    return {**views.entity_view(entity), "kind": entity.kind, "round": entity.round}
