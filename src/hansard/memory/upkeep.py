"""What is done to a log from outside: mending what was damaged, letting go of what is old, writing it out."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import msgspec

from hansard.kernel.errors import HansardError, extra_missing, invalid_field
from hansard.kernel.files import opened, replacing, unreadable
from hansard.kernel.locks import file_lock
from hansard.kernel.operations import Progress, no_progress
from hansard.memory import errors
from hansard.memory.compressed import library, packed
from hansard.memory.disk import Disk
from hansard.memory.log import workers
from hansard.memory.pulse import HEADER_LENGTH, Dictionary, Frame, Head, head_at, seeded
from hansard.memory.record import ForgeRecord
from hansard.memory.segment import (
    READ,
    START,
    Directory,
    Handle,
    SegmentHead,
    Walk,
    array_of,
    file_name,
    footer,
    read_footer,
    read_head,
    rewritten,
    segments,
    whole_frames,
)

if TYPE_CHECKING:
    from hansard.memory.query import Query

Format = Literal["ndjson", "parquet", "arrow"]
LINE_BYTES: Final = 16 * 1024 * 1024
"""The longest line that is read as a window."""

_raws: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


class Mended(msgspec.Struct, frozen=True):
    """What a repair did to one segment."""

    worker: int
    file: str
    action: str
    kept_aside: str | None
    """The file with the bytes as they were."""
    lost: tuple[int, int] | None = None
    """The first and the last pulse that are not readable any more."""


class LetGo(msgspec.Struct, frozen=True):
    """A segment that was removed because it was old enough, or the log too large."""

    worker: int
    file: str
    bytes: int
    last_time: float | None


# -- repair ------------------------------------------------------------------------------------------------------------


def repair(memory: Path, *, disk: Disk | None = None) -> list[Mended]:
    """Keep what is whole. A damaged segment is copied aside first; nothing of it is ever lost.

    Pulses before a damage stay as they are. Those behind it go into a new segment under their numbers, as far as the
    dictionary they refer to can be known; since their chain leads through what was lost, ``verify`` tells the gap from
    then on. A footer that does not fit its frames is written anew.

    Raises:
        HansardError: ``memory_owned`` while somebody writes; ``memory_unwritable``.
    """
    disk = disk or Disk()
    done: list[Mended] = []
    for worker, folder in workers(memory).items():
        with _owned(folder, worker):
            paths = segments(folder)
            for place, path in enumerate(paths):
                following = int(paths[place + 1].stem) if place + 1 < len(paths) else None
                try:
                    mended = _mend(disk, worker, path, following)
                except OSError as fault:
                    raise errors.memory_unwritable(fault.strerror or "unknown reason", 0) from None
                if mended is not None:
                    done.append(mended)
    return done


@contextlib.contextmanager
def _owned(folder: Path, worker: int) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(file_lock(folder / "owner", wait_seconds=0))
        except HansardError as fault:
            raise errors.memory_owned(worker) if fault.code == "lock_busy" else fault from None
        yield


def _mend(disk: Disk, worker: int, path: Path, following: int | None) -> Mended | None:
    with Handle(path, holes=True) as handle:
        head = read_head(handle)
        if head is None:
            if following is None and not Walk.anything(handle):
                return None  # begun and empty: the next writer sees to it
            name = _copied(disk, handle, 0)
            disk.remove(path)
            disk.sync_folder(path.parent)
            last = None if following is None else (int(path.stem), following - 1)
            return Mended(worker, path.name, "the segment has no header and was taken out", name, last)
        walk = Walk(handle, head, following)
        directory = read_footer(handle, head.salt)
        damaged = walk.witness is not None or (walk.torn is not None and (following is not None or bool(walk.later)))
        if directory is not None and directory.frames_end != walk.end:
            damaged = True
        if not damaged:
            return _footer_mended(disk, worker, handle, walk, head, directory)
        name = _copied(disk, handle, walk.end)
        behind = [each for each in whole_frames(handle, walk.end + 8, head.salt) if each.pulse_id > walk.pulse_id]
        values = _values_before(handle, walk, behind, directory)
        if values is not None and behind:
            _write_behind(disk, path.parent, head, walk, handle, behind, values)
        rewritten(disk, handle, walk.end, footer(walk.kept, walk.packed, walk.end, walk.chain, head.salt))
        saved = [each.pulse_id for each in behind] if values is not None else []
        until = (saved[0] if saved else following or _last_pulse(handle, directory, behind, walk) + 1) - 1
        action = f"cut at byte {walk.end}" + (f"; {len(saved)} pulses behind it kept in a new segment" if saved else "")
        return Mended(worker, path.name, action, name, (walk.pulse_id, until) if until >= walk.pulse_id else None)


def _last_pulse(handle: Handle, directory: Directory | None, behind: list[Head], walk: Walk) -> int:
    if directory is not None:
        with contextlib.suppress(HansardError):
            return max(int(array_of(handle, each)[-1]) for each in directory.arrays if each.name == "#pulse")
    return max((each.pulse_id for each in behind), default=walk.pulse_id)


def _footer_mended(
    disk: Disk, worker: int, handle: Handle, walk: Walk, head: SegmentHead, directory: Directory | None
) -> Mended | None:
    """A footer that is there must be the one that the frames give."""
    size = handle.size()
    stored = handle.read(walk.end, size - walk.end)
    if directory is None and not stored.strip(b"\0"):
        return None
    derived = footer(walk.kept, walk.packed, walk.end, walk.chain, head.salt)
    if stored == derived:
        return None
    rewritten(disk, handle, walk.end, derived)
    return Mended(worker, handle.name, "its footer was derived again", None)


def _copied(disk: Disk, handle: Handle, end: int) -> str:
    name = f"{handle.name}.damaged-{end}-{time.time_ns()}"
    copy = disk.create(handle.path.with_name(name))
    try:
        position = 0
        while data := handle.stored(position, 1 << 20):
            disk.write(copy, [data], position)
            position += len(data)
        disk.sync(copy)
    finally:
        disk.close(copy)
    disk.sync_folder(handle.path.parent)
    return name


def _values_before(handle: Handle, walk: Walk, behind: list[Head], directory: Directory | None) -> list[bytes] | None:
    """The dictionary as the first frame behind the damage takes it as known, where that can be told for certain."""
    brought = sum(len(_new_values(handle, each)) for each in behind)
    if directory is not None:
        for array in directory.arrays:
            if array.name == "#values":
                with contextlib.suppress(HansardError, msgspec.DecodeError):
                    known = [bytes(value) for value in _raws(array_of(handle, array).tobytes())]
                    return known[: len(known) - brought]
    # without a footer: what was lost must be one frame whose header is whole and says that it brought nothing
    found = head_at(handle.read(walk.end, HEADER_LENGTH), 0, walk.end)
    alone = isinstance(found, Head) and behind and behind[0].position == walk.end + found.length
    return list(walk.packed) if alone and isinstance(found, Head) and found.values_length == 0 else None


def _new_values(handle: Handle, head: Head) -> list[msgspec.Raw]:
    start, end = head.values
    return _raws(handle.read(head.position + start, end - start)) if end > start else []


def _write_behind(
    disk: Disk, folder: Path, head: SegmentHead, walk: Walk, handle: Handle, behind: list[Head], values: list[bytes]
) -> None:
    """A new segment for the pulses behind a damage: their bodies as they are, a header that fits the new place."""
    first = behind[0]
    made = SegmentHead(head.worker, secrets.token_bytes(8), first.pulse_id, first.seq, walk.chain, time.time())
    path = folder / file_name(first.pulse_id)
    target = disk.create(path)
    dictionary = Dictionary(values)
    opening = Frame(first.pulse_id, first.seq, 0, dictionary)
    opening.values_sent = len(values)
    chain, position = walk.chain, START
    try:
        disk.write(target, [made.packed()], 0)
        frames = [seeded(opening)]
        for each in behind:
            frame = Frame(each.pulse_id, each.seq, each.records, dictionary)
            frame.smallest, frame.largest, frame.layout = each.smallest, each.largest, each.layout
            frame.blobs_length, frame.values_length = each.blobs_length, each.values_length
            frame.columns_length = each.columns_length
            frame.buffer += handle.read(each.position + HEADER_LENGTH, each.length - HEADER_LENGTH)
            frames.append(frame)
        for frame in frames:
            chain = frame.complete(made.salt, head.worker, first.pulse_id - 1, chain)
            disk.write(target, [frame.buffer], position)
            position += len(frame.buffer)
        disk.sync(target)
        disk.sync_folder(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.remove(path)
        raise
    finally:
        disk.close(target)


# -- retention ---------------------------------------------------------------------------------------------------------


def retain(
    memory: Path, *, days: float | None = None, megabytes: float | None = None, now: float, disk: Disk | None = None
) -> list[LetGo]:
    """Remove the oldest closed segments: those whose last record is too old, and more until the rest is small enough.

    A worker's last segment always stays, since numbers go on from it. The chain of what stays is not broken: its first
    segment notes the chain value before it.

    Args:
        memory: the memory's folder.
        days: records older than this may go, counted from ``now``.
        megabytes: what all segments together may have (10^6 bytes).
        now: seconds since 1970.
        disk: what removes.

    Raises:
        HansardError: ``memory_owned`` while somebody writes or compresses; ``memory_unwritable``, and what opening a
            segment raises.
    """
    with contextlib.ExitStack() as held:  # a compression that goes on would put a removed segment back
        for worker, folder in workers(memory).items():
            held.enter_context(_owned(folder, worker))
        return _let_go(memory, days, megabytes, now, disk or Disk())


def _let_go(memory: Path, days: float | None, megabytes: float | None, now: float, disk: Disk) -> list[LetGo]:
    aged: list[tuple[float, int, int, Path]] = []
    total = 0
    for worker, folder in workers(memory).items():
        paths = segments(folder)
        total += sum(path.stat().st_size for path in paths)
        for path in paths[:-1]:
            with Handle(path) as handle:
                head = read_head(handle)
                directory = None if head is None else read_footer(handle, head.salt)
                times = [a for a in directory.arrays if a.name == "#last"] if directory is not None else []
                if times:
                    aged.append((float(array_of(handle, times[0]).max()), worker, handle.stored_size(), path))
    gone: list[LetGo] = []
    kept: set[int] = set()
    for last, worker, size, path in sorted(aged, key=lambda each: (int(each[3].stem), each[0])):
        old = days is not None and last < now - days * 86400
        large = megabytes is not None and total > megabytes * 1e6
        if worker in kept or not (old or large):
            kept.add(worker)  # only from the beginning: a gap would be a loss
            continue
        try:
            disk.remove(path)
            disk.sync_folder(path.parent)
        except OSError as fault:
            raise errors.memory_unwritable(fault.strerror or "unknown reason", 0) from None
        total -= size
        gone.append(LetGo(worker, path.name, size, last))
    return gone


# -- less room ---------------------------------------------------------------------------------------------------------


def compress(memory: Path, *, disk: Disk | None = None, progress: Progress = no_progress) -> list[Mended]:
    """Store closed segments compressed (a quarter of their bytes); they read, verify and recover as before.

    Each is read back and compared before it takes the place of the plain one. Readers that have the old file open keep
    it.

    Raises:
        HansardError: ``memory_owned`` while somebody writes; ``memory_unwritable``, ``memory_unreadable``,
            ``memory_corrupt``; ``extra_missing`` when zstandard is not installed.
    """
    try:
        library()
    except ImportError:
        raise extra_missing("zstd", "A compressed segment") from None
    disk = disk or Disk()
    done: list[Mended] = []
    for worker, folder in workers(memory).items():
        with _owned(folder, worker):
            paths = segments(folder)
            for number, path in enumerate(paths, 1):
                with Handle(path) as handle:
                    head = None if handle.compressed else read_head(handle)
                    if head is not None and read_footer(handle, head.salt) is not None:
                        try:
                            _compressed(disk, handle)
                        except OSError as fault:
                            raise errors.memory_unwritable(fault.strerror or "unknown reason", 0) from None
                        done.append(Mended(worker, path.name, "it was compressed", None))
                progress(number, len(paths), "compressing")
    return done


def _compressed(disk: Disk, handle: Handle) -> None:
    temporary = handle.path.with_name(f"{handle.path.name}.part")
    if temporary.exists():
        disk.remove(temporary)
    copy, position, size = disk.create(temporary), 0, handle.size()
    try:
        for piece in packed(size, handle.read):
            disk.write(copy, [piece], position)
            position += len(piece)
        disk.sync(copy)
    finally:
        disk.close(copy)
    with Handle(temporary) as written:
        for start in range(0, size, READ):
            if written.read(start, READ) != handle.read(start, READ):
                raise errors.memory_corrupt(temporary.name, start, "the segment's bytes", "others")
    disk.rename(temporary, handle.path)
    disk.sync_folder(handle.path.parent)


# -- writing out and reading in ----------------------------------------------------------------------------------------


def export(query: Query, path: Path, form: Format, *, name: str | None = None, progress: Progress = no_progress) -> int:
    """Write the records of a query into a file, which is there whole or not at all; answers how many.

    Args:
        query: what to write.
        path: the file.
        form: ``ndjson`` (a record a line, as ``ForgeRecord`` names its fields), ``parquet`` or ``arrow`` (columns, and
            the three blobs as MessagePack).
        name: what errors call the file.
        progress: told now and then.

    Raises:
        HansardError: ``file_unwritable``, ``path_unusable``, ``memory_corrupt``; ``extra_missing`` when pyarrow, which
            the last two forms need, is not installed.
    """
    with replacing(path, name=name) as file:
        return _lines(query, file, progress) if form == "ndjson" else _tables(query, file, form, progress)


def _lines(query: Query, file: BinaryIO, progress: Progress) -> int:
    encode = msgspec.json.Encoder().encode
    count = 0
    for count, row in enumerate(query.rows(), 1):
        file.write(encode(ForgeRecord(*row)) + b"\n")
        if count % 10_000 == 0:
            progress(count, None, "writing records")
    return count


def _tables(query: Query, file: BinaryIO, form: Format, progress: Progress) -> int:
    """A segment at a time: no more is held at once."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise extra_missing("parquet", form.capitalize()) from None
    batches = query.batches(blobs=True)
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


def windows_of(path: Path, *, name: str | None = None) -> Iterator[tuple[int, Any]]:
    """Windows of an NDJSON file with the numbers of their lines, from 1; a line that is no JSON is the refusal it is.

    Raises:
        HansardError: ``file_not_found``, ``file_unreadable``.
    """
    try:
        with opened(path) as file:
            for number, line in enumerate(iter(partial(file.readline, LINE_BYTES + 1), b""), 1):
                if len(line) > LINE_BYTES:
                    yield number, _refused(number, line, f"has more than {LINE_BYTES:,} bytes")
                    rest = line
                    while rest and not rest.endswith(b"\n"):
                        rest = file.readline(LINE_BYTES)
                elif line.strip():
                    yield number, _window(number, line)
    except (OSError, ValueError) as fault:
        raise unreadable(name or path.name, fault) from None


def _window(number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return _refused(number, line, "is no JSON")


def _refused(number: int, line: bytes, why: str) -> HansardError:
    fault = invalid_field(f"line {number}", line[:80].decode(errors="replace"), why)
    return errors.window_refused([fault], number)
