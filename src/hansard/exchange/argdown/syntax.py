"""Words inside Argdown, so that none of them can become a sign of it.

Argdown takes a backslash before any character. Every ASCII sign is escaped, whether it means something at its place
or not, since the lexer looks for some of them anywhere (``===`` opens front matter in the middle of a line). Letters
beyond ASCII are never signs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

TITLE_LENGTH: Final = 60

_UNSAFE: Final = re.compile(r"[^\w .,:;?!'()\-/@&%$+*|~^]")
"""What could mean something between the quotes of data: to YAML, or to what looks for its end or for ``===``."""

_SIGN: Final = re.compile(r"[!-/:-@\[-`{-~]")
_SPACE: Final = re.compile(r"\s+")
_UNPLAIN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NOT_TITLE: Final = re.compile(r"[^\w]+|_")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def one_line(text: str) -> str:
    """A text on one line, as Argdown shows it: white space as single spaces, controls as signs."""
    spaced = _SPACE.sub(" ", text).strip()
    return _UNPLAIN.sub(lambda found: chr(0x2400 + ord(found[0])) if ord(found[0]) < 0x20 else "\ufffd", spaced)


def escaped(text: str) -> str:
    """A text on one line with every ASCII sign escaped."""
    return _SIGN.sub(r"\\\g<0>", one_line(text))


def unescaped(text: str) -> str:
    """What an escaped text says."""
    return _ESCAPED.sub(r"\1", text)


def title(key: str, label: str) -> str:
    """The title of an element: its id, and as much of its label as a title can hold without a sign."""
    words = _NOT_TITLE.sub(" ", label).strip()
    if len(words) > TITLE_LENGTH:
        words = words[:TITLE_LENGTH].rsplit(" ", 1)[0]
    return f"{key} {words}".strip()


def data(value: Mapping[str, Any]) -> str:
    """A data element: JSON, which is YAML too, in which no sign of Argdown stands raw inside a text.

    Without white space between its parts, so that the lexer's idea of where data ends is ours.
    """
    made = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=False)
    return re.sub(r'"((?:[^"\\]|\\.)*)"', _guarded, made)


def quoted(text: str) -> str:
    """A text as a string of JSON and YAML, guarded as in ``data``."""
    return f'"{_UNSAFE.sub(_sign, text)}"'


def _guarded(found: re.Match[str]) -> str:
    """A JSON string, as ``quoted`` writes it."""
    return quoted(json.loads(found[0]))


def _sign(found: re.Match[str]) -> str:
    """A character as JSON escapes it."""
    code = ord(found[0])
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
