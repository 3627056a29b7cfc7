"""Other people's words inside our Markdown, so that they read well and can forge nothing.

What an expert wrote is built anew from a few harmless pieces (paragraphs, lists, tables, code, bold), each line
behind a quote mark, every other sign of Markdown and HTML made plain. A heading, link, image, rule, tag or anchor in
the result is therefore always ours. Control characters and those that turn the direction of text are shown as signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from hansard.kernel.letters import ACTING

_LINES = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_UNSEEN = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{ACTING}\ud800-\udfff]")
_SIGNS = re.compile(r"[\\`*\[\]~]|(?<!\w)_|_(?!\w)|<|&(?=#?\w+;)")
_SIGNS_AND_BARS = re.compile(rf"{_SIGNS.pattern}|\|")
_SIGNS_ONLY = re.compile(r"[\s\-=_*+~#.:|<>]+")
_OPENING = re.compile(r"([#>+\-=|:]|\d{1,9}(?=[.)](?:\s|$)))")
_ADDRESS = re.compile(
    r"(?P<address>(?<![`\w])(?:https?://|ftp://|www\.)[^\s`<>|]*[^\s`<>|.,;:!?)\]}'\"*]|(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]*\w)",
    re.IGNORECASE,
)
_TICKS = re.compile("`+")
_PLAIN = re.compile(rf"(?P<ticks>`+)|{_ADDRESS.pattern}", re.IGNORECASE)
"""What may open a piece of a line: code, or an address, which is shown as code."""
_PIECE = re.compile(rf"\*\*(?=\S)(?P<bold>[^*`]+?)(?<=\S)\*\*|{_PLAIN.pattern}", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,}).*")
_RULE = re.compile(r"(?:[-*_]\s*){3,}")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s(.*))?")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(\S.*)")
_TABLE_LINE = re.compile(r"\s*\|.*")
_TABLE_RULE = re.compile(r"\s*+\|?\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?\s*+")
_CELL = re.compile(r"(?<!\\)\|")
_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…][\"”’)*`]*(?=\s)")
_MARKS: Final = {"\\": "\\\\", "<": "&lt;", "&": "&amp;"}


def lines_of(text: str) -> list[str]:
    """A text's lines, as a reader of Markdown would see them, with unseen characters made seen."""
    return [visible(line) for line in _LINES.split(text)]


def visible(text: str) -> str:
    """A text in which control characters, turns of direction and halves of characters are shown as signs."""
    return _UNSEEN.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"


def plain(text: str) -> str:
    """A text on one line, as it may stand in a heading, a link or a table cell of ours: no sign but code's is one."""
    return _without_opening(_made(_flat(text), _PLAIN, cell=True))


def inline(text: str, *, cell: bool = False) -> str:
    """A text on one line, in which code and bold stay what they are; ``cell``: in a cell of a table of ours."""
    return _without_opening(_made(_flat(text), _PIECE, cell=cell))


def _flat(text: str) -> str:
    return _SPACE.sub(" ", " ".join(lines_of(text))).strip()


def _made(text: str, piece: re.Pattern[str], *, cell: bool = False) -> str:
    """A line in which only what ``piece`` finds is Markdown."""
    if text.strip() and _SIGNS_ONLY.fullmatch(text):  # a rule, the underline of a heading, the rule of a table
        return re.sub(r"[^\s<]", r"\\\g<0>", text).replace("<", "&lt;")
    made: list[str] = []
    last = 0
    for found in _pieces(text, piece):
        if before := _signs(text[last : found.start], cell=cell):
            made.append(before)
        if found.bold:
            made.append(f"**{_signs(found.words, cell=cell)}**")
        else:
            touching = bool(made) and made[-1].endswith("`")  # two spans of code would become one
            made.append((" " if touching else "") + code(found.words, cell=cell))
        last = found.end
    made.append(_signs(text[last:], cell=cell))
    return "".join(made)


class _Piece(NamedTuple):
    """A part of a line that stays what it is."""

    start: int
    end: int
    words: str
    bold: bool


def _pieces(text: str, piece: re.Pattern[str]) -> Iterator[_Piece]:
    """The pieces of a line, one after the other; each sign is looked at once, whatever is opened and never closed.

    A run of back quotes opens code where a run of the same length follows; where no bold is looked for, no bar may
    stand in it, since tables write that otherwise.
    """
    closing: dict[int, int] = {}
    later: dict[int, int] = {}
    for start, end in reversed([run.span() for run in _TICKS.finditer(text)]):
        if end - start in later:
            closing[start] = later[end - start]
        later[end - start] = start
    at, bars = 0, piece is not _PLAIN
    while (found := piece.search(text, at)) is not None:
        at = found.end()
        if (ticks := found["ticks"]) is None:
            bold = found.groupdict().get("bold")
            yield _Piece(found.start(), at, bold or found["address"], bold is not None)
        elif (close := closing.get(found.start())) is not None and (bars or text.find("|", at, close) < 0):
            yield _Piece(found.start(), close + len(ticks), text[at:close], bold=False)
            at = close + len(ticks)


def _signs(text: str, *, cell: bool) -> str:
    return (_SIGNS_AND_BARS if cell else _SIGNS).sub(lambda match: _MARKS.get(match[0], "\\" + match[0]), text)


def _without_opening(text: str) -> str:
    """What opens a heading, list or quote at the start of a line opens nothing."""
    found = _OPENING.match(text)
    if found is None:
        return text
    return f"{found[0]}\\{text[found.end() :]}" if found[0].isdigit() else f"\\{text}"


def code(text: str, *, cell: bool = False) -> str:
    """A text as a code span. In a cell of a table a bar must not end the cell."""
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text.replace('|', chr(92) + '|') if cell else text}{pad}{ticks}"


def fenced(text: str) -> list[str]:
    """A text word for word, in a fence that is longer than any run of back quotes in it."""
    lines = lines_of(text)
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]


def quoted(text: str) -> list[str]:
    """A text as a quotation: each of its lines behind ``>``, nothing in it able to leave."""
    lines = [line for block in _blocks(lines_of(text)) for line in ["", *block]]
    return [f"> {line}".rstrip() for line in lines[1:]]


class _Row(NamedTuple):
    """What kind of piece a line begins or continues, and the line as it is written."""

    kind: str
    line: str
    depth: int = 0
    """How deep a list's item lies."""
    text_at: int = 0
    """The column at which an item's text begins."""


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The pieces of a text, each as its lines; a new kind of line, or an empty one, begins the next."""
    block: list[str] = []
    before: _Row | None = None
    index = 0
    while index < len(lines):
        fence = _FENCE.fullmatch(lines[index])
        rows = [] if fence else _table(lines, index)
        row = None if fence or rows else _row(lines[index], before)
        if block and (row is None or before is None or row.kind != before.kind or row.kind == "heading"):
            yield block
            block = []
        if fence:
            length, made = _fence(lines, index, fence[1])
            yield made
        elif rows:
            length = len(rows)
            yield _table_lines(rows)
        else:
            length = 1
            if row is not None:
                block.append(row.line)
        before = row
        index += length
    if block:
        yield block


def _row(line: str, before: _Row | None) -> _Row | None:
    """One line outside code and tables; nothing for an empty one and for a rule."""
    words = line.strip()
    if not words or _RULE.fullmatch(words):
        return None
    heading = _HEADING.fullmatch(line)
    if heading:
        title = _SPACE.sub(" ", _unclosed((heading[1] or "").strip()).replace("*", "")).strip()
        return _Row("heading", f"**{_made(title, _PIECE)}**") if title else None
    item = _ITEM.fullmatch(line)
    above = before if before is not None and before.kind == "list" else None
    if item:
        depth = min(len(item[1].expandtabs(4)) // 2, above.depth + 1 if above else 0)
        mark = f"{'   ' * depth}{item[2] + '.' if item[2] else '-'} "
        return _Row("list", mark + inline(item[3]), depth, len(mark))
    if words.startswith(">"):
        return _Row("quote", f"> {inline(words.lstrip('> '))}")
    if above is not None and line[0] in " \t":
        return above._replace(line=" " * above.text_at + inline(words))
    return _Row("text", inline(words))


def _unclosed(title: str) -> str:
    """A heading's words without the signs that close it."""
    bare = title.rstrip("#")
    return bare if bare[-1:].isspace() else title


def _fence(lines: list[str], start: int, fence: str) -> tuple[int, list[str]]:
    """A block of code from its fence to the one that closes it, or to the end of the text."""
    closing = re.compile(rf" {{0,3}}{fence[0]}{{{len(fence)},}}\s*")
    end = start + 1
    while end < len(lines) and not closing.fullmatch(lines[end]):
        end += 1
    return min(end + 1, len(lines)) - start, fenced("\n".join(lines[start + 1 : end]))


def _table(lines: list[str], start: int) -> list[str]:
    """The lines of a table that begins here; none when it is no table."""
    if start + 1 >= len(lines) or not _TABLE_LINE.fullmatch(lines[start]):
        return []
    if not _TABLE_RULE.fullmatch(lines[start + 1]) or "|" not in lines[start + 1]:
        return []
    end = start + 2
    while end < len(lines) and _TABLE_LINE.fullmatch(lines[end]):
        end += 1
    return lines[start:end]


def _table_lines(lines: list[str]) -> list[str]:
    rows = [[cell.strip() for cell in _CELL.split(line.strip().strip("|"))] for line in lines]
    width = max(len(rows[0]), 1)
    made = [[_cell(cell) for cell in (row + [""] * width)[:width]] for row in [rows[0], *rows[2:]]]
    return [f"| {' | '.join(row)} |" for row in [made[0], ["---"] * width, *made[1:]]]


def _cell(text: str) -> str:
    return _made(text.replace("\\|", "|"), _PIECE, cell=True)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table of ours; its cells are Markdown already."""
    top = list(head)
    return [f"| {' | '.join(row)} |" for row in [top, ["---"] * len(top), *(list(row) for row in rows)]]


def lead(text: str, limit: int) -> str:
    """The opening of a text: whole when it is short, else cut after a paragraph, a sentence or a word, and marked."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = text[:limit]
    paragraphs = head.split("\n\n")[:-1]
    while paragraphs and _HEADING.fullmatch(paragraphs[-1]):  # a heading promises what was cut
        paragraphs.pop()
    whole = "\n\n".join(paragraphs)
    if len(whole) >= limit // 2:
        return whole.rstrip() + "\n\n…"
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit)]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]] + " …"
    return (head.rsplit(None, 1)[0] if " " in head else head).rstrip(" ,;:–—-") + " …"
