"""The door of the room: read, judge, write, answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from hansard.database.journal import Entry, Journal
from hansard.dialogue import answers, errors, model, protocol, requests, store, views
from hansard.dialogue.model import Dialogue, JudgeClaim, PanelMember, Record, Round
from hansard.dialogue.rules import plan_expert, plan_panel, plan_round, plan_verdict
from hansard.dialogue.rules.lifecycle import Lives, not_an_id
from hansard.dialogue.rules.panel import (
    DEFAULT_PANEL,
    carried_over,
    named_pool,
    named_twice,
    new_expert,
    next_color,
    seat_of,
    suggested_panel,
)
from hansard.dialogue.rules.round import judged_round_number, mentioned_ids, take_update
from hansard.dialogue.rules.verdict import gate_now, named_ids
from hansard.dialogue.tables import ROWS
from hansard.kernel.clock import normal_timestamp
from hansard.kernel.errors import HansardError, batch_validation_failed, invalid_field, missing_field, path_outside
from hansard.kernel.files import read_text
from hansard.kernel.ids import LATEST, MAX_ROUND, expert_slug, free_ids, parse_display_id, slugify
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import unstorable

REGISTRY = "registry"
"""The stream of names that are given out once."""


class DialogueOperations:
    """Dialogues: created, argued round by round, concluded, read."""

    def __init__(
        self,
        journal: Journal,
        home: Path,
        *,
        may_write: Callable[[Path], bool] | None = None,
        may_read: Callable[[Path], bool] | None = None,
    ) -> None:
        """Operations on the journal's store.

        Args:
            home: the folder below which dialogues keep their files.
            may_write: whether a caller may name this folder for a dialogue's files; below ``home`` by default.
            may_read: whether a caller may name this file as a response; below ``home`` by default. A dialogue's own
                folder may be read in any case.
        """
        self._journal = journal
        self._home = home
        self._may_write = may_write or (lambda path: path.resolve().is_relative_to(home.resolve()))
        self._may_read = may_read or (lambda path: path.resolve().is_relative_to(home.resolve()))

    # ------------------------------------------------------------------ writing

    @operation(writes=True)
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
            if request.output_dir is not None and not self._may_write(Path(request.output_dir)):
                faults.append(path_outside(request.output_dir, "the folders that settings allow"))
            if request.dialogue_id is not None:
                faults += _id_faults(request.dialogue_id)
            _raise(faults, "dialogue", request.title)
            dialogue_id = self._allocated(entry, request)
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

    @operation(writes=True)
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
            time = _time(dialogue, entry, request.at)
            expert, faults = plan_expert(dialogue, experts, request, time)
            _raise(faults, "expert", request.expert_slug)
            assert expert is not None
            store.insert(entry, [expert])
            view: dict[str, Any] = msgspec.to_builtins(expert)
            view.pop("dialogue_id")
            return entry.finish(answers.ExpertCreated(dialogue_id=request.dialogue_id, expert=view))

    @operation(writes=True)
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
                raise _imported_only("suggested", True)
            status = "open" if request.suggested else "in_progress"
            experts = store.read_experts(entry.connection, request.dialogue_id)
            before = store.seated_before(entry.connection, request.dialogue_id, request.round)
            time = _time(dialogue, entry, request.at)
            joined, seats, faults = plan_panel(dialogue, experts, before, request, time)
            _raise(faults, "panel", f"round {request.round}")
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
                )
            )

    @operation(writes=True)
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
            state = store.read_round_state(entry.connection, dialogue, request.round, completed, mentioned_ids(request))
            time = _time(dialogue, entry, request.at)
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

    @operation(writes=True)
    def dialogue_verdict_register(self, request: requests.VerdictRegister, call: Call) -> answers.VerdictRegistered:
        """Register a verdict: interim, final, minority or dissent. A final one must pass the convergence gate."""
        with self._journal.entry(
            "dialogue_verdict_register", request, call, [store.stream(request.dialogue_id)]
        ) as entry:
            if entry.answer is not None:
                return answers.VerdictRegistered(**entry.answer)
            dialogue = self._dialogue(entry.connection, request.dialogue_id)
            apart = request.verdict_type in ("minority", "dissent")
            if dialogue.closed and not (apart and dialogue.status == "converged"):
                raise errors.dialogue_closed(dialogue.dialogue_id, dialogue.status)
            completed = store.completed_rounds(entry.connection, request.dialogue_id)
            state = store.read_verdict_state(entry.connection, dialogue, request.round, completed, named_ids(request))
            time = _time(dialogue, entry, request.at)
            plan = plan_verdict(state, request, time)
            if isinstance(plan, list):
                _raise(plan, "verdict", request.verdict_id)
                raise AssertionError("a refused verdict has faults")
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

    @operation(writes=True)
    def dialogue_update_status(self, request: requests.UpdateStatus, call: Call) -> answers.StatusUpdated:
        """Record steps between rounds: a comment, a reopening, an invalidation, by anybody who may take them."""
        with self._journal.entry("dialogue_update_status", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.StatusUpdated(**entry.answer)
            dialogue = self._dialogue(entry.connection, request.dialogue_id)
            if dialogue.status == "abandoned":
                raise errors.dialogue_closed(dialogue.dialogue_id, dialogue.status)
            named = {
                text
                for update in request.updates
                for text in (update.id, update.via, update.result)
                if text and parse_display_id(text)
            }
            entities = store.read_entities(entry.connection, request.dialogue_id, named)
            counts = store.event_counts(entry.connection, request.dialogue_id, entities)
            completed = store.completed_rounds(entry.connection, request.dialogue_id)
            time = _time(dialogue, entry, request.at, unless_told=entry.time)
            lives = Lives(request.dialogue_id, entities, counts, time, max(0, completed - 1))
            experts = store.read_experts(entry.connection, request.dialogue_id)
            taken: list[answers.Updated] = []
            faults: list[HansardError] = []
            for index, update in enumerate(request.updates):
                fault, step = take_update(
                    lives, f"updates[{index}]", update, None, request.dialogue_id, _display_id, experts
                )
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

    # ------------------------------------------------------------------ reading

    @operation(path="/dialogues/{dialogue_id}/context")
    def dialogue_round_context(self, request: requests.RoundContext, call: Call) -> answers.RoundContextGiven:
        """Give the context of a round's whole panel: all earlier rounds in full, each expert's situation."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
            upcoming = views.next_round(record)
            round_ = upcoming if request.round is None else request.round
            if round_ > upcoming:
                raise errors.round_out_of_order(round_, upcoming)
            seats = [member for member in record.panel_members if member.round == round_]
            notes = []
            if not seats:
                last = [member for member in record.panel_members if member.round == round_ - 1]
                sat = {member.slug for member in record.panel_members}
                created = [e for e in record.experts if e.source == "created" and e.slug not in sat]
                seats = carried_over(round_, last, created)
                notes.append(f"No panel is seated for round {round_}; this is the last one.")
            members = {seat.slug for seat in seats}
            own_words = {}
            for name, words in request.round_contexts.items():
                slug = name if name in members else expert_slug(name)
                if slug not in members:
                    raise errors.expert_not_in_panel(f"round_contexts.{name}", name, members)
                if slug in own_words:
                    raise named_twice(f"round_contexts.{name}", name, slug)
                own_words[slug] = words
            return answers.RoundContextGiven(**views.context(record, round_, seats, own_words), notes=notes)

    @operation(path="/dialogues/{dialogue_id}/progress", aliases=("get_dialogue_progress",))
    def dialogue_progress(self, request: requests.DialogueQuery, call: Call) -> answers.Progress:
        """Tell how far a dialogue is: figures of each round, open tensions, leaderboard, what blocks a verdict."""
        with self._journal.reading(call) as connection:
            return views.progress(self.record(request.dialogue_id, connection))

    @operation(path="/dialogues/{dialogue_id}/citations", aliases=("expand_citations",))
    def dialogue_expand_citations(self, request: requests.ExpandCitations, call: Call) -> answers.CitationsExpanded:
        """Tell what citations such as P0001 stand for; an unknown one tells its own error."""
        with self._journal.reading(call) as connection:
            dialogue = self._dialogue(connection, request.dialogue_id)
            found = {entity.id: entity for entity in store.read_entities(connection, dialogue.dialogue_id, request.ids)}
            citations = []
            for index, text in enumerate(request.ids):
                entity = found.get(text)
                if entity is not None:
                    citations.append(views.citation(entity))
                    continue
                fault = _display_id(f"ids[{index}]", text)
                if not isinstance(fault, HansardError):
                    fault = errors.target_not_found(f"ids[{index}]", text, dialogue.dialogue_id, found)
                citations.append(answers.Citation(id=text, error=fault.as_dict()))
            return answers.CitationsExpanded(dialogue_id=dialogue.dialogue_id, citations=citations)

    @operation(path="/dialogues")
    def dialogue_list(self, request: requests.DialogueList, call: Call) -> answers.DialogueListed:
        """List dialogues, newest first."""
        with self._journal.reading(call) as connection:
            found, total = store.summaries(connection, request.status, request.limit)
            return answers.DialogueListed(dialogues=found, total=total)

    @operation(path="/dialogues/{dialogue_id}")
    def dialogue_get(self, request: requests.DialogueQuery, call: Call) -> answers.DialogueGot:
        """Give a dialogue whole: experts, rounds, entities with events and references, verdicts, figures."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
            return answers.DialogueGot(
                dialogue=views.whole(record),
                figures=views.figures_view(record),
                head=self.head(request.dialogue_id, connection),
            )

    @operation(path="/dialogues/{dialogue_id}/entities/{id}")
    def dialogue_entity(self, request: requests.EntityQuery, call: Call) -> answers.EntityGot:
        """Give one entity whole: its words and where they were said, references both ways, its moves and its life."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
        return views.entity_whole(record, _entity(record, request.id))

    @operation(path="/search")
    def dialogue_search(self, request: requests.DialogueSearch, call: Call) -> answers.Searched:
        """Search the words of all dialogues; best places first."""
        with self._journal.reading(call) as connection:
            if request.dialogue_id is not None:
                self._dialogue(connection, request.dialogue_id)
            hits = store.search(connection, request.query, request.dialogue_id, request.limit)
            return answers.Searched(query=request.query, hits=hits)

    @operation(path="/dialogues/{dialogue_id}/parse")
    def dialogue_parse_response(self, request: requests.ParseResponse, call: Call) -> answers.ResponseParsed:
        """Read a response without registering anything: what it holds, and what its expert should mend."""
        from hansard.markers import lint, parse
        from hansard.markers.model import Target

        with self._journal.reading(call) as connection:
            dialogue = self._dialogue(connection, request.dialogue_id)
            if (request.text is None) == (request.path is None):
                raise (
                    missing_field("text")
                    if request.text is None
                    else invalid_field("path", request.path, "is given beside 'text'", suggestion="Give one of the two")
                )
            text = request.text
            if request.path is not None:
                path = Path(request.path)
                if not path.is_absolute():
                    path = self.folder(dialogue) / path
                if not self._may_read(path) and not path.resolve().is_relative_to(self.folder(dialogue).resolve()):
                    raise path_outside(request.path, "the dialogue's folder")
                text = read_text(path, name=request.path).text
            assert text is not None
            if request.round > MAX_ROUND:
                raise errors.id_space_exhausted("round", f"round {request.round}")
            slug = expert_slug(request.expert)
            response = parse(text, slug, request.round)
            own = {entity.local_id for entity in response.entities}
            experts = store.read_experts(connection, dialogue.dialogue_id)
            present = {
                entity.id
                for entity in store.read_entities(
                    connection,
                    dialogue.dialogue_id,
                    [target.text for target in _targets(response) if target.form == "global"],
                )
            }

            def known(target: Target) -> bool:
                if target.form == "global":
                    return target.text in present
                if target.form == "expert":
                    return target.text.removeprefix("@") in experts
                if target.form == "local":
                    return target.text in own or (target.expert or "") in experts
                return True

            return answers.ResponseParsed(
                expert_slug=slug,
                round=request.round,
                response_path=request.path,
                summary=response.summary()["summary"],
                diagnostics=[msgspec.to_builtins(entry) for entry in response.diagnostics],
                lint=[msgspec.to_builtins(entry) for entry in lint(response, known)],
            )

    # ------------------------------------------------------------------ for other rooms

    def record(self, dialogue_id: str, connection: store.Connection | None = None) -> Record:
        """Everything of one dialogue.

        Raises:
            HansardError: ``dialogue_not_found``.
        """
        with contextlib.ExitStack() as stack:
            if connection is None:
                connection = stack.enter_context(self._journal.database.reading())
            found = self.find(dialogue_id, connection)
            if found is None:
                raise errors.dialogue_not_found(dialogue_id, store.all_ids(connection))
            return found

    def find(self, dialogue_id: str, connection: store.Connection) -> Record | None:
        """Everything of one dialogue; ``None`` where there is none of this id."""
        return store.read_record(connection, dialogue_id)

    def head(self, dialogue_id: str, connection: store.Connection | None = None) -> answers.Head:
        """Where a dialogue's chain stands."""
        with contextlib.ExitStack() as stack:
            if connection is None:
                connection = stack.enter_context(self._journal.database.reading())
            return store.head(connection, dialogue_id)

    def resolve_id(self, text: str) -> str:
        """The dialogue that an id, the unique beginning of one, or ``latest`` stands for.

        Raises:
            HansardError: ``dialogue_not_found``, ``dialogue_ambiguous``.
        """
        with self._journal.database.reading() as connection:
            if text == LATEST:
                latest = store.latest_id(connection)
                if latest is None:
                    raise errors.dialogue_not_found(text, [])
                return latest
            found = store.matching_ids(connection, text) if not any(unstorable(text)) else []
            if text in found:
                return text
            if len(found) == 1:
                return found[0]
            if found:
                raise errors.dialogue_ambiguous(text, found)
            known = store.all_ids(connection)
            raise errors.dialogue_not_found(text, [*known, LATEST] if known else [])

    def folder(self, dialogue: Dialogue) -> Path:
        """Where a dialogue keeps its files: prompts, contexts, responses, exports."""
        if dialogue.output_dir is not None:
            return Path(dialogue.output_dir)
        return self._home / "dialogues" / dialogue.dialogue_id

    # ------------------------------------------------------------------ within

    def _dialogue(self, connection: store.Connection, dialogue_id: str) -> Dialogue:
        found = store.read_dialogue(connection, dialogue_id)
        if found is None:
            raise errors.dialogue_not_found(dialogue_id, store.all_ids(connection))
        return found

    def _open(self, connection: store.Connection, dialogue_id: str) -> Dialogue:
        dialogue = self._dialogue(connection, dialogue_id)
        if dialogue.closed:
            raise errors.dialogue_closed(dialogue_id, dialogue.status)
        return dialogue

    def _settle_status(self, entry: Entry, dialogue: Dialogue, completed: int) -> str:
        """Write the status that a dialogue has now: ``converging`` exactly while the last round meets the gate.

        ``dialogue`` is as the rules left it; what is concluded stays so.
        """
        if not dialogue.closed:
            met = False
            if completed:
                state = store.read_verdict_state(entry.connection, dialogue, completed - 1, completed, ())
                met = gate_now(state).met
            dialogue = msgspec.structs.replace(dialogue, status="converging" if met else "open")
        if dialogue != store.read_dialogue(entry.connection, dialogue.dialogue_id):
            store.update(entry, [dialogue])
        return dialogue.status

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


def _entity(record: Record, text: str) -> model.Entity:
    """The entity of a display id, or of a local id that was merged into it.

    Raises:
        HansardError: ``target_not_found``.
    """
    for entity in record.entities:
        if text == entity.id or text in entity.local_ids:
            return entity
    known = [entity.id for entity in record.entities]
    raise errors.target_not_found("id", text, record.dialogue.dialogue_id, known)


def _display_id(field: str, text: str) -> str | HansardError:
    """A display id, or what is wrong with it."""
    if parse_display_id(text) is not None:
        return text
    return not_an_id(field, text, "Write it like P0001: kind letter, two digits round, two of number")


def _targets(response: Any) -> Iterator[Any]:
    for reference in response.references:
        yield reference.target
    for move in response.moves:
        yield from move.targets
    for annotation in response.annotations:
        yield from annotation.targets


def _origin_row(origin: requests.Origin) -> dict[str, Any]:
    """What a dialogue's own row keeps of its origin; documents and claims have rows of their own."""
    row: dict[str, Any] = origin.model_dump(mode="json", exclude={"documents", "claims"})
    return row


def _time(dialogue: Dialogue, entry: Entry, at: str | None, *, unless_told: str | None = None) -> str:
    """When a request's rows came to be: now; in an imported dialogue when the request says, else when it was held.

    Args:
        unless_told: the time in an imported dialogue when the request does not say it; when it was held by default.
    """
    if not dialogue.imported:
        if at is not None:
            raise _imported_only("at", at)
        return entry.time
    return normal_timestamp(at, "at") if at is not None else unless_told or dialogue.created_at


def _imported_only(field: str, value: object) -> HansardError:
    return invalid_field(field, value, "is taken for imported dialogues only", suggestion="Leave it out")


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


def _raise(faults: list[HansardError], item_type: str, source_id: str) -> None:
    """Raise one fault as itself, several as a batch of which each says what it concerns, none not at all."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise batch_validation_failed([fault.of(item_type, source_id=source_id) for fault in faults])
