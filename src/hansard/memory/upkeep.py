"""What is done to a log from outside: mending what was damaged, letting go of what is old, writing it out."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import msgspec

from hansard.kernel.errors import HansardError, extra_missing, invalid_field
from hansard.kernel.files import opened, replacing, unreadable
from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.locks import file_lock
from hansard.kernel.operations import Progress, no_progress
from hansard.memory import errors
from hansard.memory.compressed import library, packed
from hansard.memory.disk import Disk, Untouched
from hansard.memory.log import workers
from hansard.memory.notes import Gap, Retained, noted, notes_of
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
    last_numbers,
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
    why: str


class Stays(msgspec.Struct, frozen=True):
    """A segment that was left as it is."""

    worker: int
    file: str
    why: str


# -- repair ------------------------------------------------------------------------------------------------------------


def repair(memory: Path, *, disk: Disk | None = None) -> list[Mended]:
    """Keep what is whole. A damaged segment is copied aside first; nothing of it is ever lost.

    Pulses before a damage stay as they are. Those behind it go into a new segment under their numbers, as far as the
    dictionary they refer to can be known; since their chain leads through what was lost, the gap is noted, and
    ``verify`` tells it from then on. So is a gap that was found. A footer that does not fit its frames is written anew.

    Raises:
        HansardError: ``memory_owned`` while somebody writes; ``memory_unwritable``.
    """
    done: list[Mended] = []
    for worker, folder in workers(memory).items():
        with _owned(folder, worker, disk or Disk()) as owned:
            paths = segments(folder)
            mended: list[Mended] = []
            for place, path in enumerate(paths):
                following = int(paths[place + 1].stem) if place + 1 < len(paths) else None
                mended += _mend(owned, worker, path, following)
            done += [*mended, *_gaps_noted(owned, worker, folder, mended)]
    return done


@contextlib.contextmanager
def _owned(folder: Path, worker: int, disk: Disk) -> Iterator[Disk]:
    """Be the worker's only writer; gives a disk that takes no file's place once somebody else may be.

    Raises:
        HansardError: ``memory_owned``; ``memory_unwritable`` for what the disk refuses meanwhile.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(file_lock(folder / "owner", wait_seconds=0))
        except HansardError as fault:
            if fault.code != "lock_busy":
                raise
            raise errors.memory_owned(worker, here=fault.context == {"here": True}) from None
        try:
            yield _Owned(disk, folder / "owner", worker)
        except OSError as fault:
            raise errors.memory_unwritable(fault.strerror or "unknown reason", 0) from None


class _Owned(Disk):
    """A disk for as long as the lock has its name: before each step that replaces or removes it is looked at again."""

    def __init__(self, disk: Disk, owner: Path, worker: int) -> None:
        self._disk = disk
        self._owner = owner
        self._worker = worker
        self._file = owner.stat().st_ino
        self.create, self.close, self.write = disk.create, disk.close, disk.write  # type: ignore[method-assign]
        self.sync, self.sync_folder = disk.sync, disk.sync_folder  # type: ignore[method-assign]

    def _still(self) -> None:
        try:
            found = self._owner.stat().st_ino
        except FileNotFoundError:
            found = 0
        if found != self._file:
            raise errors.memory_owned(self._worker)

    def rename(self, path: Path, new: Path) -> None:
        self._still()
        self._disk.rename(path, new)

    def remove(self, path: Path) -> None:
        self._still()
        self._disk.remove(path)


def _gaps_noted(disk: Disk, worker: int, folder: Path, mended: list[Mended]) -> list[Mended]:
    """Note each gap between segments that is not noted yet; those that nobody was told of so far are told.

    What stands under other numbers or names another chain value is no gap, but for what a repair wrote: it begins
    behind a gap, under new headers, so the chain breaks once more where it ends.
    """
    known, _, _ = notes_of(folder)
    told: list[Mended] = []
    aside = {each.lost: each.kept_aside for each in mended if each.lost is not None}
    pulse, seq, chain, behind_gap = 1, 0, bytes(32), False
    paths = segments(folder)
    for number, path in enumerate(paths):
        following = int(paths[number + 1].stem) if number + 1 < len(paths) else None
        found = _numbers(path, following)
        if found is None:
            return told  # what is damaged still (as in a dry run) tells no gap
        head, after = found
        missing = (
            head.first_pulse > pulse
            and head.first_seq >= seq
            and (number > 0 or (pulse, head.first_pulse - 1) in aside)
        )
        renamed = behind_gap and (head.first_pulse, head.first_seq) == (pulse, seq) and head.before != chain
        if missing or renamed:
            lost = (pulse, head.first_pulse - 1) if missing else None
            gap = Gap(
                time.time(), pulse - 1, chain.hex(), head.first_pulse, head.before.hex(), head.first_seq - seq,
                path.name, aside.get(lost) if lost else None,
            )  # fmt: skip
            if gap.place not in known:
                noted(disk, folder, gap)
                if lost and lost not in aside:
                    action = f"{gap.records:,} records before it are not there; the gap was noted"
                    told.append(Mended(worker, path.name, action, None, lost))
        behind_gap = missing
        pulse, seq, chain = after
    return told


def _numbers(path: Path, following: int | None) -> tuple[SegmentHead, tuple[int, int, bytes]] | None:
    """A segment's header; the pulse and seq that follow it, and its chain value. ``None`` where it is not whole."""
    with Handle(path, holes=True) as handle:
        head = read_head(handle)
        if head is None:
            return None
        directory = read_footer(handle, head.salt)
        if directory is not None and directory.rows:
            with contextlib.suppress(HansardError):
                pulse, seq = last_numbers(handle, directory)
                return head, (pulse + 1, seq, directory.chain)
        walk = Walk(handle, head, following)
        if walk.witness is not None or (walk.torn is not None and following is not None):
            return None
        return head, (walk.pulse_id, walk.seq, walk.chain)


def _mend(disk: Disk, worker: int, path: Path, following: int | None) -> list[Mended]:
    with Handle(path, holes=True) as handle:
        head = read_head(handle)
        if head is None:
            if following is None and not Walk.anything(handle):
                return []  # begun and empty: the next writer sees to it
            name = _copied(disk, handle, 0)
            disk.remove(path)
            disk.sync_folder(path.parent)
            last = None if following is None else (int(path.stem), following - 1)
            return [Mended(worker, path.name, "the segment has no header and was taken out", name, last)]
        walk = Walk(handle, head, following)
        directory = read_footer(handle, head.salt)
        damaged = walk.witness is not None or (walk.torn is not None and (following is not None or bool(walk.later)))
        if directory is not None and directory.frames_end != walk.end:
            damaged = True
        if not damaged:
            return _footer_mended(disk, worker, handle, walk, head, directory)
        name = _copied(disk, handle, walk.end)
        runs = _runs(handle, walk, head, following)
        lost: list[tuple[int, int]] = []
        saved, pulse, chain = 0, walk.pulse_id, walk.chain
        for run, values in zip(runs, _dictionaries(handle, walk, runs, directory), strict=False):
            chain = _write_behind(disk, path.parent, head, chain, handle, run, values)
            lost.append((pulse, run[0].pulse_id - 1))
            saved, pulse = saved + len(run), run[-1].pulse_id + 1
        until = (following or _last_pulse(handle, directory, runs, walk) + 1) - 1
        if until >= pulse:
            lost.append((pulse, until))
        rewritten(disk, handle, walk.end, footer(walk.kept, walk.packed, walk.end, walk.chain, head.salt))
        action = f"cut at byte {walk.end}" + (f"; {saved} pulses behind it kept in new segments" if saved else "")
        first = Mended(worker, path.name, action, name, lost[0] if lost else None)
        return [first, *(Mended(worker, path.name, "damaged there, too", name, each) for each in lost[1:])]


def _runs(handle: Handle, walk: Walk, head: SegmentHead, following: int | None) -> list[list[Head]]:
    """Whole frames behind a damage; those that follow each other without a gap stand together."""
    runs: list[list[Head]] = []
    pulse, seq, position = walk.pulse_id, walk.seq, walk.end
    for each in whole_frames(handle, walk.end + 8, head.salt):
        if each.pulse_id < pulse or each.seq < seq or each.position < position or not each.records:
            continue  # of what stands before it, or inside it
        if following is not None and each.pulse_id >= following:
            break  # superseded
        if runs and (each.pulse_id, each.seq, each.position) == (pulse, seq, position):
            runs[-1].append(each)
        elif each.pulse_id > pulse:
            runs.append([each])
        else:
            continue
        pulse, seq, position = each.pulse_id + 1, each.seq + each.records, each.position + each.length
    return runs


def _last_pulse(handle: Handle, directory: Directory | None, runs: list[list[Head]], walk: Walk) -> int:
    if directory is not None:
        with contextlib.suppress(HansardError):
            return max(int(array_of(handle, each)[-1]) for each in directory.arrays if each.name == "#pulse")
    return runs[-1][-1].pulse_id if runs else walk.pulse_id


def _footer_mended(
    disk: Disk, worker: int, handle: Handle, walk: Walk, head: SegmentHead, directory: Directory | None
) -> list[Mended]:
    """A footer that is there must be the one that the frames give; what is none was torn, or a pulse's bytes."""
    size = handle.size()
    stored = handle.read(walk.end, size - walk.end)
    if directory is None and not stored.strip(b"\0"):
        return []
    derived = footer(walk.kept, walk.packed, walk.end, walk.chain, head.salt)
    if stored == derived:
        return []
    name = None if directory is not None else _copied(disk, handle, walk.end, torn=True)
    rewritten(disk, handle, walk.end, derived)
    return [Mended(worker, handle.name, "its footer was derived again", name)]


def _copied(disk: Disk, handle: Handle, end: int, *, torn: bool = False) -> str:
    """Keep a file as it is beside it; ``torn``: only what stands behind ``end``, as a writer keeps it."""
    name = f"{handle.name}.torn-{end}" if torn else f"{handle.name}.damaged-{end}-{time.time_ns()}"
    path = handle.path.with_name(name)
    if path.exists():
        disk.remove(path)
    start, read = (end, handle.read) if torn else (0, handle.stored)
    copy = disk.create(path)
    try:
        position = start
        while data := read(position, READ):
            disk.write(copy, [data], position - start)
            position += len(data)
        disk.sync(copy)
    finally:
        disk.close(copy)
    disk.sync_folder(handle.path.parent)
    return name


def _dictionaries(
    handle: Handle, walk: Walk, runs: list[list[Head]], directory: Directory | None
) -> Iterator[list[bytes]]:
    """The dictionary as each run takes it as known, as far as that can be told for certain."""
    known = None
    for array in directory.arrays if directory is not None else ():
        if array.name == "#values":
            with contextlib.suppress(HansardError, msgspec.DecodeError):
                known = [bytes(value) for value in _raws(array_of(handle, array).tobytes())]
    if known is None:  # without a footer: what was lost must say itself that it brought nothing
        known, position = list(walk.packed), walk.end
        for run in runs:
            if not _brought_nothing(handle, position, run[0].position):
                return
            yield list(known)
            known += (bytes(value) for each in run for value in _new_values(handle, each))
            position = run[-1].position + run[-1].length
        return
    places = {value: place for place, value in enumerate(known)}
    for run in runs:
        brought = [bytes(value) for each in run for value in _new_values(handle, each)]
        # each value stands there once, so that tells the place; who brings nothing may know more than is referred to
        place = places.get(brought[0], len(known)) if brought else len(known)
        if known[place : place + len(brought)] != brought:
            return
        yield known[:place]


def _brought_nothing(handle: Handle, position: int, until: int) -> bool:
    while position < until:
        found = head_at(handle.read(position, HEADER_LENGTH), 0, position)
        if not isinstance(found, Head) or found.values_length:
            return False
        position += found.length
    return position == until


def _new_values(handle: Handle, head: Head) -> list[msgspec.Raw]:
    start, end = head.values
    return _raws(handle.read(head.position + start, end - start)) if end > start else []


def _write_behind(
    disk: Disk, folder: Path, head: SegmentHead, chain: bytes, handle: Handle, behind: list[Head], values: list[bytes]
) -> bytes:
    """A new segment for the pulses behind a damage: their bodies as they are, a header that fits the new place.

    Answers its last chain value.
    """
    first = behind[0]
    made = SegmentHead(head.worker, secrets.token_bytes(8), first.pulse_id, first.seq, chain, time.time())
    path = folder / file_name(first.pulse_id)
    target = disk.create(path)
    dictionary = Dictionary(values)
    opening = Frame(first.pulse_id, first.seq, 0, dictionary)
    opening.values_sent = len(values)
    position = START
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
    if path.exists():  # not in a dry run
        with Handle(path) as written:
            walk = Walk(written, made, behind[-1].pulse_id + 1)
            rewritten(disk, written, walk.end, footer(walk.kept, walk.packed, walk.end, walk.chain, made.salt))
    return chain


# -- retention ---------------------------------------------------------------------------------------------------------


def retain(
    memory: Path, *, days: float | None = None, megabytes: float | None = None, now: float, disk: Disk | None = None
) -> tuple[list[LetGo], list[Stays]]:
    """Remove the oldest closed segments: those whose last record is too old, and more until the rest is small enough.

    A worker's last segment always stays, since numbers go on from it. The chain of what stays is not broken: its first
    segment notes the chain value before it. What goes is noted first.

    Args:
        memory: the memory's folder.
        days: records older than this may go, counted from ``now``.
        megabytes: what all segments together may have (10^6 bytes).
        now: seconds since 1970.
        disk: what removes.

    Returns:
        What was removed, and why each of the others stays.

    Raises:
        HansardError: ``memory_owned`` while somebody writes or compresses; ``memory_unwritable``, and what opening a
            segment raises.
    """
    with contextlib.ExitStack() as held:  # a compression that goes on would put a removed segment back
        disks = {
            worker: held.enter_context(_owned(folder, worker, disk or Disk()))
            for worker, folder in workers(memory).items()
        }
        return _let_go(memory, days, megabytes, now, disks)


class _Aged(msgspec.Struct, frozen=True):
    worker: int
    path: Path
    size: int
    last: float | None
    """Time of its last record; nothing where it has no footer."""
    following: SegmentHead | None


def _let_go(
    memory: Path, days: float | None, megabytes: float | None, now: float, disks: dict[int, Disk]
) -> tuple[list[LetGo], list[Stays]]:
    found = [each for worker, folder in workers(memory).items() for each in _aged(worker, segments(folder))]
    total = sum(each.size for each in found)
    gone: list[LetGo] = []
    stays: list[Stays] = []
    kept: set[int] = set()
    for each in sorted(found, key=lambda each: (int(each.path.stem), each.worker)):
        old = days is not None and each.last is not None and each.last < now - days * 86400
        large = megabytes is not None and total > megabytes * 1e6
        if each.worker in kept:
            why = "one before it stays"  # only from the beginning: a gap would be a loss
        elif each.following is None:
            why = "the last of its worker always stays"
        elif each.last is None:
            why = "it was not closed, or its footer is damaged"
        elif not (old or large):
            limits = [f"no older than {days:g} days"] if days is not None else []
            limits += [f"all together have no more than {megabytes:g} MB"] if megabytes is not None else []
            why = ", and ".join(limits) or "nothing says that it should go"
        else:
            why = f"older than {days:g} days" if old else f"all together have more than {megabytes:g} MB"
            head, disk = each.following, disks[each.worker]
            pulse, seq, chain = head.first_pulse - 1, head.first_seq - 1, head.before.hex()
            noted(disk, each.path.parent, Retained(now, why, each.path.name, each.size, pulse, seq, chain))
            disk.remove(each.path)
            disk.sync_folder(each.path.parent)
            total -= each.size
            gone.append(LetGo(each.worker, each.path.name, each.size, each.last, why))
            continue
        kept.add(each.worker)
        stays.append(Stays(each.worker, each.path.name, why))
    return gone, stays


def _aged(worker: int, paths: list[Path]) -> Iterator[_Aged]:
    following: SegmentHead | None = None
    for path in reversed(paths):
        with Handle(path) as handle:
            head = read_head(handle)
            directory = None if head is None else read_footer(handle, head.salt)
            times = [a for a in directory.arrays if a.name == "#last" and a.rows] if directory is not None else []
            last = float(array_of(handle, times[0]).max()) if times else None
            yield _Aged(worker, path, handle.stored_size(), last, following)
            following = head


# -- less room ---------------------------------------------------------------------------------------------------------


def compress(
    memory: Path, *, disk: Disk | None = None, progress: Progress = no_progress
) -> tuple[list[Mended], list[Stays]]:
    """Store closed segments compressed (a quarter of their bytes); they read, verify and recover as before.

    Each is read back and compared before it takes the place of the plain one. Readers that have the old file open keep
    it. Answers what was compressed, and why each of the others stays as it is.

    Raises:
        HansardError: ``memory_owned`` while somebody writes; ``memory_unwritable``, ``memory_unreadable``,
            ``memory_corrupt``; ``extra_missing`` when zstandard is not installed.
    """
    try:
        library()
    except ImportError:
        raise extra_missing("zstd", "A compressed segment") from None
    dry = isinstance(disk, Untouched)
    done: list[Mended] = []
    stays: list[Stays] = []
    for worker, folder in workers(memory).items():
        with _owned(folder, worker, disk or Disk()) as owned:
            paths = segments(folder)
            for number, path in enumerate(paths, 1):
                with Handle(path) as handle:
                    head = None if handle.compressed else read_head(handle)
                    if handle.compressed:
                        stays.append(Stays(worker, path.name, "it is compressed already"))
                    elif head is None or read_footer(handle, head.salt) is None:
                        why = "it was not closed" if number == len(paths) else "it was not closed, or is damaged"
                        stays.append(Stays(worker, path.name, why))
                    else:
                        if not dry:
                            _compressed(owned, handle)
                        done.append(Mended(worker, path.name, "it was compressed", None))
                progress(number, len(paths), "compressing")
    return done, stays


def _compressed(disk: Disk, handle: Handle) -> None:
    temporary = handle.path.with_name(f"{handle.path.name}.part")
    if temporary.exists():
        disk.remove(temporary)
    copy, position, size = disk.create(temporary), 0, handle.size()
    try:
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
    except BaseException:
        with contextlib.suppress(OSError, HansardError):
            disk.remove(temporary)
        raise
    disk.sync_folder(handle.path.parent)


# -- writing out and reading in ----------------------------------------------------------------------------------------


ENDINGS: Final[dict[str, Format]] = {
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow",
}  # fmt: skip
"""What a file holds by its ending."""


def form_of(path: Path, asked: Format | None = None) -> Format:
    """The form of a file: the one that is asked for, else what its ending says, else NDJSON.

    Raises:
        HansardError: ``invalid_field`` where the ending says another one than is asked for.
    """
    told = ENDINGS.get(path.suffix.lower())
    if asked is not None and told is not None and told != asked:
        raise invalid_field(
            "format", asked, f"is not what '{path.name}' says by its ending", suggestion=f"Leave it out for {told}"
        )
    return asked or told or "ndjson"


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
        if len(line) > LINE_BYTES:
            yield number, errors.line_refused(line, f"has more than {LINE_BYTES:,} bytes")
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LINE_BYTES)
        elif line.strip():
            yield number, _window(line)


def _window(line: bytes) -> Any:
    try:
        return json_value(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return errors.line_refused(line, "is no UTF-8")
    except NotJsonError as fault:
        return errors.line_refused(line, f"cannot be read as JSON: {fault.why}")
