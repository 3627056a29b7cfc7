"""What the whole record needs: calibration, exhibits, watched conditions, a dialogue's own events.

Columns are nullable, so that every digest of a row that stands already holds (a null cell is no part of it).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add tables and columns; no value of an older row changes."""
    op.create_table(
        "domains",
        sa.Column("domain_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id"),
    )
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("domain_id", sa.Text(), nullable=True),
        sa.Column("domains", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("revised_at", sa.Text(), nullable=True),
        sa.CheckConstraint("(type = 'tenet') = (domain_id IS NOT NULL)", name="rule_domain"),
        sa.CheckConstraint("status IN ('active', 'retired')", name="rule_status"),
        sa.CheckConstraint("type IN ('principle', 'tenet', 'constraint')", name="rule_type"),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.domain_id"]),
        sa.PrimaryKeyConstraint("rule_id"),
    )
    op.create_table(
        "ethos",
        sa.Column("ethos_id", sa.Text(), nullable=False),
        sa.Column("domain_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.domain_id"]),
        sa.PrimaryKeyConstraint("ethos_id"),
    )
    op.create_table(
        "ethos_conflicts",
        sa.Column("ethos_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_a", sa.Text(), nullable=False),
        sa.Column("rule_b", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=False),
        sa.Column("merged_text", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('contradiction', 'redundancy', 'ambiguity')", name="conflict_kind"),
        sa.CheckConstraint("resolved_by IN ('priority', 'manual', 'model')", name="conflict_resolved_by"),
        sa.CheckConstraint(
            "resolution IN ('a_supersedes', 'b_supersedes', 'merged', 'removed')", name="conflict_resolution"
        ),
        sa.ForeignKeyConstraint(["ethos_id"], ["ethos.ethos_id"]),
        sa.ForeignKeyConstraint(["rule_a"], ["rules.rule_id"]),
        sa.ForeignKeyConstraint(["rule_b"], ["rules.rule_id"]),
        sa.PrimaryKeyConstraint("ethos_id", "seq"),
    )
    op.create_table(
        "exhibits",
        sa.Column("dialogue_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('file', 'memory_query', 'symmetry_tick', 'gate_result', 'agent_history', 'verdict', 'calibration')",
            name="exhibit_kind",
        ),
        sa.CheckConstraint("seq BETWEEN 1 AND 9999", name="exhibit_seq"),
        sa.ForeignKeyConstraint(["dialogue_id"], ["dialogues.dialogue_id"]),
        sa.PrimaryKeyConstraint("dialogue_id", "seq"),
    )
    op.create_table(
        "watches",
        sa.Column("dialogue_id", sa.Text(), nullable=False),
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('gate', 'date')", name="watch_kind"),
        sa.ForeignKeyConstraint(["dialogue_id", "verdict_id"], ["verdicts.dialogue_id", "verdicts.verdict_id"]),
        sa.PrimaryKeyConstraint("dialogue_id", "verdict_id", "seq"),
    )
    op.create_table(
        "dialogue_events",
        sa.Column("dialogue_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actors", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint("type IN ('abandoned', 'reopened', 'tagged')", name="dialogue_event_type"),
        sa.ForeignKeyConstraint(["dialogue_id"], ["dialogues.dialogue_id"]),
        sa.PrimaryKeyConstraint("dialogue_id", "seq"),
    )
    # a foreign key in the column itself: SQLite cannot add a constraint to a table that stands
    op.execute("ALTER TABLE dialogues ADD COLUMN ethos_id TEXT REFERENCES ethos (ethos_id)")
    op.add_column("utterances", sa.Column("modifiers", sa.Text(), nullable=True))
    op.add_column("entities", sa.Column("exhibits", sa.Text(), nullable=True))
    op.add_column("verdicts", sa.Column("ethos_compliance", sa.Text(), nullable=True))
