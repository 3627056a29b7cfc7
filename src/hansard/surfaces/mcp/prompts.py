"""What the server says about itself, and the prompts that a person picks in an assistant.

The steps are the protocol's own (``dialogue.protocol``); what stands here leads to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from hansard.dialogue.model import VERDICT_TYPES
from hansard.dialogue.protocol import STEPS
from hansard.kernel.errors import invalid_field, missing_field, unknown_field
from hansard.surfaces.mcp import errors

INSTRUCTIONS: Final = """\
Hansard is where a deliberation is put on record. You are the Judge: you put a question to a panel of AI experts, let \
them answer round by round, and register what they say. Hansard gives out ids, holds the rules, and keeps every \
sentence in a journal that shows alterations.

Order: dialogue_create tells you the id and the whole protocol. Then for each round: dialogue_round_context for what \
the panel is told; let the experts answer, none seeing another; dialogue_parse_response reads each answer; \
dialogue_round_register registers all of the round in one batch, and its answer maps your local ids to display ids. \
Between rounds dialogue_evolve_panel changes the panel. dialogue_progress tells whether the convergence gate is met; \
dialogue_verdict_register concludes (final), and keeps dissent (minority, dissent). dialogue_export writes the record.

State is in dialogue_id alone. Rounds count from 0. Errors are JSON: mend what 'errors' and 'suggestion' say and send \
the whole request again; nothing of a refused batch was written. Give every write a request_id of your own: sent again \
after a lost answer, it gives the first answer and changes nothing. Where an answer is too long, its error says how to \
get a shorter one."""

VERDICT_TYPE: Final = "verdict_type"
CLOSED: Final = ("converged", "abandoned")
"""Statuses in which nothing more is argued."""

ToolName = Callable[[str], str]
"""How a tool is called that an operation is behind."""


def instructions(tool: ToolName, sets: Collection[str]) -> str:
    """What the server says about itself, with the tools called as this one does, beside tools of these sets."""
    said = re.sub(r"dialogue_(?!id\b)\w+", lambda found: tool(found[0]), INSTRUCTIONS)
    return said if "dialogue" in sets else f"{said} These tools are not offered here; they are in the set 'dialogue'."


class Prompt(NamedTuple):
    """A prompt with its arguments."""

    name: str
    title: str
    description: str
    arguments: Mapping[str, str]
    required: frozenset[str]
    write: Callable[[Mapping[str, str], ToolName], str]
    """Makes the text of arguments that were checked; of a dialogue, its ``status`` is among them."""

    def checked(self, arguments: Mapping[str, str]) -> dict[str, str]:
        """The arguments that say something.

        Raises:
            HansardError: ``missing_field``, ``unknown_field``; ``invalid_field`` for no type of verdict.
        """
        for name in arguments:
            if name not in self.arguments:
                raise unknown_field(name, self.arguments)
        for name in self.arguments:
            if name in self.required and not arguments.get(name, "").strip():
                raise missing_field(name)
        given = {name: text.strip() for name, text in arguments.items() if text.strip()}
        if (kind := given.get(VERDICT_TYPE, VERDICT_TYPES[0])) not in VERDICT_TYPES:
            raise invalid_field(VERDICT_TYPE, kind, "is no type of verdict", valid_options=VERDICT_TYPES)
        return given


def _start(given: Mapping[str, str], tool: ToolName) -> str:
    panel = given.get("experts")
    wanted = (
        f"These should be asked:\n\n{_quoted(panel)}\n\n"
        if panel
        else "Choose experts who will disagree: name each one's role. "
    )
    return (
        f"Start a deliberation with Hansard on this question:\n\n{_quoted(given['question'])}\n\n{wanted}Give the pool "
        "more experts than the panel seats, in the tiers Core, Adjacent and Wildcard, so that later rounds can change "
        f"it. Call {tool('dialogue_create')}, then run the dialogue by the protocol in its answer:\n\n{_steps(tool)}"
    )


def _judge(given: Mapping[str, str], tool: ToolName) -> str:
    if given["status"] in CLOSED:
        return (
            f"The dialogue '{given['dialogue_id']}' is {given['status']}: no round is added to it. Tell so, and what "
            f"{tool('dialogue_progress')} says of it. Only where the user wants to argue on, say that it can be "
            f"reopened: {tool('dialogue_reopen')}."
        )
    return (
        f"Act as the Judge of the dialogue '{given['dialogue_id']}' for its next round. Look at "
        f"{tool('dialogue_progress')} first. Where the gate is met, say so and propose a verdict instead of a round. "
        f"Otherwise take these steps:\n\n{_steps(tool)}"
    )


def _verdict(given: Mapping[str, str], tool: ToolName) -> str:
    kind = given.get(VERDICT_TYPE, "final")
    over = (
        f"It is {given['status']} already: say so first, and go on only where the user wants this verdict all the "
        "same; a final one then names the one that it replaces in 'supersedes'. "
        if given["status"] in CLOSED
        else ""
    )
    changes = "Say in 'what_would_change' what would change the minds of this minority. " if kind == "minority" else ""
    return (
        f"Write a {kind} verdict for the dialogue '{given['dialogue_id']}'. {over}{changes}Read "
        f"{tool('dialogue_progress')} and {tool('dialogue_round_context')} first, "
        f"and {tool('dialogue_expand_citations')} for whatever you cite. "
        "Name what it rests on: the recommendations adopted, the tensions resolved or accepted, the key evidence and "
        "claims, who supports it and how each expert voted. Give whoever disagrees a minority or dissent verdict in "
        f"their own words. Register with {tool('dialogue_verdict_register')}; where the gate bars a final verdict, "
        "tell what is missing rather than forcing it."
    )


def _quoted(text: str) -> str:
    """Words of somebody else's, which cannot pass for ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _steps(tool: ToolName) -> str:
    """The steps of the protocol, with the tools of each."""
    lines = []
    for step in STEPS:
        tools = ", ".join(tool(name) for name in step["tools"])
        lines.append(f"{step['step']}. {step['name']}: {step['does']}" + (f" ({tools})" if tools else ""))
    return "\n".join(lines)


DIALOGUE: Final = {"dialogue_id": "The dialogue's id."}

PROMPTS: Final = (
    Prompt(
        "start_dialogue",
        "Start a deliberation",
        "Put a question before a panel of experts, and run the dialogue as its Judge.",
        {
            "question": "What the panel argues.",
            "experts": "Who should be asked, in your own words; chosen if left out.",
        },
        frozenset({"question"}),
        _start,
    ),
    Prompt(
        "judge_round",
        "Judge the next round",
        "Act as the Judge of a dialogue for one more round.",
        DIALOGUE,
        frozenset(DIALOGUE),
        _judge,
    ),
    Prompt(
        "write_verdict",
        "Write a verdict",
        "Conclude a dialogue, or record a minority's view.",
        {**DIALOGUE, VERDICT_TYPE: "interim, final, minority or dissent; final if left out."},
        frozenset(DIALOGUE),
        _verdict,
    ),
)


def find(name: str) -> Prompt:
    """The prompt of a name.

    Raises:
        HansardError: ``unknown_prompt``.
    """
    for prompt in PROMPTS:
        if prompt.name == name:
            return prompt
    raise errors.unknown_prompt(name, [prompt.name for prompt in PROMPTS])
