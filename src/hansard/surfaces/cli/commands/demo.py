"""``hansard demo``."""

import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.errors import folder_not_empty
from hansard.surfaces.cli.frame import Frame

if TYPE_CHECKING:
    from hansard.surfaces.render.blocks import Block

ALTERED: Final = re.compile(r"(restores\s+in\s+)(nine)(\s+minutes)")
"""Words of a perspective of the shipped example, whose figure a forger would like to be better."""
FORGED: Final = "five"


def run(
    frame: Frame,
    keep: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Make the demo's home here; in a temporary folder when left out."),
    ] = None,
) -> int:
    """See it work: a deliberation becomes a record, the record is read, verified, forged, and found out.

    Needs no network and leaves your own store alone (unless --home names it).
    """
    from hansard.surfaces.render import demo as views
    from hansard.surfaces.render.blocks import Markdown
    from hansard.surfaces.render.custody import verified
    from hansard.surfaces.render.exchange import imported as read_in

    home = frame.home or new_home(keep)

    def say(shown: "Iterable[Block]") -> None:
        if not frame.json:
            frame.show(shown)

    with frame.parts(home=home) as parts:
        say(views.step(1, "A panel's transcripts come in", "Seven experts argued three rounds, in files of Markdown."))
        request = {"path": str(example_folder())}
        imported = frame.ask(parts, "dialogue_import", request, "Importing")
        query = {"dialogue_id": imported.dialogue_id}
        say(read_in("the shipped example", imported, whole=False))

        say(views.step(2, "The record is read", "Its minutes: verdict and dissent side by side, every sentence cited."))
        minutes = frame.ask(parts, "dialogue_minutes", query)
        say([Markdown(minutes.markdown)])
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
        program = program_name(os.environ, sys.argv[0])
        frame.show(views.ending(home, program, forged["id"]) if as_it_should else views.failure(home))
    return exits.OK if as_it_should else exits.FOUND


def new_home(keep: str | None) -> Path:
    """A fresh home: where the user wants it, or a temporary folder.

    Raises:
        HansardError: ``folder_not_empty``.
    """
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="hansard-demo-"))
    home = Path(keep).absolute()
    if home.exists() and not (home.is_dir() and not any(home.iterdir())):
        raise folder_not_empty(keep)
    return home


def example_folder() -> Path:
    """The shipped example, as ``hansard import`` reads it."""
    folders = sorted(Path(str(resources.files("hansard.examples"))).glob("*-ledger-write-path"))
    return folders[0]


def forge(export: Path, copy: Path) -> dict[str, Any]:
    """A copy of an export in which one word of one perspective is another; tells which."""
    document = json.loads(export.read_text(encoding="utf-8"))
    found = ((one, ALTERED.search(one["content"])) for one in document["perspectives"])
    entity, said = next((one, match[2]) for one, match in found if match)
    entity["content"] = ALTERED.sub(rf"\g<1>{FORGED}\g<3>", entity["content"], count=1)
    copy.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    names = [name.capitalize() for name in entity["contributors"]]
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
