"""However a command ends: the exit code, one clear word, and no trace unless it is asked for."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from hansard.surfaces.cli import exits

if TYPE_CHECKING:
    from hansard.surfaces.cli.frame import Frame


def guarded(frame: Frame, work: Callable[[], int | None]) -> int:
    """Run a command's work and tell how it ended; gives the exit code."""
    from hansard.kernel.errors import HansardError

    try:
        code = work()
        sys.stdout.flush()
    except HansardError as fault:
        if frame.debug:
            _trace()
        return frame.complain(fault)
    except KeyboardInterrupt as end:
        sys.stderr.write(f"\nhansard: interrupted; {end or 'what was not finished was not written'}\n")
        return exits.INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return exits.PIPE_CLOSED
    except OSError as fault:
        if fault.errno not in (errno.ENOSPC, errno.EFBIG):
            return failed(frame, fault)
        # Whatever the store needed room for has said so itself: this is what we were printing.
        silence(sys.stdout)
        full = fault.errno == errno.ENOSPC
        why = "the disk is full" if full else "a file may not grow so large here ('ulimit -f')"
        sys.stderr.write(f"hansard: the output cannot be written: {why}\n")
        return exits.BY_KIND["unavailable"]
    except Exception as fault:
        return failed(frame, fault)
    return code or exits.OK


def failed(frame: Frame, fault: Exception) -> int:
    """An unexpected failure: one line for people, the trace with ``--debug``, a document with ``--json``.

    Of a record that is not as it was recorded it is no failure of Hansard's: rows may be gone, or stand twice.
    """
    if frame.caution is not None:
        from hansard.surfaces.cli.errors import record_unreadable

        if frame.debug:
            _trace()
        return frame.complain(record_unreadable())
    if frame.json and not frame.told:
        from hansard.surfaces.errors import internal_error

        frame.document({**internal_error().as_dict(), "kind": "internal"})
    sys.stderr.write(f"Hansard failed: {type(fault).__name__}; run again with --debug for the trace\n")
    if frame.debug:
        _trace()
    return exits.INTERNAL


def silence(stream: object) -> None:
    """Let nothing more reach a stream whose reader is gone, not even what Python flushes at its end."""
    try:
        descriptor = stream.fileno()  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _trace() -> None:
    import traceback

    traceback.print_exc()
