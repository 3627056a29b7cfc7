"""A copy of a memory, made while others may go on writing: a prefix of each worker's log, verified as a copy."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from hansard.kernel.errors import HansardError
from hansard.kernel.files import opened
from hansard.kernel.operations import Progress, no_progress
from hansard.memory.log import worker_folder, workers
from hansard.memory.notes import NAME
from hansard.memory.segment import READ, Handle, Walk, read_head, segments, stored_footer
from hansard.memory.verify import Verified, verify


def copy(memory: Path, target: Path, *, progress: Progress = no_progress) -> Verified:
    """Copy a memory into a folder, and verify what stands there.

    A closed segment does not change, so its file is copied as it is. Of one that is being written, the frames that are
    whole are copied. Whatever was confirmed before the copying began is in the copy.

    Args:
        memory: the memory's folder; no lock is taken.
        target: a folder that is made.
        progress: told after each segment.

    Raises:
        HansardError: ``memory_unreadable``, ``memory_foreign``, ``memory_newer``.
        OSError: the copy cannot be written.
    """
    target.mkdir(mode=memory.stat().st_mode & 0o777)
    folders = workers(memory)
    # from the end: retention takes segments from the beginning, and what it takes meanwhile leaves no gap
    todo = [(worker, path) for worker, folder in folders.items() for path in reversed(segments(folder))]
    last: set[int] = set()
    for number, (worker, path) in enumerate(todo, 1):
        place = worker_folder(target, worker)
        place.mkdir(exist_ok=True)
        _segment(path, place / path.name, last=worker not in last)
        last.add(worker)
        progress(number, len(todo), "copying the memory")
    for worker, folder in folders.items():
        kept = [folder / NAME, *folder.glob("*.seg.torn-*"), *folder.glob("*.seg.damaged-*")]
        for path in kept:
            if path.is_file() and not path.is_symlink():
                worker_folder(target, worker).mkdir(exist_ok=True)
                with opened(path) as file, (worker_folder(target, worker) / path.name).open("xb") as written:
                    shutil.copyfileobj(file, written)
    return verify(target, progress=progress)


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
            for start in range(0, end, READ):
                copy.write(handle.stored(start, min(READ, end - start)))
    shutil.copymode(path, target)
