"""What holds for every text, however it is made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from types import FrameType

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hansard.markers import Response, lint, parse

from .samples import spans, unaccounted

FRAGMENTS = [
    *"[]()`|>:-—*_#\\@,/ \t\n\r",
    *(
        "\r\n",
        "\n\n",
        "\n---\n",
        "\n```\n",
        "\n~~~\n",
        "``",
        "\n> ",
        "\n| ",
        "\n- ",
        "\n# ",
        "**",
        "\ufeff",
        "\u200b",
        "\u00a0",
    ),
    *(
        "[PERSPECTIVE P01: ",
        "[TENSION T01: a]",
        "[TENSION T04-R1: ",
        "[TENSION T-NEW]",
        "[MUFFIN-P0101: a]",
        "[MUFFIN-P0001: b]",
    ),
    *("[CUPCAKE-P0101: c]", "[MUFFIN-S0101: CONDITIONAL | 0.5]", "[RE:SUPPORT P0001]", "[RE: ", "[RE:REFINE @muffin]"),
    *(
        "[MOVE:CONVERGE]",
        "[MOVE:BRIDGE P0001 R0001]",
        "[MOVE:",
        "[DISSENT]",
        "[MINORITY VERDICT: d]",
        "[VERDICT:FINAL]",
    ),
    *(
        "**Vote:** 5-1",
        "Conditions:",
        "[RESOLVED T01/T02: e]",
        "[CONCESSION to Strudel on T01]",
        "[EXHIBIT X0001]",
        "[ACCEPT]",
    ),
    *("MUFFIN R1-T01", "Muffin's T02", "T01", "P0001", "word", "é", "🧁", "x" * 70, "\u2028", "\x00", "\ud800"),
]

texts = st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))


def read(text: str) -> Response:
    """As Muffin in round 1."""
    return parse(text, "muffin", 1)


@given(texts)
@example("[[PERSPECTIVE P01: `]` a]]")
@example("[TENSION T-NEW]\r[TENSION T-NEW]")
def test_no_text_fails_and_the_same_text_reads_the_same(text: str) -> None:
    """Reading, lint and summary are functions of the text."""
    response = read(text)
    assert response == read(text)
    assert lint(response) == lint(read(text))
    assert response.summary()["expert_slug"] == "muffin"


@given(texts)
def test_every_word_is_kept(text: str) -> None:
    """Markers, bodies and prose together hold all of the text but decoration."""
    assert unaccounted(text, read(text)) == []


@given(texts)
def test_spans_slice_back_to_what_was_written(text: str) -> None:
    """Markers from bracket to bracket, bodies and prose word for word, each at its line and column."""
    response = read(text)
    scan = text.replace("\r\n", " \n").replace("\r", "\n")
    items = (
        *response.entities,
        *response.references,
        *response.moves,
        *response.stances,
        *response.verdicts,
        *response.annotations,
        *response.quotations,
    )
    for item in items:
        written = text[item.span.start : item.span.end]
        assert (written[0], written[-1]) == ("[", "]")
        assert "\n" not in written
    bodies = [(entity.body, entity.body_span) for entity in response.entities]
    bodies += [(stance.body, stance.body_span) for stance in response.stances]
    bodies += [(verdict.body, verdict.body_span) for verdict in response.verdicts]
    bodies += [(note.body, note.body_span) for note in response.annotations]
    bodies += [(quotation.body, quotation.body_span) for quotation in response.quotations]
    bodies += [(reference.context, reference.context_span) for reference in response.references]
    bodies += [(move.context, move.context_span) for move in response.moves]
    assert all(text[span.start : span.end] == body for body, span in bodies)
    for prose in response.prose:
        assert text[prose.span.start : prose.span.end] == prose.text != ""
    for placed in (*items, *response.prose, *response.diagnostics):
        assert placed.line == scan.count("\n", 0, placed.span.start) + 1
        assert placed.column == placed.span.start - scan.rfind("\n", 0, placed.span.start)
    assert all(0 <= span.start <= span.end <= len(text) for span in spans(response))


@given(texts)
def test_ids_are_unique_and_sources_exist(text: str) -> None:
    """No two entities share an id, no reference repeats, and what stands for an entity stands for one that is there."""
    response = read(text)
    ids = [entity.local_id for entity in response.entities]
    assert len(ids) == len(set(ids))
    assert all(
        local_id[:-4] == f"MUFFIN-{entity.kind}" for local_id, entity in zip(ids, response.entities, strict=True)
    )
    assert all(1 <= entity.number <= 99 for entity in response.entities)
    keys = [(reference.type, reference.target.id, reference.source) for reference in response.references]
    assert len(keys) == len(set(keys))
    assert {key[2] for key in keys} | {note.source for note in response.annotations} <= {None, *ids}


@given(texts)
def test_no_words_are_told_twice(text: str) -> None:
    """Bodies and prose do not overlap, but for what stands inside a line and quotes the words around it."""
    response = read(text)
    stretches = sorted(
        [(prose.span.start, prose.span.end) for prose in response.prose]
        + [
            (entity.body_span.start, entity.body_span.end)
            for entity in response.entities
            if not in_table(text, entity.span.start)
        ]
    )
    for (_, end), (start, _) in pairwise(stretches):
        assert end <= start


def in_table(text: str, position: int) -> bool:
    """Whether a position lies in a row of a table."""
    before = text[max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1 : position]
    return before.lstrip(" \t\ufeff\u200b\u00a0").startswith("|")


@given(texts)
def test_readings_survive_a_journey_as_json(text: str) -> None:
    """Encoded and decoded they are equal, so that stores and surfaces may pass them on."""
    response = read(text.encode("utf-8", "replace").decode("utf-8"))
    assert msgspec.json.decode(msgspec.json.encode(response), type=Response) == response


@given(st.text(alphabet="abc \n`*-#é🧁", max_size=200))
def test_a_text_without_brackets_has_no_items(text: str) -> None:
    """Only prose, and nothing to tell."""
    response = read(text)
    assert msgspec.structs.replace(response, prose=()) == Response("muffin", 1)
    assert unaccounted(text, response) == []


HOSTILE: dict[str, Callable[[int], str]] = {
    "unclosed on one line": lambda n: "[PERSPECTIVE P01: " * n,
    "unclosed on many lines": lambda n: "[PERSPECTIVE P01: \n" * n,
    "unclosed but for the last": lambda n: "[PERSPECTIVE P01: " * n + "]",
    "references without end": lambda n: "[RE:SUPPORT " * n,
    "opening brackets": lambda n: "[PERSPECTIVE P01: " + "[" * n,
    "nested brackets": lambda n: "[A" * n + "]" * n,
    "pairs of brackets": lambda n: "[PERSPECTIVE P01: " + "[]" * n,
    "backticks": lambda n: "` " * n + "[MOVE:CONVERGE]",
    "growing backticks": lambda n: " ".join("`" * k for k in range(1, int(n**0.5))) + " [MOVE:CONVERGE]",
    "markers among backticks": lambda n: "` [MOVE:CONVERGE] " * n,
    "one table row": lambda n: "|" + " [MUFFIN-P0101: a] |" * n,
    "table rows": lambda n: "| [MUFFIN-P0101: a] | [RE:SUPPORT P0001] |\n" * n,
    "short lines": lambda n: "a\n" * n + "[MOVE:CONVERGE]",
    "markers": lambda n: "[MOVE:CONVERGE]\n" * n,
    "one number": lambda n: "[PERSPECTIVE P01: a]\nb\n" * n,
    "no number": lambda n: "[TENSION: a]\nb\n" * n,
    "ids in a label": lambda n: "[RESOLVED: " + "T01/" * n + "]",
    "rules": lambda n: "---\n" * n + "[MOVE:CONVERGE]",
    "fences": lambda n: "```\n" * n + "[MOVE:CONVERGE]",
    "headings": lambda n: "# a\n" * n + "[MOVE:CONVERGE]",
    "fields": lambda n: "[VERDICT:FINAL]\n" + "**Vote:** 5-1\n" * n,
    "one field of many lines": lambda n: "[VERDICT:FINAL]\n**Conditions:**\n" + "- a\n" * n,
    "block quote": lambda n: "> " + "[MOVE:CONVERGE] " * n,
}


def steps(text: str) -> int:
    """How many calls, of Python's functions and of built-in ones, a reading takes."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_text_takes_twice_the_steps(name: str) -> None:
    """Counted, not timed: the work grows with the text and no faster."""
    once, twice = steps(HOSTILE[name](1_000)), steps(HOSTILE[name](2_000))
    assert twice <= 2.2 * once + 200


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_hostile_text_is_read_to_its_end(name: str) -> None:
    """A reader that goes back over its text would not come to an end here; all words are kept on the way."""
    text = HOSTILE[name](60_000)
    assert unaccounted(text, read(text)) == []
