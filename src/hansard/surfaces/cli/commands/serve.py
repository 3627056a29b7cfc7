"""``hansard serve``."""

import sys
from typing import Annotated

import typer

from hansard.surfaces.cli.commands.mcp import ANSWER_LIMIT
from hansard.surfaces.cli.frame import Frame, is_terminal


def run(
    frame: Frame,
    host: Annotated[str, typer.Option(metavar="HOST", help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes any that is free.")] = 7457,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Answer to this name too (the Host of a request); '*' to any. May be given more than once.",
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            show_default=False,
            help="Let pages of this origin call, such as https://example.org. May be given more than once.",
        ),
    ] = None,
) -> None:
    """Serve the record over HTTP: an API at /api/v1, events, and MCP at /mcp.

    Every request needs a token ('hansard token create'). Files are read in the home and in 'read_folders' of the
    settings only. Ctrl-C or SIGTERM ends it; what is being written is finished.
    """
    from hansard.surfaces.http import serving
    from hansard.surfaces.render.blocks import Words, line

    with frame.parts(make=True, anywhere=False, served_from=[]) as parts, serving.listening(host, port) as opened:
        known = [one for one in frame.ask(parts, "token_list", {}).tokens if one.state == "active"]
        token = parts.temporary() if not known and is_terminal(sys.stdout) else None

        def ready() -> None:
            at = serving.url(opened)
            if frame.json:
                frame.document({"url": at, "token": token})
            else:
                frame.show([line("Hansard serves at ", Words(at, "strong"), "; Ctrl-C ends it")])
                if token is not None:
                    frame.show([line("a token for this run, with the scope 'judge': ", Words(token, "strong"))])
            if not known and token is None:
                sys.stderr.write("hansard: there is no token yet, so nobody can call; 'hansard token create NAME'\n")
            sys.stdout.flush()

        serving.serve(
            parts,
            opened,
            serving.allowed(host, allow_host or [], allow_origin or []),
            answer_limit=ANSWER_LIMIT,
            ready=ready,
        )
