"""Rows of dialogues in and out of the store: they become types here and go no further as rows.

Every hot statement filters by ``dialogue_id`` first (specification, "Portability").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

import sqlalchemy as sa

from hansard.database import journal as chain
from hansard.database.columns import decoded_row, decoded_rows, references
from hansard.database.dialect import dialect_in
from hansard.database.journal import Entry
from hansard.database.statements import fetch, fetch_rows
from hansard.database.tables import journal_streams, texts
from hansard.database.words import Found, Item
from hansard.dialogue import model
from hansard.dialogue.answers import DialogueSummary, Head, Hit
from hansard.dialogue.model import (
    UNSETTLED,
    Dialogue,
    Entity,
    Event,
    Expert,
    JudgeClaim,
    Move,
    PanelMember,
    Record,
    Round,
    Row,
    Stance,
    Verdict,
)
from hansard.dialogue.plans import Counts, RoundPlan, RoundState, VerdictPlan, VerdictState
from hansard.dialogue.tables import ROWS
from hansard.kernel.bulk import collector_paused
from hansard.kernel.canonical import parsed
from hansard.kernel.ids import DisplayId, display_id, folded, parse_display_id, parse_local_id, shown_name

R = TypeVar("R", bound=Row)

Connection = sa.Connection
"""An open transaction, for those who pass one on without knowing the database."""


_texts = sa.select(texts.c.sha256, texts.c.body).where(texts.c.sha256.in_(sa.bindparam("digests", expanding=True)))


def stream(dialogue_id: str) -> str:
    """The journal stream of a dialogue."""
    return f"dialogue:{dialogue_id}"


def of_dialogue(
    connection: sa.Connection, kind: type[R], dialogue_id: str, /, *, without: tuple[str, ...] = (), **where: Any
) -> list[R]:
    """Rows of one dialogue in the order of their key, narrowed by columns: equal to a value, or to one of a list.

    Long texts are fetched in one further statement. Columns to do ``without`` are left at their defaults.
    """
    table = ROWS[kind]
    lists = tuple(name for name, value in where.items() if isinstance(value, list))
    statement = _narrowed(table, tuple(where), lists, without)
    found = fetch_rows(connection, statement, {"dialogue_id": dialogue_id, **where})
    wanted = sorted(references(table, found))
    bodies: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        bodies.update(fetch(connection, _texts, {"digests": wanted[start : start + 500]}))

    def text_of(digest: str) -> str:
        return bodies[digest] if digest in bodies else chain.text(connection, digest)

    return [kind(**row) for row in decoded_rows(table, found, text_of)]


@cache
def _narrowed(
    table: sa.Table, names: tuple[str, ...], lists: tuple[str, ...], without: tuple[str, ...]
) -> sa.Select[Any]:
    """Built once, as all statements that a write reads by: to build one takes longer than to run it."""
    where = [table.c.dialogue_id == sa.bindparam("dialogue_id")]
    for name in names:
        several = name in lists
        given: sa.BindParameter[Any] = sa.bindparam(name, expanding=several)
        where.append(table.c[name].in_(given) if several else table.c[name] == given)
    columns = [column for column in table.c if column.name not in without]
    return sa.select(*columns).where(*where).order_by(*table.primary_key.columns)


def read_dialogue(connection: sa.Connection, dialogue_id: str) -> Dialogue | None:
    """A dialogue's own row."""
    found = of_dialogue(connection, Dialogue, dialogue_id)
    return found[0] if found else None


def read_record(connection: sa.Connection, dialogue_id: str, *, verbatim: bool = True) -> Record | None:
    """Everything of one dialogue; what was said word for word and the judge's files only where ``verbatim``."""
    dialogue = read_dialogue(connection, dialogue_id)
    if dialogue is None:
        return None
    with collector_paused():
        return _record(connection, dialogue, verbatim=verbatim)


def _record(connection: sa.Connection, dialogue: Dialogue, *, verbatim: bool) -> Record:
    dialogue_id = dialogue.dialogue_id
    return Record(
        dialogue=dialogue,
        experts=of_dialogue(connection, Expert, dialogue_id),
        panel_members=of_dialogue(connection, PanelMember, dialogue_id),
        rounds=of_dialogue(connection, Round, dialogue_id),
        utterances=of_dialogue(
            connection, model.Utterance, dialogue_id, without=() if verbatim else ("raw", "annotations")
        ),
        entities=of_dialogue(connection, Entity, dialogue_id),
        events=of_dialogue(connection, Event, dialogue_id),
        refs=of_dialogue(connection, model.Ref, dialogue_id),
        moves=of_dialogue(connection, Move, dialogue_id),
        stances=of_dialogue(connection, Stance, dialogue_id),
        verdicts=read_verdicts(connection, dialogue_id),
        judge_claims=of_dialogue(connection, JudgeClaim, dialogue_id),
        documents=of_dialogue(connection, model.Document, dialogue_id) if verbatim else [],
        exhibits=of_dialogue(connection, model.Exhibit, dialogue_id),
        watches=of_dialogue(connection, model.Watch, dialogue_id),
        dialogue_events=of_dialogue(connection, model.DialogueEvent, dialogue_id),
    )


def read_verdicts(connection: sa.Connection, dialogue_id: str) -> list[Verdict]:
    """The verdicts in the order in which they were registered."""
    return sorted(of_dialogue(connection, Verdict, dialogue_id), key=lambda verdict: verdict.seq)


def read_entities(connection: sa.Connection, dialogue_id: str, ids: Iterable[str]) -> list[Entity]:
    """Entities by display id; those that do not exist are left out."""
    found: list[Entity] = []
    for kind, round_, numbers in _grouped(key for text in set(ids) if (key := parse_display_id(text))):
        found += of_dialogue(connection, Entity, dialogue_id, kind=kind, round=round_, seq=numbers)
    return found


def display_ids(connection: sa.Connection, dialogue_id: str, texts: Iterable[str], before: int) -> dict[str, str]:
    """Display ids that the local ids among ``texts`` were given in the rounds before one."""
    wanted = {text: local for text in texts if (local := parse_local_id(text)) and local.round < before}
    found: dict[str, str] = {}
    for kind, round_ in sorted({(local.kind, local.round) for local in wanted.values()}):
        for entity in of_dialogue(connection, Entity, dialogue_id, kind=kind, round=round_):
            found |= {name: entity.id for name in entity.local_ids if name in wanted}
    return found


def event_counts(connection: sa.Connection, dialogue_id: str, entities: Sequence[Entity]) -> dict[str, int]:
    """How many events each of these entities has had."""
    counts: dict[str, int] = {}
    for kind, round_, numbers in _grouped(entity.key for entity in entities):
        given = {"dialogue_id": dialogue_id, "kind": kind, "round": round_, "seq": numbers}
        for seq, last in fetch(connection, _last_event(), given):
            counts[display_id(kind, round_, seq)] = last
    return counts


@cache
def _last_event() -> sa.Select[Any]:
    table = ROWS[Event]
    where = [table.c[name] == sa.bindparam(name) for name in ("dialogue_id", "kind", "round")]
    several = table.c.seq.in_(sa.bindparam("seq", expanding=True))
    return sa.select(table.c.seq, sa.func.max(table.c.event_seq)).where(*where, several).group_by(table.c.seq)


def _grouped(keys: Iterable[DisplayId]) -> Iterator[tuple[str, int, list[int]]]:
    """Keys of entities by kind and round: one short statement each, which the primary key answers."""
    for (kind, round_), some in groupby(sorted(keys), key=lambda key: (key.kind, key.round)):
        yield kind, round_, [key.seq for key in some]


def open_tensions(connection: sa.Connection, dialogue_id: str) -> list[str]:
    """Display ids of the tensions that are not settled."""
    found = fetch(connection, _unsettled(), {"dialogue_id": dialogue_id})
    return [display_id("T", round_, seq) for round_, seq in found]


@cache
def _unsettled() -> sa.Select[Any]:
    table = ROWS[Entity]
    return (
        sa.select(table.c.round, table.c.seq)
        .where(table.c.dialogue_id == sa.bindparam("dialogue_id"))
        .where(table.c.kind == "T", table.c.status.in_(sorted(UNSETTLED)))
        .order_by(table.c.round, table.c.seq)
    )


def _count(connection: sa.Connection, rows: type[Row], dialogue_id: str, /, **where: Any) -> int:
    given = {"dialogue_id": dialogue_id, **where}
    return int(fetch(connection, _counting(ROWS[rows], tuple(given)), given)[0][0])


@cache
def _counting(table: sa.Table, names: tuple[str, ...]) -> sa.Select[Any]:
    where = [table.c[name] == sa.bindparam(name) for name in names]
    return sa.select(sa.func.count()).select_from(table).where(*where)


def _spoke(connection: sa.Connection, dialogue_id: str, round_: int) -> list[str]:
    """Who gave a response or an entity in a round."""
    where = {"dialogue_id": dialogue_id, "round": round_}
    responded, contributed = _speaking()
    found = {slug for (slug,) in fetch(connection, responded, where)}
    for row in decoded_rows(ROWS[Entity], fetch_rows(connection, contributed, where), str):
        found.update(row["contributors"])
    return sorted(found)


@cache
def _speaking() -> tuple[sa.Select[Any], sa.Select[Any]]:
    said, entities = ROWS[model.Utterance], ROWS[Entity]
    slugs, contributors = (
        sa.select(column).where(
            column.table.c.dialogue_id == sa.bindparam("dialogue_id"), column.table.c.round == sa.bindparam("round")
        )
        for column in (said.c.slug, entities.c.contributors)
    )
    return slugs.where(said.c.raw.is_not(None)), contributors


def statuses(connection: sa.Connection, dialogue_ids: Sequence[str]) -> dict[str, str]:
    """The status of each of these dialogues."""
    table = ROWS[Dialogue]
    found = connection.execute(
        sa.select(table.c.dialogue_id, table.c.status).where(table.c.dialogue_id.in_(dialogue_ids))
    )
    return {name: str(status) for name, status in found}


def verdict_count(connection: sa.Connection, dialogue_id: str) -> int:
    """Verdicts registered so far."""
    return _count(connection, Verdict, dialogue_id)


def dialogue_event_count(connection: sa.Connection, dialogue_id: str) -> int:
    """Steps of the dialogue's own life so far."""
    return _count(connection, model.DialogueEvent, dialogue_id)


def reopened_after(connection: sa.Connection, dialogue_id: str) -> int | None:
    """How many rounds were registered when the dialogue was last reopened; ``None`` where it never was."""
    steps = of_dialogue(connection, model.DialogueEvent, dialogue_id, type="reopened")
    return int((steps[-1].detail or {}).get("rounds", 0)) if steps else None


def completed_rounds(connection: sa.Connection, dialogue_id: str) -> int:
    """Rounds registered so far."""
    return _count(connection, Round, dialogue_id, status="completed")


def read_experts(connection: sa.Connection, dialogue_id: str) -> dict[str, Expert]:
    """Everybody who takes part, by slug."""
    return {expert.slug: expert for expert in of_dialogue(connection, Expert, dialogue_id)}


def exhibit_ids(connection: sa.Connection, dialogue_id: str) -> list[str]:
    """The ids of a dialogue's exhibits, in order."""
    return [exhibit.id for exhibit in of_dialogue(connection, model.Exhibit, dialogue_id)]


def seated_before(connection: sa.Connection, dialogue_id: str, round_: int) -> set[str]:
    """Slugs of all who sat at a panel before a round."""
    found = fetch(connection, _seated(), {"dialogue_id": dialogue_id, "round": round_})
    return {slug for (slug,) in found}


@cache
def _seated() -> sa.Select[Any]:
    table = ROWS[PanelMember]
    before = table.c.round < sa.bindparam("round")
    return sa.select(table.c.slug).distinct().where(table.c.dialogue_id == sa.bindparam("dialogue_id"), before)


def read_panel(connection: sa.Connection, dialogue_id: str, round_: int) -> list[PanelMember]:
    """The seats of a round's panel."""
    return of_dialogue(connection, PanelMember, dialogue_id, round=round_)


def read_round(connection: sa.Connection, dialogue_id: str, round_: int) -> Round | None:
    """A round's own row."""
    found = of_dialogue(connection, Round, dialogue_id, round=round_)
    return found[0] if found else None


def read_round_state(
    connection: sa.Connection,
    dialogue: Dialogue,
    round_: int,
    completed: int,
    mentioned: Collection[str],
    *,
    cites: bool = True,
) -> RoundState:
    """What a round's batch is judged against: only what it refers to. ``cites`` tells whether it cites exhibits."""
    dialogue_id = dialogue.dialogue_id
    planned = read_round(connection, dialogue_id, round_)
    before = read_round(connection, dialogue_id, round_ - 1) if round_ else None
    experts = read_experts(connection, dialogue_id)
    seats = read_panel(connection, dialogue_id, round_) if planned else []
    last: list[PanelMember] = []
    created: list[Expert] = []
    if not seats:
        last = read_panel(connection, dialogue_id, round_ - 1) if round_ else []
        sat = seated_before(connection, dialogue_id, round_)
        created = [expert for slug, expert in experts.items() if expert.source == "created" and slug not in sat]
    entities = read_entities(connection, dialogue_id, mentioned)
    return RoundState(
        dialogue=dialogue,
        planned=planned,
        before=before,
        completed=completed,
        seats=seats,
        last_seats=last,
        created_since=created,
        experts=experts,
        entities=entities,
        earlier=display_ids(connection, dialogue_id, mentioned, round_),
        event_counts=event_counts(connection, dialogue_id, entities),
        open_tensions=open_tensions(connection, dialogue_id),
        verdicts=read_verdicts(connection, dialogue_id),
        claims=_count(connection, JudgeClaim, dialogue_id),
        exhibits=exhibit_ids(connection, dialogue_id) if cites else [],
    )


def read_verdict_state(
    connection: sa.Connection, dialogue: Dialogue, round_: int, completed: int, named: Collection[str]
) -> VerdictState:
    """What a verdict is judged against."""
    dialogue_id = dialogue.dialogue_id
    entities = read_entities(connection, dialogue_id, named)
    return VerdictState(
        dialogue=dialogue,
        completed=completed,
        members=read_panel(connection, dialogue_id, round_),
        moves=of_dialogue(connection, Move, dialogue_id, round=round_),
        stances=of_dialogue(connection, Stance, dialogue_id, round=round_),
        spoke=_spoke(connection, dialogue_id, round_),
        experts=read_experts(connection, dialogue_id),
        entities=entities,
        earlier=display_ids(connection, dialogue_id, named, completed),
        event_counts=event_counts(connection, dialogue_id, entities),
        open_tensions=open_tensions(connection, dialogue_id),
        new_perspectives=_count(connection, Entity, dialogue_id, kind="P", round=round_),
        verdicts=read_verdicts(connection, dialogue_id),
    )


def insert(entry: Entry, rows: Iterable[Row]) -> None:
    """Add rows, parents before children."""
    by_kind: dict[type[Row], list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(type(row), []).append(row.as_row())
    for kind, table in ROWS.items():
        if kind in by_kind:
            entry.insert(table, by_kind[kind])


def update(entry: Entry, rows: Iterable[Row]) -> None:
    """Replace rows."""
    by_kind: dict[type[Row], list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(type(row), []).append(row.as_row())
    for kind, found in by_kind.items():
        entry.update(ROWS[kind], found)


def write_round(entry: Entry, plan: RoundPlan) -> None:
    """Write a round's plan."""
    if plan.dialogue is not None:
        update(entry, [plan.dialogue])
    update(entry, plan.experts)
    if not plan.round_is_new:
        update(entry, [plan.round])
    rows: list[Row] = [plan.round] if plan.round_is_new else []
    rows += [
        *plan.seats,
        *plan.utterances,
        *plan.added,
        *plan.events,
        *plan.refs,
        *plan.moves,
        *plan.stances,
        *plan.claims,
    ]
    insert(entry, rows)
    update(entry, plan.changed)
    index_entities(entry.connection, plan.added)
    index(
        entry.connection,
        [(said.dialogue_id, _spoken(said), "", said.raw) for said in plan.utterances if said.raw and said.raw.strip()],
    )
    if plan.round.summary:
        index(
            entry.connection,
            [(plan.round.dialogue_id, f"round-{plan.round.round}", plan.round.title or "", plan.round.summary)],
        )


def write_verdict(entry: Entry, plan: VerdictPlan) -> None:
    """Write a verdict's plan."""
    if plan.dialogue is not None:
        update(entry, [plan.dialogue])
    insert(entry, [plan.verdict, *plan.watches, *plan.events])
    update(entry, plan.changed)
    verdict = plan.verdict
    index(entry.connection, [(verdict.dialogue_id, f"verdict:{verdict.verdict_id}", *_words_of(verdict))])


def index(connection: sa.Connection, items: Sequence[tuple[str, str, str, str]]) -> None:
    """Make words findable: (dialogue, item, label, body)."""
    dialect_in(connection).index(connection, [Item(*item) for item in items])


def unindex(connection: sa.Connection, dialogue_id: str, items: Collection[str] | None = None) -> None:
    """Make words of a dialogue unfindable; all of them where no items are named."""
    dialect_in(connection).unindex(connection, dialogue_id, items)


def index_entities(connection: sa.Connection, entities: Iterable[Entity]) -> None:
    """Make entities findable."""
    index(connection, [(entity.dialogue_id, entity.id, entity.label, entity.content) for entity in entities])


def _spoken(said: model.Utterance) -> str:
    """The item of a response's own words: ``round-1/muffin``."""
    return f"round-{said.round}/{said.slug}"


def index_dialogue(connection: sa.Connection, dialogue: Dialogue) -> None:
    """Make a dialogue's title and question findable."""
    index(connection, [(dialogue.dialogue_id, "question", dialogue.title, dialogue.question)])


def indexed_words(record: Record) -> dict[str, tuple[str, str]]:
    """What the search index must hold for a dialogue: item to (label, body)."""
    words = {"question": (record.dialogue.title, record.dialogue.question)}
    words.update({entity.id: (entity.label, entity.content) for entity in record.entities})
    words.update({_spoken(said): ("", said.raw) for said in record.utterances if said.raw and said.raw.strip()})
    words.update(
        {f"round-{round_.round}": (round_.title or "", round_.summary) for round_ in record.rounds if round_.summary}
    )
    words.update({f"verdict:{verdict.verdict_id}": _words_of(verdict) for verdict in record.verdicts})
    return words


def _words_of(verdict: Verdict) -> tuple[str, str]:
    """A verdict's recommendation, and all that it says beside it."""
    said = [verdict.description, *verdict.conditions, verdict.what_would_change or ""]
    return verdict.recommendation, "\n\n".join(text for text in said if text.strip())


def search_faults(connection: sa.Connection) -> list[tuple[str, str, str]]:
    """Where the search index is not what the record says: (dialogue, item, what).

    A verdict that was indexed before its conditions were searched has its description alone, and is as it was written.
    """
    found: dict[str, dict[str, tuple[str, str]]] = {}
    faults = []
    for row in dialect_in(connection).indexed(connection):
        items = found.setdefault(row.dialogue_id, {})
        if row.item in items:
            faults.append((row.dialogue_id, row.item, "stands twice in the search index"))
        items[row.item] = (row.label, row.body)
    table = ROWS[Dialogue]
    ids = set(connection.execute(sa.select(table.c.dialogue_id)).scalars())
    faults += [(name, "", "is no dialogue of this store") for name in found.keys() - ids]
    for dialogue_id in sorted(ids):
        record = read_record(connection, dialogue_id)
        assert record is not None
        wanted = indexed_words(record)
        older = {f"verdict:{one.verdict_id}": (one.recommendation, one.description) for one in record.verdicts}
        present = found.get(dialogue_id, {})
        faults += [
            (dialogue_id, item, "differs in the search index")
            for item in sorted(wanted.keys() | present.keys(), key=str)
            if present.get(item) not in (wanted.get(item), older.get(item, wanted.get(item)))
        ]
    return faults


def _speaker(item: str, names: Mapping[str, str | None]) -> str:
    """``Muffin in round 1`` for ``round-1/muffin``; nothing for what is no response."""
    round_, _, slug = item.partition("/")
    return f"{names.get(slug) or shown_name(slug)} in {round_.replace('-', ' ')}" if slug else ""


def search(connection: sa.Connection, query: str, dialogue_id: str | None, limit: int) -> list[Hit]:
    """Places where all words of ``query`` stand, best first. The words are plain text: no operator is read in them.

    Whole responses come behind the entities, summaries and verdicts that say the same; their label tells who said it.
    """
    found = dialect_in(connection).find(
        connection, query, every=True, dialogue_id=dialogue_id, without=(), limit=limit, last=True
    )
    return _hits(connection, found)


def similar(connection: sa.Connection, words: str, limit: int, *, without: Collection[str] = ()) -> list[Hit]:
    """Places where any of the words stands, best first: several may be of one dialogue. The words are plain text.

    Args:
        connection: the open transaction.
        words: what to look for; so many words of it that a search ends soon.
        limit: so many places at most.
        without: dialogues to leave out.
    """
    found = dialect_in(connection).find(
        connection, words, every=False, dialogue_id=None, without=without, limit=limit, last=False
    )
    return _hits(connection, found)


def _hits(connection: sa.Connection, found: Sequence[Found]) -> list[Hit]:
    """Places with the titles of their dialogues."""
    table = ROWS[Dialogue]
    ids = sorted({place.dialogue_id for place in found})
    named = sa.select(table.c.dialogue_id, table.c.title).where(table.c.dialogue_id.in_(ids))
    titles = {row.dialogue_id: row.title for row in connection.execute(named)} if ids else {}
    spoken = sorted({place.dialogue_id for place in found if not place.label and "/" in place.item})
    experts = ROWS[Expert]
    people = sa.select(experts.c.dialogue_id, experts.c.slug, experts.c.name).where(experts.c.dialogue_id.in_(spoken))
    names: dict[str, dict[str, str | None]] = {}
    for row in connection.execute(people) if spoken else ():
        names.setdefault(row.dialogue_id, {})[row.slug] = row.name
    return [
        Hit(
            dialogue_id=place.dialogue_id,
            title=titles[place.dialogue_id],
            item=place.item,
            label=place.label or _speaker(place.item, names.get(place.dialogue_id, {})),
            snippet=place.snippet,
            rank=float(f"{place.rank:.4g}"),  # digits that count: in a small store ranks lie near zero
        )
        for place in found
        if place.dialogue_id in titles
    ]


def matching_ids(connection: sa.Connection, prefix: str, limit: int = 20) -> list[str]:
    """Ids of dialogues that begin with ``prefix``."""
    table = ROWS[Dialogue]
    return list(
        connection.execute(
            sa.select(table.c.dialogue_id)
            .where(sa.func.substr(table.c.dialogue_id, 1, len(prefix)) == prefix)
            .order_by(table.c.dialogue_id)
            .limit(limit)
        ).scalars()
    )


def latest_id(connection: sa.Connection) -> str | None:
    """The dialogue whose chain moved last."""
    found = connection.execute(
        sa.select(journal_streams.c.stream)
        .where(journal_streams.c.stream.like("dialogue:%"))
        .order_by(journal_streams.c.position.desc(), journal_streams.c.stream)
        .limit(1)
    ).scalar_one_or_none()
    return None if found is None else str(found).removeprefix("dialogue:")


def all_ids(connection: sa.Connection, limit: int = 1000) -> list[str]:
    """Ids of all dialogues, for suggestions."""
    table = ROWS[Dialogue]
    return list(connection.execute(sa.select(table.c.dialogue_id).order_by(table.c.dialogue_id).limit(limit)).scalars())


def taken(connection: sa.Connection, dialogue_ids: Sequence[str]) -> set[str]:
    """Which of these ids are in use."""
    table = ROWS[Dialogue]
    return set(
        connection.execute(sa.select(table.c.dialogue_id).where(table.c.dialogue_id.in_(dialogue_ids))).scalars()
    )


def own_folders(connection: sa.Connection) -> list[tuple[str, str]]:
    """The dialogues that were given a folder of their own for their files, each with that folder's name."""
    table = ROWS[Dialogue]
    own = sa.select(table.c.dialogue_id, table.c.output_dir).where(table.c.output_dir.is_not(None))
    return [(str(dialogue_id), str(named)) for dialogue_id, named in connection.execute(own)]


def head(connection: sa.Connection, dialogue_id: str) -> Head:
    """Where a dialogue's chain stands."""
    sequence, digest = chain.head(connection, stream(dialogue_id))
    return Head(stream=stream(dialogue_id), sequence=sequence, hash=digest)


def tagged(connection: sa.Connection, tags: Iterable[str]) -> list[str]:
    """Ids of the dialogues that have all of these tags, which are matched as names are."""
    table = ROWS[Dialogue]
    wanted = {folded(tag) for tag in tags}
    found = connection.execute(sa.select(table.c.dialogue_id, table.c.tags).where(table.c.tags != "[]"))
    return [row.dialogue_id for row in found if wanted <= {folded(str(tag)) for tag in parsed(row.tags)}]


def summaries(
    connection: sa.Connection, status: str | None, limit: int, tags: Sequence[str] = (), after: Dialogue | None = None
) -> tuple[list[DialogueSummary], int]:
    """Dialogues, newest first, from the one behind ``after`` on; and how many there are in all."""
    table = ROWS[Dialogue]
    wanted = [] if status is None else [table.c.status == status]
    if tags:
        wanted.append(table.c.dialogue_id.in_(tagged(connection, tags)))
    total = connection.execute(sa.select(sa.func.count()).select_from(table).where(*wanted)).scalar_one()
    if after is not None:
        same, later = table.c.created_at == after.created_at, table.c.dialogue_id > after.dialogue_id
        wanted.append(sa.or_(table.c.created_at < after.created_at, sa.and_(same, later)))
    newest = sa.select(table).where(*wanted).order_by(table.c.created_at.desc(), table.c.dialogue_id).limit(limit)
    rows = [dict(row) for row in connection.execute(newest).mappings()]
    ids = [row["dialogue_id"] for row in rows]
    rounds_, seats, entities = ROWS[Round], ROWS[PanelMember], ROWS[Entity]
    scores = {
        row.dialogue_id: (row.rounds, row.score or 0)
        for row in connection.execute(
            sa.select(
                rounds_.c.dialogue_id,
                sa.func.count().label("rounds"),
                sa.func.sum(rounds_.c.score).label("score"),
            )
            .where(rounds_.c.dialogue_id.in_(ids), rounds_.c.status == "completed")
            .group_by(rounds_.c.dialogue_id)
        )
    }
    people = _counts(connection, seats, ids, count=seats.c.slug.distinct())
    tensions = _counts(connection, entities, ids, entities.c.kind == "T", entities.c.status.in_(sorted(UNSETTLED)))
    given: dict[str, list[str]] = {}
    verdicts = ROWS[Verdict]
    for row in connection.execute(
        sa.select(verdicts.c.dialogue_id, verdicts.c.verdict_id)
        .where(verdicts.c.dialogue_id.in_(ids))
        .order_by(verdicts.c.dialogue_id, verdicts.c.verdict_id)
    ):
        given.setdefault(row.dialogue_id, []).append(row.verdict_id)
    return [
        DialogueSummary(
            dialogue_id=row["dialogue_id"],
            title=row["title"],
            status=row["status"],
            created_at=row["created_at"],
            rounds=scores.get(row["dialogue_id"], (0, 0))[0],
            experts=people.get(row["dialogue_id"], 0),
            total_alignment=scores.get(row["dialogue_id"], (0, 0))[1],
            open_tensions=tensions.get(row["dialogue_id"], 0),
            verdicts=given.get(row["dialogue_id"], []),
            imported=row["origin"] is not None,
            tags=decoded_row(table, row, str)["tags"],
        )
        for row in rows
    ], int(total)


def _counts(
    connection: sa.Connection,
    table: sa.Table,
    ids: Sequence[str],
    *where: sa.ColumnElement[bool],
    count: sa.ColumnElement[Any] | None = None,
) -> dict[str, int]:
    counted = sa.func.count() if count is None else sa.func.count(count)
    found = connection.execute(
        sa.select(table.c.dialogue_id, counted.label("rows"))
        .where(table.c.dialogue_id.in_(ids), *where)
        .group_by(table.c.dialogue_id)
    )
    return {row.dialogue_id: row.rows for row in found}


def statistics(connection: sa.Connection, tags: Sequence[str]) -> Counts:
    """Count over all dialogues, or over those that have all of some tags. No dialogue is read whole."""
    own, rounds_, entities, said = ROWS[Dialogue], ROWS[Round], ROWS[Entity], ROWS[model.Utterance]
    experts, refs, moves, verdicts = ROWS[Expert], ROWS[model.Ref], ROWS[Move], ROWS[Verdict]
    wanted = set(tagged(connection, tags)) if tags else None

    def counted(table: sa.Table, *columns: sa.ColumnElement[Any], where: tuple[Any, ...] = ()) -> dict[Any, int]:
        """Rows by some columns; dialogues that are not wanted are left out here, since a list of them may be long."""
        found: dict[Any, int] = {}
        first = next(iter(table.primary_key.columns))
        grouped = sa.select(first, *columns, sa.func.count()).where(*where).group_by(first, *columns)
        for name, *values, number in connection.execute(grouped):
            if wanted is None or name in wanted:
                key = values[0] if len(values) == 1 else tuple(values)
                found[key] = found.get(key, 0) + int(number)
        return found

    done = rounds_.c.status == "completed"
    scores = connection.execute(sa.select(rounds_.c.dialogue_id, rounds_.c.score).where(done))
    scored = connection.execute(
        sa.select(
            said.c.dialogue_id,
            said.c.slug,
            experts.c.name,
            experts.c.role,
            sa.func.count(said.c.score),
            sa.func.sum(said.c.score),
        )
        .join(experts, sa.and_(experts.c.dialogue_id == said.c.dialogue_id, experts.c.slug == said.c.slug))
        .where(said.c.score.is_not(None))
        .group_by(said.c.dialogue_id, said.c.slug, experts.c.name, experts.c.role)
        .order_by(said.c.dialogue_id, said.c.slug)
    )
    finals = connection.execute(
        sa.select(verdicts.c.dialogue_id, verdicts.c.round)
        .join(own, own.c.dialogue_id == verdicts.c.dialogue_id)
        .where(own.c.status == "converged", verdicts.c.verdict_type == "final")
        .order_by(verdicts.c.dialogue_id, verdicts.c.seq)
    )
    concluded = {name: round_ + 1 for name, round_ in finals if wanted is None or name in wanted}
    return Counts(
        statuses=counted(own, own.c.status),
        entities=counted(entities, entities.c.kind, entities.c.status),
        scores=[score for name, score in scores if wanted is None or name in wanted],
        references=counted(refs, refs.c.ref_type),
        moves=counted(moves, moves.c.move_type),
        verdicts=counted(verdicts, verdicts.c.verdict_type),
        sat=sum(counted(experts, experts.c.source, where=(experts.c.first_round.is_not(None),)).values()),
        experts=[
            (slug, name, role, int(count), int(total))
            for dialogue_id, slug, name, role, count, total in scored
            if wanted is None or dialogue_id in wanted
        ],
        concluded=list(concluded.values()),
    )
