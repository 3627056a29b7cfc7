"""Refusals as people read them, and their exit codes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import hansard
from hansard.app.assembly import open_parts
from hansard.kernel import errors
from hansard.kernel.errors import HansardError, Kind
from hansard.surfaces.cli import exits
from hansard.surfaces.cli.application import paths
from hansard.surfaces.render.errors import COMMANDS, error
from hansard.surfaces.render.plain import plain_lines


def told(fault: HansardError) -> list[str]:
    """The lines of an error."""
    return list(plain_lines(error(fault)))


def test_an_error_tells_the_message_first_and_then_what_to_do() -> None:
    """The first line is the message; field, options and suggestion follow, each on its line."""
    fault = errors.invalid_field("rotation", "rond", "is none of these", valid_options=["none", "full"])
    assert told(fault) == [
        "hansard: 'rotation' is none of these (got 'rond')",
        "  valid: none, full",
        "  Take one of the valid options",
    ]


def test_a_field_is_named_where_the_message_does_not() -> None:
    """The field's path stands in a line of its own unless the message has it."""
    assert "  field: operation" in told(errors.unknown_operation("dialog_list", ["dialogue_list"]))
    assert not any("field:" in line for line in told(errors.missing_field("title")))


def test_a_batch_tells_every_fault_with_its_item() -> None:
    """Each fault of a batch has a line that names the item, and its own details below."""
    faults = [
        errors.missing_field("perspectives[0].label").of("perspective", local_id="MUFFIN-P0001"),
        errors.invalid_field("score", -1, "is negative"),
    ]
    lines = told(errors.batch_validation_failed(faults))
    assert lines[0] == "hansard: 2 items failed validation; nothing was written"
    assert "  - perspective MUFFIN-P0001: 'perspectives[0].label' is missing" in lines
    assert "    Give a value for 'perspectives[0].label'" in lines
    assert "  - 'score' is negative (got -1)" in lines


def test_many_options_are_counted_rather_than_listed() -> None:
    """Of many valid options a dozen are shown and the others counted."""
    fault = errors.invalid_field("id", "x", "is unknown", valid_options=[f"P00{n:02d}" for n in range(1, 41)])
    (options,) = [line for line in told(fault) if "valid:" in line]
    assert options.endswith("P0012 and 28 more")


def test_what_to_do_is_told_as_the_caller_works() -> None:
    """By a command at the command line, by the operation to whom calls operations."""
    fault = HansardError("conflict", "x", "it is over", suggestion="Take it up again with 'dialogue_reopen'")
    assert "'hansard reopen'" in list(plain_lines(error(fault)))[-1]
    assert "'dialogue_reopen'" in list(plain_lines(error(fault, by_operations=True)))[-1]


def test_every_operation_that_an_error_translates_is_there(tmp_path: Path) -> None:
    """No table of names outlives what it names, neither operations nor commands."""
    with open_parts(tmp_path, store=False) as parts:
        assert set(COMMANDS) <= set(parts.table)
    known = {" ".join(words) for words in paths()}
    for name, command in COMMANDS.items():
        assert command.partition(" --")[0] in known or command == f"call {name}"


def test_every_operation_that_a_text_of_ours_names_can_be_translated(tmp_path: Path) -> None:
    """Errors and notes name operations in quotes, and for each of them there is something to type."""
    with open_parts(tmp_path, store=False) as parts:
        table = set(parts.table)
    for room in ("kernel", "database", "dialogue", "exchange", "custody", "memory"):
        for file in (Path(hansard.__file__).parent / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert table & set(re.findall(r"'(\w+)'", text)) <= set(COMMANDS), file.name
            assert not table & set(re.findall(r" \((\w+)\)", text)), file.name


def test_a_message_cannot_break_its_line() -> None:
    """A value with line ends or escapes stays on the message's line and does nothing."""
    fault = errors.invalid_field("title", "a", "holds 'x\ny \x1b[2J'")
    assert told(fault)[0] == "hansard: 'title' holds 'x y <1B>[2J' (got 'a')"


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    """Each kind has one code, no code has two meanings, and every code's meaning is told."""
    assert list(exits.BY_KIND) == list(get_args(Kind))
    special = [exits.OK, exits.FOUND, exits.USAGE, exits.INTERNAL, exits.INTERRUPTED, exits.PIPE_CLOSED]
    codes = [*special, *exits.BY_KIND.values()]
    assert len(codes) == len(set(codes))
    assert sorted(codes) == sorted(exits.MEANINGS)


def test_a_kinds_meaning_begins_with_its_name() -> None:
    """The table of exit codes calls each kind by its name."""
    for kind, code in exits.BY_KIND.items():
        assert exits.MEANINGS[code].startswith(kind.replace("_", " "))
