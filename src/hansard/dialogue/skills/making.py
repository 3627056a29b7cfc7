"""Skills as ``SKILL.md`` (the open format of agentskills.io), made from a text and from what the program knows.

The texts stand beside this module. What they tell of markers, lifecycles, references, moves, stances, verdicts, errors
and rules is filled in from the tables that the program itself works with, so that no skill teaches what no tool takes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, get_args

import hansard
from hansard.dialogue import model, requests
from hansard.dialogue.calibration import model as calibration
from hansard.dialogue.calibration.rules import HIGH_PRIORITY, PREFIXES
from hansard.dialogue.prompts.markdown import expert_markers
from hansard.dialogue.protocol import STEPS
from hansard.dialogue.rules.modifiers import MODIFIERS
from hansard.kernel.errors import Kind
from hansard.kernel.ids import KINDS, MAX_SEQ
from hansard.markers.syntax import DIAGNOSTICS, EXPERT_TARGET_TYPES, TENSION_ONLY

MAX_NAME: Final = 64
"""Characters of a skill's name (specification of agentskills.io)."""
MAX_DESCRIPTION: Final = 1024
MAX_COMPATIBILITY: Final = 500
MAX_LINES: Final = 500
"""Lines of a ``SKILL.md``; what is longer belongs into files of its own."""


class Skill(NamedTuple):
    """One skill: its name, what it does and when it is wanted, what it needs."""

    name: str
    description: str
    compatibility: str

    def text(self) -> str:
        """The whole ``SKILL.md``."""
        head = [
            "---",
            f"name: {self.name}",
            f"description: {self.description}",
            "license: Apache-2.0",
            f"compatibility: {self.compatibility}",
            "metadata:",
            f'  version: "{hansard.__version__}"',
            "---",
        ]
        body = Path(__file__).with_name(f"{self.name}.md").read_text(encoding="utf-8")
        return "\n".join(head) + "\n\n" + _wrapped(_filled(body))


SKILLS: Final = (
    Skill(
        "alignment-play",
        "Leads an ALIGNMENT dialogue as its Judge with the tools of Hansard. Seats a panel of AI experts, lets them "
        "argue in rounds, registers what they said as cited entities, and concludes with final, minority and dissent "
        "verdicts in a tamper-evident record. Use it when somebody wants a panel, a council or several experts to "
        "argue a decision, or wants a Hansard dialogue begun, continued, concluded, exported or verified.",
        "Needs the MCP server of Hansard (hansard mcp). Experts run as subagents or as separate calls of a model.",
    ),
    Skill(
        "alignment-expert",
        "How an expert answers in an ALIGNMENT dialogue. Local ids, markers for perspectives, recommendations, "
        "tensions, evidence and claims, references, moves, stances, dissent. Use it when a Judge has called you into a "
        "panel as an expert, or when a response has to be marked up for Hansard.",
        "Needs no tools; an expert who can write files leaves the response in the folder that the Judge names.",
    ),
    Skill(
        "ethos",
        "Writes down the principles, tenets and constraints that a panel of experts argues under, finds where they "
        "contradict each other, and makes an ethos without conflict for a calibrated dialogue. Use it when somebody "
        "wants rules, norms, policies or guardrails for a deliberation, or asks whether a verdict keeps them.",
        "Needs the MCP server of Hansard with its calibration tools (hansard mcp --tools dialogue,calibration).",
    ),
)
"""Every skill, the one that most people want first."""

ADVICE: Final[Mapping[Kind, str]] = {
    "invalid": "the request is malformed or breaks a rule: mend it and send it again",
    "not_found": "it names something that is not there: look it up, `valid_options` often has it",
    "conflict": "it collides with what is recorded: read the present state first",
    "refused": "it is well formed and not allowed: do what `suggestion` says, or ask the user",
    "unavailable": "something outside is missing or busy: send the same request again",
    "corrupt": "what is stored is not what was stored: stop, and tell the user to run `hansard verify --all`",
}
"""What a Judge does about each kind of error."""

LOOKED_FOR: Final = (
    "unclosed_marker", "missing_label", "missing_body", "duplicate_local_id", "other_round", "unknown_target",
    "local_id_of_other_round", "wrong_target_kind", "refine_without_source", "refine_kind_mismatch", "self_reference",
    "bridge_needs_two", "qualified_convergence", "missing_condition", "missing_cause", "bad_confidence",
    "exhibit_not_evidence",
)  # fmt: skip
"""Diagnostics that an expert can look out for while writing."""

WIDTH: Final = 120
_ENTRY: Final = re.compile(r"(?:[-*]|\d+\.) ")
_CODE: Final = re.compile(r"`[^`]+`")

_HOLDS: Final[Mapping[str, str]] = {
    "principle": "everywhere, or in the domains that it names",
    "tenet": "in its own domain: the way things are done there",
    "constraint": "for a question: what this one requires",
}


def _filled(text: str) -> str:
    """The text with everything in double braces filled in. An unknown name is a ``KeyError``."""
    return re.sub(r"\{\{(\w+)(?: (\w+))?\}\}", lambda found: _FILLING[found[1]](found[2] or ""), text)


def _wrapped(text: str) -> str:
    """The text with its paragraphs and list entries in lines of one width; fences, tables and headings stay."""
    pieces: list[tuple[str, bool]] = []
    fenced = False
    for line in text.splitlines():
        fence = line.startswith("```")
        fenced ^= fence
        prose = not (fence or fenced) and line[:1] not in ("", "|", "#", "<")
        if prose and pieces and pieces[-1][1] and not _ENTRY.match(line):
            pieces[-1] = (f"{pieces[-1][0]} {line.strip()}", True)
        else:
            pieces.append((line, prose))
    return "".join(f"{_folded(piece) if prose else piece}\n" for piece, prose in pieces)


def _folded(paragraph: str) -> str:
    """One paragraph or list entry in lines; code in it is not broken."""
    whole = _CODE.sub(lambda found: found[0].replace(" ", "\0"), paragraph)
    entry = _ENTRY.match(paragraph)
    hanging = " " * len(entry[0]) if entry else ""
    folded = textwrap.fill(whole, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
    return folded.replace("\0", " ")


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _and(words: Iterable[str]) -> str:
    *most, last = (f"`{word}`" for word in words)
    return f"{', '.join(most)} and {last}" if most else last


def _step(number: str) -> str:
    step = STEPS[int(number)]
    tools = [f"`{name}`" for name in step["tools"]] + [f"`{name}`°" for name in step.get("where_offered", ())]
    return f"{step['step']}. {step['name']}" + (f" ({', '.join(tools)})" if tools else "")


def _required(shape: str) -> str:
    """What a request about a dialogue must hold beside the dialogue's id."""
    fields = getattr(requests, shape).model_fields
    return _codes(name for name, field in fields.items() if field.is_required() and name != "dialogue_id")


def _lifecycles(_: str) -> str:
    rows = ["| | begins | steps |", "|---|---|---|"]
    for kind, steps in model.TRANSITIONS.items():
        told = "; ".join(f"{before} → {', '.join(after)}" for before, after in steps.items())
        rows.append(f"| {KINDS[kind].capitalize()} | {next(iter(steps))} | {told} |")
    return "\n".join([*rows, "", "`commented` is an event that changes no status."])


def _markers(family: str) -> str:
    """The markers of a family with their meaning, in a fence: in a table their bars would have to be masked."""
    shown = {marker.example: marker.meaning for marker in expert_markers() if marker.family == family}
    width = max(map(len, shown))
    return "\n".join(["```text", *(f"{example:<{width}}  {meaning}" for example, meaning in shown.items()), "```"])


def _lint(_: str) -> str:
    return "\n".join(f"- {DIAGNOSTICS[code].remedy.replace('{hint}', '')} (`{code}`)." for code in LOOKED_FOR)


def _rules(_: str) -> str:
    ids = {"principle": "0001", "tenet": "01", "constraint": "01"}
    return "\n".join(
        f"| {kind} | {_HOLDS[kind]} | `{'FID-' if kind == 'tenet' else ''}{PREFIXES[kind]}{ids[kind]}` | "
        f"{calibration.PRIORITIES[kind]} |"
        for kind in calibration.RULE_TYPES
    )


def _modifiers(_: str) -> str:
    violation, addressed = MODIFIERS
    return (
        f"`{violation}` for a violation that nobody surfaced, `{addressed}` for addressing a rule of priority "
        f"{HIGH_PRIORITY} or more"
    )


_FILLING: Final[Mapping[str, Callable[[str], str]]] = {
    "causes": lambda _: _codes(model.ABSTAIN_CAUSES),
    "components": lambda _: ", ".join(model.COMPONENTS),
    "confidences": lambda _: _codes(model.CONFIDENCES),
    "conflict_kinds": lambda _: _codes(calibration.CONFLICT_KINDS),
    "expert_refs": lambda _: _and(sorted(EXPERT_TARGET_TYPES)),
    "high": lambda _: str(HIGH_PRIORITY),
    "kinds": lambda _: "\n".join(f"- `{kind}`: {ADVICE[kind]}." for kind in get_args(Kind)),
    "lifecycles": _lifecycles,
    "lint": _lint,
    "markers": _markers,
    "max_seq": lambda _: str(MAX_SEQ),
    "modifiers": _modifiers,
    "move_types": lambda _: _codes(model.MOVE_TYPES),
    "ref_types": lambda _: _codes(model.REF_TYPES),
    "required": _required,
    "resolutions": lambda _: _codes(calibration.RESOLUTIONS),
    "resolved_by": lambda _: _codes(calibration.RESOLVED_BY),
    "rotations": lambda _: _codes(model.ROTATIONS),
    "rules": _rules,
    "stances": lambda _: _codes(model.STANCES),
    "step": _step,
    "tension_only": lambda _: _and(sorted(TENSION_ONLY)),
    "tiers": lambda _: ", ".join(model.TIERS),
    "verdict_types": lambda _: _codes(model.VERDICT_TYPES),
}
