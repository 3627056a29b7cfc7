"""The life of a dialogue beside its rounds and verdicts: abandoned, reopened, tagged (dialogue.md, 11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from hansard.dialogue import errors
from hansard.dialogue.model import ERASED, Dialogue, DialogueEvent, Verdict
from hansard.kernel.errors import HansardError, did_you_mean, invalid_field, missing_field
from hansard.kernel.ids import RESERVED_SLUGS, expert_slug, folded


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dialogue stands when a step of its life is taken."""

    dialogue: Dialogue
    rounds: int
    """Rounds registered so far."""
    verdicts: int
    """Verdicts registered so far."""
    events: int
    """Steps of its life so far."""
    time: str


Step = tuple[Dialogue, DialogueEvent]
"""The dialogue after a step, and the step."""

OUTSIDE: Final = tuple(sorted(RESERVED_SLUGS))
"""Who may take these steps: the Judge, and an outside actor. An expert argues, and does not close or open."""


def standing_final(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The final verdict that no later final one supersedes; the latest where an imported dialogue has several.

    A minority's verdict concludes nothing, whatever it names in ``supersedes``.
    """
    given = list(verdicts)
    superseded = {verdict.supersedes for verdict in given if verdict.verdict_type == "final"}
    return next(
        (one for one in reversed(given) if one.verdict_type == "final" and one.verdict_id not in superseded), None
    )


def abandon(now: Now, by: Sequence[str], reason: str) -> Step | list[HansardError]:
    """An open or converging dialogue is given up."""
    actors, faults = _actors(by)
    if now.dialogue.closed:
        faults.append(errors.dialogue_closed(now.dialogue.dialogue_id, now.dialogue.status))
    if faults:
        return faults
    after = msgspec.structs.replace(now.dialogue, status="abandoned")
    return after, _event(now, "abandoned", actors, reason, status_before=now.dialogue.status)


def reopen(now: Now, by: Sequence[str], reason: str) -> Step | list[HansardError]:
    """An abandoned or converged dialogue goes on. It is open, whatever its last round says, until the next is held."""
    actors, faults = _actors(by)
    if now.dialogue.title == now.dialogue.question == ERASED:
        faults.append(errors.dialogue_closed(now.dialogue.dialogue_id, "erased"))
    elif not now.dialogue.closed:
        faults.append(errors.dialogue_not_closed(now.dialogue.dialogue_id, now.dialogue.status))
    if faults:
        return faults
    after = msgspec.structs.replace(now.dialogue, status="open", converged_at=None)
    detail: dict[str, Any] = {"status_before": now.dialogue.status}
    if now.dialogue.converged_at is not None:
        detail["converged_at_before"] = now.dialogue.converged_at
    return after, _event(now, "reopened", actors, reason, **detail)


def tag(now: Now, by: Sequence[str], add: Sequence[str], remove: Sequence[str]) -> Step | list[HansardError] | None:
    """Tags are added and removed; ``None`` where nothing changes. Tags are matched as names are, kept as written."""
    actors, faults = _actors(by)
    before = now.dialogue.tags
    standing = {folded(one) for one in before}
    if not add and not remove:
        faults.append(missing_field("add"))
    for index, one in enumerate(remove):
        if folded(one) not in standing:
            faults.append(
                invalid_field(
                    f"remove[{index}]",
                    one,
                    "is no tag of this dialogue",
                    valid_options=before,
                    suggestion=did_you_mean(one, before) or "'dialogue_list' tells the tags",
                )
            )
        if folded(one) in {folded(other) for other in add}:
            faults.append(invalid_field(f"remove[{index}]", one, "is to be added and removed at once"))
    if faults:
        return faults
    gone = {folded(one) for one in remove}
    kept = [one for one in before if folded(one) not in gone]
    fresh = {folded(one): one for one in reversed(add) if folded(one) not in standing}
    added = list(reversed(fresh.values()))
    if not added and len(kept) == len(before):
        return None
    after = msgspec.structs.replace(now.dialogue, tags=[*kept, *added])
    removed = [one for one in before if folded(one) in gone]
    return after, _event(now, "tagged", actors, None, added=added, removed=removed, before=before)


def _actors(by: Sequence[str]) -> tuple[list[str], list[HansardError]]:
    faults = [
        invalid_field(
            f"by[{index}]",
            name,
            "may not close, open or tag a dialogue",
            valid_options=OUTSIDE,
            suggestion="Name the Judge, or 'user' for somebody outside the panel",
        )
        for index, name in enumerate(by)
        if expert_slug(name) not in RESERVED_SLUGS
    ]
    return list(dict.fromkeys(expert_slug(name) for name in by)), faults


def _event(now: Now, word: str, actors: list[str], reason: str | None, **detail: Any) -> DialogueEvent:
    # how many rounds and verdicts there were says when it was, also where an import gives all of them one time
    return DialogueEvent(
        dialogue_id=now.dialogue.dialogue_id,
        seq=now.events + 1,
        type=word,
        actors=actors,
        reason=reason,
        detail={**detail, "rounds": now.rounds, "verdicts": now.verdicts},
        created_at=now.time,
    )
