"""A record as its readers need it: context for a panel, progress, citations. Pure; computed from the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hansard.dialogue.answers import (
    Averages,
    Citation,
    DialogueStatistics,
    EntityGot,
    GateState,
    KindCount,
    PanelSuggested,
    Place,
    Progress,
    RoundFigures,
    RoundsToConvergence,
    TopExpert,
)
from hansard.dialogue.calibration.rules import context_block
from hansard.dialogue.exhibits.rules import degradation, rests_on
from hansard.dialogue.model import (
    UNSETTLED,
    Dialogue,
    DialogueStatus,
    Entity,
    Event,
    Exhibit,
    Expert,
    Gate,
    PanelMember,
    Record,
    Utterance,
    Verdict,
)
from hansard.dialogue.names import names_of, own_names, with_names
from hansard.dialogue.plans import Counts
from hansard.dialogue.rules import claims_compared, figures, gate
from hansard.dialogue.rules.lifecycle import status_after
from hansard.dialogue.rules.panel import rotated_panel, tier_of
from hansard.kernel.ids import KINDS, PLURALS, display_id, shown_name

SNIPPET_LENGTH: Final = 200
"""Characters of content that a citation shows."""


def text_field(kind: str) -> str:
    """What the specification calls an entity's text."""
    return "description" if kind == "T" else "content"


def entity_view(entity: Entity) -> dict[str, Any]:
    """An entity with its full text."""
    view: dict[str, Any] = {
        "id": entity.id,
        "label": entity.label,
        "status": entity.status,
        text_field(entity.kind): entity.content,
        "contributors": entity.contributors,
    }
    if entity.parameters is not None:
        view["parameters"] = entity.parameters
    if entity.exhibits:
        view["exhibits"] = entity.exhibits
    return view


def exhibit_view(exhibit: Exhibit) -> dict[str, Any]:
    """An exhibit as those who may cite it see it."""
    named = ("kind", "label", "digest", "size", "media_type", "round", "added_by", "reference")
    view = {name: getattr(exhibit, name) for name in named}
    return {"id": exhibit.id, **{name: value for name, value in view.items() if value is not None}}


def modifiers_of(record: Record) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What the ethos adds to each expert's rounds, by slug and round; whoever has none is left out."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for said in record.utterances:
        if said.modifiers:
            found.setdefault(said.slug, {})[str(said.round)] = said.modifiers
    return found


def modifier_points(record: Record) -> dict[str, int]:
    """The sum of what the ethos adds to each expert; never part of a score."""
    return {
        slug: sum(int(one["points"]) for given in rounds.values() for one in given)
        for slug, rounds in modifiers_of(record).items()
    }


def figures_view(record: Record) -> list[RoundFigures]:
    """The figures of all registered rounds."""
    return [RoundFigures(**msgspec.to_builtins(entry)) for entry in figures(record)]


def gate_view(found: Gate | None) -> GateState | None:
    """A gate as it is answered."""
    return None if found is None else GateState(**msgspec.to_builtins(found))


def total_alignment(record: Record) -> int:
    """Sum of the rounds' scores."""
    return sum(round_.score or 0 for round_ in record.rounds)


def next_round(record: Record) -> int:
    """The round to come."""
    return sum(1 for round_ in record.rounds if round_.status == "completed")


def scores_of(record: Record) -> dict[str, dict[str, int]]:
    """Each expert's scores by round."""
    found: dict[str, dict[str, int]] = {expert.slug: {} for expert in record.experts}
    for row in record.utterances:
        if row.score is not None:
            found[row.slug][str(row.round)] = row.score
    return found


def before_round(record: Record, round_: int) -> Record:
    """The record as it stood when a round was about to begin: nothing of that round, or of a later one, is in it."""
    if round_ >= next_round(record):
        return record
    events = [event for event in record.events if event.event_round < round_]
    words: dict[str, list[str]] = defaultdict(list)
    for event in events:
        words[display_id(*event.key)].append(event.type)
    before = msgspec.structs.replace(
        record,
        rounds=[row for row in record.rounds if row.round < round_],
        utterances=[row for row in record.utterances if row.round < round_],
        entities=[
            msgspec.structs.replace(entity, status=status_after(entity.kind, words[entity.id]))
            for entity in record.entities
            if entity.round < round_
        ],
        events=events,
        refs=[row for row in record.refs if row.round < round_],
        moves=[row for row in record.moves if row.round < round_],
        stances=[row for row in record.stances if row.round < round_],
        verdicts=[row for row in record.verdicts if row.round < round_],
        exhibits=[row for row in record.exhibits if row.round <= round_],
    )
    # a round was registered here, so the dialogue was not closed; what was reopened since its last round was open
    reopened = any(
        step.type == "reopened" and (step.detail or {}).get("rounds") == round_ for step in record.dialogue_events
    )
    state = gate(before)
    status: DialogueStatus = "converging" if not reopened and state is not None and state.met else "open"
    dialogue = msgspec.structs.replace(record.dialogue, status=status, converged_at=None)
    return msgspec.structs.replace(before, dialogue=dialogue)


def context(record: Record, round_: int, seats: Sequence[PanelMember], own_words: Mapping[str, str]) -> dict[str, Any]:
    """Context for a whole panel (specification, "Agent Context Model"): everybody sees all of it, in full.

    Args:
        round_: the round to come.
        seats: its panel.
        own_words: the Judge's words for an expert's situation, instead of the derived ones.
    """
    record = before_round(record, round_)
    dialogue = record.dialogue
    experts = {expert.slug: expert for expert in with_names(record).experts}
    scores = scores_of(record)
    words = {**situations(record), **own_words}
    added = modifiers_of(record)
    shown: dict[str, Any] = {
        "dialogue": {
            "id": dialogue.dialogue_id,
            "title": dialogue.title,
            "question": dialogue.question,
            "status": dialogue.status,
            "current_round": round_,
            "total_alignment": total_alignment(record),
            "background": dialogue.background,
        },
        "prior_rounds": prior_rounds(record),
        "active_tensions": [
            {
                "id": entity.id,
                "label": entity.label,
                "status": entity.status,
                "contributors": entity.contributors,
            }
            for entity in record.entities
            if entity.kind == "T" and entity.status in UNSETTLED
        ],
        "experts": {
            seat.slug: _expert_view(seat, experts[seat.slug], scores[seat.slug], words.get(seat.slug)) for seat in seats
        },
    }
    calibration = context_block(dialogue.calibration)
    if calibration is not None:
        shown["calibration"] = calibration
        for slug, view in shown["experts"].items():
            view["calibration_modifiers"] = added.get(slug, {})
    if record.exhibits:
        shown["exhibits"] = [exhibit_view(exhibit) for exhibit in record.exhibits]
    return shown


def suggested_panel(
    dialogue: Dialogue, experts: Mapping[str, Expert], seated: Iterable[str], last: Sequence[PanelMember], round_: int
) -> PanelSuggested | None:
    """Whom the dialogue's rotation suggests for a round (``rules.panel.rotated_panel``).

    Args:
        seated: slugs of all who sat at an earlier panel.
        last: the panel of the round before.
    """
    slugs = rotated_panel(dialogue, last, round_)
    if slugs is None:
        return None
    before = set(seated)
    pool = {entry["slug"]: entry for entry in dialogue.expert_pool if entry.get("slug")}
    members = []
    for slug in slugs:
        expert = experts.get(slug)
        entry = pool.get(slug, {})
        members.append(
            {
                "slug": slug,
                "name": (expert.name if expert else None) or entry.get("name") or shown_name(slug),
                "role": expert.role if expert else entry.get("role"),
                "tier": expert.tier if expert else tier_of(entry.get("tier"), entry.get("relevance")),
                "source": "retained" if slug in before else expert.source if expert else "pool",
            }
        )
    return PanelSuggested(round=round_, rotation=dialogue.rotation, members=members)


def prior_rounds(record: Record) -> list[dict[str, Any]]:
    """What was said in every completed round, by expert.

    A merged entity stands with its first contributor; a merged tension, which is but named there, with each.
    """
    said: dict[tuple[int, str], dict[str, list[Entity]]] = defaultdict(lambda: {kind: [] for kind in KINDS})
    for entity in record.entities:
        said[entity.round, entity.contributors[0]][entity.kind].append(entity)
    roles = {expert.slug: expert.role for expert in record.experts}
    positions = _positions(record)
    refs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ref in record.refs:
        refs[ref.source_id].append({"type": ref.ref_type, "target": ref.target_id})

    def told(entity: Entity) -> dict[str, Any]:
        view = entity_view(entity)
        if entity.id in refs:
            view["references"] = refs[entity.id]
        return view

    seated: dict[int, list[str]] = defaultdict(list)
    for member in record.panel_members:
        seated[member.round].append(member.slug)
    raised: dict[int, list[Entity]] = defaultdict(list)
    for entity in record.entities:
        if entity.kind == "T":
            raised[entity.round].append(entity)
    rounds = []
    for round_ in record.rounds:
        if round_.status != "completed":
            continue
        contributions = []
        for slug in seated[round_.round]:
            own = said[round_.round, slug]
            contributions.append(
                {
                    "expert": slug,
                    "role": roles[slug],
                    "perspectives": [told(entity) for entity in own["P"]],
                    "tensions_raised": [entity.id for entity in raised[round_.round] if slug in entity.contributors],
                    "recommendations": [told(entity) for entity in own["R"]],
                    "evidence": [told(entity) for entity in own["E"]],
                    "claims": [told(entity) for entity in own["C"]],
                    **positions.get((round_.round, slug), {}),
                }
            )
        rounds.append(
            {
                "round": round_.round,
                "title": round_.title,
                "score": round_.score,
                "expert_contributions": contributions,
                "tensions": [{**told(entity), "expert": entity.contributors[0]} for entity in raised[round_.round]],
                "judge_synthesis": round_.summary,
            }
        )
    return rounds


def _positions(record: Record) -> dict[tuple[int, str], dict[str, Any]]:
    """The stance, the moves and the response's own references of each expert in each round; what there is of them."""
    found: dict[tuple[int, str], dict[str, Any]] = defaultdict(dict)
    for stance in record.stances:
        given = {name: getattr(stance, name) for name in ("stance", "confidence", "condition", "cause")}
        found[stance.round, stance.expert_slug]["stance"] = {k: v for k, v in given.items() if v is not None}
    for move in record.moves:
        one: dict[str, Any] = {"type": move.move_type, "targets": move.targets}
        if move.topic is not None:
            one["topic"] = move.topic
        found[move.round, move.expert_slug].setdefault("moves", []).append(one)
    for ref in record.refs:
        if ref.source_id.startswith("@"):
            own = found[ref.round, ref.source_id[1:]].setdefault("references", [])
            own.append({"type": ref.ref_type, "target": ref.target_id})
    return found


def _expert_view(
    seat: PanelMember, expert: Expert, scores: Mapping[str, int], round_context: str | None
) -> dict[str, Any]:
    view: dict[str, Any] = {
        "slug": seat.slug,
        "role": expert.role,
        "tier": seat.tier,
        "source": seat.source,
        "focus": seat.focus or expert.focus,
        "description": expert.description,
        "your_score": sum(scores.values()),
        "round_context": round_context,
    }
    if expert.name is not None:
        view["name"] = expert.name
    if expert.creation_reason is not None:
        view["creation_reason"] = expert.creation_reason
    return view


def situations(record: Record) -> dict[str, str]:
    """What each expert raised, what became of it, and who answered, by slug; who has nothing to be told is left out."""
    own: dict[str, list[Entity]] = defaultdict(list)
    for entity in sorted(record.entities, key=lambda entity: entity.round):
        for slug in dict.fromkeys(entity.contributors):
            own[slug].append(entity)
    events: dict[str, list[Event]] = defaultdict(list)
    for event in record.events:
        events[display_id(*event.key)].append(event)
    by_id = {entity.id: entity for entity in record.entities}
    names = names_of(record)
    lines: dict[str, list[str]] = defaultdict(list)
    for slug, entities in own.items():
        lines[slug] += [_raised(slug, entity, events[entity.id], names) for entity in entities]
    for ref in record.refs:
        source, target = by_id.get(ref.source_id), by_id.get(ref.target_id)
        speakers = source.contributors if source else [ref.source_id.removeprefix("@")]
        what = f"{source.id} ({source.label})" if source else "their response"
        told = f"{_beginning(speakers, names)} {_VERBS[ref.ref_type]} {ref.target_id} in round {ref.round} with {what}."
        for slug in target.contributors if target else [ref.target_id.removeprefix("@")]:
            if slug not in speakers:
                lines[slug].append(told)
    return {slug: "\n".join(found) for slug, found in lines.items() if found}


def _raised(slug: str, entity: Entity, events: Sequence[Event], names: Mapping[str, str]) -> str:
    line = f"In round {entity.round} you gave {entity.id} ({entity.label}), now {entity.status}."
    for event in events[1:]:
        others = [actor for actor in event.actors if actor != slug]
        if others:
            cause = event.reference or event.result
            line += f" {_beginning(others, names)} {_DID.get(event.type, event.type)} it in round {event.event_round}"
            line += f" ({cause})." if cause else "."
    return line


_DID: Final = {"commented": "commented on", "open": "reopened", "withdrawn": "withdrew"}
_VERBS: Final = {
    "support": "supports",
    "oppose": "opposes",
    "refine": "refines",
    "address": "addresses",
    "resolve": "calls resolved",
    "reopen": "wants to reopen",
    "question": "questions",
    "depend": "builds on",
}


def _beginning(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """Names at the beginning of a sentence."""
    told = ", ".join(names.get(slug) or shown_name(slug) for slug in slugs)
    return told[:1].upper() + told[1:]


def progress(record: Record) -> Progress:
    """How far a dialogue is, what moves, and what stands in the way of a verdict."""
    rounds = figures_view(record)
    current = next_round(record)
    last = rounds[-1] if rounds else None
    state = gate(record)
    tensions = [entity for entity in record.entities if entity.kind == "T"]
    still_open = [entity.id for entity in tensions if entity.status in UNSETTLED]
    converging = record.dialogue.status in ("converging", "converged") or bool(state and state.met)
    score_velocity = last.score_velocity if last else None
    seats = [m.slug for m in record.panel_members if m.round == current] or [
        m.slug for m in record.panel_members if m.round == current - 1
    ]
    totals = [
        {"expert": slug, "total": sum(scores.values()), "rounds": len(scores)}
        for slug, scores in scores_of(record).items()
        if scores or slug in seats  # whoever was only suggested at creation took no part
    ]
    if record.dialogue.calibration is not None:
        points = modifier_points(record)
        totals = [{**entry, "modifiers": points.get(str(entry["expert"]), 0)} for entry in totals]
    return Progress(
        dialogue_id=record.dialogue.dialogue_id,
        title=record.dialogue.title,
        status=record.dialogue.status,
        current_round=current,
        total_rounds=len(rounds),
        rounds=rounds,
        scores=[entry.score for entry in rounds],
        score_velocity=score_velocity,
        velocity=last.velocity if last else None,
        open_tensions=still_open,
        labels={entity.id: entity.label for entity in tensions if entity.status in UNSETTLED},
        positions=[
            {"expert": slug, **told} for (round_, slug), told in _positions(record).items() if round_ == current - 1
        ],
        resolved_tensions=[entity.id for entity in tensions if entity.status == "resolved"],
        active_experts=seats,
        leaderboard=sorted(totals, key=lambda entry: (-int(str(entry["total"])), str(entry["expert"]))),
        converging=converging,
        estimated_rounds=None
        if record.dialogue.closed
        else _estimated_rounds(rounds, len(still_open), score_velocity, converging=converging),
        blockers=blockers(state) if record.dialogue.status in ("open", "converging") else [],
        gate=gate_view(state),
        judge_claims=[msgspec.to_builtins(claim) for claim in claims_compared(record)],
        names=own_names(record.dialogue, record.experts),
    )


def _estimated_rounds(
    rounds: Sequence[RoundFigures], still_open: int, score_velocity: int | None, *, converging: bool
) -> int | None:
    if not rounds:
        return None
    if converging or still_open == 0:
        return 1
    return max(1, still_open // 2) if (score_velocity or 0) > 0 else None


def blockers(state: Gate | None) -> list[str]:
    """What stands in the way of a final verdict, in words."""
    if state is None:
        return ["no round is registered yet"]
    found = []
    if state.open_tensions:
        are = "tension is" if len(state.open_tensions) == 1 else "tensions are"
        found.append(f"{len(state.open_tensions)} {are} open: {', '.join(state.open_tensions)}")
    if "not_agreed" in state.reasons:
        found.append(f"not in agreement: {', '.join(state.not_agreed) or 'nobody counted'}")
    if "new_perspectives" in state.reasons:
        plural = "" if state.new_perspectives == 1 else "s"
        found.append(f"{state.new_perspectives} new perspective{plural} in the last round")
    return found


def citation(entity: Entity) -> Citation:
    """What a citation of an entity shows."""
    text = entity.content
    return Citation(
        id=entity.id,
        kind=KINDS[entity.kind],
        label=entity.label,
        content=text if len(text) <= SNIPPET_LENGTH else text[:SNIPPET_LENGTH] + "…",
        round=entity.round,
        contributors=entity.contributors,
        status=entity.status,
        parameters=entity.parameters,
    )


def places(entity: Entity, utterances: Iterable[Utterance]) -> list[Place]:
    """Where the entity's content stands, word for word, in its contributors' responses.

    Content that the Judge put into other words stands nowhere.
    """
    found = []
    words = entity.content.strip()
    for one in utterances:
        if one.round == entity.round and one.slug in entity.contributors and one.raw and words:
            at = one.raw.find(words)
            if at >= 0:
                found.append(Place(round=one.round, expert=one.slug, line=one.raw.count("\n", 0, at) + 1))
    return found


def entity_whole(record: Record, one: Entity) -> EntityGot:
    """An entity with all that belongs to it."""
    outward = [ref for ref in record.refs if ref.source_id == one.id]
    inward = [ref for ref in record.refs if ref.target_id == one.id]
    ends = {ref.target_id for ref in outward} | {ref.source_id for ref in inward}
    return EntityGot(
        id=one.id,
        entity=msgspec.to_builtins(one),
        refers_to=msgspec.to_builtins(outward),
        referred_to_by=msgspec.to_builtins(inward),
        moves=[msgspec.to_builtins(move) for move in record.moves if one.id in move.targets],
        events=[msgspec.to_builtins(event) for event in record.events if event.key == one.key],
        labels={other.id: other.label for other in record.entities if other.id in ends},
        stands_in=places(one, record.utterances),
        names=own_names(record.dialogue, record.experts),
    )


def whole(record: Record) -> dict[str, Any]:
    """A dialogue with everything but the raw texts."""
    own: dict[str, Any] = msgspec.to_builtins(record.dialogue)
    events: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in record.events:
        events[display_id(*event.key)].append(
            {
                "type": event.type,
                "round": event.event_round,
                "by": event.actors,
                "reason": event.reason,
                "disposition": event.disposition,
                "reference": event.reference,
                "result": event.result,
            }
        )
    refs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for ref in record.refs:
        refs[ref.source_id].append(
            {"type": ref.ref_type, "target": ref.target_id, "round": ref.round, "context": ref.context}
        )
    own["experts"] = [
        {**_without_id(expert), "scores": scores}
        for expert, scores in zip(record.experts, scores_of(record).values(), strict=True)
    ]
    own["panels"] = {
        str(round_.round): [
            {"slug": m.slug, "source": m.source, "tier": m.tier}
            for m in record.panel_members
            if m.round == round_.round
        ]
        for round_ in record.rounds
    }
    own["rounds"] = [_without_id(round_) for round_ in record.rounds]
    for kind, plural in PLURALS.items():
        own[plural] = [
            {
                **entity_view(entity),
                "round": entity.round,
                "local_ids": entity.local_ids,
                "adopted_in_verdict": entity.adopted_in_verdict,
                "references": refs[entity.id],
                "events": events[entity.id],
            }
            for entity in record.entities
            if entity.kind == kind
        ]
    own["response_references"] = {source: found for source, found in refs.items() if source.startswith("@")}
    own["moves"] = [_without_id(move) for move in record.moves]
    own["stances"] = [_without_id(stance) for stance in record.stances]
    own["verdicts"] = [verdict_view(record, verdict) for verdict in record.verdicts]
    own["exhibits"] = [exhibit_view(exhibit) for exhibit in record.exhibits]
    own["calibration_modifiers"] = modifiers_of(record)
    own["judge_claims"] = [msgspec.to_builtins(claim) for claim in claims_compared(record)]
    own["total_alignment"] = total_alignment(record)
    return own


def lost_members(record: Record, verdict: Verdict) -> dict[str, Any] | None:
    """Who of a verdict's panel took no part, why, and whether a quorum remained; ``None`` where everybody did."""
    lost = degradation(record, verdict.round)
    return None if lost is None else lost.view()


def verdict_view(record: Record, verdict: Verdict) -> dict[str, Any]:
    """A verdict with what it rests on, what of it is watched, and who of its panel took no part."""
    view = _without_id(verdict)
    view["degradation"] = lost_members(record, verdict)
    view["rests_on"] = rests_on(record, verdict).model_dump()
    view["watches"] = [
        {"seq": watch.seq, "condition": watch.condition, "kind": watch.kind, **watch.reference}
        for watch in record.watches
        if watch.verdict_id == verdict.verdict_id
    ]
    return view


def _without_id(row: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(row)
    plain.pop("dialogue_id")
    return plain


def statistics(counts: Counts, tags: Sequence[str], top: int) -> DialogueStatistics:
    """Counts as they are told: averages, and the experts with the highest sums."""
    dialogues, rounds = sum(counts.statuses.values()), len(counts.scores)
    alignment = sum(score or 0 for score in counts.scores)
    kinds = {}
    for kind, plural in PLURALS.items():
        found = {word: number for (one, word), number in sorted(counts.entities.items()) if one == kind}
        kinds[plural] = KindCount(total=sum(found.values()), statuses=found)
    roles: dict[str, set[str]] = defaultdict(set)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    names: dict[str, str] = {}
    for slug, name, role, scored, total in counts.experts:
        roles[slug].add(role)
        names[slug] = name or names.get(slug) or shown_name(slug)
        sums[slug] = [have + more for have, more in zip(sums[slug], (1, scored, total), strict=True)]
    best = sorted(sums, key=lambda slug: (-sums[slug][2], slug))[:top]
    took = counts.concluded
    return DialogueStatistics(
        tags=list(tags),
        dialogues=dialogues,
        statuses=dict(sorted(counts.statuses.items())),
        rounds=rounds,
        total_alignment=alignment,
        entities=kinds,
        references=dict(sorted(counts.references.items())),
        moves=dict(sorted(counts.moves.items())),
        verdicts=dict(sorted(counts.verdicts.items())),
        averages=Averages(
            rounds_per_dialogue=_average(rounds, dialogues),
            experts_per_dialogue=_average(counts.sat, dialogues),
            entities_per_dialogue=_average(sum(one.total for one in kinds.values()), dialogues),
            alignment_per_dialogue=_average(alignment, dialogues),
            alignment_per_round=_average(alignment, rounds),
        ),
        top_experts=[
            TopExpert(
                expert=slug,
                name=names[slug],
                roles=sorted(roles[slug]),
                dialogues=sums[slug][0],
                rounds=sums[slug][1],
                total_score=sums[slug][2],
                average_score=round(sums[slug][2] / sums[slug][1], 2),
            )
            for slug in best
        ],
        rounds_to_convergence=RoundsToConvergence(
            dialogues=len(took),
            average=_average(sum(took), len(took)),
            least=min(took, default=None),
            most=max(took, default=None),
        ),
    )


def _average(total: int, of: int) -> float | None:
    return round(total / of, 2) if of else None
