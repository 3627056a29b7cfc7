"""Calibration, shown: rules, domains, an ethos with what conflicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hansard.surfaces.render.blocks import Block, Column, Gap, Heading, Prose, Words, fields, line, table
from hansard.surfaces.render.text import count, day_and_minute, figure

if TYPE_CHECKING:
    from hansard.dialogue.calibration import answers

RESOLUTIONS = {
    "a_supersedes": "{a} supersedes {b}",
    "b_supersedes": "{b} supersedes {a}",
    "merged": "{a} and {b} are merged",
    "removed": "{a} and {b} are both left out",
}
"""What became of a conflict, in words."""


def domain(answer: answers.DomainTold) -> Iterator[Block]:
    """A domain that was made."""
    yield line("Domain ", Words(answer.domain_id, "strong"), f": {answer.name}")


def rule(answer: answers.RuleTold) -> Iterator[Block]:
    """One rule."""
    one = answer.rule
    yield Heading(f"{one['rule_id']}  {one['label']}")
    yield fields(
        ("Type", one["type"]),
        ("Priority", figure(one["priority"])),
        ("Valid in", _where(one)),
        ("Revision", f"{one['revision']}" + (f", of {day_and_minute(one['revised_at'])}" if one["revised_at"] else "")),
        ("Status", Words("retired", "quiet") if one["status"] == "retired" else None),
    )
    yield Prose(one["text"], indent=1)


def rules(answer: answers.RulesListed) -> Iterator[Block]:
    """Domains and rules."""
    for one in answer.domains:
        yield line(Words(one["domain_id"], "strong"), f"  {one['name']}")
    if not answer.rules:
        yield line("No rules here yet. 'hansard ethos rule principle LABEL --text TEXT' writes the first one down.")
        return
    if answer.domains:
        yield Gap()
    yield table(
        [Column("Id", whole=True), Column("Priority", right=True, whole=True), Column("Valid in", rank=2), "Label",
         Column("Text", rank=1)],
        [
            (
                Words(one["rule_id"], "strong" if one["status"] == "active" else "quiet"),
                figure(one["priority"]),
                _where(one),
                one["label"] + ("" if one["status"] == "active" else " (retired)"),
                one["text"],
            )
            for one in answer.rules
        ],
    )  # fmt: skip


def _where(one: Mapping[str, Any]) -> str:
    if one["domain_id"]:
        return str(one["domain_id"])
    return "everywhere" if one["domains"] is None else " ".join(one["domains"])


def ethos(answer: answers.EthosTold) -> Iterator[Block]:
    """An ethos whole, or what one would be."""
    yield Heading(answer.ethos_id or f"{answer.title} (a trial; nothing was written)")
    yield fields(
        ("Title", answer.title),
        ("Domain", f"{answer.domain_id}  {answer.domain}"),
        ("Rules", count(len(answer.rules), "rule")),
        ("Digest", answer.digest),
    )
    yield Gap()
    yield table(
        [Column("", right=True, whole=True), Column("Id", whole=True), Column("Priority", right=True, whole=True),
         "Label", Column("Text", rank=1)],
        [
            (figure(one["seq"]), Words(one["rule_id"], "strong"), figure(one["priority"]), one["label"], one["text"])
            for one in answer.rules
        ],
    )  # fmt: skip
    if answer.conflicts:
        yield Gap()
        yield Heading("Conflicts, resolved")
        for one in answer.conflicts:
            told = RESOLUTIONS[str(one.resolution)].format(a=one.rule_a, b=one.rule_b)
            why = f": {one.note}" if one.note else ""
            yield line(f"- {told} ({one.kind}, by {_by(one.resolved_by)}){why}", indent=1)
    if answer.unresolved:
        yield Gap()
        yield Heading("Conflicts that nothing resolves")
        for one in answer.unresolved:
            why = f": {one.note}" if one.note else ""
            yield line(Words(f"- {one.rule_a} and {one.rule_b} ({one.kind})", "bad"), why, indent=1)
    for warning in answer.warnings:
        yield line(Words(f"Note: {warning}", "warn"))


def _by(word: str | None) -> str:
    return {"manual": "hand", "model": "a model"}.get(str(word), str(word))


def ethos_list(answer: answers.EthosListed) -> Iterator[Block]:
    """Every ethos."""
    if not answer.ethos:
        yield line("No ethos here yet. 'hansard ethos make DOMAIN TITLE' makes one of the rules there are.")
        return
    yield table(
        [Column("Id", whole=True), "Title", "Domain", Column("Rules", right=True, whole=True),
         Column("Conflicts", right=True, whole=True), Column("Made", whole=True, rank=1), "Changed since"],
        [
            (
                Words(one["ethos_id"], "strong"),
                one["title"],
                one["domain_id"],
                figure(one["rules"]),
                figure(one["conflicts"]),
                day_and_minute(one["created_at"]),
                Words(" ".join(one["stale"]), "warn") if one["stale"] else "–",
            )
            for one in answer.ethos
        ],
    )  # fmt: skip
