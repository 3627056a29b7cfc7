"""What an erasure makes of rows: words go, and the mark ``[erased]`` stands where they stood. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from hansard.custody.proof.words import texts_in
from hansard.dialogue import model
from hansard.dialogue.model import ERASED, Record, Row
from hansard.kernel.ids import parse_display_id
from hansard.markers.names import name_slug

WORDS: Final[Mapping[type[Row], tuple[str, ...]]] = {
    model.Dialogue: ("title", "question", "background"),
    model.Expert: ("role", "description", "focus", "creation_reason"),
    model.PanelMember: ("focus",),
    model.Round: ("title", "summary"),
    model.Utterance: ("raw", "annotations", "modifiers"),
    model.Entity: ("label", "content", "parameters"),
    model.Event: ("reason",),
    model.Ref: ("context",),
    model.Move: ("topic", "context"),
    model.Stance: ("condition",),
    model.Verdict: (
        "label", "recommendation", "description", "conditions", "what_would_change", "dismissals", "force_reason",
        "ethos_compliance",
    ),
    model.JudgeClaim: ("claimed",),
    model.Document: ("body",),
    model.Exhibit: ("label", "reference"),
    model.Watch: ("condition",),
    model.DialogueEvent: ("reason", "detail"),
}  # fmt: skip
"""The columns of each row that hold words of somebody's own."""

DROPPED: Final = frozenset({"background", "parameters", "annotations"})
"""Columns of free form, whose keys may be words too: nothing is left of them."""

_RESPONSE: Final = re.compile(r"round-(\d{1,2})/([a-z][a-z0-9-]{1,31})")
_SAID: Final = re.compile(r"(?i:round)-(\d{1,2})/(.+)")
_ROUND: Final = re.compile(r"round-(\d{1,2})")
_EXHIBIT: Final = re.compile(r"X\d{4}")


class Blanked(NamedTuple):
    """A row before and after."""

    item: str
    before: Row
    after: Row

    @property
    def words(self) -> list[str]:
        """The texts that go."""
        # annotations repeat the response, and the reader's own sentences, which stand in many places
        names = [name for name in WORDS.get(type(self.before), ()) if name != "annotations"]
        kept = set(texts_in([getattr(self.after, name) for name in names]))
        return [text for text in texts_in([getattr(self.before, name) for name in names]) if text not in kept]


def blanked(row: Row) -> Row:
    """A row without its words."""
    changes: dict[str, Any] = {}
    for name in WORDS.get(type(row), ()):
        value = getattr(row, name)
        if value is not None:
            changes[name] = None if name in DROPPED else _without_words(value)
    return msgspec.structs.replace(row, **changes) if changes else row


def _without_words(value: Any) -> Any:
    """A value with every text in it replaced; keys, numbers and truth stay."""
    if isinstance(value, str):
        return ERASED
    if isinstance(value, list):
        return [_without_words(inner) for inner in value]
    if isinstance(value, dict):
        return {key: inner if key in ("rule_id", "points") else _without_words(inner) for key, inner in value.items()}
    return value


def chosen(record: Record, item: str) -> list[Row] | None:
    """The rows that an item stands for; ``None`` where there is nothing of that name.

    A response takes with it what was read from it alone: entities of nobody else, and the words beside its references,
    moves and stance.
    """
    if item == "question":
        return [record.dialogue]
    if found := _RESPONSE.fullmatch(item):
        return _of_response(record, int(found[1]), found[2])
    if found := _ROUND.fullmatch(item):
        return [row for row in record.rounds if row.round == int(found[1])] or None
    if _EXHIBIT.fullmatch(item):
        return [row for row in record.exhibits if row.id == item] or None
    kind, _, name = item.partition(":")
    if kind == "document":
        return [row for row in record.documents if row.name == name] or None
    if kind == "verdict":
        verdicts: list[Row] = [row for row in record.verdicts if row.verdict_id == name]
        return [*verdicts, *(row for row in record.watches if row.verdict_id == name)] if verdicts else None
    if parse_display_id(item) is not None:
        entities = [row for row in record.entities if row.id == item]
        return _of_entities(record, entities) if entities else None
    return None


def as_written(item: str) -> str:
    """An item whose letters may have the wrong case; ids of verdicts and names of documents are the record's own."""
    kind, colon, name = item.strip().partition(":")
    if colon:
        return f"{kind.lower()}:{name}"
    large = kind.upper()
    return large if parse_display_id(large) is not None or _EXHIBIT.fullmatch(large) else kind.lower()


def items_in(record: Record, items: Iterable[str]) -> list[str]:
    """Items as the record writes them; a response may be named by its speaker's name (``round-0/Jürgen``)."""
    slugs = {expert.slug for expert in record.experts}
    found = []
    for item in items:
        said = _SAID.fullmatch(item.strip())
        slug = name_slug(said[2]) if said and said[2].lower() not in slugs else ""
        found.append(f"round-{said[1]}/{slug}" if said and slug else as_written(item))
    return found


def _of_response(record: Record, number: int, slug: str) -> list[Row] | None:
    said = [row for row in record.utterances if (row.round, row.slug) == (number, slug)]
    if not said:
        return None
    own = [row for row in record.entities if row.round == number and row.contributors == [slug]]
    rows: list[Row] = [*said, *_of_entities(record, own)]
    rows += [row for row in record.refs if row.round == number and row.source_id == f"@{slug}"]
    rows += [row for row in record.moves if (row.round, row.expert_slug) == (number, slug)]
    rows += [row for row in record.stances if (row.round, row.expert_slug) == (number, slug)]
    return rows


def _of_entities(record: Record, entities: Iterable[model.Entity]) -> list[Row]:
    ids = {row.id: row.key for row in entities}
    rows: list[Row] = [row for row in record.entities if row.id in ids]
    rows += [row for row in record.refs if row.source_id in ids]
    rows += [row for row in record.events if row.key in ids.values()]
    return rows


def forgotten_origin(dialogue: model.Dialogue, holds: Callable[[str], bool]) -> model.Dialogue:
    """An imported dialogue's row without what would confirm a guess at erased words: the plain hashes of the files that
    it came from, and diagnostics that repeat them."""
    origin = dialogue.origin
    if origin is None:
        return dialogue
    inner = origin.get("exported")
    hashes = {str(origin.get("digest")), str(inner.get("digest")) if isinstance(inner, dict) else ""} - {"", ERASED}
    told = [
        one
        for one in origin.get("diagnostics", [])
        if not holds(words := str(one.get("message", ""))) and not any(digest in words for digest in hashes)
    ]
    left = {**origin, "files": {}, "digest": ERASED, "diagnostics": told}
    if isinstance(inner, dict):
        left["exported"] = {**inner, "digest": ERASED, "origin": None}
    return msgspec.structs.replace(dialogue, origin=left)


def items_of(record: Record) -> list[str]:
    """Every item of a record that can be named."""
    return [
        "question",
        *(f"round-{row.round}" for row in record.rounds),
        *(f"round-{row.round}/{row.slug}" for row in record.utterances),
        *(row.id for row in record.entities),
        *(f"verdict:{row.verdict_id}" for row in record.verdicts),
        *(row.id for row in record.exhibits),
        *(f"document:{row.name}" for row in record.documents),
    ]


def item_of(row: Row) -> str | None:
    """The item that a row is named by, where it has one."""
    match row:
        case model.Dialogue():
            return "question"
        case model.Round():
            return f"round-{row.round}"
        case model.Utterance():
            return f"round-{row.round}/{row.slug}"
        case model.Entity() | model.Exhibit():
            return row.id
        case model.Verdict():
            return f"verdict:{row.verdict_id}"
        case model.Document():
            return f"document:{row.name}"
    return None


def whole_dialogue(dialogue: model.Dialogue) -> model.Dialogue:
    """The row that is left of a dialogue of which everything is erased: its id, its times, its figures."""
    return msgspec.structs.replace(
        dialogue,
        title=ERASED,
        question=ERASED,
        background=None,
        domain=None,
        expert_pool=[],
        tags=[],
        output_dir=None,
        calibration=None,
        origin=None,
        status="abandoned",
        converged_at=None,
    )
