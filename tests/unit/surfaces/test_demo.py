"""The demo's own small parts."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from hansard.kernel.errors import HansardError
from hansard.surfaces.cli.commands.demo import (
    FORGED,
    example_folder,
    forge,
    new_home,
    opening,
    program_name,
    replaced,
)
from hansard.surfaces.render.demo import ending, minutes_told
from hansard.surfaces.render.plain import plain_lines


def test_the_example_ships_with_the_package() -> None:
    """The example lies in the package, with rounds and a verdict."""
    assert (example_folder() / "round-0").is_dir()
    assert (example_folder() / "verdict.md").is_file()


def test_a_forgery_changes_one_word_of_one_perspective(tmp_path: Path) -> None:
    """Only the figure is another, whether or not the sentence is wrapped there; all else is the same document."""
    said = "It costs nineteen.\nThe write path restores in\nnine minutes, not nine hours."
    perspectives = [
        {"id": "P0001", "label": "other", "content": "nine minutes", "contributors": ["scone"], "round": 0},
        {"id": "P0104", "label": "fast", "content": said, "contributors": ["eclair"], "round": 1},
    ]
    document = {"perspectives": perspectives, "digest": "kept"}
    (tmp_path / "record.json").write_text(json.dumps(document))
    told = forge(tmp_path / "record.json", tmp_path / "forged.json")
    assert (told["id"], told["by"], told["said"], told["written"]) == ("P0104", ["Eclair"], "nine", FORGED)
    forged = json.loads((tmp_path / "forged.json").read_text())
    assert forged["perspectives"][1].pop("content") == said.replace("nine minutes", f"{FORGED} minutes")
    perspectives[1].pop("content")
    assert forged == document


def test_the_demo_takes_an_empty_folder_and_refuses_another(tmp_path: Path) -> None:
    """A folder that does not exist or is empty becomes the home; one that holds something is refused."""
    for folder in (tmp_path / "new", tmp_path):
        with new_home(str(folder)) as home:
            assert home == folder
    (tmp_path / "thesis").touch()
    with pytest.raises(HansardError) as caught, new_home(str(tmp_path)):
        pass
    assert caught.value.code == "folder_not_empty"


def test_each_demo_takes_the_place_of_the_last(tmp_path: Path) -> None:
    """The demo's own folder is made anew each time; where none can be made, a temporary one serves."""
    place = tmp_path / "cache" / "demo"
    with replaced(place) as home:
        assert home == place
        (home / "hansard.db").touch()
    with replaced(place) as home:
        assert home == place
        assert list(home.iterdir()) == []
    (tmp_path / "file").touch()
    with replaced(tmp_path / "file" / "demo") as home:
        assert home.is_dir()
        assert not home.is_relative_to(tmp_path)
    home.rmdir()


def test_a_terminal_reads_down_to_the_end_of_the_clerks_note() -> None:
    """The opening of minutes has verdict, dissent and note whole; minutes without a note are not cut."""
    head = '# Minutes\n\n## Verdict\n\nyes\n\n## <a id="clerk"></a>The Clerk’s note\n\nno\n\n'
    assert opening(f"{head}## Tensions\n\nmany\n") == head
    assert opening("# Minutes\n\n## Verdict\n") == "# Minutes\n\n## Verdict\n"


def test_the_demo_tells_what_it_folded(tmp_path: Path) -> None:
    """A reader is told how long the minutes are, where they lie, and how to read the lines that were folded."""
    told = list(plain_lines(minutes_told(715, 600, tmp_path / "minutes.md", tmp_path, "hansard")))
    assert told[1:] == [
        f"… 600 more lines: hansard minutes latest --home {tmp_path}",
        f"The minutes have 715 lines; they lie in {tmp_path}/minutes.md.",
    ]
    assert len(list(plain_lines(minutes_told(715, 0, tmp_path / "minutes.md", tmp_path, "hansard")))) == 2


def installed(folder: Path) -> Path:
    """A program of the name in a folder."""
    program = folder / "hansard"
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_the_program_is_named_as_the_user_can_start_it(tmp_path: Path) -> None:
    """By its name where the user's own PATH has it; by its path where only an environment made for us has it."""
    program = installed(tmp_path / "home" / "bin")
    on_path = {"PATH": str(program.parent)}
    assert program_name(on_path, str(program)) == "hansard"
    inside = {**on_path, "VIRTUAL_ENV": str(tmp_path / "home")}
    assert program_name({**inside, "PWD": str(tmp_path)}, str(program)) == "home/bin/hansard"
    assert program_name({**inside, "PWD": str(tmp_path / "elsewhere")}, str(program)) == str(program)
    assert program_name({"PATH": ""}, str(tmp_path / "hansard" / "__main__.py")) == (
        f"{shlex.quote(sys.executable)} -m hansard"
    )


def test_the_commands_to_try_survive_a_home_with_a_blank(tmp_path: Path) -> None:
    """Each command that the demo names can be pasted into a shell, also when its home's name has a blank."""
    home = tmp_path / "my demo"
    lines = [line.strip() for line in plain_lines(ending(home, "hansard", "P0104"))]
    commands = [shlex.split(line) for line in lines if line.startswith("hansard ")]
    assert [command[1] for command in commands] == ["show", "show", "verify", "import"]
    assert all(str(home) in " ".join(command) for command in commands)
    assert commands[2][2] == str(home / "forged.json")
    passing = list(plain_lines(ending(home, "hansard", "P0104", passing=True)))
    assert "The next demo takes its place" in passing[-1]
    assert not any("The next demo" in line for line in lines)
