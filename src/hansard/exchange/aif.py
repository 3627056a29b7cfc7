"""AIF, the Argument Interchange Format, as JSON in the shape of AIFdb: out, checked, and in.

A statement is an I-node. What one statement does to another is an S-node between them: an inference (RA), a conflict
(CA), a rephrase (MA). Who stated it is an L-node, bound to the I-node by a YA. What is said in answer to something
(``address``, ``resolve``, ``reopen``, ``question``) says nothing of whether either is true: it is a transition (TA)
from the one locution to the other, so that nobody counts it as an argument (decision 0015).

AIF knows propositions and schemes. What more our records know of them (kind, label, round, local ids) stands in the
key ``hansard`` of nodes and document, which readers of AIF leave alone.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from hansard.dialogue.answers import Head
from hansard.dialogue.model import STATUSES
from hansard.exchange import errors
from hansard.exchange.document import Fault, utf8_text
from hansard.exchange.graph import (
    UNATTRIBUTED,
    Conclusion,
    Graph,
    Names,
    OwnFile,
    Person,
    Relation,
    Source,
    Statement,
    label_of,
    own_file,
    plan_graph,
)
from hansard.exchange.importers import no_map
from hansard.exchange.looking import json_keys
from hansard.exchange.planning import Plan
from hansard.exchange.telling import Telling
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.clock import normal_timestamp, timestamp
from hansard.kernel.errors import HansardError
from hansard.kernel.ids import parse_expert_target, shown_name, slugify
from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.shapes import unstorable

FORMAT: Final = "hansard-aif-1"
LIMIT_BYTES: Final = 64 * 1024 * 1024
FAULTS_TOLD: Final = 1000
ENDS_READ: Final = 10_000
"""So many pairs of ends of one scheme are read as relations."""

SCHEME_NODES: Final = ("RA", "CA", "MA", "PA", "TA", "YA")
STATING_NODES: Final = ("I", "L")

SCHEMES: Final[Mapping[str, tuple[str, str, bool]]] = {
    "support": ("RA", "Support", False),
    "depend": ("RA", "Dependence", True),
    "oppose": ("CA", "Opposition", False),
    "refine": ("MA", "Refinement", False),
    "address": ("TA", "Addressing", True),
    "resolve": ("TA", "Resolving", True),
    "reopen": ("TA", "Reopening", True),
    "question": ("TA", "Questioning", True),
}
"""What each type of reference becomes: type of node, name of the scheme, and whether the arrow runs from the target to
the source (what a statement depends on is its premise; what is answered comes before the answer)."""

ADOPTION: Final = "Adoption"
ASSERTING: Final = "Asserting"
_TYPES: Final = {"RA": "support", "CA": "oppose", "MA": "refine"}
_NODE_ID: Final = re.compile(r'"nodeID"\s*:\s*("(?:[^"\\\n]|\\.)*"|-?\d{1,19})')
_PLAIN_SCHEMES: Final = frozenset({"", "default inference", "default conflict", "default rephrase"})


class Form(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of the file's parts; keys that AIF's programs add do no harm."""


Id = str | int


class OwnNode(Form, kw_only=True, forbid_unknown_fields=True):
    """What a record knows of a statement beyond AIF."""

    kind: str | None = None
    label: str | None = None
    round: int | None = None
    contributors: list[str] | None = None
    status: str | None = None
    localIds: list[str] | None = None  # noqa: N815  # the document's spelling
    parameters: dict[str, Any] | None = None
    position: str | None = None
    """The expert whose whole position the node stands for."""
    verdict: dict[str, Any] | None = None
    type: str | None = None
    """Of an S-node: the type of the reference."""
    context: str | None = None


class Node(Form, kw_only=True):
    """A node: I and L state, the others (RA, CA, MA, PA, TA, YA) are schemes."""

    nodeID: Id  # noqa: N815
    text: str
    type: str
    timestamp: str | None = None
    scheme: str | None = None
    hansard: OwnNode | None = None


class Edge(Form, kw_only=True):
    """An arrow between two nodes."""

    edgeID: Id  # noqa: N815
    fromID: Id  # noqa: N815
    toID: Id  # noqa: N815
    formEdgeID: Id | None = None  # noqa: N815


class Locution(Form, kw_only=True):
    """Who uttered an L-node."""

    nodeID: Id  # noqa: N815
    personID: Id | None = None  # noqa: N815
    timestamp: str | None = None
    start: str | None = None
    end: str | None = None
    source: str | None = None


class Participant(Form, kw_only=True):
    """A person of the dialogue."""

    participantID: Id  # noqa: N815
    firstname: str = ""
    surname: str = ""


class File(Form, kw_only=True):
    """The whole file."""

    nodes: list[Node]
    edges: list[Edge]
    locutions: list[Locution] | None = None
    participants: list[Participant] | None = None
    head: Any = None
    """In our own files: ``stream``, ``sequence`` and ``hash`` of the record's chain, of which the file is a witness."""
    hansard: OwnFile | None = None


# -- out ---------------------------------------------------------------------------------------------------------------


def aif_file(graph: Graph, head: Head | None = None, digest: str | None = None) -> File:
    """A graph as AIF.

    Args:
        head: where the record's stream stood: the file is a witness of it.
        digest: the record's (docs/record.md).
    """
    return _Writer(graph).file(head, digest)


def rendered_aif(graph: Graph, head: Head | None = None, digest: str | None = None) -> bytes:
    """The bytes of the file.

    Raises:
        HansardError: ``aif_malformed`` where what was made is no AIF, which no record brings about.
    """
    made = msgspec.to_builtins(aif_file(graph, head, digest))
    for edge in made["edges"]:
        edge["formEdgeID"] = None  # AIFdb's files carry the key
    if faults := list(form_faults(made)) or list(graph_faults(made)):
        raise errors.aif_malformed(graph.id, faults)
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


class _Writer:
    """One file in the making."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._time = graph.at[:19].replace("T", " ")
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []
        self._locutions: list[Locution] = []
        self._said: dict[str, str] = {}
        """First locution of each statement."""
        self._schemes = 0

    def file(self, head: Head | None, digest: str | None) -> File:
        graph = self._graph
        for statement in graph.statements:
            own = OwnNode(
                kind=statement.kind,
                label=statement.label,
                round=statement.round,
                contributors=statement.authors,
                status=statement.status,
                localIds=statement.local_ids,
                parameters=statement.parameters,
            )
            self._stated(statement.key, statement.text, statement.authors, statement.label, own)
        for relation in graph.relations:
            for end in (relation.source, relation.target):
                slug = parse_expert_target(end)
                if slug is not None and end not in self._said:
                    self._stated(end, end, [slug], "the position as a whole", OwnNode(position=slug))
        for verdict in graph.conclusions:
            key = f"verdict:{verdict.verdict_id}"
            own = OwnNode(verdict=msgspec.to_builtins(verdict))
            who = [verdict.author_expert or "judge"]
            self._stated(key, verdict.recommendation, who, verdict.label or verdict.verdict_type, own)
        for relation in graph.relations:
            self._related(relation)
        for verdict in graph.conclusions:
            for reason in verdict.rests_on:
                if reason in self._said:
                    self._scheme("RA", ADOPTION, reason, f"verdict:{verdict.verdict_id}", OwnNode(type="adopt"))
        people = {person.slug: person.name for person in graph.people}
        others = [str(said.personID) for said in self._locutions if said.personID not in people]
        return File(
            nodes=self._nodes,
            edges=self._edges,
            locutions=self._locutions,
            participants=[
                Participant(participantID=slug, firstname=people.get(slug) or shown_name(slug))
                for slug in [*people, *dict.fromkeys(others)]
            ],
            hansard=own_file(graph, FORMAT, digest),
            head=head.model_dump(mode="json") if head is not None else None,
        )

    def _stated(self, key: str, text: str, who: list[str], what: str, own: OwnNode) -> None:
        """An I-node, and for each who stated it a locution bound to it."""
        self._nodes.append(Node(nodeID=key, text=text, type="I", timestamp=self._time, hansard=own))
        for slug in who:
            number = len(self._locutions) + 1
            self._nodes.append(Node(nodeID=f"L{number}", text=f"{slug}: {what}", type="L", timestamp=self._time))
            self._locutions.append(Locution(nodeID=f"L{number}", personID=slug, timestamp=self._time))
            self._said.setdefault(key, f"L{number}")
            self._nodes.append(
                Node(nodeID=f"Y{number}", text=ASSERTING, type="YA", timestamp=self._time, scheme=ASSERTING)
            )
            self._joined(f"L{number}", f"Y{number}", key)

    def _related(self, relation: Relation) -> None:
        form, scheme, turned = SCHEMES[relation.type]
        source, target = relation.source, relation.target
        if form == "TA":
            source, target = self._said[source], self._said[target]
        if turned:
            source, target = target, source
        at = relation.round if parse_expert_target(relation.source) else None
        self._scheme(form, scheme, source, target, OwnNode(type=relation.type, context=relation.context, round=at))

    def _scheme(self, form: str, scheme: str, from_: str, to: str, own: OwnNode) -> None:
        self._schemes += 1
        key = f"S{self._schemes}"
        self._nodes.append(Node(nodeID=key, text=scheme, type=form, timestamp=self._time, scheme=scheme, hansard=own))
        self._joined(from_, key, to)

    def _joined(self, *keys: str) -> None:
        for from_, to in pairwise(keys):
            self._edges.append(Edge(edgeID=str(len(self._edges) + 1), fromID=from_, toID=to))


# -- checks ------------------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file; ``graph_faults`` tells what a schema cannot."""
    made = msgspec.json.schema(File)
    definitions = made["$defs"]
    top = definitions.pop("File")
    definitions["Node"]["properties"]["type"] = {"enum": [*STATING_NODES, *SCHEME_NODES]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hansard:aif:{FORMAT}",
        **top,
        "title": "Argument Interchange Format, as AIFdb writes it",
        "description": "What Hansard writes and reads. Beyond this schema, the graph must hold (docs/formats.md).",
        "$defs": dict(sorted(definitions.items())),
    }


def rendered_schema() -> str:
    """``schema`` as the published file ``aif.schema.json`` holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def form_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    """Every part that has not the form of the format, item by item."""
    lost = [Fault(path.removeprefix("."), why) for path, why, _ in unstorable(value)]
    if lost:
        yield from lost[:FAULTS_TOLD]
        return
    lists: dict[str, Any] = {"nodes": Node, "edges": Edge, "locutions": Locution, "participants": Participant}
    for key, form in lists.items():
        items = value.get(key)
        if items is None and key in ("locutions", "participants"):
            continue
        if not isinstance(items, list):
            yield Fault(key, "is missing" if items is None else "is no list")
            continue
        for index, item in enumerate(items):
            try:
                msgspec.convert(item, form)
            except msgspec.ValidationError as fault:
                yield _told(fault, f"{key}[{index}]")
    if value.get("hansard") is not None:
        try:
            msgspec.convert(value["hansard"], OwnFile)
        except msgspec.ValidationError as fault:
            yield _told(fault, "hansard")


def _told(fault: msgspec.ValidationError, path: str) -> Fault:
    why, _, place = str(fault).partition(" - at `$")
    return Fault(path + place.removesuffix("`"), f"is not as it should be: {why[:1].lower() + why[1:]}")


def graph_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    """Where nodes and edges are no graph of AIF: ids that stand twice, edges that lead nowhere, a statement joined to a
    statement or a scheme to a scheme, a scheme that joins nothing.

    AIF itself lets a YA join schemes (what is asserted by arguing) and lets a conflict meet an inference (an undercut);
    these are no faults, and the import says that it leaves them.
    """
    kinds: dict[str, str] = {}
    for index, node in enumerate(value["nodes"]):
        key = str(node["nodeID"])
        if key in kinds:
            yield Fault(f"nodes[{index}].nodeID", f"'{key[:80]}' stands twice")
        if node["type"] not in (*STATING_NODES, *SCHEME_NODES):
            yield Fault(f"nodes[{index}].type", f"'{node['type'][:80]}' is no type of node")
        kinds.setdefault(key, node["type"])
    arrives: set[str] = set()
    leaves: set[str] = set()
    seen: set[str] = set()
    for index, edge in enumerate(value["edges"]):
        key, from_, to = str(edge["edgeID"]), str(edge["fromID"]), str(edge["toID"])
        if key in seen:
            yield Fault(f"edges[{index}].edgeID", f"'{key[:80]}' stands twice")
        seen.add(key)
        missing = [end for end in (from_, to) if end not in kinds]
        if missing:
            yield Fault(f"edges[{index}]", f"leads to '{missing[0][:80]}', and there is no such node")
            continue
        leaves.add(from_)
        arrives.add(to)
        ends = kinds[from_], kinds[to]
        if all(kind in STATING_NODES for kind in ends):
            yield Fault(f"edges[{index}]", f"joins {ends[0]} to {ends[1]} without a scheme between them")
        elif all(kind in SCHEME_NODES for kind in ends) and not _may_meet(*ends):
            yield Fault(f"edges[{index}]", f"joins {ends[0]} to {ends[1]} without a statement between them")
    for index, node in enumerate(value["nodes"]):
        key = str(node["nodeID"])
        if node["type"] in SCHEME_NODES and not (key in arrives and key in leaves):
            lacking = "leads nowhere" if key in arrives else "comes from nowhere"
            yield Fault(f"nodes[{index}]", f"the {node['type']} '{key[:80]}' {lacking}")
    for index, locution in enumerate(value.get("locutions") or ()):
        if str(locution["nodeID"]) not in kinds:
            yield Fault(f"locutions[{index}]", f"names '{str(locution['nodeID'])[:80]}', and there is no such node")


def _may_meet(from_: str, to: str) -> bool:
    """Whether AIF lets one scheme lead to another."""
    return "YA" in (from_, to) or (from_ in ("CA", "RA", "PA", "MA") and to in ("CA", "RA", "PA", "MA"))


# -- in ----------------------------------------------------------------------------------------------------------------


class AifImporter:
    """AIF as JSON: AIFdb's own, that of the programs around it (``{"AIF": …}``), and ours."""

    name = "aif"

    def recognises(self, path: Path) -> bool:
        """Whether it is a JSON object with nodes and edges, or one with ``AIF``."""
        keys = json_keys(path) or frozenset()
        return "schema_version" not in keys and ({"nodes", "edges"} <= keys or "AIF" in keys)

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of a file; one whose graph does not hold is refused."""
        no_map(map_file)
        data = files.read_bytes(path, limit_bytes=LIMIT_BYTES)
        text = utf8_text(data, path.name)
        value = aif_value(text, path.name)
        tell = Telling()
        graph, ours = read_graph(value, path, tell, node_lines(text))
        source = Source(
            importer=self.name, form="AIF", name=path.name, sha256=sha256_hex(data), text=None if ours else text
        )
        return plan_graph(graph, source, tell)


IMPORTER: Final = AifImporter()


def aif_value(text: str, name: str) -> dict[str, Any]:
    """The file's plain data, form and graph checked.

    Raises:
        HansardError: ``json_malformed``, ``aif_malformed`` with every fault by path.
    """
    try:
        value = json_value(text)
    except NotJsonError as fault:
        raise errors.json_malformed(name, fault.line, fault.column, fault.why) from None
    if isinstance(value, dict) and isinstance(value.get("AIF"), dict):
        value = value["AIF"]
    if not isinstance(value, dict):
        raise errors.aif_malformed(name, [("the file", "is no object with nodes and edges")])
    if faults := list(form_faults(value))[:FAULTS_TOLD] or list(graph_faults(value))[:FAULTS_TOLD]:
        raise errors.aif_malformed(name, faults)
    return value


def node_lines(text: str) -> dict[str, int]:
    """The line in which each node's id stands first."""
    lines: dict[str, int] = {}
    number, last = 1, 0
    for found in _NODE_ID.finditer(text):
        number, last = number + text.count("\n", last, found.start()), found.start()
        lines.setdefault(str(json.loads(found[1])), number)
    return lines


def read_graph(value: Mapping[str, Any], path: Path, tell: Telling, lines: Mapping[str, int]) -> tuple[Graph, bool]:
    """The graph in a checked file, and whether the file is ours; ``lines`` tells where each node stands."""
    return _Reader(msgspec.convert(value, File), path, tell, lines).graph()


class _Reader:
    """One file being read."""

    def __init__(self, file: File, path: Path, tell: Telling, lines: Mapping[str, int]) -> None:
        self._file, self._path, self._tell, self._lines = file, path, tell, lines
        self._nodes = {str(node.nodeID): node for node in file.nodes}
        self._to: dict[str, list[str]] = defaultdict(list)
        self._from: dict[str, list[str]] = defaultdict(list)
        for edge in file.edges:
            self._to[str(edge.toID)].append(str(edge.fromID))
            self._from[str(edge.fromID)].append(str(edge.toID))
        self._people: dict[str, Person] = {}
        self._names = Names(tell, path.name)
        self._speakers = dict(self._spoken())

    def graph(self) -> tuple[Graph, bool]:
        own = self._file.hansard
        statements = list(self._statements())
        if not statements:
            raise errors.nothing_stated(self._path.name, "AIF")
        conclusions = list(self._conclusions())
        title = own.title if own else self._path.stem
        return Graph(
            id=own.id if own else slugify(self._path.stem),
            title=title,
            question=own.question if own else None,
            at=own.createdAt if own else self._time(),
            people=self._everybody(statements),
            rounds=own.stages if own else [],
            statements=statements,
            relations=list(self._relations()),
            conclusions=conclusions,
        ), own is not None

    def _everybody(self, statements: Iterable[Statement]) -> list[Person]:
        own = self._file.hansard
        if own is not None:
            return own.people
        stated = dict.fromkeys(author for statement in statements for author in statement.authors)
        names = self._names.written()
        return [Person(slug=slug, name=names.get(slug)) for slug in stated]

    def _time(self) -> str:
        """The first time that a node tells; without one, that of the file."""
        for node in self._file.nodes:
            with contextlib.suppress(HansardError):  # a word that is no time is passed over
                return normal_timestamp((node.timestamp or "").strip().replace(" ", "T"))
        words = "no node tells when it was stated; the file's time stands for it"
        self._tell("time_from_files", words, self._path.name)
        return timestamp(datetime.fromtimestamp(int(self._path.stat().st_mtime), UTC))

    def _spoken(self) -> Iterator[tuple[str, str]]:
        """Who uttered each L-node: a participant's name, else the id that the locution gives."""
        named = {
            str(person.participantID): f"{person.firstname} {person.surname}".strip()
            for person in self._file.participants or ()
        }
        ours = self._file.hansard is not None
        for locution in self._file.locutions or ():
            if locution.personID is not None:
                person = str(locution.personID)
                yield str(locution.nodeID), person if ours else named.get(person) or person

    def _authors(self, key: str) -> list[str]:
        """Who stated an I-node: whoever uttered an L-node that a YA binds to it."""
        found = []
        for scheme in self._to[key]:
            if self._nodes[scheme].type == "YA":
                found += [said for said in self._to[scheme] if self._nodes[said].type == "L"]
        names = []
        for said in found:
            if said in self._speakers:
                names.append(self._speakers[said])
            elif ":" in self._nodes[said].text:  # AIFdb writes "speaker : words"
                names.append(self._nodes[said].text.partition(":")[0].strip())
        slugs = list(dict.fromkeys(self._names(name) for name in names if name))
        if not slugs:
            words = f"nothing tells who stated '{label_of(self._nodes[key].text)}'"
            self._tell("author_unknown", words, self._path.name, self._lines.get(key))
        return slugs or [UNATTRIBUTED]

    def _statements(self) -> Iterator[Statement]:
        for node in self._file.nodes:
            own = node.hansard or OwnNode()
            if node.type != "I" or own.position is not None or own.verdict is not None:
                continue
            key = str(node.nodeID)
            kind = own.kind if own.kind is not None and own.kind in STATUSES else "C"
            status = own.status if own.status in STATUSES[kind] else None
            yield Statement(
                key=key,
                kind=kind,
                label=own.label or label_of(node.text),
                text=node.text,
                authors=own.contributors or self._authors(key),
                round=own.round or 0,
                status=status,
                local_ids=own.localIds or [],
                parameters=own.parameters,
                line=self._lines.get(key),
            )

    def _conclusions(self) -> Iterator[Conclusion]:
        for node in self._file.nodes:
            if node.hansard is not None and node.hansard.verdict is not None:
                try:
                    yield msgspec.convert(node.hansard.verdict, Conclusion)
                except msgspec.ValidationError as fault:
                    words = f"the verdict of '{node.nodeID}' was left out: {fault}"
                    self._tell("verdict_left", words, self._path.name, self._lines.get(str(node.nodeID)))

    def _relations(self) -> Iterator[Relation]:
        """What each scheme says, once for each pair of its ends."""
        for node in self._file.nodes:
            own = node.hansard or OwnNode()
            if node.type not in SCHEME_NODES or node.type == "YA" or own.type == "adopt":
                continue
            key = str(node.nodeID)
            known = SCHEMES.get(own.type or "")
            type_ = own.type if known and known[0] == node.type else _TYPES.get(node.type)
            if type_ is None:
                words = f"the {node.type} '{key}' ({label_of(node.text)}) is no relation that a record holds"
                self._tell("scheme_left", words, self._path.name, self._lines.get(key), severity="note")
                continue
            turned = SCHEMES[type_][2] and own.type is not None
            if len(self._to[key]) * len(self._from[key]) > ENDS_READ:
                words = f"the {node.type} '{key}' joins more than {ENDS_READ:,} pairs of statements"
                self._tell("relation_left", words, self._path.name, self._lines.get(key))
                continue
            for from_ in self._to[key]:
                for to in self._from[key]:
                    ends = [self._stated(from_), self._stated(to)]
                    if None in ends:
                        if "YA" not in (self._nodes[from_].type, self._nodes[to].type):
                            words = f"the {node.type} '{key}' joins '{from_}' to '{to}', which are not both statements"
                            self._tell("relation_left", words, self._path.name, self._lines.get(key))
                        continue
                    source, target = reversed(ends) if turned else ends
                    yield Relation(
                        source=str(source),
                        type=type_,
                        target=str(target),
                        context=own.context if own.type else self._context(node),
                        round=own.round,
                        line=self._lines.get(key),
                    )

    def _stated(self, key: str) -> str | None:
        """The statement that an end stands for: an I-node itself, an L-node's I-node."""
        node = self._nodes[key]
        if node.type == "I":
            own = node.hansard
            return f"@{own.position}" if own is not None and own.position is not None else key
        if node.type == "L":
            for scheme in self._from[key]:
                for end in self._from[scheme]:
                    if self._nodes[scheme].type == "YA" and self._nodes[end].type == "I":
                        return self._stated(end)
        return None

    def _context(self, node: Node) -> str | None:
        """What the file calls the scheme, where that says something."""
        text = re.sub(r"\s+", " ", node.text).strip()
        return None if text.casefold() in _PLAIN_SCHEMES else node.text


if __name__ == "__main__":
    print(rendered_schema(), end="")
