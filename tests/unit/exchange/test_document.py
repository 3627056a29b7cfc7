"""``dialogue.json``: what goes in comes out, and nothing that was touched goes unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given

from hansard.dialogue import model
from hansard.dialogue.model import STATUSES
from hansard.dialogue.tables import ROWS
from hansard.exchange import document as d
from hansard.exchange import document_items as items
from hansard.exchange.document import (
    differences,
    document_digest,
    document_from_record,
    key_in_document,
    parsed_document,
    read_document,
    record_from_document,
    rendered,
)
from hansard.kernel.errors import HansardError
from tests.unit.exchange.recorded import Held
from tests.unit.exchange.records import records


@given(records())
def test_a_record_comes_back_from_its_document_whatever_it_holds(record: model.Record) -> None:
    """Through the document, its bytes and back, every row is equal, and what is derived is what the rows give."""
    document = document_from_record(record)
    assert differences(document, record) == []
    assert document["digest"] == document_digest(document)
    again = parsed_document(rendered(document).decode(), "dialogue.json")
    assert record_from_document(again) == record
    assert document_from_record(record_from_document(again)) == document


def test_every_column_is_in_the_document() -> None:
    """Each row type's columns stand in its part of the document, under one name; a new column must find its place."""
    elsewhere = {
        "dialogues": {"dialogue_id", "domain", "expert_pool", "strict_velocity"},
        "entities": {"kind", "seq"},
        "events": {"kind", "round", "seq"},
        "refs": {"source_id"},
        "utterances": {"round", "slug"},
        "panel_members": {"round"},
        "exhibits": {"seq"},
        "watches": {"verdict_id"},
    }
    for row_type, table in ROWS.items():
        columns = set(row_type.__struct_fields__) - {"dialogue_id"} - elsewhere.get(table.name, set())
        item = d._ITEMS[table.name]
        assert columns <= set(item.__struct_fields__), table.name
    assert {"dialogue_id", "domain", "expert_pool", "strict_velocity"} <= set(model.Dialogue.__struct_fields__)


def test_the_words_of_the_format_are_those_of_the_model() -> None:
    """The enumerations that the document's types spell out are the ones that tables and rules use."""
    assert get_args(items.RefType) == model.REF_TYPES
    assert get_args(items.MoveType) == model.MOVE_TYPES
    assert get_args(items.StanceWord) == model.STANCES
    assert get_args(items.Confidence) == model.CONFIDENCES
    assert get_args(items.Tier) == model.TIERS
    hints = {field.name: field.type for field in msgspec.structs.fields(items.Document)}
    assert get_args(hints["rotation"]) == model.ROTATIONS
    for plural, kind in (("perspectives", "P"), ("recommendations", "R"), ("tensions", "T"), ("evidence", "E")):
        assert get_args(get_args(get_args(hints[plural])[0])[0]) == STATUSES[kind]
    assert get_args(get_args(get_args(hints["claims"])[0])[0]) == STATUSES["C"]


def test_the_specification_s_keys_stand_as_it_shows_them(held: Held) -> None:
    """Keys, nesting and spelling are the specification's; our own come beside them."""
    document = document_from_record(held.dialogues.record("harbour-bridge"))
    for key in ("id", "title", "question", "date", "status", "totalRounds", "totalAlignment", "expert_pool"):
        assert key in document
    assert document["date"] == "2026-03-01"
    assert (document["totalRounds"], document["totalAlignment"]) == (3, 75)
    assert document["expert_pool"]["domain"] == "Civil works"
    muffin = next(expert for expert in document["experts"] if expert["slug"] == "muffin")
    assert muffin["scores"] == {"0": 12, "1": 13, "2": 7}
    assert muffin["total"] == 32
    eclair = next(expert for expert in document["experts"] if expert["slug"] == "eclair")
    assert eclair["creationReason"] == "Nobody speaks for the ferry"
    said = document["rounds"][0]["experts"]["muffin"]
    assert said["mapping"] == {"MUFFIN-P0001": "P0001", "MUFFIN-T0001": "T0001"}
    assert said["score"] == 12
    assert said["raw"].startswith("# Muffin")
    first = document["perspectives"][0]
    assert list(first)[:6] == ["id", "label", "content", "contributors", "round", "status"]
    assert first["status"] == "refined"
    assert first["events"][0] | {"seq": 1} == first["events"][0]
    assert {key: first["events"][1][key] for key in ("type", "round", "by", "result")} == {
        "type": "refined",
        "round": 1,
        "by": ["muffin"],
        "result": "P0101",
    }
    assert "description" in document["tensions"][0]
    assert "content" not in document["tensions"][0]
    adopted = document["recommendations"][0]
    assert adopted["adoptedInVerdict"] == "final"
    assert adopted["parameters"] == {"crowns": 2, "share": 0.5, "years": 10}
    bridge = next(move for move in document["moves"] if move["type"] == "bridge")
    assert (bridge["expert"], bridge["round"], bridge["targets"]) == ("muffin", 1, ["P0001", "R0001"])
    final = next(verdict for verdict in document["verdicts"] if verdict["id"] == "final")
    assert final["author"] is None
    assert final["tensionsAccepted"] == ["T0001", "T0002"]
    assert document["schema_version"] == "1"
    types = {warning["type"] for warning in document["warnings"]}
    assert {"missing_score", "missing_response", "unresolved_tension", "claim_differs"} <= types


def test_references_stand_in_their_entity_and_those_of_a_response_apart(held: Held) -> None:
    """A reference is embedded in the entity that makes it; one of a whole response has a list of its own."""
    document = document_from_record(held.dialogues.record("harbour-bridge"))
    refined = next(entity for entity in document["perspectives"] if entity["id"] == "P0101")
    assert [(ref["type"], ref["target"]) for ref in refined["references"]] == [
        ("refine", "P0001"),
        ("depend", "R0001"),
        ("question", "@scone"),
    ]
    assert [(ref["source"], ref["type"], ref["target"]) for ref in document["responseReferences"]] == [
        ("@donut", "support", "R0001")
    ]


def test_the_digest_leaves_out_itself_and_the_journal(held: Held) -> None:
    """Two stores that hold equal rows give equal digests, whatever their journals say; any other key counts."""
    document = document_from_record(held.dialogues.record("harbour-bridge"))
    assert document_digest({**document, "journal": {"other": 1}, "digest": "x"}) == document["digest"]
    assert document_digest({**document, "title": "Another"}) != document["digest"]


def test_layout_is_stable_and_readable(held: Held) -> None:
    """Two spaces, UTF-8 as it is, a line feed at the end, and the same bytes each time."""
    record = held.dialogues.record("harbour-bridge")
    data = rendered(document_from_record(record))
    assert data == rendered(document_from_record(record))
    assert data.startswith(b'{\n  "schema_version": "1",\n')
    assert data.endswith(b"}\n")
    assert rendered({"text": "Brücke 🌉"}) == '{\n  "text": "Brücke 🌉"\n}\n'.encode()


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (b"", "json_malformed", "it is empty"),
        (b" \n", "json_malformed", "it is empty"),
        (b'{"schema_version": "1", ', "json_malformed", "line 1"),
        (b"not json", "json_malformed", "line 1, column 1"),
        (b'{"a": "\xff"}', "json_malformed", "byte 7 is not UTF-8"),
        ('{"schema_version": "1"}'.encode("utf-16"), "json_malformed", "not UTF-8"),
        (b'{"schema_version": "1", "a": NaN}', "json_malformed", "'NaN' is no JSON number"),
        (b'{"schema_version": "1", "a": 1, "a": 2}', "json_malformed", "'a' stands twice"),
        (b"[" * 100_000, "json_malformed", "nested too deeply"),
        (b"[1, 2]", "not_an_export", "no export of a dialogue"),
        (b'{"perspectives": []}', "not_an_export", "no export of a dialogue"),
        (b'{"schema_version": "99"}', "schema_version_unknown", "'99'"),
        (b'{"schema_version": 1}', "schema_version_unknown", "reads 1"),
    ],
)
def test_what_is_no_export_is_refused_with_the_reason(tmp_path: Path, data: bytes, code: str, told: str) -> None:
    """Each kind of wrong file has its own refusal, which names the file and the place."""
    file = tmp_path / "some.json"
    file.write_bytes(data)
    with pytest.raises(HansardError) as refusal:
        read_document(file)
    assert refusal.value.code == code
    assert told in refusal.value.message
    assert "some.json" in refusal.value.message
    assert str(tmp_path) not in refusal.value.message


def test_a_byte_order_mark_is_no_matter(tmp_path: Path, held: Held) -> None:
    """A mark that an editor put in front changes nothing."""
    document = document_from_record(held.dialogues.record("harbour-bridge"))
    file = tmp_path / "some.json"
    file.write_bytes(b"\xef\xbb\xbf" + rendered(document))
    assert read_document(file) == document


@pytest.mark.parametrize(
    ("change", "path", "why"),
    [
        (lambda x: x["perspectives"][0].pop("content"), "perspectives[0]", "missing required field `content`"),
        (lambda x: x["perspectives"][0].update(content=3), "perspectives[0].content", "expected `str`"),
        (lambda x: x["perspectives"][0].update(extra=3), "perspectives[0]", "'extra'"),
        (lambda x: x["tensions"][0].update(status="adopted"), "tensions[0].status", "invalid enum value"),
        (lambda x: x["tensions"][0].update(id="P0001"), "tensions[0].id", "no id of a tension"),
        (lambda x: x["rounds"][1].update(round=True), "rounds[1].round", "expected `int`"),
        (lambda x: x.update(moves={}), "moves", "expected `array`"),
        (lambda x: x.pop("verdicts"), "verdicts", "is missing"),
        (lambda x: x.update(unknown=1), "unknown", "is no key of this format"),
        (lambda x: x["moves"].append(x["moves"][0]), "moves", "twice"),
    ],
)
def test_a_malformed_document_names_each_place(held: Held, change: Any, path: str, why: str) -> None:
    """A document without the form of one is refused with the path and what is wrong there."""
    document = document_from_record(held.dialogues.record("harbour-bridge"))
    change(document)
    with pytest.raises(HansardError) as refusal:
        record_from_document(document)
    assert refusal.value.code == "document_malformed"
    faults = (refusal.value.context or {})["faults"]
    assert any(fault.startswith(path) and why in fault for fault in faults), faults


def test_all_faults_of_a_document_are_told_at_once(held: Held) -> None:
    """One bad item hides no other."""
    document = document_from_record(held.dialogues.record("harbour-bridge"))
    document["perspectives"][0]["content"] = 3
    document["perspectives"][1]["label"] = None
    document["verdicts"][0]["round"] = "two"
    with pytest.raises(HansardError) as refusal:
        record_from_document(document)
    assert len((refusal.value.context or {})["faults"]) == 3


def test_a_document_of_other_rules_is_not_judged_by_ours(held: Held) -> None:
    """Figures that another version of the rules computed are read and not compared."""
    record = held.dialogues.record("harbour-bridge")
    document = document_from_record(record)
    document["rulesVersion"] = "0"
    document["warnings"] = []
    document["rounds"][0]["figures"]["velocity"] = 99
    assert differences(document, record) == []
    document["totalAlignment"] = 1
    assert [one.path for one in differences(document, record)] == ["totalAlignment"]


def test_a_column_is_called_what_the_document_calls_it() -> None:
    """Findings name the document's own keys."""
    assert key_in_document("entities", "content", "T") == "description"
    assert key_in_document("entities", "content", "P") == "content"
    assert key_in_document("events", "actors") == "by"
    assert key_in_document("verdicts", "tensions_resolved") == "tensionsResolved"


def test_a_document_holds_the_numbers_it_was_given(held: Held) -> None:
    """A whole number stays one, and a fraction keeps its last digit."""
    text = json.dumps(document_from_record(held.dialogues.record("harbour-bridge")))
    assert '"convergenceTarget": 1.0' in text
    assert '"share": 0.5' in text
