"""Reading ids: from the characters of a marker to typed targets.

Forms, from the most to the least telling: ``MUFFIN-P0101`` (local), ``P0101`` (global), ``@muffin`` (expert),
``MUFFIN R1-T01`` or ``Muffin's R1-T01`` (named_round), ``MUFFIN-T01`` (named: round 0's), ``R1-T01`` (own_round),
``Muffin's T01`` (named_any), ``T01`` (bare). ``CH0001-R05``, ``ADR-0014``, ``T01-T06`` and ``T4.1`` are no ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hansard.kernel.ids import EXPERT_NAMES
from hansard.markers.model import Span, Target
from hansard.markers.names import author_slug

# A name is no id of an entity (T04-R1) and none of a document (CH0001, RFC-0051). All counts are bounded, so that no
# text is slow.
_NO_NAME: Final = r"[A-Za-z]{1,4}-?[0-9]{2}|[PRTEC][0-9]-"
# Names have the letters of any language, also taken apart into letter and accent.
_WORD: Final = r"[\w\u0300-\u036f]"
_NAME: Final = rf"(?!{_NO_NAME})[^\W\d_]{_WORD}{{0,31}}(?:-{_WORD}{{1,31}}){{0,3}}"
# Most words of a label are no names; this tells so without trying the ways a name can go on.
_OWNER_AHEAD: Final = rf"(?={_WORD}++(?:-|['’]s|[ \t]{{1,3}}[Rr][0-9]))"
_END: Final = r"(?!\w|-\w|\.[0-9])"

_TARGET: Final = re.compile(
    rf"""(?<![\w\u0300-\u036f@-])(?:
        (?P<kind>[PRTEC]) (?: (?P<round>[0-9][0-9])(?P<seq>[0-9][0-9]) | (?P<number>[0-9]{{1,2}}) )
      | [Rr](?P<own_round>[0-9]{{1,2}}) - (?P<own_kind>[PRTECprtec]) (?P<own_number>[0-9]{{1,2}})
      | {_OWNER_AHEAD} (?P<name>{_NAME}) (?:
            - (?P<local_kind>[PRTEC]) (?P<local_round>[0-9][0-9]) (?P<local_number>[0-9][0-9])
          | (?P<owner>['’]s)? (?:[ \t]{{1,3}}|-)
            (?P<tail> [Rr](?P<its_round>[0-9]{{1,2}}) - (?P<its_kind>[PRTECprtec]) (?P<its_number>[0-9]{{1,2}}))
          | - (?P<named_kind>[PRTEC]) (?P<named_number>[0-9]{{1,2}})
          | ['’]s [ \t]{{1,3}} (?P<any_kind>[PRTEC]) (?P<any_number>[0-9]{{1,2}})
        )
      | @(?P<at>[^\W\d_]{_WORD}{{0,31}}(?:-{_WORD}{{1,31}}){{0,3}})
    ){_END}""",
    re.VERBOSE,
)
_ID_LIKE: Final = re.compile(_NO_NAME)
_NAMED_WITHOUT_OWNER: Final = re.compile(rf"({_NAME})[ \t]{{1,3}}([PRTEC])([0-9]{{1,2}}){_END}")
_PERHAPS: Final = re.compile(r"[PRTECprtec][0-9]|@")
_GAP: Final = re.compile(
    r"[ \t]*+(?:[,/&+;]|and\b)[ \t]*+(?:and\b[ \t]*+)?(?:former(?:ly)?\b[ \t]*+)?|[ \t]++", re.IGNORECASE
)


def starts_like_an_id(text: str) -> bool:
    """Whether a word begins like an id of an entity or of a document, so that no name can stand at its head."""
    return _ID_LIKE.match(text) is not None


def _is_name(word: str) -> bool:
    """Whether a word before an id is somebody's name. ``Narrowing R1-T01`` is the author's own R1-T01."""
    if word.lower() in EXPERT_NAMES or word.isupper():
        return True
    return not word.islower() and not word.lower().endswith(("ing", "ed"))


def _target(found: re.Match[str], author: str) -> Target | None:
    """The target that was found; ``None`` for a number of 00, and for words that only look like a name."""
    text, span = found[0], Span(found.start(), found.end())
    match found.lastgroup:
        case "number":
            kind, number = found.group("kind", "number")
            target = Target(text, "bare", kind, int(number), None, None, span)
        case "seq":
            kind, round_, number = found.group("kind", "round", "seq")
            target = Target(text, "global", kind, int(number), int(round_), None, span)
        case "local_number":
            name, kind, round_, number = found.group("name", "local_kind", "local_round", "local_number")
            target = Target(text, "local", kind, int(number), int(round_), author_slug(name), span)
        case "tail":
            name, kind, round_, number = found.group("name", "its_kind", "its_round", "its_number")
            if found["owner"] or _is_name(name):
                target = Target(text, "named_round", kind.upper(), int(number), int(round_), author_slug(name), span)
            else:
                text, span = found["tail"], Span(found.start("tail"), found.end())
                target = Target(text, "own_round", kind.upper(), int(number), int(round_), author, span)
        case "named_number":
            name, kind, number = found.group("name", "named_kind", "named_number")
            if not _is_name(name):
                return None
            target = Target(text, "named", kind, int(number), 0, author_slug(name), span)
        case "any_number":
            name, kind, number = found.group("name", "any_kind", "any_number")
            target = Target(text, "named_any", kind, int(number), None, author_slug(name), span)
        case "own_number":
            kind, round_, number = found.group("own_kind", "own_round", "own_number")
            target = Target(text, "own_round", kind.upper(), int(number), int(round_), author, span)
        case _:
            return Target(text, "expert", None, None, None, author_slug(found["at"]), span)
    return target if target.number else None


def target_at(text: str, start: int, end: int, author: str) -> Target | None:
    """The id that begins exactly at ``start``; in this place ``Macaron T01`` needs no possessive."""
    found = _TARGET.match(text, start, end)
    if found is not None:
        return _target(found, author)
    named = _NAMED_WITHOUT_OWNER.match(text, start, end)
    if named is None or not int(named[3]) or not _is_name(named[1]):
        return None
    span = Span(named.start(), named.end())
    return Target(named[0], "named_any", named[2], int(named[3]), None, author_slug(named[1]), span)


def target_list(text: str, start: int, end: int, author: str) -> tuple[list[Target], int]:
    """The ids listed from ``start`` on (``T05/T06``, ``T1, T2``, ``P0003 R0001``), and where the list ends."""
    targets: list[Target] = []
    place = start
    while (target := target_at(text, place, end, author)) is not None:
        targets.append(target)
        start = target.span.end
        gap = _GAP.match(text, start, end)
        if gap is None:
            break
        place = gap.end()
    return targets, start


def targets_in(text: str, start: int, end: int, author: str) -> Iterator[Target]:
    """Every id in a stretch of text, in order."""
    if not _PERHAPS.search(text, start, end):
        return
    for found in _TARGET.finditer(text, start, end):
        target = _target(found, author)
        if target is not None:
            yield target
