"""The door of calibration: domains, rules, and the ethos that a dialogue is held to."""

from __future__ import annotations

from typing import Any

import msgspec

from hansard.database.journal import Entry, Journal
from hansard.dialogue.calibration import answers, errors, requests, rules, store
from hansard.dialogue.calibration.model import PRIORITIES, RULE_TYPES, Domain, Ethos, EthosConflict, Rule
from hansard.dialogue.calibration.tables import STREAM
from hansard.dialogue.door import raise_faults, refuse
from hansard.kernel.errors import invalid_field
from hansard.kernel.ids import slugify
from hansard.kernel.operations import Call, operation


class CalibrationOperations:
    """Rules that experts argue under; a rule is revised, an ethos never."""

    def __init__(self, journal: Journal) -> None:
        """Operations on the journal's store."""
        self._journal = journal

    # ------------------------------------------------------------------ writing

    @operation(writes=True, tools="calibration")
    def domain_create(self, request: requests.DomainCreate, call: Call) -> answers.DomainTold:
        """Name a domain: a field that has norms of its own, by three capitals."""
        with self._journal.entry("domain_create", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return answers.DomainTold(**entry.answer)
            known = store.read_domains(entry.connection)
            if request.domain_id in known:
                raise errors.domain_exists(request.domain_id, known[request.domain_id].name)
            domain = Domain(
                domain_id=request.domain_id,
                name=request.name,
                description=request.description,
                created_at=entry.time,
            )
            store.insert(entry, [domain])
            return entry.finish(answers.DomainTold(**domain.as_row()))

    @operation(writes=True, tools="calibration")
    def rule_create(self, request: requests.RuleCreate, call: Call) -> answers.RuleTold:
        """Write down a rule: a principle (PR0001), a domain's tenet (FID-TN01), a question's constraint (CN01)."""
        with self._journal.entry("rule_create", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return answers.RuleTold(**entry.answer)
            domains = store.read_domains(entry.connection)
            faults = rules.judged_rule(request.type, request.domain_id, request.domains, domains)
            raise_faults(faults, "rule", request.label)
            known = store.read_rules(entry.connection)
            rule = Rule(
                rule_id=rules.next_rule_id(request.type, request.domain_id, known),
                type=request.type,
                label=request.label,
                text=request.text,
                priority=PRIORITIES[request.type] if request.priority is None else request.priority,
                domain_id=request.domain_id,
                domains=None if request.domains is None else sorted(set(request.domains)),
                created_at=entry.time,
            )
            store.insert(entry, [rule])
            return entry.finish(answers.RuleTold(rule=rule.as_row()))

    @operation(writes=True, tools="calibration")
    def rule_revise(self, request: requests.RuleRevise, call: Call) -> answers.RuleTold:
        """Word or weigh a rule anew; every ethos keeps the revision that it was made of."""
        with self._journal.entry("rule_revise", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return answers.RuleTold(**entry.answer)
            rule = _active(entry, request.rule_id)
            given: dict[str, Any] = {
                name: value
                for name in ("label", "text", "priority")
                if (value := getattr(request, name)) is not None and value != getattr(rule, name)
            }
            if request.domains is not None:
                domains = store.read_domains(entry.connection)
                faults = rules.judged_rule(rule.type, rule.domain_id, request.domains, domains)
                raise_faults(faults, "rule", rule.rule_id)
                wanted = sorted(set(request.domains))
                given |= {"domains": wanted} if wanted != rule.domains else {}
            if not given:
                raise invalid_field(
                    "rule_id", request.rule_id, "is given nothing new", suggestion="Give a label, text or priority"
                )
            revised = msgspec.structs.replace(rule, **given, revision=rule.revision + 1, revised_at=entry.time)
            store.update(entry, revised)
            return entry.finish(answers.RuleTold(rule=revised.as_row()))

    @operation(writes=True, tools="calibration")
    def rule_retire(self, request: requests.RuleRetire, call: Call) -> answers.RuleTold:
        """Take a rule out of use; no new ethos takes it, and those that have it keep it."""
        with self._journal.entry("rule_retire", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return answers.RuleTold(**entry.answer)
            rule = _active(entry, request.rule_id)
            retired = msgspec.structs.replace(rule, status="retired", revised_at=entry.time)
            store.update(entry, retired)
            return entry.finish(answers.RuleTold(rule=retired.as_row()))

    @operation(writes=True, tools="calibration")
    def ethos_synthesise(self, request: requests.EthosSynthesise, call: Call) -> answers.EthosTold:
        """Make a rule set without conflict: each is resolved by priority, by hand or by a model, or all is refused.

        What says the same in the same words is found here; contradictions and ambiguities are named in ``conflicts``.
        What an earlier ethos of the domain recorded between two of the rules is taken up again.
        """
        if request.dry_run:
            with self._journal.reading(call) as connection:
                return _told(None, request.title, *_planned(connection, request))
        with self._journal.entry("ethos_synthesise", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return answers.EthosTold(**entry.answer)
            domain, plan = _planned(entry.connection, request)
            if plan.unresolved:
                raise errors.ethos_conflict_unresolved([one.told().model_dump() for one in plan.unresolved])
            if not plan.rules:
                raise errors.ethos_empty(request.domain_id)
            ethos_id = _free_id(request.title, store.ethos_ids(entry.connection))
            entry.decide("ethos_id", ethos_id)
            ethos = Ethos(
                ethos_id=ethos_id,
                domain_id=request.domain_id,
                title=request.title,
                rules=plan.rules,
                digest=rules.digest_of(plan.rules),
                created_at=entry.time,
            )
            conflicts = [
                EthosConflict(
                    ethos_id=ethos_id,
                    seq=number,
                    rule_a=one.a,
                    rule_b=one.b,
                    kind=one.kind,
                    resolution=str(one.resolution),
                    resolved_by=str(one.resolved_by),
                    merged_text=one.merged_text,
                    note=one.note,
                )
                for number, one in enumerate(plan.conflicts, start=1)
            ]
            store.insert(entry, [ethos, *conflicts])
            return entry.finish(_told(ethos, request.title, domain, plan))

    # ------------------------------------------------------------------ reading

    @operation(path="/rules", tools="calibration")
    def rules_list(self, request: requests.RulesList, call: Call) -> answers.RulesListed:
        """List domains and rules: principles, tenets, constraints, the weightier first."""
        with self._journal.reading(call) as connection:
            domains, known = store.read_domains(connection), store.read_rules(connection)
        if request.domain_id is not None and request.domain_id not in domains:
            raise errors.domain_not_found("domain_id", request.domain_id, domains)
        if request.type is not None and request.type not in RULE_TYPES:
            raise invalid_field("type", request.type, "is no type of rule", valid_options=RULE_TYPES)
        return answers.RulesListed(
            domains=[domain.as_row() for name, domain in domains.items() if request.domain_id in (None, name)],
            rules=[
                rule.as_row()
                for rule in rules.in_order(known.values())
                if (request.retired or rule.status == "active")
                and request.type in (None, rule.type)
                and (request.domain_id is None or rules.valid_in(rule, request.domain_id))
            ],
        )

    @operation(path="/ethos/{ethos_id}", tools="calibration")
    def ethos_get(self, request: requests.EthosQuery, call: Call) -> answers.EthosTold:
        """Give an ethos whole: its rules, what conflicted and how it was resolved, what experts are told."""
        with self._journal.reading(call) as connection:
            ethos = store.read_ethos(connection, request.ethos_id)
            if ethos is None:
                raise errors.ethos_not_found(request.ethos_id, store.ethos_ids(connection))
            domain = store.read_domains(connection)[ethos.domain_id]
            conflicts = store.read_conflicts(connection, ethos.ethos_id)
        return answers.EthosTold(
            ethos_id=ethos.ethos_id,
            title=ethos.title,
            domain_id=domain.domain_id,
            domain=domain.name,
            rules=ethos.rules,
            digest=ethos.digest,
            conflicts=[
                answers.ConflictTold(
                    **{name: value for name, value in one.as_row().items() if name not in ("ethos_id", "seq")}
                )
                for one in conflicts
            ],
            prompt_injection=rules.prompt_injection(domain.name, ethos.rules),
            created_at=ethos.created_at,
        )

    @operation(path="/ethos", tools="calibration")
    def ethos_list(self, request: requests.EthosList, call: Call) -> answers.EthosListed:
        """List every ethos, and which of their rules were revised or retired since."""
        with self._journal.reading(call) as connection:
            domains = store.read_domains(connection)
            if request.domain_id is not None and request.domain_id not in domains:
                raise errors.domain_not_found("domain_id", request.domain_id, domains)
            known = store.read_rules(connection)
            found = [
                {
                    "ethos_id": ethos.ethos_id,
                    "title": ethos.title,
                    "domain_id": ethos.domain_id,
                    "rules": len(ethos.rules),
                    "conflicts": len(store.read_conflicts(connection, ethos.ethos_id)),
                    "digest": ethos.digest,
                    "created_at": ethos.created_at,
                    "stale": [change.rule_id for change in rules.changed_since(ethos.rules, known)],
                }
                for ethos in store.read_all_ethos(connection)
                if request.domain_id in (None, ethos.domain_id)
            ]
        return answers.EthosListed(ethos=found)


def _active(entry: Entry, rule_id: str) -> Rule:
    """A rule that is in use."""
    known = store.read_rules(entry.connection)
    rule = known.get(rule_id)
    if rule is None:
        raise errors.rule_not_found("rule_id", rule_id, known)
    if rule.status == "retired":
        raise errors.rule_retired("rule_id", rule_id)
    return rule


def _planned(connection: store.Connection, request: requests.EthosSynthesise) -> tuple[Domain, rules.Synthesis]:
    """The ethos that a request asks for, with its domain."""
    domains = store.read_domains(connection)
    plan = rules.plan_synthesis(request, store.read_rules(connection).values(), domains, store.read_made(connection))
    if isinstance(plan, list):
        refuse(plan, "ethos", request.title)
    return domains[request.domain_id], plan


def _free_id(title: str, known: list[str]) -> str:
    """``ethos-nvidia-001``: the title's slug and the first number after those that have it."""
    beginning = f"ethos-{slugify(title)}-"
    endings = [name.removeprefix(beginning) for name in known if name.startswith(beginning)]
    numbers = [int(ending) for ending in endings if ending.isascii() and ending.isdigit()]
    return f"{beginning}{max(numbers, default=0) + 1:03d}"


def _told(ethos: Ethos | None, title: str, domain: Domain, plan: rules.Synthesis) -> answers.EthosTold:
    return answers.EthosTold(
        ethos_id=None if ethos is None else ethos.ethos_id,
        title=title,
        domain_id=domain.domain_id,
        domain=domain.name,
        rules=plan.rules,
        digest=rules.digest_of(plan.rules),
        conflicts=[one.told() for one in plan.conflicts],
        unresolved=[one.told() for one in plan.unresolved],
        warnings=plan.warnings,
        prompt_injection=rules.prompt_injection(domain.name, plan.rules),
        created_at=None if ethos is None else ethos.created_at,
    )
