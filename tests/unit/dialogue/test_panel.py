"""Who sits at a panel: the split into tiers, the sampling, names, and the seats of each round."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue.model import COLORS, TIERS
from hansard.dialogue.names import names_of
from hansard.dialogue.requests import PoolExpert
from hansard.dialogue.rules.panel import named_pool, suggested_panel, tier_of, tier_split
from hansard.markers.names import author_slug
from tests.conftest import scale
from tests.unit.dialogue.kit import PEOPLE, Room, entity, verdict

SPLITS = {
    1: (1, 0, 0), 2: (2, 0, 0), 3: (1, 1, 1), 4: (1, 2, 1), 5: (1, 3, 1), 6: (2, 3, 1), 7: (2, 4, 1), 8: (2, 4, 2),
    9: (3, 4, 2), 10: (3, 5, 2), 11: (3, 6, 2), 12: (4, 5, 3), 13: (4, 6, 3), 14: (4, 7, 3), 15: (5, 7, 3),
    16: (5, 7, 4), 17: (5, 8, 4), 18: (6, 8, 4), 19: (6, 9, 4), 20: (6, 9, 5), 21: (7, 9, 5), 22: (7, 10, 5),
    23: (7, 11, 5), 24: (8, 10, 6),
}  # fmt: skip
"""Core, Adjacent, Wildcard of a panel of each size, worked out by hand from the design's rule."""

SEED = "0011223344556677"


def a_pool(*shape: tuple[str, float]) -> list[dict[str, Any]]:
    """A pool of experts, each with a tier and a relevance."""
    return [{"slug": f"e{n:02d}", "tier": tier, "relevance": relevance} for n, (tier, relevance) in enumerate(shape)]


FULL = a_pool(*([("Core", 0.9)] * 8 + [("Adjacent", 0.6)] * 11 + [("Wildcard", 0.2)] * 6))


@pytest.mark.parametrize("size", SPLITS)
def test_a_panel_is_split_into_tiers(size: int) -> None:
    """For every size from 1 to 24 the tiers get what the design gives them, and together the size."""
    assert tuple(tier_split(size).values()) == SPLITS[size]
    assert list(tier_split(size)) == list(TIERS)
    assert sum(SPLITS[size]) == size


@pytest.mark.parametrize("size", SPLITS)
def test_a_full_pool_fills_every_quota(size: int) -> None:
    """Where each tier has enough experts the drawn panel has exactly the split."""
    chosen = set(suggested_panel(FULL, size, SEED))
    tiers = Counter(expert["tier"] for expert in FULL if expert["slug"] in chosen)
    assert tuple(tiers[tier] for tier in TIERS) == SPLITS[size]


@given(
    tiers=st.lists(st.tuples(st.sampled_from(TIERS), st.floats(0, 1)), min_size=3, max_size=24),
    seed=st.integers(0, 2**64 - 1).map("{:016x}".format),
    data=st.data(),
)
def test_a_drawn_panel_has_its_size_and_nobody_twice(
    tiers: list[tuple[str, float]], seed: str, data: st.DataObject
) -> None:
    """From any pool, any size up to the pool's is drawn: all different, in the pool's order, the same for a seed."""
    pool = a_pool(*tiers)
    size = data.draw(st.integers(1, len(pool)))
    panel = suggested_panel(pool, size, seed)
    assert len(panel) == size
    assert panel == [expert["slug"] for expert in pool if expert["slug"] in set(panel)]
    assert panel == suggested_panel(pool, size, seed)


def test_a_lacking_tier_is_filled_core_first() -> None:
    """Without wildcards the free seat goes to a core expert before an adjacent one."""
    pool = a_pool(("Core", 0.9), ("Core", 0.9), ("Core", 0.9), ("Adjacent", 0.5), ("Adjacent", 0.5), ("Adjacent", 0.5))
    chosen = suggested_panel(pool, 5, SEED)
    assert Counter(expert["tier"] for expert in pool if expert["slug"] in chosen) == {"Core": 2, "Adjacent": 3}


def test_sampling_is_weighted_by_relevance() -> None:
    """Over 2,000 fixed seeds an expert of relevance 0.8 is drawn before one of 0.4 about twice as often."""
    pool = a_pool(("Core", 0.8), ("Core", 0.4), ("Adjacent", 0.5))
    first = Counter(suggested_panel(pool, 1, f"{seed:016x}")[0] for seed in range(2000))
    # one of two is drawn with 0.8 / 1.2; four standard deviations are 84 of 2,000
    assert set(first) == {"e00", "e01"}
    assert abs(first["e00"] - 2000 * 2 / 3) < 84


def test_sampling_without_replacement_follows_the_weights() -> None:
    """With three to draw two from, who is left out is as rare as its weight says."""
    pool = a_pool(("Core", 1.0), ("Core", 0.5), ("Core", 0.25))
    left = Counter(
        next(iter({"e00", "e01", "e02"} - set(suggested_panel(pool, 2, f"{seed:016x}")))) for seed in range(2000)
    )
    weights = {"e00": 1.0, "e01": 0.5, "e02": 0.25}
    for name in weights:
        others = [other for other in weights if other != name]
        chance = sum(
            weights[a] / sum(weights.values()) * weights[b] / (sum(weights.values()) - weights[a])
            for a, b in (others, others[::-1])
        )
        deviation = (2000 * chance * (1 - chance)) ** 0.5
        assert abs(left[name] - 2000 * chance) < 4 * deviation, name


@pytest.mark.parametrize(
    ("tier", "relevance", "told"),
    [
        ("core", None, "Core"),
        ("WILDCARD", 0.9, "Wildcard"),
        (None, 0.8, "Core"),
        (None, 0.79, "Adjacent"),
        (None, 0.4, "Adjacent"),
        (None, 0.39, "Wildcard"),
        (None, 0.0, "Wildcard"),
        (None, None, "Adjacent"),
        ("expert", 0.5, None),
    ],
)
def test_a_tier_is_told_in_any_case_or_from_relevance(tier: str | None, relevance: float | None, told: str) -> None:
    """Tiers are read in any case and written in one; without one the relevance tells it by its band."""
    assert tier_of(tier, relevance) == told


def test_unnamed_experts_get_the_default_names_in_order() -> None:
    """Twenty pastries, then numbers; a name that the pool uses itself is passed over."""
    pool, faults = named_pool([PoolExpert(role="r") for _ in range(24)], imported=False)
    assert faults == []
    assert [entry["slug"] for entry in pool] == [
        "muffin", "cupcake", "scone", "eclair", "donut", "brioche", "croissant", "macaron", "cannoli", "strudel",
        "beignet", "churro", "profiterole", "tartlet", "galette", "palmier", "kouign", "sfogliatella", "financier",
        "religieuse", "pastry-21", "pastry-22", "pastry-23", "pastry-24",
    ]  # fmt: skip
    given = [PoolExpert(role="r"), PoolExpert(name="Muffin", role="r"), PoolExpert(role="r")]
    named, _ = named_pool(given, imported=False)
    assert [entry["slug"] for entry in named] == ["cupcake", "muffin", "scone"]


@pytest.mark.parametrize("name", ["judge", "Judge", "USER", "user", "x", "7up", "🙂", "!!!", "-"])
def test_a_name_that_cannot_be_an_expert_is_refused(name: str, room: Room) -> None:
    """Reserved names, and names without a usable slug, are refused with the field that holds them."""
    experts = [{"name": "Ada", "role": "r"}, {"name": name, "role": "r"}, {"role": "r"}]
    fault = room.fault("create", title="T", question="Q", expert_pool={"experts": experts})
    assert (fault.code, fault.field, fault.value) == ("invalid_field", "expert_pool.experts[1].name", name)
    assert "reserved" in (fault.suggestion or "")
    dialogue = room.create()
    refusal = room.fault("expert_create", dialogue_id=dialogue, expert_slug=name, role="r", reason="A gap.")
    assert (refusal.code, refusal.field) == ("invalid_field", "expert_slug")


def test_a_name_without_a_letter_from_a_to_z_gets_a_slug_of_its_own(room: Room) -> None:
    """A pool, a created expert, a response and a vote may say 李雷; the slug is the one that an import gives."""
    pool = {"experts": [{"name": name, "role": "r"} for name in ("李雷", "Ada", "Bob")]}
    dialogue = room.create(expert_pool=pool, panel_size=3)
    slug = author_slug("李雷")
    assert slug == "expert-3a47328a"
    assert names_of(room.record(dialogue))[slug] == "李雷"
    created = room.call("expert_create", dialogue_id=dialogue, expert_slug="韓梅", role="r", reason="A gap.")
    assert created.expert["slug"] == author_slug("韓梅")
    read = room.call("parse_response", dialogue_id=dialogue, round=0, expert="李雷", text="[李雷-P0001: Yes]\nWords.")
    assert (read.expert_slug, read.summary["perspectives"]) == (slug, [f"{slug.upper()}-P0001"])
    assert room.fault("parse_response", dialogue_id=dialogue, round=0, expert="!", text="x").code == "expert_not_found"


def test_every_fault_of_a_pool_is_told_at_once(room: Room) -> None:
    """A name used twice, an unknown tier and a size beyond the pool stand in one refusal, each with its item."""
    experts = [{"name": "Ada", "role": "r"}, {"name": "ADA", "role": "r"}, {"role": "r", "tier": "Middle"}]
    refusal = room.refused("create", title="T", question="Q", expert_pool={"experts": experts}, panel_size=4)
    assert [(fault.code, fault.field) for fault in refusal.errors] == [
        ("invalid_field", "expert_pool.experts[1].name"),
        ("invalid_field", "expert_pool.experts[2].tier"),
        ("invalid_field", "panel_size"),
    ]
    assert all(entry["item_type"] == "dialogue" for entry in refusal.as_dict()["errors"])


@pytest.mark.parametrize("size", [1, 2, 25])
def test_a_pool_holds_3_to_24_experts(size: int, room: Room) -> None:
    """Fewer or more are refused with the count."""
    fault = room.fault("create", title="T", question="Q", expert_pool={"experts": [{"role": "r"}] * size}, panel_size=1)
    assert (fault.code, fault.field, fault.value) == ("invalid_field", "expert_pool.experts", size)


@pytest.mark.parametrize(("pool", "panel"), [(3, 3), (12, 12), (13, 12), (24, 12)])
def test_the_default_panel_is_the_pool_up_to_twelve(pool: int, panel: int, room: Room) -> None:
    """Without a wanted size the suggested panel has as many as the pool, and twelve at most."""
    answer = room.call("create", title="T", question="Q", expert_pool={"experts": [{"role": "r"}] * pool})
    assert len(answer.suggested_panel) == panel
    assert len(answer.expert_pool) == pool
    assert room.record(answer.dialogue_id).dialogue.panel_size == panel


def test_a_given_seed_gives_the_same_panel_and_a_drawn_one_is_told(room: Room) -> None:
    """The seed stands in the answer and the record; given again it draws the same panel."""
    pool = {"experts": [{"role": "r", "relevance": n / 20} for n in range(20)]}
    first = room.call("create", title="T", question="Q", expert_pool=pool, panel_size=7)
    again = room.call("create", title="T", question="Q", expert_pool=pool, panel_size=7, seed=first.seed)
    assert again.suggested_panel == first.suggested_panel
    assert room.record(first.dialogue_id).dialogue.seed == first.seed == again.seed
    panels = [
        room.call("create", title="T", question="Q", expert_pool=pool, panel_size=7, seed=f"{n:016x}") for n in range(8)
    ]
    assert len({str(answer.suggested_panel) for answer in panels}) > 1


def seats(room: Room, dialogue: str, round_: int) -> dict[str, str]:
    """Slug to source of a round's panel."""
    return {m.slug: m.source for m in room.record(dialogue).panel_members if m.round == round_}


def evolve(room: Room, dialogue: str, round_: int, *people: str | dict[str, Any]) -> Any:
    """Seat a panel."""
    panel = [{"expert_slug": one} if isinstance(one, str) else one for one in people]
    return room.call("evolve_panel", dialogue_id=dialogue, round=round_, panel=panel)


def test_sources_are_told_from_the_record(room: Room) -> None:
    """Who sat before is retained, who comes from the pool is pool, who was created is created; and all are counted."""
    dialogue = room.create(panel_size=2)
    first = sorted(seats(room, dialogue, 0))
    assert set(seats(room, dialogue, 0).values()) == {"pool"}
    room.register(dialogue, 0)
    fresh = next(name for name in PEOPLE if name not in first)
    room.call("expert_create", dialogue_id=dialogue, expert_slug="palmier", role="Geographer", reason="A gap.")
    answer = evolve(room, dialogue, 1, first[0], fresh, "Palmier")
    assert [(seat["slug"], seat["source"]) for seat in answer.panel] == [
        (first[0], "retained"), (fresh, "pool"), ("palmier", "created"),
    ]  # fmt: skip
    assert (answer.retained_count, answer.from_pool_count, answer.created_count) == (1, 1, 1)
    room.register(dialogue, 1)
    assert set(seats(room, dialogue, 1).values()) == {"retained", "pool", "created"}
    answer = evolve(room, dialogue, 2, "palmier", fresh, first[1])
    assert (answer.retained_count, answer.from_pool_count, answer.created_count) == (3, 0, 0)


def test_a_round_may_be_seated_anew_until_it_is_registered(room: Room) -> None:
    """The last panel before registration holds; its round stays one row, and the journal follows."""
    dialogue = room.create()
    evolve(room, dialogue, 0, "muffin", "scone")
    evolve(room, dialogue, 0, "donut", "scone")
    assert set(seats(room, dialogue, 0)) == {"donut", "scone"}
    assert [(row.round, row.status) for row in room.record(dialogue).rounds] == [(0, "in_progress")]
    room.register(dialogue, 0, perspectives=[entity("DONUT-P0001")])
    assert room.record(dialogue).rounds[0].status == "completed"
    assert room.findings() == []


def test_without_a_call_the_last_panel_sits_again_with_whoever_was_created(room: Room) -> None:
    """Nobody evolved round 1: the panel of round 0 is retained and the expert created since joins."""
    dialogue = room.create(panel_size=3)
    last = set(seats(room, dialogue, 0))
    room.register(dialogue, 0)
    room.call("expert_create", dialogue_id=dialogue, expert_slug="palmier", role="Geographer", reason="A gap.")
    given = room.call("round_context", dialogue_id=dialogue)
    assert {slug: one["source"] for slug, one in given.experts.items()} == dict.fromkeys(last, "retained") | {
        "palmier": "created"
    }
    assert given.notes
    room.register(dialogue, 1, perspectives=[entity("PALMIER-P0101")])
    assert seats(room, dialogue, 1) == dict.fromkeys(last, "retained") | {"palmier": "created"}
    room.register(dialogue, 2)
    assert seats(room, dialogue, 2) == dict.fromkeys({*last, "palmier"}, "retained")


def test_who_was_only_suggested_does_not_come_back(room: Room) -> None:
    """Somebody of the suggested panel whom the Judge did not seat is not carried into the next round."""
    dialogue = room.create()
    evolve(room, dialogue, 0, "muffin", "scone")
    room.register(dialogue, 0)
    assert set(room.call("round_context", dialogue_id=dialogue).experts) == {"muffin", "scone"}
    room.register(dialogue, 1)
    assert seats(room, dialogue, 1) == {"muffin": "retained", "scone": "retained"}


def test_an_expert_joins_in_the_round_where_it_first_sits(room: Room) -> None:
    """first_round is empty until the round is registered, and never changes afterwards."""
    dialogue = room.create(panel_size=3)
    room.register(dialogue, 0)
    created = room.call(
        "expert_create", dialogue_id=dialogue, expert_slug="palmier", role="Geographer", reason="A gap."
    )
    assert created.expert["first_round"] is None
    room.register(dialogue, 1)
    room.register(dialogue, 2)
    firsts = {expert.slug: expert.first_round for expert in room.record(dialogue).experts}
    assert firsts.pop("palmier") == 1
    assert set(firsts.values()) == {0}


def test_a_name_keeps_its_role(room: Room) -> None:
    """The pool's role is the expert's for the whole dialogue; another one at a later seat is refused."""
    dialogue = room.create()
    panel = [{"expert_slug": "muffin", "role": "Role 0"}, {"expert_slug": "scone", "role": "Poet"}]
    fault = room.fault("evolve_panel", dialogue_id=dialogue, round=0, panel=panel)
    assert (fault.code, fault.field, fault.value) == ("role_changed", "panel[1].role", "Poet")
    assert fault.valid_options == ["Role 2"]


@pytest.mark.parametrize(("source", "actual"), [("created", "pool"), ("retained", "pool"), ("volunteer", "pool")])
def test_a_stated_source_is_checked(source: str, actual: str, room: Room) -> None:
    """Nobody is retained who never sat, nor created who is of the pool."""
    panel = [{"expert_slug": "muffin", "source": source}]
    fault = room.fault("evolve_panel", dialogue_id=room.create(), round=0, panel=panel)
    assert (fault.code, fault.field, fault.value) == ("wrong_source", "panel[0].source", source)
    assert fault.valid_options == [actual]


def test_every_fault_of_a_panel_is_told_at_once(room: Room) -> None:
    """Somebody unknown, somebody twice, an unknown tier, a wrong role: one refusal, each with its seat."""
    panel = [
        {"expert_slug": "muffn"},
        {"expert_slug": "scone"},
        {"expert_slug": "Scone"},
        {"expert_slug": "donut", "tier": "Middle"},
        {"expert_slug": "eclair", "role": "Poet"},
        {"expert_slug": "judge"},
    ]
    dialogue = room.create()
    assert room.faults("evolve_panel", dialogue_id=dialogue, round=0, panel=panel) == [
        ("expert_not_found", "panel[0].expert_slug"),
        ("invalid_field", "panel[2].expert_slug"),
        ("invalid_field", "panel[3].tier"),
        ("role_changed", "panel[4].role"),
        ("invalid_field", "panel[5].expert_slug"),
    ]
    fault = room.fault("evolve_panel", dialogue_id=dialogue, round=0, panel=panel[:1])
    assert fault.suggestion == "Did you mean 'muffin'?"


def test_a_created_expert_has_a_name_of_its_own(room: Room) -> None:
    """A name of the pool, seated or not, and one created before are taken."""
    dialogue = room.create(panel_size=2)
    room.call("expert_create", dialogue_id=dialogue, expert_slug="Palmier", role="Geographer", reason="A gap.")
    for name in (*PEOPLE, "palmier", "PALMIER"):
        fault = room.fault("expert_create", dialogue_id=dialogue, expert_slug=name, role="r", reason="A gap.")
        assert (fault.code, fault.field, fault.value) == ("expert_exists", "expert_slug", name.lower())


def test_colours_go_round(room: Room) -> None:
    """Experts get the colours in the order in which they join, over and over."""
    dialogue = room.create(size=12)
    for number in range(3):
        room.call("expert_create", dialogue_id=dialogue, expert_slug=f"new-{number}", role="r", reason="A gap.")
    colours = {expert.slug: expert.color for expert in room.record(dialogue).experts}
    assert sorted(colours[f"new-{number}"] for number in range(3)) == sorted(COLORS[:3])
    assert set(colours.values()) == set(COLORS)


def test_only_the_panel_speaks(room: Room) -> None:
    """Somebody of the pool who is not seated can neither be scored, heard, counted nor contribute."""
    dialogue = room.create()
    evolve(room, dialogue, 0, "muffin", "scone")
    refusal = room.refused(
        "round_register",
        dialogue_id=dialogue,
        round=0,
        score=0,
        responses={"donut": "x"},
        expert_scores={"donut": 1},
        perspectives=[entity("DONUT-P0001"), entity("MUFFIN-P0001", contributors=["muffin", "donut"])],
        moves=[{"expert": "donut", "type": "converge"}],
        stances=[{"expert": "donut", "stance": "HOLD"}],
        references=[{"expert": "donut", "type": "support", "target": "@muffin"}],
    )
    assert {fault.code for fault in refusal.errors} == {"expert_not_in_panel"}
    assert [fault.field for fault in refusal.errors] == [
        "responses.donut",
        "expert_scores.donut",
        "perspectives[0].local_id",
        "perspectives[1].contributors[1]",
        "references[0].expert",
        "moves[0].expert",
        "stances[0].expert",
    ]
    assert {tuple(fault.valid_options or ()) for fault in refusal.errors} == {("muffin", "scone")}


@pytest.mark.parametrize("times", [scale(5)])
def test_panels_of_many_rounds_stay_consistent(times: int, room: Room) -> None:
    """Seat by seat over many rounds: each round has its own panel and nobody loses a seat."""
    dialogue = room.create()
    for number in range(min(times, 30)):
        people = [name for index, name in enumerate(PEOPLE) if (number + index) % 3]
        evolve(room, dialogue, number, *people)
        room.register(dialogue, number, perspectives=[entity(f"{people[0].upper()}-P{number:02d}01")])
        assert set(seats(room, dialogue, number)) == set(people)
    assert room.findings() == []


def test_a_name_stays_as_it_is_written(room: Room) -> None:
    """The pool's, a created expert's and one given beside its slug are kept; what says no more than a slug is not."""
    pool = [{"name": name, "role": name} for name in ("Jürgen", "SCONE", "Müller, Köln")]
    dialogue = room.create("Names", expert_pool={"experts": pool}, panel_size=3)
    room.call("expert_create", dialogue_id=dialogue, expert_slug="Zoë O’Neil", role="Pilot", reason="a gap")
    room.call("expert_create", dialogue_id=dialogue, expert_slug="li-lei", name="李雷", role="Keeper", reason="a gap")
    assert {expert.slug: expert.name for expert in room.record(dialogue).experts} == {
        "jurgen": "Jürgen", "scone": None, "muller-koln": "Müller, Köln", "zoe-o-neil": "Zoë O’Neil", "li-lei": "李雷",
    }  # fmt: skip
    room.register(dialogue, 0, perspectives=[entity("JURGEN-P0001")], moves=[{"expert": "scone", "type": "converge"}])
    told = room.call("progress", dialogue_id=dialogue)
    assert told.names == room.call("entity", dialogue_id=dialogue, id="P0001").names
    assert told.names["jurgen"] == "Jürgen"
    context = room.call("round_context", dialogue_id=dialogue)
    assert context.experts["jurgen"]["name"] == "Jürgen"
    assert context.experts["jurgen"]["round_context"].startswith("In round 0 you gave P0001")
    prompts = room.call("prompts", dialogue_id=dialogue, experts=["Jürgen"]).prompts
    assert "You are Jürgen, Jürgen, in round 1" in prompts[0].prompt
    assert "#### Jürgen (You) — Jürgen" in prompts[0].prompt


def test_nobody_is_called_as_somebody_else_is(room: Room) -> None:
    """A display name that makes another expert's slug is refused, and so are the Judge's and the user's."""
    dialogue = room.create()
    for name in ("Scone", "the Judge", "Judge", "Mùffin Two"):
        given = {"expert_slug": "palmier", "name": name, "role": "Pilot", "reason": "a gap"}
        assert room.fault("expert_create", dialogue_id=dialogue, **given).field == "name"
    panel = [{"expert_slug": "muffin", "name": "Scone"}]
    assert room.fault("evolve_panel", dialogue_id=dialogue, round=0, panel=panel).field == "panel[0].name"


IMPOSTORS = (
    "SCONE ", "Sсone", "ЅСОΝЕ", "Sc\u200bone", "Ѕ\u0441оnе", "Scòne", "Ｓｃｏｎｅ", "𝐒𝐜𝐨𝐧𝐞", "Sc0ne",
    "Scone\u202e", "Sco\U000e0041ne", "A\nB", "\x1b[31mRed", "Judge", "the  Judge", "JUDGE", "Јudge", "Clerk",
    "The Clerk", "User", "the user", "---", "…", "李\u200b雷", "李雷", "Ѕсоnе",
)  # fmt: skip


@pytest.mark.parametrize("name", IMPOSTORS)
def test_nobody_passes_for_somebody_else(room: Room, name: str) -> None:
    """In a pool and as somebody created: no lookalike, nobody's title, nothing unseen, no name without a letter."""
    pool = [{"name": one, "role": "A role"} for one in ("Scone", "李雷", "Donut")]
    dialogue = room.create("Kept", expert_pool={"experts": pool}, panel_size=3)
    both = {"title": "T", "question": "Q", "expert_pool": {"experts": [*pool, {"name": name, "role": "B"}]}}
    if name.strip() != "SCONE":  # that is told as a name used twice
        assert room.fault("create", **both).field == "expert_pool.experts[3].name"
    else:
        room.fault("create", **both)
    given = {"dialogue_id": dialogue, "role": "Pilot", "reason": "a gap"}
    room.fault("expert_create", expert_slug=name, **given)
    room.fault("expert_create", expert_slug="newcomer", name=name, **given)
    assert {expert.slug for expert in room.record(dialogue).experts} <= {
        one["slug"] for one in room.record(dialogue).dialogue.expert_pool
    }


@pytest.mark.parametrize(
    "name", ["Zoë O’Neil", "Анна", "Ελένη", "李雷 (Li Lei)", "نیلوفر", "Renée 2", "GPT-4o", "Иван"]
)
def test_names_of_all_scripts_are_names(room: Room, name: str) -> None:
    """A name in one alphabet is taken as it is written."""
    pool = [{"name": one, "role": "A role"} for one in (name, "Scone", "Donut")]
    dialogue = room.create("Names", expert_pool={"experts": pool}, panel_size=3)
    assert name in {expert.shown for expert in room.record(dialogue).experts}


def test_a_name_that_only_the_pool_keeps_is_shown_too(room: Room) -> None:
    """A store of an earlier schema has the written name in its pool alone."""
    pool = [{"name": name, "role": name} for name in ("Jürgen", "Scone", "Donut")]
    dialogue = room.create("Names", expert_pool={"experts": pool}, panel_size=3)
    record = room.record(dialogue)
    older = msgspec.structs.replace(
        record, experts=[msgspec.structs.replace(expert, name=None) for expert in record.experts]
    )
    assert names_of(older) == names_of(record) == {"jurgen": "Jürgen", "scone": "Scone", "donut": "Donut"}


def test_who_waits_in_the_pool_is_told_so(room: Room) -> None:
    """Who is in the pool and was never seated: each refusal says so and names a remedy that works, none a loop."""
    dialogue = room.create(panel_size=2)
    pool = [one["slug"] for one in room.record(dialogue).dialogue.expert_pool]
    out = next(slug for slug in pool if slug not in {seat.slug for seat in room.record(dialogue).panel_members})
    room.register(dialogue, 0)
    given = verdict(dialogue, 0, verdict_id="no", verdict_type="dissent")
    fault = room.fault("verdict_register", **given, author_expert=out)
    assert fault.message == f"'{out}' is in the pool of this dialogue, and no panel had it"
    assert "dialogue_evolve_panel" in str(fault.suggestion)
    fault = room.fault("expert_create", dialogue_id=dialogue, expert_slug=out, role="R", reason="Gap.")
    assert "It is in the pool: seat it with 'dialogue_evolve_panel'" in str(fault.suggestion)
    fault = room.fault("round_register", dialogue_id=dialogue, round=1, score=0, responses={out: "Yes."})
    assert fault.suggestion == "Seat the expert with 'dialogue_evolve_panel' first"
    fault = room.fault("round_register", dialogue_id=dialogue, round=1, score=0, responses={"palmier": "Yes."})
    assert str(fault.suggestion).startswith("Create the expert with 'dialogue_expert_create'")
    told = room.call("parse_response", dialogue_id=dialogue, round=1, expert=out, text="[MOVE:CONVERGE]")
    assert [one.type for one in told.warnings] == ["expert_not_in_panel"]
    room.call("evolve_panel", dialogue_id=dialogue, round=1, panel=[{"expert_slug": out}])
    room.register(dialogue, 1, responses={out: "Yes."})
