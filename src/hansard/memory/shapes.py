"""What the memory's operations take and give."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hansard.kernel.shapes import JsonObject, Prose, Shape

Source = Literal["truevision_window", "model_call"]
Filter = Annotated[str, Field(max_length=20_000)]


class MemoryAppend(Shape):
    """Keep windows or model calls."""

    windows: Annotated[list[JsonObject], Field(max_length=10_000)]
    """As their source sends them; a bad one is refused with every fault, and the others are kept."""
    source: Source = "truevision_window"
    worker: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Whom to append as: one process at a time for each."""


class MemoryIngest(Shape):
    """Keep the windows or model calls of a file."""

    path: Prose
    """NDJSON: one window a line."""
    source: Source = "truevision_window"
    worker: Annotated[int, Field(ge=0, lt=2**32)] = 0


class MemoryGenerate(Shape):
    """Keep windows that are generated."""

    count: Annotated[int, Field(ge=0, le=100_000_000)]
    seed: int = 0
    """The same seed gives the same windows."""
    worker: Annotated[int, Field(ge=0, lt=2**32)] = 0


class WindowRefused(Shape):
    """A window that was not kept."""

    number: int
    """Counted from 0."""
    faults: list[dict[str, Any]]


class MemoryIngested(Shape):
    """What became of the windows; what was taken is on the disk."""

    taken: int
    refused: int
    durable_upto: int
    """The last pulse that is on the disk."""
    refusals: list[WindowRefused]
    """The first hundred."""


class MemoryQuery(Shape):
    """Find records."""

    filter: Filter = ""
    """Such as ``success == false and eomm_score > 0.9 and map_name == "Rust"`` (docs/memory.md); all when left out."""
    limit: Annotated[int, Field(ge=0, le=1000)] = 20
    """Records that are given at most; the count is of all."""
    columns: list[Prose] | None = None
    """Only these columns of each record; whole records when left out."""


class MemoryFound(Shape):
    """Records that a filter found, the earliest first."""

    filter: str
    count: int
    records: list[dict[str, Any]]


class MemoryStats(Shape):
    """Sum records up."""

    filter: Filter = ""
    column: Prose = "eomm_score"
    """The column of numbers that is summed up."""
    seconds: Annotated[float, Field(gt=0)] | None = None
    """A time series in stretches of so many seconds."""
    threshold: float | None = None
    """Bursts above it."""
    min_length: Annotated[int, Field(ge=1)] = 3
    """Records of a burst at least."""
    max_gap: Annotated[float, Field(ge=0)] = 2.0
    """Seconds between two records of a burst at most."""


class MemorySummed(Shape):
    """What the records come to."""

    workers: list[dict[str, Any]]
    """Each worker's log in numbers, whatever the filter; ``chain`` is worth noting (``memory_verify``)."""
    filter: str
    count: int
    statistics: dict[str, Any] | None
    """Of the column; nothing where no record has it."""
    composite_gap: float | None
    """How far ``eomm_score`` is at most from the mean of its operators, by the settings' ``operator_weights``."""
    flags: dict[str, int]
    sessions: list[dict[str, Any]]
    """The first hundred."""
    series: list[dict[str, Any]] | None = None
    bursts: list[dict[str, Any]] | None = None


class MemoryVerify(Shape):
    """Verify the log."""

    heads: list[Annotated[str, Field(pattern=r"^\d+:\d+:[0-9a-f]{64}$")]] = []
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
    notes: list[str]
    """What is no fault."""


class MemoryRepair(Shape):
    """Keep what is whole of a damaged log."""


class MemoryRepaired(Shape):
    """What was mended; nothing where nothing was damaged."""

    mended: list[dict[str, Any]]


class MemoryExport(Shape):
    """Write records into a file."""

    output_path: Prose
    filter: Filter = ""
    format: Literal["ndjson", "parquet", "arrow"] = "ndjson"


class MemoryExported(Shape):
    """Where the records stand."""

    path: str
    records: int


class MemoryRetain(Shape):
    """Let go of what is old."""

    days: Annotated[float, Field(ge=0)] | None = None
    """Closed segments whose last record is older."""
    megabytes: Annotated[float, Field(ge=0)] | None = None
    """What all segments may have together; the oldest go first."""


class MemoryRetained(Shape):
    """Segments that were removed."""

    removed: list[dict[str, Any]]
