"""What calibration's operations give back."""

from __future__ import annotations

from typing import Any

from hansard.kernel.shapes import Shape


class DomainTold(Shape):
    """A domain."""

    status: str = "success"
    domain_id: str
    name: str
    description: str | None = None
    created_at: str


class RuleTold(Shape):
    """A rule as it stands now."""

    status: str = "success"
    rule: dict[str, Any]
    """``rule_id``, ``type``, ``label``, ``text``, ``priority``, ``domain_id``, ``domains``, ``status``, ``revision``,
    ``created_at``, ``revised_at``."""


class RulesListed(Shape):
    """Domains, and rules in the order in which an ethos would hold them."""

    domains: list[dict[str, Any]]
    rules: list[dict[str, Any]]


class ConflictTold(Shape):
    """Two rules that do not go together, and what was decided; without ``resolution`` nothing decides."""

    rule_a: str
    rule_b: str
    kind: str
    resolution: str | None = None
    resolved_by: str | None = None
    merged_text: str | None = None
    note: str | None = None


class EthosTold(Shape):
    """An ethos whole."""

    status: str = "success"
    ethos_id: str | None
    """``null`` where it was only tried."""
    title: str
    domain_id: str
    domain: str
    rules: list[dict[str, Any]]
    """``seq``, ``rule_id``, ``type``, ``label``, ``text``, ``priority``, ``revision``; ``merged_from`` where two became
    one."""
    digest: str
    """SHA-256 of the rules' RFC 8785 bytes, hexadecimal."""
    conflicts: list[ConflictTold]
    unresolved: list[ConflictTold] = []
    """Of a trial: the conflicts for which it would be refused."""
    warnings: list[str] = []
    """Conflicts that an earlier ethos recorded and that were not taken up again, since a rule was revised."""
    prompt_injection: str
    """What every expert of a dialogue is told of it, in Markdown."""
    created_at: str | None = None


class EthosListed(Shape):
    """Every ethos, in the order in which they were made."""

    ethos: list[dict[str, Any]]
    """``ethos_id``, ``title``, ``domain_id``, ``rules`` (how many), ``conflicts`` (how many), ``digest``,
    ``created_at``, ``stale``: rules that were revised or retired since."""
