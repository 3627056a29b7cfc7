"""Our own ``dialogue.json`` taken back in: the record in it is registered again, by the same rules, request by request.

Nothing is copied into tables: whatever the rules would not let happen does not come in. The plan carries the record it
must lead to, and an import that leads to another one is refused whole (``record_differs``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from hansard.dialogue.model import COLORS, Entity, Event, Expert, PanelMember, Record, Verdict
from hansard.dialogue.requests import (
    Background,
    ClaimedFigure,
    DialogueCreate,
    EntityIn,
    EvolvePanel,
    ExpertCreate,
    ExpertPool,
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
    VerdictRegister,
)
from hansard.dialogue.rules.lifecycle import FIRST_EVENT, REFINED
from hansard.exchange import errors
from hansard.exchange.checking import check_document
from hansard.exchange.document import read_document
from hansard.exchange.import_shapes import ImportDiagnostic
from hansard.exchange.planning import UPDATES, Plan
from hansard.kernel.errors import invalid_field
from hansard.kernel.ids import KINDS, PLURALS
from hansard.kernel.shapes import Shape

UNCOMPARED: Final = frozenset({"dialogue_id", "origin", "output_dir"})
"""What a record may have otherwise than the file it was restored from: where it is, and where it comes from."""


class DocumentImporter:
    """Exports of this program."""

    name = "document"

    def recognises(self, path: Path) -> bool:
        """Whether it is a file that may be an export."""
        return path.suffix.casefold() == ".json" and path.is_file()

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of an export; one that does not verify is refused."""
        if map_file is not None:
            raise invalid_field("map", map_file.name, "belongs to an import of transcripts, not of an export")
        document = read_document(path)
        report = check_document(document)
        if report.findings:
            first = report.findings[0]
            where = f"{first.path}: " if first.path else ""
            raise errors.document_unfit(path.name, f"{where}{first.message}")
        if report.record is None:
            raise errors.document_unfit(path.name, "it holds no record")
        return plan_record(report.record, str(document["digest"]), report.head, path.name)


def plan_record(record: Record, digest: str, head: tuple[int, str] | None, source: str) -> Plan:
    """The requests that lead to ``record`` again.

    Args:
        record: what an export holds.
        digest: the export's digest.
        head: sequence and hash of the last entry in the export's journal, where it carries one.
        source: the export's file name.
    """
    diagnostics = [*_told(record), _exported_from(record, digest, head)]
    rounds = [round_.round for round_ in record.rounds if round_.status == "completed"]
    joining = _joining(record)
    steps: list[Shape] = [_create(record, digest, source, diagnostics)]
    left = list(record.verdicts)
    for number in rounds:
        steps += _seating(record, number, joining)
        steps.append(_round(record, number))
        while left and left[0].round <= number:
            steps.append(_verdict(left.pop(0)))
    return Plan(
        importer=DocumentImporter.name,
        wanted_id=record.dialogue.dialogue_id,
        files={source: digest},
        requests=tuple(steps),
        ids={local: entity.id for entity in record.entities for local in entity.local_ids},
        diagnostics=tuple(diagnostics),
        links={},
        files_read=1,
        expected=record,
        known_by=digest,
    )


def record_differences(wanted: Record, found: Record) -> dict[str, str]:
    """Where two records say different things, by table, key and column; ``UNCOMPARED`` columns left out."""
    differences: dict[str, str] = {}
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


def _told(record: Record) -> list[ImportDiagnostic]:
    """What an earlier import had to assume is still so."""
    told = (record.dialogue.origin or {}).get("diagnostics", [])
    return [ImportDiagnostic(**entry) for entry in told]


def _exported_from(record: Record, digest: str, head: tuple[int, str] | None) -> ImportDiagnostic:
    """Where the export stood: what a reader needs to find the first record again."""
    origin = record.dialogue.origin
    words = f"the record was exported as '{record.dialogue.dialogue_id}' with digest {digest}"
    words += f", at entry {head[0]} of its stream ({head[1]})" if head else ", without its journal"
    if origin is not None:
        words += f"; it had been imported from '{origin['source']}' ({origin['importer']})"
    return ImportDiagnostic(code="exported_from", message=words, severity="note")


def _create(record: Record, digest: str, source: str, diagnostics: Iterable[ImportDiagnostic]) -> DialogueCreate:
    dialogue = record.dialogue
    pool = []
    for entry in dialogue.expert_pool:
        told: dict[str, Any] = {name: entry.get(name) for name in PoolExpert.model_fields}
        pool.append(PoolExpert(**told))
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
        tags=dialogue.tags,
        dialogue_id=dialogue.dialogue_id,
        origin=Origin(
            importer=DocumentImporter.name,
            source=source,
            at=dialogue.created_at,
            digest=digest,
            files={source: digest},
            documents={document.name: document.body for document in record.documents},
            claims=[
                ClaimedFigure(**{name: getattr(claim, name) for name in ClaimedFigure.model_fields})
                for claim in record.judge_claims
            ],
            diagnostics=[entry.plain() for entry in diagnostics],
        ),
    )


# -- panels ------------------------------------------------------------------------------------------------------------


def _joining(record: Record) -> dict[int, list[Expert]]:
    """Who joined before which round, in order; colours are given in the order of joining and tell it."""
    last = max((round_.round for round_ in record.rounds if round_.status == "completed"), default=0)
    left = {expert.slug: expert for expert in record.experts}
    order: list[Expert] = []
    while left:
        color = COLORS[len(order) % len(COLORS)]
        fitting = [expert for expert in left.values() if expert.color == color] or list(left.values())
        expert = min(fitting, key=lambda one: (last if one.first_round is None else one.first_round, one.slug))
        order.append(left.pop(expert.slug))
    joining: dict[int, list[Expert]] = defaultdict(list)
    round_ = last
    for expert in reversed(order):  # one who never sat joined together with whoever came next
        round_ = expert.first_round if expert.first_round is not None else round_
        joining[round_].insert(0, expert)
    return joining


def _seating(record: Record, number: int, joining: Mapping[int, Sequence[Expert]]) -> Iterator[Shape]:
    """The requests that let experts join in order and seat a round's panel."""
    seats = {seat.slug: seat for seat in record.panel_members if seat.round == number}
    runs = [(created, list(group)) for created, group in groupby(joining.get(number, ()), _was_created)]
    for index, (created, run) in enumerate(runs):
        if created:
            for expert in run:
                yield _created(record, expert)
        elif index < len(runs) - 1 or any(expert.slug not in seats for expert in run):
            members = [seats.get(expert.slug) or _unseated(expert, number) for expert in run]
            yield _panel(record, number, members)
    if seats:
        first = [expert.slug for _, run in runs for expert in run if expert.slug in seats]
        rest = [slug for slug in seats if slug not in first]
        yield _panel(record, number, [seats[slug] for slug in [*first, *rest]])


def _was_created(expert: Expert) -> bool:
    return expert.source == "created"


def _created(record: Record, expert: Expert) -> ExpertCreate:
    return ExpertCreate(
        dialogue_id=record.dialogue.dialogue_id,
        expert_slug=expert.slug,
        role=expert.role,
        description=expert.description,
        focus=expert.focus,
        tier=expert.tier or "Adjacent",
        relevance=expert.relevance,
        reason=expert.creation_reason or "unknown",
    )


def _unseated(expert: Expert, number: int) -> PanelMember:
    return PanelMember(
        dialogue_id=expert.dialogue_id,
        round=number,
        slug=expert.slug,
        source=expert.source,
        tier=expert.tier,
        relevance=expert.relevance,
        focus=expert.focus,
    )


def _panel(record: Record, number: int, seats: Iterable[PanelMember]) -> EvolvePanel:
    roles = {expert.slug: expert.role for expert in record.experts}
    return EvolvePanel(
        dialogue_id=record.dialogue.dialogue_id,
        round=number,
        panel=[
            PanelSeat(
                expert_slug=seat.slug, role=roles[seat.slug], tier=seat.tier, relevance=seat.relevance, focus=seat.focus
            )
            for seat in seats
        ],
    )


# -- rounds ------------------------------------------------------------------------------------------------------------


def _round(record: Record, number: int) -> RoundRegister:
    own = next(round_ for round_ in record.rounds if round_.round == number)
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
    lists |= {UPDATES[kind]: steps for kind, steps in _updates(record, number).items()}
    return RoundRegister(
        dialogue_id=record.dialogue.dialogue_id,
        round=number,
        title=own.title,
        score=own.score,
        summary=own.summary,
        expert_scores={one.slug: one.score for one in said if one.score is not None and one.components is None},
        score_components={one.slug: ScoreComponents(**one.components) for one in said if one.components is not None},
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
    return EntityIn(content=entity.content, parameters=entity.parameters, **common)


def _updates(record: Record, number: int) -> dict[str, list[UpdateIn]]:
    """A round's steps, without those that entities, ``refine`` references and verdicts bring about by themselves."""
    refs = [ref for ref in record.refs if ref.round == number and ref.ref_type == "refine"]
    refined = {(ref.target_id, ref.source_id) for ref in refs}
    verdicts = {verdict.verdict_id for verdict in record.verdicts}
    steps: dict[str, list[UpdateIn]] = {kind: [] for kind in KINDS}
    for event in record.events:
        target = str(event.key)
        if event.event_round != number or (event.event_seq == 1 and event.type == FIRST_EVENT[event.kind]):
            continue
        if _is_refinement(event) and (target, event.result) in refined:
            refined.discard((target, event.result or ""))
            continue
        if event.reference in verdicts:
            continue
        steps[event.kind].append(
            UpdateIn(
                id=target,
                status=event.type,
                by=event.actors,
                via=event.reference,
                result=event.result,
                reason=event.reason,
                disposition=event.disposition,
            )
        )
    return steps


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
    return VerdictRegister(dialogue_id=verdict.dialogue_id, force=verdict.force_reason is not None, **given)
