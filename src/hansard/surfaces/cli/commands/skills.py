"""``hansard skills``: the skills that assistants load, for those who do not take the plugin."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli.errors import skill_differs, usage
from hansard.surfaces.cli.frame import Frame

FAMILY = "Give an assistant the skills of a Judge, an expert, a writer of rules (docs/assistants.md)."


def list_all(frame: Frame) -> None:
    """List the skills: what each is for, and what it needs."""
    from hansard.dialogue.skills.making import SKILLS
    from hansard.surfaces.render.skills import listed

    if frame.json:
        frame.document({"skills": [skill._asdict() for skill in SKILLS]})
    else:
        frame.show(listed(SKILLS))


def show(frame: Frame, name: Annotated[str, typer.Argument(metavar="SKILL", show_default=False)]) -> None:
    """Show one skill as it would be installed: Markdown, in a pipe as it stands."""
    from hansard.dialogue.skills.making import SKILLS
    from hansard.kernel.errors import did_you_mean
    from hansard.surfaces.cli.frame import is_terminal
    from hansard.surfaces.render.blocks import Markdown

    named = {skill.name: skill for skill in SKILLS}
    if name not in named:
        raise usage(f"there is no skill '{name}'", did_you_mean(name, named) or f"There are {', '.join(named)}")
    text = named[name].text()
    if frame.json:
        frame.document({**named[name]._asdict(), "text": text})
    elif is_terminal(sys.stdout):
        frame.show([Markdown(text.partition("\n---\n")[2])])
    else:
        sys.stdout.write(text)


def install(
    frame: Frame,
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="The folder in which the assistant looks for skills.")
    ] = Path(".claude/skills"),
    replace: Annotated[bool, typer.Option("--replace", help="Also where another text stands there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and write nothing.")] = False,
) -> None:
    """Write the skills into a folder, each as NAME/SKILL.md; all of them, or none."""
    from hansard.dialogue.skills.making import SKILLS
    from hansard.kernel.files import read_bytes, write_atomic
    from hansard.surfaces.render.skills import installed

    made = {to / skill.name / "SKILL.md": skill.text().encode() for skill in SKILLS}
    would = "would be " if dry_run else ""
    does, differ = {}, []
    for file, data in made.items():
        there = file.exists() and read_bytes(file, name=str(file))
        if there == data:
            does[str(file)] = "left as it is"
            continue
        does[str(file)] = f"{would}{'written' if there is False else 'replaced'}"
        if there is not False:
            differ.append(str(file))
    if differ and not replace:  # a dry run is refused as the run would be
        raise skill_differs(differ)
    if not dry_run:
        for file, data in made.items():
            if does[str(file)] != "left as it is":
                write_atomic(file, data, name=str(file))
    if frame.json:
        frame.document({"status": "success", "dry_run": dry_run, "files": does})
    else:
        frame.show(installed(does))


COMMANDS: Mapping[str, Callable[..., int | None]] = {"list": list_all, "show": show, "install": install}
