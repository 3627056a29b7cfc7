"""Bundles: a file that verifies alone; any change in it is found and named, and each kind of fraud told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansard.custody.proof import bundle, bundle_check, checkpoints
from hansard.custody.proof.bundle import JOURNAL, KEY, PAYLOADS, RECORD
from hansard.custody.proof.shapes import BundleCreate, CheckpointShow, KeysExport, KeysTrust
from hansard.custody.shapes import Verify
from hansard.custody.witness import spelt
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.requests import UpdateStatus
from hansard.exchange.container import FIRST
from hansard.exchange.document import document_digest
from hansard.exchange.import_shapes import DialogueImport
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from hansard.surfaces.render.custody import verified
from hansard.surfaces.render.plain import plain_lines
from tests.conftest import scale
from tests.unit.custody.proof.made import (
    Parts,
    Proved,
    codes,
    forged,
    in_json,
    next_round,
    parts_of,
    repacked,
    signed_anew,
    zipped,
)
from tests.unit.exchange.recorded import CALL, ID, MUFFIN_0

DIALOGUE = "dialogue.json"
EDITIONS = ("full", "public")


@pytest.fixture
def full(proved: Proved, tmp_path: Path) -> Path:
    """The full edition."""
    return proved.bundle(tmp_path / "full.zip")


@pytest.fixture
def public(proved: Proved, tmp_path: Path) -> Path:
    """The public edition."""
    return proved.bundle(tmp_path / "public.zip", "public")


# -- what a bundle proves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_bundle_verifies_in_an_empty_home(proved: Proved, elsewhere: Proved, tmp_path: Path, edition: str) -> None:
    """By its file alone: intact, by an unknown key; and what it cannot show is said."""
    answer = elsewhere.verified(proved.bundle(tmp_path / "b.zip", edition))
    assert answer.ok, answer.findings
    assert answer.signature is not None
    assert (answer.signature.trust, answer.signature.key_name, answer.signature.through) == ("unknown", None, 2)
    assert any("Whose key" in text for text in answer.unproved)
    assert any("only a newer checkpoint" in text for text in answer.unproved)
    assert answer.head == proved.dialogues.head(ID)
    assert not (elsewhere.home / "keys").exists()


def test_the_same_record_gives_the_same_bytes(proved: Proved, tmp_path: Path) -> None:
    """No time, no order of chance stands in it."""
    for edition in EDITIONS:
        one, other = (proved.bundle(tmp_path / name, edition) for name in (f"{edition}1.zip", f"{edition}2.zip"))
        assert one.read_bytes() == other.read_bytes()


def test_a_full_edition_holds_everything(proved: Proved, full: Path) -> None:
    """The export as it is written, each response as a file, payloads with actors, the texts that they refer to."""
    parts = parts_of(full)
    path = proved.home / "exported.json"
    proved.document()
    assert parts[DIALOGUE] == path.read_bytes()
    assert parts["responses/round-0/muffin.md"].decode() == MUFFIN_0
    payloads = json.loads(parts[PAYLOADS])
    assert {payload["actor"] for payload in payloads} == {"tester"}
    assert next(iter(parts)) == FIRST


def test_a_public_edition_holds_no_word_of_what_it_leaves_out(proved: Proved, public: Path) -> None:
    """No response, no actor, no payload, no salt of an entry or of its rows, no plain hash of what is hidden."""
    data = public.read_bytes()
    assert b"Salt eats a bridge in forty." in data  # the entity: what was recorded of it
    assert b"The tunnel costs more" not in data
    assert b"A bridge of forty metres" not in data
    assert b"tester" not in data
    with proved.database.reading() as connection:
        salts = [*connection.exec_driver_sql("SELECT salt FROM journal_payloads").scalars()]
    document = proved.document()
    salts += [entry["salt"] for entry in document["journal"]["entries"]]
    for salt in filter(None, salts):
        assert str(salt).encode() not in data
    for text in (MUFFIN_0,):
        assert sha256_hex(text.encode()).encode() not in data
    answer = proved.verified(public)
    assert any("3 responses" in text for text in answer.unproved)


def test_a_public_edition_of_an_import_hides_the_row_that_would_open_responses(proved: Proved, tmp_path: Path) -> None:
    """The row of an imported dialogue names plain hashes of its files: it is left out, and nothing of it is claimed."""
    other = Proved(_made(tmp_path / "other"))
    try:
        proved.document()
        other.exchange.dialogue_import(DialogueImport(path=str(proved.home / "exported.json")), CALL)
        other.key()
        other.sign()
        made = other.bundle(tmp_path / "imported.zip", "public")
        record = json.loads(parts_of(made)[RECORD])
        assert b"Bridge or tunnel?" not in made.read_bytes()
        assert "dialogues" not in {row["table"] for row in record["rows"]}
        answer = other.verified(made)
        assert answer.ok, answer.findings
        assert any("title, question and status" in text for text in answer.unproved)
        said = repacked(made, lambda parts: in_json(parts, RECORD, lambda value: value.update(told={"title": "Lies"})))
        assert codes(other.verified(said)) == {"part_altered"}
    finally:
        other.close()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_signed_by_whom_is_told(proved: Proved, elsewhere: Proved, full: Path, tmp_path: Path) -> None:
    """An own key, a trusted one by its name, one named by the caller, an unknown one; and any but the named refused."""
    key = tmp_path / "main.pub"
    given = proved.custody.keys_export(KeysExport(key="main", output_path=str(key)), CALL)

    def trust(store: Proved, *named: str) -> tuple[bool, str, str | None]:
        answer = store.verified(full, trust=list(named))
        assert answer.signature is not None
        return answer.ok, answer.signature.trust, answer.signature.key_name

    assert trust(proved) == (True, "own", "main")
    assert trust(elsewhere) == (True, "unknown", None)
    assert trust(elsewhere, given.id) == (True, "named", None)
    assert trust(elsewhere, str(key)) == (True, "named", None)
    assert trust(elsewhere, "ab" * 32) == (False, "unknown", None)
    assert codes(elsewhere.verified(full, trust=["ab" * 32])) == {"key_not_trusted"}
    elsewhere.custody.keys_trust(KeysTrust(key=str(key), name="alice"), CALL)
    assert trust(elsewhere) == (True, "trusted", "alice")
    assert trust(elsewhere, "alice") == (True, "named", "alice")


def test_exhibits_travel_with_their_bytes(proved: Proved, elsewhere: Proved, tmp_path: Path) -> None:
    """A full edition has the file that was pinned, and tells one that is not; a public one has its digest alone."""
    soundings = proved.dialogues.folder(proved.dialogues.record(ID).dialogue) / "soundings.csv"
    soundings.parent.mkdir(parents=True)
    soundings.write_bytes(b"depth,metres\n1,44\n")
    table = collect([proved.dialogues.beside(ExhibitOperations)])
    table["exhibit_add"]({"dialogue_id": ID, "kind": "file", "path": soundings.name, "label": "Soundings"}, CALL)
    proved.sign()
    made = proved.bundle(tmp_path / "full.zip")
    [name] = [part for part in parts_of(made) if part.startswith("exhibits/")]
    assert parts_of(made)[name] == soundings.read_bytes()
    assert elsewhere.verified(made).ok
    changed = repacked(made, lambda parts: parts.update({name: b"depth,metres\n1,4\n"}))
    assert codes(elsewhere.verified(changed)) == {"exhibit_altered"}
    without = elsewhere.verified(repacked(made, lambda parts: parts.pop(name)))
    assert without.ok
    assert any("he bytes of X0001" in text for text in without.unproved)
    public = proved.bundle(tmp_path / "public.zip", "public")
    assert b"1,44" not in public.read_bytes()
    assert elsewhere.verified(public).ok
    (proved.dialogues.folder(proved.dialogues.record(ID).dialogue) / name).write_bytes(b"lost")
    request = BundleCreate(dialogue_id=ID, output_path=str(tmp_path / "again.zip"))
    assert any("X0001" in left for left in proved.custody.bundle_create(request, CALL).left_out)


def test_later_entries_are_in_the_chain_and_not_under_the_signature(proved: Proved, tmp_path: Path) -> None:
    """A record that went on since its checkpoint is bundled whole, and what is not signed is told."""
    next_round(proved, 1)
    for edition in EDITIONS:
        answer = proved.verified(proved.bundle(tmp_path / f"{edition}.zip", edition))
        assert answer.ok, answer.findings
        assert answer.signature is not None
        assert (answer.signature.through, answer.signature.unsigned) == (2, 1)
        verdict = next(plain_lines(verified(answer)))
        assert verdict.endswith("edition); signed up to entry 2, 1 later entry unsigned")
        assert any("The last entry: it is in the chain" in text for text in answer.unproved)
        assert not any("of what was signed: changed or removed" in text for text in answer.unproved)
    update = {"id": "P0001", "status": "conceded", "by": ["judge"], "reason": "Yes."}
    proved.dialogues.dialogue_update_status(UpdateStatus.model_validate({"dialogue_id": ID, "updates": [update]}), CALL)
    answer = proved.verified(proved.bundle(tmp_path / "after.zip", "full"))
    assert any("One row of what was signed: changed or removed" in text for text in answer.unproved)


def test_no_bundle_without_a_checkpoint_that_covers_it(proved: Proved, elsewhere: Proved, tmp_path: Path) -> None:
    """A store without one, a record that is younger, a record that was altered: refused, no file is left."""
    file = tmp_path / "x.zip"
    proved.document()
    elsewhere.exchange.dialogue_import(DialogueImport(path=str(proved.home / "exported.json")), CALL)
    with pytest.raises(HansardError) as refusal:
        elsewhere.bundle(file)
    assert refusal.value.code == "no_checkpoint"
    from tests.unit.custody.kept import alter

    alter(proved.file, "UPDATE entities SET label = 'x' WHERE kind = 'P'")
    with pytest.raises(HansardError) as refusal:
        proved.bundle(file)
    assert refusal.value.code == "record_not_provable"
    assert not file.exists()


def test_a_file_that_is_no_bundle_of_this_is_not_written_over(proved: Proved, tmp_path: Path) -> None:
    """Only an earlier bundle of the same dialogue may be replaced."""
    file = tmp_path / "x.zip"
    file.write_bytes(b"mine")
    with pytest.raises(HansardError) as refusal:
        proved.bundle(file)
    assert refusal.value.code == "would_overwrite"
    assert file.read_bytes() == b"mine"


# -- every byte --------------------------------------------------------------------------------------------------------


def found_in(store: Proved, path: Path) -> set[str]:
    """The codes of what is found, of a refusal its code; each finding names a place."""
    try:
        answer = store.verified(path)
    except HansardError as refusal:
        return {refusal.code}
    assert answer.ok == (not answer.findings)
    assert all(finding.where and finding.remedy for finding in answer.findings)
    return codes(answer)


@pytest.fixture(scope="module")
def bundles(proved_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Both editions."""
    import shutil

    home = tmp_path_factory.mktemp("bundles") / "home"
    shutil.copytree(proved_template, home)
    store = Proved(home)
    try:
        return {edition: store.bundle(home / f"{edition}.zip", edition).read_bytes() for edition in EDITIONS}
    finally:
        store.close()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proved]:
    """An empty home."""
    store = Proved(tmp_path_factory.mktemp("reader"))
    yield store
    store.close()


@pytest.mark.parametrize("edition", EDITIONS)
@settings(max_examples=scale(60), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_altered_byte_is_found(
    bundles: dict[str, bytes], reader: Proved, edition: str, data: st.DataObject
) -> None:
    """Whatever byte of a bundle becomes whatever other byte, it is found and named, or refused."""
    whole = bundles[edition]
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    file = reader.home / "x.zip"
    file.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
    assert found_in(reader, file), at


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_every_altered_byte_is_found(bundles: dict[str, bytes], edition: str) -> None:
    """Byte by byte: each one at full size (HANSARD_SCALE=10), every so many-th at a smaller one."""
    whole = bundles[edition]
    step = max(1, round(len(whole) / scale(max(1, len(whole) // 10))))
    for at in range(0, len(whole), step):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        try:
            contents = bundle_contents(bytes(changed))
        except HansardError:
            continue
        checked = bundle_check.check(contents.parts)
        told = [*contents.faults, *checked.faults, *(checked.report.findings if checked.report else [])]
        assert told, at
        assert any(getattr(fault, "part", DIALOGUE) or "end record" in fault.message for fault in told), at


def bundle_contents(data: bytes) -> Any:
    """The container's parts and faults."""
    from hansard.exchange import container

    return container.read(data, "x.zip")


# -- by one who knows the format ---------------------------------------------------------------------------------------


def words(find: bytes, put: bytes, part: str) -> Callable[[Parts], None]:
    """Change some words in a part."""

    def change(parts: Parts) -> None:
        assert find in parts[part]
        parts[part] = parts[part].replace(find, put)

    return change


def redone(change: Callable[[Any], object]) -> Callable[[Parts], None]:
    """Change the export, its digest made anew."""

    def apply(parts: Parts) -> None:
        document = json.loads(parts[DIALOGUE])
        change(document)
        document["digest"] = document_digest(document)
        parts[DIALOGUE] = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"

    return apply


FULL_CHANGES: dict[str, tuple[Callable[[Parts], object], set[str], str]] = {
    "words of an entity": (words(b"in forty.", b"in fifty.", DIALOGUE), {"row_altered"}, "P0001"),
    "words of an entity, digest redone": (
        redone(lambda d: d["perspectives"][0].update(content="Salt is good for bridges.")),
        {"row_altered"},
        "P0001",
    ),
    "an entity gone": (redone(lambda d: d["perspectives"].clear()), {"row_missing"}, "P0001"),
    "a response as a file": (
        words(b"eighty years", b"ninety years", "responses/round-0/muffin.md"),
        {"part_altered"},
        "Muffin's response (round 0",
    ),
    "a response gone": (lambda p: p.pop("responses/round-0/scone.md"), {"part_missing"}, "Scone's response"),
    "a response invented": (
        lambda p: p.update({"responses/round-0/eclair.md": b"x"}),
        {"part_added"},
        "responses/round-0/eclair.md",
    ),
    "an actor": (words(b'"actor": "tester"', b'"actor": "nobody"', PAYLOADS), {"payload_altered"}, "journal entry"),
    "a payload gone": (lambda p: in_json(p, PAYLOADS, lambda v: v.pop()), {"payload_missing"}, "journal entry"),
    "payloads twice": (lambda p: in_json(p, PAYLOADS, lambda v: v.append(v[0])), {"part_altered"}, PAYLOADS),
    "a part that nobody lists": (lambda p: p.update({"virus.exe": b"x"}), {"part_added"}, "virus.exe"),
    "the key": (lambda p: p.update({KEY: b"-----BEGIN PUBLIC KEY-----\n"}), {"part_altered"}, KEY),
    "the proof's path": (
        lambda p: in_json(p, bundle.PROOF, lambda v: v["path"].__setitem__(0, "0" * 64)),
        {"proof_broken"},
        bundle.PROOF,
    ),
    "the proof gone": (lambda p: p.pop(bundle.PROOF), {"part_missing"}, bundle.PROOF),
    "no checkpoint": (lambda p: p.pop(bundle.CHECKPOINT), {"part_missing"}, bundle.CHECKPOINT),
    "the export gone": (lambda p: p.pop(DIALOGUE), {"part_missing"}, DIALOGUE),
    "no journal": (redone(lambda d: d.pop("journal")), {"journal_missing"}, DIALOGUE),
}


@pytest.mark.parametrize("name", FULL_CHANGES)
def test_changes_by_one_who_packs_anew_are_named(elsewhere: Proved, full: Path, name: str) -> None:
    """With container, manifest and digest made anew, each change is still found, at its place."""
    change, expected, where = FULL_CHANGES[name]
    answer = elsewhere.verified(repacked(full, change))
    assert not answer.ok
    assert expected <= codes(answer), answer.findings
    assert any(where in finding.where for finding in answer.findings), [f.where for f in answer.findings]


def drop(table: str) -> Callable[[Any], None]:
    """Take the first row of a table away."""

    def change(record: Any) -> None:
        record["rows"].remove(next(row for row in record["rows"] if row["table"] == table))

    return change


PUBLIC_CHANGES: dict[str, tuple[Callable[[Parts], object], set[str], str]] = {
    "words of an entity": (words(b"in forty.", b"in fifty.", RECORD), {"row_altered"}, "P0001"),
    "another key for a row": (
        lambda p: in_json(p, RECORD, lambda v: v["rows"][0].update(key="0" * 64)),
        {"row_altered"},
        "dialogue 'harbour-bridge'",
    ),
    "a row gone": (lambda p: in_json(p, RECORD, drop("entities")), {"row_missing"}, "P0001"),
    "a row twice": (lambda p: in_json(p, RECORD, lambda v: v["rows"].append(v["rows"][-1])), {"row_twice"}, "T0001"),
    "rows in another order": (lambda p: in_json(p, RECORD, lambda v: v["rows"].reverse()), {"part_altered"}, RECORD),
    "an invented row": (
        lambda p: in_json(
            p,
            RECORD,
            lambda v: v["rows"].append({**v["rows"][-1], "row": {**v["rows"][-1]["row"], "seq": 9}}),
        ),
        {"row_added"},
        "T0009",
    ),
    "a table that there is not": (
        lambda p: in_json(p, RECORD, lambda v: v["rows"][0].update(table="spies")),
        {"row_malformed"},
        RECORD,
    ),
    "the dialogue told beside what is shown": (
        lambda p: in_json(p, RECORD, lambda v: v.update(told={"title": "Lies", "question": "Why?", "status": "open"})),
        {"part_altered"},
        RECORD,
    ),
    "an entry": (words(b"dialogue_round_register", b"dialogue_round_registrar", JOURNAL), {"entry_altered"}, "entry"),
}


@pytest.mark.parametrize("name", PUBLIC_CHANGES)
def test_changes_of_a_public_edition_are_named(elsewhere: Proved, public: Path, name: str) -> None:
    """The rows' keys prove them and the chain, whoever packed the file."""
    change, expected, where = PUBLIC_CHANGES[name]
    answer = elsewhere.verified(repacked(public, change))
    assert not answer.ok
    assert expected <= codes(answer), answer.findings
    assert any(where in finding.where for finding in answer.findings), [f.where for f in answer.findings]


def test_a_bundle_packed_by_another_program_is_told(proved: Proved, full: Path) -> None:
    """The parts are right and the container is not: it says so, and compressed parts are not unpacked."""
    import zipfile

    full.write_bytes(zipped(parts_of(full)))
    assert "container_altered" in found_in(proved, full)
    parts = {FIRST: b"0" * 10_000_000}
    full.write_bytes(zipped(parts, compression=zipfile.ZIP_DEFLATED))
    assert "part_packed_otherwise" in found_in(proved, full)
    full.write_bytes(zipped({"other.txt": b""}))
    assert found_in(proved, full) == {"not_a_bundle"}


# -- forged, by another key, replayed, cut, rewritten: told apart ------------------------------------------------------


def own_checkpoint(parts: Parts) -> checkpoints.Checkpoint:
    """The checkpoint in a bundle."""
    found = checkpoints.read(parts[bundle.CHECKPOINT])
    assert found is not None
    return found


def forge_signature(parts: Parts) -> None:
    """Other words under the signature that was given for these."""
    one = own_checkpoint(parts)
    body = one.body.replace('"number":1', '"number":7')
    changed = checkpoints.checkpoint_of(body, one.signature, one.public_key)
    assert changed is not None
    parts[bundle.CHECKPOINT] = checkpoints.rendered(changed)


def by_other_key(parts: Parts) -> None:
    """The same statement, naming its key, signed with another."""
    signed_anew(parts, forged(own_checkpoint(parts), named=False))


def end_cut(parts: Parts) -> None:
    """Take the last entry away, and the rows that it brought, as far as a forger can."""
    journal = json.loads(parts[JOURNAL])
    journal["entries"].pop()
    record = json.loads(parts[RECORD])
    kept = {"dialogues", "experts"}
    record["rows"] = [row for row in record["rows"] if row["table"] in kept]
    parts[JOURNAL] = msgspec.json.format(msgspec.json.encode(journal), indent=2) + b"\n"
    parts[RECORD] = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def rewritten(parts: Parts) -> None:
    """Write the last entry anew, with its hash."""
    journal = json.loads(parts[JOURNAL])
    last = journal["entries"][-1]
    last["body"] = re.sub('"time":"2026', '"time":"2025', last["body"])
    last["hash"] = sha256_hex(last["body"].encode())
    parts[JOURNAL] = msgspec.json.format(msgspec.json.encode(journal), indent=2) + b"\n"


FRAUDS: dict[str, Callable[[Parts], None]] = {
    "signature_forged": forge_signature,
    "signature_by_other_key": by_other_key,
    "chain_cut": end_cut,
    "stream_rewritten": rewritten,
}


@pytest.mark.parametrize("code", FRAUDS)
def test_each_fraud_has_its_own_code(elsewhere: Proved, public: Path, code: str) -> None:
    """Of the four, exactly the one that was committed is told."""
    answer = elsewhere.verified(repacked(public, FRAUDS[code]))
    assert codes(answer) & (FRAUDS.keys() | {"checkpoint_replayed"}) == {code}, answer.findings


def test_a_checkpoint_forged_with_a_key_of_one_s_own_is_by_an_unknown_key(elsewhere: Proved, public: Path) -> None:
    """Whoever signs anew proves that they signed: their key is not the one to be trusted."""
    trusted: list[str] = []

    def change(parts: Parts) -> None:
        one = own_checkpoint(parts)
        trusted.append(one.statement.key)
        signed_anew(parts, forged(one))

    copy = repacked(public, change)
    answer = elsewhere.verified(copy)
    assert answer.ok
    assert answer.signature is not None
    assert answer.signature.trust == "unknown"
    assert codes(elsewhere.verified(copy, trust=trusted)) == {"key_not_trusted"}


@pytest.fixture
def history(proved: Proved, tmp_path: Path) -> dict[str, Path]:
    """An older bundle and a newer one, with their checkpoints as files."""
    made = {"old": proved.bundle(tmp_path / "old.zip", "public")}
    next_round(proved, 1)
    proved.sign()
    made["new"] = proved.bundle(tmp_path / "new.zip", "public")
    for name, number in (("old", 1), ("new", 2)):
        for heads in (False, True):
            path = tmp_path / f"{name}-{'named' if heads else 'plain'}.json"
            request = CheckpointShow(number=number, output_path=str(path), heads=heads)
            proved.custody.checkpoint_show(request, CALL)
            made[path.stem] = path
    return made


@pytest.mark.parametrize("known", ["new", "new-plain", "new-named"])
def test_a_replayed_checkpoint_is_told_by_a_newer_one(elsewhere: Proved, history: dict[str, Path], known: str) -> None:
    """An older bundle beside a newer bundle or checkpoint that the caller has."""
    answer = elsewhere.verified(history["old"], checkpoint=str(history[known]))
    assert codes(answer) == {"checkpoint_replayed"}
    assert "checkpoint 2" in answer.findings[0].message


@pytest.mark.parametrize("known", ["old", "old-plain", "old-named"])
def test_a_newer_bundle_holds_against_older_ones(elsewhere: Proved, history: dict[str, Path], known: str) -> None:
    """What was noted earlier is part of it."""
    assert elsewhere.verified(history["new"], checkpoint=str(history[known])).ok


def test_a_replayed_checkpoint_is_told_by_the_store(proved: Proved, history: dict[str, Path]) -> None:
    """The store that it came from has a newer one, by which the record went on."""
    assert codes(proved.verified(history["old"])) == {"checkpoint_replayed"}
    assert proved.verified(history["new"]).ok


def test_a_replayed_checkpoint_is_told_by_what_was_seen(elsewhere: Proved, history: dict[str, Path]) -> None:
    """A home remembers what it verified under a key that it trusts; under an unknown one it remembers nothing."""
    assert elsewhere.verified(history["new"]).ok
    assert elsewhere.verified(history["old"]).ok
    key = own_checkpoint(parts_of(history["old"])).statement.key
    elsewhere.custody.keys_trust(KeysTrust(key=key, name="alice"), CALL)
    assert elsewhere.verified(history["old"]).ok
    assert elsewhere.verified(history["new"]).ok
    assert codes(elsewhere.verified(history["old"])) == {"checkpoint_replayed"}


def test_an_unchanged_record_under_an_older_checkpoint_is_no_fraud(proved: Proved, tmp_path: Path) -> None:
    """Where the newer checkpoint shows that the record has not changed since, that is a note."""
    old = proved.bundle(tmp_path / "old.zip", "public")
    proved.sign()
    answer = proved.verified(old)
    assert answer.ok
    assert any("has not changed since" in note for note in answer.notes)


def test_a_rewritten_history_is_told_by_an_older_checkpoint(elsewhere: Proved, history: dict[str, Path]) -> None:
    """Signed anew by whoever rewrote it: an older checkpoint that somebody kept shows that history was changed."""

    def change(parts: Parts) -> None:
        rewritten(parts)
        one = own_checkpoint(parts)
        entries = json.loads(parts[JOURNAL])["entries"]
        heads = {f"dialogue:{ID}": (len(entries), entries[-1]["hash"])}
        index, beside = checkpoints.proof_of(heads, f"dialogue:{ID}")
        changes: dict[str, Any] = {"number": 9, "position": 99, "streams": 1, "root": checkpoints.root_of(heads)}
        signed_anew(parts, forged(one, **changes))
        proof = {"number": len(entries), "head": entries[-1]["hash"], "index": index, "size": 1, "path": beside}
        in_json(parts, bundle.PROOF, lambda value: value.update(proof))

        def head(manifest: Any) -> None:
            manifest["head"]["hash"] = entries[-1]["hash"]

        in_json(parts, FIRST, head)

    copy = repacked(history["old"], change)
    alone = elsewhere.verified(copy)
    assert alone.ok, alone.findings  # nothing but what was kept elsewhere can show it
    for kept in ("old-named", "old"):
        assert codes(elsewhere.verified(copy, checkpoint=str(history[kept]))) == {"stream_rewritten"}


def test_a_checkpoint_of_another_store_says_nothing(
    proved: Proved, elsewhere: Proved, history: dict[str, Path]
) -> None:
    """Told, and not mistaken for older or newer."""
    proved.document()
    elsewhere.exchange.dialogue_import(DialogueImport(path=str(proved.home / "exported.json")), CALL)
    elsewhere.key()
    elsewhere.sign()
    theirs = elsewhere.bundle(elsewhere.home / "theirs.zip")
    assert codes(elsewhere.verified(history["new"], checkpoint=str(theirs))) == {"checkpoint_foreign"}


def test_what_is_no_checkpoint_is_refused(proved: Proved, full: Path, tmp_path: Path) -> None:
    """A file without one, and one whose signature does not hold."""
    file = tmp_path / "x.json"
    file.write_text("{}")
    for path in (file, repacked(full, forge_signature)):
        with pytest.raises(HansardError) as refusal:
            proved.verified(full, checkpoint=str(path))
        assert refusal.value.code == "checkpoint_unreadable"


def test_noted_heads_are_held_against_a_bundle(proved: Proved, elsewhere: Proved, full: Path) -> None:
    """A head that somebody wrote down is part of its chain, or contradicts it."""
    head = proved.dialogues.head(ID)
    answer = elsewhere.verified(full, heads=[spelt(head)])
    assert answer.ok
    assert [witness.held for witness in answer.witnesses] == [True]
    other = spelt(head.model_copy(update={"sequence": 9}))
    assert codes(elsewhere.verified(full, heads=[other])) == {"witness_contradicted"}


@pytest.mark.parametrize("more", [{"trust": ["ab" * 32]}, {"checkpoint": "x.json"}])
@pytest.mark.parametrize("target", [{"all": True}, {"target": ID}, {"target": "exported.json"}])
def test_what_belongs_to_bundles_is_refused_elsewhere(proved: Proved, more: Any, target: Any) -> None:
    """Nothing that was asked for is passed over in silence."""
    proved.document()
    if "." in target.get("target", ""):
        target = {"target": str(proved.home / target["target"])}
    with pytest.raises(HansardError) as refusal:
        proved.custody.verify(Verify(**target, **more), CALL)
    assert refusal.value.code == "invalid_field"
