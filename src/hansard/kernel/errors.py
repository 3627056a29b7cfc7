"""The one error class, and the refusals that every room shares.

The kind of an error is what its reader can do next::

    HansardError
    ├── invalid      the request is malformed or breaks a rule: mend it and send it again
    ├── not_found    it names something that is not there: look it up and send it again
    ├── conflict     it collides with what is recorded: read the present state first
    ├── refused      it is well formed and not allowed: somebody else must act or decide
    ├── unavailable  something outside is missing or busy: the same request may succeed later
    └── corrupt      what is stored is not what was stored: stop, verify, restore

Surfaces translate the *kind* (to an exit code, to a status), never a single code. One function per refusal
stands in a room's ``errors.py``; the function's name is the code. Sources: specification, "Error Handling";
ARCHITECTURE, "Errors".
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, Literal

Kind = Literal["invalid", "not_found", "conflict", "refused", "unavailable", "corrupt"]

VALUE_LENGTH: Final = 200
"""Characters of an offending value that an error repeats."""

OPTIONS_SHOWN: Final = 5
"""Valid options that the text of an error names."""

FAULTS_SHOWN: Final = 3
"""Faults that the text of a batch's refusal names."""


class _Brief(reprlib.Repr):
    """``repr`` that ends soon, however long, deep or large its value is, and writes what JSON knows as JSON does."""

    maxlevel, maxdict, maxlist, maxtuple, maxset, maxfrozenset = 4, 8, 8, 8, 8, 8
    maxstring = maxother = 2 * VALUE_LENGTH

    def repr_int(self, x: int, _level: int) -> str:
        return repr(x) if x.bit_length() <= 256 else f"<an integer of {x.bit_length()} bits>"

    def repr_str(self, x: str, _level: int) -> str:
        return json.dumps(x[: self.maxstring], ensure_ascii=False)

    def repr_bool(self, x: bool, _level: int) -> str:  # the base class's form
        return json.dumps(x)

    def repr_NoneType(self, _x: None, _level: int) -> str:  # noqa: N802  # called by the type's name
        return "null"


_brief = _Brief()


def shown(value: object) -> object:
    """A value as an error may repeat it: JSON that every reader takes, texts encodable and cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() <= 53:  # what a double holds exactly
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    text = value[: VALUE_LENGTH + 1] if isinstance(value, str) else _brief.repr(value)
    text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return text if len(text) <= VALUE_LENGTH else text[: VALUE_LENGTH - 1] + "…"


def _got(value: object) -> str:
    """A value as a sentence repeats it: a text in quotes, anything else as JSON."""
    told = shown(value)
    return repr(told) if isinstance(value, str) else told if isinstance(told, str) else json.dumps(told)


class HansardError(Exception):
    """A refusal or failure that tells what is wrong, where, and what to do next.

    Attributes:
        kind: what the caller can do (see the module's picture).
        code: the stable name of the refusal, for programs.
        message: one sentence that says what is so, with the value in quotes.
        field: path of the offending field in the request (``perspectives[0].references[1].target``).
        value: the offending value, cut to 200 characters.
        constraint: which class of rule it breaks (``type_enum``, ``semantic``, ``lifecycle`` …).
        valid_options: what would have been accepted.
        suggestion: what to do next, in one sentence.
        recovery: ``action``, ``related_tools``, ``workflow`` for a caller that can act on its own.
        context: further facts, by name.
        errors: the faults of a batch; each says which item it concerns (``item_type``, ``local_id``, ``source_id``).
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        *,
        field: str | None = None,
        value: object = None,
        constraint: str | None = None,
        valid_options: Iterable[str] | None = None,
        suggestion: str | None = None,
        recovery: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        errors: Sequence[HansardError] = (),
        item: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.code = code
        self.message = message
        self.field = field
        self.value = shown(value)
        self.constraint = constraint
        self.valid_options = list(valid_options) if valid_options is not None else None
        self.suggestion = suggestion
        self.recovery = dict(recovery) if recovery is not None else None
        self.context = dict(context) if context is not None else None
        self.errors = tuple(errors)
        self.item = dict(item) if item is not None else {}

    def __str__(self) -> str:
        """Message, the first faults of a batch, what would have been accepted and what to do next, in one line."""
        parts = [self.message]
        if self.errors:
            more = ["…"] if len(self.errors) > FAULTS_SHOWN else []
            parts[0] += ": " + "; ".join([*(fault.message for fault in self.errors[:FAULTS_SHOWN]), *more])
        if self.valid_options:
            more = ["…"] if len(self.valid_options) > OPTIONS_SHOWN else []
            parts.append(f"(valid: {', '.join([*self.valid_options[:OPTIONS_SHOWN], *more])})")
        said = " ".join(parts)
        return " ".join((f"{said}. {self.suggestion}" if self.suggestion else said).split())

    def of(self, item_type: str, *, local_id: str | None = None, source_id: str | None = None) -> HansardError:
        """This fault as an entry of a batch: which item it concerns."""
        named = {"item_type": item_type, "local_id": local_id, "source_id": source_id}
        self.item = {name: value for name, value in named.items() if value is not None}
        return self

    def reworded(self, reword: Callable[[str], str]) -> HansardError:
        """The same error with what to do next told in other words; its message, which quotes its caller, stays."""
        other = HansardError.__new__(HansardError, *self.args)
        vars(other).update(vars(self))
        other.suggestion = self.suggestion and reword(self.suggestion)
        other.errors = tuple(fault.reworded(reword) for fault in self.errors)
        return other

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data; the keys and their order are always the same, with the item's names first."""
        return {
            **self.item,
            "status": "error",
            "success": False,
            "kind": self.kind,
            "error_code": self.code,
            "error": self.message,
            "message": self.message,
            "field": self.field,
            "value": self.value,
            "constraint": self.constraint,
            "valid_options": self.valid_options,
            "suggestion": self.suggestion,
            "recovery": self.recovery,
            "context": self.context,
            "errors": [fault.as_dict() for fault in self.errors] if self.errors else None,
        }


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like another, whatever the case of either; nothing where none is."""
    folded = {one.casefold(): one for one in known}
    # its cost is the square of the length
    near = get_close_matches(word[:VALUE_LENGTH].casefold(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The nearest known word as a suggestion (``Did you mean 'x'?``), or nothing."""
    near = nearest(word, known)
    return f"Did you mean '{near}'?" if near else None


def missing_field(field: str, suggestion: str | None = None) -> HansardError:
    """A field that must be there is not."""
    return HansardError(
        "invalid",
        "missing_field",
        f"'{field}' is missing",
        field=field,
        constraint="shape",
        suggestion=suggestion or f"Give a value for '{field}'",
    )


def invalid_field(
    field: str,
    value: object,
    why: str,
    *,
    valid_options: Iterable[str] | None = None,
    suggestion: str | None = None,
) -> HansardError:
    """A field's value has the wrong type or breaks a bound."""
    options = list(valid_options) if valid_options is not None else None
    if options and suggestion is None:
        near = did_you_mean(value, options) if isinstance(value, str) else None
        suggestion = near or "Take one of the valid options"
    return HansardError(
        "invalid",
        "invalid_field",
        f"'{field}' {why} (got {_got(value)})",
        field=field,
        value=value,
        constraint="shape",
        valid_options=options,
        suggestion=suggestion or f"Give '{field}' a value that fits",
    )


MEANT: Final[Mapping[str, tuple[str, ...]]] = {
    "content": ("description",),
    "description": ("content",),
    "text": ("content", "description"),
    "title": ("label",),
    "name": ("label", "expert_slug"),
    "id": ("local_id", "dialogue_id"),
    "response": ("text", "responses"),
    "comment": ("reason",),
    "above": ("threshold",),
    "every": ("seconds",),
    "query": ("filter",),
}
"""Fields that one shape has and another calls differently: no likeness of letters tells them."""


def _meant(name: str, known: Sequence[str], missing: Collection[str], given: Container[str]) -> str | None:
    """The field that somebody meant who wrote another name: one that is called so elsewhere, the one that is most like
    it, or one that has a word in common with it (``type`` and ``verdict_type``), best one that is missing."""
    free = [one for one in known if one not in given]
    elsewhere = next((one for one in MEANT.get(name, ()) if one in free), None)
    alike = nearest(name, known)
    words = set(name.split("_")) - {"id"}
    akin = (one for one in [*missing, *free] if not words.isdisjoint(one.split("_")))
    return elsewhere or (alike if alike in free else next(akin, None))


def unknown_field(
    field: str, known: Iterable[str], *, missing: Collection[str] = (), given: Container[str] = ()
) -> HansardError:
    """A field that the request does not have; nothing that a caller sends is silently dropped.

    Args:
        known: the fields that there are.
        missing: those of them that must be given and are not: one of them was probably meant.
        given: those that were given, so that none of them was meant.
    """
    options = sorted(known)
    name = field.rsplit(".", 1)[-1]
    meant = _meant(name, options, missing, given)
    return HansardError(
        "invalid",
        "unknown_field",
        f"'{field}' is not a field of this request",
        field=field,
        constraint="shape",
        valid_options=options,
        suggestion=f"Rename it: '{name}' -> '{meant}', which is missing"
        if meant in missing
        else f"Did you mean '{meant}'?"
        if meant
        else "Leave it out",
    )


def batch_validation_failed(faults: Sequence[HansardError], *, writes: bool = True) -> HansardError:
    """Faults of a batch, all of them; nothing of the batch was written.

    Args:
        writes: whether it would have written something.
    """
    count = len(faults)
    kinds = {fault.kind for fault in faults}
    again = "send the whole batch again" if writes else "ask again"
    return HansardError(
        kinds.pop() if len(kinds) == 1 else "invalid",
        "batch_validation_failed",
        f"{count} item{'s' if count != 1 else ''} failed validation" + ("; nothing was written" if writes else ""),
        constraint="batch",
        suggestion=f"Mend every entry of 'errors', then {again}",
        recovery={
            "action": "Go through 'errors': each has a field, a suggestion and, where there are some, valid options",
            "related_tools": [],
            "workflow": f"read errors → mend items → {'resubmit the batch' if writes else again}",
        },
        errors=faults,
    )


def unknown_operation(name: str, known: Iterable[str]) -> HansardError:
    """No operation has this name."""
    options = sorted(known)
    return HansardError(
        "not_found",
        "unknown_operation",
        f"there is no operation '{name}'",
        field="operation",
        value=name,
        valid_options=options,
        suggestion=did_you_mean(name, options) or "'hansard call --list' shows every operation",
    )


def file_not_found(name: str, why: str) -> HansardError:
    """No file can be read at a path that was named, now or later. ``name`` is the name the caller gave."""
    return HansardError(
        "not_found",
        "file_not_found",
        f"'{name}' cannot be read: {why}",
        field="path",
        value=name,
        suggestion="Check the path: it must be that of a file, as its owner sees it",
    )


def file_unreadable(name: str, why: str) -> HansardError:
    """A file that was named cannot be read. ``name`` is the name the caller gave, never a resolved path."""
    return HansardError(
        "unavailable",
        "file_unreadable",
        f"'{name}' cannot be read: {why}",
        field="path",
        value=name,
        suggestion="Check that you may read it",
    )


def file_unwritable(name: str, why: str) -> HansardError:
    """A file cannot be written; what stood there before still does."""
    return HansardError(
        "unavailable",
        "file_unwritable",
        f"'{name}' cannot be written: {why}; what stood there before is untouched",
        field="path",
        value=name,
        suggestion="Free some space, or choose a folder you may write to",
    )


def path_unusable(name: str, why: str) -> HansardError:
    """Nothing can be written at a path that was named: its name is too long, or it leads through no folder."""
    return HansardError(
        "invalid",
        "path_unusable",
        f"'{name}' cannot be written: {why}",
        field="path",
        value=name,
        suggestion="Give another path: a name that is not too long, in a folder that is there",
    )


def file_too_large(name: str, size_bytes: int, limit_bytes: int) -> HansardError:
    """A file is larger than any text that Hansard reads."""
    return HansardError(
        "invalid",
        "file_too_large",
        f"'{name}' has {size_bytes:,} bytes; a text may have at most {limit_bytes:,}",
        field="path",
        value=name,
        constraint="size",
        context={"size_bytes": size_bytes, "limit_bytes": limit_bytes},
        suggestion="Check that this is the file you mean; split it if it is",
    )


def file_not_text(name: str, why: str) -> HansardError:
    """A file that should be text is binary, or in an encoding that cannot be told."""
    return HansardError(
        "invalid",
        "file_not_text",
        f"'{name}' is not text: {why}",
        field="path",
        value=name,
        constraint="encoding",
        suggestion="Save it as UTF-8 text",
    )


def path_outside(name: str, folder: str) -> HansardError:
    """A path leaves the folder it must stay in."""
    return HansardError(
        "refused",
        "path_outside",
        f"'{name}' leads out of {folder}",
        field="path",
        value=name,
        constraint="confinement",
        suggestion="Give a path inside it, without '..' and without links that lead away",
    )


def path_not_allowed(field: str, name: str, use: Literal["read", "written"]) -> HansardError:
    """The settings do not let this place be read or written."""
    places = (
        "in the home folder (HANSARD_HOME), in 'read_folders' of its settings.toml, and by 'hansard mcp' in the folder "
        "it was started in, from which relative paths count"
        if use == "read"
        else "in the home folder (HANSARD_HOME) and in 'write_folders' of its settings.toml; where the path is left "
        "out, into the dialogue's own folder"
    )
    return HansardError(
        "refused",
        "path_not_allowed",
        f"'{name}' may not be {use}",
        field=field,
        value=name,
        constraint="confinement",
        suggestion=f"Files are {use} {places}",
    )


def not_permitted(operation: str, scope: str, *, by_token: bool = True) -> HansardError:
    """The caller's token does not go so far; without one, what the server was started with."""
    return HansardError(
        "refused",
        "not_permitted",
        f"'{operation}' needs the scope '{scope}', which this caller has not",
        field="operation",
        value=operation,
        constraint="scope",
        suggestion=f"Use a token with the scope '{scope}' ('hansard token create NAME --scope {scope}')"
        if by_token
        else f"Have the server started with 'hansard mcp --{scope}'",
    )


def cancelled(operation: str) -> HansardError:
    """The caller went away or took the request back before the operation was done; nothing was written."""
    return HansardError(
        "unavailable",
        "cancelled",
        f"'{operation}' was cancelled before it was done; nothing was written",
        field="operation",
        value=operation,
        suggestion="Send it again where it is still wanted; a 'request_id' makes that safe",
    )


def extra_missing(extra: str, form: str) -> HansardError:
    """A format needs a library that is not installed with Hansard itself."""
    return HansardError(
        "unavailable",
        "extra_missing",
        f"{form} needs the extra '{extra}', which is not installed",
        field="format",
        value=extra,
        suggestion=f"Install it: pip install 'hansard[{extra}]'",
    )
