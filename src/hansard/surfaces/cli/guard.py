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
    except KeyboardInterrupt:
        sys.stderr.write("\nhansard: interrupted; what was not finished was not written\n")
        return exits.INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return exits.PIPE_CLOSED
    except OSError as fault:
        if fault.errno != errno.ENOSPC:
            return failed(frame, fault)
        # Whatever the store needed room for has said so itself: this is what we were printing.
        silence(sys.stdout)
        sys.stderr.write("hansard: the output cannot be written: the disk is full\n")
        return exits.BY_KIND["unavailable"]
    except Exception as fault:
        return failed(frame, fault)
    return code or exits.OK


def failed(frame: Frame, fault: Exception) -> int:
    """An unexpected failure: one line for people, the trace with ``--debug``, a document with ``--json``."""
    if frame.json and not frame.told:
        from hansard.surfaces.cli.errors import internal_error

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
