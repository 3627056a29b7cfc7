"""From a transcript to the requests that record it.

Pure: files as values in, a ``Plan`` out. Import is not judging (dialogue.md): a status changes where an expert who may
change it wrote so and the lifecycle allows it; what a judge wrote of statuses, figures and outcomes becomes claims.
Whatever cannot be told stays with its response as an annotation, and a diagnostic says so.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from hansard.dialogue.exhibits.requests import ExhibitAdd
from hansard.dialogue.model import Record
from hansard.dialogue.requests import (
    Background,
    ClaimedFigure,
    DialogueCreate,
    ExpertPool,
    Origin,
    PoolExpert,
    RoundRegister,
)
from hansard.dialogue.rules.round import UPDATE_LISTS
from hansard.exchange import errors, judge_files, rosters
from hansard.exchange.course import Course, written_number
from hansard.exchange.import_shapes import ImportDiagnostic
from hansard.exchange.judge_files import RoundRow, Scoreboard, TensionRow
from hansard.exchange.linking import Known
from hansard.exchange.responses import RoundSaid, read_response
from hansard.exchange.seats import Seats
from hansard.exchange.telling import Telling
from hansard.exchange.transcripts import Said, Transcript, files_digest
from hansard.exchange.verdicts import Verdicts
from hansard.kernel.errors import shown
from hansard.kernel.ids import KINDS, PLURALS, DisplayId, folded
from hansard.kernel.shapes import Shape
from hansard.markers import Entity, Response, parse
from hansard.markers.names import author_slug
from hansard.markers.targets import targets_in

MAP_FILE: Final = "(map)"
"""Under this name the digest of a map counts among the files: with another map it is another import."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that an import will do, and what it had to assume."""

    wanted_id: str
    files: dict[str, str]
    """SHA-256 of every file that counts, by name."""
    requests: tuple[Shape, ...]
    """In order; the first creates the dialogue, the others name it by ``wanted_id``."""
    ids: dict[str, str]
    """Display id of every local id, as registration must give it."""
    diagnostics: tuple[ImportDiagnostic, ...] = ()
    links: dict[str, int] = {}
    files_read: int = 0
    unread: tuple[str, ...] = ()
    expected: Record | None = None
    """The record that the requests must lead to, where it is known beforehand."""
    known_by: str | None = None
    """What the same input is known by, where that is not the digest of its files."""

    @property
    def digest(self) -> str:
        """By this the same input is known again."""
        return self.known_by or files_digest(self.files)


@contextlib.contextmanager
def told_of(name: str) -> Iterator[None]:
    """Makes requests from what a file states; what no request takes is a refusal of the file.

    Raises:
        HansardError: ``file_unfit`` with the first place.
    """
    try:
        yield
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        why = f"({first['msg'][:200]}; got {shown(first['input'])!r})"
        raise errors.file_unfit(name, f"{fault.title}.{place}", why) from None


def read_by(plan: Plan, importer: str) -> Plan:
    """A plan that another importer made of a part of its file, under the name of the one that read the file."""
    create, *rest = plan.requests
    assert isinstance(create, DialogueCreate)
    assert create.origin is not None
    origin = create.origin.model_copy(update={"importer": importer})
    return msgspec.structs.replace(plan, requests=(create.model_copy(update={"origin": origin}), *rest))


class Mapped(msgspec.Struct, frozen=True):
    """What ``--map`` says: local id of a tension by the number of its row, and the file's SHA-256."""

    rows: dict[int, str]
    digest: str


def tensions_of(transcript: Transcript) -> list[str]:
    """Local ids of all tensions in a transcript: what a map may name."""
    return [
        entity.local_id
        for said in transcript.responses
        for entity in parse(said.text, said.slug, said.round).of_kind("T")
    ]


def plan_transcript(transcript: Transcript, mapped: Mapped | None = None) -> Plan:
    """Everything that recording a transcript takes.

    Raises:
        KeyError: the map names a tension that nobody wrote.
    """
    return _Planner(transcript, mapped).plan()


class _Planner:
    """One plan in the making."""

    def __init__(self, transcript: Transcript, mapped: Mapped | None) -> None:
        self._transcript = transcript
        self._files = transcript.files | ({MAP_FILE: mapped.digest} if mapped else {})
        self._tell = Telling(transcript.diagnostics)
        self._responses: list[tuple[Said, Response]] = [
            (said, parse(said.text, said.slug, said.round)) for said in transcript.responses
        ]
        self._exhibits = self._pinned()
        found = transcript.judge_text("tensions.md")
        self._rows: list[TensionRow] = judge_files.read_tensions(found[1]) if found else []
        found = transcript.judge_text("scoreboard.md")
        self._scoreboard = judge_files.read_scoreboard(found[1]) if found else Scoreboard((), (), ())
        self._places: dict[str, tuple[Said, Entity]] = {}
        known = self._numbered()
        self._course = Course(
            known,
            [row.number for row in self._rows if row.number is not None],
            mapped.rows if mapped else {},
            Seats(transcript, self._tell),
            self._tell,
            [f"X{number:04d}" for number in range(1, len(self._exhibits) + 1)],
        )
        self._verdicts = Verdicts(transcript, self._course)

    def plan(self) -> Plan:
        transcript, course = self._transcript, self._course
        for said, response in self._responses:
            for told in response.diagnostics:
                self._tell(told.code, f"{told.message}; {told.remedy}", said.file, told, severity=told.severity)
            if said.text.strip() and not response.has_markers:
                words = f"'{said.file}' holds no marker; its words stand in the report, and nothing was made of them"
                self._tell("no_markers", words, said.file)
        self._tell_restated()
        self._tell_judge_files()
        title = self._title()
        steps: list[Shape] = [*self._exhibits]
        for number, group in groupby(self._responses, key=lambda entry: entry[0].round):
            steps += course.seats.requests(number)
            steps.append(self._round(number, list(group), title))
        steps += self._verdicts.apart
        steps += self._verdicts.of_judge()
        create = self._create(title)
        return Plan(
            wanted_id=transcript.slug,
            files=self._files,
            requests=(create, *steps),
            ids={local_id: known.display_id for local_id in self._places if (known := course.book.local(local_id))},
            diagnostics=tuple(self._tell.told),
            links={"linked": course.linked, "unlinked": course.unlinked},
            files_read=len(transcript.files),
            unread=transcript.unread,
        )

    def _pinned(self) -> list[ExhibitAdd]:
        """What the judge pinned, for evidence to cite."""
        found = self._transcript.judge_text("exhibits.json")
        if found is None:
            return []
        given = rosters.read_exhibits(found[1], found[0])
        with told_of(found[0]):
            return [ExhibitAdd(**{**entry, "dialogue_id": self._transcript.slug}) for entry in given]

    def _numbered(self) -> list[Known]:
        """Every entity with the display id that registration will give it: by round and kind, experts by slug."""
        counts: dict[tuple[int, str], int] = defaultdict(int)
        known = []
        for said, response in self._responses:
            for entity in response.entities:
                counts[said.round, entity.kind] += 1
                display = str(DisplayId(entity.kind, said.round, counts[said.round, entity.kind]))
                number = written_number(entity, said.text)
                known.append(Known(entity.local_id, display, entity.kind, said.slug, said.round, number))
                self._places[entity.local_id] = said, entity
        return known

    def _tell_restated(self) -> None:
        """Tensions that belong together by their number; each stays an entity of its own."""
        book = self._course.book
        for number, group in book.restated().items():
            for known in group:
                others = ", ".join(other.local_id for other in group if other is not known)
                words = f"'{known.local_id}' carries T{number:02d} as {others} does; each stays an entity of its own"
                said, entity = self._places[known.local_id]
                self._tell("restated", words, said.file, entity, severity="note")
        for said, entity in self._places.values():
            if entity.restates is None or (entity.kind == "T" and book.dialogue_wide):
                continue
            first = book.find(entity.restates, said.slug, said.round - 1).entity  # a later round says it again
            if first is not None:
                words = f"'{entity.local_id}' restates {first.local_id}"
                self._tell("restated", words, said.file, entity, severity="note")

    # -- a round

    def _round(self, number: int, responses: list[tuple[Said, Response]], title: str) -> RoundRegister:
        said = RoundSaid()
        for words, response in responses:
            read_response(words, response, self._course, self._verdicts, said)
        summary = self._transcript.summaries.get(number)
        text = self._transcript.documents[summary] if summary else None
        row = next((row for row in self._scoreboard.rounds if row.round == number), None)
        called = judge_files.title_in(text) if text else None
        lists: dict[str, Any] = {PLURALS[kind]: said.entities[kind] for kind in KINDS}
        lists |= {UPDATE_LISTS[kind]: said.updates[kind] for kind in KINDS}
        return RoundRegister(
            dialogue_id=self._transcript.slug,
            round=number,
            title=called[0] if called and folded(called[0]) != folded(title) else None,
            score=row.score if row else None,
            summary=text,
            expert_scores=self._expert_scores(number, row),
            responses={words.slug: words.text for words, _ in responses},
            annotations=said.annotations,
            references=said.references,
            moves=said.moves,
            stances=said.stances,
            **lists,
        )

    def _expert_scores(self, number: int, row: RoundRow | None) -> dict[str, int]:
        file = self._transcript.judge.get("scoreboard.md")
        members = self._course.seats.members(number)
        scores: dict[str, int] = {}
        for expert in self._scoreboard.experts:
            slug = author_slug(expert.name)
            if number not in expert.scores:
                continue
            if slug not in members:
                words = f"{expert.name} has a score for round {number} and no seat in it; the score was left out"
                self._tell("score_without_seat", words, file, expert.line)
            elif slug in scores:
                self._tell("score_repeated", f"a second row for {expert.name} was left out", file, expert.line)
            else:
                scores[slug] = expert.scores[number]
        total = sum(scores.values())
        if row is not None and row.score is not None and scores and total != row.score:
            words = f"the experts' scores of round {number} add up to {total}, the round's score is {row.score}"
            self._tell("scores_differ", words, file, row.line)
        return scores

    # -- the judge's files

    def _tell_judge_files(self) -> None:
        """What the judge's files say of themselves, and of rounds that were not held."""
        for number, name in sorted(self._transcript.summaries.items()):
            if number >= self._transcript.rounds:
                self._tell("round_unknown", f"'{name}' sums up round {number}, which was not held", name)
        self._tell_rows()
        file = self._transcript.judge.get("scoreboard.md")
        if file is None:
            return
        self._tell.notes(file, self._scoreboard.notes)
        for row in self._scoreboard.rounds:
            if row.round >= self._transcript.rounds:
                words = f"the scoreboard has a row for round {row.round}, which was not held"
                self._tell("round_unknown", words, file, row.line)

    def _claims(self) -> Iterator[ClaimedFigure]:
        """Everything the judge stated, each with file and line."""
        transcript = self._transcript
        for row in self._scoreboard.rounds:
            source = f"{transcript.judge['scoreboard.md']}:{row.line}"
            for item, claimed in row.figures.items():
                yield ClaimedFigure(round=row.round, subject="round", item=item, claimed=claimed, source=source)
        for wanted in ("scoreboard.md", "verdict.md"):
            found = transcript.judge_text(wanted)
            if found is not None:
                for count in judge_files.counts(found[1]):
                    source = f"{found[0]}:{count.line}"
                    yield ClaimedFigure(subject="dialogue", item=count.item, claimed=count.claimed, source=source)
        found = transcript.judge_text("tensions.md")
        written = judge_files.written_in(found[1]) if found else None
        written = written if written is not None and written < transcript.rounds else None
        stated = [(transcript.judge["tensions.md"], written, row) for row in self._rows]
        found = transcript.judge_text("verdict.md")
        stated += [(found[0], None, row) for row in judge_files.read_settled(found[1])] if found else []
        for file, round_, tension in stated:
            if tension.status is not None:
                entity = self._entity_of_row(tension)
                yield ClaimedFigure(
                    round=round_,
                    subject=tension.subject,
                    item="status",
                    claimed=tension.status,
                    local_id=entity.local_id if entity else None,
                    source=f"{file}:{tension.line}",
                )

    def _entity_of_row(self, row: TensionRow) -> Known | None:
        """The tension that a row of ``tensions.md`` names, where that can be told."""
        if row.number is not None:
            entity = self._course.book.row(row.number).entity
            return entity if entity is None or row.raised in (None, entity.round) else None
        target = next(targets_in(row.subject, 0, len(row.subject), "judge"), None)
        if target is None or target.form == "bare":
            return None
        if target.form == "named" and row.round is not None:
            target = msgspec.structs.replace(target, form="named_round", round=row.round)
        return self._course.book.find(target, "judge", self._transcript.rounds - 1).entity

    def _tell_rows(self) -> None:
        """Rows of ``tensions.md`` whose number a marker of another round carries: what they say is not said of it."""
        for row in self._rows:
            entity = self._course.book.row(row.number).entity if row.number is not None else None
            if entity is not None and row.raised not in (None, entity.round):
                words = (
                    f"'{row.subject}' was raised in round {row.raised}, and only '{entity.local_id}' of round "
                    f"{entity.round} carries its number; what the row says was not taken as said of it"
                )
                self._tell("row_unlinked", words, self._transcript.judge["tensions.md"], row.line, severity="note")

    def _title(self) -> str:
        """The dialogue's title: the pool's, else that of a judge's file, else the folder's name in words."""
        transcript = self._transcript
        if transcript.pool and transcript.pool[1].title:
            return transcript.pool[1].title
        for name in (transcript.judge.get("scoreboard.md"), transcript.summaries.get(0)):
            found = judge_files.title_in(transcript.documents[name]) if name else None
            if found:
                self._tell("title_from_heading", f"the title was read from '{name}'", name, found[1], severity="note")
                return found[0]
        self._tell("title_from_folder", "no file tells the title; it was made of the folder's name")
        return transcript.words

    def _question(self, title: str) -> str:
        transcript = self._transcript
        if transcript.pool and transcript.pool[1].question:
            return transcript.pool[1].question
        for _, name in sorted(transcript.summaries.items()):
            found = judge_files.question_in(transcript.documents[name])
            if found:
                self._tell("question_from_summary", f"the question was read from '{name}'", name, found[1])
                return found[0]
        self._tell("question_missing", "no file tells the question; the title stands for it")
        return title

    def _create(self, title: str) -> DialogueCreate:
        """The request that makes the dialogue; planned last, since it carries everything that was told."""
        transcript, seats = self._transcript, self._course.seats
        question = self._question(title)
        pool = transcript.pool[1] if transcript.pool else None
        if pool is None:
            self._tell("pool_missing", "there is no expert-pool.json; the pool is empty")
        experts = [
            PoolExpert(
                name=seats.pool_name(agent),
                role=agent.role or "unknown",
                tier=agent.tier,
                relevance=agent.relevance,
                focus=agent.focus,
                description=agent.description,
            )
            for agent in (pool.experts if pool else ())
        ]
        claims = list(self._claims())
        digest = files_digest(self._files)
        return DialogueCreate(
            title=title,
            question=question,
            background=Background(**pool.background) if pool and pool.background else None,
            expert_pool=ExpertPool(domain=pool.domain if pool else None, experts=experts),
            seed=digest[:16],  # decided by the input, so that two stores record the same
            dialogue_id=transcript.slug,
            origin=Origin(
                importer="transcript",
                source=transcript.name,
                at=transcript.at,
                digest=digest,
                files=self._files,
                documents=transcript.documents,
                claims=claims,
                diagnostics=[entry.plain() for entry in self._tell.told],
            ),
        )
