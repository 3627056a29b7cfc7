"""dev.py and its locks: one environment, made once, never half; one list of checks; exit codes that pass through."""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.checks import locked
from tests.conftest import ROOT, scale

# -- the locks ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The settings in pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(name: str) -> dict[str, str]:
    """The packages of one of the project's locks with their versions."""
    return locked((ROOT / name).read_text(encoding="utf-8"))


def unmet(requirements: list[str], versions: dict[str, str]) -> list[str]:
    """Requirements that a lock does not meet: the package is missing, or its version does not fit."""
    wanted = {text: Requirement(text) for text in requirements}
    found = {text: versions.get(canonicalize_name(need.name)) for text, need in wanted.items()}
    return [
        text
        for text, need in wanted.items()
        if found[text] is None or not need.specifier.contains(str(found[text]), prereleases=True)
    ]


def test_locks_meet_the_requirements(project: dict[str, Any]) -> None:
    """Every dependency that pyproject.toml names stands in the locks in a version that fits."""
    groups = project["dependency-groups"]
    runtime = project["project"]["dependencies"] + groups["build"]
    development = [need for need in groups["dev"] if isinstance(need, str)]
    assert runtime
    assert development
    assert unmet(runtime, pins("requirements.lock")) == []
    assert unmet(runtime + development, pins("requirements-dev.lock")) == []


def test_the_full_lock_contains_the_run_time_lock() -> None:
    """An environment made for the demonstration grows into the one for the tests without changing a package."""
    runtime, full = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runtime
    assert {name: full.get(name) for name in runtime} == runtime


def test_a_faulty_lock_is_told() -> None:
    """An entry without exact version or hash is refused, and a version that does not fit is an unmet requirement."""
    entry = "some-thing==1.2 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64 + "\n"
    assert locked("# comment\n" + entry) == {"some-thing": "1.2"}
    for faulty in ("some-thing==1.2\n", entry.replace("==", ">="), entry.replace("0" * 64, "0" * 63)):
        with pytest.raises(ValueError, match="no exact version"):
            locked(faulty)
    assert unmet(["Some_thing>=1", "some-thing>=2", "other"], {"some-thing": "1.2"}) == ["some-thing>=2", "other"]


# -- what an old Python reads ------------------------------------------------------------------------------------------


def test_an_old_python_can_say_that_it_is_too_old() -> None:
    """The syntax is that of Python 3.7, and a Python below 3.11 is refused in one line before anything is made."""
    source = (ROOT / "dev.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    program = (
        "import runpy, sys\nsys.version_info = (3, 9, 18)\nsys.argv[1:] = ['demo']\n"
        "runpy.run_path('dev.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("dev.py: Hansard needs Python 3.11 or newer and this is 3.9.18")
    assert done.stderr.count("\n") == 1


def test_ci_runs_what_people_run() -> None:
    """.ci/run can be executed and hands over to ``dev.py test`` with everything required."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text(encoding="utf-8")
    assert text.rstrip().endswith('dev.py test "$@"')
    assert "export HANSARD_REQUIRE_ALL=1" in text


# -- the environment ---------------------------------------------------------------------------------------------------

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

# A project small enough to install in a second without a registry; its programs tell how they were called.
BACKEND = '''
import os, time, zipfile

PROGRAM = """
import os, signal, sys

def main():
    name = os.path.basename(sys.argv[0])
    print(name, *sys.argv[1:], os.environ.get("HANSARD_SCALE", "unscaled"), flush=True)
    if os.environ.get("DIES") == name:
        os.kill(os.getpid(), signal.SIGTERM)
    sys.exit(int(os.environ.get("FAILS_" + name.replace("-", "_").partition(".")[0], "0")))
"""

def build_editable(folder, settings=None, metadata=None):
    time.sleep(float(os.environ.get("BUILD_SECONDS", "0")))
    name = "hansard-0-py3-none-any.whl"
    files = {
        "programs.py": PROGRAM,
        "hansard-0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: hansard\\nVersion: 0\\n",
        "hansard-0.dist-info/WHEEL":
            "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "hansard-0.dist-info/entry_points.txt":
            "[console_scripts]\\nhansard = programs:main\\nlint-imports = programs:main\\n",
    }
    for tool in ("ruff", "mypy", "pytest"):
        files[tool + ".py"] = "import sys, programs\\nsys.argv[0] = %r\\nprograms.main()\\n" % tool
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr("hansard-0.dist-info/RECORD", "".join(path + ",,\\n" for path in files))
    return name
'''


class Clone:
    """A folder with dev.py and a small project of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = root / ".venv"
        root.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "dev.py", root)
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "backend.py").write_text(BACKEND)
        for name in ("requirements.lock", "requirements-dev.lock"):
            (root / name).write_text("# nothing\n")

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start dev.py without a registry; all it prints goes into one stream."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HANSARD_", "PIP_"))}
        return subprocess.Popen(
            [sys.executable, "dev.py", *arguments],
            cwd=self.root,
            env={**kept, "PIP_NO_INDEX": "1", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, list[str]]:
        """Run dev.py to its end; its exit code and the lines it printed."""
        process = self.start(*arguments, **variables)
        output, _ = process.communicate(timeout=300)
        return process.returncode, output.splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone in which nothing was run yet."""
    return Clone(tmp_path / "clone")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose environment is made for all commands; tests leave it so."""
    clone = Clone(tmp_path_factory.mktemp("made"))
    code, lines = clone.run("test")
    assert code == 0, lines
    return clone


@pytest.mark.slow
def test_the_environment_is_made_once(clone: Clone) -> None:
    """The first start makes it, the next does nothing, and each change of an input does again what depends on it."""
    code, lines = clone.run("demo", "--short")
    assert code == 0
    assert [line.partition(" ...")[0].partition(" with ")[0] for line in lines] == [
        "making .venv",
        "installing requirements.lock",
        "installing hansard",
        "hansard demo --short unscaled",
    ]
    assert clone.run("demo") == (0, ["hansard demo unscaled"])

    code, lines = clone.run("test")
    assert code == 0
    assert [line.partition(" ...")[0] for line in lines[:2]] == [
        "installing requirements-dev.lock",
        "installing hansard",
    ]
    assert clone.run("demo") == (0, ["hansard demo unscaled"])

    (clone.root / "pyproject.toml").write_text(PYPROJECT + "\n[tool.other]\n")
    code, lines = clone.run("demo")
    assert (code, len(lines)) == (0, 2)
    assert lines[0].startswith("installing hansard ...")

    (clone.root / "requirements-dev.lock").write_text("# nothing yet\n")
    assert clone.run("demo")[1][0].startswith("making .venv with Python")


@pytest.mark.slow
def test_a_failed_installation_leaves_nothing(clone: Clone) -> None:
    """Where a package cannot be had, pip's own words are shown, no interpreter stays, and the next start succeeds."""
    lock = clone.root / "requirements.lock"
    lock.write_text("not-to-be-had==1.0 --hash=sha256:" + "0" * 64 + "\n")
    code, lines = clone.run("demo")
    assert code == 1
    assert any("No matching distribution found for not-to-be-had==1.0" in line for line in lines)
    assert lines[-1].startswith("dev.py: nothing was installed")
    assert [entry.name for entry in clone.environment.iterdir()] == ["hansard.lock"]

    lock.write_text("# nothing\n")
    assert clone.run("demo")[0] == 0


@pytest.mark.slow
def test_a_killed_start_leaves_no_half_environment(clone: Clone) -> None:
    """Whenever dev.py is killed while it makes the environment, the next start makes it whole."""
    moments = random.Random(0)
    for _ in range(scale(2)):
        shutil.rmtree(clone.environment, ignore_errors=True)
        killed = clone.start("demo", BUILD_SECONDS="0.5")
        time.sleep(moments.uniform(0.1, 5))
        killed.kill()
        code, lines = clone.run("demo")
        assert (code, lines[-1]) == (0, "hansard demo unscaled"), lines
        killed.communicate()
        assert clone.run("demo") == (0, ["hansard demo unscaled"])


@pytest.mark.slow
def test_two_starts_at_once_make_one_environment(clone: Clone) -> None:
    """Started together, one makes the environment, the others wait, and all run."""
    both = [clone.start("demo", BUILD_SECONDS="1") for _ in range(3)]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0, 0], outputs
    assert sum("making .venv" in output for output in outputs) == 1
    assert sum("waiting for another dev.py" in output for output in outputs) == 2
    assert all(output.endswith("hansard demo unscaled\n") for output in outputs)


@pytest.mark.slow
def test_a_moved_clone_makes_its_environment_anew(clone: Clone) -> None:
    """An environment that came along in a copy carries the old place in its scripts and is not used."""
    assert clone.run("demo")[0] == 0
    moved = clone.root.rename(clone.root.with_name("elsewhere"))
    clone.root, clone.environment = moved, moved / ".venv"
    code, lines = clone.run("demo")
    assert (code, lines[-1]) == (0, "hansard demo unscaled")
    assert lines[0].startswith("making .venv")


def test_a_folder_with_other_things_is_refused(clone: Clone) -> None:
    """HANSARD_VENV pointing at somebody's files is refused, and the files stay."""
    folder = clone.root / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    code, lines = clone.run("demo", HANSARD_VENV=str(folder))
    assert (code, len(lines)) == (1, 1)
    assert "holds something else than a virtual environment" in lines[0]
    assert [entry.name for entry in folder.iterdir()] == ["letter.txt"]
    code, lines = clone.run("demo", HANSARD_VENV=str(folder / "letter.txt"))
    assert (code, len(lines)) == (1, 1)


@pytest.mark.slow
def test_exit_codes_pass_through(made: Clone) -> None:
    """The exit code is that of the program; one ended by signal 15 gives 143."""
    assert made.run("demo", FAILS_hansard="7") == (7, ["hansard demo unscaled"])
    assert made.run("demo", DIES="hansard")[0] == 143


@pytest.mark.slow
def test_all_checks_run_and_pytest_has_the_last_word(made: Clone) -> None:
    """When all pass, each check is told in a line and the output ends with what pytest printed."""
    code, lines = made.run("test")
    assert code == 0
    assert [line.partition(" ...")[0] for line in lines[:-1]] == ["ruff check", "ruff format", "mypy", "import floors"]
    assert lines[-1] == "pytest -n auto unscaled"


@pytest.mark.slow
def test_arguments_go_to_pytest(made: Clone) -> None:
    """``--fast`` leaves out what is slow and lowers the scale; all other arguments reach pytest in their order."""
    assert made.run("test", "--fast")[1][-1] == "pytest -m not slow -n auto 0.25"
    assert made.run("test", "--fast", HANSARD_SCALE="3")[1][-1] == "pytest -m not slow -n auto 3"
    assert made.run("test", "tests/unit", "-k", "a or b", "-x")[1][-1] == "pytest tests/unit -k a or b -x unscaled"


@pytest.mark.slow
def test_every_fault_is_told_and_the_first_sets_the_exit_code(made: Clone) -> None:
    """A failed check shows its output, does not stop the others, and is named at the end."""
    code, lines = made.run("test", FAILS_mypy="3", FAILS_pytest="5")
    assert code == 3
    assert "mypy unscaled" in lines
    assert "ruff check . unscaled" not in lines  # what passed has nothing to say
    assert lines[-1] == "dev.py: failed: mypy, pytest"
    assert made.run("test", FAILS_pytest="5")[0] == 5
