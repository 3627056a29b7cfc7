"""The refusals of exhibits and watches; a function's name is the code."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.kernel.errors import HansardError, did_you_mean


def exhibit_not_found(field: str, value: str, known: Iterable[str]) -> HansardError:
    """The dialogue has no such exhibit."""
    names = sorted(known)
    return HansardError(
        "not_found",
        "exhibit_not_found",
        f"there is no exhibit '{value}' in this dialogue",
        field=field,
        value=value,
        constraint="referential",
        valid_options=names[:50],
        suggestion=did_you_mean(value, names) or "Add it with 'exhibit_add' first; 'exhibit_list' lists what there is",
    )


def exhibit_not_evidence(field: str, value: str, kind: str) -> HansardError:
    """Something other than evidence cites an exhibit."""
    return HansardError(
        "invalid",
        "exhibit_not_evidence",
        f"a {kind} cites no exhibit ('{value}'); evidence does",
        field=field,
        value=value,
        constraint="semantic",
        valid_options=["evidence"],
        suggestion=f"Register a piece of evidence that cites it, and let the {kind} 'depend' on that",
    )


def exhibit_kind_unknown(field: str, value: str, known: Iterable[str]) -> HansardError:
    """No exhibit is of this kind."""
    names = list(known)
    return HansardError(
        "invalid",
        "exhibit_kind_unknown",
        f"'{value}' is no kind of exhibit",
        field=field,
        value=value,
        constraint="type_enum",
        valid_options=names,
        suggestion=did_you_mean(value, names) or f"Use one of {', '.join(names)}",
    )


def exhibit_differs(field: str, value: str, found: str) -> HansardError:
    """What is to be pinned has not the digest that the request states."""
    return HansardError(
        "conflict",
        "exhibit_differs",
        f"the digest is stated as '{value}' and is '{found}'",
        field=field,
        value=value,
        constraint="referential",
        context={"found": found},
        suggestion="Look whether it is what you mean; leave 'digest' out and it is computed",
    )


def exhibit_space_exhausted(dialogue_id: str) -> HansardError:
    """The four digits of an exhibit's id are used up."""
    return HansardError(
        "conflict",
        "exhibit_space_exhausted",
        f"dialogue '{dialogue_id}' has 9999 exhibits, and no id is left",
        field="dialogue_id",
        value=dialogue_id,
        constraint="id_space",
        suggestion="Put several files into one archive, or continue in a new dialogue",
    )


def watch_not_a_condition(field: str, value: str, conditions: Iterable[str]) -> HansardError:
    """What is to be watched is none of the verdict's conditions."""
    named = list(conditions)
    return HansardError(
        "invalid",
        "watch_not_a_condition",
        f"'{value}' is none of the verdict's conditions",
        field=field,
        value=value,
        constraint="referential",
        valid_options=named,
        suggestion=did_you_mean(value, named)
        or ("Repeat the condition as the verdict has it" if named else "The verdict has no conditions to watch"),
    )


def watch_exists(field: str, value: str) -> HansardError:
    """The condition is bound to this already."""
    return HansardError(
        "conflict",
        "watch_exists",
        f"this condition is bound to '{value}' already",
        field=field,
        value=value,
        constraint="unique",
        suggestion="Bind it to something else, or leave it out",
    )
