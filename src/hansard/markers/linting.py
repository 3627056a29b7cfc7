"""Lint: what an expert should mend before the response is registered.

The parser tells what it found while reading; lint adds what follows from the meaning: targets that do not exist, types
that do not fit, markers without words. It changes nothing and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from hansard.markers.model import Annotation, Diagnostic, Move, Reference, Response, Target
from hansard.markers.notes import diagnostic
from hansard.markers.syntax import SAME_KIND_ONLY, TENSION_ONLY

_MINORITY_FIELDS = {"recommendation": "Recommendation", "what_would_change": "What would change it"}
"""What a minority verdict must say (decision: dialogue, "Lifecycles"), by name and as it is written."""

_Naming: TypeAlias = Reference | Move | Annotation
"""Items that name targets."""


def lint(
    response: Response,
    known: Callable[[Target], bool] | None = None,
    exhibits: Collection[str] | None = None,
) -> tuple[Diagnostic, ...]:
    """Everything to mend, in the order of the text: the parser's errors and warnings, and lint's own.

    Args:
        response: what ``parse`` returned.
        known: whether a target is recorded; without it, only what the response itself shows is judged.
        exhibits: the ids of those that are recorded; without them any is taken for recorded.
    """
    found = [note for note in response.diagnostics if note.severity != "note"]
    for check in (_entities, _references, _rounds, _stances, _verdicts):
        found += check(response)
    found += _unknown_targets(response, known)
    found += _exhibits(response, exhibits)
    return tuple(sorted(found, key=lambda note: note.span.start))


def _entities(response: Response) -> Iterator[Diagnostic]:
    for entity in response.entities:
        if not entity.body:
            yield diagnostic("missing_body", entity, text=f"[{entity.local_id}: …]")


def _references(response: Response) -> Iterator[Diagnostic]:
    kinds = {entity.local_id: entity.kind for entity in response.entities}
    for reference in response.references:
        target, source = reference.target, reference.source
        if reference.type in TENSION_ONLY and target.kind not in ("T", None):
            yield diagnostic("wrong_target_kind", reference, type=reference.type.upper(), value=target.text)
        if reference.type in SAME_KIND_ONLY and target.kind is not None:
            if source is None:
                yield diagnostic(
                    "refine_without_source", reference, text=f"[RE:REFINE {target.text}]", value=target.text
                )
            elif kinds.get(source, target.kind) != target.kind:
                yield diagnostic("refine_kind_mismatch", reference, source=source, value=target.text)
        if source is not None and target.id == source:
            yield diagnostic("self_reference", reference, source=source)


def _rounds(response: Response) -> Iterator[Diagnostic]:
    items: tuple[_Naming, ...] = (*response.references, *response.moves)
    for item in items:
        for target in _targets(item):
            if target.form == "local" and target.round != response.round:
                yield diagnostic("local_id_of_other_round", item, value=target.text, number=target.round)


def _stances(response: Response) -> Iterator[Diagnostic]:
    for stance in response.stances:
        text = f"[{stance.local_id}: {stance.stance}]"
        if stance.stance == "CONDITIONAL" and not stance.condition:
            yield diagnostic("missing_condition", stance, text=text)
        if stance.stance == "ABSTAIN" and stance.cause is None:
            yield diagnostic("missing_cause", stance, text=text)


def _verdicts(response: Response) -> Iterator[Diagnostic]:
    for note in response.verdicts:
        if note.kind in ("interim", "final"):
            if response.expert != "judge":
                yield diagnostic("verdict_not_the_judges", note, text=f"[VERDICT:{note.kind.upper()}]")
        elif not note.body:
            word = "MINORITY VERDICT" if note.kind == "minority" else "DISSENT"
            yield diagnostic("missing_body", note, text=f"[{word}]")
        elif note.kind == "minority":
            for name, written in _MINORITY_FIELDS.items():
                if name not in note.fields:
                    yield diagnostic("missing_field", note, text="[MINORITY VERDICT]", value=written)


def _exhibits(response: Response, recorded: Collection[str] | None) -> Iterator[Diagnostic]:
    kinds = {entity.local_id: entity.kind for entity in response.entities}
    for cited in response.exhibits:
        if recorded is not None and cited.exhibit not in recorded:
            yield diagnostic("unknown_exhibit", cited, value=cited.exhibit)
        if kinds.get(cited.source or "") != "E":
            yield diagnostic("exhibit_not_evidence", cited, value=cited.exhibit)


def _unknown_targets(response: Response, known: Callable[[Target], bool] | None) -> Iterator[Diagnostic]:
    own = {entity.local_id for entity in response.entities}
    items: tuple[_Naming, ...] = (*response.references, *response.moves, *response.annotations)
    for item in items:
        for target in _targets(item):
            of_this_response = (target.form, target.expert, target.round) == ("local", response.expert, response.round)
            if target.id not in own if of_this_response else known is not None and not known(target):
                yield diagnostic("unknown_target", item, value=target.text)


def _targets(item: _Naming) -> tuple[Target, ...]:
    return (item.target,) if isinstance(item, Reference) else item.targets
