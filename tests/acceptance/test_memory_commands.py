"""``hansard memory`` as people use it: a real process, its output, its exit code."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import hansard as hansard_package
from hansard.memory.memory import Memory
from tests.acceptance.program import PROGRAM, Run, environment, hansard
from tests.unit.memory.kit import EXAMPLE

pytestmark = pytest.mark.slow

EXAMPLES = Path(hansard_package.__file__).parent / "examples"


def run(*arguments: str | Path, home: Path) -> Run:
    """One command on the memory of a home."""
    return hansard("memory", *arguments, variables={"HANSARD_HOME": str(home)})


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A home with four windows, of which one was refused."""
    file = tmp_path / "windows.ndjson"
    windows = [{**EXAMPLE, "eomm_score": score} for score in (0.1, 0.62, 0.99)]
    file.write_text("\n".join([*map(json.dumps, windows), '{"ts_start": 1}']), encoding="utf-8")
    home = tmp_path / "home"
    done = run("ingest", file, home=home)
    assert done.code == 1
    assert "3 records kept, on the disk up to pulse 1" in done.out
    assert "line 4: 'ts_end' is missing" in done.out
    return home


def test_records_are_found_and_given_in_every_form(kept: Path, tmp_path: Path) -> None:
    """A table for people; JSON, NDJSON, Parquet and Arrow for programs, to standard output or into a file."""
    table = run("query", "not success", home=kept)
    assert table.code == 0
    assert "2 records of: not success" in table.out
    assert "0.62" in table.out
    assert [row["seq"] for row in run("query", "--output", "json", home=kept).json["records"]] == [0, 1, 2]
    lines = run("query", "eomm_score > 0.9", "--output", "ndjson", home=kept).out.splitlines()
    assert [json.loads(line)["error_metrics"]["eomm_score"] for line in lines] == [0.99]
    for form in ("parquet", "arrow", "ndjson"):
        done = run("query", "--output", form, "--to", tmp_path / form, home=kept)
        assert done.code == 0
        assert "3 records" in done.out
        assert (tmp_path / form).stat().st_size > 100
    done = run("export", tmp_path / "audit.log", "--output", "ndjson", "--filter", "seq < 2", home=kept)
    assert done.code == 0
    assert len((tmp_path / "audit.log").read_text(encoding="utf-8").splitlines()) == 2


def test_a_limit_and_columns_hold_in_every_form(kept: Path, tmp_path: Path) -> None:
    """What is left out of a table is left out of lines and files too; columns are called what they were asked as."""
    asked = ["--limit", "2", "--columns", "seq,time,context.telemetry.cpu_usage_pct"]
    lines = run("query", *asked, "--output", "ndjson", home=kept).out.splitlines()
    told = [{"seq": n, "time": 1733160000.0, "context.telemetry.cpu_usage_pct": 31.0} for n in (0, 1)]
    assert [json.loads(line) for line in lines] == told
    assert run("query", *asked, "--output", "json", home=kept).json["records"] == told
    assert run("export", "-", *asked, home=kept).out.splitlines() == lines
    done = run("query", *asked, "--to", tmp_path / "two.jsonl", home=kept)
    assert (done.code, (tmp_path / "two.jsonl").read_text(encoding="utf-8").splitlines()) == (0, lines)
    done = run("export", tmp_path / "two.parquet", "--limit", "2", home=kept)
    assert "2 records" in done.out
    assert (tmp_path / "two.parquet").read_bytes().startswith(b"PAR1")
    assert "seq\ttime\tworker" in run("query", "--columns", "seq,time,worker", home=kept).out
    noted = run("query", "context.telemetry.typo > 1", "--output", "ndjson", home=kept)
    assert (noted.code, noted.out) == (0, "")
    assert "nothing stands at 'context.telemetry.typo'" in noted.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["stats", "--every", "0"], "'--every' must be at least 0.001"),
        (["stats", "--above", "nan"], "'--above' should be a finite number"),
        (["stats", "--column", "map_name"], "'--column' is no column of numbers"),
        (["query", "--limit", "5000"], "'--limit' must be at most 1000"),
        (["query", "--columns", "typo"], "field: --columns"),
        (["query", "--digest", "--output", "ndjson"], "--digest is told with a table or JSON"),
        (["query", "--json", "--output", "ndjson"], "both want standard output"),
        (["export", "x.parquet", "--output", "ndjson"], "'--output' is not what 'x.parquet' says by its ending"),
        (["export", "x", "--output", "table"], "'ndjson', 'parquet', 'arrow'"),
    ],
)
def test_refusals_name_what_was_typed(kept: Path, arguments: list[str], told: str) -> None:
    """An option is called by its own name, not by the field that it becomes."""
    refused = run(*arguments, home=kept)
    assert refused.code != 0
    assert told in refused.err + refused.out


def test_faults_have_a_kind_and_a_remedy(kept: Path, tmp_path: Path) -> None:
    """A mistyped filter, a missing file, an empty home: each an exit code and what to do."""
    wrong = run("query", "eom_score > 1", home=kept)
    assert wrong.code == 3
    assert "Did you mean 'eomm_score'?" in wrong.err
    assert run("ingest", tmp_path / "none.ndjson", home=kept).code != 0
    for command in ("query", "stats", "verify"):
        nothing = run(command, home=tmp_path / "empty")
        assert nothing.code == 4
        assert "no log yet" in nothing.err
    assert not (tmp_path / "empty" / "memory").exists()
    inside = run("export", kept / "memory" / "worker-000" / "000000000001.seg", home=kept)
    assert inside.code != 0, "a log is never written over"
    assert run("query", home=kept).code == 0


def test_windows_come_from_standard_input(tmp_path: Path) -> None:
    """As from a file: lines by number, exit code 1 where some were refused, 3 where all were, no tick for nothing."""
    home = {"HANSARD_HOME": str(tmp_path)}
    lines = f"{json.dumps(EXAMPLE)}\n\nno window\n"
    done = hansard("memory", "ingest", "-", given=lines, variables=home)
    assert (done.code, "1 record kept" in done.out, "line 3: the line cannot be read" in done.out) == (1, True, True)
    none = hansard("memory", "ingest", "-", "--json", given='{"ts_start": 1, "ts_start": 2}', variables=home)
    assert (none.code, none.json["error_code"], none.json["errors"][0]["source_id"]) == (3, "windows_refused", "1")
    empty = hansard("memory", "ingest", "-", given="", variables=home)
    assert (empty.code, empty.out) == (0, "Nothing was kept: there was no line.\n")
    assert run("query", "--limit", "0", home=tmp_path).out == "1 record\n"


def test_what_is_no_file_of_lines_is_told_by_name(tmp_path: Path) -> None:
    """A packed file, UTF-16, an array, one object over many lines, a pipe, milliseconds: each with what to do."""
    file = tmp_path / "given"
    window = json.dumps(EXAMPLE).encode()
    for data, told in (
        (gzip.compress(window), "packed by gzip"),
        (window.decode().encode("utf-16"), "UTF-16"),
        (b"[" + window + b"]", "is an array: write one object a line"),
        (json.dumps(EXAMPLE, indent=1).encode(), "goes on in the next one"),
        (window + b"\n" + json.dumps({**EXAMPLE, "ts_start": 1.7e12}).encode(), "looks like milliseconds"),
    ):
        file.write_bytes(data)
        done = run("ingest", file, home=tmp_path)
        assert done.code in (1, 3)
        assert told in done.out + done.err
    os.mkfifo(tmp_path / "pipe")
    assert "ingest - <" in run("ingest", tmp_path / "pipe", home=tmp_path).err


def test_an_interrupt_tells_what_was_kept(tmp_path: Path) -> None:
    """Ctrl-C while windows come in ends with 130, and says how many of them are on the disk."""
    child = subprocess.Popen(
        [*PROGRAM, "memory", "ingest", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(HANSARD_HOME=str(tmp_path)),
    )
    assert child.stdin is not None
    child.stdin.write((json.dumps(EXAMPLE) + "\n").encode() * 200)
    child.stdin.flush()
    segment = tmp_path / "memory" / "worker-000" / "000000000001.seg"
    until = time.monotonic() + 60
    while not (segment.exists() and run("query", "--limit", "0", home=tmp_path).out == "200 records\n"):
        assert time.monotonic() < until
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    child.stdin.close()
    assert child.stderr is not None
    err = child.stderr.read().decode()
    assert child.wait(60) == 130, err
    assert "interrupted; 200 kept, on the disk up to pulse 2" in err


def test_what_a_filter_finds_is_pinned_into_an_imported_dialogue(kept: Path) -> None:
    """The number of records is told, and a filter that finds none with a warning; without a filter it is asked for."""
    home = {"HANSARD_HOME": str(kept)}
    assert hansard("import", EXAMPLES / "2026-10-19T1500Z-match-m456", variables=home).code == 0
    pin = ("exhibit", "pin", "latest", "memory_query")
    done = hansard(*pin, "filter=not success", variables=home)
    assert done.code == 0, done.err
    assert "Records: 2\n" in done.out
    assert "! " not in done.out
    assert "! the filter finds no record" in hansard(*pin, "filter=seq < 0", variables=home).out
    refused = hansard(*pin, "not success=1", variables=home)
    assert (refused.code, "'reference.filter' is missing" in refused.err) == (3, True)
    assert "filter=" in hansard("exhibit", "pin", "--help").out


def test_damage_is_found_and_mended(kept: Path) -> None:
    """verify tells a changed byte with exit code 1, repair keeps what is whole, and a noted head shows the loss."""
    head = run("verify", "--json", home=kept).json["heads"][0]
    assert run("generate", "--count", "300", home=kept).code == 0
    proved = run("verify", "--head", head, home=kept)
    assert (proved.code, "the head of worker 0, pulse 1 is part of the log" in proved.out) == (0, True)
    with Memory.read(kept / "memory") as memory:
        position = next(iter(memory._current().views)).offsets[1] + 500
    file = kept / "memory" / "worker-000" / "000000000001.seg"
    data = bytearray(file.read_bytes())
    data[position] ^= 1
    file.write_bytes(data)
    found = run("verify", home=kept)
    assert found.code == 1
    assert "damaged worker 0, '000000000001.seg'" in found.out
    mended = run("repair", home=kept)
    assert mended.code == 0
    assert "lost: pulse 2" in mended.out
    assert run("query", "--output", "json", "--limit", "0", home=kept).json["count"] == 3 + 300 - 128
    assert run("verify", "--head", head.replace(":1:", ":9:"), home=kept).code == 1


def test_constants_of_the_run_are_settings(kept: Path) -> None:
    """The threshold and the names in params come from the home's settings; a wrong one is refused by name."""
    (kept / "settings.toml").write_text('eomm_threshold = 0.01\ncapture_source = "stream"\n', encoding="utf-8")
    assert run("generate", "--count", "50", home=kept).code == 0
    [row] = run("query", "seq == 10", "--output", "json", home=kept).json["records"]
    assert row["params"]["capture_source"] == "stream"
    assert (row["params"]["eomm_threshold"], row["success"]) == (0.01, False)
    (kept / "settings.toml").write_text("eomm_threshold = 'high'\n", encoding="utf-8")
    assert "eomm_threshold" in run("stats", home=kept).err


def test_stats_and_retention(kept: Path) -> None:
    """Sums are told for people and as JSON; retention needs to be told how much."""
    stats = run("stats", "--above", "0.5", "--min-length", "2", "--every", "60", "--json", home=kept).json
    assert stats["count"] == 3
    assert stats["statistics"]["largest"] == 0.99
    assert stats["flags"] == {"INSTA_MELT": 3}
    assert [burst["count"] for burst in stats["bursts"]] == [2]
    assert "Worker" in run("stats", home=kept).out
    assert "none: nowhere 3 records above 0.9, at most 2 s apart" in run("stats", "--above", "0.9", home=kept).out
    assert run("retain", home=kept).code == 2
    done = run("retain", "--days", "1", home=kept)
    assert (done.code, done.out.split()[1]) == (0, "0")
