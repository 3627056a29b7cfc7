"""What a judge's Markdown files say, as typed values: titles and roles, scoreboard, tensions, verdict.

Pure: text in, values and notes out. Nothing a judge wrote is taken for a fact of the record here; figures, statuses and
counts come out as claims with the line they stand in (dialogue.md, "Import is not judging").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from hansard.dialogue.model import COMPONENTS
from hansard.exchange.outline import HEADING, Heading, Table, headings, plain, section_end, tables
from hansard.exchange.rosters import LINE_LENGTH
from hansard.exchange.telling import Note
from hansard.kernel.ids import folded, slugify

# -- titles and questions ----------------------------------------------------------------------------------------------

_TITLE_PREFIX: Final = re.compile(
    r"(?:round[ \t]+\d+(?:[ \t]+summary)?|(?:alignment[ \t]+)?scoreboard|(?:final[ \t]+)?verdict|tensions|summary)"
    r"[ \t]*(?:[—–:|-]+[ \t]*|$)",
    re.IGNORECASE,
)
_TITLE_SUFFIX: Final = re.compile(r"[ \t]*\((?:final|interim|draft|convergence)\)$", re.IGNORECASE)
_GENERIC: Final = re.compile(
    r"(?:the[ \t]+)?(?:judge['’]?s?[ \t]+)?(?:final[ \t]+)?"
    r"(?:synthesis|summary|scoreboard|round|scores?|report|notes)?",
    re.IGNORECASE,
)


def title_in(text: str) -> tuple[str, int] | None:
    """What the first heading of a judge's file says besides the kind of file, with its line; nothing if nothing.

    ``# Scoreboard — Sync Architecture (FINAL)`` gives ``Sync Architecture``.
    """
    first = next(iter(headings(text)), None)
    if first is None:
        return None
    words = plain(_TITLE_SUFFIX.sub("", _TITLE_PREFIX.sub("", first.text, count=1)))
    if not words or _GENERIC.fullmatch(words):
        return None
    return words[:LINE_LENGTH], first.line


def question_in(text: str) -> tuple[str, int] | None:
    """The paragraph under a heading ``Question``, with the heading's line."""
    all_headings = headings(text)
    for index, heading in enumerate(all_headings):
        if folded(plain(heading.text)) in ("question", "the question"):
            body = text[heading.body : section_end(text, all_headings, index)].strip()
            paragraph = re.split(r"\n[ \t]*\r?\n", body, maxsplit=1)[0].strip()
            if paragraph:
                return paragraph, heading.line
    return None


_ROLE_NOISE: Final = re.compile(
    r"(?:round[ \t]*\d+|r\d+|convergence|final|opening|closing|response|statement|position)", re.IGNORECASE
)


def role_in(text: str, name: str) -> tuple[str, int] | None:
    """What the first heading of a response says about its author besides the name, with its line.

    ``# Muffin — Round 2 (Data Modeling Specialist)`` gives ``Data Modeling Specialist``.
    """
    first = next(iter(headings(text)), None)
    if first is None or first.line > 5:
        return None
    parts = re.split(r"[()\[\]—–:|,]|[ \t]-+[ \t]", first.text)
    wanted = slugify(name)
    others = [part for part in parts if f"-{wanted}-" not in f"-{slugify(part)}-"]  # the whole name is no role
    if len(others) == len(parts) and not re.search(r"(?<!\w)round[ \t]*\d", first.text, re.IGNORECASE):
        return None  # a heading of the argument, not of its author
    for part in others:
        told = plain(part)
        if len(told) > 2 and not _ROLE_NOISE.fullmatch(told):
            return told, first.line
    return None


def matched_role(told: str, roles: Iterable[str]) -> str | None:
    """The role of the pool that shares the longest start with ``told``; at least its first two words, or all of it."""
    wanted = folded(told).split()
    best: tuple[int, str] | None = None
    for role in roles:
        words = folded(role).replace("(", " ").replace(")", " ").split()
        length = next((i for i, (a, b) in enumerate(zip(wanted, words, strict=False)) if a != b), None)
        length = min(len(wanted), len(words)) if length is None else length
        if length >= min(2, len(wanted)) and (best is None or length > best[0]):
            best = (length, role)
    return best[1] if best else None


# -- scoreboard --------------------------------------------------------------------------------------------------------


class RoundRow(NamedTuple):
    """One round as the scoreboard states it: figures as written, by item."""

    round: int
    line: int
    score: int | None
    figures: dict[str, str]


class ScoreRow(NamedTuple):
    """One expert's row: scores by round; a dash means none."""

    name: str
    role: str | None
    line: int
    scores: dict[int, int]


class Scoreboard(msgspec.Struct, frozen=True):
    """What ``scoreboard.md`` says."""

    rounds: tuple[RoundRow, ...]
    experts: tuple[ScoreRow, ...]
    notes: tuple[Note, ...]


_COLUMNS: Final = {
    "w": "wisdom", "wisdom": "wisdom", "c": "consistency", "consistency": "consistency", "t": "truth",
    "truth": "truth", "r": "relationships", "relationships": "relationships", "score": "score",
    "open tensions": "open_tensions", "open t": "open_tensions", "tensions open": "open_tensions",
    "new perspectives": "new_perspectives", "new p": "new_perspectives", "velocity": "velocity",
    "converge %": "converge_percent", "convergence %": "converge_percent", "converge": "converge_percent",
    "convergence": "converge_percent",
}  # fmt: skip
_NUMBER: Final = re.compile(r"\d{1,6}")
_NONE: Final = frozenset({"", "-", "–", "—", "n/a", "na", "none", "."})
_ROUND_COLUMN: Final = re.compile(r"(?:r|round )(\d{1,2})")


def read_scoreboard(text: str) -> Scoreboard:
    """Read the round table and the expert table of ``scoreboard.md``; columns are found by their headings."""
    rounds: list[RoundRow] = []
    experts: list[ScoreRow] = []
    notes: list[Note] = []
    for table in tables(text):
        names = [folded(plain(cell)) for cell in table.header]
        if names and names[0] == "round" and any(name in _COLUMNS for name in names[1:]):
            _round_rows(table, names, rounds, notes)
        elif names and names[0] in ("expert", "agent", "name") and any(map(_ROUND_COLUMN.fullmatch, names)):
            _score_rows(table, names, experts, notes)
    return Scoreboard(tuple(rounds), tuple(experts), tuple(notes))


def _number(cell: str) -> int | None:
    words = plain(cell).removesuffix("%").strip()
    return int(words) if _NUMBER.fullmatch(words) else None


def _round_rows(table: Table, names: list[str], rounds: list[RoundRow], notes: list[Note]) -> None:
    told = {row.round for row in rounds}
    for line, cells in table.rows:
        number = _number(re.sub(r"(?i)^\W*r(?:ound)?[ \t]*(?=\d)", "", cells[0])) if cells else None
        if number is None:
            continue  # a row of totals
        if number in told:
            notes.append(Note("round_repeated", f"a second row for round {number} was left out", line))
            continue
        figures: dict[str, str] = {}
        score = None
        for name, cell in zip(names[1:], cells[1:], strict=False):
            item = _COLUMNS.get(name)
            if item is None or folded(plain(cell)) in _NONE:
                continue
            value = _number(cell)
            figures[item] = str(value) if value is not None else plain(cell)
            if item == "score":
                score = value
                if value is None:
                    notes.append(Note("score_unreadable", f"'{plain(cell)[:80]}' is no score", line))
        parts = [int(figures[part]) for part in COMPONENTS if figures.get(part, "").isdigit()]
        if score is not None and len(parts) == 4 and sum(parts) != score:
            said = " + ".join(map(str, parts))
            notes.append(Note("scores_differ", f"round {number}: {said} is {sum(parts)}, not {score}", line))
        told.add(number)
        rounds.append(RoundRow(number, line, score, figures))


def _score_rows(table: Table, names: list[str], experts: list[ScoreRow], notes: list[Note]) -> None:
    for line, cells in table.rows:
        name = plain(cells[0]) if cells else ""
        if not name or folded(name) in ("total", "sum", "totals"):
            continue
        role: str | None = None
        total: int | None = None
        scores: dict[int, int] = {}
        for column, cell in zip(names[1:], cells[1:], strict=False):
            found = _ROUND_COLUMN.fullmatch(column)
            if column == "role":
                role = plain(cell)[:LINE_LENGTH] or None
            elif column == "total":
                total = _number(cell)
            elif found and folded(plain(cell)) not in _NONE:
                value = _number(cell)
                if value is None:
                    said = f"'{plain(cell)[:80]}' of {name} is no score"
                    notes.append(Note("score_unreadable", said, line))
                else:
                    scores[int(found[1])] = value
        if total is not None and total != sum(scores.values()):
            said = f"the scores of {name} add up to {sum(scores.values())}, not {total}"
            notes.append(Note("scores_differ", said, line))
        experts.append(ScoreRow(name, role, line, scores))


# -- counts in running text --------------------------------------------------------------------------------------------


class Count(NamedTuple):
    """A figure in a sentence of the judge."""

    item: str
    claimed: str
    line: int
    said: str


_RATIO: Final = re.compile(r"(?<![\w/.-])(\d{1,3})[ \t]*/[ \t]*(\d{1,3})(?![\w/]|\.\d)")
_SAYS_AGREED: Final = re.compile(r"\W{0,4}(?:unanim|experts?\b|members?\b|converge|agree)", re.IGNORECASE)
_SAYS_RESOLVED: Final = re.compile(r"\W{0,4}(?:tensions?\b|resolved\b)", re.IGNORECASE)
_LABEL_AGREED: Final = re.compile(r"(?:unanimous|converged?|agreed|convergence)\W{0,40}$", re.IGNORECASE)
_LABEL_RESOLVED: Final = re.compile(r"(?:tensions[ \t]+resolved|resolved[ \t]+tensions)\W{0,40}$", re.IGNORECASE)
_OF_ALL: Final = re.compile(
    r"(?:unanim\w*(?:[ \t]+(?:across|among|by|of|between))+(?:[ \t]+all)?(?:[ \t]+the)?[ \t]+(?P<across>\d{1,3})[ \t]+"
    r"(?:experts|members|panelists|participants)\b"
    r"|\ball[ \t]+(?P<all>\d{1,3})[ \t]+(?:experts|members|panelists|participants)[ \t]+(?:have[ \t]+)?"
    r"(?:signal(?:l?ed)?[ \t]+(?:\[MOVE:[ \t]*)?converge|converged?\b|agreed?\b))",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"\b(?:not|never|no|nor|nearly|almost|if|unless|until|when|once|should)\b[^.!?│|]*$", re.IGNORECASE
)
_PERCENT: Final = re.compile(r"(?<![\d.])(\d{1,3})[ \t]*%[ \t]*\**converge", re.IGNORECASE)
_VELOCITY: Final = re.compile(r"velocity\W{1,40}(\d{1,4})(?!\d)", re.IGNORECASE)


def counts(text: str) -> list[Count]:
    """Counts in sentences: ``6/6 unanimous``, ``unanimous across all 6 experts``, ``17/17 tensions resolved``.

    Each is told once, where it stands first. Code fences are read too: judges draw their tables there.
    """
    found: dict[tuple[str, str], Count] = {}
    for number, written in enumerate(text.split("\n"), 1):
        row = written[:2000]
        if row.lstrip().startswith("|"):
            continue  # a table's columns were read as such
        told: list[tuple[str, str]] = []
        for ratio in _RATIO.finditer(row):
            before = row[max(0, ratio.start() - 80) : ratio.start()]
            if _SAYS_RESOLVED.match(row, ratio.end()) or _LABEL_RESOLVED.search(before):
                told.append(("tensions_resolved", f"{ratio[1]}/{ratio[2]}"))
            elif _SAYS_AGREED.match(row, ratio.end()) or _LABEL_AGREED.search(before):
                told.append(("agreed", f"{ratio[1]}/{ratio[2]}"))
        for match in _OF_ALL.finditer(row):
            if not _DENIED.search(row, 0, match.start()):
                told.append(("agreed", "/".join([match["across"] or match["all"]] * 2)))
        told += [("converge_percent", match[1]) for match in _PERCENT.finditer(row)]
        told += [("velocity", match[1]) for match in _VELOCITY.finditer(row)]
        for item, claimed in told:
            found.setdefault((item, claimed), Count(item, claimed, number, row.strip()))
    return list(found.values())


# -- tensions ----------------------------------------------------------------------------------------------------------


class TensionRow(NamedTuple):
    """A tension as the judge's list states it."""

    subject: str
    """The id as written."""
    number: int | None
    """For a plain ``Tnn``: its number in the judge's list."""
    label: str
    status: str | None
    line: int
    round: int | None = None
    """The round that stands in brackets behind the id."""
    raised: int | None = None
    """The round in which the list's column says that it was raised."""


_PLAIN_ROW: Final = re.compile(r"T(\d{1,3})")
_SUBJECT: Final = re.compile(
    r"(?P<id>(?:[A-Za-z][A-Za-z0-9-]{0,31}[ -])?(?:[Rr]\d{1,2}-)?T\d{1,4})(?![\w.-])"
    r"[ \t]*(?:\([Rr](?P<round>\d{1,2})\))?[ \t]*[:—–-]*[ \t]*(?P<label>.*)"
)
_A_ROUND: Final = re.compile(r"(?:r|round)?[ \t]*(\d{1,2})", re.IGNORECASE)
_STATUS: Final = re.compile(r"\*{0,2}status[ \t]*:[ \t]*\*{0,2}[ \t]*([^*\n]{1,80})", re.IGNORECASE)
_BOLD_START: Final = re.compile(r"\*\*([^*\n]{1,80})\*\*")


def read_tensions(text: str) -> list[TensionRow]:
    """Rows of ``tensions.md``: table rows whose first cell is an id, and headings that begin with one."""
    rows: list[TensionRow] = []
    for table in tables(text):
        names = [folded(plain(cell)) for cell in table.header]
        state = next((i for i, name in enumerate(names) if name in ("status", "state")), None)
        label = next((i for i, name in enumerate(names) if name in ("tension", "label", "description")), 1)
        raised = next((i for i, name in enumerate(names) if name in ("raised", "raised in", "round raised")), None)
        for line, cells in table.rows:
            found = _SUBJECT.fullmatch(plain(cells[0])) if cells else None
            if found is None or found["label"]:
                continue
            status = plain(cells[state]) if state is not None and state < len(cells) else None
            said = plain(cells[label]) if label < len(cells) else ""
            row = _tension_row(found, said, status or None, line)
            told = _A_ROUND.fullmatch(plain(cells[raised])) if raised is not None and raised < len(cells) else None
            rows.append(row._replace(raised=int(told[1])) if told else row)
    all_headings = headings(text)
    for index, heading in enumerate(all_headings):
        found = _SUBJECT.fullmatch(plain(heading.text))
        if found is None:
            continue
        body = text[heading.body : section_end(text, all_headings, index)]
        told = _STATUS.search(body) or _BOLD_START.match(body.lstrip())
        status = plain(told[1]) if told else None
        rows.append(_tension_row(found, found["label"], status, heading.line))
    return sorted(rows, key=lambda row: row.line)


def read_settled(text: str) -> list[TensionRow]:
    """Rows of a verdict's table of tensions, written or drawn: an id, and what is said to have become of it."""
    rows = []
    for line, written in enumerate(text.split("\n"), 1):
        row = written.strip()
        cells = [plain(cell) for cell in re.split(r"[│|]", row)[1:-1]] if row[:1] in ("│", "|") else []
        found = _SUBJECT.fullmatch(cells[0]) if len(cells) == 2 else None
        if found is not None and not found["label"] and cells[1]:
            rows.append(_tension_row(found, "", cells[1], line))
    return rows


_WRITTEN_IN: Final = re.compile(r"\bround[ \t]+(\d{1,2})\b", re.IGNORECASE)


def written_in(text: str) -> int | None:
    """The round in which a judge's file was written, where its title names one."""
    first = next(iter(headings(text)), None)
    found = _WRITTEN_IN.findall(first.text) if first is not None and first.level == 1 else []
    return int(found[0]) if len(found) == 1 else None


def _tension_row(found: re.Match[str], label: str, status: str | None, line: int) -> TensionRow:
    number = _PLAIN_ROW.fullmatch(found["id"])
    told = int(found["round"]) if found["round"] else None
    return TensionRow(found["id"], int(number[1]) if number else None, label, status, line, told)


# -- verdict without a marker ------------------------------------------------------------------------------------------


class Conclusion(NamedTuple):
    """What a verdict in free prose recommends, and the line from which it was read to the end of the file."""

    recommendation: str
    description: str
    first_line: int


_CONCLUDING: Final = re.compile(r"\b(?:answer|decision|verdict|recommendation)\b", re.IGNORECASE)


def read_conclusion(text: str) -> Conclusion | None:
    """The recommendation of a verdict that carries no marker.

    It is the heading under the first section (not the title) that speaks of an answer, decision, verdict or
    recommendation, with the paragraph that follows; without a heading there, the section's first paragraph. The
    description is everything after it: what a judge sets down below the answer (phases, reasons, amendments) belongs to
    the verdict under any heading. A text without such a section is read from its first paragraph on.
    """
    all_headings = headings(text)
    index = next((i for i, h in enumerate(all_headings) if h.level > 1 and _CONCLUDING.search(h.text)), None)
    if index is None:
        start = next((h.body for h in all_headings if h.level == 1), 0)
        return _conclusion(text, start, len(text), None)
    section = all_headings[index]
    end = section_end(text, all_headings, index)
    under = next((h for h in all_headings[index + 1 :] if h.start < end), None)
    return _conclusion(text, under.body if under else section.body, end, under)


def _conclusion(text: str, start: int, end: int, heading: Heading | None) -> Conclusion | None:
    paragraph, after = _paragraph(text, start, end)
    said = [plain(heading.text)] if heading else []
    recommendation = "\n\n".join([*said, *([paragraph] if paragraph else [])])
    if not recommendation.strip():
        return None
    first = heading.start if heading else start + len(text[start:end]) - len(text[start:end].lstrip())
    return Conclusion(
        recommendation=recommendation,
        description=text[after:].strip() or paragraph or recommendation,
        first_line=text.count("\n", 0, first) + 1,
    )


_BREAK: Final = re.compile(r"\n[ \t]*\r?(?:\n|$)|\n(?= {0,3}(?:#{1,6}[ \t]|```|~~~|---))")


def _paragraph(text: str, start: int, end: int) -> tuple[str, int]:
    """The first paragraph of prose from ``start``, and where it ends; empty where a heading comes first."""
    while start < end and text[start].isspace():
        start += 1
    if HEADING.match(text, start, end):
        return "", start
    found = _BREAK.search(text, start, end)
    stop = found.start() if found else end
    return text[start:stop].strip(), stop
