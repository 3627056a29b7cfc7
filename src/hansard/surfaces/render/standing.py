"""Exhibits, watched conditions, and whether verdicts stand: shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from hansard.surfaces.render.blocks import Block, Cell, Column, Fields, Gap, Heading, Tone, Words, fields, line, table
from hansard.surfaces.render.text import figure

if TYPE_CHECKING:
    from hansard.dialogue.answers import DialogueSummary
    from hansard.dialogue.exhibits import answers

TONES: Final[dict[str, Tone]] = {
    "stands": "good",
    "stale": "warn",
    "due": "warn",
    "breached": "bad",
    "superseded": "quiet",
    "as_pinned": "good",
    "altered": "bad",
    "missing": "bad",
    "differs": "warn",
    "not_checked": "quiet",
}
"""How a standing, or the state of an exhibit, feels."""


def standing_word(word: str | None) -> Cell:
    """A standing with its tone."""
    return "–" if word is None else Words(word, TONES.get(word, ""))


def exhibit(answer: answers.ExhibitAdded) -> Iterator[Block]:
    """An exhibit that was pinned."""
    one = answer.exhibit
    said = "Pinned " if answer.created else "Pinned already, as "
    yield line(said, Words(one.id, "strong"), f" in '{answer.dialogue_id}': {one.label}")
    records = one.reference.get("records")
    yield fields(
        ("SHA-256", one.digest),
        ("Bytes", None if one.size is None else figure(one.size)),
        ("Records", figure(records) if isinstance(records, int) else None),
    )
    yield from (line(Words("! ", "warn"), warning) for warning in answer.warnings)
    yield line(f'Evidence cites it by "exhibits": ["{one.id}"], an expert\'s words by [EXHIBIT {one.id}].')


def exhibits(answer: answers.ExhibitsListed) -> Iterator[Block]:
    """The exhibits of a dialogue."""
    if not answer.exhibits:
        yield line("No exhibits here. 'hansard exhibit add ID FILE' pins one.")
        return
    yield table(
        [Column("Id", whole=True), Column("Kind", whole=True), "Label", Column("Now", whole=True),
         Column("Cited by", rank=1), Column("SHA-256", whole=True, rank=2)],
        [
            (
                Words(one.id, "strong"),
                one.kind.replace("_", " "),
                one.label,
                Words(_state(one), TONES.get(one.state, "")),
                " ".join(one.cited_by) or "–",
                one.digest[:16] + "…",
            )
            for one in answer.exhibits
        ],
    )  # fmt: skip
    for one in answer.exhibits:
        if one.why is not None:
            yield line(f"{one.id}: {one.why}.")


def _state(one: answers.ExhibitState) -> str:
    word = one.state.replace("_", " ")
    return word if one.replaced_by is None else f"{word}, replaced by {one.replaced_by}"


def watch(answer: answers.WatchAdded) -> Iterator[Block]:
    """A condition that is watched from now on."""
    yield line(f"Watched in verdict '{answer.verdict_id}': {answer.condition}")
    yield fields((answer.kind.capitalize(), str(answer.reference.get(answer.kind))))


def standing(answer: answers.StandingTold) -> Iterator[Block]:
    """Whether the verdicts of a dialogue still stand."""
    yield Heading(answer.title)
    yield fields(("Id", answer.dialogue_id), ("On", answer.on), ("Verdicts", figure(len(answer.verdicts))))
    if not answer.verdicts:
        yield line("No verdict has been given yet.")
    for one in answer.verdicts:
        yield Gap()
        yield Heading(f"Verdict {one.verdict_id}")
        yield from verdict_standing(one)


def verdict_standing(one: answers.VerdictStanding) -> Iterator[Block]:
    """One verdict's standing, and why."""
    yield standing_fields(one)
    for change in one.changed:
        was, now = _short(change.was), _short(change.now)
        yield line(Words(f"- {change.what} {change.id}", "warn"), f" was {was}, is {now}: {change.why}", indent=1)
    for condition in one.watched:
        bound = f"{condition.kind} {condition.reference.get(condition.kind)}"
        word = {"not_checked": "nobody looked into it"}.get(condition.state, condition.state)
        since = f" since {condition.since}" if condition.since else ""
        yield line(f"- watched: {condition.condition} ({bound}): ", Words(word, TONES.get(condition.state, "")), since,
                   indent=1)  # fmt: skip
    for note in one.notes:
        yield line(f"- {note}", indent=1)
    for unseen in one.not_checked:
        yield line(Words(f"- not looked into: {unseen}", "quiet"), indent=1)


def standing_fields(one: answers.VerdictStanding) -> Fields:
    """A standing in its main points."""
    return fields(
        ("Standing", standing_word(one.standing)),
        ("Superseded by", one.superseded_by),
        ("Rests on", " ".join([*one.rests_on.exhibits, *([one.rests_on.ethos] if one.rests_on.ethos else [])])),
    )


def standings(found: Iterable[DialogueSummary]) -> Iterator[Block]:
    """The standing of every concluded dialogue."""
    rows = [
        (one.dialogue_id, standing_word(one.standing or "stands"), one.title)
        for one in found
        if one.standing is not None or one.status == "converged"
    ]
    if not rows:
        yield line("No dialogue is concluded, so no verdict has a standing yet.")
        return
    yield table([Column("Id", whole=True), Column("Standing", whole=True), Column("Title", rank=1)], rows)


def _short(text: str) -> str:
    return text[:12] + "…" if len(text) == 64 else text
