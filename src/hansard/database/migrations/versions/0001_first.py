"""The first schema: journal, texts, dialogues.

After a change of any migration: ``python -m hansard.database.schema``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from hansard.database.columns import Integer, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of the first release."""
    op.create_table(
        "counters",
        sa.Column("name", Text(), nullable=False),
        sa.Column("value", Integer(), nullable=False, comment="last number given"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "dialogues",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("title", Text(), nullable=False),
        sa.Column("question", Text(), nullable=False),
        sa.Column("background", Text(), nullable=True),
        sa.Column("domain", Text(), nullable=True),
        sa.Column("expert_pool", Text(), nullable=False),
        sa.Column("status", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.Column("converged_at", Text(), nullable=True),
        sa.Column("panel_size", Integer(), nullable=False),
        sa.Column("convergence_target", sa.Float(), nullable=False),
        sa.Column("max_rounds", Integer(), nullable=False),
        sa.Column("rotation", Text(), nullable=False),
        sa.Column("strict_velocity", Integer(), nullable=False),
        sa.Column("seed", Text(), nullable=False),
        sa.Column("output_dir", Text(), nullable=True),
        sa.Column("tags", Text(), nullable=False),
        sa.Column("origin", Text(), nullable=True),
        sa.CheckConstraint("rotation IN ('graduated', 'none', 'wildcards', 'full')", name="dialogue_rotation"),
        sa.CheckConstraint("status IN ('open', 'converging', 'converged', 'abandoned')", name="dialogue_status"),
        sa.CheckConstraint("convergence_target > 0 AND convergence_target <= 1", name="dialogue_target"),
        sa.CheckConstraint("strict_velocity IN (0, 1)", name="dialogue_strict_velocity"),
        sa.PrimaryKeyConstraint("dialogue_id"),
        info={"stream": "dialogue"},
    )
    op.create_index(op.f("ix_dialogues_created_at"), "dialogues", ["created_at"], unique=False)
    op.create_table(
        "journal",
        sa.Column("position", Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", Text(), nullable=False, comment="SHA-256 of body"),
        sa.Column("request_key", Text(), nullable=True, comment="digest of actor and request_id, where one was sent"),
        sa.Column("body", Text(), nullable=False, comment="the hashed bytes themselves (docs/journal.md)"),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("request_key"),
    )
    op.create_table(
        "streams",
        sa.Column("stream", Text(), nullable=False),
        sa.Column("sequence", Integer(), nullable=False, comment="entries so far"),
        sa.Column("head", Text(), nullable=False, comment="hash of the last entry"),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_table(
        "texts",
        sa.Column("sha256", Text(), nullable=False, comment="SHA-256 of the UTF-8 bytes, hexadecimal"),
        sa.Column("body", Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "documents",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("body", Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "name"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "experts",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("slug", Text(), nullable=False),
        sa.Column("role", Text(), nullable=False),
        sa.Column("description", Text(), nullable=True),
        sa.Column("focus", Text(), nullable=True),
        sa.Column("tier", Text(), nullable=True),
        sa.Column("source", Text(), nullable=False),
        sa.Column("relevance", sa.Float(), nullable=True),
        sa.Column("creation_reason", Text(), nullable=True),
        sa.Column("color", Text(), nullable=False),
        sa.Column("first_round", Integer(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint("source IN ('pool', 'created')", name="expert_source"),
        sa.CheckConstraint("tier IN ('Core', 'Adjacent', 'Wildcard')", name="expert_tier"),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "slug"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "journal_payloads",
        sa.Column("position", Integer(), autoincrement=False, nullable=False),
        sa.Column("salt", Text(), nullable=False),
        sa.Column("actor", Text(), nullable=False),
        sa.Column("request_id", Text(), nullable=True),
        sa.Column("request", Text(), nullable=False),
        sa.Column("result", Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["position"],
            ["journal.position"],
        ),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "journal_streams",
        sa.Column("stream", Text(), nullable=False),
        sa.Column("sequence", Integer(), autoincrement=False, nullable=False),
        sa.Column("position", Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["position"],
            ["journal.position"],
        ),
        sa.PrimaryKeyConstraint("stream", "sequence"),
    )
    op.create_index(op.f("ix_journal_streams_position"), "journal_streams", ["position"], unique=False)
    op.create_table(
        "judge_claims",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("seq", Integer(), autoincrement=False, nullable=False),
        sa.Column("round", Integer(), nullable=True),
        sa.Column("subject", Text(), nullable=False),
        sa.Column("item", Text(), nullable=False),
        sa.Column("claimed", Text(), nullable=False),
        sa.Column("local_id", Text(), nullable=True),
        sa.Column("source", Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "seq"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "rounds",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("title", Text(), nullable=True),
        sa.Column("score", Integer(), nullable=True),
        sa.Column("summary", Text(), nullable=True),
        sa.Column("status", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.Column("completed_at", Text(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'in_progress', 'completed')", name="round_status"),
        sa.CheckConstraint("round BETWEEN 0 AND 99", name="round_number"),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "round"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "entities",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("seq", Integer(), nullable=False),
        sa.Column("label", Text(), nullable=False),
        sa.Column("content", Text(), nullable=False),
        sa.Column("contributors", Text(), nullable=False),
        sa.Column("status", Text(), nullable=False),
        sa.Column("parameters", Text(), nullable=True),
        sa.Column("adopted_in_verdict", Text(), nullable=True),
        sa.Column("local_ids", Text(), nullable=False),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'P' AND status IN ('open', 'refined', 'conceded', 'merged')) OR (kind = 'R' AND status IN ('proposed', 'amended', 'adopted', 'rejected')) OR (kind = 'T' AND status IN ('open', 'addressed', 'resolved', 'reopened')) OR (kind = 'E' AND status IN ('cited', 'challenged', 'confirmed', 'refuted')) OR (kind = 'C' AND status IN ('asserted', 'supported', 'opposed', 'adopted', 'withdrawn'))",
            name="entity_status",
        ),
        sa.CheckConstraint("kind IN ('P', 'R', 'T', 'E', 'C')", name="entity_kind"),
        sa.CheckConstraint("seq BETWEEN 1 AND 99", name="entity_seq"),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "kind", "round", "seq"),
        info={"stream": "dialogue"},
    )
    op.create_index("entities_by_status", "entities", ["dialogue_id", "kind", "status"], unique=False)
    op.create_table(
        "moves",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("expert_slug", Text(), nullable=False),
        sa.Column("seq", Integer(), nullable=False),
        sa.Column("move_type", Text(), nullable=False),
        sa.Column("targets", Text(), nullable=False),
        sa.Column("topic", Text(), nullable=True),
        sa.Column("context", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint(
            "move_type IN ('defend', 'challenge', 'bridge', 'request', 'concede', 'converge')", name="move_type"
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "expert_slug"],
            ["experts.dialogue_id", "experts.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "round", "expert_slug", "seq"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "panel_members",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("slug", Text(), nullable=False),
        sa.Column("source", Text(), nullable=False),
        sa.Column("tier", Text(), nullable=True),
        sa.Column("relevance", sa.Float(), nullable=True),
        sa.Column("focus", Text(), nullable=True),
        sa.CheckConstraint("source IN ('pool', 'created', 'retained')", name="panel_member_source"),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "slug"],
            ["experts.dialogue_id", "experts.slug"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "round", "slug"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "refs",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("seq", Integer(), nullable=False),
        sa.Column("source_id", Text(), nullable=False),
        sa.Column("ref_type", Text(), nullable=False),
        sa.Column("target_id", Text(), nullable=False),
        sa.Column("context", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint(
            "ref_type <> 'refine' OR substr(source_id, 1, 1) = substr(target_id, 1, 1)", name="ref_refine_same_type"
        ),
        sa.CheckConstraint(
            "ref_type IN ('support', 'oppose', 'refine', 'address', 'resolve', 'reopen', 'question', 'depend')",
            name="ref_type",
        ),
        sa.CheckConstraint(
            "ref_type NOT IN ('address', 'resolve', 'reopen') OR target_id LIKE 'T%'", name="ref_tension_only"
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "round", "seq"),
        sa.UniqueConstraint("dialogue_id", "round", "source_id", "ref_type", "target_id", name="refs_once"),
        info={"stream": "dialogue"},
    )
    op.create_index("refs_by_source", "refs", ["dialogue_id", "source_id"], unique=False)
    op.create_index("refs_by_target", "refs", ["dialogue_id", "target_id", "ref_type"], unique=False)
    op.create_table(
        "stances",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("expert_slug", Text(), nullable=False),
        sa.Column("stance", Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("condition", Text(), nullable=True),
        sa.Column("cause", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint("stance IN ('APPROVE', 'REJECT', 'HOLD', 'CONDITIONAL', 'ABSTAIN')", name="stance"),
        sa.CheckConstraint("confidence IS NULL OR confidence BETWEEN 0 AND 1", name="stance_confidence"),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "expert_slug"],
            ["experts.dialogue_id", "experts.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "round", "expert_slug"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "utterances",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("slug", Text(), nullable=False),
        sa.Column("raw", Text(), nullable=True),
        sa.Column("score", Integer(), nullable=True),
        sa.Column("components", Text(), nullable=True),
        sa.Column("annotations", Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "slug"],
            ["experts.dialogue_id", "experts.slug"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "round", "slug"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "verdicts",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("verdict_id", Text(), nullable=False),
        sa.Column("seq", Integer(), nullable=False),
        sa.Column("verdict_type", Text(), nullable=False),
        sa.Column("label", Text(), nullable=True),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("author_expert", Text(), nullable=True),
        sa.Column("recommendation", Text(), nullable=False),
        sa.Column("description", Text(), nullable=False),
        sa.Column("conditions", Text(), nullable=False),
        sa.Column("vote", Text(), nullable=True),
        sa.Column("votes", Text(), nullable=True),
        sa.Column("confidence", Text(), nullable=True),
        sa.Column("tensions_resolved", Text(), nullable=False),
        sa.Column("tensions_accepted", Text(), nullable=False),
        sa.Column("recommendations_adopted", Text(), nullable=False),
        sa.Column("key_evidence", Text(), nullable=False),
        sa.Column("key_claims", Text(), nullable=False),
        sa.Column("supporting_experts", Text(), nullable=False),
        sa.Column("what_would_change", Text(), nullable=True),
        sa.Column("supersedes", Text(), nullable=True),
        sa.Column("dismissals", Text(), nullable=True),
        sa.Column("force_reason", Text(), nullable=True),
        sa.Column("gate", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint("confidence IN ('unanimous', 'strong', 'split', 'contested')", name="verdict_confidence"),
        sa.CheckConstraint("verdict_type IN ('interim', 'final', 'minority', 'dissent')", name="verdict_type"),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "author_expert"],
            ["experts.dialogue_id", "experts.slug"],
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "round"],
            ["rounds.dialogue_id", "rounds.round"],
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id"],
            ["dialogues.dialogue_id"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "verdict_id"),
        sa.UniqueConstraint("dialogue_id", "seq", name="verdicts_in_order"),
        info={"stream": "dialogue"},
    )
    op.create_table(
        "events",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("kind", Text(), nullable=False),
        sa.Column("round", Integer(), nullable=False),
        sa.Column("seq", Integer(), nullable=False),
        sa.Column("event_seq", Integer(), nullable=False),
        sa.Column("type", Text(), nullable=False),
        sa.Column("event_round", Integer(), nullable=False),
        sa.Column("actors", Text(), nullable=False),
        sa.Column("reason", Text(), nullable=True),
        sa.Column("disposition", Text(), nullable=True),
        sa.Column("reference", Text(), nullable=True),
        sa.Column("result", Text(), nullable=True),
        sa.Column("created_at", Text(), nullable=False),
        sa.CheckConstraint(
            "type IN ('created', 'commented', 'open', 'refined', 'conceded', 'merged', 'proposed', 'amended', 'adopted', 'rejected', 'addressed', 'resolved', 'reopened', 'cited', 'challenged', 'confirmed', 'refuted', 'asserted', 'supported', 'opposed', 'withdrawn')",
            name="event_type",
        ),
        sa.ForeignKeyConstraint(
            ["dialogue_id", "kind", "round", "seq"],
            ["entities.dialogue_id", "entities.kind", "entities.round", "entities.seq"],
        ),
        sa.PrimaryKeyConstraint("dialogue_id", "kind", "round", "seq", "event_seq"),
        info={"stream": "dialogue"},
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('journal', 0)")
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5("
            "dialogue_id UNINDEXED, item UNINDEXED, label, body, tokenize = 'unicode61 remove_diacritics 2')"
        )
        return
    op.create_table(
        "search",
        sa.Column("dialogue_id", Text(), nullable=False),
        sa.Column("item", Text(), nullable=False),
        sa.Column("label", Text(), nullable=False),
        sa.Column("body", Text(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
    )
    op.create_index("search_words", "search", ["words"], postgresql_using="gin")
    op.create_index("search_item", "search", ["dialogue_id", "item"])
