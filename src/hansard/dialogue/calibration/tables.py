"""The tables of calibration; one stream of the journal tells of them all."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from hansard.database.columns import Integer, JsonText, LongText, Text, metadata
from hansard.dialogue.calibration import model

STREAM: Final = "calibration:"


def _check(name: str, column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=name)


domains = sa.Table(
    "domains",
    metadata,
    sa.Column("domain_id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("description", LongText),
    sa.Column("created_at", Text, nullable=False),
    info={"stream": STREAM},
)

rules = sa.Table(
    "rules",
    metadata,
    sa.Column("rule_id", Text, primary_key=True),
    sa.Column("type", Text, nullable=False),
    sa.Column("label", Text, nullable=False),
    sa.Column("text", LongText, nullable=False),
    sa.Column("priority", Integer, nullable=False),
    sa.Column("domain_id", Text, sa.ForeignKey("domains.domain_id")),
    sa.Column("domains", JsonText),
    sa.Column("status", Text, nullable=False),
    sa.Column("revision", Integer, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    sa.Column("revised_at", Text),
    _check("rule_type", "type", model.RULE_TYPES),
    _check("rule_status", "status", ("active", "retired")),
    sa.CheckConstraint("(type = 'tenet') = (domain_id IS NOT NULL)", name="rule_domain"),
    info={"stream": STREAM},
)

ethos = sa.Table(
    "ethos",
    metadata,
    sa.Column("ethos_id", Text, primary_key=True),
    sa.Column("domain_id", Text, sa.ForeignKey("domains.domain_id"), nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("rules", JsonText, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    info={"stream": STREAM},
)

ethos_conflicts = sa.Table(
    "ethos_conflicts",
    metadata,
    sa.Column("ethos_id", Text, sa.ForeignKey("ethos.ethos_id"), primary_key=True),
    sa.Column("seq", Integer, primary_key=True, autoincrement=False),
    sa.Column("rule_a", Text, sa.ForeignKey("rules.rule_id"), nullable=False),
    sa.Column("rule_b", Text, sa.ForeignKey("rules.rule_id"), nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("resolution", Text, nullable=False),
    sa.Column("resolved_by", Text, nullable=False),
    sa.Column("merged_text", LongText),
    sa.Column("note", LongText),
    _check("conflict_kind", "kind", model.CONFLICT_KINDS),
    _check("conflict_resolution", "resolution", model.RESOLUTIONS),
    _check("conflict_resolved_by", "resolved_by", model.RESOLVED_BY),
    info={"stream": STREAM},
)

ROWS: dict[type[model.Stored], sa.Table] = {
    model.Domain: domains,
    model.Rule: rules,
    model.Ethos: ethos,
    model.EthosConflict: ethos_conflicts,
}
"""The table of each row type, parents before children."""
