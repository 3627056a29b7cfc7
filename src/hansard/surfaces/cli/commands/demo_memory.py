"""``hansard demo --example m456``: evidence that cites queries of the memory, asked again."""

import os
import shutil
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hansard.memory import FOLDER
from hansard.surfaces.cli import exits
from hansard.surfaces.cli.frame import Frame

if TYPE_CHECKING:
    from hansard.surfaces.render.blocks import Block

MATCH: Final = 'match_id == "M456"'
QUERIES: Final = (MATCH, f"{MATCH} and not success", "is_baseline_bot", "is_baseline_bot and not success")
HARMLESS: Final = 0.1
"""The score that a forger would like to see."""


def give(frame: Frame, home: Path, *, passing: bool) -> int:
    """Give the demo in this home, which may be for passing use; exit code 0 only if everything went as it should."""
    from hansard.surfaces.cli.commands.demo import Example, example_folder, program_name
    from hansard.surfaces.render import demo as views
    from hansard.surfaces.render import memory, standing
    from hansard.surfaces.render.custody import verified
    from hansard.surfaces.render.exchange import imported as read_in

    def say(shown: "Iterable[Block]") -> None:
        if not frame.json:
            frame.show(shown)

    with frame.parts(home=home, make=True, own=True) as parts:
        say(views.step(1, "Windows are kept", "Six matches, generated: M456, one of people, four of baseline bots."))
        kept = frame.ask(parts, "memory_generate", {"scenario": Example.M456.value}, "Keeping windows")
        say(memory.ingested(kept))

        say(views.step(2, "The memory is asked", "How much of each is above the threshold, and when."))
        counts = {}
        for text in QUERIES:
            found = frame.ask(parts, "memory_query", {"filter": text, "limit": 0})
            counts[text] = found.count
            say(memory.found(found))
        request = {"filter": MATCH, "threshold": 0.5, "min_length": 5, "max_gap": 0.9}
        sums = frame.ask(parts, "memory_stats", request)
        say(views.bursts(sums.bursts))

        say(views.step(3, "A panel has judged them", "Four experts argued two rounds; their evidence cites queries."))
        imported = frame.ask(parts, "dialogue_import", {"path": str(example_folder(Example.M456))}, "Importing")
        say(read_in("the shipped example", imported, whole=False))
        asked = frame.ask(parts, "exhibit_list", {"dialogue_id": imported.dialogue_id})
        say(standing.exhibits(asked))

        say(views.step(4, "The record is verified", "Every row and text, and every query is asked once more."))
        store = frame.ask(parts, "verify", {"all": True}, "Verifying")
        say(verified(store))

    say(views.step(5, "A copy is forged by one score", "Somebody makes the highest score of M456 a harmless one."))
    copy = home / "forged"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("forged"))
    said = forge(copy, sums.statistics["largest"])
    say(views.score_forged(said, HARMLESS))
    with frame.parts(home=copy, own=True) as parts:
        found = frame.ask(parts, "verify", {"all": True}, "Verifying")
    say(verified(found))

    pinned = all(exhibit.state == "as_pinned" for exhibit in asked.exhibits)
    as_it_should = pinned and store.ok and not found.ok
    if frame.json:
        frame.document(
            {
                "status": "success" if as_it_should else "error",
                "home": str(home),
                "dialogue_id": imported.dialogue_id,
                "counts": counts,
                "exhibits": [exhibit.model_dump(mode="json") for exhibit in asked.exhibits],
                "store": store.model_dump(mode="json"),
                "copy": found.model_dump(mode="json"),
            }
        )
    else:
        program = program_name(os.environ, sys.argv[0])
        frame.show(views.ending_memory(home, program, passing=passing) if as_it_should else views.failure(home))
    return exits.OK if as_it_should else exits.FOUND


def forge(home: Path, score: Any) -> float:
    """Put another number in the place of a score in a record of the memory; tells the score."""
    for file in sorted((home / FOLDER).glob("worker-*/*.seg")):
        data = file.read_bytes()
        file.write_bytes(data.replace(struct.pack(">d", score), struct.pack(">d", HARMLESS), 1))
    return float(score)
