"""The pure rules of dialogues: no clock, no disk, no SQL."""

from hansard.dialogue.model import TRANSITIONS, UNSETTLED
from hansard.dialogue.rules.figures import (
    ClaimCompared,
    Positions,
    claims_compared,
    figures,
    gate,
    positions_by_round,
    stated_vote,
    tensions_by_round,
    unheard,
)
from hansard.dialogue.rules.life import standing_final
from hansard.dialogue.rules.lifecycle import Lives
from hansard.dialogue.rules.marked import Apart, marked_apart_in, told_apart
from hansard.dialogue.rules.panel import plan_expert, plan_panel
from hansard.dialogue.rules.round import plan_round
from hansard.dialogue.rules.verdict import plan_verdict

__all__ = [
    "TRANSITIONS",
    "UNSETTLED",
    "Apart",
    "ClaimCompared",
    "Lives",
    "Positions",
    "claims_compared",
    "figures",
    "gate",
    "marked_apart_in",
    "plan_expert",
    "plan_panel",
    "plan_round",
    "plan_verdict",
    "positions_by_round",
    "standing_final",
    "stated_vote",
    "tensions_by_round",
    "told_apart",
    "unheard",
]
