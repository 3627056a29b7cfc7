"""Refusals of the door for assistants."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.kernel.errors import HansardError, did_you_mean


def unknown_tool(name: str, offered: Iterable[str], elsewhere: str | None) -> HansardError:
    """No tool of this name is offered; ``elsewhere`` is the set of tools that has one, where there is such a set."""
    options = sorted(offered)
    if elsewhere is not None:
        suggestion = f"It belongs to the set '{elsewhere}', which this server was started without ('--tools')"
    else:
        suggestion = did_you_mean(name, options) or "Take one of the tools that are listed"
    return HansardError(
        "not_found",
        "unknown_tool",
        f"there is no tool '{name}' here",
        field="name",
        value=name,
        valid_options=options,
        suggestion=suggestion,
    )


def unknown_tool_set(name: str, known: Iterable[str]) -> HansardError:
    """No set of tools has this name."""
    options = [*known, "all"]
    return HansardError(
        "invalid",
        "unknown_tool_set",
        f"there is no set of tools '{name}'",
        field="tools",
        value=name,
        valid_options=options,
        suggestion=did_you_mean(name, options) or "Name sets with commas between them, or 'all'",
    )


def answer_too_large(tool: str, characters: int, limit: int, shorter: str | None) -> HansardError:
    """The answer is longer than this server gives in one piece; it is refused whole, since a cut one would mislead."""
    return HansardError(
        "refused",
        "answer_too_large",
        f"the answer of '{tool}' has {characters:,} characters; this server gives {limit:,} at most",
        field="arguments",
        constraint="size",
        context={"characters": characters, "limit": limit},
        suggestion=f"{shorter or 'Ask for less'}; the limit is set where the server is started ('--answer-limit')",
    )


def unknown_resource(address: str, templates: Iterable[str]) -> HansardError:
    """Nothing stands at this address."""
    return HansardError(
        "not_found",
        "unknown_resource",
        f"there is no resource '{address}'",
        field="uri",
        value=address,
        valid_options=templates,
        suggestion="Fill in one of the templates; 'dialogue_list' tells the dialogues",
    )


def unknown_prompt(name: str, known: Iterable[str]) -> HansardError:
    """No prompt has this name."""
    options = list(known)
    return HansardError(
        "not_found",
        "unknown_prompt",
        f"there is no prompt '{name}'",
        field="name",
        value=name,
        valid_options=options,
        suggestion=did_you_mean(name, options) or "Take one of the prompts that are listed",
    )
