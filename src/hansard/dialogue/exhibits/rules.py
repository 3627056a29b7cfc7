"""What a verdict rests on, what is watched, and whether it still stands. Pure.

Sources: design note, "Exhibits and standing"; decision 0012.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from hansard.dialogue.exhibits import errors
from hansard.dialogue.exhibits.answers import Changed, RestsOn, VerdictStanding, Watched
from hansard.dialogue.model import EXHIBIT_KINDS, Exhibit, Record, Ref, Verdict, Watch
from hansard.dialogue.requests import WatchIn
from hansard.kernel.errors import HansardError, invalid_field, missing_field

GIVES_GROUND: Final = frozenset({"depend", "refine"})
"""References whose source rests on their target. What is supported rests on what supports it; and who supports a piece
of evidence leans on it."""

GRAVITY: Final = ("superseded", "breached", "stale", "due", "stands")
"""Standings, the gravest first."""

TYPED: Final = frozenset({"memory_query", "symmetry_tick", "gate_result", "agent_history"})
"""Kinds of exhibits that nobody can look at again yet: kept with the digest that is stated."""

FOLDER: Final = "exhibits"
"""Where a dialogue's folder keeps copies."""

_EXHIBIT_ID = re.compile(r"X[0-9]{4}")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def is_exhibit_id(text: str) -> bool:
    """Whether a text has the form of an exhibit's id (``X0001``)."""
    return _EXHIBIT_ID.fullmatch(text) is not None and text != "X0000"


def file_name(exhibit_id: str, name: str) -> str:
    """What the copy of a file is called: its id, and as much of its name as every system can hold."""
    plain = _UNFIT.sub("-", name).strip("-.")[-80:].strip("-.")
    return f"{exhibit_id}-{plain}" if plain else exhibit_id


def judged_citations(
    field: str, cited: Sequence[str], kind: str, word: str, known: Collection[str]
) -> HansardError | None:
    """The first fault of an entity's exhibits."""
    for index, name in enumerate(cited):
        where = f"{field}[{index}]"
        if kind != "E":
            return errors.exhibit_not_evidence(where, name, word)
        if not is_exhibit_id(name):
            return invalid_field(where, name, "is no exhibit's id", suggestion="Write it like X0001")
        if name not in known:
            return errors.exhibit_not_found(where, name, known)
        if name in cited[:index]:
            return invalid_field(where, name, "stands twice", suggestion="Name it once")
    return None


# -- watches -----------------------------------------------------------------------------------------------------------


class Bound(NamedTuple):
    """What a condition is bound to."""

    condition: str
    kind: str
    reference: dict[str, Any]

    @property
    def to(self) -> str:
        """The gate or the day."""
        return str(self.reference[self.kind])


def judged_watch(field: str, watch: WatchIn, conditions: Sequence[str]) -> Bound | HansardError:
    """A condition bound to a gate or a day, or why it cannot be."""
    own = {_plain(condition): condition for condition in conditions}
    condition = own.get(_plain(watch.condition))
    if condition is None:
        return errors.watch_not_a_condition(f"{field}.condition", watch.condition, conditions)
    if watch.gate is None and watch.date is None:
        return missing_field(f"{field}.gate")
    if watch.gate is not None and watch.date is not None:
        return invalid_field(f"{field}.date", watch.date, "is given beside 'gate'", suggestion="Bind each on its own")
    if watch.gate is not None:
        return Bound(condition, "gate", {"gate": watch.gate})
    day = parsed_day(f"{field}.date", str(watch.date))
    return day if isinstance(day, HansardError) else Bound(condition, "date", {"date": day.isoformat()})


def judged_watches(
    watches: Iterable[tuple[str, WatchIn]], conditions: Sequence[str], earlier: Iterable[Watch] = ()
) -> tuple[list[Bound], list[HansardError]]:
    """Conditions as they are bound, and every fault; each watch comes with its field."""
    bound: list[Bound] = []
    faults: list[HansardError] = []
    taken = {(watch.condition, str(watch.reference[watch.kind])) for watch in earlier}
    for field, watch in watches:
        judged = judged_watch(field, watch, conditions)
        if isinstance(judged, HansardError):
            faults.append(judged)
        elif (judged.condition, judged.to) in taken:
            faults.append(errors.watch_exists(f"{field}.{judged.kind}", judged.to))
        else:
            taken.add((judged.condition, judged.to))
            bound.append(judged)
    return bound, faults


def parsed_day(field: str, text: str) -> date | HansardError:
    """A day as ISO 8601 writes it."""
    try:
        day = date.fromisoformat(text)
        if len(text) != 10 or day.year < 1000:
            raise ValueError
    except ValueError:
        return invalid_field(field, text, "is no day", suggestion="Write it like 2027-03-01")
    return day


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


# -- what a verdict rests on -------------------------------------------------------------------------------------------


def grounds(refs: Iterable[Ref]) -> dict[str, list[str]]:
    """What each end of these references rests on directly."""
    found: dict[str, list[str]] = defaultdict(list)
    for ref in refs:
        if ref.ref_type in GIVES_GROUND or (ref.ref_type == "support" and ref.target_id.startswith("E")):
            found[ref.source_id].append(ref.target_id)
        if ref.ref_type == "support":
            found[ref.target_id].append(ref.source_id)
    return found


def rests_on(record: Record, verdict: Verdict) -> RestsOn:
    """The exhibits and the calibration that a verdict's key evidence and claims reach.

    From each of them the references that give ground are followed, as far as they lead; a circle ends where it began.
    """
    ground = grounds(record.refs)
    reached: set[str] = set()
    waiting = {*verdict.key_evidence, *verdict.key_claims}
    while waiting:
        reached |= waiting
        waiting = {below for name in waiting for below in ground.get(name, ())} - reached
    on_the_way = [entity for entity in record.entities if entity.id in reached]
    cited = {name for entity in on_the_way for name in entity.exhibits or ()}
    calibration = record.dialogue.calibration
    return RestsOn(
        exhibits=[exhibit.id for exhibit in record.exhibits if exhibit.id in cited],
        ethos=None if calibration is None else str(calibration["ethos_id"]),
        through=sorted(entity.id for entity in on_the_way),
    )


def replacements(exhibits: Iterable[Exhibit]) -> dict[str, str]:
    """Which exhibit is the newer state of which: the last one, where several say so."""
    return {str(exhibit.reference["replaces"]): exhibit.id for exhibit in exhibits if exhibit.reference.get("replaces")}


# -- standing ----------------------------------------------------------------------------------------------------------


class Look(NamedTuple):
    """What a look at something pinned has shown."""

    state: str
    """as_pinned, altered, missing, differs (it came with a record from elsewhere, another is here) or not_checked."""
    now: str | None = None
    """Its digest now."""
    why: str | None = None


class Findings(NamedTuple):
    """What was found outside the record, for one verdict's standing."""

    exhibits: Mapping[str, Look]
    cited: Mapping[str, str]
    """Of exhibits that are verdicts: what became of the verdict, where it does not simply stand."""
    rules: Sequence[Changed]
    """Rules and ethos that are not what they were."""
    not_checked: Sequence[str]
    """What else nobody could look into."""


def standing(record: Record, verdict: Verdict, found: Findings, today: date | None) -> VerdictStanding:
    """Whether a verdict still stands.

    Args:
        found: what was seen of everything that it rests on.
        today: the day for which to tell; without one no date falls due.
    """
    rests = rests_on(record, verdict)
    exhibits = {exhibit.id: exhibit for exhibit in record.exhibits}
    newer = replacements(record.exhibits)
    changed: list[Changed] = []
    unseen: list[str] = []
    notes: list[str] = []
    for name in rests.exhibits:
        pinned, look = exhibits[name], found.exhibits.get(name, Look("not_checked", why="nobody looked"))
        if name in newer:
            other = exhibits[newer[name]]
            changed.append(
                Changed(
                    what="exhibit", id=name, was=pinned.digest, now=other.digest,
                    why=f"{other.id} is the newer state ({other.label})",
                )
            )  # fmt: skip
        elif look.state in ("altered", "missing"):
            changed.append(
                Changed(
                    what="exhibit", id=name, was=pinned.digest, now=look.now or "not there",
                    why=look.why or f"it is {look.state}",
                )
            )  # fmt: skip
        elif look.state == "differs":
            notes.append(f"{name} ({pinned.kind.replace('_', ' ')}): {look.why}")
        elif look.state == "not_checked":
            unseen.append(f"{name} ({pinned.kind.replace('_', ' ')}): {look.why or 'nobody looked'}")
        if name in found.cited:
            named = f"{pinned.reference.get('dialogue_id')} {pinned.reference.get('verdict_id')}"
            changed.append(
                Changed(what="verdict", id=named, was="stands", now=found.cited[name], why=f"cited as {name}")
            )
    changed += found.rules
    unseen += found.not_checked
    watched = [_watched(watch, today) for watch in record.watches if watch.verdict_id == verdict.verdict_id]
    unseen += [
        f"gate '{one.reference.get('gate')}': no gate can be asked yet" for one in watched if one.state == "not_checked"
    ]
    by = next((other.verdict_id for other in record.verdicts if other.supersedes == verdict.verdict_id), None)
    holds = {
        "superseded": by is not None,
        "breached": any(one.state == "breached" for one in watched),
        "stale": bool(changed),
        "due": any(one.state == "due" for one in watched),
        "stands": True,
    }
    if verdict.verdict_type == "final" and by is None and record.dialogue.status != "converged":
        status = record.dialogue.status
        notes.append(
            "the dialogue was abandoned since it was given"
            if status == "abandoned"
            else f"the dialogue is {status} again since it was given"
        )
    return VerdictStanding(
        verdict_id=verdict.verdict_id,
        verdict_type=verdict.verdict_type,
        standing=next(word for word in GRAVITY if holds[word]),
        superseded_by=by,
        changed=changed,
        watched=watched,
        rests_on=rests,
        not_checked=unseen,
        notes=notes,
    )


def _watched(watch: Watch, today: date | None) -> Watched:
    state, since = "not_checked", None
    if watch.kind == "date":
        day = str(watch.reference["date"])
        state = "due" if today is not None and day <= today.isoformat() else "waiting"
        since = day if state == "due" else None
    return Watched(condition=watch.condition, kind=watch.kind, reference=watch.reference, state=state, since=since)


# -- a panel that lost members -----------------------------------------------------------------------------------------


class Lost(NamedTuple):
    """A member who was seated and took no part, and why."""

    expert: str
    why: str
    """withheld, outage, out of scope, or no response."""


class Degradation(NamedTuple):
    """A panel that lost members."""

    round: int
    seated: int
    lost: list[Lost]

    @property
    def remaining(self) -> int:
        """Members who took part."""
        return self.seated - len(self.lost)

    @property
    def quorum(self) -> bool:
        """Whether more than half of those seated took part."""
        return 2 * self.remaining > self.seated

    def view(self) -> dict[str, Any]:
        """As it is answered and exported."""
        return {
            "round": self.round,
            "seated": self.seated,
            "lost": [one._asdict() for one in self.lost],
            "remaining": self.remaining,
            "quorum": self.quorum,
        }


def degradation(record: Record, round_: int) -> Degradation | None:
    """Who of a round's panel took no part; ``None`` where everybody did.

    A member without a response of whom something else is on record (a score, an entity, a move, a stance) took part:
    their words are not kept, and that is told elsewhere.
    """
    seats = sorted({seat.slug for seat in record.panel_members if seat.round == round_})
    causes = {
        stance.expert_slug: stance.cause or "withheld"
        for stance in record.stances
        if stance.round == round_ and stance.stance == "ABSTAIN"
    }
    spoke = [said for said in record.utterances if said.round == round_]
    heard = {said.slug for said in spoke if (said.raw or "").strip() or said.score}
    heard |= {slug for entity in record.entities if entity.round == round_ for slug in entity.contributors}
    heard |= {move.expert_slug for move in record.moves if move.round == round_}
    heard |= {stance.expert_slug for stance in record.stances if stance.round == round_}
    heard |= {_source(ref) for ref in record.refs if ref.round == round_}
    lost = [Lost(slug, causes.get(slug, "no response")) for slug in seats if slug in causes or slug not in heard]
    return Degradation(round_, len(seats), lost) if lost else None


def _source(ref: Ref) -> str:
    return ref.source_id.removeprefix("@")


def known_kind(kind: str) -> HansardError | None:
    """Why an exhibit cannot be of this kind."""
    return None if kind in EXHIBIT_KINDS else errors.exhibit_kind_unknown("kind", kind, EXHIBIT_KINDS)
