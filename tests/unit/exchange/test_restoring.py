"""Our own dialogue.json taken back in: registered again by the same rules, equal to what was exported, or refused."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import hansard.examples
from hansard.database.verify import verify_store
from hansard.dialogue import model
from hansard.dialogue.model import Record
from hansard.dialogue.requests import (
    DialogueCreate,
    DialogueQuery,
    EvolvePanel,
    ExpertCreate,
    ExpertPool,
    PanelSeat,
    PoolExpert,
)
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import document_from_record, rendered
from hansard.exchange.restoring import DocumentImporter, Export, _joining, plan_record, record_differences
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.canonical import sha256_hex
from tests.support.deliberations import House, fill
from tests.unit.exchange.folders import CALL, Store, told, write
from tests.unit.exchange.recorded import ID, Held, hold


def exported(store: Store, dialogue_id: str, folder: Path, *, journal: bool = True) -> Path:
    """The file of an export."""
    path = folder / f"{dialogue_id}.json"
    request = DialogueExport(dialogue_id=dialogue_id, output_path=str(path), journal=journal)
    store.exchange.dialogue_export(request, CALL)
    return path


@pytest.fixture
def export(store: Store, small: Path, tmp_path: Path) -> Path:
    """The export of the small dialogue."""
    store.take(small)
    return exported(store, "harbour", tmp_path)


def test_the_small_dialogue_comes_back_whole(store: Store, second_store: Store, export: Path) -> None:
    """Every row of every table but the origin is equal, and the new store's own chain verifies."""
    answer = second_store.take(export)
    assert (answer.dialogue_id, answer.created, answer.files_read) == ("harbour", True, 1)
    first, second = store.record("harbour"), second_store.record("harbour")
    assert record_differences(first, second) == {}
    for name in Record.__struct_fields__[1:]:
        assert getattr(first, name) == getattr(second, name)
    with second_store.database.reading() as connection:
        assert verify_store(connection, {table.name: table for table in ROWS.values()}).findings == []


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_dialogue_in_which_nothing_was_said_comes_back_whole(
    store: Store, second_store: Store, tmp_path: Path, steps: int
) -> None:
    """Just created; with an expert created for its first panel; with that panel seated."""
    pool = ExpertPool(experts=[PoolExpert(role=role) for role in ("Captain", "Pilot", "Keeper")])
    request = DialogueCreate(title="Latest", question="Which lamp?", expert_pool=pool, panel_size=2)
    dialogue_id = store.dialogues.dialogue_create(request, CALL).dialogue_id
    if steps > 0:
        gap = ExpertCreate(dialogue_id=dialogue_id, expert_slug="wick", role="Chandler", reason="nobody knows oil")
        store.dialogues.dialogue_expert_create(gap, CALL)
    if steps > 1:
        panel = EvolvePanel(dialogue_id=dialogue_id, round=0, panel=[PanelSeat(expert_slug="wick")])
        store.dialogues.dialogue_evolve_panel(panel, CALL)
    assert second_store.take(exported(store, dialogue_id, tmp_path)).dialogue_id == dialogue_id == "latest-2"
    first, second = store.record(dialogue_id), second_store.record(dialogue_id)
    assert record_differences(first, second) == {}
    assert second.rounds[0].status == ("in_progress" if steps > 1 else "open")


def test_real_dialogues_come_back_whole(real_store: Store, second_store: Store, tmp_path: Path) -> None:
    """Both real dialogues, with all their events, references, moves, documents and claims."""
    for dialogue_id in real_store.answers:
        assert second_store.take(exported(real_store, dialogue_id, tmp_path)).created
        assert record_differences(real_store.record(dialogue_id), second_store.record(dialogue_id)) == {}


@pytest.fixture
def example() -> Path:
    """The folder of the shipped example."""
    (folder,) = Path(str(hansard.examples.__file__)).parent.glob("*-ledger-write-path")
    return folder


def test_the_shipped_example_comes_back_whole(store: Store, second_store: Store, example: Path, tmp_path: Path) -> None:
    """All five kinds, a reopened and an accepted tension, stances, a minority verdict and the final one."""
    answer = store.take(example)
    assert answer.links["unlinked"] == 0
    second_store.take(exported(store, answer.dialogue_id, tmp_path))
    first = store.record(answer.dialogue_id)
    assert record_differences(first, second_store.record(answer.dialogue_id)) == {}
    assert {verdict.verdict_type for verdict in first.verdicts} >= {"final", "minority"}
    assert {event.type for event in first.events} >= {"addressed", "resolved", "reopened", "refined", "adopted"}
    assert {ref.ref_type for ref in first.refs} == {
        "support", "oppose", "refine", "address", "resolve", "reopen", "question", "depend"
    }  # fmt: skip


def test_a_record_keeps_its_digest_in_every_home(
    store: Store, second_store: Store, real_store: Store, example: Path, tmp_path: Path
) -> None:
    """What minutes tell people to compare is equal after a move, and after a move of the copy back."""
    answer = store.take(example)
    for source, name in [(store, answer.dialogue_id), *((real_store, one) for one in real_store.answers)]:
        first = json.loads(exported(source, name, tmp_path).read_text())
        second_store.take(tmp_path / f"{name}.json")
        moved = json.loads(exported(second_store, name, tmp_path).read_text())
        assert moved["digest"] == first["digest"]
        assert moved["origin"] != first["origin"]
        assert not source.take(tmp_path / f"{name}.json").created
        page = second_store.exchange.dialogue_minutes(DialogueQuery(dialogue_id=name), CALL).markdown
        assert f"- Digest of the export `{first['digest']}`" in page
        assert f"*Imported from `{first['origin']['source']}`" in page


def test_the_origin_keeps_where_the_export_stood(store: Store, second_store: Store, export: Path) -> None:
    """Digest, head and own origin of the first record can be found again."""
    document = json.loads(export.read_text())
    answer = second_store.take(export)
    (entry,) = told(answer, "exported_from")
    assert document["digest"] in entry[2]
    assert "'2026-05-04T0930Z-harbour' (transcript)" in entry[2]
    origin = second_store.record("harbour").dialogue.origin
    assert origin is not None
    assert (origin["importer"], origin["source"], origin["digest"]) == ("document", export.name, document["digest"])
    assert origin["files"] == {export.name: sha256_hex(export.read_bytes())}
    assert origin["judged"] is False
    assert origin["exported"] == {
        "digest": document["digest"],
        "head": document["journal"]["head"],
        "origin": store.record("harbour").dialogue.origin,
    }


def test_a_dialogue_that_was_held_here_comes_back_whole(second_store: Store, tmp_path: Path) -> None:
    """Times of their own, a created expert, steps between rounds, a verdict that resolved: all as they were."""
    first = Held(tmp_path)
    try:
        hold(first)
        path = tmp_path / "held.json"
        first.exchange.dialogue_export(DialogueExport(dialogue_id=ID, output_path=str(path)), CALL)
        record = first.dialogues.record(ID)
    finally:
        first.close()
    assert second_store.take(path).created
    again = second_store.record(ID)
    assert record_differences(record, again) == {}
    assert again.dialogue.origin is not None
    assert again.dialogue.origin["judged"] is True
    assert again.dialogue.origin["exported"]["origin"] is None
    assert document_from_record(again)["digest"] == document_from_record(record)["digest"]
    assert len({event.created_at for event in again.events}) > 3


def test_dialogues_that_fill_every_column_come_back_whole(second_store: Store, tmp_path: Path) -> None:
    """Seats that differ from their experts, merged contributions, votes, dismissals: every column of every table."""
    house = House(tmp_path / "house.db")
    try:
        for dialogue_id in fill(house.run):
            record = house.dialogues.record(dialogue_id)
            path = tmp_path / f"{dialogue_id}.json"
            path.write_bytes(rendered(document_from_record(record)))
            assert second_store.take(path).created
            assert record_differences(record, second_store.record(dialogue_id)) == {}
    finally:
        house.close()


def test_a_planned_round_comes_back_with_its_panel(second_store: Store, tmp_path: Path) -> None:
    """A round whose panel sits and which was not registered yet is planned again."""
    house = House(tmp_path / "house.db")
    try:
        name = fill(house.run)[1]
        seats = [{"expert_slug": seat.slug} for seat in house.dialogues.record(name).panel_members]
        house.run("dialogue_evolve_panel", {"dialogue_id": name, "round": 1, "panel": seats})
        record = house.dialogues.record(name)
        path = tmp_path / "planned.json"
        path.write_bytes(rendered(document_from_record(record)))
        second_store.take(path)
        assert [round_.status for round_ in second_store.record(name).rounds] == ["completed", "in_progress"]
        assert record_differences(record, second_store.record(name)) == {}
    finally:
        house.close()


def test_the_export_of_what_was_restored_comes_back_too(
    store: Store, second_store: Store, export: Path, tmp_path: Path
) -> None:
    """A record may travel on: each store tells where it had it from."""
    second_store.take(export)
    onward = exported(second_store, "harbour", tmp_path / "onward", journal=True)
    answer = store.take(onward, as_new=True)
    assert answer.created is False
    third = Store(tmp_path / "third")
    try:
        assert third.take(onward).created
        assert record_differences(store.record("harbour"), third.record("harbour")) == {}
        origin = third.record("harbour").dialogue.origin
        assert origin is not None
        assert origin["exported"]["origin"]["exported"]["origin"]["importer"] == "transcript"
    finally:
        third.close()


def test_an_export_without_its_journal_is_taken_too(
    store: Store, second_store: Store, small: Path, tmp_path: Path
) -> None:
    """The rules judge it all the same; the origin says that there was no journal."""
    store.take(small)
    answer = second_store.take(exported(store, "harbour", tmp_path, journal=False))
    assert "without its journal" in told(answer, "exported_from")[0][2]


def test_the_same_export_again_and_into_its_own_store_changes_nothing(
    store: Store, second_store: Store, export: Path
) -> None:
    """A known document is known, and so is the very record it was made from."""
    second_store.take(export)
    before = second_store.rows()
    assert second_store.take(export).created is False
    assert second_store.rows() == before
    assert store.take(export).created is False


def test_another_record_under_the_same_id_is_refused(
    store: Store, second_store: Store, small: Path, export: Path
) -> None:
    """An export of other content conflicts with the record there; --as-new takes it beside it, whole."""
    write(small, {"round-1/scone.md": "Other words."})
    second_store.take(small)
    assert second_store.refused(export).code == "import_changed"
    answer = second_store.take(export, as_new=True)
    assert answer.dialogue_id == "harbour-2"
    assert record_differences(store.record("harbour"), second_store.record("harbour-2")) == {}


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_the_order_of_joining_is_read_from_colours(joined: list[tuple[int, bool]], order: random.Random) -> None:
    """Whoever joined when: those who sat join before their first round again, and everybody gets the colour he had."""
    round_, experts = 0, []
    for number, (later, sat) in enumerate(joined):
        round_ += later
        slug = f"x{order.randrange(10**9)}"
        color = model.COLORS[number % len(model.COLORS)]
        experts.append(
            model.Expert(
                dialogue_id="d",
                slug=slug,
                role="r",
                source="pool",
                color=color,
                created_at="t",
                first_round=round_ if sat else None,
            )
        )
    assume(len({expert.slug for expert in experts}) == len(experts))
    rounds = [model.Round(dialogue_id="d", round=number, created_at="t") for number in range(round_ + 1)]
    given_ = sorted(experts, key=lambda expert: expert.slug)
    found = _joining(SimpleNamespace(rounds=rounds, experts=given_))  # type: ignore[arg-type]
    again = [expert for _, group in sorted(found.items()) for expert in group]
    assert sorted(expert.slug for expert in again) == [expert.slug for expert in given_]
    assert [expert.color for expert in again] == [expert.color for expert in experts]
    assert all(expert.first_round in (None, number) for number, group in found.items() for expert in group)


# -- refused -----------------------------------------------------------------------------------------------------------


def test_an_altered_export_is_refused_with_the_place(second_store: Store, export: Path) -> None:
    """One changed word: nothing is recorded, and verify is named as the next step."""
    said = "Salt eats a bridge in forty years."
    export.write_text(export.read_text().replace(said, said.replace("forty", "fifty"), 1))
    before = second_store.rows()
    fault = second_store.refused(export)
    assert fault.code == "document_unfit"
    assert "hansard verify" in (fault.suggestion or "")
    assert second_store.rows() == before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "json_malformed"),
        ("{", "json_malformed"),
        ("[" * 100_000, "json_malformed"),
        ("{}", "not_an_export"),
        ("[1]", "not_an_export"),
        ('{"schema_version": "999"}', "schema_version_unknown"),
        ('{"schema_version": "1"}', "document_unfit"),
    ],
)
def test_json_that_is_no_export_is_refused(second_store: Store, tmp_path: Path, text: str, code: str) -> None:
    """Empty, cut, bottomless, somebody else's, of a later version, without content."""
    path = tmp_path / "x.json"
    path.write_text(text)
    assert second_store.refused(path).code == code


def test_a_map_belongs_to_transcripts(second_store: Store, export: Path, tmp_path: Path) -> None:
    """An export has its links already."""
    rows = tmp_path / "rows.json"
    rows.write_text("{}")
    fault = second_store.refused(export, map=str(rows))
    assert (fault.code, fault.field) == ("invalid_field", "map")


def test_a_record_that_the_rules_do_not_let_happen_is_not_taken(
    store: Store, second_store: Store, export: Path, tmp_path: Path
) -> None:
    """A document that is consistent in itself and calls a tension resolved by nobody's word is refused, not copied."""
    record = store.record("harbour")
    forged = msgspec.structs.replace(
        record,
        entities=[
            msgspec.structs.replace(entity, status="resolved") if entity.local_ids == ["SCONE-T0001"] else entity
            for entity in record.entities
        ],
    )
    path = tmp_path / "forged.json"
    path.write_bytes(rendered(document_from_record(forged)))
    before = second_store.rows()
    fault = second_store.refused(path)
    assert fault.code == "record_differs"
    assert fault.context is not None
    (difference,) = fault.context["differences"].items()
    assert difference == ("entities[4].status", "'resolved' became 'open'")
    assert second_store.rows() == before


def test_an_id_that_leads_elsewhere_is_no_id(store: Store, second_store: Store, export: Path, tmp_path: Path) -> None:
    """A document under the id ``../harbour`` is refused before anything is written."""
    record = store.record("harbour")
    dialogue = msgspec.structs.replace(record.dialogue, dialogue_id="../harbour")
    path = tmp_path / "away.json"
    path.write_bytes(rendered(document_from_record(msgspec.structs.replace(record, dialogue=dialogue))))
    before = second_store.rows()
    fault = second_store.refused(path)
    assert (fault.code, fault.field) == ("invalid_field", "dialogue_id")
    assert second_store.rows() == before


def test_steps_that_a_record_cannot_have_taken_are_refused(
    store: Store, second_store: Store, export: Path, tmp_path: Path
) -> None:
    """An event in which Muffin resolves Scone's tension meets the rule that forbids it."""
    record = store.record("harbour")
    key = next(entity.key for entity in record.entities if entity.local_ids == ["SCONE-T0001"])
    first = next(event for event in record.events if event.key == key)
    step = msgspec.structs.replace(first, event_seq=2, type="resolved", event_round=1, actors=["muffin"])
    forged = msgspec.structs.replace(record, events=sorted([*record.events, step], key=lambda e: (*e.key, e.event_seq)))
    plan = plan_record(forged, Export("forged.json", "0" * 64, "1" * 64, None))
    assert sum(len(getattr(step_, "tension_updates", [])) for step_ in plan.requests) == 3
    path = tmp_path / "forged.json"
    path.write_bytes(rendered(document_from_record(forged)))
    fault = second_store.refused(path)
    assert "not_authorised_to_resolve" in {fault.code, *(inner.code for inner in fault.errors)}


def test_only_json_files_are_taken_for_exports(export: Path, tmp_path: Path) -> None:
    """A folder, another ending and a missing file are not recognised."""
    importer = DocumentImporter()
    assert importer.recognises(export)
    shutil.copy(export, tmp_path / "x.JSON")
    assert importer.recognises(tmp_path / "x.JSON")
    assert not importer.recognises(tmp_path)
    assert not importer.recognises(tmp_path / "missing.json")
    assert not importer.recognises(write(tmp_path, {"x.md": "x"}) / "x.md")


def test_written_names_come_back_and_an_older_export_tells_them_in_its_pool(
    store: Store, second_store: Store, tmp_path: Path
) -> None:
    """With ``name`` beside the slug and, for those of a pool, without it; its own store knows both again."""
    pool = ExpertPool(experts=[PoolExpert(name=name, role=name) for name in ("Jürgen", "Scone", "Müller, Köln")])
    create = DialogueCreate(title="Names", question="Who?", expert_pool=pool, panel_size=2)
    dialogue_id = store.dialogues.dialogue_create(create, CALL).dialogue_id
    gap = ExpertCreate(dialogue_id=dialogue_id, expert_slug="li-lei", name="李雷", role="Pilot", reason="a gap")
    store.dialogues.dialogue_expert_create(gap, CALL)
    path = exported(store, dialogue_id, tmp_path, journal=False)
    value = json.loads(path.read_text())
    assert "李雷" in [one.get("name") for one in value["experts"]]
    assert second_store.take(path).created
    assert [one.name for one in second_store.record(dialogue_id).experts] == [
        one.name for one in store.record(dialogue_id).experts
    ]
    older = store.record(dialogue_id)
    kept = [one if one.source == "created" else msgspec.structs.replace(one, name=None) for one in older.experts]
    document = document_from_record(msgspec.structs.replace(older, experts=kept))
    assert [one.get("name") for one in document["experts"]].count(None) == 2
    path.write_bytes(rendered(document))
    assert not store.take(path).created
    assert not second_store.take(path).created
