"""First pass: which brackets are markers, and what their heads say.

A marker that opens its line (behind bullets, heading signs, bold, a lead-in such as ``**Move**:``) *cuts*: the words of
the marker before it end there. One inside a sentence, a table row or a block quote does not, and neither does an
unknown one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias

from hansard.kernel.ids import KINDS
from hansard.markers import syntax
from hansard.markers.layout import MAX_LENGTH, Line, Lines, within
from hansard.markers.marks import (
    AnnotationHead,
    EntityHead,
    ExhibitHead,
    Head,
    Mark,
    MoveHead,
    QuotationHead,
    ReferenceHead,
    StanceHead,
    VerdictHead,
)
from hansard.markers.model import Span, Target
from hansard.markers.names import author_slug
from hansard.markers.notes import Notes
from hansard.markers.targets import starts_like_an_id, target_at, target_list, targets_in

_LONGEST_TYPO: Final = 40
MAX_MARKERS: Final = 10_000
"""Markers, good or bad, that one response may hold; real ones hold about five. Behind the last all is prose."""

_NAME_WORD: Final = r"[^\W\d_][\w'’.\u0300-\u036f-]"
_CANDIDATE: Final = re.compile(
    rf"\[[ \t]*+(?:([A-Za-z][A-Za-z0-9-]*+)|({_NAME_WORD}{{0,63}}-[A-Za-z][0-9]{{1,4}}))(?=[\]: \t,.—–/(])"
)
"""A word in ASCII, or a local id under a name that is none (``JÜRGEN-P0101``, ``O'BRIEN-P0101``)."""
_SPACED_ID: Final = re.compile(
    rf"(?P<name>{_NAME_WORD}{{0,31}}(?:[ \t]{_NAME_WORD}{{0,31}}){{1,3}})-(?P<tail>[A-Za-z][0-9]{{1,4}})(?=[\]: \t])"
)
"""A local id under a name of several words: ``ANNA LENA-P0101``."""
_SEPARATED: Final = r"[ \t]*+(?::|--|—|–|-(?=[ \t]))[ \t]*+"
_SEPARATOR: Final = re.compile(_SEPARATED)
_SPACE: Final = re.compile(r"[ \t]*+")
_LOCAL_ID: Final = re.compile(rf"({_NAME_WORD}*)-([A-Za-z])([0-9]+)")
_PLAIN_ID: Final = re.compile(rf"[ \t]++([PRTECprtec])([0-9]{{1,2}})(?![\w.-])(?:{_SEPARATED})?")
_ANY_ID: Final = re.compile(rf"[ \t]++({_NAME_WORD}*+)")
_GLOBAL_ID: Final = re.compile(r"([PRTEC])([0-9]{2})([0-9]{2})")
_LETTER_AND_DIGITS: Final = re.compile(r"[PRTEC][0-9]+")
_ID_AND_MORE: Final = re.compile(r"([PRTEC])([0-9]{1,2})[-.]\w.*")
_LETTER_AND_WORD: Final = re.compile(r"[PRTEC]-[A-Za-z]\w*")
_TYPE: Final = re.compile(r"[: \t]*+([A-Za-z]++(?:-[A-Za-z]++)*+)")
_ADDRESSEE: Final = re.compile(r"[ \t]++to[ \t]++((?![a-z\d_])[\w\u0300-\u036f-]++)(?=[ \t:]|$)")
_PREPOSITION: Final = re.compile(r"[ \t]++(?:(?:on|of|for|re|from|with|about|to)[ \t:]++)?")
_CAPITALS: Final = re.compile(r"[A-Z]{2,}+(?:-[A-Z]++)*+(?:[ ][A-Z]{2,}+(?:-[A-Z]++)*+)*+")
_EXHIBIT: Final = re.compile(r"X[0-9]{4}")
_EXHIBITS: Final = re.compile(r"[ \t:]++X[0-9]{4}(?:[ \t,/]++X[0-9]{4})*+(?![0-9A-Za-z])")
_SHORT_ID: Final = re.compile(r"[PRTEC][0-9]{1,4}")
_NEAR: Final = 200
"""Characters of its line that are looked at on each side of a move: a line may be as long as a text."""
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s)")
_BRACKETED: Final = re.compile(r"\[[^\[\]]*+\]")
_DOUBT: Final = re.compile(
    r"\b(?:not|cannot|never|nor?|neither|without|unable|refus(?:e|es|ed|ing)|declin(?:e|es|ed|ing)|would|yet|if|unless|once"
    r"|when|until|provided|providing|except|only|assuming|as long as|subject to|on condition)\b|n['’]t\b",
    re.IGNORECASE,
)
"""Words that deny something or set a condition."""
_STANCE: Final = re.compile(r"[A-Za-z]++")
_CONFIDENCE: Final = re.compile(r"(?:confidence[ \t]*+[:=]?[ \t]*+)?([0-9]*\.?[0-9]+)[ \t]*+(%?)", re.IGNORECASE)
_LIKE_A_CONFIDENCE: Final = re.compile(
    r"(?:confidence\b.*|[0-9.,+-].*|(?:(?:very|quite|rather)[ -])?(?:high|medium|moderate|low|strong|weak|certain|sure)"
    r"(?:[ -]confidence)?)",
    re.IGNORECASE,
)

_REFERENCE_TYPES: Final = frozenset(syntax.REFERENCE_TYPES)
_MOVE_TYPES: Final = frozenset(syntax.MOVE_TYPES)
_PHRASES: Final = {
    first: sorted((word for word in syntax.ANNOTATION_WORDS if word.split()[0] == first), key=len, reverse=True)
    for first in (word.split()[0] for word in syntax.ANNOTATION_WORDS)
}
"""Words of annotations by the first of them, longest first."""


def abstain_cause(words: str) -> str | None:
    """The cause of an abstention that some words name."""
    plain = words.lower().replace("_", " ").replace("-", " ")
    return next((cause for cause in syntax.ABSTAIN_CAUSES if cause in plain), None)


class HeadReader:
    """Finds the markers of one text. A reader of one kind of head gives ``None`` for brackets that are text."""

    __slots__ = ("_expert", "_fences", "_lines", "_notes", "_round", "_scan", "_text")

    def __init__(
        self, text: str, scan: str, lines: Lines, fences: list[tuple[int, int]], expert: str, round_: int, notes: Notes
    ) -> None:
        self._text = text
        self._scan = scan
        self._lines = lines
        self._fences = fences
        self._expert = expert
        self._round = round_
        self._notes = notes

    def marks(self) -> list[Mark]:
        """Every marker, in the order of appearance. None stands inside another."""
        marks: list[Mark] = []
        fences, notes = self._fences, self._notes
        passed = 0
        for found in _CANDIDATE.finditer(self._scan):
            start = found.start()
            if start < passed:
                continue
            word = found[1] or found[2]
            reader = _BY_WORD.get(word) or _reader_of(word)
            ordinary = reader is None or reader is _read_unknown
            if ordinary and _SPACED_ID.match(self._scan, found.end() - len(word)):
                reader = HeadReader.read_spaced
            if reader is None or (fences and within(fences, start)):
                continue
            if len(marks) + len(notes.items) >= MAX_MARKERS:
                notes.tell("too_many_markers", Span(start, start), value=MAX_MARKERS)
                break
            line = self._lines.line_at(start)
            mark = self._mark(start, word, line, reader is _read_unknown)
            if mark is None:
                continue
            told = len(notes.items)
            head = reader(self, mark, found.end())
            if head is None:
                continue
            if mark.quoted:
                del notes.items[told:]
                notes.tell("quoted_marker", mark)
                head = QuotationHead(head.expert if type(head) is QuotationHead else None, head.label)
            mark.head = head
            passed = mark.end
            line.passed(passed, mark.cut >= 0)
            marks.append(mark)
        return marks

    def _mark(self, start: int, word: str, line: Line, unknown: bool) -> Mark | None:
        """The bracket at ``start``, unless it is code, a link, escaped or not closed on its line."""
        scan = self._scan
        cut = line.cut_at(start)
        before = scan[start - 1] if start else ""
        if before == "\\" or (cut < 0 and line.in_code(start)):
            return None
        closing = line.closing(start)
        if closing < 0:
            if not (unknown or line.told) and word.isupper():
                line.told = True
                self._notes.tell("unclosed_marker", Span(start, line.end))
            return None
        if closing - start > MAX_LENGTH:
            if not unknown and word.isupper():
                self._notes.tell("marker_too_long", Span(start, line.end), value=MAX_LENGTH)
            return None
        end = closing + 1
        behind = scan[end : end + 1]
        if behind == "(":
            if not unknown and word.isupper():
                self._notes.tell("marker_as_link", Span(start, end))
            return None
        if unknown and (before == "!" or behind == "[" or behind == ":"):
            return None
        return Mark(start, end, cut, line.number, line.start, line.end, line.table, line.quoted, end, end)

    def _label(self, start: int, closing: int) -> str:
        """The words from ``start`` to the closing bracket, without a colon or dash before them."""
        separator = _SEPARATOR.match(self._scan, start, closing)
        return self._text[separator.end() if separator else start : closing].strip(" \t,")

    def _past_separator(self, start: int, end: int) -> int:
        found = _SEPARATOR.match(self._scan, start, end) or _SPACE.match(self._scan, start, end)
        return found.end() if found else start

    # Entities and stances

    def read_entity(self, mark: Mark, place: int) -> Head | None:
        """``[PERSPECTIVE P01: label]`` and its like; any case where a number tells that a marker is meant."""
        scan, closing = self._scan, mark.end - 1
        word = scan[mark.start + 1 : place].strip()
        kind = syntax.ENTITY_WORDS[word.upper()]
        plain = _PLAIN_ID.match(scan, place, closing)
        if plain:
            letter, number = plain[1].upper(), int(plain[2])
            label = self._text[plain.end() : closing].strip(" \t,")
            if letter != kind:
                return self._mismatch(mark, kind, word, plain[1] + plain[2], label)
            trouble, written = ("", "") if number else ("number_out_of_range", letter + plain[2])
            return EntityHead(kind, number, label, "working", trouble, written)
        found = _ANY_ID.match(scan, place, closing)
        written = found[1] if found else ""
        local = self._local_id(written)
        if found and local:
            return self._local_head(mark, local, self._label(found.end(), closing), kind)
        if not word.isupper():
            return None
        if found and (_LETTER_AND_DIGITS.match(written) or _LETTER_AND_WORD.fullmatch(written)):
            return self._irregular(mark, kind, word, written, found.start(1), self._label(found.end(), closing))
        if mark.in_line and not _SEPARATOR.match(scan, place, closing):
            return None  # 'the [TENSION between us]' in a sentence
        return EntityHead(kind, 0, self._label(place, closing), "working", "missing_number")

    def _irregular(self, mark: Mark, kind: str, word: str, written: str, at: int, label: str) -> Head:
        """An entity with anything but two digits: ``P0101``, ``T04-R1``, ``T4.1``, ``T-NEW``, ``P100``."""
        if written[0] != kind:
            return self._mismatch(mark, kind, word, written, label)
        full = _GLOBAL_ID.fullmatch(written)
        if full and full[3] != "00":
            round_, number = int(full[2]), int(full[3])
            if round_ == self._round:
                return EntityHead(kind, number, label, "working")
            earlier = Target(written, "global", kind, number, round_, None, Span(at, at + len(written)))
            return EntityHead(kind, 0, label, "working", "other_round", written, earlier)
        if _LETTER_AND_DIGITS.fullmatch(written):
            return EntityHead(kind, 0, label, "working", "number_out_of_range", written)
        more = _ID_AND_MORE.fullmatch(written)
        restated: Target | None = None
        if more and int(more[2]):
            restated = Target(written, "bare", kind, int(more[2]), None, None, Span(at, at + len(written)))
        return EntityHead(kind, 0, label, "working", "irregular_number", written, restated)

    def _mismatch(self, mark: Mark, kind: str, word: str, written: str, label: str) -> Head:
        self._notes.tell("type_id_mismatch", mark, word=word, value=written, given=KINDS[kind])
        return EntityHead(kind, 0, label, "working")

    def read_local(self, mark: Mark, place: int) -> Head | None:
        """``[MUFFIN-P0101: label]`` and stances. Without a label it is a mention, unless it is alone on its line."""
        scan, closing = self._scan, mark.end - 1
        local = self._local_id(scan[mark.start + 1 : place].strip())
        if local is None:
            return None
        separator = _SEPARATOR.match(scan, place, closing)
        if separator is None:
            alone = not scan[mark.end : mark.line_end].strip("*_ \t")
            if mark.in_line or not self._is_author(local[1]):
                return None
            if place == closing:
                return self._local_head(mark, local, "", None) if alone else None
            targets, last = target_list(scan, mark.start + 1, closing, self._expert)
            if targets and last == closing:
                return None  # a list of ids is a mention
            self._notes.tell("missing_colon", mark)
            if not alone:
                mark.cut = -1  # perhaps a mention that opens a sentence: one only where no other has its number
        return self._local_head(mark, local, self._label(place, closing), None)

    def read_spaced(self, mark: Mark, place: int) -> Head | None:
        """``[ANNA LENA-P0101: label]``: a name of several words, if it is the author's or looks like somebody's."""
        scan, closing = self._scan, mark.end - 1
        found = _SPACED_ID.search(scan, mark.start + 1, closing)
        if found and _SEPARATOR.match(scan, found.end(), closing):
            local = _LOCAL_ID.fullmatch("-".join(found[0].split()))
            own = self._is_author(found["name"])
            if local and (own or all(word[0].isupper() for word in found["name"].split())):
                return self._local_head(mark, local, self._label(found.end(), closing), None)
        return self.read_unknown(mark, place)

    def _is_author(self, name: str) -> bool:
        """Whether a name in a marker is that of the response's author."""
        return name.lower() == self._expert or author_slug(name) == self._expert

    def _local_id(self, written: str) -> re.Match[str] | None:
        """``MUFFIN-P0101`` taken apart; ``T04-R1`` and ``CH0001-R05`` are none, unless the author is called so."""
        local = _LOCAL_ID.fullmatch(written)
        if local and starts_like_an_id(written) and not self._is_author(local[1]):
            return None
        return local

    def _local_head(self, mark: Mark, local: re.Match[str], label: str, kind: str | None) -> Head:
        """A head whose id carries a name; ``kind`` is what the word before it says, if there is one."""
        letter, digits = local[2].upper(), local[3]
        expert = self._expert if self._is_author(local[1]) else author_slug(local[1])
        written = f"{expert.upper()}-{letter}{digits}"
        if expert != self._expert:
            self._notes.tell("foreign_attribution", mark, value=expert)
            return QuotationHead(expert, label)
        if kind is not None and letter != kind:
            return self._mismatch(mark, kind, KINDS[kind].upper(), written, label)
        if letter == "S":
            return self._stance_head(mark, digits, written, label)
        if letter not in KINDS:
            self._notes.tell("invalid_entity_type", mark, value=written)
            return AnnotationHead(written, False, (), label)
        number = int(digits[-2:])
        if not number or len(digits) == 3 or len(digits) > 4:
            return EntityHead(letter, 0, label, "specification", "number_out_of_range", written)
        round_ = int(digits[:-2] or self._round)
        if round_ == self._round:
            return EntityHead(letter, number, label, "specification")
        tail = local[0][len(local[1]) :]
        at = self._scan.index(tail, mark.start) + len(tail) - len(local[0])
        earlier = Target(
            self._text[at : at + len(local[0])], "local", letter, number, round_, expert, Span(at, at + len(local[0]))
        )
        return EntityHead(letter, 0, label, "specification", "other_round", written, earlier)

    def _stance_head(self, mark: Mark, digits: str, written: str, label: str) -> Head:
        word = _STANCE.match(label)
        stance = word[0].upper() if word else ""
        if word is None or stance not in syntax.STANCES:
            self._notes.tell("unknown_stance", mark, value=label)
            return AnnotationHead(written, False, (), label)
        local_id = f"{self._expert.upper()}-S{self._round:02d}{int(digits[-2:]) or 1:02d}"
        if local_id != written:
            self._notes.tell("other_round", mark, value=written, given=local_id)
        confidence: float | None = None
        cause: str | None = None
        words: list[str] = []
        for part in label[word.end() :].split("|"):
            rest = part.strip(" \t:;,()—–-")
            share = _confidence(rest)
            if share is not None:
                confidence = share
            elif _LIKE_A_CONFIDENCE.fullmatch(rest):
                self._notes.tell("bad_confidence", mark, value=rest)
            elif stance == "ABSTAIN" and cause is None and abstain_cause(rest):
                cause = abstain_cause(rest)
            elif rest:
                words.append(rest)
        return StanceHead(local_id, stance, confidence, cause, " | ".join(words))

    # References and moves

    def read_reference(self, mark: Mark, place: int) -> Head | None:
        """``[RE:SUPPORT E0001]``, ``[RE: DONUT-R0001]``."""
        scan, closing = self._scan, mark.end - 1
        found = _TYPE.match(scan, place, closing)
        type_ = found[1].lower() if found else ""
        if type_ not in _REFERENCE_TYPES:
            typo = nearest(found[1], syntax.REFERENCE_TYPES) if found and found[1].isupper() else None
            targets, end = target_list(scan, self._past_separator(place, closing), closing, self._expert)
            if targets and not typo:
                self._notes.tell("untyped_reference", mark)
                return ReferenceHead("support", tuple(targets), self._label(end, closing))
        start = self._past_separator(found.end(), closing) if found else closing
        targets, end = target_list(scan, start, closing, self._expert)
        if not targets:
            # 're: the letter of last week' is prose; capitals without an id are a marker to mend
            if type_ not in _REFERENCE_TYPES and not scan.startswith("RE:", mark.start + 1):
                return None
            if found and found[1].isupper() and type_ not in _REFERENCE_TYPES:
                self._tell_typo("unknown_reference_type", mark, found[1], syntax.REFERENCE_TYPES)
            else:
                self._notes.tell("unreadable_target" if scan[start:closing].strip() else "missing_target", mark)
            if found and found[1].isupper():
                return AnnotationHead(f"RE:{found[1]}", False, (), self._label(found.end(), closing))
            return AnnotationHead("RE", False, (), self._label(place, closing))
        if type_ not in _REFERENCE_TYPES:
            self._tell_typo("unknown_reference_type", mark, type_.upper(), syntax.REFERENCE_TYPES)
        elif type_ not in syntax.EXPERT_TARGET_TYPES:
            for target in targets:
                if target.form == "expert":
                    self._notes.tell("expert_target_not_allowed", mark, type=type_.upper(), value=target.text)
        return ReferenceHead(type_, tuple(targets), self._label(end, closing))

    def _tell_typo(self, code: str, mark: Mark, word: str, known: Sequence[str]) -> None:
        """Tell a word that is none of ``known``, with the one that may be meant."""
        self._notes.tell(code, mark, value=word, hint=_hint(nearest(word, known)))

    def read_move(self, mark: Mark, place: int) -> Head | None:
        """``[MOVE:BRIDGE P0003 R0001]``, ``[MOVE:REQUEST topic]``, ``[MOVE:CONVERGE]``."""
        scan, closing = self._scan, mark.end - 1
        found = _TYPE.match(scan, place, closing)
        type_ = found[1].lower() if found else ""
        if found is None or type_ not in _MOVE_TYPES:
            if not scan.startswith("MOVE", mark.start + 1):
                return None  # 'move: the second shelf'
            self._tell_typo("unknown_move", mark, type_.upper() or self._label(place, closing), syntax.MOVE_TYPES)
            return self._annotation(f"MOVE:{type_.upper()}".rstrip(":"), False, found.end() if found else place, mark)
        if type_ == "request":
            topic = self._label(found.end(), closing)
            if not topic:
                self._notes.tell("missing_topic", mark)
            return MoveHead(type_, (), topic)
        targets, end = target_list(scan, self._past_separator(found.end(), closing), closing, self._expert)
        label = self._label(end if targets else found.end(), closing)
        if type_ == "converge":
            if label or self._in_doubt(mark):
                self._notes.tell("qualified_convergence", mark)
                return AnnotationHead("MOVE:CONVERGE", False, tuple(targets), label)
        elif not targets:
            self._notes.tell("move_without_target", mark)
        elif type_ == "bridge" and len(targets) != 2:
            self._notes.tell("bridge_needs_two", mark, value=len(targets))
        return MoveHead(type_, tuple(targets), label)

    def _in_doubt(self, mark: Mark) -> bool:
        """Whether the sentence around a marker denies it or sets a condition.

        "I cannot [MOVE:CONVERGE] yet" must not count as agreement. Only its own line (its cell, in a table) is read.
        """
        before = self._scan[max(mark.line_start, mark.start - _NEAR) : mark.start]
        behind = self._scan[mark.end : min(mark.line_end, mark.end + _NEAR)]
        if mark.table:
            before, behind = before.rpartition("|")[2], behind.partition("|")[0]
        own = (_SENTENCE_END.split(before)[-1], _SENTENCE_END.split(behind)[0])
        return any(_DOUBT.search(_BRACKETED.sub("", words)) for words in own)

    # Verdicts and annotations

    def read_verdict(self, mark: Mark, place: int) -> Head | None:
        """``[DISSENT]``, ``[MINORITY VERDICT: label]``, ``[VERDICT:FINAL]``."""
        scan, closing = self._scan, mark.end - 1
        word = scan[mark.start + 1 : place].strip()
        if word != "DISSENT":
            found = _TYPE.match(scan, place, closing)
            whole = f"{word}{' ' if word == 'MINORITY' else ':'}{found[1].upper() if found else ''}"
            if found is None or whole not in syntax.VERDICT_KINDS:
                self._notes.tell("unknown_verdict", mark)
                return self._annotation(word, False, place, mark)
            word, place = whole, found.end()
        return VerdictHead(syntax.VERDICT_KINDS[word], self._label(place, closing))

    def read_exhibit(self, mark: Mark, place: int) -> Head | None:
        """``[EXHIBIT X0001, X0002: page 3]``: part of the words it stands in, and the end of none."""
        scan, closing = self._scan, mark.end - 1
        found = _EXHIBITS.match(scan, place, closing)
        if found is None:
            return self.read_unknown(mark, place)
        mark.cut = -1
        return ExhibitHead(tuple(_EXHIBIT.findall(found[0])), self._label(found.end(), closing))

    def read_annotation(self, mark: Mark, place: int) -> Head | None:
        """``[RESOLVED T05/T06: label]`` and the working dialect's other words."""
        scan, closing = self._scan, mark.end - 1
        first = scan[mark.start + 1 : place].strip()
        start = place - len(first)
        for word in _PHRASES[first]:
            end = start + len(word)
            if end <= closing and scan.startswith(word, start) and not (scan[end].isalnum() or scan[end] == "-"):
                return self._annotation(word, True, end, mark)
        return self.read_unknown(mark, place)

    def _annotation(self, word: str, known: bool, place: int, mark: Mark) -> AnnotationHead:
        """Ids, addressee and label behind a word: ``on T04 -- ..``, ``to Strudel on T01``, ``: STRUDEL R1-T01``."""
        scan, closing = self._scan, mark.end - 1
        end, addressee = place, None
        named = _ADDRESSEE.match(scan, place, closing)
        if named and target_at(scan, named.start(1), closing, self._expert) is None:
            end, addressee = named.end(), author_slug(named[1])
        targets: list[Target] = []
        preposition = _PREPOSITION.match(scan, end, closing)
        if preposition:
            targets, last = target_list(scan, preposition.end(), closing, self._expert)
            end = last if targets else end
        start = self._past_separator(end, closing)
        label = self._text[start:closing].strip(" \t,")
        if label:
            targets = self._targets_with_label(targets, start, closing)
        elif not targets:
            # '[ACCEPT] T03 closed': a marker that names nothing is about the id right behind it
            behind = mark.end
            while scan.startswith(("*", "_"), behind):
                behind += 1
            target = target_at(scan, self._past_separator(behind, mark.line_end), mark.line_end, self._expert)
            targets = [target] if target else []
        return AnnotationHead(word, known, tuple(targets), label, addressee)

    def _targets_with_label(self, listed: list[Target], start: int, closing: int) -> list[Target]:
        """The targets of a marker with a label: an explicit id beats a bare one.

        A bare id in the head gives way to an explicit one of the same kind and number in the label, or to one that
        opens it. Without ids in the head: those that open the label as a list, else all explicit ones, else the
        first bare one. In the midst of words a bare id needs two digits (``P1`` may be a grade of urgency).
        """
        named = list(targets_in(self._scan, start, closing, self._expert))
        if not named:
            return listed
        explicit = [target for target in named if target.form != "bare"]
        if listed and (not explicit or any(target.form != "bare" for target in listed)):
            return listed
        opening, _ = target_list(self._scan, start, closing, self._expert)
        if listed:
            if len(listed) == 1 and opening and opening[0].form != "bare":
                return opening[:1]
            owned = {(target.kind, target.number): target for target in reversed(explicit)}
            return [owned.get((target.kind, target.number), target) for target in listed]
        if opening and (not explicit or any(target.form != "bare" for target in opening)):
            return opening
        return explicit or [target for target in named if len(target.text) > 2][:1]

    def read_unknown(self, mark: Mark, place: int) -> Head | None:
        """Capitals in brackets that nobody knows, such as ``[EXHIBIT X0001]``: kept, told, never the end of a body.

        In a line only with a colon: ``[RFC 0053]`` or ``[API]`` in a sentence is text.
        """
        del place  # the word may go on behind it
        scan, closing = self._scan, mark.end - 1
        start = _SPACE.match(scan, mark.start + 1, closing)
        at = start.end() if start else mark.start + 1
        found = _CAPITALS.match(scan, at, closing) or _SHORT_ID.match(scan, at, closing)
        if found is None:
            return None
        behind = scan[found.end()]
        colon_needed = mark.in_line or found.re is _SHORT_ID
        if behind != ":" and (colon_needed or (behind not in " \t—–," and found.end() != closing)):
            return None
        self._notes.tell("unknown_marker", mark, hint=_hint(_meant(found[0])))
        mark.cut = -1
        return AnnotationHead(found[0], False, (), self._text[found.end() : closing].strip(" \t:—–,"))


_Reader: TypeAlias = Callable[[HeadReader, Mark, int], Head | None]

_read_unknown: Final[_Reader] = HeadReader.read_unknown
_BY_WORD: Final[dict[str, _Reader]] = {
    **dict.fromkeys(syntax.ENTITY_WORDS, HeadReader.read_entity),
    "RE": HeadReader.read_reference,
    "MOVE": HeadReader.read_move,
    **dict.fromkeys(("DISSENT", "MINORITY", "VERDICT"), HeadReader.read_verdict),
    "EXHIBIT": HeadReader.read_exhibit,
    **dict.fromkeys(_PHRASES, HeadReader.read_annotation),
}
"""Readers by the first word in the brackets."""

_IN_ANY_CASE: Final = frozenset({*syntax.ENTITY_WORDS, "RE", "MOVE"})
"""Words whose marker has a shape that tells what it is even in small letters."""


def _reader_of(word: str) -> _Reader | None:
    """The reader for a first word that is no marker's word as it stands; ``None`` for ordinary words."""
    if word[-1].isdigit():
        if "-" in word and _LOCAL_ID.fullmatch(word):
            return HeadReader.read_local
        return _read_unknown if _SHORT_ID.fullmatch(word) else None
    if word.isupper():
        return _read_unknown if len(word) > 1 else None
    return _BY_WORD[word.upper()] if word.upper() in _IN_ANY_CASE else None


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The word in capitals that a word in capitals is most like, if it is much like it: its cost is bounded."""
    near = get_close_matches(word[:_LONGEST_TYPO], [other.upper() for other in known], n=1, cutoff=0.75)
    return near[0] if near else None


_SHORT_FORMS: Final = {marker.word: marker.form for marker in syntax.MARKERS if marker.family in ("reference", "move")}
"""How the words are written that stand behind ``RE:`` and ``MOVE:``."""


def _meant(word: str) -> str | None:
    """The marker that an unknown one may be meant for."""
    near = nearest(word, [*_SHORT_FORMS, *_BY_WORD, *syntax.ANNOTATION_WORDS, *syntax.VERDICT_KINDS])
    return _SHORT_FORMS.get(near, near) if near else None


def _hint(meant: str | None) -> str:
    return f"Did you mean {meant}? " if meant else ""


def _confidence(words: str) -> float | None:
    """A confidence from 0 to 1: ``0.85``, ``85 %``, ``confidence 0.85``."""
    found = _CONFIDENCE.fullmatch(words)
    if found is None:
        return None
    value = float(found[1]) / (100 if found[2] else 1)
    return value if value <= 1 else None
