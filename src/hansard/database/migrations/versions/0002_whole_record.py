"""What the whole record needs: calibration, exhibits, watched conditions, a dialogue's own events; and beside it what
routing learns of models and says to them.

Columns are nullable, so that every digest of a row that stands already holds (a null cell is no part of it).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hansard.database.columns import Integer, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add tables and columns; no value of an older row changes."""
    op.create_table(
        "domains",
        sa.Column("domain_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("description", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.PrimaryKeyConstraint("domain_id"),
    )
    op.create_table(
        "rules",
        sa.Column("rule_id", Text(), nullable=False),
        sa.Column("type", Text(), nullable=False),
        sa.Column("label", Text(), nullable=False),
        sa.Column("text", Text(), nullable=False),
        sa.Column("priority", Integer(), nullable=False),
        sa.Column("domain_id", Text(), nullable=True),
        sa.Column("domains", Text(), nullable=True),
        sa.Column("status", Text(), nullable=False),
        sa.Column("revision", Integer(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.Column("revised_at", Text(), nullable=True),
        sa.CheckConstraint("(type = 'tenet') = (domain_id IS NOT NULL)", name="rule_domain"),
        sa.CheckConstraint("status IN ('active', 'retired')", name="rule_status"),
        sa.CheckConstraint("type IN ('principle', 'tenet', 'constraint')", name="rule_type"),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.domain_id"]),
        sa.PrimaryKeyConstraint("rule_id"),
    )
    op.create_table(
        "ethos",
        sa.Column("ethos_id", Text(), nullable=False),
        sa.Column("domain_id", Text(), nullable=False),
        sa.Column("title", Text(), nullable=False),
        sa.Column("rules", Text(), nullable=False),
        sa.Column("digest", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.domain_id"]),
        sa.PrimaryKeyConstraint("ethos_id"),
    )
    op.create_table(
        "ethos_conflicts",
        sa.Column("ethos_id", Text(), nullable=False),
        sa.Column("seq", Integer(), autoincrement=False, nullable=False),
        sa.Column("rule_a", Text(), nullable=False),
        sa.Column("rule_b", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("resolution", Text(), nullable=False),
        sa.Column("resolved_by", Text(), nullable=False),
        sa.Column("merged_text", Text(), nullable=True),
        sa.Column("note", Text(), nullable=True),
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
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("seq", Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("label", Text(), nullable=False),
        sa.Column("reference", Text(), nullable=False),
        sa.Column("digest", Text(), nullable=False),
        sa.Column("size", Integer(), nullable=True),
        sa.Column("media_type", Text(), nullable=True),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("added_by", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
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
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("verdict_id", Text(), nullable=False),
        sa.Column("seq", Integer(), autoincrement=False, nullable=False),
        sa.Column("condition", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("reference", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint("kind IN ('gate', 'date')", name="watch_kind"),
        sa.ForeignKeyConstraint(["dialogue_id", "verdict_id"], ["verdicts.dialogue_id", "verdicts.verdict_id"]),
        sa.PrimaryKeyConstraint("dialogue_id", "verdict_id", "seq"),
    )
    op.create_table(
        "dialogue_events",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("seq", Integer(), autoincrement=False, nullable=False),
        sa.Column("type", Text(), nullable=False),
        sa.Column("actors", Text(), nullable=False),
        sa.Column("reason", Text(), nullable=True),
        sa.Column("detail", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint("type IN ('abandoned', 'reopened', 'tagged')", name="dialogue_event_type"),
        sa.ForeignKeyConstraint(["dialogue_id"], ["dialogues.dialogue_id"]),
        sa.PrimaryKeyConstraint("dialogue_id", "seq"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("number", Integer(), autoincrement=False, nullable=False),
        sa.Column("position", Integer(), nullable=False, comment="last entry of the journal that it speaks of"),
        sa.Column("time", Text(), nullable=False),
        sa.Column("key_id", Text(), nullable=False, comment="SHA-256 of the public key, hexadecimal"),
        sa.Column("public_key", Text(), nullable=False, comment="Ed25519, hexadecimal"),
        sa.Column("body", Text(), nullable=False, comment="the signed bytes themselves (docs/proof.md)"),
        sa.Column("signature", Text(), nullable=False, comment="Ed25519 over the body, hexadecimal"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "tokens",
        sa.Column("name", Text(), nullable=False),
        sa.Column("sha256", Text(), nullable=False, comment="SHA-256 of the token, hexadecimal"),
        sa.Column("scope", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.Column("expires_at", Text(), nullable=True),
        sa.Column("revoked_at", Text(), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'judge', 'admin')", name="token_scope"),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "route_breakers",
        sa.Column("model", Text(), nullable=False),
        sa.Column("state", Text(), nullable=False, comment="JSON (routing.breakers.Breaker)"),
        sa.Column("changed", sa.Float(), nullable=False, comment="seconds since 1970; the latest change holds"),
        sa.PrimaryKeyConstraint("model"),
    )
    op.create_table(
        "route_windows",
        sa.Column("worker", Text(), nullable=False, comment="one of each running process"),
        sa.Column("model", Text(), nullable=False),
        sa.Column("samples", Text(), nullable=False, comment="JSON (routing.statistics.Window)"),
        sa.Column("updated", sa.Float(), nullable=False, comment="seconds since 1970"),
        sa.PrimaryKeyConstraint("worker", "model"),
    )
    op.create_table(
        "call_texts",
        sa.Column("sha256", Text(), nullable=False, comment="SHA-256 of body, hexadecimal"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="a prompt as it was sent, or what came back"),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "call_text_uses",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("sha256", Text(), nullable=False),
        sa.PrimaryKeyConstraint("dialogue_id", "sha256"),
    )
    op.add_column("experts", sa.Column("name", Text(), nullable=True))
    op.add_column("dialogues", sa.Column("calibration", Text(), nullable=True))
    op.add_column("utterances", sa.Column("modifiers", Text(), nullable=True))
    op.add_column("entities", sa.Column("exhibits", Text(), nullable=True))
    op.add_column("verdicts", sa.Column("ethos_compliance", Text(), nullable=True))
