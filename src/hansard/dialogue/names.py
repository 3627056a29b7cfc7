"""What experts are called: by the names that were given, where these say more than their slugs. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hansard.dialogue.model import Dialogue, Expert, Record
from hansard.markers.names import own_name


def own_names(dialogue: Dialogue, experts: Iterable[Expert]) -> dict[str, str]:
    """The names that say more than their slugs; what was written before they were kept has them in its pool alone."""
    pool = {entry["slug"]: entry.get("name") for entry in dialogue.expert_pool if entry.get("slug")}
    named = {expert.slug: expert.name or own_name(pool.get(expert.slug), expert.slug) for expert in experts}
    return {slug: name for slug, name in named.items() if name is not None}


def with_names(record: Record) -> Record:
    """The record with the name of every expert whose name says more than the slug."""
    own = own_names(record.dialogue, record.experts)
    named = [msgspec.structs.replace(expert, name=own.get(expert.slug)) for expert in record.experts]
    return msgspec.structs.replace(record, experts=named)


def names_of(record: Record) -> dict[str, str]:
    """Every expert's name as people read it, by slug."""
    return {expert.slug: expert.shown for expert in with_names(record).experts}
