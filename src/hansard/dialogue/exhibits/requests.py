"""What callers send to the operations on exhibits, watches and standing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from hansard.dialogue.model import EXHIBIT_KINDS
from hansard.dialogue.requests import DialogueId, DialogueWrite, Line, Name, WatchIn
from hansard.kernel.canonical import MAX_SAFE_INTEGER
from hansard.kernel.shapes import JsonObject, Shape, any_case

Sha256 = Annotated[Name, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""64 hexadecimal digits in lower case."""


class ExhibitAdd(DialogueWrite):
    """Pin outside material by its hash, so that evidence can cite it."""

    kind: Annotated[Name, any_case(*EXHIBIT_KINDS)]
    """file, verdict, calibration, memory_query, symmetry_tick, gate_result or agent_history."""
    label: Line | None = None
    """What it is, in a few words; a file's name when left out."""
    path: Name | None = None
    """Of a file: the file, which is copied to the dialogue's folder. A relative one is looked for there."""
    reference: JsonObject = {}
    """What to look at again: of a verdict ``dialogue_id`` and ``verdict_id``, of a calibration ``ethos_id``, of a
    memory query its ``filter``, of the others what their kind needs (``session``, ``gate``, ``agent``)."""
    digest: Sha256 | None = None
    """SHA-256 of what is pinned: computed for files, verdicts, calibrations and filters, stated for the others. A file
    that is not to be copied is pinned by its digest alone."""
    size: Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)] | None = None
    """Bytes, where they are not here."""
    media_type: Annotated[Name, StringConstraints(max_length=200)] | None = None
    added_by: Name = "judge"
    """Slug of an expert, ``judge`` or ``user``."""
    replaces: Name | None = None
    """An earlier exhibit of which this is the newer state; whatever rests on that one is stale from now on."""


class ExhibitList(Shape):
    """Ask for a dialogue's exhibits."""

    dialogue_id: DialogueId


class WatchAdd(DialogueWrite):
    """Bind a condition of a verdict that was given to a gate or a date."""

    verdict_id: Name
    watch: WatchIn


class StandingQuery(Shape):
    """Ask whether verdicts still stand."""

    dialogue_id: DialogueId
    verdict_id: Name | None = None
    """One of its verdicts; all of them when left out."""
    on: Name | None = None
    """The day for which to tell (``2027-03-01``); today when left out."""
