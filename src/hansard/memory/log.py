"""The reading side: the segments of all workers, as they stand now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hansard.kernel.errors import HansardError
from hansard.memory import errors
from hansard.memory.segment import START, Handle, SegmentHead, Walk, first_pulse, read_head, segments, with_stops
from hansard.memory.view import View

WORKER: Final = re.compile(r"worker-([0-9]{3,10})\Z")


def worker_folder(memory: Path, worker: int) -> Path:
    """Where a worker's segments are."""
    return memory / f"worker-{worker:03d}"


def workers(memory: Path) -> dict[int, Path]:
    """The workers that have a folder here, by number.

    Raises:
        HansardError: ``memory_foreign`` for a folder whose number has another spelling; ``memory_unreadable``.
    """
    if not memory.is_dir():
        return {}
    try:
        found = [(WORKER.match(path.name), path) for path in memory.iterdir()]
    except OSError as fault:
        raise errors.memory_unreadable(memory.name, fault.strerror or "unknown reason") from None
    folders = sorted((int(name[1]), path) for name, path in found if name is not None and path.is_dir())
    for worker, path in folders:
        if path.name != worker_folder(memory, worker).name:  # beside the right one it would hide it
            raise errors.memory_foreign(path.name, f"the folder of worker {worker} has another name")
    return dict(folders)


class Log:
    """All segments below a memory's folder. Reading takes no lock and disturbs no writer."""

    def __init__(self, folder: Path) -> None:
        """Open what is there now.

        Raises:
            HansardError: ``memory_corrupt``, ``memory_foreign``, ``memory_newer``, ``memory_unreadable``.
        """
        self._folder = folder
        self._views: dict[int, dict[Path, View]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take up what was appended, begun or removed since."""
        for worker, folder in workers(self._folder).items():
            known = self._views.setdefault(worker, {})
            paths = segments(folder)
            for path in [path for path in known if path not in paths]:
                del known[path]  # not closed: somebody may go through its records yet (``View.__del__``)
            for path, stop in with_stops(paths):
                view = known.get(path)
                if view is not None and (view.handle.replaced() or not (view.sealed or view.stop == stop)):
                    del known[path]  # another file by now, or its last pulses are superseded since
                    view = None
                if view is not None:
                    if not view.sealed:
                        view.refresh()
                    continue
                view = _opened(path, worker, stop=stop)
                if view is not None:
                    known[path] = view
            self._views[worker] = dict(sorted(known.items(), key=lambda each: first_pulse(each[0])))

    @property
    def workers(self) -> dict[int, list[View]]:
        """The segments of each worker in order."""
        return {worker: list(views.values()) for worker, views in self._views.items()}

    @property
    def views(self) -> Iterator[View]:
        """All segments, worker by worker."""
        for views in self._views.values():
            yield from views.values()

    def gaps(self) -> Iterator[tuple[int, int, int]]:
        """Where records are missing before a segment: worker, the first seq that is, and the first that is not."""
        for worker, views in self._views.items():
            seq = 0
            for view in views.values():
                if view.head.first_seq > seq:
                    yield worker, seq, view.head.first_seq
                seq = view.head.first_seq + view.rows

    def find(self, worker: int, seq: int) -> tuple[View, int] | None:
        """Where a record is: its segment and its row."""
        for view in reversed(self._views.get(worker, {}).values()):
            row = seq - view.head.first_seq
            if 0 <= row < view.rows:
                return view, row
        return None

    def close(self) -> None:
        """Give all files back."""
        for view in self.views:
            view.close()
        self._views = {}


def _opened(path: Path, worker: int, *, stop: int | None) -> View | None:
    """A segment, or ``None`` for one whose header is not written yet, or was removed this moment."""
    try:
        handle = Handle(path)
    except HansardError:
        if path.exists():
            raise
        return None
    try:
        head = head_of(handle, worker, last=stop is None)
        if head is None:
            handle.close()
            return None
        return View(handle, head, stop)
    except BaseException:
        handle.close()
        raise


def head_of(handle: Handle, worker: int, *, last: bool) -> SegmentHead | None:
    """The header of a worker's segment; ``None`` where it is not written yet, as only of the last one.

    Raises:
        HansardError: ``memory_corrupt``, ``memory_foreign``, ``memory_newer``.
    """
    head = read_head(handle)
    if head is None:
        if last and not Walk.anything(handle):
            return None
        raise errors.memory_corrupt(handle.name, 0, f"a segment's header of {START} bytes", "a damaged one")
    if head.worker != worker:
        raise errors.memory_foreign(handle.name, f"it is of worker {head.worker}")
    if head.first_pulse != first_pulse(handle.path):
        raise errors.memory_foreign(handle.name, f"it begins with pulse {head.first_pulse}")
    return head
