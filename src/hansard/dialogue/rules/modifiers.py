"""What an ethos adds to an expert's round, apart from the Judge's score (dialogue.md, "Calibration"; decision 0011)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hansard.dialogue import errors
from hansard.dialogue.calibration.errors import rule_not_found
from hansard.dialogue.calibration.rules import HIGH_PRIORITY, priority_of, rule_ids
from hansard.dialogue.requests import ModifierIn
from hansard.dialogue.rules.lifecycle import Lives
from hansard.kernel.errors import HansardError, invalid_field, missing_field

MODIFIERS: Final = (-2, 1)
"""Points: for a violation that nobody surfaced, for addressing a high-priority rule with evidence."""

Resolved = Callable[[str, str], str | HansardError]
"""The display id of an id that stands in a field, or why it has none."""


def judged_modifier(
    field: str,
    given: ModifierIn,
    calibration: Mapping[str, Any] | None,
    resolved: Resolved,
    lives: Lives,
    dialogue_id: str,
) -> dict[str, Any] | HansardError:
    """A modifier as it is kept, or its first fault.

    Args:
        calibration: the dialogue's.
        lives: the entities that the batch adds or names.
    """
    if calibration is None:
        return invalid_field(
            field,
            given.rule_id,
            "is given in a dialogue without calibration",
            suggestion="Leave it out; 'dialogue_create' takes the ethos that a dialogue is held to",
        )
    if given.rule_id not in rule_ids(calibration):
        return rule_not_found(f"{field}.rule_id", given.rule_id, rule_ids(calibration))
    if given.points not in MODIFIERS:
        return invalid_field(
            f"{field}.points",
            given.points,
            "is neither -2 (a violation that nobody surfaced) nor 1 (a high-priority rule addressed with evidence)",
            valid_options=[str(points) for points in MODIFIERS],
        )
    if given.points > 0 and (priority_of(calibration, given.rule_id) or 0) < HIGH_PRIORITY:
        return invalid_field(
            f"{field}.rule_id",
            given.rule_id,
            f"has not the priority that counts here: {HIGH_PRIORITY} or more",
            suggestion="Leave the modifier out; a rule below that priority earns no point",
        )
    if given.points > 0 and given.evidence is None:
        return missing_field(f"{field}.evidence")
    evidence: str | None = None
    if given.evidence is not None:
        found = resolved(f"{field}.evidence", given.evidence)
        if isinstance(found, HansardError):
            return found
        if found[0] != "E":
            return errors.type_id_mismatch(f"{field}.evidence", given.evidence, "E", found[0])
        if found not in lives:
            return errors.target_not_found(f"{field}.evidence", given.evidence, dialogue_id, lives.known)
        evidence = found
    return {"rule_id": given.rule_id, "points": given.points, "reason": given.reason, "evidence": evidence}
