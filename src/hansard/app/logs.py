"""The log: on stderr, for whoever runs the program; it may name what messages to users never do, such as paths.

Rooms log through the standard library, below the logger ``hansard``. Without a wish only warnings are written, by
Python's own means, so that a usual start loads nothing for it.
"""

from __future__ import annotations

import logging
import os
import sys

from hansard.surfaces.parts import LogLevel


def write_log(level: LogLevel) -> None:
    """Write the log from this level up, one line an event."""
    if level == "warning":
        return
    import structlog

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=colours),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logger = logging.getLogger("hansard")
    logger.handlers = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
