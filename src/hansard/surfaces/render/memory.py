"""The binary log, shown: records, sums, what a verification saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hansard.surfaces.render.blocks import Block, Column, Gap, Heading, Words, fields, line, table
from hansard.surfaces.render.text import count, figure, one_line, shortened

if TYPE_CHECKING:
    from hansard.memory import shapes

MISSING = "–"
MEASURES = ("eomm_score", "latency_ms")
"""What a record is measured by, as its source has one."""
FOLDED = 3
"""Stretches without a record that are told one by one."""


def ingested(answer: shapes.MemoryIngested, *, what: str = "window") -> Iterator[Block]:
    """What became of windows; ``what`` their numbers count."""
    kept = "would be kept" if answer.dry_run else f"kept, on the disk up to pulse {answer.durable_upto}"
    if answer.taken:
        yield line(Words("✓ ", "good"), f"{count(answer.taken, 'record')} {kept}")
    elif not answer.refused:
        yield line(f"Nothing was kept: there was no {what}.")
    if answer.refused:
        yield line(Words("✗ ", "bad"), f"{count(answer.refused, 'window')} refused")
    for one in answer.refusals[:10]:
        for fault in one.faults[:5]:
            yield line(f"{what} {one.number}: {shortened(str(fault['message']), 160)}", indent=1)
    if answer.refused > 10:
        more = "" if answer.dry_run else ", and keeps nothing twice"
        yield line(f"… '--dry-run --json' tells the first hundred{more}", indent=1)
    yield from noted(answer.notes)


def found(answer: shapes.MemoryFound) -> Iterator[Block]:
    """Records of a filter."""
    of = f" of: {one_line(answer.filter)}" if answer.filter else ""
    yield line(Words(count(answer.count, "record"), "strong"), of)
    if answer.digest is not None:
        yield line("digest ", Words(answer.digest, "strong"), indent=1)
    yield from noted(answer.notes)
    if not answer.records:
        return
    yield Gap()
    if "error_metrics" in answer.records[0]:
        yield table(
            [Column("Seq", right=True, whole=True), Column("Time", whole=True), Column("Result", whole=True),
             Column(_scores(answer.records), right=True, whole=True), Column("Session", rank=2),
             Column("Where", rank=3), Column("Flags", rank=1)],
            [_record(row) for row in answer.records],
        )  # fmt: skip
    else:
        names = list(answer.records[0])
        yield table(names, [tuple(_cell(name, row[name]) for name in names) for row in answer.records])
    if answer.count > len(answer.records):
        yield Gap()
        yield line(f"{count(answer.count - len(answer.records), 'more record')}; '--limit' shows more", indent=0)


def noted(notes: list[str]) -> Iterator[Block]:
    """What an answer says beside its records."""
    for note in notes:
        yield line(Words(f"note: {one_line(note)}", "warn"))


def _scores(rows: list[dict[str, Any]]) -> str:
    names = [name for name in MEASURES if any(name in row["error_metrics"] for row in rows)]
    return " / ".join(names) or "Score"


def _record(row: dict[str, Any]) -> tuple[Words | str, ...]:
    session, metrics = row["context"].get("session", {}), row["error_metrics"]
    score = next((metrics[name] for name in MEASURES if name in metrics), None)
    where = session.get("map_name") or row["params"].get("model")
    return (
        str(row["seq"]),
        _time(row["timestamp"]),
        Words("ok", "good") if row["success"] else Words(one_line(row["failure_reason"] or "failed"), "warn"),
        MISSING if score is None else f"{score:g}",
        one_line(str(session.get("session_id") or session.get("dialogue_id") or MISSING)),
        one_line(str(where or MISSING)),
        one_line(", ".join(metrics.get("flags") or ())) or MISSING,
    )


def _cell(name: str, value: Any) -> str:
    if value is None:
        return MISSING
    if name in ("time", "timestamp"):
        return _time(value)
    if isinstance(value, bool):
        return str(value).lower()  # as filters write it
    if isinstance(value, list):
        return one_line(", ".join(map(str, value))) or MISSING
    return f"{value:g}" if isinstance(value, float) else one_line(str(value))


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    except (OverflowError, ValueError, OSError):  # no year that a calendar has
        return f"{seconds:g} s"


def summed(answer: shapes.MemorySummed, *, asked: str = "") -> Iterator[Block]:
    """What records come to; ``asked`` says what a burst had to be."""
    yield Heading(count(answer.count, "record") + (f" of: {one_line(answer.filter)}" if answer.filter else ""))
    yield from noted(answer.notes)
    told = answer.statistics
    if told is not None and told["count"]:
        yield fields(
            ("Column", one_line(told["column"])),
            ("Mean", _number(told["mean"])),
            ("Variance", _number(told["variance"])),
            ("Smallest", _number(told["smallest"])),
            ("Median", _number(told["median"])),
            ("95 %", _number(told["p95"])),
            ("Largest", _number(told["largest"])),
            ("Without it", figure(told["missing"]) if told["missing"] else None),
        )
    if answer.composite_gap is not None:
        yield line(f"eomm_score is at most {answer.composite_gap:.4g} from the composite of its operators")
    if answer.flags:
        yield Gap()
        flags = [(one_line(flag), figure(number)) for flag, number in answer.flags.items()]
        yield table(["Flag", Column("Records", right=True)], flags)
    if answer.sessions:
        yield Gap()
        yield table(
            [Column("Session", whole=True), Column("Records", right=True), Column("Failures", right=True),
             Column("Mean", right=True), Column("Largest", right=True), Column("Maps", rank=1), Column("Bots", rank=2)],
            [
                (
                    one_line(str(one["session_id"] or MISSING)), figure(one["count"]), figure(one["failures"]),
                    _number(one["mean"]), _number(one["largest"]), one_line(", ".join(one["maps"])),
                    one_line(", ".join(one["bot_difficulties"])) or MISSING,
                )
                for one in answer.sessions
            ],
        )  # fmt: skip
    for name, rows in (("Bursts", answer.bursts), ("Series", answer.series)):
        if rows is not None:
            yield Gap()
            yield Heading(name)
            if not rows and name.lower() not in answer.left_out:
                yield line("none" + (f": nowhere {asked}" if asked and name == "Bursts" else ""))
                continue
            figures = [Column(each, right=True) for each in ("Records", "Mean", "Largest")]
            yield table(["From", "To", *figures], list(_stretches(rows)))
    for name, number in answer.left_out.items():
        yield line(Words(f"{number:,} more {name}; '--limit' shows more", "quiet"))
    yield Gap()
    yield table(
        ["Worker", Column("Segments", right=True), Column("Records", right=True), Column("Last seq", right=True),
         Column("Last pulse", right=True), Column("MiB", right=True)],
        [
            (str(one["worker"]), figure(one["segments"]), figure(one["records"]),
             figure(one["last_seq"]) if one["records"] else MISSING, figure(one["last_pulse"]),
             f"{one['bytes'] / 1024**2:,.1f}")
            for one in answer.workers
        ],
    )  # fmt: skip


def _stretches(rows: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for empty, some in groupby(rows, lambda one: not one["count"]):
        run = list(some)
        if empty and len(run) > FOLDED:
            yield f"… {figure(len(run))} empty stretches", *[""] * 4
        else:
            yield from map(_stretch, run)


def _stretch(one: dict[str, Any]) -> tuple[str, ...]:
    times = (_time(one["start"]), _time(one["end"]))
    return (*times, figure(one["count"]), _number(one["mean"]), _number(one["largest"]))


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.4g}"


def verified(answer: shapes.MemoryVerified) -> Iterator[Block]:
    """What a verification saw."""
    size = f"{count(answer.records, 'record')} in {count(answer.pulses, 'pulse')}, {count(answer.segments, 'segment')}"
    if answer.ok and answer.gaps:
        gaps = count(len(answer.gaps), "known gap")
        yield line(
            Words("⚠ ", "warn"), f"nothing was found but {gaps}; heads behind one prove nothing before it: {size}"
        )
    elif answer.ok:
        yield line(Words("✓ ", "good"), f"nothing was altered: {size}")
    else:
        yield line(Words("✗ ", "bad"), f"{count(len(answer.findings), 'finding')}; whole are {size}")
    for noted_head in answer.proved:
        worker, pulse, _ = noted_head.split(":")
        yield line(Words("✓ ", "good"), f"the head of worker {worker}, pulse {pulse} is part of the log", indent=1)
    for one in answer.findings:
        where = f"worker {one['worker']}" + (f", '{one['file']}' at byte {one['position']}" if one["file"] else "")
        told = f" {where}: expected {one_line(one['expected'])}, found {one_line(one['found'])}"
        yield line(Words(one["code"], "bad"), told, indent=1)
    for one in answer.gaps:
        yield line(Words("known gap", "warn"), " " + one_line(_gap(one)), indent=1)
    for note in answer.notes:
        yield line(Words(one_line(note), "quiet"), indent=1)
    for head in answer.heads:
        yield line("head ", Words(head, "strong"), indent=1)


def _gap(one: dict[str, Any]) -> str:
    where = f"worker {one['worker']}, before '{one['file']}': "
    noted = f", as a repair noted on {_time(one['noted'])[:10]}"
    if one["pulses"] is None:
        return f"{where}what a repair wrote under new headers ends here{noted}"
    first, last = one["pulses"]
    pulses = f"pulse {first}" + (f" to {last}" if last > first else "")
    kept = f"; the bytes as they were: {one['kept_aside']}" if one["kept_aside"] else ""
    return f"{where}{pulses} ({count(one['records'], 'record')}) not there{noted}{kept}"


def repaired(answer: shapes.MemoryRepaired) -> Iterator[Block]:
    """What was mended."""
    if not answer.mended:
        yield line(Words("✓ ", "good"), "nothing is damaged; nothing was done")
    elif answer.dry_run:
        yield line("Nothing was done yet; this would be:")
    for one in answer.mended:
        yield line(Words(one["file"], "strong"), f" of worker {one['worker']}: {one['action']}")
        if one["lost"]:
            first, last = one["lost"]
            yield line(Words(f"lost: pulse {first}" + (f" to {last}" if last > first else ""), "bad"), indent=1)
        if one["kept_aside"] and not answer.dry_run:
            yield line(f"as it was: {one['kept_aside']}", indent=1)


def compressed(answer: shapes.MemoryCompressed) -> Iterator[Block]:
    """What was compressed, and what stays."""
    number = count(len(answer.files), "segment")
    if answer.dry_run:
        yield line(f"{number} would be compressed, to about a quarter; nothing was done")
    else:
        sizes = f"{answer.bytes_before / 1024**2:,.1f} MiB before, {answer.bytes_after / 1024**2:,.1f} MiB now"
        yield line(Words("✓ ", "good"), f"{number} compressed: {sizes}")
    yield from _staying(answer.stays)


def _staying(stays: list[dict[str, Any]]) -> Iterator[Block]:
    for why, number in Counter(one["why"] for one in stays).items():
        stay = "stays" if number == 1 else "stay"
        yield line(Words(f"{count(number, 'segment')} {stay} as before: {why}", "quiet"), indent=1)


def exported(answer: shapes.MemoryExported) -> Iterator[Block]:
    """Where records were written."""
    told = f"{count(answer.records, 'record')} in {one_line(answer.path)} ({answer.format})"
    yield line(Words("✓ ", "good"), told)
    yield from noted(answer.notes)


def retained(answer: shapes.MemoryRetained) -> Iterator[Block]:
    """What was let go."""
    size = sum(one["bytes"] for one in answer.removed) / 1024**2
    done = "would go" if answer.dry_run else "removed"
    yield line(Words("✓ ", "good"), f"{count(len(answer.removed), 'segment')} {done}, {size:,.1f} MiB")
    for one in answer.removed:
        yield line(f"worker {one['worker']}: {one['file']}, {one['why']}", indent=1)
    yield from _staying(answer.stays)
    yield from noted(answer.notes)
