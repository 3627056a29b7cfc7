"""Skills: which there are, and what became of them in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from hansard.surfaces.render.blocks import Block, Gap, Words, line
from hansard.surfaces.render.text import one_line

if TYPE_CHECKING:
    from hansard.dialogue.skills.making import Skill


def listed(skills: Iterable[Skill]) -> Iterator[Block]:
    """What each is for, and what it needs."""
    for number, skill in enumerate(skills):
        if number:
            yield Gap()
        yield line(Words(skill.name, "strong"))
        yield line(skill.description, indent=1)
        yield line(Words(skill.compatibility, "quiet"), indent=1)


def installed(files: Mapping[str, str]) -> Iterator[Block]:
    """What was done with each file, or would be."""
    for file, word in files.items():
        yield line(Words("✓ ", "good"), f"{one_line(file)}: {word}")
