"""Checkpoints: every stream stated and signed, each naming the one before, and the store held against them later."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hansard.custody.proof import checkpoints
from hansard.custody.proof.checkpoints import Checkpoint, root_of, signature_faults
from hansard.custody.proof.shapes import CheckpointCreate, CheckpointList, CheckpointShow, CheckpointVerify
from hansard.custody.shapes import Verified
from hansard.database.journal import head
from hansard.kernel.canonical import exchange_bytes, sha256_hex
from hansard.kernel.errors import HansardError
from tests.unit.custody.kept import alter
from tests.unit.custody.proof.made import Proved, codes, forged, next_round
from tests.unit.exchange.recorded import CALL, ID


def shown(store: Proved, number: int | None = None, path: Path | None = None, *, heads: bool = False) -> Checkpoint:
    """A checkpoint of the store, by way of its file where there is one."""
    request = CheckpointShow(number=number, output_path=None if path is None else str(path), heads=heads)
    answer = store.custody.checkpoint_show(request, CALL)
    if path is not None:
        found = checkpoints.read(path.read_bytes())
        assert found is not None
        return found
    made = checkpoints.checkpoint_of(answer.body, answer.signature, answer.public_key)
    assert made is not None
    return made


def held(store: Proved, target: str | Path | None = None, *trust: str) -> Verified:
    """What verifying checkpoints says."""
    request = CheckpointVerify(target=None if target is None else str(target), trust=list(trust))
    return store.custody.checkpoint_verify(request, CALL)


def test_a_statement_is_canonical_and_says_where_streams_stand(proved: Proved) -> None:
    """RFC 8785 bytes; store, position, number of streams, root, key, and no checkpoint before the first."""
    one = shown(proved)
    said = json.loads(one.body)
    assert exchange_bytes(said).decode() == one.body
    with proved.database.reading() as connection:
        heads = {name: head(connection, name) for name in (f"dialogue:{ID}", "registry")}
        first = connection.exec_driver_sql("SELECT hash FROM journal WHERE position = 1").scalar_one()
    assert said["root"] == root_of(heads)
    assert (said["format"], said["streams"], said["number"], said["previous"]) == ("hansard-checkpoint-1", 2, 1, None)
    assert said["store"] == first
    assert signature_faults(one) == []


def test_each_names_the_one_before(proved: Proved) -> None:
    """A chain of its own: number and hash; the checkpoint before is a stream like any other."""
    proved.sign()
    first, second = shown(proved, 1), shown(proved, 2)
    assert second.statement.previous == first.hash == sha256_hex(first.body.encode())
    assert second.statement.streams == first.statement.streams + 1
    assert [one.number for one in proved.custody.checkpoint_list(CheckpointList(), CALL).checkpoints] == [1, 2]
    assert held(proved).ok


def test_a_repeated_request_signs_once(proved: Proved) -> None:
    """The first answer is given again."""
    request = CheckpointCreate(request_id="again")
    assert proved.custody.checkpoint_create(request, CALL) == proved.custody.checkpoint_create(request, CALL)
    assert shown(proved).statement.number == 2


def test_old_checkpoints_hold_in_a_store_that_has_grown(proved: Proved, tmp_path: Path) -> None:
    """What a checkpoint said is part of every later state, by number and by file, with and without heads."""
    plain, named = tmp_path / "plain.json", tmp_path / "named.json"
    shown(proved, 1, plain)
    assert shown(proved, 1, named, heads=True).heads is not None
    next_round(proved, 1)
    proved.sign()
    next_round(proved, 2)
    for target in (None, "1", "2", plain, named):
        answer = held(proved, target)
        assert answer.ok, answer.findings
        assert answer.signature is not None
        assert answer.signature.trust == "own"
    assert proved.custody.verify(_all(), CALL).ok


def _all() -> Any:
    from hansard.custody.shapes import Verify

    return Verify(all=True)


def cut(store: Proved, entries: int) -> None:
    """Take entries from the end of the journal, with everything that would tell of them inside the store."""
    sql = sqlite3.connect(store.file)
    sql.execute("PRAGMA foreign_keys=OFF")
    (last,) = sql.execute("SELECT max(position) FROM journal").fetchone()
    for position in range(last, last - entries, -1):
        for table in ("journal", "journal_streams", "journal_payloads"):
            sql.execute(f"DELETE FROM {table} WHERE position = ?", (position,))
    sql.execute("UPDATE counters SET value = (SELECT max(position) FROM journal)")
    sql.execute("DELETE FROM streams")
    sql.execute(
        "INSERT INTO streams SELECT stream, max(sequence), (SELECT hash FROM journal j WHERE j.position = s.position)"
        " FROM journal_streams s GROUP BY stream"
    )
    sql.commit()
    sql.close()


def test_a_cut_end_is_told(proved: Proved, tmp_path: Path) -> None:
    """A file that names its streams tells which one was cut; a plain one, that the journal was."""
    next_round(proved, 1)
    proved.sign()
    plain, named = tmp_path / "plain.json", tmp_path / "named.json"
    shown(proved, 2, plain)
    shown(proved, 2, named, heads=True)
    cut(proved, 2)
    assert codes(held(proved, plain)) == {"chain_cut"}
    answer = held(proved, named)
    assert codes(answer) == {"chain_cut"}
    assert any(f"stream 'dialogue:{ID}'" in finding.where for finding in answer.findings)


def test_a_rewritten_stream_is_told(proved: Proved, tmp_path: Path) -> None:
    """A stream that has another entry at a signed number is told, by its name where the file has it."""
    plain, named = tmp_path / "plain.json", tmp_path / "named.json"
    shown(proved, 1, plain)
    shown(proved, 1, named, heads=True)
    alter(proved.file, 'UPDATE journal SET body = replace(body, \'"rules":"1"\', \'"rules":"2"\') WHERE position = 2')
    with proved.database.reading() as connection:
        body = connection.exec_driver_sql("SELECT body FROM journal WHERE position = 2").scalar_one()
    alter(proved.file, "UPDATE journal SET hash = ? WHERE position = 2", sha256_hex(body.encode()))
    assert codes(held(proved, plain)) == {"stream_rewritten"}
    answer = held(proved, named)
    assert codes(answer) == {"stream_rewritten"}
    assert answer.findings[0].where.startswith(f"the head of stream 'dialogue:{ID}'")


def test_signatures_are_told_apart(proved: Proved, tmp_path: Path) -> None:
    """Other words under the old signature; a key that is not the one named; a valid one that was not to be trusted."""
    one = shown(proved)
    other_words = one.body.replace('"streams":2', '"streams":3')
    forgery = checkpoints.checkpoint_of(other_words, one.signature, one.public_key)
    assert forgery is not None
    assert [fault.code for fault in signature_faults(forgery)] == ["signature_forged"]
    swapped = forged(one, named=False)
    assert [fault.code for fault in signature_faults(swapped)] == ["signature_by_other_key"]
    stranger = forged(one)
    assert signature_faults(stranger) == []
    file = tmp_path / "stranger.json"
    file.write_bytes(checkpoints.rendered(stranger))
    answer = held(proved, file)
    assert answer.ok
    assert answer.signature is not None
    assert answer.signature.trust == "unknown"
    assert codes(held(proved, file, one.statement.key)) == {"key_not_trusted"}
    assert held(proved, file, stranger.statement.key).ok


def test_every_altered_byte_of_a_file_is_told(proved: Proved, tmp_path: Path) -> None:
    """No byte of a checkpoint's file can change: it is none any more, or its signature or heads do not hold."""
    data = checkpoints.rendered(shown(proved), shown(proved, 1, tmp_path / "x", heads=True).heads)
    read = checkpoints.read(data)
    assert read is not None
    assert signature_faults(read) == []
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        found = checkpoints.read(bytes(changed))
        assert found is None or signature_faults(found), at


def test_verify_all_looks_at_checkpoints(proved: Proved) -> None:
    """A checkpoint of another key's put in its place by rule of the journal is still no part of the chain of them."""
    assert proved.custody.verify(_all(), CALL).ok
    alter(proved.file, "UPDATE checkpoints SET signature = replace(signature, substr(signature, 1, 1), 'x')")
    assert "row_altered" in codes(proved.custody.verify(_all(), CALL))


def test_another_store_s_checkpoint_is_told(proved: Proved, elsewhere: Proved, tmp_path: Path) -> None:
    """It says nothing of this one."""
    file = tmp_path / "theirs.json"
    shown(proved, 1, file)
    elsewhere.key()
    next_dialogue(elsewhere)
    assert codes(held(elsewhere, file)) == {"checkpoint_foreign"}


def next_dialogue(store: Proved) -> None:
    """A dialogue of another name."""
    from hansard.dialogue.requests import DialogueCreate

    request = {
        "title": "Other",
        "question": "?",
        "expert_pool": {"experts": [{"role": f"Pilot {n}"} for n in range(3)]},
    }
    store.dialogues.dialogue_create(DialogueCreate.model_validate(request), CALL)


def test_nothing_is_signed_without_need(elsewhere: Proved, proved: Proved) -> None:
    """No key, an empty store, a store whose tables disagree: refused, and nothing is written."""
    for prepare, code in ((lambda: None, "no_signing_key"), (elsewhere.key, "nothing_to_sign")):
        prepare()
        with pytest.raises(HansardError) as refusal:
            elsewhere.sign()
        assert refusal.value.code == code
    with pytest.raises(HansardError) as refusal:
        held(elsewhere)
    assert refusal.value.code == "no_checkpoint"
    alter(proved.file, "UPDATE streams SET head = ? WHERE stream = 'registry'", "0" * 64)
    with pytest.raises(HansardError) as refusal:
        proved.sign()
    assert refusal.value.code == "store_not_signable"
    with pytest.raises(HansardError) as refusal:
        shown(proved, 7)
    assert refusal.value.code == "checkpoint_not_found"
