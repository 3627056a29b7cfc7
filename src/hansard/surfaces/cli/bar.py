"""A progress bar on a terminal's stderr that appears late, so that quick work leaves no flicker and loads nothing."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS: Final = 1.0
"""Work that takes longer shows a bar."""


class Bar:
    """Told how far the work is (``kernel.operations.Progress``); a context in which the bar may stand."""

    def __init__(self, what: str) -> None:
        self._state: tuple[int, int | None, str] = (0, None, what)
        self._lock = threading.Lock()
        self._drawn: Progress | None = None
        self._over = False
        self._timer = threading.Timer(PATIENCE_SECONDS, self._appear)
        self._timer.daemon = True

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """``done`` of ``total`` steps; ``what`` is being done now."""
        with self._lock:
            self._state = (done, total, what)
            self._draw()

    def __enter__(self) -> Bar:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._drawn is not None:
                self._drawn.stop()

    def _appear(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        from hansard.surfaces.render.terminal import console

        what = TextColumn("{task.description}", markup=False)
        columns = (what, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with self._lock:
            if not self._over:
                self._drawn = Progress(*columns, console=console(sys.stderr), transient=True)
                self._drawn.add_task("")
                self._draw()
                self._drawn.start()

    def _draw(self) -> None:
        if self._drawn is not None:
            done, total, what = self._state
            self._drawn.update(self._drawn.task_ids[0], completed=done, total=total, description=what)
