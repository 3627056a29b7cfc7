"""The filter language: a sentence about columns, parsed once, answered for each segment by its columns.

::

    filter     = or
    or         = and { "or" and }
    and        = not { "and" not }
    not        = "not" not | "(" filter ")" | comparison
    comparison = name [ ("==" | "!=" | "<" | "<=" | ">" | ">=") value | ["not"] "in" "[" value { "," value } "]"
                        | "has" text ]
    name       = a column (eomm_score, operators.INSTA_MELT, map_name, seq, time …), or a way into a record
                 (params.schema_version, context.telemetry.cpu_usage_pct)
    value      = number | "text" | 'text' | true | false | null

What is missing equals null and nothing else: ``a != "x"`` holds for it, ``a < 3`` does not. A name alone must be true.
``has`` looks into a list. ``time`` is the timestamp; a text beside it is read as ISO 8601. A column that no record has,
and a value of a kind that a column never holds, are refused: they would quietly find nothing. What stands at a way
into records is known when they are decoded: there ``Seen`` tells it.
"""

from __future__ import annotations

import json
import math
import operator
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import numpy as np

from hansard.kernel.errors import did_you_mean, shown
from hansard.memory import errors
from hansard.memory.pulse import BLOBS
from hansard.memory.schema_map import TIME_END, finer_unit
from hansard.memory.segment import ABSENT
from hansard.memory.view import COMPUTED, Column, Numbers, Rows, View

Scalar = str | float | int | bool | None
DEPTH: Final = 64
NAMES: Final = 32
"""Names in a way into records at most: each may hold dots itself, so every way to part them is tried."""

DIGITS: Final = 1000
"""Digits of a whole number at most; a longer one is more than any column holds."""

ALIASES: Final = {"time": "timestamp", "pulse": "pulse_id", "worker": "worker_id", "session": "session_id"}
"""Shorter names of columns."""
_OUTER: Final = {inner: outer for outer, inner in ALIASES.items() if outer != "session"}
_LARGEST: Final = int(sys.float_info.max)
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<name>[^\W\d][\w\-]*(?:\.[\w\-]+)*)
      | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
    )""",
    re.VERBOSE,
)
_OTHERWISE: Final = {"=": "'==' for equals", "&": "'and'", "|": "'or'", "!": "'not'"}
"""Signs of other languages, and what is written here."""
_WORDS: Final = frozenset({"and", "or", "not", "in", "has", "true", "false", "null"})
_TURNED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


# -- what a filter says ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compare:
    """A name, one of the six signs, ``in`` or ``has``, and a value (several for ``in``)."""

    name: str
    sign: str
    value: Any
    position: int = 0


@dataclass(frozen=True)
class Not:
    """What does not hold."""

    inner: Filter


@dataclass(frozen=True)
class And:
    """All of them."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Or:
    """At least one of them."""

    parts: tuple[Filter, ...]


Filter = Compare | Not | And | Or


@lru_cache(maxsize=256)
def parse(text: str) -> Filter | None:
    """What a text asks for; ``None`` for a blank one, which is all records.

    Raises:
        HansardError: ``filter_invalid`` with the place and the reason.
    """
    return None if not text.strip() else _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._cut())
        self._at = 0
        self._depth = 0

    def _cut(self) -> Iterator[tuple[str, str, int]]:
        position, end = 0, len(self._text.rstrip())
        while position < end:
            found = _TOKEN.match(self._text, position)
            if found is None:
                rest = self._text[position:]
                start = position + len(rest) - len(rest.lstrip())
                written = next((word for sign, word in _OTHERWISE.items() if self._text.startswith(sign, start)), None)
                remedy = None if written is None else f"Write {written}"
                raise errors.filter_invalid(self._text, start, "holds something unknown", suggestion=remedy)
            kind = found.lastgroup or ""
            yield kind, found[kind], found.start(kind)
            position = found.end()
        yield "end", "", end

    def _fault(self, why: str, suggestion: str | None = None) -> Exception:
        for _, word, _ in self._tokens[max(self._at - 1, 0) : self._at + 1]:
            if suggestion is None and word not in _WORDS and word.lower() in _WORDS:
                suggestion = f"Write '{word.lower()}' for '{word}'"
        return errors.filter_invalid(self._text, self._tokens[self._at][2], why, suggestion=suggestion)

    def _turned(self) -> str | None:
        """How a comparison is written that begins with its value."""
        (kind, value, _), (_, sign, _), (other, name, _), *_ = [*self._tokens[self._at :], *[("", "", 0)] * 2]
        if kind in ("number", "text") and sign in _TURNED and other == "name":
            return f"Begin with the name: {name} {_TURNED[sign]} {value}"
        return None

    def _next(self) -> tuple[str, str, int]:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _took(self, *words: str) -> str | None:
        kind, word, _ = self._tokens[self._at]
        if kind in ("name", "sign") and word in words:
            self._at += 1
            return word
        return None

    def whole(self) -> Filter:
        found = self._or()
        if self._tokens[self._at][0] != "end":
            raise self._fault("goes on where it should end")
        return found

    def _or(self) -> Filter:
        self._depth += 1
        if self._depth > DEPTH:
            raise self._fault(f"is nested deeper than {DEPTH}")
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Filter:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Filter:
        negated = False
        while self._took("not"):
            negated = not negated
        if self._took("("):
            found = self._or()
            if not self._took(")"):
                raise self._fault("lacks a ')'")
        else:
            found = self._comparison()
        return Not(found) if negated else found

    def _comparison(self) -> Filter:
        kind, word, position = self._tokens[self._at]
        if kind != "name" or word in ("and", "or", "in", "has"):
            raise self._fault("needs the name of a column here", self._turned())
        if word.count(".") >= NAMES:
            raise self._fault(f"names a way of more than {NAMES} names")
        self._at += 1
        name = ALIASES.get(word, word)
        if sign := self._took(*_COMPARE):
            value = self._value(name)
            if sign[0] in "<>" and (value is None or isinstance(value, bool)):
                self._at -= 1
                raise self._fault(f"needs a number or a text after '{sign}'")
            return Compare(name, sign, value, position)
        if self._took("has"):
            return Compare(name, "has", self._value(name), position)
        negated = bool(self._took("not"))
        if self._took("in"):
            if not self._took("["):
                raise self._fault("needs a '[' after 'in'")
            values = [self._value(name)]
            while self._took(","):
                values.append(self._value(name))
            if not self._took("]"):
                raise self._fault("lacks a ']'")
            found = Compare(name, "in", tuple(values), position)
            return Not(found) if negated else found
        if negated:
            raise self._fault("needs 'in' after 'not'")
        return Compare(name, "==", True, position)

    def _value(self, name: str) -> Scalar:
        kind, word, _ = self._tokens[self._at]
        value: Scalar
        if kind == "number":
            value = float(word) if re.search(r"[.eE]", word) or len(word) > DIGITS else int(word)
            if name == "timestamp" and value >= TIME_END:
                finer = finer_unit(value)
                looks = "" if finer is None else f"It looks like {finer[0]}: divide by {finer[1]:,}. "
                remedy = f"{looks}Give seconds since 1970, or a text in ISO 8601"
                raise self._fault("has a time beyond the year 10000", remedy)
        elif kind == "text":
            value = self._read_text(word)
            if name == "timestamp":
                value = self._moment(value)
        elif kind == "name" and word in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[word]
        else:
            raise self._fault("needs a value here: a number, a text in quotes, true, false or null")
        self._at += 1
        return value

    def _read_text(self, word: str) -> str:
        inner = word[1:-1]
        if word[0] == "'":
            inner = inner.replace("\\'", "'").replace('"', '\\"')
        try:
            return str(json.loads(f'"{inner}"', strict=False))
        except ValueError:
            raise self._fault("has a text with a wrong escape") from None

    def _moment(self, text: str) -> float:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._fault("has a text beside 'time' that is no ISO 8601 time") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# -- what a filter finds -----------------------------------------------------------------------------------------------

Seen = dict[str, set[str]]
"""By way into records: of what kinds were the values that stood there in those that were looked at."""

_NONE: Final[Numbers] = np.zeros(0, np.int64)


def comparisons(found: Filter | None) -> Iterator[Compare]:
    """Every comparison of a filter."""
    if isinstance(found, Compare):
        yield found
    elif isinstance(found, Not):
        yield from comparisons(found.inner)
    elif found is not None:
        for part in found.parts:
            yield from comparisons(part)


def is_way(name: str) -> bool:
    """Whether a name leads into a record (``context.telemetry.fps``) and is no column's."""
    blob, dot, rest = name.partition(".")
    return blob in BLOBS and bool(dot and rest) and rest.count(".") < NAMES


def known_names(views: Iterable[View]) -> set[str]:
    """The columns that there are, as they are documented."""
    return {_OUTER.get(name, name) for name in chain(COMPUTED, *(view.names() for view in views))}


def check(found: Filter | None, text: str, views: list[View]) -> None:
    """Refuse a name that no segment knows, and a value of a kind that its column never holds.

    Raises:
        HansardError: ``filter_invalid``.
    """
    views = [view for view in views if view.rows]
    for compare in comparisons(found):
        if is_way(compare.name):
            continue
        if compare.name not in COMPUTED and views and all(view.column(compare.name) is None for view in views):
            known = known_names(views)
            raise errors.filter_invalid(
                text,
                compare.position,
                f"names '{shown(compare.name)}', which no record here has",
                suggestion=did_you_mean(compare.name, known) or f"Columns: {', '.join(sorted(known))}",
            )
        for value in compare.value if compare.sign == "in" else (compare.value,):
            held = _unlike(views, compare, value)
            if held:
                name = _OUTER.get(compare.name, compare.name)
                told = json.dumps(shown(value), ensure_ascii=False)
                why = f"compares '{name}', which holds {' and '.join(sorted(held))}, with {told}"
                remedy = _REMEDY.get(min(held), _REMEDY[LISTS]).format(name)
                raise errors.filter_invalid(text, compare.position, why, suggestion=remedy)


NUMBERS: Final = "numbers"
TEXTS: Final = "texts"
TRUTHS: Final = "true or false"
LISTS: Final = "lists"
MAPS: Final = "maps"
_REMEDY: Final = {
    NUMBERS: "Give a number without quotes, such as {0} > 0.5",
    TEXTS: 'Give a text in quotes, such as {0} == "…"',
    TRUTHS: "Give true or false without quotes, such as {0} == false",
    LISTS: 'Ask what a list holds, such as {0} has "…"',
    f"{LISTS} of {NUMBERS}": "Ask what a list holds, such as {0} has 1",
    f"{LISTS} of {TEXTS}": 'Ask what a list holds, such as {0} has "…"',
}
"""By what a column holds, how it is compared."""


def kind_of(value: Any) -> str | None:
    """What a value is called; ``None`` for nothing, and for what no filter is compared with."""
    if isinstance(value, bool):
        return TRUTHS
    if isinstance(value, int | float):
        return NUMBERS
    if isinstance(value, list | tuple):
        inner = {kind for each in value if (kind := kind_of(each)) is not None}
        return f"{LISTS} of {min(inner)}" if inner else LISTS
    return TEXTS if isinstance(value, str) else MAPS if isinstance(value, dict) else None


def _unlike(views: Iterable[View], compare: Compare, value: Any) -> set[str]:
    """What a column holds, where that is nothing that a value could be compared with."""
    wanted = _wanted(compare, value)
    if wanted is None:
        return set()
    held: set[str] = set()
    for kind in chain.from_iterable(_kinds(view, compare.name) for view in views):
        if kind == wanted:
            return set()
        if kind is not None:
            held.add(kind)
    if len(held) > 1 or compare.sign == "has":
        held.discard(LISTS)  # empty ones do not tell what they could hold
    return held


def _wanted(compare: Compare, value: Any) -> str | None:
    kind = kind_of(value)
    return f"{LISTS} of {kind}" if compare.sign == "has" and kind is not None else kind


def _kinds(view: View, name: str) -> Iterator[str | None]:
    """What a column of a segment holds: the first records first, so that most need not be looked at."""
    column = None if name in COMPUTED else view.column(name)
    if column is None:
        if name in COMPUTED:
            yield NUMBERS
    elif column.kind == "f":
        if not (column.constant and column.data == ABSENT["f"]):
            yield TRUTHS
    elif column.kind != "v":
        if not (column.constant and column.data != column.data):
            yield NUMBERS
    else:
        few = [column.data] if column.constant else set(column.data[:64].tolist()) - {column.absent}
        yield from map(kind_of, map(view.values.__getitem__, few))
        if not column.constant:
            yield from map(kind_of, view.different(column)[0])


def unmet(found: Filter | None, seen: Seen) -> list[str]:
    """Of the ways that a filter names: those at which nothing stood, and those where nothing was like the value."""
    told = []
    for compare in comparisons(found):
        kinds = seen.get(compare.name)
        for value in compare.value if compare.sign == "in" else (compare.value,):
            wanted = _wanted(compare, value)
            if kinds is None or wanted is None:
                continue
            if not kinds:
                told.append(nothing_stands(compare.name))
            elif wanted not in kinds:
                compared = json.dumps(shown(value), ensure_ascii=False)
                told.append(f"'{shown(compare.name)}' holds {' and '.join(sorted(kinds))}, compared with {compared}")
    return list(dict.fromkeys(told))


def nothing_stands(way: str) -> str:
    """What is told of a way that no record has."""
    return f"nothing stands at '{shown(way)}' in any record that was looked at"


def select(view: View, found: Filter | None, seen: Seen, rows: Rows = None) -> Rows:
    """The rows among ``rows`` for which a filter holds; what stood at the ways that it names is put into ``seen``."""
    there = _select(view, found, seen, rows)
    return np.flatnonzero(there) if there is not None and there.dtype == bool else there


def counted(view: View, found: Filter | None, seen: Seen) -> int:
    """How many rows those are."""
    there = _select(view, found, seen, None)
    if there is None:
        return view.rows
    return int(np.count_nonzero(there)) if there.dtype == bool else len(there)


def _select(view: View, found: Filter | None, seen: Seen, rows: Rows) -> Rows:
    """As ``select``; or for all rows of the segment whether it holds."""
    if found is None:
        return rows
    if isinstance(found, Compare):
        return _compared(view, found, seen, rows)
    if isinstance(found, And):
        mask: Numbers | None = None
        for part in sorted(found.parts, key=lambda each: _cost(view, each)):
            if rows is None and isinstance(part, Compare):  # whole columns are compared before rows are picked
                tested = _tested(view, part, seen, None)
                if tested is True:
                    continue
                if isinstance(tested, np.ndarray):
                    mask = tested if mask is None else mask & tested
                    continue
            if mask is not None:
                rows, mask = np.flatnonzero(mask), None
            if rows is not None and not len(rows):
                return rows
            rows = select(view, part, seen, rows)
        return rows if mask is None else mask
    passes = np.zeros(view.rows, bool)
    for part in found.parts if isinstance(found, Or) else (found.inner,):
        inner = _select(view, part, seen, rows)
        passes[slice(None) if inner is None else inner] = True
    if isinstance(found, Not):
        passes = ~passes
    return passes if rows is None else rows[passes[rows]]


def _cost(view: View, part: Filter) -> int:
    """What to ask first: few bytes, then numbers, then what must be decoded."""
    if not isinstance(part, Compare):
        return 1 + max((_cost(view, each) for each in comparisons(part)), default=0)
    column = view.column(part.name) if part.name not in COMPUTED else None
    if column is None:
        return 3 if part.name in COMPUTED or "." not in part.name else 9
    return 0 if column.constant else {"v": 1, "f": 2, "w": 3, "n": 4}[column.kind]


def _compared(view: View, compare: Compare, seen: Seen, rows: Rows) -> Rows:
    found = _tested(view, compare, seen, rows)
    if found is None:
        found = _at_way(view, compare, seen, rows)
    if isinstance(found, bool):
        return rows if found else _NONE
    return found if rows is None else rows[found]


def _tested(view: View, compare: Compare, seen: Seen, rows: Rows) -> Numbers | bool | None:
    """Which of the rows pass; all or none; ``None`` where records must be decoded to tell."""
    name = compare.name
    if name in COMPUTED:
        return _number_test(view.computed(name, view.each(rows)), compare)
    column = view.column(name)
    if column is None:
        if is_way(name):
            return None if _shared(view, name) is None else _at_way(view, compare, seen, rows)
        return holds(None, compare)
    if column.constant:
        value: Any = column.data
        if column.kind == "v":
            value = view.values[value]
        elif column.kind == "f":
            value = (False, True, None)[value]
        elif value != value:
            value = None
        return holds(value, compare)
    if column.kind == "v":
        return _by_reference(view, compare, rows)
    if column.kind == "n" and _out_of_range(column.smallest, column.largest, compare):
        return False
    data = column.data if rows is None else column.data[rows]
    if column.kind == "f":
        accepted = [place for place, value in enumerate((False, True, None)) if holds(value, compare)]
        return data == accepted[0] if len(accepted) == 1 else np.isin(data, accepted)
    return _number_test(data, compare)


def _number_test(data: Numbers, compare: Compare) -> Numbers:
    """Which numbers pass; NaN is nothing."""
    sign, value = compare.sign, compare.value
    if sign == "in":
        mask = np.zeros(len(data), bool)
        for each in value:
            mask |= _number_test(data, Compare(compare.name, "==", each))
        return mask
    if value is None:
        nothing: Numbers = np.isnan(data) if data.dtype.kind == "f" else np.zeros(len(data), bool)
        return {"==": nothing, "!=": ~nothing}.get(sign, np.zeros(len(data), bool))
    if isinstance(value, str | bool) or sign == "has":
        return np.full(len(data), sign == "!=")
    if isinstance(value, int) and abs(value) > _LARGEST:  # numpy refuses what float64 cannot hold; none of ours does
        value = math.inf if value > 0 else -math.inf
    tested: Numbers = _COMPARE[sign](data, value)
    return tested


def _out_of_range(smallest: float | None, largest: float | None, compare: Compare) -> bool:
    """Whether the segment's smallest and largest number show that none passes."""
    value = compare.value
    if smallest is None or largest is None or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return {
        ">": largest <= value, ">=": largest < value, "<": smallest >= value, "<=": smallest > value,
        "==": not smallest <= value <= largest,
    }.get(compare.sign, False)  # fmt: skip


def _by_reference(view: View, compare: Compare, rows: Rows) -> Numbers | bool:
    """A column of references: which of the dictionary's values pass, then which rows refer to one of them."""
    column = view.column(compare.name)
    assert column is not None
    data = column.data if rows is None else column.data[rows]
    if compare.sign in ("==", "!=") and isinstance(compare.value, str):
        place = view.place(compare.value)
        if place is None or place >= column.absent:
            return compare.sign == "!="
        same: Numbers = _COMPARE[compare.sign](data, data.dtype.type(place))
        return same
    passes = np.zeros(int(column.absent) + 1 if column.absent < 1 << 16 else len(view.values) + 1, bool)
    for place, value in enumerate(view.values[: len(passes) - 1]):
        passes[place] = holds(value, compare)
    passes[-1] = holds(None, compare)
    found: Numbers = passes[np.minimum(data, len(passes) - 1)]
    return found


def _at_way(view: View, compare: Compare, seen: Seen, rows: Rows) -> Numbers | bool:
    """A way into records: each different value is looked at once."""
    values, which = standing(view, compare.name, rows)
    kinds = seen.setdefault(compare.name, set())
    kinds |= {kind for value in values if (kind := kind_of(value)) is not None}
    passes = np.array([holds(value, compare) for value in values], bool)
    return bool(passes[0]) if which is None else passes[which]


def _shared(view: View, way: str) -> tuple[Column, list[str]] | None:
    """The column of the part that records share in which a way lies, and the rest of the way."""
    keys = way.split(".")
    parts = view.forms[0].parts if len(view.forms) == 1 else ()
    for path, is_shared in parts:
        if is_shared and tuple(keys[: len(path)]) == path:
            column = view.column("m:" + ".".join(path))
            assert column is not None
            return column, keys[len(path) :]
    return None


def standing(view: View, way: str, rows: Rows) -> tuple[Sequence[Any], Numbers | None]:
    """What stands at a way into some records: values, and for each record which of them it is (``None``: the one).

    A part that records share is looked at once; otherwise every record is decoded.
    """
    shared = _shared(view, way)
    if shared is None:
        blob, *keys = way.split(".")
        place, found = BLOBS.index(blob), []
        for part, form in view.chunks(rows):
            found += [_at(maps[place], keys) for maps in view.maps_of(form, part, fresh=False)]
        return found, np.arange(len(found))
    column, keys = shared
    if column.constant:
        return [_at(view.values[column.data], keys)], None
    values, which = view.different(column, rows)
    return [_at(value, keys) for value in values], which


def holds(value: Any, compare: Compare) -> bool:
    """Whether one value passes (see the module's text for what is missing)."""
    sign, wanted = compare.sign, compare.value
    if sign == "in":
        return any(_same(value, each) for each in wanted)
    if sign == "has":
        return isinstance(value, list | tuple) and any(_same(each, wanted) for each in value)
    if sign == "==":
        return _same(value, wanted)
    if sign == "!=":
        return not _same(value, wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        return bool(_COMPARE[sign](value, wanted))
    return _is_number(value) and _is_number(wanted) and bool(_COMPARE[sign](value, wanted))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _at(value: Any, way: list[str]) -> Any:
    """What stands at a way inside a value. A key may hold dots itself, since nested fields were flattened."""
    if not way:
        return value
    if isinstance(value, dict):
        for length in range(len(way), 0, -1):
            key = ".".join(way[:length])
            if key in value:
                return _at(value[key], way[length:])
    return None
