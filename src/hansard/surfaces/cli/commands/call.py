"""``hansard call``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hansard.surfaces.cli.errors import not_json, usage
from hansard.surfaces.cli.frame import Frame

if TYPE_CHECKING:
    from hansard.kernel.operations import Operation


def complete_operation(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Operations that begin like this, with their summaries."""
    frame = context.find_root().obj
    try:
        with frame.parts(store=False) as parts:
            found = [(operation.name, operation.summary) for operation in parts.table.values()]
    except Exception:  # a shell that completes must not be answered with an error
        return []
    return [(name, summary) for name, summary in found if name.startswith(incomplete)]


def run(
    frame: Frame,
    name: Annotated[
        str | None,
        typer.Argument(metavar="OPERATION", show_default=False, help="See --list.", autocompletion=complete_operation),
    ] = None,
    request: Annotated[
        str, typer.Argument(metavar="JSON|@FILE|-", help="The request; '-' reads it from standard input.")
    ] = "{}",
    every: Annotated[bool, typer.Option("--list", help="List every operation.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Give the operation's request and answer as JSON Schema.")
    ] = False,
) -> None:
    """Call an operation with a JSON request; the answer is JSON.

    What an assistant or a script calls: every operation of the program, by the name the specification gives it.
    """
    from hansard.kernel.operations import find, with_whole_id
    from hansard.kernel.shapes import shaped

    frame.by_operations = True
    if every == (name is not None):
        raise usage("call needs the name of an operation, or --list", "'hansard call --list' shows every operation")
    with frame.parts(store=False) as parts:
        if name is None:
            show_all(frame, list(parts.table.values()))
            return
        operation = find(parts.table, name)
        if schema:
            frame.document(schemas(operation))
            return
        asked = parsed(read(request))
        asked = shaped(operation.request, asked)  # nothing is looked up by a value that no request may have
        if not operation.mark.store:
            frame.document(frame.ask(parts, operation.name, asked).model_dump(mode="json", by_alias=True))
            return
    with frame.parts(anywhere=False, make=operation.mark.writes) as parts:
        answer = frame.ask(parts, operation.name, with_whole_id(operation, asked, parts.dialogues.resolve_id))
    frame.document(answer.model_dump(mode="json", by_alias=True))


def show_all(frame: Frame, operations: "list[Operation]") -> None:
    """Every operation: name, whether it writes, summary."""
    from hansard.surfaces.render.blocks import table

    if frame.json:
        frame.document(
            {"operations": [{"name": o.name, "writes": o.mark.writes, "summary": o.summary} for o in operations]}
        )
        return
    rows = [(o.name, "writes" if o.mark.writes else "reads", o.summary) for o in operations]
    frame.show([table(["Operation", "Does", "Summary"], rows)])


def schemas(operation: "Operation") -> dict[str, Any]:
    """What an operation takes and gives, as JSON Schema."""
    return {
        "name": operation.name,
        "description": operation.description,
        "request": operation.request.model_json_schema(),
        "answer": operation.answer.model_json_schema(mode="serialization"),
    }


def read(request: str) -> str:
    """The text of a request: as given, of a file (``@FILE``), or of standard input (``-``); both are UTF-8.

    Raises:
        HansardError: the file or the input cannot be read, or is no UTF-8.
    """
    from hansard.kernel.files import read_bytes, utf8_text

    if request == "-":
        return utf8_text(standard_input(), "standard input")
    if request.startswith("@"):
        return utf8_text(read_bytes(Path(request[1:]), name=request[1:]), request[1:])
    return request


def standard_input() -> bytes:
    """All that stands on standard input.

    Raises:
        HansardError: ``file_unreadable``, ``file_too_large``.
    """
    from hansard.kernel.errors import file_too_large, file_unreadable
    from hansard.kernel.files import TEXT_LIMIT_BYTES

    if sys.stdin is None:  # the caller closed it
        raise file_unreadable("standard input", "it is closed")
    try:
        data = sys.stdin.buffer.read(TEXT_LIMIT_BYTES + 1)
    except OSError as fault:
        raise file_unreadable("standard input", fault.strerror or "unknown reason") from None
    if len(data) > TEXT_LIMIT_BYTES:
        raise file_too_large("standard input", len(data), TEXT_LIMIT_BYTES)
    return data


def parsed(text: str) -> Any:
    """The JSON value of a text.

    Raises:
        HansardError: ``not_json``, with the place where it can be told.
    """
    from hansard.kernel.json_text import NotJsonError, json_value

    try:
        return json_value(text)
    except NotJsonError as fault:
        raise not_json(fault.why, fault.line, fault.column) from None
