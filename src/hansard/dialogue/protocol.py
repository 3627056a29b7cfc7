"""The Judge protocol: what ``dialogue_create`` tells a Judge about running the dialogue.

Steps and tools follow the specification's "Judge Workflow"; the table of markers is the reader's own. The skill
``alignment-play`` tells the same at length. ``tools`` are offered to every Judge, those ``where_offered`` to one whose
server has further sets of tools.
"""

from __future__ import annotations

from typing import Any, Final

from hansard.dialogue.calibration.rules import HIGH_PRIORITY, rule_ids
from hansard.dialogue.model import COMPONENTS, Dialogue
from hansard.markers.syntax import MARKERS

STEPS: Final[tuple[dict[str, Any], ...]] = (
    {
        "step": 0,
        "name": "Evolve the panel",
        "does": "Look at the last round, the open tensions and the progress; keep who is needed, draw from the pool, "
        "create an expert where nobody covers a gap. Without a call the last panel sits again. The first one is "
        "suggested by tiers: each has its share of the seats, and relevance is the weight of the draw in it.",
        "tools": ["dialogue_evolve_panel", "dialogue_expert_create", "dialogue_progress"],
    },
    {
        "step": 1,
        "name": "Fetch the context",
        "does": "One call gives the context of the whole panel. Where it is too long for an answer: a token budget, "
        "some experts at a time, or a file.",
        "tools": ["dialogue_round_context"],
        "where_offered": ["dialogue_context_write"],
    },
    {
        "step": 2,
        "name": "Build the prompts",
        "does": "Each expert gets a prompt, and whoever is new a brief in it: question, background, why they are here, "
        "mandate, relevant earlier work, progress so far. One call makes them all, with your own words where the "
        "derived ones will not do, and writes the files; without it, write them from the context.",
        "tools": [],
        "where_offered": ["dialogue_prompts"],
    },
    {
        "step": 3,
        "name": "Let the experts speak",
        "does": "All at once, none seeing another's response. Each writes with local ids and markers, into its "
        "response file or as its answer.",
        "tools": [],
    },
    {
        "step": 4,
        "name": "Read the responses",
        "does": "Read every response whole; the parser tells its entities, references and what to mend.",
        "tools": ["dialogue_parse_response"],
    },
    {
        "step": 5,
        "name": "Score and register",
        "does": "Score each expert; merge contributions that say the same; register the whole round in one batch. "
        "The answer maps local ids to display ids.",
        "tools": ["dialogue_round_register"],
    },
    {
        "step": 6,
        "name": "Look at convergence",
        "does": "Where the gate is met, register the verdict, and one for whoever dissents; otherwise back to step 0.",
        "tools": ["dialogue_progress", "dialogue_verdict_register"],
    },
)

AFTERWARDS: Final[dict[str, Any]] = {
    "does": "Export the record into a file, and check that file.",
    "tools": ["dialogue_export"],
    "where_offered": ["verify"],
}
"""What follows the last step, once a verdict stands."""


def judge_protocol(dialogue: Dialogue, output_dir: str) -> dict[str, Any]:
    """The protocol of one dialogue: steps, files, markers, scoring, gate; and, where it has one, its calibration."""
    protocol: dict[str, Any] = {
        "steps": list(STEPS),
        "afterwards": AFTERWARDS,
        "files": {
            "folder": f"{output_dir}/round-{{N}}",
            "prompt": "prompt-{expert}.md",
            "context": "context-{expert}.json",
            "response": "response-{expert}.md",
        },
        "markers": [
            {"form": marker.form, "meaning": marker.meaning, "example": marker.example}
            for marker in MARKERS
            if marker.dialect == "specification"
        ],
        "local_ids": "{EXPERT}-{P|R|T|E|C}{round:02d}{seq:02d}, such as MUFFIN-P0101",
        "scoring": {
            "components": list(COMPONENTS),
            "rule": "ALIGNMENT is the sum of the components, given for each expert and round; it has no maximum.",
        },
        "gate": {
            "rule": "A final verdict needs two things: no tension is left that is neither resolved nor accepted, and "
            "enough of the panel agrees. Whoever has registered dissent does not stand in its way.",
            "agreement": "REJECT, HOLD and a CONDITIONAL whose words 'conditions' does not repeat stand against it, "
            "whatever vote you state; otherwise the vote in 'votes' counts, then APPROVE or [MOVE:CONVERGE] in the "
            "last round. ABSTAIN leaves the count.",
            "convergence_target": dialogue.convergence_target,
            "strict_velocity": bool(dialogue.strict_velocity),
            "max_rounds": dialogue.max_rounds,
            "otherwise": "force with force_reason; the verdict shows both.",
        },
    }
    if dialogue.calibration is not None:
        protocol["calibration"] = {
            "ethos_id": dialogue.calibration["ethos_id"],
            "rules": rule_ids(dialogue.calibration),
            "modifiers": "calibration_modifiers of a round, apart from the scores: -2 for a violation "
            f"that nobody surfaced, 1 for addressing a rule of priority {HIGH_PRIORITY} or more with evidence.",
            "verdict": "A final verdict needs ethos_compliance: fully_compliant, or the exceptions with who approved "
            "them and the violations.",
        }
    return protocol
