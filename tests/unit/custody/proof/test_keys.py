"""Keys: drawn once, kept closely, never given away, trusted by name."""

from __future__ import annotations

import json
import stat
from functools import partial
from pathlib import Path

import pytest

from hansard.custody.operations import CustodyOperations
from hansard.custody.proof.keys import Keyring, is_signed, key_id, public_from_pem
from hansard.custody.proof.shapes import (
    KeyName,
    KeysCreate,
    KeysExport,
    KeysImport,
    KeysList,
    KeysTrust,
)
from hansard.kernel.errors import HansardError
from tests.unit.custody.proof.made import Proved
from tests.unit.exchange.recorded import CALL

SECRET = "correct horse battery staple"


@pytest.fixture
def custody(proved: Proved) -> CustodyOperations:
    """Custody of a home with the key 'main'."""
    return proved.custody


def test_a_key_file_is_its_owner_s_alone(proved: Proved) -> None:
    """Nobody else may read the file, nor look into the folder."""
    proved.custody.keys_create(KeysCreate(name="second"), CALL)
    assert stat.S_IMODE((proved.home / "keys" / "second.pem").stat().st_mode) == 0o600
    fresh = Keyring(proved.home / "new")
    fresh.create("main", protected=False)
    assert stat.S_IMODE((proved.home / "new" / "keys").stat().st_mode) == 0o700


def test_a_key_is_never_written_over(proved: Proved) -> None:
    """A second 'create' or 'import' of a name is refused, and the first file stands as it was."""
    file = proved.home / "keys" / "main.pem"
    before = file.read_bytes()
    with pytest.raises(HansardError) as refusal:
        proved.custody.keys_create(KeysCreate(), CALL)
    assert refusal.value.code == "key_exists"
    with pytest.raises(HansardError) as refusal:
        proved.custody.keys_import(KeysImport(path=str(file)), CALL)
    assert refusal.value.code == "key_exists"
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".part"] == []


def test_an_id_is_the_hash_of_the_public_half(custody: CustodyOperations) -> None:
    """Whoever has the public key can compute its id."""
    key = custody.keys_show(KeyName(key="main"), CALL)
    assert key.public_key is not None
    assert key.id == key_id(bytes.fromhex(key.public_key))
    assert custody.keys_show(KeyName(key=key.id[:8]), CALL) == key


def test_only_the_public_half_is_given_away(custody: CustodyOperations, tmp_path: Path) -> None:
    """An export is a public key in PEM form, and holds no other block."""
    file = tmp_path / "main.pub"
    given = custody.keys_export(KeysExport(key="main", output_path=str(file)), CALL)
    assert file.read_text() == given.pem
    assert given.pem.count("BEGIN") == 1
    assert "PRIVATE" not in given.pem
    assert key_id(public_from_pem(given.pem, "x")) == given.id


def answered(given: str | None, _name: str, _new: bool) -> str | None:
    """Somebody who always answers the same."""
    return given


def test_a_passphrase_closes_a_key(tmp_path: Path) -> None:
    """It is asked for, opens the key, stands in no file and in no error; a wrong one or none is refused."""
    made = Keyring(tmp_path, lambda _name, _new: SECRET)
    key = made.create("main", protected=True)
    assert key.protected
    _, sign = made.signer("main")
    assert is_signed(key.public, sign(b"words"), b"words")
    assert not is_signed(key.public, sign(b"words"), b"other words")
    for answer, code in (("wrong", "passphrase_wrong"), (None, "passphrase_missing"), ("", "passphrase_missing")):
        with pytest.raises(HansardError) as refusal:
            Keyring(tmp_path, partial(answered, answer)).signer("main")
        assert refusal.value.code == code
        assert SECRET not in json.dumps(refusal.value.as_dict())
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def test_no_passphrase_no_protected_key(tmp_path: Path) -> None:
    """Where nobody can be asked, no key is made, and its name stays free."""
    with pytest.raises(HansardError) as refusal:
        Keyring(tmp_path).create("main", protected=True)
    assert refusal.value.code == "passphrase_missing"
    assert Keyring(tmp_path).create("main", protected=False).name == "main"


@pytest.mark.parametrize("answer", [None, SECRET])
def test_a_key_made_elsewhere_is_taken_in(tmp_path: Path, answer: str | None) -> None:
    """The same pair, closed as it was, in a file of this home."""
    there, here = Keyring(tmp_path / "a", lambda *_: answer), Keyring(tmp_path / "b", lambda *_: answer)
    key = there.create("main", protected=answer is not None)
    taken = here.take("laptop", tmp_path / "a" / "keys" / "main.pem", "main.pem")
    assert (taken.id, taken.protected) == (key.id, answer is not None)
    assert here.signer(None)[0] == taken


def test_a_file_that_others_may_read_does_not_sign(proved: Proved) -> None:
    """Whoever could read it may have signed in its name."""
    (proved.home / "keys" / "main.pem").chmod(0o644)
    with pytest.raises(HansardError) as refusal:
        proved.sign()
    assert refusal.value.code == "key_exposed"


def test_a_swapped_half_does_not_sign(proved: Proved) -> None:
    """The public half that names a key must be that of its private one."""
    other = Keyring(proved.home / "other").create("main", protected=False)
    file = proved.home / "keys" / "main.pem"
    theirs = (proved.home / "other" / "keys" / "main.pem").read_text()
    file.write_text(
        theirs.partition("-----BEGIN PRIVATE")[0]
        + "-----BEGIN PRIVATE"
        + file.read_text().partition("-----BEGIN PRIVATE")[2]
    )
    with pytest.raises(HansardError) as refusal:
        proved.sign()
    assert refusal.value.code == "key_unreadable"
    assert other.id not in refusal.value.message


def test_two_keys_want_a_name(proved: Proved) -> None:
    """With several keys the one that signs is named; an unknown name tells the known ones."""
    proved.key("second")
    with pytest.raises(HansardError) as refusal:
        proved.sign()
    assert (refusal.value.code, refusal.value.valid_options) == ("key_ambiguous", ["main", "second"])
    with pytest.raises(HansardError) as refusal:
        proved.sign("secnd")
    assert refusal.value.code == "key_not_found"
    assert proved.sign("second") == 2


@pytest.mark.parametrize("name", ["", "Main", "a b", "../x", "a/b", "ü", "x" * 33, "trusted.json"])
def test_a_key_s_name_is_a_plain_word(custody: CustodyOperations, name: str) -> None:
    """No name leads out of the folder, or to a file that is none of a key's."""
    with pytest.raises(HansardError) as refusal:
        custody.keys_create(KeysCreate(name=name), CALL)
    assert refusal.value.code == "key_name_malformed"


def test_keys_of_others_are_trusted_by_name(custody: CustodyOperations, elsewhere: Proved, tmp_path: Path) -> None:
    """By file or id, told in the list, and no more once they are not."""
    file = tmp_path / "main.pub"
    given = custody.keys_export(KeysExport(key="main", output_path=str(file)), CALL)
    there = elsewhere.custody
    assert there.keys_trust(KeysTrust(key=str(file), name="alice"), CALL).id == given.id
    assert there.keys_trust(KeysTrust(key="ab" * 32, name="bob"), CALL).public_key is None
    assert [(key.name, key.trust) for key in there.keys_list(KeysList(), CALL).keys] == [
        ("alice", "trusted"),
        ("bob", "trusted"),
    ]
    with pytest.raises(HansardError) as refusal:
        there.keys_trust(KeysTrust(key="cd" * 32, name="bob"), CALL)
    assert refusal.value.code == "key_exists"
    there.keys_untrust(KeyName(key="alice"), CALL)
    assert [key.name for key in there.keys_list(KeysList(), CALL).keys] == ["bob"]
    with pytest.raises(HansardError) as refusal:
        there.keys_untrust(KeyName(key="alice"), CALL)
    assert refusal.value.code == "key_not_found"


def test_a_private_half_is_not_trusted(custody: CustodyOperations, elsewhere: Proved, tmp_path: Path) -> None:
    """Whoever hands one over is told; so is who hands over a file that is no key's size."""
    custody.keys_export(KeysExport(key="main"), CALL)
    file = tmp_path / "big.bin"
    file.write_bytes(b"x" * 70_000)
    private = next(tmp_path.rglob("keys/main.pem"))
    for path, code, said in ((private, "key_private", "private key"), (file, "key_unreadable", "give the .pub")):
        with pytest.raises(HansardError) as refusal:
            elsewhere.custody.keys_trust(KeysTrust(key=str(path), name="alice"), CALL)
        assert (refusal.value.code, said in refusal.value.message) == (code, True)
    assert elsewhere.custody.keys_list(KeysList(), CALL).keys == []


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_told(custody: CustodyOperations, tmp_path: Path, text: str) -> None:
    """A file without an Ed25519 key is refused by name."""
    file = tmp_path / "x.pem"
    file.write_text(text)
    with pytest.raises(HansardError) as refusal:
        custody.keys_trust(KeysTrust(key=str(file), name="x"), CALL)
    assert refusal.value.code == "key_unreadable"
