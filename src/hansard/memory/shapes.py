"""What the memory's operations take and give."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hansard.kernel.shapes import JsonObject, Prose, Shape, for_tools

Source = Literal["truevision_window", "model_call"]
Scenario = Literal["m456"]
Worker = Annotated[int, Field(ge=0, lt=2**32)]
Limit = Annotated[int, Field(ge=0, le=1000)]
Filter = Annotated[
    str,
    Field(max_length=4000),
    for_tools(
        description='Such as: success == false and eomm_score > 0.9 and map_name == "Rust". Signs: == != < <= > >= in '
        "has and or not ( ). A wrong name is answered with those that there are"
    ),
]


Columns = Annotated[list[Prose], Field(max_length=200)]


class MemoryAppend(Shape):
    """Keep windows or model calls."""

    windows: Annotated[list[JsonObject], Field(max_length=10_000)]
    """As their source sends them; a bad one is refused with every fault, and the others are kept."""
    source: Source = "truevision_window"
    worker: Worker = 0
    """Whom to append as: one process at a time for each."""


class MemoryIngest(Shape):
    """Keep the windows or model calls of a file."""

    path: Prose
    """NDJSON: one window a line. ``-`` reads standard input, for whoever started the program alone."""
    source: Source = "truevision_window"
    worker: Worker = 0
    dry_run: bool = False
    """Only tell what would be kept and what refused."""


class MemoryGenerate(Shape):
    """Keep windows that are generated."""

    count: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    """How many; not beside ``scenario``."""
    seed: int = 0
    """The same seed gives the same windows."""
    scenario: Scenario | None = None
    """Those that the shipped example of this name is about."""
    worker: Worker = 0


class WindowRefused(Shape):
    """A window that was not kept."""

    number: int
    """Its line in the file, or its place in the list; the first is 1."""
    faults: list[dict[str, Any]]


class MemoryIngested(Shape):
    """What became of the windows; what was taken is on the disk, but for a dry run."""

    dry_run: bool = False
    taken: int
    refused: int
    durable_upto: int
    """The last pulse that is on the disk."""
    refusals: list[WindowRefused]
    """The first hundred."""
    notes: list[str] = []
    """What is no fault."""


class MemoryQuery(Shape):
    """Find records."""

    filter: Filter = ""
    """Such as ``success == false and eomm_score > 0.9 and map_name == "Rust"`` (docs/memory.md); all when left out."""
    limit: Limit = 20
    """Records that are given at most; the count is of all."""
    columns: Columns | None = None
    """Only these columns of each record, or ways into it; whole records when left out."""
    digest: bool = False
    """Tell a digest of all records found, by which an exhibit pins this answer."""


class MemoryFound(Shape):
    """Records that a filter found: those of a worker as they were appended, several workers merged by time."""

    filter: str
    count: int
    digest: str | None = None
    """SHA-256 over the contents of all records found, where it was asked for."""
    records: list[dict[str, Any]]
    notes: list[str] = []
    """What the log is known to lack; ways into records at which nothing stood in those that were looked at."""


class MemoryStats(Shape):
    """Sum records up."""

    filter: Filter = ""
    column: Prose | None = None
    """The column of numbers that is summed up, or a way into records; ``eomm_score`` or ``latency_ms`` by itself."""
    seconds: Annotated[float, Field(ge=0.001)] | None = None
    """A time series in stretches of so many seconds."""
    threshold: float | None = None
    """Bursts above it."""
    min_length: Annotated[int, Field(ge=1)] = 3
    """Records of a burst at least."""
    max_gap: Annotated[float, Field(ge=0)] = 2.0
    """Seconds between two records of a burst at most."""
    limit: Limit = 100
    """Sessions, stretches and bursts that are given at most."""


class MemorySummed(Shape):
    """What the records come to."""

    workers: list[dict[str, Any]]
    """Each worker's log in numbers, whatever the filter; ``chain`` is worth noting (``memory_verify``)."""
    filter: str
    count: int
    statistics: dict[str, Any] | None
    """Of the column; nothing where no record has it."""
    composite_gap: float | None
    """How far ``eomm_score``, when that is summed up, is at most from the mean of its operators, by the settings'
    ``operator_weights``."""
    flags: dict[str, int]
    sessions: list[dict[str, Any]]
    """What each came to; mean and largest are of the column."""
    series: list[dict[str, Any]] | None = None
    bursts: list[dict[str, Any]] | None = None
    left_out: dict[str, int] = {}
    """How many more sessions, stretches (``series``) or bursts there are than the limit gives."""
    notes: list[str] = []
    """As of ``memory_query``."""


class MemoryVerify(Shape):
    """Verify the log."""

    heads: list[str] = []
    """Heads noted earlier, as WORKER:PULSE:CHAIN; they must still be part of the log."""


class MemoryVerified(Shape):
    """What a verification saw."""

    ok: bool
    records: int
    pulses: int
    segments: int
    bytes: int
    heads: list[str]
    """WORKER:PULSE:CHAIN of each worker: note them, and a later cut can be seen."""
    findings: list[dict[str, Any]]
    gaps: list[dict[str, Any]] = []
    """What was lost or taken out, and noted by a repair: known, and not proved."""
    proved: list[str] = []
    """The heads noted earlier that are part of the log."""
    notes: list[str]
    """What is no fault."""


class MemoryRepair(Shape):
    """Keep what is whole of a damaged log."""

    dry_run: bool = False
    """Only tell what would be done."""


class MemoryRepaired(Shape):
    """What was mended, or would be; nothing where nothing was damaged."""

    dry_run: bool = False
    mended: list[dict[str, Any]]


class MemoryCompress(Shape):
    """Store closed segments compressed."""

    dry_run: bool = False
    """Only tell which would be."""


class MemoryCompressed(Shape):
    """Segments that were compressed, or would be; the bytes of all before and after."""

    dry_run: bool = False
    files: list[str]
    bytes_before: int
    bytes_after: int
    stays: list[dict[str, Any]] = []
    """Segments that stay as they are, each with why."""


class MemoryExport(Shape):
    """Write records into a file."""

    output_path: Prose
    filter: Filter = ""
    format: Literal["ndjson", "parquet", "arrow"] | None = None
    """By itself what the file's ending says (.ndjson, .jsonl, .parquet, .arrow, .feather); NDJSON without an ending."""
    columns: Columns | None = None
    """Only these; ways into records for NDJSON alone. Whole records when left out."""
    limit: Annotated[int, Field(ge=0)] | None = None
    """Records at most; all when left out."""


class MemoryExported(Shape):
    """Where the records stand."""

    path: str
    records: int
    format: str
    notes: list[str] = []
    """As of ``memory_query``."""


class MemoryRetain(Shape):
    """Let go of what is old."""

    days: Annotated[float, Field(ge=0)] | None = None
    """Closed segments whose records are all older, by their own times; a worker's last segment always stays."""
    megabytes: Annotated[float, Field(ge=0)] | None = None
    """What all segments may have together; the oldest go first."""
    dry_run: bool = False
    """Only tell which would go."""


class MemoryRetained(Shape):
    """Segments that were removed, or would be."""

    dry_run: bool = False
    removed: list[dict[str, Any]]
    """Each with why."""
    stays: list[dict[str, Any]] = []
    """Each with why."""
    notes: list[str] = []
    """What the removal means for exhibits, and what a repair set aside."""
