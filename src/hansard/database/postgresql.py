"""PostgreSQL: one schema of a database on a server, found by the search path.

Writers of different streams work beside each other. A write locks the rows of its streams, sorted, before it reads
anything; reading transactions see one moment and lock nothing. A transaction of several entries works alone, since it
takes locks in an order that nobody knows beforehand.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert

from hansard.database import errors, tables
from hansard.database.columns import key_names
from hansard.database.dialect import Server
from hansard.database.fitness import Fitness
from hansard.database.words import (
    LABEL_WEIGHT,
    MOST_WORDS,
    Found,
    Item,
    Phrase,
    bm25,
    matching,
    occurrences,
    phrases,
    snippets,
    words_of,
)
from hansard.kernel.canonical import stored_text
from hansard.kernel.errors import HansardError

LOCK: Final = 1213287251
"""First number of our advisory locks ("HANS"); the second is the schema's."""

OLDEST: Final = 14
"""The oldest server that is supported: the first that notices while waiting that its client is gone."""

GONE_CLIENT_MS: Final = 2000
"""How often a waiting server looks whether its client is still there."""

MOST_RANKED: Final = 1000
"""So many places, the likeliest by the server's own rank, are ranked by BM25."""

_LAST_POSITION: Final = 16_383
_POSITIONS: Final = 255
_VECTOR_BYTES: Final = 900_000

_search = sa.table(
    "search",
    sa.column("dialogue_id"),
    sa.column("item"),
    sa.column("label"),
    sa.column("body"),
    sa.column("words"),
    sa.column("size"),
)

_SCHEMA = "c.relnamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(pg_catalog.current_schema()))"

_MARK = f"""
WITH c AS MATERIALIZED (SELECT c.oid, c.xmin FROM pg_catalog.pg_class c WHERE {_SCHEMA}),
  o AS MATERIALIZED (SELECT array_agg(oid) AS oids FROM c)
SELECT (SELECT count(*) FROM c), (SELECT sum(xmin::text::bigint) FROM c),
  (SELECT sum(xmin::text::bigint) FROM pg_catalog.pg_attribute WHERE attrelid = ANY ((SELECT oids FROM o)::oid[])),
  (SELECT sum(xmin::text::bigint) FROM pg_catalog.pg_trigger WHERE tgrelid = ANY ((SELECT oids FROM o)::oid[])),
  (SELECT sum(xmin::text::bigint) FROM pg_catalog.pg_constraint WHERE conrelid = ANY ((SELECT oids FROM o)::oid[]))
"""  # noqa: S608  # nothing of a caller's stands in it

_PARTS = f"""
SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence'
    ELSE 'part ' || c.relkind::text END,
  c.relname, 'table ' || c.relpersistence::text || CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END
    || CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
      THEN ' inherits' ELSE '' END
    || CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled <> 'O')
      THEN ' triggers off' ELSE '' END
    || ' ( ' || (
      SELECT coalesce(string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
        || coalesce(' collate "' || (SELECT o.collname FROM pg_catalog.pg_collation o
            WHERE o.oid = a.attcollation AND o.collname <> 'default') || '"', '')
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END
        || coalesce(' default ' || (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
            WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), ''), ', ' ORDER BY a.attnum), '')
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    || ' ; ' || (
      SELECT coalesce(string_agg(k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid, true), ', '
        ORDER BY k.conname COLLATE "C"), '')
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n') || ' )'
  FROM pg_catalog.pg_class c WHERE {_SCHEMA} AND c.relkind NOT IN ('i', 'I', 'c')
UNION ALL
SELECT 'index', c.relname, pg_catalog.pg_get_indexdef(c.oid, 0, true)
    || CASE WHEN x.indisvalid AND x.indisready THEN '' ELSE ' invalid' END
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
  WHERE {_SCHEMA} AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid
    AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'trigger', t.tgname, pg_catalog.pg_get_triggerdef(t.oid, true)
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE {_SCHEMA} AND NOT t.tgisinternal
UNION ALL
SELECT 'trigger', r.rulename, pg_catalog.pg_get_ruledef(r.oid, true)
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  WHERE {_SCHEMA} AND r.rulename <> '_RETURN'
ORDER BY 1, 2
"""  # noqa: S608


class PostgreSQL:
    """What is PostgreSQL's own."""

    name = "PostgreSQL"
    sql_name = "postgresql"
    places_streams = True

    def engine(self, place: Server, busy_timeout_seconds: float) -> sa.Engine:
        """Connections to a server."""
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise errors.driver_missing() from None
        engine = sa.create_engine(
            place.url,
            pool_size=8,
            max_overflow=8,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 10, "client_encoding": "utf8"},
        )
        event.listen(engine, "connect", functools.partial(_on_connect, place.schema, int(busy_timeout_seconds * 1000)))
        event.listen(engine, "begin", _on_begin)
        return engine

    def is_there(self, place: Server) -> bool:  # noqa: ARG002
        """Only the server can tell."""
        return True

    def options(self, *, writing: bool, alone: bool) -> dict[str, Any]:
        """One moment to read from; or the newest state of what is locked."""
        if not writing:
            return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return {"isolation_level": "READ COMMITTED", "hansard_lock": "exclusive" if alone else "shared"}

    @contextlib.contextmanager
    def migrating(self, place: Server, engine: sa.Engine) -> Iterator[None]:
        """Behind an advisory lock of the session; the schema is made."""
        with engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
            version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
            if encoding != "UTF8":
                raise errors.server_unfit(f"its database is kept in {encoding}, not in UTF8")
            if version < OLDEST:
                raise errors.server_unfit(f"it is PostgreSQL {version}; {OLDEST} or newer is needed")
            key = {"lock": LOCK, "schema": place.schema}
            connection.execute(sa.text("SELECT pg_advisory_lock(:lock, -1 - abs(hashtext(:schema) / 2))"), key)
            try:
                schemas = connection.exec_driver_sql("SELECT nspname FROM pg_catalog.pg_namespace").scalars().all()
                if place.schema not in schemas:
                    connection.execute(sa.schema.CreateSchema(place.schema))
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:lock, -1 - abs(hashtext(:schema) / 2))"), key)

    def explained(self, fault: BaseException) -> HansardError | None:
        """By the server's code; without one the connection could not be made, or broke."""
        import psycopg

        if not isinstance(fault, psycopg.Error):
            return None
        state = fault.sqlstate
        if state is None:
            if isinstance(fault, psycopg.OperationalError):
                return _not_connected(str(fault))
            return None
        said = fault.diag.message_primary or "unknown reason"
        match state:
            case "40001" | "40P01" | "55P03":
                return errors.database_busy()
            case "53100":
                return errors.disk_full()
            case "58030":
                return errors.disk_failing(said)
            case "25006":
                return errors.server_read_only()
            case "28P01" | "28000" | "42501":
                return errors.server_denies(said)
            case "3D000":
                return errors.server_database_missing()
            case "XX001" | "XX002":
                return errors.database_corrupt(said)
        if state[:2] in ("08", "57"):
            return errors.server_unreachable(said)
        if isinstance(fault, psycopg.IntegrityError | psycopg.ProgrammingError | psycopg.DataError):
            return None
        return errors.database_unavailable(said)

    def taken(self, fault: BaseException) -> str | None:
        """PostgreSQL names the constraint, which is named after its column."""
        import psycopg

        told = fault.orig if isinstance(fault, sa.exc.IntegrityError) else fault
        return str(told) if isinstance(told, psycopg.IntegrityError) else None

    def unreadable(self, fault: BaseException, sql: str) -> HansardError | None:  # noqa: ARG002
        """A server takes nothing but UTF-8."""
        return None

    def tables(self, connection: sa.Connection) -> list[str]:
        """Those of the store's schema."""
        named = f"SELECT c.relname FROM pg_catalog.pg_class c WHERE {_SCHEMA} AND c.relkind IN ('r', 'p')"  # noqa: S608
        return sorted(map(str, connection.exec_driver_sql(named).scalars()))

    def was_emptied(self, connection: sa.Connection) -> bool:  # noqa: ARG002
        """A server does not tell."""
        return False

    def triggers(self, connection: sa.Connection) -> list[str]:
        """Triggers and rules."""
        return [name for kind, name, _ in self.schema_parts(connection) if kind == "trigger"]

    def unchanging(self, place: Any, engine: sa.Engine) -> Hashable:  # noqa: ARG002
        """A server sees to it that a reader sees one moment."""
        return None

    def schema_mark(self, connection: sa.Connection) -> Hashable:
        """The transactions that made the catalogue's rows, counted and added up."""
        return tuple(connection.exec_driver_sql(_MARK).one())

    def schema_parts(self, connection: sa.Connection) -> list[tuple[str, str, str]]:
        """As the server describes them."""
        return [(str(kind), str(name), str(sql)) for kind, name, sql in connection.exec_driver_sql(_PARTS)]

    @contextlib.contextmanager
    def lenient(self, connection: sa.Connection) -> Iterator[None]:  # noqa: ARG002
        """A server takes nothing but UTF-8."""
        yield

    def insert(self, connection: sa.Connection, table: sa.Table, cells: Sequence[Mapping[str, Any]]) -> None:
        """In one statement that takes the rows as one JSON text: the server takes it apart faster than a driver could.

        A text, a whole number and a float come out of it as they went in.
        """
        connection.exec_driver_sql(_inserting(table), (stored_text(cells),))

    def lock_streams(self, connection: sa.Connection, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
        """One statement waits for all of them; a stream that is not there yet is placed first."""
        s = tables.streams
        wanted = sorted(streams)
        locking = sa.select(s).where(s.c.stream.in_(wanted)).order_by(s.c.stream).with_for_update()
        found = {row.stream: (row.sequence, row.head) for row in connection.execute(locking)}
        if absent := [{"stream": name, "sequence": 0, "head": "0" * 64} for name in wanted if name not in found]:
            # waits for whoever places the same stream at the same time
            connection.execute(insert(s).on_conflict_do_nothing(), absent)
            found = {row.stream: (row.sequence, row.head) for row in connection.execute(locking)}
        return {name: head for name, head in found.items() if head[0]}

    def keep_texts(self, connection: sa.Connection, texts: dict[str, str]) -> None:
        """In sorted order, so that two writers never wait for each other; what others brought is held fast."""
        t = tables.texts
        wanted = sorted(texts)
        while wanted:
            held = sa.select(t.c.sha256).where(t.c.sha256.in_(wanted)).order_by(t.c.sha256).with_for_update(read=True)
            there = set(connection.execute(held).scalars())
            absent = [digest for digest in wanted if digest not in there]
            if not absent:
                return
            adding = insert(t).on_conflict_do_nothing().returning(t.c.sha256)
            added = set(connection.execute(adding, [{"sha256": d, "body": texts[d]} for d in absent]).scalars())
            wanted = [digest for digest in absent if digest not in added]  # another was first: hold fast what it kept

    def lock_text(self, connection: sa.Connection, digest: str) -> None:
        """Writers hold what they rely on; what they wrote is seen by the next statement."""
        t = tables.texts
        connection.execute(sa.select(t.c.sha256).where(t.c.sha256 == digest).with_for_update()).all()

    def scrub(self, engine: sa.Engine) -> bool:
        """Every table is written anew. The server's own log keeps old pages until it is recycled."""
        with engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            for name in self.tables(connection):
                connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{name}"')
            older = (
                "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
            )
            return not connection.exec_driver_sql(older).scalar_one()

    def size(self, connection: sa.Connection) -> int:
        """Tables, their indexes and long values."""
        query = (
            f"SELECT sum(pg_total_relation_size(c.oid)) FROM pg_catalog.pg_class c WHERE {_SCHEMA} AND c.relkind = 'r'"  # noqa: S608
        )
        return int(connection.exec_driver_sql(query).scalar_one() or 0)

    def copy(self, place: Server, engine: sa.Engine, target: Path) -> None:  # noqa: ARG002
        """A server's copy is the server's own to make."""
        raise errors.copied_by_server(self.copy_hint(place))

    def copy_hint(self, place: Server) -> str:
        """PostgreSQL's own copy, which may be made while others write; it asks for the password itself."""
        address = shlex.quote(place.shown)
        return f"pg_dump --schema={place.schema} --format=custom --file=hansard-before.dump {address}"

    def fitness(self, connection: sa.Connection) -> list[Fitness]:
        """Version, encoding, collation; whether an answered write is on the disk; whether writes are taken."""
        names = ("server_version", "server_version_num", "server_encoding", "fsync", "full_page_writes")
        shown = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names}
        commit = connection.exec_driver_sql(
            "SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'synchronous_commit'"
        ).scalar_one()
        standby = connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one()
        collation = connection.exec_driver_sql(
            "SELECT datcollate FROM pg_catalog.pg_database WHERE datname = current_database()"
        ).scalar_one()
        old = int(shown["server_version_num"]) // 10_000 < OLDEST
        off = [name for name in ("fsync", "full_page_writes") if shown[name] != "on"]
        utf8 = shown["server_encoding"] == "UTF8"
        found = [
            Fitness("server", shown["server_version"], f"Use PostgreSQL {OLDEST} or newer" if old else None),
            Fitness(
                "encoding",
                f"{shown['server_encoding']}; sorted by bytes (the database's own collation {collation} is not used)",
                None if utf8 else "Make a database with 'createdb --encoding=UTF8 NAME' and name it in database_url",
            ),
            Fitness(
                "durability",
                f"{' and '.join(off)} off" if off else "fsync and full_page_writes on",
                "Set them to on in postgresql.conf: a crash of the machine may lose what was answered" if off else None,
            ),
            Fitness(
                "commits",
                f"synchronous_commit is {commit}" + (" on the server; Hansard sets it on" if commit == "off" else ""),
                "Set synchronous_commit to on, so that other programs' writes are as safe as Hansard's"
                if commit == "off"
                else None,
            ),
        ]
        if standby:
            found.append(Fitness("role", "a standby, which takes no writes", "Name the primary server in database_url"))
        return found

    def damage(self, connection: sa.Connection) -> list[str]:
        """Indexes that the server itself holds to be unfit; its pages are its own business (pg_amcheck)."""
        query = (
            "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid "  # noqa: S608
            f"WHERE {_SCHEMA} AND NOT (x.indisvalid AND x.indisready) ORDER BY 1"
        )
        return [f"the index '{name}' is not valid" for name in connection.exec_driver_sql(query).scalars()]

    def broken_references(self, connection: sa.Connection, table: sa.Table) -> list[tuple[tuple[Any, ...], str]]:
        """By looking for each parent: a constraint that was off for a while lets rows in."""
        found = []
        keys = [table.c[name] for name in key_names(table)]
        for constraint in sorted(table.foreign_key_constraints, key=lambda c: c.referred_table.name):
            parent = constraint.referred_table.alias()
            own = [table.c[element.parent.name] for element in constraint.elements]
            pairs = zip(own, constraint.elements, strict=True)
            same = sa.and_(*(column == parent.c[element.column.name] for column, element in pairs))
            orphans = (
                sa.select(*keys)
                .where(*(column.is_not(None) for column in own), ~sa.exists().where(same))
                .order_by(*keys)
            )
            found += [(tuple(row), str(constraint.referred_table.name)) for row in connection.execute(orphans)]
        return found

    def index(self, connection: sa.Connection, items: Iterable[Item]) -> None:
        """The words are read here, as SQLite reads them: a server's dictionaries depend on how it was set up."""
        given = list(items)
        rows = [
            {**item._asdict(), "words": words, "size": size}
            for item, (words, size) in zip(given, vectors(given), strict=True)
        ]
        if rows:
            connection.exec_driver_sql(
                "INSERT INTO search (dialogue_id, item, label, body, words, size) "
                "SELECT dialogue_id, item, label, body, words, size "
                "FROM json_populate_recordset(NULL::search, CAST(%s AS json))",
                (stored_text(rows),),
            )

    def unindex(self, connection: sa.Connection, dialogue_id: str, items: Collection[str] | None) -> None:
        """By the index on dialogue and item."""
        gone = _search.delete().where(_search.c.dialogue_id == dialogue_id)
        connection.execute(gone if items is None else gone.where(_search.c.item.in_(sorted(items))))

    def indexed(self, connection: sa.Connection) -> Iterator[Item]:
        """Words that are not those of the text are shown in its place: they would be found wrongly, or not."""
        s = _search.c
        query = sa.select(s.dialogue_id, s.item, s.label, s.body, sa.cast(s.words, sa.Text).label("words"), s.size)
        for some in connection.execute(query).partitions(500):
            read = vectors(Item(row.dialogue_id, row.item, row.label, row.body) for row in some)
            for row, (words, size) in zip(some, read, strict=True):
                right = row.size == size and _lexemes(row.words) == _lexemes(words)
                yield Item(row.dialogue_id, row.item, row.label, row.body if right else row.words)

    def find(
        self,
        connection: sa.Connection,
        query: str,
        *,
        every: bool,
        dialogue_id: str | None,
        without: Collection[str],
        limit: int,
        last: bool,
    ) -> list[Found]:
        """The server finds the places, the ranks are SQLite's."""
        wanted = phrases(query)[: None if every else MOST_WORDS]
        if not wanted:
            return []
        s = _search.c
        asked = [_asked(phrase) for phrase in wanted]
        whole = (" & " if every else " | ").join(f"({words})" for words in asked)
        matched = sa.text("words @@ CAST(:asked AS tsquery)")
        likely = sa.text("ts_rank(ARRAY[0.25, 0.25, 0.25, 1.0]::float4[], words, CAST(:asked AS tsquery), 1) DESC")
        positions = sa.text(
            "(SELECT json_agg(json_build_array(u.lexeme, u.positions, u.weights)) FROM unnest(words) u "
            "WHERE u.lexeme = ANY (:lexemes))"
        )
        statement = sa.select(s.dialogue_id, s.item, s.label, s.size, positions).where(matched)
        if dialogue_id is not None:
            statement = statement.where(s.dialogue_id == dialogue_id)
        if without:
            statement = statement.where(s.dialogue_id.not_in(sorted(without)))
        lexemes = sorted({word for phrase in wanted for word in phrase})
        candidates = connection.execute(
            statement.order_by(likely, s.dialogue_id, s.item).limit(max(MOST_RANKED, limit)),
            {"asked": whole, "lexemes": lexemes},
        ).all()
        if not candidates:
            return []
        total, words = connection.execute(sa.select(sa.func.count(), sa.func.sum(s.size)).select_from(_search)).one()
        having = [
            connection.execute(
                sa.text("SELECT count(*) FROM search WHERE words @@ CAST(:one AS tsquery)"), {"one": one}
            ).scalar_one()
            for one in asked
        ]
        ranked = []
        for dialogue, item, label, size, found in candidates:
            stands = {lexeme: _weighted(at, weights) for lexeme, at, weights in found}
            frequencies = [occurrences(phrase, stands) for phrase in wanted]
            rank = bm25(frequencies, having, size, total, words / total)
            response = last and re.fullmatch("round-.*/.*", item, re.DOTALL) is not None
            ranked.append((response, rank, dialogue, item, label))
        best = sorted(ranked)[:limit]
        one = sa.select(s.body)
        bodies = [
            str(connection.execute(one.where(s.dialogue_id == dialogue, s.item == item).limit(1)).scalar_one())
            for _, _, dialogue, item, _ in best
        ]
        texts = [(label, body) for (*_, label), body in zip(best, bodies, strict=True)]
        shown = snippets(texts, matching(wanted, every=every))
        return [
            Found(dialogue, item, label, words, rank)
            for (_, rank, dialogue, item, label), words in zip(best, shown, strict=True)
        ]

    def search_damage(self, connection: sa.Connection) -> str | None:  # noqa: ARG002
        """``indexed`` compares the words themselves."""
        return None


@cache
def _inserting(table: sa.Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return (
        f'INSERT INTO "{table.name}" ({names}) '  # noqa: S608
        f'SELECT {names} FROM json_populate_recordset(NULL::"{table.name}", CAST(%s AS json))'
    )


def vectors(items: Iterable[Item]) -> list[tuple[str, int]]:
    """The words of labels and bodies as PostgreSQL's ``tsvector``, each with the number of its words."""
    return [_vector(*words) for words in words_of((item.label, item.body) for item in items)]


def _vector(label: list[str], body: list[str]) -> tuple[str, int]:
    """Words of the label weigh ``A``. A position lies between the two: no phrase leads from one to the other."""
    at: defaultdict[str, list[str]] = defaultdict(list)
    left = _VECTOR_BYTES
    for weight, start, words in (("A", 1, label), ("", len(label) + 2, body)):
        for position, word in enumerate(words, start):
            if word not in at:
                left -= len(word.encode()) + 6
            if left < 0:
                break
            places = at[word]
            if position <= _LAST_POSITION and len(places) < _POSITIONS:
                places.append(f"{position}{weight}")
                left -= 2
    told = (f"{_quoted(word)}:{','.join(places)}" if places else _quoted(word) for word, places in sorted(at.items()))
    return " ".join(told), len(label) + len(body)


def _quoted(word: str) -> str:
    """A word as a lexeme is written; a character that no table of letters knew may be anything."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _lexemes(words: str) -> dict[str, str]:
    found = {}
    for part in words.split(" "):
        lexeme, _, positions = part.rpartition("'")
        found[lexeme] = positions
    return found


def _asked(phrase: Phrase) -> str:
    return " <-> ".join(map(_quoted, phrase))


def _weighted(positions: list[int] | None, weights: list[str] | None) -> dict[int, float]:
    """Each position of a word with its weight; a word beyond the last position counts once."""
    if not positions or not weights:
        return {_LAST_POSITION + 1: 1.0}
    return {at: LABEL_WEIGHT if weight == "A" else 1.0 for at, weight in zip(positions, weights, strict=True)}


def _on_connect(schema: str, busy_timeout_ms: int, connection: Any, _record: Any) -> None:
    import psycopg
    from psycopg.adapt import Loader

    class Number(Loader):
        """A sum of whole numbers is one, as on SQLite; an average is a float."""

        def load(self, data: Any) -> int | float:
            text = bytes(data).decode()
            return float(text) if "." in text or "N" in text else int(text)

    connection.adapters.register_loader("numeric", Number)
    connection.autocommit = True
    try:
        connection.execute(f"SET application_name TO 'hansard {os.getpid()}'")  # whom to look for when it hangs
        connection.execute(f'SET search_path TO "{schema}"')
        connection.execute(f"SET lock_timeout TO {busy_timeout_ms}")
        # an answered write is on the disk, however the server is set
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        with contextlib.suppress(psycopg.Error):  # a server on a system that cannot look
            connection.execute(f"SET client_connection_check_interval TO {GONE_CLIENT_MS}")
    finally:
        connection.autocommit = False


def _on_begin(connection: sa.Connection) -> None:
    lock = connection.get_execution_options().get("hansard_lock")
    if lock is not None:
        kind = "_shared" if lock == "shared" else ""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{kind}({LOCK}, abs(hashtext(current_schema()) / 2))")


def _not_connected(said: str) -> HansardError:
    """What the driver could not do before it had a connection; it has no code for that, only the server's words."""
    if re.search("password authentication failed|no password supplied|no pg_hba.conf entry|authentication", said):
        return errors.server_denies("it does not take this user and password")
    if re.search('database "[^"]*" does not exist', said):
        return errors.server_database_missing()
    if re.search("too many (clients|connections)|remaining connection slots", said):
        return errors.database_unavailable("the server takes no more connections")
    if re.search("role .* does not exist", said):
        return errors.server_denies("it does not know this user")
    return errors.server_unreachable("nobody answers there, or the connection broke")
