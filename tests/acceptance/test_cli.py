"""The command line, as people and scripts use it: real processes, a real store, the shipped example."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import jsonschema  # type: ignore[import-untyped]
import pytest

from hansard.app.assembly import open_parts
from hansard.surfaces.cli import exits
from tests.acceptance.program import PROGRAM, Run, environment, hansard
from tests.conftest import ROOT, sampled

EXAMPLE: Final = ROOT / "src" / "hansard" / "examples" / "2026-09-14T0900Z-ledger-write-path"
ID: Final = "ledger-write-path"
ESCAPE: Final = "\x1b"
BOXES: Final = re.compile(r"[\u2500-\u257f]")

READING: Final[dict[str, list[str]]] = {
    "list": ["list"],
    "show": ["show", "latest"],
    "show an entity": ["show", "latest", "P0101"],
    "show a round": ["show", "latest", "round-1"],
    "show a verdict": ["show", "latest", "verdict:final"],
    "minutes": ["minutes", "latest"],
    "report": ["report", "latest"],
    "progress": ["progress", "latest"],
    "cite": ["cite", "latest", "P0001", "T0001"],
    "search": ["search", "primary"],
    "verify": ["verify", "latest"],
    "verify all": ["verify", "--all"],
    "doctor": ["doctor"],
    "call": ["call", "dialogue_progress", '{"dialogue_id": "latest"}'],
    "call --list": ["call", "--list"],
    "call --schema": ["call", "dialogue_get", "--schema"],
}
"""A call of each command that changes nothing."""

QUICK: Final = ("minutes", "call")
"""Those that are tried also when there is little time: a process each."""


ANSWERS: Final = {
    "list": "dialogue_list",
    "show": "dialogue_get",
    "minutes": "dialogue_minutes",
    "report": "dialogue_report",
    "progress": "dialogue_progress",
    "cite": "dialogue_expand_citations",
    "search": "dialogue_search",
    "verify": "verify",
    "verify all": "verify",
    "doctor": "doctor",
    "call": "dialogue_progress",
}
"""The operation whose answer a command gives."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the example in it; tests that change something take a copy."""
    home = tmp_path_factory.mktemp("filled")
    done = hansard("import", EXAMPLE, variables={"HANSARD_HOME": str(home)})
    assert done.code == exits.OK, done
    return home


@pytest.fixture
def own(filled: Path, tmp_path: Path) -> Path:
    """A home with the example in it, to be changed."""
    shutil.copytree(filled, tmp_path / "own")
    return tmp_path / "own"


def at(home: Path, *arguments: str | Path, **more: Any) -> Run:
    """Run a command in this home."""
    return hansard(*arguments, variables={"HANSARD_HOME": str(home)}, **more)


def on_terminal(home: Path, *arguments: str, **changes: str | None) -> tuple[int, str]:
    """Run a command on a terminal of its own; gives its exit code and all that the terminal got."""
    leader, follower = pty.openpty()
    variables = environment(HANSARD_HOME=str(home), TERM="xterm-256color", COLUMNS="120", **changes)
    child = subprocess.Popen(
        [*PROGRAM, *arguments], stdin=follower, stdout=follower, stderr=follower, env=variables, close_fds=True
    )
    os.close(follower)
    got = b""
    try:
        while True:
            ready, _, _ = select.select([leader], [], [], 60)
            assert ready, "the terminal stays silent"
            try:
                part = os.read(leader, 65536)
            except OSError:  # Linux tells the end of a terminal this way
                break
            if not part:
                break
            got += part
    finally:
        os.close(leader)
    return child.wait(timeout=60), got.decode()


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sampled(READING, QUICK))
def test_a_pipe_gets_plain_text(filled: Path, name: str) -> None:
    """Piped, every command prints without colour and boxes, says nothing on stderr, and ends with 0."""
    done = at(filled, *READING[name])
    assert done.code == exits.OK, done.err
    assert done.out.strip()
    assert ESCAPE not in done.out
    assert not BOXES.search(done.out)
    assert done.err == ""


@pytest.fixture(scope="module")
def schemas(filled: Path) -> dict[str, dict[str, Any]]:
    """The schema of each operation's answer."""
    with open_parts(filled, store=False) as parts:
        return {name: o.answer.model_json_schema(mode="serialization") for name, o in parts.table.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", READING)
def test_json_gives_one_document(filled: Path, schemas: dict[str, dict[str, Any]], name: str) -> None:
    """With --json every command prints one JSON document: its operation's answer, valid against the schema."""
    done = at(filled, *READING[name], "--json")
    assert done.code == exits.OK, done.err
    assert isinstance(done.json, dict)
    assert done.err == ""
    if name in ANSWERS:
        jsonschema.validate(done.json, schemas[ANSWERS[name]])
    if name == "call --schema":
        assert done.json["answer"] == schemas["dialogue_get"]


@pytest.mark.slow
def test_a_table_in_a_pipe_can_be_cut(filled: Path) -> None:
    """The list is a line of names and a line for each dialogue, in columns divided by tabs, nothing cut off."""
    head, row = at(filled, "list").out.splitlines()
    cells = dict(zip(head.split("\t"), row.split("\t"), strict=True))
    assert cells["Id"] == ID
    assert cells["Status"] == "converged"
    assert cells["Rounds"] == "3"


@pytest.mark.slow
def test_a_dialogue_at_a_glance(filled: Path) -> None:
    """A dialogue is shown with question, figures beside the Judge's claims, tensions, verdicts and panel."""
    shown = at(filled, "show", "latest").out
    for word in ("Question: ", "Figures, computed from the record", "≠ 100", "Tensions", "Verdict final", "Panel"):
        assert word in shown
    assert "T0003" in shown
    assert "Croissant" in shown


@pytest.mark.slow
def test_an_entity_is_shown_whole(filled: Path) -> None:
    """An entity has its words, its contributors, references both ways, its life, and the line where it was said."""
    shown = at(filled, "show", "latest", "P0007").out
    assert "Said by: Muffin" in shown
    assert "Referred to by" in shown
    assert "Its life" in shown
    place = re.search(r"Word for word in Muffin's response of round 0, line (\d+)", shown)
    assert place
    said = (EXAMPLE / "round-0" / "muffin.md").read_text(encoding="utf-8").splitlines()[int(place[1]) - 1]
    assert said.split()[0] in shown
    document = at(filled, "show", "latest", "P0007", "--json").json
    assert document["id"] == "P0007"
    assert document["stands_in"] == [{"round": 0, "expert": "muffin", "line": int(place[1])}]
    assert {ref["source_id"] for ref in document["referred_to_by"]} >= {"P0106"}


@pytest.mark.slow
def test_whatever_a_search_names_can_be_shown(filled: Path) -> None:
    """Every item of a search is taken by ``show`` as it is printed; of another, the nearest is told."""
    found = {hit["item"] for hit in at(filled, "search", "recovery", "--json").json["hits"]}
    found |= {hit["item"] for hit in at(filled, "search", "stripes", "--json").json["hits"]}
    assert len({name.partition("-")[0].partition(":")[0] for name in found}) > 2
    for name in sorted(found)[::5]:
        assert at(filled, "show", "latest", name).code == exits.OK, name
    assert at(filled, "show", "latest", "VERDICT:final", "--json").json["verdict_id"] == "final"
    missed = at(filled, "show", "latest", "round-7")
    assert missed.code == 4
    assert "Did you mean 'round-" in missed.err


@pytest.mark.slow
def test_ids_take_a_unique_beginning(filled: Path) -> None:
    """A unique beginning of an id and 'latest' name the dialogue, in commands and in calls."""
    assert at(filled, "progress", ID[:6], "--json").json["dialogue_id"] == ID
    request = json.dumps({"dialogue_id": ID[:6]})
    assert at(filled, "call", "dialogue_progress", request).json["dialogue_id"] == ID


@pytest.mark.slow
def test_minutes_and_report_are_markdown_in_a_pipe_and_in_a_file(filled: Path, tmp_path: Path) -> None:
    """Minutes and report come as Markdown; a file gets the same bytes as a pipe."""
    for command in ("minutes", "report"):
        file = tmp_path / f"{command}.md"
        assert at(filled, command, "latest", "-o", file).code == exits.OK
        piped = at(filled, command, "latest").out
        assert file.read_text(encoding="utf-8") == piped
        assert piped.startswith("# ")


@pytest.mark.parametrize("command", ["minutes", "report"])
def test_no_document_is_written_over_what_the_home_keeps(filled: Path, tmp_path: Path, command: str) -> None:
    """Not over the store's log, keys or settings, by whatever name; the record is whole afterwards."""
    (tmp_path / "link").symlink_to(filled / "hansard.db-wal")
    kept = ("hansard.db", "hansard.db-wal", "hansard.db-shm", "settings.toml", "keys/trusted.json")
    (filled / "keys").mkdir(exist_ok=True)
    for file in (*(filled / name for name in kept), tmp_path / "link"):
        assert at(filled, command, "latest", "--output", file).code not in (exits.OK, 1)
    assert not (filled / "settings.toml").exists()
    assert at(filled, "verify", "--all").code == exits.OK


@pytest.mark.slow
def test_a_dash_is_standard_output(filled: Path, tmp_path: Path) -> None:
    """'-o -' writes the document to standard output and makes no file; beside --json it is refused."""
    for arguments in (["minutes", "latest"], ["report", "latest"]):
        assert at(filled, *arguments, "-o", "-", cwd=tmp_path).out == at(filled, *arguments).out
    done = at(filled, "export", "latest", "-o", "-", cwd=tmp_path)
    assert done.code == exits.OK
    assert at(filled, "export", "latest", "-o", tmp_path / "record.json").code == exits.OK
    written = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert done.json["digest"] == written["digest"]
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]
    assert at(filled, "minutes", "latest", "-o", "-", "--json").code == exits.USAGE


@pytest.mark.slow
def test_citations_are_taken_as_people_write_them(filled: Path) -> None:
    """Ids may be in small letters, and commas may stand between them."""
    told = at(filled, "cite", "latest", "p0001,T0001, e0001", "--json").json["citations"]
    assert [(one["id"], one["error"]) for one in told] == [("P0001", None), ("T0001", None), ("E0001", None)]


@pytest.mark.slow
def test_latest_is_the_dialogue_that_was_written_to_last(own: Path, tmp_path: Path) -> None:
    """'latest' is what was written to last, though the list, by the day it was held, has another at its head."""
    folder = tmp_path / "2020-01-01T0000Z-older" / "round-0"
    folder.mkdir(parents=True)
    (folder / "muffin.md").write_text("[MUFFIN-P0001: a label]\nSome words.\n")
    assert at(own, "import", folder.parent).code == exits.OK
    assert [one["dialogue_id"] for one in at(own, "list", "--json").json["dialogues"]] == [ID, "older"]
    assert at(own, "progress", "latest", "--json").json["dialogue_id"] == "older"
    for nearly in ("lat", "LATEST"):
        assert "Did you mean 'latest'?" in at(own, "show", nearly).err


@pytest.mark.slow
def test_a_call_reads_its_request_from_anywhere(filled: Path, tmp_path: Path) -> None:
    """A request is taken from the line, a file or standard input alike."""
    request = '{"dialogue_id": "latest", "ids": ["P0001"]}'
    (tmp_path / "request.json").write_text(request)
    answers = [
        at(filled, "call", "dialogue_expand_citations", request),
        at(filled, "call", "dialogue_expand_citations", f"@{tmp_path / 'request.json'}"),
        at(filled, "call", "dialogue_expand_citations", "-", given=request),
        at(filled, "call", "expand_citations", request),
    ]
    assert {answer.out for answer in answers} == {answers[0].out}
    assert answers[0].json["citations"][0]["id"] == "P0001"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ('{"limit": 1, "limit": 2}', "the key 'limit' stands twice in one object"),
        ('{"limit": ' + "9" * 6000 + "}", "an integer has 6,000 digits"),
        (b'{"status": "\xe9"}', "line 1 (byte 12) is not UTF-8"),
        (b"\xff\xfe{\0}\0", "byte 0) is not UTF-8"),
    ],
)
def test_a_call_takes_only_what_all_readers_take_alike(filled: Path, request_: str | bytes, words: str) -> None:
    """A key twice, an endless integer and bytes that are no UTF-8 are refused, in every locale."""
    western = {"HANSARD_HOME": str(filled), "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
    done = hansard("call", "dialogue_list", "-", given=request_, variables=western)
    assert done.code == 3, done
    assert words in done.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("hansard call dialogue_list - <&-", 7, "'standard input' cannot be read: it is closed"),
        ("""hansard call dialogue_get '{"dialogue_id": "\\ud800"}'""", 3, "holds a lone surrogate"),
        ("hansard show $'\\xff'", 4, "there is no dialogue"),
        ("hansard search primary --in $'\\xff'", 4, "there is no dialogue"),
        ("hansard demo --keep $(printf 'x%.0s' {1..5000})", 7, "File name too long"),
        ("HANSARD_HOME=~nosuchuser hansard list", 3, "home cannot be used"),
        ("HANSARD_HOME=$'/tmp/\\xff' hansard list", 3, "its name is not UTF-8"),
        ("HANSARD_HOME=$(printf 'x%.0s' {1..5000}) hansard doctor", 3, "File name too long"),
        ("HANSARD_WRITE_FOLDERS=$'\\xff' hansard list", 0, ""),
        ('unset HANSARD_HOME; mkdir gone; cd gone; rmdir "$PWD"; hansard list', 3, "home cannot be used"),
    ],
)
def test_what_a_shell_may_hand_over_is_no_failure_of_the_program(
    filled: Path, tmp_path: Path, line: str, code: int, words: str
) -> None:
    """Bytes that are no text, closed input, folders that cannot be: each gets its word, none a failure."""
    script = f'hansard() {{ {shlex.join(PROGRAM)} "$@"; }}; {line}'
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment(HANSARD_HOME=str(filled)),
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done
    assert words in done.stderr.decode()


@pytest.mark.slow
def test_who_writes_in_a_home_that_was_met_is_told(tmp_path: Path) -> None:
    """A .hansard folder here or above is named once on stderr by what writes, not by what reads or was told it."""
    (tmp_path / ".hansard").mkdir()
    deep = tmp_path / "deep"
    deep.mkdir()
    nobody_says: dict[str, str | None] = {"HANSARD_HOME": None}
    written = hansard("import", EXAMPLE, cwd=deep, variables=nobody_says)
    assert (written.code, written.err.count(str(tmp_path / ".hansard"))) == (0, 1), written
    assert hansard("list", cwd=deep, variables=nobody_says).err == ""
    named = hansard("export", "latest", "-o", "out.json", cwd=deep, variables={"HANSARD_HOME": "../.hansard"})
    assert (named.code, named.err) == (0, "")


# -- on a terminal -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_terminal_gets_colour_and_tables(filled: Path) -> None:
    """On a terminal tables have lines and statuses have colours; NO_COLOR takes the colours away."""
    code, shown = on_terminal(filled, "show", "latest", NO_COLOR=None)
    assert code == exits.OK
    assert f"{ESCAPE}[32m" in shown
    assert BOXES.search(shown)
    _, plain = on_terminal(filled, "show", "latest", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", plain)
    assert BOXES.search(plain)


@pytest.mark.slow
def test_minutes_are_typeset_on_a_terminal(filled: Path) -> None:
    """On a terminal the minutes' Markdown is set: its headings have no marks."""
    _, shown = on_terminal(filled, "minutes", "latest")
    assert not re.search(r"^#+ ", re.sub(r"\x1b\[[0-9;]*m", "", shown), re.MULTILINE)


@pytest.mark.slow
def test_a_transcript_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    """Terminal codes in what an expert wrote are shown, never carried out."""
    folder = tmp_path / "2026-01-01T0000Z-hostile" / "round-0"
    folder.mkdir(parents=True)
    (folder / "muffin.md").write_text("[MUFFIN-P0001: red \x1b[31mlabel\x1b[2J]\nand \x1b]0;title\x07 content\n")
    assert at(tmp_path / "home", "import", folder.parent).code == exits.OK
    for command in (["show", "latest"], ["show", "latest", "P0001"], ["minutes", "latest"], ["report", "latest"]):
        _, shown = on_terminal(tmp_path / "home", *command)
        assert "\x1b[2J" not in shown
        assert "\x1b]0;" not in shown


@pytest.mark.slow
def test_long_work_shows_a_bar_on_a_terminal() -> None:
    """A bar appears on a terminal's stderr while work goes on, and is gone when it has ended."""
    program = (
        "import sys\nfrom hansard.surfaces.cli.bar import Bar\n"
        "with Bar('Grinding') as bar:\n    bar(3, 9, 'Grinding on')\n    sys.stdin.readline()\n"
    )
    leader, follower = pty.openpty()
    variables = environment(TERM="xterm-256color", COLUMNS="100")
    child = subprocess.Popen(
        [PROGRAM[0], "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=follower, env=variables
    )
    os.close(follower)
    shown = b""
    while b"3/9" not in shown:  # the work ends only when the bar was seen
        ready, _, _ = select.select([leader], [], [], 60)
        assert ready, "no bar was shown"
        shown += os.read(leader, 65536)
    out, _ = child.communicate(b"\n", timeout=60)
    os.close(leader)
    assert b"Grinding on" in shown
    assert (child.returncode, out) == (0, b"")


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["shwo", "latest"], exits.USAGE, ["No such command 'shwo'", "Did you mean 'show'"]),
        (["list", "--jsn"], exits.USAGE, ["--jsn", "--json"]),
        (["list", "--status", "opne"], exits.USAGE, ["opne", "open"]),
        (["show"], exits.USAGE, ["Missing argument 'ID'", "hansard show --help"]),
        (["verify"], exits.USAGE, ["--all"]),
        (["call"], exits.USAGE, ["--list"]),
        (["show", "ledger-write-pth"], 4, [f"Did you mean '{ID}'"]),
        (["show", "latest", "P0199"], 4, ["P0199"]),
        (["cite", "latest", "P0001", "P9901"], 4, []),
        (["verify", "nowhere/record.json"], 4, ["no file or folder 'nowhere/record.json'"]),
        (["verify", "nowhere.md"], 4, ["no file or folder 'nowhere.md'"]),
        (["verify", "x" * 300], 4, ["no dialogue"]),
        (["verify", "all"], 4, ["'--all'"]),
        (["call", "dialogue_lst"], 4, ["Did you mean 'dialogue_list'"]),
        (["call", "dialogue_list", "{"], 3, ["not JSON", "line 1"]),
        (["call", "dialogue_list", '{"limit": 0, "stat": 1}'], 3, ["limit", "stat", "Did you mean 'status'"]),
        (["call", "dialogue_list", "@nowhere.json"], 4, ["nowhere.json"]),
        (["search", "primary", "--in", "nowhere"], 4, ["nowhere"]),
    ],
)
def test_a_refusal_has_its_code_and_says_what_to_do(
    filled: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    """A refusal ends with the code of its kind, and tells on stderr what is wrong and what would do."""
    plain = at(filled, *arguments)
    assert plain.code == code, plain
    assert ESCAPE not in plain.err
    assert "Traceback" not in plain.err
    for word in words:
        assert word in plain.err


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "exit_code"),
    [
        (["show", "nowhere"], "dialogue_not_found", "not_found", 4),
        pytest.param(["show", "latest", "--nowhere"], "usage", "invalid", exits.USAGE, marks=pytest.mark.slow),
        pytest.param(
            ["call", "dialogue_list", '{"limit": 0, "stat": 1}'],
            "batch_validation_failed",
            "invalid",
            3,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_error_as_json_is_the_whole_error(
    filled: Path, arguments: list[str], code: str, kind: str, exit_code: int
) -> None:
    """With --json an error is the one document on stdout, with the keys that every error has."""
    done = at(filled, *arguments, "--json")
    document = done.json
    assert (document["status"], document["success"]) == ("error", False)
    assert (document["error_code"], document["kind"], done.code) == (code, kind, exit_code)
    assert document["suggestion"]
    assert done.err == ""


@pytest.mark.slow
def test_every_fault_of_a_batch_is_told(own: Path) -> None:
    """A round with several faults is refused with all of them, by item, and nothing is written."""
    created = at(own, "call", "dialogue_create", "-", given=json.dumps(CREATE))
    assert created.code == exits.OK, created.err
    faulty = {
        "dialogue_id": "tea-or-coffee",
        "round": 0,
        "perspectives": [{"local_id": "MUFFIN-T0001", "label": "a", "content": "b"}],
        "tensions": [{"local_id": "NOBODY-T0001", "label": "a", "description": "b"}],
    }
    done = at(own, "call", "dialogue_round_register", json.dumps(faulty))
    assert done.code in exits.BY_KIND.values()
    assert "nothing was written" in done.err
    assert "MUFFIN-T0001" in done.err
    assert "NOBODY-T0001" in done.err
    assert at(own, "progress", "tea-or-coffee", "--json").json["total_rounds"] == 0


CREATE: Final = {
    "title": "Tea or coffee",
    "question": "What does the office drink?",
    "expert_pool": {"experts": [{"role": "Taster"}, {"role": "Accountant"}, {"role": "Cleaner"}]},
}


@pytest.mark.slow
def test_an_unexpected_failure_is_one_line(own: Path) -> None:
    """A fault of the program ends with 70 and one line without paths; --debug shows the trace."""
    program = "from hansard.surfaces.cli import run\n\ndef broken(*a, **k):\n    raise RuntimeError('/secret/path')\n\n"
    program += "raise SystemExit(run(broken, {arguments}))"
    ends = {}
    for name, arguments in {"plain": ["list"], "json": ["list", "--json"], "debug": ["list", "--debug"]}.items():
        command = [PROGRAM[0], "-c", program.format(arguments=arguments)]
        ends[name] = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
        assert ends[name].returncode == exits.INTERNAL
    assert len(ends["plain"].stderr.splitlines()) == 1
    assert "/secret/path" not in ends["plain"].stderr
    assert "--debug" in ends["plain"].stderr
    assert json.loads(ends["json"].stdout)["kind"] == "internal"
    assert "RuntimeError: /secret/path" in ends["debug"].stderr


@pytest.mark.slow
def test_a_broken_store_is_told_and_the_doctor_still_works(tmp_path: Path) -> None:
    """On a store that is no database commands end with a refusal and no trace, and the doctor says what is wrong."""
    (tmp_path / "hansard.db").write_bytes(b"certainly not a database" * 100)
    done = at(tmp_path, "list")
    assert done.code == exits.BY_KIND["corrupt"]
    assert "Traceback" not in done.err
    doctor = at(tmp_path, "doctor", "--json")
    assert doctor.code == exits.FOUND
    assert [check["name"] for check in doctor.json["checks"] if not check["ok"]] == ["store"]
    assert at(tmp_path, "call", "doctor").json == doctor.json


@pytest.mark.slow
def test_wrong_settings_are_told(tmp_path: Path) -> None:
    """A setting that does not exist is refused with the one that was meant."""
    (tmp_path / "settings.toml").write_text("busy_timeout_second = 3\n")
    done = at(tmp_path, "list")
    assert done.code == exits.BY_KIND["invalid"]
    assert "Did you mean 'busy_timeout_seconds'" in done.err


# -- import, export, verify --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_import_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    """Of several paths the bad ones are told, the good ones are imported, and the exit code says that some failed."""
    (tmp_path / "empty.json").write_text("{}")
    paths: list[str | Path] = [tmp_path / "empty.json", EXAMPLE, tmp_path / "emtpy.json", "x" * 300]
    done = at(tmp_path / "home", "import", *paths, "--json")
    assert done.code == exits.FOUND
    assert (done.json["imported"], done.json["skipped"], done.json["failed"]) == (1, 0, 3)
    bad, good, missing, no_name = done.json["results"]
    assert no_name["error_code"] == "path_not_found"
    assert bad["success"] is False
    assert good["dialogue_id"] == ID
    assert missing["error_code"] == "path_not_found"
    assert "empty.json" in missing["suggestion"]
    again = at(tmp_path / "home", "import", EXAMPLE)
    assert again.code == exits.OK
    assert "already in the record, unchanged" in again.out


@pytest.mark.slow
def test_what_is_no_dialogue_is_skipped_beside_dialogues(tmp_path: Path) -> None:
    """A path that no importer knows is told and is no failure, unless there was nothing else to import."""
    home, readme, empty = tmp_path / "home", tmp_path / "README.md", tmp_path / "empty"
    readme.write_text("Two panels.")
    empty.mkdir()
    done = at(home, "import", readme, EXAMPLE, empty)
    assert done.code == exits.OK
    assert f"– {readme}: skipped" in done.out
    nothing = at(home, "import", readme, empty, "--json")
    assert nothing.code == exits.FOUND
    assert (nothing.json["status"], nothing.json["imported"], nothing.json["skipped"]) == ("error", 0, 2)
    alone = at(home, "import", readme, "--json")
    assert alone.code == exits.FOUND
    assert alone.json["results"][0]["error_code"] == "not_a_dialogue"


@pytest.mark.slow
def test_a_folder_of_dialogues_is_imported_whole(tmp_path: Path) -> None:
    """A folder that holds dialogues stands for each of them."""
    for name in ("2026-01-01T0000Z-one", "2026-01-02T0000Z-two"):
        folder = tmp_path / "panels" / name / "round-0"
        folder.mkdir(parents=True)
        (folder / "muffin.md").write_text("[MUFFIN-P0001: a label]\nSome words.\n")
    done = at(tmp_path / "home", "import", tmp_path / "panels", "--json")
    assert [result["dialogue_id"] for result in done.json["results"]] == ["one", "two"]
    assert (done.json["imported"], done.json["failed"], done.code) == (2, 0, exits.OK)


@pytest.mark.slow
def test_import_tells_figures_beside_claims(tmp_path: Path) -> None:
    """An import prints counts, and each computed figure beside what the judge claimed, marked where they differ."""
    done = at(tmp_path, "import", EXAMPLE)
    assert "3 rounds, 7 experts, 18 responses" in done.out
    assert "Converged\tclaimed" in done.out
    assert "≠ 100" in done.out


@pytest.mark.slow
def test_export_and_verify_a_file_without_a_store(filled: Path, tmp_path: Path) -> None:
    """An exported file verifies where there is no store, and none is made there."""
    file = tmp_path / "record.json"
    assert at(filled, "export", "latest", "-o", file).code == exits.OK
    done = at(tmp_path / "nowhere", "verify", file)
    assert done.code == exits.OK, done
    assert not (tmp_path / "nowhere").exists()
    bare = tmp_path / "bare.json"
    assert at(filled, "export", "latest", "--no-journal", "-o", bare).code == exits.OK
    assert "journal" not in json.loads(bare.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_backup_brings_the_record_back_in_another_home(filled: Path, tmp_path: Path) -> None:
    """Backed up and restored, every head is the one that it was; neither is done over what stands."""
    backup = tmp_path / "backup"
    assert at(filled, "backup", backup).code == exits.OK
    assert at(tmp_path / "new", "restore", backup).code == exits.OK
    before, after = (at(home, "verify", "--all", "--json").json for home in (filled, tmp_path / "new"))
    assert after["ok"]
    assert after["heads"] == before["heads"]
    again = at(filled, "backup", backup, "--json")
    assert (again.code, again.json["error_code"]) == (exits.BY_KIND["conflict"], "folder_not_empty")
    assert at(tmp_path / "new", "restore", backup).code == exits.BY_KIND["conflict"]


def test_verify_prints_the_head_that_the_minutes_state(filled: Path) -> None:
    """The hash by which the minutes can be compared with the store is the one that verify prints."""
    head = at(filled, "minutes", "latest", "--json").json["head"]
    noted = f"{head['stream']}:{head['sequence']}:{head['hash']}"
    for arguments in (["verify", "latest"], ["verify", "--all"]):
        assert f"{noted}\n" in at(filled, *arguments).out


@pytest.mark.slow
def test_verify_holds_the_store_against_what_was_noted(filled: Path, tmp_path: Path) -> None:
    """Minutes kept elsewhere, and a head given alone, hold; a head with another hash ends verify with 1."""
    note = tmp_path / "minutes.md"
    note.write_text(at(filled, "minutes", "latest").out, encoding="utf-8")
    held = at(filled, "verify", "--against", note)
    assert held.code == exits.OK, held
    head = next(line for line in held.out.splitlines() if "held: " in line).partition("held: ")[2]
    assert at(filled, "verify", "latest", "--head", head).code == exits.OK
    other = f"{head.rpartition(':')[0]}:{'0' * 64}"
    contradicted = at(filled, "verify", "--head", head, "--head", other)
    assert contradicted.code == exits.FOUND
    assert f"held: {head}" in contradicted.out
    assert f"contradicted: {other}" in contradicted.out


@pytest.mark.slow
def test_what_carries_no_journal_is_no_proof_alone(filled: Path, tmp_path: Path) -> None:
    """Minutes and exports for other programs lead to --against; there it is said that only the head was read."""
    for form, name in (("argdown", "a.argdown"), ("adr", "d.md"), ("aif", "a.json")):
        assert at(filled, "export", ID, "--format", form, "-o", tmp_path / name).code == exits.OK
        alone = at(filled, "verify", tmp_path / name)
        assert (alone.code, f"'hansard verify {ID} --against {name}'" in alone.err) == (3, True), alone
        beside = at(filled, "verify", ID, "--against", tmp_path / name)
        assert f"Of '{name}' only the head was read" in beside.out
    (tmp_path / "un").mkdir()
    assert "'un' is a folder" in at(filled, "verify", "un", cwd=tmp_path).err
    (tmp_path / "cut.json").write_text('{"schema_version": 1,', encoding="utf-8")
    assert "not JSON" in at(filled, "verify", tmp_path / "cut.json").err


@pytest.mark.slow
def test_export_replaces_only_its_own(filled: Path, tmp_path: Path) -> None:
    """An earlier export is replaced; another file at that place is refused and stays."""
    file = tmp_path / "record.json"
    file.write_text("my thesis")
    assert at(filled, "export", "latest", "-o", file).code == exits.BY_KIND["conflict"]
    assert file.read_text() == "my thesis"
    file.unlink()
    assert at(filled, "export", "latest", "-o", file).code == exits.OK
    assert at(filled, "export", "latest", "-o", file).code == exits.OK


@pytest.mark.slow
def test_a_call_writes_only_where_it_may(own: Path, tmp_path: Path) -> None:
    """A called operation writes in the home; elsewhere only into folders that the settings name."""
    outside = tmp_path / "out" / "record.json"
    request = json.dumps({"dialogue_id": ID, "output_path": str(outside)})
    refused = at(own, "call", "dialogue_export", request)
    assert refused.code == exits.BY_KIND["refused"]
    assert not outside.exists()
    allowed = {"HANSARD_HOME": str(own), "HANSARD_WRITE_FOLDERS": str(tmp_path / "out")}
    assert hansard("call", "dialogue_export", request, variables=allowed).code == exits.OK
    assert outside.exists()


@pytest.mark.slow
def test_verify_finds_what_was_altered_behind_its_back(own: Path) -> None:
    """A word altered in the store by other means ends verify with 1 and a finding that names the entity."""
    with sqlite3.connect(own / "hansard.db") as connection:
        connection.execute("UPDATE entities SET label = 'Forged' WHERE kind = 'P' AND round = 1 AND seq = 1")
    connection.close()
    done = at(own, "verify", "latest", "--json")
    assert done.code == exits.FOUND
    assert done.json["ok"] is False
    assert "P0101" in [finding["id"] for finding in done.json["findings"]]
    shown = at(own, "verify", "--all")
    assert shown.code == exits.FOUND
    assert "P0101" in shown.out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["show", "show an entity", "minutes", "report", "export"])
def test_who_reads_an_altered_record_is_told(own: Path, tmp_path: Path, name: str) -> None:
    """What was altered behind the store is still shown, with one line that says so, and a field with --json."""
    with sqlite3.connect(own / "hansard.db") as connection:
        connection.execute("UPDATE entities SET label = 'Forged' WHERE kind = 'P' AND round = 1 AND seq = 1")
    connection.close()
    (tmp_path / ID).write_text("a file of the dialogue's name changes nothing", encoding="utf-8")
    command = READING.get(name, ["export", "latest", "-o", str(tmp_path / "record.json")])
    done = at(own, *command, "--json", cwd=tmp_path)
    assert done.code == exits.OK
    told = f"'{ID}' is not as it was recorded; 'hansard verify {ID}' tells where and what to do"
    assert done.err == f"hansard: {told}\n"
    assert done.json["caution"] == told


@pytest.mark.slow
def test_a_record_that_cannot_be_read_any_more_is_corrupt_and_no_failure(own: Path) -> None:
    """Where rows are gone that others refer to, reading is refused as corrupt, with what tells more."""
    with sqlite3.connect(own / "hansard.db") as connection:
        connection.execute("DELETE FROM experts WHERE slug = (SELECT min(slug) FROM experts)")
    connection.close()
    done = at(own, "show", "latest", "--json")
    assert done.code == exits.BY_KIND["corrupt"]
    assert done.json["error_code"] == "record_unreadable"
    assert "hansard verify" in done.json["suggestion"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [*(name for name in READING if name not in ("doctor", "call --list", "call --schema")), "export"]
)
def test_reading_makes_no_store(tmp_path: Path, name: str) -> None:
    """Where there is no store, whoever reads is told so, and not a folder is made."""
    home = tmp_path / "mistyped"
    done = at(home, *READING.get(name, ["export", "latest"]))
    assert done.code == 4
    assert "there is no store in this home" in done.err
    assert not home.exists()


@pytest.mark.slow
def test_a_store_that_was_removed_is_not_verified(own: Path) -> None:
    """After the store is deleted, verify finds nothing to praise, and leaves the home as it is."""
    for file in own.glob("hansard.db*"):
        file.unlink()
    before = sorted(own.iterdir())
    done = at(own, "verify", "--all", "--json")
    assert (done.code, done.json["error_code"]) == (4, "store_missing")
    assert sorted(own.iterdir()) == before


@pytest.mark.slow
def test_what_to_do_is_told_once(filled: Path, tmp_path: Path) -> None:
    """Many findings of a kind have one remedy, at the end."""
    file = tmp_path / "record.json"
    assert at(filled, "export", "latest", "-o", file).code == exits.OK
    file.write_text(file.read_text(encoding="utf-8").replace(" the ", " a "), encoding="utf-8")
    shown = at(tmp_path / "elsewhere", "verify", file)  # where no store could tell what was recorded
    assert shown.code == exits.FOUND
    assert shown.out.count("(row_altered)\n") > 10
    assert shown.out.count("Keep this copy as evidence") == 1
    assert shown.out.count("cannot be told from this file") == 1


@pytest.mark.slow
def test_verify_tells_a_dialogue_that_was_deleted(own: Path) -> None:
    """A dialogue whose row is gone is missing, not unknown: its stream stands in the journal."""
    with sqlite3.connect(own / "hansard.db") as connection:
        connection.execute("DELETE FROM dialogues")
    connection.close()
    done = at(own, "verify", ID, "--json")
    assert done.code == exits.FOUND
    assert [(finding["code"], finding["dialogue_id"]) for finding in done.json["findings"]] == [("row_missing", ID)]


# -- how it ends -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("command", [["minutes", "latest"], ["report", "latest"], ["--help"]])
def test_a_reader_who_leaves_is_no_failure(filled: Path, command: Sequence[str]) -> None:
    """When the reader of a pipe goes away the command ends quietly."""
    line = " ".join([*PROGRAM, *command]) + " | head -1; echo ${PIPESTATUS[0]}"
    done = subprocess.run(
        ["bash", "-c", line], env=environment(HANSARD_HOME=str(filled)), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert int(done.stdout.splitlines()[-1]) in (exits.OK, exits.FOUND, exits.PIPE_CLOSED)


@pytest.mark.slow
def test_a_closed_pipe_is_quiet(filled: Path) -> None:
    """Written into a pipe that nobody reads, the report ends without a word, with the code for that."""
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.run(
        [*PROGRAM, "report", "latest"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(HANSARD_HOME=str(filled)),
        check=False,
    )
    os.close(writing)
    assert child.stderr == b""
    assert child.returncode == exits.PIPE_CLOSED


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_output_that_finds_no_room_is_told(filled: Path) -> None:
    """Printed onto a full disk, a command says so and does not end with 0."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "report", "latest"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(HANSARD_HOME=str(filled)),
            check=False,
        )
    assert done.returncode == exits.BY_KIND["unavailable"]
    assert done.stderr == "hansard: the output cannot be written: the disk is full\n"


@pytest.mark.slow
def test_an_interrupt_leaves_nothing_half_written(own: Path, tmp_path: Path) -> None:
    """Ctrl-C while an import waits for the store ends with 130; the store still verifies, nothing was added."""
    folder = tmp_path / "2026-01-01T0000Z-other" / "round-0"
    folder.mkdir(parents=True)
    (folder / "muffin.md").write_text("[MUFFIN-P0001: a label]\nSome words.\n")
    holder = sqlite3.connect(own / "hansard.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")  # so that the import is surely under way when it is interrupted
    child = subprocess.Popen(
        [*PROGRAM, "import", str(folder.parent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(HANSARD_HOME=str(own)),
    )
    time.sleep(2.5)
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    holder.execute("ROLLBACK")
    holder.close()
    _, err = child.communicate(timeout=60)
    assert child.returncode == exits.INTERRUPTED, err
    assert b"Traceback" not in err
    assert at(own, "verify", "--all").code == exits.OK
    assert len(at(own, "list", "--json").json["dialogues"]) == 1


# -- help and version --------------------------------------------------------------------------------------------------


def test_help_groups_the_commands(tmp_path: Path) -> None:
    """Help names every command under its group and tells the exit codes; without a command it is given too."""
    done = at(tmp_path / "home", "--help")
    assert done.code == exits.OK
    assert re.findall(r"^(Deliberate|Read|Prove|Watch|Run):$", done.out, re.MULTILINE) == [
        "Deliberate",
        "Read",
        "Prove",
        "Watch",
        "Run",
    ]
    for meaning in exits.MEANINGS.values():
        assert meaning in done.out
    bare = at(tmp_path / "home")
    assert (bare.code, bare.out) == (exits.USAGE, done.out)
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_the_name_of_a_family_alone_gives_its_help(tmp_path: Path) -> None:
    """As the program's own name alone does."""
    for name in ("keys", "ethos", "checkpoint", "database", "exhibit"):
        done = at(tmp_path, name)
        assert (done.code, done.err) == (exits.USAGE, "")
        assert done.out.startswith(f"Usage: hansard {name} ")
        assert "\nCommands:\n" in done.out


def test_the_version_is_told(tmp_path: Path) -> None:
    """--version tells the version and touches nothing."""
    done = at(tmp_path / "home", "--version")
    assert re.fullmatch(r"hansard \d+\.\d+\.\d+\n", done.out)
    assert not (tmp_path / "home").exists()


def test_help_loads_no_room_of_the_house() -> None:
    """Help is given without loading a store, a validator or a domain room."""
    program = (
        "import sys\nfrom hansard.app import main\nsys.argv = ['hansard', '--help']\nmain()\n"
        "heavy = {'sqlalchemy', 'alembic', 'pydantic', 'pydantic_settings', 'structlog', 'rich', 'msgspec'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([PROGRAM[0], "-c", program], capture_output=True, text=True, env=environment(), check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_completion_offers_commands_and_ids(filled: Path) -> None:
    """The shell's completion offers commands, and the ids of the store."""
    variables = {"HANSARD_HOME": str(filled), "_HANSARD_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    offered = hansard(variables={**variables, "COMP_WORDS": "hansard sh"})
    assert offered.out.split() == ["show"]
    ids = hansard(variables={**variables, "COMP_WORDS": "hansard show led", "COMP_CWORD": "2"})
    assert ids.out.split() == [ID]


# -- the demo ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A demo that was given, and where its home is."""
    folder = tmp_path_factory.mktemp("demo")
    return folder / "kept", hansard("demo", "--keep", folder / "kept", variables={"HANSARD_HOME": str(folder / "user")})


@pytest.mark.slow
def test_the_demo_shows_the_clerks_correction(demonstrated: tuple[Path, Run]) -> None:
    """The demo prints the minutes and says where to look: the Judge's claim, and what the record shows."""
    _, done = demonstrated
    assert done.code == exits.OK, done.err
    assert "# Minutes" in done.out
    assert "Look here" in done.out
    assert re.search(r"round 2, convergence: claimed 100 %, the record shows \d+ %", done.out)


@pytest.mark.slow
def test_the_demo_keeps_its_minutes(demonstrated: tuple[Path, Run]) -> None:
    """The demo writes the minutes down too, says how long they are, and folds nothing in a pipe."""
    home, done = demonstrated
    minutes = (home / "minutes.md").read_text(encoding="utf-8")
    assert minutes in done.out
    assert f"The minutes have {len(minutes.splitlines())} lines; they lie in {home / 'minutes.md'}." in done.out


@pytest.mark.slow
def test_the_demo_on_a_terminal_folds_what_follows_the_note(tmp_path: Path) -> None:
    """On a terminal verdict, dissent and note are shown, and the command that shows the rest; --keep is not needed."""
    code, shown = on_terminal(tmp_path / "user", "demo", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert code == exits.OK
    assert "Minority verdict" in shown
    assert "Colophon" not in shown
    assert re.search(r"\d+ more lines: ", shown)
    assert (tmp_path / "cache" / "hansard" / "demo" / "minutes.md").is_file()
    assert not (tmp_path / "user").exists()


def test_the_demo_names_the_forged_utterance(demonstrated: tuple[Path, Run]) -> None:
    """The demo verifies the store, alters one word of a copy, and names the statement with said and found."""
    _, done = demonstrated
    assert "verified: " in done.out
    assert "not as recorded: " in done.out
    tail = done.out[done.out.index("not as recorded: ") :]
    assert "P0104" in tail
    assert "Eclair" in tail
    assert "nine" in tail
    assert "five" in tail


def test_the_readme_shows_what_the_demo_prints(demonstrated: tuple[Path, Run]) -> None:
    """Every line that the README shows as the demo's is a line of the demo, as far as the README shows it."""
    _, done = demonstrated
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = "".join(re.findall(r"<!-- from the demo -->\n```text\n(.*?)```", readme, re.DOTALL)).splitlines()
    assert len(shown) > 5
    assert [line for line in shown if line not in done.out.splitlines()] == []


@pytest.mark.slow
def test_the_demo_says_what_to_do_next(demonstrated: tuple[Path, Run]) -> None:
    """The demo names four commands; each of them works on the home that it kept, the user's own is not touched."""
    home, done = demonstrated
    assert not (home.parent / "user").exists()
    tail = done.out[done.out.index("What to do next") :]
    commands = [
        line.split("hansard ", 1)[1] for line in tail.splitlines() if "hansard " in line and "--help" not in line
    ]
    assert [command.split()[0] for command in commands[:4]] == ["show", "show", "verify", "import"]
    codes = [hansard(*command.replace("FOLDER", str(EXAMPLE)).split()).code for command in commands[:4]]
    assert codes == [exits.OK, exits.OK, exits.FOUND, exits.OK]


@pytest.mark.slow
def test_the_demo_overwrites_nothing(tmp_path: Path) -> None:
    """A folder that holds something is refused."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.md").touch()
    done = hansard("demo", "--keep", tmp_path / "mine")
    assert done.code == exits.BY_KIND["conflict"]
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["thesis.md"]
