"""Keys of rows for a single-table store: every type of row has one, no two rows share one, and each tells its row."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue.calibration import model as calibration
from hansard.dialogue.calibration.tables import ROWS as CALIBRATION_ROWS
from hansard.dialogue.keys import StoreKey, parse_store_key, store_key
from hansard.dialogue.model import Entity, Event, Ref
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import rows_of
from hansard.kernel.ids import display_id
from tests.support.deliberations import House, fill

SLUGS = st.from_regex(r"[a-z][a-z0-9-]{1,31}", fullmatch=True)
FREE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
IDS = st.builds(display_id, st.sampled_from("PRTEC"), st.integers(0, 99), st.integers(1, 99))
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "dialogue_id": SLUGS,
    "slug": SLUGS,
    "expert_slug": SLUGS,
    "kind": st.sampled_from("PRTEC"),
    "round": st.integers(0, 99),
    "seq": st.integers(1, 99),
    "event_seq": st.integers(1, 10**6),
    "contributors": st.lists(SLUGS, max_size=3),
    "source_id": st.one_of(IDS, SLUGS.map("@{}".format)),
    "target_id": st.one_of(IDS, SLUGS.map("@{}".format)),
    "ref_type": st.sampled_from(["support", "oppose", "refine"]),
    "verdict_id": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    "name": FREE,
    "domain_id": FREE,
    "rule_id": FREE,
    "ethos_id": FREE,
}
KINDS = [*ROWS, *CALIBRATION_ROWS]


def row_of(kind: type[Any], draw: Any) -> Any:
    """A row whose key columns are drawn; the others hold whatever their type starts with."""
    empty: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name in COLUMNS:
            empty[field.name] = draw(COLUMNS[field.name], field.name)
        elif field.required:
            empty[field.name] = [] if "list" in str(field.type) else {} if "dict" in str(field.type) else "x"
    row = kind(**empty)
    if isinstance(row, Ref) and not row.source_id.startswith("@"):  # an entity refers in its own round
        row = msgspec.structs.replace(row, round=int(row.source_id[1:3]))
    return row


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_key_tells_its_row(kind: type[Any], data: st.DataObject) -> None:
    """Back and forth: the parsed columns are the row's, of its own type; two different rows have different keys."""
    row, other = row_of(kind, data.draw), row_of(kind, data.draw)
    key = store_key(row)
    parsed = parse_store_key(*key)
    assert parsed.kind is kind
    assert {name: getattr(row, name) for name in parsed.columns} == parsed.columns
    same = all(getattr(other, name) == value for name, value in parsed.columns.items())
    if not same:
        assert store_key(other) != key
    assert parse_store_key(*store_key(other)).kind is kind


def test_every_row_of_a_store_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Two made-up dialogues that fill every table: as many keys as rows, each in its dialogue's partition."""
    house = House(tmp_path / "store.db")
    try:
        records = [house.dialogues.record(name) for name in fill(house.run)]
    finally:
        house.close()
    rows = [row for record in records for row in rows_of(record)]
    keys = [store_key(row) for row in rows]
    assert len(set(keys)) == len(rows)
    assert all(key.pk == row.dialogue_id for key, row in zip(keys, rows, strict=True))
    for key, row in zip(keys, rows, strict=True):
        parsed = parse_store_key(*key)
        assert isinstance(row, parsed.kind)
        matching = [one for one in rows if type(one) is parsed.kind and _has(one, parsed.columns)]
        assert matching == [row]


def _has(row: Any, columns: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in columns.items())


def test_the_specifications_forms() -> None:
    """Perspective, recommendation, tension, event, reference, verdict as the specification writes them."""
    entity = Entity(
        dialogue_id="nvidia-dec", kind="P", round=0, seq=1, label="l", content="c", contributors=["muffin", "donut"],
        status="open", created_at="t",
    )  # fmt: skip
    tension = msgspec.structs.replace(entity, kind="T")
    recommended = msgspec.structs.replace(entity, kind="R", contributors=["donut"])
    event = Event(
        dialogue_id="nvidia-dec", kind="T", round=0, seq=1, event_seq=2, type="addressed", event_round=1, actors=[],
        created_at="t",
    )  # fmt: skip
    ref = Ref(
        dialogue_id="nvidia-dec", round=1, seq=9, source_id="P0101", ref_type="support", target_id="R0001",
        created_at="t",
    )  # fmt: skip
    whole = msgspec.structs.replace(ref, source_id="@muffin")
    assert [store_key(row) for row in (entity, recommended, tension, event, ref, whole)] == [
        StoreKey("nvidia-dec", text)
        for text in (
            "PERSP#0#muffin#1", "REC#0#donut#1", "TENSION#T0001", "TEVENT#T0001#2", "REF#P0101#support#R0001",
            "REF#@muffin#support#R0001#1",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sk",
    ["", "NONSENSE", "META#x", "ROUND", "ROUND#01", "ROUND#x", "TENSION#P0001", "TENSION#T0000", "PEVENT#T0001#1",
     "REF#P0001#support", "REF#@muffin#support#R0001", "REF#P0001#support#R0001#1", "EXHIBIT#0001", "PERSP#0#1",
     "RULE#PR0001", "VERDICT#%66inal"],
)  # fmt: skip
def test_what_is_no_key_is_refused(sk: str) -> None:
    """An unknown word, too many or too few parts, other spellings of a number, another partition's rows."""
    with pytest.raises(ValueError, match="'"):
        parse_store_key("dialogue", sk)


def test_calibration_has_a_partition_no_dialogue_can_have() -> None:
    """Rules are shared by dialogues; their partition's name has a colon, which no slug has."""
    rule = calibration.Rule(rule_id="PR0001", type="principle", label="l", text="t", priority=1, created_at="t")
    assert store_key(rule) == ("calibration:", "RULE#PR0001")
    assert inspect.isclass(parse_store_key("calibration:", "RULE#PR0001").kind)
