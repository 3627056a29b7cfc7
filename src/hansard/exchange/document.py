"""``dialogue.json``: a record as one document, and back again (specification, "Output: Single dialogue.json").

The types in ``document_items`` are the format. Every column of every row is in the document, so
``record_from_document`` is the exact inverse of ``document_from_record``. What can be computed from the rows (totals,
scores, mapping, figures, warnings) is there too, for readers; it is never read back, and ``differences`` tells where it
was touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from hansard.database.columns import key_names
from hansard.database.journal import RULES_VERSION
from hansard.dialogue import model, rules
from hansard.dialogue.exhibits.rules import degradation, is_exhibit_id, rests_on
from hansard.dialogue.tables import ROWS
from hansard.dialogue.views import modifier_points
from hansard.exchange import errors
from hansard.exchange.document_items import (
    CalibrationItem,
    ComparedItem,
    ComplianceCountItem,
    DegradationItem,
    DialogueEventItem,
    Document,
    EntityItem,
    EthosRuleItem,
    EventItem,
    ExhibitItem,
    ExpertItem,
    FiguresItem,
    Item,
    JournalItem,
    JudgeClaimItem,
    JudgeFileItem,
    LostItem,
    MoveItem,
    PoolItem,
    ReferenceItem,
    ResponseReferenceItem,
    RestsOnItem,
    RoundItem,
    SeatItem,
    StanceItem,
    TensionItem,
    UtteranceItem,
    VerdictItem,
    WarningItem,
    WatchItem,
)
from hansard.exchange.origin import first_origin
from hansard.exchange.warnings import warnings_of
from hansard.kernel import files
from hansard.kernel.canonical import exchange_bytes, sha256_hex
from hansard.kernel.ids import KINDS, PLURALS, display_id, parse_display_id, parse_local_id
from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.shapes import unstorable

SCHEMA_VERSION: Final = "1"
"""Version of the format; raised when an older reader would misread it."""

READABLE: Final = ("1",)
"""Versions that this program reads."""

FILE_NAME: Final = "dialogue.json"
LIMIT_BYTES: Final = 512 * 1024 * 1024
"""Largest export that is read."""

FRAME_DEPTH: Final = 8
"""So deep a document nests its rows; each value in them as deep as the store accepts."""

UNSEALED: Final = ("digest", "journal")
"""Keys that are no part of the document proper: its digest, and the journal, which is a store's own."""

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)

R = TypeVar("R", bound=model.Row)
Made = TypeVar("Made", bound="Item")

DERIVED: Final = frozenset({"date", "totalRounds", "totalAlignment", "claimsCompared", "warnings", "rulesVersion"})
"""Keys at the top of the document that are computed from the rest."""


class Fault(NamedTuple):
    """A place of a document that has not the form of the format."""

    path: str
    why: str


class Difference(NamedTuple):
    """A derived place of a document that is not what its rows give.

    ``MISSING`` stands for no value, ``REORDERED`` for a list with the same items in another order.
    """

    path: str
    found: Any
    derived: Any


class _Sign:
    """A value that no document can hold."""


MISSING: Final = _Sign()
REORDERED: Final = _Sign()


# -- record to document ------------------------------------------------------------------------------------------------


def document_from_record(record: model.Record, journal: JournalItem | None = None) -> dict[str, Any]:
    """A record as the document's plain JSON data, digest included.

    Two stores that hold the same rows give equal documents; only ``journal`` tells them apart.
    """
    dialogue = record.dialogue
    scores: dict[str, dict[int, int]] = {}
    for said in record.utterances:
        if said.score is not None:
            scores.setdefault(said.slug, {})[said.round] = said.score
    points = modifier_points(record)
    document = _made(
        Document,
        dialogue,
        schema_version=SCHEMA_VERSION,
        rules_version=RULES_VERSION,
        id=dialogue.dialogue_id,
        date=dialogue.created_at[:10],
        total_rounds=sum(1 for item in record.rounds if item.status == "completed"),
        total_alignment=sum(item.score or 0 for item in record.rounds if item.status == "completed"),
        strict_velocity=bool(dialogue.strict_velocity),
        calibration=_calibration(record),
        expert_pool=PoolItem(domain=dialogue.domain, experts=dialogue.expert_pool),
        experts=[
            _made(
                ExpertItem,
                expert,
                scores={str(number): score for number, score in sorted(scores.get(expert.slug, {}).items())},
                total=sum(scores.get(expert.slug, {}).values()),
                calibration_points=points.get(expert.slug),
            )
            for expert in record.experts
        ],
        rounds=_rounds(record),
        **_entities(record),
        response_references=[_made(ResponseReferenceItem, ref) for ref in record.refs if _of_response(ref)],
        moves=[_made(MoveItem, move) for move in record.moves],
        stances=[_made(StanceItem, stance) for stance in record.stances],
        verdicts=_verdicts(record),
        judge_claims=[_made(JudgeClaimItem, claim) for claim in record.judge_claims],
        claims_compared=[_made(ComparedItem, claim) for claim in rules.claims_compared(record)],
        documents=[_made(JudgeFileItem, document) for document in record.documents],
        exhibits=[_made(ExhibitItem, exhibit) for exhibit in record.exhibits],
        dialogue_events=[_made(DialogueEventItem, event) for event in record.dialogue_events],
        warnings=[WarningItem(**caution._asdict()) for caution in warnings_of(record)],
        digest="",
        journal=journal,
    )
    plain: dict[str, Any] = msgspec.to_builtins(document)
    plain["digest"] = document_digest(plain)
    return plain


def _made(item: type[Made], row: msgspec.Struct, **further: Any) -> Made:
    """An item from a row: attributes of the same name are taken over, ``further`` adds the rest."""
    names, values = _shared(item, type(row))
    return item(**{**dict(zip(names, values(row), strict=True)), **further})


@cache
def _shared(
    item: type[msgspec.Struct], row: type[msgspec.Struct]
) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The attributes that both have, and what reads them all."""
    names = tuple(name for name in item.__struct_fields__ if hasattr(row, name))
    return names, attrgetter(*names) if len(names) > 1 else lambda one: tuple(getattr(one, name) for name in names)


def _calibration(record: model.Record) -> CalibrationItem | None:
    held_to = record.dialogue.calibration
    if held_to is None:
        return None
    final = rules.standing_final(record.verdicts)
    said = None if final is None else final.ethos_compliance
    return CalibrationItem(
        **{name: held_to[name] for name in ("domain", "domain_id", "ethos_id", "title", "digest")},
        rules_count=len(held_to["rules"]),
        compliance=None
        if said is None
        else ComplianceCountItem(
            fully_compliant=said["fully_compliant"],
            exceptions=len(said["exceptions"]),
            violations=len(said["violations"]),
        ),
        rules=[EthosRuleItem(**rule) for rule in held_to["rules"]],
    )


def _held_to(item: CalibrationItem | None) -> dict[str, Any] | None:
    """The calibration as a dialogue's row has it."""
    if item is None:
        return None
    named = ("domain", "domain_id", "ethos_id", "title", "digest")
    return {name: getattr(item, name) for name in named} | {"rules": msgspec.to_builtins(item.rules)}


def _verdicts(record: model.Record) -> list[VerdictItem]:
    made = []
    for verdict in record.verdicts:
        lost = degradation(record, verdict.round)
        rests = rests_on(record, verdict)
        made.append(
            _made(
                VerdictItem,
                verdict,
                degradation=None
                if lost is None
                else DegradationItem(
                    round=lost.round,
                    seated=lost.seated,
                    lost=[LostItem(expert=one.expert, why=one.why) for one in lost.lost],
                    remaining=lost.remaining,
                    quorum=lost.quorum,
                ),
                rests_on=RestsOnItem(exhibits=rests.exhibits, ethos=rests.ethos, through=rests.through)
                if rests.exhibits or rests.ethos
                else None,
                watches=[_made(WatchItem, watch) for watch in record.watches if watch.verdict_id == verdict.verdict_id],
            )
        )
    return made


def _rounds(record: model.Record) -> list[RoundItem]:
    figures = {entry.round: entry for entry in rules.figures(record)}
    mapping: dict[tuple[int, str], dict[str, str]] = {}
    for entity in record.entities:
        for local in entity.local_ids:
            parts = parse_local_id(local)
            if parts is not None:
                mapping.setdefault((entity.round, parts.expert), {})[local] = entity.id
    seats: dict[int, list[SeatItem]] = {}
    for seat in record.panel_members:
        seats.setdefault(seat.round, []).append(_made(SeatItem, seat))
    experts: dict[int, dict[str, UtteranceItem]] = {}
    for said in record.utterances:
        own = dict(sorted(mapping.get((said.round, said.slug), {}).items()))
        experts.setdefault(said.round, {})[said.slug] = _made(UtteranceItem, said, mapping=own)
    return [
        _made(
            RoundItem,
            item,
            panel=seats.get(item.round, []),
            experts=experts.get(item.round, {}),
            figures=_made(FiguresItem, figures[item.round]) if item.round in figures else None,
        )
        for item in record.rounds
    ]


def _entities(record: model.Record) -> dict[str, list[Any]]:
    """The five kinds by their names in the document."""
    references: dict[str, list[ReferenceItem]] = {}
    for ref in record.refs:
        if not _of_response(ref):
            references.setdefault(ref.source_id, []).append(_made(ReferenceItem, ref))
    events: dict[str, list[EventItem]] = {}
    for event in record.events:
        events.setdefault(display_id(*event.key), []).append(_made(EventItem, event))
    found: dict[str, list[Any]] = {plural: [] for plural in PLURALS.values()}
    for entity in record.entities:
        item: type[Any] = TensionItem if entity.kind == "T" else EntityItem
        found[PLURALS[entity.kind]].append(
            _made(item, entity, references=references.get(entity.id, []), events=events.get(entity.id, []))
        )
    return found


def _of_response(ref: model.Ref) -> bool:
    return ref.source_id.startswith("@")


def document_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document's RFC 8785 bytes without ``digest`` and ``journal``, in hexadecimal.

    A record keeps its digest in every home that it is taken to: its folder is left out, its origin is the first one.
    """
    sealed = {key: value for key, value in document.items() if key not in (*UNSEALED, "outputDir", "origin")}
    first = first_origin(document.get("origin"))
    return sha256_hex(exchange_bytes(sealed if first is None else sealed | {"origin": first}))


def rendered(document: Mapping[str, Any]) -> bytes:
    """The bytes of the file: two spaces, UTF-8, keys in the format's order, a line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


# -- document to record ------------------------------------------------------------------------------------------------


def read_document(path: Path, name: str | None = None) -> dict[str, Any]:
    """The document in a file, parsed and nothing more.

    Raises:
        HansardError: ``file_unreadable``, ``file_too_large``, ``json_malformed``, ``not_an_export``,
            ``schema_version_unknown``.
    """
    called = name or path.name
    return parsed_document(read_text(path, called), called)


def read_text(path: Path, name: str | None = None) -> str:
    """The text of an export.

    Raises:
        HansardError: ``file_unreadable``, ``file_too_large``, ``json_malformed`` where it is not UTF-8.
    """
    called = name or path.name
    return utf8_text(files.read_bytes(path, name=called, limit_bytes=LIMIT_BYTES), called)


def document_in(data: bytes, name: str) -> dict[str, Any]:
    """The document that bytes hold (see ``read_document``)."""
    return parsed_document(utf8_text(data, name), name)


def utf8_text(data: bytes, name: str) -> str:
    """Bytes of JSON as text: no guess at an encoding, which would change words and say nothing.

    Raises:
        HansardError: ``json_malformed`` where it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise errors.json_malformed(name, line, None, f"byte {fault.start} is not UTF-8") from None


def parsed_document(text: str, name: str) -> dict[str, Any]:
    """The document that a text holds (see ``read_document``); ``name`` is what errors call it."""
    if not text.strip():
        raise errors.json_malformed(name, None, None, "it is empty")
    try:
        document = json_value(text)
    except NotJsonError as fault:
        raise errors.json_malformed(name, fault.line, fault.column, fault.why) from None
    if not isinstance(document, dict) or "schema_version" not in document:
        raise errors.not_an_export(name)
    if document["schema_version"] not in READABLE:
        raise errors.schema_version_unknown(name, document["schema_version"], READABLE)
    return document


def record_from_document(document: Mapping[str, Any], name: str = FILE_NAME) -> model.Record:
    """The record that a document holds, each list in its order in the store; ``name`` is what errors call it.

    Raises:
        HansardError: ``document_malformed`` with every fault by path; ``schema_version_unknown``.
    """
    version = document.get("schema_version")
    if version not in READABLE:
        raise errors.schema_version_unknown(name, version, READABLE)
    faults = list(form_faults(document))
    if not faults:
        record = _record(msgspec.convert(document, Document))
        faults = list(_twice(record))
        if not faults:
            return record
    raise errors.document_malformed(name, [(fault.path, fault.why) for fault in faults])


def form_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Every part of a document that has not the form of the format, item by item."""
    lost = [Fault(path.removeprefix("."), why) for path, why, _ in unstorable(document, depth=-FRAME_DEPTH)]
    if lost:
        yield from lost
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(Document)}
    for key in document.keys() - fields.keys():
        yield Fault(key, "is no key of this format")
    for key, field in fields.items():
        if key not in document:
            if field.required:
                yield Fault(key, "is missing")
            continue
        value = document[key]
        if get_origin(field.type) is list and isinstance(value, list):
            form = get_args(field.type)[0]
            for index, inner in enumerate(value):
                yield from (_round_faults if form is RoundItem else _form_fault)(inner, form, f"{key}[{index}]")
        else:
            yield from _form_fault(value, field.type, key)
    for kind, plural in PLURALS.items():
        items = document.get(plural)
        for index, inner in enumerate(items if isinstance(items, list) else ()):
            named = inner.get("id") if isinstance(inner, dict) else None
            found = parse_display_id(named) if isinstance(named, str) else None
            if isinstance(named, str) and (found is None or found.kind != kind):
                yield Fault(f"{plural}[{index}].id", f"is no id of a {KINDS[kind]} ({named!r})")


def _round_faults(value: Any, form: Any, path: str) -> Iterator[Fault]:
    """A round's faults, those of each utterance under its expert's name."""
    said = value.get("experts") if isinstance(value, dict) else None
    if not isinstance(said, dict):
        yield from _form_fault(value, form, path)
        return
    yield from _form_fault({**value, "experts": {}}, form, path)
    for slug, utterance in said.items():
        yield from _form_fault(utterance, UtteranceItem, f"{path}.experts.{slug}")


def _form_fault(value: Any, form: Any, path: str) -> Iterator[Fault]:
    try:
        msgspec.convert(value, form)
    except msgspec.ValidationError as fault:
        why, _, inner = str(fault).partition(" - at `$")
        unknown = _UNKNOWN.fullmatch(why)
        why = f"has a key that the format does not know ({unknown[1]!r})" if unknown else why[0].lower() + why[1:]
        yield Fault(path + inner.rstrip("`").partition("[...]")[0], why)  # a key of an object is not told


def _record(document: Document) -> model.Record:
    def row(form: type[R], item: Item, **further: Any) -> R:
        taken = {n: getattr(item, n) for n in form.__struct_fields__ if n not in further and hasattr(item, n)}
        return form(dialogue_id=document.id, **taken, **further)

    entities: list[model.Entity] = []
    events: list[model.Event] = []
    refs = [row(model.Ref, item) for item in document.response_references]
    for plural in PLURALS.values():
        for item in getattr(document, plural):
            key = parse_display_id(item.id)
            assert key is not None  # form_faults has judged the ids
            entities.append(row(model.Entity, item, **key._asdict()))
            events += [row(model.Event, event, **key._asdict()) for event in item.events]
            refs += [row(model.Ref, ref, source_id=item.id) for ref in item.references]
    rounds = document.rounds
    return model.Record(
        dialogue=row(
            model.Dialogue,
            document,
            domain=document.expert_pool.domain,
            expert_pool=document.expert_pool.experts,
            strict_velocity=int(document.strict_velocity),
            calibration=_held_to(document.calibration),
        ),
        experts=_sorted(row(model.Expert, item) for item in document.experts),
        panel_members=_sorted(row(model.PanelMember, seat, round=r.round) for r in rounds for seat in r.panel),
        rounds=_sorted(row(model.Round, r) for r in rounds),
        utterances=_sorted(
            row(model.Utterance, said, round=r.round, slug=slug, modifiers=msgspec.to_builtins(said.modifiers))
            for r in rounds
            for slug, said in r.experts.items()
        ),
        entities=_sorted(entities),
        events=_sorted(events),
        refs=_sorted(refs),
        moves=_sorted(row(model.Move, item) for item in document.moves),
        stances=_sorted(row(model.Stance, item) for item in document.stances),
        verdicts=sorted(
            (
                row(model.Verdict, item, ethos_compliance=msgspec.to_builtins(item.ethos_compliance))
                for item in document.verdicts
            ),
            key=lambda verdict: (verdict.seq, verdict.verdict_id),
        ),
        judge_claims=_sorted(row(model.JudgeClaim, item) for item in document.judge_claims),
        documents=_sorted(row(model.Document, item) for item in document.documents),
        exhibits=_sorted(row(model.Exhibit, item, seq=int(item.id[1:])) for item in document.exhibits),
        watches=_sorted(
            row(model.Watch, watch, verdict_id=item.verdict_id) for item in document.verdicts for watch in item.watches
        ),
        dialogue_events=_sorted(row(model.DialogueEvent, item) for item in document.dialogue_events),
    )


def key_of(row: model.Row) -> tuple[Any, ...]:
    """A row's primary key, in its table's order."""
    return tuple(getattr(row, name) for name in key_names(ROWS[type(row)]))


def rows_of(record: model.Record) -> Iterator[model.Row]:
    """Every row of a record, parents before children."""
    yield record.dialogue
    for name in record.__struct_fields__[1:]:
        yield from getattr(record, name)


def _sorted(rows: Iterable[R]) -> list[R]:
    return sorted(rows, key=key_of)


def _twice(record: model.Record) -> Iterator[Fault]:
    """Rows that stand twice: two entities of one id, two moves of one number."""
    seen: set[tuple[str, tuple[Any, ...]]] = set()
    for row in rows_of(record):
        table = ROWS[type(row)].name
        key = (table, key_of(row))
        if key in seen:
            yield Fault(table, f"holds {'/'.join(str(part) for part in key[1][1:])} twice")
        seen.add(key)


# -- where things stand ------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a row stands in a document: its path, its table, its primary key."""

    path: str
    table: str
    key: tuple[Any, ...]


def places(document: Mapping[str, Any]) -> Iterator[Place]:
    """Where each row of a document stands, parents before children; items without a usable key are passed over."""
    own = document.get("id")
    yield Place("", "dialogues", (own,))
    for name, table, column in (("experts", "experts", "slug"), ("verdicts", "verdicts", "id")):
        for path, item in _items(document, name):
            yield Place(path, table, (own, item.get(column)))
    for path, item in _items(document, "rounds"):
        number = item.get("round")
        yield Place(path, "rounds", (own, number))
        for inner, seat in _items(item, "panel", path):
            yield Place(inner, "panel_members", (own, number, seat.get("slug")))
        said = item.get("experts")
        for slug in said if isinstance(said, dict) else ():
            yield Place(f"{path}.experts.{slug}", "utterances", (own, number, slug))
    for plural in PLURALS.values():
        for path, item in _items(document, plural):
            found = parse_display_id(str(item.get("id")))
            if found is None:
                continue
            yield Place(path, "entities", (own, *found))
            for inner, event in _items(item, "events", path):
                yield Place(inner, "events", (own, *found, event.get("seq")))
            for inner, ref in _items(item, "references", path):
                yield Place(inner, "refs", (own, ref.get("round"), ref.get("seq")))
    for path, item in _items(document, "responseReferences"):
        yield Place(path, "refs", (own, item.get("round"), item.get("seq")))
    for path, item in _items(document, "moves"):
        yield Place(path, "moves", (own, item.get("round"), item.get("expert"), item.get("seq")))
    for path, item in _items(document, "stances"):
        yield Place(path, "stances", (own, item.get("round"), item.get("expert")))
    for path, item in _items(document, "judgeClaims"):
        yield Place(path, "judge_claims", (own, item.get("seq")))
    for path, item in _items(document, "documents"):
        yield Place(path, "documents", (own, item.get("name")))
    for path, item in _items(document, "verdicts"):
        for inner, watch in _items(item, "watches", path):
            yield Place(inner, "watches", (own, item.get("id"), watch.get("seq")))
    for path, item in _items(document, "exhibits"):
        named = item.get("id")
        if isinstance(named, str) and is_exhibit_id(named):
            yield Place(path, "exhibits", (own, int(named[1:])))
    for path, item in _items(document, "dialogueEvents"):
        yield Place(path, "dialogue_events", (own, item.get("seq")))


def _items(holder: Mapping[str, Any], name: str, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    found = holder.get(name)
    for index, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, dict):
            yield f"{path}.{name}[{index}]" if path else f"{name}[{index}]", item


def item_at(document: Mapping[str, Any], path: str) -> Any:
    """What stands at the path of a place; ``None`` where nothing does."""
    here: Any = document
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            here = here[int(step)] if isinstance(here, list) else here[step]
        except (LookupError, TypeError, ValueError):
            return None
    return here


def key_in_document(table: str, column: str, kind: str | None = None) -> str:
    """What the document calls a column of a table; ``kind`` is an entity's letter."""
    item = TensionItem if table == "entities" and kind == "T" else _ITEMS[table]
    names = {field.name: field.encode_name for field in msgspec.structs.fields(item)}
    return names.get(column, column)


_ITEMS: Final[Mapping[str, type[Any]]] = {
    "dialogues": Document,
    "experts": ExpertItem,
    "rounds": RoundItem,
    "panel_members": SeatItem,
    "utterances": UtteranceItem,
    "entities": EntityItem,
    "events": EventItem,
    "refs": ReferenceItem,
    "moves": MoveItem,
    "stances": StanceItem,
    "verdicts": VerdictItem,
    "judge_claims": JudgeClaimItem,
    "documents": JudgeFileItem,
    "exhibits": ExhibitItem,
    "watches": WatchItem,
    "dialogue_events": DialogueEventItem,
}


# -- what is derived ---------------------------------------------------------------------------------------------------


def differences(document: Mapping[str, Any], record: model.Record) -> list[Difference]:
    """Where a document's derived parts are not what its own rows give: ``record`` is ``record_from_document``'s.

    A document of other rules is compared in nothing that those rules computed.
    """
    derived = document_from_record(record)
    if document.get("rulesVersion") != derived["rulesVersion"]:
        derived["rulesVersion"] = document.get("rulesVersion")
        for key in ("claimsCompared", "warnings"):
            derived[key] = document.get(key)
        for own, given in zip(derived["rounds"], document["rounds"], strict=True):
            own.pop("figures", None)
            if "figures" in given:
                own["figures"] = given["figures"]
    derived["schema_version"] = document.get("schema_version")
    for own, given in zip(derived["verdicts"], document["verdicts"], strict=True):
        if "degradation" not in given:  # older exports do not say it
            own.pop("degradation", None)
    found = {key: value for key, value in document.items() if key not in UNSEALED}
    return list(_differences(found, {key: value for key, value in derived.items() if key not in UNSEALED}, ""))


def _differences(found: Any, derived: Any, path: str) -> Iterator[Difference]:
    if isinstance(found, dict) and isinstance(derived, dict):
        for key in [*derived, *(key for key in found if key not in derived)]:
            inner = f"{path}.{key}" if path else key
            if key not in found or key not in derived:
                yield Difference(inner, found.get(key, MISSING), derived.get(key, MISSING))
            else:
                yield from _differences(found[key], derived[key], inner)
    elif isinstance(found, list) and isinstance(derived, list) and len(found) == len(derived):
        if found != derived and sorted(map(_text, found)) == sorted(map(_text, derived)):
            yield Difference(path, REORDERED, derived)
            return
        for index, (one, other) in enumerate(zip(found, derived, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif found != derived or isinstance(found, bool) != isinstance(derived, bool):
        yield Difference(path, found, derived)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
