"""``[EXHIBIT X0001]``: which evidence cites what, and what lint says of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.markers import lint
from tests.unit.markers.samples import codes, read


def cited(text: str) -> list[tuple[str, str | None]]:
    """Exhibit and source of every citation."""
    return [(one.exhibit, one.source) for one in read(text).exhibits]


def test_an_exhibit_is_cited_by_the_evidence_above_it() -> None:
    """On a line of its own or in a sentence: the words stay whole, and the id goes with the entity above."""
    text = "[MUFFIN-E0101: Firings]\nForty a year.\n[EXHIBIT X0001]\nAnd more [EXHIBIT X0002].\n\n[MUFFIN-C0101: So]\nx"
    assert cited(text) == [("X0001", "MUFFIN-E0101"), ("X0002", "MUFFIN-E0101")]
    assert read(text).entities[0].body == "Forty a year.\n[EXHIBIT X0001]\nAnd more [EXHIBIT X0002]."
    assert codes(read(text)) == []


def test_several_ids_stand_in_one_marker_with_a_remark() -> None:
    """Ids with commas give a citation each; what stands behind them is kept."""
    (one, other) = read("[MUFFIN-E0101: F]\nx [EXHIBIT X0001, X0012: page 3]").exhibits
    assert (one.exhibit, other.exhibit, one.label, other.label) == ("X0001", "X0012", "page 3", "page 3")


@pytest.mark.parametrize("text", ["[EXHIBIT A]", "[EXHIBIT]", "[EXHIBIT X12345]", "[EXHIBIT X001]", "[EXHIBITS X0001]"])
def test_what_names_no_exhibit_is_an_annotation(text: str) -> None:
    """Capitals of another sense are kept as they were written, and told."""
    response = read(f"[MUFFIN-E0101: F]\nwords\n{text}\n")
    assert response.exhibits == ()
    assert [note.word for note in response.annotations] in (["EXHIBIT"], ["EXHIBITS"])
    assert codes(response) == ["unknown_marker"]


def test_a_citation_without_evidence_is_told() -> None:
    """Claims, and prose without an entity, cite no exhibit; an id that is not recorded is told where ids are known."""
    response = read("[EXHIBIT X0001]\n\n[MUFFIN-C0101: So]\nx [EXHIBIT X0002]\n\n[MUFFIN-E0101: F]\nx [EXHIBIT X0003]")
    assert [note.code for note in lint(response)] == ["exhibit_not_evidence"] * 2
    told = [(note.code, note.message.split("'")[1]) for note in lint(response, None, {"X0001", "X0002"})]
    assert ("unknown_exhibit", "X0003") in told
    assert ("unknown_exhibit", "X0001") not in told


@given(st.lists(st.integers(1, 9999), min_size=1, max_size=6, unique=True), st.sampled_from([" ", ", ", "/", ",  "]))
def test_every_id_of_a_list_is_read(numbers: list[int], between: str) -> None:
    """Whatever stands between them, ids come back in their order."""
    ids = [f"X{number:04d}" for number in numbers]
    assert cited(f"[MUFFIN-E0101: F]\nx [EXHIBIT {between.join(ids)}] y") == [(name, "MUFFIN-E0101") for name in ids]
