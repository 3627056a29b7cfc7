"""The files by which assistants find Hansard: plugin, marketplace, registry entry, configurations."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import hansard
from tests.conftest import ROOT
from tests.support import published

PLUGIN = ROOT / "plugins" / "hansard"
PAGE = ROOT / "docs" / "assistants.md"

FILES: dict[str, dict[str, Any]] = {
    "plugins/hansard/.claude-plugin/plugin.json": published.PLUGIN,
    "plugins/hansard/.mcp.json": published.MCP_SERVERS,
    ".claude-plugin/marketplace.json": published.MARKETPLACE,
    "server.json": published.SERVER,
    "docs/assistants/claude-code.mcp.json": published.MCP_SERVERS,
    "docs/assistants/claude-code-http.mcp.json": published.MCP_SERVERS,
    "docs/assistants/cursor.mcp.json": published.MCP_SERVERS,
    "docs/assistants/cursor-http.mcp.json": published.MCP_SERVERS,
    "docs/assistants/vscode.mcp.json": published.VSCODE,
    "docs/assistants/vscode-http.mcp.json": published.VSCODE,
}


def read(name: str | Path) -> Any:
    """A JSON file of the repository."""
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_each_file_has_the_published_form(name: str) -> None:
    """Its fields are known to whoever reads it, those that must be there are, and no limit is passed."""
    Draft202012Validator(FILES[name]).validate(read(name))


@pytest.mark.parametrize("name", FILES)
def test_a_misspelt_field_would_be_told(name: str) -> None:
    """The published forms are closed: another field is a fault."""
    assert not Draft202012Validator(FILES[name]).is_valid({**read(name), "verison": "1.0.0"})


def test_every_version_is_the_programs() -> None:
    """Plugin, registry entry and package tell one version."""
    entry = read("server.json")
    told = {
        read("plugins/hansard/.claude-plugin/plugin.json")["version"],
        entry["version"],
        *(package["version"] for package in entry["packages"]),
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
    }
    assert told == {hansard.__version__}


def test_the_registry_entry_starts_the_package_that_this_is() -> None:
    """It names this distribution, whose one command has the name that the registry's runner looks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (package,) = read("server.json")["packages"]
    assert package["identifier"] == project["name"]
    assert project["name"] in project["scripts"]


def test_the_marketplace_leads_to_the_plugin() -> None:
    """Its source, from the folder above ``.claude-plugin``, is the plugin of that name: manifest, server, skills."""
    (entry,) = read(".claude-plugin/marketplace.json")["plugins"]
    folder = ROOT / entry["source"]
    assert folder.resolve() == PLUGIN
    manifest = read(folder / ".claude-plugin" / "plugin.json")
    assert (manifest["name"], manifest["description"]) == (entry["name"], entry["description"])
    assert sorted(path.name for path in folder.iterdir()) == [".claude-plugin", ".mcp.json", "skills"]
    assert [path.name for path in (folder / ".claude-plugin").iterdir()] == ["plugin.json"]


def test_the_page_shows_the_files_as_they_are() -> None:
    """Each JSON that docs/assistants.md shows under a file's name is that file."""
    shown = re.findall(r"\]\((assistants/[\w.-]+)\).*?\n```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert {f"docs/{name}" for name, _ in shown} == {name for name in FILES if name.startswith("docs/")}
    assert {path.name for path in PAGE.with_suffix("").iterdir()} == {Path(name).name for name, _ in shown}
    for name, text in shown:
        assert text == (ROOT / "docs" / name).read_text(encoding="utf-8"), name
