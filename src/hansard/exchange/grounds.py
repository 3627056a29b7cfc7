"""What a verdict rests on, in the minutes and the report: exhibits, calibration, watched conditions, standing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hansard.dialogue import model, rules
from hansard.dialogue.exhibits.answers import Changed, VerdictStanding
from hansard.dialogue.exhibits.rules import Degradation, degradation, rests_on
from hansard.dialogue.views import modifiers_of
from hansard.exchange.markdown import code, inline, plain, table
from hansard.exchange.wording import Wording, counted, listed, number, plain_code, sentence

Lines = Iterator[str]

Standings = Mapping[str, VerdictStanding]
"""Whether each verdict stands, by its id; told without a day, since the minutes have none."""

LOST_WORDS = {
    "withheld": "abstained, judgement withheld",
    "outage": "abstained, by an outage",
    "out of scope": "abstained, out of scope",
    "no response": "no response",
}
"""Why a member took no part, in words."""


def has_ground(record: model.Record) -> bool:
    """Whether there is anything outside the record that a verdict of it may rest on, or that is watched."""
    return bool(record.exhibits or record.watches or record.dialogue.calibration)


def cite_exhibit(exhibit_id: str) -> str:
    """An exhibit's id, leading to its place."""
    return f"[{exhibit_id}](#{exhibit_id.lower()})"


def quorum(record: model.Record, word: Wording) -> Lines:
    """Above the verdict: who of its panel took no part, and whether a quorum remained."""
    final = rules.standing_final(record.verdicts)
    last = max((item.round for item in record.rounds if item.status == "completed"), default=None)
    concluded = final.round if final is not None else last
    lost = None if concluded is None else degradation(record, concluded)
    if lost is not None:
        yield f"> **{_quorum_words(lost)}** {sentence(listed([_lost(word, one) for one in lost.lost]))}"
        yield ""


def _quorum_words(lost: Degradation) -> str:
    kept = "a quorum remained" if lost.quorum else "no quorum remained"
    who = number(lost.remaining) if lost.remaining else "none"
    return sentence(
        f"{who} of {counted(lost.seated, 'member')} took part in round {lost.round}: {kept} "
        "(more than half of those seated)"
    )


def _lost(word: Wording, one: tuple[str, str]) -> str:
    slug, why = one
    return f"{word.name(slug)} ({LOST_WORDS.get(why, plain(why))})"


def of_verdict(record: model.Record, verdict: model.Verdict, standing: VerdictStanding | None) -> Lines:
    """Below a verdict: what it says of the rules, what it rests on, what is watched, whether it stands."""
    yield from _compliance(record, verdict)
    if not has_ground(record):
        return
    rests = rests_on(record, verdict)
    told = [cite_exhibit(name) for name in rests.exhibits]
    told += [f"[the calibration {code(plain_code(rests.ethos))}](#calibration)"] if rests.ethos else []
    if told:
        yield f"**Rests on** {listed(told)}."
        yield ""
    watched = [watch for watch in record.watches if watch.verdict_id == verdict.verdict_id]
    if watched:
        yield "**Watched**"
        yield ""
        for watch in watched:
            bound = str(watch.reference.get(watch.kind))
            how = (
                f"falls due on {plain(bound)}"
                if watch.kind == "date"
                else f"bound to the gate {code(plain_code(bound))}"
            )
            yield f"- {inline(watch.condition)}: {how}"
        yield ""
    if standing is not None and (told or watched or standing.standing != "stands"):
        yield from _standing(standing)


def _standing(told: VerdictStanding) -> Lines:
    yield f"**Standing: {_standing_words(told)}.**"
    yield ""
    if told.changed:
        yield from (f"- {change_words(change)}" for change in told.changed)
        yield ""
    if told.notes or told.not_checked:
        said = [*told.notes, *(f"not looked into: {one}" for one in told.not_checked)]
        yield f"*{sentence('; '.join(plain(one) for one in said))}*"
        yield ""


def _standing_words(told: VerdictStanding) -> str:
    if told.standing == "superseded":
        return f"superseded by {code(plain_code(str(told.superseded_by)))}"
    return {"stale": "stale, something it rests on has changed"}.get(told.standing, told.standing)


def change_words(change: Changed) -> str:
    """What changed, from what to what, in a sentence for Markdown."""
    name = cite_exhibit(change.id) if change.what == "exhibit" else code(plain_code(change.id))
    return f"{change.what} {name} was {_state(change.was)}, is {_state(change.now)}: {plain(change.why)}"


def _state(text: str) -> str:
    return code(text[:12] + "…") if len(text) == 64 else plain(text)


def _compliance(record: model.Record, verdict: model.Verdict) -> Lines:
    said = verdict.ethos_compliance
    if said is None:
        if record.dialogue.calibration is not None and verdict.verdict_type == "final":
            yield "*The verdict does not say whether it keeps the rules of the calibration.*"
            yield ""
        return
    if said["fully_compliant"]:
        yield "**Keeps the rules** of [the calibration](#calibration), as the Judge states."
        yield ""
        return
    yield "**The rules of [the calibration](#calibration)**"
    yield ""
    for one in said["exceptions"]:
        why, who = inline(one["justification"] or "no reason given"), plain(one["approved_by"] or "nobody")
        yield f"- {code(plain_code(one['rule_id']))} is departed from, approved by {who}: {why}"
    for one in said["violations"]:
        what = f": {inline(one['description'])}" if one["description"] else ""
        yield f"- {code(plain_code(one['rule_id']))} is **broken**{what}"
    yield ""


def calibration(record: model.Record, word: Wording) -> Lines:
    """The rules that the dialogue was held to, and what they add to each expert, apart from the scores."""
    held_to = record.dialogue.calibration
    if held_to is None:
        return
    yield '## <a id="calibration"></a>Calibration'
    yield ""
    rules_of = held_to["rules"]
    yield (
        f"Held to {code(plain_code(str(held_to['ethos_id'])))}, {plain(str(held_to['title']))}: "
        f"{counted(len(rules_of), 'rule')} of the domain {plain(str(held_to['domain']))}, digest "
        f"{code(plain_code(str(held_to['digest'])))}."
    )
    yield ""
    for rule in rules_of:
        merged = rule.get("merged_from") or ()
        both = f" · *merged from {listed([plain(str(one['rule_id'])) for one in merged])}*" if merged else ""
        yield (
            f"- **{plain(str(rule['rule_id']))} · {plain(str(rule['label']))}** ({rule['type']}, priority "
            f"{rule['priority']}){both}: {inline(str(rule['text']))}"
        )
    yield ""
    yield from modifiers(record, word)


def modifiers(record: model.Record, word: Wording) -> Lines:
    """What the rules add to each expert's rounds; no score has it in it."""
    rows = [
        [word.name(slug), round_, f"{one['points']:+d}", plain(str(one["rule_id"])), _reason(word, one)]
        for slug, rounds in modifiers_of(record).items()
        for round_, given in rounds.items()
        for one in given
    ]
    if rows:
        yield "Modifiers, apart from the Judge’s scores:"
        yield ""
        yield from table(["Member", "Round", "Points", "Rule", "Why"], rows)
        yield ""


def _reason(word: Wording, one: Mapping[str, object]) -> str:
    evidence = f" ({word.cite(str(one['evidence']))})" if one.get("evidence") else ""
    return inline(str(one["reason"]), cell=True) + evidence


def exhibits(record: model.Record, word: Wording) -> Lines:
    """What was pinned, by whom, under which hash, and what cites it."""
    if not record.exhibits:
        return
    cited: dict[str, list[str]] = {}
    for entity in record.entities:
        for name in entity.exhibits or ():
            cited.setdefault(name, []).append(entity.id)
    yield "## Exhibits"
    yield ""
    yield f"{sentence(counted(len(record.exhibits), 'exhibit'))} Each is pinned by the SHA-256 of what it was."
    yield ""
    for one in record.exhibits:
        facts = [one.kind.replace("_", " "), *_facts(one)]
        by = f"added by {word.name(one.added_by)} before round {one.round}"
        users = f"; cited by {word.cites(cited[one.id])}" if one.id in cited else "; cited by nothing"
        newer = one.reference.get("replaces")
        replaced = f"; the newer state of {cite_exhibit(str(newer))}" if newer else ""
        yield (
            f'- <a id="{one.id.lower()}"></a>**{one.id} · {plain(one.label)}** ({", ".join(facts)}), '
            f"{code(plain_code(one.digest))}, {by}{users}{replaced}."
        )
    yield ""


def _facts(exhibit: model.Exhibit) -> Iterable[str]:
    if exhibit.size is not None:
        yield f"{exhibit.size:,} bytes"
    for name in ("path", "dialogue_id", "verdict_id", "ethos_id"):
        value = exhibit.reference.get(name)
        if isinstance(value, str):
            yield code(plain_code(value))


def points_told(given: Iterable[Mapping[str, object]] | None) -> str:
    """What the rules add to one response, for the report's headings; nothing where they add nothing."""
    points = [int(str(one["points"])) for one in given or ()]
    return f" · {sum(points):+d} by the calibration" if points else ""
