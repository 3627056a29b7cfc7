"""Settings: the file, the environment, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hansard.app.settings import read_settings
from hansard.kernel.errors import HansardError


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    """An empty home has the default settings, whatever other HANSARD_ variables there are."""
    settings = read_settings(tmp_path)
    assert settings.busy_timeout_seconds == 30.0
    assert settings.write_folders == ()


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting of the file holds until the environment says otherwise."""
    (tmp_path / "settings.toml").write_text('busy_timeout_seconds = 5\nwrite_folders = ["out"]\n')
    assert read_settings(tmp_path).busy_timeout_seconds == 5
    assert read_settings(tmp_path).write_folders == (Path("out"),)
    monkeypatch.setenv("HANSARD_BUSY_TIMEOUT_SECONDS", "2.5")
    monkeypatch.setenv("HANSARD_WRITE_FOLDERS", os.pathsep.join(["one", "two"]))
    assert read_settings(tmp_path).busy_timeout_seconds == 2.5
    assert read_settings(tmp_path).write_folders == (Path("one"), Path("two"))


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("a = 1\nbusy_timeout_seconds =\n", "settings_unreadable", "line 2"),
        ("busy_timeout_second = 1", "unknown_setting", "Did you mean 'busy_timeout_seconds'?"),
        ("busy_timeout_seconds = 0", "invalid_setting", "busy_timeout_seconds"),
        ('busy_timeout_seconds = "long"', "invalid_setting", "busy_timeout_seconds"),
        ("write_folders = 3\nbusy_timeout_seconds = -1\nmore = 1", "settings_invalid", "3 settings"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, text: str, code: str, word: str) -> None:
    """Malformed TOML, an unknown name and a value that does not fit are refused, each by name."""
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(HansardError) as caught:
        read_settings(tmp_path)
    assert caught.value.code == code
    assert word in f"{caught.value.message} {caught.value.suggestion}"
    assert str(tmp_path) not in str(caught.value.as_dict())


def test_several_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    """Every wrong setting has its own entry."""
    (tmp_path / "settings.toml").write_text("write_folders = 3\nbusy_timeout_seconds = -1\nmore = 1\n")
    with pytest.raises(HansardError) as caught:
        read_settings(tmp_path)
    assert sorted(fault.field or "" for fault in caught.value.errors) == [
        "busy_timeout_seconds",
        "more",
        "write_folders",
    ]
