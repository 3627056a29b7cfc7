"""``hansard ask``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.call import parsed, standard_input
from hansard.surfaces.cli.commands.paths import check_there
from hansard.surfaces.cli.frame import Frame, is_terminal, put

Question = Annotated[
    str,
    typer.Argument(metavar="QUESTION", show_default=False, help="What is asked; '-' reads it from standard input."),
]
Attach = Annotated[
    list[str] | None,
    typer.Option("--attach", "-a", metavar="FILE", show_default=False, help="A text, an image or a PDF; repeatable."),
]
SchemaFile = Annotated[
    str | None,
    typer.Option("--schema", metavar="FILE", show_default=False, help="JSON Schema that the answer must fit."),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", "-m", metavar="NAME", show_default=False, help="Only this one of the settings; repeatable."
    ),
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", metavar="USD", min=0, show_default=False, help="All attempts together cost no more."),
]
Deadline = Annotated[
    float | None,
    typer.Option("--deadline", metavar="SECONDS", show_default=False, help="All attempts together take no longer."),
]
System = Annotated[
    str | None,
    typer.Option("--system", metavar="TEXT", show_default=False, help="What the model is told of its task beforehand."),
]
Local = Annotated[bool, typer.Option("--local", help="Only models on this machine.")]


def run(
    frame: Frame,
    question: Question,
    attach: Attach = None,
    schema: SchemaFile = None,
    model: Models = None,
    budget: Budget = None,
    deadline: Deadline = None,
    system: System = None,
    local: Local = False,
    purpose: Annotated[str, typer.Option("--purpose", metavar="WORD", help="Costs are summed up by it.")] = "ask",
    explain: Annotated[
        bool, typer.Option("--explain", help="Ask nobody; show who would be asked, and why. Costs nothing.")
    ] = False,
) -> int:
    """Ask a language model, whichever suits best by cost, latency and capability; the next one where it fails.

    The answer comes as it is written; one line then tells who answered, what it cost and how long it took. Every
    attempt is kept ('hansard route calls'). Where no model answered and the settings' template is given instead, the
    exit code is that of what is unavailable.
    """
    request = asked(question, attach, schema, model, budget, deadline, system, local=local)
    if explain:
        from hansard.surfaces.render.routing import explained

        with frame.parts(store=False) as parts:
            answer = frame.ask(parts, "route_explain", request)
        frame.answer(answer, explained)
        return exits.OK
    return _answer(frame, {**request, "purpose": purpose})


def asked(
    question: str,
    attach: list[str] | None,
    schema: str | None,
    model: list[str] | None,
    budget: float | None,
    deadline: float | None,
    system: str | None,
    *,
    local: bool,
) -> dict[str, Any]:
    """The request for what a command line asks."""
    from hansard.kernel.files import read_bytes, utf8_text

    for name in attach or []:
        check_there(name)
    given: dict[str, Any] = {
        "question": utf8_text(standard_input(), "standard input") if question == "-" else question,
        "attachments": attach or [],
        "models": model or [],
        "budget_usd": budget,
        "deadline_seconds": deadline,
        "system": system,
        "privacy": "local" if local else None,
    }
    if schema is not None:
        check_there(schema)
        given["answer_schema"] = parsed(utf8_text(read_bytes(Path(schema), name=schema), schema))
    return {name: value for name, value in given.items() if value is not None}


def _answer(frame: Frame, request: dict[str, Any]) -> int:
    from hansard.surfaces.render.routing import answered, said

    if frame.json:
        with frame.parts(make=True) as parts:
            answer = frame.ask(parts, "route_ask", request)
        frame.answer(answer, answered)
        return exits.BY_KIND["unavailable"] if answer.degraded else exits.OK
    from hansard.kernel.shapes import shaped
    from hansard.routing.shapes import RouteAsk

    told = _Teller()
    asking = shaped(RouteAsk, request)
    with frame.parts(make=True) as parts:
        try:
            answer = parts.ask_model(asking, frame.call(parts), told)
        finally:
            told.end()
        put(sys.stderr, said(answer))
    return exits.BY_KIND["unavailable"] if answer.degraded else exits.OK


class _Teller:
    """Writes an answer as it comes; on a terminal without what would steer it."""

    def __init__(self) -> None:
        self._last = "\n"
        self._steered = is_terminal(sys.stdout)

    def __call__(self, text: str) -> None:
        """A piece of it."""
        from hansard.surfaces.render.text import safe

        self._last = text[-1]
        sys.stdout.write(safe(text) if self._steered else text.encode("utf-8", "replace").decode())
        sys.stdout.flush()

    def end(self) -> None:
        """What follows begins a line."""
        if self._last != "\n":
            sys.stdout.write("\n")
            self._last = "\n"
        sys.stdout.flush()
