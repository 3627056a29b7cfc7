"""A progress bar on a terminal's stderr that appears late, so that quick work leaves no flicker."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hansard.surfaces.render.terminal import console

PATIENCE_SECONDS: Final = 1.0
"""Work that takes longer shows a bar."""


class Bar:
    """Told how far the work is (``kernel.operations.Progress``); a context in which the bar may stand."""

    def __init__(self, what: str) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._drawn = Progress(*columns, console=console(sys.stderr), transient=True)
        self._task = self._drawn.add_task(what, total=None)
        self._lock = threading.Lock()
        self._over = False
        self._timer = threading.Timer(PATIENCE_SECONDS, self._appear)
        self._timer.daemon = True

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """``done`` of ``total`` steps; ``what`` is being done now."""
        self._drawn.update(self._task, completed=done, total=total, description=what)

    def __enter__(self) -> Bar:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            self._drawn.stop()

    def _appear(self) -> None:
        with self._lock:
            if not self._over:
                self._drawn.start()
