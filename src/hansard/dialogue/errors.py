"""Refusals of the dialogue's operations; each function's name is its code (specification, "Error Handling")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hansard.dialogue.model import REF_TYPES
from hansard.kernel.errors import HansardError, did_you_mean
from hansard.kernel.ids import KINDS, MAX_ROUND, MAX_SEQ, parse_display_id
from hansard.markers.names import name_slug


def invalid_entity_type(field: str, value: str) -> HansardError:
    """An id's letter names no kind of entity."""
    return HansardError(
        "invalid",
        "invalid_entity_type",
        f"'{value}' names no kind of entity; ids begin with {', '.join(KINDS)}",
        field=field,
        value=value,
        constraint="type_enum",
        valid_options=list(KINDS),
        suggestion="Use P, R, T, E or C (perspective, recommendation, tension, evidence, claim)",
    )


def invalid_ref_type(field: str, value: str) -> HansardError:
    """A reference's type is none of the eight."""
    return HansardError(
        "invalid",
        "invalid_ref_type",
        f"'{value}' is no type of reference",
        field=field,
        value=value,
        constraint="ref_enum",
        valid_options=REF_TYPES,
        suggestion=did_you_mean(value, REF_TYPES) or f"Use one of {', '.join(REF_TYPES)}",
    )


def type_id_mismatch(field: str, value: str, expected: str, found: str) -> HansardError:
    """An id stands where another kind is expected, or a stated type does not fit the id."""
    return HansardError(
        "invalid",
        "type_id_mismatch",
        f"'{value}' is a {KINDS.get(found, found)}; a {KINDS.get(expected, expected)} is expected here",
        field=field,
        value=value,
        constraint="type_consistency",
        valid_options=[expected],
        context={"expected": expected, "found": found},
        suggestion=f"Give an id with the letter {expected}, or move the item to the list of its own kind",
    )


def invalid_ref_target(
    field: str, value: str, source_id: str, ref_type: str, target_id: str, actual: str, valid: Sequence[str]
) -> HansardError:
    """This type of reference may not point at this kind of target."""
    return HansardError(
        "invalid",
        "invalid_ref_target",
        f"'{ref_type}' may not point at '{value}' ({KINDS.get(actual, actual)})",
        field=field,
        value=value,
        constraint="semantic",
        context={"source_id": source_id, "ref_type": ref_type, "target_id": target_id, "target_type": actual},
        valid_options=valid,
        suggestion="Name another target"
        if source_id == target_id
        else "Take a reference type that fits the target ('support', 'oppose', 'question', 'depend' fit any), "
        "or another target",
    )


def refine_type_mismatch(field: str, value: str, source_id: str, target_id: str) -> HansardError:
    """A refinement must be of the kind that it refines."""
    source, target = source_id[0], target_id[0]
    return HansardError(
        "invalid",
        "refine_type_mismatch",
        f"'refine' joins entities of one kind; this one leads from {KINDS.get(source, 'a whole response')} to "
        f"{KINDS[target]}",
        field=field,
        value=value,
        constraint="semantic",
        context={"source_id": source_id, "source_type": source, "target_id": target_id, "target_type": target},
        valid_options=[kind for kind in KINDS if kind == source],
        suggestion="Use 'support' or 'depend', or refine an entity of the same kind",
    )


def _of_the_same_kind(value: str, known: Iterable[str]) -> list[str]:
    """What may have been meant: the same id in capitals, else ids of its kind; an id of another kind never is."""
    large = value.upper()
    names = list(known)
    if parse_display_id(large) is None:
        return names
    return [large] if large in names else [name for name in names if name[:1] == large[0]]


def target_not_found(field: str, value: str, dialogue_id: str, known: Iterable[str] = ()) -> HansardError:
    """An id that is referred to exists neither in the dialogue nor in the batch."""
    return HansardError(
        "not_found",
        "target_not_found",
        f"'{value}' is not in dialogue '{dialogue_id}'",
        field=field,
        value=value,
        constraint="referential",
        context={"dialogue_id": dialogue_id},
        suggestion=did_you_mean(value, _of_the_same_kind(value, known))
        or "'dialogue_round_context' tells the ids of a dialogue",
    )


def invalid_status_transition(
    field: str,
    entity: str,
    present: str,
    wanted: str,
    valid: Sequence[str],
    why: str | None = None,
    suggestion: str | None = None,
) -> HansardError:
    """A lifecycle has no such step."""
    return HansardError(
        "conflict",
        "invalid_status_transition",
        f"{entity} cannot go from '{present}' to '{wanted}'" + (f": {why}" if why else ""),
        field=field,
        value=wanted,
        constraint="lifecycle",
        context={"entity": entity, "from": present, "to": wanted},
        valid_options=[*valid, "commented"],
        suggestion=suggestion
        or f"From '{present}' it may become {', '.join(valid) or 'nothing else'}; 'commented' records a "
        "remark and changes nothing",
    )


def invalid_display_id(field: str, value: str, expected: str = "", *, now: str | None = None) -> HansardError:
    """An id does not have the form of one; ``now`` is what a local id of an earlier round was registered as."""
    return HansardError(
        "invalid",
        "invalid_display_id",
        f"'{value}' is not an id" if now is None else f"'{value}' is a local id that was registered; it is {now} now",
        field=field,
        value=value,
        constraint="type_consistency",
        valid_options=None if now is None else [now],
        suggestion=expected if now is None else f"Write '{now}'",
    )


def dialogue_not_found(dialogue_id: str, known: Iterable[str]) -> HansardError:
    """No dialogue has this id."""
    near = sorted(known)
    return HansardError(
        "not_found",
        "dialogue_not_found",
        f"there is no dialogue '{dialogue_id}'",
        field="dialogue_id",
        value=dialogue_id,
        valid_options=near[:10] or None,
        suggestion=did_you_mean(dialogue_id.lower(), near)
        or (
            "'dialogue_list' shows all dialogues"
            if near
            else "'dialogue_create' begins one, 'dialogue_import' brings one in"
        ),
    )


def dialogue_ambiguous(text: str, found: Sequence[str]) -> HansardError:
    """Several dialogues begin with this."""
    return HansardError(
        "invalid",
        "dialogue_ambiguous",
        f"{len(found)} dialogues begin with '{text}'",
        field="dialogue_id",
        value=text,
        valid_options=list(found[:10]),
        suggestion="Write more of the id",
    )


def dialogue_exists(dialogue_id: str) -> HansardError:
    """The wanted id is taken by another dialogue."""
    return HansardError(
        "conflict",
        "dialogue_exists",
        f"there is a dialogue '{dialogue_id}' already",
        field="dialogue_id",
        value=dialogue_id,
        suggestion="Choose another id; an import takes the next free one with --as-new",
    )


def too_many_similar_titles(slug: str) -> HansardError:
    """The slug and its 98 numbered variants are taken."""
    return HansardError(
        "conflict",
        "too_many_similar_titles",
        f"'{slug}' and '{slug}-2' to '{slug}-99' are taken",
        field="title",
        value=slug,
        suggestion="Choose a title that tells this dialogue from the others",
    )


def dialogue_closed(dialogue_id: str, status: str) -> HansardError:
    """The dialogue has concluded or was abandoned."""
    return HansardError(
        "conflict",
        "dialogue_closed",
        f"dialogue '{dialogue_id}' is {status}",
        field="dialogue_id",
        value=dialogue_id,
        constraint="lifecycle",
        suggestion="Nothing is left of it: start another dialogue"
        if status == "erased"
        else "Take it up again with 'dialogue_reopen', with the reason"
        if status == "abandoned"
        else "A later final verdict names the standing one in 'supersedes'; to argue on, reopen a tension with "
        "'dialogue_update_status', or the dialogue with 'dialogue_reopen'",
    )


def dialogue_not_closed(dialogue_id: str, status: str) -> HansardError:
    """Only a dialogue that was concluded or given up can be reopened."""
    return HansardError(
        "conflict",
        "dialogue_not_closed",
        f"dialogue '{dialogue_id}' is {status}; nothing closed it",
        field="dialogue_id",
        value=dialogue_id,
        constraint="lifecycle",
        suggestion="Go on with its next round; 'dialogue_update_status' reopens a single tension",
    )


def final_verdict_stands(given: str | None, standing: str) -> HansardError:
    """A final verdict stands already; another one must say that it takes its place."""
    return HansardError(
        "conflict",
        "final_verdict_stands",
        f"the final verdict '{standing}' stands; a later one must supersede it",
        field="supersedes",
        value=given,
        constraint="lifecycle",
        valid_options=[standing],
        suggestion=f"Give 'supersedes': '{standing}'",
    )


def expert_not_in_panel(
    field: str, slug: str, panel: Iterable[str], everybody: Iterable[str] = (), *, over: bool = False
) -> HansardError:
    """Somebody outside the round's panel is named.

    Args:
        everybody: whom the dialogue knows, its pool included.
        over: whether the round has a panel that nobody can join any more.
    """
    members = sorted(panel)
    if over:
        remedy = "Leave the name out: nobody joins the panel of a registered round"
    elif slug in everybody or name_slug(slug) in everybody:
        remedy = "Seat the expert with 'dialogue_evolve_panel' first"
    else:
        remedy = "Create the expert with 'dialogue_expert_create', then seat it with 'dialogue_evolve_panel'"
    near = None if remedy.startswith("Seat") else did_you_mean(slug, members)
    return HansardError(
        "not_found",
        "expert_not_in_panel",
        f"'{slug}' is not in this round's panel",
        field=field,
        value=slug,
        constraint="referential",
        valid_options=members,
        suggestion=near or remedy,
    )


def expert_not_found(field: str, slug: str, known: Iterable[str], pool: Iterable[str] = ()) -> HansardError:
    """No expert of the dialogue has this name; ``pool`` are those of its pool, who may be waiting for a seat."""
    names = sorted(known)
    waiting = slug in pool or name_slug(slug) in pool
    why = (
        "is in the pool of this dialogue, and no panel had it"
        if waiting
        else "is neither an expert of this dialogue nor in its pool"
    )
    return HansardError(
        "not_found",
        "expert_not_found",
        f"'{slug}' {why}",
        field=field,
        value=slug,
        constraint="referential",
        valid_options=names,
        suggestion="Leave the name out, or seat the expert with 'dialogue_evolve_panel' for the round to come"
        if waiting
        else did_you_mean(slug, names) or "Create the expert with 'dialogue_expert_create' first",
    )


def expert_exists(slug: str, *, in_pool: bool = False) -> HansardError:
    """The name is taken in this dialogue, by an expert or by one of the pool who never sat."""
    return HansardError(
        "conflict",
        "expert_exists",
        f"'{slug}' is taken in this dialogue",
        field="expert_slug",
        value=slug,
        suggestion=f"{'It is in the pool' if in_pool else 'It takes part'}: seat it with 'dialogue_evolve_panel'; "
        "somebody else needs a name that neither an expert nor the pool has",
    )


def role_changed(field: str, slug: str, role: str, wanted: str) -> HansardError:
    """A name keeps its role for the whole dialogue."""
    return HansardError(
        "conflict",
        "role_changed",
        f"'{slug}' is '{role}' in this dialogue, not '{wanted}'",
        field=field,
        value=wanted,
        valid_options=[role],
        suggestion="Leave the role out, or create another expert for the other role",
    )


def wrong_source(field: str, slug: str, value: str, actual: str) -> HansardError:
    """An expert's source is not what the request says."""
    return HansardError(
        "conflict",
        "wrong_source",
        f"'{slug}' is {actual} in this round, not '{value}'",
        field=field,
        value=value,
        valid_options=[actual],
        suggestion="Leave 'source' out: it is told from the record",
    )


def round_out_of_order(wanted: int, next_round: int, why: str | None = None) -> HansardError:
    """Rounds come one after the other, and what is said of one comes after it."""
    return HansardError(
        "conflict",
        "round_out_of_order",
        why or f"round {wanted} cannot come now; the next round is {next_round}",
        field="round",
        value=wanted,
        valid_options=None if why else [str(next_round)],
        suggestion=f"Register round {next_round} first" + (", with 'dialogue_round_register'" if why else ""),
    )


def round_exists(wanted: int) -> HansardError:
    """The round is registered; a round is never overwritten."""
    return HansardError(
        "conflict",
        "round_exists",
        f"round {wanted} is registered already",
        field="round",
        value=wanted,
        suggestion="Repeat a request with its request_id to get its first answer; later changes go through "
        "'dialogue_update_status'",
    )


def duplicate_local_id(field: str, value: str) -> HansardError:
    """A local id stands for two entities of one batch."""
    return HansardError(
        "conflict",
        "duplicate_local_id",
        f"'{value}' is used twice in this batch",
        field=field,
        value=value,
        constraint="unique",
        suggestion="Number each contribution of an expert once; merge two into one entity with 'local_ids'",
    )


def duplicate_reference(field: str, ref_type: str, target: str) -> HansardError:
    """The same reference stands twice under one entity."""
    return HansardError(
        "conflict",
        "duplicate_reference",
        f"'{ref_type}' to '{target}' stands twice here",
        field=field,
        value=target,
        constraint="unique",
        suggestion="Give each reference once",
    )


def verdict_exists(verdict_id: str) -> HansardError:
    """Verdicts are immutable, and ids are used once."""
    return HansardError(
        "conflict",
        "verdict_exists",
        f"there is a verdict '{verdict_id}' already",
        field="verdict_id",
        value=verdict_id,
        suggestion="A verdict cannot be changed; register another one that supersedes it",
    )


def verdict_not_found(field: str, verdict_id: str, known: Iterable[str]) -> HansardError:
    """A verdict that is named does not exist."""
    return HansardError(
        "not_found",
        "verdict_not_found",
        f"there is no verdict '{verdict_id}'",
        field=field,
        value=verdict_id,
        valid_options=sorted(known),
        suggestion=did_you_mean(verdict_id, known) or "'dialogue_list' tells the verdicts",
    )


def not_authorised_to_resolve(field: str, entity: str, actors: Sequence[str], authors: Sequence[str]) -> HansardError:
    """Only an author of a tension, or the Judge, may call it resolved."""
    return HansardError(
        "refused",
        "not_authorised_to_resolve",
        f"{entity} can be resolved by its authors ({', '.join(authors)}) or the Judge, not by {', '.join(actors)}",
        field=field,
        value=list(actors),
        constraint="authority",
        valid_options=[*authors, "judge"],
        suggestion="Record it as 'addressed', or name the author or 'judge' among those who resolve it",
    )


def not_authorised_to_give_up(
    field: str, entity: str, status: str, actors: Sequence[str], authors: Sequence[str]
) -> HansardError:
    """Somebody concedes or withdraws what others said."""
    return HansardError(
        "refused",
        "not_authorised_to_give_up",
        f"{entity} can be {status} by those who gave it ({', '.join(authors)}) or the Judge, not by "
        f"{', '.join(actors)}",
        field=field,
        value=list(actors),
        constraint="authority",
        valid_options=[*authors, "judge"],
        suggestion=f"Refer to it with 'oppose', or record a remark as 'commented'; whoever gave {entity} or 'judge' "
        f"makes it {status}",
    )


def id_space_exhausted(field: str, what: str) -> HansardError:
    """Two digits of round or sequence are used up; an id never gets longer."""
    return HansardError(
        "conflict",
        "id_space_exhausted",
        f"{what}: display ids end at round {MAX_ROUND} and number {MAX_SEQ}",
        field=field,
        constraint="id_space",
        suggestion="Merge contributions that say the same, or continue in a new dialogue",
    )


def query_too_long(field: str, what: str, count: int, limit: int) -> HansardError:
    """More is to be looked for than a search looks for: it would take long and find no better."""
    return HansardError(
        "invalid",
        "query_too_long",
        f"'{field}' has {count:,} {what}; at most {limit:,} are looked for",
        field=field,
        constraint="size",
        context={"count": count, "limit": limit, "unit": what},
        suggestion="Give the few words that matter most",
    )


def velocity_not_zero(
    field: str, open_tensions: Sequence[str], new_perspectives: int, *, bars: bool = True
) -> HansardError:
    """Something still moves: open tensions, or new perspectives where these bar a verdict."""
    parts = []
    if open_tensions:
        are = "tension is" if len(open_tensions) == 1 else "tensions are"
        parts.append(f"{len(open_tensions)} {are} open ({', '.join(open_tensions[:12])})")
    if new_perspectives and bars:
        plural = "" if new_perspectives == 1 else "s"
        parts.append(f"{new_perspectives} new perspective{plural} in the last round")
    return HansardError(
        "refused",
        "velocity_not_zero",
        f"the panel has not come to rest: {'; '.join(parts)}",
        field=field,
        value=len(open_tensions) + (new_perspectives if bars else 0),
        constraint="convergence",
        context={"open_tensions": list(open_tensions), "new_perspectives": new_perspectives},
        suggestion="Run another round, resolve the tensions, or name those the verdict accepts in 'tensions_accepted'",
    )


def convergence_not_unanimous(share: float, target: float, apart: Sequence[Mapping[str, str]]) -> HansardError:
    """Too few of the panel agree: each who does not, with ``why`` and ``remedy``."""
    named = "; ".join(f"{one['expert']} ({one['why']})" for one in apart)
    remedies: dict[str, list[str]] = {}
    for one in apart:
        remedies.setdefault(one["remedy"], []).append(one["expert"])
    told = ". ".join(f"{', '.join(names)}: {remedy}" for remedy, names in remedies.items())
    return HansardError(
        "refused",
        "convergence_not_unanimous",
        f"{int(100 * share + 1e-6)}% of the panel agree or have their dissent registered; "
        f"{int(100 * target + 1e-6)}% are needed" + (f". Not in agreement: {named}" if named else ""),
        field="verdict_type",
        value="final",
        constraint="convergence",
        context={
            "share": share,
            "target": target,
            "not_agreed": [one["expert"] for one in apart],
            "members": [dict(one) for one in apart],
        },
        suggestion=told or "Nobody of the panel takes a position: ask it in another round, or give 'votes'",
    )


def forced_convergence_no_warning(field: str) -> HansardError:
    """A verdict may be forced only with a reason, which it shows."""
    return HansardError(
        "refused",
        "forced_convergence_no_warning",
        "a verdict is forced without saying why",
        field=field,
        constraint="convergence",
        suggestion="Give 'force_reason'; the verdict shows it to every reader",
    )
