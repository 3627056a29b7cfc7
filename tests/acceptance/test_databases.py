"""The program on a PostgreSQL server: one setting, the same commands, the same answers, and no password anywhere."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hansard.database.dialect import place
from hansard.database.engine import HEAD, REVISIONS
from tests.acceptance.program import Run, hansard
from tests.golden.build_store import STORE
from tests.support.stores import dropped, empty_database
from tests.unit.exchange.folders import SMALL, STAMPED, write


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a database with nothing in it, with a password that the server does not ask for."""
    at = empty_database()
    url = sa.make_url(at).set(password="geheim").render_as_string(hide_password=False)
    yield url
    dropped(place(at))


def on(server: str, *arguments: str | Path) -> Run:
    """A run of the program with this database; whatever it says, the password is not in it."""
    done = hansard(*arguments, variables={"HANSARD_DATABASE_URL": server})
    assert "geheim" not in done.out + done.err
    return done


@pytest.mark.slow
def test_a_record_is_kept_on_a_server_as_in_a_file(server: str, tmp_path: Path, home: Path) -> None:
    """Imported, listed, searched, verified and exported: word for word what a file gives; the home holds no store."""
    folder = write(tmp_path / STAMPED, SMALL)
    assert on(server, "import", folder, "-v").code == 0
    assert not (home / "hansard.db").exists()
    assert hansard("import", folder).code == 0
    for command in (["list"], ["search", "tunnel salt"], ["show", "latest"], ["progress", "latest"]):
        assert on(server, *command).out == hansard(*command).out
    assert on(server, "verify", "--all").code == 0
    told = []
    for name, url in (("file.json", ""), ("server.json", server)):
        file = tmp_path / name
        assert on(url, "export", "latest", "--no-journal", "--output", file).code == 0
        told.append(file.read_bytes())
    assert told[0] == told[1]


@pytest.mark.slow
def test_the_state_of_the_database_is_told_before_and_after(server: str) -> None:
    """Nothing is made by looking; a dry run shows the statements; then the store is there and has nothing to do."""
    before = on(server, "database", "status", "--json").json
    assert (before["kind"], before["revision"], before["pending"]) == ("PostgreSQL", None, list(REVISIONS))
    dry = on(server, "database", "migrate", "--sql").out
    assert "CREATE TABLE journal" in dry
    assert "CREATE VIRTUAL TABLE" not in dry
    assert on(server, "database", "status", "--json").json == before
    assert on(server, "list").code == 4  # there is no store yet
    assert f"brought from no store to {HEAD}" in on(server, "database", "migrate").out
    after = on(server, "database", "status", "--json").json
    assert (after["revision"], after["pending"], after["dialogues"], after["entries"]) == (HEAD, [], 0, 0)
    assert after["size_bytes"] > 0
    assert "nothing to do" in on(server, "database", "migrate").out


@pytest.mark.slow
def test_a_store_of_the_first_schema_shows_what_it_needs(home: Path) -> None:
    """An older file is told as such, with the statements and a way to copy it; brought up, it verifies."""
    (home / "hansard.db").write_bytes(STORE.read_bytes())
    told = hansard("database", "status").out
    assert f"schema 0001; to be brought to {HEAD}" in told
    dry = hansard("database", "migrate", "--dry-run").out
    assert "ALTER TABLE" not in dry
    assert re.search(r"New columns in:? +experts, dialogues, utterances, entities, verdicts\n", dry)
    assert "ALTER TABLE" in hansard("database", "migrate", "--sql").out
    assert "hansard backup" in dry
    assert (home / "hansard.db").read_bytes() == STORE.read_bytes()
    assert hansard("database", "migrate").code == 0
    assert hansard("verify", "--all").code == 0
    with sqlite3.connect(home / "hansard.db") as plain:
        assert plain.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


@pytest.mark.slow
def test_the_doctor_looks_at_the_server(server: str) -> None:
    """Version, encoding and durability are checked; a server that does not answer is a finding with a remedy."""
    assert on(server, "database", "migrate").code == 0
    told = on(server, "doctor", "--json").json
    checks = {check["name"]: check for check in told["checks"]}
    assert told["ok"]
    assert checks["store"]["found"].startswith("PostgreSQL postgresql://")
    assert {"server", "encoding", "durability", "commits", "schema", "tables"} <= checks.keys()
    assert "SQLite" not in checks
    nobody = on("postgresql://somebody:geheim@localhost:1/x", "doctor", "--json")
    store = next(check for check in nobody.json["checks"] if check["name"] == "store")
    assert (nobody.code, store["ok"]) == (1, False)
    assert "cannot be reached" in store["found"]


@pytest.mark.slow
def test_the_demo_keeps_out_of_the_server(server: str, tmp_path: Path) -> None:
    """The demonstration works in a home of its own, whatever database is set."""
    assert on(server, "demo", "--home", tmp_path / "demo").code == 0
    assert on(server, "database", "status", "--json").json["revision"] is None


@pytest.mark.slow
def test_the_setting_may_stand_in_the_file(server: str, home: Path) -> None:
    """``database_url`` in settings.toml does what the variable does; one that is none is not repeated."""
    (home / "settings.toml").write_text(f'database_url = "{server}"\n')
    assert hansard("database", "status", "--json").json["kind"] == "PostgreSQL"
    (home / "settings.toml").write_text("database_url = 5\n")
    assert hansard("database", "status", "--json").json["error_code"] == "invalid_setting"
    (home / "settings.toml").write_text('database_url = "mysql://somebody:geheim@localhost/x"\n')
    refused = hansard("database", "status", "--json")
    assert refused.json["error_code"] == "invalid_database_url"
    assert "geheim" not in refused.out + refused.err
