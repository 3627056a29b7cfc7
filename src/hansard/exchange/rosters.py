"""Who is called to a dialogue: the judge's pool and panels, read from JSON into typed values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from hansard.dialogue.model import TIERS
from hansard.exchange import errors
from hansard.exchange.telling import Note
from hansard.kernel.ids import folded
from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.shapes import unstorable

LINE_LENGTH: Final = 1000
"""Longest title, role or label that the record takes."""


def load_json(text: str, name: str) -> Any:
    """The value a JSON file holds, if it is one that the record can keep.

    Raises:
        HansardError: ``json_malformed`` with line and column; ``json_unfit`` for what no record can hold.
    """
    try:
        value = json_value(text)
    except NotJsonError as fault:
        raise errors.json_malformed(name, fault.line, fault.column, fault.why) from None
    for path, why, _ in unstorable(value):
        raise errors.json_unfit(name, path[1:] if path.startswith(".") else f"the file{path}", why)
    return value


class Agent(NamedTuple):
    """Somebody of a pool or a panel, as the judge's file tells."""

    name: str | None
    role: str | None
    tier: str | None
    relevance: float | None
    focus: str | None
    description: str | None = None
    source: str | None = None
    creation_reason: str | None = None


class Pool(msgspec.Struct, frozen=True):
    """What ``expert-pool.json`` says."""

    title: str | None
    question: str | None
    domain: str | None
    background: dict[str, Any] | None
    experts: tuple[Agent, ...]
    notes: tuple[Note, ...]


class Panel(msgspec.Struct, frozen=True):
    """What a round's ``panel.json`` says; every agent has a name."""

    agents: tuple[Agent, ...]
    notes: tuple[Note, ...]


def read_pool(text: str, name: str) -> Pool:
    """Read ``expert-pool.json``: ``{title?, question?, domain?, background?, experts: [{name?, role, tier?, …}]}``.

    Raises:
        HansardError: ``json_malformed`` or ``json_unfit``.
    """
    value = _mapping(load_json(text, name), name, "the file")
    notes: list[Note] = []
    entries = value.get("experts", [])
    if not isinstance(entries, list):
        raise errors.json_unfit(name, "experts", "is no list")
    experts = []
    for index, entry in enumerate(entries):
        agent = _agent(_mapping(entry, name, f"experts[{index}]"), name, f"experts[{index}]", notes)
        if agent.role is None:
            notes.append(Note("role_missing", f"experts[{index}] of the pool has no role"))
            agent = agent._replace(role="unknown")
        experts.append(agent)
    return Pool(
        title=_line(value, "title", name, "title", notes),
        question=_text(value, "question", name, "question"),
        domain=_text(value, "domain", name, "domain"),
        background=_background(value.get("background"), name),
        experts=tuple(experts),
        notes=tuple(notes),
    )


def read_panel(text: str, name: str) -> Panel:
    """Read ``panel.json``: ``{agents: [{name, role?, tier?, …}], history?: {experts: [{name, source?, …}]}}``.

    Raises:
        HansardError: ``json_malformed`` or ``json_unfit``.
    """
    value = _mapping(load_json(text, name), name, "the file")
    notes: list[Note] = []
    entries = value.get("agents")
    if not isinstance(entries, list):
        raise errors.json_unfit(name, "agents", "is no list" if "agents" in value else "is missing")
    history: dict[str, Mapping[str, Any]] = {}
    told = value.get("history")
    if isinstance(told, dict) and isinstance(told.get("experts"), list):
        for entry in told["experts"]:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                history[folded(entry["name"])] = entry
    agents = []
    for index, entry in enumerate(entries):
        path = f"agents[{index}]"
        own = _mapping(entry, name, path)
        if not isinstance(own.get("name"), str) or not own["name"].strip():
            raise errors.json_unfit(name, f"{path}.name", "is missing" if "name" not in own else "is no name")
        agents.append(_agent({**history.get(folded(own["name"]), {}), **own}, name, path, notes))
    return Panel(tuple(agents), tuple(notes))


def read_exhibits(text: str, name: str) -> list[Mapping[str, Any]]:
    """Read ``exhibits.json``: ``{exhibits: [{id, kind, label, reference, digest, …}]}``, ids in turn from ``X0001``.

    Raises:
        HansardError: ``json_malformed`` or ``json_unfit``.
    """
    entries = _mapping(load_json(text, name), name, "the file").get("exhibits")
    if not isinstance(entries, list):
        raise errors.json_unfit(name, "exhibits", "is no list")
    found: list[Mapping[str, Any]] = []
    for index, entry in enumerate(entries):
        one = dict(_mapping(entry, name, f"exhibits[{index}]"))
        if one.pop("id", None) != f"X{index + 1:04d}":
            raise errors.json_unfit(name, f"exhibits[{index}].id", f"is not X{index + 1:04d}: ids are given in turn")
        found.append(one)
    return found


def _mapping(value: Any, name: str, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise errors.json_unfit(name, path, "is no object")
    return value


def _text(value: Mapping[str, Any], key: str, name: str, path: str) -> str | None:
    """A text that says something, else nothing."""
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, str):
        raise errors.json_unfit(name, path, "is no text")
    return found if found.strip() else None


def _line(value: Mapping[str, Any], key: str, name: str, path: str, notes: list[Note]) -> str | None:
    found = _text(value, key, name, path)
    if found is not None and len(found) > LINE_LENGTH:
        notes.append(Note("text_cut", f"{path} has {len(found)} characters; the first {LINE_LENGTH} were taken"))
        return found[: LINE_LENGTH - 1] + "…"
    return found


def _agent(entry: Mapping[str, Any], name: str, path: str, notes: list[Note]) -> Agent:
    tier = _text(entry, "tier", name, f"{path}.tier")
    known = next((word for word in TIERS if tier is not None and word.casefold() == tier.strip().casefold()), None)
    if tier is not None and known is None:
        notes.append(Note("tier_unknown", f"{path}.tier '{tier[:80]}' is no tier; it was left out"))
    relevance = entry.get("relevance")
    if relevance is not None and (
        isinstance(relevance, bool) or not isinstance(relevance, int | float) or not 0 <= relevance <= 1
    ):
        notes.append(Note("relevance_unusable", f"{path}.relevance is no share from 0 to 1; it was left out"))
        relevance = None
    return Agent(
        name=_line(entry, "name", name, f"{path}.name", notes),
        role=_line(entry, "role", name, f"{path}.role", notes),
        tier=known,
        relevance=None if relevance is None else float(relevance),
        focus=_text(entry, "focus", name, f"{path}.focus"),
        description=_text(entry, "description", name, f"{path}.description"),
        source=_text(entry, "source", name, f"{path}.source"),
        creation_reason=_text(entry, "creation_reason", name, f"{path}.creation_reason"),
    )


def _background(value: Any, name: str) -> dict[str, Any] | None:
    """The background as a request takes it; fields that it does not know stand among the constraints."""
    if value is None:
        return None
    if isinstance(value, str):
        return {"description": value} if value.strip() else None
    told = _mapping(value, name, "background")
    known: dict[str, Any] = {}
    further: dict[str, Any] = {}
    for key, item in told.items():
        if key in ("subject", "description", "situation") and isinstance(item, str):
            known[key] = item
        elif key == "constraints" and isinstance(item, dict):
            further.update(item)
        elif item is not None:
            further[key] = item
    if further:
        known["constraints"] = further
    return known or None
