"""What holds for every file of the repository, and for its documents."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checks import (
    MACHINE_FOLDERS,
    MAX_FILE_BYTES,
    broken_links,
    faulty_decisions,
    machine_paths,
    named_hosts,
    too_large,
)
from tests.conftest import ROOT, absent

# pip tells its own addresses from inside; asked in another process, since they stand in no public place.
ASK_PIP = "from pip._internal.models.index import PyPI; print(PyPI.netloc, PyPI.file_storage_domain)"


@pytest.fixture(scope="module")
def files() -> list[str]:
    """Every file that is, or would be, committed."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        absent("this is no clone, or git is missing: which files belong to the project cannot be told")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip and npm may leave what they like to leave."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def registry_hosts(scratch: Path) -> set[str]:
    """The hosts that pip and npm install from here, asked of them so that none is written anywhere."""
    hosts = set(_answer([sys.executable, "-c", ASK_PIP], scratch).split())
    answers = _answer([sys.executable, "-m", "pip", "config", "list"], scratch)
    if shutil.which("npm"):
        answers += _answer(["npm", "config", "get", "registry"], scratch)
    hosts |= set(re.findall(r"https?://(?:[^/\s@']*@)?([^/\s:@']+)", answers))
    return {host for host in hosts if "." in host and not host.startswith("127.")}


def _answer(command: list[str], scratch: Path, **variables: str) -> str:
    """What a program says; its logs and caches go where we say and not into the home."""
    elsewhere = {
        "npm_config_cache": str(scratch / "npm"),
        "npm_config_logs_max": "0",
        "npm_config_update_notifier": "false",
        "PIP_CACHE_DIR": str(scratch / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **elsewhere, **variables}
    ).stdout


@pytest.mark.slow
def test_asking_for_registries_leaves_nothing_in_the_home(tmp_path: Path, scratch: Path) -> None:
    """Neither pip nor npm writes into the home of whoever runs the tests."""
    for command in ([sys.executable, "-m", "pip", "config", "list"], ["npm", "config", "get", "registry"]):
        if shutil.which(command[0]):
            _answer(command, scratch, HOME=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_no_file_names_a_package_registry(files: list[str], registry_hosts: set[str]) -> None:
    """No file of the project says where packages come from: that is the user's pip to know."""
    assert registry_hosts
    assert [fault for file in files for fault in named_hosts(file, (ROOT / file).read_bytes(), registry_hosts)] == []


def test_a_registry_host_is_told(registry_hosts: set[str]) -> None:
    """A host is found wherever it stands in a file."""
    host = min(registry_hosts)
    assert named_hosts("a.lock", f"--index-url https://{host}/simple".encode(), registry_hosts) == [
        f"a.lock: names the package registry host {host}"
    ]


def test_no_file_names_a_path_of_one_machine(files: list[str]) -> None:
    """No file holds an absolute path of the machine it was written on."""
    assert [fault for file in files for fault in machine_paths(file, (ROOT / file).read_bytes())] == []


def test_a_machine_path_is_told() -> None:
    """An absolute path is found with its line; a folder of that name inside another path is none."""
    work, root = MACHINE_FOLDERS
    assert machine_paths("a.md", f"one\nsee {work}x and ({root}y)\n".encode()) == [
        f"a.md:2: names the machine's path {work}x",
        f"a.md:2: names the machine's path {root}y)",
    ]
    assert machine_paths("a.md", f"docs{work}x ..{root}y https://example.org{work}z".encode()) == []


def test_no_file_is_too_large(files: list[str]) -> None:
    """No file of the project is over 2 MB."""
    assert [fault for file in files for fault in too_large(file, (ROOT / file).stat().st_size)] == []


def test_a_large_file_is_told() -> None:
    """A file over the limit is a fault, one of exactly the limit is none."""
    assert too_large("a.bin", MAX_FILE_BYTES) == []
    assert too_large("a.bin", MAX_FILE_BYTES + 1) == ["a.bin: 2,000,001 bytes; at most 2,000,000"]


def test_decisions_are_numbered_once_and_complete() -> None:
    """Each record of a decision has its own number and says context, decision and consequences."""
    folder = ROOT / "docs" / "decisions"
    documents = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md") if file.stem != "README"}
    assert faulty_decisions(documents) == []


def test_a_faulty_decision_is_told() -> None:
    """A wrong name, a number used twice and a missing or misplaced heading are faults."""
    whole = "# 1. Title\n\n## Context\nx\n\n## Decision\nx\n\n## Consequences\nx\n"
    assert faulty_decisions({"0001-one.md": whole, "0002-two-three.md": whole}) == []
    faults = faulty_decisions(
        {
            "0001-one.md": whole,
            "0001-other.md": whole,
            "3-three.md": whole,
            "0004-four.md": whole.replace("## Decision", "## Choice"),
            "0005-five.md": "## Decision\n## Context\n## Consequences\n",
        }
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "0001-other.md",
        "0004-four.md",
        "0005-five.md",
        "3-three.md",
    ]


def test_every_relative_link_resolves(files: list[str]) -> None:
    """Each relative link of each Markdown document leads to a file of the repository."""
    documents = [ROOT / file for file in files if file.endswith(".md") and not file.startswith("src/hansard/examples/")]
    assert documents
    assert [fault for document in documents for fault in broken_links(ROOT, document)] == []


def test_a_broken_link_is_told(tmp_path: Path) -> None:
    """A link to nothing or out of the repository is a fault with its line; addresses, anchors and code are none."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a file.md").touch()
    document = tmp_path / "there" / "index.md"
    document.write_text(
        "[good](a%20file.md#part) [folder](../there) [top](#top) [far](https://example.org/x) <mailto:a@b.c>\n"
        "`[code](nowhere.md)` ``[more `code`](nowhere.md)``\n"
        "```\n[fenced](nowhere.md)\n```\n"
        "![picture](missing.png) and [[nested] label](gone.md 'no') [titled](absent.md \"title\")\n"
        "[out](../../elsewhere.md)\n"
        "[reference]: lost.md\n"
    )
    assert broken_links(tmp_path, document) == [
        "there/index.md:6: 'missing.png' leads to nothing",
        "there/index.md:6: 'absent.md' leads to nothing",
        "there/index.md:7: '../../elsewhere.md' leads out of the repository",
        "there/index.md:8: 'lost.md' leads to nothing",
    ]
