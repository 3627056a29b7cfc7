"""The program put together: settings, the home, every part made once, and a surface started."""

from __future__ import annotations


def main() -> int:
    """The command ``hansard``; returns its exit code.

    Nothing is imported before the command is known, so that help and version answer at once.
    """
    from hansard.app.assembly import open_parts
    from hansard.surfaces.cli import run

    return run(open_parts)
