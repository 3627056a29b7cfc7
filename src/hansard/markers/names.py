"""Whose name a word is: names are compared by the slug they make, so that ``JÜRGEN`` is ``jurgen``."""

from __future__ import annotations

from functools import lru_cache

from hansard.kernel.canonical import text_digest
from hansard.kernel.ids import RESERVED_SLUGS, expert_slug, folded, is_expert_slug


@lru_cache(maxsize=1024)
def author_slug(name: str) -> str:
    """The slug of an expert's name, by one rule for names of files, names in them and names in markers.

    A name that makes no slug gets ``expert-`` before it, and one without a single usable letter a digest of its own;
    ``judge`` and ``user`` stay what they are, and are no experts.
    """
    slug = expert_slug(name)
    if is_expert_slug(slug) or slug in RESERVED_SLUGS:
        return slug
    return f"expert-{slug or text_digest(folded(name))[:8]}"[:32].strip("-")
