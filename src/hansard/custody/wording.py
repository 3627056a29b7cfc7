"""Findings made of a code, a message and a name; whatever stands in an altered cell, they can be shown and sent."""

from __future__ import annotations

from hansard.custody.naming import Named, remedy
from hansard.custody.recovering import NOTHING
from hansard.custody.shapes import Discovery
from hansard.exchange.markdown import visible


def quoted(words: str) -> str:
    """Words in quotation marks; "nothing" as it is."""
    return words if words == NOTHING else f"“{words}”"


def discovery(
    finding: str,
    message: str,
    name: Named,
    *,
    position: int | None = None,
    path: str | None = None,
    words: tuple[str, str] | None = None,
) -> Discovery:
    """A finding; ``words`` are those recorded and those found."""
    if words is not None:
        message = f"{message}: recorded {quoted(words[0])}, found {quoted(words[1])}"
    return Discovery(  # whatever stands in an altered cell, a finding can be shown and sent
        code=finding,
        message=visible(message),
        where=visible(name.where(path)),
        dialogue_id=_visible(name.dialogue_id),
        id=_visible(name.id),
        experts=[visible(slug) for slug in name.experts],
        round=name.round,
        position=position,
        path=_visible(path),
        said=None if words is None else visible(words[0]),
        found=None if words is None else visible(words[1]),
        remedy=remedy(finding),
    )


def _visible(text: str | None) -> str | None:
    return None if text is None else visible(text)
