"""Lifecycles of the five kinds, and who may take which step (dialogue.md, "Lifecycles, enforced")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from hansard.dialogue import errors
from hansard.dialogue.model import STATUSES, TRANSITIONS, UNSETTLED, Entity, Event
from hansard.kernel.errors import HansardError, did_you_mean, invalid_field, missing_field
from hansard.kernel.ids import KINDS, RESERVED_SLUGS, parse_display_id
from hansard.markers.names import name_slug

FIRST_STATUS: Final = {kind: words[0] for kind, words in STATUSES.items()}
FIRST_EVENT: Final = {"P": "created", "R": "created", "T": "created", "E": "cited", "C": "asserted"}
REFINED: Final = {"P": "refined", "R": "amended"}
"""Status that a ``refine`` reference gives its target; the other kinds get an event and keep their status."""

GIVEN_UP: Final = frozenset({"conceded", "withdrawn"})
"""What its own experts do with what they said (specification, "Status Values"): nobody gives up another's words."""

COMMENTED: Final = "commented"


def valid_steps(kind: str, status: str) -> tuple[str, ...]:
    """The statuses that may follow; an entity is adopted by a verdict alone."""
    return TRANSITIONS[kind].get(status, ())


def status_after(kind: str, events: Iterable[str]) -> str:
    """The status that these events, in their order, lead to; words that are no step change nothing."""
    status = FIRST_STATUS[kind]
    for word in events:
        if word in valid_steps(kind, status):
            status = word
    return status


class Lives:
    """Entities' lives during one plan: takes steps, keeps their events, tells which entities changed.

    Nothing is written; the plan hands ``changed`` and ``events`` to the store.
    """

    def __init__(
        self,
        dialogue_id: str,
        entities: Iterable[Entity],
        event_counts: Mapping[str, int],
        time: str,
        round_: int,
        *,
        imported: bool = False,
    ) -> None:
        """``imported``: the steps were taken elsewhere, and are recorded as they were taken."""
        self._imported = imported
        self._dialogue_id = dialogue_id
        self._entities = {entity.id: entity for entity in entities}
        self._counts = dict(event_counts)
        self._time = time
        self._round = round_
        self._new: set[str] = set()
        self._changed: dict[str, None] = {}
        self.events: list[Event] = []

    def __getitem__(self, entity_id: str) -> Entity:
        return self._entities[entity_id]

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._entities

    @property
    def known(self) -> list[str]:
        """Ids of all entities this plan knows."""
        return list(self._entities)

    @property
    def added(self) -> list[Entity]:
        """New entities, as they stand at the end of the plan."""
        return [entity for key, entity in self._entities.items() if key in self._new]

    @property
    def changed(self) -> list[Entity]:
        """Earlier entities that are not as they were."""
        return [self._entities[key] for key in self._changed if key not in self._new]

    @property
    def open_tensions(self) -> list[str]:
        """Tensions of this plan that are not settled."""
        return [key for key, entity in self._entities.items() if entity.kind == "T" and entity.status in UNSETTLED]

    def add(self, entity: Entity) -> None:
        """A new entity, with its first event."""
        self._entities[entity.id] = entity
        self._new.add(entity.id)
        self._event(entity, FIRST_EVENT[entity.kind], entity.contributors)

    def refine(self, target_id: str, by: Sequence[str], result: str) -> None:
        """A ``refine`` reference reached ``target_id``: an event that names the result, and a status where it fits."""
        target = self._entities[target_id]
        word = REFINED.get(target.kind, "refined")
        self._event(target, word, by, result=result)
        if word in valid_steps(target.kind, target.status):
            self._set(target, status=word)

    def step(
        self,
        entity_id: str,
        status: str,
        by: Sequence[str],
        *,
        reason: str | None = None,
        disposition: str | None = None,
        reference: str | None = None,
        result: str | None = None,
    ) -> None:
        """Take a step that ``judged`` let pass."""
        entity = self._entities[entity_id]
        self._event(entity, status, by, reason=reason, disposition=disposition, reference=reference, result=result)
        if status != COMMENTED:
            self._set(entity, status=status)

    def adopt(self, entity_id: str, verdict_id: str, by: Sequence[str]) -> None:
        """A verdict adopts a recommendation or claim."""
        entity = self._entities[entity_id]
        self._event(entity, "adopted", by, reference=verdict_id)
        self._set(entity, status="adopted", adopted_in_verdict=verdict_id)

    def judged(
        self, field: str, entity_id: str, status: str, by: Sequence[str], result: str | None = None
    ) -> HansardError | None:
        """Why a step may not be taken; ``None`` when it may."""
        entity = self._entities[entity_id]
        known = {FIRST_STATUS[entity.kind], COMMENTED}.union(*TRANSITIONS[entity.kind].values())
        valid = valid_steps(entity.kind, entity.status)
        by_hand = [word for word in valid if word != "adopted"]
        if status not in known:
            now = [*by_hand, COMMENTED]
            return invalid_field(
                f"{field}.status",
                status,
                f"is no status of a {KINDS[entity.kind]}",
                valid_options=now,
                suggestion=did_you_mean(status, now) or f"From '{entity.status}': {', '.join(now)}",
            )
        if status == COMMENTED:
            return None
        if status not in valid:
            return errors.invalid_status_transition(f"{field}.status", entity_id, entity.status, status, by_hand)
        if status == "adopted":
            return errors.invalid_status_transition(
                f"{field}.status", entity_id, entity.status, status, by_hand, "a verdict adopts, an update does not"
            )
        if status == "resolved" and "judge" not in by and not set(by) & set(entity.contributors):
            return errors.not_authorised_to_resolve(f"{field}.by", entity_id, by, entity.contributors)
        if self._imported:
            return None
        if status in GIVEN_UP and not set(by) & {*entity.contributors, *RESERVED_SLUGS}:
            return errors.not_authorised_to_give_up(f"{field}.by", entity_id, status, by, entity.contributors)
        if status == "merged" and result is None:
            return missing_field(f"{field}.result")
        return None

    def _set(self, entity: Entity, **values: str) -> None:
        self._entities[entity.id] = msgspec.structs.replace(entity, **values)
        self._changed[entity.id] = None

    def _event(
        self,
        entity: Entity,
        word: str,
        actors: Sequence[str],
        *,
        reason: str | None = None,
        disposition: str | None = None,
        reference: str | None = None,
        result: str | None = None,
    ) -> None:
        number = self._counts.get(entity.id, 0) + 1
        self._counts[entity.id] = number
        self.events.append(
            Event(
                dialogue_id=self._dialogue_id,
                kind=entity.kind,
                round=entity.round,
                seq=entity.seq,
                event_seq=number,
                type=word,
                event_round=self._round,
                actors=list(actors),
                reason=reason,
                disposition=disposition,
                reference=reference,
                result=result,
                created_at=self._time,
            )
        )


def not_an_id(field: str, text: str, expected: str) -> HansardError:
    """Why a text is no display id: its letter names no kind of entity, or it has another form altogether."""
    if len(text) == 5 and text[0].isalpha() and text[1:].isdigit() and text[0].upper() not in KINDS:
        return errors.invalid_entity_type(field, text)
    return errors.invalid_display_id(field, text, expected)


def judged_id(field: str, text: str, earlier: Mapping[str, str] = {}) -> str | HansardError:  # read, never written
    """A display id, or what is wrong with it; ``earlier`` has the display ids of the local ids that are known."""
    if parse_display_id(text) is not None:
        return text
    if text in earlier:
        return errors.invalid_display_id(field, text, now=earlier[text])
    return not_an_id(field, text, "Write it like P0001: kind letter, two digits round, two of number")


def judged_actors(
    field: str, names: Sequence[str], experts: Iterable[str], everybody: Iterable[str]
) -> Iterator[HansardError]:
    """Actors who may not act: nobody but the dialogue's experts, the Judge and the user takes part."""
    allowed = set(experts) | RESERVED_SLUGS
    for index, name in enumerate(names):
        if name_slug(name) not in allowed:
            yield errors.expert_not_in_panel(f"{field}.by[{index}]", name, allowed, everybody)
