"""The tables of dialogues (specification, "Schema"; decision 0003 says where they differ from it and why)."""

from __future__ import annotations

import sqlalchemy as sa

from hansard.database.columns import Integer, JsonText, LongText, Text, metadata
from hansard.dialogue import model
from hansard.dialogue.calibration import tables as _calibration  # noqa: F401  (its tables belong to the store)
from hansard.dialogue.model import STATUSES
from hansard.kernel.ids import KINDS


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=name)


def _dialogue_id() -> sa.Column[str]:
    return sa.Column("dialogue_id", Text, sa.ForeignKey("dialogues.dialogue_id"), primary_key=True)


EVENT_TYPES: tuple[str, ...] = tuple(
    dict.fromkeys(["created", "commented", *(word for words in STATUSES.values() for word in words)])
)
"""An event is the status that it gives, or one of the two that give none."""

_status_of_kind = " OR ".join(f"(kind = '{kind}' AND {_one_of('status', words)})" for kind, words in STATUSES.items())

dialogues = sa.Table(
    "dialogues",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("title", Text, nullable=False),
    sa.Column("question", LongText, nullable=False),
    sa.Column("background", JsonText),
    sa.Column("domain", Text),
    sa.Column("expert_pool", JsonText, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("created_at", Text, nullable=False, index=True),
    sa.Column("converged_at", Text),
    sa.Column("panel_size", Integer, nullable=False),
    sa.Column("convergence_target", sa.Float, nullable=False),
    sa.Column("max_rounds", Integer, nullable=False),
    sa.Column("rotation", Text, nullable=False),
    sa.Column("strict_velocity", Integer, nullable=False),
    sa.Column("seed", Text, nullable=False),
    sa.Column("output_dir", Text),
    sa.Column("tags", JsonText, nullable=False),
    sa.Column("origin", JsonText),
    sa.Column("calibration", JsonText),
    _check("dialogue_status", _one_of("status", ("open", "converging", "converged", "abandoned"))),
    _check("dialogue_rotation", _one_of("rotation", model.ROTATIONS)),
    _check("dialogue_target", "convergence_target > 0 AND convergence_target <= 1"),
    _check("dialogue_strict_velocity", "strict_velocity IN (0, 1)"),
    info={"stream": "dialogue"},
)

experts = sa.Table(
    "experts",
    metadata,
    _dialogue_id(),
    sa.Column("slug", Text, primary_key=True),
    sa.Column("role", Text, nullable=False),
    sa.Column("description", LongText),
    sa.Column("focus", Text),
    sa.Column("tier", Text),
    sa.Column("source", Text, nullable=False),
    sa.Column("relevance", sa.Float),
    sa.Column("creation_reason", LongText),
    sa.Column("color", Text, nullable=False),
    sa.Column("first_round", Integer),
    sa.Column("created_at", Text, nullable=False),
    sa.Column("name", Text),
    _check("expert_tier", _one_of("tier", model.TIERS)),
    _check("expert_source", _one_of("source", ("pool", "created"))),
    info={"stream": "dialogue"},
)

rounds = sa.Table(
    "rounds",
    metadata,
    _dialogue_id(),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("title", Text),
    sa.Column("score", Integer),
    sa.Column("summary", LongText),
    sa.Column("status", Text, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    sa.Column("completed_at", Text),
    _check("round_number", "round BETWEEN 0 AND 99"),
    _check("round_status", _one_of("status", ("open", "in_progress", "completed"))),
    info={"stream": "dialogue"},
)

_round_of = ["dialogue_id", "round"], ["rounds.dialogue_id", "rounds.round"]
_expert_of = ["experts.dialogue_id", "experts.slug"]

panel_members = sa.Table(
    "panel_members",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("slug", Text, primary_key=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("tier", Text),
    sa.Column("relevance", sa.Float),
    sa.Column("focus", Text),
    sa.ForeignKeyConstraint(*_round_of),
    sa.ForeignKeyConstraint(["dialogue_id", "slug"], _expert_of),
    _check("panel_member_source", _one_of("source", model.SOURCES)),
    info={"stream": "dialogue"},
)

utterances = sa.Table(
    "utterances",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("slug", Text, primary_key=True),
    sa.Column("raw", LongText),
    sa.Column("score", Integer),
    sa.Column("components", JsonText),
    sa.Column("annotations", JsonText),
    sa.Column("modifiers", JsonText),
    sa.ForeignKeyConstraint(*_round_of),
    sa.ForeignKeyConstraint(["dialogue_id", "slug"], _expert_of),
    info={"stream": "dialogue"},
)

entities = sa.Table(
    "entities",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("kind", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("seq", Integer, primary_key=True),
    sa.Column("label", Text, nullable=False),
    sa.Column("content", LongText, nullable=False),
    sa.Column("contributors", JsonText, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("parameters", JsonText),
    sa.Column("adopted_in_verdict", Text),
    sa.Column("local_ids", JsonText, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    sa.Column("exhibits", JsonText),
    sa.ForeignKeyConstraint(*_round_of),
    _check("entity_kind", _one_of("kind", tuple(KINDS))),
    _check("entity_seq", "seq BETWEEN 1 AND 99"),
    _check("entity_status", _status_of_kind),
    sa.Index("entities_by_status", "dialogue_id", "kind", "status"),
    info={"stream": "dialogue"},
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("kind", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("seq", Integer, primary_key=True),
    sa.Column("event_seq", Integer, primary_key=True),
    sa.Column("type", Text, nullable=False),
    sa.Column("event_round", Integer, nullable=False),
    sa.Column("actors", JsonText, nullable=False),
    sa.Column("reason", LongText),
    sa.Column("disposition", Text),
    sa.Column("reference", Text),
    sa.Column("result", Text),
    sa.Column("created_at", Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["dialogue_id", "kind", "round", "seq"],
        ["entities.dialogue_id", "entities.kind", "entities.round", "entities.seq"],
    ),
    _check("event_type", _one_of("type", EVENT_TYPES)),
    info={"stream": "dialogue"},
)

refs = sa.Table(
    "refs",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("seq", Integer, primary_key=True),
    sa.Column("source_id", Text, nullable=False),
    sa.Column("ref_type", Text, nullable=False),
    sa.Column("target_id", Text, nullable=False),
    sa.Column("context", LongText),
    sa.Column("created_at", Text, nullable=False),
    sa.ForeignKeyConstraint(*_round_of),
    sa.UniqueConstraint("dialogue_id", "round", "source_id", "ref_type", "target_id", name="refs_once"),
    _check("ref_type", _one_of("ref_type", model.REF_TYPES)),
    _check("ref_tension_only", "ref_type NOT IN ('address', 'resolve', 'reopen') OR target_id LIKE 'T%'"),
    _check("ref_refine_same_type", "ref_type <> 'refine' OR substr(source_id, 1, 1) = substr(target_id, 1, 1)"),
    sa.Index("refs_by_target", "dialogue_id", "target_id", "ref_type"),
    sa.Index("refs_by_source", "dialogue_id", "source_id"),
    info={"stream": "dialogue"},
)

moves = sa.Table(
    "moves",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("expert_slug", Text, primary_key=True),
    sa.Column("seq", Integer, primary_key=True),
    sa.Column("move_type", Text, nullable=False),
    sa.Column("targets", JsonText, nullable=False),
    sa.Column("topic", LongText),
    sa.Column("context", LongText),
    sa.Column("created_at", Text, nullable=False),
    sa.ForeignKeyConstraint(*_round_of),
    sa.ForeignKeyConstraint(["dialogue_id", "expert_slug"], _expert_of),
    _check("move_type", _one_of("move_type", model.MOVE_TYPES)),
    info={"stream": "dialogue"},
)

stances = sa.Table(
    "stances",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("round", Integer, primary_key=True),
    sa.Column("expert_slug", Text, primary_key=True),
    sa.Column("stance", Text, nullable=False),
    sa.Column("confidence", sa.Float),
    sa.Column("condition", LongText),
    sa.Column("cause", Text),
    sa.Column("created_at", Text, nullable=False),
    sa.ForeignKeyConstraint(*_round_of),
    sa.ForeignKeyConstraint(["dialogue_id", "expert_slug"], _expert_of),
    _check("stance", _one_of("stance", model.STANCES)),
    _check("stance_confidence", "confidence IS NULL OR confidence BETWEEN 0 AND 1"),
    info={"stream": "dialogue"},
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    _dialogue_id(),
    sa.Column("verdict_id", Text, primary_key=True),
    sa.Column("seq", Integer, nullable=False),
    sa.Column("verdict_type", Text, nullable=False),
    sa.Column("label", LongText),
    sa.Column("round", Integer, nullable=False),
    sa.Column("author_expert", Text),
    sa.Column("recommendation", LongText, nullable=False),
    sa.Column("description", LongText, nullable=False),
    sa.Column("conditions", JsonText, nullable=False),
    sa.Column("vote", Text),
    sa.Column("votes", JsonText),
    sa.Column("confidence", Text),
    sa.Column("tensions_resolved", JsonText, nullable=False),
    sa.Column("tensions_accepted", JsonText, nullable=False),
    sa.Column("recommendations_adopted", JsonText, nullable=False),
    sa.Column("key_evidence", JsonText, nullable=False),
    sa.Column("key_claims", JsonText, nullable=False),
    sa.Column("supporting_experts", JsonText, nullable=False),
    sa.Column("what_would_change", LongText),
    sa.Column("supersedes", Text),
    sa.Column("dismissals", JsonText),
    sa.Column("force_reason", LongText),
    sa.Column("gate", JsonText),
    sa.Column("created_at", Text, nullable=False),
    sa.Column("ethos_compliance", JsonText),
    sa.ForeignKeyConstraint(*_round_of),
    sa.ForeignKeyConstraint(["dialogue_id", "author_expert"], _expert_of),
    sa.UniqueConstraint("dialogue_id", "seq", name="verdicts_in_order"),
    _check("verdict_type", _one_of("verdict_type", model.VERDICT_TYPES)),
    _check("verdict_confidence", _one_of("confidence", model.CONFIDENCES)),
    info={"stream": "dialogue"},
)

judge_claims = sa.Table(
    "judge_claims",
    metadata,
    _dialogue_id(),
    sa.Column("seq", Integer, primary_key=True, autoincrement=False),
    sa.Column("round", Integer),
    sa.Column("subject", Text, nullable=False),
    sa.Column("item", Text, nullable=False),
    sa.Column("claimed", LongText, nullable=False),
    sa.Column("local_id", Text),
    sa.Column("source", Text),
    info={"stream": "dialogue"},
)

documents = sa.Table(
    "documents",
    metadata,
    _dialogue_id(),
    sa.Column("name", Text, primary_key=True),
    sa.Column("body", LongText, nullable=False),
    info={"stream": "dialogue"},
)

exhibits = sa.Table(
    "exhibits",
    metadata,
    _dialogue_id(),
    sa.Column("seq", Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("label", Text, nullable=False),
    sa.Column("reference", JsonText, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Column("size", Integer),
    sa.Column("media_type", Text),
    sa.Column("round", Integer, nullable=False),
    sa.Column("added_by", Text, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    _check("exhibit_seq", "seq BETWEEN 1 AND 9999"),
    _check("exhibit_kind", _one_of("kind", model.EXHIBIT_KINDS)),
    info={"stream": "dialogue"},
)

watches = sa.Table(
    "watches",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("verdict_id", Text, primary_key=True),
    sa.Column("seq", Integer, primary_key=True, autoincrement=False),
    sa.Column("condition", LongText, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("reference", JsonText, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    sa.ForeignKeyConstraint(["dialogue_id", "verdict_id"], ["verdicts.dialogue_id", "verdicts.verdict_id"]),
    _check("watch_kind", _one_of("kind", model.WATCH_KINDS)),
    info={"stream": "dialogue"},
)

dialogue_events = sa.Table(
    "dialogue_events",
    metadata,
    _dialogue_id(),
    sa.Column("seq", Integer, primary_key=True, autoincrement=False),
    sa.Column("type", Text, nullable=False),
    sa.Column("actors", JsonText, nullable=False),
    sa.Column("reason", LongText),
    sa.Column("detail", JsonText),
    sa.Column("created_at", Text, nullable=False),
    _check("dialogue_event_type", _one_of("type", model.DIALOGUE_EVENTS)),
    info={"stream": "dialogue"},
)

ROWS: dict[type[model.Row], sa.Table] = {
    model.Dialogue: dialogues,
    model.Expert: experts,
    model.Round: rounds,
    model.PanelMember: panel_members,
    model.Utterance: utterances,
    model.Entity: entities,
    model.Event: events,
    model.Ref: refs,
    model.Move: moves,
    model.Stance: stances,
    model.Verdict: verdicts,
    model.JudgeClaim: judge_claims,
    model.Document: documents,
    model.Exhibit: exhibits,
    model.Watch: watches,
    model.DialogueEvent: dialogue_events,
}
"""The table of each row type, parents before children: the order in which rows may be inserted."""
