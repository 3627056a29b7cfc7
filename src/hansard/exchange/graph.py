"""A dialogue as an argument: who stated what, and how statements stand to each other.

This is what AIF and Argdown can carry, and all that they carry: ``graph_of`` tells what of a record goes into them,
``plan_graph`` how it comes back, and what is in a ``Record`` and not in a ``Graph`` is what a round trip loses
(docs/formats.md lists it, a test holds the list).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from hansard.dialogue import model
from hansard.dialogue.errors import id_space_exhausted
from hansard.dialogue.names import with_names
from hansard.dialogue.requests import (
    ClaimedFigure,
    DialogueCreate,
    EntityIn,
    EvolvePanel,
    ExpertPool,
    Origin,
    PanelSeat,
    ReferenceIn,
    ResponseRef,
    RoundRegister,
    TensionIn,
    VerdictRegister,
)
from hansard.dialogue.rules.round import TENSION_ONLY
from hansard.exchange.planning import Plan, told_of
from hansard.exchange.telling import Telling
from hansard.exchange.transcripts import files_digest
from hansard.kernel.ids import (
    KINDS,
    MAX_ROUND,
    MAX_SEQ,
    PLURALS,
    DisplayId,
    LocalId,
    is_expert_slug,
    parse_display_id,
    parse_expert_target,
    parse_local_id,
)
from hansard.kernel.shapes import SAYS_SOMETHING, Shape
from hansard.markers import syntax
from hansard.markers.names import author_slug, own_name

UNATTRIBUTED: Final = "unattributed"
"""Whoever stated what a file gives to nobody."""

UNKNOWN_ROLE: Final = "unknown"
LABEL_LENGTH: Final = 80
LINE_LENGTH: Final = 1000

FIRST_STATUS: Final = {kind: statuses[0] for kind, statuses in model.STATUSES.items()}


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who stated something."""

    slug: str
    name: str | None = None
    role: str = UNKNOWN_ROLE


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A round."""

    number: int
    title: str | None = None
    panel: list[str] = []


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was stated; ``key`` is how the file calls it, a display id in what we wrote."""

    key: str
    kind: str = "C"
    label: str
    text: str
    authors: list[str]
    round: int = 0
    status: str | None = None
    local_ids: list[str] = []
    parameters: dict[str, Any] | None = None
    line: int | None = None
    """Where it stands in the file."""


class Relation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one statement stands to another; each end is a statement's key, or ``@slug`` for a whole position."""

    source: str
    type: str
    target: str
    context: str | None = None
    round: int | None = None
    """Of a whole response: in which round."""
    line: int | None = None


class Conclusion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A verdict, as it was given; what was computed of it is computed again."""

    verdict_id: str
    verdict_type: str
    label: str | None = None
    round: int
    author_expert: str | None = None
    recommendation: str
    description: str
    conditions: list[str] = []
    vote: str | None = None
    votes: dict[str, str] | None = None
    confidence: str | None = None
    tensions_resolved: list[str] = []
    tensions_accepted: list[str] = []
    recommendations_adopted: list[str] = []
    key_evidence: list[str] = []
    key_claims: list[str] = []
    supporting_experts: list[str] = []
    what_would_change: str | None = None
    supersedes: str | None = None
    dismissals: dict[str, str] | None = None
    force_reason: str | None = None

    @property
    def rests_on(self) -> list[str]:
        """The statements that it names as its reasons."""
        return list(dict.fromkeys([*self.recommendations_adopted, *self.key_evidence, *self.key_claims]))


class Graph(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dialogue's argument."""

    id: str
    title: str
    question: str | None = None
    at: str
    """When it was held, as stored."""
    people: list[Person] = []
    rounds: list[Stage] = []
    statements: list[Statement] = []
    relations: list[Relation] = []
    conclusions: list[Conclusion] = []


class OwnPerson(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An expert, as our own files name them."""

    slug: str
    name: str | None = None
    role: str = UNKNOWN_ROLE


class OwnStage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A round, as our own files name it."""

    round: int
    title: str | None = None
    panel: list[str] = []


class OwnFile(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What our own files say of the dialogue beside its argument."""

    format: str
    id: str
    title: str
    question: str | None = None
    createdAt: str  # noqa: N815  # the document's spelling
    experts: list[OwnPerson] = []
    rounds: list[OwnStage] = []
    digest: str | None = None

    @property
    def people(self) -> list[Person]:
        """The experts as a graph has them."""
        return [Person(slug=one.slug, name=own_name(one.name, one.slug), role=one.role) for one in self.experts]

    @property
    def stages(self) -> list[Stage]:
        """The rounds as a graph has them."""
        return [Stage(number=one.round, title=one.title, panel=one.panel) for one in self.rounds]


def own_file(graph: Graph, form: str, digest: str | None) -> OwnFile:
    """What a file of ours says of a graph's dialogue.

    Args:
        form: name and version of the format.
        digest: the record's (docs/record.md).
    """
    return OwnFile(
        format=form,
        id=graph.id,
        title=graph.title,
        question=graph.question,
        createdAt=graph.at,
        experts=[OwnPerson(slug=person.slug, name=person.name, role=person.role) for person in graph.people],
        rounds=[OwnStage(round=row.number, title=row.title, panel=row.panel) for row in graph.rounds],
        digest=digest,
    )


_ENTITY_LISTS: Final = (
    "tensions_resolved", "tensions_accepted", "recommendations_adopted", "key_evidence", "key_claims",
)  # fmt: skip


# -- out ---------------------------------------------------------------------------------------------------------------


def graph_of(record: model.Record) -> Graph:
    """What of a record an argument's formats carry."""
    dialogue = record.dialogue
    seats: dict[int, list[str]] = defaultdict(list)
    for seat in record.panel_members:
        seats[seat.round].append(seat.slug)
    return Graph(
        id=dialogue.dialogue_id,
        title=dialogue.title,
        question=dialogue.question,
        at=dialogue.created_at,
        people=[Person(slug=one.slug, name=one.name, role=one.role) for one in with_names(record).experts],
        rounds=[
            Stage(number=row.round, title=row.title, panel=seats[row.round])
            for row in record.rounds
            if row.status == "completed"
        ],
        statements=[
            Statement(
                key=entity.id,
                kind=entity.kind,
                label=entity.label,
                text=entity.content,
                authors=entity.contributors,
                round=entity.round,
                status=entity.status,
                local_ids=entity.local_ids,
                parameters=entity.parameters,
            )
            for entity in record.entities
        ],
        relations=[
            Relation(
                source=ref.source_id,
                type=ref.ref_type,
                target=ref.target_id,
                context=ref.context,
                round=ref.round if parse_display_id(ref.source_id) is None else None,
            )
            for ref in record.refs
        ],
        conclusions=[
            Conclusion(**{name: getattr(verdict, name) for name in Conclusion.__struct_fields__})
            for verdict in record.verdicts
        ],
    )


# -- in ----------------------------------------------------------------------------------------------------------------


class Names:
    """Experts' slugs for the names that a file uses; two names never become one expert."""

    def __init__(self, tell: Telling, file: str) -> None:
        self._tell, self._file = tell, file
        self._slugs: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The slug of a name."""
        if name in self._slugs:
            return self._slugs[name]
        slug = author_slug(name)
        if not is_expert_slug(slug):
            slug = f"expert-{slug}"[:32]
        taken = set(self._slugs.values())
        plain, number = slug, 2
        while slug in taken:
            ending = f"-{number}"
            slug, number = plain[: 32 - len(ending)] + ending, number + 1
        if slug != name:
            words = f"'{name[:80]}' is called '{slug}' in the record"
            self._tell("expert_renamed", words, self._file, severity="note")
        self._slugs[name] = slug
        return slug

    def written(self) -> dict[str, str]:
        """The names that say more than their slugs, by slug."""
        return {slug: own for name, slug in self._slugs.items() if (own := own_name(name, slug)) is not None}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a graph was read from."""

    importer: str
    name: str
    sha256: str
    text: str | None = None
    """Its words, where the record keeps them: those of a file that is not ours."""
    form: str
    """What the format is called."""


def label_of(text: str) -> str:
    """A label for a statement that has none: its first words."""
    words = " ".join(text.split())
    if re.search(SAYS_SOMETHING, words) is None:
        return "(no words)"
    if len(words) <= LABEL_LENGTH:
        return words
    return words[: LABEL_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def plan_graph(graph: Graph, source: Source, tell: Telling) -> Plan:
    """The requests that record a graph.

    Raises:
        HansardError: ``id_space_exhausted`` where a round has more than 99 statements of a kind, ``file_unfit`` where
            no request takes what is stated.
    """
    with told_of(source.name):
        return _Planner(graph, source, tell).plan()


class _Planner:
    """One plan in the making."""

    def __init__(self, graph: Graph, source: Source, tell: Telling) -> None:
        self._graph, self._source, self._tell = graph, source, tell
        self._people = {person.slug: person for person in graph.people}
        self._ids: dict[str, DisplayId] = {}
        self._locals: dict[str, list[str]] = {}
        self._number()

    def plan(self) -> Plan:
        graph, source = self._graph, self._source
        words = f"{source.form} carries the argument alone; what else was said and scored is not in this record"
        self._tell("argument_only", words, source.name, severity="note")
        steps: list[Shape] = []
        left = list(graph.conclusions)
        stages = self._stages()
        relations = self._relations()
        for stage in stages:
            steps += self._round(stage, relations)
            last = stage is stages[-1]
            while left and (left[0].round <= stage.number or last):
                steps += self._verdict(left.pop(0), stage.number, last=last)
        create = self._create()  # last: it carries all that was told
        return Plan(
            wanted_id=graph.id,
            files={source.name: source.sha256},
            requests=(create, *steps),
            ids={local: str(self._ids[key]) for key, locals_ in self._locals.items() for local in locals_},
            diagnostics=tuple(self._tell.told),
            files_read=1,
        )

    # -- ids

    def _number(self) -> None:
        """Give every statement the id that registration will give it, and its local ids."""
        counts: dict[tuple[int, str], int] = defaultdict(int)
        own: dict[tuple[str, str, int], int] = defaultdict(int)
        used = {local for statement in self._graph.statements for local in statement.local_ids}
        taken: set[str] = set()
        for statement in self._graph.statements:
            place = statement.round, statement.kind
            counts[place] += 1
            if counts[place] > MAX_SEQ or statement.round > MAX_ROUND:
                raise id_space_exhausted("path", f"{counts[place]} {PLURALS[statement.kind]} in one round")
            found = DisplayId(statement.kind, statement.round, counts[place])
            self._ids[statement.key] = found
            if _is_ours(statement.key) and statement.key != str(found):
                words = f"'{statement.key}' is {found} in the record: ids are given in order and without a gap"
                self._told("id_changed", words, statement.line)
            locals_ = [local for local in statement.local_ids if self._usable(local, statement, taken)]
            if not locals_ and not statement.local_ids and not _is_ours(statement.key):
                key = statement.authors[0], statement.kind, statement.round
                own[key] += 1
                while str(LocalId(*key, own[key])) in used:  # a number that no local id of the file has
                    own[key] += 1
                if own[key] <= MAX_SEQ:
                    locals_ = [str(LocalId(*key, own[key]))]
            taken.update(locals_)
            self._locals[statement.key] = locals_

    def _usable(self, local: str, statement: Statement, taken: set[str]) -> bool:
        parts = parse_local_id(local)
        fits = (
            parts is not None
            and (parts.kind, parts.round) == (statement.kind, statement.round)
            and local == str(parts)
            and local not in taken
            and parts.expert in self._people
        )
        if not fits:
            self._told("local_id_left", f"'{local[:80]}' cannot be a local id of {statement.key}", statement.line)
        return fits

    def _told(self, code: str, words: str, line: int | None = None) -> None:
        self._tell(code, words, self._source.name, line)

    # -- steps

    def _stages(self) -> list[Stage]:
        """The rounds from 0 to the last that is named, without a gap."""
        given = {stage.number: stage for stage in self._graph.rounds}
        last = max([*given, *(statement.round for statement in self._graph.statements), 0])
        return [given.get(number, Stage(number=number)) for number in range(last + 1)]

    def _relations(self) -> dict[str, list[Relation]]:
        """The relations that a record can hold, by source; the others are told."""
        found: dict[str, list[Relation]] = defaultdict(list)
        seen: set[tuple[str, str, str, int | None]] = set()
        kinds = {statement.key: statement.kind for statement in self._graph.statements}
        for relation in self._graph.relations:
            why = self._misfit(relation, kinds)
            key = relation.source, relation.type, relation.target, relation.round
            if why is None and key in seen:
                why = "it stands there twice"
            if why is None:
                seen.add(key)
                found[relation.source].append(relation)
            else:
                words = f"'{relation.source} {relation.type} {relation.target}' was left out: {why}"
                self._told("relation_left", words[:500], relation.line)
        return found

    def _misfit(self, relation: Relation, kinds: Mapping[str, str]) -> str | None:
        """Why the record cannot hold a relation."""
        if relation.type not in model.REF_TYPES:
            return "the record knows no such relation"
        for end in (relation.source, relation.target):
            if end not in self._ids and (slug := parse_expert_target(end)) is None:
                return f"'{end[:80]}' is nowhere stated"
            if end not in self._ids and slug not in self._people:
                return f"nobody is called '{slug}'"
        if relation.source == relation.target:
            return "it leads to itself"
        if relation.target in self._ids:
            source_round = self._ids[relation.source].round if relation.source in self._ids else relation.round or 0
            if self._ids[relation.target].round > source_round:
                return "it leads to a later round"
            if relation.type in TENSION_ONLY and kinds[relation.target] != "T":
                return f"'{relation.type}' leads to tensions only"
            if relation.type == "refine" and kinds.get(relation.source) != kinds[relation.target]:
                return "a refinement is of the same kind as what it refines"
        elif relation.type not in syntax.EXPERT_TARGET_TYPES:
            return f"'{relation.type}' cannot lead to a whole position"
        return None

    def _round(self, stage: Stage, relations: Mapping[str, list[Relation]]) -> Iterable[Shape]:
        """The panel of a round, and what it stated."""
        number = stage.number
        stated = [statement for statement in self._graph.statements if statement.round == number]
        of_responses = [
            relation
            for source, inner in relations.items()
            if source not in self._ids
            for relation in inner
            if (relation.round or 0) == number
        ]
        panel = dict.fromkeys(
            [
                *stage.panel,
                *(author for statement in stated for author in statement.authors),
                *(parts.expert for s in stated for local in self._locals[s.key] if (parts := parse_local_id(local))),
                *(relation.source[1:] for relation in of_responses),
            ]
        )
        if not panel:
            panel = dict.fromkeys(self._people or [UNATTRIBUTED])
        yield EvolvePanel(
            dialogue_id=self._graph.id,
            round=number,
            panel=[
                PanelSeat(expert_slug=one.slug, name=one.name, role=one.role)
                for one in (self._people.get(slug) or Person(slug=slug) for slug in panel)
            ],
        )
        lists: dict[str, Any] = {
            PLURALS[kind]: [
                self._entity(statement, relations.get(statement.key, []))
                for statement in stated
                if statement.kind == kind
            ]
            for kind in KINDS
        }
        yield RoundRegister(
            dialogue_id=self._graph.id,
            round=number,
            title=stage.title,
            references=[
                ResponseRef(
                    expert=relation.source[1:],
                    type=relation.type,
                    target=self._named(relation.target),
                    context=relation.context,
                )
                for relation in of_responses
            ],
            **lists,
        )

    def _entity(self, statement: Statement, relations: list[Relation]) -> EntityIn | TensionIn:
        locals_ = self._locals[statement.key]
        common: dict[str, Any] = {
            "local_id": locals_[0] if locals_ else None,
            "local_ids": locals_[1:],
            "label": statement.label,
            "contributors": statement.authors,
            "references": [
                ReferenceIn(type=relation.type, target=self._named(relation.target), context=relation.context)
                for relation in relations
            ],
        }
        if statement.kind == "T":
            if statement.parameters is not None:
                words = f"parameters of the tension {statement.key} were left out"
                self._told("parameters_left", words, statement.line)
            return TensionIn(description=statement.text, **common)
        return EntityIn(content=statement.text, parameters=statement.parameters, **common)

    def _named(self, key: str) -> str:
        """What a request calls a target."""
        return str(self._ids[key]) if key in self._ids else key

    def _verdict(self, verdict: Conclusion, number: int, *, last: bool) -> Iterable[Shape]:
        """The request that registers a verdict; nothing, and a diagnostic, where the record cannot hold it."""
        why = None
        if verdict.verdict_type == "final" and verdict.round != number:
            why = "a final verdict belongs to the last round that was held"
        elif verdict.verdict_type == "final" and not last:
            why = "rounds were held after this final verdict"
        elif verdict.round > number:
            why = f"round {verdict.round} was not held"
        if why is not None:
            self._told("verdict_left", f"the verdict '{verdict.verdict_id}' was left out: {why}")
            return
        given = {name: getattr(verdict, name) for name in Conclusion.__struct_fields__}
        for name in _ENTITY_LISTS:
            given[name] = [self._named(key) for key in given[name]]
        yield VerdictRegister(dialogue_id=self._graph.id, force=verdict.force_reason is not None, **given)

    def _create(self) -> DialogueCreate:
        graph, source = self._graph, self._source
        if graph.question is None:
            self._tell("question_missing", "the file tells no question; the title stands for it", source.name)
        digest = files_digest({source.name: source.sha256})
        return DialogueCreate(
            title=graph.title,
            question=graph.question or graph.title,
            expert_pool=ExpertPool(experts=[]),
            seed=digest[:16],  # decided by the input, so that two stores record the same
            dialogue_id=graph.id,
            origin=Origin(
                importer=source.importer,
                source=source.name,
                at=graph.at,
                digest=digest,
                files={source.name: source.sha256},
                documents={source.name: source.text} if source.text is not None else {},
                claims=list(self._claims()),
                diagnostics=[told.plain() for told in self._tell.told],
            ),
        )

    def _claims(self) -> Iterable[ClaimedFigure]:
        """The statuses that the file states: import is not judging."""
        for statement in self._graph.statements:
            if statement.status in (None, FIRST_STATUS[statement.kind]):
                continue
            locals_ = self._locals[statement.key]
            yield ClaimedFigure(
                subject=str(self._ids[statement.key]),
                item="status",
                claimed=str(statement.status),
                local_id=locals_[0] if locals_ else None,
                source=self._source.name,
            )


def _is_ours(key: str) -> bool:
    """Whether a key is a display id."""
    return parse_display_id(key) is not None
