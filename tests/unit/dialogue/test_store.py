"""Rows and statements: hot statements stay inside one dialogue, the search index says what the record says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hansard.dialogue.tables import ROWS
from hansard.kernel.shapes import SAYS_SOMETHING
from tests.conftest import scale
from tests.support.statements import recorded
from tests.unit.dialogue.kit import JUDGE, PEOPLE, Room, converging, entity, everybody, ref, step

TABLES = sorted(table.name for table in ROWS.values())


_VALUE = re.compile(r"'(?:[^']|'')*'|\b\d+\b")


def plans(room: Room, said: list[str]) -> dict[str, list[str]]:
    """How SQLite would carry out each different statement."""
    found: dict[str, list[str]] = {}
    with room.database.reading() as connection:
        for statement in said:
            alike = _VALUE.sub("?", statement)
            if alike not in found and alike.lstrip().split()[0] in ("SELECT", "UPDATE", "DELETE", "INSERT"):
                driver: Any = connection.connection.dbapi_connection
                found[alike] = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return found


def a_whole_dialogue(room: Room) -> None:
    """Every operation on a dialogue, each in its ordinary form, several rounds, all tables filled."""
    dialogue = room.create("Hot", request_id="one", tags=["t"])
    for number in range(3):
        room.call("round_context", dialogue_id=dialogue)
        if number:
            room.call("expert_create", dialogue_id=dialogue, expert_slug=f"new-{number}", role="r", reason="A gap.")
            panel = [{"expert_slug": name} for name in (*PEOPLE, f"new-{number}")]
            room.call("evolve_panel", dialogue_id=dialogue, round=number, panel=panel)
        links = [ref("refine", f"P{number - 1:02d}01"), ref("address", f"T{number - 1:02d}01")] if number else []
        room.register(
            dialogue,
            number,
            request_id=f"round-{number}",
            summary="Words " * 300,
            responses={"muffin": "Raw " * 400},
            expert_scores={"muffin": 3},
            perspectives=[entity(f"MUFFIN-P{number:02d}01", content="Long " * 300, references=links)],
            recommendations=[entity(f"SCONE-R{number:02d}01")],
            tensions=[entity(f"MUFFIN-T{number:02d}01")],
            evidence=[entity(f"DONUT-E{number:02d}01")],
            claims=[entity(f"DONUT-C{number:02d}01", references=[ref("support", f"MUFFIN-P{number:02d}01")])],
            moves=converging(),
            stances=[{"expert": "muffin", "stance": "APPROVE"}],
            tension_updates=[step(f"T{number - 1:02d}01", "resolved")] if number else [],
            judge_claims={"velocity": 0},
        )
        room.call("parse_response", dialogue_id=dialogue, round=number, expert="muffin", text="[RE:SUPPORT P0001]")
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "reopened", "user")])
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "resolved", "judge")])
    room.conclude(
        dialogue, 2, verdict_id="apart", verdict_type="minority", author_expert="eclair", what_would_change="Facts."
    )
    room.conclude(
        dialogue,
        2,
        votes=everybody(),
        tensions_accepted=["T0201"],
        recommendations_adopted=["R0001"],
        key_evidence=["E0001"],
        key_claims=["C0001"],
        dismissals={"apart": "Too late."},
        force=True,
        force_reason="Two are new.",
    )
    room.call("tag", dialogue_id=dialogue, add=["kiln"], remove=["t"])
    room.call("reopen", dialogue_id=dialogue, reason="More is known.", by=["user"])
    room.call("update_status", dialogue_id=dialogue, updates=[step("P0001", "commented", "user")])
    more = {"verdict_id": "second", "supersedes": "final", "force": True, "force_reason": "Time.", "request_id": "last"}
    room.conclude(dialogue, 2, **more)
    room.conclude(dialogue, 2, **more)
    room.call("reopen", dialogue_id=dialogue, reason="Even more.", by=["user"])
    room.call("abandon", dialogue_id=dialogue, reason="Enough.")
    for name in ("progress", "get", "round_context", "prompts"):
        room.call(name, dialogue_id=dialogue)
    room.call("entity", dialogue_id=dialogue, id="P0001")
    room.call("expand_citations", dialogue_id=dialogue, ids=["P0001", "T0201"])


def scans(plan: list[str]) -> list[str]:
    """Steps of a plan that read one of the dialogue's tables from end to end."""
    return [one for one in plan if (found := re.match(r"SCAN (\w+)", one)) and found[1] in TABLES]


def test_hot_statements_stay_inside_one_dialogue(room: Room) -> None:
    """Over every operation of a whole dialogue no statement reads a dialogue table from end to end."""
    with recorded(room.database) as said:
        a_whole_dialogue(room)
    found = plans(room, said)
    touched = {name for name in TABLES if any(re.search(rf"\b{name}\b", statement) for statement in found)}
    assert touched == {*TABLES}
    assert {statement: plan for statement, plan in found.items() if scans(plan)} == {}
    for statement, plan in found.items():
        for one in plan:
            if (table := re.match(r"SEARCH (\w+) USING", one)) and table[1] in TABLES:
                assert "dialogue_id=?" in one or "dialogue_id=? AND" in one, (statement, one)


def test_a_scan_would_be_seen(room: Room) -> None:
    """The check above can fail: a statement without a dialogue is told as a scan."""
    table = ROWS[next(kind for kind in ROWS if ROWS[kind].name == "entities")]
    with recorded(room.database) as said, room.database.reading() as connection:
        connection.execute(sa.select(table).where(table.c.label == "x")).all()
    assert scans(next(plan for statement, plan in plans(room, said).items() if "label" in statement)) == [
        "SCAN entities"
    ]


def test_statements_do_not_multiply_with_the_record(room: Room) -> None:
    """A round's registration sends as many statements in round 9 as in round 1, but for its own references."""
    dialogue = room.create()
    counts = []
    for number in range(10):
        with recorded(room.database) as said:
            room.register(dialogue, number, perspectives=[entity(f"MUFFIN-P{number:02d}01")])
        counts.append(len(said))
    assert len(set(counts[1:])) == 1


# -- search ------------------------------------------------------------------------------------------------------------

WORDS = {
    "P": 'The "iron" rule: 100% of income (net) NOT gross',
    "R": "Straße, naïve café, Ørsted — coöperate",
    "T": "a-b_c:d*e^f{g}h|i&j;k",
    "E": "NEAR the harbour AND the mill OR neither",
    "C": "日本語 の 文",
}


@pytest.fixture
def filled(room: Room) -> Room:
    """A store with one dialogue whose entities hold awkward words, and a second that shares a few."""
    dialogue = room.create("Words of search")
    room.register(
        dialogue,
        0,
        summary="The summary speaks of a lighthouse.",
        perspectives=[entity("MUFFIN-P0001", content=WORDS["P"])],
        recommendations=[entity("MUFFIN-R0001", content=WORDS["R"])],
        tensions=[entity("MUFFIN-T0001", description=WORDS["T"])],
        evidence=[entity("MUFFIN-E0001", content=WORDS["E"])],
        claims=[entity("MUFFIN-C0001", content=WORDS["C"])],
    )
    room.conclude(dialogue, 0, verdict_type="interim", verdict_id="v1", description="A verdict on the lighthouse.")
    room.create("Another", question="Is the iron rule any good?")
    return room


def hits(room: Room, query: str, **more: Any) -> list[tuple[str, str]]:
    """Dialogue and item of each place found."""
    return [(hit.dialogue_id, hit.item) for hit in room.call("search", query=query, **more).hits]


@pytest.mark.parametrize(
    ("query", "items"),
    [
        ("iron", {"P0001", "question"}),
        ('"iron"', {"P0001", "question"}),
        ('"iron rule', {"P0001", "question"}),
        ("100%", {"P0001"}),
        ("(net)", {"P0001"}),
        ("not GROSS", {"P0001"}),
        ("strasse", set()),
        ("Straße", {"R0001"}),
        ("naive CAFE", {"R0001"}),
        ("orsted", set()),
        ("ørsted", {"R0001"}),
        ("cooperate", {"R0001"}),
        ("a-b_c", {"T0001"}),
        ("e^f", {"T0001"}),
        ("{g}", {"T0001"}),
        ("AND", {"E0001"}),
        ("OR", {"E0001"}),
        ("NEAR", {"E0001"}),
        ("harbour NOT mill", set()),
        ("日本語", {"C0001"}),
        ("lighthouse", {"round-0", "verdict:v1"}),
        ("lighthouse iron", set()),
        ("absent", set()),
        ("iro*", set()),
        ("label:iron", set()),
        ("%", set()),
        ("_", set()),
        ('"', set()),
        ("''", set()),
        (";", set()),
        ("--", set()),
        ("NEAR(harbour mill)", set()),
    ],
)
def test_words_are_plain_text(query: str, items: set[str], filled: Room) -> None:
    """Quotes, %, operators and other scripts are searched for as they stand; no operator is read in them."""
    assert {item for _, item in hits(filled, query)} == items


@settings(max_examples=scale(100))
@given(query=st.text(min_size=1, max_size=40))
def test_no_query_breaks_the_search(query: str, shared_room: Room) -> None:
    """Whatever text is searched for, an answer or a clear refusal comes, never a fault of the database."""
    if "\0" in query or not re.search(SAYS_SOMETHING, query):
        assert shared_room.fault("search", query=query).code == "invalid_field"
    else:
        assert isinstance(shared_room.call("search", query=query).hits, list)


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One store for many searches."""
    made = Room(tmp_path_factory.mktemp("search"))
    made.register(made.create(), 0, perspectives=[entity("MUFFIN-P0001", content=" ".join(WORDS.values()))])
    yield made
    made.close()


def test_a_search_may_stay_in_one_dialogue(filled: Room) -> None:
    """Narrowed to a dialogue, only its places are found; an unknown dialogue is refused."""
    assert hits(filled, "iron", dialogue_id="another") == [("another", "question")]
    assert hits(filled, "iron", dialogue_id="words-of-search") == [("words-of-search", "P0001")]
    fault = filled.fault("search", query="iron", dialogue_id="anothr")
    assert (fault.code, fault.suggestion) == ("dialogue_not_found", "Did you mean 'another'?")


def test_hits_are_ranked_and_shown_with_their_words(room: Room) -> None:
    """A word in a label ranks before one in a text; the snippet shows the match between « and »."""
    dialogue = room.create()
    room.register(
        dialogue,
        0,
        perspectives=[
            entity("MUFFIN-P0001", content="The kraken is mentioned far down " + "and on " * 60),
            entity("MUFFIN-P0002", label="The kraken", content="Short."),
        ],
    )
    found = room.call("search", query="kraken").hits
    assert [hit.item for hit in found] == ["P0002", "P0001"]
    assert found[0].rank < found[1].rank
    assert "«kraken»" in found[1].snippet
    assert len(room.call("search", query="kraken", limit=1).hits) == 1


def test_any_word_said_is_found(room: Room) -> None:
    """A response's words outside entities are found by who spoke when, and stand behind the entity that has them."""
    dialogue = room.create()
    room.register(
        dialogue,
        0,
        perspectives=[entity("MUFFIN-P0001", content="The kraken sleeps. " + "and on " * 60)],
        responses={"muffin": "kraken kraken kraken, and a narwhal nobody marked", "scone": "   "},
    )
    assert hits(room, "narwhal") == [(dialogue, "round-0/muffin")]
    (hit,) = room.call("search", query="narwhal").hits
    assert (hit.label, hit.snippet.count("«narwhal»")) == ("Muffin in round 0", 1)
    assert [item for _, item in hits(room, "kraken")] == ["P0001", "round-0/muffin"]
    assert room.search_faults() == []
    with room.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM search WHERE item = 'round-0/muffin'")
    assert [item for _, item, _ in room.search_faults()] == ["round-0/muffin"]


def test_the_index_says_what_the_record_says_after_every_operation(room: Room) -> None:
    """Question, entities, summaries and verdicts are in the index as soon as they are in the record."""
    for operation in room.table.values():
        assert operation.name.startswith("dialogue_")
    dialogue = room.create()
    trail: list[Callable[[], Any]] = [
        lambda: room.register(
            dialogue, 0, summary="S", perspectives=[entity("MUFFIN-P0001")], responses={"muffin": "Said."}
        ),
        lambda: room.call("expert_create", dialogue_id=dialogue, expert_slug="palmier", role="r", reason="A gap."),
        lambda: room.call(
            "evolve_panel", dialogue_id=dialogue, round=1, panel=[{"expert_slug": name} for name in PEOPLE]
        ),
        lambda: room.register(dialogue, 1, title="No summary", tensions=[entity("MUFFIN-T0101")]),
        lambda: room.call("update_status", dialogue_id=dialogue, updates=[step("T0101", "resolved")]),
        lambda: room.conclude(dialogue, 1, verdict_id="v", verdict_type="interim"),
        lambda: room.conclude(dialogue, 1, votes=everybody()),
    ]
    for act in trail:
        act()
        assert room.search_faults() == []
        assert room.findings() == []


def test_a_forgotten_index_would_be_seen(room: Room) -> None:
    """The check above can fail: an entry that is gone, altered or doubled is told with its item."""
    dialogue = room.create()
    room.register(dialogue, 0, perspectives=[entity("MUFFIN-P0001")])
    with room.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM search WHERE item = 'P0001'")
        connection.exec_driver_sql("UPDATE search SET body = 'other' WHERE item = 'question'")
    assert {item for _, item, _ in room.search_faults()} == {"P0001", "question"}


def test_a_write_within_an_open_transaction_is_part_of_it(room: Room) -> None:
    """Operations join a caller's transaction: what it leaves undone is undone, index included."""
    before = room.dump()

    class UndoneError(Exception):
        """Thrown to end the transaction."""

    def both() -> None:
        with room.database.writing() as connection:
            call = JUDGE.within(connection)
            pool = {"experts": [{"role": "r"}] * 3}
            made = room.call("create", call, title="Within", question="Q", expert_pool=pool)
            room.call(
                "round_register", call, dialogue_id=made.dialogue_id, round=0, score=1, expert_scores={"muffin": 1}
            )
            assert room.call("get", call, dialogue_id=made.dialogue_id).dialogue["total_alignment"] == 1
            raise UndoneError

    with pytest.raises(UndoneError):
        both()
    assert room.dump() == before


def test_the_conditions_of_a_verdict_are_found(room: Room) -> None:
    """What a verdict depends on, and what would change it, is found as its description is."""
    dialogue = room.create()
    room.register(dialogue, 0)
    more = {"verdict_id": "v1", "verdict_type": "interim", "conditions": ["The quokka agrees."]}
    room.conclude(dialogue, 0, what_would_change="A capybara.", **more)
    for word in ("quokka", "capybara"):
        assert hits(room, word) == [(dialogue, "verdict:v1")]
    assert room.search_faults() == []
