"""Names that look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.lookalikes import skeleton, unfit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Copa", "Сора"),
        ("Alice", "AIice"),
        ("Alice", "A1ice"),
        ("Bob", "Ｂｏｂ"),
        ("Bob", "B0b"),
        ("Jürgen", "Jurgen"),
        ("Anna Lena", "Anna\u00a0 Lena"),
        ("Ann", "An\u200dn"),
        ("HAT", "ΗΑΤ"),
        ("李雷", "李\ufe0f雷"),
    ],
)
def test_names_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    """Whole names of another alphabet, marks, widths, unseen characters, digits in place of letters."""
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("Lia", "Ila"), ("Anna", "Anne"), ("李雷", "李蕾"), ("Agent 2", "Agent 3")])
def test_names_that_differ_to_a_reader_differ(one: str, other: str) -> None:
    """Nobody is refused for a name that is no lookalike."""
    assert skeleton(one) != skeleton(other)


@given(st.text(max_size=30))
def test_case_and_space_around_say_nothing(name: str) -> None:
    """Of any text: what stands around it adds nothing."""
    assert skeleton(f"  {name}\t") == skeleton(name)


@pytest.mark.parametrize("sign", ["\n", "\x1b", "\u202e", "\u2066", "\ufeff", "\U000e0041", "\u2028", "\x85"])
def test_controls_are_no_part_of_a_name(sign: str) -> None:
    """Line breaks, escapes, turns of direction, tags: told by their number."""
    assert f"U+{ord(sign):04X}" in str(unfit(f"An{sign}na"))


@pytest.mark.parametrize("name", ["Zoë O’Neil", "نی‌لوفر", "李雷 Li", "Ελένη", "Иван Петров 2", "क्‍ष"])
def test_a_name_in_its_own_script_is_fit(name: str) -> None:
    """Joiners belong to scripts; Latin letters may stand beside those that look like none of them."""
    assert unfit(name) is None
