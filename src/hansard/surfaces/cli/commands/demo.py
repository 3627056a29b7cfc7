"""``hansard demo``."""

import contextlib
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.errors import folder_not_empty
from hansard.surfaces.cli.frame import Frame, is_terminal

if TYPE_CHECKING:
    from hansard.surfaces.render.blocks import Block

ALTERED: Final = re.compile(r"(restores\s+in\s+)(nine)(\s+minutes)")
"""Words of a perspective of the shipped example, whose figure a forger would like to be better."""
FORGED: Final = "five"


class Example(StrEnum):
    """The dialogues that ship with the program, as the demo calls them."""

    LEDGER = "ledger"
    M456 = "m456"


FOLDERS: Final = {Example.LEDGER: "ledger-write-path", Example.M456: "match-m456"}


def run(
    frame: Frame,
    example: Annotated[
        Example, typer.Option("--example", help="ledger: a panel and its record; m456: with the memory's evidence.")
    ] = Example.LEDGER,
    keep: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Make the demo's home here; else in the cache, for the next to replace."),
    ] = None,
) -> int:
    """See it work: a deliberation becomes a record, the record is read, verified, forged, and found out.

    Needs no network and leaves your own store alone (unless --home names it).
    """
    from hansard.surfaces.cli.commands import demo_memory

    gives = {Example.LEDGER: give, Example.M456: demo_memory.give}
    with contextlib.nullcontext(frame.home) if frame.home else new_home(keep) as home:
        return gives[example](frame, home, passing=frame.home is None and keep is None)


def give(frame: Frame, home: Path, *, passing: bool) -> int:
    """Give the demo in this home, which may be for passing use; exit code 0 only if everything went as it should."""
    from hansard.surfaces.render import demo as views
    from hansard.surfaces.render.blocks import Markdown
    from hansard.surfaces.render.custody import verified
    from hansard.surfaces.render.exchange import imported as read_in

    program = program_name(os.environ, sys.argv[0])

    def say(shown: "Iterable[Block]") -> None:
        if not frame.json:
            frame.show(shown)

    with frame.parts(home=home, make=True, own=True) as parts:
        say(views.step(1, "A panel's transcripts come in", "Seven experts argued three rounds, in files of Markdown."))
        request = {"path": str(example_folder())}
        imported = frame.ask(parts, "dialogue_import", request, "Importing")
        query = {"dialogue_id": imported.dialogue_id}
        say(read_in("the shipped example", imported, whole=False))

        say(
            views.step(
                2, "The record is read", "Its minutes: verdict and dissent at equal weight, every sentence cited."
            )
        )
        minutes = frame.ask(parts, "dialogue_minutes", query)
        file = home / "minutes.md"
        file.write_text(minutes.markdown, encoding="utf-8")
        shown = minutes.markdown
        if is_terminal(sys.stdout):  # a reader's eye stays where the Clerk looks; a pipe gets everything
            shown = opening(minutes.markdown)
        say([Markdown(shown)])
        total = len(minutes.markdown.splitlines())
        say(views.minutes_told(total, total - len(shown.splitlines()), file, home, program))
        claims = frame.ask(parts, "dialogue_progress", query).judge_claims
        say(views.look_here(claims))

        say(views.step(3, "The record is verified", "Every row and every text against the journal's chain."))
        store = frame.ask(parts, "verify", {"all": True}, "Verifying")
        say(verified(store))

        say(
            views.step(
                4, "A copy is forged by one word", "The record is exported; somebody alters a copy and passes it on."
            )
        )
        record, copy = home / "record.json", home / "forged.json"
        export = frame.ask(parts, "dialogue_export", {**query, "output_path": str(record)}, "Exporting")
        forged = forge(record, copy)
        say(views.forgery(forged))
        found = frame.ask(parts, "verify", {"target": str(copy)}, "Verifying")
        say(verified(found))

    named = any(finding.id == forged["id"] for finding in found.findings)
    as_it_should = store.ok and not found.ok and named
    if frame.json:
        frame.document(
            {
                "status": "success" if as_it_should else "error",
                "home": str(home),
                "dialogue_id": imported.dialogue_id,
                "judge_claims": claims,
                "store": store.model_dump(mode="json"),
                "export": export.model_dump(mode="json"),
                "forged": forged,
                "copy": found.model_dump(mode="json"),
            }
        )
    else:
        frame.show(views.ending(home, program, forged["id"], passing=passing) if as_it_should else views.failure(home))
    return exits.OK if as_it_should else exits.FOUND


@contextlib.contextmanager
def new_home(keep: str | None) -> Iterator[Path]:
    """A fresh home: where the user wants it, or a folder of the cache that each demo makes anew.

    Raises:
        HansardError: ``folder_not_empty``; ``lock_busy`` while another demo goes on in the cache; ``file_unwritable``
            where there can be no such folder.
    """
    from hansard.kernel.errors import file_unwritable

    if keep is None:
        from platformdirs import user_cache_path

        with replaced(user_cache_path("hansard", appauthor=False) / "demo") as home:
            yield home
        return
    try:
        home = Path(keep).absolute()
        filled = home.exists() and not (home.is_dir() and not any(home.iterdir()))
    except OSError as fault:
        raise file_unwritable(keep, fault.strerror or "unknown reason") from None
    if filled:
        raise folder_not_empty(keep)
    yield home


@contextlib.contextmanager
def replaced(place: Path) -> Iterator[Path]:
    """An empty folder in place of the last demo's; a temporary one where no folder can be made there."""
    from hansard.kernel.errors import HansardError
    from hansard.kernel.locks import file_lock

    with contextlib.ExitStack() as held:
        try:
            held.enter_context(file_lock(place.with_suffix(".lock"), wait_seconds=60))
            if place.exists():
                shutil.rmtree(place)
            place.mkdir(mode=0o700)
        except (HansardError, OSError) as fault:
            if isinstance(fault, HansardError) and fault.code == "lock_busy":
                raise
            place = Path(tempfile.mkdtemp(prefix="hansard-demo-"))
        yield place


def opening(minutes: str) -> str:
    """The minutes down to the end of the Clerk's note: verdict, dissent, where the members stood."""
    note = minutes.find('<a id="clerk"></a>')
    end = minutes.find("\n## ", note)
    return minutes if note < 0 or end < 0 else minutes[: end + 1]


def example_folder(example: Example = Example.LEDGER) -> Path:
    """A shipped example, as ``hansard import`` reads it."""
    (folder,) = Path(str(resources.files("hansard.examples"))).glob(f"*-{FOLDERS[example]}")
    return folder


def forge(export: Path, copy: Path) -> dict[str, Any]:
    """A copy of an export in which one word of one perspective is another; tells which."""
    from hansard.kernel.ids import shown_name

    document = json.loads(export.read_text(encoding="utf-8"))
    found = ((one, ALTERED.search(one["content"])) for one in document["perspectives"])
    entity, said = next((one, match[2]) for one, match in found if match)
    entity["content"] = ALTERED.sub(rf"\g<1>{FORGED}\g<3>", entity["content"], count=1)
    copy.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    names = [shown_name(name) for name in entity["contributors"]]
    forged = {"id": entity["id"], "label": entity["label"], "by": names, "round": entity["round"]}
    return {**forged, "said": said, "written": FORGED}


def program_name(environment: Mapping[str, str], started_as: str) -> str:
    """How the user can start this program again: by its name where their PATH has it, else by its path.

    ``dev.py`` and ``uv run`` put their environment on the PATH for us and not for the user.
    """
    program = Path(started_as).absolute()
    if program.name != "hansard":
        return f"{shlex.quote(sys.executable)} -m hansard"
    made_for_us = environment.get("VIRTUAL_ENV")
    parts = environment.get("PATH", "").split(os.pathsep)
    own = [part for part in parts if part and not (made_for_us and Path(part).is_relative_to(made_for_us))]
    found = shutil.which("hansard", path=os.pathsep.join(own))
    if found is not None and Path(found).samefile(program):
        return "hansard"
    stands_in = Path(environment.get("PWD") or Path.cwd())
    near = program.relative_to(stands_in) if program.is_relative_to(stands_in) else program
    return shlex.quote(str(near))
