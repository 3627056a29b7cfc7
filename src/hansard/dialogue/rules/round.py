"""A round as one plan: every fault of the batch, or everything that is to be written (specification, "Error Handling").

The order in which an item is judged: type enums, type consistency, references, meaning, lifecycle. An item tells its
first fault; the batch tells every item's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hansard.dialogue import errors
from hansard.dialogue.answers import Updated, Warned
from hansard.dialogue.exhibits.rules import judged_citations
from hansard.dialogue.model import (
    ABSTAIN_CAUSES,
    COMPONENTS,
    MOVE_TYPES,
    REF_TYPES,
    STANCES,
    Dialogue,
    Entity,
    Expert,
    Figures,
    JudgeClaim,
    Move,
    Ref,
    Round,
    Stance,
    Utterance,
)
from hansard.dialogue.plans import RoundPlan, RoundState
from hansard.dialogue.requests import EntityIn, ModifierIn, ReferenceIn, RoundRegister, TensionIn, UpdateIn
from hansard.dialogue.rules.figures import compared, figures_of, gate_of, positions
from hansard.dialogue.rules.lifecycle import FIRST_STATUS, Lives, judged_actors, not_an_id
from hansard.dialogue.rules.marked import marked_apart, told_apart
from hansard.dialogue.rules.modifiers import judged_modifier
from hansard.dialogue.rules.panel import carried_over, everybody, named_twice
from hansard.kernel.errors import HansardError, did_you_mean, invalid_field, missing_field, shown
from hansard.kernel.ids import (
    KINDS,
    MAX_ROUND,
    MAX_SEQ,
    PLURALS,
    DisplayId,
    parse_display_id,
    parse_expert_target,
    parse_local_id,
)
from hansard.markers.names import name_slug

UPDATE_LISTS: Final = {
    "P": "perspective_updates",
    "R": "recommendation_updates",
    "T": "tension_updates",
    "E": "evidence_updates",
    "C": "claim_updates",
}
TENSION_ONLY: Final = frozenset({"address", "resolve", "reopen"})
EXPERT_REFS: Final = ("support", "oppose", "question", "depend")
"""What may be said of an expert's whole position."""


def mentioned(request: RoundRegister) -> set[str]:
    """Everything that the batch refers to, as written: what the store must read of it, where it is an id."""
    texts: list[str] = []
    for kind in KINDS:
        for item in items_of(request, kind):
            texts += [reference.target for reference in item.references]
        for update in updates_of(request, kind):
            texts += [text for text in (update.id, update.via, update.result) if text]
    for move in request.moves:
        texts += [*move.targets, *([] if move.target is None else [move.target])]
    texts += [reference.target for reference in request.references]
    texts += [one.evidence for given in request.calibration_modifiers.values() for one in given if one.evidence]
    return set(texts)


def cites(request: RoundRegister) -> bool:
    """Whether a batch cites exhibits at all."""
    kinds = ("P", "R", "E", "C")  # a tension has no such field
    return any(getattr(item, "exhibits", ()) for kind in kinds for item in items_of(request, kind))


def items_of(request: RoundRegister, kind: str) -> Sequence[EntityIn | TensionIn]:
    """The batch's entities of one kind."""
    found: Sequence[EntityIn | TensionIn] = getattr(request, PLURALS[kind])
    return found


def updates_of(request: RoundRegister, kind: str) -> list[UpdateIn]:
    """The batch's updates of one kind."""
    found: list[UpdateIn] = getattr(request, UPDATE_LISTS[kind])
    return found


def plan_round(state: RoundState, request: RoundRegister, time: str) -> RoundPlan | list[HansardError]:
    """Everything a round writes, or every fault of its batch."""
    return _Batch(state, request, time).plan()


class _Batch:
    """One batch while it is judged: collects faults and rows side by side."""

    def __init__(self, state: RoundState, request: RoundRegister, time: str) -> None:
        self.state = state
        self.request = request
        self.time = time
        self.id = state.dialogue.dialogue_id
        self.faults: list[HansardError] = []
        self.warnings: list[Warned] = []
        self.seats = state.seats or carried_over(request.round, state.last_seats, state.created_since)
        self.panel = {member.slug for member in self.seats}
        self.mapping: dict[str, str] = {}
        self.first_local: dict[str, str | None] = {}
        self.lives = Lives(
            self.id, state.entities, state.event_counts, time, request.round, imported=state.dialogue.imported
        )
        self.refs: list[Ref] = []
        self.updates: dict[str, list[Updated]] = {kind: [] for kind in KINDS}

    def plan(self) -> RoundPlan | list[HansardError]:
        request, state = self.request, self.state
        if not state.dialogue.imported and request.score is None:
            self._fault(missing_field("score"), "round", source=str(request.round))
        if not state.dialogue.imported and not self._holds_anything():
            self._fault(
                invalid_field(
                    "responses",
                    request.responses,
                    "holds nothing, and neither does the rest of the round",
                    suggestion="Give what the experts said in 'responses', or for those who said nothing a stance "
                    "ABSTAIN with its cause; a round that is registered takes no words later",
                ),
                "round",
                source=str(request.round),
            )
        utterances = self._utterances()
        self._entities()
        utterances = self._modified(utterances)
        self._references()
        self._updates()
        moves = self._moves()
        stances = self._stances()
        if self.faults:
            return self.faults
        opened = self._opened(state)
        round_ = Round(
            dialogue_id=self.id,
            round=request.round,
            title=request.title,
            score=request.score,
            summary=request.summary,
            status="completed",
            created_at=state.planned.created_at if state.planned else self.time,
            completed_at=self.time,
        )
        fresh = sum(1 for entity in self.lives.added if entity.kind == "P")
        where = positions(self.panel, moves, stances, state.verdicts)
        computed = figures_of(round_, state.before, len(opened), fresh, where)
        judged = gate_of(state.dialogue, opened, fresh, where)
        claims = self._claims()
        self._warn(utterances, moves, fresh)
        self._warn_of_markers(utterances, moves, stances)
        self._warn_of_claims(claims, computed)
        status = "converging" if judged.met else "open"
        dialogue = None if status == state.dialogue.status else msgspec.structs.replace(state.dialogue, status=status)
        return RoundPlan(
            round=round_,
            round_is_new=state.planned is None,
            seats=[] if state.seats else self.seats,
            experts=[
                msgspec.structs.replace(expert, first_round=request.round)
                for slug in sorted(self.panel)
                if (expert := state.experts[slug]).first_round is None
            ],
            utterances=utterances,
            added=self.lives.added,
            changed=self.lives.changed,
            events=self.lives.events,
            refs=self.refs,
            moves=moves,
            stances=stances,
            claims=claims,
            dialogue=dialogue,
            id_mapping=self.mapping,
            first_local_ids=self.first_local,
            updates=self.updates,
            figures=computed,
            gate=judged,
            warnings=self.warnings,
        )

    def _holds_anything(self) -> bool:
        """Whether anything is told of anybody in this round, or of what was said before it."""
        request = self.request
        given: list[Any] = [request.responses, request.expert_scores, request.score_components, request.annotations]
        given += [request.moves, request.stances, request.references, request.calibration_modifiers]
        given += [listed for kind in KINDS for listed in (items_of(request, kind), updates_of(request, kind))]
        return any(given)

    def _fault(self, fault: HansardError, item_type: str, name: str | None = None, source: str | None = None) -> None:
        self.faults.append(fault.of(item_type, local_id=name, source_id=source))

    def _member(self, field: str, name: str) -> str | None:
        """The slug of a panel member, or a fault."""
        slug = name if name in self.panel else name_slug(name)
        if slug in self.panel:
            return slug
        self._fault(self._not_seated(field, name), "expert", source=name)
        return None

    def _not_seated(self, field: str, name: str) -> HansardError:
        return errors.expert_not_in_panel(field, name, self.panel, everybody(self.state.dialogue, self.state.experts))

    def _utterances(self) -> list[Utterance]:
        request = self.request
        said: dict[str, dict[str, Any]] = {}
        for field, values in (
            ("responses", request.responses),
            ("expert_scores", request.expert_scores),
            ("score_components", request.score_components),
            ("annotations", request.annotations),
        ):
            for name, value in values.items():
                slug = self._member(f"{field}.{name}", name)
                if slug is None:
                    continue
                parts = said.setdefault(slug, {})
                if field in parts:
                    self._fault(named_twice(f"{field}.{name}", name, slug), "expert", source=name)
                parts[field] = value
        rows = []
        for slug, parts in sorted(said.items()):
            given = parts.get("score_components")
            components = None if given is None else {name: getattr(given, name) for name in COMPONENTS}
            score = parts.get("expert_scores")
            if components is not None:
                total = sum(components.values())
                if score is not None and score != total:
                    self._fault(
                        invalid_field(
                            f"expert_scores.{slug}",
                            score,
                            f"is not the sum of its components ({total})",
                            suggestion="ALIGNMENT is Wisdom + Consistency + Truth + Relationships; leave the score out "
                            "and it is their sum",
                        ),
                        "expert",
                        source=slug,
                    )
                score = total
            rows.append(
                Utterance(
                    dialogue_id=self.id,
                    round=request.round,
                    slug=slug,
                    raw=parts.get("responses"),
                    score=score,
                    components=components,
                    annotations=parts.get("annotations") or None,
                )
            )
        return rows

    def _modified(self, utterances: list[Utterance]) -> list[Utterance]:
        """The utterances with what the ethos adds to each."""
        found = {said.slug: said for said in utterances}
        seen: set[str] = set()
        for name, given in self.request.calibration_modifiers.items():
            field = f"calibration_modifiers.{name}"
            slug = self._member(field, name)
            if slug is None:
                continue
            if slug in seen:
                self._fault(named_twice(field, name, slug), "expert", source=name)
            seen.add(slug)
            rows = [row for index, one in enumerate(given) if (row := self._modifier(f"{field}[{index}]", name, one))]
            twice = [row["rule_id"] for row in rows]
            if len(set(twice)) < len(twice):
                self._fault(invalid_field(field, twice, "names a rule twice"), "expert", source=name)
            own = found.get(slug) or Utterance(dialogue_id=self.id, round=self.request.round, slug=slug)
            found[slug] = msgspec.structs.replace(own, modifiers=rows or None)
        spoke = {said.slug for said in utterances}
        return [said for slug, said in sorted(found.items()) if said.modifiers or slug in spoke]

    def _modifier(self, field: str, name: str, given: ModifierIn) -> dict[str, Any] | None:
        """One modifier as it is kept, or nothing where it has a fault."""
        judged = judged_modifier(field, given, self.state.dialogue.calibration, self._resolved, self.lives, self.id)
        if isinstance(judged, HansardError):
            self._fault(judged, "modifier", source=name)
            return None
        return judged

    def _entities(self) -> None:
        seen: set[str] = set()
        for kind, word in KINDS.items():
            items = items_of(self.request, kind)
            if len(items) > MAX_SEQ:
                self._fault(
                    errors.id_space_exhausted(PLURALS[kind], f"{len(items)} {PLURALS[kind]} in one round"), word
                )
                continue
            for index, item in enumerate(items):
                field = f"{PLURALS[kind]}[{index}]"
                places = {f"local_ids[{place}]": name for place, name in enumerate(item.local_ids)}
                if item.local_id is not None:
                    places = {"local_id": item.local_id} | places
                locals_ = list(places.values())
                experts = self._local_ids(field, kind, word, places, seen)
                contributors = self._contributors(field, word, item, experts, locals_)
                exhibits = [] if isinstance(item, TensionIn) else item.exhibits
                fault = judged_citations(f"{field}.exhibits", exhibits, kind, word, self.state.exhibits)
                if fault is not None:
                    self._fault(fault, word, locals_[0] if locals_ else None)
                entity_id = str(DisplayId(kind, self.request.round, index + 1))
                for name in locals_:
                    self.mapping.setdefault(name, entity_id)
                self.first_local[entity_id] = item.local_id or (locals_[0] if locals_ else None)
                self.lives.add(
                    Entity(
                        dialogue_id=self.id,
                        kind=kind,
                        round=self.request.round,
                        seq=index + 1,
                        label=item.label,
                        content=item.description if isinstance(item, TensionIn) else item.content,
                        contributors=contributors,
                        status=FIRST_STATUS[kind],
                        parameters=None if isinstance(item, TensionIn) else item.parameters,
                        local_ids=locals_,
                        exhibits=list(exhibits) or None,
                        created_at=self.time,
                    )
                )

    def _local_ids(self, field: str, kind: str, word: str, places: Mapping[str, str], seen: set[str]) -> list[str]:
        """The experts whom local ids name; a fault for each id that cannot stand here."""
        experts = []
        for place, name in places.items():
            where = f"{field}.{place}"
            local = parse_local_id(name)
            if local is None:
                self._fault(
                    errors.invalid_display_id(
                        where,
                        name,
                        f"Write it like MUFFIN-{kind}{self.request.round:02d}01: expert, kind, round, number",
                    ),
                    word,
                    name,
                )
            elif local.kind not in KINDS:
                self._fault(errors.invalid_entity_type(where, name), word, name)
            elif local.kind != kind:
                self._fault(errors.type_id_mismatch(where, name, kind, local.kind), word, name)
            elif local.round != self.request.round:
                self._fault(
                    errors.invalid_display_id(
                        where, name, f"Its digits say round {local.round}; this is round {self.request.round}"
                    ),
                    word,
                    name,
                )
            elif name in seen:
                self._fault(errors.duplicate_local_id(where, name), word, name)
            elif local.expert not in self.panel:
                self._fault(self._not_seated(where, local.expert), word, name)
            else:
                experts.append(local.expert)
            seen.add(name)
        return experts

    def _contributors(
        self, field: str, word: str, item: EntityIn | TensionIn, experts: Sequence[str], names: Sequence[str]
    ) -> list[str]:
        named = names[0] if names else None
        found: list[str] = []
        for index, name in enumerate(item.contributors):
            slug = name if name in self.panel else name_slug(name)
            if slug not in self.panel:
                self._fault(self._not_seated(f"{field}.contributors[{index}]", name), word, named)
            elif slug not in found:
                found.append(slug)
        if item.contributors:
            for expert in experts:
                if expert not in found:
                    self._fault(
                        invalid_field(
                            f"{field}.contributors",
                            item.contributors,
                            f"leaves out '{expert}', whose local id became this entity",
                            suggestion=f"Add '{expert}': whoever contributed is named",
                        ),
                        word,
                        named,
                    )
        else:
            found = list(dict.fromkeys(experts))
            if not names:
                self._fault(missing_field(f"{field}.contributors"), word)
        return found

    def _references(self) -> None:
        for kind in KINDS:
            for index, item in enumerate(items_of(self.request, kind)):
                if index >= MAX_SEQ:
                    break
                source = str(DisplayId(kind, self.request.round, index + 1))
                name = self.first_local.get(source)
                self._references_of(f"{PLURALS[kind]}[{index}].references", source, name or source, item.references)
        by_expert: dict[str, list[tuple[int, ReferenceIn]]] = {}
        for index, reference in enumerate(self.request.references):
            slug = self._member(f"references[{index}].expert", reference.expert)
            if slug is not None:
                by_expert.setdefault(slug, []).append(
                    (index, ReferenceIn(type=reference.type, target=reference.target, context=reference.context))
                )
        for slug, references in by_expert.items():
            source = f"@{slug}"
            seen: set[tuple[str, str]] = set()
            for index, given in references:
                self._reference(f"references[{index}]", source, source, given, seen)

    def _references_of(self, field: str, source: str, named: str, references: Iterable[ReferenceIn]) -> None:
        seen: set[tuple[str, str]] = set()
        for index, reference in enumerate(references):
            self._reference(f"{field}[{index}]", source, named, reference, seen)

    def _reference(
        self, field: str, source: str, named: str, reference: ReferenceIn, seen: set[tuple[str, str]]
    ) -> None:
        judged = self._judged_reference(field, source, reference)
        if isinstance(judged, HansardError):
            self._fault(judged, "reference", source=named)
            return
        key = (reference.type, judged)
        if key in seen:
            self._fault(
                errors.duplicate_reference(f"{field}.target", reference.type, reference.target),
                "reference",
                source=named,
            )
            return
        seen.add(key)
        self.refs.append(
            Ref(
                dialogue_id=self.id,
                round=self.request.round,
                seq=len(self.refs) + 1,
                source_id=source,
                ref_type=reference.type,
                target_id=judged,
                context=reference.context,
                created_at=self.time,
            )
        )
        if reference.type == "refine":
            self.lives.refine(judged, self.lives[source].contributors, source)

    def _judged_reference(self, field: str, source: str, reference: ReferenceIn) -> str | HansardError:
        """The display id (or ``@slug``) that a reference points at, or its first fault."""
        where = f"{field}.target"
        if reference.type not in REF_TYPES:
            return errors.invalid_ref_type(f"{field}.type", reference.type)
        if reference.target_type is not None and reference.target_type not in KINDS:
            return errors.invalid_entity_type(f"{field}.target_type", reference.target_type)
        if parse_expert_target(reference.target) is not None:
            return self._judged_position(where, source, reference)
        target = self._resolved(where, reference.target, source)
        if isinstance(target, HansardError):
            return target
        kind = target[0]
        if reference.target_type not in (None, kind):
            return errors.type_id_mismatch(where, reference.target, str(reference.target_type), kind)
        if target not in self.lives:
            return self._not_there(where, reference.target, source)
        if reference.type in TENSION_ONLY and kind != "T":
            return errors.invalid_ref_target(where, reference.target, source, reference.type, target, kind, ["T"])
        if reference.type == "refine" and kind != source[0]:
            return errors.refine_type_mismatch(where, reference.target, source, target)
        if target == source:
            return errors.invalid_ref_target(
                where, reference.target, source, reference.type, target, "the entity itself", []
            )
        return target

    def _judged_position(self, where: str, source: str, reference: ReferenceIn) -> str | HansardError:
        """``@slug`` as a reference's target, or its first fault."""
        if reference.target_type is not None:
            return errors.type_id_mismatch(where, reference.target, reference.target_type, "position of an expert")
        target = self._position(where, reference.target)
        if isinstance(target, str) and reference.type not in EXPERT_REFS:
            fitting = ["T"] if reference.type in TENSION_ONLY else [kind for kind in KINDS if kind == source[0]]
            return errors.invalid_ref_target(
                where, target, source, reference.type, target, "an expert's position", fitting
            )
        return target

    def _position(self, field: str, text: str) -> str | HansardError:
        """``@slug`` of an expert of this dialogue."""
        if parse_expert_target(text) in self.state.experts:
            return text
        return errors.target_not_found(field, text, self.id, [f"@{slug}" for slug in self.state.experts])

    def _not_there(self, field: str, text: str, source: str | None = None) -> HansardError:
        """An id that nothing has; what refers is not offered to itself, nor an expert's entity for another's."""
        known = [entity_id for entity_id in self.lives.known if entity_id != source]
        local = parse_local_id(text)
        if local is not None:
            others = self.state.experts.keys() - {local.expert} if local.expert in self.state.experts else set()
            found = {
                name: parsed
                for name, given in self.mapping.items()
                if given != source and (parsed := parse_local_id(name))
            }
            known = [name for name, one in found.items() if one.kind == local.kind and one.expert not in others]
        return errors.target_not_found(field, text, self.id, known)

    def _resolved(self, field: str, text: str, source: str | None = None) -> str | HansardError:
        """A local id of the batch, or a display id, as display id; ``source`` is the entity that refers to it."""
        if text in self.mapping:
            return self.mapping[text]
        if parse_display_id(text):
            return text
        local = parse_local_id(text)
        if local is not None:
            if local.kind not in KINDS:
                return errors.invalid_entity_type(field, text)
            if text in self.state.earlier:
                return errors.invalid_display_id(field, text, now=self.state.earlier[text])
            return self._not_there(field, text, source)
        return not_an_id(
            field, text, "Name an entity by display id (P0001), a local id of this batch, or an expert by @slug"
        )

    def _updates(self) -> None:
        for kind, word in KINDS.items():
            for index, update in enumerate(updates_of(self.request, kind)):
                field = f"{UPDATE_LISTS[kind]}[{index}]"
                who = self.state.dialogue, self.state.experts
                fault, taken = take_update(self.lives, field, update, kind, self._resolved, *who)
                if fault is not None:
                    self._fault(fault, f"{word}_update", source=update.id)
                elif taken is not None:
                    self.updates[kind].append(taken)

    def _moves(self) -> list[Move]:
        rows: list[Move] = []
        counts: dict[str, int] = {}
        for index, move in enumerate(self.request.moves):
            field = f"moves[{index}]"
            slug = self._member(f"{field}.expert", move.expert)
            if move.type not in MOVE_TYPES:
                self._fault(
                    invalid_field(
                        f"{field}.type",
                        move.type,
                        "is no dialogue move",
                        valid_options=MOVE_TYPES,
                        suggestion=did_you_mean(move.type, MOVE_TYPES),
                    ),
                    "move",
                    source=move.expert,
                )
                continue
            targets = []
            for position, text in enumerate([*move.targets, *([] if move.target is None else [move.target])]):
                where = f"{field}.targets[{position}]" if position < len(move.targets) else f"{field}.target"
                if parse_expert_target(text) is not None:
                    found = self._position(where, text)
                else:
                    found = self._resolved(where, text)
                    if isinstance(found, str) and found not in self.lives:
                        found = self._not_there(where, text)
                if isinstance(found, HansardError):
                    self._fault(found, "move", source=move.expert)
                else:
                    targets.append(found)
            if slug is None:
                continue
            counts[slug] = counts.get(slug, 0) + 1
            rows.append(
                Move(
                    dialogue_id=self.id,
                    round=self.request.round,
                    expert_slug=slug,
                    seq=counts[slug],
                    move_type=move.type,
                    targets=targets,
                    topic=move.topic,
                    context=move.context,
                    created_at=self.time,
                )
            )
        return rows

    def _stances(self) -> list[Stance]:
        rows: list[Stance] = []
        seen: set[str] = set()
        for index, stance in enumerate(self.request.stances):
            field = f"stances[{index}]"
            slug = self._member(f"{field}.expert", stance.expert)
            word = stance.stance.upper()
            fault = None
            if word not in STANCES:
                fault = invalid_field(f"{field}.stance", stance.stance, "is no stance", valid_options=STANCES)
            elif word == "CONDITIONAL" and not (stance.condition or "").strip():
                fault = missing_field(f"{field}.condition")
            elif word == "ABSTAIN" and stance.cause not in ABSTAIN_CAUSES:
                fault = invalid_field(
                    f"{field}.cause", stance.cause, "must say why the expert abstains", valid_options=ABSTAIN_CAUSES
                )
            elif slug in seen:
                fault = invalid_field(
                    f"{field}.expert",
                    stance.expert,
                    "has a stance in this round already",
                    suggestion="Give each expert one stance",
                )
            if fault is not None:
                self._fault(fault, "stance", source=stance.expert)
                continue
            if slug is None:
                continue
            seen.add(slug)
            rows.append(
                Stance(
                    dialogue_id=self.id,
                    round=self.request.round,
                    expert_slug=slug,
                    stance=word,
                    confidence=stance.confidence,
                    condition=stance.condition,
                    cause=stance.cause,
                    created_at=self.time,
                )
            )
        return rows

    def _opened(self, state: RoundState) -> list[str]:
        """Tensions that are not settled once this round is registered."""
        untouched = [entity_id for entity_id in state.open_tensions if entity_id not in self.lives]
        return untouched + self.lives.open_tensions

    def _claims(self) -> list[JudgeClaim]:
        return [
            JudgeClaim(
                dialogue_id=self.id,
                seq=self.state.claims + number,
                round=self.request.round,
                subject="round",
                item=item,
                claimed=value if isinstance(value, str) else msgspec.json.encode(value).decode(),
            )
            for number, (item, value) in enumerate(sorted(self.request.judge_claims.items()), start=1)
        ]

    def _warn_of_claims(self, claims: Iterable[JudgeClaim], computed: Figures) -> None:
        """The Judge's figures are kept as stated; where the record says something else, that is told at once."""
        for claim in claims:
            beside = compared(claim, {computed.round: computed}, {})
            if beside.differs:
                message = f"{claim.item} is stated as {shown(claim.claimed)}; the record shows {beside.computed}"
                self.warnings.append(Warned(type="claim_differs", message=message, round=computed.round))

    def _warn_of_markers(
        self, utterances: Sequence[Utterance], moves: Sequence[Move], stances: Sequence[Stance]
    ) -> None:
        """Where a response marks something else than its batch holds; an import tells what became of each marker."""
        if not self.state.dialogue.judged:
            return
        for apart in marked_apart(utterances, self.lives.added, stances, moves, self.state.verdicts):
            for type_, message in told_apart(apart):
                self.warnings.append(Warned(type=type_, message=message, expert=apart.slug, round=apart.round))

    def _warn(self, utterances: Sequence[Utterance], moves: Sequence[Move], fresh: int) -> None:
        number = self.request.round
        scored = {row.slug for row in utterances if row.score is not None}
        spoken = {row.slug for row in utterances if row.raw is not None}

        def warn(type_: str, message: str, expert: str | None = None) -> None:
            self.warnings.append(Warned(type=type_, message=message, expert=expert, round=number))

        for slug in sorted(self.panel - scored):
            warn("missing_score", f"{slug} sits at the panel of round {number} and has no score", slug)
        for slug in sorted(self.panel - spoken):
            warn("missing_response", f"{slug} sits at the panel of round {number} and has no response on record", slug)
        total = sum(row.score or 0 for row in utterances)
        if self.request.score is not None and scored and total != self.request.score:
            warn(
                "scores_differ",
                f"the experts' scores add up to {total}, the round's score is {self.request.score}",
            )
        if number >= self.state.dialogue.max_rounds:
            warn("max_rounds_passed", f"the dialogue was planned for {self.state.dialogue.max_rounds} rounds")
        if fresh and not self.state.dialogue.strict_velocity:
            came = "perspective" if fresh == 1 else "perspectives"
            warn("new_perspectives", f"{fresh} new {came} in this round: the panel still moves")
        for move in () if self.state.dialogue.imported else moves:  # an import tells what was read of the markers
            said = f"{move.expert_slug}'s move '{move.move_type}'"
            if move.move_type == "request" and not (move.topic or "").strip():
                warn("missing_topic", f"{said} asks for nothing", move.expert_slug)
            elif move.move_type == "bridge" and len(move.targets) != 2:
                warn("bridge_needs_two", f"{said} names {len(move.targets)} instead of two", move.expert_slug)
            elif move.move_type in ("defend", "challenge", "concede") and not move.targets:
                warn("move_without_target", f"{said} names nothing that it is about", move.expert_slug)


def take_update(
    lives: Lives,
    field: str,
    update: UpdateIn,
    kind: str | None,
    resolved: Any,
    dialogue: Dialogue,
    experts: Mapping[str, Expert],
) -> tuple[HansardError | None, Updated | None]:
    """Take one step in an entity's life, or say why not.

    Args:
        kind: the kind whose list the update stands in; ``None`` where updates of all kinds stand together.
        resolved: gives the display id of a local id of the batch, or a fault.
    """
    target = resolved(f"{field}.id", update.id)
    if isinstance(target, HansardError):
        return target, None
    if kind is not None and target[0] != kind:
        return errors.type_id_mismatch(f"{field}.id", update.id, kind, target[0]), None
    if target not in lives:
        return errors.target_not_found(f"{field}.id", update.id, dialogue.dialogue_id, lives.known), None
    found: dict[str, str | None] = {"via": None, "result": None}
    for name, text in (("via", update.via), ("result", update.result)):
        if text is None:
            continue
        other = resolved(f"{field}.{name}", text)
        if not isinstance(other, HansardError) and other not in lives:
            other = errors.target_not_found(f"{field}.{name}", text, dialogue.dialogue_id, lives.known)
        if isinstance(other, HansardError):
            return other, None
        found[name] = other
    by = list(dict.fromkeys(name_slug(name) for name in update.by))
    fault = next(judged_actors(field, update.by, experts, everybody(dialogue, experts)), None)
    fault = fault or lives.judged(field, target, update.status, by, found["result"])
    if fault is not None:
        return fault, None
    lives.step(
        target,
        update.status,
        by,
        reason=update.reason,
        disposition=update.disposition,
        reference=found["via"],
        result=found["result"],
    )
    return None, Updated(id=target, status=update.status, via=found["via"], result=found["result"])


def judged_round_number(wanted: int, completed: int) -> HansardError | None:
    """Why a round may not be registered now."""
    if wanted > MAX_ROUND:
        return errors.id_space_exhausted("round", f"round {wanted}")
    if wanted < completed:
        return errors.round_exists(wanted)
    if wanted > completed:
        return errors.round_out_of_order(wanted, completed)
    return None
