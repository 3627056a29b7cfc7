"""``hansard minutes`` and ``hansard report``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.commands.paths import is_standard_output
from hansard.surfaces.cli.frame import Frame

Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write it there instead of showing it; '-' is standard output."
    ),
]


def run(frame: Frame, dialogue_id: DialogueId, output: Output = None) -> None:
    """Read the minutes: verdict and dissent, the Clerk's corrections, how each tension ended, every statement cited.

    Typeset on a terminal; Markdown in a pipe or file.
    """
    _document(frame, "dialogue_minutes", dialogue_id, output)


def report(frame: Frame, dialogue_id: DialogueId, output: Output = None) -> None:
    """Read the report: everything that was said, word for word, round by round.

    Typeset on a terminal; Markdown in a pipe or file.
    """
    _document(frame, "dialogue_report", dialogue_id, output)


def _document(frame: Frame, operation: str, dialogue_id: str, output: Path | None) -> None:
    from hansard.kernel.files import write_atomic
    from hansard.surfaces.cli.errors import output_unusable
    from hansard.surfaces.render.blocks import Markdown, Words, line

    raw = is_standard_output(frame, output)
    with frame.parts() as parts:
        if output is not None and not raw and not parts.may_write(output):
            raise output_unusable(str(output), "the home keeps something of its own there", "Name another file")
        answer = frame.ask(parts, operation, {"dialogue_id": frame.to_read(parts, dialogue_id)})
    if raw:
        sys.stdout.write(answer.markdown)
    elif output is not None:
        write_atomic(output, answer.markdown.encode(), name=str(output))
        frame.answer(answer, lambda _: [line(Words("✓ ", "good"), f"written to {output}")])
    else:
        frame.answer(answer, lambda _: [Markdown(answer.markdown)])
