"""The commands, in their groups, and the options that all of them share."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands import (
    ask,
    backup,
    bundle,
    calibration,
    call,
    checkpoint,
    cite,
    context,
    database,
    demo,
    doctor,
    erase,
    exhibit,
    export,
    imports,
    keys,
    life,
    lists,
    mcp,
    memory,
    minutes,
    progress,
    prompts,
    route,
    search,
    serve,
    show,
    similar,
    skills,
    standing,
    token,
    verify,
)
from hansard.surfaces.cli.frame import Frame
from hansard.surfaces.cli.guard import guarded

Command = Callable[..., int | None]


class Family(NamedTuple):
    """Commands that belong together under one word (``hansard ethos list``)."""

    help: str
    commands: Mapping[str, Command]


GROUPS: Final[dict[str, dict[str, Command | Family]]] = {
    "Ask": {"ask": ask.run, "route": Family(route.FAMILY, route.COMMANDS)},
    "Deliberate": {
        "import": imports.run,
        "ethos": Family(calibration.FAMILY, calibration.COMMANDS),
        "exhibit": Family(exhibit.FAMILY, exhibit.COMMANDS),
        "context": context.run,
        "prompts": prompts.run,
        "tag": life.tag,
        "abandon": life.abandon,
        "reopen": life.reopen,
        "call": call.run,
    },
    "Read": {
        "list": lists.run,
        "show": show.run,
        "minutes": minutes.run,
        "report": minutes.report,
        "progress": progress.run,
        "cite": cite.run,
        "search": search.run,
        "similar": similar.run,
        "stats": similar.stats,
    },
    "Prove": {
        "verify": verify.run,
        "export": export.run,
        "bundle": bundle.run,
        "keys": Family(keys.FAMILY, keys.COMMANDS),
        "checkpoint": Family(checkpoint.FAMILY, checkpoint.COMMANDS),
        "erase": erase.run,
    },
    "Watch": {"standing": standing.run, "watch": standing.watch},
    "Run": {
        "mcp": mcp.run,
        "serve": serve.run,
        "token": Family(token.FAMILY, token.COMMANDS),
        "demo": demo.run,
        "memory": Family(memory.FAMILY, memory.COMMANDS),
        "doctor": doctor.run,
        "backup": backup.run,
        "restore": backup.restore,
        "database": Family(database.FAMILY, database.COMMANDS),
        "skills": Family(skills.FAMILY, skills.COMMANDS),
    },
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
            if isinstance(function, Family):
                app.add_typer(_family(function, terminal=terminal), name=name, rich_help_panel=group)
            else:
                app.command(name, rich_help_panel=group)(as_command(function))
    return app


def _family(family: Family, *, terminal: bool) -> typer.Typer:
    inner = typer.Typer(
        help=family.help,
        no_args_is_help=True,
        rich_markup_mode="rich" if terminal else None,
        context_settings={"help_option_names": ["--help", "-h"]},
        pretty_exceptions_enable=False,
    )
    for name, function in family.commands.items():
        inner.command(name, short_help=first_paragraph(function))(as_command(function))
    return inner


def as_command(function: Command) -> Callable[..., int]:
    """A command as Typer takes it: its own parameters and the shared ones; ``frame`` is made of the latter."""
    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "frame"]
    shared = list(inspect.signature(_shared, eval_str=True).parameters.values())

    def command(context: typer.Context, **given: Any) -> int:
        frame: Frame = context.find_root().obj
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


def first_paragraph(function: Command | Family) -> str:
    """What a command does, in one paragraph."""
    told = function.help if isinstance(function, Family) else function.__doc__ or ""
    return " ".join(inspect.cleandoc(told).partition("\n\n")[0].split())


def helps() -> dict[str, str]:
    """The help of the program and of each command, as a pipe gets it, at a fixed width."""
    command = typer.main.get_command(build(terminal=False))
    quiet: dict[str, Any] = {"resilient_parsing": True, "terminal_width": 100}
    root = command.make_context("hansard", [], **quiet)
    told = {"hansard": root.get_help()}
    for words in paths():
        context, inner = root, command
        for word in words:
            inner = inner.get_command(context, word)  # type: ignore[attr-defined]
            context = inner.make_context(word, [], parent=context, **quiet)
        told[" ".join(["hansard", *words])] = context.get_help()
    return told


def paths() -> Iterator[tuple[str, ...]]:
    """Every command as it is called, families with and without the words of their own commands."""
    for commands in GROUPS.values():
        for name, function in commands.items():
            yield (name,)
            if isinstance(function, Family):
                yield from ((name, inner) for inner in function.commands)
