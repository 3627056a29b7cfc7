"""AIF both ways: our own comes back equal, others' becomes claims word for word, and what is no graph is refused."""

from __future__ import annotations

import copy
import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings

from hansard.exchange.aif import (
    IMPORTER,
    SCHEME_NODES,
    STATING_NODES,
    aif_value,
    graph_faults,
    node_lines,
    read_graph,
    rendered_aif,
    rendered_schema,
    schema,
)
from hansard.exchange.graph import Graph, graph_of
from hansard.exchange.shapes import DialogueExport
from hansard.exchange.telling import Telling
from hansard.kernel.errors import HansardError
from tests.conftest import scale
from tests.unit.exchange.folders import CALL, Store, codes, told, write
from tests.unit.exchange.graphs import bare, graphs, without_status
from tests.unit.exchange.recorded import ID, Held
from tests.unit.exchange.test_import_any import fresh

VALIDATOR = jsonschema.Draft202012Validator(schema())

NODES: list[dict[str, Any]] = [
    {"nodeID": "1", "text": "Smoking should be banned.", "type": "I", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "2", "text": "It harms  others.\nAll of them.", "type": "I", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "3", "text": "It is a free choice.", "type": "I", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "4", "text": "Default Inference", "type": "RA", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "5", "text": "Conflict From Bias", "type": "CA", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "6", "text": "Ada : Smoking should be banned.", "type": "L", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "7", "text": "Asserting", "type": "YA", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "8", "text": "said by Bo", "type": "L", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "9", "text": "Asserting", "type": "YA", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "10", "text": "Default Transition", "type": "TA", "timestamp": "2014-05-06 10:11:12"},
    {"nodeID": "11", "text": "Arguing", "type": "YA", "timestamp": "2014-05-06 10:11:12"},
]
PAIRS = [(2, 4), (4, 1), (3, 5), (5, 1), (6, 7), (7, 1), (8, 9), (9, 3), (6, 10), (10, 8), (10, 11), (11, 5)]
FOREIGN: dict[str, Any] = {
    "nodes": NODES,
    "edges": [
        {"edgeID": str(number), "fromID": str(from_), "toID": str(to), "formEdgeID": None}
        for number, (from_, to) in enumerate(PAIRS, 100)
    ],
    "locutions": [
        {"nodeID": "8", "personID": "77", "timestamp": "2014-05-06", "start": None, "end": None, "source": None}
    ],
    "participants": [{"participantID": 77, "firstname": "Bo", "surname": "Li"}],
}


def read(data: bytes, path: Path = Path("x.json")) -> tuple[Graph, Telling]:
    """A file as it is read, and what was told."""
    tell = Telling()
    text = data.decode()
    graph, _ = read_graph(aif_value(text, path.name), path, tell, node_lines(text))
    return graph, tell


# -- the form ----------------------------------------------------------------------------------------------------------


def test_the_published_schema_is_the_one_the_types_give() -> None:
    """The file beside the code is what the code makes, and it is JSON Schema."""
    published = resources.files("hansard.exchange").joinpath("aif.schema.json").read_text(encoding="utf-8")
    assert published == rendered_schema()
    jsonschema.Draft202012Validator.check_schema(schema())


@settings(max_examples=scale(40))
@given(graphs())
def test_what_we_write_is_a_graph_of_aif(graph: Graph) -> None:
    """It obeys the schema; ids stand once, edges lead to nodes, statements and schemes alternate, no scheme dangles."""
    value = json.loads(rendered_aif(graph))
    VALIDATOR.validate(value)
    kinds = {node["nodeID"]: node["type"] for node in value["nodes"]}
    assert len(kinds) == len(value["nodes"])
    assert len({edge["edgeID"] for edge in value["edges"]}) == len(value["edges"])
    for edge in value["edges"]:
        ends = kinds[edge["fromID"]], kinds[edge["toID"]]
        assert (ends[0] in STATING_NODES) != (ends[1] in STATING_NODES)
    ends_of = Counter(end for edge in value["edges"] for end in {edge["fromID"], edge["toID"]})
    assert all(ends_of[key] >= 2 for key, kind in kinds.items() if kind in SCHEME_NODES)
    statements = {one.key: one.text for one in graph.statements}
    assert {node["nodeID"]: node["text"] for node in value["nodes"] if node["nodeID"] in statements} == statements


def test_each_reference_is_the_scheme_that_it_means(held: Held) -> None:
    """Support and dependence are inferences in their directions, answers are transitions between locutions."""
    graph = graph_of(held.dialogues.record(ID))
    value = json.loads(rendered_aif(graph))
    nodes = {node["nodeID"]: node for node in value["nodes"]}
    into = {edge["toID"]: edge["fromID"] for edge in value["edges"]}
    out_of = {edge["fromID"]: edge["toID"] for edge in value["edges"]}
    found = {
        (node["scheme"], node["type"], into[key], out_of[key])
        for key, node in nodes.items()
        if node["type"] in ("RA", "CA", "MA")
    }
    assert ("Support", "RA", "P0002", "P0001") in found
    assert ("Dependence", "RA", "R0001", "P0101") in found
    assert ("Refinement", "MA", "P0101", "P0001") in found
    assert ("Adoption", "RA", "R0001", "verdict:final") in found
    addressing = next(key for key, node in nodes.items() if node.get("scheme") == "Addressing")
    said = [nodes[end]["text"] for end in (into[addressing], out_of[addressing])]
    assert said == ["muffin: Cost against age", "donut: Toll for ten years"]


# -- there and back ----------------------------------------------------------------------------------------------------


@given(graphs())
def test_what_we_write_comes_back_equal(graph: Graph) -> None:
    """Whatever stands in labels, texts and parameters, the file gives the same graph and no diagnostic."""
    found, tell = read(rendered_aif(graph))
    assert bare(found) == graph
    assert tell.told == []


@settings(max_examples=scale(15))
@given(graphs())
def test_what_comes_back_is_recorded_as_the_same_argument(empty_store_file: Path, graph: Graph) -> None:
    """The record that an import makes has the graph of the file, and its file is the same again but for statuses."""
    with fresh(empty_store_file) as store:
        path = write(store.home, {"x.json": rendered_aif(graph)}) / "x.json"
        answer = store.take(path)
        assert codes(answer) == {"argument_only"}
        assert without_status(graph_of(store.record(answer.dialogue_id))) == without_status(graph)


def test_a_dialogue_that_was_held_comes_back_but_for_what_is_listed(held: Held, store: Store, tmp_path: Path) -> None:
    """Statements, authors, rounds, references and verdicts are the same; statuses are claims beside the record's."""
    path = tmp_path / "x.json"
    held.exchange.dialogue_export(DialogueExport(dialogue_id=ID, format="aif", output_path=str(path)), CALL)
    answer = store.take(path)
    first, again = held.dialogues.record(ID), store.record(answer.dialogue_id)
    assert without_status(graph_of(again)) == without_status(graph_of(first))
    lost = {name for name in ("moves", "stances") if getattr(first, name) and not getattr(again, name)}
    assert lost == {"moves", "stances"}
    assert not any(said.raw or said.score for said in again.utterances)
    assert {claim.id for claim in answer.claims_compared} == {"C0101", "E0001", "P0001", "R0001", "T0001", "T0002"}


def test_real_dialogues_go_through_both_formats(real_store: Store, second_store: Store, tmp_path: Path) -> None:
    """What real panels said survives AIF, then Argdown of what came back."""
    for dialogue_id in real_store.answers:
        graph = graph_of(real_store.record(dialogue_id))
        home, store, form = real_store, second_store, "aif"
        path = tmp_path / f"{dialogue_id}.{form}"
        home.exchange.dialogue_export(
            DialogueExport(dialogue_id=dialogue_id, format="aif", output_path=str(path)), CALL
        )
        answer = store.take(path)
        again = tmp_path / f"{dialogue_id}.argdown"
        store.exchange.dialogue_export(
            DialogueExport(dialogue_id=answer.dialogue_id, format="argdown", output_path=str(again)), CALL
        )
        third = store.take(again, as_new=True)
        found = graph_of(store.record(third.dialogue_id))
        assert without_status(bare(found, id=graph.id)) == without_status(graph)


# -- others' files -----------------------------------------------------------------------------------------------------


def test_others_aif_becomes_claims_word_for_word(store: Store, tmp_path: Path) -> None:
    """I-nodes are claims of one round, by whoever a locution or its words name; RA supports, CA opposes."""
    path = write(tmp_path, {"Smoking ban.json": FOREIGN}) / "Smoking ban.json"
    answer = store.take(path)
    assert answer.dialogue_id == "smoking-ban"
    record = store.record(answer.dialogue_id)
    assert [(one.id, one.content, one.contributors) for one in record.entities] == [
        ("C0001", "Smoking should be banned.", ["ada"]),
        ("C0002", "It harms  others.\nAll of them.", ["unattributed"]),
        ("C0003", "It is a free choice.", ["bo-li"]),
    ]
    assert [(one.source_id, one.ref_type, one.target_id, one.context) for one in record.refs] == [
        ("C0002", "support", "C0001", None),
        ("C0003", "oppose", "C0001", "Conflict From Bias"),
    ]
    assert record.dialogue.created_at.startswith("2014-05-06T10:11:12")
    assert [json.loads(document.body) for document in record.documents] == [FOREIGN]
    assert codes(answer) == {"argument_only", "author_unknown", "expert_renamed", "question_missing", "scheme_left"}
    assert told(answer, "scheme_left")[0][0] == "Smoking ban.json"


def test_a_diagnostic_names_the_line_of_the_node(store: Store, tmp_path: Path) -> None:
    """So that somebody finds it in a long file."""
    text = json.dumps(FOREIGN, indent=1)
    path = write(tmp_path, {"x.json": text}) / "x.json"
    line = text[: text.index('"nodeID": "2"')].count("\n") + 1
    assert told(store.take(path), "author_unknown")[0][:2] == ("x.json", line)


def test_the_wrapped_form_and_numbers_as_ids_are_read(store: Store, tmp_path: Path) -> None:
    """Programs around AIF write ``{"AIF": …}`` and ids as numbers."""
    value = copy.deepcopy(FOREIGN)
    for node in value["nodes"]:
        node["nodeID"] = int(node["nodeID"])
    for edge in value["edges"]:
        edge.update(edgeID=int(edge["edgeID"]), fromID=int(edge["fromID"]), toID=int(edge["toID"]))
        del edge["formEdgeID"]
    value["locutions"][0]["nodeID"] = 8
    path = write(tmp_path, {"x.json": {"AIF": value, "text": "", "OVA": {}}}) / "x.json"
    assert IMPORTER.recognises(path)
    assert store.take(path).entities["claims"] == 3


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2014-05-06T10:11:12+02:00", "2014-05-06T08:11:12.000000Z"),
        ("2014-05-06 10:11:12", "2014-05-06T10:11:12.000000Z"),
        ("2014-05-06", "2014-05-06T00:00:00.000000Z"),
    ],
)
def test_the_first_time_that_is_one_is_the_dialogues(store: Store, tmp_path: Path, written: str, stored: str) -> None:
    """A node's time, an offset taken into account; a word that is no time is passed over."""
    value = broken(lambda x: (x["nodes"][0].update(timestamp="soon"), x["nodes"][1].update(timestamp=written)))
    answer = store.take(write(tmp_path, {"x.json": value}) / "x.json")
    assert store.record(answer.dialogue_id).dialogue.created_at == stored


def broken(change: Any) -> dict[str, Any]:
    """The sample with a change."""
    value = copy.deepcopy(FOREIGN)
    change(value)
    return value


@pytest.mark.parametrize(
    ("change", "place", "why"),
    [
        (lambda x: x["nodes"].append(dict(x["nodes"][0])), "nodes[11].nodeID", "stands twice"),
        (lambda x: x["edges"].append(dict(x["edges"][0])), "edges[12].edgeID", "stands twice"),
        (lambda x: x["edges"][0].update(toID="99"), "edges[0]", "leads to '99'"),
        (lambda x: x["edges"][0].update(toID="1"), "edges[0]", "joins I to I"),
        (lambda x: x["edges"].pop(1), "nodes[3]", "the RA '4' leads nowhere"),
        (lambda x: x["edges"].pop(0), "nodes[3]", "the RA '4' comes from nowhere"),
        (lambda x: x["edges"].append({"edgeID": "x", "fromID": "10", "toID": "4"}), "edges[12]", "joins TA to RA"),
        (lambda x: x["nodes"][0].update(type="Q"), "nodes[0].type", "'Q' is no type"),
        (lambda x: x["nodes"][0].pop("text"), "nodes[0]", "missing required field"),
        (lambda x: x["nodes"][0].update(text=1), "nodes[0].text", "expected `str`"),
        (lambda x: x.update(edges={}), "edges", "is no list"),
        (lambda x: x["locutions"][0].update(nodeID="50"), "locutions[0]", "no such node"),
        (lambda x: x["nodes"][0].update(text="a\0b"), "nodes[0].text", "NUL"),
    ],
)
def test_what_is_no_graph_is_refused_with_the_place(
    store: Store, tmp_path: Path, change: Any, place: str, why: str
) -> None:
    """Every fault is told by its path, and nothing is written."""
    path = write(tmp_path, {"x.json": broken(change)}) / "x.json"
    fault = store.refused(path)
    assert fault.code == "aif_malformed"
    assert fault.context is not None
    faults = fault.context["faults"]
    assert any(one.startswith(place + " ") and why in one for one in faults), faults
    assert store.rows()["dialogues"] == 0


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    """The schema is no decoration."""
    assert VALIDATOR.is_valid(FOREIGN)
    for change in (
        lambda x: x["nodes"][0].update(type="Q"),
        lambda x: x["nodes"][0].pop("text"),
        lambda x: x.pop("edges"),
        lambda x: x["nodes"][0].update(text=1),
    ):
        assert not VALIDATOR.is_valid(broken(change))


def test_an_undercut_is_no_fault_and_is_told(store: Store, tmp_path: Path) -> None:
    """AIF lets a conflict meet an inference; a record has no reference to a reference."""
    value = broken(lambda x: x["edges"][3].update(toID="4"))
    assert list(graph_faults(value)) == []
    answer = store.take(write(tmp_path, {"x.json": value}) / "x.json")
    assert "which are not both statements" in told(answer, "relation_left")[0][2]


def test_more_statements_than_a_round_has_ids_for_are_refused(store: Store, tmp_path: Path) -> None:
    """The import says so before it writes anything."""
    nodes = [{"nodeID": str(number), "text": f"Claim {number}.", "type": "I"} for number in range(100)]
    path = write(tmp_path, {"x.json": {"nodes": nodes, "edges": []}}) / "x.json"
    assert store.refused(path).code == "id_space_exhausted"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"nodes": [], "edges": []}, "nothing_stated"),
        (b'{"nodes": [], "edges": [], "nodes": []}', "json_malformed"),
        (b'{"AIF": []}', "aif_malformed"),
        (b'{"nodes": [], "edges": []}\xff', "json_malformed"),
    ],
)
def test_a_file_that_states_nothing_is_refused(store: Store, tmp_path: Path, content: Any, code: str) -> None:
    """By name, and told what is wrong."""
    path = write(tmp_path, {"x.json": content}) / "x.json"
    with pytest.raises(HansardError) as fault:
        IMPORTER.read(path)
    assert fault.value.code == code
