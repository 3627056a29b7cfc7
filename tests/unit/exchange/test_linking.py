"""What an id in a marker means: the rule for T-numbers, explicit ids, and that nothing is guessed."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.exchange.linking import Book, Known, Link
from hansard.kernel.ids import DisplayId
from hansard.markers import Span, Target

NAMES = ("muffin", "scone", "eclair")
HERE = Span(0, 3)


def known(expert: str, kind: str, round_: int, number: int, seq: int = 1) -> Known:
    """An entity whose marker was written with ``number``."""
    local_id = f"{expert.upper()}-{kind}{round_:02d}{number:02d}"
    return Known(local_id, str(DisplayId(kind, round_, seq)), kind, expert, round_, number)


def bare(number: int, kind: str = "T") -> Target:
    """``T02``."""
    return Target(f"{kind}{number:02d}", "bare", kind, number, None, None, HERE)


def named(expert: str, number: int, kind: str = "T") -> Target:
    """``MUFFIN-T02``: round 0's."""
    return Target(f"{expert.upper()}-{kind}{number:02d}", "named", kind, number, 0, expert, HERE)


def named_round(expert: str, round_: int, number: int) -> Target:
    """``MUFFIN R1-T02``."""
    return Target(f"{expert.upper()} R{round_}-T{number:02d}", "named_round", "T", number, round_, expert, HERE)


def own_round(round_: int, number: int) -> Target:
    """``R1-T02``."""
    return Target(f"R{round_}-T{number:02d}", "own_round", "T", number, round_, "muffin", HERE)


def found(link: Link) -> str | None:
    """The local id a link leads to."""
    return link.entity.local_id if link.entity else None


ENTITIES = [known(name, "T", round_, 1, seq) for round_ in (0, 1) for seq, name in enumerate(NAMES, 1)]


def test_a_bare_number_is_my_own_of_this_round() -> None:
    """Where the judge keeps no plain rows, T01 in Muffin's response of round 1 is Muffin's T01 of round 1."""
    assert Book(ENTITIES).find(bare(1), "muffin", 1) == Link(ENTITIES[3], "own")


def test_a_bare_number_falls_back_to_my_latest_earlier_round() -> None:
    """Without an own T01 in round 3 it is the author's latest earlier one, not another expert's."""
    assert found(Book(ENTITIES).find(bare(1), "muffin", 3)) == "MUFFIN-T0101"
    assert Book(ENTITIES).find(bare(1), "donut", 3) == Link(None, "nothing")


@pytest.mark.parametrize(
    ("target", "local_id"),
    [
        (named("scone", 1), "SCONE-T0001"),
        (named_round("scone", 1, 1), "SCONE-T0101"),
        (own_round(0, 1), "MUFFIN-T0001"),
        (Target("SCONE-T0101", "local", "T", 1, 1, "scone", HERE), "SCONE-T0101"),
        (Target("T0102", "global", "T", 2, 1, None, HERE), "SCONE-T0101"),
    ],
)
def test_an_explicit_id_tells_owner_and_round_itself(target: Target, local_id: str) -> None:
    """Each explicit form reaches what it says, with rows and without."""
    assert found(Book(ENTITIES).find(target, "muffin", 1)) == local_id
    assert found(Book(ENTITIES, rows=[1]).find(target, "muffin", 1)) == local_id


def test_a_row_reaches_the_single_tension_after_round_0_that_carries_its_number() -> None:
    """With plain rows, T02 is a row from round 1 on, whoever writes it."""
    entities = [*ENTITIES, known("scone", "T", 1, 2, 4)]
    book = Book(entities, rows=[1, 2])
    assert [found(book.find(bare(2), name, 2)) for name in NAMES] == ["SCONE-T0102"] * 3


def test_a_row_that_two_tensions_carry_is_ambiguous() -> None:
    """Three experts wrote T01 in round 1: the row is none of them."""
    assert Book(ENTITIES, rows=[1]).find(bare(1), "muffin", 1) == Link(None, "ambiguous")


def test_a_row_never_reaches_round_0() -> None:
    """In round 0 the numbers were everybody's own; only a map leads from a row back to them."""
    entities = [entity for entity in ENTITIES if entity.round == 0]
    book = Book(entities, rows=[1])
    assert book.find(bare(1), "muffin", 1) == Link(None, "nothing")
    assert found(book.find(bare(1), "muffin", 0)) == "MUFFIN-T0001"
    mapped = Book(entities, rows=[1], mapped={1: "SCONE-T0001"})
    assert mapped.find(bare(1), "muffin", 1) == Link(entities[1], "map")


def test_a_map_beats_the_marker_that_restates_a_row() -> None:
    """The map says which tension the row is; a marker of the same number restates it."""
    entities = [known("scone", "T", 0, 1), known("muffin", "T", 1, 1)]
    book = Book(entities, rows=[1], mapped={1: "SCONE-T0001"})
    assert found(book.find(bare(1), "eclair", 2)) == "SCONE-T0001"
    assert book.restated() == {1: entities}


def test_restated_tensions_are_told_together_only_where_numbers_are_shared() -> None:
    """Two markers with T03 after round 0 belong to one row; without rows they are two people's own."""
    entities = [known("muffin", "T", 1, 3), known("scone", "T", 1, 3, 2), known("scone", "T", 1, 4, 3)]
    assert Book(entities, rows=[3, 4]).restated() == {3: entities[:2]}
    assert Book(entities).restated() == {}


def test_perspectives_are_always_the_authors_own() -> None:
    """Rows are tensions; P02 is the author's own perspective even where T-numbers are shared."""
    entities = [known("muffin", "P", 1, 2), known("scone", "P", 1, 2, 2), known("scone", "T", 1, 1)]
    assert found(Book(entities, rows=[1]).find(bare(2, "P"), "muffin", 2)) == "MUFFIN-P0102"


def test_a_possessive_without_a_round_is_linked_only_when_there_is_one() -> None:
    """Scone's T01 may be of any round; with one it is that one, with two or with shared rows it is none."""
    target = Target("Scone's T01", "named_any", "T", 1, None, "scone", HERE)
    assert found(Book([known("scone", "T", 1, 1)]).find(target, "muffin", 2)) == "SCONE-T0101"
    assert Book(ENTITIES).find(target, "muffin", 2) == Link(None, "ambiguous")
    assert Book([known("scone", "T", 1, 1)], rows=[1]).find(target, "muffin", 2) == Link(None, "ambiguous")


def test_nothing_of_a_later_round_is_reached() -> None:
    """An id cannot mean what was not yet written."""
    assert Book(ENTITIES).find(named_round("scone", 1, 1), "muffin", 0) == Link(None, "later")


def test_an_own_number_that_was_written_twice_is_ambiguous() -> None:
    """Two T01 in one response: the reader numbered them apart, but T01 names both."""
    twice = Known("MUFFIN-T0102", "T0102", "T", "muffin", 1, 1)
    assert Book([known("muffin", "T", 1, 1), twice]).find(bare(1), "muffin", 1) == Link(None, "ambiguous")


def test_a_map_to_no_tension_is_an_error() -> None:
    """A map may name tensions of the dialogue only."""
    with pytest.raises(KeyError):
        Book(ENTITIES, mapped={1: "DONUT-T0001"})
    with pytest.raises(KeyError):
        Book([known("muffin", "P", 0, 1)], mapped={1: "MUFFIN-P0001"})


# -- for any dialogue --------------------------------------------------------------------------------------------------


@st.composite
def dialogues(draw: st.DrawFn) -> list[Known]:
    """Entities of up to three experts and three rounds; an expert may write a number once in a round."""
    places = st.tuples(st.sampled_from(NAMES), st.sampled_from("PT"), st.integers(0, 2), st.integers(1, 3))
    chosen = draw(st.sets(places, max_size=18))
    counts: dict[tuple[str, int], int] = {}
    entities = []
    for expert, kind, round_, number in sorted(chosen):
        counts[kind, round_] = counts.get((kind, round_), 0) + 1
        entities.append(known(expert, kind, round_, number, counts[kind, round_]))
    return entities


targets = st.one_of(
    st.builds(bare, st.integers(1, 3), st.sampled_from("PT")),
    st.builds(named, st.sampled_from(NAMES), st.integers(1, 3), st.sampled_from("PT")),
    st.builds(named_round, st.sampled_from(NAMES), st.integers(0, 2), st.integers(1, 3)),
    st.builds(own_round, st.integers(0, 2), st.integers(1, 3)),
)
rows = st.sets(st.integers(1, 3))


@given(dialogues(), st.sampled_from(NAMES), st.integers(0, 2), rows)
def test_a_link_is_of_the_targets_kind_and_number_and_not_later(
    entities: list[Known], author: str, round_: int, plain: set[int]
) -> None:
    """Whatever is linked has the kind and number that were written, and was written by then."""
    book = Book(entities, rows=plain)
    wanted = [bare(number, kind) for number in (1, 2, 3) for kind in "PT"]
    wanted += [named(name, number) for name in NAMES for number in (1, 2, 3)]
    wanted += [named_round(name, back, number) for name in NAMES for back in (0, 1, 2) for number in (1, 2, 3)]
    for target in wanted:
        entity = book.find(target, author, round_).entity
        if entity is not None:
            assert (entity.kind, entity.number) == (target.kind, target.number)
            assert entity.round <= round_
            if target.form in ("named", "named_round"):
                assert (entity.expert, entity.round) == (target.expert, target.round)


@given(dialogues(), targets, st.sampled_from(NAMES), st.integers(0, 2), rows, st.randoms(use_true_random=False))
def test_the_order_of_entities_changes_no_link(
    entities: list[Known], target: Target, author: str, round_: int, plain: set[int], dice: Random
) -> None:
    """A link depends on what there is, not on the order in which it was read."""
    shuffled = list(entities)
    dice.shuffle(shuffled)
    before = Book(entities, rows=plain).find(target, author, round_)
    assert Book(shuffled, rows=plain).find(target, author, round_) == before


@given(dialogues(), st.integers(1, 3), st.integers(1, 2), rows.filter(bool))
def test_with_rows_a_bare_tension_means_the_same_to_everybody_and_is_never_of_round_0(
    entities: list[Known], number: int, round_: int, plain: set[int]
) -> None:
    """From round 1 on a row is a row: it does not depend on who writes, and reaches no marker of round 0."""
    book = Book(entities, rows=plain)
    meant = {book.find(bare(number), author, round_) for author in NAMES}
    assert len(meant) == 1
    entity = meant.pop().entity
    assert entity is None or entity.round > 0


@given(dialogues(), st.integers(1, 3), st.sampled_from("PT"), st.integers(0, 2))
def test_without_rows_a_bare_number_never_reaches_somebody_elses(
    entities: list[Known], number: int, kind: str, round_: int
) -> None:
    """A number without an owner is the author's own, or nothing."""
    book = Book(entities)
    for author in NAMES:
        entity = book.find(bare(number, kind), author, round_).entity
        assert entity is None or entity.expert == author


@given(dialogues(), dialogues(), st.integers(1, 3), st.integers(0, 2))
def test_without_rows_what_others_write_changes_no_bare_link(
    entities: list[Known], others: list[Known], number: int, round_: int
) -> None:
    """Adding responses of other experts leaves Muffin's own links as they are."""
    mine = [entity for entity in entities if entity.expert == "muffin"]
    theirs = [entity for entity in others if entity.expert != "muffin"]
    alone = Book(mine).find(bare(number), "muffin", round_)
    assert Book([*mine, *theirs]).find(bare(number), "muffin", round_) == alone


@given(dialogues(), rows)
def test_every_entity_is_reached_by_its_own_ids(entities: list[Known], plain: set[int]) -> None:
    """Local id and display id lead to the entity in its own round and later, whatever numbers are shared."""
    book = Book(entities, rows=plain)
    for entity, later in product(entities, (0, 1)):
        local = Target(entity.local_id, "local", entity.kind, entity.number, entity.round, entity.expert, HERE)
        seq = int(entity.display_id[-2:])
        display = Target(entity.display_id, "global", entity.kind, seq, entity.round, None, HERE)
        for target in (local, display):
            assert book.find(target, "scone", entity.round + later).entity == entity
