"""The argument that names a dialogue, with the completion of its id."""

from typing import Annotated

import typer


def complete_id(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of the store that begin like this, with their titles; nothing where there is no store yet."""
    frame = context.find_root().obj
    try:
        with frame.parts(store=False) as parts:
            if not parts.database.is_there():
                return []
            found = parts.table["dialogue_list"]({"limit": 1000}, frame.call(parts)).dialogues
    except Exception:  # a shell that completes must not be answered with an error
        return []
    known = [("latest", "the dialogue that was written to last"), *((one.dialogue_id, one.title) for one in found)]
    return [(name, title) for name, title in known if name.startswith(incomplete)]


DialogueId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="A dialogue: its id, the beginning of it, or 'latest' (the one written to last).",
        autocompletion=complete_id,
    ),
]
