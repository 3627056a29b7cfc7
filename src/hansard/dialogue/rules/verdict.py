"""A verdict as one plan: the gate, the faults, what it adopts (dialogue.md, 8 and "Lifecycles, enforced")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from hansard.dialogue import errors
from hansard.dialogue.answers import Warned
from hansard.dialogue.calibration.errors import rule_not_found
from hansard.dialogue.calibration.rules import rule_ids
from hansard.dialogue.exhibits.rules import judged_watches
from hansard.dialogue.model import (
    CONFIDENCES,
    VERDICT_TYPES,
    VOTES,
    Gate,
    Verdict,
    Watch,
)
from hansard.dialogue.plans import VerdictPlan, VerdictState
from hansard.dialogue.requests import VerdictRegister
from hansard.dialogue.rules.figures import Positions, gate_of, positions, stated_vote
from hansard.dialogue.rules.life import standing_final
from hansard.dialogue.rules.lifecycle import COMMENTED, Lives, not_an_id, valid_steps
from hansard.dialogue.rules.panel import everybody, named_twice
from hansard.kernel.errors import HansardError, invalid_field, missing_field
from hansard.kernel.ids import parse_display_id
from hansard.markers.names import name_slug

ENTITY_LISTS: Final = {
    "tensions_resolved": "T",
    "tensions_accepted": "T",
    "recommendations_adopted": "R",
    "key_evidence": "E",
    "key_claims": "C",
}


def gate_now(state: VerdictState) -> Gate:
    """The gate as it stands, without a verdict's own conditions, votes and acceptances."""
    where = positions((member.slug for member in state.members), state.moves, state.stances, state.verdicts)
    return gate_of(state.dialogue, state.open_tensions, state.new_perspectives, where)


def named_ids(request: VerdictRegister) -> set[str]:
    """Ids that the verdict names, as written: what the store must read."""
    return {text for name in ENTITY_LISTS for text in getattr(request, name)}


def plan_verdict(state: VerdictState, request: VerdictRegister, time: str) -> VerdictPlan | list[HansardError]:
    """All that a verdict writes, or every fault."""
    faults: list[HansardError] = []
    dialogue = state.dialogue
    if request.verdict_type not in VERDICT_TYPES:
        faults.append(
            invalid_field("verdict_type", request.verdict_type, "is no type of verdict", valid_options=VERDICT_TYPES)
        )
    final = request.verdict_type == "final"
    apart = request.verdict_type in ("minority", "dissent")
    if state.completed == 0:
        faults.append(errors.round_out_of_order(request.round, 0, "no round is registered yet"))
    elif request.round >= state.completed or (final and request.round != state.completed - 1):
        faults.append(
            invalid_field(
                "round",
                request.round,
                "is not the last registered round" if final else "is not registered",
                valid_options=[str(state.completed - 1)],
            )
        )
    if request.verdict_id in {verdict.verdict_id for verdict in state.verdicts}:
        faults.append(errors.verdict_exists(request.verdict_id))
    author = None
    if request.author_expert is not None and request.verdict_type in ("interim", "final"):
        faults.append(
            invalid_field(
                "author_expert",
                request.author_expert,
                f"cannot give a verdict of type '{request.verdict_type}': that is the Judge's",
                suggestion="Leave it out, or register a minority or dissent verdict",
            )
        )
    elif request.author_expert is not None:
        author = _expert("author_expert", request.author_expert, state, faults)
    elif apart:
        faults.append(missing_field("author_expert"))
    if request.verdict_type == "minority" and not (request.what_would_change or "").strip() and not dialogue.imported:
        faults.append(missing_field("what_would_change"))
    supporting = [
        slug
        for index, name in enumerate(request.supporting_experts or ())
        if (slug := _expert(f"supporting_experts[{index}]", name, state, faults)) is not None
    ]
    if request.confidence is not None and request.confidence not in CONFIDENCES:
        faults.append(invalid_field("confidence", request.confidence, "is no confidence", valid_options=CONFIDENCES))
    votes: dict[str, str] = {}
    members = [member.slug for member in state.members]
    for name, vote in (request.votes or {}).items():
        field, slug = f"votes.{name}", name_slug(name)
        if members and slug not in members:  # a round without a panel is told once, by its number
            faults.append(errors.expert_not_in_panel(field, name, members, over=True))
        elif slug in votes:
            faults.append(named_twice(field, name, slug))
        elif vote not in VOTES:
            faults.append(invalid_field(field, vote, "is no vote", valid_options=VOTES))
        else:
            votes[slug] = vote
    faults += _judged_verdict_ids(state, request)
    lives = Lives(dialogue.dialogue_id, state.entities, state.event_counts, time, max(0, state.completed - 1))
    faults += _judged_entities(lives, state, request)
    faults += _judged_compliance(state, request)
    watches = [(f"watch[{index}]", watch) for index, watch in enumerate(request.watch)]
    bound, unbound = judged_watches(watches, request.conditions)
    faults += unbound

    where = positions(
        members,
        state.moves,
        state.stances,
        state.verdicts,
        conditions=request.conditions,
        votes=votes,
    )
    gate: Gate | None = None
    judgeable = request.round == state.completed - 1 and len(votes) == len(request.votes or ())
    if final and judgeable:  # a wrong round or vote is told alone: it is judged against nothing
        settled = set(request.tensions_accepted)
        if dialogue.judged:  # otherwise "resolved" is a claim, not a step
            settled |= set(request.tensions_resolved)
        still_open = [entity_id for entity_id in state.open_tensions if entity_id not in settled]
        gate = gate_of(dialogue, still_open, state.new_perspectives, where)
        faults += _judged_gate(gate, request, state, votes)
    if faults:
        return faults
    if gate is not None:
        gate = msgspec.structs.replace(gate, forced=request.force and not gate.met)
    adopted = _conclude(lives, request, judged=dialogue.judged) if final else []
    verdict = Verdict(
        dialogue_id=dialogue.dialogue_id,
        verdict_id=request.verdict_id,
        seq=len(state.verdicts) + 1,
        verdict_type=request.verdict_type,  # type: ignore[arg-type]  # judged above
        label=request.label,
        round=request.round,
        author_expert=author,
        recommendation=request.recommendation,
        description=request.description,
        conditions=list(request.conditions),
        vote=request.vote,
        votes=votes or None,
        confidence=request.confidence,
        tensions_resolved=list(request.tensions_resolved),
        tensions_accepted=list(request.tensions_accepted),
        recommendations_adopted=list(request.recommendations_adopted),
        key_evidence=list(request.key_evidence),
        key_claims=list(request.key_claims),
        supporting_experts=supporting,
        what_would_change=request.what_would_change,
        supersedes=request.supersedes,
        dismissals=dict(request.dismissals) if request.dismissals else None,
        force_reason=request.force_reason if request.force else None,
        gate=msgspec.to_builtins(gate) if gate else None,
        ethos_compliance=request.ethos_compliance.model_dump(mode="json") if request.ethos_compliance else None,
        created_at=time,
    )
    return VerdictPlan(
        verdict=verdict,
        changed=lives.changed,
        events=lives.events,
        dialogue=msgspec.structs.replace(dialogue, status="converged", converged_at=time) if final else None,
        adopted=adopted,
        gate=gate,
        warnings=list(_warnings(request, gate, where, state)),
        watches=[
            Watch(
                dialogue_id=dialogue.dialogue_id,
                verdict_id=request.verdict_id,
                seq=number,
                condition=one.condition,
                kind=one.kind,
                reference=one.reference,
                created_at=time,
            )
            for number, one in enumerate(bound, start=1)
        ],
    )


def _expert(field: str, name: str, state: VerdictState, faults: list[HansardError]) -> str | None:
    names = sorted(state.experts)
    slug = name if name in names else name_slug(name)
    if slug in names:
        return slug
    faults.append(errors.expert_not_found(field, name, names, everybody(state.dialogue, ())))
    return None


def _judged_verdict_ids(state: VerdictState, request: VerdictRegister) -> Iterable[HansardError]:
    known = {verdict.verdict_id: verdict for verdict in state.verdicts}
    if request.supersedes is not None and request.supersedes not in known:
        yield errors.verdict_not_found("supersedes", request.supersedes, known)
    elif request.verdict_type == "final" and not state.dialogue.imported:
        standing = standing_final(state.verdicts)
        if standing is not None and request.supersedes != standing.verdict_id:
            yield errors.final_verdict_stands(request.supersedes, standing.verdict_id)
    for name in request.dismissals or {}:
        if name not in known:
            yield errors.verdict_not_found(f"dismissals.{name}", name, known)
        elif known[name].verdict_type not in ("minority", "dissent"):
            yield invalid_field(
                f"dismissals.{name}", name, "is no minority or dissent verdict; others are superseded, not dismissed"
            )


def _judged_entities(lives: Lives, state: VerdictState, request: VerdictRegister) -> Iterable[HansardError]:
    final = request.verdict_type == "final"
    for name, kind in ENTITY_LISTS.items():
        for index, text in enumerate(getattr(request, name)):
            field = f"{name}[{index}]"
            if text in state.earlier:
                yield errors.invalid_display_id(field, text, now=state.earlier[text])
            elif parse_display_id(text) is None:
                yield not_an_id(field, text, f"Name an entity by its display id ({kind}0001)")
            elif text[0] != kind:
                yield errors.type_id_mismatch(field, text, kind, text[0])
            elif text not in lives:
                yield errors.target_not_found(field, text, state.dialogue.dialogue_id, lives.known)
            elif final and name in ("recommendations_adopted", "key_claims"):
                status = lives[text].status
                if status != "adopted" and "adopted" not in valid_steps(kind, status):
                    yield errors.invalid_status_transition(
                        field,
                        text,
                        status,
                        "adopted",
                        valid_steps(kind, status),
                        suggestion=f"Leave it out of '{name}'",
                    )
    for both in sorted(set(request.tensions_resolved) & set(request.tensions_accepted)):
        yield invalid_field(
            "tensions_accepted", both, "is among 'tensions_resolved' too; a tension is resolved or accepted, not both"
        )


def _judged_compliance(state: VerdictState, request: VerdictRegister) -> Iterable[HansardError]:
    """Whether what a verdict says of the ethos can be: its rules are known, and it does not contradict itself."""
    calibration, said = state.dialogue.calibration, request.ethos_compliance
    if said is None:
        if calibration is not None and request.verdict_type == "final" and not state.dialogue.imported:
            yield missing_field("ethos_compliance")
        return
    if calibration is None:
        yield invalid_field(
            "ethos_compliance", said.fully_compliant, "is given in a dialogue without calibration",
            suggestion="Leave it out; 'dialogue_create' takes the ethos that a dialogue is held to",
        )  # fmt: skip
        return
    known = rule_ids(calibration)
    seen: dict[str, str] = {}
    for name in ("exceptions", "violations"):
        for index, one in enumerate(getattr(said, name)):
            field = f"ethos_compliance.{name}[{index}]"
            if one.rule_id not in known:
                yield rule_not_found(f"{field}.rule_id", one.rule_id, known)
            elif one.rule_id in seen:
                yield invalid_field(f"{field}.rule_id", one.rule_id, f"stands among the {seen[one.rule_id]} already")
            seen.setdefault(one.rule_id, name)
    for index, exception in enumerate(said.exceptions):
        for word in ("justification", "approved_by"):
            if not (getattr(exception, word) or "").strip():
                yield missing_field(f"ethos_compliance.exceptions[{index}].{word}")
    if said.fully_compliant and seen:
        yield invalid_field(
            "ethos_compliance.fully_compliant", True, f"is contradicted by {', '.join(seen)}",
            suggestion="A verdict with an exception or a violation is not fully compliant",
        )  # fmt: skip
    if not said.fully_compliant and not seen:
        yield invalid_field(
            "ethos_compliance.fully_compliant", False, "is said, and no exception or violation is named",
            suggestion="Name each rule in 'exceptions' (with who approved it) or in 'violations'",
        )  # fmt: skip


def _judged_gate(
    gate: Gate, request: VerdictRegister, state: VerdictState, votes: Mapping[str, str]
) -> list[HansardError]:
    if gate.met or state.dialogue.imported:
        return []
    if request.force:
        if (request.force_reason or "").strip():
            return []
        return [errors.forced_convergence_no_warning("force_reason")]
    faults = []
    if "open_tensions" in gate.reasons or "new_perspectives" in gate.reasons:
        bars = "new_perspectives" in gate.reasons
        faults.append(errors.velocity_not_zero("verdict_type", gate.open_tensions, gate.new_perspectives, bars=bars))
    if "not_agreed" in gate.reasons:
        faults.append(errors.convergence_not_unanimous(gate.share, gate.target, list(_apart(gate, state, votes))))
    return faults


def _apart(gate: Gate, state: VerdictState, votes: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Each member who does not agree: why, and what would change it."""
    stances = {stance.expert_slug: stance for stance in state.stances}
    dissent = "register its minority or dissent verdict"
    for name in gate.not_agreed:
        stance = stances.get(name)
        if stance is not None and stance.stance in ("REJECT", "HOLD"):
            why, remedy = stance.stance, f"another round, in which it may change its stance; or {dissent}"
        elif votes.get(name) == "against":
            why, remedy = "voted against", dissent
        elif stance is not None and stance.stance == "CONDITIONAL":
            condition = stance.condition or ""
            why = f"CONDITIONAL: {condition}"
            remedy = f"repeat in 'conditions': {condition}" if condition else "another round, in which it says on what"
            remedy += f"; or {dissent}"
        else:
            why = "took no position in the last round"
            remedy = f"another round with APPROVE or [MOVE:CONVERGE]; its vote in 'votes'; or {dissent}"
        yield {"expert": name, "why": why, "remedy": remedy}


def _conclude(lives: Lives, request: VerdictRegister, *, judged: bool) -> list[str]:
    """What a final verdict does to the entities it names; gives those it adopts."""
    by = ["judge"]
    for tension in dict.fromkeys(request.tensions_resolved):
        if lives[tension].status == "resolved":
            continue
        if judged:
            lives.step(tension, "resolved", by, reference=request.verdict_id)
        else:
            lives.step(tension, COMMENTED, by, disposition="called resolved", reference=request.verdict_id)
    for tension in dict.fromkeys(request.tensions_accepted):
        lives.step(tension, COMMENTED, by, disposition="accepted", reference=request.verdict_id)
    adopted = []
    for entity_id in [*request.recommendations_adopted, *request.key_claims]:
        if lives[entity_id].status != "adopted":
            lives.adopt(entity_id, request.verdict_id, by)
            adopted.append(entity_id)
    return adopted


def _unsaid(request: VerdictRegister, where: Positions, state: VerdictState) -> Iterable[Warned]:
    """A minority that a final verdict passes over, and a dissent by somebody who stands in agreement."""
    standing = standing_final(state.verdicts)
    if request.verdict_type == "final" and not state.dialogue.imported:
        replaced = {verdict.supersedes for verdict in state.verdicts}
        for verdict in state.verdicts:
            apart = verdict.verdict_type in ("minority", "dissent") and verdict.verdict_id not in replaced
            if apart and verdict.verdict_id not in (request.dismissals or {}):
                yield Warned(
                    type="minority_not_answered",
                    message=f"nothing is said of '{verdict.verdict_id}', {verdict.author_expert}'s "
                    f"{verdict.verdict_type} verdict: 'dismissals' takes why it is set aside",
                    expert=verdict.author_expert,
                    id=verdict.verdict_id,
                )
    elif request.verdict_type in ("minority", "dissent"):
        agreed = {*where.agreed, *((standing.gate or {}).get("agreed", ()) if standing else ())}
        for name in dict.fromkeys(map(name_slug, [request.author_expert or "", *(request.supporting_experts or ())])):
            if name in agreed:
                what = f"the verdict '{standing.verdict_id}'" if standing else f"round {request.round}"
                yield Warned(
                    type="dissent_after_agreement",
                    message=f"{name} dissents here, and stands in agreement in {what}",
                    expert=name,
                )


def _warnings(request: VerdictRegister, gate: Gate | None, where: Positions, state: VerdictState) -> Iterable[Warned]:
    """Where the verdict's own words do not fit the record; they are kept as given, and the difference is told."""
    yield from _unsaid(request, where, state)
    if gate is not None:
        if not gate.met:
            yield Warned(type="gate_not_met", message=f"the gate is not met: {', '.join(gate.reasons)}")
        if "new_perspectives" in gate.warnings:
            came = "perspective" if gate.new_perspectives == 1 else "perspectives"
            yield Warned(
                type="new_perspectives",
                message=f"{gate.new_perspectives} new {came} came up in the last round",
            )
        if where.outvoted:
            stances = {stance.expert_slug: stance.stance for stance in state.stances}
            told = ", ".join(f"{name} ({stances[name]})" for name in where.outvoted)
            yield Warned(
                type="vote_against_stance",
                message=f"votes are given that these members' own stances do not bear out, and do not count: {told}",
            )
        heard = {*state.spoke, *(move.expert_slug for move in state.moves), *(one.expert_slug for one in state.stances)}
        if silent := [name for name in where.agreed if name not in heard]:
            yield Warned(
                type="agreed_unheard",
                message=f"agreeing by their vote alone, and not heard in the last round: {', '.join(silent)}",
            )
        agreed = len(where.agreed)
        apart = where.counted - agreed
        if stated_vote(request.vote) not in (None, (agreed, apart)):
            yield Warned(
                type="vote_differs",
                message=f"the vote is given as {request.vote}; the record shows {agreed} in agreement and {apart} not",
            )
        if request.confidence == "unanimous" and apart:
            yield Warned(
                type="confidence_differs",
                message=f"the verdict is called unanimous; {apart} of {where.counted} members did not agree",
            )
        for name, label in (
            ("recommendations_adopted", "recommendations"),
            ("key_evidence", "evidence"),
        ):
            if not getattr(request, name):
                yield Warned(type="verdict_incomplete", message=f"the verdict names no {label}")
