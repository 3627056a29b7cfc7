"""How rules become an ethos, and how a dialogue is held to it. Pure.

Sources: design note, "Calibration"; specification, "Calibration (RFC 0054)"; decision 0011.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import msgspec

from hansard.dialogue.calibration import errors
from hansard.dialogue.calibration.answers import ConflictTold
from hansard.dialogue.calibration.model import (
    CONFLICT_KINDS,
    RESOLUTIONS,
    RESOLVED_BY,
    RULE_TYPES,
    Domain,
    Ethos,
    EthosConflict,
    Rule,
)
from hansard.dialogue.calibration.requests import ConflictIn, EthosSynthesise
from hansard.kernel.canonical import exchange_bytes, sha256_hex
from hansard.kernel.errors import HansardError, invalid_field, missing_field

HIGH_PRIORITY: Final = 500
"""A rule of this priority or a higher one binds: a constraint's own, which principles and tenets must be raised to."""

PREFIXES: Final = {"principle": "PR", "tenet": "TN", "constraint": "CN"}
_WIDTHS: Final = {"principle": 4, "tenet": 2, "constraint": 2}
_NUMBER = re.compile(r"(\d+)$")
_NO_WORD = re.compile(r"[^\w]+")


def normal_words(text: str) -> str:
    """A text's words alone: no case, no punctuation, single spaces. A text without a word stands for itself."""
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip() or " ".join(text.split())


def next_rule_id(kind: str, domain_id: str | None, known: Iterable[str]) -> str:
    """The id that the next rule of a type gets: PR0001, FID-TN01, CN01."""
    prefix = f"{domain_id}-{PREFIXES[kind]}" if kind == "tenet" else PREFIXES[kind]
    taken = [int(found[1]) for name in known if name.startswith(prefix) and (found := _NUMBER.search(name))]
    return f"{prefix}{max(taken, default=0) + 1:0{_WIDTHS[kind]}d}"


def judged_rule(
    kind: str, domain_id: str | None, domains: Sequence[str] | None, known: Mapping[str, Domain]
) -> list[HansardError]:
    """Why a rule cannot be of this type in these domains."""
    faults: list[HansardError] = []
    if kind not in RULE_TYPES:
        return [invalid_field("type", kind, "is no type of rule", valid_options=RULE_TYPES)]
    if kind == "tenet":
        if domain_id is None:
            faults.append(missing_field("domain_id"))
        if domains is not None:
            faults.append(
                invalid_field(
                    "domains", domains, "is not a tenet's to say", suggestion="A tenet holds in its own 'domain_id'"
                )
            )
    elif domain_id is not None:
        faults.append(
            invalid_field(
                "domain_id", domain_id, f"is not a {kind}'s to say", suggestion="Name where it is valid in 'domains'"
            )
        )
    if domain_id is not None and domain_id not in known:
        faults.append(errors.domain_not_found("domain_id", domain_id, known))
    for index, name in enumerate(domains or ()):
        if name not in known:
            faults.append(errors.domain_not_found(f"domains[{index}]", name, known))
    return faults


def valid_in(rule: Rule, domain_id: str) -> bool:
    """Whether a rule is valid in a domain."""
    if rule.type == "tenet":
        return rule.domain_id == domain_id
    return rule.domains is None or domain_id in rule.domains


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Principles, tenets, constraints; the weightier first."""
    return sorted(rules, key=lambda rule: (RULE_TYPES.index(rule.type), -rule.priority, rule.rule_id))


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Two rules that do not go together, ``a`` before ``b`` by id, and what was decided."""

    a: str
    b: str
    kind: str
    resolution: str | None = None
    resolved_by: str | None = None
    merged_text: str | None = None
    note: str | None = None

    def told(self) -> ConflictTold:
        """The conflict as it is answered."""
        return ConflictTold(
            rule_a=self.a,
            rule_b=self.b,
            kind=self.kind,
            resolution=self.resolution,
            resolved_by=self.resolved_by,
            merged_text=self.merged_text,
            note=self.note,
        )


class Synthesis(msgspec.Struct, frozen=True, kw_only=True):
    """What a choice of rules becomes."""

    rules: list[dict[str, Any]]
    conflicts: list[Conflict]
    """Resolved ones, by their rules' ids."""
    unresolved: list[Conflict]
    warnings: list[str] = []


def digest_of(rules: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of the RFC 8785 bytes of an ethos' rules, hexadecimal."""
    return sha256_hex(exchange_bytes(list(rules)))


def plan_synthesis(
    request: EthosSynthesise,
    rules: Iterable[Rule],
    domains: Mapping[str, Domain],
    earlier: Iterable[tuple[Ethos, Sequence[EthosConflict]]] = (),
) -> Synthesis | list[HansardError]:
    """What a choice of rules becomes, or every fault of the request. The order of the request says nothing.

    Args:
        request: the choice.
        rules: every rule that there is.
        domains: every domain.
        earlier: what was made before, the oldest first, each with its conflicts: what its rules contradicted each
            other in, they do still, unless one of them was revised since.
    """
    known = {rule.rule_id: rule for rule in rules}
    if request.domain_id not in domains:
        return [errors.domain_not_found("domain_id", request.domain_id, domains)]
    chosen, faults = _chosen(request, known)
    named = list(_named_conflicts(request.conflicts, chosen, faults))
    if not faults and not chosen:
        faults.append(errors.ethos_empty(request.domain_id))
    if faults:
        return faults
    again, warnings = _recorded(earlier, request.domain_id, chosen, {(one.a, one.b) for one in named})
    return msgspec.structs.replace(synthesis(chosen.values(), [*named, *again]), warnings=warnings)


def _recorded(
    earlier: Iterable[tuple[Ethos, Sequence[EthosConflict]]],
    domain_id: str,
    chosen: Mapping[str, Rule],
    named: Container[tuple[str, str]],
) -> tuple[list[Conflict], list[str]]:
    """Conflicts that an ethos of the domain recorded between two rules that are both chosen now and not named: those
    that are to be decided again, and what is said of those whose rules were revised since."""
    last = {
        (one.rule_a, one.rule_b): (ethos, one)
        for ethos, conflicts in earlier
        if ethos.domain_id == domain_id
        for one in conflicts
        if one.kind != "redundancy"  # found by the words themselves
    }
    again, warnings = [], []
    for (a, b), (ethos, one) in sorted(last.items()):
        if (a, b) in named or a not in chosen or b not in chosen:
            continue
        decided = f"{one.kind} recorded by {ethos.ethos_id}, decided there: {one.resolution} ({one.resolved_by})"
        if any((chosen[name].revised_at or "") > ethos.created_at for name in (a, b)):
            warnings.append(f"{a} and {b}: {decided}; revised since, so name it in 'conflicts' if it still holds")
        else:
            again.append(Conflict(a=a, b=b, kind=one.kind, note=decided))
    return again, warnings


def _chosen(request: EthosSynthesise, known: Mapping[str, Rule]) -> tuple[dict[str, Rule], list[HansardError]]:
    faults: list[HansardError] = []
    for field in ("rules", "add", "leave_out"):
        for index, name in enumerate(getattr(request, field) or ()):
            if name not in known:
                faults.append(errors.rule_not_found(f"{field}[{index}]", name, known))
            elif field != "leave_out" and known[name].status == "retired":
                faults.append(errors.rule_retired(f"{field}[{index}]", name))
            elif field != "leave_out" and known[name].type == "tenet" and known[name].domain_id != request.domain_id:
                faults.append(_foreign_tenet(f"{field}[{index}]", known[name], request.domain_id))
    if faults:
        return {}, faults
    if request.rules is not None:
        names = set(request.rules)
    else:
        names = {
            name
            for name, rule in known.items()
            if rule.status == "active"
            and valid_in(rule, request.domain_id)
            and (rule.type != "constraint" or rule.domains is not None)  # a constraint is one question's
        }
    names = (names | set(request.add)) - set(request.leave_out)
    return {name: known[name] for name in sorted(names)}, []


def _foreign_tenet(field: str, rule: Rule, domain_id: str) -> HansardError:
    return invalid_field(
        field, rule.rule_id, f"is a tenet of {rule.domain_id}, not of {domain_id}",
        suggestion="What holds beyond a domain is a principle",
    )  # fmt: skip


def _named_conflicts(
    given: Sequence[ConflictIn], chosen: Mapping[str, Rule], faults: list[HansardError]
) -> Iterator[Conflict]:
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(given):
        field = f"conflicts[{index}]"
        before = len(faults)
        for name in ("a", "b"):
            if getattr(one, name) not in chosen:
                faults.append(errors.rule_not_found(f"{field}.{name}", getattr(one, name), chosen))
        a, b = sorted((one.a, one.b))
        if a == b:
            faults.append(invalid_field(f"{field}.b", one.b, "is the same rule"))
        elif (a, b) in seen:
            faults.append(invalid_field(field, f"{a}, {b}", "names two rules whose conflict is named already"))
        seen.add((a, b))
        for name, words in (("kind", CONFLICT_KINDS), ("resolution", RESOLUTIONS), ("resolved_by", RESOLVED_BY)):
            value = getattr(one, name)
            if value is not None and value not in words:
                faults.append(invalid_field(f"{field}.{name}", value, "is not known", valid_options=words))
        if (one.resolution == "merged") != (one.merged_text is not None):
            faults.append(
                missing_field(f"{field}.merged_text")
                if one.merged_text is None
                else invalid_field(f"{field}.merged_text", one.merged_text, "belongs to the resolution 'merged'")
            )
        if one.resolution is None and one.resolved_by in ("manual", "model"):
            faults.append(missing_field(f"{field}.resolution"))
        if len(faults) > before:
            continue
        resolution = one.resolution
        if one.a != a:  # the same conflict told the other way round
            resolution = {"a_supersedes": "b_supersedes", "b_supersedes": "a_supersedes"}.get(
                resolution or "", resolution
            )
        decided = by_priority(chosen[a], chosen[b])
        if one.resolved_by == "priority" and resolution not in (None, decided):
            faults.append(
                invalid_field(
                    f"{field}.resolution", one.resolution,
                    f"is not what priority decides: {a} has {chosen[a].priority}, {b} has {chosen[b].priority}",
                    suggestion="Leave 'resolved_by' out: whoever decides otherwise than priority does so by hand",
                )
            )  # fmt: skip
            continue
        yield Conflict(
            a=a,
            b=b,
            kind=one.kind,
            resolution=resolution if one.resolved_by != "priority" else None,
            resolved_by=None if resolution is None or one.resolved_by == "priority" else one.resolved_by or "manual",
            merged_text=one.merged_text,
            note=one.note,
        )


def by_priority(a: Rule, b: Rule) -> str | None:
    """What priority decides; nothing between equals."""
    if a.priority == b.priority:
        return None
    return "a_supersedes" if a.priority > b.priority else "b_supersedes"


def redundancies(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Pairs of rules that say the same in the same words."""
    alike: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        alike[normal_words(rule.text)].append(rule.rule_id)
    for names in alike.values():
        yield from combinations(sorted(names), 2)


def synthesis(rules: Iterable[Rule], named: Iterable[Conflict]) -> Synthesis:
    """Resolve what conflicts: as decided, else by priority, else not at all.

    A rule that is superseded supersedes nobody: of three in a row, the first and the last stay. Decisions that go round
    in a circle decide nothing; a rule that is merged must stand in no other conflict, or that one is not resolved.
    """
    chosen = {rule.rule_id: rule for rule in rules}
    conflicts = {(one.a, one.b): one for one in named}
    for a, b in redundancies(chosen.values()):
        conflicts.setdefault((a, b), Conflict(a=a, b=b, kind="redundancy"))
    for pair, one in conflicts.items():
        if one.resolution is None and (decided := by_priority(chosen[one.a], chosen[one.b])):
            conflicts[pair] = msgspec.structs.replace(one, resolution=decided, resolved_by="priority")
    stands_in: dict[str, int] = defaultdict(int)
    for one in conflicts.values():
        stands_in[one.a] += 1
        stands_in[one.b] += 1
    open_: set[tuple[str, str]] = set()
    above: dict[str, set[str]] = {name: set() for name in chosen}
    gone: set[str] = set()
    merged: dict[str, Conflict] = {}
    for pair, one in sorted(conflicts.items()):
        if one.resolution is None:
            open_.add(pair)
        elif one.resolution == "merged":
            if stands_in[one.a] > 1 or stands_in[one.b] > 1:
                open_.add(pair)
                continue
            keeper, other = sorted(pair, key=lambda name: (-chosen[name].priority, name))
            merged[keeper] = one
            gone.add(other)
        elif one.resolution == "removed":
            gone |= set(pair)
        else:
            winner, loser = pair if one.resolution == "a_supersedes" else (pair[1], pair[0])
            above[loser].add(winner)
    kept, circling = _kept(above, gone)
    open_ |= {pair for pair in conflicts if set(pair) <= circling}
    final = [chosen[name] for name in kept]
    made = [
        _entry(number, rule, chosen, merged.get(rule.rule_id)) for number, rule in enumerate(in_order(final), start=1)
    ]
    by_words: dict[str, str] = {}
    for entry in sorted(made, key=lambda entry: str(entry["rule_id"])):  # words of a merged rule may be another's
        first = by_words.setdefault(normal_words(entry["text"]), entry["rule_id"])
        pair = (first, entry["rule_id"])
        if first != entry["rule_id"] and pair not in conflicts:
            conflicts[pair] = Conflict(a=first, b=entry["rule_id"], kind="redundancy", note="once merged")
            open_.add(pair)
    in_turn = [one for _, one in sorted(conflicts.items())]
    return Synthesis(
        rules=made,
        conflicts=[one for one in in_turn if (one.a, one.b) not in open_],
        unresolved=[one for one in in_turn if (one.a, one.b) in open_],
    )


def _kept(above: Mapping[str, set[str]], gone: set[str]) -> tuple[list[str], set[str]]:
    """Rules that no kept rule supersedes, and those that supersede each other in a circle."""
    kept: set[str] = set()
    left = {name: set(winners) for name, winners in above.items() if name not in gone}
    out = set(gone)
    while left:
        ready = sorted(name for name, winners in left.items() if winners <= kept | out)
        if not ready:
            return sorted(kept), set(left)
        for name in ready:
            (out if left.pop(name) & kept else kept).add(name)
    return sorted(kept), set()


def _entry(number: int, rule: Rule, chosen: Mapping[str, Rule], merged: Conflict | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "seq": number,
        "rule_id": rule.rule_id,
        "type": rule.type,
        "label": rule.label,
        "text": rule.text,
        "priority": rule.priority,
        "revision": rule.revision,
    }
    if merged is not None:
        entry["text"] = merged.merged_text
        entry["merged_from"] = [
            {"rule_id": name, "revision": chosen[name].revision} for name in sorted((merged.a, merged.b))
        ]
    return entry


# -- what a dialogue is told of its ethos ------------------------------------------------------------------------------


def snapshot(ethos_id: str, title: str, domain: Domain, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """An ethos as a dialogue keeps it."""
    return {
        "ethos_id": ethos_id,
        "title": title,
        "domain_id": domain.domain_id,
        "domain": domain.name,
        "digest": digest_of(rules),
        "rules": rules,
    }


def rule_ids(calibration: Mapping[str, Any] | None) -> list[str]:
    """The ids of a dialogue's rules, in their order; those that were merged are known by both names."""
    names: dict[str, None] = {}
    for rule in (calibration or {}).get("rules", ()):
        names[rule["rule_id"]] = None
        names |= dict.fromkeys(one["rule_id"] for one in rule.get("merged_from", ()))
    return list(names)


def priority_of(calibration: Mapping[str, Any] | None, rule_id: str) -> int | None:
    """A rule's priority in a dialogue's ethos."""
    for rule in (calibration or {}).get("rules", ()):
        if rule_id == rule["rule_id"] or any(one["rule_id"] == rule_id for one in rule.get("merged_from", ())):
            return int(rule["priority"])
    return None


_PLURALS: Final = {"principle": "Principles", "tenet": "Tenets", "constraint": "Constraints"}
_MEANING: Final = {
    "principle": "hold in every domain",
    "tenet": "are how it is done in this domain",
    "constraint": "are what this question requires",
}


def prompt_injection(domain: str, rules: Sequence[Mapping[str, Any]]) -> str:
    """What every expert is told of the ethos, in Markdown."""
    lines = [
        f"## Calibration: {domain}",
        "",
        "This dialogue is held to the rules below. Argue as freely as ever, and say so where a position goes against "
        "one of them: name the rule by its id, and raise a tension. What is surfaced costs nothing; a breach that "
        "nobody names costs its author two points. Where rules pull apart, the higher priority wins.",
    ]
    for kind in RULE_TYPES:
        own = [rule for rule in rules if rule["type"] == kind]
        if own:
            lines += ["", f"### {_PLURALS[kind]} ({_MEANING[kind]})", ""]
            lines += [
                f"- **{rule['rule_id']}: {_one_line(rule['label'])}** (priority {rule['priority']}). "
                f"{_one_line(rule['text'])}"
                for rule in own
            ]
    return "\n".join(lines) + "\n"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def context_block(calibration: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The calibration of a round's context (specification, "Agent Context Model")."""
    if calibration is None:
        return None
    return {
        "ethos_id": calibration["ethos_id"],
        "domain": calibration["domain"],
        "digest": calibration["digest"],
        "rules": calibration["rules"],
        "prompt_injection": prompt_injection(str(calibration["domain"]), calibration["rules"]),
    }


# -- what changed since ------------------------------------------------------------------------------------------------


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is not what it was when an ethos was made of it."""

    rule_id: str
    was: str
    now: str


def changed_since(entries: Iterable[Mapping[str, Any]], known: Mapping[str, Rule]) -> list[Change]:
    """Rules of an ethos that were revised, retired or lost since it was made."""
    found = []
    for entry in entries:
        for one in entry.get("merged_from") or [entry]:
            name, revision = one["rule_id"], one["revision"]
            rule = known.get(name)
            if rule is None:
                found.append(Change(rule_id=name, was=f"revision {revision}", now="not there"))
            elif rule.status == "retired":
                found.append(Change(rule_id=name, was=f"revision {revision}", now="retired"))
            elif rule.revision != revision:
                found.append(Change(rule_id=name, was=f"revision {revision}", now=f"revision {rule.revision}"))
    return found
