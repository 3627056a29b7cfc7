"""What a reader of a record should know though it is no fault (specification, "Validation & Warnings")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hansard.dialogue import model, rules
from hansard.dialogue.views import blockers
from hansard.kernel.ids import KINDS, RESERVED_SLUGS


class Caution(NamedTuple):
    """Something that is no fault and that a reader should know (``answers.Warned``, and unlike it not checked).

    A document that somebody altered may hold anything, and must still be told apart.
    """

    type: str
    message: str
    expert: str | None = None
    round: int | None = None
    id: str | None = None


def warnings_of(record: model.Record) -> list[Caution]:
    """Every warning of a record, grouped by what it is about; the same record gives the same list.

    Types: ``missing_response``, ``missing_score``, ``scores_differ``, ``orphaned_<kind>``, ``unresolved_tension``,
    ``gate_not_met``, ``forced_convergence``, ``verdict_incomplete``, ``claim_differs``, ``not_registered``,
    ``registered_otherwise``.
    """
    return [
        *_silent_members(record),
        *_missing_scores(record),
        *_scores_that_differ(record),
        *_orphans(record),
        *_unresolved(record),
        *_verdicts(record),
        *_claims(record),
        *_marked(record),
    ]


def responses(record: model.Record) -> list[model.Utterance]:
    """The responses whose words are kept; an empty one is none."""
    return [said for said in record.utterances if (said.raw or "").strip()]


def silent_members(record: model.Record) -> list[tuple[int, str]]:
    """Round and slug of every member of a completed round of whom no words are kept."""
    said = {(item.round, item.slug) for item in responses(record)}
    done = _completed(record)
    return [
        (seat.round, seat.slug)
        for seat in record.panel_members
        if seat.round in done and (seat.round, seat.slug) not in said
    ]


def unmarked_responses(record: model.Record, round_: int) -> list[str]:
    """Slugs of those whose response in a round is kept and led to no row of the record, nor to any annotation."""
    marked = {slug for entity in record.entities if entity.round == round_ for slug in entity.contributors}
    marked |= {slug for event in record.events if event.event_round == round_ for slug in event.actors}
    marked |= {move.expert_slug for move in record.moves if move.round == round_}
    marked |= {stance.expert_slug for stance in record.stances if stance.round == round_}
    marked |= {ref.source_id.removeprefix("@") for ref in record.refs if ref.round == round_}
    marked |= {verdict.author_expert or "judge" for verdict in record.verdicts if verdict.round == round_}
    return [
        said.slug
        for said in responses(record)
        if said.round == round_
        and said.slug not in marked
        and all(entry.get("kind") in ("prose", "diagnostic") for entry in said.annotations or ())
    ]


def _completed(record: model.Record) -> set[int]:
    return {item.round for item in record.rounds if item.status == "completed"}


def _silent_members(record: model.Record) -> Iterator[Caution]:
    for number, slug in silent_members(record):
        yield Caution(
            type="missing_response",
            message=f"'{slug}' was on the panel of round {number} and none of their words are kept",
            expert=slug,
            round=number,
        )


def _missing_scores(record: model.Record) -> Iterator[Caution]:
    scored = {(item.round, item.slug) for item in record.utterances if item.score is not None}
    done = _completed(record)
    for seat in record.panel_members:
        if seat.round in done and (seat.round, seat.slug) not in scored:
            yield Caution(
                type="missing_score",
                message=f"'{seat.slug}' was on the panel of round {seat.round} and has no score",
                expert=seat.slug,
                round=seat.round,
            )


def wrong_sums(record: model.Record) -> Iterator[tuple[int, int, int]]:
    """Round, its score and the sum of its experts' scores, where these differ."""
    for item in record.rounds:
        scores = [said.score for said in record.utterances if said.round == item.round and said.score is not None]
        if item.score is not None and scores and sum(scores) != item.score:
            yield item.round, item.score, sum(scores)


def _scores_that_differ(record: model.Record) -> Iterator[Caution]:
    for number, score, total in wrong_sums(record):
        yield Caution(
            type="scores_differ",
            message=f"the experts' scores of round {number} add up to {total}, its score is {score}",
            round=number,
        )


def _orphans(record: model.Record) -> Iterator[Caution]:
    seated = {(seat.round, seat.slug) for seat in record.panel_members}
    for entity in record.entities:
        strangers = [
            slug for slug in entity.contributors if slug not in RESERVED_SLUGS and (entity.round, slug) not in seated
        ]
        if strangers or not entity.contributors:
            who = ", ".join(f"'{slug}'" for slug in strangers)
            yield Caution(
                type=f"orphaned_{KINDS[entity.kind]}",
                message=f"{entity.id} is by {who}, not on the panel of round {entity.round}"
                if strangers
                else f"{entity.id} has no contributor",
                round=entity.round,
                id=entity.id,
            )


def _unresolved(record: model.Record) -> Iterator[Caution]:
    final = final_verdict(record)
    if final is None:
        return
    for entity in record.entities:
        if entity.kind != "T" or entity.status == "resolved":
            continue
        if entity.id in final.tensions_accepted:
            how = "the verdict accepts it"
        elif entity.id in final.tensions_resolved:
            how = "the verdict counts it among the resolved"
        else:
            how = "the verdict does not name it"
        yield Caution(
            type="unresolved_tension",
            message=f"{entity.id} ({entity.label}) was {entity.status} when the dialogue concluded; {how}",
            round=entity.round,
            id=entity.id,
        )


def final_verdict(record: model.Record) -> model.Verdict | None:
    """The final verdict that stands: the last one, superseded ones left aside."""
    return rules.standing_final(record.verdicts)


def gate_of(verdict: model.Verdict) -> model.Gate | None:
    """The gate as it was computed when a verdict was given; nothing where none stands that could be read."""
    try:
        return msgspec.convert(verdict.gate, model.Gate | None)
    except msgspec.ValidationError:
        return None


def _verdicts(record: model.Record) -> Iterator[Caution]:
    for verdict in record.verdicts:
        gate = gate_of(verdict)
        if verdict.verdict_type == "final" and gate is not None and not gate.met:
            reasons = "; ".join(blockers(gate))
            yield Caution(
                type="gate_not_met",
                message=f"verdict '{verdict.verdict_id}' was given though its gate was not met: {reasons}",
                round=verdict.round,
                id=verdict.verdict_id,
            )
        if verdict.force_reason:
            yield Caution(
                type="forced_convergence",
                message=f"verdict '{verdict.verdict_id}' was forced: {verdict.force_reason}",
                round=verdict.round,
                id=verdict.verdict_id,
            )
        missing = list(_missing_fields(record, verdict))
        if missing:
            yield Caution(
                type="verdict_incomplete",
                message=f"verdict '{verdict.verdict_id}' leaves {', '.join(missing)} empty",
                round=verdict.round,
                id=verdict.verdict_id,
            )


def _missing_fields(record: model.Record, verdict: model.Verdict) -> Iterator[str]:
    if verdict.verdict_type == "final":
        kinds = {entity.kind for entity in record.entities}
        if "T" in kinds and not verdict.tensions_resolved and not verdict.tensions_accepted:
            yield "tensions_resolved"
        if "R" in kinds and not verdict.recommendations_adopted:
            yield "recommendations_adopted"
        if verdict.vote is None and not verdict.votes:
            yield "vote"
        if verdict.confidence is None:
            yield "confidence"
        if verdict.ethos_compliance is None and record.dialogue.calibration is not None:
            yield "ethos_compliance"
    elif verdict.verdict_type == "minority":
        if not verdict.supporting_experts:
            yield "supporting_experts"
        if not verdict.what_would_change:
            yield "what_would_change"


def _claims(record: model.Record) -> Iterator[Caution]:
    labels = {entity.id: entity.label for entity in record.entities}
    for claim in rules.claims_compared(record):
        if claim.differs:
            what = f"{claim.item} of {claim.id} ({labels[claim.id]})" if claim.id else claim.item
            where = f" of round {claim.round}" if claim.round is not None else ""
            yield Caution(
                type="claim_differs",
                message=f"{what}{where}: the judge stated {claim.claimed}, the record shows {claim.computed}",
                round=claim.round,
                id=claim.id,
            )


def _marked(record: model.Record) -> Iterator[Caution]:
    for apart in rules.marked_apart_in(record):
        for type_, message in rules.told_apart(apart):
            yield Caution(type=type_, message=f"round {apart.round}: {message}", expert=apart.slug, round=apart.round)
