"""The refusals of calibration; a function's name is the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hansard.kernel.errors import HansardError, did_you_mean


def domain_not_found(field: str, domain_id: str, known: Iterable[str]) -> HansardError:
    """No domain has this id."""
    names = sorted(known)
    return HansardError(
        "not_found",
        "domain_not_found",
        f"there is no domain '{domain_id}'",
        field=field,
        value=domain_id,
        constraint="referential",
        valid_options=names,
        suggestion=did_you_mean(domain_id.upper(), names) or "Make it with 'domain_create' first",
    )


def domain_exists(domain_id: str, name: str) -> HansardError:
    """The three letters are taken."""
    return HansardError(
        "conflict",
        "domain_exists",
        f"'{domain_id}' is the domain '{name}' already",
        field="domain_id",
        value=domain_id,
        suggestion="Choose three other letters, or use the domain that is there",
    )


def rule_not_found(field: str, rule_id: str, known: Iterable[str]) -> HansardError:
    """No rule has this id, or none of those that are concerned here."""
    names = sorted(known)
    return HansardError(
        "not_found",
        "rule_not_found",
        f"there is no rule '{rule_id}' here",
        field=field,
        value=rule_id,
        constraint="referential",
        valid_options=names[:50],
        suggestion=did_you_mean(rule_id.upper(), names)
        or "'rules_list' lists the rules, 'ethos_get' those of an ethos",
    )


def rule_retired(field: str, rule_id: str) -> HansardError:
    """A retired rule is not changed, and no new ethos takes it."""
    return HansardError(
        "conflict",
        "rule_retired",
        f"rule '{rule_id}' is retired",
        field=field,
        value=rule_id,
        constraint="lifecycle",
        suggestion="Make a new rule; the ethos that hold the retired one keep it as it was",
    )


def ethos_not_found(ethos_id: str, known: Iterable[str], field: str = "ethos_id") -> HansardError:
    """No ethos has this id."""
    names = sorted(known)
    return HansardError(
        "not_found",
        "ethos_not_found",
        f"there is no ethos '{ethos_id}'",
        field=field,
        value=ethos_id,
        constraint="referential",
        valid_options=names[:50],
        suggestion=did_you_mean(ethos_id.lower(), names) or "Make one with 'ethos_synthesise' first",
    )


def ethos_altered(ethos_id: str) -> HansardError:
    """The rules of an ethos are not those that its digest was made of."""
    return HansardError(
        "corrupt",
        "ethos_altered",
        f"the rules of ethos '{ethos_id}' are not as they were recorded",
        field="ethos_id",
        value=ethos_id,
        suggestion="'hansard verify --all' tells what was altered; make a new ethos from rules that verify",
    )


def ethos_empty(domain_id: str) -> HansardError:
    """No rule is left for an ethos."""
    return HansardError(
        "invalid",
        "ethos_empty",
        f"no rule is left for an ethos of domain '{domain_id}'",
        field="rules",
        constraint="semantic",
        suggestion="Make rules with 'rule_create', or name the ones to take in 'rules' or 'add'",
    )


def ethos_conflict_unresolved(conflicts: Sequence[Mapping[str, Any]]) -> HansardError:
    """Rules that do not go together, and nothing decides which of them holds."""
    named = "; ".join(
        f"{one['rule_a']} and {one['rule_b']} ({one.get('note') or one['kind']})" for one in conflicts[:12]
    )
    more = f"; and {len(conflicts) - 12} more" if len(conflicts) > 12 else ""
    return HansardError(
        "refused",
        "ethos_conflict_unresolved",
        f"{len(conflicts)} conflict{'s are' if len(conflicts) != 1 else ' is'} not resolved: {named}{more}",
        field="conflicts",
        value=len(conflicts),
        constraint="semantic",
        context={"conflicts": [dict(one) for one in conflicts]},
        valid_options=["a_supersedes", "b_supersedes", "merged", "removed"],
        suggestion="Give each a 'resolution' in 'conflicts', give the rules other priorities with 'rule_revise', or "
        "leave one of them out",
    )
