"""Our own ``dialogue.json`` taken back in: the record in it is registered again, by the same rules, request by request.

Nothing is copied into tables: whatever the rules would not let happen does not come in. The plan carries the record it
must lead to, and an import that leads to another one is refused whole (``record_differs``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from hansard.dialogue.exhibits.requests import ExhibitAdd, WatchAdd
from hansard.dialogue.model import (
    COLORS,
    ERASED,
    DialogueEvent,
    Entity,
    Event,
    Expert,
    PanelMember,
    Record,
    Round,
    Verdict,
    Watch,
)
from hansard.dialogue.names import with_names
from hansard.dialogue.requests import (
    Background,
    Calibration,
    ClaimedFigure,
    DialogueAbandon,
    DialogueCreate,
    DialogueReopen,
    DialogueTag,
    EntityIn,
    EvolvePanel,
    ExpertCreate,
    ExpertPool,
    ModifierIn,
    MoveIn,
    Origin,
    PanelSeat,
    PoolExpert,
    ReferenceIn,
    ResponseRef,
    RoundRegister,
    ScoreComponents,
    StanceIn,
    TensionIn,
    UpdateIn,
    UpdateStatus,
    VerdictRegister,
    WatchIn,
)
from hansard.dialogue.rules.lifecycle import FIRST_EVENT, REFINED
from hansard.dialogue.rules.panel import seat_of
from hansard.dialogue.rules.round import UPDATE_LISTS
from hansard.exchange import errors
from hansard.exchange.checking import check_document
from hansard.exchange.document import LIMIT_BYTES, document_in
from hansard.exchange.import_shapes import ImportDiagnostic
from hansard.exchange.importers import no_map
from hansard.exchange.looking import json_keys
from hansard.exchange.planning import Plan
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.ids import KINDS, PLURALS
from hansard.kernel.shapes import Shape

UNCOMPARED: Final = frozenset({"dialogue_id", "origin", "output_dir"})
"""What a record may have otherwise than the file it was restored from: where it is, and where it comes from."""


class DocumentImporter:
    """Exports of this program."""

    name = "document"

    def recognises(self, path: Path) -> bool:
        """Whether it is a file with the mark of an export, ``schema_version``."""
        return "schema_version" in (json_keys(path) or ())

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of an export; one that does not verify is refused."""
        no_map(map_file)
        data = files.read_bytes(path, limit_bytes=LIMIT_BYTES)
        return plan_export(document_in(data, path.name), path.name, sha256_hex(data))


IMPORTER: Final = DocumentImporter()


def plan_export(document: dict[str, Any], name: str, sha256: str) -> Plan:
    """The plan of a parsed export; ``name`` and ``sha256`` are those of the file that it came in.

    Raises:
        HansardError: ``document_unfit`` where it does not verify; ``wholly_erased``.
    """
    report = check_document(document)
    if report.findings:
        first = report.findings[0]
        where = f"{first.path}: " if first.path else ""
        raise errors.document_unfit(name, f"{where}{first.message}")
    if report.record is None:
        raise errors.document_unfit(name, "it holds no record")
    own = report.record.dialogue
    if own.title == own.question == ERASED and not report.record.experts:
        raise errors.wholly_erased(name)
    head = (document.get("journal") or {}).get("head")
    return plan_record(report.record, Export(name, sha256, str(document["digest"]), head))


class Export(NamedTuple):
    """The file that a record stands in: its name, its SHA-256, the document's digest, its journal's head."""

    name: str
    sha256: str
    digest: str
    head: dict[str, Any] | None


def plan_record(record: Record, export: Export) -> Plan:
    """The requests that lead to ``record`` again."""
    rounds = [round_ for round_ in record.rounds if round_.status == "completed"]
    joining = _joining(record)
    told = _exported_from(record, export)
    steps: list[Shape] = [_create(record, export, told)]
    left = list(record.verdicts)
    lives: dict[int, list[DialogueEvent]] = defaultdict(list)
    for event in record.dialogue_events:
        lives[_then(event, "rounds")].append(event)
    # planned: its panel sits, and nothing was said yet; it sat down before anything closed the dialogue
    planned = [one for round_ in record.rounds if round_.status != "completed"
               for one in _seating(record, round_, joining)]  # fmt: skip
    steps += [*([] if rounds else [*planned, *_exhibits(record, 0)]), *map(_life, lives[0])]
    for number, (round_, following) in enumerate(zip_longest(rounds, rounds[1:]), 1):
        during, after = _updates(record, round_)
        steps += _seating(record, round_, joining)
        steps += _exhibits(record, number - 1)
        steps.append(_round(record, round_, during))
        steps += [] if following else [*planned, *_exhibits(record, number)]
        due = max(_due(left, round_, following), _told_before(left, lives[number]))
        steps += _in_order(left[:due], after, lives[number])
        del left[:due]
    steps += map(_watch, record.watches)
    return Plan(
        wanted_id=record.dialogue.dialogue_id,
        files={export.name: export.sha256},
        requests=tuple(steps),
        ids={local: entity.id for entity in record.entities for local in entity.local_ids},
        diagnostics=(told,),
        links={},
        files_read=1,
        expected=record,
        known_by=export.digest,
    )


def _exhibits(record: Record, number: int) -> Iterator[Shape]:
    """The exhibits that were added while this round was to come."""
    for exhibit in record.exhibits:
        if exhibit.round == number:
            yield ExhibitAdd(
                dialogue_id=exhibit.dialogue_id,
                kind=exhibit.kind,
                label=exhibit.label,
                reference={name: value for name, value in exhibit.reference.items() if name != "replaces"},
                digest=exhibit.digest,
                size=exhibit.size,
                media_type=exhibit.media_type,
                added_by=exhibit.added_by,
                replaces=exhibit.reference.get("replaces"),
                at=exhibit.created_at,
            )


def _watch(watch: Watch) -> Shape:
    bound: dict[str, Any] = {watch.kind: watch.reference[watch.kind]}
    return WatchAdd(
        dialogue_id=watch.dialogue_id,
        verdict_id=watch.verdict_id,
        watch=WatchIn(condition=watch.condition, **bound),
        at=watch.created_at,
    )


def _told_before(verdicts: Sequence[Verdict], events: Sequence[DialogueEvent]) -> int:
    """How many of these verdicts the events say were registered before them."""
    last = max((_then(event, "verdicts") for event in events), default=0)
    return sum(1 for verdict in verdicts if verdict.seq <= last)


def _in_order(
    verdicts: Iterable[Verdict], updates: Iterable[tuple[str, Shape]], events: Iterable[DialogueEvent]
) -> Iterator[Shape]:
    """What happened between two rounds: by time; an event stands behind as many verdicts as it says."""
    timed: list[tuple[str, int, Shape]] = [(one.created_at, one.seq, _verdict(one)) for one in verdicts]
    timed += [(time, 0, step) for time, step in updates]
    coming = list(events)
    for time, seq, step in sorted(timed, key=lambda entry: entry[0]):  # stable: verdicts keep their order
        while coming:
            told = _then(coming[0], "verdicts")
            if seq <= told if seq else time <= coming[0].created_at:
                break
            yield _life(coming.pop(0))
        yield step
    yield from map(_life, coming)


def _life(event: DialogueEvent) -> Shape:
    """The request that brought an event about."""
    own: dict[str, Any] = {"dialogue_id": event.dialogue_id, "by": event.actors, "at": event.created_at}
    if event.type == "tagged":
        return DialogueTag(add=_tags(event, "added"), remove=_tags(event, "removed"), **own)
    form = DialogueAbandon if event.type == "abandoned" else DialogueReopen
    return form(reason=event.reason or "unknown", **own)


def _first_tags(record: Record) -> list[str]:
    """The tags with which the dialogue began."""
    first = next((event for event in record.dialogue_events if event.type == "tagged"), None)
    return record.dialogue.tags if first is None else _tags(first, "before")


def _then(event: DialogueEvent, name: str) -> int:
    """How many rounds or verdicts there were, as an event tells; 0 where a file of others tells no number."""
    told = (event.detail or {}).get(name)
    return told if type(told) is int else 0


def _tags(event: DialogueEvent, name: str) -> list[str]:
    """Tags that an event tells of."""
    told = (event.detail or {}).get(name)
    return [tag for tag in told if isinstance(tag, str) and tag.strip()] if isinstance(told, list) else []


def _due(verdicts: Sequence[Verdict], round_: Round, following: Round | None) -> int:
    """How many of the verdicts that are left were registered before the following round.

    A final one stands right behind its round; the others where their times say so, and at the end where all times are
    one (an import registers them behind the last round).
    """
    if following is None:
        return len(verdicts)
    due = 0
    for number, verdict in enumerate(verdicts, 1):
        if verdict.round > round_.round:
            break  # whatever its time says, its round came first
        final_here = verdict.verdict_type == "final" and verdict.round == round_.round
        if final_here or verdict.created_at < (following.completed_at or ""):
            due = number
    return due


def record_differences(wanted: Record, found: Record) -> dict[str, str]:
    """Where two records say different things, by table, key and column; ``UNCOMPARED`` columns left out."""
    differences: dict[str, str] = {}
    wanted, found = with_names(wanted), with_names(found)  # an older export tells some of them in its pool alone
    for name in Record.__struct_fields__:
        ours, theirs = getattr(wanted, name), getattr(found, name)
        if name == "dialogue":
            ours, theirs = [ours], [theirs]
        if len(ours) != len(theirs):
            differences[name] = f"{len(ours)} in the file, {len(theirs)} registered"
            continue
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            for column in one.__struct_fields__:
                if column not in UNCOMPARED and getattr(one, column) != getattr(other, column):
                    place = f"{name}[{index}].{column}"
                    differences[place] = f"{_short(getattr(one, column))} became {_short(getattr(other, column))}"
    return differences


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _exported_from(record: Record, export: Export) -> ImportDiagnostic:
    """Where the export stood, in words; the origin's ``exported`` says it to programs."""
    words = f"the record was exported as '{record.dialogue.dialogue_id}' with digest {export.digest}"
    words += f", at entry {export.head['sequence']} of its stream" if export.head else ", without its journal"
    origin = record.dialogue.origin
    if origin is not None:
        words += f"; it had been imported from '{origin['source']}' ({origin['importer']})"
    return ImportDiagnostic(code="exported_from", message=words, severity="note")


def _create(record: Record, export: Export, told: ImportDiagnostic) -> DialogueCreate:
    dialogue = record.dialogue
    pool = []
    for entry in dialogue.expert_pool:
        given: dict[str, Any] = {name: entry.get(name) for name in PoolExpert.model_fields}
        pool.append(PoolExpert(**given))
    rotation: Any = dialogue.rotation  # one of the words that the request takes: a table's CHECK holds it
    return DialogueCreate(
        title=dialogue.title,
        question=dialogue.question,
        background=Background(**dialogue.background) if dialogue.background is not None else None,
        expert_pool=ExpertPool(domain=dialogue.domain, experts=pool),
        panel_size=dialogue.panel_size or None,
        convergence_target=dialogue.convergence_target,
        max_rounds=dialogue.max_rounds,
        rotation=rotation,
        strict_velocity=bool(dialogue.strict_velocity),
        seed=dialogue.seed,
        tags=_first_tags(record),
        calibration=None if dialogue.calibration is None else Calibration.model_validate(dialogue.calibration),
        dialogue_id=dialogue.dialogue_id,
        origin=Origin(
            importer=DocumentImporter.name,
            source=export.name,
            at=dialogue.created_at,
            digest=export.digest,
            judged=dialogue.judged,
            exported={"digest": export.digest, "head": export.head, "origin": dialogue.origin},
            files={export.name: export.sha256},
            documents={document.name: document.body for document in record.documents},
            claims=[
                ClaimedFigure(**{name: getattr(claim, name) for name in ClaimedFigure.model_fields})
                for claim in record.judge_claims
            ],
            diagnostics=[told.plain()],
        ),
    )


# -- panels ------------------------------------------------------------------------------------------------------------


def _joining(record: Record) -> dict[int, list[Expert]]:
    """Who joined before which round, in order; colours are given in the order of joining and tell it.

    Colours come again after the twelfth: then first rounds and times decide, and who is alike in all may change places.
    """
    last = max((round_.round for round_ in record.rounds), default=0)
    left = {expert.slug: expert for expert in record.experts}
    order: list[Expert] = []
    while left:
        color = COLORS[len(order) % len(COLORS)]
        fitting = [expert for expert in left.values() if expert.color == color] or list(left.values())
        soonest = min((one.first_round for one in left.values() if one.first_round is not None), default=last)
        ranks = {  # one who never sat fits anywhere: only before somebody whose turn has not come
            one.slug: (soonest if one.first_round is None else one.first_round, one.first_round is None, one.created_at)
            for one in fitting
        }
        order.append(left.pop(min(ranks, key=lambda slug: (ranks[slug], slug))))
    joining: dict[int, list[Expert]] = defaultdict(list)
    round_ = last
    for expert in reversed(order):  # one who never sat joined together with whoever came next
        round_ = expert.first_round if expert.first_round is not None else round_
        joining[round_].insert(0, expert)
    return joining


def _seating(record: Record, round_: Round, joining: Mapping[int, Sequence[Expert]]) -> Iterator[Shape]:
    """The requests that let experts join, in order and at their times, and seat a round's panel.

    The first panel gives the round its time; where nobody joined just then, it is seated with whoever was there.
    """
    number = round_.round
    seats = {seat.slug: seat for seat in record.panel_members if seat.round == number}
    runs = [(how, list(group)) for how, group in groupby(joining.get(number, ()), _how_joined)]
    fresh = {expert.slug for _, run in runs for expert in run}
    first_time = next((time for (created, time), _ in runs if not created), round_.created_at)
    here = [seat for seat in seats.values() if seat.slug not in fresh]
    if here and first_time != round_.created_at:
        yield _panel(record, number, here, round_.created_at)
    at = round_.created_at
    for (created, time), run in runs:
        if created:
            yield from (_created(record, expert) for expert in run)
        elif run is runs[-1][1] and all(_sits_as_joined(expert, seats.get(expert.slug)) for expert in run):
            at = time  # who joins last and sits joins with the panel itself
        else:
            yield _panel(record, number, [seat_of(expert, number) for expert in run], time)
    joined = [seats[expert.slug] for _, run in runs for expert in run if expert.slug in seats]
    if joined or here:
        yield _panel(record, number, [*joined, *here], at)


def _how_joined(expert: Expert) -> tuple[bool, str]:
    """Created or from the pool, and when: who joined alike joined together."""
    return expert.source == "created", expert.created_at


def _created(record: Record, expert: Expert) -> ExpertCreate:
    return ExpertCreate(
        dialogue_id=record.dialogue.dialogue_id,
        expert_slug=expert.slug,
        name=expert.name,
        role=expert.role,
        description=expert.description,
        focus=expert.focus,
        tier=expert.tier or "Adjacent",
        relevance=expert.relevance,
        reason=expert.creation_reason or "unknown",
        at=expert.created_at,
    )


def _sits_as_joined(expert: Expert, seat: PanelMember | None) -> bool:
    """Whether a seat says of an expert what joining by it would make of him."""
    if seat is None:
        return False
    return (seat.tier, seat.relevance, seat.focus) == (expert.tier, expert.relevance, expert.focus)


def _panel(record: Record, number: int, seats: Iterable[PanelMember], at: str) -> EvolvePanel:
    experts = {expert.slug: expert for expert in record.experts}
    return EvolvePanel(
        dialogue_id=record.dialogue.dialogue_id,
        round=number,
        panel=[
            PanelSeat(
                expert_slug=seat.slug,
                name=experts[seat.slug].name,
                role=experts[seat.slug].role,
                tier=seat.tier,
                relevance=seat.relevance,
                focus=seat.focus,
            )
            for seat in seats
        ],
        suggested=any(round_.round == number and round_.status == "open" for round_ in record.rounds),
        at=at,
    )


# -- rounds ------------------------------------------------------------------------------------------------------------


def _round(record: Record, own: Round, updates: Mapping[str, list[UpdateIn]]) -> RoundRegister:
    number = own.round
    said = [utterance for utterance in record.utterances if utterance.round == number]
    under: dict[str, list[ReferenceIn]] = defaultdict(list)
    responses: list[ResponseRef] = []
    for ref in record.refs:
        if ref.round != number:
            continue
        if ref.source_id.startswith("@"):
            responses.append(
                ResponseRef(expert=ref.source_id[1:], type=ref.ref_type, target=ref.target_id, context=ref.context)
            )
        else:
            under[ref.source_id].append(ReferenceIn(type=ref.ref_type, target=ref.target_id, context=ref.context))
    lists: dict[str, Any] = {
        PLURALS[kind]: [
            _entity(entity, under[entity.id])
            for entity in record.entities
            if entity.kind == kind and entity.round == number
        ]
        for kind in KINDS
    }
    lists |= {UPDATE_LISTS[kind]: steps for kind, steps in updates.items()}
    return RoundRegister(
        dialogue_id=record.dialogue.dialogue_id,
        round=number,
        at=own.completed_at,
        title=own.title,
        score=own.score,
        summary=own.summary,
        expert_scores={one.slug: one.score for one in said if one.score is not None and one.components is None},
        score_components={one.slug: ScoreComponents(**one.components) for one in said if one.components is not None},
        calibration_modifiers={
            one.slug: [ModifierIn(**given) for given in one.modifiers] for one in said if one.modifiers
        },
        responses={one.slug: one.raw for one in said if one.raw is not None},
        annotations={one.slug: one.annotations for one in said if one.annotations is not None},
        references=responses,
        moves=[
            MoveIn(expert=m.expert_slug, type=m.move_type, targets=m.targets, topic=m.topic, context=m.context)
            for m in record.moves
            if m.round == number
        ],
        stances=[
            StanceIn(
                expert=s.expert_slug, stance=s.stance, confidence=s.confidence, condition=s.condition, cause=s.cause
            )
            for s in record.stances
            if s.round == number
        ],
        **lists,
    )


def _entity(entity: Entity, references: list[ReferenceIn]) -> EntityIn | TensionIn:
    common: dict[str, Any] = {
        "local_id": entity.local_ids[0] if entity.local_ids else None,
        "local_ids": entity.local_ids[1:],
        "label": entity.label,
        "contributors": entity.contributors,
        "references": references,
    }
    if entity.kind == "T":
        return TensionIn(description=entity.content, **common)
    return EntityIn(content=entity.content, parameters=entity.parameters, exhibits=entity.exhibits or [], **common)


def _updates(record: Record, round_: Round) -> tuple[dict[str, list[UpdateIn]], list[tuple[str, Shape]]]:
    """The steps taken with a round, by kind, and those taken after it, as requests with their times.

    Steps that entities, ``refine`` references and verdicts bring about by themselves are left out.
    """
    refs = [ref for ref in record.refs if ref.round == round_.round and ref.ref_type == "refine"]
    refined = {(ref.target_id, ref.source_id) for ref in refs}
    verdicts = {verdict.verdict_id for verdict in record.verdicts}
    during: dict[str, list[UpdateIn]] = {kind: [] for kind in KINDS}
    after: dict[str, list[UpdateIn]] = defaultdict(list)
    for event in record.events:
        target = str(event.key)
        if event.event_round != round_.round or (event.event_seq == 1 and event.type == FIRST_EVENT[event.kind]):
            continue
        if _is_refinement(event) and (target, event.result) in refined:
            refined.discard((target, event.result or ""))
            continue
        if event.reference in verdicts:
            continue
        step = UpdateIn(
            id=target,
            status=event.type,
            by=event.actors,
            via=event.reference,
            result=event.result,
            reason=event.reason,
            disposition=event.disposition,
        )
        if event.created_at == round_.completed_at:
            during[event.kind].append(step)
        else:
            after[event.created_at].append(step)
    own = record.dialogue.dialogue_id
    return during, [(time, UpdateStatus(dialogue_id=own, updates=steps, at=time)) for time, steps in after.items()]


def _is_refinement(event: Event) -> bool:
    """Whether an event is what a ``refine`` reference leaves."""
    bare = event.reason is None and event.disposition is None and event.reference is None
    return bare and event.type == REFINED.get(event.kind, "refined")


def _verdict(verdict: Verdict) -> VerdictRegister:
    given = {
        name: getattr(verdict, name)
        for name in VerdictRegister.model_fields
        if name in Verdict.__struct_fields__ and name != "dialogue_id"
    }
    return VerdictRegister(
        dialogue_id=verdict.dialogue_id, at=verdict.created_at, force=verdict.force_reason is not None, **given
    )
