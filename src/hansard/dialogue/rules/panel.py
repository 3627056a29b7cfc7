"""Who sits at the panel: the pool's names and tiers, the suggested panel, a round's seats (dialogue.md, "Panel")."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hansard.dialogue import errors
from hansard.dialogue.model import COLORS, TIERS, Dialogue, Expert, PanelMember
from hansard.dialogue.requests import EvolvePanel, ExpertCreate, PoolExpert
from hansard.kernel.errors import HansardError, invalid_field
from hansard.kernel.ids import RESERVED_SLUGS, default_expert_name, is_expert_slug, shown_name
from hansard.kernel.lookalikes import skeleton, unfit
from hansard.markers.names import is_name_of, name_slug, own_name

DEFAULT_PANEL: Final = 12
POOL_MIN, POOL_MAX = 3, 24

NOBODYS_NAMES: Final = frozenset(map(skeleton, ("Judge", "the Judge", "User", "the User", "Clerk", "the Clerk")))
"""What those are called in documents who are no experts."""


def tier_of(tier: str | None, relevance: float | None) -> str | None:
    """A tier in the spelling of the record; told from relevance where none is given; ``None`` when unknown."""
    if tier is not None:
        return next((name for name in TIERS if name.casefold() == tier.casefold()), None)
    if relevance is None:
        return "Adjacent"
    return "Core" if relevance >= 0.8 else "Adjacent" if relevance >= 0.4 else "Wildcard"


def judged_tier(field: str, tier: str | None) -> HansardError | None:
    """Why a tier is none."""
    if tier is None or tier_of(tier, None) is not None:
        return None
    return invalid_field(field, tier, "is no tier", valid_options=TIERS, suggestion=f"Use one of {', '.join(TIERS)}")


def named_pool(pool: Sequence[PoolExpert], *, imported: bool) -> tuple[list[dict[str, Any]], list[HansardError]]:
    """The pool with slugs and tiers, and every fault in it.

    Experts without a name get the next free default name; in an imported dialogue they stay unnamed, since a name
    would say that somebody took part who did not.
    """
    faults: list[HansardError] = []
    taken: set[str] = set()
    called: dict[str, str] = {}
    if not imported and not POOL_MIN <= len(pool) <= POOL_MAX:
        faults.append(
            invalid_field(
                "expert_pool.experts",
                len(pool),
                f"must have {POOL_MIN} to {POOL_MAX} experts",
                suggestion="A pool holds core, adjacent and wildcard experts; not all of them sit at every panel",
            )
        )
    slugs: list[str | None] = []
    for index, expert in enumerate(pool):
        field = f"expert_pool.experts[{index}]"
        if fault := judged_tier(f"{field}.tier", expert.tier):
            faults.append(fault)
        slug = None
        if expert.name is not None:
            slug = name_slug(expert.name)
            if not is_expert_slug(slug):
                faults.append(_not_a_slug(f"{field}.name", expert.name))
            elif slug in taken:
                faults.append(
                    invalid_field(
                        f"{field}.name",
                        expert.name,
                        "is used twice in the pool",
                        suggestion="Give each expert a name of their own",
                    )
                )
            elif not imported and (fault := _mistakable(f"{field}.name", expert.name, slug, called)):
                faults.append(fault)
            taken.add(slug)
            called.setdefault(slug, expert.name)
        slugs.append(slug)
    free = (name for index in range(len(pool) + len(taken) + 1) if (name := default_expert_name(index)) not in taken)
    named = []
    for expert, slug in zip(pool, slugs, strict=True):
        if slug is None and not imported:
            slug = next(free)
        entry = {
            "slug": slug,
            "name": expert.name or (shown_name(slug) if slug else None),
            "role": expert.role,
            "tier": tier_of(expert.tier, expert.relevance),
            "relevance": expert.relevance,
            "focus": expert.focus,
            "description": expert.description,
        }
        named.append({key: value for key, value in entry.items() if value is not None})
    return named, faults


def named_twice(field: str, name: str, slug: str) -> HansardError:
    """Two spellings of one expert's name; which of the two values holds is not ours to guess."""
    return invalid_field(
        field, name, f"names '{slug}' a second time", suggestion=f"Give one value for '{slug}', under one spelling"
    )


def _not_a_slug(field: str, value: str) -> HansardError:
    return invalid_field(
        field,
        value,
        "does not make an expert's name",
        suggestion="A name has 2 to 32 letters (a to z), digits or hyphens and begins with a letter; "
        f"{' and '.join(sorted(RESERVED_SLUGS))} are reserved",
    )


def _judged_name(field: str, name: str | None, slug: str) -> HansardError | None:
    """Why an expert cannot be called so: nobody may pass for somebody else."""
    if name is None or is_name_of(name, slug):
        return None
    return invalid_field(
        field,
        name,
        f"is no name of '{slug}'",
        suggestion=f"It would be '{name_slug(name)}' in the record: give that as 'expert_slug', or leave it out",
    )


def _mistakable(field: str, name: str | None, slug: str, called: Mapping[str, str]) -> HansardError | None:
    """Why a reader could take somebody of this name for another, or for nobody on the panel.

    Args:
        called: what everybody is called whom the name must not look like, by slug; this expert may be among them.
    """
    if name is None:
        return None
    if why := unfit(name):
        return invalid_field(field, name, why, suggestion="Write the name in one alphabet, as it is read")
    seen = skeleton(name)
    if seen in NOBODYS_NAMES:
        return invalid_field(
            field, name, "is what somebody is called who is no expert", suggestion="Give the expert a name of their own"
        )
    for other, shown in called.items():
        if other != slug and seen in (skeleton(shown), skeleton(other)):
            return invalid_field(
                field,
                name,
                f"looks like the name of '{other}'",
                suggestion="Give a name that nobody takes for another's",
            )
    return None


def _called(dialogue: Dialogue, experts: Mapping[str, Expert]) -> dict[str, str]:
    """What everybody of a dialogue is called, by slug: who takes part, and who may yet."""
    pool = {entry["slug"]: entry.get("name") or entry["slug"] for entry in dialogue.expert_pool if entry.get("slug")}
    return pool | {slug: expert.shown for slug, expert in experts.items()}


def tier_split(size: int) -> dict[str, int]:
    """How many of a panel come from each tier."""
    if size <= 2:
        return {"Core": size, "Adjacent": 0, "Wildcard": 0}
    if size <= 5:
        core, wild = max(1, size // 3), 1
    else:
        core, wild = size // 3, size // 4
    return {"Core": core, "Adjacent": size - core - wild, "Wildcard": wild}


def suggested_panel(pool: Sequence[Mapping[str, Any]], size: int, seed: str) -> list[str]:
    """Slugs of a panel drawn from the pool: by tier, weighted by relevance, without replacement, from ``seed``.

    Where a tier has too few, the others fill up, core first. In the pool's order.
    """
    dice = random.Random(int(seed, 16))  # noqa: S311  # sampling must be repeatable, it guards no secret
    # Efraimidis and Spirakis: the largest of u^(1/w) are a weighted sample without replacement
    drawn = {expert["slug"]: dice.random() ** (1 / max(float(expert.get("relevance", 0.5)), 0.01)) for expert in pool}
    by_tier: dict[str, list[str]] = {tier: [] for tier in TIERS}
    for expert in pool:
        by_tier[expert["tier"]].append(expert["slug"])
    for names in by_tier.values():
        names.sort(key=lambda name: -drawn[name])
    quota = tier_split(size)
    chosen = {name for tier in TIERS for name in by_tier[tier][: quota[tier]]}
    rest = [name for tier in TIERS for name in by_tier[tier][quota[tier] :]]
    chosen.update(rest[: max(0, size - len(chosen))])
    return [expert["slug"] for expert in pool if expert["slug"] in chosen]


def rotated_panel(dialogue: Dialogue, last: Sequence[PanelMember], round_: int) -> list[str] | None:
    """Slugs of the panel that the dialogue's rotation suggests for a round; a suggestion, nobody is seated by it.

    ``none``: the last panel again. ``wildcards``: the last panel, its wildcards drawn anew from those of the pool who
    do not sit now, as far as there are so many. ``full``: a whole panel drawn anew, like the first. Each round draws
    by a seed of its own, which is told from the dialogue's.

    Args:
        dialogue: the dialogue.
        last: the panel of the round before.
        round_: the round to come.

    Returns:
        ``None`` where the Judge decides (``graduated``), and before a first panel sat.
    """
    if dialogue.rotation == "graduated" or not last:
        return None
    sitting = [member.slug for member in last]
    if dialogue.rotation == "none":
        return sitting
    pool = [
        {**entry, "tier": tier_of(entry.get("tier"), entry.get("relevance"))}
        for entry in dialogue.expert_pool
        if entry.get("slug")  # an imported pool may have experts without a name
    ]
    seed = hashlib.sha256(f"{dialogue.seed} panel {round_}".encode()).hexdigest()[:16]
    if dialogue.rotation == "full":
        return suggested_panel(pool, min(dialogue.panel_size, len(pool)), seed)
    stay = [member.slug for member in last if member.tier != "Wildcard"]
    wild = [member.slug for member in last if member.tier == "Wildcard"]
    fresh = [entry for entry in pool if entry["tier"] == "Wildcard" and entry["slug"] not in sitting]
    drawn = suggested_panel(fresh, min(len(wild), len(fresh)), seed)
    return [*stay, *drawn, *wild[: len(wild) - len(drawn)]]


def next_color(present: Iterable[Expert]) -> str:
    """The colour of whoever joins these experts: the first of those that fewest of them have."""
    taken = Counter(expert.color for expert in present)
    return min(COLORS, key=lambda color: taken[color])


def new_expert(
    dialogue_id: str,
    slug: str,
    time: str,
    color: str,
    *,
    role: str,
    name: str | None = None,
    source: str = "pool",
    tier: str | None = None,
    relevance: float | None = None,
    focus: str | None = None,
    description: str | None = None,
    creation_reason: str | None = None,
) -> Expert:
    """An expert who joins."""
    return Expert(
        dialogue_id=dialogue_id,
        slug=slug,
        name=name,
        role=role,
        description=description,
        focus=focus,
        tier=tier,
        source=source,
        relevance=relevance,
        creation_reason=creation_reason,
        color=color,
        created_at=time,
    )


def plan_expert(
    dialogue: Dialogue, experts: Mapping[str, Expert], request: ExpertCreate, time: str
) -> tuple[Expert | None, list[HansardError]]:
    """The created expert, or why there is none."""
    slug = name_slug(request.expert_slug)
    faults = []
    if not is_expert_slug(slug):
        faults.append(_not_a_slug("expert_slug", request.expert_slug))
    elif slug in experts or slug in {entry.get("slug") for entry in dialogue.expert_pool}:
        faults.append(errors.expert_exists(slug, in_pool=slug not in experts))
    if fault := judged_tier("tier", request.tier):
        faults.append(fault)
    if fault := _judged_name("name", request.name, slug):
        faults.append(fault)
    if not faults and not dialogue.imported:
        called = _called(dialogue, experts)
        for field, name in (("expert_slug", request.expert_slug), ("name", request.name)):
            if not faults and (fault := _mistakable(field, name, slug, called)):
                faults.append(fault)
    if faults:
        return None, faults
    return (
        new_expert(
            dialogue.dialogue_id,
            slug,
            time,
            next_color(experts.values()),
            role=request.role,
            name=own_name(request.name or request.expert_slug, slug),
            source="created",
            tier=tier_of(request.tier, request.relevance),
            relevance=request.relevance,
            focus=request.focus,
            description=request.description,
            creation_reason=request.reason,
        ),
        [],
    )


def plan_panel(
    dialogue: Dialogue,
    experts: Mapping[str, Expert],
    seated_before: Iterable[str],
    request: EvolvePanel,
    time: str,
) -> tuple[list[Expert], list[PanelMember], list[HansardError]]:
    """Experts who join, the seats, and every fault.

    Args:
        experts: everybody who takes part in the dialogue so far, by slug.
        seated_before: slugs of all earlier rounds' panels.
    """
    before = set(seated_before)
    pool = {entry["slug"]: entry for entry in dialogue.expert_pool if entry.get("slug")}
    called = _called(dialogue, experts)
    joined: list[Expert] = []
    seats: list[PanelMember] = []
    faults: list[HansardError] = []
    taken: set[str] = set()
    for index, seat in enumerate(request.panel):
        field = f"panel[{index}]"
        slug = name_slug(seat.expert_slug)
        known = experts.get(slug)
        if not is_expert_slug(slug):
            faults.append(_not_a_slug(f"{field}.expert_slug", seat.expert_slug))
            continue
        if slug in taken:
            faults.append(
                invalid_field(
                    f"{field}.expert_slug", seat.expert_slug, "is seated twice", suggestion="Seat each expert once"
                )
            )
            continue
        taken.add(slug)
        if fault := judged_tier(f"{field}.tier", seat.tier) or _judged_name(f"{field}.name", seat.name, slug):
            faults.append(fault)
            continue
        for named in () if dialogue.imported or known is not None else ("name", "expert_slug"):
            if fault := _mistakable(f"{field}.{named}", getattr(seat, named), slug, called):
                faults.append(fault)
        if known is None and slug not in pool and not dialogue.imported:
            faults.append(errors.expert_not_found(f"{field}.expert_slug", slug, experts.keys() | pool.keys()))
            continue
        entry = pool.get(slug, {})
        role = known.role if known else entry.get("role") or seat.role or "unknown"
        if seat.role is not None and seat.role != role and not dialogue.imported:
            faults.append(errors.role_changed(f"{field}.role", slug, role, seat.role))
            continue
        source = "retained" if slug in before else known.source if known else "pool"
        if seat.source is not None and seat.source != source and not dialogue.imported:
            faults.append(errors.wrong_source(f"{field}.source", slug, seat.source, source))
            continue
        relevance = seat.relevance
        if relevance is None:
            relevance = known.relevance if known else entry.get("relevance")
        tier = seat.tier or (known.tier if known else entry.get("tier"))
        if tier is not None or relevance is not None or not dialogue.imported:  # an import leaves open what is not told
            tier = tier_of(tier, relevance)
        if known is None:
            joined.append(
                new_expert(
                    dialogue.dialogue_id,
                    slug,
                    time,
                    next_color([*experts.values(), *joined]),
                    role=role,
                    name=own_name(entry.get("name"), slug) or own_name(seat.name or seat.expert_slug, slug),
                    tier=tier,
                    relevance=relevance,
                    focus=entry.get("focus") or seat.focus,
                    description=entry.get("description"),
                )
            )
        seats.append(
            PanelMember(
                dialogue_id=dialogue.dialogue_id,
                round=request.round,
                slug=slug,
                source=source,
                tier=tier,
                relevance=relevance,
                focus=seat.focus or (known.focus if known else entry.get("focus")),
            )
        )
    return joined, seats, faults


def everybody(dialogue: Dialogue, experts: Iterable[str]) -> set[str]:
    """Slugs of whom a dialogue knows: its experts, and those of its pool who never sat."""
    return {*experts, *(entry["slug"] for entry in dialogue.expert_pool if entry.get("slug"))}


def seat_of(expert: Expert, round_: int) -> PanelMember:
    """The seat of somebody who joined just now, as they joined."""
    return PanelMember(
        dialogue_id=expert.dialogue_id,
        round=round_,
        slug=expert.slug,
        source=expert.source,
        tier=expert.tier,
        relevance=expert.relevance,
        focus=expert.focus,
    )


def carried_over(round_: int, last: Iterable[PanelMember], created_since: Iterable[Expert]) -> list[PanelMember]:
    """The seats of a round whose panel nobody evolved: the last panel, and whoever was created since."""
    return [
        *(msgspec.structs.replace(member, round=round_, source="retained") for member in last),
        *(seat_of(expert, round_) for expert in created_since),
    ]
