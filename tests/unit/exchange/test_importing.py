"""Import as an operation: one transaction, known again, refused with names, further formats; what markers become."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

from hansard.database.verify import verify_store
from hansard.dialogue.answers import Head
from hansard.dialogue.model import Record
from hansard.dialogue.requests import DialogueCreate
from hansard.dialogue.tables import ROWS
from hansard.exchange import importers
from hansard.exchange.clerk import clerk_notes
from hansard.exchange.document import document_digest, document_from_record
from hansard.exchange.import_shapes import DialogueImport
from hansard.exchange.minutes import minutes
from hansard.exchange.planning import Plan
from hansard.exchange.wording import Wording
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call
from tests.unit.exchange.folders import (
    CALL,
    MUFFIN_1,
    PANEL,
    POOL,
    SMALL,
    STAMPED,
    Store,
    codes,
    told,
    write,
)


def events(record: Record, local_id: str) -> list[tuple[int, str, list[str], str | None]]:
    """Round, type, actors and disposition of each event after an entity's first."""
    key = next(entity.key for entity in record.entities if local_id in entity.local_ids)
    found = [e for e in record.events if e.key == key and e.event_seq > 1]
    return [(e.event_round, e.type, e.actors, e.disposition) for e in found]


def one_round(tmp_path: Path, *rounds: dict[str, str], **further: Any) -> Path:
    """A folder with these responses, by expert, round by round, and further files."""
    files: dict[str, Any] = {
        f"round-{number}/{name}.md": text for number, said in enumerate(rounds) for name, text in said.items()
    }
    return write(tmp_path / STAMPED, files | further)


# -- the whole ---------------------------------------------------------------------------------------------------------


def test_a_small_dialogue_becomes_a_record(store: Store, small: Path) -> None:
    """Title, question, pool, panels, responses, entities, scores and times stand as the files say."""
    answer = store.take(small)
    record = store.record("harbour")
    assert (answer.dialogue_id, answer.created, answer.title) == ("harbour", True, "Harbour crossing")
    assert (answer.rounds, answer.experts, answer.responses, answer.files_read) == (2, 2, 4, len(SMALL))
    assert answer.entities == {"perspectives": 3, "recommendations": 0, "tensions": 2, "evidence": 0, "claims": 0}
    assert record.dialogue.question == "Bridge or tunnel?"
    assert record.dialogue.domain == "Civil works"
    assert [round_.score for round_ in record.rounds] == [20, 16]
    assert {(said.round, said.slug): said.score for said in record.utterances} == {
        (0, "muffin"): 11,
        (0, "scone"): 9,
        (1, "muffin"): 9,
        (1, "scone"): 7,
    }
    assert {expert.slug: (expert.role, expert.tier) for expert in record.experts}["muffin"] == ("Engineer", "Core")
    times = {row.created_at for row in record.entities} | {row.created_at for row in record.events}
    times |= {row.created_at for row in record.rounds} | {row.created_at for row in record.experts}
    assert times == {"2026-05-04T09:30:00.000000Z"}


def test_display_ids_follow_experts_by_slug(store: Store, tmp_path: Path) -> None:
    """Whatever order files have on disk, Brioche comes before Muffin, and each one's entities in their own order."""
    second = "[PERSPECTIVE P02: second]\nb\n\n[PERSPECTIVE P01: first]\na\n"
    store.take(one_round(tmp_path, {"muffin": second, "brioche": "[PERSPECTIVE P01: only]\nc\n"}))
    found = {entity.id: entity.local_ids[0] for entity in store.record("harbour").entities}
    assert found == {"P0001": "BRIOCHE-P0001", "P0002": "MUFFIN-P0002", "P0003": "MUFFIN-P0001"}


def test_an_imported_store_verifies_and_has_an_entry_for_every_step(store: Store, small: Path) -> None:
    """The import writes no entry of its own: its operations do, and the chain and every row hold."""
    store.take(small)
    with store.database.reading() as connection:
        report = verify_store(connection, {table.name: table for table in ROWS.values()})
        operations = connection.exec_driver_sql(
            "SELECT json_extract(body, '$.operation') FROM journal ORDER BY position"
        ).scalars()
        assert list(operations) == [
            "dialogue_create",
            "dialogue_evolve_panel",
            "dialogue_round_register",
            "dialogue_evolve_panel",
            "dialogue_round_register",
        ]
    assert report.findings == []


def test_two_stores_record_the_same(store: Store, second_store: Store, small: Path) -> None:
    """The record depends on the input alone: on two stores it is equal to the last byte of its document."""
    store.take(small)
    second_store.take(small)
    first, second = store.record("harbour"), second_store.record("harbour")
    assert first == second
    assert document_digest(document_from_record(first)) == document_digest(document_from_record(second))


def test_the_folders_place_and_its_files_times_do_not_matter(
    store: Store, second_store: Store, small: Path, tmp_path: Path
) -> None:
    """A stamped folder copied elsewhere is the same input."""
    store.take(small)
    copy = write(tmp_path / "elsewhere" / STAMPED, SMALL)
    for path in copy.rglob("*.*"):
        os.utime(path, (1, 1))
    second_store.take(copy)
    assert store.record("harbour") == second_store.record("harbour")


# -- again, changed, beside --------------------------------------------------------------------------------------------


def test_the_same_content_again_changes_nothing(store: Store, small: Path) -> None:
    """The second import answers as the first one did, with ``created`` false, and writes no row."""
    first = store.take(small)
    before = store.rows()
    again = store.take(small)
    assert again == first.model_copy(update={"created": False})
    assert store.rows() == before


def test_changed_content_is_refused_naming_the_files(store: Store, small: Path) -> None:
    """Changed, added and removed files are told; the record stays as it was."""
    store.take(small)
    before = store.record("harbour")
    write(small, {"round-1/scone.md": "Other words.", "round-1/eclair.md": "New."})
    (small / "scoreboard.md").unlink()
    fault = store.refused(small)
    assert (fault.code, fault.kind) == ("import_changed", "conflict")
    assert fault.context == {
        "changed": ["round-1/scone.md"],
        "added": ["round-1/eclair.md"],
        "removed": ["scoreboard.md"],
    }
    assert "round-1/scone.md" in fault.message
    assert "--as-new" in (fault.suggestion or "")
    assert store.record("harbour") == before


def test_as_new_takes_the_next_free_id_and_is_known_again(store: Store, small: Path) -> None:
    """Changed content goes beside the first record; imported again with or without the option, it is known."""
    store.take(small)
    write(small, {"round-1/scone.md": "Other words."})
    assert store.take(small, as_new=True).dialogue_id == "harbour-2"
    assert (store.take(small).dialogue_id, store.take(small).created) == ("harbour-2", False)
    assert store.take(small, as_new=True).created is False
    write(small, {"round-1/scone.md": "Third words."})
    assert store.take(small, as_new=True).dialogue_id == "harbour-3"


def test_an_id_at_full_length_leaves_room_for_its_number(store: Store, tmp_path: Path) -> None:
    """The id of 80 characters is cut so that -2 fits behind it."""
    name = "a" * 79 + "b"
    folder = write(tmp_path / f"2026-05-04T0930Z-{name}", {"round-0/muffin.md": "x"})
    assert store.take(folder).dialogue_id == name
    write(folder, {"round-0/muffin.md": "y"})
    assert store.take(folder, as_new=True).dialogue_id == "a" * 78 + "-2"


def test_the_id_of_a_dialogue_that_is_held_here_is_refused(store: Store, small: Path) -> None:
    """An import never mixes with a live dialogue; --as-new goes beside it."""
    live = {"title": "Harbour", "question": "Q?", "expert_pool": {"experts": [{"role": "r"}] * 3}}
    store.dialogues.dialogue_create(DialogueCreate.model_validate(live), CALL)
    fault = store.refused(small)
    assert (fault.code, fault.kind) == ("dialogue_exists", "conflict")
    assert store.take(small, as_new=True).dialogue_id == "harbour-2"


def test_another_map_is_another_import(store: Store, small: Path, tmp_path: Path) -> None:
    """A map decides links, so it is part of what an input is known by."""
    store.take(small)
    map_file = write(tmp_path / "maps", {"a.json": {"T01": "MUFFIN-T0001"}}) / "a.json"
    fault = store.refused(small, map=str(map_file))
    assert fault.code == "import_changed"
    assert fault.context is not None
    assert fault.context["added"] == ["(map)"]


def test_a_request_id_used_for_another_import_is_refused(store: Store, small: Path, tmp_path: Path) -> None:
    """Repeated, it changes nothing; with other content it is refused."""
    store.take(small, request_id="one")
    assert store.take(small, request_id="one").created is False
    other = write(tmp_path / "2026-05-05T0930Z-quay", {"round-0/muffin.md": "x"})
    assert store.refused(other, request_id="one").code == "request_id_reused"


# -- all or nothing ----------------------------------------------------------------------------------------------------


def test_a_fault_in_the_last_round_leaves_nothing(store: Store, small: Path) -> None:
    """A hundred perspectives in one round cannot be numbered: the import is refused whole."""
    many = "\n".join(f"[PERSPECTIVE P{n:02d}: p]\nx\n" for n in range(1, 61))
    write(small, {"round-1/scone.md": many, "round-1/muffin.md": many})
    before = store.rows()
    fault = store.refused(small)
    assert "id_space_exhausted" in {inner.code for inner in fault.errors} | {fault.code}
    assert store.rows() == before


def test_an_import_joins_an_open_transaction(store: Store, small: Path) -> None:
    """Within a caller's transaction it stands or falls with it."""
    with store.database.writing() as connection:
        answer = store.exchange.dialogue_import(DialogueImport(path=str(small)), CALL.within(connection))
        assert answer.created
        connection.rollback()
    assert store.rows()["dialogues"] == 0


def test_a_cancelled_import_leaves_nothing(store: Store, small: Path) -> None:
    """Whoever watches may stop it at any step; nothing of it was written then."""
    steps: list[tuple[int, int | None]] = []

    def watch(done: int, total: int | None, what: str) -> None:
        steps.append((done, total))
        if done == 3:
            raise HansardError("unavailable", "cancelled", "stopped")

    before = store.rows()
    call = Call(Actor("tester", "test"), progress=watch)
    with pytest.raises(HansardError, match="stopped"):
        store.exchange.dialogue_import(DialogueImport(path=str(small)), call)
    assert steps == [(0, None), (0, 5), (1, 5), (2, 5), (3, 5)]
    assert store.rows() == before


# -- paths -------------------------------------------------------------------------------------------------------------


def test_a_folder_of_dialogues_is_expanded(tmp_path: Path) -> None:
    """Each dialogue in it is taken; what is none is left where the folder has any, and refused where it is named."""
    for name in ("2026-05-04T0930Z-a", "2026-05-04T0930Z-b"):
        write(tmp_path / name, {"round-0/muffin.md": "x"})
    write(tmp_path / "other", {"notes.txt": "x"})
    readme = write(tmp_path, {"README.md": "x"}) / "README.md"
    a, b = tmp_path / "2026-05-04T0930Z-a", tmp_path / "2026-05-04T0930Z-b"
    assert importers.expand([tmp_path]) == [a, b]
    assert importers.expand([b, readme, tmp_path / "other"]) == [b, readme, tmp_path / "other"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nowhere", "file_not_found"),
        ("README.md", "not_a_dialogue"),
        ("empty", "not_a_dialogue"),
        ("", "invalid_field"),
    ],
)
def test_a_path_that_is_no_dialogue_is_refused(store: Store, tmp_path: Path, name: str, code: str) -> None:
    """Nothing there, a stray file, an empty folder, no path: each says what is so, and no whole path is repeated."""
    write(tmp_path, {"README.md": "x", "empty/notes.txt": "x"})
    with pytest.raises(HansardError) as caught:
        store.exchange.dialogue_import(DialogueImport(path=str(tmp_path / name) if name else ""), CALL)
    assert caught.value.code == code
    assert str(tmp_path) not in json.dumps(caught.value.as_dict())


def test_a_path_that_settings_do_not_allow_is_refused(home: Path, small: Path) -> None:
    """Who may not read a path learns only that."""
    opened = Store(home, may_read=lambda path: path != small)
    try:
        fault = opened.refused(small)
        assert (fault.code, fault.kind) == ("path_not_allowed", "refused")
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "json_malformed"),
        ([], "json_unfit"),
        ({"T1x": "MUFFIN-T0001"}, "json_unfit"),
        ({"T01": 3}, "json_unfit"),
        ({"T01": "DONUT-T0001"}, "map_unknown"),
        ({"T01": "MUFFIN-P0001"}, "map_unknown"),
    ],
)
def test_a_map_that_says_nothing_useful_is_refused(
    store: Store, small: Path, tmp_path: Path, content: Any, code: str
) -> None:
    """A broken map, one of another shape, one that names a tension nobody wrote."""
    map_file = write(tmp_path / "maps", {"rows.json": content}) / "rows.json"
    assert store.refused(small, map=str(map_file)).code == code


# -- further formats ---------------------------------------------------------------------------------------------------


class LetterImporter:
    """A format of another package: a text file of letters."""

    name = "letters"

    def recognises(self, path: Path) -> bool:
        return path.suffix == ".letters"

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        raise HansardError("invalid", "letters_unreadable", f"'{path.name}' holds no letters")


LETTERS = LetterImporter()


def points(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Let the running program have one entry point of ours."""
    found = EntryPoints([EntryPoint("letters", value, importers.IMPORTERS_GROUP)])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: found.select(group=group))


def test_an_importer_of_another_package_is_asked_after_ours(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object of the entry points' group reads what it recognises."""
    points(monkeypatch, f"{__name__}:LETTERS")
    path = write(tmp_path, {"a.letters": "x"}) / "a.letters"
    assert [importer.name for importer in importers.importers()] == [*importers.OURS, "letters"]
    assert store.refused(path).code == "letters_unreadable"


@pytest.mark.parametrize("value", ["no_such_module:x", f"{__name__}:STAMPED"])
def test_an_importer_that_does_not_load_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """A missing module, or an object that is no importer."""
    points(monkeypatch, value)
    path = write(tmp_path, {"a.letters": "x"}) / "a.letters"
    fault = store.refused(path)
    assert fault.code == "importer_unloadable"
    assert "'letters'" in fault.message


# -- panels ------------------------------------------------------------------------------------------------------------


def test_who_is_named_without_a_file_and_who_speaks_without_a_seat(store: Store, small: Path) -> None:
    """Both sit at the panel, and both are told with the file that says so."""
    agents = [*PANEL["agents"], {"name": "Donut", "role": "Treasurer"}]
    write(small, {"round-1/panel.json": {"agents": agents}, "round-1/eclair.md": "I was not asked."})
    answer = store.take(small)
    record = store.record("harbour")
    assert sorted(m.slug for m in record.panel_members if m.round == 1) == ["donut", "eclair", "muffin", "scone"]
    assert told(answer, "response_missing") == [
        ("round-1/panel.json", None, "'donut' sits at the panel of round 1 and has no response")
    ]
    assert told(answer, "not_in_panel")[0][0] == "round-1/eclair.md"
    spoke = {said.slug for said in record.utterances if said.round == 1 and said.raw is not None}
    assert spoke == {"muffin", "scone", "eclair"}


def test_a_missing_panel_is_whoever_spoke(store: Store, small: Path) -> None:
    """Without a panel file the responses tell the panel, with a note."""
    (small / "round-0/panel.json").unlink()
    answer = store.take(small)
    assert [m.slug for m in store.record("harbour").panel_members if m.round == 0] == ["muffin", "scone"]
    assert len(told(answer, "panel_missing")) == 2


def test_a_created_expert_is_created_with_the_reason(store: Store, small: Path) -> None:
    """Somebody whom the panel calls created is created before the round in which he sits."""
    donut = {
        "name": "Donut",
        "role": "Treasurer",
        "tier": "wildcard",
        "source": "created",
        "creation_reason": "Nobody counts",
    }
    write(small, {"round-1/panel.json": {"agents": [*PANEL["agents"], donut]}, "round-1/donut.md": "Two crowns."})
    store.take(small)
    expert = next(expert for expert in store.record("harbour").experts if expert.slug == "donut")
    assert (expert.source, expert.creation_reason, expert.tier) == ("created", "Nobody counts", "Wildcard")
    member = next(m for m in store.record("harbour").panel_members if m.slug == "donut")
    assert member.source == "created"


def test_what_changes_between_panels_is_told_and_the_first_role_stays(store: Store, small: Path) -> None:
    """Role, tier and relevance of a later panel are diagnostics; a seat keeps its own tier and relevance."""
    changed = {"agents": [{"name": "Muffin", "role": "Poet", "tier": "Wildcard", "relevance": 0.1}, {"name": "Scone"}]}
    write(small, {"round-1/panel.json": changed})
    answer = store.take(small)
    record = store.record("harbour")
    assert {expert.slug: expert.role for expert in record.experts} == {"muffin": "Engineer", "scone": "Pilot"}
    assert {"role_changed", "tier_changed", "relevance_changed"} <= codes(answer)
    seat = next(m for m in record.panel_members if m.slug == "muffin" and m.round == 1)
    assert (seat.tier, seat.relevance) == ("Wildcard", 0.1)


def test_a_pool_with_names_gives_their_roles(store: Store, small: Path) -> None:
    """Where the pool names its experts, a name has the pool's role, and unnamed ones stay unnamed."""
    experts = [{"name": "Muffin", "role": "Tunneller"}, {"role": "Pilot"}, {"name": "Muffin", "role": "x"}]
    write(small, {"expert-pool.json": POOL | {"experts": experts}})
    answer = store.take(small)
    record = store.record("harbour")
    assert {expert.slug: expert.role for expert in record.experts}["muffin"] == "Tunneller"
    assert [entry.get("name") for entry in record.dialogue.expert_pool] == ["Muffin", None, None]
    assert told(answer, "pool_name_unusable")[0][0] == "expert-pool.json"


def test_without_any_judges_file_the_words_still_stand(store: Store, tmp_path: Path) -> None:
    """No pool, no panel, no scoreboard: the title is the folder's name, and everything assumed is told."""
    answer = store.take(one_round(tmp_path, {"muffin": "[PERSPECTIVE P01: A]\nx\n", "scone": "Nothing marked."}))
    assert (answer.title, answer.responses) == ("Harbour", 2)
    assumed = {"pool_missing", "panel_missing", "title_from_folder", "question_missing", "role_unknown", "no_markers"}
    assert codes(answer) == assumed
    record = store.record("harbour")
    assert record.dialogue.question == "Harbour"
    assert [round_.score for round_ in record.rounds] == [None]


# -- what markers become -----------------------------------------------------------------------------------------------


def test_resolved_by_an_author_resolves_and_by_another_addresses(store: Store, small: Path) -> None:
    """In round 1 Muffin resolves the own tension; Scone's word on the settled one is a comment that tells it."""
    store.take(small)
    record = store.record("harbour")
    assert events(record, "MUFFIN-T0001") == [
        (1, "resolved", ["muffin"], None),
        (1, "commented", ["scone"], "resolved"),
    ]
    assert events(record, "SCONE-T0001") == []
    moves = [(m.expert_slug, m.move_type, m.targets) for m in record.moves]
    assert ("muffin", "concede", ["T0002"]) in moves
    assert [m for m in moves if m[1] == "converge"] == [("muffin", "converge", []), ("scone", "converge", [])]


def test_the_order_of_files_decides_what_the_lifecycle_allows(store: Store, tmp_path: Path) -> None:
    """Brioche comes first and addresses Muffin's tension; Muffin then resolves it; Scone's word is a comment."""
    raised = {"muffin": "[TENSION T01: Cost]\nx\n", "brioche": "b", "scone": "s"}
    word = "[RESOLVED MUFFIN-T01: paid]\nBy a toll.\n"
    store.take(one_round(tmp_path, raised, {"muffin": word, "brioche": word, "scone": word}))
    assert events(store.record("harbour"), "MUFFIN-T0001") == [
        (1, "addressed", ["brioche"], "resolved"),
        (1, "resolved", ["muffin"], None),
        (1, "commented", ["scone"], "resolved"),
    ]


def test_references_of_the_specification_become_references_and_steps(store: Store, tmp_path: Path) -> None:
    """ADDRESS, RESOLVE, REOPEN move a tension where its lifecycle allows it; the entity above brought it about."""
    zero = {"muffin": "[MUFFIN-T0001: Cost]\nx\n\n[MUFFIN-P0001: Tunnel]\ny\n", "scone": "[SCONE-P0001: Height]\nz\n"}
    one = {
        "muffin": "[MUFFIN-P0101: Toll]\nPays.\n\n[RE:RESOLVE T0001]\nDone.\n[RE:REFINE P0001]\n",
        "scone": "[SCONE-P0101: Ferry]\nWaits.\n\n[RE:ADDRESS T0001]\nLate.\n[RE:REOPEN T0001]\nNot paid.\n"
        "[RE:SUPPORT @muffin]\n[RE:DEPEND SCONE-P0001]\n",
    }
    answer = store.take(one_round(tmp_path, zero, one))
    record = store.record("harbour")
    assert events(record, "MUFFIN-T0001") == [
        (1, "resolved", ["muffin"], None),
        (1, "commented", ["scone"], "address"),
        (1, "reopened", ["scone"], None),
    ]
    brought = [e.reference for e in record.events if e.type in ("resolved", "reopened")]
    assert brought == ["P0101", "P0102"]
    refs = {(ref.source_id, ref.ref_type, ref.target_id) for ref in record.refs}
    assert refs == {
        ("P0101", "resolve", "T0001"),
        ("P0101", "refine", "P0001"),
        ("P0102", "address", "T0001"),
        ("P0102", "reopen", "T0001"),
        ("P0102", "support", "@muffin"),
        ("P0102", "depend", "P0002"),
    }
    assert next(ref.context for ref in record.refs if ref.ref_type == "reopen") == "Not paid."
    assert [entity.status for entity in record.entities if entity.id == "P0001"] == ["refined"]
    assert answer.links == {"linked": 6, "unlinked": 0}


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        ("[RE:SUPPORT P0009]", "target_unlinked"),
        ("[RE:SUPPORT ECLAIR-P0001]", "target_unlinked"),
        ("[RE:SUPPORT @eclair]", "target_unlinked"),
        ("[RE:RESOLVE P0001]", "reference_unusable"),
        ("[RE:REFINE T0001]", "reference_unusable"),
        ("[RE:REFINE @scone]", "reference_unusable"),
        ("[RE:SUPPORT MUFFIN-P0101]", "reference_unusable"),
        ("[RE:APPLAUD P0001]", "reference_unusable"),
    ],
)
def test_a_reference_that_the_record_cannot_hold_is_kept_and_told(
    store: Store, tmp_path: Path, marker: str, code: str
) -> None:
    """Unknown targets, ids of other dialogues, wrong kinds: told with the line, kept as annotation; the rest stands."""
    zero = {"muffin": "[MUFFIN-T0001: Cost]\nx\n\n[MUFFIN-P0001: Tunnel]\ny\n", "scone": "s"}
    one = {"muffin": f"[MUFFIN-P0101: Toll]\nPays.\n\n{marker}\nwords\n\n[RE:QUESTION @scone]\n", "scone": "s"}
    answer = store.take(one_round(tmp_path, zero, one))
    record = store.record("harbour")
    assert [(file, line) for file, line, _ in told(answer, code)] == [("round-1/muffin.md", 4)]
    assert [(ref.ref_type, ref.target_id) for ref in record.refs] == [("question", "@scone")]
    (kept,) = [e for said in record.utterances for e in said.annotations or () if e["kind"] == "reference"]
    assert (kept["line"], kept["body"]) == (4, "words")


QUERY = {"kind": "memory_query", "label": "Windows", "reference": {"filter": "", "records": 2}, "digest": "ab" * 32}


def test_exhibits_of_a_folder_are_pinned_and_cited(store: Store, tmp_path: Path) -> None:
    """Evidence cites what stands in its words and is listed; what is not listed is told, and a claim cites nothing."""
    words = (
        "[MUFFIN-E0001: Counted]\nTwo [EXHIBIT X0002, X0001, X0002] and [EXHIBIT X0009].\n\n"
        "[MUFFIN-C0001: So it is]\nBy [EXHIBIT X0001].\n"
    )
    listed = [{"id": "X0001", **QUERY}, {"id": "X0002", **QUERY, "digest": "cd" * 32, "kind": "gate_result"}]
    answer = store.take(one_round(tmp_path, {"muffin": words}, **{"exhibits.json": {"exhibits": listed}}))
    record = store.record("harbour")
    assert [(one.id, one.kind, one.digest) for one in record.exhibits] == [
        ("X0001", "memory_query", "ab" * 32),
        ("X0002", "gate_result", "cd" * 32),
    ]
    assert record.exhibits[0].reference == QUERY["reference"]
    assert {entity.id: entity.exhibits or [] for entity in record.entities} == {
        "E0001": ["X0002", "X0001"],
        "C0001": [],
    }
    assert [line for _, line, _ in told(answer, "exhibit_unlinked")] == [2]


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ({"exhibits": {}}, "json_unfit"),
        ({"exhibits": [{**QUERY, "id": "X0002"}]}, "json_unfit"),
        ({"exhibits": [{"id": "X0001", **QUERY, "digest": "x"}]}, "file_unfit"),
        ({"exhibits": [{"id": "X0001", **QUERY, "colour": "red"}]}, "file_unfit"),
        ({"exhibits": [{"id": "X0001", **QUERY, "kind": "rumour"}]}, "exhibit_kind_unknown"),
        ({"exhibits": [{"id": "X0001", **QUERY, "digest": None}]}, "missing_field"),
    ],
)
def test_exhibits_that_cannot_be_pinned_refuse_the_folder(
    store: Store, tmp_path: Path, listed: dict[str, Any], code: str
) -> None:
    """What a verdict may rest on is taken whole or not at all."""
    with pytest.raises(HansardError) as caught:
        store.take(one_round(tmp_path, {"muffin": "m"}, **{"exhibits.json": listed}))
    assert caught.value.code == code


def test_a_refinement_under_a_perspective_refines_a_perspective(store: Store, tmp_path: Path) -> None:
    """P02 of an earlier round is refined by the perspective above the marker; a tension gets a comment."""
    zero = {"muffin": "[PERSPECTIVE P02: Tunnel]\ny\n\n[TENSION T01: Cost]\nx\n"}
    one = {
        "muffin": "[PERSPECTIVE P01: Toll]\nPays.\n\n[REFINEMENT on P02: with a toll]\nIt fits.\n\n"
        "[REFINEMENT T01: smaller]\nBy half.\n\n[REFINEMENT: in general]\nHm.\n"
    }
    answer = store.take(one_round(tmp_path, zero, one))
    record = store.record("harbour")
    assert [(r.source_id, r.ref_type, r.target_id, r.context) for r in record.refs] == [
        ("P0101", "refine", "P0001", "with a toll\n\nIt fits.")
    ]
    assert events(record, "MUFFIN-P0002") == [(1, "refined", ["muffin"], None)]
    assert events(record, "MUFFIN-T0001") == [(1, "commented", ["muffin"], "refinement")]
    assert told(answer, "target_missing")[0][:2] == ("round-1/muffin.md", 10)


@pytest.mark.parametrize(
    ("marker", "targets"),
    [
        ("[CONCESSION on SCONE-T01: fine]", ["T0001"]),
        ("[CONCESSION to Scone]", ["@scone"]),
        ("[CONCESSION: @scone is right]", ["@scone"]),
        ("[CONCESSION: Scone is right]", []),
    ],
)
def test_a_concession_is_a_move_to_what_it_names(store: Store, tmp_path: Path, marker: str, targets: list[str]) -> None:
    """An entity, else an expert, else nobody; the words stay with the move."""
    zero = {"muffin": "m", "scone": "[TENSION T01: Height]\nx\n"}
    store.take(one_round(tmp_path, zero, {"muffin": f"{marker}\nYes.\n", "scone": "s"}))
    (move,) = store.record("harbour").moves
    assert (move.move_type, move.targets, move.context) == ("concede", targets, "Yes.")


def test_stances_moves_and_minorities_are_taken(store: Store, tmp_path: Path) -> None:
    """The last whole stance counts, a move's targets are linked, a minority verdict carries its fields."""
    zero = {
        "muffin": "[MUFFIN-P0001: Tunnel]\nx\n\n[MUFFIN-R0001: Toll]\ny\n\n[MOVE:BRIDGE P0001 R0001]\nBoth.\n\n"
        "[MUFFIN-S0001: CONDITIONAL | 0.5]\n\n[MUFFIN-S0001: APPROVE | 0.8]\nYes.\n",
        "scone": "[MINORITY VERDICT: Keep the ferry]\n**Recommendation:** Keep it for a year.\n"
        "**Supporting experts:** Scone, Nobody\n**Conditions:**\n- a second ferry\n- no toll\n"
        "**What would change it:** A storm.\n\nThe ferry works.\n\n[DISSENT]\nI was not heard.\n",
    }
    answer = store.take(one_round(tmp_path, zero))
    record = store.record("harbour")
    assert [(s.expert_slug, s.stance, s.confidence) for s in record.stances] == [("muffin", "APPROVE", 0.8)]
    assert [(m.move_type, m.targets, m.context) for m in record.moves] == [("bridge", ["P0001", "R0001"], "Both.")]
    minority, dissent = record.verdicts
    assert (minority.verdict_id, minority.author_expert, minority.round) == ("minority-scone", "scone", 0)
    assert minority.recommendation == "Keep it for a year."
    assert minority.description == "The ferry works."
    assert (minority.supporting_experts, minority.conditions) == (["scone"], ["a second ferry", "no toll"])
    assert minority.what_would_change == "A storm."
    assert (dissent.verdict_id, dissent.recommendation) == ("dissent-scone", "I was not heard.")
    assert {"stance_left", "supporter_unknown"} <= codes(answer)


def test_a_final_verdict_with_its_marker_is_read_by_its_fields(store: Store, small: Path) -> None:
    """Ids, vote, confidence and conditions are taken; what is not recorded is left out and told with the file."""
    text = (
        "# Verdict\n\n[VERDICT:FINAL]\n\n**Recommendation:** Build the tunnel.\n\nIt lasts.\n\n**Vote:** 2-0\n"
        "**Confidence:** unanimous\n**Tensions resolved:** T0001, T0009\n**Tensions accepted:** T0002\n"
        "**Key evidence:** P0001\n**Conditions:**\n- revisit by 2027-03-01\n"
    )
    write(small, {"verdict.md": text})
    answer = store.take(small)
    (verdict,) = store.record("harbour").verdicts
    assert (verdict.recommendation, verdict.description, verdict.vote) == ("Build the tunnel.", "It lasts.", "2-0")
    assert (verdict.tensions_resolved, verdict.tensions_accepted) == (["T0001"], ["T0002"])
    assert (verdict.confidence, verdict.key_evidence) == ("unanimous", [])
    assert verdict.conditions == ["revisit by 2027-03-01"]
    unusable = [(file, words.split("'")[3]) for file, _, words in told(answer, "verdict_id_unusable")]
    assert unusable == [("verdict.md", "T0009"), ("verdict.md", "P0001")]
    assert store.record("harbour").dialogue.status == "converged"


def test_what_an_expert_may_not_write_stays_an_annotation(store: Store, tmp_path: Path) -> None:
    """A final verdict in a response, another expert's entity, an unknown marker: told, kept, and nothing more."""
    text = (
        "[VERDICT:FINAL]\n**Recommendation:** Mine.\n\n[SCONE-P0001: Not mine]\nwords\n\n[GADGET X0001]\n\n"
        "[MOVE:CONDITIONAL-CONVERGE]\nperhaps\n"
    )
    answer = store.take(one_round(tmp_path, {"muffin": text, "scone": "s"}))
    record = store.record("harbour")
    assert (record.verdicts, record.entities, record.moves) == ([], [], [])
    assert {"verdict_not_the_judges", "foreign_attribution", "unknown_marker", "unknown_move"} <= codes(answer)
    kinds = {entry["kind"] for said in record.utterances for entry in said.annotations or ()}
    assert {"verdict", "quotation", "annotation", "diagnostic"} <= kinds


def test_a_label_that_is_missing_or_endless_is_mended_and_told(store: Store, tmp_path: Path) -> None:
    """An entity without a label is called by its first words; one of thousands of characters is cut."""
    text = f"[MUFFIN-P0001: ]\n\nFirst words.\nMore.\n\n[MUFFIN-P0002: {'x' * 3000}]\ny\n"
    answer = store.take(one_round(tmp_path, {"muffin": text}))
    labels = [entity.label for entity in store.record("harbour").entities]
    assert labels[0] == "First words."
    assert len(labels[1]) == 1000
    assert {"missing_label", "text_cut"} <= codes(answer)


def test_a_restated_tension_is_an_entity_of_its_own(store: Store, tmp_path: Path) -> None:
    """``[TENSION T01-R1: …]`` gets a number of its own, and a diagnostic says what it restates."""
    zero = {"muffin": "[TENSION T01: Cost]\nx\n"}
    one = {"muffin": "[TENSION T01-R1: Cost again]\ny\n"}
    answer = store.take(one_round(tmp_path, zero, one))
    assert answer.entities["tensions"] == 2
    assert [words for _, _, words in told(answer, "restated")] == ["'MUFFIN-T0101' restates MUFFIN-T0001"]


def test_scores_for_somebody_without_a_seat_are_left_out(store: Store, small: Path) -> None:
    """The scoreboard may name who did not sit; no score is invented for anybody."""
    board = str(SMALL["scoreboard.md"]) + "| Donut | 5 | — | 5 |\n"
    write(small, {"scoreboard.md": board})
    answer = store.take(small)
    assert [(file, line) for file, line, _ in told(answer, "score_without_seat")] == [("scoreboard.md", 12)]
    assert {said.slug for said in store.record("harbour").utterances} == {"muffin", "scone"}


def test_names_that_lead_elsewhere_are_names_and_nothing_more(store: Store, small: Path) -> None:
    """A panel may call somebody ``../../etc/passwd``: it is a name, and no path is made of it."""
    agents = [*PANEL["agents"], {"name": "../../etc/passwd"}, {"name": "Judge"}, {"name": "muffin"}]
    write(small, {"round-1/panel.json": {"agents": agents}})
    answer = store.take(small)
    seats = sorted(m.slug for m in store.record("harbour").panel_members if m.round == 1)
    assert seats == ["etc-passwd", "muffin", "scone"]
    assert {"panel_name_unusable", "panel_repeats", "response_missing"} <= codes(answer)


def test_rounds_that_were_not_held_are_told(store: Store, small: Path) -> None:
    """A summary and a row of the scoreboard beyond the last round are kept as documents, and told."""
    board = str(SMALL["scoreboard.md"]).replace("| 1 | 4", "| 7 | 1 | 1 | 1 | 1 | 4 | 0 | 0 | 0 | 0 |\n| 1 | 4")
    write(small, {"scoreboard.md": board, "round-5.summary.md": "# Round 5"})
    answer = store.take(small)
    files = [(file, line) for file, line, _ in told(answer, "round_unknown")]
    assert files == [("round-5.summary.md", None), ("scoreboard.md", 6)]
    assert "round-5.summary.md" in {document.name for document in store.record("harbour").documents}


def test_many_verdicts_of_one_expert_get_ids_of_their_own(store: Store, tmp_path: Path) -> None:
    """A second dissent does not replace the first."""
    words = "".join(f"[DISSENT: number {n}]\nwords\n\n" for n in range(3))
    store.take(one_round(tmp_path, {"muffin": words, "muffin-2": "[DISSENT: mine]\nwords\n"}))
    found = {verdict.verdict_id: verdict.recommendation for verdict in store.record("harbour").verdicts}
    assert found == {
        "dissent-muffin": "number 0",
        "dissent-muffin-2": "number 1",
        "dissent-muffin-3": "number 2",
        "dissent-muffin-2-2": "mine",
    }


def test_a_flood_is_told_in_few_words_and_kept_whole(store: Store, tmp_path: Path) -> None:
    """Thousands of faults of one kind, or dissents of one expert, end in a count; every word stands in the response."""
    text = "[RESOLVED T07: x]\ny\n\n" * 1500 + "[DISSENT: no]\nz\n\n" * 12
    answer = store.take(one_round(tmp_path, {"muffin": text}))
    assert len(told(answer, "target_unlinked")) == 1000
    assert told(answer, "more_diagnostics") == [(None, None, "'target_unlinked' came up 500 times more")]
    record = store.record("harbour")
    assert len(record.verdicts) == 9
    assert len(told(answer, "verdict_left")) == 3
    (said,) = record.utterances
    assert said.raw == text
    kept = [entry["kind"] for entry in said.annotations or ()]
    assert (kept.count("annotation"), kept.count("verdict")) == (1500, 12)


def test_every_diagnostic_has_a_place_that_exists(store: Store, small: Path) -> None:
    """Files named by diagnostics are files of the folder, and their lines are lines of those files."""
    write(small, {"round-1/eclair.md": "[PERSPECTIVE P01: x]\n\n[RESOLVED T09]\n\n[PERSPECTIVE P01 unclosed\n"})
    answer = store.take(small)
    assert answer.diagnostics
    for entry in answer.diagnostics:
        if entry.file is not None and entry.line is not None:
            assert entry.line <= len((small / entry.file).read_text().splitlines())


Mangle = Callable[[str], str]


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: text + "[PERSPECTIVE P02: \n" * 300,
        lambda text: "🧁" * 500 + "\n" + text,
        lambda text: text + "\u200b[MOVE:CONVERGE]\u202e",
        lambda text: "```\n" + text,
        lambda text: text + "&a [*a, *a]\n" * 200,
    ],
)
def test_odd_texts_are_kept_word_for_word(store: Store, tmp_path: Path, mangle: Mangle) -> None:
    """Line ends, wide spaces, endless unclosed markers, emoji, invisible signs, open fences, alias bombs."""
    text = mangle(MUFFIN_1)
    store.take(one_round(tmp_path, {"muffin": text, "scone": "s"}))
    record = store.record("harbour")
    said = next(said for said in record.utterances if said.slug == "muffin")
    assert said.raw == text
    for entity in record.entities:
        span = next(e for e in said.annotations or () if e["kind"] == "span" and e["local_id"] in entity.local_ids)
        assert text[span["start"] : span["end"]] == entity.content


def test_a_round_alone_is_no_dialogue(tmp_path: Path) -> None:
    """Who gives a round's folder instead of the dialogue's is told so, and nothing is imported."""
    round_ = tmp_path / "panel" / "round-0"
    round_.mkdir(parents=True)
    (round_ / "response-bob.md").write_text("[PERSPECTIVE P01: Early]\nToo early.\n", encoding="utf-8")
    with pytest.raises(HansardError) as refusal:
        importers.importer_of(round_)
    assert refusal.value.code == "not_a_dialogue"
    assert "holds all its rounds" in refusal.value.message


def test_folders_that_may_be_rounds_are_named_with_the_remedy(tmp_path: Path) -> None:
    """Who calls rounds otherwise learns what was found and what to call it."""
    folder = write(tmp_path / "panel", {"runde 0/bob.md": "x", "runde 1/bob.md": "x", "notes/x.md": "x"})
    with pytest.raises(HansardError) as refusal:
        importers.importer_of(folder)
    assert "it has 'runde 0', 'runde 1'" in refusal.value.message
    assert "call them round-0, round-1" in refusal.value.message


def test_files_of_a_lost_store_are_noticed(store: Store, small: Path) -> None:
    """What lies in the folder of a dialogue that the store did not know is told once, and stands in no record."""
    export = write(store.home / "dialogues" / "harbour", {"dialogue.json": "{}", "minutes.md": "x"})
    answer = store.take(small)
    (entry,) = told(answer, "artefacts_found")
    assert "the folder of 'harbour' holds dialogue.json, minutes.md" in entry[2]
    assert str(export) not in entry[2]
    assert "artefacts_found" not in codes(store.take(small))
    origin = store.record("harbour").dialogue.origin
    assert origin is not None
    assert "artefacts_found" not in json.dumps(origin)


TENSIONS = "# {}\n\n| ID | Status |\n|---|---|\n| MUFFIN-T01 | {} |\n| SCONE-T01 | {} |\n"


@pytest.mark.parametrize(
    ("title", "statuses", "differing"),
    [
        ("Tensions", ("OPEN", "OPEN"), []),  # open at the end of round 0, settled in round 1
        ("Tensions, round 0", ("OPEN", "OPEN"), []),
        ("Tensions after round 1", ("OPEN", "OPEN"), ["T0001"]),
        ("Tensions, round 0", ("RESOLVED", "OPEN"), ["T0001"]),
        ("Tensions", ("RESOLVED", "RESOLVED"), ["T0002"]),
    ],
)
def test_a_list_of_tensions_is_compared_with_its_own_round(
    store: Store, small: Path, title: str, statuses: tuple[str, str], differing: list[str]
) -> None:
    """What later rounds overtook was no false statement; where the list names its round, that round counts."""
    answer = store.take(write(small, {"tensions.md": TENSIONS.format(title, *statuses)}))
    claims = [claim for claim in answer.claims_compared if claim.item == "status"]
    assert [claim.id for claim in claims if claim.differs] == differing
    record = store.record("harbour")
    notes = [note for note in clerk_notes(record, Wording(record)) if "is called" in note]
    assert [note[1:6] for note in notes] == differing
    assert all("round" in note for note in notes) or title == "Tensions"


def test_people_and_folders_are_called_as_they_are_written(store: Store, tmp_path: Path) -> None:
    """Names of files and panels, and the folder's own name where no file tells a title, keep their letters."""
    panel = {"agents": [{"name": "Müller, Köln", "role": "Pilot"}, {"name": "李雷", "role": "Keeper"}]}
    files = {
        "round-0/Jürgen.md": "[PERSPECTIVE P01: A]\nx\n",
        "round-0/MUFFIN.md": "[PERSPECTIVE P01: B]\ny\n",
        "round-0/panel.json": panel,
    }
    answer = store.take(write(tmp_path / "2026-05-04T0930Z-Größe_der-Pumpe", files))
    assert (answer.dialogue_id, answer.title) == ("grosse-der-pumpe", "Größe der Pumpe")
    record = store.record(answer.dialogue_id)
    names = {expert.slug: expert.name for expert in record.experts}
    assert (names["jurgen"], names["muffin"], names["muller-koln"]) == ("Jürgen", None, "Müller, Köln")
    assert "李雷" in names.values()
    page = minutes(record, Head(stream="s", sequence=1, hash="0" * 64), "d")
    assert "**Müller, Köln** (Pilot)" in page
    assert "— Jürgen" in page
