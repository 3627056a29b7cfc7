"""What a response says, as frozen values.

Every item keeps where it was written: ``span`` (character offsets into the text as given, so that
``text[span.start:span.end]`` is the marker itself), ``line`` and ``column`` (both from 1). Kinds are the letters of
``kernel.ids.KINDS``. Targets are typed and unresolved: which entity of which round they mean is the caller's to find.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hansard.kernel.ids import KINDS

Dialect = Literal["specification", "working"]
Severity = Literal["error", "warning", "note"]
TargetForm = Literal["global", "local", "expert", "bare", "named", "named_any", "named_round", "own_round"]
VerdictKind = Literal["interim", "final", "minority", "dissent"]


class Span(msgspec.Struct, frozen=True, gc=False):
    """Characters ``start`` to ``end`` (exclusive) of the text as given."""

    start: int
    end: int


class Target(msgspec.Struct, frozen=True):
    """An id that a marker names, as far as it can be told without knowing other rounds.

    ``round`` and ``expert`` are ``None`` where the form leaves them open. ``expert`` is in lower case.
    """

    text: str
    """As written."""
    form: TargetForm
    kind: str | None
    """Kind letter; ``None`` for an expert."""
    number: int | None
    round: int | None
    expert: str | None
    span: Span

    @property
    def id(self) -> str:
        """The id in its canonical spelling (``MUFFIN-P0101``, ``@muffin``); other forms as written."""
        if self.form == "local":
            return f"{(self.expert or '').upper()}-{self.kind}{self.round:02d}{self.number:02d}"
        if self.form == "expert":
            return f"@{self.expert}"
        return self.text


class Item(msgspec.Struct, frozen=True):
    """Base: where something stands."""

    span: Span
    line: int
    column: int


class Entity(Item, frozen=True):
    """A perspective, recommendation, tension, piece of evidence or claim."""

    kind: str
    local_id: str
    """Normalised, unique in the response: ``MUFFIN-P0101``."""
    number: int
    """The last two digits of ``local_id``, 1 to 99."""
    label: str
    body: str
    body_span: Span
    """Where the body stands: behind the marker, or above it when nothing follows. Empty when there is none."""
    dialect: Dialect
    restates: Target | None = None
    """What the number itself points back to: ``T04-R1`` to ``T04``, ``MUFFIN-P0001`` in round 1 to round 0."""


class Reference(Item, frozen=True):
    """One typed reference; a marker with several targets gives several, with the same span."""

    type: str
    """In lower case; one of ``syntax.REFERENCE_TYPES`` unless diagnosed as ``unknown_reference_type``."""
    target: Target
    source: str | None
    """Local id of the entity above it; ``None`` where the whole response refers."""
    label: str
    """Words inside the brackets behind the targets."""
    context: str
    """The words under the marker; for one inside a sentence or table row, the words around it on its line."""
    context_span: Span


class Move(Item, frozen=True):
    """A dialogue move."""

    type: str
    """In lower case: defend, challenge, bridge, request, concede or converge."""
    targets: tuple[Target, ...]
    topic: str | None
    """What a request asks for; for other moves, words behind the targets."""
    context: str
    context_span: Span


class Stance(Item, frozen=True):
    """Where the expert stands at the end of a round."""

    local_id: str
    stance: str
    """APPROVE, REJECT, HOLD, CONDITIONAL or ABSTAIN."""
    confidence: float | None
    """0 to 1."""
    condition: str | None
    """For CONDITIONAL: in the brackets, else the words under the marker."""
    cause: str | None
    """For ABSTAIN: one of ``syntax.ABSTAIN_CAUSES``."""
    body: str
    body_span: Span


class Field(msgspec.Struct, frozen=True):
    """One named field in the body of a verdict."""

    written: str
    """The name as written."""
    text: str
    """The value as one string: the lines of a paragraph joined by spaces, items of a list each on a line."""
    items: tuple[str, ...]
    """The value taken apart: bullets, conditions, ids, slugs of experts; else the text alone."""
    targets: tuple[Target, ...]
    """The ids in the value, in order."""
    span: Span


class VerdictNote(Item, frozen=True):
    """A verdict, a dissent or a minority verdict."""

    kind: VerdictKind
    label: str
    body: str
    body_span: Span
    fields: dict[str, Field]
    """By normalised name (``recommendation``, ``tensions_resolved`` …); unknown ones under their own name."""
    description: str
    """The prose outside the fields."""


class Cited(Item, frozen=True):
    """An exhibit that is cited; a marker with several ids gives several, with the same span."""

    exhibit: str
    """Its display id (``X0001``)."""
    source: str | None
    """Local id of the entity above it; ``None`` where there is none."""
    label: str


class Annotation(Item, frozen=True):
    """A marker that is none of the above: the working dialect's other words, and unknown ones."""

    word: str
    """In capitals, as written: ``RESOLVED``, ``CONVERGENCE PROPOSAL``, ``MOVE:CONDITIONAL-CONVERGE``."""
    known: bool
    targets: tuple[Target, ...]
    addressee: str | None
    """The name in ``[CONCESSION to Strudel on T01]``, in lower case."""
    label: str
    source: str | None
    """Local id of the entity above it in the same section (no rule between them)."""
    body: str
    body_span: Span


class Quotation(Item, frozen=True):
    """A marker that is not the author's own word: another expert's entity, or a marker in a block quote."""

    text: str
    """The marker as written, brackets included."""
    expert: str | None
    """Whose name it carries, in lower case; ``None`` where it carries none."""
    label: str
    body: str
    body_span: Span


class Prose(Item, frozen=True):
    """Text that belongs to no marker, without the white space around it."""

    text: str


class Diagnostic(Item, frozen=True):
    """Something to know or to mend about one place of the text."""

    code: str
    severity: Severity
    message: str
    remedy: str


_SUMMARY_NAMES = {
    "P": "perspectives",
    "R": "recommendations",
    "T": "tensions_raised",
    "E": "evidence",
    "C": "claims",
}


class Response(msgspec.Struct, frozen=True):
    """One expert's response of one round, read. Each tuple is in the order of appearance."""

    expert: str
    round: int
    entities: tuple[Entity, ...] = ()
    references: tuple[Reference, ...] = ()
    moves: tuple[Move, ...] = ()
    stances: tuple[Stance, ...] = ()
    verdicts: tuple[VerdictNote, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    quotations: tuple[Quotation, ...] = ()
    prose: tuple[Prose, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    exhibits: tuple[Cited, ...] = ()

    @property
    def has_markers(self) -> bool:
        """Whether the expert marked anything at all."""
        return any(
            (
                self.entities,
                self.references,
                self.moves,
                self.stances,
                self.verdicts,
                self.annotations,
                self.quotations,
                self.exhibits,
            )
        )

    def of_kind(self, kind: str) -> tuple[Entity, ...]:
        """The entities of one kind letter."""
        return tuple(entity for entity in self.entities if entity.kind == kind)

    def summary(self) -> dict[str, Any]:
        """What an agent returns to the Judge (specification, "Judge Workflow", agent return value).

        ``from`` is null where the whole response refers; a request has its ``topic`` beside the empty targets.
        Exhibits, stances and verdicts, of which that place says nothing, stand there where the response has some.
        """
        ids: dict[str, Any] = {
            name: [entity.local_id for entity in self.of_kind(kind)] for kind, name in _SUMMARY_NAMES.items()
        }
        ids["references"] = [{"type": r.type, "from": r.source, "target": r.target.id} for r in self.references]
        ids["moves"] = [
            {"type": move.type, "targets": [target.id for target in move.targets]}
            | ({"topic": move.topic} if move.type == "request" else {})
            for move in self.moves
        ]
        if self.exhibits:
            ids["exhibits"] = [{"exhibit": cited.exhibit, "from": cited.source} for cited in self.exhibits]
        if self.stances:
            ids["stances"] = [
                {
                    name: value
                    for name in ("stance", "confidence", "condition", "cause")
                    if (value := getattr(one, name)) is not None
                }
                for one in self.stances
            ]
        if self.verdicts:
            ids["verdicts"] = [{"type": note.kind, "label": note.label} for note in self.verdicts]
        return {"expert_slug": self.expert, "round": self.round, "summary": ids}


assert list(_SUMMARY_NAMES) == list(KINDS)  # a kind without a place in the summary would be lost
