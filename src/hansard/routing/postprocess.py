"""What a reply is turned into before anybody sees it: cleaned, values put back, data taken out of it.

The trail's hash is of the text as it came (``Attempt.response_sha256``); what is done here is the same for a whole text
and for its pieces. Sources: specs/operations, section 7 ("Sanitize, extract structured payload") and 12.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from hansard.routing.redaction import Redactor, Restorer

_UNWANTED: Final[dict[int, str | None]] = dict.fromkeys(
    (
        *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, *range(0x80, 0xA0),  # controls: a terminal obeys some
        *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # turn the direction: what is seen is not what is there
        *range(0xE0000, 0xE0080),  # tags: letters that nobody sees
        0xFEFF,
    )
)  # fmt: skip
_DIRTY: Final = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"  # ``_UNWANTED``
)
_DIRTY_ASCII: Final = bytes(code for code in (*_UNWANTED, 0x0D) if code < 0x80)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

DEPTH: Final = 64
"""Nesting of data that is taken."""

_TRIES: Final = 64
"""Places where data may begin in a text around it, at most."""

_IN_VAIN: Final = 1_000_000
"""Characters that are gone through for data that does not end, about at most."""


def sanitised(text: str) -> str:
    """The text without what steers a terminal or deceives a reader; line ends are ``\\n``.

    Tabs, joiners and variants of emoji stay. Half a surrogate pair becomes U+FFFD: it could not be stored.
    """
    if text.isascii():
        told = text.encode()  # bytes are looked through fifty times as fast
        if len(told.translate(None, _DIRTY_ASCII)) == len(told):
            return text
    elif _DIRTY.search(text) is None:
        return text
    return _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNWANTED))


class Processed(NamedTuple):
    """A reply as its caller gets it."""

    text: str
    structured: Any = None
    """The data, where some was asked for and is there."""
    fault: str | None = None
    """Why there is no data where some was asked for: one sentence without a word of the answer."""


def processed(text: str, *, structured: bool, redactor: Redactor | None = None) -> Processed:
    """A whole reply, cleaned and with values put back.

    Args:
        text: word for word as the provider gave it.
        structured: data is asked for. The text is then that of the data alone, whatever a model set around it.
        redactor: the task's, where something was replaced.
    """
    clean = sanitised(text)
    if not structured:
        return Processed(clean if redactor is None else redactor.restore(clean))
    try:
        told, data = payload(clean)
        if "\\" in told and (cleaner := _changed(data, sanitised)) != data:  # what was written as an escape
            told, data = json.dumps(cleaner, ensure_ascii=False), cleaner
        if redactor is None:
            return Processed(told, data)
        return Processed(redactor.restore_json(told), _changed(data, redactor.restore))
    except NoData as fault:
        return Processed(clean if redactor is None else redactor.restore(clean), fault=str(fault))


class Streamed:
    """The pieces of a stream, cleaned and with values put back as they come.

    All that ``feed`` and ``end`` give together is ``processed(…).text`` of the whole, where no data is asked for;
    where it is, a stream shows the text as it comes, with what a model set around the data.
    """

    def __init__(self, redactor: Redactor | None = None, *, structured: bool = False) -> None:
        self._restorer: Restorer | None = redactor.restorer(json_text=structured) if redactor is not None else None
        self._half = ""  # a carriage return or the first half of a surrogate pair: the next piece says what it is

    def feed(self, piece: str) -> str:
        """What can be shown now; it may be empty."""
        text = self._half + piece
        self._half = ""
        if text and (text[-1] == "\r" or "\ud800" <= text[-1] <= "\udbff"):
            text, self._half = text[:-1], text[-1]
        if text and "\ud800" <= text[0] <= "\udbff" and len(text) > 1 and "\udc00" <= text[1] <= "\udfff":
            text = text[:2].encode("utf-16", "surrogatepass").decode("utf-16") + text[2:]
        clean = sanitised(text)
        return clean if self._restorer is None else self._restorer.feed(clean)

    def end(self) -> str:
        """What is left when the stream has ended."""
        clean = sanitised(self._half)
        self._half = ""
        return clean if self._restorer is None else self._restorer.feed(clean) + self._restorer.end()


# -- data in a text ----------------------------------------------------------------------------------------------------


class NoData(ValueError):  # noqa: N818  # what it says is not that the program erred
    """A text holds no data, or more than one."""


_FENCE: Final = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*$", re.MULTILINE)
_THOUGHT: Final = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)


def payload(text: str) -> tuple[str, Any]:
    """The JSON of a text and what it says: the whole text, or the one block of code, or the one value in it.

    Raises:
        NoData: there is none, it is broken, or there is more than one and nothing tells which is meant.
    """
    text = _THOUGHT.sub("", text).strip()
    if not text:
        raise NoData("the answer is empty")
    fault = "the answer is no JSON"
    if text[0] in '{["-0123456789tfn':
        try:
            return text, _read(text)
        except ValueError as broken:
            fault = f"the answer is no JSON ({_why(broken)})"
    for found in (_blocks(text), _embedded(text)):
        good: list[tuple[str, Any]] = []
        for block in found:
            try:
                good.append((block, _read(block)))
            except ValueError as broken:
                fault = f"the JSON in the answer is broken ({_why(broken)})"
        if good and all(data == good[0][1] for _, data in good[1:]):
            return good[0]
        if good:
            raise NoData(f"the answer has {len(good)} different pieces of JSON; one was asked for")
    raise NoData(fault)


_JSON_FENCES: Final = frozenset({"", "json", "json5", "jsonc", "jsonl", "javascript", "js"})


def _blocks(text: str) -> list[str]:
    """What stands between fences that may hold JSON. The text is gone through once: a fence that is not closed, and
    every later one that only the same would close, is no fence."""
    found: list[str] = []
    unclosed: dict[str, int] = {}
    lines = list(_FENCE.finditer(text))
    at = 0
    while at < len(lines):
        opened = lines[at]
        at += 1
        marks = opened[1]
        if len(marks) >= unclosed.get(marks[0], len(marks) + 1):
            continue
        for number in range(at, len(lines)):
            line = lines[number].group().strip(" \t")
            if line.startswith(marks) and not line.strip("`~"):
                if opened[2].lower() in _JSON_FENCES:
                    found.append(text[opened.end() + 1 : lines[number].start()].strip())
                at = number + 1
                break
        else:
            unclosed[marks[0]] = len(marks)
    return found


def _embedded(text: str) -> list[str]:
    """Objects and arrays with words around them, outermost ones; arrays only where they hold an object or a text."""
    found: list[str] = []
    at = 0
    wasted = 0
    for _ in range(_TRIES):
        begin = _OPENING.search(text, at)
        if begin is None or wasted > _IN_VAIN:
            break
        end = _closing(text, begin.start())
        if end is None:
            wasted += len(text) - begin.start()
            at = begin.end()
            continue
        found.append(text[begin.start() : end])
        at = end
    return found


_OPENING: Final = re.compile(r"\{(?=\s*[\"}])|\[(?=\s*[\"{])")
_SIGNS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)
"""A string that is not closed goes to the end of the text, so that none is looked at twice."""


def _closing(text: str, start: int) -> int | None:
    """Where what opens at ``start`` is closed, strings left aside."""
    depth = 0
    for sign in _SIGNS.finditer(text, start):
        if sign.group() in {"{", "["}:
            depth += 1
        elif sign.group() in {"}", "]"}:
            depth -= 1
            if depth == 0:
                return sign.end()
    return None


def _read(text: str) -> Any:
    """JSON as everybody reads it: no NaN, no name twice in an object, not nested beyond all measure."""
    try:
        data = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _depth(data) > DEPTH:
        raise ValueError("nested too deeply")
    return data


def _changed(data: Any, change: Callable[[str], str]) -> Any:
    """Data with every text changed, names of members too.

    Raises:
        NoData: two members of an object would have one name; none may be lost.
    """
    if isinstance(data, str):
        return change(data)
    if isinstance(data, list):
        return [_changed(each, change) for each in data]
    if not isinstance(data, dict):
        return data
    made = {change(name): _changed(inner, change) for name, inner in data.items()}
    if len(made) != len(data):
        raise NoData("two names in an object of the answer become one when it is read")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _finite(told: str) -> float:
    number = float(told)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("an object has a name twice")
    return data


def _depth(data: Any) -> int:
    deepest, level = 0, [data]
    while level and deepest <= DEPTH:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        deepest += 1
    return deepest


def _why(broken: ValueError) -> str:
    if isinstance(broken, json.JSONDecodeError):
        return f"{broken.msg.lower()} at line {broken.lineno}, column {broken.colno}"
    return str(broken)
