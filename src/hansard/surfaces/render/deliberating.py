"""What a Judge works with: a round's context, prompts, a dialogue's life; and what is known over all dialogues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hansard.kernel.ids import shown_name
from hansard.surfaces.render.blocks import Block, Column, Gap, Heading, Prose, Words, fields, line, table
from hansard.surfaces.render.dialogues import status
from hansard.surfaces.render.errors import by_commands
from hansard.surfaces.render.text import count, figure

if TYPE_CHECKING:
    from hansard.dialogue import answers


def context(answer: answers.RoundContextGiven) -> Iterator[Block]:
    """A round's context at a glance, and where each expert stands."""
    yield from _context_facts(answer, " ".join(one["id"] for one in answer.active_tensions) or "none")
    yield from _notes(answer.notes)
    yield from _suggested(answer.suggested_panel)
    for slug, view in answer.experts.items():
        yield Gap()
        facts = [view["role"], view["tier"], view["source"], f"score {view['your_score']:,}"]
        yield line(
            Words(view.get("name") or shown_name(slug), "strong"),
            Words("  " + " · ".join(one for one in facts if one), "quiet"),
        )
        yield Prose(view["round_context"] or "Has said nothing yet.", indent=1)


def context_written(answer: answers.ContextWritten) -> Iterator[Block]:
    """Where a round's context stands."""
    yield from _context_facts(answer, None)
    yield from _files(answer.folder, [answer.file])
    yield from _notes(answer.notes)
    yield from _suggested(answer.suggested_panel)


def _context_facts(answer: answers.RoundContextGiven | answers.ContextWritten, open_: str | None) -> Iterator[Block]:
    about = answer.dialogue
    yield Heading(f"{about['title']}: context of round {about['current_round']}")
    yield fields(
        ("Id", about["id"]),
        ("Status", status(about["status"])),
        ("ALIGNMENT", figure(about["total_alignment"])),
        ("Length", f"about {answer.tokens:,} tokens (the context alone)"),
        ("Open tensions", open_),
    )


def _suggested(panel: answers.PanelSuggested | None) -> Iterator[Block]:
    if panel is not None:
        names = ", ".join(one["name"] for one in panel.members)
        yield line(f"The rotation ({panel.rotation}) suggests: {names}.")


def prompts(answer: answers.PromptsGiven) -> Iterator[Block]:
    """The prompts themselves, or where they were written."""
    yield from _prompts_written(answer)
    yield from _notes(_prompts_said(answer))
    for one in answer.prompts:
        if one.prompt is not None:
            yield _prompt_heading(one)
            yield Prose(one.prompt)
            yield Gap()


def prompts_alone(answer: answers.PromptsGiven) -> Iterator[Block]:
    """The prompts for another program: nothing beside them but an empty line between two."""
    yield from _prompts_written(answer)
    given = [one.prompt for one in answer.prompts if one.prompt is not None]
    for number, prompt in enumerate(given):
        if number:
            yield Gap()
        yield Prose(prompt)


def prompts_notes(answer: answers.PromptsGiven) -> Iterator[Block]:
    """What is to be known beside the prompts: notes, whose they are, and how long."""
    yield from _notes(_prompts_said(answer))
    yield from (_prompt_heading(one) for one in answer.prompts if one.prompt is not None)


def _prompts_said(answer: answers.PromptsGiven) -> list[str]:
    return [*answer.notes, *(warned.message for warned in answer.warnings)]


def _prompt_heading(one: answers.PromptGiven) -> Block:
    return line(Words(f"{one.name}, the whole prompt: about {one.tokens:,} tokens", "quiet"))


def _prompts_written(answer: answers.PromptsGiven) -> Iterator[Block]:
    written = [one for one in answer.prompts if one.prompt_file is not None]
    if written:
        yield line(f"Written below {answer.folder}:")
        yield table(
            ["Expert", "New", ">Tokens", "Prompt", "Context"],
            [
                (
                    one.name,
                    "yes" if one.fresh else "no",
                    f"{one.tokens:,}",
                    one.prompt_file.path if one.prompt_file else "–",
                    one.context_file.path if one.context_file else "–",
                )
                for one in written
            ],
        )


def life_step(answer: answers.DialogueStep) -> Iterator[Block]:
    """What a step in a dialogue's life led to."""
    if answer.event is None:
        yield line(f"Nothing changed: '{answer.dialogue_id}' has these tags already.")
    else:
        yield line(Words(answer.dialogue_id, "strong"), f" was {answer.event.type}.")
    yield fields(("Status", status(answer.dialogue_status)), ("Tags", " ".join(answer.tags) or "none"))


def similar(answer: answers.SimilarFound) -> Iterator[Block]:
    """Dialogues about the same matter, with their best places."""
    if not answer.dialogues:
        yield line("No other dialogue has any of these words.")
        return
    yield table(
        [
            Column("Dialogue", whole=True),
            Column("Status", whole=True),
            Column("Item", whole=True),
            Column("Words around"),
            Column("Title", rank=1),
        ],
        [
            (
                one.dialogue_id if not number else "",
                status(one.status) if not number else "",
                Words(place.item, "strong"),
                place.snippet,
                one.title if not number else "",
            )
            for one in answer.dialogues
            for number, place in enumerate(one.places)
        ],
    )


def statistics(answer: answers.DialogueStatistics) -> Iterator[Block]:
    """Statistics over dialogues."""
    average, took = answer.averages, answer.rounds_to_convergence
    yield Heading(count(answer.dialogues, "dialogue") + (f" tagged {' '.join(answer.tags)}" if answer.tags else ""))
    yield fields(
        ("Statuses", _counted(answer.statuses)),
        ("Rounds", figure(answer.rounds)),
        ("ALIGNMENT", figure(answer.total_alignment)),
        ("Verdicts", _counted(answer.verdicts)),
        ("References", _counted(answer.references)),
        ("Moves", _counted(answer.moves)),
        ("Rounds a dialogue", figure(average.rounds_per_dialogue)),
        ("Experts a dialogue", figure(average.experts_per_dialogue)),
        ("Entities a dialogue", figure(average.entities_per_dialogue)),
        ("ALIGNMENT a dialogue", figure(average.alignment_per_dialogue)),
        ("ALIGNMENT a round", figure(average.alignment_per_round)),
        (
            "Rounds to a verdict",
            f"{took.average:g} on average, {took.least} to {took.most}" if took.average is not None else "–",
        ),
    )
    yield Gap()
    yield Heading("Entities")
    yield table(
        ["Kind", ">All", "By status"],
        [(name, figure(one.total), _counted(one.statuses) or "–") for name, one in answer.entities.items()],
    )
    if answer.top_experts:
        yield Gap()
        yield Heading("Experts with the highest scores")
        yield table(
            ["Expert", ">Score", ">Rounds", ">A round", ">Dialogues", "Roles"],
            [
                (
                    one.name,
                    figure(one.total_score),
                    figure(one.rounds),
                    figure(one.average_score),
                    figure(one.dialogues),
                    "; ".join(one.roles),
                )
                for one in answer.top_experts
            ],
        )


def _counted(numbers: dict[str, int]) -> str | None:
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items()) or None


def _notes(notes: Iterable[str]) -> Iterator[Block]:
    for note in notes:
        yield line(Words(by_commands(note), "quiet"))


def _files(folder: str | None, files: Iterable[answers.FileWritten]) -> Iterator[Block]:
    for file in files:
        yield line(f"Written: {folder}/{file.path} ({file.size:,} bytes, SHA-256 {file.sha256[:12]}…)")
        if file.replaced is not None:
            yield line(f"Another content stood there (SHA-256 {file.replaced[:12]}…).")
