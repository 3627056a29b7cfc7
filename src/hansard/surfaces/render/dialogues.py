"""Dialogues, read: lists, a dialogue at a glance, one entity whole, progress, citations, search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from hansard.dialogue.model import ERASED
from hansard.dialogue.names import names_of, with_names
from hansard.dialogue.views import lost_members
from hansard.exchange.grounds import has_ground
from hansard.exchange.wording import listed
from hansard.kernel.ids import KINDS, shown_name
from hansard.surfaces.render.blocks import (
    Block,
    Cell,
    Column,
    Fields,
    Gap,
    Heading,
    Prose,
    Tone,
    Words,
    fields,
    line,
    table,
)
from hansard.surfaces.render.figures import difference_note, figures
from hansard.surfaces.render.standing import standing_word, verdict_standing
from hansard.surfaces.render.text import (
    count,
    day_and_minute,
    figure,
    one_line,
    share,
    shortened,
)

if TYPE_CHECKING:
    from hansard.dialogue import answers, model
    from hansard.dialogue.exhibits.answers import StandingTold

TONES: Final[dict[str, Tone]] = {
    "open": "warn",
    "addressed": "warn",
    "reopened": "bad",
    "resolved": "good",
    "converged": "good",
    "converging": "good",
    "abandoned": "quiet",
    "adopted": "good",
    "rejected": "quiet",
    "refuted": "bad",
    "challenged": "warn",
    "confirmed": "good",
    "conceded": "quiet",
    "withdrawn": "quiet",
}
"""How a status feels."""


REASONS: Final = {
    "open_tensions": "tensions are open",
    "not_agreed": "not enough of the panel agrees",
    "new_perspectives": "the last round brought new perspectives",
}
"""Why the gate is not met, or what it warns of, in words."""


VERDICT_ORDER: Final = ("final", "minority", "dissent", "interim")
"""The verdict first, dissent beside it."""


def status(word: str) -> Words:
    """A status with its tone."""
    return Words(word, TONES.get(word, ""))


def dialogue_list(answer: answers.DialogueListed, every: int = 0) -> Iterator[Block]:
    """The dialogues of the store.

    Args:
        every: how many the store holds, whatever was asked for; told where none of them fits.
    """
    if not answer.dialogues and every:
        yield line(
            f"None of the {count(every, 'dialogue')} here fits; 'hansard list' shows all."
            if every > 1
            else "The one dialogue here does not fit; 'hansard list' shows it."
        )
        return
    if not answer.dialogues:
        yield line("No dialogues here yet. 'hansard import PATH' brings one in, 'hansard demo' shows one.")
        return
    fallen = any(one.standing is not None for one in answer.dialogues)
    yield table(
        [
            Column("Id", whole=True),
            Column("Status", whole=True),
            Column("Rounds", right=True, whole=True, rank=4),
            Column("Experts", right=True, whole=True, rank=5),
            Column("Open tensions", right=True, whole=True, rank=3),
            Column("Verdicts", rank=6),
            *([Column("Standing", whole=True)] if fallen else []),
            Column("Held", whole=True, rank=2),
            Column("Title", rank=1),
        ],
        [
            (
                one.dialogue_id,
                status(one.status),
                figure(one.rounds),
                figure(one.experts),
                figure(one.open_tensions),
                " ".join(one.verdicts) or "–",
                *([standing_word(one.standing)] if fallen else []),
                day_and_minute(one.created_at),
                one.title,
            )
            for one in answer.dialogues
        ],
    )
    if answer.total > len(answer.dialogues):
        yield line(f"{len(answer.dialogues)} of {count(answer.total, 'dialogue')}; '--limit' shows more.")


def glance(record: model.Record, progress: answers.Progress, told: StandingTold | None = None) -> Iterator[Block]:
    """A dialogue at a glance: question, status, figures, tensions, verdicts and whether they stand, panel."""
    stands = {one.verdict_id: one for one in told.verdicts} if told is not None else {}
    dialogue, names = record.dialogue, names_of(record)
    yield Heading(dialogue.title)
    yield fields(
        ("Id", dialogue.dialogue_id),
        ("Status", status(dialogue.status)),
        ("Held", f"{day_and_minute(dialogue.created_at)} UTC"),
        ("Imported from", dialogue.origin.get("source") if dialogue.origin else None),
        ("Question", dialogue.question),
        ("Tags", " ".join(dialogue.tags)),
        ("Held to", dialogue.calibration["ethos_id"] if dialogue.calibration else None),
    )
    if progress.rounds:
        yield from _titled("Figures, computed from the record", figures(progress.rounds, progress.judge_claims))
        yield from difference_note(progress.judge_claims)
    tensions = [entity for entity in record.entities if entity.kind == "T"]
    if tensions:
        yield from _titled(
            "Tensions",
            table(
                ["Id", "Status", "Raised by", "Label"],
                [(one.id, status(one.status), listed_names(one.contributors, names), one.label) for one in tensions],
            ),
        )
    for verdict in sorted(record.verdicts, key=lambda one: VERDICT_ORDER.index(one.verdict_type)):
        lost = lost_members(record, verdict)
        yield from _titled(f"Verdict {verdict.verdict_id}", verdict_fields(verdict, lost, names))
        if verdict.verdict_id in stands and (has_ground(record) or stands[verdict.verdict_id].standing != "stands"):
            yield from verdict_standing(stands[verdict.verdict_id])
    if record.dialogue_events:
        yield from _titled("Its life", life(record.dialogue_events, names))
    if record.experts:
        yield from _titled("Panel", _panel(record))
    others = ", ".join(
        count(number, word, word if word == "evidence" else None)
        for kind, word in KINDS.items()
        if (number := sum(entity.kind == kind for entity in record.entities))
    )
    if others:
        yield Gap()
        yield line(f"{others[:1].upper()}{others[1:]}; 'hansard show {dialogue.dialogue_id} P0001' shows one whole.")


def verdict_fields(
    verdict: model.Verdict,
    lost: Mapping[str, Any] | None = None,
    names: Mapping[str, str] = {},  # read, never written
) -> Fields:
    """A verdict in its main points; what it says of the gate is what was computed when it was registered."""
    gate = verdict.gate
    met: Cell | None = None
    if gate is not None:
        reasons = "; ".join(REASONS.get(reason, reason) for reason in gate.get("reasons", []))
        met = Words("met", "good") if gate["met"] else Words(f"not met: {reasons}" if reasons else "not met", "warn")
    return fields(
        ("Panel", None if lost is None else Words(_lost(lost, names), "warn")),
        ("Type", verdict.verdict_type),
        ("By", _name(verdict.author_expert or "judge", names)),
        ("Recommendation", Words(verdict.recommendation, "strong")),
        ("Vote", verdict.vote),
        ("Confidence", verdict.confidence),
        ("Supported by", listed_names(verdict.supporting_experts, names)),
        ("Accepted tensions", " ".join(verdict.tensions_accepted)),
        ("Adopted", " ".join(verdict.recommendations_adopted)),
        ("Would change it", shortened(verdict.what_would_change, 300) if verdict.what_would_change else None),
        ("Forced", verdict.force_reason),
        ("Gate", met),
        ("Rules", _compliance(verdict.ethos_compliance)),
    )


def _compliance(said: Mapping[str, Any] | None) -> Cell | None:
    """What a verdict says of the rules of its calibration."""
    if said is None:
        return None
    if said["fully_compliant"]:
        return Words("kept, as the Judge states", "good")
    broken, departed = ([one["rule_id"] for one in said[name]] for name in ("violations", "exceptions"))
    told = [f"broken: {' '.join(broken)}"] if broken else []
    told += [f"departed from with approval: {' '.join(departed)}"] if departed else []
    return Words("; ".join(told), "bad" if broken else "warn")


def _lost(lost: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kept = "a quorum remained" if lost["quorum"] else "no quorum remained"
    who = ", ".join(f"{_name(one['expert'], names)}: {one['why']}" for one in lost["lost"])
    return f"{lost['remaining']} of {lost['seated']} took part, {kept} ({who})"


def _panel(record: model.Record) -> Block:
    scores: dict[str, dict[int, int | None]] = {}
    for one in record.utterances:
        scores.setdefault(one.slug, {})[one.round] = one.score
    rows = []
    for expert in with_names(record).experts:
        seats = sorted({seat.round for seat in record.panel_members if seat.slug == expert.slug})
        given = [score for score in scores.get(expert.slug, {}).values() if score is not None]
        rows.append(
            (
                expert.shown,
                expert.role,
                expert.tier or "–",
                " ".join(map(str, seats)) or "–",
                figure(sum(given)) if given else "–",
            )
        )
    return table(["Expert", "Role", "Tier", "Rounds", ">Score"], rows)


def entity(answer: answers.EntityGot) -> Iterator[Block]:
    """An entity whole: its words, who said them and where, references both ways, its life."""
    one, labels, names = answer.entity, answer.labels, answer.names
    yield Heading(f"{answer.id}  {one['label']}")
    yield fields(
        ("Kind", KINDS[one["kind"]]),
        ("Status", status(one["status"])),
        ("Round", str(one["round"])),
        ("Said by", listed_names(one["contributors"], names)),
        ("Written as", " ".join(one["local_ids"])),
        ("Adopted in", one["adopted_in_verdict"]),
    )
    yield Gap()
    yield Prose(one["content"], indent=1)
    if one["parameters"]:
        yield from _titled(
            "Parameters", fields(*((name, one_line(str(value))) for name, value in one["parameters"].items()))
        )
    for title, end, refs in (
        ("Refers to", "target", answer.refers_to),
        ("Referred to by", "source", answer.referred_to_by),
    ):
        if refs:
            yield from _titled(
                title,
                table(
                    ["Type", end.capitalize(), "Label", "In the words"],
                    [
                        (ref["ref_type"], ref[f"{end}_id"], labels.get(ref[f"{end}_id"], ""), ref["context"] or "–")
                        for ref in refs
                    ],
                ),
            )
    if answer.moves:
        yield from _titled(
            "Moves that name it",
            table(
                [">Round", "Move", "By", "In the words"],
                [
                    (str(move["round"]), move["move_type"], _name(move["expert_slug"], names), move["context"] or "–")
                    for move in answer.moves
                ],
            ),
        )
    if answer.events:
        yield from _titled(
            "Its life",
            table(
                [">Round", "Event", "By", "Through", "Became", "Reason"],
                [
                    (
                        str(event["event_round"]),
                        f"{event['type']} ({event['disposition']})" if event["disposition"] else event["type"],
                        listed_names(event["actors"], names),
                        event["reference"] or "–",
                        event["result"] or "–",
                        event["reason"] or "–",
                    )
                    for event in answer.events
                ],
            ),
        )
    yield Gap()
    if one["content"] == ERASED:
        yield line("Its words were erased; 'hansard verify' tells by which entry, and why.")
    elif answer.stands_in:
        told = listed(
            [f"{_name(at.expert, names)}'s response of round {at.round}, line {at.line}" for at in answer.stands_in]
        )
        yield line(f"Word for word in {told}.")
    else:
        yield line("No response that the record has holds these words: they are the Judge's, or no response was kept.")


def progress(answer: answers.Progress) -> Iterator[Block]:
    """How far a dialogue is, and what stands in the way."""
    concluded = answer.status in ("converged", "abandoned")
    estimate = answer.estimated_rounds
    yield Heading(answer.title)
    yield fields(
        ("Id", answer.dialogue_id),
        ("Status", status(answer.status)),
        ("Rounds held", figure(answer.total_rounds)),
        ("Velocity", None if answer.velocity is None else figure(answer.velocity)),
        ("Score velocity", None if answer.score_velocity is None else f"{answer.score_velocity:+d}"),
        ("Open tensions", " ".join(answer.open_tensions) or "none"),
        ("Resolved tensions", " ".join(answer.resolved_tensions) or "none"),
        ("Converging", None if concluded else "yes" if answer.converging else "no"),
        ("Rounds still needed", None if concluded or not estimate else f"about {estimate}"),
        ("Active experts", listed_names(answer.active_experts, answer.names)),
    )
    if answer.rounds:
        yield from _titled("Figures, computed from the record", figures(answer.rounds, answer.judge_claims))
        yield from difference_note(answer.judge_claims)
    if answer.leaderboard:
        yield from _titled("Scores", _leaderboard(answer.leaderboard, answer.names))
    if answer.gate is not None:
        yield Gap()
        yield from gate(answer.gate, answer.names)
    if answer.blockers:
        yield Gap()
        yield Heading("In the way")
        yield from (line(f"- {blocker}", indent=1) for blocker in answer.blockers)


def gate(state: answers.GateState, names: Mapping[str, str]) -> Iterator[Block]:
    """The convergence gate: who agrees, who does not, and whether a final verdict may be given."""
    yield Heading("Convergence gate")
    yield fields(
        ("Gate", Words("met", "good") if state.met else Words("not met", "warn")),
        ("Agreed or settled", f"{share(state.share)} (wanted: {share(state.target)})"),
        ("Agreed", listed_names(state.agreed, names)),
        ("Not agreed", listed_names(state.not_agreed, names)),
        ("Settled by a verdict of their own", listed_names(state.settled, names)),
        ("Abstained", listed_names(state.abstained, names)),
    )
    yield from (line(f"- {REASONS.get(reason, reason)}", indent=1) for reason in (*state.reasons, *state.warnings))


def citations(answer: answers.CitationsExpanded) -> Iterator[Block]:
    """What citations stand for, in the order in which they were asked for."""
    for number, one in enumerate(answer.citations):
        if number:
            yield Gap()
        if one.error is not None:
            yield line(Words(f"{one.id}: ", "strong"), Words(str(one.error.get("message", "not found")), "bad"))
            if one.error.get("suggestion"):
                yield line(str(one.error["suggestion"]), indent=1)
            continue
        yield line(Words(f"{one.id}  {one.label}", "strong"))
        said = f"{one.kind}, {one.status}; {listed_names(one.contributors, answer.names)}, round {one.round}"
        yield line(Words(said, "quiet"), indent=1)
        yield Prose(one.content or "", indent=1)


def hits(answer: answers.Searched) -> Iterator[Block]:
    """Places where the words stand, best first."""
    if not answer.hits:
        yield line(f"Nothing in the record has all of these words: {answer.query}")
        return
    yield table(
        [Column("Dialogue"), Column("Item", whole=True), Column("Label", rank=1), Column("Words around")],
        [(hit.dialogue_id, Words(hit.item, "strong"), hit.label, hit.snippet) for hit in answer.hits],
    )


def life(events: Iterable[Any], names: Mapping[str, str]) -> Block:
    """The steps of a dialogue's own life."""
    return table(
        ["When", "Step", "By", "Why"],
        [
            (
                one.created_at[:16].replace("T", " "),
                _step(one.type, one.detail or {}),
                listed_names(one.actors, names),
                one.reason or "–",
            )
            for one in events
        ],
    )


def _step(word: str, detail: dict[str, Any]) -> str:
    if word != "tagged":
        return word
    signs = [f"+{tag}" for tag in detail.get("added", [])] + [f"−{tag}" for tag in detail.get("removed", [])]
    return f"tagged {' '.join(signs)}"


def _leaderboard(board: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Block:
    rows = [(_name(one["expert"], names), figure(one["total"]), figure(one["rounds"])) for one in board]
    if any("modifiers" in one for one in board):  # in a calibrated dialogue; apart from the Judge's score
        added = [f"{one.get('modifiers', 0):+d}" for one in board]
        rows_with = [(*row, points) for row, points in zip(rows, added, strict=True)]
        return table(["Expert", ">Score", ">Rounds", ">By the calibration"], rows_with)
    return table(["Expert", ">Score", ">Rounds"], rows)


def _name(slug: str, names: Mapping[str, str]) -> str:
    return names.get(slug) or shown_name(slug)


def listed_names(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """Experts as people read them."""
    return ", ".join(_name(slug, names) for slug in slugs)


def _titled(title: str, block: Block) -> Iterator[Block]:
    yield Gap()
    yield Heading(title)
    yield block
