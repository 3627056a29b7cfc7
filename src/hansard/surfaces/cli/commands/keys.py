"""``hansard keys``: the family of commands on keys."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli.frame import Frame

Key = Annotated[
    str, typer.Argument(metavar="KEY", show_default=False, help="A key's name, or the beginning of its id.")
]

FAMILY = "Keep the keys that sign checkpoints, and those of others that are trusted."


def create(
    frame: Frame,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is called here.")] = "main",
    passphrase: Annotated[
        bool,
        typer.Option(
            "--passphrase", help="Keep it under a passphrase, asked for here or taken from HANSARD_KEY_PASSPHRASE."
        ),
    ] = False,
) -> None:
    """Draw a pair of keys to sign checkpoints with; one that is there is never replaced."""
    from hansard.surfaces.render.proof import key

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "keys_create", {"name": name, "protected": passphrase})
    frame.answer(answer, key)


def show_all(frame: Frame) -> None:
    """List the keys of this home, and those of others that it trusts."""
    from hansard.surfaces.render.proof import keys

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "keys_list", {})
    frame.answer(answer, keys)


def show(frame: Frame, key: Key) -> None:
    """Show one key."""
    from hansard.surfaces.render import proof

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "keys_show", {"key": key})
    frame.answer(answer, proof.key)


def export(
    frame: Frame,
    key: Key,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; shown when left out.")
    ] = None,
) -> None:
    """Give a public key as PEM, for those who shall verify."""
    from hansard.surfaces.render.proof import key_exported

    with frame.parts(store=False) as parts:
        request = {"key": key, "output_path": None if output is None else str(output)}
        answer = frame.ask(parts, "keys_export", request)
    frame.answer(answer, key_exported)


def take(
    frame: Frame,
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A private Ed25519 key as PEM.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is called here.")] = "main",
) -> None:
    """Take in a pair of keys that was made elsewhere; a protected one stays so."""
    from hansard.surfaces.render.proof import key

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "keys_import", {"path": file, "name": name})
    frame.answer(answer, key)


def trust(
    frame: Frame,
    key: Annotated[
        str, typer.Argument(metavar="FILE|ID", show_default=False, help="A public key as PEM, or a key's whole id.")
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", show_default=False, help="Whose key it is.")],
) -> None:
    """Trust a key of somebody else, so that what it signed is told by their name."""
    from hansard.surfaces.render import proof

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "keys_trust", {"key": key, "name": name})
    frame.answer(answer, proof.key)


def untrust(frame: Frame, key: Key) -> None:
    """Trust a key no more."""
    from hansard.surfaces.render import proof

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "keys_untrust", {"key": key})
    frame.answer(answer, proof.key_gone)


COMMANDS: dict[str, Callable[..., int | None]] = {
    "create": create,
    "list": show_all,
    "show": show,
    "export": export,
    "import": take,
    "trust": trust,
    "untrust": untrust,
}
