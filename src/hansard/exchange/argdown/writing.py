"""A graph as Argdown.

Perspectives, recommendations, tensions and claims are statements, evidence is an argument: it is the material from
which something follows. ``support``, ``depend`` and ``oppose`` are drawn; the others have no sign in Argdown and
stand in the data of their source, which repeats the drawn ones with their order and words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hansard.dialogue.answers import Head
from hansard.exchange.argdown.syntax import data, escaped, one_line, quoted, title
from hansard.exchange.graph import Conclusion, Graph, Relation, Statement, own_file
from hansard.kernel.ids import KINDS, parse_expert_target

FORMAT: Final = "hansard-argdown-1"

DRAWN: Final = {"support": "+>", "oppose": "->", "depend": "<+"}
"""The sign under a statement that draws a reference of it."""

POSITION: Final = "Position of "
VERDICT: Final = "Verdict "


def rendered_argdown(graph: Graph, head: Head | None = None, digest: str | None = None) -> bytes:
    """The bytes of the file.

    Args:
        head: where the record's stream stood: the file is a witness of it.
        digest: the record's (docs/record.md).
    """
    return ("\n".join(_Writer(graph).lines(head, digest)) + "\n").encode()


class _Writer:
    """One file in the making."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._names = {statement.key: element(statement) for statement in graph.statements}
        self._under: dict[tuple[str, int | None], list[Relation]] = defaultdict(list)
        for relation in graph.relations:
            self._under[relation.source, relation.round].append(relation)
        self._stated: dict[tuple[int, str], list[Statement]] = defaultdict(list)
        for statement in graph.statements:
            self._stated[statement.round, statement.kind].append(statement)
        self._responses: dict[int | None, list[tuple[str, list[Relation]]]] = defaultdict(list)
        for (source, round_), relations in self._under.items():
            if parse_expert_target(source) is not None:
                self._responses[round_].append((source, relations))

    def lines(self, head: Head | None, digest: str | None) -> Iterator[str]:
        graph = self._graph
        yield "==="
        yield f"title: {quoted(graph.title)}"
        yield f"date: {graph.at[:10]}"
        yield f"hansard: {data(msgspec.to_builtins(own_file(graph, FORMAT, digest)))}"
        yield "==="
        rounds = sorted({row.number: row for row in graph.rounds} | {s.round: None for s in graph.statements})
        titles = {row.number: row.title for row in graph.rounds}
        for number in rounds:
            named = f": {titles[number]}" if titles.get(number) else ""
            yield from ("", f"# Round {number}{escaped(named)} {data({'round': number})}")
            for kind in KINDS:
                for statement in self._stated[number, kind]:
                    yield from ("", *self._statement(statement))
            for source, relations in self._responses[number]:
                yield from ("", *self._position(source, relations))
        if graph.conclusions:
            yield from ("", "# Verdicts")
        for verdict in graph.conclusions:
            yield from ("", *self._verdict(verdict))
        if head is not None and head.hash:
            yield from ("", f"// Stream {head.stream}, entry {head.sequence}, hash {head.hash}")

    def _statement(self, statement: Statement) -> Iterator[str]:
        own: dict[str, Any] = {
            "id": statement.key,
            "label": statement.label,
            "by": statement.authors,
            "status": statement.status,
            "localIds": statement.local_ids,
            "parameters": statement.parameters,
        }
        if one_line(statement.text) != statement.text:
            own["text"] = statement.text
        relations = self._under[statement.key, None]
        yield self._defined(self._names[statement.key], statement.text, KINDS[statement.kind], own, relations)
        yield from self._drawn(relations)

    def _position(self, source: str, relations: list[Relation]) -> Iterator[str]:
        yield self._defined(self._name(source), "", "position", {"expert": source[1:]}, relations)
        yield from self._drawn(relations)

    def _verdict(self, verdict: Conclusion) -> Iterator[str]:
        own = {"verdict": _told(msgspec.to_builtins(verdict))}
        name = f"[{VERDICT}{verdict.verdict_id}]"
        yield self._defined(name, verdict.recommendation, "verdict", own, [])
        yield from (f"  <+ {self._names[reason]}" for reason in verdict.rests_on if reason in self._names)

    def _defined(self, name: str, text: str, tag: str, own: dict[str, Any], relations: list[Relation]) -> str:
        if relations:
            own["references"] = [
                _told({"type": relation.type, "target": relation.target, "context": relation.context})
                for relation in relations
            ]
        words = escaped(text)
        return f"{name}: {words}{' ' if words else ''}#{tag} {data(_told(own))}"

    def _drawn(self, relations: list[Relation]) -> Iterator[str]:
        for relation in relations:
            if relation.type in DRAWN:
                yield f"  {DRAWN[relation.type]} {self._name(relation.target)}"

    def _name(self, key: str) -> str:
        return self._names.get(key) or f"[{POSITION}{key.removeprefix('@')}]"


def element(statement: Statement) -> str:
    """How a statement is named: ``[P0101 Label]``, evidence ``<E0001 Label>``."""
    open_, close = "<>" if statement.kind == "E" else "[]"
    return f"{open_}{title(statement.key, statement.label)}{close}"


def _told(value: dict[str, Any]) -> dict[str, Any]:
    """An object without what says nothing."""
    return {key: inner for key, inner in value.items() if inner is not None and inner != []}
