"""What is done to a log from outside: mending what was damaged, letting go of what is old, storing it in less room."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from hansard.kernel.errors import HansardError, extra_missing
from hansard.kernel.locks import file_lock
from hansard.kernel.operations import Progress, no_progress
from hansard.memory import errors
from hansard.memory.compressed import library, packed
from hansard.memory.disk import Disk, Untouched, put_in_place
from hansard.memory.log import workers
from hansard.memory.notes import Gap, Retained, noted, notes_of
from hansard.memory.pulse import HEADER_LENGTH, Dictionary, Frame, Head, head_at, seeded
from hansard.memory.segment import (
    READ,
    START,
    Directory,
    Handle,
    SegmentHead,
    Walk,
    array_of,
    copied_aside,
    file_name,
    first_pulse,
    last_numbers,
    pieces,
    read_footer,
    read_head,
    rewritten,
    segments,
    torn_kept,
    whole_frames,
    with_stops,
)

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
    """Of its latest record, seconds since 1970."""
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
            mended: list[Mended] = []
            for path, following in with_stops(segments(folder)):
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
    known, removed, _ = notes_of(folder)
    let_go = {(each.pulse, each.chain) for each in removed}
    told: list[Mended] = []
    aside = {each.lost: each.kept_aside for each in mended if each.lost is not None}
    pulse, seq, chain, behind_gap = 1, 0, bytes(32), False
    for number, (path, following) in enumerate(with_stops(segments(folder))):
        found = _numbers(path, following)
        if found is None:
            return told  # what is damaged still (as in a dry run) tells no gap
        head, after = found
        missing = (
            head.first_pulse > pulse
            and head.first_seq >= seq
            and (number > 0 or (head.first_pulse - 1, head.before.hex()) not in let_go)
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
        if walk.damaged:
            return None
        return head, (walk.pulse_id, walk.seq, walk.chain)


def _mend(disk: Disk, worker: int, path: Path, following: int | None) -> list[Mended]:
    with Handle(path, holes=True) as handle:
        head = read_head(handle)
        if head is None:
            if following is None and not Walk.anything(handle):
                return []  # begun and empty: the next writer sees to it
            name = _whole_kept(disk, handle, 0)
            disk.remove(path)
            disk.sync_folder(path.parent)
            last = None if following is None else (first_pulse(path), following - 1)
            return [Mended(worker, path.name, "the segment has no header and was taken out", name, last)]
        walk = Walk(handle, head, following)
        directory = read_footer(handle, head.salt)
        behind = walk.torn is not None and bool(walk.later)
        other_end = directory is not None and directory.frames_end != walk.end
        if not (walk.damaged or behind or other_end):
            return _footer_mended(disk, worker, handle, walk, directory)
        name = _whole_kept(disk, handle, walk.end)
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
        rewritten(disk, handle, walk.end, walk.footer())
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


def _footer_mended(disk: Disk, worker: int, handle: Handle, walk: Walk, directory: Directory | None) -> list[Mended]:
    """A footer that is there must be the one that the frames give; what is none was torn, or a pulse's bytes."""
    size = handle.size()
    stored = handle.read(walk.end, size - walk.end)
    if directory is None and not stored.strip(b"\0"):
        return []
    derived = walk.footer()
    if stored == derived:
        return []
    name = None if directory is not None else torn_kept(disk, handle, walk.end)
    rewritten(disk, handle, walk.end, derived)
    return [Mended(worker, handle.name, "its footer was derived again", name)]


def _whole_kept(disk: Disk, handle: Handle, end: int) -> str:
    """Keep a file as it is beside it, before it is cut at ``end``; answers the copy's name."""
    return copied_aside(disk, handle, f"{handle.name}.damaged-{end}-{time.time_ns()}", pieces(handle.stored, 0))


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
            rewritten(disk, written, walk.end, walk.footer())
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
    for each in sorted(found, key=lambda each: (first_pulse(each.path), each.worker)):
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
) -> tuple[list[str], list[Stays]]:
    """Store closed segments compressed (a quarter of their bytes); they read, verify and recover as before.

    Each is read back and compared before it takes the place of the plain one. Readers that have the old file open keep
    it. Answers the names of those that were compressed, and why each of the others stays as it is.

    Raises:
        HansardError: ``memory_owned`` while somebody writes; ``memory_unwritable``, ``memory_unreadable``,
            ``memory_corrupt``; ``extra_missing`` when zstandard is not installed.
    """
    try:
        library()
    except ImportError:
        raise extra_missing("zstd", "A compressed segment") from None
    dry = isinstance(disk, Untouched)
    done: list[str] = []
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
                        done.append(path.name)
                progress(number, len(paths), "compressing")
    return done, stays


def _compressed(disk: Disk, handle: Handle) -> None:
    size = handle.size()

    def reads_as_before(path: Path) -> None:
        with Handle(path) as written:
            for start in range(0, size, READ):
                if written.read(start, READ) != handle.read(start, READ):
                    raise errors.memory_corrupt(path.name, start, "the segment's bytes", "others")

    put_in_place(disk, handle.path, packed(size, handle.read), reads_as_before)
