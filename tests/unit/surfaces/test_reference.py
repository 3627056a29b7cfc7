"""The reference is made from the program, and the committed documents are what is made."""

from __future__ import annotations

import pytest

from hansard.app.assembly import all_operations
from hansard.app.reference import documents, sources
from hansard.surfaces.cli import exits
from hansard.surfaces.render.reference import Refusal, refusals
from tests.conftest import ROOT

SOURCE = '''
def _gone(code: str, why: str) -> HansardError:
    return HansardError("not_found", code, why)

def lost() -> HansardError:
    """It is lost.

    More about it.
    """
    return _gone("lost", "it is lost")

def broken(kind: Kind) -> HansardError:
    """It is broken."""
    return HansardError(kind, "broken", "it is broken")

def explained(fault: Exception) -> HansardError:
    """No refusal of its own."""
    return lost()
'''


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The documents as the program makes them now."""
    return documents()


@pytest.mark.parametrize("name", ["operations.md", "errors.md", "commands.md", "settings.md"])
def test_the_reference_is_what_the_program_says(made: dict[str, str], name: str) -> None:
    """A committed reference document equals what is made now ('python -m hansard.app.reference' makes it anew)."""
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == made[name]


def test_an_operation_is_told_with_its_doors(made: dict[str, str]) -> None:
    """Where it answers over HTTP, in which set of tools it is, what scope it needs, and its other names."""
    text = made["operations.md"]
    path = "/api/v1/dialogues/{dialogue_id}/progress"
    assert f"| [`dialogue_progress`](#dialogue_progress) | reads | `{path}` | dialogue | read |" in text
    section = text.partition("## dialogue_progress")[2].partition("\n## ")[0]
    assert f"HTTP: `GET {path}`, `POST /api/v1/dialogue_progress`. Tools: `dialogue`. Scope: `read`." in section
    assert "Also called `get_dialogue_progress`." in section
    assert "Resource: `hansard://dialogues/{dialogue_id}/minutes`." in text
    with all_operations() as table:
        for one in table.values():
            assert f"`POST /api/v1/{one.name}`" in text
            assert one.mark.path is None or f"`GET /api/v1{one.mark.path}`" in text


def test_every_exit_code_stands_in_the_documents_and_in_the_help(made: dict[str, str]) -> None:
    """The table of exit codes is one: the document and the help have each code with its meaning."""
    for code, meaning in exits.MEANINGS.items():
        assert f"| {code} | {meaning} |" in made["errors.md"]
        assert f"{code}  {meaning}" in made["commands.md"]


def test_every_refusal_is_documented(made: dict[str, str]) -> None:
    """Each refusal has a code, a kind that has an exit code, and a meaning."""
    found = refusals(sources())
    assert {"batch_validation_failed", "dialogue_not_found", "database_busy", "lock_busy"} <= {
        one.code for one in found
    }
    for one in found:
        assert one.meaning, one.code
        assert one.kind in exits.BY_KIND or one.code in ("batch_validation_failed", "no_model"), one  # they depend
        assert f"| `{one.code}` |" in made["errors.md"]


def test_a_refusal_is_read_from_its_function() -> None:
    """Code, kind and meaning come from the source, also through a helper; others are left out."""
    assert refusals({"hansard.attic.errors": SOURCE}) == [
        Refusal("broken", "", "It is broken.", "attic"),
        Refusal("lost", "not_found", "It is lost.", "attic"),
    ]
