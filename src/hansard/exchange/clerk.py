"""The Clerk's note: where what a judge stated is not what the record shows, one plain sentence each. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hansard.dialogue import model, rules
from hansard.dialogue.rules.figures import ClaimCompared, Positions
from hansard.exchange.markdown import code, plain
from hansard.exchange.responses import ACTING
from hansard.exchange.warnings import final_verdict, wrong_sums
from hansard.exchange.wording import FEW, Wording, counted, listed, number, plain_code

_TENSION = re.compile(r"(?<![A-Za-z])T\d", re.IGNORECASE)
_SETTLING: Final = frozenset({"resolved", "resolution", "resolve", "address"})


def stood(record: model.Record, round_: int) -> Positions:
    """Where the members of a round's panel stood at its end; nobody where there is no such round."""
    return rules.positions_by_round(record).get(round_) or Positions([], [], [], [])


def not_agreed(record: model.Record, round_: int) -> tuple[list[str], list[str]]:
    """Members who neither agreed nor abstained: those who stood apart, and those who took no position.

    Apart is who voted against, wrote REJECT, HOLD or a condition that is not met, or had a dissent recorded.
    """
    where = stood(record, round_)
    final = next((v for v in reversed(record.verdicts) if v.verdict_type == "final" and v.round == round_), None)
    spoke = {stance.expert_slug for stance in record.stances if stance.round == round_}
    spoke |= set(where.settled) | set((final.votes if final else None) or ())
    rest = [slug for slug in where.members if slug not in where.agreed and slug not in where.abstained]
    return [slug for slug in rest if slug in spoke], [slug for slug in rest if slug not in spoke]


def unlinked_tensions(record: model.Record) -> list[tuple[str, int, str, str]]:
    """Markers that name a tension which cannot be told: the id as written, round, slug and word of each.

    One that names a marker of the record, and is of no use for another reason, is told when the response is read.
    """
    known = {local for entity in record.entities for local in entity.local_ids}
    return [
        (target, said.round, said.slug, str(entry.get("word", "")))
        for said in record.utterances
        for entry in said.annotations or ()
        if entry.get("kind") in ("reference", "move") or entry.get("word") in ACTING
        for target, linked in zip(_texts(entry, "targets"), _texts(entry, "linked"), strict=False)
        if linked is None and target is not None and target.upper() not in known and _TENSION.search(target)
    ]


def _texts(entry: Mapping[str, Any], name: str) -> list[str | None]:
    """A list in an annotation, which may hold anything in a document that somebody altered."""
    found = entry.get(name)
    return [item if isinstance(item, str) else None for item in found] if isinstance(found, list) else []


def unlinked_note(record: model.Record, wording: Wording) -> str | None:
    """How many markers could not be linked, the tensions they name, who called which of them settled, and a remedy."""
    found = unlinked_tensions(record)
    if not found:
        return None
    settling: dict[str, dict[int, list[str]]] = {target: {} for target, _, _, _ in sorted(found)}
    for target, round_, slug, word in found:
        if word.casefold() in _SETTLING:
            settling[target].setdefault(round_, []).append(slug)
    told = []
    for target, rounds in settling.items():
        who = [f"{wording.names(dict.fromkeys(slugs))} in round {round_}" for round_, slugs in sorted(rounds.items())]
        told.append(code(plain_code(target)) + (f" (called settled by {listed(who)})" if who else ""))
    markers = counted(len(found), "marker")
    their = "names a tension" if len(found) == 1 else "name tensions"
    return (
        f"**{markers[:1].upper()}{markers[1:]} {their} that the record cannot tell**, so that the statuses and figures "
        f"here do not count what was said of {listed(told)}. A map links them: "
        f"{code('hansard import FOLDER --as-new --map FILE')}."
    )


def last_round(record: model.Record) -> int | None:
    """The last completed round."""
    return max((item.round for item in record.rounds if item.status == "completed"), default=None)


def clerk_notes(record: model.Record, wording: Wording) -> list[str]:
    """One sentence, or a few that belong together, for every claim that the record does not bear out."""
    claims = [claim for claim in rules.claims_compared(record) if claim.differs]
    return [
        *(_figure(record, wording, claim) for claim in claims if claim.subject == "round"),
        *_vote(record, wording),
        *spoken(record, wording),
        *_tensions(record, wording, claims),
        *(
            _other(wording, claim)
            for claim in claims
            if claim.subject not in ("round", "dialogue")
            and not (claim.item == "status" and (claim.id or "").startswith("T"))
        ),
        *_scores(record),
        *_marked(record, wording),
    ]


def _figure(record: model.Record, wording: Wording, claim: ClaimCompared) -> str:
    """A figure that the judge gave for a round."""
    round_ = claim.round if claim.round is not None else 0
    claimed = plain(claim.claimed)
    where = f"round {round_}{_from(claim)}"
    if claim.item == "converge_percent":
        share = claimed if claimed.endswith("%") else f"{claimed} %"
        shown = _agreement(record, wording, round_)
        return f"The Judge recorded {share} convergence in {where}. The record shows {shown}."
    if claim.item == "open_tensions":
        still = rules.tensions_by_round(record)[round_]
        return (
            f"The Judge recorded {_amount(claimed, 'open tension')} after {where}. The record shows "
            f"{number(len(still))}{': ' + _statuses(wording, still) if still else ''}."
        )
    if claim.item == "new_perspectives":
        fresh = [entity.id for entity in record.entities if entity.kind == "P" and entity.round == round_]
        return (
            f"The Judge recorded {_amount(claimed, 'new perspective')} in {where}. The record holds "
            f"{number(len(fresh))}{': ' + _span(wording, fresh) if fresh else ''}."
        )
    if claim.item == "velocity":
        return (
            f"The Judge recorded a velocity of {claimed} in {where}. Open tensions and new perspectives together "
            f"make {claim.computed}."
        )
    return (
        f"The Judge recorded {plain(claim.item.replace('_', ' '))} {claimed} in {where}. The record gives "
        f"{plain(str(claim.computed))}."
    )


def spoken(record: model.Record, wording: Wording, *items: str) -> Iterator[str]:
    """What a judge counted of the whole dialogue and the record does not bear out: ``items`` alone, where given.

    What was said of the last round already is not said again.
    """
    last = last_round(record)
    found: dict[tuple[str, str], list[ClaimCompared]] = {}
    said = set()
    for claim in rules.claims_compared(record):
        if claim.differs and claim.subject == "round" and claim.round == last:
            said.add((claim.item, claim.claimed))
        elif claim.differs and claim.subject == "dialogue" and (not items or claim.item in items):
            found.setdefault((claim.item, claim.claimed), []).append(claim)
    for (item, claimed), claims in found.items():
        if (item, claimed) in said or last is None:
            continue
        where = f" ({listed([code(plain_code(claim.source)) for claim in claims if claim.source])})"
        where = where if any(claim.source for claim in claims) else ""
        amount, computed = plain(claimed.replace("/", " of ")), (claims[0].computed or "").replace("/", " of ")
        if item == "tensions_resolved":
            yield f"The Judge states that {amount} tensions are resolved{where}. The record shows {computed}."
        elif item == "velocity":
            yield f"The Judge states a velocity of {amount}{where}. At the end of round {last} it was {computed}."
        else:
            what = f"{amount} % convergence" if item == "converge_percent" else f"that {amount} experts agreed"
            shown = _agreement(record, wording, last)
            absent = [expert.slug for expert in record.experts if expert.slug not in stood(record, last).members]
            gone = f"; {wording.names(absent)} did not sit in it" if absent and item == "agreed" else ""
            yield f"The Judge states {what}{where}. The record shows {shown} at the end of round {last}{gone}."


def _agreement(record: model.Record, wording: Wording, round_: int) -> str:
    """``4 of 6 members in agreement (66 %); Donut and Scone are not among them``."""
    where = stood(record, round_)
    share = 100 * len(where.agreed) // where.counted if where.counted else 0
    apart = [slug for slug in where.members if slug not in where.agreed and slug not in where.abstained]
    told = f"{len(where.agreed)} of {where.counted} members in agreement ({share} %)"
    if where.agreed and apart:
        told += f"; {wording.names(apart)} {'is' if len(apart) == 1 else 'are'} not among them"
    if where.abstained:
        told += f"; {wording.names(where.abstained)} abstained"
    return told


def _vote(record: model.Record, wording: Wording) -> Iterator[str]:
    """A verdict's count of votes and its confidence, beside where the members stood."""
    final = final_verdict(record)
    if final is None:
        return
    where = stood(record, final.round)
    apart = [slug for slug in where.members if slug not in where.agreed and slug not in where.abstained]
    wrong_vote = rules.stated_vote(final.vote) not in (None, (len(where.agreed), len(apart)))
    unanimous = final.confidence == "unanimous" and bool(apart)
    stated = [f"a vote of {plain(final.vote or '')}"] if wrong_vote else []
    stated += ["unanimity"] if unanimous else []
    if stated:
        against, silent = not_agreed(record, final.round)
        parts = [f"{number(len(where.agreed))} in agreement"]
        parts += [f"{number(len(against))} apart ({wording.names(against)})"] if against else []
        parts += [f"{number(len(silent))} without a position ({wording.names(silent)})"] if silent else []
        shown = listed(parts)
        abstained = f"; {wording.names(where.abstained)} abstained" if where.abstained else ""
        yield f"The verdict states {listed(stated)}. The record shows {shown}{abstained}."
    stances = {stance.expert_slug: stance.stance for stance in record.stances if stance.round == final.round}
    for slug in where.outvoted:
        name, vote = wording.name(slug), (final.votes or {}).get(slug, "")
        yield f"The verdict states that {name} voted {vote}. {name} registered {code(stances[slug])}, and that counts."


def _tensions(record: model.Record, wording: Wording, claims: list[ClaimCompared]) -> Iterator[str]:
    """Tensions that a judge calls settled, or unsettled, and that are not."""
    final = final_verdict(record)
    told: dict[str, list[str]] = {}
    for claim in claims:
        if claim.item != "status" or claim.id is None or not claim.id.startswith("T"):
            continue
        if claim.round is not None:
            yield (
                f"{wording.cite(claim.id)} is called “{plain(claim.claimed)}” after round {claim.round}{_from(claim)}. "
                f"The record shows it {plain(str(claim.computed))} then."
            )
        else:
            told.setdefault(claim.id, []).append(f"“{plain(claim.claimed)}”{_from(claim)}")
    for entity_id in final.tensions_resolved if final else ():
        entity = next((entity for entity in record.entities if entity.id == entity_id), None)
        if entity is not None and entity.status in rules.UNSETTLED:
            told.setdefault(entity_id, []).append("resolved in the verdict")
    entities = {entity.id: entity for entity in record.entities}
    for entity_id, stated in sorted(told.items()):
        entity = entities[entity_id]
        standing = _standing(record, wording, entity)
        yield f"{wording.cite(entity_id)} is called {listed(stated)}. The record shows it {standing}."


def _standing(record: model.Record, wording: Wording, entity: model.Entity) -> str:
    """``reopened in round 2 by Croissant``."""
    steps = [event for event in record.events if event.key == entity.key and event.type == entity.status]
    nobody = "no marker that could be linked" if unlinked_tensions(record) else None
    if not steps:
        words = f"{nobody} addressed or resolved it" if nobody else "nobody has addressed or resolved it"
        return f"{entity.status}: {words}" if entity.kind == "T" else entity.status
    last = max(steps, key=lambda event: event.event_seq)
    since = f", and {nobody} has resolved it since" if nobody else ", and nobody has resolved it since"
    tail = since if entity.status in ("addressed", "reopened") else ""
    return f"{entity.status} in round {last.event_round} by {wording.names(last.actors)}{tail}"


def _other(wording: Wording, claim: ClaimCompared) -> str:
    """Any other claim."""
    subject = wording.cite(claim.id) if claim.id else plain(claim.subject)
    return (
        f"{subject}: {plain(claim.item.replace('_', ' '))} is given as “{plain(claim.claimed)}”{_from(claim)}; "
        f"the record shows {plain(str(claim.computed))}."
    )


def _scores(record: model.Record) -> Iterator[str]:
    """Scores of the experts that do not add up to their round's."""
    told = [
        f"{total} in round {round_}, whose score is given as {score}" for round_, score, total in wrong_sums(record)
    ]
    if told:
        yield f"The experts’ scores add up to {listed(told)}."


def _marked(record: model.Record, wording: Wording) -> Iterator[str]:
    """Responses that mark something else than was registered of them."""
    for apart in rules.marked_apart_in(record):
        whose = f"{wording.name(apart.slug)}’s response of round {apart.round} marks"
        if apart.otherwise:
            pairs = [
                f"{plain(marked)} where {plain(registered)} is registered" for marked, registered in apart.otherwise
            ]
            yield f"{whose} {listed(pairs)}."
        if apart.missing:
            are = "which is" if len(apart.missing) == 1 else "which are"
            yield f"{whose} {listed([plain(one) for one in apart.missing])}, {are} not on record."


def _from(claim: ClaimCompared) -> str:
    """The place in the judge's files, in brackets."""
    return f" ({code(plain_code(claim.source))})" if claim.source else ""


def _amount(claimed: str, thing: str) -> str:
    return counted(int(claimed), thing) if claimed.isdigit() else f"“{claimed}” {thing}s"


def _statuses(wording: Wording, still: dict[str, str]) -> str:
    """Tensions with the status of each that is not simply open; of many, those that moved."""
    moved = {name: word for name, word in still.items() if len(still) <= FEW or word != "open"}
    shown = [wording.cite(name) + ("" if word == "open" else f" ({word})") for name, word in sorted(moved.items())]
    rest = len(still) - len(moved)
    if not shown:
        return f"from {_span(wording, sorted(still))}"
    return listed([*shown, *([f"{number(rest)} that {'is' if rest == 1 else 'are'} still open"] if rest else [])])


def _span(wording: Wording, ids: list[str]) -> str:
    """Ids in a sentence: all of a few, first and last of many."""
    return wording.cites(ids) if len(ids) <= 4 else f"{wording.cite(ids[0])} to {wording.cite(ids[-1])}"
