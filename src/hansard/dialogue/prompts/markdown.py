"""An expert's prompt in Markdown (specification, "Prompt format"). Pure.

What experts said stands behind a quote mark, line by line, so that no heading in it can pass for one of the prompt's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hansard.dialogue.contexts import Context
from hansard.dialogue.model import Expert, PanelMember
from hansard.kernel.ids import KINDS, shown_name
from hansard.markers.syntax import MARKERS, Marker

_NAMED = re.compile(r"NAME-([A-Z])rr")
_SPACE = re.compile(r"\s+")

RULE = "---"


def prompt(
    context: Context,
    seat: PanelMember,
    earlier: Sequence[tuple[str | None, str]],
    *,
    brief: Mapping[str, Any] | None,
    task: str | None = None,
    instructions: str | None = None,
) -> str:
    """The whole prompt of one member of the panel.

    Args:
        context: the round's context.
        seat: the member's seat.
        earlier: what was said in earlier rounds (``earlier_rounds``), the same for all.
        brief: the six parts for somebody who is new; ``None`` for the others.
        task: the Judge's words for the task, instead of the derived ones.
        instructions: the Judge's words, added to the instructions.
    """
    expert = next(one for one in context.record.experts if one.slug == seat.slug)
    names = {one.slug: one.shown for one in context.record.experts}
    sections = [
        _head(context),
        _background(context.body["dialogue"].get("background")),
        _calibration(context.body),
        None if brief is None else _brief(context.round, brief, names),
        _role(context, expert, task),
        _prior_rounds(earlier, seat.slug, names),
        _tensions(context, seat.slug, names),
        _exhibits(context.body.get("exhibits", ())),
        _instructions(context, expert, instructions),
    ]
    return f"\n\n{RULE}\n\n".join(section for section in sections if section) + "\n"


def marker_table(slug: str, round_: int) -> list[str]:
    """The parser's own table of markers as this expert writes them; those of the Judge are left out.

    In a fence, since a table of Markdown would need its bars masked, and who copies a mask writes no marker.
    """
    forms = {
        _NAMED.sub(lambda found: f"{slug.upper()}-{found[1]}{round_:02d}", marker.form): marker.meaning
        for marker in expert_markers()
    }
    width = max(map(len, forms))
    return ["```text", *(f"{form:<{width}}  {meaning}" for form, meaning in forms.items()), "```"]


def expert_markers() -> Iterator[Marker]:
    """What an expert may write in the specification's dialect."""
    for marker in MARKERS:
        if marker.dialect == "specification" and not marker.word.startswith("VERDICT:"):
            yield marker


def _head(context: Context) -> str:
    dialogue = context.record.dialogue
    about = context.body["dialogue"]
    return "\n".join(
        [
            f"# Dialogue: {_line(dialogue.title)}",
            "",
            f"**Question:** {dialogue.question.strip()}",
            "",
            f"**Round:** {context.round} of at most {dialogue.max_rounds} | **Status:** {about['status']} | "
            f"**Total ALIGNMENT:** {about['total_alignment']}",
        ]
    )


def _background(background: Mapping[str, Any] | None) -> str | None:
    if not background:
        return None
    return "\n\n".join(["## Background", *_foundation(background)])


def _foundation(background: Mapping[str, Any]) -> Iterator[str]:
    subject, described = background.get("subject"), background.get("description")
    if subject or described:
        yield ": ".join(
            part for part in (f"**{_line(subject)}**" if subject else "", (described or "").strip()) if part
        )
    constraints = background.get("constraints")
    if constraints:
        rows = [f"| {_cell(name.replace('_', ' '))} | {_cell(_shown(value))} |" for name, value in constraints.items()]
        yield "\n".join(["| Constraint | Requirement |", "|---|---|", *rows])
    if background.get("situation"):
        yield f"**Current situation:** {background['situation'].strip()}"


def _calibration(body: Mapping[str, Any]) -> str | None:
    calibration = body.get("calibration")
    return None if calibration is None else str(calibration["prompt_injection"]).strip()


def _brief(round_: int, brief: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The six parts under headings of their own; a part in the Judge's words stands as written."""

    def part(name: str, made: Iterable[str]) -> str:
        return brief[name].strip() if isinstance(brief[name], str) else "\n\n".join(made)

    foundation = brief["foundation"] if isinstance(brief["foundation"], Mapping) else {}
    mandate = brief["mandate"] if isinstance(brief["mandate"], list) else []
    work = brief["relevant_work"] if isinstance(brief["relevant_work"], list) else []
    progress = brief["progress"] if isinstance(brief["progress"], Mapping) else {}
    domain = [f"Domain: {_line(foundation['domain'])}"] if foundation.get("domain") else []
    return "\n\n".join(
        [
            f"## Context Brief (you join in round {round_})",
            "### The Question",
            brief["question"].strip(),
            "### What You Need to Know",
            part("foundation", [*domain, *_foundation(foundation)]) or "Nothing more was given.",
            "### Why You Are Here",
            part("why_here", []),
            "### Your Mandate",
            part("mandate", ["\n".join(f"{number}. {_line(task)}" for number, task in enumerate(mandate, 1))]),
            "### Earlier Work That Concerns You",
            part("relevant_work", [_cited(one, names) for one in work]) or "Nothing was said yet.",
            "### Progress So Far",
            part("progress", _progress(progress)) or "No round was held yet.",
        ]
    )


def _cited(work: Mapping[str, Any], names: Mapping[str, str]) -> str:
    who = _listed(work["contributors"], names)
    kind = KINDS[work["kind"]]
    text = work.get("content") or work.get("description") or ""
    head = f"**{work['id']}: {_line(work['label'])}** ({kind}, {work['status']}; {who}, round {work['round']})"
    return f"{head}\n{_quoted(text)}"


def _progress(progress: Mapping[str, Any]) -> Iterator[str]:
    for one in progress.get("rounds", ()):
        title = f" — {_line(one['title'])}" if one["title"] else ""
        yield (
            f"- **Round {one['round']}{title}** (score {one['score'] if one['score'] is not None else 'not given'}; "
            f"open tensions {one['open_tensions']}; velocity {one['velocity']}; "
            f"{one['converge_percent']} % converged)" + (f": {_line(one['summary'])}" if one["summary"] else "")
        )
    if progress.get("rounds"):
        still = " ".join(progress["open_tensions"]) or "none"
        yield f"ALIGNMENT so far: {progress['total_alignment']}. Open tensions: {still}."


def _role(context: Context, expert: Expert, task: str | None) -> str:
    view = context.body["experts"][expert.slug]
    facts = [expert.shown, _line(view["role"]), *([view["tier"]] if view["tier"] else [])]
    lines = [f"**{facts[0]}** | {' | '.join(facts[1:])}"]
    if view["focus"]:
        lines.append(f"Focus: {_line(view['focus'])}")
    lines.append(f"Your score: {view['your_score']} | Source: {view['source']}")
    parts = ["## Your Role", "\n".join(lines)]
    if view["description"]:
        parts.append(view["description"].strip())
    parts += ["### Your Task This Round", (task or _task(context.round, view["round_context"])).strip()]
    return "\n\n".join(parts)


def _task(round_: int, situation: str | None) -> str:
    if round_ == 0:
        return (
            "This is the opening round. Say what you see from where you stand: what matters, what should be done, "
            "where the difficulty lies."
        )
    if not situation:
        return "You have said nothing here yet. Take up what was said before you came, and add what is missing."
    return (
        f"{_quoted(situation)}\n\nTake this up: defend, refine or give up what is yours, answer whoever answered you, "
        "and help to settle what is open."
    )


def earlier_rounds(rounds: Iterable[Mapping[str, Any]]) -> list[tuple[str | None, str]]:
    """What was said, piece by piece; beside the heading over an expert's contributions stands the expert's slug."""
    parts: list[tuple[str | None, str]] = []
    for round_ in rounds:
        title = f" — {_line(round_['title'])}" if round_["title"] else ""
        score = f" (Score: {round_['score']})" if round_["score"] is not None else ""
        parts.append((None, f"### Round {round_['round']}{title}{score}"))
        tensions = round_["tensions"]
        for said in round_["expert_contributions"]:
            parts.append((said["expert"], f" — {_line(said['role'])}"))
            own = [view for view in tensions if view["id"] in said["tensions_raised"]]
            tensions = [view for view in tensions if view not in own]  # a merged one is told once
            views = [*said["perspectives"], *own, *said["recommendations"], *said["evidence"], *said["claims"]]
            stood = _stood(said)
            parts += [(None, text) for text in [*map(_entity, views), *([stood] if stood else [])]] or [
                (None, "Nothing of theirs was registered.")
            ]
        if round_["judge_synthesis"]:
            parts.append((None, f"#### The Judge's Synthesis of Round {round_['round']}"))
            parts.append((None, _quoted(round_["judge_synthesis"])))
    return parts


def _stood(said: Mapping[str, Any]) -> str:
    """An expert's stance and moves in a round."""
    stance, told = said.get("stance"), []
    if stance is not None:
        share = f" ({stance['confidence']:g})" if "confidence" in stance else ""
        told.append(f"Stance: {stance['stance']}{share}")
        told[0] += f" ({stance['cause']})" if "cause" in stance else ""
        told += [_quoted(stance["condition"])] if stance.get("condition") else []
    for move in said.get("moves", ()):
        about = " ".join([*move["targets"], *([_line(move["topic"])] if move.get("topic") else [])])
        told.append(f"Move: {move['type']}{f' {about}' if about else ''}")
    return "\n".join(told)


def _prior_rounds(earlier: Sequence[tuple[str | None, str]], slug: str, names: Mapping[str, str]) -> str:
    told = [
        text if who is None else f"#### {names[who]}{' (You)' if who == slug else ''}{text}" for who, text in earlier
    ]
    return "\n\n".join(["## Prior Rounds", *(told or ["There is none: you open the dialogue."])])


def _entity(view: Mapping[str, Any]) -> str:
    """An entity under its display id; one that was shrunk to fit has no words and no authors here."""
    who = f" ({', '.join(view['contributors'])})" if "contributors" in view else ""
    text = view.get("content", view.get("description"))
    head = f"[{view['id']}: {_line(view['label'])}]{who} · {view['status']}"
    lines = [head] if text is None else [head, _quoted(text)]
    if view.get("parameters"):
        lines.append("\n".join(f"> - {_line(name)}: {_line(_shown(v))}" for name, v in view["parameters"].items()))
    return "\n".join(lines)


def _tensions(context: Context, slug: str, names: Mapping[str, str]) -> str:
    rows = []
    by_id: dict[str, set[str]] = {}
    mine = {entity.id for entity in context.record.entities if slug in entity.contributors} | {f"@{slug}"}
    for ref in context.record.refs:
        if ref.source_id in mine:
            by_id.setdefault(ref.target_id, set()).add(ref.ref_type)
    for tension in context.body["active_tensions"]:
        authors = tension["contributors"]
        part = ["raised it"] if slug in authors else []
        part += sorted(by_id.get(tension["id"], ()))
        rows.append(
            f"| {tension['id']} | {_cell(tension['label'])} | {_cell(_listed(authors, names))} | {tension['status']} | "
            f"{', '.join(part) or '—'} |"
        )
    table = ["| ID | Tension | Raised by | Status | Your part |", "|---|---|---|---|---|", *rows]
    return "## Active Tensions\n\n" + ("\n".join(table) if rows else "None is open.")


def _exhibits(exhibits: Iterable[Mapping[str, Any]]) -> str | None:
    rows = [f"| {one['id']} | {_cell(one['kind'])} | {_cell(one['label'])} |" for one in exhibits]
    if not rows:
        return None
    return "## Exhibits\n\n" + "\n".join(["| ID | Kind | What it is |", "|---|---|---|", *rows])


def _instructions(context: Context, expert: Expert, further: str | None) -> str:
    slug, round_ = expert.slug, context.round
    parts = [
        "## Instructions",
        f"You are {expert.shown}, {_line(expert.role)}, in round {round_} of this dialogue. Nobody sees another's "
        "response before all have spoken. You are scored on wisdom, consistency, truth and relationships; what is "
        "precise counts, length does not.",
        "Number what you contribute with local ids of your own, from 01 for each kind: "
        f"`{slug.upper()}-P{round_:02d}01`, `{slug.upper()}-T{round_:02d}01` and so on. Write each marker on a line of "
        "its own and your words under it; a reference stands under the entity that makes it. Name earlier entities by "
        "the ids above (`P0001`), those of this round by local ids.",
        "### Markers",
        "\n".join(marker_table(slug, round_)),
    ]
    if further:
        parts += ["### From the Judge", further.strip()]
    parts.append(f"Your response is kept as `round-{round_}/response-{slug}.md` in the dialogue's folder.")
    return "\n\n".join(parts)


def _listed(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """Experts as people read them."""
    return ", ".join(names.get(slug) or shown_name(slug) for slug in slugs)


def _quoted(text: str) -> str:
    """Somebody's words behind a quote mark, each line of them."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines()) or ">"


def _line(text: str) -> str:
    """A text on one line."""
    return _SPACE.sub(" ", text).strip()


def _cell(text: str) -> str:
    """A text in a cell of a table."""
    return _line(text).replace("\\", "\\\\").replace("|", "\\|")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_shown(inner)}" for name, inner in value.items())
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: "—"}[value]
    return str(value)
