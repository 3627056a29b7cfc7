"""Findings in words that a person knows: whose utterance, which id, which round; and what to do next. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hansard.exchange.wording import listed
from hansard.kernel.canonical import parsed
from hansard.kernel.ids import DisplayId, parse_display_id, parse_local_id, shown_name


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What a row is, to a person."""

    what: str
    """``P0102``, ``Muffin's response``, ``round 1`` …"""
    facts: list[str] = []
    """Further facts, for the brackets: who, which round."""
    dialogue_id: str | None = None
    id: str | None = None
    experts: list[str] = []
    round: int | None = None

    def where(self, path: str | None = None) -> str:
        """The whole in words; ``path`` is the place in a file."""
        facts = [*self.facts, *([path] if path else [])]
        return f"{self.what} ({', '.join(facts)})" if facts else self.what


Key = tuple[Any, ...]
Cells = Mapping[str, Any]


def named(table: str | None, key: Key | None, cells: Cells | None = None) -> Named:
    """A row by its table, its primary key and, where it is still there, its cells as they stand.

    Cells may hold anything: whoever altered a row did not ask.
    """
    if table is None or key is None:
        return Named(what="the record")
    if table in _ROWS and len(key) >= 1:
        return _ROWS[table](key, cells or {})
    return _OWN.get(table, lambda k: Named(what=f"{table} {'/'.join(map(str, k))}"))(key)


def called(name: Named, names: Mapping[str, str]) -> Named:
    """The same with people by the names they were given, which slugs do not tell (``Anne-Marie O'Neill``)."""
    own = {shown_name(slug): names[slug] for slug in name.experts if names.get(slug)}
    if not own:
        return name
    slugs = re.compile("|".join(rf"(?<!\w){re.escape(shown)}(?!\w)" for shown in sorted(own, key=len, reverse=True)))

    def put(text: str) -> str:
        return slugs.sub(lambda found: own[found[0]], text)

    return msgspec.structs.replace(name, what=put(name.what), facts=[put(fact) for fact in name.facts])


def _dialogue(key: Key, _cells: Cells) -> Named:
    return Named(what=f"dialogue '{key[0]}'", dialogue_id=str(key[0]))


def _expert(key: Key, _cells: Cells) -> Named:
    return Named(what=f"the expert {_name(key[1])}", dialogue_id=str(key[0]), experts=[str(key[1])])


def _seat(key: Key, _cells: Cells) -> Named:
    return Named(
        what=f"{_name(key[2])}'s seat at the panel of round {key[1]}",
        dialogue_id=str(key[0]),
        experts=[str(key[2])],
        round=_number(key[1]),
    )


def _round(key: Key, _cells: Cells) -> Named:
    return Named(what=f"round {key[1]}", dialogue_id=str(key[0]), round=_number(key[1]))


def _utterance(key: Key, _cells: Cells) -> Named:
    return Named(
        what=f"{_name(key[2])}'s response",
        facts=[f"round {key[1]}"],
        dialogue_id=str(key[0]),
        experts=[str(key[2])],
        round=_number(key[1]),
    )


def _entity(key: Key, cells: Cells) -> Named:
    experts = contributors(cells)
    who = [listed([shown_name(slug) for slug in experts])] if experts else []
    return Named(
        what=_display(key[1:4]),
        facts=[*who, f"round {key[2]}"],
        dialogue_id=str(key[0]),
        id=_display(key[1:4]),
        experts=experts,
        round=_number(key[2]),
    )


def _event(key: Key, cells: Cells) -> Named:
    word = cells.get("type")
    actors = [name for name in _list(cells.get("actors")) if isinstance(name, str)]
    facts = [word] if isinstance(word, str) else []
    facts += [f"by {listed([shown_name(name) for name in actors])}"] if actors else []
    return Named(
        what=f"event {key[4]} of {_display(key[1:4])}",
        facts=facts,
        dialogue_id=str(key[0]),
        id=_display(key[1:4]),
        experts=actors,
        round=_number(cells.get("event_round")),
    )


def _ref(key: Key, cells: Cells) -> Named:
    source, word, target = (cells.get(name) for name in ("source_id", "ref_type", "target_id"))
    told = all(isinstance(part, str) for part in (source, word, target))
    expert = str(source)[1:] if told and str(source).startswith("@") else None
    return Named(
        what=f"reference {key[2]} of round {key[1]}",
        facts=[f"{source} {word} {target}"] if told else [],
        dialogue_id=str(key[0]),
        id=str(source) if told and expert is None else None,
        experts=[expert] if expert else [],
        round=_number(key[1]),
    )


def _move(key: Key, cells: Cells) -> Named:
    word = cells.get("move_type")
    return Named(
        what=f"{_name(key[2])}'s move {key[3]} of round {key[1]}",
        facts=[word] if isinstance(word, str) else [],
        dialogue_id=str(key[0]),
        experts=[str(key[2])],
        round=_number(key[1]),
    )


def _stance(key: Key, _cells: Cells) -> Named:
    return Named(
        what=f"{_name(key[2])}'s stance in round {key[1]}",
        dialogue_id=str(key[0]),
        experts=[str(key[2])],
        round=_number(key[1]),
    )


def _verdict(key: Key, cells: Cells) -> Named:
    author = cells.get("author_expert")
    return Named(
        what=f"verdict '{key[1]}'",
        facts=[shown_name(author)] if isinstance(author, str) else [],
        dialogue_id=str(key[0]),
        id=str(key[1]),
        experts=[author] if isinstance(author, str) else [],
        round=_number(cells.get("round")),
    )


def _claim(key: Key, cells: Cells) -> Named:
    item, subject = cells.get("item"), cells.get("subject")
    facts = [f"{item} of {subject}"] if isinstance(item, str) and isinstance(subject, str) else []
    return Named(
        what=f"the judge's claim {key[1]}",
        facts=facts,
        dialogue_id=str(key[0]),
        round=_number(cells.get("round")),
    )


def _document(key: Key, _cells: Cells) -> Named:
    return Named(what=f"the judge's file '{key[1]}'", dialogue_id=str(key[0]))


def _life(key: Key, cells: Cells) -> Named:
    word = cells.get("type")
    actors = [name for name in _list(cells.get("actors")) if isinstance(name, str)]
    facts = [word] if isinstance(word, str) else []
    facts += [f"by {listed([shown_name(name) for name in actors])}"] if actors else []
    return Named(what=f"event {key[1]} of the dialogue", facts=facts, dialogue_id=str(key[0]), experts=actors)


def _exhibit(key: Key, cells: Cells) -> Named:
    number = _number(key[1])
    name = f"X{number:04d}" if number is not None else str(key[1])
    kind = cells.get("kind")
    return Named(
        what=f"exhibit {name}",
        facts=[kind.replace("_", " ")] if isinstance(kind, str) else [],
        dialogue_id=str(key[0]),
        id=name,
        round=_number(cells.get("round")),
    )


def _watch(key: Key, _cells: Cells) -> Named:
    return Named(what=f"watched condition {key[2]} of verdict '{key[1]}'", dialogue_id=str(key[0]), id=str(key[1]))


_ROWS: Final = {
    "dialogues": _dialogue,
    "experts": _expert,
    "panel_members": _seat,
    "rounds": _round,
    "utterances": _utterance,
    "entities": _entity,
    "events": _event,
    "refs": _ref,
    "moves": _move,
    "stances": _stance,
    "verdicts": _verdict,
    "judge_claims": _claim,
    "documents": _document,
    "dialogue_events": _life,
    "exhibits": _exhibit,
    "watches": _watch,
}

_OWN: Final = {
    "texts": lambda key: Named(what=f"the text with SHA-256 {str(key[0])[:12]}…"),
    "streams": lambda key: Named(what=f"the head of stream '{key[0]}'", dialogue_id=_of_stream(key[0])),
    "journal_streams": lambda key: Named(
        what=f"number {key[1]} in the index of stream '{key[0]}'", dialogue_id=_of_stream(key[0])
    ),
    "journal": lambda key: Named(what=f"journal entry {key[0]}"),
    "journal_payloads": lambda key: Named(what=f"what is kept beside journal entry {key[0]}"),
    "counters": lambda key: Named(what=f"the counter '{key[0]}'"),
    "domains": lambda key: Named(what=f"the domain '{key[0]}'", id=str(key[0])),
    "rules": lambda key: Named(what=f"the rule '{key[0]}'", id=str(key[0])),
    "ethos": lambda key: Named(what=f"the ethos '{key[0]}'", id=str(key[0])),
    "ethos_conflicts": lambda key: Named(what=f"conflict {key[1]} of the ethos '{key[0]}'", id=str(key[0])),
    "checkpoints": lambda key: Named(what=f"checkpoint {key[0]}"),
    "tokens": lambda key: Named(what=f"the token '{key[0]}'"),
    "call_texts": lambda key: Named(what=f"the text of a model call with SHA-256 {str(key[0])[:12]}…"),
    "search": lambda key: Named(
        what=f"the search index at {key[1] or 'its beginning'}",
        facts=[f"dialogue '{key[0]}'"],
        dialogue_id=str(key[0]),
        id=str(key[1]) if parse_display_id(str(key[1])) else None,
    ),
}


def contributors(cells: Cells) -> list[str]:
    """Whose words an entity's cells say it is; told from its local ids where the list cannot be read."""
    found = [slug for slug in _list(cells.get("contributors")) if isinstance(slug, str)]
    if found:
        return found
    locals_ = [parse_local_id(text) for text in _list(cells.get("local_ids")) if isinstance(text, str)]
    return sorted({local.expert for local in locals_ if local is not None})


def of_local_ids(table: str | None, key: Key | None, local_ids: list[str]) -> Named:
    """An entity that is gone, by the local ids it once had."""
    return named(table, key, {"local_ids": msgspec.json.encode(local_ids)})


def _list(value: Any) -> list[Any]:
    if isinstance(value, str | bytes):
        try:
            value = parsed(value)
        except msgspec.DecodeError:
            return []
    return value if isinstance(value, list) else []


def _name(slug: Any) -> str:
    return shown_name(str(slug))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _display(parts: Key) -> str:
    try:
        return str(DisplayId(*parts))
    except (TypeError, ValueError):
        return "-".join(map(str, parts))


def _of_stream(stream: Any) -> str | None:
    kind, _, name = str(stream).partition(":")
    return name if kind == "dialogue" else None


FIELD_WORDS: Final = {
    "raw": "the words of the response",
    "content": "the words",
    "label": "the label",
    "contributors": "who said it",
    "status": "the status",
    "score": "the score",
    "components": "the parts of the score",
    "annotations": "what was read and belongs to no entity",
    "adopted_in_verdict": "the verdict that adopted it",
    "local_ids": "the local ids",
    "created_at": "the time",
    "recommendation": "the recommendation",
    "description": "the description",
    "conditions": "the conditions",
    "what_would_change": "what would change it",
    "tensions_resolved": "the tensions called resolved",
    "tensions_accepted": "the tensions accepted",
    "recommendations_adopted": "the recommendations adopted",
    "key_evidence": "the key evidence",
    "key_claims": "the key claims",
    "supporting_experts": "those who support it",
    "ref_type": "the type of reference",
    "target_id": "the target",
    "source_id": "the source",
    "move_type": "the type of move",
    "actors": "who acted",
    "reason": "the reason",
    "body": "the text",
    "claimed": "the figure",
    "summary": "the summary",
    "context": "the words around it",
}
"""A column, as a person would call it; others are called by their name."""


def field_words(column: str) -> str:
    """What a column holds, in words."""
    return FIELD_WORDS.get(column, column.replace("_", " "))


_KEEP: Final = "Keep this copy as evidence and change nothing in it."
_RESTORE: Final = f"{_KEEP} Restore the last copy that verifies"
_ANEW: Final = "Take another copy of the file, or export the dialogue anew from a store that verifies."
_WORDS: Final = (
    f"{_KEEP} Take the words from an export or minutes made earlier, or restore the last copy that verifies."
)
_HEADS: Final = "compare its head with the one that earlier minutes or exports carry"

REMEDIES: Final = {
    "row_altered": _WORDS,
    "row_added": f"{_RESTORE}: nobody registered this. If it is true, register it there.",
    "row_missing": f"{_RESTORE}; an export made earlier holds what is missing.",
    "row_twice": _ANEW,
    "rows_unproved": f"{_RESTORE}, or take another copy of the file: first the journal must be whole.",
    "row_unproved": "Its payload was erased; an export made before the erasure can prove it.",
    "text_altered": _WORDS,
    "text_missing": _WORDS,
    "exhibit_altered": f"{_KEEP} Put back what was pinned; if there is a newer state of it, pin that as an "
    "exhibit that replaces this one.",
    "exhibit_missing": f"{_KEEP} Put back what was pinned, from a copy whose SHA-256 is the exhibit's digest.",
    "ethos_altered": f"{_RESTORE}; a dialogue that is held to it keeps the rules as they were.",
    "digest_differs": f"Compare the digest with the one in minutes or an export made earlier. {_ANEW}",
    "derived_differs": f"Trust the rows, not this figure. {_ANEW}",
    "document_malformed": _ANEW,
    "head_differs": f"{_KEEP} Entries were cut off, or the head was changed: {_HEADS}.",
    "witness_contradicted": f"{_KEEP} Take the record from the copy that the head was noted from. A dialogue that was "
    "imported anew has a stream of its own, which an older head does not fit.",
    "signature_forged": f"{_KEEP} Trust nothing in it: ask whoever is said to have signed it for another copy.",
    "signature_by_other_key": f"{_KEEP} Trust nothing in it: ask whoever is said to have signed it for another copy.",
    "key_not_trusted": "Ask whoever should have signed it for their key's id, by another way than this file came.",
    "checkpoint_replayed": "Ask for a copy under the newest checkpoint: this one may be true, and leaves out what came "
    "after it.",
    "checkpoint_forked": f"{_KEEP} The same key signed two histories: ask its owner which one is true.",
    "checkpoint_foreign": "Compare it with checkpoints of the same store alone.",
    "chain_cut": f"{_KEEP} Entries at its end were taken away: ask for a copy that has them.",
    "stream_rewritten": f"{_KEEP} The record is another than the one that was signed: ask for the one that was.",
    "search_differs": f"{_RESTORE}. The record is not concerned: the index is made from it.",
    "search_damaged": f"{_RESTORE}. The record is not concerned: the index is made from it.",
    "payload_altered": f"{_RESTORE}. What was asked cannot be proved from this store any more.",
    "salt_altered": f"{_RESTORE}: nothing that this salt seals can be proved without it.",
    "payload_missing": f"{_RESTORE}. Nothing was erased by rule here.",
    "schema_added": f"{_KEEP} If you made it yourself, remove it, and keep notes of your own in a file of your own.",
    "schema_revision_differs": "Use the Hansard that wrote the store, or restore the last copy that verifies.",
}
"""What to do about a finding, by its code."""


def remedy(code: str) -> str:
    """What to do about a finding."""
    if code in REMEDIES:
        return REMEDIES[code]
    if code.startswith(("entry_", "chain_", "index_", "counter_", "journal_")):
        return f"{_RESTORE}. The journal itself was changed: {_HEADS}."
    return f"{_RESTORE}, or export the dialogue anew from a store that does."


def difference(said: str, found: str, around: int = 40) -> tuple[str, str]:
    """The first part in which two texts differ, with a few words around it, in each of them."""
    start = next((i for i, (a, b) in enumerate(zip(said, found, strict=False)) if a != b), min(len(said), len(found)))
    tail = 0
    most = min(len(said), len(found)) - start
    while tail < most and said[-1 - tail] == found[-1 - tail]:
        tail += 1
    parts = _part(said, start, len(said) - tail, around), _part(found, start, len(found) - tail, around)
    if parts[0] == parts[1]:  # white space differs, or signs that are shown alike
        return _spelt(said, start, around), _spelt(found, start, around)
    return parts


def _spelt(text: str, start: int, around: int) -> str:
    """What stands around a place, with white space and all that is not ASCII by name."""
    few = around // 5  # each may take ten signs
    part = text[max(0, start - few) : start + few]
    return part.encode("ascii", "backslashreplace").decode().translate({0x20: "␠", 0x0A: "␊", 0x09: "␉", 0x0D: "␍"})


def _part(text: str, start: int, end: int, around: int) -> str:
    """``text[start:end]`` cut to a readable length, out to whole words, with what stands around it."""
    end = min(end, start + 2 * around)
    left = max(0, start - around)
    right = min(len(text), end + around)
    if left:
        left = text.find(" ", left, start) + 1 or left
    if right < len(text):
        right = text.rfind(" ", end, right) if text.rfind(" ", end, right) > 0 else right
    middle = " ".join(text[left:right].split())
    return f"{'… ' if left else ''}{middle}{' …' if right < len(text) else ''}"
