"""Verdicts that were written down: the judge's in ``verdict.md``, and what experts set beside it.

A verdict is recorded with what its words name and nothing more; an id, a name or a word that the record does not know
is left out and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from hansard.dialogue.model import CONFIDENCES
from hansard.dialogue.requests import VerdictRegister
from hansard.dialogue.rules.verdict import ENTITY_LISTS
from hansard.exchange import judge_files
from hansard.exchange.course import Course
from hansard.exchange.transcripts import Said, Transcript
from hansard.kernel.ids import KINDS
from hansard.markers import VerdictNote, parse

LABEL_LENGTH: Final = 1000
"""Characters of a verdict's label that a request takes."""

VOTE_LENGTH: Final = 80


class Verdicts:
    """Plans verdicts, each under an id of its own."""

    def __init__(self, transcript: Transcript, course: Course) -> None:
        self._transcript = transcript
        self._course = course
        self._taken: Counter[str] = Counter()
        self.apart: list[VerdictRegister] = []
        """Experts' minority verdicts and dissents, in the order in which they were written."""

    def note_apart(self, note: VerdictNote, said: Said) -> str | None:
        """Plan an expert's minority verdict or dissent; gives its id, or nothing where it says nothing."""
        verdict = self._planned(note, f"{note.kind}-{said.slug}", said.file, said.slug, said.round)
        if verdict is None:
            return None
        self.apart.append(verdict)
        return verdict.verdict_id

    def of_judge(self) -> Iterator[VerdictRegister]:
        """What ``verdict.md`` says: its marked verdicts, the final one last; else its conclusion in prose."""
        found = self._transcript.judge_text("verdict.md")
        if found is None:
            return
        name, text = found
        last = self._transcript.rounds - 1
        notes = parse(text, "judge", last).verdicts
        final = next((note for note in reversed(notes) if note.kind == "final"), None)
        for note in notes:
            if note.kind == "interim":
                planned = self._planned(note, "interim", name, "judge", last)
                if planned is not None:
                    yield planned
            elif note is not final:
                words = f"a {note.kind} verdict in '{name}' was not recorded as one; it stands in the document"
                self._course.tell("verdict_left", words, name, note)
        planned = self._planned(final, "final", name, "judge", last) if final else self._concluded(name, text, last)
        if planned is not None:
            yield planned

    def _planned(self, note: VerdictNote, wanted: str, file: str, author: str, round_: int) -> VerdictRegister | None:
        told = note.fields.get("recommendation")
        recommendation = (told.text if told else "") or note.label or note.description or note.body
        if not recommendation.strip():
            words = f"the {note.kind} verdict says nothing and was not recorded"
            self._course.tell("verdict_empty", words, file, note)
            return None
        return VerdictRegister(
            dialogue_id=self._transcript.slug,
            verdict_id=self._free_id(wanted),
            verdict_type=note.kind,
            label=note.label[:LABEL_LENGTH].strip() or None,
            round=round_,
            author_expert=None if author == "judge" else author,
            recommendation=recommendation,
            description=note.description or note.label or recommendation,
            **self._fields(note, file, author, round_),
        )

    def _concluded(self, name: str, text: str, last: int) -> VerdictRegister | None:
        concluded = judge_files.read_conclusion(text)
        if concluded is None:
            self._course.tell("verdict_empty", f"'{name}' says nothing that could be a verdict", name, 1)
            return None
        self._course.tell(
            "verdict_without_marker",
            f"'{name}' has no [VERDICT:FINAL]; the verdict was read from line {concluded.first_line} to its end, and "
            "no id was taken from its words",
            name,
            concluded.first_line,
        )
        return VerdictRegister(
            dialogue_id=self._transcript.slug,
            verdict_id=self._free_id("final"),
            verdict_type="final",
            round=last,
            recommendation=concluded.recommendation,
            description=concluded.description,
        )

    def _free_id(self, wanted: str) -> str:
        """The wanted id, or with a number behind it where it is taken; a slug that ends so keeps its own count."""
        while True:
            self._taken[wanted] += 1
            found = wanted if self._taken[wanted] == 1 else f"{wanted}-{self._taken[wanted]}"
            if found == wanted or found not in self._taken:
                self._taken[found] += found != wanted
                return found

    def _fields(self, note: VerdictNote, file: str, author: str, round_: int) -> dict[str, Any]:
        """The named fields as a request takes them."""
        fields = note.fields
        told: dict[str, Any] = {
            name: self._ids(note, name, kind, file, author, round_)
            for name, kind in ENTITY_LISTS.items()
            if name in fields
        }
        for both in sorted({*told.get("tensions_resolved", ())} & {*told.get("tensions_accepted", ())}):
            words = f"'{both}' is called resolved and accepted; it was taken as accepted"
            self._course.tell("verdict_both", words, file, note)
            told["tensions_resolved"].remove(both)
        if "conditions" in fields:
            told["conditions"] = [item for item in fields["conditions"].items if item.strip()]
        if "what_would_change" in fields:
            told["what_would_change"] = fields["what_would_change"].text or None
        if "vote" in fields:
            vote = fields["vote"].text
            if len(vote) <= VOTE_LENGTH:
                told["vote"] = vote or None
            else:
                self._course.tell("vote_unusable", f"the vote has {len(vote)} characters; it was left out", file, note)
        if "confidence" in fields:
            word = fields["confidence"].text.strip(" .*").casefold()
            if word in CONFIDENCES:
                told["confidence"] = word
            else:
                words = f"'{word[:80]}' is no confidence ({', '.join(CONFIDENCES)}); it was left out"
                self._course.tell("confidence_unusable", words, file, note)
        if "supporting_experts" in fields:
            told["supporting_experts"] = self._supporters(note, file)
        return told

    def _ids(self, note: VerdictNote, name: str, kind: str, file: str, author: str, round_: int) -> list[str]:
        found: dict[str, None] = {}
        for target in note.fields[name].targets:
            entity = self._course.book.find(target, author, round_).entity
            if entity is not None and entity.kind == kind:
                self._course.linked += 1
                found[entity.display_id] = None
                continue
            self._course.unlinked += 1
            why = "nothing that is recorded" if entity is None else f"a {KINDS[entity.kind]}"
            words = f"'{note.fields[name].written}' names '{target.text}', which is {why}; it was left out"
            self._course.tell("verdict_id_unusable", words, file, note)
        return list(found)

    def _supporters(self, note: VerdictNote, file: str) -> list[str]:
        found: dict[str, None] = {}
        for name in note.fields["supporting_experts"].items:
            if name in self._course.seats.everybody:
                found[name] = None
            else:
                words = f"'{name[:80]}' supports the verdict and took no part; the name was left out"
                self._course.tell("supporter_unknown", words, file, note)
        return list(found)
