"""The memory through its operations, as assistants and programs meet them."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rs_bpe.bpe import openai

from hansard.app.assembly import open_parts
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Call
from hansard.memory.memory import Memory
from hansard.memory.operations import MemoryOperations
from hansard.memory.schema_map import MapSettings
from hansard.memory.shapes import MemoryIngest
from hansard.surfaces.cli.frame import put
from hansard.surfaces.mcp.tools import Offer
from hansard.surfaces.parts import Parts
from hansard.surfaces.render.memory import found, summed
from tests.unit.memory.kit import EXAMPLE, filled, records

LISTED = ["memory_append", "memory_query", "memory_stats", "memory_verify"]
BUDGET_TOKENS = 700


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """The parts over an empty home, for a caller who is served."""
    with open_parts(tmp_path / "home", store=False, served_from=[]) as opened:
        yield opened


def call(parts: Parts, name: str, **request: Any) -> Any:
    """An operation's answer."""
    return parts.table[name](request, Call(parts.actor))


def refusal(parts: Parts, name: str, **request: Any) -> HansardError:
    """How a request is refused."""
    with pytest.raises(HansardError) as caught:
        call(parts, name, **request)
    return caught.value


def windows(count: int, **more: Any) -> list[dict[str, Any]]:
    """So many windows, a second apart."""
    return [{**EXAMPLE, "ts_start": 1e9 + n, "ts_end": 1e9 + n + 0.4, **more} for n in range(count)]


def test_assistants_are_offered_four_tools(parts: Parts) -> None:
    """Those that ask, append and verify; what takes files or removes records needs more. They cost little."""
    tools = Offer(parts.table, ["memory"]).tools("judge")
    assert [tool.name for tool in tools] == LISTED
    told = [{"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema} for tool in tools]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    assert len(openai.o200k_base().encode(text)) < BUDGET_TOKENS
    assert [tool.name for tool in Offer(parts.table, ["memory"]).tools("read")] == LISTED[1:]
    marks = {name: parts.table[name].mark for name in parts.table if name.startswith("memory_")}
    assert [name for name, mark in marks.items() if mark.destructive] == ["memory_retain"]
    assert all(mark.scope == "admin" for name, mark in marks.items() if name not in LISTED)


def test_windows_are_kept_found_and_pinned(parts: Parts) -> None:
    """What was appended is there with the answer; bad windows are told by their place."""
    done = call(parts, "memory_append", windows=[*windows(3), {"ts_start": 1}, *windows(2)])
    assert (done.taken, done.refused, [one.number for one in done.refusals]) == (5, 1, [4]), "the first is 1"
    assert len(done.refusals[0].faults) == 7
    found = call(parts, "memory_query", filter="not success", limit=2, columns=["seq", "flags"], digest=True)
    assert (found.count, found.records) == (5, [{"seq": n, "flags": ["INSTA_MELT"]} for n in (0, 1)])
    assert len(found.digest) == 64
    assert call(parts, "memory_query").digest is None
    assert call(parts, "memory_verify").ok


def test_a_head_that_is_none_is_refused_with_an_example(parts: Parts) -> None:
    """What is no head is told by the form that one has."""
    call(parts, "memory_append", windows=windows(3))
    fault = refusal(parts, "memory_verify", heads=["0:1:xyz"])
    assert (fault.code, fault.field, fault.value) == ("invalid_field", "heads", "0:1:xyz")
    assert "like 0:157:" in str(fault.suggestion)


def test_upkeep_is_noted_and_told(parts: Parts, tmp_path: Path) -> None:
    """A gap that a repair noted is told with every verification and query, and is no finding any more."""
    folder = tmp_path / "home" / "memory"
    filled(folder, records(300), 10, segment_bytes=40_000)
    paths = sorted((folder / "worker-000").glob("*.seg"))
    paths[1].unlink()
    assert not call(parts, "memory_verify").ok
    assert call(parts, "memory_repair", dry_run=True).mended == call(parts, "memory_repair").mended
    found = call(parts, "memory_verify")
    assert (found.ok, [gap["file"] for gap in found.gaps]) == (True, [paths[2].name])
    for name in ("memory_query", "memory_stats"):
        assert "worker 0 has a gap" in call(parts, name).notes[0]
    would = call(parts, "memory_retain", days=1, dry_run=True)
    assert call(parts, "memory_retain", days=1).stays == would.stays
    assert would.stays[-1]["why"]


def test_a_column_is_given_once(parts: Parts) -> None:
    """However often a column is asked for it is read once; more names than there can be columns are refused."""
    call(parts, "memory_append", windows=windows(2))
    assert call(parts, "memory_query", columns=["seq"] * 200, limit=1).records == [{"seq": 0}]
    assert refusal(parts, "memory_query", columns=["seq"] * 201).code == "invalid_field"


def test_a_dry_run_keeps_nothing(parts: Parts, tmp_path: Path) -> None:
    """It tells what would be kept, and each refused line by its number in the file."""
    file = tmp_path / "home" / "windows.ndjson"
    file.parent.mkdir()
    lines = ["", *map(json.dumps, windows(2)), "no window", "", json.dumps({**EXAMPLE, "eomm_score": None})]
    file.write_text("\n".join(lines), encoding="utf-8")
    told = call(parts, "memory_ingest", path=str(file), dry_run=True)
    assert (told.dry_run, told.taken, [one.number for one in told.refusals]) == (True, 2, [4, 6])
    assert refusal(parts, "memory_stats").code == "memory_missing"
    done = call(parts, "memory_ingest", path=str(file))
    assert (done.dry_run, done.taken, done.refusals) == (False, told.taken, told.refusals)


def test_an_append_of_which_nothing_is_kept_is_refused(parts: Parts, tmp_path: Path) -> None:
    """It is an error with every fault and the window of each, of a list as of a file; a dry run tells the same."""
    refused = refusal(parts, "memory_append", windows=[{**EXAMPLE, "eomm_score": "high"}, {"ts_start": 1}])
    assert (refused.kind, refused.code, refused.context) == ("invalid", "windows_refused", {"refused": 2})
    assert [fault.item for fault in refused.errors] == [{"item_type": "window", "source_id": "1"}] + 7 * [
        {"item_type": "window", "source_id": "2"}
    ]
    assert str(refused).count("must be a number") == 1
    file = tmp_path / "home" / "windows.ndjson"
    file.parent.mkdir(exist_ok=True)
    file.write_text("{}{}\n", encoding="utf-8")
    [fault] = refusal(parts, "memory_ingest", path=str(file)).errors
    assert (fault.code, fault.item) == ("line_refused", {"item_type": "line", "source_id": "1"})
    told = call(parts, "memory_ingest", path=str(file), dry_run=True)
    assert (told.taken, told.refused, told.refusals[0].faults[0]["error_code"]) == (0, 1, "line_refused")
    assert call(parts, "memory_append", windows=[]).taken == 0


def test_a_flag_that_follows_from_the_session_is_noted_where_a_window_says_otherwise(parts: Parts) -> None:
    """What follows counts, the window's own word is kept beside it, and the answer says how often that was."""
    own = [{**each, "is_human": True} for each in windows(2)]
    session = {**EXAMPLE["session_context"], "is_benchmark": False}  # as it follows
    done = call(parts, "memory_append", windows=[*own, {**EXAMPLE, "session_context": session}])
    assert (done.taken, len(done.notes)) == (3, 1)
    assert "2 of the windows say 'is_human' otherwise" in done.notes[0]
    assert call(parts, "memory_query", filter="is_human").count == 0
    assert call(parts, "memory_query", filter="context.telemetry.is_human == true").count == 2


def test_standard_input_is_read_for_whoever_started_the_program(parts: Parts, tmp_path: Path) -> None:
    """A caller who is served never reads it: there it may be the protocol's."""
    assert refusal(parts, "memory_ingest", path="-").code == "path_not_allowed"
    lines = io.BytesIO(b"\n".join([json.dumps(EXAMPLE).encode(), b"no window"]))
    door = MemoryOperations(
        tmp_path / "m", may_write=bool, may_read=bool, settings=MapSettings, standard_input=lambda: lines
    )
    done = door.memory_ingest(MemoryIngest(path="-"), Call(parts.actor))
    assert (done.taken, done.refused, done.refusals[0].number) == (1, 1, 2)


def test_repair_and_retention_tell_before_they_do(parts: Parts, tmp_path: Path) -> None:
    """Dry runs change no byte of the memory, and what they tell is what is done."""
    folder = tmp_path / "home" / "memory"
    with Memory.open(folder, segment_bytes=60_000) as memory:
        memory.ingest(windows(600))

    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((folder / "worker-000").glob("*.seg*"))}

    before = files()
    would = call(parts, "memory_retain", megabytes=0, dry_run=True)
    assert any("Afterwards exhibits" in note for note in would.notes)
    assert would.removed
    assert files() == before
    assert call(parts, "memory_retain", megabytes=0).removed == would.removed
    [name] = left = files()
    data = bytearray(left[name])
    data[700] ^= 1
    (folder / "worker-000" / name).write_bytes(data)
    before = files()
    would = call(parts, "memory_repair", dry_run=True)
    assert [(one["file"], one["action"][:3]) for one in would.mended] == [(name, "cut")]
    assert files() == before
    done = call(parts, "memory_repair")
    assert [one["action"] for one in done.mended] == [one["action"] for one in would.mended]
    assert bytes(data) in files().values(), "the bytes as they were are kept aside"
    assert ["set aside" in note for note in call(parts, "memory_retain", megabytes=9).notes] == [True]


def test_a_compressed_log_gives_the_same_answers(parts: Parts, tmp_path: Path) -> None:
    """Closed segments take less room; what a filter finds, its digest and the chain stay, and appending goes on."""
    pytest.importorskip("zstandard")
    call(parts, "memory_generate", count=3000, seed=4)
    asked = {"filter": "not success or is_human", "limit": 3, "digest": True}
    before, heads = call(parts, "memory_query", **asked), call(parts, "memory_verify").heads
    done = call(parts, "memory_compress")
    assert (len(done.files), done.bytes_after < done.bytes_before / 2) == (1, True)
    assert call(parts, "memory_query", **asked) == before
    assert call(parts, "memory_verify", heads=heads).ok
    assert call(parts, "memory_compress").files == []
    call(parts, "memory_append", windows=windows(2))
    assert call(parts, "memory_verify", heads=heads).records == 3002


def test_long_answers_have_a_limit(parts: Parts) -> None:
    """Sessions, stretches and bursts are given as far as the limit goes, and how many more there are is told."""
    given = [
        {**w, "session_context": {**w["session_context"], "session_id": f"S{n}"}} for n, w in enumerate(windows(9))
    ]
    call(parts, "memory_append", windows=given)
    told = call(parts, "memory_stats", seconds=1, threshold=0.5, min_length=1, max_gap=0.5, limit=4)
    assert (len(told.sessions), len(told.series), len(told.bursts)) == (4, 4, 4)
    assert told.left_out == {"series": 5, "bursts": 5, "sessions": 5}
    assert call(parts, "memory_stats", limit=9).left_out == {}


def test_ways_into_records_are_columns_and_told_where_nothing_stands(parts: Parts, tmp_path: Path) -> None:
    """They are given and summed up like columns; one that no record has is told beside the answer."""
    call(parts, "memory_append", windows=windows(3))
    way, typo = "context.telemetry.cpu_usage_pct", "context.telemetry.typo"
    found = call(parts, "memory_query", columns=["time", "pulse", way, typo], limit=1)
    assert found.records == [{"time": 1e9, "pulse": 1, way: 31.0, typo: None}]
    assert found.notes == [f"nothing stands at '{typo}' in any record that was looked at"]
    assert call(parts, "memory_query", filter=f"{typo} > 1").notes == found.notes
    written = str(tmp_path / "home" / "out.ndjson")
    assert call(parts, "memory_export", output_path=written, columns=["seq", way, typo]).notes == found.notes
    assert call(parts, "memory_query", filter=f"{way} > 1", columns=[way]).notes == []
    told = call(parts, "memory_stats", column=way)
    assert (told.statistics["column"], told.statistics["mean"], told.sessions[0]["largest"]) == (way, 31.0, 31.0)
    assert told.notes == []
    assert call(parts, "memory_stats", column=typo).notes == found.notes
    assert call(parts, "memory_stats", filter=f"{typo} > 1").notes == found.notes


def test_sums_speak_of_the_column_that_was_asked_for(parts: Parts) -> None:
    """Statistics, sessions, series and bursts are of one column: that asked for, else the scores, else latencies."""
    calls = [
        {"ts_start": 1e9 + n, "outcome": "ok", "provider": "p", "model": "m", "latency_ms": 10.0 + n} for n in (0, 1)
    ]
    call(parts, "memory_append", windows=calls, source="model_call")
    assert call(parts, "memory_stats").statistics["column"] == "latency_ms"
    call(parts, "memory_append", windows=windows(3))
    told = call(parts, "memory_stats")
    assert (told.statistics["column"], told.statistics["mean"]) == ("eomm_score", 0.62)
    assert told.composite_gap is not None
    told = call(parts, "memory_stats", column="color_count", filter="color_count > 0", seconds=60, threshold=11)
    assert told.composite_gap is None
    assert [one["largest"] for one in (*told.sessions, *told.series, *told.bursts)] == [12, 12, 12]


def test_a_file_is_what_its_ending_says(parts: Parts, tmp_path: Path) -> None:
    """Without a form the ending decides, and one that is not known is refused, as is a form that the ending denies."""
    pytest.importorskip("pyarrow")
    call(parts, "memory_append", windows=windows(5))
    for name, form, begins in (
        ("a.parquet", "parquet", b"PAR1"), ("b.arrow", "arrow", b"ARROW1"), ("c.FEATHER", "arrow", b"ARROW1"),
        ("d.jsonl", "ndjson", b"{"), ("audit", "ndjson", b"{"),
    ):  # fmt: skip
        path = tmp_path / "home" / name
        done = call(parts, "memory_export", output_path=str(path), limit=3, columns=["time", "seq"])
        assert (done.format, done.records) == (form, 3)
        assert path.read_bytes().startswith(begins)
    lines = (tmp_path / "home" / "d.jsonl").read_bytes().splitlines()
    assert [json.loads(line) for line in lines] == [{"time": 1e9 + n, "seq": n} for n in range(3)]
    for name, form in (("x.parquet", "ndjson"), ("x.jsonl", "arrow"), ("x.arrow", "parquet")):
        path = tmp_path / "home" / name
        assert refusal(parts, "memory_export", output_path=str(path), format=form).field == "format"
        assert not path.exists()
    for name in ("a.parquet", "b.arrow", "d.jsonl"):
        path = tmp_path / "home" / name
        assert call(parts, "memory_export", output_path=str(path), columns=["seq", "time"]).records == 5, (
            "an earlier one"
        )
        assert refusal(parts, "memory_export", output_path=str(path)).code == "records_would_overwrite"
        path.write_text(json.dumps(EXAMPLE), encoding="utf-8")
        assert refusal(parts, "memory_export", output_path=str(path)).code == "records_would_overwrite"
        assert path.read_text(encoding="utf-8") == json.dumps(EXAMPLE)
        path.unlink()
        assert [call(parts, "memory_export", output_path=str(path)).records for _ in range(2)] == [5, 5]
    path = tmp_path / "home" / "x.csv"
    assert ".ndjson, .jsonl, .parquet" in str(refusal(parts, "memory_export", output_path=str(path)).suggestion)
    assert call(parts, "memory_export", output_path=str(path), format="ndjson").records == 5
    path = tmp_path / "home" / "x.ndjson"
    assert refusal(parts, "memory_export", output_path=str(path), columns=["typo"]).code == "column_unknown"
    assert not path.exists()


def test_a_caller_who_is_served_stays_in_bounds(parts: Parts, tmp_path: Path) -> None:
    """Neither files elsewhere nor the home's own are read or written; the log's own files are no way in either."""
    (tmp_path / "home").mkdir()
    outside = tmp_path / "windows.ndjson"
    outside.write_text(json.dumps(EXAMPLE), encoding="utf-8")
    assert refusal(parts, "memory_ingest", path=str(outside)).code == "path_not_allowed"
    call(parts, "memory_append", windows=windows(1))
    [segment] = (tmp_path / "home" / "memory").glob("*/*.seg")
    for path in (segment, tmp_path / "elsewhere"):
        assert refusal(parts, "memory_export", output_path=str(path)).code == "path_not_allowed"
    assert refusal(parts, "memory_ingest", path=str(segment)).code == "path_not_allowed"
    written = tmp_path / "home" / "audit.ndjson"
    assert call(parts, "memory_export", output_path=str(written)).records == 1
    assert len(written.read_bytes().splitlines()) == 1


def test_a_head_that_holds_is_told_and_no_log_is_no_sound_one(parts: Parts, tmp_path: Path) -> None:
    """Heads that were noted are told as part of the log; where there is none, nothing is said to be unaltered."""
    assert refusal(parts, "memory_verify").code == "memory_missing"
    heads = []
    for _ in range(2):
        call(parts, "memory_append", windows=windows(3))
        heads += call(parts, "memory_verify").heads
    found = call(parts, "memory_verify", heads=[*heads, f"0:1:{'ab' * 32}"])
    assert found.proved == heads
    assert [each["code"] for each in found.findings] == ["head_contradicted"]


def test_windows_of_another_source_are_told_as_such(parts: Parts, tmp_path: Path) -> None:
    """Calls sent as windows are refused with the source that they look like, and so the other way round."""
    calls = [{"ts_start": 1.0, "outcome": "ok", "provider": "p", "model": "m", "latency_ms": 1.0}]
    for sent, source, other in ((calls, "truevision_window", "model_call"), (windows(1), "model_call", "truevision_w")):
        [fault] = refusal(parts, "memory_append", windows=sent, source=source).errors
        assert (fault.field, f"--source {other}" in str(fault.suggestion)) == ("source", True)
    one = refusal(parts, "memory_append", windows=[{"ts_start": 1.0}]).errors
    assert "source" not in {fault.field for fault in one}, "a window with too little is a window"


def test_answers_for_people_name_the_column_and_fold_what_is_empty(parts: Parts) -> None:
    """A call's latency stands under its own name; stretches without a record are told as how many they are."""
    for start in (0.0, 6000.0):
        one = {"ts_start": start, "outcome": "ok", "provider": "p", "model": "m", "latency_ms": 1.0}
        call(parts, "memory_append", windows=[one], source="model_call")
    shown = io.StringIO()
    put(shown, found(call(parts, "memory_query")))
    assert "latency_ms" in shown.getvalue()
    assert "eomm_score" not in shown.getvalue()
    put(shown, summed(call(parts, "memory_stats", seconds=60, limit=1000)))
    assert "… 99 empty stretches" in shown.getvalue()
    assert len([each for each in shown.getvalue().splitlines() if each.startswith("1970")]) == 2


def test_callers_take_turns(parts: Parts, tmp_path: Path) -> None:
    """Appends at the same time as the same worker are all kept; one that waits too long is refused."""
    threads = [
        threading.Thread(target=call, args=(parts, "memory_append"), kwargs={"windows": windows(5)}) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call(parts, "memory_query", limit=0).count == 30
    folder = tmp_path / "home" / "memory"
    door = MemoryOperations(folder, may_write=bool, may_read=bool, settings=MapSettings, patience=0.05)
    with Memory.open(folder), pytest.raises(HansardError) as caught:
        door._taken(enumerate(windows(1)), "truevision_window", 0, Call(parts.actor))
    assert caught.value.code == "memory_owned"


def test_a_scenario_stands_alone(parts: Parts) -> None:
    """Windows are generated by number or by the name of an example, not by both, and not by neither."""
    assert refusal(parts, "memory_generate").code == "missing_field"
    assert refusal(parts, "memory_generate", count=1, scenario="m456").field == "count"
    assert call(parts, "memory_generate", scenario="m456").taken == 6000
    assert call(parts, "memory_query", filter="context.session.generated", limit=0).count == 6000
