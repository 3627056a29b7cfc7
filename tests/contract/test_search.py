"""Searching on both databases: the same places in the same order with the same ranks, whatever the words are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue import store
from hansard.dialogue.answers import Hit
from tests.support.deliberations import House, fill, small_dialogue, small_round
from tests.support.stores import KINDS, dropped, fresh

QUERIES = (
    "kiln", "KILN", "heat clay", "the", "Löss", "loss", "釉薬", "🏺", "short", "round 1", "nobody-says-this",
    "kiln-clay", "measured at every hour", "100%", "%", "_", "'", '"', '""', "kiln*", "kiln OR nobody", "NOT kiln",
    "NEAR(kiln clay)", "label:kiln", "(", ")", "^kiln", "kiln +clay", "a AND b", "\\", "& | !", "<->", ":*", "'kiln':A",
    "--", "; DROP TABLE search",
)  # fmt: skip


class Both:
    """One filled store on each kind of database."""

    def __init__(self, folder: Path) -> None:
        self.houses = []
        for kind in KINDS:
            house = House(fresh(kind, folder))
            fill(house.run)
            house.run(
                "dialogue_create", small_dialogue("Of clay", question="Which kiln takes clay and 100% of the heat?")
            )
            for number in range(3):
                house.run("dialogue_round_register", small_round("of-clay", number, words="clay " * (number + 1)))
            self.houses.append(house)

    def found(self, query: str, *, any_word: bool = False, dialogue_id: str | None = None, **more: Any) -> list[Hit]:
        """The hits of both, which must be equal, snippets and all."""
        told = []
        for house in self.houses:
            with house.database.reading() as connection:
                if any_word:
                    hits = store.similar(connection, query, 50, **more)
                else:
                    hits = store.search(connection, query, dialogue_id, 50)
            told.append(hits)
        assert told[0] == told[1], query
        return told[1]

    def close(self) -> None:
        """Give all back."""
        for house in self.houses:
            house.close()
            dropped(house.place)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The stores; nobody writes into them but the last test."""
    made = Both(tmp_path_factory.mktemp("found"))
    yield made
    made.close()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_plain_text_and_finds_the_same(both: Both, query: str) -> None:
    """Operators of either database are words like others; places, order and ranks are equal."""
    whole, one = both.found(query), both.found(query, dialogue_id="of-clay")
    assert {hit.item for hit in one} <= {hit.item for hit in whole}
    assert {hit.dialogue_id for hit in one} <= {"of-clay"}
    any_word = both.found(query, any_word=True)
    assert {(hit.dialogue_id, hit.item) for hit in whole} <= {(hit.dialogue_id, hit.item) for hit in any_word}


@given(query=st.text(alphabet="kiln clay%_'\"*()-:&|!<>\\ Ö釉\t\n", max_size=30))
def test_any_words_find_the_same(both: Both, query: str) -> None:
    """Whatever is typed, both databases find the same, and neither fails."""
    both.found(query)
    both.found(query, any_word=True)


def test_hits_are_ranked_and_shown(both: Both) -> None:
    """The best stands first; responses come last in a search; the words are marked in what is shown."""
    hits = both.found("clay")
    spoken = [hit.item.startswith("round-") and "/" in hit.item for hit in hits]
    assert spoken == sorted(spoken)
    for part in (True, False):
        ranks = [hit.rank for hit, said in zip(hits, spoken, strict=True) if said is part]
        assert ranks == sorted(ranks)
    assert all("«clay»" in hit.snippet.lower() for hit in hits)
    assert {hit.title for hit in hits} >= {"Of clay"}


def test_similar_places_leave_out_what_is_named(both: Both) -> None:
    """One word is enough to be similar, more are better; a dialogue that is named as known is left out."""
    hits = both.found("kiln clay unheard", any_word=True)
    assert [hit.rank for hit in hits] == sorted(hit.rank for hit in hits)
    assert {hit.dialogue_id for hit in hits} > {"of-clay"}
    left = both.found("kiln clay unheard", any_word=True, without=["of-clay"])
    assert left
    assert "of-clay" not in {hit.dialogue_id for hit in left}


def test_words_that_are_taken_out_are_not_found(both: Both) -> None:
    """Items of a dialogue, or all of it, leave the index; the rest is found as before."""
    for items in (["question"], None):
        for house in both.houses:
            with house.database.writing() as connection:
                store.unindex(connection, "of-clay", items)
        left = {hit.item for hit in both.found("clay") if hit.dialogue_id == "of-clay"}
        assert "question" not in left
        assert bool(left) is (items is not None)
