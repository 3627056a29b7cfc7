"""``docs/markers.md``, made from the tables of ``syntax``: ``python -m hansard.markers.document docs/markers.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from hansard.markers.heads import MAX_MARKERS
from hansard.markers.model import Dialect
from hansard.markers.syntax import (
    DIAGNOSTICS,
    EXPERT_TARGET_TYPES,
    MARKERS,
    TARGET_FORMS,
    TENSION_ONLY,
    VERDICT_FIELDS,
    Family,
)


def _listed(types: Iterable[str]) -> str:
    *words, last = sorted(word.upper() for word in types)
    return f"{', '.join(words)} and {last}"


_OPENING: Final = f"""\
# Markers

<!-- Made by `python -m hansard.markers.document docs/markers.md` from the tables of `hansard.markers.syntax`. -->

An expert answers in prose and marks what counts. `hansard.markers.parse(text, expert, round)` reads the marks of both
dialects, the specification's and the working one of older transcripts, and gives back typed values with their places.
It never fails on a text, and it drops nothing: what is no item is prose, an annotation or a quotation, and is told.

## What is a marker

- Square brackets on one line, capitals at the start. Brackets inside a label pair up, and those in inline code do not
  count, so a label may hold `` `depends_on: [A]` ``, quotes, colons, slashes and dashes. A bracket that is never closed
  on its line leaves the line as prose (`unclosed_marker`).
- Anywhere in a line. A marker that opens its line ends the words of the marker above it; bullets, numbers, heading
  signs, bold, check boxes and a lead-in such as `**Move**:` may stand before it. A marker inside a sentence or a table
  row ends nothing; its words are those around it.
- Not in fenced code (an unclosed fence goes to the end of the text), not in inline code, not behind a backslash. Links
  (`[text](address)`), check boxes, footnotes and citations (`[1]`) are text. Indented lines are read like any other.
- In a block quote it is somebody's words: kept as a quotation, counted as nothing.
- An entity under another expert's name is a quotation too (`foreign_attribution`).
- A marker said again counts once: in a table that sums up, or an entity with the same id, the same label and no words.
- At most {MAX_MARKERS:,} markers in one response; behind them all is prose (`too_many_markers`).

## Words and bodies

The words of a marker, its body or context, run to the next marker that opens a line, to a rule (`---`, `***`, `___`) or
to the end; headings, tables and code inside belong to it. Where no words follow a marker it takes the prose above it,
to the last marker, rule or heading. What belongs to no marker is kept as prose.

A reference stands for the entity above it, and without one for the whole response. An annotation stands for the entity
above it in the same section, that is with no rule between.

## Numbers

`[PERSPECTIVE P01: …]` by muffin in round 1 is `MUFFIN-P0101`. A number used twice in a response, or no plain number
(`T04-R1`, `T-NEW`, `T4.1`), gets the next free one and a diagnostic; what it points back to stands in `restates`.
Numbers go from 01 to 99; where none is left, the marker stays prose (`id_space_exhausted`).
"""

_HEADINGS: Final[dict[tuple[Family, Dialect], str]] = {
    ("entity", "specification"): "## Entities",
    ("entity", "working"): "In the working dialect:",
    ("reference", "specification"): "## References",
    ("move", "specification"): "## Moves",
    ("stance", "specification"): "## Stances",
    ("verdict", "specification"): "## Verdicts and dissent",
    ("exhibit", "specification"): "## Exhibits",
    ("annotation", "working"): "## Annotations of the working dialect",
}

_TARGETS: Final = """\
Several ids in one marker stand with spaces, commas, slashes or `and` between them. In an annotation, ids right behind
the word count (`[RESOLVED T05/T06: …]`, `[RESOLVED MUFFIN R1-T01, MACARON R1-T01]`), then ids of the label: those that
open it, else those that tell their owner, else the first bare one. An id that tells its owner beats a bare one of the
same kind and number. An annotation that names nothing is about the id right behind it (`[ACCEPT] T03 closed`). Ids in
prose are mentions, never links, and `CH0001-R05` or `ADR-0014` are no ids. Which entity a target means, only the whole
dialogue can tell; the parser gives what is written.
"""

_REFERENCE_RULES: Final = f"""\
{_listed(TENSION_ONLY)} must name a tension; REFINE an entity of the kind it stands under; only
{_listed(EXPERT_TARGET_TYPES)} may name an expert. `[RE: ID]` without a type is read as SUPPORT.
"""

_MOVE_RULES: Final = """\
A move that nobody knows (`[MOVE:CONDITIONAL-CONVERGE]`) is an annotation and counts as nothing. So is a convergence
with words in its brackets, and one in a sentence that denies it or sets a condition ("I cannot [MOVE:CONVERGE] yet").
"""

_FIELD_RULES: Final = """\
Fields in the body stand one to a line, in bold or not, with the colon inside or outside the bold; a list may follow.
Any other name in bold that opens a line is a field of its own. The rest is the description.
"""

_EXHIBIT_RULES: Final = """\
It stands anywhere in the words of the evidence and stays part of them; several ids with commas, a remark behind a colon
(`[EXHIBIT X0001, X0002: page 3]`). What another entity rests on, it reaches through `[RE:DEPEND …]` to evidence.
"""

_RULES: Final[dict[Family, str]] = {
    "reference": _REFERENCE_RULES,
    "move": _MOVE_RULES,
    "exhibit": _EXHIBIT_RULES,
}


def markdown() -> str:
    """The whole document."""
    parts = [_OPENING]
    for (family, dialect), heading in _HEADINGS.items():
        rows = [
            (f"`{marker.form}`", marker.meaning, f"`{marker.example}`")
            for marker in MARKERS
            if (marker.family, marker.dialect) == (family, dialect)
        ]
        parts += [heading, _table(("Marker", "Meaning", "Example"), rows)]
        if family == "verdict":
            fields = [(f"`{field.name}`", ", ".join(f"`**{w}:**`" for w in field.written)) for field in VERDICT_FIELDS]
            parts += [_FIELD_RULES, _table(("Field", "Written"), fields)]
        elif family in _RULES:
            parts.append(_RULES[family])
    parts += [
        "## Ids",
        _table(("Form", "Example", "Means"), [(f"`{t.form}`", f"`{t.example}`", t.meaning) for t in TARGET_FORMS]),
        _TARGETS,
        "## Diagnostics",
        _table(
            ("Code", "Severity", "Says", "Remedy"),
            [
                (f"`{code}`", told.severity, told.message, told.remedy.replace("{hint}", ""))
                for code, told in DIAGNOSTICS.items()
            ],
        ),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8", newline="\n")
