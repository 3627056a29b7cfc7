"""What holds for every importer, whatever its format: put a new one into ``SAMPLES`` with a sample of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hansard.database.verify import verify_store
from hansard.dialogue.requests import DialogueCreate, RoundRegister
from hansard.dialogue.tables import ROWS
from hansard.exchange.importing import BUILT_IN, Importer
from hansard.exchange.shapes import DialogueExport
from tests.unit.exchange.folders import CALL, SMALL, STAMPED, Store, write

Sample = Callable[[Path], Path]


def folder(place: Path) -> Path:
    """A folder of transcripts."""
    return write(place / STAMPED, SMALL)


def document(place: Path) -> Path:
    """The export of a dialogue."""
    (place / "first").mkdir()
    store = Store(place / "first")
    try:
        store.take(folder(place))
        path = place / "dialogue.json"
        store.exchange.dialogue_export(DialogueExport(dialogue_id="harbour", output_path=str(path)), CALL)
        return path
    finally:
        store.close()


SAMPLES: dict[str, Sample] = {"transcript": folder, "document": document}

every_importer = pytest.mark.parametrize("importer", BUILT_IN, ids=lambda importer: importer.name)


@pytest.fixture
def sample(importer: Importer, tmp_path: Path) -> Path:
    """Something that the importer reads."""
    return SAMPLES[importer.name](tmp_path)


def test_every_importer_has_a_sample_and_a_name_of_its_own() -> None:
    """The suite covers each importer once."""
    assert sorted(importer.name for importer in BUILT_IN) == sorted(SAMPLES)
    assert all(isinstance(importer, Importer) for importer in BUILT_IN)


@every_importer
def test_it_recognises_its_own_and_nothing_else(importer: Importer, sample: Path, tmp_path: Path) -> None:
    """It takes its sample, leaves other formats, and never raises on what is missing or odd."""
    assert importer.recognises(sample)
    assert [other.name for other in BUILT_IN if other.recognises(sample)] == [importer.name]
    write(tmp_path / "odd", {"a.md": "x", "b": b"\x00"})
    for name in ("missing", "odd", "odd/a.md", "odd/b"):
        assert not importer.recognises(tmp_path / name)
    assert not importer.recognises(Path("/dev/null"))


@every_importer
def test_its_plan_says_where_it_comes_from(importer: Importer, sample: Path) -> None:
    """The first request creates the dialogue with an origin, all others name it, and the rounds count from 0."""
    plan = importer.read(sample)
    create, *rest = plan.requests
    assert isinstance(create, DialogueCreate)
    origin = create.origin
    assert origin is not None
    assert (create.dialogue_id, origin.importer, origin.digest) == (plan.wanted_id, importer.name, plan.digest)
    assert "/" not in origin.source
    assert create.seed is not None
    assert {getattr(step, "dialogue_id", None) for step in rest} == {plan.wanted_id}
    rounds = [step.round for step in rest if isinstance(step, RoundRegister)]
    assert rounds == list(range(len(rounds)))
    assert plan.files_read > 0


@every_importer
def test_reading_twice_gives_the_same_plan(importer: Importer, sample: Path) -> None:
    """A plan depends on the input alone."""
    assert importer.read(sample) == importer.read(sample)


@every_importer
def test_what_it_reads_is_recorded_once_and_verifies(importer: Importer, sample: Path, home: Path) -> None:
    """Recorded through the dialogue's operations, known the second time, and every row vouched for."""
    store = Store(home)
    try:
        first = store.take(sample)
        assert first.created
        assert store.take(sample) == first.model_copy(update={"created": False})
        with store.database.reading() as connection:
            assert verify_store(connection, {table.name: table for table in ROWS.values()}).findings == []
    finally:
        store.close()
