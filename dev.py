#!/usr/bin/env python3
"""The way from a fresh clone to a running Hansard: one environment, made once, and what runs in it.

    python3 dev.py demo              show the program at work on its own example
    python3 dev.py test [--fast]     run every check; further arguments go to pytest
    python3 dev.py lock [--upgrade]  resolve the dependencies anew (the only command that needs uv)

Needs Python 3.11 or newer with ``venv``, and the package registry that pip is set up for; no compiler and nothing
else. The environment is ``.venv`` beside this file, or where ``HANSARD_VENV`` points. Messages go to stderr; exit codes
are those of the program that ran (1 when the environment cannot be made, 128 + n for one ended by signal n).

Only the standard library is imported, and the syntax is old enough for an old Python to say that it is too old.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
RUNTIME_LOCK = "requirements.lock"
FULL_LOCK = "requirements-dev.lock"
LOCK_HEADER = (
    "# Made by 'python3 dev.py lock'. Every file of every platform stands here by its hash; no address does.\n"
)


class SetupError(Exception):
    """Something a person must mend; the text is the one line they read."""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py", allow_abbrev=False, description="From a clone to a running Hansard."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="show the program at work on its own example", add_help=False)
    test = commands.add_parser("test", help="run every check; further arguments go to pytest", allow_abbrev=False)
    test.add_argument("--fast", action="store_true", help="leave out what is slow: some minutes")
    commands.add_parser("lock", help="resolve the dependencies anew (needs uv)", add_help=False)
    options, rest = parser.parse_known_args(arguments)
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise SetupError(too_old())
        environment = Environment(Path(os.environ.get("HANSARD_VENV") or ROOT / ".venv").absolute())
        if options.command == "lock":
            return lock(environment, rest)
        if options.command == "demo":
            with environment.ready(RUNTIME_LOCK) as held:
                return run([str(environment.program("hansard")), "demo", *rest], environment.variables(), held)
        with environment.ready(FULL_LOCK) as held:
            return check(environment, held, rest, fast=options.fast)
    except SetupError as failure:
        print(f"dev.py: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def too_old() -> str:
    """What to tell somebody whose Python is too old, with a newer one by name where there is one."""
    names = ("python3.13", "python3.12", "python3.11", "python3.14")
    newer = next((name for name in names if shutil.which(name)), None)
    advice = f"try: {newer} dev.py" if newer else "install one and start dev.py with it"
    have = ".".join(str(part) for part in sys.version_info[:3])
    return f"Hansard needs Python 3.11 or newer and this is {have} ({sys.executable}); {advice}"


# -- what runs ---------------------------------------------------------------------------------------------------------


def steps(environment: Environment, pytest_arguments: Sequence[str], *, fast: bool) -> list[tuple[str, list[str]]]:
    """Every check of the project, in order, by name; the one list that people and CI share."""
    python = str(environment.python)
    pytest = [python, "-m", "pytest"]
    if fast:
        pytest += ["-m", "not slow"]
    if not pytest_arguments:
        # With arguments somebody looks for something (one test, a debugger), and workers stand in the way.
        pytest += ["-n", "auto"]
    return [
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy"]),
        ("import floors", [str(environment.program("lint-imports"))]),
        ("pytest", [*pytest, *pytest_arguments]),
    ]


def check(environment: Environment, held: Held, pytest_arguments: Sequence[str], *, fast: bool) -> int:
    """Run all steps, also after one failed, so that one run tells every fault.

    The last step writes to the terminal itself and, when all is well, has the last word: its closing line ends the
    output. Returns the exit code of the first step that failed, else 0.
    """
    variables = environment.variables()
    if fast:
        variables.setdefault("HANSARD_SCALE", "0.25")
    *quiet, (last, command) = steps(environment, pytest_arguments, fast=fast)
    failed: dict[str, int] = {}
    for name, step in quiet:
        with told(name) as remarks:
            code, output = run_quietly(step, variables, held)
            if code:
                failed[name] = code
                remarks.append("failed")
        if code:
            print(output.rstrip(), flush=True)
    code = run(command, variables, held)
    if code:
        failed[last] = code
    if failed:
        print(f"dev.py: failed: {', '.join(failed)}", file=sys.stderr)
    return next(iter(failed.values()), 0)


def lock(environment: Environment, arguments: Sequence[str]) -> int:
    """Write both lock files from ``pyproject.toml`` with uv, for every platform and Python that Hansard supports.

    What is locked already stays as it is unless it no longer fits; ``--upgrade`` takes the newest. The run-time lock is
    cut from the full one, so that one environment can grow from the first to the second.
    """
    uv = shutil.which("uv") or shutil.which("uv", path=str(environment.bin))
    if uv is None:
        raise SetupError("'lock' needs uv and finds none: install it anywhere on PATH; no other command needs it")
    jobs = (
        (FULL_LOCK, ["--group", "dev", *arguments]),
        (RUNTIME_LOCK, ["--group", "build", "--constraint", FULL_LOCK, *arguments]),
    )
    for name, special in jobs:
        command = [uv, "pip", "compile", "--universal", "--python-version", ".".join(map(str, OLDEST_PYTHON))]
        # Wheels only: a machine without a compiler must be able to install every entry.
        command += ["--only-binary", ":all:", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
        with told(f"writing {name}"):
            code, output = run_quietly([*command, *special, "--output-file", name, "pyproject.toml"], dict(os.environ))
            if code:
                raise SetupError(f"uv could not resolve {name}:\n{output.rstrip()}")
            text = (ROOT / name).read_text(encoding="utf-8")
            if "://" in text:
                raise SetupError(
                    f"{name} names an address, which no committed file may: take the index out of uv's options"
                )
            (ROOT / name).write_text(LOCK_HEADER + text, encoding="utf-8", newline="\n")
    return 0


# -- the environment it runs in ----------------------------------------------------------------------------------------


class Environment:
    """A virtual environment that is either whole or known to be unfinished.

    A stamp inside says what was installed: it is taken away before anything changes and written when everything stands,
    so an environment without one is made anew, whatever killed its maker. A lock on a file inside is held, exclusively
    while it changes and shared while something runs in it, by this process and by the child that does the work.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.program("python")
        self._stamp = folder / "hansard-stamp.json"
        self._lock = folder / "hansard.lock"

    def program(self, name: str) -> Path:
        """Where the environment keeps a program."""
        return self.bin / (f"{name}.exe" if os.name == "nt" else name)

    def variables(self) -> dict[str, str]:
        """This process's variables as an activated environment would have them."""
        variables = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
        variables["VIRTUAL_ENV"] = str(self.folder)
        variables["PATH"] = os.pathsep.join([str(self.bin), os.environ.get("PATH", os.defpath)])
        return variables

    @contextlib.contextmanager
    def ready(self, lock_name: str) -> Iterator[Held]:
        """Hold the environment with at least this lock file installed in it, making what is missing."""
        wanted = wanted_stamp(self.folder, lock_name)
        self._refuse_strange_folder()
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("ab") as handle:
            held = Held(handle)
            held.take(exclusive=False)
            while not self._has(wanted):
                held.take(exclusive=True)
                if not self._has(wanted):  # else somebody made it while we waited
                    self._make(wanted, held)
                held.take(exclusive=False)
            yield held

    def _refuse_strange_folder(self) -> None:
        """Making an environment empties its folder: only one that is ours, a virtual environment or empty may be."""
        if self.folder.is_dir():
            names = {entry.name for entry in self.folder.iterdir()}
            if names and not names & {"pyvenv.cfg", self._lock.name}:
                raise SetupError(
                    f"{self.folder} holds something else than a virtual environment; set HANSARD_VENV elsewhere"
                )
        elif self.folder.exists():
            raise SetupError(f"{self.folder} is no folder; set HANSARD_VENV elsewhere")

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) and self.python.exists() else {}

    def _has(self, wanted: dict[str, str]) -> bool:
        stamp = self._read_stamp()
        # The full lock contains the run-time one.
        return {**wanted, "lock": stamp.get("lock")} == stamp and stamp["lock"] in {wanted["lock"], FULL_LOCK}

    def _make(self, wanted: dict[str, str], held: Held) -> None:
        """Make, complete or renew the environment; leave no half of one behind."""
        stamp = self._read_stamp()
        self._stamp.unlink(missing_ok=True)
        try:
            if stamp.get("base") != wanted["base"]:
                stamp = {}
                self._make_bare(held)
            if stamp.get("lock") not in {wanted["lock"], FULL_LOCK}:
                stamp["lock"] = wanted["lock"]
                with told(f"installing {wanted['lock']}"):
                    options = ["--only-binary", ":all:", "--require-hashes", "--requirement", wanted["lock"]]
                    self._pip(held, "install", "--no-user", "--no-deps", *options)
            with told("installing hansard"):
                self._pip(held, "install", "--no-user", "--no-deps", "--no-build-isolation", "--editable", ".")
                self._pip(held, "check")
        except BaseException:
            self._empty()
            raise
        written = self._stamp.with_suffix(".new")
        written.write_text(json.dumps({**wanted, "lock": stamp["lock"]}, indent=1) + "\n", encoding="utf-8")
        written.replace(self._stamp)

    def _make_bare(self, held: Held) -> None:
        """An environment with pip in it and nothing else."""
        self._empty()
        version = ".".join(str(part) for part in sys.version_info[:3])
        with told(f"making {self.folder.name} with Python {version}"):
            # The interpreter below this one, in case dev.py itself runs in an environment (perhaps in this very one).
            base = getattr(sys, "_base_executable", None) or sys.executable
            code, output = run_quietly([base, "-I", "-m", "venv", str(self.folder)], dict(os.environ), held)
            if code:
                raise SetupError(
                    f"'{base} -m venv' failed:\n{output.rstrip()}\n"
                    "dev.py: Python's venv module is needed (Debian and Ubuntu: 'apt-get install python3-venv')"
                )

    def _pip(self, held: Held, *arguments: str) -> None:
        """Run the environment's pip; its warnings are shown only where it fails."""
        command = [str(self.python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
        code, output = run_quietly([*command, *arguments], dict(os.environ), held)
        if code:
            raise SetupError(
                f"'pip {' '.join(arguments)}' failed:\n{output.rstrip()}\n"
                f"dev.py: nothing was installed, {self.folder.name} is empty again; mend the above and start again"
            )

    def _empty(self) -> None:
        """Take everything out but the lock, which we hold."""
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != self._lock:
                entry.unlink()


def wanted_stamp(folder: Path, lock_name: str) -> dict[str, str]:
    """What must have been installed for an environment in this folder to serve.

    ``base`` changes with the interpreter, the place (scripts carry their path) and the locks, and calls for a new
    environment; ``project`` with the project's own metadata, and calls only for installing it again.
    """

    def digest(*parts: str) -> str:
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    locks = [(ROOT / name).read_text(encoding="utf-8") for name in (RUNTIME_LOCK, FULL_LOCK)]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return {
        "base": digest(sys.version, sys.base_prefix, str(folder), *locks),
        "project": digest(str(ROOT), project),
        "lock": lock_name,
    }


class Held:
    """An open lock file; children that inherit it keep the lock although this process may be killed.

    Windows has no ``flock``: two dev.py at once are the user's care there.
    """

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle

    def take(self, *, exclusive: bool) -> None:
        """Wait for the lock, in place of the one that is held."""
        if sys.platform != "win32":
            import fcntl

            wanted = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(self._handle, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._handle, wanted | fcntl.LOCK_NB)
            except BlockingIOError:
                with told("waiting for another dev.py"):
                    fcntl.flock(self._handle, wanted)

    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit to hold the lock too."""
        return () if sys.platform == "win32" else (self._handle.fileno(),)


# -- processes ---------------------------------------------------------------------------------------------------------


def run(command: list[str], variables: dict[str, str], held: Held) -> int:
    """Run a program in the foreground and return its exit code; interrupts are the program's to answer."""
    with subprocess.Popen(command, cwd=ROOT, env=variables, pass_fds=held.descriptors()) as child:
        while True:
            try:
                code = child.wait()
            except KeyboardInterrupt:
                continue  # the terminal told the child as well; it ends in its own time
            return code if code >= 0 else 128 - code


def run_quietly(command: list[str], variables: dict[str, str], held: Held | None = None) -> tuple[int, str]:
    """Run a program and return its exit code and all it printed."""
    inherited = held.descriptors() if held else ()
    done = subprocess.run(
        command, cwd=ROOT, env=variables, pass_fds=inherited, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode("utf-8", "replace")


@contextlib.contextmanager
def told(what: str) -> Iterator[list[str]]:
    """Say what goes on, and at its end how long it took; a word put into the list is said too."""
    print(f"{what} ...", end=" ", file=sys.stderr, flush=True)
    start = time.monotonic()
    remarks: list[str] = []
    try:
        yield remarks
    except BaseException:
        remarks.append("failed")
        raise
    finally:
        print(" ".join([f"{time.monotonic() - start:.1f} s", *remarks]), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
