"""What callers send to calibration's operations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from hansard.dialogue.calibration.model import CONFLICT_KINDS, RULE_TYPES
from hansard.dialogue.requests import Line, Name, Words
from hansard.kernel.shapes import Prose, Shape, WriteRequest, any_case

DomainName = Annotated[Name, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""Three capitals (``FID``)."""

Priority = Annotated[int, Field(ge=0, le=1_000_000)]
"""The higher wins."""


class DomainCreate(WriteRequest):
    """Name a field that has norms of its own."""

    domain_id: DomainName
    name: Line
    description: Prose | None = None


class RuleCreate(WriteRequest):
    """Write down a principle, a tenet or a constraint."""

    type: Annotated[Name, any_case(*RULE_TYPES)]
    """principle, tenet or constraint."""
    label: Line
    text: Words
    priority: Priority | None = None
    """100 for principles and tenets, 500 for constraints when left out."""
    domain_id: Name | None = None
    """A tenet's own domain."""
    domains: list[Name] | None = None
    """Domains in which a principle or constraint is valid; all of them when left out."""


class RuleRevise(WriteRequest):
    """Word a rule anew, or weigh it anew; what is left out stays."""

    rule_id: Name
    label: Line | None = None
    text: Words | None = None
    priority: Priority | None = None
    domains: list[Name] | None = None
    reason: Prose | None = None
    """Why; the journal keeps it."""


class RuleRetire(WriteRequest):
    """Take a rule out of use."""

    rule_id: Name
    reason: Prose | None = None


class RulesList(Shape):
    """Ask for rules."""

    domain_id: Name | None = None
    """Only those that are valid in this domain."""
    type: Annotated[Name | None, any_case(*RULE_TYPES)] = None
    retired: bool = False
    """With those that are out of use."""


class ConflictIn(Shape):
    """Two rules that do not go together, and what is decided."""

    a: Name
    b: Name
    kind: Annotated[Name, any_case(*CONFLICT_KINDS)] = "contradiction"
    """contradiction, redundancy or ambiguity."""
    resolution: Name | None = None
    """a_supersedes, b_supersedes, merged or removed; by priority when left out."""
    resolved_by: Name | None = None
    """manual (when left out and a resolution is given), model, or priority."""
    merged_text: Words | None = None
    """What both become when they are merged."""
    note: Prose | None = None


class EthosSynthesise(WriteRequest):
    """Make a rule set without conflict.

    Taken are the principles and tenets that are valid in the domain, and the constraints that name it; ``add`` takes
    further rules, ``leave_out`` fewer; ``rules`` takes exactly these.
    """

    domain_id: Name
    title: Line
    rules: list[Name] | None = None
    add: list[Name] = []
    leave_out: list[Name] = []
    conflicts: list[ConflictIn] = []
    dry_run: bool = False
    """Tell what it would be, unresolved conflicts too, and write nothing."""


class EthosQuery(Shape):
    """Name one ethos."""

    ethos_id: Annotated[Name, Field(min_length=1, max_length=120)]


class EthosList(Shape):
    """Ask for every ethos."""

    domain_id: Name | None = None
