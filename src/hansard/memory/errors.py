"""Refusals of this room; the name of a function is the code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hansard.kernel.errors import HansardError, did_you_mean


def window_refused(faults: Sequence[HansardError]) -> HansardError:
    """A window that is no record: every fault of it is told, and nothing of it is kept."""
    count = len(faults)
    return HansardError(
        "invalid",
        "window_refused",
        f"the window is refused for {count} fault{'s' if count != 1 else ''}",
        constraint="schema_map",
        suggestion="Mend every entry of 'errors' and send the window again",
        errors=faults,
    )


def windows_refused(count: int, faults: Sequence[HansardError]) -> HansardError:
    """None of the windows was kept; each fault of the first ones says of which it is, by number from 1."""
    return HansardError(
        "invalid",
        "windows_refused",
        f"nothing was kept: {'the window is' if count == 1 else f'all {count:,} windows are'} refused",
        constraint="schema_map",
        context={"refused": count},
        suggestion="Mend what is told of the first ones in all of them, and send them again; docs/memory.md has a "
        "window's fields",
        errors=faults,
    )


def line_refused(line: bytes, why: str) -> HansardError:
    """A line of a file is no window."""
    return HansardError(
        "invalid",
        "line_refused",
        f"the line {why}",
        value=line[:80].decode(errors="replace"),
        constraint="ndjson",
        suggestion="Write one window a line, as a JSON object, each key once",
    )


def record_refused(number: int, why: str) -> HansardError:
    """A record handed over as such cannot be written; those before it in the same call are kept."""
    return HansardError(
        "invalid",
        "record_refused",
        f"record {number} cannot be written: {why}",
        field=f"records[{number}]",
        constraint="record",
        context={"number": number},
        suggestion="Mend it; the records before it were taken, it and those after it were not",
    )


def records_unlike() -> HansardError:
    """Records that can be written each alone and not together: one column, two kinds of value."""
    return HansardError(
        "invalid",
        "records_unlike",
        "these records cannot stand in one pulse: a column of theirs holds values of different kinds",
        constraint="record",
        suggestion="Give each column one kind of value",
    )


def source_unknown(name: str, known: Iterable[str]) -> HansardError:
    """No schema map has this name."""
    options = sorted(known)
    return HansardError(
        "invalid",
        "source_unknown",
        f"there is no schema map '{name}'",
        field="source",
        value=name,
        valid_options=options,
        suggestion=did_you_mean(name, options) or "Name one of the valid options",
    )


def memory_corrupt(file: str, position: int, expected: str, found: str) -> HansardError:
    """Bytes of a segment are not those that were written."""
    return HansardError(
        "corrupt",
        "memory_corrupt",
        f"'{file}' is damaged at byte {position}: expected {expected}, found {found}",
        value=file,
        context={"file": file, "position": position, "expected": expected, "found": found},
        suggestion="'memory_verify' tells the extent; 'memory_repair' keeps what is whole",
    )


def memory_foreign(file: str, why: str) -> HansardError:
    """A file in a worker's folder is no segment of ours."""
    return HansardError(
        "corrupt",
        "memory_foreign",
        f"'{file}' is no segment of this log: {why}",
        value=file,
        suggestion="Move it out of the folder; nothing was changed",
    )


def memory_newer(file: str, version: int, known: int) -> HansardError:
    """A segment was written by a later version of the program."""
    return HansardError(
        "refused",
        "memory_newer",
        f"'{file}' has format version {version}; this program knows {known}",
        value=file,
        context={"version": version, "known": known},
        suggestion="Use the version of Hansard that wrote it, or a later one",
    )


def memory_owned(worker: int, *, here: bool = False) -> HansardError:
    """Another process appends to this worker's folder, or this one has it open already (``here``)."""
    return HansardError(
        "unavailable",
        "memory_owned",
        f"{'this' if here else 'another'} process is writing as worker {worker}" + (" already" if here else ""),
        field="worker",
        value=worker,
        suggestion="Close the memory that is open, or append as another worker"
        if here
        else "Append as another worker: each process has its own",
    )


def memory_missing() -> HansardError:
    """There is no log to read."""
    return HansardError(
        "not_found",
        "memory_missing",
        "this memory holds no log yet",
        suggestion="'memory_ingest' begins one with the windows of a file",
    )


def records_would_overwrite(name: str, form: str) -> HansardError:
    """Something else than an export of records stands where one should go."""
    return HansardError(
        "conflict",
        "records_would_overwrite",
        f"'{name}' exists and holds no such records ({form}); it was left as it is",
        field="output_path",
        value=name,
        suggestion="Give another output_path, or move that file away",
    )


def memory_unreadable(file: str, why: str) -> HansardError:
    """The system does not let a segment be read."""
    return HansardError(
        "unavailable",
        "memory_unreadable",
        f"'{file}' cannot be read: {why}",
        value=file,
        suggestion="Check that you may read the memory's folder",
    )


def memory_unwritable(why: str, durable_upto: int) -> HansardError:
    """The disk takes no more; what was confirmed is safe, what was not may be lost."""
    return HansardError(
        "unavailable",
        "memory_unwritable",
        f"the log cannot be written: {why}; pulses up to {durable_upto} are on the disk",
        context={"durable_upto": durable_upto},
        suggestion="Free some space or mend the disk, then open the memory again and append what came later",
    )


def memory_closed() -> HansardError:
    """The memory was closed, or opened for reading only."""
    return HansardError(
        "refused",
        "memory_closed",
        "this memory is not open for appending",
        suggestion="Open it with Memory.open(path)",
    )


def worker_invalid(worker: int) -> HansardError:
    """A worker's number is out of range."""
    return HansardError(
        "invalid",
        "worker_invalid",
        f"a worker is a number from 0 to 4,294,967,295 (got {worker})",
        field="worker",
        value=worker,
    )


def record_not_found(worker: int, seq: int) -> HansardError:
    """No record has this number."""
    return HansardError(
        "not_found",
        "record_not_found",
        f"worker {worker} has no record with seq {seq}",
        field="seq",
        value=seq,
        suggestion="'memory_stats' tells which there are",
    )


def filter_invalid(text: str, position: int, why: str, *, suggestion: str | None = None) -> HansardError:
    """A filter does not say anything that can be answered; ``position`` counts characters from 0."""
    return HansardError(
        "invalid",
        "filter_invalid",
        f"the filter {why} (at character {position + 1}: {text[position : position + 20]!r})",
        field="filter",
        value=text,
        constraint="filter",
        context={"position": position},
        suggestion=suggestion or 'Write it like: success == false and eomm_score > 0.9 and map_name == "Rust"',
    )


def column_unknown(name: str, known: Iterable[str]) -> HansardError:
    """No column of the log has this name."""
    options = sorted(known)
    return HansardError(
        "not_found",
        "column_unknown",
        f"there is no column '{name}' in this log",
        field="column",
        value=name,
        valid_options=options,
        suggestion=did_you_mean(name, options) or "Name one of the valid options",
    )
