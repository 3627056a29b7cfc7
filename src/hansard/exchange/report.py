"""The report: a dialogue word for word. Every utterance in order, verbatim in fences it cannot break. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.exchange.grounds import points_told
from hansard.exchange.markdown import code, fenced, plain, quoted
from hansard.exchange.warnings import responses, silent_members
from hansard.exchange.wording import Wording, counted, held_on, plain_code


def report(record: model.Record, head: Head, digest: str) -> str:
    """The report of a dialogue; ``head`` and ``digest`` as in ``minutes``."""
    return "\n".join(_lines(record, head, digest)) + "\n"


def _lines(record: model.Record, head: Head, digest: str) -> Iterator[str]:
    word = Wording(record)
    dialogue = record.dialogue
    roles = {expert.slug: expert.role for expert in record.experts}
    silent = silent_members(record)
    yield f"# Report: {plain(dialogue.title)}"
    yield ""
    yield from quoted(dialogue.question)
    yield ""
    rounds = sum(1 for item in record.rounds if item.status == "completed")
    said = counted(len(responses(record)), "response")
    yield f"{held_on(dialogue)} · {counted(rounds, 'round')} · {said}, word for word"
    for item in record.rounds:
        yield ""
        yield f"## Round {item.round}" + (f": {plain(item.title)}" if item.title else "")
        for utterance in record.utterances:
            if utterance.round != item.round:
                continue
            role = roles.get(utterance.slug, "unknown")
            score = f" · {utterance.score} points" if utterance.score is not None else ""
            score += points_told(utterance.modifiers)
            yield ""
            yield f"### {word.name(utterance.slug)}" + ("" if role == "unknown" else f", {plain(role)}") + score
            yield ""
            if utterance.raw is None:
                yield "*The words of this response were not kept; what was made of them stands in the minutes.*"
            elif not utterance.raw.strip():
                yield "*The response is empty.*"
            else:
                yield from fenced(utterance.raw)
        spoken = {utterance.slug for utterance in record.utterances if utterance.round == item.round}
        for round_, slug in silent:
            if round_ == item.round and slug not in spoken:
                yield ""
                yield f"### {word.name(slug)}"
                yield ""
                yield "*On the panel; none of their words are kept.*"
        if item.summary:
            yield ""
            yield f"### The Judge’s summary of round {item.round}"
            yield ""
            yield from fenced(item.summary)
    yield from _verdicts(record, word)
    yield from _documents(record)
    yield ""
    yield "## Colophon"
    yield ""
    yield (
        f"Record of {code(dialogue.dialogue_id)}, stream {code(head.stream)}, entry {head.sequence}, "
        f"{code(head.hash or 'none')}; digest of the export {code(digest)}. Control characters are shown as signs; "
        f"{code(f'hansard export {dialogue.dialogue_id}')} has every byte."
    )


def _verdicts(record: model.Record, word: Wording) -> Iterator[str]:
    for verdict in record.verdicts:
        yield ""
        yield f"## Verdict {code(plain_code(verdict.verdict_id))} ({verdict.verdict_type})"
        yield ""
        yield f"By {word.name(verdict.author_expert or 'judge')}, after round {verdict.round}."
        yield ""
        parts = [verdict.recommendation, verdict.description]
        parts += [f"Condition: {condition}" for condition in verdict.conditions]
        if verdict.what_would_change:
            parts.append(f"What would change it: {verdict.what_would_change}")
        yield from fenced("\n\n".join(parts))


def _documents(record: model.Record) -> Iterator[str]:
    """The judge's files of an imported dialogue that no round's summary repeats."""
    summaries = {item.summary for item in record.rounds}
    for document in record.documents:
        if document.body in summaries or not document.name.endswith(".md"):
            continue
        yield ""
        yield f"## The Judge’s file {code(plain_code(document.name))}"
        yield ""
        yield from fenced(document.body)
