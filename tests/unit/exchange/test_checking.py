"""A document told apart from what was recorded, by nothing but itself."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.database.tables import record_tables
from hansard.dialogue.requests import DialogueQuery
from hansard.exchange.checking import DocumentReport, check_document, nearest
from hansard.exchange.document import (
    DERIVED,
    document_digest,
    document_from_record,
    item_at,
    parsed_document,
    places,
    rendered,
)
from tests.unit.exchange.recorded import CALL, ID, Held


class Exported(dict[str, Any]):
    """A document that a failing test shows in a word."""

    def __repr__(self) -> str:
        return "<the export>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Exported:
        return Exported(copy.deepcopy(dict(self), memo))


@pytest.fixture(scope="session")
def exported(held_template: Any) -> Exported:
    """The held dialogue's export, parsed; tests copy it before they alter it."""
    store = Held(held_template.parent)
    try:
        return Exported(store.document())
    finally:
        store.close()


def checked(document: dict[str, Any]) -> DocumentReport:
    """The report on a document that went through a file."""
    text = rendered(document).decode()
    return check_document(parsed_document(text, "dialogue.json"), text)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything in a JSON value that is neither a list nor an object, and of every empty one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def put(document: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Put a value at a path."""
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = value


def got(document: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path."""
    for step in path:
        document = document[step]
    return document


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("x" if value[-1:] != "x" else "y")
    return "not null" if value is None else [1] if value == [] else {"x": 1}


def test_an_export_is_whole_in_itself(exported: dict[str, Any]) -> None:
    """Chain, seals, derived figures and digest of an untouched export agree, without a store."""
    report = checked(exported)
    assert report.findings == []
    assert report.notes == []
    assert report.entries == 10
    assert report.rows > 70
    assert report.head == (10, exported["journal"]["head"]["hash"])
    assert report.dialogue_id == ID


@pytest.mark.parametrize("layout", [{"indent": None, "separators": (",", ":")}, {"indent": 7}, {"ensure_ascii": True}])
def test_white_space_is_no_alteration(exported: dict[str, Any], layout: dict[str, Any]) -> None:
    """A file laid out anew says the same, and the report says that it was laid out anew."""
    text = json.dumps(exported, **layout)
    report = check_document(parsed_document(text, "dialogue.json"), text)
    assert report.findings == []
    assert any("laid out differently" in note for note in report.notes)


def test_the_order_of_keys_is_no_alteration(exported: dict[str, Any]) -> None:
    """Keys in another order say the same."""
    text = json.dumps(exported, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    report = check_document(parsed_document(text, "dialogue.json"), text)
    assert report.findings == []
    assert any("another order" in note for note in report.notes)


@given(data=st.data())
def test_any_altered_value_is_found_where_it_stands(exported: dict[str, Any], data: st.DataObject) -> None:
    """Whatever single value of the document is altered, the digest tells it, and some finding leads to its place."""
    apart = {"journal", "digest", "schema_version", "rulesVersion"}  # have tests of their own
    path = data.draw(st.sampled_from([path for path in leaves(exported) if path[0] not in apart]))
    forged = copy.deepcopy(exported)
    put(forged, path, other(got(exported, path)))
    report = checked(forged)
    codes = {finding.code for finding in report.findings}
    assert "digest_differs" in codes
    told = [
        finding.path for finding in report.findings if finding.path is not None and finding.code != "digest_differs"
    ]
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
    row = nearest(list(places(exported)), place)
    assert row.path in told or any(place.startswith(one) or one.startswith(place) for one in told), (place, told)


@given(data=st.data())
def test_an_alteration_is_found_though_the_digest_was_made_anew(exported: dict[str, Any], data: st.DataObject) -> None:
    """Whoever alters a recorded value and recomputes the digest is still found out by the journal's seals."""
    chosen = [path for path in leaves(exported) if path[0] not in {"journal", "digest", "schema_version", *DERIVED}]
    path = data.draw(st.sampled_from(chosen))
    forged = copy.deepcopy(exported)
    put(forged, path, other(got(exported, path)))
    forged["digest"] = document_digest(forged)
    assert checked(forged).findings != []


@given(data=st.data())
def test_any_item_removed_or_doubled_is_found(exported: dict[str, Any], data: st.DataObject) -> None:
    """Every perspective, event, move, reference … that is taken out, or stands twice, is found."""
    lists = [
        place
        for place in places(exported)
        if place.path.endswith("]") and isinstance(item_at(exported, place.path), dict)
    ]
    place = data.draw(st.sampled_from(lists))
    forged = copy.deepcopy(exported)
    holder_path, _, index = place.path.rpartition("[")
    holder = item_at(forged, holder_path)
    number = int(index.rstrip("]"))
    if data.draw(st.booleans()):
        del holder[number]
        wanted = "row_missing"
    else:
        holder.append(holder[number])
        wanted = "row_twice"
    forged["digest"] = document_digest(forged)
    found = [finding for finding in checked(forged).findings if finding.code == wanted]
    assert any((finding.table, finding.key) == (place.table, place.key) for finding in found)


@given(data=st.data())
def test_any_altered_value_of_the_journal_is_found(exported: dict[str, Any], data: st.DataObject) -> None:
    """Each value of the journal's part is bound to the others: none can be altered alone."""
    chosen = [path for path in leaves(exported["journal"]) if path]
    path = data.draw(st.sampled_from(chosen))
    forged = copy.deepcopy(exported)
    put(forged["journal"], path, other(got(forged["journal"], path)))
    report = checked(forged)
    assert report.findings != []
    if path[0] == "entries" and path[2] in ("hash", "body"):
        assert any((finding.path or "").startswith(f"journal.entries[{path[1]}]") for finding in report.findings)


@pytest.mark.parametrize("cut", ["first", "middle", "last", "all"])
def test_entries_cannot_be_cut_out(exported: dict[str, Any], cut: str) -> None:
    """A journal that lacks an entry is broken, or does not reach its head."""
    forged = copy.deepcopy(exported)
    entries = forged["journal"]["entries"]
    if cut == "all":
        entries.clear()
    else:
        del entries[{"first": 0, "middle": 4, "last": -1}[cut]]
    codes = {finding.code for finding in checked(forged).findings}
    assert codes & {"chain_broken", "head_differs"}


def test_entries_of_another_dialogue_prove_nothing(exported: dict[str, Any], held: Held) -> None:
    """A journal that is whole but belongs to another dialogue is refused."""
    from tests.unit.exchange.recorded import hold

    hold(held, "other-bridge")
    forged = {**exported, "journal": held.document("other-bridge")["journal"]}
    findings = checked(forged).findings
    assert any(finding.code == "journal_foreign" for finding in findings)
    assert any(finding.code == "row_added" for finding in findings)


def erase(held: Held, positions: list[int]) -> None:
    """Erase what was asked in these entries, as the journal's rules have it."""
    request = DialogueQuery(dialogue_id=ID)
    with held.journal.entry("erase", request, CALL, [f"dialogue:{ID}"]) as entry:
        entry.erase(positions, record_tables())
        entry.finish(request)


def test_an_export_made_after_an_erasure_is_whole(held: Held) -> None:
    """Rows whose payload was erased were sealed anew: the export still proves them, without the erased salts."""
    erase(held, [2, 3])
    document = held.document()
    report = checked(document)
    assert report.findings == []
    assert [entry["salt"] is None for entry in document["journal"]["entries"]][:3] == [True, True, True]
    assert report.entries == 11
    document["perspectives"][1]["content"] = "Another"
    document["digest"] = document_digest(document)
    assert [finding.code for finding in checked(document).findings] == ["row_altered"]


def test_an_export_made_before_an_erasure_still_proves_what_it_holds(exported: dict[str, Any], held: Held) -> None:
    """A file that left the store earlier keeps its own salts; the store that erased can still be verified."""
    erase(held, [3])
    assert checked(exported).findings == []
    assert checked(held.document()).findings == []


def test_without_a_journal_only_the_digest_speaks(exported: dict[str, Any], held: Held) -> None:
    """The report says plainly what a document without a journal cannot prove."""
    bare = {key: value for key, value in exported.items() if key != "journal"}
    report = checked(bare)
    assert report.findings == []
    assert report.head is None
    assert report.entries == 0
    assert any("carries no journal" in note for note in report.notes)
    bare["title"] = "Another"
    assert [finding.code for finding in checked(bare).findings] == ["digest_differs"]


@pytest.mark.parametrize(
    ("value", "why"),
    [("a\0b", "NUL"), ("a\ud800b", "surrogate"), (2**60, "2^53"), ([[[]]] * 3, "expected")],
)
def test_values_that_no_store_holds_are_told_and_do_no_harm(exported: dict[str, Any], value: Any, why: str) -> None:
    """A document may hold anything; checking it ends in findings, never in a crash."""
    forged = copy.deepcopy(exported)
    forged["perspectives"][0]["content"] = value
    report = check_document(forged)
    malformed = [finding for finding in report.findings if finding.code == "document_malformed"]
    assert [finding.path for finding in malformed] == ["perspectives[0].content"]
    assert why in malformed[0].message
    assert (malformed[0].table, malformed[0].key) == ("entities", (ID, "P", 0, 1))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from(["perspectives", "rounds", "experts", "journal", "verdicts", "id", "digest", "expert_pool"]),
)
def test_no_document_makes_the_check_crash(exported: dict[str, Any], value: Any, key: str) -> None:
    """Whatever stands under a key, the check answers."""
    report = check_document({**exported, key: value})
    assert report.findings != [] or value == exported[key] or (key == "journal" and value is None)


def test_a_derived_figure_that_was_touched_is_named(exported: dict[str, Any]) -> None:
    """Totals, scores and mapping are computed again, and what disagrees is told with both values."""
    forged = copy.deepcopy(exported)
    forged["totalAlignment"] = 999
    forged["experts"][2]["total"] = 1
    forged["rounds"][0]["experts"]["muffin"]["mapping"]["MUFFIN-P0001"] = "P0002"
    forged["digest"] = document_digest(forged)
    told = {finding.path: finding.message for finding in checked(forged).findings}
    assert told == {
        "totalAlignment": "says 999; the rest of the document gives 75",
        "experts[2].total": "says 1; the rest of the document gives 32",
        "rounds[0].experts.muffin.mapping.MUFFIN-P0001": "says 'P0002'; the rest of the document gives 'P0001'",
    }


def test_figures_of_other_rules_are_said_to_be_unproved(exported: dict[str, Any]) -> None:
    """Figures that are said to come from other rules are a finding: an altered version number hides nothing."""
    forged = copy.deepcopy(exported)
    forged["rulesVersion"] = "0"
    forged["digest"] = document_digest(forged)
    report = checked(forged)
    assert [(finding.code, finding.path) for finding in report.findings] == [("figures_unproved", "rulesVersion")]


def test_a_list_in_another_order_is_one_finding(exported: dict[str, Any]) -> None:
    """The order of a list is recorded; turning it round is one alteration, not twenty."""
    forged = copy.deepcopy(exported)
    forged["perspectives"].reverse()
    forged["digest"] = document_digest(forged)
    assert [(finding.path, finding.code) for finding in checked(forged).findings] == [
        ("perspectives", "derived_differs")
    ]


def test_the_document_of_a_record_without_a_store_checks_too(held: Held) -> None:
    """A document made from a record alone is whole as far as its digest goes."""
    assert checked(document_from_record(held.dialogues.record(ID))).findings == []
