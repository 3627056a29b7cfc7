"""The container of a bundle: the same bytes everywhere, and a reader that takes nothing else."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.exchange import container
from hansard.exchange.container import FIRST
from hansard.kernel.errors import HansardError

PARTS = {FIRST: b"{}\n", "a/b.md": b"Salt eats a bridge.\n", "c.json": b""}
DATA = container.packed(PARTS)


def faults(data: bytes) -> set[str]:
    """The codes of what is wrong; of a refusal its code."""
    try:
        return {fault.code for fault in container.read(data, "x.zip").faults}
    except HansardError as refusal:
        return {refusal.code}


def packed_by_another(parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """The parts as Python's own library packs them."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as made:
        for name, data in parts.items():
            made.writestr(zipfile.ZipInfo(name), data, method)
    return held.getvalue()


def test_what_goes_in_comes_out() -> None:
    """Names, order and bytes are kept, and any unpacking program reads them."""
    assert container.parts(DATA, "x") == PARTS
    assert list(container.parts(DATA, "x")) == list(PARTS)
    with zipfile.ZipFile(io.BytesIO(DATA)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == PARTS


def test_the_bytes_are_always_the_same() -> None:
    """No time, no machine and no library's version stands in them."""
    assert container.packed(PARTS) == DATA
    assert struct.unpack_from("<4s5H", DATA) == (b"PK\3\4", 20, 0, 0, 0, 0x21)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_altered_byte_is_told(flip: int) -> None:
    """Whatever byte is changed, something is wrong with the container."""
    for at in range(len(DATA)):
        changed = bytearray(DATA)
        changed[at] ^= flip
        assert faults(bytes(changed)), at


def test_every_cut_and_every_addition_is_told() -> None:
    """No beginning of the file passes, and nothing may stand behind it."""
    for length in range(len(DATA)):
        assert faults(DATA[:length]), length
    assert faults(DATA + b"\0") == {"container_altered"}
    assert faults(b"\0" + DATA) == {"not_a_bundle"}


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(noise: bytes) -> None:
    """Whatever stands in a file, it is refused or told."""
    assert faults(noise)
    assert faults(DATA[:40] + noise)


def test_a_file_that_swells_is_not_unpacked() -> None:
    """A compressed part is told by its header and not looked into, however small the file is."""
    bomb = packed_by_another({FIRST: b"0" * 50_000_000}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 60_000
    contents = container.read(bomb, "x.zip")
    assert contents.parts == {}
    assert [fault.code for fault in contents.faults] == ["part_packed_otherwise"]


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../x",
        "/x",
        "a//b",
        "C:\\x",
        "a\\b",
        "",
        ".",
        "..",
        "-rf",
        "a b",
        "x\0y",
        "~/x",
        "ü",
        "a/" + "b" * 200,
    ],
)
def test_names_that_lead_away_are_told(name: str) -> None:
    """A part that is not named by plain characters below the folder is neither read nor written."""
    assert not container.is_part_name(name)
    with pytest.raises(ValueError, match="no part may be named"):
        container.packed({FIRST: b"", name: b""})
    if "\0" not in name:
        assert "part_name_unsafe" in faults(packed_by_another({FIRST: b"", name: b"x"})) or not name


def test_two_parts_of_one_name_are_told() -> None:
    """The first one counts, so that no program reads the one and another the other."""
    one = container._header("a", 0, 1) + b"1"
    data = container._header(FIRST, 0, 0) + one + container._header("a", 0, 1) + b"2"
    contents = container.read(data, "x")
    assert contents.parts["a"] == b"1"
    assert "part_twice" in {fault.code for fault in contents.faults}


def test_a_link_is_told() -> None:
    """A part that the directory calls a symbolic link is not as it was written."""
    at = DATA.index(b"PK\1\2") + 38
    link = DATA[:at] + struct.pack("<I", 0o120777 << 16) + DATA[at + 4 :]
    contents = container.read(link, "x")
    assert [(fault.code, fault.part) for fault in contents.faults] == [("container_altered", FIRST)]
    assert "link" in contents.faults[0].message


def test_sizes_without_sense_are_told() -> None:
    """Lengths beyond the file, those of the large form, and two that differ stop the reading, not the program."""
    for field, value in ((18, 0xFFFFFFFF), (22, 0xFFFFFFFF), (18, 2), (26, 0xFFFF), (28, 0xFFFF)):
        changed = bytearray(DATA)
        size = 2 if field in (26, 28) else 4
        changed[field : field + size] = value.to_bytes(size, "little")
        assert faults(bytes(changed)), field
    both = bytearray(DATA)
    both[18:26] = b"\xff" * 8
    assert faults(bytes(both)) == {"container_cut"}


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle beyond the limits is neither made nor read."""
    monkeypatch.setattr(container, "LIMIT_BYTES", 100)
    assert faults(DATA) == {"bundle_too_large"}
    with pytest.raises(HansardError) as refusal:
        container.packed(PARTS | {"d": b"0" * 101})
    assert refusal.value.code == "bundle_too_large"


def test_damage_is_refused_where_parts_are_taken() -> None:
    """Whoever takes the parts gets all of them as they were, or none."""
    changed = bytearray(DATA)
    changed[50] ^= 1
    with pytest.raises(HansardError) as refusal:
        container.parts(bytes(changed), "x.zip")
    assert refusal.value.code == "bundle_damaged"
