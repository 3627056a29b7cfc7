"""The pure rules of dialogues: no clock, no disk, no SQL."""

from hansard.dialogue.model import UNSETTLED
from hansard.dialogue.rules.figures import ClaimCompared, Positions, claims_compared, figures, gate
from hansard.dialogue.rules.lifecycle import TRANSITIONS, Lives
from hansard.dialogue.rules.panel import plan_expert, plan_panel
from hansard.dialogue.rules.round import plan_round
from hansard.dialogue.rules.verdict import plan_verdict

__all__ = [
    "TRANSITIONS",
    "UNSETTLED",
    "ClaimCompared",
    "Lives",
    "Positions",
    "claims_compared",
    "figures",
    "gate",
    "plan_expert",
    "plan_panel",
    "plan_round",
    "plan_verdict",
]
