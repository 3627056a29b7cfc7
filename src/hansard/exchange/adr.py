"""A verdict as a decision record in the form of MADR 4 (Markdown Any Decision Records).

The recommendations are the options. Dissent, and what would change the decision, stand under headings of the same
level as the outcome: whoever reads the decision reads what stood against it. Every sentence names the entity or the
verdict that it is taken from; nothing is said that is not in the record.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from hansard.dialogue import model, rules
from hansard.dialogue.answers import Head
from hansard.dialogue.model import ERASED, UNSETTLED
from hansard.dialogue.names import names_of
from hansard.exchange import errors, grounds
from hansard.exchange.clerk import spoken
from hansard.exchange.markdown import code, inline, plain, quoted
from hansard.exchange.origin import verdict_read_from
from hansard.exchange.warnings import gate_of
from hansard.exchange.wording import Wording, counted, listed, moment_of, plain_code
from hansard.kernel.ids import parse_display_id

Lines = Iterator[str]

STATUS: Final = {"final": "accepted", "interim": "proposed"}

WEIGHS: Final = {"support": "Good", "oppose": "Bad", "question": "Neutral", "depend": "Neutral", "refine": "Neutral"}
"""What a reference to an option says of it; what it takes is neither for nor against."""

VERBS: Final = {
    "support": "supports it",
    "oppose": "opposes it",
    "question": "questions it",
    "depend": "rests on it",
    "refine": "refines it",
}


def decision_record(record: model.Record, head: Head, digest: str, standings: grounds.Standings | None = None) -> str:
    """The decision record of a dialogue's final verdict that none supersedes, or of its last interim one.

    Args:
        record: everything of the dialogue.
        head: where its chain stands: the file is a witness of it.
        digest: digest of its ``dialogue.json``, likewise.
        standings: whether each verdict still stands, where somebody looked.

    Raises:
        HansardError: ``no_verdict``.
    """
    lines: list[str] = []
    for line in _Writer(record, standings or {}).lines(head, digest):
        if line or (lines and lines[-1]):  # one empty line between two pieces
            lines.append(line)
    return "\n".join(lines).rstrip("\n") + "\n"


def is_decision_record(text: str, dialogue_id: str) -> bool:
    """Whether a text is a decision record of this dialogue, as ``decision_record`` writes it."""
    return text.startswith("---\nstatus: ") and f"- Dialogue {code(dialogue_id)}, " in text


class _Writer:
    """One decision record in the making."""

    def __init__(self, record: model.Record, standings: grounds.Standings) -> None:
        self.record = record
        self.standings = standings
        self.word = Wording(record)
        interim = [v for v in record.verdicts if v.verdict_type == "interim"]
        verdict = rules.standing_final(record.verdicts) or (interim[-1] if interim else None)
        if verdict is None:
            raise errors.no_verdict(record.dialogue.dialogue_id)
        self.verdict = verdict
        self.apart = [v for v in record.verdicts if v.verdict_type in ("minority", "dissent")]
        self.entities = {entity.id: entity for entity in record.entities}
        self.options = [entity for entity in record.entities if entity.kind == "R"]
        self.claims = [claim for claim in rules.claims_compared(record) if claim.differs]
        self.about: dict[str, list[model.Ref]] = defaultdict(list)
        for ref in record.refs:
            self.about[ref.target_id].append(ref)

    def lines(self, head: Head, digest: str) -> Lines:
        dialogue, verdict = self.record.dialogue, self.verdict
        seated = [m.slug for m in self.record.panel_members if m.round == verdict.round]
        earlier = [expert.slug for expert in self.record.experts if expert.slug not in seated]
        yield "---"
        yield f"status: {STATUS[verdict.verdict_type]}"
        yield f"date: {verdict.created_at[:10]}"
        yield f"decision-makers: {self._people(['judge', *seated])}"
        if earlier:
            yield f"consulted: {self._people(earlier)}"
        yield "---"
        yield ""
        yield f"# {plain(dialogue.title)}"
        yield from self._context()
        yield from self._drivers()
        yield from self._considered()
        yield from self._outcome()
        yield from self._dissent()
        yield from self._changes()
        yield from self._weighed()
        yield from self._more(head, digest)

    def _people(self, slugs: list[str]) -> str:
        """Names as a list of YAML."""
        names = names_of(self.record)
        return json.dumps([names.get(slug, slug.capitalize()) for slug in slugs], ensure_ascii=False)

    def _name(self, slug: str) -> str:
        """A name at the beginning of a sentence."""
        name = self.word.name(slug)
        return name[:1].upper() + name[1:]

    def _from(self, *ids: str) -> str:
        """Where a sentence is taken from."""
        return f"({', '.join(code(plain_code(one)) for one in ids)})"

    def _by(self, entity: model.Entity) -> str:
        return self.word.names(entity.contributors)

    # -- the parts, in the order of the form

    def _context(self) -> Lines:
        dialogue = self.record.dialogue
        yield from ("", "## Context and Problem Statement", "")
        yield f"Asked in dialogue {code(dialogue.dialogue_id)}:"
        yield ""
        yield from quoted(dialogue.question)
        background = dialogue.background or {}
        for name in ("subject", "description", "situation"):
            if background.get(name):
                yield ""
                yield from quoted(str(background[name]))
        for name, value in (background.get("constraints") or {}).items():
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            its = self._from(dialogue.dialogue_id)
            yield from ("", f"Constraint {code(plain_code(str(name)))}: {inline(said)} {its}")

    def _drivers(self) -> Lines:
        tensions = [entity for entity in self.record.entities if entity.kind == "T"]
        if not tensions:
            return
        yield from ("", "## Decision Drivers", "")
        for tension in tensions:
            yield f"* {plain(tension.label)}: {self._settled(tension)} {self._from(tension.id)}"
        its = self._from(self.verdict.verdict_id)
        for told in spoken(self.record, self.word, "tensions_resolved"):
            yield from ("", f"{told[:-1]} {its}.")

    def _settled(self, tension: model.Entity) -> str:
        if tension.id in self.verdict.tensions_accepted:
            return "left open, and accepted by the verdict"
        if tension.id in self.verdict.tensions_resolved and tension.status in UNSETTLED:
            return f"called resolved by the verdict; in the record it is {tension.status}"
        called = [f"“{plain(c.claimed)}”" for c in self.claims if c.id == tension.id and c.item == "status"]
        return f"{tension.status}; called {listed(called)} by the Judge" if called else tension.status

    def _considered(self) -> Lines:
        yield from ("", "## Considered Options", "")
        for option in self.options:
            yield f"* {plain(option.label)} {self._from(option.id)}"
        if not self.options:
            yield f"No recommendation was registered {self._from(self.verdict.verdict_id)}."

    def _outcome(self) -> Lines:
        verdict = self.verdict
        yield from ("", "## Decision Outcome", "")
        yield from grounds.quorum(self.record, self.word)
        adopted = [self.entities[one] for one in verdict.recommendations_adopted if one in self.entities]
        chosen = listed([f"“{plain(option.label)}” {self._from(option.id)}" for option in adopted])
        if adopted:
            yield f"Chosen option{'s' if len(adopted) > 1 else ''}: {chosen}."
        else:
            its = self._from(verdict.verdict_id)
            yield f"The verdict adopts no recommendation; its own words are the decision {its}."
        if gone := [option.id for option in adopted if ERASED in (option.label, option.content)]:
            told = self._from(*gone, verdict.verdict_id)
            verify = code(f"hansard verify {self.record.dialogue.dialogue_id}")
            yield f"Words of the option were erased after it was recorded; {verify} tells when and why {told}."
        yield ""
        yield from quoted(verdict.recommendation)
        if verdict.description.strip() != verdict.recommendation.strip():
            yield ""
            yield from quoted(verdict.description)
        read = verdict_read_from(self.record.dialogue.origin)
        if read and verdict.verdict_type == "final":
            place = code(plain_code(f"{read[0]}:{read[1]}"))
            its = self._from(verdict.verdict_id)
            yield from ("", f"Read from {place} on; the report of the dialogue has the whole file {its}.")
        yield from ("", *self._standing())
        good = [self.entities[one] for one in [*verdict.key_evidence, *verdict.key_claims] if one in self.entities]
        bad = [self.entities[one] for one in verdict.tensions_accepted if one in self.entities]
        if good or bad or verdict.conditions:
            yield from ("", "### Consequences", "")
            yield from (f"* Good, because it rests on “{plain(one.label)}” {self._from(one.id)}" for one in good)
            yield from (f"* Bad, because “{plain(one.label)}” is left open {self._from(one.id)}" for one in bad)
            if verdict.conditions:
                conditions = counted(len(verdict.conditions), "condition")
                its = self._from(verdict.verdict_id)
                yield f"* Neutral, because it holds on {conditions}, told under Confirmation {its}"
        yield from self._confirmation()

    def _standing(self) -> Lines:
        """How it was decided: vote, confidence, gate."""
        verdict = self.verdict
        told = []
        if verdict.vote:
            told.append(f"the vote is stated as {plain(verdict.vote)}")
        if verdict.votes:
            votes = [f"{self.word.name(slug)} {vote}" for slug, vote in sorted(verdict.votes.items())]
            told.append(f"voted {listed(votes)}")
        if verdict.confidence:
            told.append(f"the confidence is stated as {plain(verdict.confidence)}")
        its = self._from(verdict.verdict_id)
        yield f"Given after round {verdict.round}{': ' if told else ''}{'; '.join(told)} {its}."
        for claim in spoken(self.record, self.word, "agreed", "converge_percent"):
            yield f"{claim[:-1]} {its}."
        gate = gate_of(verdict)
        if gate is not None:
            why = "" if gate.met else f": {listed(self.word.gate(gate, gate.reasons, code))}"
            yield f"The convergence gate was {'met' if gate.met else 'not met'}{why} {its}."
        standing = self.standings.get(verdict.verdict_id)
        if standing is not None:
            yield from ("", f"Standing: {standing.standing} {self._from(verdict.verdict_id)}.", "")
            for change in standing.changed:
                its = self._from(change.id, verdict.verdict_id)
                yield f"* {change.what} {code(plain_code(change.id))}: {plain(change.why)} {its}"
        if verdict.force_reason:
            yield from ("", f"It was concluded nonetheless, for this reason {self._from(verdict.verdict_id)}:", "")
            yield from quoted(verdict.force_reason)

    def _confirmation(self) -> Lines:
        verdict = self.verdict
        watches = [watch for watch in self.record.watches if watch.verdict_id == verdict.verdict_id]
        if not watches and not verdict.conditions:
            return
        yield from ("", "### Confirmation", "")
        watched = {watch.condition for watch in watches}
        for watch in watches:
            bound = watch.reference.get(watch.kind) or json.dumps(watch.reference, ensure_ascii=False)
            its = self._from(verdict.verdict_id)
            yield f"* {inline(watch.condition)}: {watch.kind} {code(plain_code(str(bound)))} {its}"
        for condition in verdict.conditions:
            if condition not in watched:
                yield f"* {inline(condition)}: nothing watches it {self._from(verdict.verdict_id)}"

    def _dissent(self) -> Lines:
        yield from ("", "## Dissent", "")
        if not self.apart:
            yield f"No minority verdict and no dissent is on record {self._from(self.verdict.verdict_id)}."
        for one in self.apart:
            who = self._name(one.author_expert or "judge")
            others = [slug for slug in one.supporting_experts if slug != one.author_expert]
            with_ = f", with {self.word.names(others)}" if others else ""
            called = f" “{inline(one.label)}”" if one.label else ""
            yield from (f"{who}{with_}{called} {self._from(one.verdict_id)}:", "")
            yield from quoted(one.recommendation)
            if one.description.strip() != one.recommendation.strip():
                yield ""
                yield from quoted(one.description)
            reason = (self.verdict.dismissals or {}).get(one.verdict_id)
            if reason:
                yield from ("", f"Set aside by the verdict: {inline(reason)} {self._from(self.verdict.verdict_id)}")
            yield ""

    def _changes(self) -> Lines:
        yield from ("", "## What would change this decision", "")
        told = [one for one in [self.verdict, *self.apart] if (one.what_would_change or "").strip()]
        if not told:
            yield f"Nobody said what would {self._from(self.verdict.verdict_id)}."
        for one in told:
            yield from (f"{self._name(one.author_expert or 'judge')} {self._from(one.verdict_id)}:", "")
            yield from (*quoted(one.what_would_change or ""), "")

    def _weighed(self) -> Lines:
        if not self.options:
            return
        yield from ("", "## Pros and Cons of the Options")
        for option in self.options:
            yield from ("", f"### {plain(option.label)}", "")
            yield f"Recommended by {self._by(option)}, {option.status} {self._from(option.id)}:"
            yield ""
            yield from quoted(option.content)
            yield ""
            weighed = [ref for ref in self.about[option.id] if ref.ref_type in WEIGHS]
            for ref in sorted(weighed, key=lambda ref: list(WEIGHS).index(ref.ref_type)):
                said = f"{self._reason(ref)} {VERBS[ref.ref_type]} {self._from(ref.source_id)}"
                yield f"* {WEIGHS[ref.ref_type]}, because {said}"
            if not weighed:
                yield f"* Neutral, because no statement of the record weighs it {self._from(option.id)}"

    def _reason(self, ref: model.Ref) -> str:
        """What refers to an option, by whom, and the words under the reference."""
        words = f", “{inline(ref.context)}”," if ref.context and ref.context.strip() else ""
        if parse_display_id(ref.source_id) is None:
            return f"{self.word.name(ref.source_id[1:])}’s response{words}"
        source = self.entities[ref.source_id]
        return f"{self._by(source)} said “{plain(source.label)}”{words or ','} which"

    def _more(self, head: Head, digest: str) -> Lines:
        dialogue = self.record.dialogue
        yield from ("", "## More Information", "")
        yield f"- Dialogue {code(dialogue.dialogue_id)}, begun {moment_of(dialogue.created_at)}"
        yield f"- Verdict {code(plain_code(self.verdict.verdict_id))}, given {moment_of(self.verdict.created_at)}"
        yield f"- Stream {code(head.stream)}, entry {head.sequence}, hash {code(head.hash or 'none')}"
        yield f"- Digest of the export {code(digest)}"
        yield ""
        show = code(f"hansard show {dialogue.dialogue_id} P0001")
        yield f"Every id above is an entity of that record or one of its verdicts; {show} shows what stands behind one."
