"""Whose name a word is: names are compared by the slug they make, so that ``JÜRGEN`` is ``jurgen``."""

from __future__ import annotations

from functools import lru_cache

from hansard.kernel.canonical import text_digest
from hansard.kernel.ids import RESERVED_SLUGS, expert_slug, folded, is_expert_slug, shown_name


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


def name_slug(name: str) -> str:
    """The slug of a name that somebody gives: ``author_slug`` where it has letters and none is a to z (``李雷``)."""
    return expert_slug(name) or (author_slug(name) if any(map(str.isalnum, name)) else "")


def is_name_of(name: str, slug: str) -> bool:
    """Whether an expert may be called so: the name makes this slug, or none at all (``李雷``)."""
    return slug in (expert_slug(name) or slug, author_slug(name))


def own_name(name: str | None, slug: str) -> str | None:
    """An expert's name as it is written, where it says more than the slug does (``Jürgen``), else ``None``.

    ``Muffin`` and ``MUFFIN`` say no more than ``muffin``; a name that makes another slug is not this expert's.
    """
    written = " ".join((name or "").split())
    plain = ("", slug, slug.upper(), shown_name(slug))
    return written if written not in plain and is_name_of(written, slug) else None
