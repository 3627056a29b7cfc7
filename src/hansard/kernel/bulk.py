"""Work that makes hundreds of thousands of values at once, all of which live until it ends."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_pausing = 0


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's cycle collector from looking through the values again and again: it finds none to free.

    That takes a quarter of the time of reading or verifying a large record. Several threads may pause it at once; it
    goes on when the last of them is done, and stays off where the program had turned it off.
    """
    global _pausing
    with _lock:
        if _pausing == 0 and not gc.isenabled():
            paused = False
        else:
            paused = True
            _pausing += 1
            gc.disable()
    try:
        yield
    finally:
        if paused:
            with _lock:
                _pausing -= 1
                if _pausing == 0:
                    gc.enable()
