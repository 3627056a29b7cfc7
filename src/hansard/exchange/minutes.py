"""Minutes: a dialogue in Markdown, as a parliament would print it. Pure; the same record gives the same bytes.

The verdict comes first, dissent beside it at the same level, then the Clerk's note on what the record does not bear
out. Every statement carries its id, and each id leads to its place in the document. Words of experts and judges are
quoted through ``markdown``, so that they can forge nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hansard.dialogue import model, rules
from hansard.dialogue.answers import Head
from hansard.dialogue.rules.lifecycle import FIRST_EVENT, FIRST_STATUS, GIVEN_UP
from hansard.exchange import grounds
from hansard.exchange.clerk import clerk_notes, last_round, not_agreed, stood, unlinked_note
from hansard.exchange.markdown import code, inline, lead, plain, quoted, table
from hansard.exchange.origin import first_origin, verdict_read_from
from hansard.exchange.warnings import final_verdict, gate_of, responses, silent_members, unmarked_responses
from hansard.exchange.wording import (
    FEW,
    MOVE_WORDS,
    REFERENCE_WORDS,
    STEP_WORDS,
    Wording,
    counted,
    day,
    held_on,
    listed,
    moment_of,
    number,
    plain_code,
    plural,
    sentence,
)
from hansard.kernel.ids import KINDS

LEAD: Final = 600
"""Characters of a statement that minutes quote; the report has them all."""

SUMMARY_LEAD: Final = 1200
CONTEXT_LEAD: Final = 240

Lines = Iterator[str]

_BOLD = re.compile(r"\*\*(?=\S)([^*]+?)(?<=\S)\*\*")
_BOLD_WORDS: Final = r"\1"
_UNFINISHED = re.compile(r"(?<=[^\s.!?…:])[ \t\r]*\n[ \t\r]*\n\s*")

_NOUNS: Final = {kind: (word, f"{word}s") for kind, word in KINDS.items()} | {
    "E": ("piece of evidence", "pieces of evidence")
}


def minutes(record: model.Record, head: Head, digest: str, standings: grounds.Standings | None = None) -> str:
    """The minutes of a dialogue.

    Args:
        record: everything of the dialogue.
        head: where its chain stands; printed at the end, so that every copy witnesses it.
        digest: digest of its ``dialogue.json``, likewise.
        standings: whether each verdict still stands, where somebody looked.
    """
    page = _Minutes(record, standings or {})
    return "\n".join(_spaced(page.lines(head, digest))) + "\n"


def _spaced(lines: Iterable[str]) -> Iterator[str]:
    """Lines without an empty one at the beginning or end, and never two in a row."""
    waiting = False
    begun = False
    for line in lines:
        if not line:
            waiting = begun
            continue
        if waiting:
            yield ""
        yield line
        waiting, begun = False, True


class _Minutes:
    """One record, and how each part of it is printed."""

    def __init__(self, record: model.Record, standings: grounds.Standings) -> None:
        self.record = record
        self.standings = standings
        self.word = Wording(record)
        self.final = final_verdict(record)
        self.entities = {entity.id: entity for entity in record.entities}
        self.experts = {expert.slug: expert for expert in record.experts}
        self.events: dict[str, list[model.Event]] = {}
        for event in sorted(record.events, key=lambda event: event.event_seq):
            self.events.setdefault(str(event.key), []).append(event)
        self.cited: dict[str, list[model.Ref]] = {}
        self.citing: dict[str, list[model.Ref]] = {}
        for ref in record.refs:
            self.cited.setdefault(ref.source_id, []).append(ref)
            self.citing.setdefault(ref.target_id, []).append(ref)
        self.raw = {(said.round, said.slug): said.raw for said in record.utterances}
        self.figures = {entry.round: entry for entry in rules.figures(record)}
        self.unsettled = rules.tensions_by_round(record)
        self.notes = clerk_notes(record, self.word)
        self.clerk_on_verdict = any(note.startswith("The verdict") for note in self.notes)
        self.accepted = set(self.final.tensions_accepted) if self.final else set()

    def lines(self, head: Head, digest: str) -> Lines:
        yield from self._title()
        yield from self._life()
        yield from self._incomplete()
        yield from self._verdicts()
        yield from self._positions()
        yield from self._clerk()
        yield from self._adopted()
        yield from self._tensions()
        yield from self._changed_minds()
        for item in self.record.rounds:
            yield from self._round(item)
        yield from self._evidence_and_claims()
        yield from grounds.exhibits(self.record, self.word)
        yield from grounds.calibration(self.record, self.word)
        yield from self._colophon(head, digest)

    # -- the opening ---------------------------------------------------------------------------------------------------

    def _title(self) -> Lines:
        dialogue = self.record.dialogue
        done = [item for item in self.record.rounds if item.status == "completed"]
        yield f"# Minutes: {plain(dialogue.title)}"
        yield ""
        yield from quoted(dialogue.question)
        yield ""
        seated = len({seat.slug for seat in self.record.panel_members})  # as 'dialogue_list' counts
        facts = [held_on(dialogue), counted(len(done), "round"), counted(seated, "expert")]
        score = sum(item.score or 0 for item in done)
        if any(item.score is not None for item in done):
            facts.append(f"ALIGNMENT {score}")
        yield f"{' · '.join(facts)} · **{self._state()}**"
        yield ""
        origin = first_origin(dialogue.origin)
        if origin:
            source = code(plain_code(str(origin.get("source", "elsewhere"))))
            yield (
                f"*Imported from {source}. Statuses and figures below are what the record itself shows; what the Judge "
                "stated otherwise stands in the Clerk’s note.*"
            )
            yield ""
        members = [self._member(expert) for expert in self.record.experts]
        if members:
            yield f"**Panel.** {'; '.join(members)}."
            yield ""

    def _life(self) -> Lines:
        """That it was given up or taken up again stands above the verdict, with the reason."""
        for event in self.record.dialogue_events:
            if event.type != "tagged":
                reason = plain(sentence(event.reason)) if event.reason else ""
                by = self.word.names(event.actors)
                yield f"> **{event.type.capitalize()} on {day(event.created_at)} by {by}.** {reason}".rstrip()
                yield ""

    def _state(self) -> str:
        """The dialogue's status; where a verdict concluded it against the gate, that."""
        gate = gate_of(self.final) if self.final else None
        if self.record.dialogue.status != "converged" or gate is None or gate.met:
            return self.record.dialogue.status
        if self.final and self.final.force_reason:
            return "concluded by force; the convergence gate was not met"
        called = any(claim.item in ("converge_percent", "agreed") for claim in self.record.judge_claims)
        how = "called converged by the Judge" if called else "concluded by a verdict"
        return f"{how}; the convergence gate was not met"

    def _member(self, expert: model.Expert) -> str:
        rounds = [seat.round for seat in self.record.panel_members if seat.slug == expert.slug]
        everywhere = {item.round for item in self.record.rounds}
        told = [] if plain(expert.role) in ("unknown", self.word.name(expert.slug)) else [plain(expert.role)]
        if set(rounds) != everywhere:
            told.append(f"{'round' if len(rounds) == 1 else 'rounds'} {_span(rounds)}" if rounds else "never seated")
        if expert.source == "created":
            told.append(f"joined to fill a gap{_words(expert.creation_reason)}")
        return f"**{self.word.name(expert.slug)}**" + (f" ({', '.join(told)})" if told else "")

    def _incomplete(self) -> Lines:
        """A panel that lost members says so above its verdict."""
        silent: dict[int, list[str]] = {}
        for round_, slug in silent_members(self.record):
            silent.setdefault(round_, []).append(slug)
        for round_, slugs in sorted(silent.items()):
            size = sum(1 for seat in self.record.panel_members if seat.round == round_)
            yield (
                f"> **The panel of round {round_} was not complete.** No words of {self.word.names(slugs)} are kept; "
                f"{size - len(slugs)} of {size} members were heard."
            )
            yield ""
        for stance in self.record.stances:
            if stance.stance == "ABSTAIN":
                cause = f": {plain(stance.cause)}" if stance.cause else ""
                yield f"> **{self.word.name(stance.expert_slug)} abstained in round {stance.round}**{cause}."
                yield ""
        yield from grounds.quorum(self.record, self.word)

    # -- verdicts ------------------------------------------------------------------------------------------------------

    def _verdicts(self) -> Lines:
        if self.final is None:
            yield from self._no_verdict()
        else:
            yield from self._verdict(self.final)
        others = [v for v in sorted(self.record.verdicts, key=lambda v: v.seq) if v is not self.final]
        for verdict in sorted(others, key=lambda v: v.verdict_type not in ("minority", "dissent")):
            yield from self._verdict(verdict)

    def _no_verdict(self) -> Lines:
        yield "## No verdict yet"
        yield ""
        gate = rules.gate(self.record)
        if gate is None:
            yield "No round has been registered."
        elif gate.met:
            yield "Nothing stands in the way of a final verdict."
        else:
            yield f"A final verdict waits: {listed(self.word.gate(gate, gate.reasons))}."
        yield ""

    def _verdict(self, verdict: model.Verdict) -> Lines:
        final = verdict is self.final
        title = {"final": "Verdict", "interim": "Interim verdict", "minority": "Minority verdict", "dissent": "Dissent"}
        who = f": {self.word.name(verdict.author_expert)}" if verdict.author_expert else ""
        superseded = next((v.verdict_id for v in self.record.verdicts if v.supersedes == verdict.verdict_id), None)
        yield f"## {title[verdict.verdict_type]}{who}"
        yield ""
        yield f"> **{plain(_BOLD.sub(_BOLD_WORDS, verdict.recommendation))}**"
        yield ""
        author = self.word.name(verdict.author_expert or "judge")
        if verdict.label:
            yield f"*{inline(verdict.label)}*"
            yield ""
        told = [f"Given by {author} after round {verdict.round}"]
        others = [slug for slug in verdict.supporting_experts if slug != verdict.author_expert]
        if others:
            told[0] = f"Given by {author} with {self.word.names(others)} after round {verdict.round}"
        if verdict.vote:
            told.append(f"vote stated as {plain(verdict.vote)}")
        if verdict.votes:
            told.append("; ".join(f"{self.word.name(slug)} {vote}" for slug, vote in sorted(verdict.votes.items())))
        if verdict.confidence:
            told.append(f"confidence stated as {plain(verdict.confidence)}")
        if superseded:
            told.append(f"superseded by verdict {code(plain_code(superseded))}")
        see = " (see [the Clerk’s note](#clerk))" if final and self.clerk_on_verdict else ""
        yield f"{', '.join(told)}{see}."
        yield ""
        if verdict.description.strip() != verdict.recommendation.strip():
            yield from quoted(verdict.description)
            yield ""
        if final and (read := verdict_read_from(self.record.dialogue.origin)):
            file, line = read
            yield f"*Read from {code(plain_code(f'{file}:{line}'))} on; the report has the whole file.*"
            yield ""
        if verdict.conditions:
            yield "**Conditions**"
            yield ""
            yield from (f"- {inline(condition)}" for condition in verdict.conditions)
            yield ""
        if verdict.what_would_change:
            yield "**What would change their minds**"
            yield ""
            yield from quoted(verdict.what_would_change)
            yield ""
        yield from self._named(verdict)
        for name, reason in sorted((verdict.dismissals or {}).items()):
            yield f"**Sets aside {code(plain_code(name))}:** {inline(reason)}"
            yield ""
        yield from grounds.of_verdict(self.record, verdict, self.standings.get(verdict.verdict_id))
        if final:
            yield from self._gate(verdict)

    def _named(self, verdict: model.Verdict) -> Lines:
        """The entities that a verdict names, each list on a line."""
        lists = {
            "Recommendations adopted": verdict.recommendations_adopted,
            "Tensions it calls resolved": verdict.tensions_resolved,
            "Tensions it accepts": verdict.tensions_accepted,
            "Key evidence": verdict.key_evidence,
            "Key claims": verdict.key_claims,
        }
        made = [f"- {name}: {self.word.cites(ids)}" for name, ids in lists.items() if ids]
        if made:
            yield "**Cited**"
            yield ""
            yield from made
            yield ""

    def _gate(self, verdict: model.Verdict) -> Lines:
        """Whether the verdict met its gate, as it was computed when the verdict was given."""
        gate = gate_of(verdict)
        if gate is None:
            return
        if gate.met:
            told = ["**The convergence gate was met.**"]
        else:
            told = [f"**The convergence gate was not met:** {listed(self.word.gate(gate, gate.reasons))}."]
        if warnings := self.word.gate(gate, gate.warnings):
            told.append(sentence(listed(warnings)))
        if silent := rules.unheard(self.record, verdict.round):
            was = "was" if len(silent) == 1 else "were"
            told.append(
                f"{self.word.names(silent)} {was} not heard in round {verdict.round}: "
                "their agreement is a vote that the Judge states."
            )
        if not gate.met and not self.record.dialogue.judged:
            told.append("An imported verdict is recorded as it was given.")
        yield " ".join(told)
        yield ""
        if verdict.force_reason:
            yield "The Judge concluded nonetheless, and gave this reason:"
            yield ""
            yield from quoted(verdict.force_reason)
            yield ""

    def _positions(self) -> Lines:
        """Where each member stood at the end of the last round."""
        last = last_round(self.record)
        if last is None:
            return
        where = stood(self.record, last)
        apart, _ = not_agreed(self.record, last)
        stances = {stance.expert_slug: stance for stance in self.record.stances if stance.round == last}
        converge = {
            move.expert_slug for move in self.record.moves if move.round == last and move.move_type == "converge"
        }
        late = {
            name
            for verdict in self.record.verdicts
            if self.final and verdict.seq > self.final.seq and verdict.verdict_type in ("minority", "dissent")
            for name in (verdict.author_expert, *verdict.supporting_experts)
        }
        rows = []
        for slug in where.members:
            stance = stances.get(slug)
            said = [] if stance is None else [stance.stance]
            if stance is not None and stance.confidence is not None:
                said[0] += f" ({stance.confidence:g})"
            if slug in converge:
                said.append("ready to conclude")
            if slug in where.settled:
                said.append("dissent recorded" + (" after the verdict" if slug in late else ""))
            stands = (
                "in agreement"
                if slug in where.agreed
                else "abstained"
                if slug in where.abstained
                else "apart"
                if slug in apart
                else "no position"
            )
            condition = inline(_brief(stance.condition), cell=True) if stance and stance.condition else ""
            rows.append([self.word.name(slug), f"**{stands}**", ", ".join(said) or "said nothing of it", condition])
        if not rows:
            return
        yield "## Where the members stood"
        yield ""
        conditions = any(row[3] for row in rows)
        width = 4 if conditions else 3
        yield from table(
            ["Member", f"At the end of round {last}", "Said", "Condition"][:width], [row[:width] for row in rows]
        )
        yield ""

    # -- the Clerk -----------------------------------------------------------------------------------------------------

    def _clerk(self) -> Lines:
        if not self.figures:
            return
        yield '## <a id="clerk"></a>The Clerk’s note'
        yield ""
        if unlinked := unlinked_note(self.record, self.word):
            yield unlinked
            yield ""
        if self.notes:
            yield "What was stated is kept as it was stated. In these points the record does not bear it out:"
            yield ""
            yield from (f"{index}. {note}" for index, note in enumerate(self.notes, 1))
        elif self.record.judge_claims:
            yield "The Judge’s figures agree with the record."
        else:
            yield "The Judge stated no figures of their own; these are computed from the record."
        yield ""
        claimed = {
            (claim.round, claim.item): claim.claimed
            for claim in rules.claims_compared(self.record)
            if claim.subject == "round" and claim.differs
        }

        def cell(round_: int, item: str, computed: str) -> str:
            stated = claimed.get((round_, item))
            sign = " %" if item == "converge_percent" and stated is not None and stated.isdigit() else ""
            return computed if stated is None else f"**{computed}** (stated: {plain(stated)}{sign})"

        yield from table(
            ["Round", "Score", "Open tensions", "New perspectives", "Velocity", "In agreement"],
            [
                [
                    str(entry.round),
                    "–" if entry.score is None else str(entry.score),
                    cell(entry.round, "open_tensions", str(entry.open_tensions)),
                    cell(entry.round, "new_perspectives", str(entry.new_perspectives)),
                    cell(entry.round, "velocity", str(entry.velocity)),
                    cell(
                        entry.round,
                        "converge_percent",
                        f"{entry.agreed} of {entry.panel - entry.abstained} ({entry.converge_percent} %)",
                    ),
                ]
                for entry in self.figures.values()
            ],
        )
        yield ""

    # -- what was decided, what was contested --------------------------------------------------------------------------

    def _adopted(self) -> Lines:
        adopted = [entity for entity in self.record.entities if entity.kind == "R" and entity.status == "adopted"]
        if not adopted:
            return
        yield "## Recommendations adopted"
        yield ""
        for entity in adopted:
            yield from self._statement(entity, whole=True)

    def _tensions(self) -> Lines:
        tensions = [entity for entity in self.record.entities if entity.kind == "T"]
        if not tensions:
            return
        yield "## Tensions"
        yield ""
        open_ = [entity for entity in tensions if entity.status in rules.UNSETTLED]
        settled = len(tensions) - len(open_)
        told = f"{counted(len(tensions), 'tension')} {'was' if len(tensions) == 1 else 'were'} raised"
        if open_:
            moved = [entity for entity in open_ if len(open_) <= FEW or entity.status != "open"]
            rest = len(open_) - len(moved)
            told += f"; {number(settled) if settled else 'none'} of them {'is' if settled < 2 else 'are'} resolved"
            if moved:
                told += ". Not settled: " + listed(
                    [f"{self.word.cite(entity.id)} ({self._now(entity)})" for entity in moved]
                    + ([f"{number(rest)} that {'is' if rest == 1 else 'are'} still open"] if rest else [])
                )
            else:
                told += f", {number(rest)} {'is' if rest == 1 else 'are'} still open"
        else:
            told += ", and all are resolved" if settled > 1 else ", and it is resolved"
        if any(event.type == "commented" for entity in tensions for event in self.events.get(entity.id, ())):
            told = sentence(told) + " A step in bold set the status of its tension; the others set none."
        yield sentence(told)
        yield ""
        for entity in tensions:
            title = f"### {_anchor(entity.id)}{entity.id} · {plain(entity.label)}"
            yield f"{title} — {self._now(entity)}{self._whose(entity)}"
            yield ""
            yield from quoted(lead(entity.content, LEAD))
            yield ""
            yield from self._references(entity)
            yield from (f"- {self._step(event)}" for event in self.events.get(entity.id, ()))
            yield ""

    def _now(self, entity: model.Entity) -> str:
        """How a tension stands now, in a few words."""
        if entity.status in rules.UNSETTLED and entity.id in self.accepted:
            return f"{entity.status}, accepted by the verdict"
        return entity.status

    def _step(self, event: model.Event) -> str:
        """One step in an entity's life, as a sentence."""
        who = self.word.names(event.actors)
        how = f" through {self.word.cite(event.reference)}" if event.reference else ""
        if event.reference and event.reference in {verdict.verdict_id for verdict in self.record.verdicts}:
            how = f" in verdict {code(plain_code(event.reference))}"
        became = f", which became {self.word.cite(event.result)}" if event.result else ""
        said = STEP_WORDS.get(event.disposition or "", plain(event.disposition or ""))
        if event.type == "commented":
            verb = said or "commented on"
        else:
            verb = "**raised**" if event.type == FIRST_EVENT[event.kind] else f"**{event.type}**"
            verb += f" ({said})" if said else ""
        return f"Round {event.event_round}: {verb} by {who}{how}{became}{_words(event.reason)}"

    def _changed_minds(self) -> Lines:
        """Positions that were refined, withdrawn or merged, and concessions."""
        made = []
        for entity in self.record.entities:
            if entity.kind in ("T", "E"):
                continue
            for event in self.events.get(entity.id, ()):
                if event.type in ("refined", "amended", "conceded", "merged", "withdrawn"):
                    into = f" into {self.word.label(event.result)}" if event.result else ""
                    who, what = self.word.names(event.actors), self.word.label(entity.id)
                    if event.type in GIVEN_UP and not set(event.actors) & set(entity.contributors):
                        theirs = self.word.names(entity.contributors)
                        told = f"{what}, which {theirs} gave, was **{event.type}** by {who}"
                    else:
                        told = f"{who} **{'withdrew' if event.type == 'withdrawn' else event.type}** {what}{into}"
                    made.append((event.event_round, told + _words(event.reason)))
        for move in self.record.moves:
            if move.move_type == "concede":
                what = f" {self.word.cites(move.targets)}" if move.targets else "" if move.topic else " a point"
                who = self.word.name(move.expert_slug)
                made.append((move.round, f"{who} **conceded**{what}{_topic(move)}"))
        if not made:
            return
        yield "## Minds that changed"
        yield ""
        yield from (f"- Round {round_}: {text}" for round_, text in sorted(made, key=lambda entry: entry[0]))
        yield ""

    # -- round by round ------------------------------------------------------------------------------------------------

    def _round(self, item: model.Round) -> Lines:
        yield f"## Round {item.round}" + (f": {plain(item.title)}" if item.title else "")
        yield ""
        figures = self.figures.get(item.round)
        if figures is None:
            yield "This round is not completed."
            yield ""
            return
        still = self.unsettled[item.round]
        told = [] if item.score is None else [f"Score {item.score}"]
        told += [
            counted(figures.new_perspectives, "new perspective"),
            f"{counted(len(still), 'tension')} not settled at its end" if still else "no tension left to settle",
            f"{figures.agreed} of {figures.panel - figures.abstained} members in agreement",
        ]
        yield f"{' · '.join([told[0][:1].upper() + told[0][1:], *told[1:]])}."
        yield ""
        if item.summary:
            yield "The Judge’s summary:"
            yield ""
            yield from quoted(lead(item.summary, SUMMARY_LEAD))
            yield ""
        for kind in ("P", "R"):
            entities = [e for e in self.record.entities if e.kind == kind and e.round == item.round]
            if entities:
                yield f"### {plural(kind, 2).capitalize()} of round {item.round}"
                yield ""
            for entity in entities:
                if kind == "R" and entity.status == "adopted":
                    title = f"**{self.word.cite(entity.id)} · {plain(entity.label)}**"
                    yield f"{title} — {self.word.names(entity.contributors)}; adopted, see above."
                    yield ""
                else:
                    yield from self._statement(entity)
        yield from self._moves(item.round)
        yield from self._unmarked(item.round)

    def _unmarked(self, round_: int) -> Lines:
        """Whose words stand in the report alone."""
        found = unmarked_responses(self.record, round_)
        if found:
            hold, they = ("holds", "its") if len(found) == 1 else ("hold", "their")
            yield (
                f"*{sentence(counted(len(found), 'response'))[:-1]} {hold} no marked statement "
                f"({self.word.names(found)}); the report has {they} words.*"
            )
            yield ""

    def _whose(self, entity: model.Entity) -> str:
        """Says so where the words are the Judge's: the contributors' responses are there, and none has these words."""
        words = entity.content.strip()
        said = [self.raw.get((entity.round, slug)) for slug in entity.contributors]
        spoken = [raw for raw in said if raw]
        return " · *in the Judge's words*" if words and spoken and not any(words in raw for raw in spoken) else ""

    def _statement(self, entity: model.Entity, *, whole: bool = False) -> Lines:
        """An entity with its words, and what refers to what."""
        status = "" if entity.status == FIRST_STATUS[entity.kind] else f" · *{entity.status}*"
        title = f"{_anchor(entity.id)}**{entity.id} · {plain(entity.label)}**"
        yield f"{title} — {self.word.names(entity.contributors)}{status}{self._whose(entity)}"
        yield ""
        yield from quoted(entity.content if whole else lead(entity.content, LEAD))
        yield ""
        if whole and entity.parameters:
            yield from (f"- {plain(name)}: {plain(str(value))}" for name, value in sorted(entity.parameters.items()))
            yield ""
        yield from self._references(entity)

    def _references(self, entity: model.Entity) -> Lines:
        """What an entity refers to, and what refers to it, on one line."""
        out: dict[str, list[str]] = {}
        for ref in self.cited.get(entity.id, ()):
            out.setdefault(REFERENCE_WORDS[ref.ref_type][0], []).append(self.word.cite(ref.target_id))
        back: dict[str, list[str]] = {}
        for ref in self.citing.get(entity.id, ()):
            source = self.entities.get(ref.source_id)
            who = self.word.cite(ref.source_id) if source else self.word.name(ref.source_id.removeprefix("@"))
            if source is not None and set(source.contributors) != set(entity.contributors):
                who += f" ({self.word.names(source.contributors)})"
            back.setdefault(REFERENCE_WORDS[ref.ref_type][1], []).append(who)
        told = [f"{verb} {listed(found)}" for verb, found in [*out.items(), *back.items()]]
        if entity.exhibits:
            told.insert(0, f"cites {listed([grounds.cite_exhibit(name) for name in entity.exhibits])}")
        if told:
            yield f"*{told[0][:1].upper()}{'; '.join(told)[1:]}.*"
            yield ""

    def _moves(self, round_: int) -> Lines:
        moves = [move for move in self.record.moves if move.round == round_]
        refs = [ref for ref in self.record.refs if ref.round == round_ and ref.source_id not in self.entities]
        if not moves and not refs:
            return
        yield f"### Moves of round {round_}"
        yield ""
        ready = [move for move in moves if move.move_type == "converge"]
        for move in moves:
            if move in ready and not move.context:
                continue
            what = f" {self.word.cites(move.targets)}" if move.targets else ""
            who = self.word.name(move.expert_slug)
            yield f"- {who} **{MOVE_WORDS[move.move_type]}**{what}{_topic(move)}"
        silent = [move.expert_slug for move in ready if not move.context]
        if silent:
            verb = "is" if len(silent) == 1 else "are"
            yield f"- {self.word.names(silent)} **{verb} ready to conclude**"
        for ref in refs:
            who, what = self.word.name(ref.source_id.removeprefix("@")), self.word.cite(ref.target_id)
            yield f"- {who} **{REFERENCE_WORDS[ref.ref_type][0]}** {what}{_words(ref.context)}"
        yield ""

    def _evidence_and_claims(self) -> Lines:
        for kind, title in (("E", "Evidence"), ("C", "Claims")):
            entities = [entity for entity in self.record.entities if entity.kind == kind]
            if entities:
                yield f"## {title}"
                yield ""
            for entity in entities:
                yield from self._statement(entity)

    # -- the end -------------------------------------------------------------------------------------------------------

    def _colophon(self, head: Head, digest: str) -> Lines:
        dialogue = self.record.dialogue
        name = dialogue.dialogue_id
        counts = [
            counted(n, *_NOUNS[kind]) for kind in KINDS if (n := sum(e.kind == kind for e in self.record.entities))
        ]
        yield "## Colophon"
        yield ""
        yield (
            f"Made from the record of {code(name)}: {counted(len(responses(self.record)), 'response')}"
            + (f", {listed(counts)}" if counts else "")
            + f". Statements longer than {LEAD} characters are cut and marked “…”; "
            f"{code(f'hansard report {name}')} has every word."
        )
        yield ""
        yield f"- Dialogue {code(name)}, begun {moment_of(dialogue.created_at)}" + (
            f", concluded {moment_of(dialogue.converged_at)}"
            if dialogue.converged_at and dialogue.converged_at != dialogue.created_at
            else ""
        )
        yield f"- Stream {code(head.stream)}, entry {head.sequence}, hash {code(head.hash or 'none')}"
        yield f"- Digest of the export {code(digest)}"
        yield ""
        yield (
            f"To check: {code(f'hansard verify {name}')} follows the stream and compares every row with it. The head "
            "it prints must be the one above, or, where entries were added since, the stream must lead through it. "
            f"{code(f'hansard export {name}')} gives a file with the digest above that "
            f"{code('hansard verify FILE')} checks anywhere. "
            "The digest stays the same wherever the record is taken; stream and head are those of this home."
        )


def _words(text: str | None, opening: str = ": ") -> str:
    """Somebody's words behind what they belong to; nothing where there are none."""
    return opening + inline(_brief(text)) if text else ""


def _topic(move: model.Move) -> str:
    """What a move is about and the words below it."""
    if not move.topic:
        return _words(move.context)
    return _words(move.topic, " for " if move.move_type == "request" else ": ") + _words(move.context, " — ")


def _brief(text: str) -> str:
    """The opening of a text for one line: a dash stands where a paragraph ends without a full stop."""
    return lead(_UNFINISHED.sub(" — ", text.strip()), CONTEXT_LEAD)


def _anchor(entity_id: str) -> str:
    """The place that citations of an entity lead to."""
    return f'<a id="{entity_id.lower()}"></a>'


def _span(rounds: list[int]) -> str:
    """``0–2``, ``0, 2``."""
    numbers = sorted(rounds)
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(map(str, numbers))
