"""``hansard token``: the family of commands on tokens."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame

FAMILY = "Keep the tokens with which others call over HTTP."

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Who calls, as the journal names them.")]

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def create(
    frame: Frame,
    name: Name,
    scope: Annotated[
        str,
        typer.Option(
            metavar="SCOPE", help="read the record, judge (lead dialogues too), or admin (keep the store too)."
        ),
    ] = "read",
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", show_default=False, help="After 90m, 12h, 30d or 8w, or at an ISO 8601 time; never without."
        ),
    ] = None,
) -> None:
    """Make a token, and show it: this once and never again."""
    from hansard.surfaces.render.tokens import created

    request = {"name": name, "scope": scope, "expires_at": None if expires is None else moment(expires)}
    with frame.parts(make=True) as parts:
        answer = frame.ask(parts, "token_create", request)
    frame.answer(answer, created)


def moment(text: str) -> str:
    """The time that ``30d`` or an ISO 8601 time means."""
    from hansard.kernel.clock import normal_timestamp, system_clock, timestamp
    from hansard.kernel.errors import HansardError

    found = re.fullmatch(r"(\d{1,6})([mhdw])", text, re.ASCII)
    if found is None:
        try:
            return normal_timestamp(text)
        except HansardError:
            why = f"'--expires' takes no '{text}'"
            raise usage(why, "Give a while such as 90m, 12h, 30d or 8w, or a time such as 2030-01-31") from None
    try:
        return timestamp(system_clock() + timedelta(**{_UNITS[found[2]]: int(found[1])}))
    except OverflowError:
        raise usage(f"'{text}' is further away than any calendar goes", "Leave --expires out") from None


def show_all(frame: Frame) -> None:
    """List the tokens, also those that hold no more; what they are is known to their holders alone."""
    from hansard.surfaces.render.tokens import tokens

    with frame.parts() as parts:
        answer = frame.ask(parts, "token_list", {})
    frame.answer(answer, tokens)


def revoke(frame: Frame, name: Name) -> None:
    """Take a token out of use, at once and for ever."""
    from hansard.surfaces.render.tokens import token

    with frame.parts() as parts:
        answer = frame.ask(parts, "token_revoke", {"name": name})
    frame.answer(answer, token)


COMMANDS: dict[str, Callable[..., int | None]] = {"create": create, "list": show_all, "revoke": revoke}
