"""Files: read in every common encoding or refused with a place, written whole or not at all, kept inside."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.kernel.files import (
    TEXT_LIMIT_BYTES,
    decoded,
    head,
    inside,
    is_folder,
    is_there,
    lies_in,
    read_bytes,
    read_text,
    resolved,
    write_atomic,
)
from tests.support.processes import open_folder, plain_user, ran

WORDS = "Größe — ‹x›\r\n\tzweite Zeile\r\n釉薬 🏺"
WESTERN = "Größe “so” – €\n"


def refused(act: Any, *arguments: Any, **named: Any) -> HansardError:
    """The refusal that a call ends in."""
    with pytest.raises(HansardError) as caught:
        act(*arguments, **named)
    return caught.value


# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        (b"", "", None),
        (WORDS.encode(), WORDS, None),
        (b"\xef\xbb\xbf" + WORDS.encode(), WORDS, "byte order mark"),
        (WORDS.encode("utf-16"), WORDS, "UTF-16"),
        (b"\xff\xfe" + WORDS.encode("utf-16-le"), WORDS, "UTF-16"),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), WORDS, "UTF-16"),
        (b"\xff\xfe\0\0" + WORDS.encode("utf-32-le"), WORDS, "UTF-32"),
        (b"\0\0\xfe\xff" + WORDS.encode("utf-32-be"), WORDS, "UTF-32"),
        (
            b"one\n" + WESTERN.encode("cp1252"),
            "one\n" + WESTERN,
            "line 2 (byte 6) is not UTF-8; the file is read as Wind",
        ),
        (b"caf\xe9 \x81", "caf\xe9 \x81", "line 1 (byte 3) is not UTF-8; the file is read as Latin-1"),
        (b"caf\xe9\r\n\x1a", "caf\xe9\r\n\x1a", "read as Windows-1252"),
        (b"\xef\xbb\xbf", "", "byte order mark"),
    ],
)
def test_a_text_is_read_in_whatever_encoding_it_has(tmp_path: Path, data: bytes, text: str, note: str | None) -> None:
    """Every common encoding gives its text exactly; anything but plain UTF-8 gives a note of what was assumed."""
    file = tmp_path / "notes.md"
    file.write_bytes(data)
    found = read_text(file)
    assert found.text == text
    assert (found.note is None) == (note is None)
    assert note is None or note in str(found.note)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "line 1 (byte 0)"),
        (b"\x89PNG\r\n\x1a\nIHDR", "line 1 (byte 0)"),
        (b"fine\n\xff\x02\xfe", "line 2 (byte 5)"),
        (b"one\ntwo\0", "line 2 holds a NUL character"),
        (WORDS.encode("utf-16-le"), "binary data"),
        ("plain".encode("utf-16-be"), "NUL character"),
        (b"\xff\xfe" + "a\nb\0c".encode("utf-16-le"), "line 2 holds a NUL character"),
        (b"\xff\xfea", "broken utf-16"),
        (b"\xff\xfe\x00\xd8a\x00", "broken utf-16"),
        (b"\xef\xbb\xbfab\xff", "broken utf-8 at byte 2"),
        (b"\0\0\xfe\xff\xff\xff\xff\xff", "broken utf-32"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(data: bytes, where: str) -> None:
    """Binary data, NUL and broken encodings are told with their place, and the caller's name for the file."""
    error = refused(decoded, data, "their-name.md")
    assert error.code == "file_not_text"
    assert "their-name.md" in error.message
    assert where in error.message


@given(st.binary(max_size=60))
def test_any_bytes_are_a_text_or_a_refusal(data: bytes) -> None:
    """No bytes break the reader: they are a text without NUL that can be stored, or a refusal that can be printed."""
    try:
        text = decoded(data, "x").text
    except HansardError as error:
        json.dumps(error.as_dict(), ensure_ascii=False).encode()
    else:
        assert "\0" not in text
        assert text.encode().decode() == text


def test_a_file_of_fifty_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A huge file is refused by its size, with both figures; one of exactly the limit is read."""
    large = tmp_path / "large.md"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    error = refused(read_text, large)
    assert error.code == "file_too_large"
    assert error.context == {"size_bytes": 50_000_000, "limit_bytes": TEXT_LIMIT_BYTES}
    assert "50,000,000" in error.message
    large.write_bytes(b"x" * 100)
    assert len(read_bytes(large, limit_bytes=100)) == 100
    assert refused(read_bytes, large, limit_bytes=99).code == "file_too_large"


def test_a_path_that_leads_nowhere_lies_nowhere(tmp_path: Path) -> None:
    """Circles of links and names that no file can have are looked at as any other path, and nothing is there."""
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "circle", tmp_path / "circle" / "x", tmp_path / "a\0b"):
        assert not any((is_there(path), is_folder(path), head(path, 9)))
        assert not lies_in(path, tmp_path / "folder")
    long = tmp_path / ("x" * 300)
    assert not any((is_there(long), is_folder(long), head(long, 9), head(tmp_path / "pipe", 9)))
    assert resolved(tmp_path / "a\0b") is None
    assert lies_in(tmp_path / "link" / "x", tmp_path / "elsewhere", tmp_path / "folder")
    assert not lies_in(tmp_path / "folder" / ".." / "x", tmp_path / "folder")
    assert is_folder(tmp_path / "link")


def test_what_cannot_be_read_says_why_and_shows_no_path(tmp_path: Path) -> None:
    """Missing files, folders, pipes, sockets, devices and names no file can have: refused at once, without a path."""
    pipe, plug, link = tmp_path / "pipe", tmp_path / "plug", tmp_path / "circle"
    os.mkfifo(pipe)
    link.symlink_to(link)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(plug))
        reasons = {
            path: refused(read_bytes, path, name="theirs")
            for path in (tmp_path / "absent", tmp_path, pipe, plug, link, Path("/dev/zero"), tmp_path / "a\0b",
                         tmp_path / "a\ud800b", tmp_path / ("x" * 300), tmp_path / "absent" / "deeper")
        }  # fmt: skip
    for error in reasons.values():
        assert (error.code, error.value) == ("file_not_found", "theirs")
        assert str(tmp_path) not in json.dumps(error.as_dict())
    assert "No such file" in reasons[tmp_path / "absent"].message
    assert "no regular file" in reasons[pipe].message


def test_what_may_not_be_read_says_so() -> None:
    """A file without the right to read it is refused with the system's words."""
    with open_folder() as folder:
        (folder / "closed.md").write_text("secret")
        (folder / "closed.md").chmod(0o000)
        with plain_user():
            assert "Permission denied" in refused(read_text, folder / "closed.md").message


# -- writing ----------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """A file has exactly the bytes it was given, new or in the place of another, and nothing lies beside it."""
    assume(not data.startswith((b"SQLite format 3\0", b"-----BEGIN")))  # nothing is written over those: see below
    folder = tmp_path_factory.mktemp("written") / "deeper"
    for content in (data, data[::-1]):
        write_atomic(folder / "file", content)
        assert (folder / "file").read_bytes() == content
        assert [path.name for path in folder.iterdir()] == ["file"]


def test_a_file_keeps_its_rights_and_a_new_one_gets_the_user_s(tmp_path: Path) -> None:
    """An existing file's mode stays; a new file has what the umask leaves, and the umask is never touched."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        write_atomic(old, b"x")
        write_atomic(new, b"x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


KILL = """
import json, os, shutil, sys
from pathlib import Path
from hansard.kernel.files import write_atomic

folder, old, new = Path(sys.argv[1]), b"old " * 5000, b"new " * 9000
target = folder / "file"
outcomes = {"old": 0, "new": 0, "broken": 0}
for moment in range(1, 100_000):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    target.write_bytes(old)
    child = os.fork()
    if child == 0:
        passed = 0
        def watch(frame, event, argument):
            global passed
            if event in ("c_call", "c_return"):
                passed += 1
                if passed == moment:
                    os.kill(os.getpid(), 9)
        sys.setprofile(watch)
        write_atomic(target, new)
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    found = target.read_bytes() if target.exists() else b""
    outcomes["old" if found == old else "new" if found == new else "broken"] += 1
    if os.WIFEXITED(status):
        break
    write_atomic(target, new)
    outcomes["broken"] += target.read_bytes() != new
print(json.dumps(outcomes))
"""


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    """Killed before or after any call into the system, a writer leaves one of the two contents whole, never a part."""
    outcomes = json.loads(ran("-c", KILL, str(tmp_path / "folder")))
    assert outcomes["broken"] == 0
    assert outcomes["old"] > 10  # most moments lie before the new file takes the old one's name
    assert outcomes["new"] > 2


FULL = """
import json, resource, sys
from pathlib import Path
from hansard.kernel.errors import HansardError
from hansard.kernel.files import write_atomic

target = Path(sys.argv[1]) / "file"
write_atomic(target, b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomic(target, b"x" * 5000)
except HansardError as error:
    print(json.dumps([error.code, error.message]))
print(json.dumps([path.name for path in target.parent.iterdir()] + [target.read_text()]))
"""


def test_where_there_is_no_room_the_old_file_stands(tmp_path: Path) -> None:
    """A write that the system cuts short is refused with its reason; the old content stands, alone."""
    told, left = map(json.loads, ran("-c", FULL, str(tmp_path)).splitlines())
    assert told == ["file_unwritable", "'file' cannot be written: File too large; what stood there before is untouched"]
    assert left == ["file", "old"]


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    """A folder in the file's place, a file in the folder's, names no file can have: refused, nothing left over."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "folder", tmp_path / "file" / "x", tmp_path / "a\0b", tmp_path / ("x" * 300)):
        assert refused(write_atomic, path, b"x", name="theirs").code == "path_unusable"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    write_atomic(tmp_path / ("x" * 255), b"a name of the full length")


def test_a_folder_without_the_right_to_write_is_refused() -> None:
    """Where the folder may not be written to, the refusal says so and the old content stands."""
    with open_folder() as folder:
        (folder / "file").write_bytes(b"old")
        folder.chmod(0o555)
        with plain_user():
            assert "Permission denied" in refused(write_atomic, folder / "file", b"new").message
        assert (folder / "file").read_bytes() == b"old"
        folder.chmod(0o755)


# -- staying inside ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "..", "/etc/passwd", "out/x", "out", "deep/out/../x", "a\0b", "\ud800"]
)
def test_no_path_leads_out(tmp_path: Path, name: str) -> None:
    """Dots, absolute paths and links, of a file or of any folder on the way, do not lead out of the folder."""
    base = tmp_path / "base"
    (base / "deep").mkdir(parents=True)
    (tmp_path / "x").touch()
    (base / "out").symlink_to(tmp_path)
    (base / "deep" / "out").symlink_to(tmp_path / "base" / ".." / "base" / "..")
    error = refused(inside, base, name, called="the dialogue's folder")
    assert error.code == "path_outside"
    assert str(tmp_path) not in error.message


def test_a_circle_of_links_leads_nowhere(tmp_path: Path) -> None:
    """A link to itself is refused as a way out, or (by newer Pythons) left as it is; nothing can be read through it."""
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(HansardError) as caught:
        read_bytes(inside(tmp_path, "circle/x"))
    assert caught.value.code in {"path_outside", "file_not_found"}


def test_what_lies_inside_is_found(tmp_path: Path) -> None:
    """Plain names, dots that stay inside and links that lead back inside give the path they mean."""
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    base = tmp_path.resolve()
    assert inside(tmp_path, "a/b.md") == base / "a" / "b.md"
    assert inside(tmp_path, "a/../b.md") == base / "b.md"
    assert inside(tmp_path, "link/b.md") == base / "a" / "b.md"
    assert inside(tmp_path, ".") == base


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("there", [True, False])
def test_no_database_s_log_is_written_over(tmp_path: Path, ending: str, there: bool) -> None:
    """What was committed may stand in it alone; by its own name and by a link, also where it is not there just now."""
    (tmp_path / "any.sqlite").write_bytes(b"SQLite format 3\0rest")
    log = tmp_path / f"any.sqlite{ending}"
    if there:
        log.write_bytes(b"committed")
    (tmp_path / "link").symlink_to(log)
    for path in (log, tmp_path / "link"):
        with pytest.raises(HansardError) as refused:
            write_atomic(path, b"minutes")
        assert refused.value.code == "file_unwritable"
    assert log.exists() is there
    write_atomic(tmp_path / f"other{ending}", b"no database's")


@pytest.mark.parametrize("held", [b"SQLite format 3\0rest", b"-----BEGIN PRIVATE KEY-----\nx"])
def test_no_database_and_no_key_is_written_over(tmp_path: Path, held: bytes) -> None:
    """A mistyped name must not cost a record or a key, whoever writes."""
    path = tmp_path / "precious"
    path.write_bytes(held)
    with pytest.raises(HansardError) as refused:
        write_atomic(path, b"minutes")
    assert refused.value.code == "file_unwritable"
    assert path.read_bytes() == held


def test_nothing_is_put_in_the_place_of_a_device_or_a_pipe(tmp_path: Path) -> None:
    """They are refused by name and stay what they are; so is what leads to one, and everything among devices."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    for path in (pipe, link, Path("/dev/null"), Path("/dev/stdout"), Path("/dev/fd/1"), Path("/dev/no-such-device")):
        with pytest.raises(HansardError) as caught:
            write_atomic(path, b"words")
        assert (caught.value.code, "device" in caught.value.message) == ("file_unwritable", True), path
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert not Path("/dev/no-such-device").exists()
