"""What the demo says between the answers that it shows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hansard.surfaces.render.blocks import Block, Callout, Gap, Heading, Words, line
from hansard.surfaces.render.figures import SPOKEN, differing
from hansard.surfaces.render.text import count


def step(number: int, words: str, meaning: str) -> Iterator[Block]:
    """The title of a step."""
    yield Gap()
    yield Heading(f"{number}. {words}")
    yield line(Words(meaning, "quiet"))
    yield Gap()


def minutes_told(lines: int, folded: int, file: Path, home: Path, program: str) -> Iterator[Block]:
    """How long the minutes are and where they lie.

    Args:
        lines: of the minutes.
        folded: those of them that were not shown.
        file: where the minutes lie.
        home: the demo's home.
        program: how the reader starts the program.
    """
    yield Gap()
    if folded:
        command = f"{program} minutes latest --home {shlex.quote(str(home))}"
        yield line(f"… {count(folded, 'more line')}: ", Words(command, "strong"))
    yield line(f"The minutes have {count(lines, 'line')}; they lie in {file}.")


def look_here(claims: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """The figures of the Judge that the record does not bear out."""
    lines = [line("In the minutes above, the Clerk corrects the Judge:")]
    for claim in differing(claims):
        if claim.item in SPOKEN and claim.round is not None:
            unit = " %" if claim.item == "converge_percent" else ""
            claimed = f"{claim.claimed}{unit}" if claim.claimed.isdigit() else claim.claimed
            said = f"claimed {claimed}, the record shows {claim.computed}{unit}"
            lines.append(line(f"round {claim.round}, {SPOKEN[claim.item]}: {said}", indent=1))
    others = sum(claim.item == "status" for claim in differing(claims))
    if others:
        lines.append(line(f"and {count(others, 'tension')} called resolved, and the vote of the verdict", indent=1))
    lines.append(line("Figures are computed from what the experts wrote; a claim stands beside them, never instead."))
    yield Gap()
    yield Callout("Look here", tuple(lines), "warn")


def forgery(forged: Mapping[str, Any]) -> Iterator[Block]:
    """Which word was altered where."""
    speakers = " and ".join(forged["by"])
    place = Words(f"{forged['id']} ({speakers}, round {forged['round']})", "strong")
    yield from _altered(("In ", place, ", where the record says "), f"'{forged['said']}'", f"'{forged['written']}'")


def bursts(found: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """The stretches of high scores."""
    first, second = found[0], found[1]
    apart = second["start"] - first["start"]
    yield line(
        f"In M456 they come in {count(len(found), 'stretch', 'stretches')} of {first['count']} windows, "
        f"{apart:.0f} seconds from one beginning to the next."
    )


def score_forged(said: float, written: float) -> Iterator[Block]:
    """Which score was altered."""
    yield from _altered(("Where the memory says ",), f"{said}", f"{written}")


def _altered(where: Sequence[str | Words], said: str, written: str) -> Iterator[Block]:
    now = (Words(said, "good"), ", the copy now says ", Words(written, "bad"))
    yield line(*where, *now, ". Whoever gets the copy runs 'hansard verify':")
    yield Gap()


def ending_memory(home: Path, program: str, *, passing: bool = False) -> Iterator[Block]:
    """What to do next (as ``ending``)."""
    here = f"--home {shlex.quote(str(home))}"
    copy = f"--home {shlex.quote(str(home / 'forged'))}"
    yield from _next(
        (
            (f"{program} minutes latest {here}", "the verdict, what it rests on, what it leaves open"),
            (f"{program} memory stats 'match_id == \"M456\"' --above 0.5 {here}", "the figures the experts quote"),
            (f"{program} memory verify {copy}", "where the copy was altered"),
            (f"{program} exhibit list latest {copy}", "which exhibits it falsifies"),
        ),
        home,
        passing=passing,
    )


def failure(home: Path) -> Iterator[Block]:
    """The demo did not go as it should."""
    yield Gap()
    yield line(Words("This is not as it should be: the store does not verify, or the forgery was not found.", "bad"))
    yield line(f"The demo's home is kept in {home}.")


def ending(home: Path, program: str, forged_id: str, *, passing: bool = False) -> Iterator[Block]:
    """What to do next.

    Args:
        home: the demo's home.
        program: how the reader starts the program.
        forged_id: the entity that was altered in the copy.
        passing: whether the next demo takes this one's place.
    """
    here = f"--home {shlex.quote(str(home))}"
    copy = shlex.quote(str(home / "forged.json"))
    yield from _next(
        (
            (f"{program} show latest {here}", "the dialogue at a glance"),
            (f"{program} show latest {forged_id} {here}", "what was really said, by whom, and on which line"),
            (f"{program} verify {copy}", "find the forgery; then alter a word of record.json yourself"),
            (
                f"{program} import FOLDER {here}",
                "a panel of your own: FOLDER/round-0/NAME.md, round-1/NAME.md and so on",
            ),
        ),
        home,
        passing=passing,
    )


def _next(commands: Sequence[tuple[str, str]], home: Path, *, passing: bool) -> Iterator[Block]:
    yield Gap()
    yield Heading("What to do next")
    for command, meaning in commands:
        yield line(Words(command, "strong"), indent=1)
        yield line(Words(meaning, "quiet"), indent=2)
    yield line(f"All of this is in {home}; delete it when you have seen enough.")
    if passing:
        yield line("The next demo takes its place: panels that you want to keep belong into a home of your own.")
