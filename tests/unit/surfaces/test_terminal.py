"""Blocks on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from hansard.surfaces.render import blocks
from hansard.surfaces.render.blocks import Block, Words, fields, line, table
from hansard.surfaces.render.terminal import write


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
