"""What holds for every importer, whatever its format: put a new one into ``SAMPLES`` with a sample of it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hansard.database.dialect import Place
from hansard.database.verify import verify_store
from hansard.dialogue.requests import DialogueCreate, RoundRegister
from hansard.dialogue.tables import ROWS
from hansard.exchange.container import packed
from hansard.exchange.importers import IMPORTERS_GROUP, OURS, Importer, importers
from hansard.exchange.shapes import DialogueExport, Format
from hansard.kernel.errors import HansardError
from tests.conftest import ROOT, sampled
from tests.support.stores import KINDS, dropped, fresh
from tests.unit.exchange.folders import CALL, SMALL, STAMPED, Store, write
from tests.unit.exchange.test_aif import FOREIGN as AIF
from tests.unit.exchange.test_argdown import FOREIGN as ARGDOWN
from tests.unit.exchange.test_council import TALK

Sample = Callable[[Path], Path]

ALL = {importer.name: importer for importer in importers()}


def folder(place: Path) -> Path:
    """A folder of transcripts."""
    return write(place / STAMPED, SMALL)


def exported(place: Path, form: Format, name: str) -> Path:
    """The export of a dialogue in some format."""
    (place / "first").mkdir()
    store = Store(place / "first")
    try:
        store.take(folder(place))
        path = place / name
        store.exchange.dialogue_export(DialogueExport(dialogue_id="harbour", format=form, output_path=str(path)), CALL)
        return path
    finally:
        store.close()


def document(place: Path) -> Path:
    """The export of a dialogue, under a name that says nothing."""
    return exported(place, "json", "export.txt")


def bundle(place: Path) -> Path:
    """A container with a dialogue's export in it."""
    inside = exported(place, "json", "dialogue.json").read_bytes()
    return write(place, {"x.zip": packed({"manifest.json": b"{}", "dialogue.json": inside})}) / "x.zip"


SAMPLES: dict[str, list[Sample]] = {
    "transcript": [folder],
    "document": [document],
    "bundle": [bundle],
    "aif": [
        lambda place: exported(place, "aif", "x.json"),
        lambda place: write(place, {"others.json": AIF}) / "others.json",
    ],
    "argdown": [
        lambda place: exported(place, "argdown", "x.txt"),
        lambda place: write(place, {"others.argdown": ARGDOWN}) / "others.argdown",
    ],
    "llm-council": [lambda place: write(place, {"talk.json": TALK}) / "talk.json"],
}
"""Something that each importer reads: our own form of it, and somebody else's."""

every_importer = pytest.mark.parametrize(
    ("importer", "made"),
    [
        pytest.param(ALL[name], made, id=f"{name}-{number}")
        for name, samples in SAMPLES.items()
        for number, made in enumerate(samples)
    ],
)


@pytest.fixture(params=sampled(KINDS, ["sqlite"]))
def place(home: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty store on each kind of database."""
    at = fresh(request.param, home)
    yield at
    dropped(at)


@pytest.fixture
def sample(made: Sample, tmp_path: Path) -> Path:
    """Something that the importer reads."""
    return made(tmp_path)


def test_every_importer_has_a_sample_and_a_name_of_its_own() -> None:
    """The suite covers each importer that is found."""
    found = [importer.name for importer in importers()]
    assert sorted(found) == sorted(SAMPLES)
    assert all(isinstance(importer, Importer) for importer in importers())


def test_ours_are_entry_points_like_those_of_others() -> None:
    """The project registers each by the name and place that a program run from its source uses."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][IMPORTERS_GROUP]
    assert points == OURS


@every_importer
def test_it_recognises_its_own_and_nothing_else(importer: Importer, sample: Path, tmp_path: Path) -> None:
    """It takes its sample, leaves other formats, and never raises on what is missing or odd."""
    assert importer.recognises(sample)
    assert [other.name for other in importers() if other.recognises(sample)] == [importer.name]
    write(tmp_path / "odd", {"a.md": "x", "b": b"\x00", "c.json": "{", "d.json": b"[]", "e.zip": b"PK\x03\x04"})
    for name in ("missing", "odd", "odd/a.md", "odd/b", "odd/c.json", "odd/d.json", "odd/e.zip", "x" * 300):
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
def test_what_it_reads_is_recorded_once_and_verifies(
    importer: Importer, sample: Path, home: Path, place: Place
) -> None:
    """Recorded through the dialogue's operations, known the second time, and every row vouched for."""
    store = Store(home, place=place)
    try:
        first = store.take(sample)
        assert first.created
        assert store.take(sample) == first.model_copy(update={"created": False})
        with store.database.reading() as connection:
            assert verify_store(connection, {table.name: table for table in ROWS.values()}).findings == []
    finally:
        store.close()


@every_importer
def test_other_bytes_under_its_name_are_refused_and_leave_nothing(
    importer: Importer, sample: Path, home: Path, place: Place
) -> None:
    """A file that was cut is not taken, whoever recognises it, and nothing of it is written."""
    if sample.is_dir():
        sample = next(path for path in sorted(sample.rglob("*.json")) if path.name == "expert-pool.json")
        sample.write_bytes(sample.read_bytes()[:20])
        sample = sample.parent
    else:
        sample.write_bytes(sample.read_bytes()[:20])
    store = Store(home, place=place)
    try:
        assert isinstance(store.refused(sample), HansardError)
        assert store.rows()["dialogues"] == 0
    finally:
        store.close()


@every_importer
def test_diagnostics_name_the_file(importer: Importer, sample: Path) -> None:
    """What is told is told of a file, by its own name and never by a path of the machine."""
    for told in importer.read(sample).diagnostics:
        assert told.message
        assert str(sample.parent) not in told.message
        assert told.file is None or not told.file.startswith("/")
        assert told.line is None or told.line >= 1


POINTS = f"[{IMPORTERS_GROUP}]\nletters = hansard_letters:IMPORTER\n"
PACKAGE = '''
from pathlib import Path

from hansard.dialogue.requests import DialogueCreate, EvolvePanel, ExpertPool, Origin, PanelSeat, RoundRegister
from hansard.exchange.planning import Plan
from hansard.kernel.canonical import sha256_hex


class Letters:
    """A letter: a name in the first line, its words below."""

    name = "letters"

    def recognises(self, path):
        return path.is_file() and path.read_bytes().startswith(b"LETTER ")

    def read(self, path, map_file=None):
        name, _, words = path.read_text().removeprefix("LETTER ").partition("\\n")
        digest = sha256_hex(path.read_bytes())
        plan = Plan(wanted_id="letter", files={path.name: digest}, requests=(), ids={}, files_read=1)
        own = {"dialogue_id": "letter"}
        return Plan(
            wanted_id="letter", files=plan.files, ids={}, files_read=1,
            requests=(
                DialogueCreate(
                    title="Letter", question="?", expert_pool=ExpertPool(experts=[]), seed=digest[:16], **own,
                    origin=Origin(importer=self.name, source=path.name, at="2026-01-02T03:04:05Z", digest=plan.digest),
                ),
                EvolvePanel(round=0, panel=[PanelSeat(expert_slug=name, role="writer")], **own),
                RoundRegister(round=0, responses={name: words}, **own),
            ),
        )


IMPORTER = Letters()
'''


def test_another_package_brings_an_importer(
    tmp_path: Path, home: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed distribution with an entry point of the group is found, and what it reads is recorded."""
    site = write(
        tmp_path / "site",
        {
            "hansard_letters.py": PACKAGE,
            "hansard_letters-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hansard-letters\nVersion: 1.0\n",
            "hansard_letters-1.0.dist-info/entry_points.txt": POINTS,
        },
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "hansard_letters", raising=False)
    assert [importer.name for importer in importers()] == [*OURS, "letters"]
    letter = write(tmp_path, {"to-whom.txt": "LETTER ada\nDear all."}) / "to-whom.txt"
    store = Store(home, place=place)
    try:
        answer = store.take(letter)
        assert answer.created
        assert [one.raw for one in store.record("letter").utterances] == ["Dear all."]
        assert (store.record("letter").dialogue.origin or {})["importer"] == "letters"
    finally:
        store.close()
