"""What holds for every format, and what docs/formats.md says of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, get_args

import pytest

import hansard.exchange
from hansard.custody.witness import heads_in
from hansard.dialogue import model
from hansard.exchange.aif import SCHEMES
from hansard.exchange.argdown.writing import DRAWN
from hansard.exchange.formats import FORMS
from hansard.exchange.graph import Conclusion, Graph, Stage, Statement
from hansard.exchange.importers import OURS
from hansard.exchange.parquet import row_types
from hansard.exchange.shapes import DialogueExport, Format
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call
from tests.conftest import ROOT
from tests.unit.exchange.folders import CALL, write
from tests.unit.exchange.recorded import ID, Held

PAGE = (ROOT / "docs" / "formats.md").read_text()
ROOM = Path(str(hansard.exchange.__file__)).parent
MODULES = ("graph", "aif", "council", "argdown/reading", "argdown/importer")

TELLING = {"tell", "_tell", "_told", "ImportDiagnostic"}


def told_codes(source: str) -> set[str]:
    """Every code that a module tells: the literal that begins a call, or stands for ``code``."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
            if called in TELLING:
                found |= {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


every_form = pytest.mark.parametrize("form", list(FORMS))


def export(held: Held, form: Any, path: Path | None = None, call: Call = CALL) -> Any:
    """Export the dialogue."""
    request = DialogueExport(dialogue_id=ID, format=form, output_path=str(path) if path else None)
    return held.exchange.dialogue_export(request, call)


def test_every_format_is_a_file_or_the_tables() -> None:
    """The request's words are the forms, and Parquet."""
    assert set(get_args(Format)) == {*FORMS, "parquet"}
    assert len({form.file_name for form in FORMS.values()}) == len(FORMS)


@every_form
def test_twice_gives_the_same_bytes_at_its_own_place(held: Held, form: Any) -> None:
    """In the dialogue's folder under its own name; the second export replaces the first."""
    path = Path(export(held, form).path)
    assert path.name == FORMS[form].file_name
    before = path.read_bytes()
    assert Path(export(held, form).path).read_bytes() == before


@every_form
def test_what_is_another_format_or_dialogue_stays(held: Held, tmp_path: Path, form: Any) -> None:
    """An export replaces an earlier one of the same dialogue in the same format and nothing else."""
    files = {f"{other}.x": Path(export(held, other).path).read_bytes() for other in FORMS if other != form}
    own = Path(export(held, form).path).read_text()
    assert ID in own
    files |= {"other": own.replace(ID, "harbour-fridge").encode(), "empty": b"", "bytes": b"\xff\x00"}
    write(tmp_path / "there", files)
    for name, content in files.items():
        with pytest.raises(HansardError) as fault:
            export(held, form, tmp_path / "there" / name)
        assert fault.value.code == "would_overwrite"
        assert (tmp_path / "there" / name).read_bytes() == content


@every_form
def test_each_copy_is_a_witness_and_progress_is_told(held: Held, tmp_path: Path, form: Any) -> None:
    """The head in the file is that of the answer; whoever watches sees how far it is."""
    said: list[tuple[int, int | None]] = []
    call = Call(Actor("tester", "test"), progress=lambda done, total, what: said.append((done, total)))
    answer = export(held, form, tmp_path / "x", call)
    assert heads_in((tmp_path / "x").read_text(), "x") == [answer.head]
    assert said == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_every_reference_has_its_place_in_both_formats() -> None:
    """No type of reference is forgotten, and the page tells each."""
    assert set(SCHEMES) == set(model.REF_TYPES)
    assert set(DRAWN) < set(model.REF_TYPES)
    section = PAGE.split("### AIF", 1)[1].split("### Argdown", 1)[0]
    for type_, (form, scheme, _) in SCHEMES.items():
        row = next(line for line in section.splitlines() if line.startswith("|") and f"`{type_}`" in line)
        assert form in row
        assert form == "TA" or f"`{scheme}`" in row


LOST = {
    "Dialogue": {
        "background", "domain", "expert_pool", "status", "converged_at", "panel_size", "convergence_target",
        "max_rounds", "rotation", "strict_velocity", "seed", "output_dir", "tags", "calibration", "origin",
    },
    "Round": {"score", "summary", "status", "created_at", "completed_at"},
    "Entity": {"adopted_in_verdict", "exhibits", "created_at"},
    "Verdict": {"gate", "seq", "ethos_compliance", "created_at"},
}  # fmt: skip
"""What a graph leaves of the rows that it is made of; docs/formats.md tells it in words."""

CARRIED = {
    "Dialogue": {"dialogue_id": "id", "title": "title", "question": "question", "created_at": "at"},
    "Round": {"round": "number", "title": "title"},
    "Entity": {
        "kind": "kind", "round": "round", "seq": "key", "label": "label", "content": "text", "contributors": "authors",
        "status": "status", "parameters": "parameters", "local_ids": "local_ids",
    },
    "Verdict": {name: name for name in Conclusion.__struct_fields__},
}  # fmt: skip


def test_the_losses_are_all_that_is_not_carried() -> None:
    """Every column is carried or listed as lost; a new column must be put on one of the lists."""
    holders: dict[str, Any] = {"Dialogue": Graph, "Round": Stage, "Entity": Statement, "Verdict": Conclusion}
    for name, lost in LOST.items():
        columns = set(getattr(model, name).__struct_fields__) - {"dialogue_id"} | (
            {"dialogue_id"} if name == "Dialogue" else set()
        )
        carried = CARRIED[name]
        assert columns == lost | set(carried), name
        assert set(carried.values()) <= set(holders[name].__struct_fields__)
    whole = {"utterances", "events", "moves", "stances", "judge_claims", "documents", "exhibits", "watches"}
    kept = {"dialogue", "experts", "panel_members", "rounds", "entities", "refs", "verdicts"}
    assert set(model.Record.__struct_fields__) == whole | kept | {"dialogue_events"}


def test_the_page_names_every_table_importer_and_diagnostic() -> None:
    """docs/formats.md is complete, and tells nothing that is not there."""
    section = PAGE.split("## Parquet", 1)[1].split("## llm-council", 1)[0]
    assert set(row_types()) <= set(re.findall(r"`([a-z_]+)`", section))
    rows = PAGE.split("## Diagnostics", 1)[1].split("## Another format", 1)[0]
    documented = set(re.findall(r"^\| `([a-z_]+)`", rows, re.MULTILINE))
    told = {code for name in MODULES for code in told_codes((ROOM / f"{name}.py").read_text())}
    assert documented == told
    for name in OURS:
        assert {"transcript": "transcripts", "document": "dialogue.json"}.get(name, name).casefold() in PAGE.casefold()
