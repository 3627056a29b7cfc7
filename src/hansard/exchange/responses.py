"""One response at a time: its markers become entities, references, steps, moves and stances of a round.

What belongs to no row of its own stays with the response as an annotation: plain JSON with ``kind``, place (``line``,
``column``, ``start``, ``end``) and what it says. ``span`` annotations tell where each entity's words stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from hansard.dialogue.model import REF_TYPES
from hansard.dialogue.requests import EntityIn, MoveIn, ReferenceIn, ResponseRef, StanceIn, TensionIn, UpdateIn
from hansard.exchange.course import Course, called
from hansard.exchange.linking import Known
from hansard.exchange.rosters import LINE_LENGTH
from hansard.exchange.transcripts import Said
from hansard.exchange.verdicts import Verdicts
from hansard.kernel.ids import KINDS
from hansard.markers import Annotation, Entity, Item, Move, Reference, Response, Span, Stance, Target, VerdictNote
from hansard.markers.syntax import EXPERT_TARGET_TYPES, TENSION_ONLY

STEP_OF: Final = {"address": "addressed", "reopen": "reopened"}
"""The status that a reference to a tension proposes; what ``resolve`` proposes depends on who writes it."""

RESOLVING: Final = frozenset({"RESOLVED", "RESOLUTION"})
CONCEDING: Final = frozenset({"CONCESSION", "CONCEDE-WITH-SCOPE"})
COMMENTING: Final = frozenset({"REFINEMENT", "ACKNOWLEDGED", "ACCEPT", "DEFER", "CONFIRM"})
"""The working dialect's words by what they become; all others stay annotations."""
ACTING: Final = RESOLVING | CONCEDING | COMMENTING

VERDICTS_APART: Final = 9
"""Minority verdicts and dissents of one response that are registered: more is a flood, and each one costs an entry."""

_PLAIN_WORDS: Final = {
    "resolved": frozenset({"resolve", "resolved"}),
    "addressed": frozenset({"address"}),
    "reopened": frozenset({"reopen"}),
}
"""Words that say no more than the status they lead to."""


class RoundSaid:
    """What a round's responses add up to, in the lists of a round's request."""

    def __init__(self) -> None:
        self.entities: dict[str, list[EntityIn | TensionIn]] = {kind: [] for kind in KINDS}
        self.updates: dict[str, list[UpdateIn]] = {kind: [] for kind in KINDS}
        self.references: list[ResponseRef] = []
        self.moves: list[MoveIn] = []
        self.stances: list[StanceIn] = []
        self.annotations: dict[str, list[dict[str, Any]]] = {}


def read_response(said: Said, response: Response, course: Course, verdicts: Verdicts, round_: RoundSaid) -> None:
    """Add one response to its round; the responses of a dialogue must come in order."""
    _Response(said, response, course, verdicts, round_).read()


class _Response:
    """One response on its way."""

    def __init__(self, said: Said, response: Response, course: Course, verdicts: Verdicts, round_: RoundSaid) -> None:
        self._said = said
        self._response = response
        self._course = course
        self._verdicts = verdicts
        self._round = round_
        self._under: dict[str, list[ReferenceIn]] = defaultdict(list)
        self._referred: set[tuple[str | None, str, str]] = set()
        self._kept: list[dict[str, Any]] = []
        self._apart = 0

    def read(self) -> None:
        response = self._response
        steps: list[Reference | Annotation] = [*response.references, *response.annotations]
        for item in sorted(steps, key=lambda item: item.span.start):  # a tension's life follows the order of the words
            if isinstance(item, Reference):
                self._reference(item)
            else:
                self._annotation(item)
        for move in response.moves:
            self._move(move)
        self._stances(response.stances)
        for note in response.verdicts:
            self._verdict(note)
        for entity in response.entities:
            self._entity(entity)
        for quotation in response.quotations:
            self._keep("quotation", quotation, word=quotation.text, label=quotation.label, body=quotation.body)
        for cited in response.exhibits:  # beside what evidence cites: where it was named, and what is not pinned
            self._keep("exhibit", cited, word=cited.exhibit, label=cited.label, source=cited.source)
            if self._course.exhibits and cited.exhibit not in self._course.exhibits:
                self._tell("exhibit_unlinked", f"'{cited.exhibit}' is cited, and exhibits.json has no such one", cited)
        for prose in response.prose:
            self._keep("prose", prose)
        for told in response.diagnostics:
            self._keep("diagnostic", told, word=told.code, body=told.message, severity=told.severity)
        if self._kept:
            self._kept.sort(key=lambda entry: (entry["start"], entry["end"]))
            self._round.annotations[self._said.slug] = self._kept

    def _tell(self, code: str, message: str, item: Item, **more: Any) -> None:
        self._course.tell(code, message, self._said.file, item, **more)

    def _keep(self, kind: str, item: Item, span: Span | None = None, **told: object) -> None:
        """Keep with the response what belongs to no row of its own."""
        place = span or item.span
        entry = {"kind": kind, "line": item.line, "column": item.column, "start": place.start, "end": place.end}
        self._kept.append(entry | {name: value for name, value in told.items() if value not in (None, "", [])})

    def _called(self, entity: Known) -> str:
        return called(entity, self._said.round)

    # -- entities

    def _entity(self, entity: Entity) -> None:
        common: dict[str, Any] = {
            "local_id": entity.local_id,
            "label": self._label(entity),
            "contributors": [self._said.slug],
            "references": self._under.get(entity.local_id, []),
        }
        if entity.kind == "T":
            self._round.entities["T"].append(TensionIn(description=entity.body, **common))
        else:
            cited = self._cited(entity) if entity.kind == "E" else []
            self._round.entities[entity.kind].append(EntityIn(content=entity.body, exhibits=cited, **common))
        self._keep("span", entity, entity.body_span, local_id=entity.local_id)

    def _cited(self, entity: Entity) -> list[str]:
        """The pinned exhibits that a piece of evidence cites."""
        named = [one.exhibit for one in self._response.exhibits if one.source == entity.local_id]
        return [name for name in dict.fromkeys(named) if name in self._course.exhibits]

    def _label(self, entity: Entity) -> str:
        label = entity.label
        if not label.strip():
            label = next((line.strip() for line in entity.body.splitlines() if line.strip()), entity.local_id)
        if len(label) > LINE_LENGTH:
            words = f"the label of '{entity.local_id}' has {len(label)} characters; the first {LINE_LENGTH} were taken"
            self._tell("text_cut", words, entity)
            label = label[: LINE_LENGTH - 1] + "…"
        return label

    # -- references

    def _reference(self, item: Reference) -> None:
        if item.target.form == "expert":
            name, fault, tension = self._expert_reference(item)
        else:
            entity = self._course.find(item.target, self._said, item)
            fault = self._reference_fault(item, entity) if entity else None
            name = self._called(entity) if entity and not fault else None
            tension = entity if entity and item.type in TENSION_ONLY else None
        if fault:
            self._tell("reference_unusable", f"'{item.type} {item.target.text}' {fault}", item)
        if name is None:
            self._keep("reference", item, word=item.type, body=item.context, targets=[item.target.text], linked=[None])
            return
        context = item.context or item.label or None
        self._refer(item.source, item.type, name, context)
        if tension is not None:
            by_author = tension.expert == self._said.slug
            wanted = STEP_OF.get(item.type) or ("resolved" if by_author else "addressed")
            self._tension_step(tension, wanted, item.type, context, via=item.source)

    def _refer(self, source: str | None, type_: str, target: str, context: str | None) -> None:
        if (source, type_, target) in self._referred:
            return
        self._referred.add((source, type_, target))
        if source is not None:
            self._under[source].append(ReferenceIn(type=type_, target=target, context=context))
        else:
            self._round.references.append(
                ResponseRef(expert=self._said.slug, type=type_, target=target, context=context)
            )

    def _expert_reference(self, item: Reference) -> tuple[str | None, str | None, None]:
        """Name and fault of a reference to an expert's whole position."""
        name = self._course.find_expert(item.target, self._said, item)
        fault = None
        if name is not None and item.type not in EXPERT_TARGET_TYPES:
            fault = f"cannot name an expert's position; {', '.join(sorted(EXPERT_TARGET_TYPES))} can"
        elif name is not None and item.source is None and item.target.expert == self._said.slug:
            fault = "refers to itself"
        return (None if fault else name), fault, None

    def _reference_fault(self, item: Reference, entity: Known) -> str | None:
        """Why the record cannot hold a reference; ``None`` when it can."""
        if item.type not in REF_TYPES:
            return "is of no type that is known"
        if item.type in TENSION_ONLY and entity.kind != "T":
            return f"names a {KINDS[entity.kind]} where a tension belongs"
        if entity.local_id == item.source:
            return "refers to itself"
        if item.type == "refine":
            source = self._course.book.local(item.source) if item.source else None
            if source is None:
                return "stands under no entity, so that nothing refines it"
            if source.kind != entity.kind:
                return f"would refine a {KINDS[entity.kind]} by a {KINDS[source.kind]}"
        return None

    # -- steps in an entity's life

    def _tension_step(
        self, tension: Known, wanted: str, word: str, reason: str | None, *, via: str | None = None
    ) -> None:
        """A step where the lifecycle allows it at this moment; else a comment. The word stays where it says more."""
        if self._course.step(tension, wanted):
            plain = word.casefold() in _PLAIN_WORDS[wanted]
            self._update(tension, wanted, reason, None if plain else word, via)
        else:
            self._update(tension, "commented", reason, word, via)

    def _update(self, entity: Known, status: str, reason: str | None, word: str | None, via: str | None = None) -> None:
        self._round.updates[entity.kind].append(
            UpdateIn(
                id=self._called(entity),
                status=status,
                by=[self._said.slug],
                via=via,
                reason=reason,
                disposition=word.casefold()[:80] if word else None,
            )
        )

    # -- the working dialect's words

    def _annotation(self, item: Annotation) -> None:
        targets = _each_once(item.targets)
        acts = item.known and item.word in ACTING
        linked = [self._linked(target, item, acts=acts) for target in targets]
        found = list(dict.fromkeys(entity for entity in linked if entity is not None))
        if item.word in CONCEDING:
            self._concede(item, found, [target for target in targets if target.form == "expert"])
        elif acts:
            for entity in found:
                self._act(item, entity)
            if not targets:
                words = f"[{item.word}] names nothing and was kept with the response"
                self._tell("target_missing", words, item, severity="note")
        self._keep(
            "annotation",
            item,
            word=item.word,
            label=item.label,
            body=item.body,
            addressee=item.addressee,
            source=item.source,
            targets=[target.text for target in targets],
            linked=[entity.display_id if entity else None for entity in linked],
        )

    def _linked(self, target: Target, item: Annotation, *, acts: bool) -> Known | None:
        if acts and target.form != "expert":
            return self._course.find(target, self._said, item)
        return self._course.book.find(target, self._said.slug, self._said.round).entity

    def _act(self, item: Annotation, entity: Known) -> None:
        """What a word of the working dialect does to the entity it names."""
        reason = "\n\n".join(part for part in (item.label, item.body) if part) or None
        if item.word in RESOLVING and entity.kind == "T":
            wanted = "resolved" if entity.expert == self._said.slug else "addressed"
            self._tension_step(entity, wanted, item.word, reason)
            return
        source = self._course.book.local(item.source) if item.source else None
        both_perspectives = source is not None and source.kind == entity.kind == "P"
        if item.word == "REFINEMENT" and source is not None and both_perspectives and source != entity:
            self._refer(source.local_id, "refine", self._called(entity), reason)
            return
        self._update(entity, "commented", reason, item.word)

    def _concede(self, item: Annotation, found: Sequence[Known], experts: Sequence[Target]) -> None:
        """A concession is a move; without an entity it concedes to whom it names."""
        targets = [self._called(entity) for entity in found]
        targets += [name for name in (self._course.find_expert(one, self._said, item) for one in experts) if name]
        if not targets and item.addressee in self._course.seats.up_to(self._said.round):
            targets = [f"@{item.addressee}"]
        self._round.moves.append(
            MoveIn(
                expert=self._said.slug,
                type="concede",
                targets=targets,
                topic=item.label or None,
                context=item.body or None,
            )
        )

    # -- moves, stances, verdicts

    def _move(self, move: Move) -> None:
        names: list[str | None] = []
        for target in move.targets:
            if target.form == "expert":
                names.append(self._course.find_expert(target, self._said, move))
            else:
                entity = self._course.find(target, self._said, move)
                names.append(self._called(entity) if entity else None)
        if None in names:
            targets = [target.text for target in move.targets]
            self._keep("move", move, word=move.type, body=move.context, targets=targets, linked=names)
        self._round.moves.append(
            MoveIn(
                expert=self._said.slug,
                type=move.type,
                targets=list(dict.fromkeys(name for name in names if name is not None)),
                topic=move.topic,
                context=move.context or None,
            )
        )

    def _stances(self, stances: Sequence[Stance]) -> None:
        """The last stance that says all it must; earlier and unfinished ones are kept with the response."""
        last = next((stance for stance in reversed(stances) if _unfinished(stance) is None), None)
        for stance in stances:
            if stance is last:
                self._round.stances.append(
                    StanceIn(
                        expert=self._said.slug,
                        stance=stance.stance,
                        confidence=stance.confidence,
                        condition=stance.condition,
                        cause=stance.cause,
                    )
                )
                continue
            why = _unfinished(stance) or "is followed by another one in the same response"
            self._tell("stance_left", f"the stance {stance.stance} {why}; it was kept with the response", stance)
            self._keep("stance", stance, word=stance.stance, label=stance.local_id, body=stance.body)

    def _verdict(self, note: VerdictNote) -> None:
        verdict_id = None
        if note.kind in ("minority", "dissent") and self._apart == VERDICTS_APART:
            words = f"a response has more than {VERDICTS_APART} minority verdicts and dissents; this one stays in it"
            self._tell("verdict_left", words, note)
        elif note.kind in ("minority", "dissent"):
            self._apart += 1
            verdict_id = self._verdicts.note_apart(note, self._said)
        else:
            words = f"a {note.kind} verdict is the judge's to write; it was kept with the response"
            self._tell("verdict_not_the_judges", words, note)
        self._keep("verdict", note, word=note.kind, label=note.label, body=note.body, verdict_id=verdict_id)


def _each_once(targets: Sequence[Target]) -> list[Target]:
    unique = {(target.form, target.kind, target.round, target.number, target.expert): target for target in targets}
    return list(unique.values())


def _unfinished(stance: Stance) -> str | None:
    if stance.stance == "CONDITIONAL" and not (stance.condition or "").strip():
        return "names no condition"
    if stance.stance == "ABSTAIN" and stance.cause is None:
        return "names no cause"
    return None
