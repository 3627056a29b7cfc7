"""``hansard memory``: the family of commands on the binary log."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from hansard.kernel.errors import HansardError
from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.paths import check_there, is_standard_output
from hansard.surfaces.cli.errors import name_as_typed, usage
from hansard.surfaces.cli.frame import Frame, put

FAMILY = "Keep, find and verify records of windows and model calls, thousands a second."

FilterText = Annotated[
    str,
    typer.Argument(
        metavar="FILTER",
        help='Such as: success == false and eomm_score > 0.9 and map_name == "Rust". All records when left out.',
    ),
]
Source = Annotated[
    str, typer.Option("--source", metavar="NAME", help="What the lines are: truevision_window or model_call.")
]
Worker = Annotated[int, typer.Option("--worker", min=0, help="Whom to append as; one process at a time for each.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; tell what would be done.")]


Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAME,…",
        show_default=False,
        help="Only these columns, or ways into records such as context.telemetry.cpu_usage_pct.",
    ),
]


class Output(StrEnum):
    """How records are given."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    ARROW = "arrow"


class FileForm(StrEnum):
    """How records stand in a file."""

    NDJSON = "ndjson"
    PARQUET = "parquet"
    ARROW = "arrow"


def ingest(
    frame: Frame,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE.ndjson", show_default=False, help="One window a line; - reads standard input."),
    ],
    source: Source = "truevision_window",
    worker: Worker = 0,
    dry_run: DryRun = False,
) -> int:
    """Keep the windows of a file; bad lines are refused and told, exit code 1 when there were any, 3 when all were."""
    if file != "-":
        check_there(file)
        if Path(file).is_fifo():
            raise usage(f"'{file}' is a pipe", f"Give - and read it as standard input: ingest - < {file}")
    request = {"path": file, "source": source, "worker": worker, "dry_run": dry_run}
    return _kept(frame, "memory_ingest", request, what="line")


def generate(
    frame: Frame,
    count: Annotated[int | None, typer.Option(min=0, show_default=False, help="How many windows.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same windows.")] = 0,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME", show_default=False, help="Those of a shipped example instead: m456."),
    ] = None,
    worker: Worker = 0,
) -> int:
    """Keep windows that are generated, each marked as such: for tests and demonstrations."""
    if (count is None) == (scenario is None):
        raise usage("generate needs --count or --scenario, and one of them only", "Give --count 1000")
    return _kept(frame, "memory_generate", {"count": count, "seed": seed, "scenario": scenario, "worker": worker})


def _kept(frame: Frame, operation: str, request: dict[str, Any], *, what: str = "window") -> int:
    from hansard.surfaces.render.memory import ingested

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, operation, request, "Keeping windows")
    frame.answer(answer, partial(ingested, what=what))
    return exits.FOUND if answer.refused else exits.OK


def query(
    frame: Frame,
    text: FilterText = "",
    output: Annotated[
        Output | None,
        typer.Option("--output", show_default=False, help="How to give the records: as a table, or as --to ends."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FILE", show_default=False, help="Where; standard output otherwise.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, show_default=False, help="Records at most: 20 in a table or as JSON, otherwise all when left out."
        ),
    ] = None,
    columns: Columns = None,
    digest: Annotated[bool, typer.Option("--digest", help="Tell the digest by which an exhibit pins this answer.")] = (
        False
    ),
) -> None:
    """Find records by a filter."""
    from hansard.surfaces.render.memory import found

    if output in (Output.TABLE, Output.JSON) or (output is None and to is None):
        if to is not None:
            raise usage(f"--to needs --output ndjson, parquet or arrow, not {output}", "Leave one of them out")
        request = {"filter": text, "limit": 20 if limit is None else limit, "columns": _names(columns)}
        with frame.parts(store=False) as parts, typed(limit="--limit", column="--columns", columns="--columns"):
            answer = frame.ask(parts, "memory_query", {**request, "digest": digest}, "Looking")
        frame.json = frame.json or output is Output.JSON
        frame.answer(answer, found)
        return
    if digest:
        raise usage("--digest is told with a table or JSON", "Leave --output and --to out")
    _written(frame, to or "-", text, None if output is None else FileForm(output.value), columns, limit)


def _names(columns: str | None) -> list[str] | None:
    return None if columns is None else [name.strip() for name in columns.split(",")]


def _written(frame: Frame, to: str, text: str, form: FileForm | None, columns: str | None, limit: int | None) -> None:
    """Write records into a file, or onto standard output."""
    from hansard.surfaces.render.memory import exported, noted

    shown = is_standard_output(frame, Path(to))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if shown else None
        request = {
            "filter": text,
            "format": form and form.value,
            "output_path": to if folder is None else str(folder / "records"),
            "columns": _names(columns),
            "limit": limit,
        }
        options = {"output_path": "FILE", "format": "--output", "column": "--columns", "columns": "--columns"}
        with frame.parts(store=False) as parts, typed(**options, limit="--limit"):
            answer = frame.ask(parts, "memory_export", request, "Writing records")
        if folder is not None:
            with (folder / "records").open("rb") as given:
                shutil.copyfileobj(given, sys.stdout.buffer)
            put(sys.stderr, noted(answer.notes))
            return
    frame.answer(answer, exported)


@contextlib.contextmanager
def typed(**options: str) -> Iterator[None]:
    """Within, a refused field is named as it was typed."""
    try:
        yield
    except HansardError as fault:
        name_as_typed(fault, options)
        raise


def stats(
    frame: Frame,
    text: FilterText = "",
    column: Annotated[
        str | None,
        typer.Option(
            "--column",
            metavar="NAME",
            show_default=False,
            help="The column to sum up, or a way into records; eomm_score or latency_ms by itself.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--every", metavar="SECONDS", show_default=False, help="A time series.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option("--above", metavar="NUMBER", show_default=False, help="Bursts above it.")
    ] = None,
    min_length: Annotated[int, typer.Option(min=1, help="Records of a burst at least.")] = 3,
    max_gap: Annotated[float, typer.Option(min=0, help="Seconds between two records of a burst at most.")] = 2.0,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="Sessions, stretches and bursts at most.")] = 100,
) -> None:
    """Sum records up: counts, statistics, flags, sessions, on demand a time series and bursts."""
    from hansard.surfaces.render.memory import summed

    with frame.parts(store=False) as parts:
        request = {
            "filter": text,
            "column": column,
            "seconds": seconds,
            "threshold": threshold,
            "min_length": min_length,
            "max_gap": max_gap,
            "limit": limit,
        }
        with typed(seconds="--every", threshold="--above", column="--column"):
            answer = frame.ask(parts, "memory_stats", request, "Summing up")
    asked = f"{min_length} records above {threshold:g}, at most {max_gap:g} s apart" if threshold is not None else ""
    frame.answer(answer, partial(summed, asked=asked))


def verify(
    frame: Frame,
    heads: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="WORKER:PULSE:CHAIN",
            show_default=False,
            help="Noted earlier; must be part of the log. May be given often.",
        ),
    ] = None,
) -> int:
    """Verify that no record was altered or lost; exit code 1 when one was, but for gaps that a repair noted."""
    from hansard.surfaces.render.memory import verified

    with frame.parts(store=False) as parts, typed(heads="--head"):
        answer = frame.ask(parts, "memory_verify", {"heads": heads or []}, "Verifying")
    frame.answer(answer, verified)
    return exits.OK if answer.ok else exits.FOUND


def repair(frame: Frame, dry_run: DryRun = False) -> None:
    """Keep what is whole of a damaged log; the bytes as they were are copied aside first."""
    from hansard.surfaces.render.memory import repaired

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "memory_repair", {"dry_run": dry_run}, "Mending")
    frame.answer(answer, repaired)


def compress(frame: Frame, dry_run: DryRun = False) -> None:
    """Store closed segments compressed; they are read, verified and repaired as before."""
    from hansard.surfaces.render.memory import compressed

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "memory_compress", {"dry_run": dry_run}, "Compressing")
    frame.answer(answer, compressed)


def export(
    frame: Frame,
    file: Annotated[
        str, typer.Argument(metavar="FILE", show_default=False, help="Where to write; '-' for standard output.")
    ],
    text: Annotated[str, typer.Option("--filter", metavar="FILTER", help="Which records; all when left out.")] = "",
    output: Annotated[
        FileForm | None,
        typer.Option("--output", show_default=False, help="By itself as FILE ends; ndjson without an ending."),
    ] = None,
    columns: Columns = None,
    limit: Annotated[
        int | None, typer.Option(min=0, show_default=False, help="Records at most; all when left out.")
    ] = None,
) -> None:
    """Write records into a file: NDJSON (an audit log), Parquet or Arrow."""
    _written(frame, file, text, output, columns, limit)


def retain(
    frame: Frame,
    days: Annotated[
        float | None, typer.Option(min=0, show_default=False, help="Let go of segments whose records are all older.")
    ] = None,
    megabytes: Annotated[
        float | None, typer.Option(min=0, show_default=False, help="Let go of the oldest until so much is left.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Remove the oldest closed segments, by age or by size."""
    from hansard.surfaces.render.memory import retained

    if days is None and megabytes is None:
        raise usage("retain needs --days or --megabytes", "Say how long or how much is kept")
    with frame.parts(store=False) as parts:
        request = {"days": days, "megabytes": megabytes, "dry_run": dry_run}
        answer = frame.ask(parts, "memory_retain", request)
    frame.answer(answer, retained)


COMMANDS: dict[str, Callable[..., int | None]] = {
    "ingest": ingest,
    "query": query,
    "stats": stats,
    "verify": verify,
    "repair": repair,
    "compress": compress,
    "export": export,
    "retain": retain,
    "generate": generate,
}
