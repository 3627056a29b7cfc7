"""How fast markers are read: the real transcripts in MB/s, and hostile texts of 2 MB in seconds.

    python bench/markers.py [--repeats 7] [--json] [--transcripts FOLDER]

Beside it, as a yardstick, the plainest reader that could be written: one regular expression on each line. It knows one
form of entity, references and moves; no fences, no inline code, no lines and columns, no linking, no diagnostics.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hansard.markers import parse

GOAL_MB_PER_S = 40.0
GOAL_HOSTILE_S = 1.0
HOSTILE_CHARACTERS = 2_000_000

Text = tuple[str, str, int]


def default_folder() -> Path:
    shared = os.environ.get("HANSARD_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    return Path(shared) / "data" / "dialogues"


def transcripts(folder: Path) -> list[Text]:
    """Every response: its text, its author, its round."""
    paths = sorted(folder.glob("*/round-*/*.md"))
    return [(path.read_text(encoding="utf-8"), path.stem, int(path.parent.name[6:])) for path in paths]


def filled(piece: str) -> str:
    return (piece * (HOSTILE_CHARACTERS // len(piece) + 1))[:HOSTILE_CHARACTERS]


def hostile() -> dict[str, str]:
    """Texts that make a careless reader slow, each of 2 MB."""
    half = HOSTILE_CHARACTERS // 2
    return {
        "unclosed markers on one line": filled("[PERSPECTIVE P01: "),
        "unclosed markers on many lines": filled("[PERSPECTIVE P01: \n"),
        "unclosed markers, one closing bracket at the end": filled("[PERSPECTIVE P01: ")[:-1] + "]",
        "unclosed references": filled("[RE:SUPPORT "),
        "[RE: without end": filled("[RE:"),
        "opening brackets": filled("["),
        "opening brackets behind a marker": "[PERSPECTIVE P01: " + filled("["),
        "brackets nested to the middle": "[PERSPECTIVE P01: " + "[" * half + "]" * half,
        "pairs of brackets behind a marker": "[PERSPECTIVE P01: " + filled("[]"),
        "one backtick run": filled("`"),
        "backticks one by one": filled("` "),
        "backtick runs of growing length": filled(" ".join("`" * n for n in range(1, 1400))),
        "markers among backticks on one line": filled("` [MOVE:CONVERGE] "),
        "table rows of markers": filled("| [MUFFIN-P0101: a] | [RE:SUPPORT P0001] |\n"),
        "one table row": "|" + filled(" [MUFFIN-P0101: a] |"),
        "a million short lines": filled("a\n"),
        "a million short lines and a marker": filled("a\n") + "[PERSPECTIVE P01: a]\n",
        "short markers": filled("[MOVE:CONVERGE]\n"),
        "unknown markers": filled("[AB]\n"),
        "markers of one number": filled("[PERSPECTIVE P01: a]\nb\n"),
        "markers without a number": filled("[TENSION: a]\nb\n"),
        "ids in one label": "[RESOLVED: " + filled("T01/") + "]",
        "names in one label": "[RESOLVED: " + filled("Muffin's ") + "]",
        "hyphens in one label": "[RESOLVED: " + filled("a-") + "]",
        "one word": "[RESOLVED: " + filled("a") + "]",
        "rules": filled("---\n"),
        "rules that are none": filled("- " * 500 + "x\n"),
        "fences": filled("```\n"),
        "fences that are none": filled("``` "),
        "headings above a marker without words": filled("# a\n") + "[MOVE:CONVERGE]",
        "spaces": filled(" ") + "[MOVE:CONVERGE]" + filled(" "),
        "decoration": filled("- ") + "[MOVE:CONVERGE]",
        "block quote": "> " + filled("[MOVE:CONVERGE] "),
        "fields": "[VERDICT:FINAL]\n" + filled("**Vote:** 5-1\n"),
        "fields that are none": "[VERDICT:FINAL]\n" + filled("a b c d e f g h i j k l m n o p\n"),
        "a verdict in one line": "[VERDICT:FINAL]\n" + filled("**a "),
        "carriage returns": filled("\r"),
        "wide characters": filled("🧁[PERSPECTIVE P01: 🧁"),
    }


_PLAIN = re.compile(r"\[(?:(?:PERSPECTIVE|TENSION) ([PT]\d\d): (.*)|(RE|MOVE):(\w+) ?(.*))\]")


def read_line_by_line(text: str, expert: str, round_: int) -> list[tuple[str, ...]]:
    """The yardstick: one search on each line, bodies as the lines up to the next hit."""
    found: list[tuple[str, ...]] = []
    body: list[str] = []
    for line in text.split("\n"):
        hit = _PLAIN.search(line)
        if hit:
            found.append((expert, str(round_), *(group or "" for group in hit.groups()), "\n".join(body)))
            body = []
        else:
            body.append(line)
    return found


def seconds(action: Callable[[], object], repeats: int) -> tuple[float, float]:
    """The median of some repeats, and the best of them (what a busy machine disturbed least)."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times), min(times)


def reading(read: Callable[[str, str, int], object], texts: list[Text]) -> None:
    for text in texts:
        read(*text)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=7, help="repeats of which the median counts (default 7)")
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    arguments.add_argument("--transcripts", type=Path, default=default_folder(), help="folder of dialogues")
    given = arguments.parse_args()
    texts = transcripts(given.transcripts)
    if not texts:
        print(f"no transcripts in {given.transcripts}; name a folder by --transcripts", file=sys.stderr)
        return 2
    size = sum(len(text.encode()) for text, _, _ in texts)
    repeats = max(1, given.repeats)
    corpora = {
        "hansard, each transcript on its own": (parse, texts),
        "hansard, all of them as one text": (parse, [("\n".join(text for text, _, _ in texts), "muffin", 1)]),
        "line by line (yardstick)": (read_line_by_line, texts),
    }
    rates = {
        name: [size / taken / 1e6 for taken in seconds(partial(reading, *corpus), repeats * 5)]
        for name, corpus in corpora.items()
    }
    times = {name: seconds(partial(parse, text, "muffin", 1), min(repeats, 3))[0] for name, text in hostile().items()}
    met = rates[next(iter(rates))][0] >= GOAL_MB_PER_S and max(times.values()) <= GOAL_HOSTILE_S
    if given.json:
        medians = {name: median for name, (median, _) in rates.items()}
        print(
            json.dumps({"files": len(texts), "bytes": size, "mb_per_s": medians, "hostile_s": times, "goals_met": met})
        )
        return 0
    print(f"{len(texts)} transcripts, {size:,} bytes; median and best; goal {GOAL_MB_PER_S:.0f} MB/s")
    for name, (median, best) in rates.items():
        print(f"  {median:8.1f} {best:8.1f} MB/s  {name}")
    print(f"hostile texts of {HOSTILE_CHARACTERS:,} characters; median; goal {GOAL_HOSTILE_S:.0f} s each")
    for name, taken in sorted(times.items(), key=lambda pair: -pair[1]):
        print(f"  {taken:8.3f} s  {name}")
    print("goals met" if met else "GOALS NOT MET")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
