"""The bytes of a pulse: golden, and back again whatever a record holds."""

from __future__ import annotations

import itertools
import json
import shutil
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansard.memory.memory import Memory
from hansard.memory.pulse import (
    HEADER_LENGTH,
    LEARNED,
    NOWHERE,
    Column,
    Dictionary,
    Fan,
    Head,
    Part,
    RowError,
    Schema,
    encode,
    head_at,
)
from hansard.memory.schema_map import TRUEVISION
from hansard.memory.segment import START, Handle, SegmentHead, footer, read_footer
from tests.conftest import scale
from tests.unit.memory.kit import contents, filled, left, plain, records

GOLDEN = Path(__file__).parents[2] / "golden" / "memory"


def golden_records() -> list[dict[str, Any]]:
    """The records of the golden segment: JSON has no tuples."""
    rows = json.loads((GOLDEN / "segment.json").read_text(encoding="utf-8"))
    for row in rows:
        row["grid_shape_in"], row["grid_shape_out"] = tuple(row["grid_shape_in"]), tuple(row["grid_shape_out"])
    return rows  # type: ignore[no-any-return]


def test_the_golden_segment_is_read(tmp_path: Path) -> None:
    """A segment of version 1 that lies in the repository reads as the records beside it, for ever."""
    folder = tmp_path / "worker-000"
    folder.mkdir()
    shutil.copy(GOLDEN / "segment.bin", folder / "000000000001.seg")
    assert contents(tmp_path) == golden_records()
    with Memory.read(tmp_path) as memory:
        assert memory.query("flags has 'INSTA_MELT' and map_name == 'Rust' and operators.SPAWN_BIAS > 0.4").count() == 1


def test_the_golden_segment_is_written() -> None:
    """The same records with the same salt and time give the same bytes: header, frames, footer."""
    stored = (GOLDEN / "segment.bin").read_bytes()
    rows = golden_records()
    head = SegmentHead(0, b"goldsalt", 1, 0, NOWHERE, 1733160000.0)
    made, chain, dictionary = bytearray(head.packed()), NOWHERE, Dictionary()
    for pulse in (1, 2):
        frame = encode(rows[2 * pulse - 2 : 2 * pulse], TRUEVISION, dictionary, pulse, 2 * pulse - 2)
        chain = frame.complete(head.salt, 0, pulse - 1, chain)
        made += frame.buffer
    assert made == stored[: len(made)]
    with Handle(GOLDEN / "segment.bin") as handle:
        directory = read_footer(handle, head.salt)
        assert directory is not None
        assert (directory.rows, directory.chain, directory.frames_end) == (4, chain, len(made))
        from hansard.memory.segment import Walk

        walk = Walk(handle, head)
        assert footer(walk.kept, walk.packed, walk.end, walk.chain, head.salt) == stored[len(made) :]


def test_a_frame_says_what_it_holds() -> None:
    """The header's numbers lead to each section, and every section begins at a multiple of eight."""
    rows = records(7)
    frame = encode(rows, TRUEVISION, Dictionary(), 5, 40)
    chain = frame.complete(b"saltsalt", 3, 4, b"c" * 32)
    head = head_at(bytes(frame.buffer))
    assert isinstance(head, Head)
    assert (head.pulse_id, head.seq, head.records, head.worker, head.durable) == (5, 40, 7, 3, 4)
    assert (head.smallest, head.largest) == (rows[0]["timestamp"], rows[-1]["timestamp"])
    assert (head.salt, head.before, head.length) == (b"saltsalt", b"c" * 32, len(frame.buffer))
    assert all(start % 8 == 0 for start, _ in (head.values, head.columns, head.ends))
    assert len(chain) == 32
    ends = [HEADER_LENGTH, *struct.unpack("<7I", frame.ends)]
    blobs = [msgspec.msgpack.decode(frame.buffer[a:b]) for a, b in pairwise(ends)]
    assert blobs == [[row["error_metrics"], row["context"]["telemetry"]] for row in rows], "the rest is shared"


def test_a_second_frame_brings_only_new_values() -> None:
    """Values of the dictionary stand in the frame that uses them first; a frame that needs no new one carries none."""
    dictionary = Dictionary()
    rows = records(4)
    assert encode(rows, TRUEVISION, dictionary, 1, 0).values_length > 0
    again = encode(rows, TRUEVISION, dictionary, 2, 4)
    assert (again.values_length, again.values_sent, again.values_after) == (0, dictionary.sent, dictionary.sent)


def test_parts_that_records_share_stand_once(tmp_path: Path) -> None:
    """What records share is written once a segment; what differs in all, or is of another form, is not shared.

    All forms stand in one segment, and read alike.
    """
    same = records(256, seed=8)
    for row in same:
        row["params"] = dict(same[0]["params"])
    jittered = records(LEARNED + 256, seed=9)
    for number, row in enumerate(jittered):
        row["params"] = {**row["params"], "window_duration_ms": 400.0 + number / 1000}
    other = [
        {**row, "context": {**row["context"], "more": [1, {"deep": number}]}} for number, row in enumerate(same[:128])
    ]
    rows = [*same, *jittered, *other]
    filled(tmp_path, rows)
    assert contents(tmp_path) == rows
    with Memory.read(tmp_path) as memory:
        [view] = memory._current().views
        assert sorted(sum(shared for _, shared in form.parts) for form in view.forms) == [0, 2, 3]
        assert sum(value == same[0]["params"] for value in view.values) == 1
        assert memory.query().column("map_name") == [row["context"]["session"]["map_name"] for row in rows]
        assert memory.query().column("is_human") == [row["context"]["flags"]["is_human"] for row in rows]
        assert memory.query("context.more == null").count() == len(rows) - len(other)
        mine = next(iter(memory.query().rows()))
        mine[14]["grid_shape"].append(3)
        mine[15]["session"]["map_name"] = "changed"
        assert next(iter(memory.query().rows()))[14:] == (rows[0]["params"], rows[0]["context"])
        assert memory.row(0)[14:] == (rows[0]["params"], rows[0]["context"])


def test_numbers_that_are_equal_and_not_the_same_stay_apart(tmp_path: Path) -> None:
    """Shared parts are told apart by their bytes: 1, 1.0 and true come back as they went in."""
    rows = records(128)
    for row, number in zip(rows, itertools.cycle((1, 1.0, True)), strict=False):
        row["params"] = {"number": number}
        row["context"]["session"] = {**rows[0]["context"]["session"], "number": number}
    filled(tmp_path, rows)
    found = contents(tmp_path)
    assert found == rows
    for before, after in zip(rows, found, strict=True):
        assert type(after["params"]["number"]) is type(before["params"]["number"])
        assert type(after["context"]["session"]["number"]) is type(before["context"]["session"]["number"])


def test_a_frame_that_failed_loses_no_value() -> None:
    """Values that a refused frame would have brought stand in the next one."""
    dictionary = Dictionary()
    rows = records(4)
    rows[2]["color_count"] = -1
    with pytest.raises(RowError):
        encode(rows, TRUEVISION, dictionary, 1, 0)
    frame = encode(rows[:2], TRUEVISION, dictionary, 1, 0)
    assert frame.values_sent == 0
    assert frame.values_after == len(dictionary.packed)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | NUMBERS | TEXTS
BLOB = st.dictionaries(TEXTS, SCALARS | st.lists(SCALARS, max_size=3), max_size=4)
SCHEMA = Schema(
    "any",
    (
        Column("score", ("error_metrics", "score"), "n"),
        Column("name", ("context", "inner", "name"), "v"),
        Column("tags", ("context", "tags"), "v", many=True),
        Column("sure", ("context", "sure"), "f"),
    ),
    (Fan("ops", ("error_metrics", "ops")),),
    (
        Part(("error_metrics",)),
        Part(("params",), shared=True),
        Part(("context", "inner"), shared=True),
        Part(("context", "tags")),
        Part(("context", "sure")),
    ),
)


@st.composite
def any_record(draw: st.DrawFn) -> dict[str, Any]:
    """A record whose every field is drawn."""
    side = st.integers(0, 2**32 - 1)
    return {
        "timestamp": draw(NUMBERS),
        "success": draw(st.booleans()),
        "task_id": draw(TEXTS),
        "engine_id": draw(st.sampled_from(["a", "b"])),
        "transform_id": draw(TEXTS),
        "failure_reason": draw(st.none() | TEXTS),
        "grid_shape_in": draw(st.tuples(side, side)),
        "grid_shape_out": draw(st.tuples(side, side)),
        "color_count": draw(side),
        "train_pair_indices": draw(st.lists(st.integers(0, 2**63), min_size=1, max_size=3)),
        "error_metrics": {
            **draw(BLOB),
            "score": draw(st.none() | NUMBERS),
            "ops": draw(st.dictionaries(st.sampled_from(["x", "y", "ÿ"]), NUMBERS)),
        },
        "params": draw(BLOB),
        "context": {
            **draw(BLOB),
            "inner": draw(st.just({}) | st.fixed_dictionaries({"name": st.none() | TEXTS})),
            "tags": draw(st.lists(TEXTS, max_size=2)),
            "sure": draw(st.booleans()),
        },
    }


@settings(max_examples=scale(60))
@given(st.lists(any_record(), min_size=1, max_size=12), st.integers(1, 5), st.booleans())
def test_any_record_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], pulse: int, closed: bool
) -> None:
    """Whatever is in records, however they are cut into pulses, open or closed: they come back, and so do columns."""
    folder = tmp_path_factory.mktemp("any")
    with Memory.open(folder) as memory:
        for start in range(0, len(rows), pulse):
            memory.extend(rows[start : start + pulse], SCHEMA)
            memory.flush()
        reader = memory if not closed else None
        if closed:
            memory.close()
            reader = Memory.read(folder)
        assert reader is not None
        assert [plain(row) for row in reader] == rows
        query = reader.query()
        assert query.column("score") == [row["error_metrics"]["score"] for row in rows]
        assert query.column("name") == [row["context"]["inner"].get("name") for row in rows]
        assert query.column("tags") == [tuple(row["context"]["tags"]) for row in rows]
        assert query.column("sure") == [row["context"]["sure"] for row in rows]
        for name in ("x", "y", "ÿ"):
            if any(name in row["error_metrics"]["ops"] for row in rows):
                values = [row["error_metrics"]["ops"].get(name) for row in rows]
                assert query.column(f"ops.{name}") == values
        reader.close()
    shutil.rmtree(folder)


def test_the_first_frame_stands_behind_the_header(tmp_path: Path) -> None:
    """A segment begins as its page says: 128 bytes of header, then a frame."""
    left(tmp_path, records(3))
    data = (tmp_path / "worker-000" / "000000000001.seg").read_bytes()
    assert data[:8] == b"\x89HSEG\r\n\x1a"
    assert isinstance(head_at(data, START), Head)
