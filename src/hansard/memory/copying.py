"""A copy of a memory, made while others may go on writing: a prefix of each worker's log, verified as a copy."""

from __future__ import annotations

import contextlib
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from hansard.kernel.errors import HansardError
from hansard.kernel.files import is_there, opened, read_bytes
from hansard.kernel.operations import Progress, no_progress
from hansard.memory.log import worker_folder, workers
from hansard.memory.notes import NAME
from hansard.memory.segment import Handle, Walk, kept_aside, pieces, read_head, segments, stored_footer
from hansard.memory.verify import Verified, WorkerHead, verify

HEADS: Final = "heads.json"
"""In a backup's memory: where each worker's log ended, so that one without its end is found."""


def copy(
    memory: Path,
    target: Path,
    left_out: list[str],
    *,
    noted: Iterable[WorkerHead] = (),
    progress: Progress = no_progress,
) -> Verified:
    """Copy a memory into a folder, and verify what stands there.

    A closed segment does not change, so its file is copied as it is. Of one that is being written, the frames that are
    whole are copied. Whatever was confirmed before the copying began is in the copy.

    Args:
        memory: the memory's folder; no lock is taken.
        target: a folder that is made.
        left_out: takes the names of what was not copied: links, which are not followed, and what is no file.
        noted: heads that must be part of the copy.
        progress: told after each segment.

    Raises:
        HansardError: ``memory_unreadable``, ``memory_foreign``, ``memory_newer``.
        OSError: the copy cannot be written.
    """
    target.mkdir(mode=memory.stat().st_mode & 0o777)
    links = [path for path in memory.iterdir() if path.is_symlink() and path not in workers(memory).values()]
    left_out += [f"{memory.name}/{path.name}" for path in links]
    folders = {worker: folder for worker, folder in workers(memory).items() if _own(folder, left_out, stat.S_ISDIR)}
    # from the end: retention takes segments from the beginning, and what it takes meanwhile leaves no gap
    todo = [(worker, path) for worker, folder in folders.items() for path in reversed(segments(folder))]
    begun: set[int] = set()
    for number, (worker, path) in enumerate(todo, 1):
        if not _own(path, left_out):
            continue
        place = worker_folder(target, worker)
        place.mkdir(exist_ok=True)
        _segment(path, place / path.name, last=worker not in begun)
        begun.add(worker)
        progress(number, len(todo), "copying the memory")
    for worker, folder in folders.items():
        place = worker_folder(target, worker)
        for path in (folder / NAME, *kept_aside(folder)):
            if _own(path, left_out):
                place.mkdir(exist_ok=True)
                with opened(path) as file, (place / path.name).open("xb") as written:
                    shutil.copyfileobj(file, written)
    return verify(target, noted=[(each.worker, each.pulse_id, each.chain) for each in noted], progress=progress)


def heads_of(backup: Path) -> list[WorkerHead]:
    """What a backup's memory says where its logs ended; nothing where it does not.

    Raises:
        HansardError: ``file_unreadable``, ``file_too_large``.
        msgspec.DecodeError: it says something else.
    """
    if not is_there(backup / HEADS):
        return []
    return msgspec.json.decode(read_bytes(backup / HEADS), type=list[WorkerHead])


def heads_kept(backup: Path, heads: list[WorkerHead]) -> None:
    """Write that. Raises ``OSError``."""
    (backup / HEADS).write_bytes(msgspec.json.encode(heads))


def _own(path: Path, left_out: list[str], is_kind: Callable[[int], bool] = stat.S_ISREG) -> bool:
    """Whether a file (or a folder) stands here itself, and is no link to somewhere, nor anything else."""
    try:
        own = is_kind(path.lstat().st_mode)
    except FileNotFoundError:
        return False  # there is none, or none any more
    if not own:
        left_out.append(f"{path.parent.name}/{path.name}")
    return own


def _segment(path: Path, target: Path, *, last: bool) -> None:
    """Copy one segment; one that was removed meanwhile is left out."""
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(Handle(path))
        except HansardError:
            if path.exists():
                raise
            return
        end = handle.stored_size()
        if last and not handle.compressed:
            head = read_head(handle)
            if head is None and not Walk.anything(handle):
                return  # begun, and nothing of it was confirmed
            if head is not None and stored_footer(handle, head.salt) is None:
                walk = Walk(handle, head)
                # what is torn is being written, or never was whole; what is damaged is copied as it is
                end = walk.end if walk.witness is None else end
        with target.open("xb") as copy:
            copy.writelines(pieces(handle.stored, 0, end))
    shutil.copymode(path, target)
