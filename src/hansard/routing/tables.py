"""The tables of routing. The journal does not speak of them: they hold what is being learnt and what was said to
models, and no part of a dialogue's record. Which call it was stands in the memory, by the hashes of these texts.
"""

from __future__ import annotations

import sqlalchemy as sa

from hansard.database.columns import Text, metadata
from hansard.database.tables import BESIDE, BY_HASH

route_breakers = sa.Table(
    "route_breakers",
    metadata,
    sa.Column("model", Text, primary_key=True),
    sa.Column("state", Text, nullable=False, comment="JSON (routing.breakers.Breaker)"),
    sa.Column("changed", sa.Float, nullable=False, comment="seconds since 1970; the latest change holds"),
    info={BESIDE: True},
)

route_windows = sa.Table(
    "route_windows",
    metadata,
    sa.Column("worker", Text, primary_key=True, comment="one of each running process"),
    sa.Column("model", Text, primary_key=True),
    sa.Column("samples", Text, nullable=False, comment="JSON (routing.statistics.Window)"),
    sa.Column("updated", sa.Float, nullable=False, comment="seconds since 1970"),
    info={BESIDE: True},
)

call_texts = sa.Table(
    "call_texts",
    metadata,
    sa.Column("sha256", Text, primary_key=True, comment="SHA-256 of body, hexadecimal"),
    sa.Column("body", sa.LargeBinary, nullable=False, comment="a prompt as it was sent, or what came back"),
    info={BESIDE: True, BY_HASH: True},
)

call_text_uses = sa.Table(
    "call_text_uses",
    metadata,
    sa.Column("dialogue_id", Text, primary_key=True),
    sa.Column("sha256", Text, primary_key=True),
    info={BESIDE: True},
)
