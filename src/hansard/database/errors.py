"""Refusals of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hansard.kernel.errors import HansardError


def database_busy() -> HansardError:
    """Another process writes for longer than we wait, or two waited for each other; the transaction was rolled back."""
    return HansardError(
        "unavailable",
        "database_busy",
        "another process is writing to the store",
        suggestion="Send the same request, with the same request_id, again; if it lasts, look for a stuck hansard "
        "process",
    )


def disk_full() -> HansardError:
    """The disk is full; the transaction was rolled back."""
    return HansardError(
        "unavailable",
        "disk_full",
        "the disk is full; nothing of this operation was written",
        suggestion="Free some space, then send the same request again",
    )


def disk_failing(why: str) -> HansardError:
    """The operating system refused to read or write the store's files; the transaction was rolled back."""
    return HansardError(
        "unavailable",
        "disk_failing",
        f"the disk did not take or give what was asked ({why}); nothing of this operation was written",
        suggestion="Free some space, look for a limit on file sizes ('ulimit -f') or a quota, and at the system's log "
        "for a failing disk; then send the same request again",
    )


def database_read_only() -> HansardError:
    """The store, or its folder, may not be written to."""
    return HansardError(
        "unavailable",
        "database_read_only",
        "the store is read-only; nothing was written",
        suggestion="Check the permissions of the store's file, of the -wal and -shm beside it, and of its folder",
    )


def database_corrupt(why: str) -> HansardError:
    """The file is no database, or is damaged."""
    return HansardError(
        "corrupt",
        "database_corrupt",
        f"the store cannot be read as a database: {why}",
        suggestion="Keep the file, restore the last good copy, and run 'hansard verify --all' on it",
    )


def database_unavailable(why: str) -> HansardError:
    """The store cannot be opened or used, for a reason outside Hansard."""
    return HansardError(
        "unavailable",
        "database_unavailable",
        f"the store cannot be used: {why}",
        suggestion="'hansard doctor' tells which store is meant and what it finds there",
    )


def server_read_only() -> HansardError:
    """The server takes no writes: a standby, or set so."""
    return HansardError(
        "unavailable",
        "server_read_only",
        "the database server takes no writes; nothing was written",
        suggestion="Set database_url to the primary server (this one is a standby, or default_transaction_read_only "
        "is on)",
    )


def server_unreachable(why: str) -> HansardError:
    """No connection to the database server, or it broke; what was not answered may or may not be there."""
    return HansardError(
        "unavailable",
        "server_unreachable",
        f"the database server cannot be reached: {why}",
        suggestion="See whether the server runs and database_url names its host and port; then send the same request, "
        "with the same request_id, again",
    )


def server_denies(why: str) -> HansardError:
    """The server knows us not, or not well enough."""
    return HansardError(
        "unavailable",
        "server_denies",
        f"the database server refuses: {why}",
        suggestion="Check user and password (database_url, PGPASSWORD or ~/.pgpass); the user needs the right to "
        "create a schema in the database, or to own the store's",
    )


def server_database_missing() -> HansardError:
    """The server has no database of that name."""
    return HansardError(
        "unavailable",
        "server_database_missing",
        "the database server has no database of that name",
        suggestion="Make it (createdb --encoding=UTF8 NAME), or name another one in database_url",
    )


def server_unfit(why: str) -> HansardError:
    """The server cannot keep a store."""
    return HansardError(
        "unavailable",
        "server_unfit",
        f"the database server cannot keep a record: {why}",
        suggestion="Make a database with 'createdb --encoding=UTF8 NAME' on a PostgreSQL that is supported",
    )


def driver_missing() -> HansardError:
    """The library that speaks to PostgreSQL is not installed."""
    return HansardError(
        "unavailable",
        "driver_missing",
        "the library that speaks to PostgreSQL is not installed",
        suggestion="Install it: pip install 'hansard[postgresql]'",
    )


def invalid_database_url(why: str) -> HansardError:
    """The address of the database is none; it is not shown, since it may hold a password."""
    return HansardError(
        "invalid",
        "invalid_database_url",
        f"the address of the database cannot be used: {why}",
        field="database_url",
        suggestion="Write postgresql://user@host:5432/database (?schema=name for another schema than 'hansard')",
    )


def copied_by_server(command: str) -> HansardError:
    """The store is kept by a database server, whose own tools copy it."""
    return HansardError(
        "refused",
        "copied_by_server",
        "the store is on a database server, which copies it by its own tools",
        context={"command": command},
        suggestion=f"Run: {command} — pg_restore brings it back; copy the folder 'dialogues' of the home beside it",
    )


def schema_newer(found: str, known: str) -> HansardError:
    """The store was written by a newer Hansard."""
    return HansardError(
        "unavailable",
        "schema_newer",
        f"the store has schema '{found}', which is newer than this Hansard's '{known}'",
        context={"found": found, "known": known},
        suggestion="Use the Hansard that wrote it, or a newer one; nothing was changed",
    )


def foreign_database(tables: list[str]) -> HansardError:
    """The database holds tables, and none of them is Hansard's."""
    return HansardError(
        "conflict",
        "foreign_database",
        "the database belongs to another program",
        context={"tables": tables[:10]},
        suggestion="Set HANSARD_HOME to a folder of its own",
    )


def foreign_trigger(names: list[str]) -> HansardError:
    """The store holds triggers, which Hansard never makes: they could undo what a write answered."""
    return HansardError(
        "corrupt",
        "foreign_trigger",
        f"the store holds a trigger that is not Hansard's ('{names[0]}'); nothing was read or written",
        context={"triggers": names[:10]},
        suggestion="Keep the file as evidence, and restore the last copy that verifies",
    )


def schema_altered(what: Sequence[str]) -> HansardError:
    """A table of the store is not as the migrations made it: it could take a write and keep something else."""
    return HansardError(
        "corrupt",
        "schema_altered",
        f"the store's schema was altered: {what[0]}; nothing was written",
        context={"differences": list(what[:10])},
        suggestion="Run 'hansard verify --all' to learn what else was altered, and restore the last good copy",
    )


def request_id_reused(request_id: str, operation: str | None = None) -> HansardError:
    """The same actor sent this request_id before, with another request (or just now, at the same time)."""
    return HansardError(
        "conflict",
        "request_id_reused",
        f"request_id '{request_id}' was used before, for another request"
        + (f" (operation '{operation}')" if operation else ""),
        field="request_id",
        value=request_id,
        suggestion="Give each new request an id of its own; repeat an id only to repeat the same request",
    )


def request_erased(request_id: str) -> HansardError:
    """The request was made and answered before; its answer has been erased since."""
    return HansardError(
        "conflict",
        "request_erased",
        f"request_id '{request_id}' was answered before, and that answer has been erased",
        field="request_id",
        value=request_id,
        suggestion="Read the present state; the request was carried out and is not repeated",
    )


def row_altered(table: str, key: Sequence[Any], position: int) -> HansardError:
    """A row that is to be changed is not as it was recorded."""
    return HansardError(
        "corrupt",
        "row_altered",
        f"a row of '{table}' was altered behind Hansard's back; nothing was written",
        context={"table": table, "key": list(key), "position": position or None},
        suggestion="Run 'hansard verify --all' to learn what else was altered, and restore the last good copy",
    )


def stream_not_found(field: str, given: str) -> HansardError:
    """The journal has no entry of a stream, or of a dialogue."""
    return HansardError(
        "not_found",
        "stream_not_found",
        f"the journal has no entry of '{given}'",
        field=field,
        value=given,
        suggestion="'dialogue_list' tells the dialogues; 'journal_events' without this field tells every stream",
    )


def cell_unreadable(table: str, column: str, key: Sequence[Any] = ()) -> HansardError:
    """A cell holds what no write of Hansard's put there: another type, broken JSON, bytes that are no UTF-8."""
    return HansardError(
        "corrupt",
        "cell_unreadable",
        f"the column '{column}' of '{table}' holds something that cannot be read"
        + (f" (row {' / '.join(map(str, key))})" if key else ""),
        context={"table": table, "column": column, "key": list(map(str, key))},
        suggestion="Run 'hansard verify --all' to learn what was altered, and restore the last good copy",
    )


def text_missing(digest: str) -> HansardError:
    """A row refers to a text that is not there."""
    return HansardError(
        "corrupt",
        "text_missing",
        f"the text with SHA-256 {digest} is missing from the store",
        context={"sha256": digest},
        suggestion="Run 'hansard verify --all' to learn what else is missing, and restore the last good copy",
    )
