"""The operation that takes words out of the record for good (docs/proof.md, "Erasing")."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from hansard.custody import errors
from hansard.custody.naming import field_words, named
from hansard.custody.proof import store
from hansard.custody.proof.blanking import (
    WORDS,
    Blanked,
    as_written,
    blanked,
    chosen,
    forgotten_origin,
    item_of,
    items_of,
    whole_dialogue,
)
from hansard.custody.proof.bundling import Bundling
from hansard.custody.proof.shapes import DialogueErase, DialogueErased, ErasedPlace, RemainingPlace
from hansard.custody.proof.store import Connection
from hansard.custody.proof.words import Runs, texts_in
from hansard.database import verify as journal
from hansard.database.journal import Entry, unpacked
from hansard.database.tables import record_tables
from hansard.database.verify import StoredEntry
from hansard.dialogue import model
from hansard.dialogue.model import Record, Row
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import key_of, rows_of
from hansard.kernel.canonical import parsed
from hansard.kernel.errors import HansardError, batch_validation_failed
from hansard.kernel.operations import Call, operation

FILE_LIMIT_BYTES: Final = 256 * 1024 * 1024
"""Larger files are not looked into; they are told."""

OWN_FILES: Final = frozenset(
    ["settings.toml", *("hansard.db" + end for end in ("", "-wal", "-shm", "-journal", ".migrate.lock"))]
)
"""Files of the home that are no copies of anything; a copy of the store, whatever its name, is one."""

UNSEARCHABLE: Final = frozenset({".parquet", ".gz", ".zst", ".xz", ".bz2", ".7z"})
"""Files of these endings hold words in a form that is not searched."""


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure does."""

    record: Record
    changed: list[Blanked]
    removed: list[Row]
    runs: Runs
    entries: list[int]
    files: list[str]
    remaining: list[RemainingPlace]
    places: list[ErasedPlace]


class Erasing(Bundling):
    """Takes words out of the record, and leaves the proof that something stood there."""

    _home: Path

    @operation(writes=True)
    def dialogue_erase(self, request: DialogueErase, call: Call) -> DialogueErased:
        """Take words of a dialogue out of the store, its journal, its search index and its files, for good.

        The chain of the journal holds: the erasing entry names the entries whose payloads, actors and salts went, and
        the reason. Copies that were handed out before are out of reach.
        """
        if bool(request.items) == request.whole:
            raise errors.nothing_to_erase()
        if request.dry_run:
            with self._journal.reading(call) as connection:
                return _told(self._plan(connection, request), request, None, None)
        try:
            done = self._erase(request, call)
        except HansardError as fault:
            if fault.code == "erased_already" and call.transaction is None:
                self._database.scrub()
            raise
        if call.transaction is not None:  # who opened it commits, and scrubs
            return done
        return done.model_copy(update={"scrubbed": self._database.scrub()})

    def _erase(self, request: DialogueErase, call: Call) -> DialogueErased:
        """Blank, remove, seal anew; one entry tells of it."""
        with contextlib.ExitStack() as stack:
            connection = call.transaction
            if connection is None:
                connection = stack.enter_context(self._database.writing())
            inside = call.within(connection)
            stream = f"dialogue:{request.dialogue_id}"
            with self._journal.entry("dialogue_erase", request, inside, [stream]) as entry:
                if entry.answer is not None:
                    return DialogueErased(**entry.answer)
                plan = self._plan(connection, request)
                entry.decide("reason", request.reason)
                entry.decide("items", ["everything"] if request.whole else [as_written(item) for item in request.items])
                _write(entry, plan)
                self._reindex(connection, request.dialogue_id)
                done = entry.finish(_told(plan, request, store.last_position(connection) + 1, None))
            self._remove_files(plan)  # before the commit: after a failure it can be run again
        return done

    def _plan(self, connection: Connection, request: DialogueErase) -> _Plan:
        record = self._dialogues.record(request.dialogue_id, connection)
        changed = _whole(record) if request.whole else _blanked(record, request.items)
        removed = [row for row in rows_of(record) if row is not record.dialogue] if request.whole else []
        if not changed and not removed:
            raise errors.erased_already(request.dialogue_id)  # see dialogue_erase: old pages may be left all the same
        words = [text for one in changed for text in one.words]
        words += [text for row in removed for name in WORDS.get(type(row), ()) for text in texts_in(getattr(row, name))]
        runs, every = Runs(words), Runs(words, least=1)
        if not request.whole:
            changed = _with_origin(record, changed, runs)
        if Runs(words, least=2).stand_in(request.reason):
            raise errors.reason_repeats_words()
        entries = journal.stream_entries(connection, f"dialogue:{request.dialogue_id}")
        touched = {(ROWS[type(row)].name, key_of(row)) for row in [*(one.before for one in changed), *removed]}
        positions = self._positions(connection, entries, touched, runs, whole=request.whole)
        exhibits = [row for row in [*(one.before for one in changed), *removed] if isinstance(row, model.Exhibit)]
        folder = self._dialogues.folder(record.dialogue)
        own, elsewhere = self._files(folder, runs, every, exhibits, whole=request.whole)
        remaining = [] if request.whole else list(_remaining(record, changed, runs))
        remaining += [RemainingPlace(where=name, what=what) for name, what in elsewhere]
        return _Plan(
            record=record,
            changed=changed,
            removed=removed,
            runs=runs,
            entries=positions,
            files=own,
            remaining=remaining,
            places=_places(changed, removed),
        )

    def _positions(
        self,
        connection: Connection,
        entries: Sequence[StoredEntry],
        touched: set[tuple[str, tuple[Any, ...]]],
        runs: Runs,
        *,
        whole: bool,
    ) -> list[int]:
        """Entries that wrote one of these rows, whose salts would let the old words be guessed; and those whose payload
        holds the words."""
        payloads = {row["position"]: row for row in store.payloads_of(connection, [one.position for one in entries])}
        found = []
        for one in entries:
            beside = payloads.get(one.position)
            if beside is None:
                continue
            wrote = any((table, tuple(key)) in touched for table, key, _ in parsed(one.body)["changes"])
            if whole or wrote or any(runs.stand_in_value(part) for part in _unpacked(connection, beside)):
                found.append(one.position)
        return found

    def _files(
        self, folder: Path, runs: Runs, every: Runs, exhibits: Iterable[model.Exhibit], *, whole: bool
    ) -> tuple[list[str], list[tuple[str, str]]]:
        """Files of the dialogue's folder that go, named from there; files elsewhere in the home that hold the words.

        Args:
            folder: the dialogue's own, where short texts are looked for too: what goes there can be made again.
            runs: what is looked for elsewhere.
            every: runs of the shortest texts among them.
            exhibits: those that are erased, whose copies go.
            whole: all of the dialogue goes.
        """
        named_here = {str(row.reference.get("path")) for row in exhibits}
        ours = whole and folder.resolve().is_relative_to((self._home / "dialogues").resolve())
        own = []
        for path in _files_below(folder):
            name = path.relative_to(folder).as_posix()
            if ours or name in named_here or path.suffix in UNSEARCHABLE or _holds(path, every):
                own.append(name)
        elsewhere = []
        for path in _files_below(self._home):
            if path.is_relative_to(folder) or path.relative_to(self._home).as_posix() in OWN_FILES:
                continue
            name = path.relative_to(self._home).as_posix()
            if path.suffix in UNSEARCHABLE:
                elsewhere.append((name, "a file that cannot be searched"))
            elif _holds(path, runs):
                elsewhere.append((name, "a file"))
        return own, elsewhere

    def _remove_files(self, plan: _Plan) -> None:
        """Remove the dialogue's files that hold the words, and folders that are empty then."""
        folder = self._dialogues.folder(plan.record.dialogue)
        for name in plan.files:
            path = folder / name
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            for above in path.parents:
                if above == folder.parent:
                    break
                with contextlib.suppress(OSError):  # not empty
                    above.rmdir()

    def _reindex(self, connection: Connection, dialogue_id: str) -> None:
        """Make the dialogue findable by the words that are left, and no others."""
        store.index_anew(connection, self._dialogues.record(dialogue_id, connection))


def _whole(record: Record) -> list[Blanked]:
    left = whole_dialogue(record.dialogue)
    return [] if left == record.dialogue else [Blanked("question", record.dialogue, left)]


def _blanked(record: Record, items: Iterable[str]) -> list[Blanked]:
    """The rows that these items stand for, each once, as far as there are words in them."""
    found: dict[tuple[str, tuple[Any, ...]], Blanked] = {}
    faults = []
    for number, item in enumerate(map(as_written, items)):
        rows = chosen(record, item)
        if rows is None:
            faults.append(errors.item_unknown(f"items[{number}]", item, items_of(record)))
            continue
        for row in rows:
            left = blanked(row)
            if left != row:
                found.setdefault((ROWS[type(row)].name, key_of(row)), Blanked(item, row, left))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise batch_validation_failed(faults)
    return list(found.values())


def _with_origin(record: Record, changed: list[Blanked], runs: Runs) -> list[Blanked]:
    """The changes, and what the row of an imported dialogue tells of the files that the words came from."""
    at = next((n for n, one in enumerate(changed) if isinstance(one.before, model.Dialogue)), None)
    now = record.dialogue if at is None else changed[at].after
    assert isinstance(now, model.Dialogue)
    left = forgotten_origin(now, runs.stand_in)
    if left == now:
        return changed
    if at is None:
        return [*changed, Blanked("question", record.dialogue, left)]
    return [*changed[:at], changed[at]._replace(after=left), *changed[at + 1 :]]


def _places(changed: Iterable[Blanked], removed: Iterable[Row]) -> list[ErasedPlace]:
    places = [
        ErasedPlace(
            item=one.item,
            what=_where(one.before) if one.words else f"{_where(one.before)}: hashes of the files it came from",
            characters=sum(map(len, one.words)),
        )
        for one in changed
    ]
    for row in removed:
        words = [text for name in WORDS.get(type(row), ()) for text in texts_in(getattr(row, name))]
        places.append(ErasedPlace(item="everything", what=_where(row), characters=sum(map(len, words))))
    return places


def _where(row: Row) -> str:
    """What a row is, in words that hold nothing of its own words."""
    return named(ROWS[type(row)].name, key_of(row)).where()


def _remaining(record: Record, changed: Iterable[Blanked], runs: Runs) -> Iterator[RemainingPlace]:
    """Where the same words stand in the rows that are left."""
    left = {id(one.before): one.after for one in changed}
    for row in rows_of(record):
        now = left.get(id(row), row)
        for name, value in now.as_row().items():
            if value is not None and runs.stand_in_value(value):
                item = item_of(row) if name in WORDS.get(type(row), ()) else None
                yield RemainingPlace(where=_where(row), what=field_words(name), item=item)


def _write(entry: Entry, plan: _Plan) -> None:
    """Blank and remove rows, then take the payloads of the entries that brought the words."""
    by_kind: dict[type[Row], list[Mapping[str, Any]]] = {}
    for one in plan.changed:
        by_kind.setdefault(type(one.after), []).append(one.after.as_row())
    for kind in ROWS:
        if kind in by_kind:
            entry.update(ROWS[kind], by_kind[kind])
    order = {kind: number for number, kind in enumerate(ROWS)}
    for row in sorted(plan.removed, key=lambda row: -order[type(row)]):
        entry.delete(ROWS[type(row)], key_of(row))
    entry.erase(plan.entries, record_tables())


def _unpacked(connection: Connection, beside: Mapping[str, Any]) -> Iterator[Any]:
    """What was asked and answered, long texts put in."""
    for name in ("request", "result"):
        packed = parsed(beside[name])
        digests: set[str] = set()

        def note(digest: str, seen: set[str] = digests) -> str:
            seen.add(digest)
            return ""

        unpacked(packed, note)
        texts = store.texts_of(connection, digests)
        yield unpacked(packed, texts.__getitem__)


def _files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, links not followed."""
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            yield Path(place) / name


def _holds(path: Path, runs: Runs) -> bool:
    """Whether a file holds the words; one that cannot be read is taken to."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > FILE_LIMIT_BYTES:
            return False
        return runs.stand_in_bytes(path.read_bytes())
    except OSError:
        return False


def _told(plan: _Plan, request: DialogueErase, position: int | None, scrubbed: bool | None) -> DialogueErased:
    return DialogueErased(
        dialogue_id=request.dialogue_id,
        dry_run=request.dry_run,
        position=position,
        places=plan.places,
        entries=plan.entries,
        files=plan.files,
        remaining=plan.remaining,
        stays=[
            "copies that were handed out or made elsewhere (exports, bundles, minutes, backups of the store): "
            "ask whoever has one to remove it",
            f"the id '{request.dialogue_id}', experts' names, ids of verdicts, names of files, who wrote when: "
            "the chain of the journal is made of them",
            "the reason you gave, in the journal and in every export",
            *(
                ["the digest of each erased exhibit: who has the file can still show that it was one"]
                if any(isinstance(one.before, model.Exhibit) for one in plan.changed)
                else []
            ),
        ],
        scrubbed=scrubbed,
    )
