"""What an altered cell held, proved by its row's seal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.custody.recovering import (
    Altered,
    Budget,
    Pool,
    recovered,
    restored,
    restored_text,
    spliced,
    value_text,
)
from hansard.database.columns import encoded_row, row_bytes, row_key
from hansard.database.journal import row_label, sealed
from hansard.database.verify import Expected
from hansard.dialogue import model
from hansard.dialogue.tables import ROWS
from hansard.kernel.canonical import text_digest

TIME = "2026-03-01T09:00:00.000000Z"
SALT = "ab" * 32
TABLE = ROWS[model.Entity]
ENTITY = model.Entity(
    dialogue_id="d",
    kind="P",
    round=1,
    seq=2,
    label="Recovery",
    content="It restores in nine minutes.",
    contributors=["eclair"],
    status="open",
    parameters={"minutes": 9},
    local_ids=["ECLAIR-P0101"],
    created_at=TIME,
)


def cells_of(row: model.Row) -> dict[str, Any]:
    """A row's cells."""
    return encoded_row(ROWS[type(row)], row.as_row(), texts={})


def sealed_row(row: model.Row) -> Expected:
    """What the journal would say of a row."""
    table = ROWS[type(row)]
    cells = cells_of(row)
    digest = sealed(SALT, row_label(table.name, row_key(table, cells)), row_bytes(cells))
    return Expected(digest, SALT, 4)


@pytest.mark.parametrize(
    ("column", "cell", "pooled"),
    [
        ("content", "It restores in five minutes.", "It restores in nine minutes."),
        ("content", None, "It restores in nine minutes."),
        ("label", "Another", "Recovery"),
        ("label", b"\x01", "Recovery"),
        ("status", "refined", None),
        ("contributors", '["scone"]', "ECLAIR-P0101"),
        ("parameters", '{"minutes":5}', {"minutes": 9}),
        ("parameters", None, {"minutes": 9}),
        ("adopted_in_verdict", "final", None),
        ("created_at", "2027", TIME),
        ("local_ids", "[]", "ECLAIR-P0101"),
    ],
)
def test_the_one_value_that_fits_the_seal_is_found(column: str, cell: Any, pooled: Any) -> None:
    """Among many candidates the recorded one is told, with its column."""
    pool = Pool()
    pool.add(["other words", 3, ["x"], {"y": 1}, pooled])
    found = restored(TABLE, {**cells_of(ENTITY), column: cell}, sealed_row(ENTITY), pool)
    assert found is not None
    assert found.column == column
    assert found.value == getattr(ENTITY, column)


def test_nothing_is_claimed_without_proof() -> None:
    """Where no candidate fits the seal, or two cells were altered, nothing is said."""
    pool = Pool()
    pool.add(["It restores in eight minutes."])
    told = sealed_row(ENTITY)
    assert restored(TABLE, {**cells_of(ENTITY), "content": "forged"}, told, pool) is None
    pool.add([ENTITY.content, ENTITY.label])
    assert restored(TABLE, {**cells_of(ENTITY), "content": "forged", "label": "forged"}, told, pool) is None
    assert restored(TABLE, {**cells_of(ENTITY), "content": "forged"}, Expected(None, SALT, 1), pool) is None
    assert restored(TABLE, {**cells_of(ENTITY), "content": "forged"}, Expected(told.digest, None, 1), pool) is None


def test_whole_numbers_and_shares_are_found() -> None:
    """Scores are tried one after the other; a share is taken from the pool."""
    said = model.Utterance(dialogue_id="d", round=1, slug="eclair", raw="x", score=17)
    found = restored(ROWS[model.Utterance], {**cells_of(said), "score": 99}, sealed_row(said), Pool())
    assert found == ("score", 17)
    stance = model.Stance(
        dialogue_id="d", round=1, expert_slug="eclair", stance="HOLD", confidence=0.65, created_at=TIME
    )
    pool = Pool()
    pool.add({"confidence": 0.65})
    found = restored(ROWS[model.Stance], {**cells_of(stance), "confidence": 0.9}, sealed_row(stance), pool)
    assert found == ("confidence", 0.65)


@given(st.text(min_size=1, max_size=60), st.text(max_size=20), st.text(max_size=60), st.integers(0, 40))
def test_a_response_is_put_together_from_an_entity_s_words(head: str, word: str, tail: str, at: int) -> None:
    """A response altered inside an entity's words is among the responses it may have been."""
    body = "The write path restores in nine minutes, six inside the limit."
    whole = head + body + tail
    forged = head + body[:at] + word + body[at + 4 :] + tail
    start = len(head)
    found = list(spliced(forged, [(start, start + len(body), body)]))
    assert whole in found or forged == whole


def test_everything_a_response_says_is_in_the_pool() -> None:
    """Labels, bodies and the words under markers are candidates."""
    pool = Pool()
    pool.add_response("[MUFFIN-P0101: A label]\nThe body.\n\n[RE:SUPPORT P0001]\nbecause\n", "muffin", 1)
    assert {"A label", "The body.", "because"} <= set(pool.texts)


def test_a_text_is_known_by_its_hash() -> None:
    """A stored text is proved by the hash it was kept under."""
    pool = Pool()
    pool.add(["one", "two"])
    assert restored_text(text_digest("two"), pool.texts) == "two"
    assert restored_text(text_digest("three"), pool.texts) is None


def test_values_are_told_as_a_person_reads_them() -> None:
    """Nothing, words, lists."""
    assert value_text(None) == "nothing"
    assert value_text("words") == "words"
    assert value_text(["a", 1]) == '["a",1]'
    assert value_text(3) == "3"


def test_a_search_ends_when_its_budget_is_spent() -> None:
    """What lies beyond the budget is not found, and the budget says that something was left untried."""
    pool = Pool()
    pool.add([*(f"words {number}" for number in range(50)), ENTITY.content])
    altered = {**cells_of(ENTITY), "content": "forged"}
    small, large = Budget(20), Budget(2000)
    assert restored(TABLE, altered, sealed_row(ENTITY), pool, small) is None
    assert small.short
    assert restored(TABLE, altered, sealed_row(ENTITY), pool, large) == ("content", ENTITY.content)
    assert not large.short


def test_long_texts_spend_more() -> None:
    """A candidate counts by its length, since that is what it costs."""
    budget = Budget(100)
    assert not budget.spend("x" * 200_000)
    assert budget.short


def test_likely_values_of_all_rows_come_before_unlikely_ones_of_any() -> None:
    """The budget is shared: a row whose words stand near is restored though another's search would spend everything."""
    near, far = Pool(), Pool()
    near.add(ENTITY.content)
    far.add([f"words {number}" for number in range(10_000)])
    altered = {**cells_of(ENTITY), "content": "forged"}
    other = {**altered, "seq": 3}
    told = sealed_row(ENTITY)
    hopeless = Altered(TABLE, ("d", "P", 1, 3), other, told, Pool, lambda: far, lambda: iter(()))
    easy = Altered(TABLE, ("d", "P", 1, 2), altered, told, lambda: near, lambda: far, lambda: iter(()))
    steps: list[tuple[int, int]] = []
    budget = Budget(3000)
    found = recovered([hopeless, easy], budget, lambda done, total: steps.append((done, total)))
    assert found == {("entities", ("d", "P", 1, 2)): ("content", ENTITY.content)}
    assert budget.short
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert all(done <= total for done, total in steps)
