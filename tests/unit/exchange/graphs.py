"""Arguments as hypothesis makes them, with words that would like to be syntax. Not a test module."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from hansard.exchange.graph import Conclusion, Graph, Person, Relation, Stage, Statement
from hansard.kernel.ids import KINDS, DisplayId, LocalId
from tests.unit.exchange.records import json_values

SLUGS = ("anna-lena", "muffin", "scone")
TIME = "2026-03-01T09:00:00.000000Z"

PIECES = (
    "[", "]", "<", ">", "+", "-", "#", "@", "{", "}", "{}", "\n", "\n\n", "\r\n", "//", "/*", "*/", "<!--", "-->",
    "===", "\n===\n", "[P0001]", "[P0001 x]:", "<E0001>:", "+> [P0001]", "\n  + [x]", "\n  -> <y>", "_> <z>", "><",
    "# ", "#tag", "#(a b)", "@[P0001]", "@<E0001>", ":smile:", ".foo.", "**bold**", "__b__", "*i*", "[t](u)", "(1)",
    "\n(1) x\n----\n(2) y", "\n----\n", "1. ", "* ", "\\", "\\\\", '"', "'", "`", "&lt;", "<b>", "</script>", "\t",
    "  ", "é", "漢字", "😀", "\u202e", "\u2028", "\x01", "\x85", "\ufeff", "null", "~", "%", "---", "title: x", "a",
    "word",
    " ", ":", ",", ";", "!", "|",
)  # fmt: skip
nasty = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
    max_size=8,
).map("".join)
labels = nasty.map(lambda text: ("x" + text)[:200])


def numbered(statements: list[Statement]) -> list[Statement]:
    """The statements in a record's order, with the ids that registration gives."""
    counts: dict[tuple[str, int], int] = {}
    made = []
    for statement in sorted(statements, key=lambda one: (one.kind, one.round)):
        place = statement.kind, statement.round
        counts[place] = counts.get(place, 0) + 1
        key = str(DisplayId(*place, counts[place]))
        local = str(LocalId(statement.authors[0], *place, counts[place]))
        made.append(msgspec.structs.replace(statement, key=key, local_ids=[local]))
    return made


@st.composite
def graphs(draw: st.DrawFn, words: st.SearchStrategy[str] = nasty) -> Graph:
    """A graph as a record gives it: two rounds, up to six statements, relations that a record can hold."""
    statement = st.builds(
        Statement,
        key=st.just(""),
        kind=st.sampled_from(list(KINDS)),
        label=labels,
        text=words,
        authors=st.lists(st.sampled_from(SLUGS), min_size=1, max_size=2, unique=True),
        round=st.integers(0, 1),
        status=st.none(),
        parameters=st.none(),
    )
    statements = numbered(draw(st.lists(statement, min_size=1, max_size=6)))
    parameters = st.dictionaries(nasty, json_values, min_size=1, max_size=2)
    statements = [
        msgspec.structs.replace(one, parameters=draw(st.none() | parameters)) if one.kind != "T" else one
        for one in statements
    ]
    relations = draw(_relations(statements))
    title = st.none() | labels
    return Graph(
        id="any",
        title=draw(labels),
        question=draw(labels),
        at=TIME,
        people=[Person(slug=slug, name=draw(st.sampled_from([None, "李雷"])), role=draw(labels)) for slug in SLUGS],
        rounds=[Stage(number=number, title=draw(title), panel=list(SLUGS)) for number in range(2)],
        statements=statements,
        relations=relations,
        conclusions=draw(_conclusions(statements, words)),
    )


@st.composite
def _relations(draw: st.DrawFn, statements: list[Statement]) -> list[Relation]:
    """Relations of statements and of whole positions, in the order in which registration numbers them."""
    contexts = st.none() | nasty
    found: list[Relation] = []
    for number in (0, 1):
        here = [one for kind in KINDS for one in statements if (one.kind, one.round) == (kind, number)]
        known = [one for one in statements if one.round <= number]
        for one in here:
            others = [other for other in known if other.key != one.key]
            for other in others:
                fitting = ["support", "oppose", "question", "depend"]
                fitting += ["refine"] * (one.kind == other.kind) + ["address", "resolve", "reopen"] * (
                    other.kind == "T"
                )
                for type_ in draw(st.lists(st.sampled_from(fitting), max_size=1)):
                    found.append(Relation(source=one.key, type=type_, target=other.key, context=draw(contexts)))
            for slug in draw(st.lists(st.sampled_from(SLUGS), max_size=1)):
                type_ = draw(st.sampled_from(["support", "oppose", "question", "depend"]))
                found.append(Relation(source=one.key, type=type_, target=f"@{slug}", context=draw(contexts)))
        for slug in draw(st.lists(st.sampled_from(SLUGS), max_size=1)):
            for other in known[:1]:
                type_ = draw(st.sampled_from(["support", "oppose", "question", "depend"]))
                found.append(
                    Relation(source=f"@{slug}", type=type_, target=other.key, context=draw(contexts), round=number)
                )
    return found


@st.composite
def _conclusions(draw: st.DrawFn, statements: list[Statement], words: st.SearchStrategy[str]) -> list[Conclusion]:
    def some(kind: str) -> list[str]:
        ids = [one.key for one in statements if one.kind == kind]
        return draw(st.lists(st.sampled_from(ids), max_size=2, unique=True)) if ids else []

    said = words.map(lambda text: "x" + text)
    found: list[Conclusion] = []
    flags: tuple[bool, bool, bool] = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    if flags[0]:
        found.append(
            Conclusion(
                verdict_id="dissent-1",
                verdict_type="dissent",
                round=1,
                author_expert="scone",
                recommendation=draw(said),
                description=draw(said),
                what_would_change=draw(st.none() | said),
                supporting_experts=["muffin"],
            )
        )
    if flags[1]:
        found.append(
            Conclusion(
                verdict_id="final",
                verdict_type="final",
                label=draw(st.none() | labels),
                round=1,
                recommendation=draw(said),
                description=draw(said),
                conditions=draw(st.lists(said, max_size=2)),
                confidence=draw(st.none() | st.just("split")),
                recommendations_adopted=some("R"),
                key_evidence=some("E"),
                key_claims=some("C"),
                dismissals={"dissent-1": draw(said)} if found and flags[2] else None,
            )
        )
    return found


def bare(graph: Graph, **changes: Any) -> Graph:
    """A graph without what a file adds (lines), and with changes."""
    return msgspec.structs.replace(
        graph,
        statements=[msgspec.structs.replace(one, line=None) for one in graph.statements],
        relations=[msgspec.structs.replace(one, line=None) for one in graph.relations],
        **changes,
    )


def without_status(graph: Graph) -> Graph:
    """A graph without the statuses of its statements: a file's are claims, the record's are what it shows."""
    return msgspec.structs.replace(
        graph, statements=[msgspec.structs.replace(one, status=None) for one in graph.statements]
    )
