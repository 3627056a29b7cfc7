"""The command line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer.exceptions import TyperException

    from hansard.kernel.errors import HansardError
    from hansard.surfaces.cli.frame import Frame
    from hansard.surfaces.parts import Opener


def run(open_parts: Opener, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (``exits``).

    Args:
        open_parts: makes the program's parts, when the command needs them.
        arguments: the command line without the program's name; ``sys.argv`` when left out.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name in ("stdout", "stderr"):  # a caller may have closed either
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A record holds every script there is: a pipe gets UTF-8, a terminal the code of a letter that it cannot show.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")

    from hansard.surfaces.cli.frame import Frame
    from hansard.surfaces.cli.guard import guarded

    frame = Frame(open_parts, json="--json" in given, debug="--debug" in given)
    return guarded(frame, lambda: _run(frame, given))


def _run(frame: Frame, given: list[str]) -> int:
    from typer.exceptions import TyperException
    from typer.main import get_command

    from hansard.surfaces.cli import exits
    from hansard.surfaces.cli.application import build
    from hansard.surfaces.cli.frame import is_terminal

    command = get_command(build(terminal=is_terminal(sys.stdout)))
    try:
        code = command.main(args=given or ["--help"], prog_name="hansard", standalone_mode=False, obj=frame)
    except TyperException as fault:
        if (
            type(fault).__name__ == "NoArgsIsHelpError"
        ):  # a family's name alone; on a terminal its help is drawn already
            if told := fault.format_message():
                sys.stdout.write(f"{told}\n")
            return exits.USAGE
        return frame.complain(_misused(fault))
    return exits.USAGE if not given else code or exits.OK


def _misused(fault: TyperException) -> HansardError:
    """A wrong command line: what is wrong, how it is meant, where to read more."""
    from hansard.surfaces.cli.errors import usage

    context = getattr(fault, "ctx", None)
    if context is None:
        return usage(fault.format_message(), "'hansard --help' tells every command")
    return usage(fault.format_message(), f"{context.get_usage()}; '{context.command_path} --help' tells more")
