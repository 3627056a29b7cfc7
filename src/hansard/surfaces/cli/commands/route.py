"""``hansard route``: language models, how they do and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from hansard.surfaces.cli.commands.ask import (
    Attach,
    Budget,
    Deadline,
    Local,
    Models,
    Question,
    SchemaFile,
    System,
    asked,
)
from hansard.surfaces.cli.frame import Frame

FAMILY = "Language models: which there are, how they do, what was asked of them and what it cost."


def explain(
    frame: Frame,
    question: Question,
    attach: Attach = None,
    schema: SchemaFile = None,
    model: Models = None,
    budget: Budget = None,
    deadline: Deadline = None,
    system: System = None,
    local: Local = False,
) -> None:
    """Show who would be asked a question, in which order and why; nobody is asked and nothing spent."""
    from hansard.surfaces.render.routing import explained

    request = asked(question, attach, schema, model, budget, deadline, system, local=local)
    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "route_explain", request)
    frame.answer(answer, explained)


def health(frame: Frame) -> None:
    """Show how models did lately: breakers, failures, latency; over all processes of this home."""
    from hansard.surfaces.render.routing import healthy

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "route_health", {})
    frame.answer(answer, healthy)


def models(
    frame: Frame,
    markdown: Annotated[bool, typer.Option("--markdown", help="As a table for documents.")] = False,
) -> None:
    """List the models that the settings offer: what they can, what they cost, whether they can be asked."""
    from hansard.surfaces.render.routing import listed

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "route_models", {"markdown": markdown})
    frame.answer(answer, listed)


def calls(
    frame: Frame,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", show_default=False, help="Of this one.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option("--purpose", metavar="WORD", show_default=False, help="For this purpose.")
    ] = None,
    dialogue: Annotated[
        str | None, typer.Option("--dialogue", metavar="ID", show_default=False, help="For this dialogue.")
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="WORD", show_default=False, help="That ended so: ok, timeout, …"),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="The newest so many; sums are of all.")] = 20,
    texts: Annotated[bool, typer.Option("--texts", help="With prompts and answers, word for word.")] = False,
) -> None:
    """List calls to models, newest first, and sum up what they cost, by purpose and by model."""
    from hansard.surfaces.render.routing import called

    given: dict[str, Any] = {
        "model": model,
        "purpose": purpose,
        "dialogue_id": dialogue,
        "outcome": outcome,
        "limit": limit,
        "texts": texts,
    }
    with frame.parts(store=texts) as parts:
        answer = frame.ask(parts, "route_calls", {name: value for name, value in given.items() if value is not None})
    frame.answer(answer, called)


def export(
    frame: Frame,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write.")] = "runtime_state.json",
) -> None:
    """Write how models do and what calls came to into a file, as JSON."""
    from hansard.surfaces.render.routing import exported

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "route_export", {"output_path": file})
    frame.answer(answer, exported)


COMMANDS: dict[str, Callable[..., int | None]] = {
    "explain": explain,
    "health": health,
    "models": models,
    "calls": calls,
    "export": export,
}
