"""Heads that were noted earlier: what alone can show that the end of a chain was cut off or rewritten.

A head is written ``STREAM:NUMBER:HASH``. Exports, minutes, reports and the answers of ``verify`` carry heads too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hansard.custody import errors
from hansard.database.verify import StoredEntry
from hansard.dialogue.answers import Head
from hansard.kernel.json_text import NotJsonError, json_value

_HEAD: Final = re.compile(r"(?P<stream>[^\s:]+(?::[^\s:]*)?):(?P<sequence>[0-9]{1,18}):(?P<hash>[0-9a-f]{64})")
_IN_TEXT: Final = re.compile(
    r"\b(?P<stream>registry|dialogue:[^\s:`,]+)[`:,\s]+(?:entry )?(?P<sequence>[0-9]{1,18})[:,\s]+(?:hash )?`?"
    r"(?P<hash>[0-9a-f]{64})\b"
)


def spelt(head: Head) -> str:
    """A head as it is noted and given again."""
    return f"{head.stream}:{head.sequence}:{head.hash}"


def noted(text: str) -> Head:
    """The head that somebody noted.

    Raises:
        HansardError: ``head_malformed``.
    """
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise errors.head_malformed(text)
    return _head(found)


def heads_in(text: str, name: str) -> list[Head]:
    """The heads that an export, minutes, a report or an answer of ``verify`` carries, one for each stream.

    Minutes and reports state theirs at the end, after words of others: of two for a stream the last counts. In JSON
    only the places count where Hansard writes a head: anywhere else it may be somebody's words.

    Raises:
        HansardError: ``no_head_found``.
    """
    try:
        found = list(_in_json(json_value(text)))
    except NotJsonError:
        found = [_head(match) for match in _IN_TEXT.finditer(text)]
    if not found:
        raise errors.no_head_found(name)
    return list({head.stream: head for head in found}.values())


def _head(found: re.Match[str]) -> Head:
    return Head(stream=found["stream"], sequence=int(found["sequence"]), hash=found["hash"])


def _in_json(value: Any) -> Iterator[Head]:
    """The heads of an export (``journal.head``), or of an answer (``head``, ``heads``)."""
    if not isinstance(value, Mapping):
        return
    heads = value.get("heads")
    journal = value.get("journal")
    places = [value.get("head"), *(heads if isinstance(heads, list) else [])]
    if isinstance(journal, Mapping) and isinstance(journal.get("head"), Mapping):
        places.append({"stream": journal.get("stream"), **journal["head"]})
    for place in places:
        if isinstance(place, Mapping):
            written = ":".join(str(place.get(name)) for name in ("stream", "sequence", "hash"))
            if found := _HEAD.fullmatch(written):
                yield _head(found)


def entries_in(document: Mapping[str, Any]) -> list[StoredEntry]:
    """The journal entries that an export carries, as far as they have the form of one."""
    journal = document.get("journal")
    items = journal.get("entries") if isinstance(journal, Mapping) else None
    return [
        StoredEntry(number, str(item.get("hash")), str(item.get("body")), None)
        for number, item in enumerate(items if isinstance(items, list) else (), 1)
        if isinstance(item, Mapping)
    ]


def contradiction(head: Head, chain: Mapping[int, str]) -> str | None:
    """Why a noted head is no part of a stream as it stands; ``None`` where it is.

    Args:
        chain: the stream's hashes by number.
    """
    if chain.get(head.sequence) == head.hash:
        return None
    if not chain:
        return "the stream is not here at all"
    if head.sequence not in chain:
        return f"the stream ends at entry {max(chain)}: what came after it was cut off"
    return f"entry {head.sequence} has another hash here ({chain[head.sequence][:12]}…): the stream was rewritten"


def streams_of(heads: Iterable[Head]) -> list[str]:
    """The streams of some heads, each once."""
    return list(dict.fromkeys(head.stream for head in heads))
