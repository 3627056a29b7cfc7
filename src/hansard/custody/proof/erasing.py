"""The operation that takes words out of the record for good (docs/proof.md, "Erasing")."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hansard.custody import errors
from hansard.custody.naming import called, field_words, named
from hansard.custody.proof import store
from hansard.custody.proof.blanking import (
    WORDS,
    Blanked,
    blanked,
    chosen,
    forgotten_origin,
    item_of,
    items_in,
    items_of,
    whole_dialogue,
)
from hansard.custody.proof.bundling import Bundling, is_bundle_of
from hansard.custody.proof.shapes import DialogueErase, DialogueErased, ErasedPlace, RemainingPlace
from hansard.custody.proof.store import Connection
from hansard.custody.proof.words import Runs, is_packed, repeats, texts_in
from hansard.database import verify as journal
from hansard.database.journal import Entry, unpacked
from hansard.database.tables import record_tables
from hansard.database.verify import StoredEntry
from hansard.dialogue import model
from hansard.dialogue.model import Record, Row
from hansard.dialogue.names import names_of
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import key_of, rows_of
from hansard.exchange.exporting import PARQUET_NAME
from hansard.exchange.formats import FORMS, is_export
from hansard.exchange.parquet import is_tables_export
from hansard.kernel.canonical import parsed
from hansard.kernel.errors import HansardError, batch_validation_failed
from hansard.kernel.files import opened
from hansard.kernel.held import is_held
from hansard.kernel.operations import Call, operation
from hansard.routing.store import forget_texts, texts_holding

FILE_LIMIT_BYTES: Final = 256 * 1024 * 1024
"""Larger files are not looked into; they are told."""

OWN_FILES: Final = frozenset(
    ["settings.toml", *("hansard.db" + end for end in ("", "-wal", "-shm", "-journal", ".migrate.lock"))]
)
"""Files of the home that are no copies of anything; a copy of the store, whatever its name, is one."""

PLACES_TOLD: Final = 5
"""So many places in another dialogue are named."""

HOLDS: Final = "a file"
UNSEARCHED: Final = "a file that cannot be searched, and may hold the words"
"""What is told of a file that holds the words, or may."""

_ROUND_FILE: Final = re.compile(
    r"round-\d{1,2}/(?:context\.json|(?:prompt|context|response)-[a-z][a-z0-9-]{1,31}\.(?:md|json))"
)
"""What Hansard writes into the folders of rounds, and what experts leave there as it tells them to."""


class _Going(NamedTuple):
    """What goes, and the words in it."""

    record: Record
    changed: list[Blanked]
    removed: list[Row]
    words: list[str]


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
    calls: list[str]
    """Hashes of prompts and answers of model calls that go."""


class Erasing(Bundling):
    """Takes words out of the record, and leaves the proof that something stood there."""

    _home: Path

    @operation(writes=True, tools="proof", scope="admin", destructive=True)
    def dialogue_erase(self, request: DialogueErase, call: Call) -> DialogueErased:
        """Take words of a dialogue out of the store, its journal, its search index and its files, for good.

        The chain of the journal holds: the erasing entry names the entries whose payloads, actors and salts went, and
        the reason. Copies that were handed out before are out of reach.
        """
        if bool(request.items) == request.whole:
            raise errors.nothing_to_erase()
        with self._journal.reading(call) as connection:  # before the store is locked: it takes a while
            others = self._others(connection, request, call)
            if request.dry_run:
                return _told(self._plan(connection, request, others, by_name=True), request, None, None)
        try:
            done = self._erase(request, call, others)
        except HansardError as fault:
            if fault.code == "erased_already" and call.transaction is None:
                self._database.scrub()
            raise
        if call.transaction is not None:  # who opened it commits, and scrubs
            return done
        return done.model_copy(update={"scrubbed": self._database.scrub()})

    def _erase(self, request: DialogueErase, call: Call, others: Sequence[RemainingPlace]) -> DialogueErased:
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
                plan = self._plan(connection, request, others)
                entry.decide("reason", request.reason)
                entry.decide("items", ["everything"] if request.whole else items_in(plan.record, request.items))
                _write(entry, plan)
                self._reindex(connection, request.dialogue_id)
                done = entry.finish(_told(plan, request, store.last_position(connection) + 1, None))
            self._remove_files(plan)  # before the commit: after a failure it can be run again
        return done

    def _going(self, connection: Connection, request: DialogueErase) -> _Going:
        """What the request takes out."""
        record = self._dialogues.record(request.dialogue_id, connection)
        changed = _whole(record) if request.whole else _blanked(record, request.items)
        removed = [row for row in rows_of(record) if row is not record.dialogue] if request.whole else []
        words = [text for one in changed for text in one.words]
        words += [text for row in removed for name in WORDS.get(type(row), ()) for text in texts_in(getattr(row, name))]
        return _Going(record, changed, removed, words)

    def _others(self, connection: Connection, request: DialogueErase, call: Call) -> list[RemainingPlace]:
        """Other dialogues of the store in which the same words stand; none where the request itself is refused."""
        try:
            runs = Runs(self._going(connection, request).words)
        except HansardError:
            return []
        places = []
        ids = [one for one in self._dialogues.every_id(connection) if one != request.dialogue_id]
        for number, other in enumerate(ids if runs else []):
            call.progress(number, len(ids), f"looking in {other}")
            try:
                where = [
                    place.item or place.where
                    for place in _remaining(self._dialogues.record(other, connection), [], runs, {})
                ]
            except (
                HansardError,
                ArithmeticError,
                LookupError,
                TypeError,
                ValueError,
            ):  # altered, and no reason to stop
                where = ["it cannot be read, and may hold the words"]
            if names := list(dict.fromkeys(where)):
                more = f" and {len(names) - PLACES_TOLD} more" if len(names) > PLACES_TOLD else ""
                places.append(RemainingPlace(where=f"dialogue '{other}'", what=", ".join(names[:PLACES_TOLD]) + more))
        return places

    def _plan(
        self,
        connection: Connection,
        request: DialogueErase,
        others: Sequence[RemainingPlace],
        *,
        by_name: bool = False,
    ) -> _Plan:
        """What goes; ``by_name`` tells people by their names, which nothing that is journalled may keep."""
        record, changed, removed, words = self._going(connection, request)
        names = names_of(record) if by_name else {}
        if not changed and not removed:
            raise errors.erased_already(request.dialogue_id)  # see dialogue_erase: old pages may be left all the same
        runs = Runs(words)
        if not request.whole:
            changed = _with_origin(record, changed, runs)
        if repeats(request.reason, words):
            raise errors.reason_repeats_words()
        entries = journal.stream_entries(connection, f"dialogue:{request.dialogue_id}")
        touched = {(ROWS[type(row)].name, key_of(row)) for row in [*(one.before for one in changed), *removed]}
        positions = self._positions(connection, entries, touched, runs, whole=request.whole)
        exhibits = [row for row in [*(one.before for one in changed), *removed] if isinstance(row, model.Exhibit)]
        kept = {str(row.reference.get("path")) for row in exhibits}
        own, elsewhere = self._files(connection, record.dialogue, runs, Runs(words, least=1), kept, whole=request.whole)
        remaining = [] if request.whole else list(_remaining(record, changed, runs, names))
        remaining += [*others, *(RemainingPlace(where=name, what=what) for name, what in elsewhere)]
        calls, said, held = _calls(connection, request, runs)
        return _Plan(
            record=record,
            changed=changed,
            removed=removed,
            runs=runs,
            entries=positions,
            files=own,
            remaining=[*remaining, *held],
            places=[*_places(changed, removed, names), *said],
            calls=calls,
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
        self,
        connection: Connection,
        dialogue: model.Dialogue,
        runs: Runs,
        every: Runs,
        exhibits: Container[str],
        *,
        whole: bool,
    ) -> tuple[list[str], list[tuple[str, str]]]:
        """Files of the dialogue's folder that go, named from there; files elsewhere that hold the words, or may.

        What lies in the home's own place for this dialogue is Hansard's, and can be made again. In a folder that
        somebody named, and so may keep files of their own in, only what Hansard wrote for this dialogue goes; nothing
        does where it may not write.

        Args:
            runs: what is looked for elsewhere.
            every: runs of the shortest texts among them, looked for in the dialogue's folder.
            exhibits: copies of those that are erased, which go.
            whole: all of the dialogue goes.
        """
        folder = self._dialogues.folder(dialogue)
        target, shared = folder.resolve(), (self._home / "dialogues").resolve()
        alone = target == shared / dialogue.dialogue_id
        allowed = self._dialogues.may_keep(dialogue)
        theirs = [place for _, place in self._dialogues.folders_of_others(connection, dialogue.dialogue_id)]
        theirs = [place for place in theirs if place.is_relative_to(target)]
        theirs += [shared] if shared.is_relative_to(target) else []
        own, elsewhere = [], []
        for path in _files_below(folder):
            place = path.parent.resolve() / path.name
            if any(place.is_relative_to(other) for other in theirs) or self._is_own(path):
                continue  # looked at below, where it lies in the home
            name = path.relative_to(folder).as_posix()
            ours = allowed and _is_ours(folder, name, dialogue.dialogue_id, exhibits)
            goes = ours or (allowed and alone)
            found = HOLDS if name in exhibits or (whole and goes) else _looked_at(path, every)
            if ours if found == UNSEARCHED else found and goes:
                own.append(name)
            elif found is not None:
                elsewhere.append((f"{folder.name}/{name}", found))
        for path in _files_below(self._home):
            place = path.parent.resolve() / path.name
            seen = place.is_relative_to(target) and not any(place.is_relative_to(other) for other in theirs)
            if not seen and not self._is_own(path) and (found := _looked_at(path, runs)) is not None:
                elsewhere.append((path.relative_to(self._home).as_posix(), found))
        return own, elsewhere

    def _is_own(self, path: Path) -> bool:
        """Whether a file is the home's own, and no copy of anything."""
        place, top = path.parent.resolve() / path.name, self._home.resolve()
        keys = (self._home / "keys").resolve()
        return place.is_relative_to(keys) or (place.parent == top and place.name in OWN_FILES)

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
    for number, item in enumerate(items_in(record, items)):
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


def _places(changed: Iterable[Blanked], removed: Iterable[Row], names: Mapping[str, str]) -> list[ErasedPlace]:
    places = [
        ErasedPlace(
            item=one.item,
            what=_where(one.before, names) + ("" if one.words else ": hashes of the files it came from"),
            characters=sum(map(len, one.words)),
        )
        for one in changed
    ]
    for row in removed:
        words = [text for name in WORDS.get(type(row), ()) for text in texts_in(getattr(row, name))]
        places.append(ErasedPlace(item="everything", what=_where(row, names), characters=sum(map(len, words))))
    return places


def _where(row: Row, names: Mapping[str, str]) -> str:
    """What a row is, in words that hold nothing of its own words."""
    return called(named(ROWS[type(row)].name, key_of(row)), names).where()


def _remaining(
    record: Record, changed: Iterable[Blanked], runs: Runs, names: Mapping[str, str]
) -> Iterator[RemainingPlace]:
    """Where the same words stand in the rows that are left."""
    left = {id(one.before): one.after for one in changed}
    for row in rows_of(record):
        now = left.get(id(row), row)
        for name, value in now.as_row().items():
            if value is not None and runs.stand_in_value(value):
                item = item_of(row) if name in WORDS.get(type(row), ()) else None
                yield RemainingPlace(where=_where(row, names), what=field_words(name), item=item)


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
    forget_texts(entry.connection, plan.calls)


def _calls(
    connection: Connection, request: DialogueErase, runs: Runs
) -> tuple[list[str], list[ErasedPlace], list[RemainingPlace]]:
    """Prompts and answers of model calls: those of the dialogue that go, what is told of them, and where others hold
    the words. What another dialogue's calls have too stays, and is told."""
    going, characters, held = [], 0, []
    for text in texts_holding(connection, runs.stand_in_bytes, request.dialogue_id):
        if set(text.dialogues) == {request.dialogue_id}:
            if request.whole or runs.stand_in_bytes(text.body):
                going.append(text.sha256)
                characters += len(text.body.decode("utf-8", "replace"))
        elif runs.stand_in_bytes(text.body):
            whose = f" for dialogue {', '.join(text.dialogues)}" if text.dialogues else ""
            held.append(RemainingPlace(where=f"a model call{whose}", what=f"the text {text.sha256[:12]}…"))
    if not going:
        return [], [], held
    what = f"{len(going)} {'prompts and answers' if len(going) != 1 else 'prompt or answer'} of model calls"
    return going, [ErasedPlace(item="calls", what=what, characters=characters)], held


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


def _is_ours(folder: Path, name: str, dialogue_id: str, exhibits: Container[str]) -> bool:
    """Whether Hansard wrote a file of a folder that others may use too, told by its name and by what it is."""
    first = name.partition("/")[0]
    if name in exhibits or _ROUND_FILE.fullmatch(name):
        return True
    if first == PARQUET_NAME:
        with contextlib.suppress(ImportError):  # the extra that wrote it is gone
            return is_tables_export(folder / first, dialogue_id)
        return False
    if name in (f"{dialogue_id}-full.zip", f"{dialogue_id}-public.zip"):
        return is_bundle_of(folder / name, dialogue_id)
    return any(name == form.file_name and is_export(folder / name, dialogue_id, kind) for kind, form in FORMS.items())


def _looked_at(path: Path, runs: Runs) -> str | None:
    """What is to be told of a file: that it holds the words, or that it may; ``None`` where it does not."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        if path.stat().st_size > FILE_LIMIT_BYTES:
            return UNSEARCHED
        if is_held(path):
            return None
        with opened(path) as file:
            data = file.read()
    except OSError:
        return UNSEARCHED
    if runs.stand_in_bytes(data):
        return HOLDS
    return UNSEARCHED if is_packed(data) else None


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
