"""The pure rules of dialogues: no clock, no disk, no SQL."""

from hansard.dialogue.rules.figures import ClaimCompared, Positions, claims_compared, figures, gate
from hansard.dialogue.rules.lifecycle import TRANSITIONS, UNSETTLED, Lives
from hansard.dialogue.rules.panel import plan_expert, plan_panel
from hansard.dialogue.rules.round import RoundPlan, RoundState, plan_round
from hansard.dialogue.rules.verdict import VerdictPlan, VerdictState, plan_verdict

__all__ = [
    "TRANSITIONS",
    "UNSETTLED",
    "ClaimCompared",
    "Lives",
    "Positions",
    "RoundPlan",
    "RoundState",
    "VerdictPlan",
    "VerdictState",
    "claims_compared",
    "figures",
    "gate",
    "plan_expert",
    "plan_panel",
    "plan_round",
    "plan_verdict",
]
