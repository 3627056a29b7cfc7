"""Where Hansard keeps its things."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hansard.app.assembly import writable
from hansard.app.home import find_home, os_user, usable
from hansard.kernel.errors import HansardError


def test_the_variable_wins(tmp_path: Path) -> None:
    """HANSARD_HOME names the home, also one that does not exist yet and beside a nearer folder."""
    (tmp_path / ".hansard").mkdir()
    assert find_home({"HANSARD_HOME": str(tmp_path / "elsewhere")}, tmp_path) == (tmp_path / "elsewhere", False)


def test_a_relative_home_is_made_absolute(tmp_path: Path) -> None:
    """A relative HANSARD_HOME is one place, wherever the process goes afterwards."""
    assert find_home({"HANSARD_HOME": "council"}, tmp_path).folder == Path.cwd() / "council"


def test_the_nearest_folder_upward_is_the_home(tmp_path: Path) -> None:
    """Without the variable, or with an empty one, the nearest .hansard upward from the working folder is the home."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / ".hansard").mkdir()
    (tmp_path / "a" / ".hansard").mkdir()
    assert find_home({}, deep) == (tmp_path / "a" / ".hansard", True)
    assert find_home({"HANSARD_HOME": ""}, tmp_path) == (tmp_path / ".hansard", True)


def test_a_file_of_that_name_is_no_home(tmp_path: Path) -> None:
    """A file called .hansard is passed over; with nothing upward the system's data folder is taken."""
    (tmp_path / ".hansard").touch()
    home, met = find_home({}, tmp_path)
    assert not met
    assert home.name == "hansard"
    assert tmp_path not in home.parents


def test_a_home_that_cannot_be_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home of a user whom nobody knows, a name that is no UTF-8, and a folder that was removed are told as such."""
    with pytest.raises(HansardError, match="home directory") as caught:
        find_home({"HANSARD_HOME": "~nosuchuser-hansard"}, tmp_path)
    assert caught.value.code == "home_unusable"
    with pytest.raises(HansardError, match="not UTF-8"):
        usable(Path(os.fsdecode(b"/tmp/\xff")))
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(HansardError, match="cannot be used"):
        find_home({}, Path())
    assert find_home({"HANSARD_HOME": str(tmp_path)}, Path()) == (tmp_path, False)


def test_the_user_has_a_name() -> None:
    """Whoever runs this process is called something."""
    assert os_user().strip()


@pytest.mark.parametrize(
    ("name", "below", "anywhere"),
    [
        ("home/dialogues/one/report.md", True, True),
        ("out/report.md", True, True),
        ("elsewhere/report.md", False, True),
        ("home/hansard.db", False, False),
        ("home/hansard.db-wal", False, False),
        ("home/settings.toml", False, False),
        ("home/keys/private.pem", False, False),
        ("home/keys", False, False),
        ("link-to-home/settings.toml", False, False),
        ("home/Hansard.DB-shm", False, False),
        ("link-to-wal", False, False),
        ("link-to-keys/trusted.json", False, False),
        ("linked-home/settings.toml", False, False),
        ("out/other-home/settings.toml", False, True),
        ("out/other-home/hansard.db", False, True),
        ("out/../elsewhere/report.md", False, True),
    ],
)
def test_what_a_home_keeps_is_never_written_to(tmp_path: Path, name: str, below: bool, anywhere: bool) -> None:
    """Operations write below the home and the folders of the settings, people anywhere; neither over store or keys."""
    for folder in ("home/keys", "out/other-home", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link-to-home").symlink_to(tmp_path / "home")
    (tmp_path / "link-to-wal").symlink_to(tmp_path / "home" / "hansard.db-wal")
    (tmp_path / "link-to-keys").symlink_to(tmp_path / "home" / "keys")
    (tmp_path / "linked-home").symlink_to(tmp_path / "home")
    (tmp_path / "home" / "settings.toml").symlink_to(tmp_path / "elsewhere" / "hansard.toml")
    folders = [tmp_path / "out"]
    path = tmp_path / name
    assert writable(path, tmp_path / "home", folders, anywhere=False) is below
    assert writable(path, tmp_path / "home", folders, anywhere=True) is anywhere
