"""What every command has: the options they share, the parts, and the way its answer is shown."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from hansard.surfaces.cli import exits

if TYPE_CHECKING:
    from hansard.kernel.errors import HansardError
    from hansard.kernel.operations import Call, Progress
    from hansard.kernel.shapes import Shape
    from hansard.surfaces.parts import LogLevel, Opener, Parts
    from hansard.surfaces.render.blocks import Block

A = TypeVar("A", bound="Shape")

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Frame:
    """One run of one command."""

    open_parts: Opener
    json: bool = False
    verbose: bool = False
    debug: bool = False
    home: Path | None = None
    caution: str | None = None
    """What a reader of this run's answer must know before trusting it."""
    home_told: bool = False
    """Whether it was said in which home the run writes."""
    by_operations: bool = False
    """Whether the caller works with operations, so that an error names these and no commands."""
    told: bool = False
    """Whether the run's one JSON document was given."""

    @contextlib.contextmanager
    def parts(
        self,
        *,
        store: bool = True,
        make: bool = False,
        anywhere: bool = True,
        home: Path | None = None,
        own: bool = False,
        served_from: Sequence[Path] | None = None,
    ) -> Iterator[Parts]:
        """The program's parts (see ``Opener``). A person's own commands may write wherever that person may."""
        log: LogLevel = "debug" if self.debug else "info" if self.verbose else "warning"
        with self.open_parts(
            home or self.home,
            store=store,
            make=make,
            anywhere=anywhere,
            own=own,
            served_from=served_from,
            log=log,
        ) as parts:
            yield parts

    def call(self, parts: Parts, progress: Progress | None = None) -> Call:
        """How this command calls an operation."""
        from hansard.kernel.operations import Call, no_progress

        return Call(parts.actor, progress=progress or no_progress)

    def ask(self, parts: Parts, operation: str, request: object, what: str | None = None) -> Any:
        """An operation's answer; ``what`` names the work on a bar, where it takes long."""
        if parts.table[operation].mark.writes and parts.home_met is not None and not self.home_told:
            from hansard.surfaces.render.text import one_line

            self.home_told = True
            sys.stderr.write(
                f"hansard: writing in the home that was found here or above: {one_line(str(parts.home_met))}\n"
            )
        begin = time.monotonic()
        with self.progress(what or operation) as progress:
            answer = parts.table[operation](request, self.call(parts, progress))
        logger.info("%s answered in %.3f s", operation, time.monotonic() - begin)
        return answer

    def to_read(self, parts: Parts, named: str) -> str:
        """The id of the dialogue that is meant; where it is not as it was recorded, stderr and the document say so."""
        dialogue_id = parts.dialogues.resolve_id(named)
        if parts.findings(dialogue_id):
            self.caution = (
                f"'{dialogue_id}' is not as it was recorded; 'hansard verify {dialogue_id}' tells where and what to do"
            )
            sys.stderr.write(f"hansard: {self.caution}\n")
        return dialogue_id

    def answer(self, answer: A, view: Callable[[A], Iterable[Block]]) -> None:
        """Give an answer: as JSON, or as its view shows it."""
        if self.json:
            self.document(answer.model_dump(mode="json", by_alias=True))
        else:
            self.show(view(answer))

    def document(self, document: Any) -> None:
        """Give the one JSON document."""
        self.told = True
        if self.caution is not None:
            document = {**document, "caution": self.caution}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")

    def show(self, shown: Iterable[Block]) -> None:
        """Give blocks on standard output."""
        put(sys.stdout, shown)

    def complain(self, fault: HansardError) -> int:
        """Tell an error, on stderr or as the JSON document, and give its exit code."""
        if self.json and not self.told:
            self.document(fault.as_dict())
        else:
            from hansard.surfaces.render.errors import error

            put(sys.stderr, error(fault, by_operations=self.by_operations))
        return exits.code_of(fault)

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Progress]:
        """A handle for long work; a bar stands on a terminal's stderr once the work has taken a second."""
        if self.json or not is_terminal(sys.stderr):
            from hansard.kernel.operations import no_progress

            yield no_progress
            return
        from hansard.surfaces.cli.bar import Bar

        with Bar(what) as bar:
            yield bar


def is_terminal(stream: IO[str]) -> bool:
    """Whether somebody reads this stream on a terminal that can do more than print."""
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def put(stream: IO[str], shown: Iterable[Block]) -> None:
    """Write blocks as this stream's reader likes them."""
    if is_terminal(stream):
        from hansard.surfaces.render.terminal import console, write

        write(console(stream), shown)
    else:
        from hansard.surfaces.render.plain import plain_lines

        stream.write("".join(f"{line}\n" for line in plain_lines(shown)))
