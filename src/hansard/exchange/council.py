"""Conversations of llm-council: models answer, rank each other's answers without names, and a chairman sums up.

A question and its answer are two rounds: what each model said, then how each ranked the others, word for word. The
chairman's synthesis is a verdict, as it was given: the last one final, those of earlier questions interim. What a model
wrote is read for markers as any response is; without markers its words stand as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hansard.dialogue.requests import RoundRegister, VerdictRegister
from hansard.exchange import errors
from hansard.exchange.document import utf8_text
from hansard.exchange.graph import Names, label_of
from hansard.exchange.import_shapes import ImportDiagnostic
from hansard.exchange.importers import no_map
from hansard.exchange.looking import json_parts
from hansard.exchange.planning import Plan, plan_transcript, read_by, told_of
from hansard.exchange.rosters import LINE_LENGTH, Agent, Panel, Pool, load_json
from hansard.exchange.telling import Telling
from hansard.exchange.transcripts import Said, Transcript
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.clock import normal_timestamp, timestamp
from hansard.kernel.errors import HansardError
from hansard.kernel.ids import MAX_ROUND, slugify
from hansard.kernel.shapes import Shape
from hansard.markers.names import author_slug

LIMIT_BYTES: Final = 64 * 1024 * 1024
_RANKING: Final = "FINAL RANKING:"


class _Words(NamedTuple):
    """What one model said in one stage."""

    model: str
    text: str
    parsed: list[str]


class _Turn(NamedTuple):
    """A question, the council's two stages, and the chairman's words."""

    question: str
    answers: list[_Words]
    rankings: list[_Words]
    chairman: _Words | None


class _Stage(NamedTuple):
    """What becomes a round: a turn's answers, or its rankings where there are some."""

    turn: _Turn
    number: int
    """Of the turn, from 1."""
    title: str
    words: list[_Words]
    last: bool
    """Whether the chairman's words follow it."""


class CouncilImporter:
    """Conversations of llm-council, as it keeps them."""

    name = "llm-council"

    def recognises(self, path: Path) -> bool:
        """Whether it is a JSON object with messages, one of which has stages."""
        parts = json_parts(path)
        if parts is None or "messages" not in parts or "schema_version" in parts:
            return False
        return b'"stage1"' in bytes(parts["messages"])

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of a conversation."""
        no_map(map_file)
        data = files.read_bytes(path, limit_bytes=LIMIT_BYTES)
        value = load_json(utf8_text(data, path.name), path.name)
        with told_of(path.name):
            return _Reader(value, path, sha256_hex(data)).plan()


IMPORTER: Final = CouncilImporter()


class _Reader:
    """One conversation being read."""

    def __init__(self, value: Any, path: Path, sha256: str) -> None:
        self._value, self._path, self._sha256 = value, path, sha256
        self._tell = Telling()
        self._names = Names(self._tell, path.name)

    def plan(self) -> Plan:
        turns = list(self._turns())
        if not turns:
            raise errors.nothing_stated(self._path.name, "a conversation of llm-council")
        stages = list(self._stages(turns))
        if len(stages) > MAX_ROUND + 1:
            raise errors.json_unfit(self._path.name, "messages", "holds more stages than a record has rounds for")
        plan = read_by(plan_transcript(self._transcript(turns, stages)), CouncilImporter.name)
        create, *steps = plan.requests
        return msgspec.structs.replace(plan, requests=(create, *self._with(steps, stages, len(turns))))

    def _stages(self, turns: list[_Turn]) -> Iterator[_Stage]:
        for number, turn in enumerate(turns, 1):
            named = f" to question {number}" if len(turns) > 1 else ""
            yield _Stage(turn, number, f"Answers{named}", turn.answers, not turn.rankings)
            if turn.rankings:
                yield _Stage(turn, number, f"Rankings{named}", turn.rankings, True)
            else:
                words = f"the answers to question {number} were not ranked; they are followed by the synthesis"
                self._tell("stage_empty", words, self._path.name)

    # -- reading

    def _turns(self) -> Iterator[_Turn]:
        messages = self._value.get("messages") if isinstance(self._value, dict) else None
        if not isinstance(messages, list):
            raise errors.json_unfit(self._path.name, "messages", "is no list")
        question = ""
        for index, message in enumerate(messages):
            where = f"messages[{index}]"
            if not isinstance(message, dict):
                raise errors.json_unfit(self._path.name, where, "is no object")
            if message.get("role") == "user":
                question = self._text(message.get("content"), f"{where}.content")
            elif "stage1" in message:
                answers = list(self._stage(message.get("stage1"), "response", f"{where}.stage1"))
                rankings = list(self._stage(message.get("stage2"), "ranking", f"{where}.stage2"))
                last = message.get("stage3")
                chairman = list(self._stage([last] if last is not None else [], "response", f"{where}.stage3"))
                if not answers:
                    self._tell("stage_empty", f"{where} has no answers; it was left out", self._path.name)
                    continue
                yield _Turn(question, answers, rankings, chairman[0] if chairman else None)
            else:
                self._tell("message_left", f"{where} is no question and has no stages", self._path.name)

    def _stage(self, items: Any, key: str, where: str) -> Iterator[_Words]:
        if items is None:
            return
        if not isinstance(items, list):
            raise errors.json_unfit(self._path.name, where, "is no list")
        seen: set[str] = set()
        for index, item in enumerate(items):
            place = f"{where}[{index}]"
            if not isinstance(item, dict):
                raise errors.json_unfit(self._path.name, place, "is no object")
            model = self._text(item.get("model"), f"{place}.model")
            if not model.strip():
                raise errors.json_unfit(self._path.name, f"{place}.model", "names nobody")
            if model in seen:
                self._tell("response_repeated", f"{place}: a second text of '{model}' was left out", self._path.name)
                continue
            seen.add(model)
            parsed = item.get("parsed_ranking")
            ranking = [one for one in parsed if isinstance(one, str)] if isinstance(parsed, list) else []
            yield _Words(model, self._text(item.get(key), f"{place}.{key}"), ranking)

    def _text(self, value: Any, where: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            raise errors.json_unfit(self._path.name, where, "is no text")
        return value

    # -- what it becomes

    def _transcript(self, turns: list[_Turn], stages: list[_Stage]) -> Transcript:
        """The conversation as rounds of responses, for the reader of those."""
        value = self._value
        said: list[Said] = []
        panels: dict[int, tuple[str, Panel]] = {}
        for round_, stage in enumerate(stages):
            agents = []
            for one in stage.words:
                slug = self._names(one.model)
                said.append(Said(f"{self._path.name}#{round_}/{slug}", round_, slug, slug, one.text))
                name = one.model if author_slug(one.model) == slug else slug
                agents.append(Agent(name, one.model[:LINE_LENGTH], None, None, None))
            panels[round_] = self._path.name, Panel(tuple(agents), ())
        title = value.get("title") if isinstance(value.get("title"), str) else ""
        asked = turns[0].question
        title = " ".join(title.split()) or label_of(asked or self._path.stem)
        if not asked.strip():
            self._tell(
                "question_missing", "the conversation tells no question; the title stands for it", self._path.name
            )
        documents = {
            f"question-{number}.md": turn.question for number, turn in enumerate(turns, 1) if turn.question.strip()
        }
        pool = Pool(title[:LINE_LENGTH], asked if asked.strip() else title, None, None, (), ())
        return Transcript(
            name=self._path.name,
            words=title,
            slug=slugify(title),
            at=self._time(),
            responses=tuple(sorted(said, key=lambda one: (one.round, one.slug))),
            rounds=len(stages),
            panels=panels,
            pool=(self._path.name, pool),
            documents=documents,
            judge={},
            summaries={},
            files={self._path.name: self._sha256},
            unread=(),
            diagnostics=tuple(self._tell.told) + self._chairmen(turns),
        )

    def _time(self) -> str:
        told = self._value.get("created_at")
        if isinstance(told, str):
            with contextlib.suppress(HansardError):  # a word that is no time is passed over
                return normal_timestamp(told)
        self._tell("time_from_files", "nothing tells when it was held; the file's time stands for it", self._path.name)
        return timestamp(datetime.fromtimestamp(int(self._path.stat().st_mtime), UTC))

    def _chairmen(self, turns: list[_Turn]) -> tuple[ImportDiagnostic, ...]:
        """A note on each chairman: a verdict is the Judge's, and here a model was the judge."""
        return tuple(
            ImportDiagnostic(
                code="chairman",
                message=f"the synthesis of question {number} is '{turn.chairman.model}''s; it stands as the Judge's",
                file=self._path.name,
                severity="note",
            )
            for number, turn in enumerate(turns, 1)
            if turn.chairman is not None
        )

    def _verdict(self, stage: _Stage, step: RoundRegister, *, final: bool) -> Iterator[VerdictRegister]:
        """The chairman's words behind the last round of a question; what says nothing is no verdict."""
        words = stage.turn.chairman
        if stage.last and words is not None and words.text.strip():
            yield VerdictRegister(
                dialogue_id=step.dialogue_id,
                verdict_id="synthesis" if final else f"synthesis-{stage.number}",
                verdict_type="final" if final else "interim",
                round=step.round,
                label=f"Synthesis by {words.model}"[:LINE_LENGTH],
                recommendation=words.text.strip().partition("\n\n")[0],
                description=words.text,
            )

    def _with(self, steps: list[Shape], stages: list[_Stage], turns: int) -> Iterator[Shape]:
        """The rounds with their titles and rankings, each question followed by its verdict."""
        for step in steps:
            if not isinstance(step, RoundRegister):
                yield step
                continue
            stage = stages[step.round]
            annotations = {slug: list(kept) for slug, kept in step.annotations.items()}
            for one in stage.words:
                if one.parsed:
                    annotations.setdefault(self._names(one.model), []).append(self._ranked(one, stage.turn))
            yield step.model_copy(update={"title": stage.title, "annotations": annotations})
            yield from self._verdict(stage, step, final=stage.number == turns)

    def _ranked(self, words: _Words, turn: _Turn) -> dict[str, Any]:
        """A ranking as an annotation: the labels as they were parsed, and whose answers they stood for."""
        labels = {f"Response {chr(65 + place)}": one.model for place, one in enumerate(turn.answers)}
        at = words.text.rfind(_RANKING)
        start = max(at, 0)
        return {
            "kind": "ranking",
            "line": words.text.count("\n", 0, start) + 1,
            "column": 1,
            "start": start,
            "end": len(words.text),
            "ranking": words.parsed,
            "models": [self._names(labels[one]) if one in labels else None for one in words.parsed],
        }
