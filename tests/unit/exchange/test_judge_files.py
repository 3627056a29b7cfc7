"""Pools, panels, scoreboards, tension lists and verdicts as judges write them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.exchange import judge_files as judge
from hansard.exchange import outline, rosters
from hansard.kernel.errors import HansardError


def refusal(text: str, name: str = "panel.json") -> HansardError:
    """Why a text is not taken as JSON."""
    with pytest.raises(HansardError) as caught:
        rosters.load_json(text, name)
    return caught.value


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_broken_json_is_told_with_file_line_and_column() -> None:
    """The place of the fault stands in the message and in the context."""
    fault = refusal('{"agents": [\n  {"name": "Muffin"},\n  }\n')
    assert fault.code == "json_malformed"
    assert "'panel.json' is not JSON: line 3, column 3" in fault.message
    assert fault.context == {"file": "panel.json", "line": 3, "column": 3}


@pytest.mark.parametrize(
    "text",
    ["", "[", "[" * 100_000, '{"a":' * 100_000, "NaN", '{"a": Infinity}', "-", "1" * 10_000, '"\x01"', "\ufeff{}"],
)
def test_what_is_no_json_is_refused_and_never_crashes(text: str) -> None:
    """Empty, cut, bottomless, NaN, endless digits: one clear error each."""
    assert refusal(text).code == "json_malformed"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('{"a": {"b": [1, "x\\u0000"]}}', "a.b[1]"),
        ('{"a": "\\ud800"}', "a"),
        ('{"a": 90071992547409930}', "a"),
        ('{"a": 1e999}', "a"),
        ("[" * 40 + "]" * 40, "the file" + "[0]" * 32),
    ],
)
def test_what_no_record_can_hold_is_refused_with_its_path(text: str, at: str) -> None:
    """NUL, lone surrogates, huge and infinite numbers, bottomless nesting are named by their place."""
    fault = refusal(text)
    assert fault.code == "json_unfit"
    assert fault.context is not None
    assert fault.context["at"] == at


words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | words, st.lists, max_leaves=8))
def test_storable_json_comes_back_as_it_is(value: Any) -> None:
    """What a record can hold is loaded unchanged."""
    assert rosters.load_json(json.dumps(value), "x.json") == value


def test_a_panel_tells_each_agent_and_where_it_comes_from() -> None:
    """Agents come with tier, relevance and focus, the history adds the source; emoji and further keys do no harm."""
    history = {"name": "SCONE", "source": "created", "creation_reason": "nobody asks"}
    text = json.dumps(
        {
            "agents": [{"name": "Scone", "emoji": "🧁", "tier": "wildcard", "relevance": 0.3, "focus": "Ships"}],
            "history": {"experts": [history], "round": 1},
        }
    )
    panel = rosters.read_panel(text, "panel.json")
    assert panel.notes == ()
    (agent,) = panel.agents
    assert (agent.name, agent.tier, agent.relevance, agent.focus) == ("Scone", "Wildcard", 0.3, "Ships")
    assert (agent.source, agent.creation_reason) == ("created", "nobody asks")


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ([], "the file"),
        ({}, "agents"),
        ({"agents": "Muffin"}, "agents"),
        ({"agents": ["Muffin"]}, "agents[0]"),
        ({"agents": [{"role": "Engineer"}]}, "agents[0].name"),
        ({"agents": [{"name": "Muffin", "role": 3}]}, "agents[0].role"),
    ],
)
def test_a_panel_of_another_shape_is_refused_with_its_path(value: Any, at: str) -> None:
    """A panel file that does not name its members is named with the place where it fails."""
    with pytest.raises(HansardError) as caught:
        rosters.read_panel(json.dumps(value), "round-1/panel.json")
    assert caught.value.code == "json_unfit"
    assert caught.value.context == {"file": "round-1/panel.json", "at": at}


def test_values_that_say_nothing_useful_are_left_out_and_noted() -> None:
    """An unknown tier and a relevance beyond 1 are dropped with a note, and the agent stays."""
    text = json.dumps({"agents": [{"name": "Muffin", "tier": "gold", "relevance": 7}]})
    panel = rosters.read_panel(text, "panel.json")
    assert panel.agents[0].tier is None
    assert panel.agents[0].relevance is None
    assert [note.code for note in panel.notes] == ["tier_unknown", "relevance_unusable"]


def test_a_pool_keeps_its_background_whole() -> None:
    """Fields that a background does not know stand among its constraints."""
    background = {"subject": "A town", "constraints": {"crowns": 3}, "deadline": "May"}
    pool = rosters.read_pool(json.dumps({"background": background, "experts": []}), "expert-pool.json")
    assert pool.background == {"subject": "A town", "constraints": {"crowns": 3, "deadline": "May"}}


# -- headings and tables -----------------------------------------------------------------------------------------------


def test_headings_and_tables_in_code_are_text() -> None:
    """What stands in a fence is no heading and no table row."""
    text = "# One\n\n```\n# Not one\n| a | b |\n|---|---|\n| 1 | 2 |\n```\n\n## Two ##\n"
    assert [(h.level, h.text, h.line) for h in outline.headings(text)] == [(1, "One", 1), (2, "Two", 10)]
    assert outline.tables(text) == []


def test_a_table_tells_the_line_of_each_row() -> None:
    """Rows come with their line numbers; an escaped bar belongs to its cell."""
    (table,) = outline.tables("\n| A | B |\n|:--|--:|\n| 1 | x\\|y |\n| 2 | z |\n\n| 3 | no table |\n")
    assert table == outline.Table(["A", "B"], [(4, ["1", "x|y"]), (5, ["2", "z"])])


@given(st.text(alphabet="#|- \n\r`~abT0123*:", max_size=400))
def test_reading_markdown_never_fails(text: str) -> None:
    """Any text at all gives headings, tables, scores, tensions, counts and a conclusion, or none."""
    ends = [outline.section_end(text, outline.headings(text), i) for i in range(len(outline.headings(text)))]
    assert all(0 <= end <= len(text) for end in ends)
    board = judge.read_scoreboard(text)
    assert all(row.line <= text.count("\n") + 1 for row in board.rounds)
    assert all(row.line <= text.count("\n") + 1 for row in judge.read_tensions(text))
    judge.counts(text)
    concluded = judge.read_conclusion(text)
    if concluded is not None:
        assert concluded.recommendation.strip()
        assert concluded.description.strip()
        assert 1 <= concluded.first_line <= text.count("\n") + 1
    assert all(row.line <= text.count("\n") + 1 for row in judge.read_settled(text))


# -- titles, questions, roles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# Scoreboard: Harbour crossing", "Harbour crossing"),
        ("# Scoreboard — Harbour crossing (FINAL)", "Harbour crossing"),
        ("# Round 0 Summary — Harbour crossing", "Harbour crossing"),
        ("# Round 2: closing", "closing"),
        ("# Round 0 Summary — Judge's Synthesis", None),
        ("# Scoreboard", None),
        ("no heading", None),
    ],
)
def test_a_title_is_what_a_heading_says_besides_the_kind_of_file(heading: str, title: str | None) -> None:
    """Prefix and suffix are taken off; a heading that only names the kind of file tells no title."""
    found = judge.title_in(f"{heading}\n\nText.\n")
    assert (found[0] if found else None) == title


def test_the_question_is_the_first_paragraph_under_its_heading() -> None:
    """A section called Question tells the dialogue's question."""
    assert judge.question_in("# S\n\n## Question\nBridge\nor tunnel?\n\nMore.\n") == ("Bridge\nor tunnel?", 3)
    assert judge.question_in("# S\n\n## Questions for round 1\nWhich?\n") is None


ROLES = ("Data Modeling Specialist (YAML schemas)", "Data Migration Specialist", "Product Manager (roadmaps)")


@pytest.mark.parametrize(
    ("text", "told", "role"),
    [
        ("# Muffin — Round 2 (Data Modeling Specialist)", "Data Modeling Specialist", ROLES[0]),
        ("# Muffin - Data Migration Specialist (Round 1)", "Data Migration Specialist", ROLES[1]),
        ("# Round 2 — Muffin (Product Manager, Convergence)", "Product Manager", ROLES[2]),
        ("# Muffin — Round 2 (Convergence)", None, None),
        ("# Muffin Müller — Support Lead", "Support Lead", None),
        ("# Muffin Müller", None, None),
        ("# Why data models matter", None, None),
        ("# Muffin: Data Quality Lead (round 2)", "Data Quality Lead", None),
        ("no heading", None, None),
    ],
)
def test_a_role_is_read_from_a_heading_that_names_its_author(text: str, told: str | None, role: str | None) -> None:
    """What stands beside name and round is matched by its first words with the pool's roles."""
    found = judge.role_in(text, "muffin")
    assert (found[0] if found else None) == told
    assert (judge.matched_role(told, ROLES) if told else None) == role


# -- scoreboard --------------------------------------------------------------------------------------------------------


def test_the_round_table_is_read_by_its_headings() -> None:
    """Columns may stand in any order and under short names; a percent sign and bold are no part of a figure."""
    text = (
        "| Round | Score | New P | Open T | Converge % | S |\n|-|-|-|-|-|-|\n"
        "| R1 | **16** | 3 | ~2 | 83% | 36 |\n| Sum | 16 |"
    )
    (row,) = judge.read_scoreboard(text).rounds
    assert (row.round, row.line, row.score) == (1, 3, 16)
    assert row.figures == {"score": "16", "new_perspectives": "3", "open_tensions": "2", "converge_percent": "83"}


def test_sums_that_do_not_agree_are_noted_with_their_line() -> None:
    """W + C + T + R against the score, and an expert's scores against the total."""
    text = (
        "| Round | W | C | T | R | Score |\n|-|-|-|-|-|-|\n| 0 | 1 | 2 | 3 | 4 | 11 |\n\n"
        "| Expert | R0 | R1 | Total |\n|-|-|-|-|\n| Muffin | 5 | — | 6 |\n| Scone | 6 | x | 6 |\n"
    )
    board = judge.read_scoreboard(text)
    noted = [(note.code, note.line) for note in board.notes]
    assert noted == [("scores_differ", 3), ("scores_differ", 7), ("score_unreadable", 8)]
    assert "1 + 2 + 3 + 4 is 10, not 11" in board.notes[0].message
    assert board.experts[0].scores == {0: 5}


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("**Convergence:** ✓ (Round 3, velocity=0, 6/6 unanimous)", [("agreed", "6/6"), ("velocity", "0")]),
        ("│ Tensions Resolved │ 17/17 │", [("tensions_resolved", "17/17")]),
        ("│ Bridge │ REJECTED — unanimous across all 12 experts │", [("agreed", "12/12")]),
        ("All 6 experts signaled [MOVE:CONVERGE].", [("agreed", "6/6")]),
        ("It was not unanimous across all 12 experts.", []),
        ("We conclude when all 6 experts agree.", []),
        ("All agree. 17/17 tensions resolved.", [("tensions_resolved", "17/17")]),
        ("## 100% CONVERGENCE ACHIEVED", [("converge_percent", "100")]),
        ("It was resolved on 3/12/2026 at 2/3 of the price.", []),
        ("| 0 | 83% converge |", []),
    ],
)
def test_counts_in_sentences_are_claims_and_other_figures_are_not(line: str, counts: list[tuple[str, str]]) -> None:
    """Agreed members, resolved tensions, convergence and velocity are read; dates, fractions and tables are not."""
    assert [(count.item, count.claimed) for count in judge.counts(f"x\n{line}\n")] == counts
    assert all(count.line == 2 for count in judge.counts(f"x\n{line}\n"))


# -- tensions ----------------------------------------------------------------------------------------------------------


def test_rows_of_a_table_of_tensions() -> None:
    """Plain rows have a number, full ids have none; the status is the judge's word without its bold."""
    text = (
        "| ID | Tension | Status |\n|-|-|-|\n"
        "| T01 | Cost | **Resolved** |\n| T0101 | Ferry | Accepted |\n| all | x | y |\n"
    )
    rows = [(row.subject, row.number, row.label, row.status, row.line) for row in judge.read_tensions(text)]
    assert rows == [("T01", 1, "Cost", "Resolved", 3), ("T0101", None, "Ferry", "Accepted", 4)]


def test_a_list_tells_the_round_in_which_a_tension_was_raised() -> None:
    """The column is read where it names a round, and left out where it names none."""
    text = "| ID | Tension | Status | Raised |\n|-|-|-|-|\n| T01 | A | Open | R0 |\n| T02 | B | Open | later |\n"
    assert [(row.subject, row.raised) for row in judge.read_tensions(text)] == [("T01", 0), ("T02", None)]


def test_a_verdicts_table_tells_what_became_of_tensions() -> None:
    """Rows of two cells whose first is an id, drawn with lines or bars; other tables are none."""
    text = "│ ID │ Said │\n│ MUFFIN-T01 (R0) │ Resolved: cost │\n| T02 | Withdrawn |\n| T03 | x | y |\n│ Rounds │ 4 │\n"
    rows = [(row.subject, row.round, row.status, row.line) for row in judge.read_settled(text)]
    assert rows == [("MUFFIN-T01", 0, "Resolved: cost", 2), ("T02", None, "Withdrawn", 3)]


def test_headings_of_tensions_take_the_status_of_their_section() -> None:
    """``Status:`` wins over a bold opening; the round in brackets belongs to the id."""
    text = (
        "## OPEN\n\n### MACARON-T01 (R0): No way back\n**Resolved in R1** by Macaron.\n\n"
        "### MUFFIN R1-T01: Stale rows\nWords.\n**Status: OPEN** — correctness\n\n### Cluster D\n"
    )
    rows = [(row.subject, row.round, row.label, row.status, row.line) for row in judge.read_tensions(text)]
    assert rows == [
        ("MACARON-T01", 0, "No way back", "Resolved in R1", 3),
        ("MUFFIN R1-T01", None, "Stale rows", "OPEN", 6),
    ]


# -- verdicts without a marker -----------------------------------------------------------------------------------------


def test_a_conclusion_is_the_heading_under_the_answering_section() -> None:
    """Heading and paragraph are the recommendation; everything after them describes it, whatever its heading."""
    text = (
        "# Final Verdict\n\n## 100 %\n\n## Answer to the Question\n**Bridge?**\n\n### NO.\n\nBuild a tunnel.\n\n"
        "## Decisions\nA toll.\n\n## More\nx\n"
    )
    concluded = judge.read_conclusion(text)
    assert concluded is not None
    assert concluded.recommendation == "NO.\n\nBuild a tunnel."
    assert concluded.description == "## Decisions\nA toll.\n\n## More\nx"
    assert concluded.first_line == 8


def test_a_conclusion_without_a_heading_is_the_sections_first_paragraph() -> None:
    """What follows the paragraph describes it, to the end of the file."""
    concluded = judge.read_conclusion("# V\n\n## Recommendation\n\nBuild a tunnel.\n\nIt lasts.\n\n## Other\nNo.\n")
    assert concluded is not None
    assert (concluded.recommendation, concluded.description) == ("Build a tunnel.", "It lasts.\n\n## Other\nNo.")


def test_a_conclusion_without_sections_is_the_first_paragraph() -> None:
    """Prose alone is read from its beginning; nothing at all gives nothing."""
    concluded = judge.read_conclusion("# Verdict\n\nBuild it.\n")
    assert concluded is not None
    assert (concluded.recommendation, concluded.description) == ("Build it.", "Build it.")
    assert judge.read_conclusion("# Verdict\n\n") is None
