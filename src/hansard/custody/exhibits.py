"""Exhibits, looked at once more: files by hash, verdicts and ethos by digest; and what nobody can look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hansard.custody.naming import named
from hansard.custody.shapes import Discovery
from hansard.custody.store import Connection
from hansard.custody.wording import discovery
from hansard.database.verify import Finding
from hansard.dialogue.calibration.rules import digest_of
from hansard.dialogue.calibration.store import read_all_ethos
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.model import Record
from hansard.dialogue.operations import DialogueOperations
from hansard.exchange.markdown import visible
from hansard.kernel.errors import HansardError

FEW = 8
"""Of more notes than this, the number is told."""

READ = frozenset({"dialogues", "exhibits", "verdicts", "ethos", "entities", "texts"})
"""Tables that a look at exhibits relies on."""


class Looked(NamedTuple):
    """What a look at the exhibits of some dialogues has shown."""

    findings: list[Discovery]
    notes: list[str]


def can_look(findings: Iterable[Finding]) -> bool:
    """Whether the rows that a look relies on are as they were recorded; else they are told, and nothing else."""
    return not any(finding.table in READ or finding.code == "table_missing" for finding in findings)


def look_at_exhibits(dialogues: DialogueOperations, connection: Connection, names: Iterable[str]) -> Looked:
    """Look at every exhibit of these dialogues. What cannot be checked is told as such, never as good."""
    looking = dialogues.beside(ExhibitOperations).looking(connection)
    findings: list[Discovery] = []
    differing: list[str] = []
    unseen: list[str] = []
    for name in names:
        try:
            record = dialogues.find(name, connection)
        except HansardError:
            continue  # rows that cannot be read are findings of their own
        if record is None:
            continue
        for exhibit in record.exhibits:
            look = looking.exhibit(record.dialogue, exhibit)
            if look.state in ("altered", "missing"):
                told = f"{look.why}: pinned {exhibit.digest}, found {look.now or 'nothing'}"
                place = named("exhibits", (name, exhibit.seq), exhibit.as_row())
                findings.append(discovery(f"exhibit_{look.state}", told, place))
            elif look.state != "as_pinned":
                which = f"{exhibit.id} of '{name}' ({exhibit.kind.replace('_', ' ')})"
                if look.state == "differs":
                    differing.append(f"{which} differs: {look.why}.")
                else:
                    unseen.append(f"{which} was not checked: {look.why}.")
    return Looked(findings, [visible(note) for note in told_few([*differing, *unseen])])


def look_at_ethos(connection: Connection) -> list[Discovery]:
    """Ethos whose rules are not those that their digest was made of."""
    return [
        discovery(
            "ethos_altered",
            f"its rules have the digest {digest_of(ethos.rules)}, and {ethos.digest} was recorded",
            named("ethos", (ethos.ethos_id,)),
        )
        for ethos in read_all_ethos(connection)
        if digest_of(ethos.rules) != ethos.digest
    ]


def told_few(notes: list[str]) -> list[str]:
    """Notes, and of many only the first and how many more there are."""
    if len(notes) <= FEW:
        return notes
    return [*notes[:FEW], f"{len(notes) - FEW} further exhibits differ or were not checked."]


def not_in_the_file(record: Record | None) -> list[str]:
    """What a file alone does not prove of the exhibits in it."""
    if record is None or not record.exhibits:
        return []
    many = f"{record.exhibits[0].id} to {record.exhibits[-1].id} are" if len(record.exhibits) > 1 else "X0001 is"
    return [f"Exhibits were not checked: what {many} pinned to is not in this file."]
