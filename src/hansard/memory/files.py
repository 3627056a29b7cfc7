"""Records into files, and windows out of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import msgspec

from hansard.kernel.errors import extra_missing, invalid_field
from hansard.kernel.files import opened, replacing, unreadable
from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.operations import Progress, no_progress
from hansard.memory import errors
from hansard.memory.record import ForgeRecord

if TYPE_CHECKING:
    from hansard.memory.query import Query

Format = Literal["ndjson", "parquet", "arrow"]

BEGINNINGS: Final = {
    b"\x1f\x8b": "is packed by gzip: unpack it first, as by 'gunzip -c', and read standard input",
    b"\x28\xb5\x2f\xfd": "is packed by zstd: unpack it first, as by 'zstd -dc', and read standard input",
    b"PK\x03\x04": "is a ZIP file: unpack it first",
    b"\xff\xfe": "is UTF-16: write it as UTF-8",
    b"\xfe\xff": "is UTF-16: write it as UTF-8",
}
"""What is no NDJSON by its first bytes, and what to do."""

WHOLE: Final = ("seq", "task_id", "success")
"""Names that whole records have in every form."""

LINE_BYTES: Final = 16 * 1024 * 1024
"""The longest line that is read as a window."""

ENDINGS: Final[dict[str, Format]] = {
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow",
}  # fmt: skip
"""What a file holds by its ending."""


def form_of(path: Path, asked: Format | None = None) -> Format:
    """The form of a file: the one that is asked for, else what its ending says; NDJSON where it has none.

    Raises:
        HansardError: ``invalid_field`` where the ending says another one than is asked for, or nothing that is known.
    """
    told = ENDINGS.get(path.suffix.lower())
    if asked is not None and told is not None and told != asked:
        raise invalid_field(
            "format", asked, f"is not what '{path.name}' says by its ending", suggestion=f"Leave it out for {told}"
        )
    if asked is None and told is None and path.suffix:
        remedy = f"Let it end in {', '.join(ENDINGS)}, or say which form it has"
        raise invalid_field("output_path", path.name, "has an ending that says no form", suggestion=remedy)
    return asked or told or "ndjson"


def is_export(path: Path, form: Format, columns: Sequence[str] = ()) -> bool:
    """Whether a file is empty, or holds records in this form with these columns, as an earlier export wrote them."""
    try:
        with opened(path) as file:
            if form == "ndjson":
                line = file.readline(LINE_BYTES)
                found = json_value(line.decode()) if line else dict.fromkeys(columns or WHOLE)
                names = list(found) if isinstance(found, dict) else []
            else:
                import pyarrow as pa
                from pyarrow import parquet

                names = (parquet.read_schema(file) if form == "parquet" else pa.ipc.open_file(file).schema).names
    except ImportError:
        return True  # nothing is written without it
    except (OSError, ValueError):
        return False
    return {*(columns or WHOLE)} <= {*names}


def export(
    query: Query,
    path: Path,
    form: Format | None = None,
    *,
    columns: Sequence[str] = (),
    limit: int | None = None,
    name: str | None = None,
    progress: Progress = no_progress,
) -> int:
    """Write the records of a query into a file, which is there whole or not at all; answers how many.

    Args:
        query: what to write.
        path: the file.
        form: ``ndjson`` (a record a line, as ``ForgeRecord`` names its fields), ``parquet`` or ``arrow`` (columns, and
            the three blobs as MessagePack); by itself as ``form_of`` says.
        columns: only these; ways into records for ``ndjson`` alone.
        limit: records at most.
        name: what errors call the file.
        progress: told now and then.

    Raises:
        HansardError: ``file_unwritable``, ``path_unusable``, ``memory_corrupt``, ``column_unknown``, ``invalid_field``;
            ``extra_missing`` when pyarrow, which the last two forms need, is not installed.
    """
    form = form_of(path, form)
    with replacing(path, name=name) as file:
        if form == "ndjson":
            return _lines(query, file, columns, limit, progress)
        return _tables(query, file, form, columns, limit, progress)


def _lines(query: Query, file: BinaryIO, columns: Sequence[str], limit: int | None, progress: Progress) -> int:
    encode = msgspec.json.Encoder().encode
    count = 0
    made: Iterable[object] = starmap(ForgeRecord, query.rows())
    if columns:
        made = (dict(zip(columns, row, strict=True)) for row in query.picked(*columns))
    for count, record in enumerate(islice(made, limit), 1):
        file.write(encode(record) + b"\n")
        if count % 10_000 == 0:
            progress(count, None, "writing records")
    return count


def _tables(
    query: Query, file: BinaryIO, form: Format, columns: Sequence[str], limit: int | None, progress: Progress
) -> int:
    """A segment at a time: no more is held at once."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise extra_missing("parquet", form.capitalize()) from None
    batches = query.batches(*columns, blobs=not columns, limit=limit)
    count = 0
    with (
        parquet.ParquetWriter(file, batches.schema, compression="zstd")
        if form == "parquet"
        else pa.ipc.new_file(file, batches.schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True))
    ) as writer:
        for batch in batches:
            writer.write_batch(batch)
            count += batch.num_rows
            progress(count, None, "writing records")
    return count


def windows_of(given: Path | BinaryIO, *, name: str) -> Iterator[tuple[int, Any]]:
    """Windows of NDJSON with the numbers of their lines, from 1; a line that is no JSON is the refusal it is.

    Args:
        given: a regular file, or whatever is open already.
        name: what errors call it.

    Raises:
        HansardError: ``file_not_found``, ``file_unreadable``.
    """
    try:
        with opened(given) if isinstance(given, Path) else contextlib.nullcontext(given) as file:
            yield from _windows(file)
    except (OSError, ValueError) as fault:
        raise unreadable(name, fault) from None


def _windows(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(iter(partial(file.readline, LINE_BYTES + 1), b""), 1):
        if number == 1 and (told := next((why for each, why in BEGINNINGS.items() if line.startswith(each)), None)):
            yield number, errors.line_refused(line, f"begins what {told}")
            return  # no line of it is one
        if len(line) > LINE_BYTES:
            yield number, errors.line_refused(line, f"has more than {LINE_BYTES:,} bytes")
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LINE_BYTES)
        elif line.strip():
            yield number, _window(line)


def _window(line: bytes) -> Any:
    if line.strip() in (b"{", b"["):
        return errors.line_refused(line, "goes on in the next one: write one object a line, and no array around them")
    try:
        window = json_value(line.decode("utf-8-sig"))
        if isinstance(window, list):
            return errors.line_refused(line, "is an array: write one object a line")
        return window
    except UnicodeDecodeError:
        return errors.line_refused(line, "is no UTF-8")
    except NotJsonError as fault:
        return errors.line_refused(line, f"cannot be read as JSON: {fault.why}")
