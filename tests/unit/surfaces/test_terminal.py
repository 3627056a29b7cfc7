"""Blocks on a terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from hansard.surfaces.render import blocks
from hansard.surfaces.render.blocks import Block, Words, fields, line, table
from hansard.surfaces.render.terminal import GUTTER, LEAST_WIDTH, kept_columns, write


@pytest.fixture(autouse=True)
def able_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that can do more than print: rich takes any other for 80 columns wide."""
    monkeypatch.setenv("TERM", "xterm-256color")


def drawn(*shown: Block, width: int = 80, colour: bool = False) -> str:
    """What a terminal of this width gets."""
    file = io.StringIO()
    to = Console(
        file=file,
        width=width,
        force_terminal=True,
        color_system="standard" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    write(to, shown)
    return file.getvalue()


def test_what_an_expert_wrote_is_never_markup() -> None:
    """Square brackets, emoji codes and escape sequences of a transcript come out as letters."""
    text = "[bold]P01[/bold] :smile: \x1b[31m"
    shown = drawn(line(text), table(["Label"], [(text,)]), fields(("Label", text)), blocks.Prose(text))
    assert shown.count("[bold]P01[/bold] :smile: <1B>[31m") == 4
    assert "\x1b" not in shown


def test_a_table_cuts_nothing_in_a_narrow_window() -> None:
    """In a window too narrow for a row its cells are folded; every letter is still there."""
    word = "abcdefghijklmnopqrstuvwxyz"
    shown = drawn(table(["Id", "Label"], [(word, word.upper())]), width=24)
    letters = "".join(character for character in shown if character.isalpha())
    assert sorted(letters) == sorted("IdLabel" + word + word.upper())
    assert "…" not in shown


LONG_ID = "rfc-0058-supersession-hybrid-relational-dynamodb-architecture"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_dates_ids_and_statuses_stay_whole(width: int) -> None:
    """In a list of any width an id can be copied, a date and a status stand on one line; what has no room is named."""
    columns = [
        blocks.Column("Id", whole=True),
        blocks.Column("Status", whole=True),
        blocks.Column("Held", whole=True, rank=1),
        blocks.Column("Title", rank=2),
    ]
    ids = ["short", LONG_ID if width >= 80 else "not-so-long"]
    rows = [(one, "converged", "2026-09-14 09:00", "A title of many words that may be broken") for one in ids]
    lines = drawn(table(columns, rows), width=width).splitlines()
    assert all(len(row) <= width for row in lines)
    assert all(any(row.startswith(one) and "converged" in row for row in lines) for one in ids)
    assert sum("2026-09-14 09:00" in row for row in lines) in (0, 2)
    left_out = [name for name in ("Held", "Title") if name not in lines[0]]
    told = " ".join(lines).partition("has more: ")[2].split()
    assert told == ", ".join(left_out).split()
    assert (left_out == []) == (width >= 120)


@given(st.integers(10, 200), st.lists(st.tuples(st.integers(1, 90), st.booleans(), st.integers(0, 4)), min_size=1))
def test_a_column_is_left_out_only_where_it_has_no_room(width: int, given_: list[tuple[int, bool, int]]) -> None:
    """What is kept fits beside what must stay; a column that was left out would not have fitted any more."""
    columns = [blocks.Column(str(at), whole=whole, rank=rank) for at, (_, whole, rank) in enumerate(given_)]
    widths = [wide for wide, _, _ in given_]
    kept = kept_columns(columns, widths, width)
    needs = [wide if whole else min(wide, LEAST_WIDTH) for wide, whole, _ in given_]
    must = [at for at, column in enumerate(columns) if not column.rank]
    assert set(must) <= set(kept)
    assert kept == sorted(kept)
    used = sum(needs[at] for at in kept) + GUTTER * (len(kept) - 1)
    assert used <= width or kept == must
    assert all(used + needs[at] + GUTTER > width for at in range(len(columns)) if at not in kept and kept)


def test_a_path_is_broken_at_its_joints() -> None:
    """A path that no line can hold is broken after a stroke or a hyphen, never inside a word; nothing is lost."""
    path = f"../shared/data/dialogues/2026-02-06T1839Z-{LONG_ID}"
    shown = drawn(line(Words("✓ ", "good"), Words(path, "strong"), ": imported"), width=60)
    lines = [row.rstrip() for row in shown.splitlines()]
    assert "".join(lines).replace(" ", "") == f"✓{path}:imported"
    assert len(lines) > 2
    assert all(cell_len(row) <= 60 for row in lines)
    assert all(row.endswith(("/", "-", ":", "imported")) for row in lines)


def test_a_whole_line_is_never_broken() -> None:
    """What is there to be copied, such as a head, stands on one line in any window."""
    head = f"dialogue:{'a-very-long-name-' * 5}:9:{'0123456789abcdef' * 4}"
    assert drawn(line(Words("head: ", "quiet"), head, indent=1, whole=True), width=40) == f"  head: {head}\n"


def test_tones_are_coloured_where_colour_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tone becomes a colour on a terminal that has them, and nothing on one that has none."""
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[1;31m" in drawn(line(Words("no", "bad")), colour=True)
    assert "\x1b" not in drawn(line(Words("no", "bad")))


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR set no colour is written; bold is no colour."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in drawn(line(Words("yes", "good")), colour=True)
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[32m" in drawn(line(Words("yes", "good")), colour=True)


def test_markdown_is_typeset_and_a_callout_framed() -> None:
    """A heading of Markdown loses its mark, a callout has its title and its lines."""
    shown = drawn(blocks.Markdown("# Minutes\n\nText.\n"), blocks.Callout("Look here", (line("six to none"),), "warn"))
    assert "Minutes" in shown
    assert "# Minutes" not in shown
    assert "Look here" in shown
    assert "six to none" in shown
