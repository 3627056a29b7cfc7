"""Blocks in a pipe, and the safety of what is written."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hansard.surfaces.render import blocks
from hansard.surfaces.render.blocks import Block, Words, fields, line, table
from hansard.surfaces.render.plain import plain_lines
from hansard.surfaces.render.text import count, day_and_minute, figure, one_line, percent, safe, share, shortened

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Characters that would act on a terminal."""


def plain(*shown: Block) -> list[str]:
    """The lines that a pipe gets."""
    return list(plain_lines(shown))


def test_a_table_in_a_pipe_is_columns_divided_by_tabs() -> None:
    """A table gives a line of names and one line a row; tabs divide, nothing is cut, no tone is seen."""
    shown = table(["Id", ">Rounds"], [(Words("a" * 300, "bad"), "1"), ("two\nlines\tand a tab", "2")])
    assert plain(shown) == ["Id\tRounds", f"{'a' * 300}\t1", "two lines and a tab\t2"]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_a_row_is_always_one_line_of_as_many_cells(rows: list[list[str]]) -> None:
    """Whatever stands in a cell, a row stays one line with as many cells as there are columns."""
    lines = plain(table(["A", "B"], rows))
    assert len(lines) == len(rows) + 1
    assert all(line.count("\t") == 1 and "\n" not in line for line in lines)


def test_every_block_has_a_plain_form() -> None:
    """Each kind of block gives its text, indented where it says so, and nothing else."""
    assert plain(
        blocks.Heading("Title"),
        line("one ", Words("two", "good"), indent=1),
        blocks.Prose("first\n\nsecond", indent=2),
        fields(("Name", "value"), ("Left out", None), ("Empty", "")),
        blocks.Markdown("# As it stands\n\n*text*\n"),
        blocks.Callout("Look", (line("here"),)),
        blocks.Gap(),
    ) == [
        "Title",
        "  one two",
        "    first",
        "",
        "    second",
        "Name: value",
        "# As it stands",
        "",
        "*text*",
        "Look",
        "  here",
        "",
    ]


@given(st.text())
def test_nothing_that_is_written_acts_on_a_terminal(text: str) -> None:
    """A text made safe holds no control that moves, rings, recolours or reverses; safe text stays as it is."""
    made = safe(text)
    assert not ACTS.search(made)
    assert safe(made) == made
    if not ACTS.search(text) and not re.search("[\u2028\u2029]", text):
        assert made == text


def test_an_escape_sequence_is_shown_as_its_code() -> None:
    """An expert who writes terminal codes colours nothing; the reader sees that they did."""
    assert safe("\x1b[31mred\x07 \u202etxet") == "<1B>[31mred<07> <202E>txet"
    assert safe("a\r\nb\tc") == "a\nb\tc"
    assert safe("pay\u200bpal \u061c\ufeff \U000e0041") == "pay<200B>pal <61C><FEFF> <E0041>"
    assert safe("👩\u200d💻 ❤\ufe0f می\u200cخواهم") == "👩\u200d💻 ❤\ufe0f می\u200cخواهم"


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_a_shortened_text_keeps_its_beginning(text: str, length: int) -> None:
    """Shortening keeps within the length and changes nothing before the cut."""
    made = shortened(text, length)
    assert len(made) <= length
    assert one_line(text).startswith(made.removesuffix("…"))


def test_figures_in_words() -> None:
    """Numbers, percentages and times are written as people write them."""
    assert [count(1, "round"), count(2, "round"), count(1204, "entry", "entries")] == [
        "1 round",
        "2 rounds",
        "1,204 entries",
    ]
    assert [figure(None), figure(1234), figure(0.5), percent(None), percent(66)] == ["–", "1,234", "0.5", "–", "66 %"]
    assert [share(2 / 3), share(0.29), share(1)] == ["66 %", "29 %", "100 %"]
    assert day_and_minute("2026-09-14T09:00:00.000000Z") == "2026-09-14 09:00"
    assert day_and_minute("once") == "once"
