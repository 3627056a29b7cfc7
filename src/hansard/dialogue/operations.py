"""The door of the room: read, judge, write, answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from hansard.database.journal import Entry
from hansard.dialogue import answers, errors, model, protocol, requests, store, views
from hansard.dialogue.calibration.held import held_to
from hansard.dialogue.door import folder_in, imported_only, misplaced, raise_faults, refuse, time_of
from hansard.dialogue.life import Life
from hansard.dialogue.model import Dialogue, JudgeClaim, PanelMember, Round
from hansard.dialogue.prompts.operations import Prompting
from hansard.dialogue.reading import Reading
from hansard.dialogue.rules import plan_expert, plan_panel, plan_round, plan_verdict
from hansard.dialogue.rules.lifecycle import Lives, judged_id
from hansard.dialogue.rules.panel import (
    DEFAULT_PANEL,
    named_pool,
    new_expert,
    next_color,
    seat_of,
    suggested_panel,
)
from hansard.dialogue.rules.round import cites, judged_round_number, mentioned, take_update
from hansard.dialogue.rules.verdict import named_ids
from hansard.dialogue.tables import ROWS
from hansard.kernel.clock import normal_timestamp
from hansard.kernel.errors import HansardError, batch_validation_failed, invalid_field, path_outside
from hansard.kernel.ids import LATEST, free_ids, slugify
from hansard.kernel.operations import Call, operation
from hansard.markers.names import own_name

REGISTRY = "registry"
"""The stream of names that are given out once."""


class DialogueOperations(Life, Prompting, Reading):
    """Dialogues: created, argued round by round, concluded, read."""

    # ------------------------------------------------------------------ writing

    @operation(writes=True, tools="dialogue")
    def dialogue_create(self, request: requests.DialogueCreate, call: Call) -> answers.DialogueCreated:
        """Start a dialogue: give it an id, name the pool, suggest a panel, and tell the Judge how to run it."""
        with self._journal.entry("dialogue_create", request, call, [REGISTRY]) as entry:
            if entry.answer is not None:
                return answers.DialogueCreated(**entry.answer)
            origin = request.origin
            pool, faults = named_pool(request.expert_pool.experts, imported=origin is not None)
            size = request.panel_size if request.panel_size is not None else min(len(pool), DEFAULT_PANEL)
            if size > len(pool) and origin is None:
                faults.append(invalid_field("panel_size", size, f"is more than the pool's {len(pool)} experts"))
            if request.output_dir is not None and (fault := self._judged_folder(request.output_dir)):
                faults.append(fault)
            if request.dialogue_id is not None:
                faults += _id_faults(request.dialogue_id)
            calibration, unfit = held_to(entry.connection, request)
            raise_faults(faults + unfit, "dialogue", request.title)
            dialogue_id = self._allocated(entry, request)
            if request.output_dir is not None:
                self._judge_place(entry, dialogue_id, request.output_dir)
            entry.join(store.stream(dialogue_id))
            entry.decide("dialogue_id", dialogue_id)
            seed = request.seed or entry.draw("seed", 8).hex()
            time = normal_timestamp(origin.at, "origin.at") if origin else entry.time
            dialogue = Dialogue(
                dialogue_id=dialogue_id,
                title=request.title,
                question=request.question,
                background=request.background.plain() if request.background else None,
                domain=request.expert_pool.domain,
                expert_pool=pool,
                created_at=time,
                panel_size=size,
                convergence_target=request.convergence_target,
                max_rounds=request.max_rounds,
                rotation=request.rotation,
                strict_velocity=int(request.strict_velocity),
                seed=seed,
                output_dir=request.output_dir,
                tags=list(request.tags),
                calibration=calibration,
                origin=None if origin is None else _origin_row(origin),
            )
            panel = [] if origin else suggested_panel(pool, size, seed)
            rows: list[model.Row] = [dialogue]
            if panel:
                rows.append(Round(dialogue_id=dialogue_id, round=0, created_at=time))
            by_slug = {member["slug"]: member for member in pool if "slug" in member}
            joined: list[model.Expert] = []
            for slug in panel:
                member = by_slug[slug]
                given: dict[str, Any] = {
                    name: member.get(name) for name in ("role", "tier", "relevance", "focus", "description")
                }
                given["name"] = own_name(member["name"], slug)
                joined.append(new_expert(dialogue_id, slug, time, next_color(joined), **given))
                rows.append(seat_of(joined[-1], 0))
            rows += joined
            if origin is not None:
                rows += _imported_rows(dialogue_id, origin)
            store.insert(entry, rows)
            store.index_dialogue(entry.connection, dialogue)
            folder = str(self.folder(dialogue))
            return entry.finish(
                answers.DialogueCreated(
                    dialogue_id=dialogue_id,
                    title=dialogue.title,
                    question=dialogue.question,
                    created_at=time,
                    output_dir=folder,
                    seed=seed,
                    suggested_panel=[by_slug[slug] for slug in panel],
                    expert_pool=pool,
                    judge_protocol=protocol.judge_protocol(dialogue, folder),
                )
            )

    @operation(writes=True, tools="dialogue")
    def dialogue_expert_create(self, request: requests.ExpertCreate, call: Call) -> answers.ExpertCreated:
        """Create an expert who is not in the pool, to fill a gap that the panel has.

        Whoever is created between rounds sits at the next panel unless another is seated; the panel that was suggested
        for round 0 stays as it is, so there a created expert needs ``dialogue_evolve_panel``.
        """
        with self._journal.entry("dialogue_expert_create", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.ExpertCreated(**entry.answer)
            dialogue = self._open(entry.connection, request.dialogue_id)
            experts = store.read_experts(entry.connection, request.dialogue_id)
            time = time_of(dialogue, entry, request.at)
            expert, faults = plan_expert(dialogue, experts, request, time)
            raise_faults(faults, "expert", request.expert_slug)
            assert expert is not None
            store.insert(entry, [expert])
            view: dict[str, Any] = msgspec.to_builtins(expert)
            view.pop("dialogue_id")
            return entry.finish(answers.ExpertCreated(dialogue_id=request.dialogue_id, expert=view))

    @operation(writes=True, tools="dialogue")
    def dialogue_evolve_panel(self, request: requests.EvolvePanel, call: Call) -> answers.PanelEvolved:
        """Seat the panel of the round to come: who stays, who comes from the pool, who was created."""
        with self._journal.entry("dialogue_evolve_panel", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.PanelEvolved(**entry.answer)
            dialogue = self._open(entry.connection, request.dialogue_id)
            completed = store.completed_rounds(entry.connection, request.dialogue_id)
            if fault := judged_round_number(request.round, completed):
                raise fault
            if request.suggested and not dialogue.imported:
                raise imported_only("suggested", True)
            status = "open" if request.suggested else "in_progress"
            experts = store.read_experts(entry.connection, request.dialogue_id)
            before = store.seated_before(entry.connection, request.dialogue_id, request.round)
            time = time_of(dialogue, entry, request.at)
            joined, seats, faults = plan_panel(dialogue, experts, before, request, time)
            raise_faults(faults, "panel", f"round {request.round}")
            planned = store.read_round(entry.connection, request.dialogue_id, request.round)
            for seat in store.read_panel(entry.connection, request.dialogue_id, request.round):
                entry.delete(ROWS[PanelMember], (seat.dialogue_id, seat.round, seat.slug))
            rows: list[model.Row] = [*joined, *seats]
            if planned is None:
                rows.append(Round(dialogue_id=request.dialogue_id, round=request.round, status=status, created_at=time))
            else:
                store.update(entry, [msgspec.structs.replace(planned, status=status)])
            store.insert(entry, rows)
            everybody = experts | {expert.slug: expert for expert in joined}
            return entry.finish(
                answers.PanelEvolved(
                    dialogue_id=request.dialogue_id,
                    round=request.round,
                    panel=[
                        {
                            "slug": seat.slug,
                            "name": everybody[seat.slug].shown,
                            "role": everybody[seat.slug].role,
                            "tier": seat.tier,
                            "source": seat.source,
                            "relevance": seat.relevance,
                            "focus": seat.focus,
                        }
                        for seat in seats
                    ],
                    retained_count=sum(1 for seat in seats if seat.source == "retained"),
                    from_pool_count=sum(1 for seat in seats if seat.source == "pool"),
                    created_count=sum(1 for seat in seats if seat.source == "created"),
                    suggested_panel=views.suggested_panel(
                        dialogue, everybody, before | {seat.slug for seat in seats}, seats, request.round + 1
                    ),
                )
            )

    @operation(writes=True, tools="dialogue")
    def dialogue_round_register(self, request: requests.RoundRegister, call: Call) -> answers.RoundRegistered:
        """Register all of a round in one batch, all or nothing; local ids become display ids."""
        with self._journal.entry(
            "dialogue_round_register", request, call, [store.stream(request.dialogue_id)]
        ) as entry:
            if entry.answer is not None:
                return answers.RoundRegistered(**entry.answer)
            dialogue = self._open(entry.connection, request.dialogue_id)
            completed = store.completed_rounds(entry.connection, request.dialogue_id)
            if fault := judged_round_number(request.round, completed):
                raise fault
            state = store.read_round_state(
                entry.connection, dialogue, request.round, completed, mentioned(request), cites=cites(request)
            )
            time = time_of(dialogue, entry, request.at)
            plan = plan_round(state, request, time)
            if isinstance(plan, list):
                raise batch_validation_failed(plan)
            store.write_round(entry, plan)
            registered: dict[str, list[answers.Registered]] = {kind: [] for kind in "PRTEC"}
            for entity in plan.added:
                registered[entity.kind].append(
                    answers.Registered(local_id=plan.first_local_ids[entity.id], id=entity.id, label=entity.label)
                )
            gate = views.gate_view(plan.gate)
            assert gate is not None
            return entry.finish(
                answers.RoundRegistered(
                    dialogue_id=request.dialogue_id,
                    round=request.round,
                    id_mapping=plan.id_mapping,
                    perspectives=registered["P"],
                    recommendations=registered["R"],
                    tensions=registered["T"],
                    evidence=registered["E"],
                    claims=registered["C"],
                    perspective_updates=plan.updates["P"],
                    recommendation_updates=plan.updates["R"],
                    tension_updates=plan.updates["T"],
                    evidence_updates=plan.updates["E"],
                    claim_updates=plan.updates["C"],
                    dialogue_status=(plan.dialogue or dialogue).status,
                    figures=answers.RoundFigures(**msgspec.to_builtins(plan.figures)),
                    gate=gate,
                    warnings=plan.warnings,
                )
            )

    @operation(writes=True, tools="dialogue")
    def dialogue_verdict_register(self, request: requests.VerdictRegister, call: Call) -> answers.VerdictRegistered:
        """Register a verdict: interim, final, minority or dissent. A final one must pass the convergence gate."""
        with self._journal.entry(
            "dialogue_verdict_register", request, call, [store.stream(request.dialogue_id)]
        ) as entry:
            if entry.answer is not None:
                return answers.VerdictRegistered(**entry.answer)
            dialogue = self._dialogue(entry.connection, request.dialogue_id)
            later = request.verdict_type in ("minority", "dissent") or (
                request.verdict_type == "final" and request.supersedes is not None
            )
            if dialogue.closed and not (later and dialogue.status == "converged"):
                raise errors.dialogue_closed(dialogue.dialogue_id, dialogue.status)
            completed = store.completed_rounds(entry.connection, request.dialogue_id)
            state = store.read_verdict_state(entry.connection, dialogue, request.round, completed, named_ids(request))
            time = time_of(dialogue, entry, request.at)
            plan = plan_verdict(state, request, time)
            if isinstance(plan, list):
                refuse(plan, "verdict", request.verdict_id)
            store.write_verdict(entry, plan)
            status = self._settle_status(entry, plan.dialogue or dialogue, completed)
            return entry.finish(
                answers.VerdictRegistered(
                    dialogue_id=request.dialogue_id,
                    verdict_id=request.verdict_id,
                    verdict_type=request.verdict_type,
                    round=request.round,
                    dialogue_status=status,
                    adopted=plan.adopted,
                    gate=views.gate_view(plan.gate),
                    warnings=plan.warnings,
                )
            )

    @operation(writes=True, tools="dialogue")
    def dialogue_update_status(self, request: requests.UpdateStatus, call: Call) -> answers.StatusUpdated:
        """Record steps between rounds: a comment, a reopening, an invalidation, by anybody who may take them."""
        with self._journal.entry("dialogue_update_status", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.StatusUpdated(**entry.answer)
            dialogue = self._dialogue(entry.connection, request.dialogue_id)
            if dialogue.status == "abandoned":
                raise errors.dialogue_closed(dialogue.dialogue_id, dialogue.status)
            named = {text for update in request.updates for text in (update.id, update.via, update.result) if text}
            entities = store.read_entities(entry.connection, request.dialogue_id, named)
            counts = store.event_counts(entry.connection, request.dialogue_id, entities)
            completed = store.completed_rounds(entry.connection, request.dialogue_id)
            time = time_of(dialogue, entry, request.at, unless_told=entry.time)
            lives = Lives(
                request.dialogue_id, entities, counts, time, max(0, completed - 1), imported=dialogue.imported
            )
            earlier = store.display_ids(entry.connection, request.dialogue_id, named, completed)
            resolved = partial(judged_id, earlier=earlier)
            experts = store.read_experts(entry.connection, request.dialogue_id)
            taken: list[answers.Updated] = []
            faults: list[HansardError] = []
            for index, update in enumerate(request.updates):
                fault, step = take_update(lives, f"updates[{index}]", update, None, resolved, dialogue, experts)
                if fault is not None:
                    faults.append(fault.of("update", source_id=update.id))
                elif step is not None:
                    taken.append(step)
            if faults:
                raise batch_validation_failed(faults)
            store.insert(entry, lives.events)
            store.update(entry, lives.changed)
            if any(entity.kind == "T" and entity.status in ("reopened", "open") for entity in lives.changed):
                # whatever was concluded or near it, something is contested again
                dialogue = msgspec.structs.replace(dialogue, status="open", converged_at=None)
            status = self._settle_status(entry, dialogue, completed)
            return entry.finish(
                answers.StatusUpdated(dialogue_id=request.dialogue_id, updates=taken, dialogue_status=status)
            )

    # ------------------------------------------------------------------ within

    def _judged_folder(self, output_dir: str) -> HansardError | None:
        """Why a dialogue's files may not stand below this folder; it is made when the first of them is written."""
        path = self._home / output_dir
        try:
            if not self._may_write(path):
                return path_outside(output_dir, "the folders that settings allow")
            found = next(parent for parent in (path, *path.parents) if parent.exists())
        except (OSError, RuntimeError, ValueError):  # too long, a circle of links
            return invalid_field("output_dir", output_dir, "is no path that a folder can have")
        if not found.is_dir():
            return invalid_field(
                "output_dir", output_dir, "leads through a file", suggestion="Name a folder; it is made when needed"
            )
        return None

    def _judge_place(self, entry: Entry, dialogue_id: str, output_dir: str) -> None:
        """Refuse a folder that is not the dialogue's alone, judged as it will be used, below its id."""
        folder = folder_in(self._home, dialogue_id, output_dir)
        why = misplaced(self._home, folder, dialogue_id)
        for other, theirs in self.folders_of_others(entry.connection, dialogue_id) if why is None else ():
            target = folder.resolve()
            if target.is_relative_to(theirs) or theirs.is_relative_to(target):
                why = f"the files of '{other}' lie there too"
                break
        if why is not None:
            raise invalid_field(
                "output_dir",
                output_dir,
                f"makes '{folder.name}' the dialogue's folder, and {why}",
                suggestion="Name another folder, or leave it out: the home has a place for each dialogue",
            )
        if not self._may_write(folder):
            raise path_outside(output_dir, "the folders that settings allow")

    def _allocated(self, entry: Entry, request: requests.DialogueCreate) -> str:
        """The dialogue's id: the wanted one, or the title's slug with the first free number."""
        if request.dialogue_id is not None:
            if store.taken(entry.connection, [request.dialogue_id]):
                raise errors.dialogue_exists(request.dialogue_id)
            return request.dialogue_id
        slug = slugify(request.title)
        candidates = list(free_ids(slug))
        used = store.taken(entry.connection, candidates)
        for candidate in candidates:
            if candidate not in used:
                return candidate
        raise errors.too_many_similar_titles(slug)


def _id_faults(wanted: str) -> Iterator[HansardError]:
    """Why a dialogue cannot have this id."""
    would = next(free_ids(slugify(wanted)))
    if would != wanted:
        why = "stands for the dialogue that was written to last" if wanted == LATEST else "is no slug"
        yield invalid_field("dialogue_id", wanted, why, suggestion=f"'{would}' would be one")


def _origin_row(origin: requests.Origin) -> dict[str, Any]:
    """What a dialogue's own row keeps of its origin; documents and claims have rows of their own."""
    row: dict[str, Any] = origin.model_dump(mode="json", exclude={"documents", "claims"})
    if origin.exhibits is None:
        del row["exhibits"]
    return row


def _imported_rows(dialogue_id: str, origin: requests.Origin) -> list[model.Row]:
    rows: list[model.Row] = [
        model.Document(dialogue_id=dialogue_id, name=name, body=body) for name, body in origin.documents.items()
    ]
    rows += [
        JudgeClaim(
            dialogue_id=dialogue_id,
            seq=number,
            round=claim.round,
            subject=claim.subject,
            item=claim.item,
            claimed=claim.claimed,
            local_id=claim.local_id,
            source=claim.source,
        )
        for number, claim in enumerate(origin.claims, start=1)
    ]
    return rows
