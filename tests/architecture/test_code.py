"""What holds for the source as a whole: where SQL stands, how codes are named, what an import costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checks import sql_outside_stores, unnamed_codes
from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "hansard"
MODULES = sorted(file.relative_to(PACKAGE) for file in PACKAGE.rglob("*.py"))


def source(module: Path) -> str:
    """The text of a module of the package."""
    return (PACKAGE / module).read_text(encoding="utf-8")


def test_sql_stands_in_stores_only() -> None:
    """No module but stores and the database room holds SQL; only they and tables.py import a database library."""
    assert MODULES
    assert [fault for module in MODULES for fault in sql_outside_stores(module, source(module))] == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("dialogue/rules.py", "import sqlalchemy as sa"),
        ("dialogue/operations.py", "from sqlalchemy import select"),
        ("dialogue/operations.py", "from sqlalchemy.engine import Connection"),
        ("dialogue/storefront.py", "import sqlalchemy"),
        ("custody/backup.py", "def copy():\n    import sqlite3"),
        ("custody/backup.py", "import importlib\nimportlib.import_module('sqlite3')"),
        ("surfaces/cli.py", "run('SELECT id, title FROM dialogues WHERE id = ?')"),
        ("surfaces/cli.py", "run('''\n    select count(*)\n    from journal\n''')"),
        ("surfaces/cli.py", "run(f'SELECT {columns} FROM {table} LIMIT 1')"),
        ("surfaces/cli.py", "run('SELECT ' 'max(position) ' 'FROM journal')"),
        ("dialogue/tables.py", "run('INSERT INTO texts VALUES (?)')"),
        ("dialogue/tables.py", "run('insert or ignore into texts values (?)')"),
        ("custody/verify.py", "run('UPDATE rounds SET score = 1')"),
        ("custody/verify.py", "run('DELETE FROM rounds')"),
        ("custody/verify.py", "run('CREATE UNIQUE INDEX i ON rounds (id)')"),
        ("custody/verify.py", "run('PRAGMA integrity_check')"),
        ("custody/verify.py", "run('BEGIN IMMEDIATE')"),
        ("custody/verify.py", "run('WITH heads AS (SELECT 1) SELECT * FROM heads')"),
    ],
)
def test_sql_elsewhere_is_told(module: str, text: str) -> None:
    """SQL or a database library in another module is a fault that names the module."""
    faults = sql_outside_stores(Path(module), text)
    assert len(faults) == 1
    assert faults[0].startswith(f"{module}:")


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("dialogue/store.py", "import sqlalchemy\nrun('SELECT 1 FROM t')"),
        ("dialogue/store/rounds.py", "import sqlalchemy\nrun('SELECT 1 FROM t')"),
        ("database/engine.py", "import sqlite3\nrun('PRAGMA foreign_keys=ON')"),
        ("database/migrations/versions/0001_first.py", "from alembic import op\nop.execute('CREATE TABLE t (id)')"),
        ("dialogue/tables.py", "from sqlalchemy import Table"),
        ("dialogue/rules.py", '"""SELECT what is said FROM the record."""\ndef f():\n    """Delete from here."""'),
        ("surfaces/cli.py", "help = 'Select the dialogues from this list'\nhint = 'Update it; set a title'"),
        ("surfaces/cli.py", "from hansard.dialogue import store_key"),
        ("surfaces/cli.py", "from .sqlalchemy import nothing"),
    ],
)
def test_sql_in_its_place_and_prose_pass(module: str, text: str) -> None:
    """Stores, tables, migrations, docstrings and English sentences are no faults."""
    assert sql_outside_stores(Path(module), text) == []


def test_every_error_code_is_the_name_of_its_function() -> None:
    """Wherever an error is made, the function around it bears the error's code as its name."""
    assert Path("kernel/errors.py") in MODULES
    assert [fault for module in MODULES for fault in unnamed_codes(module, source(module))] == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("errors.py", "def gone() -> HansardError:\n    return HansardError('not_found', 'lost', '')"),
        ("errors.py", "def gone() -> HansardError:\n    return errors.HansardError('not_found', code='lost')"),
        ("errors.py", "def gone(code: str) -> HansardError:\n    return HansardError('not_found', code, '')"),
        ("errors.py", "def gone() -> HansardError:\n    return other()"),
        ("errors.py", "def gone() -> 'HansardError':\n    return other()"),
        ("errors.py", "raise HansardError('not_found', 'lost', '')"),
        (
            "errors.py",
            "def _no(code: str) -> HansardError:\n    return HansardError('refused', code, '')\n"
            "def gone() -> HansardError:\n    return _no('lost')",
        ),
        ("operations.py", "def read() -> None:\n    raise HansardError('not_found', 'lost', '')"),
    ],
)
def test_a_code_under_another_name_is_told(module: str, text: str) -> None:
    """A code that differs from its function's name, is not a literal, or is never made is a fault."""
    faults = unnamed_codes(Path("dialogue") / module, text)
    assert len(faults) == 1
    assert faults[0].startswith(f"dialogue/{module}:")


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("errors.py", "def gone() -> HansardError:\n    return HansardError('not_found', 'gone', '')"),
        (
            "errors.py",
            "def _no(why: str, *, code: str) -> HansardError:\n    return HansardError('refused', code, why)\n"
            "def gone() -> HansardError:\n    return _no('it left', code='gone')",
        ),
        ("errors.py", "def near(word: str) -> str | None:\n    return None"),
        ("operations.py", "def read(data: dict) -> None:\n    raise HansardError(data['kind'], data['code'], '')"),
    ],
)
def test_a_code_under_its_own_name_passes(module: str, text: str) -> None:
    """A function named after its code, directly or by a private helper, and an error that was read are no faults."""
    assert unnamed_codes(Path("dialogue") / module, text) == []


def foreign_modules(statement: str) -> set[str]:
    """Top-level modules that a statement loads beyond the standard library and Hansard, in a fresh interpreter."""
    program = (
        f"import sys\nbefore = set(sys.modules)\n{statement}\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(loaded - set(sys.stdlib_module_names) - {'hansard'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_hansard_loads_no_third_party() -> None:
    """``import hansard`` costs the standard library and nothing else."""
    assert foreign_modules("import hansard") == set()


def test_a_third_party_import_is_told() -> None:
    """The same look finds a third party where one is loaded."""
    assert "msgspec" in foreign_modules("import msgspec")
