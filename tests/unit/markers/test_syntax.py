"""The table of markers, the parser and the document agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hansard.kernel.ids import KINDS
from hansard.markers import document, syntax

from .samples import codes, read

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("marker", syntax.MARKERS, ids=lambda marker: f"{marker.family}-{marker.word}")
def test_every_example_is_read_as_what_it_is(marker: syntax.Marker) -> None:
    """Each row of the table gives one item of its family, its word and its dialect, and nothing to tell."""
    response = read(marker.example)
    items = {
        "entity": [entity.kind for entity in response.entities],
        "reference": [found.type.upper() for found in response.references],
        "move": [move.type.upper() for move in response.moves],
        "stance": [stance.stance for stance in response.stances],
        "verdict": [note.kind for note in response.verdicts],
        "exhibit": ["EXHIBIT" for _ in response.exhibits],
        "annotation": [note.word for note in response.annotations if note.known],
    }
    expected = {"entity": marker.word[0], "verdict": syntax.VERDICT_KINDS.get(marker.word, "")}.get(
        marker.family, marker.word
    )
    assert items.pop(marker.family) == [expected]
    assert not any(items.values())
    assert codes(response) == []
    if marker.family == "entity":
        assert response.entities[0].dialect == marker.dialect


def test_the_table_holds_the_specifications_words() -> None:
    """Five kinds in both dialects, eight references, six moves, five stances, four verdicts."""
    assert set(syntax.ENTITY_WORDS) == {word.upper() for word in KINDS.values()}
    assert syntax.REFERENCE_TYPES == (
        "support",
        "oppose",
        "refine",
        "address",
        "resolve",
        "reopen",
        "question",
        "depend",
    )
    assert syntax.MOVE_TYPES == ("defend", "challenge", "bridge", "request", "concede", "converge")
    assert syntax.STANCES == ("APPROVE", "REJECT", "HOLD", "CONDITIONAL", "ABSTAIN")
    assert set(syntax.VERDICT_KINDS.values()) == {"dissent", "minority", "interim", "final"}
    assert {marker.word for marker in syntax.MARKERS if marker.family == "verdict"} == set(syntax.VERDICT_KINDS)


@pytest.mark.parametrize("form", syntax.TARGET_FORMS, ids=lambda form: form.form)
def test_every_form_of_id_is_read_as_what_it_is(form: syntax.TargetSyntax) -> None:
    """The examples of the table of ids."""
    (found,) = read(f"[RE:SUPPORT {form.example}]\nx").references
    assert (found.target.form, found.target.text) == (form.form, form.example)


def test_every_field_is_read_under_its_name() -> None:
    """All spellings of the table of fields."""
    for field in syntax.VERDICT_FIELDS:
        for written in field.written:
            (note,) = read(f"[DISSENT]\n**{written}:** T0001").verdicts
            assert list(note.fields) == [field.name]


def test_every_diagnostic_is_told_somewhere() -> None:
    """No code stands in the table that the package never uses, and none is used that the table lacks."""
    package = Path(syntax.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in package.glob("*.py") if path.name != "syntax.py")
    assert {code for code in syntax.DIAGNOSTICS if f'"{code}"' not in source} == set()
    used = set(re.findall(r'(?:\btell|\bdiagnostic)\(\s*"(\w+)"', source))
    assert used
    assert used - set(syntax.DIAGNOSTICS) == set()


def test_the_document_is_made_from_the_table() -> None:
    """``docs/markers.md`` is what ``python -m hansard.markers.document docs/markers.md`` writes."""
    assert (ROOT / "docs" / "markers.md").read_text(encoding="utf-8") == document.markdown()


def test_the_document_shows_every_row() -> None:
    """Each form, field, id and diagnostic has a line of its own."""
    lines = document.markdown().splitlines()
    cells = {
        line.split(" | ")[0].removeprefix("| ").strip("`").replace("\\|", "|")
        for line in lines
        if line.startswith("| ")
    }
    rows = [marker.form for marker in syntax.MARKERS] + [form.form for form in syntax.TARGET_FORMS]
    rows += [field.name for field in syntax.VERDICT_FIELDS] + list(syntax.DIAGNOSTICS)
    assert [row for row in rows if not any(row.startswith(cell) and cell for cell in cells)] == []
