"""The page on importing and the program say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hansard.exchange
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "importing.md"
ROOM = Path(str(hansard.exchange.__file__)).parent
MODULES = (
    "course", "importing", "judge_files", "planning", "responses", "restoring", "rosters", "seats", "telling",
    "transcripts", "verdicts",
)  # fmt: skip
TELLING = {"tell", "_tell", "Note", "_leave"}
CODE = re.compile(r"[a-z]+(?:_[a-z]+)+|encoding|restated|unreadable")
BY_COLUMN = {"relevance_changed", "tier_changed"}
"""Codes that are made of a column's name."""


def told_codes(source: str) -> Iterator[str]:
    """Every code that a module tells: the literal that begins a call, or stands for ``code``."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [*node.args[:2], *(word.value for word in node.keywords if word.arg == "code")]
        words = [value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        if called in TELLING | {"ImportDiagnostic", "self"}:
            yield from (word for word in words if CODE.fullmatch(word))


def test_every_diagnostic_is_documented_and_exists() -> None:
    """The table of diagnostics names each code that the import tells, and no other."""
    section = PAGE.read_text().split("## Diagnostics", 1)[1].split("## Further formats", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    documented = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    told = {code for name in MODULES for code in told_codes((ROOM / f"{name}.py").read_text())}
    assert documented == told | BY_COLUMN | {"not_a_response", "unknown_file"}


def test_the_table_of_ids_is_what_linking_does() -> None:
    """Each form of id that the page explains is one that the reader knows."""
    from hansard.markers.targets import targets_in

    section = PAGE.read_text().split("## What ids mean", 1)[1].split("A row leads", 1)[0]
    written = re.findall(r"`([^`]+)`", "".join(line.split("|")[1] for line in section.splitlines() if "|" in line))
    forms = {
        next(targets_in(text, 0, len(text), "muffin")).form for text in written if text not in ("tensions.md", "Tnn")
    }
    assert forms == {"global", "local", "expert", "named", "named_round", "own_round", "bare"}
