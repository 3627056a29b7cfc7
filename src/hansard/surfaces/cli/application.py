"""The commands, in their groups, and the options that all of them share."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands import (
    call,
    cite,
    demo,
    doctor,
    export,
    imports,
    lists,
    minutes,
    progress,
    search,
    show,
    verify,
)
from hansard.surfaces.cli.frame import Frame
from hansard.surfaces.cli.guard import guarded

Command = Callable[..., int | None]

GROUPS: Final[dict[str, dict[str, Command]]] = {
    "Deliberate": {"import": imports.run, "call": call.run},
    "Read": {
        "list": lists.run,
        "show": show.run,
        "minutes": minutes.run,
        "report": minutes.report,
        "progress": progress.run,
        "cite": cite.run,
        "search": search.run,
    },
    "Prove": {"verify": verify.run, "export": export.run},
    "Run": {"demo": demo.run, "doctor": doctor.run},
}
"""Every command under its group, in the order of the help."""

SHARED: Final = "Options of every command"


def _shared(
    home: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Work in this home instead of the usual one.", rich_help_panel=SHARED),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Give one JSON document, errors too.", rich_help_panel=SHARED)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more, in the answer and in the log.", rich_help_panel=SHARED)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the trace of an unexpected failure.", rich_help_panel=SHARED)
    ] = False,
) -> None:
    """The options that every command takes; the signature alone is used."""


def build(*, terminal: bool) -> typer.Typer:
    """The command line, with drawn help on a terminal and plain help elsewhere."""
    from hansard import __version__

    app = typer.Typer(
        name="hansard",
        cls=Grouped,
        help="Hansard: the official record of AI deliberation.",
        epilog=exits.epilog(),
        rich_markup_mode="rich" if terminal else None,
        context_settings={"help_option_names": ["--help", "-h"]},
        pretty_exceptions_enable=False,
    )

    def version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"hansard {__version__}")
            raise typer.Exit

    def root(
        version: Annotated[
            bool, typer.Option("--version", help="Tell the version and leave.", callback=version, is_eager=True)
        ] = False,
    ) -> None: ...

    app.callback()(root)
    for group, commands in GROUPS.items():
        for name, function in commands.items():
            app.command(name, rich_help_panel=group)(as_command(function))
    return app


def as_command(function: Command) -> Callable[..., int]:
    """A command as Typer takes it: its own parameters and the shared ones; ``frame`` is made of the latter."""
    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "frame"]
    shared = list(inspect.signature(_shared, eval_str=True).parameters.values())

    def command(context: typer.Context, **given: Any) -> int:
        frame: Frame = context.obj
        for parameter in shared:
            setattr(frame, parameter.name, given.pop(parameter.name))
        # guarded here already: Typer has its own ways with Ctrl-C and closed pipes
        return guarded(frame, lambda: function(frame, **given))

    passed = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
    command.__signature__ = inspect.Signature([passed, *keyword])  # type: ignore[attr-defined]
    command.__annotations__ = {}
    command.__doc__ = function.__doc__
    return command


class Grouped(TyperGroup):
    """Help that keeps the groups, and the table of exit codes, where nothing is drawn."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Every command under its group's heading, with the whole first paragraph of its help."""
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name, first_paragraph(command)) for name, command in commands.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """The exit codes, line by line."""
        formatter.write(f"\n{self.epilog}\n")


def first_paragraph(function: Command) -> str:
    """What a command does, in one paragraph."""
    return " ".join(inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].split())


def helps() -> dict[str, str]:
    """The help of the program and of each command, as a pipe gets it, at a fixed width."""
    command = typer.main.get_command(build(terminal=False))
    quiet: dict[str, Any] = {"resilient_parsing": True, "terminal_width": 100}
    root = command.make_context("hansard", [], **quiet)
    told = {"hansard": root.get_help()}
    for commands in GROUPS.values():
        for name in commands:
            inner = command.get_command(root, name)  # type: ignore[attr-defined]
            told[f"hansard {name}"] = inner.make_context(name, [], parent=root, **quiet).get_help()
    return told
