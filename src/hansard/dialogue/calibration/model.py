"""What calibration is made of: domains, rules, and the conflict-free set that a dialogue is held to.

Source: specification, "Calibration (RFC 0054)"; design note, "Calibration".
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

RULE_TYPES: Final = ("principle", "tenet", "constraint")
CONFLICT_KINDS: Final = ("contradiction", "redundancy", "ambiguity")
RESOLUTIONS: Final = ("a_supersedes", "b_supersedes", "merged", "removed")
RESOLVED_BY: Final = ("priority", "manual", "model")

PRIORITIES: Final = {"principle": 100, "tenet": 100, "constraint": 500}
"""A rule's priority where none is given; the higher wins."""


class Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of calibration's row types."""

    def as_row(self) -> dict[str, Any]:
        """Column names and typed values."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Domain(Stored, frozen=True, kw_only=True):
    """A field that has norms of its own."""

    domain_id: str
    """Three capitals (``FID``)."""
    name: str
    description: str | None = None
    created_at: str


class Rule(Stored, frozen=True, kw_only=True):
    """A principle (holds everywhere), a tenet (of one domain) or a constraint (of one question)."""

    rule_id: str
    """``PR0001``, ``FID-TN01``, ``CN01``."""
    type: str
    label: str
    text: str
    priority: int
    domain_id: str | None = None
    """A tenet's own domain."""
    domains: list[str] | None = None
    """Domains in which a principle or constraint is valid; all of them when ``None``."""
    status: str = "active"
    """``active``, or ``retired``: no ethos takes it any more."""
    revision: int = 1
    created_at: str
    revised_at: str | None = None


class Ethos(Stored, frozen=True, kw_only=True):
    """The rules of a dialogue, free of conflict; never changed once it is made."""

    ethos_id: str
    domain_id: str
    title: str
    rules: list[dict[str, Any]]
    """In order: ``seq``, ``rule_id``, ``type``, ``label``, ``text``, ``priority``, ``revision``."""
    digest: str
    """SHA-256 of the rules' canonical bytes, hexadecimal."""
    created_at: str


class EthosConflict(Stored, frozen=True, kw_only=True):
    """Two rules that do not go together, and what was decided."""

    ethos_id: str
    seq: int
    rule_a: str
    rule_b: str
    kind: str
    resolution: str
    resolved_by: str
    merged_text: str | None = None
    note: str | None = None
