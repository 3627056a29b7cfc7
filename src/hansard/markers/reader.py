"""``parse``: one reader for both dialects.

The text is gone over twice. First the brackets that are markers are found and their heads read (``heads``). Then it is
known where every body ends: each marker gets its words, entities get their numbers, and every reference finds the
entity above it.

Nothing is dropped: what becomes no item becomes prose, a quotation or an annotation, and is told. The time is linear in
the length of the text: no pattern goes back over more than a bounded stretch, what is known of a line is found once,
and a response holds at most ``heads.MAX_MARKERS`` markers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from hansard.kernel.ids import KINDS, MAX_ROUND, MAX_SEQ
from hansard.markers.fields import read_fields
from hansard.markers.heads import HeadReader, abstain_cause
from hansard.markers.layout import Lines, after_last_heading, edges_in, scan_of, trimmed
from hansard.markers.marks import (
    AnnotationHead,
    EntityHead,
    ExhibitHead,
    Mark,
    MoveHead,
    QuotationHead,
    ReferenceHead,
    RepeatHead,
    StanceHead,
    VerdictHead,
    meaning,
)
from hansard.markers.model import (
    Annotation,
    Cited,
    Entity,
    Item,
    Move,
    Prose,
    Quotation,
    Reference,
    Response,
    Span,
    Stance,
    VerdictNote,
)
from hansard.markers.notes import Notes

_AROUND: Final = " \t|*_>"
"""What surrounds the words of a marker inside a line and is none of them."""


def parse(text: str, expert: str, round: int) -> Response:
    """Read one expert's response of one round.

    Args:
        text: the response, any text at all; offsets in the answer count its characters.
        expert: the author's slug (``judge`` for the Judge); an entity marked with another name is a quotation.
        round: 0 to 99; local ids get its two digits.

    Raises:
        ValueError: ``round`` is out of range or ``expert`` is empty. Never because of the text.
    """
    if not 0 <= round <= MAX_ROUND:
        raise ValueError(f"round must be from 0 to {MAX_ROUND}; it is {round}")
    if not expert:
        raise ValueError("expert must name the author by slug; it is empty")
    return _Reading(text, expert.lower(), round).response()


class _Reading:
    """One reading of one text; thrown away afterwards."""

    def __init__(self, text: str, expert: str, round_: int) -> None:
        self._text = text
        self._scan = scan_of(text)
        self._expert = expert
        self._round = round_
        self._lines = Lines(self._scan)
        self._fences, self._rules = edges_in(self._scan)
        self._notes = Notes(text, self._lines, expert, round_)
        self._marks: list[Mark] = []
        self._entities: list[Entity] = []
        self._references: list[Reference] = []
        self._moves: list[Move] = []
        self._stances: list[Stance] = []
        self._verdicts: list[VerdictNote] = []
        self._annotations: list[Annotation] = []
        self._cited: list[Cited] = []
        self._quotations: list[Quotation] = []
        self._prose: list[Prose] = []
        # what stood above, while the items are made
        self._source: str | None = None
        self._source_at = 0
        self._labels: dict[tuple[str, int], str] = {}
        """Labels of the entities made so far, by kind and number."""
        self._used: dict[str, set[int]] = {kind: set() for kind in KINDS}
        """Numbers, by kind, that a marker of this response asks for or was given."""
        self._said: set[tuple[object, ...]] = set()
        """References and moves made so far."""

    def response(self) -> Response:
        if "[" in self._scan:
            heads = HeadReader(
                self._text, self._scan, self._lines, self._fences, self._expert, self._round, self._notes
            )
            self._marks = heads.marks()
        self._settle_numbers()
        self._share_out()
        self._make_items()
        self._prose.sort(key=_place)
        self._notes.items.sort(key=_place)
        return Response(
            self._expert,
            self._round,
            tuple(self._entities),
            tuple(self._references),
            tuple(self._moves),
            tuple(self._stances),
            tuple(self._verdicts),
            tuple(self._annotations),
            tuple(self._quotations),
            tuple(self._prose),
            tuple(self._notes.items),
            tuple(self._cited),
        )

    # Which numbers are asked for. An entity marker inside a line is one only where no other has its number.

    def _settle_numbers(self) -> None:
        in_line: list[tuple[Mark, EntityHead]] = []
        for mark in self._marks:
            head = mark.head
            if type(head) is EntityHead:
                if mark.cut < 0:
                    in_line.append((mark, head))
                elif head.number:
                    self._used[head.kind].add(head.number)
        for mark, head in in_line:
            used = self._used[head.kind]
            if head.number in used:
                mark.head = RepeatHead(self._local_id(head.kind, head.number))
                self._notes.tell("repeated_marker", mark)
                continue
            if head.number:
                used.add(head.number)
            if not mark.table:
                mark.cut = mark.start

    def _local_id(self, kind: str, number: int) -> str:
        return f"{self._expert.upper()}-{kind}{self._round:02d}{number:02d}"

    # Every stretch of text goes to the marker above it, or is prose.

    def _share_out(self) -> None:
        edges: list[tuple[int, int, Mark | None]] = [(m.cut, m.end, m) for m in self._marks if m.cut >= 0]
        if self._rules:
            edges += [(start, end, None) for start, end in self._rules]
            edges.sort(key=itemgetter(0))
        size = len(self._scan)
        edges.append((size, size, None))
        holder: Mark | None = None
        above: tuple[int, int] | None = None  # prose right above the holder, not yet given to anybody
        labels: dict[tuple[str, int], str] = {}
        start = 0
        for edge, end, mark in edges:
            if holder is None and mark is not None:
                above = (start, edge)
            elif holder is None:
                self._add_prose(start, edge)
            else:
                body = trimmed(self._scan, self._behind(holder, edge), edge)
                if above:
                    taken = (above[1], above[1])
                    if body[0] == body[1] and _may_take(holder, labels):
                        # What leads in to the marker on its own line is prose and not what the marker is about.
                        stop = min(above[1], max(above[0], holder.line_start))
                        taken = (after_last_heading(self._scan, above[0], stop, self._fences), stop)
                        body = trimmed(self._scan, *taken)
                    self._add_prose(above[0], taken[0])
                    self._add_prose(taken[1], above[1])
                    above = None
                if body[0] < body[1]:
                    holder.body_start, holder.body_end = body
                if type(holder.head) is EntityHead:
                    labels.setdefault((holder.head.kind, holder.head.number), holder.head.label)
            holder, start = mark, end

    def _behind(self, mark: Mark, edge: int) -> int:
        """Where the words behind a marker can begin: past what closes its bold, and a colon or dash on its line."""
        scan, start = self._scan, mark.end
        before = mark.start - 1
        while start < edge and before >= mark.cut and scan[start] in "*_" and scan[before] == scan[start]:
            start += 1
            before -= 1
        if start < edge and scan[start] == "\n":
            return start
        while start < edge and scan[start] in " \t":
            start += 1
        for dash in (":", "--", "—", "–"):
            if scan.startswith(dash, start, edge):
                return start + len(dash)
        return start

    def _add_prose(self, start: int, end: int) -> None:
        start, end = trimmed(self._scan, start, end)
        if start < end:
            line, column = self._lines.place(start)
            self._prose.append(Prose(Span(start, end), line, column, self._text[start:end]))

    # The items, in the order of appearance.

    def _make_items(self) -> None:
        marks = self._marks
        # A summary table repeats; what stands outside any table is the original, before or after it.
        told = {meaning(mark.head) for mark in marks if not mark.table} if any(m.table for m in marks) else set()
        for place, mark in enumerate(marks):
            if mark.cut < 0:
                self._take_words_around(mark, place)
            if mark.table:
                said = meaning(mark.head)
                if said in told and type(mark.head) is not QuotationHead:
                    mark.head = RepeatHead(None)
                    self._notes.tell("repeated_marker", mark)
                told.add(said)
            _MAKERS[type(mark.head)](self, mark, mark.head)

    def _take_words_around(self, mark: Mark, place: int) -> None:
        """The words of a marker inside a line reach to its neighbours on the line; in a table, they are behind it."""
        marks, scan = self._marks, self._scan
        start, end = mark.line_start, mark.line_end
        if mark.table:
            start = mark.end
        elif place:
            start = max(start, marks[place - 1].end)
        if place + 1 < len(marks):
            end = min(end, marks[place + 1].start)
        while start < end and scan[start] in _AROUND:
            start += 1
        while start < end and scan[end - 1] in _AROUND:
            end -= 1
        if (start, end) != (mark.start, mark.end):
            mark.body_start, mark.body_end = start, end

    def _body(self, mark: Mark) -> tuple[str, Span]:
        return self._text[mark.body_start : mark.body_end], Span(mark.body_start, mark.body_end)

    def _make_entity(self, mark: Mark, head: EntityHead) -> None:
        kind, number = head.kind, head.number
        if number and (kind, number) in self._labels:
            if mark.body_start == mark.body_end and self._labels[kind, number] == head.label:
                self._notes.tell("repeated_marker", mark)
                self._leave(mark)
                self._stand_under(mark, self._local_id(kind, number))
                return
            trouble, written = "duplicate_local_id", self._local_id(kind, number)
        else:
            trouble, written = head.trouble, head.written
        if not number or trouble == "duplicate_local_id":
            number = self._free_number(kind, number)
            if not number:
                self._notes.tell("id_space_exhausted", mark)
                self._leave(mark)
                self._stand_under(mark, None)
                return
        local_id = self._local_id(kind, number)
        if trouble:
            self._notes.tell(trouble, mark, value=written, given=local_id)
        if not head.label:
            self._notes.tell("missing_label", mark)
        self._labels[kind, number] = head.label
        body, body_span = self._body(mark)
        self._entities.append(
            Entity(
                Span(mark.start, mark.end),
                mark.line,
                mark.start - mark.line_start + 1,
                kind,
                local_id,
                number,
                head.label,
                body,
                body_span,
                head.dialect,
                head.restates,
            )
        )
        self._stand_under(mark, local_id)

    def _free_number(self, kind: str, number: int) -> int:
        """The next number that no marker of this response asks for; 0 when there is none."""
        used = self._used[kind]
        after = number or max(used, default=0)
        free = next((n for n in chain(range(after + 1, MAX_SEQ + 1), range(1, after)) if n not in used), 0)
        if free:
            used.add(free)
        return free

    def _stand_under(self, mark: Mark, local_id: str | None) -> None:
        """From here on, references stand for this entity (for the response: ``None``)."""
        self._source, self._source_at = local_id, mark.start

    def _make_reference(self, mark: Mark, head: ReferenceHead) -> None:
        span = Span(mark.start, mark.end)
        context, context_span = self._body(mark)
        kept = False
        for target in head.targets:
            said = ("reference", head.type, target.id, self._source)
            if said in self._said:
                self._notes.tell("repeated_marker", mark)
                continue
            self._said.add(said)
            kept = True
            self._references.append(
                Reference(
                    span,
                    mark.line,
                    mark.column,
                    head.type,
                    target,
                    self._source,
                    head.label,
                    context,
                    context_span,
                )
            )
        if not kept:
            self._leave(mark)

    def _make_move(self, mark: Mark, head: MoveHead) -> None:
        context, context_span = self._body(mark)
        said = ("move", *meaning(head))
        if said in self._said and not context:
            self._notes.tell("repeated_marker", mark)
            self._leave(mark)
            return
        self._said.add(said)
        span = Span(mark.start, mark.end)
        topic = head.label or None
        self._moves.append(Move(span, mark.line, mark.column, head.type, head.targets, topic, context, context_span))

    def _make_stance(self, mark: Mark, head: StanceHead) -> None:
        if self._stances:
            self._notes.tell("repeated_stance", mark)
        body, body_span = self._body(mark)
        condition = (head.label or body or None) if head.stance == "CONDITIONAL" else None
        cause = head.cause
        if head.stance == "ABSTAIN" and cause is None:
            cause = abstain_cause(head.label) or abstain_cause(body.partition("\n")[0])
        self._stances.append(
            Stance(
                Span(mark.start, mark.end),
                mark.line,
                mark.column,
                head.local_id,
                head.stance,
                head.confidence,
                condition,
                cause,
                body,
                body_span,
            )
        )

    def _make_verdict(self, mark: Mark, head: VerdictHead) -> None:
        body, body_span = self._body(mark)
        fields, description = read_fields(self._text, self._scan, mark.body_start, mark.body_end, self._expert)
        span = Span(mark.start, mark.end)
        self._verdicts.append(
            VerdictNote(span, mark.line, mark.column, head.kind, head.label, body, body_span, fields, description)
        )

    def _make_exhibit(self, mark: Mark, head: ExhibitHead) -> None:
        source = self._source_in_section(mark)
        for exhibit in head.exhibits:
            said = ("exhibit", exhibit, source)
            if said in self._said:
                self._notes.tell("repeated_marker", mark)
                continue
            self._said.add(said)
            self._cited.append(Cited(Span(mark.start, mark.end), mark.line, mark.column, exhibit, source, head.label))

    def _make_annotation(self, mark: Mark, head: AnnotationHead) -> None:
        body, body_span = self._body(mark)
        self._annotations.append(
            Annotation(
                Span(mark.start, mark.end),
                mark.line,
                mark.column,
                head.word,
                head.known,
                head.targets,
                head.addressee,
                head.label,
                self._source_in_section(mark),
                body,
                body_span,
            )
        )

    def _source_in_section(self, mark: Mark) -> str | None:
        """The entity above, if no rule stands between."""
        if self._source is None or not self._rules:
            return self._source
        rule = bisect_left(self._rules, (mark.start, 0)) - 1
        return self._source if rule < 0 or self._rules[rule][0] < self._source_at else None

    def _make_quotation(self, mark: Mark, head: QuotationHead) -> None:
        body, body_span = self._body(mark)
        written = self._text[mark.start : mark.end]
        self._quotations.append(
            Quotation(
                Span(mark.start, mark.end), mark.line, mark.column, written, head.expert, head.label, body, body_span
            )
        )
        if mark.cut >= 0:  # what follows is said about somebody else's words, not about the author's entity above
            self._stand_under(mark, None)

    def _make_repeat(self, mark: Mark, head: RepeatHead) -> None:
        if head.source:
            self._stand_under(mark, head.source)

    def _leave(self, mark: Mark) -> None:
        """A marker that became no item: it and its words are prose, unless they are part of another body."""
        if mark.cut >= 0:
            self._add_prose(mark.start, mark.end)
            self._add_prose(mark.body_start, mark.body_end)


_MAKERS: Final[dict[type, Callable[[_Reading, Mark, Any], None]]] = {
    EntityHead: _Reading._make_entity,
    ReferenceHead: _Reading._make_reference,
    MoveHead: _Reading._make_move,
    StanceHead: _Reading._make_stance,
    VerdictHead: _Reading._make_verdict,
    ExhibitHead: _Reading._make_exhibit,
    AnnotationHead: _Reading._make_annotation,
    QuotationHead: _Reading._make_quotation,
    RepeatHead: _Reading._make_repeat,
}


def _may_take(mark: Mark, earlier: dict[tuple[str, int], str]) -> bool:
    """Whether a marker without words may take the prose above it: not for a quotation or a repeated entity."""
    head = mark.head
    if type(head) is EntityHead and head.number:
        return earlier.get((head.kind, head.number)) != head.label
    return type(head) is not QuotationHead


def _place(item: Item) -> int:
    return item.span.start
