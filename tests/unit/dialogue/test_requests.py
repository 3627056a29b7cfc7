"""Malformed requests: what cannot be stored or is not known is told, all of it, and nothing is written."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hansard.dialogue import requests
from hansard.kernel.errors import HansardError
from hansard.kernel.shapes import Shape, shaped
from tests.unit.dialogue.kit import Room, entity, verdict

REQUESTS = [
    requests.DialogueCreate,
    requests.EvolvePanel,
    requests.ExpertCreate,
    requests.RoundRegister,
    requests.VerdictRegister,
    requests.UpdateStatus,
    requests.DialogueAbandon,
    requests.DialogueReopen,
    requests.DialogueTag,
    requests.RoundContext,
    requests.DialoguePrompts,
    requests.DialogueSimilar,
    requests.DialogueStats,
    requests.DialogueQuery,
    requests.DialogueList,
    requests.ExpandCitations,
    requests.EntityQuery,
    requests.ParseResponse,
    requests.DialogueSearch,
]

ORIGIN = {
    "importer": "test",
    "source": "folder",
    "at": "2026-02-01T10:00:00Z",
    "digest": "0" * 64,
    "judged": True,
    "exported": {"digest": "0" * 64},
    "files": {"a.md": "0" * 64},
    "documents": {"a.md": "text"},
    "claims": [{"round": 0, "subject": "round", "item": "velocity", "claimed": "0", "local_id": "x", "source": "a:1"}],
    "diagnostics": [{"code": "x", "line": 1}],
}
SAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    requests.DialogueCreate: {
        "title": "T",
        "question": "Q",
        "background": {
            "subject": "S",
            "description": "D",
            "constraints": {"income": "4 %", "deep": [1, {"x": 2.5}]},
            "situation": "S",
        },
        "expert_pool": {
            "domain": "D",
            "experts": [
                {"name": f"N{n}", "role": "r", "tier": "Core", "relevance": 0.5, "focus": "f", "description": "d"}
                for n in range(3)
            ],
        },
        "panel_size": 3,
        "convergence_target": 0.8,
        "max_rounds": 5,
        "rotation": "none",
        "strict_velocity": True,
        "seed": "0" * 16,
        "output_dir": "x",
        "tags": ["t"],
        "calibration": {
            "ethos_id": "ethos-a-001",
            "title": "A",
            "domain_id": "ABC",
            "domain": "A",
            "digest": "0" * 64,
            "rules": [
                {
                    "seq": 1,
                    "rule_id": "PR0001",
                    "type": "principle",
                    "label": "L",
                    "text": "T",
                    "priority": 100,
                    "revision": 1,
                    "merged_from": [{"rule_id": "PR0001", "revision": 1}],
                }
            ],
        },
        "dialogue_id": "t",
        "origin": ORIGIN,
    },
    requests.EvolvePanel: {
        "dialogue_id": "d",
        "suggested": True,
        "at": "2026-02-01T10:00:00Z",
        "round": 0,
        "panel": [
            {
                "expert_slug": "muffin",
                "name": "Muffin",
                "source": "pool",
                "role": "r",
                "tier": "Core",
                "relevance": 0.5,
                "focus": "f",
            }
        ],
    },
    requests.ExpertCreate: {
        "dialogue_id": "d",
        "at": "2026-02-01T10:00:00Z",
        "expert_slug": "palmier",
        "name": "Palmier",
        "role": "r",
        "description": "d",
        "focus": "f",
        "tier": "Core",
        "relevance": 0.5,
        "reason": "A gap.",
    },
    requests.RoundRegister: {
        "dialogue_id": "d",
        "at": "2026-02-01T10:00:00Z",
        "round": 0,
        "title": "T",
        "score": 4,
        "summary": "S",
        "expert_scores": {"muffin": 4},
        "score_components": {"muffin": {"wisdom": 1, "consistency": 1, "truth": 1, "relationships": 1}},
        "calibration_modifiers": {"muffin": [{"rule_id": "PR0001", "points": 1, "reason": "r", "evidence": "E0001"}]},
        "responses": {"muffin": "raw"},
        "annotations": {"muffin": [{"word": "X", "line": 3}]},
        "perspectives": [
            {
                "local_id": "MUFFIN-P0001",
                "local_ids": ["SCONE-P0001"],
                "label": "L",
                "content": "C",
                "contributors": ["muffin", "scone"],
                "references": [{"type": "support", "target": "@scone", "target_type": "P", "context": "c"}],
                "parameters": {"delta": 0.25},
                "exhibits": ["X0001"],
            }
        ],
        "recommendations": [],
        "tensions": [
            {
                "local_id": "MUFFIN-T0001",
                "local_ids": [],
                "label": "L",
                "description": "D",
                "contributors": ["muffin"],
                "references": [],
            }
        ],
        "evidence": [],
        "claims": [],
        "references": [{"expert": "muffin", "type": "support", "target": "@scone", "context": "c"}],
        "moves": [
            {"expert": "muffin", "type": "request", "targets": [], "target": "T0001", "topic": "t", "context": "c"}
        ],
        "stances": [
            {"expert": "muffin", "stance": "CONDITIONAL", "confidence": 0.5, "condition": "c", "cause": "withheld"}
        ],
        "perspective_updates": [],
        "recommendation_updates": [],
        "tension_updates": [
            {
                "id": "T0001",
                "status": "addressed",
                "by": ["judge"],
                "via": "P0001",
                "result": "T0001",
                "reason": "r",
                "disposition": "d",
            }
        ],
        "evidence_updates": [],
        "claim_updates": [],
        "judge_claims": {"velocity": 0, "other": {"deep": [1]}},
    },
    requests.VerdictRegister: {
        "dialogue_id": "d",
        "at": "2026-02-01T10:00:00Z",
        "verdict_id": "final",
        "verdict_type": "final",
        "round": 0,
        "label": "L",
        "author_expert": "muffin",
        "recommendation": "R",
        "description": "D",
        "conditions": ["c"],
        "vote": "1-0",
        "votes": {"muffin": "for"},
        "confidence": "strong",
        "tensions_resolved": ["T0001"],
        "tensions_accepted": ["T0001"],
        "recommendations_adopted": ["R0001"],
        "key_evidence": ["E0001"],
        "key_claims": ["C0001"],
        "supporting_experts": ["muffin"],
        "what_would_change": "w",
        "supersedes": "v",
        "dismissals": {"minority": "because"},
        "force": True,
        "force_reason": "r",
        "ethos_compliance": {
            "fully_compliant": False,
            "exceptions": [{"rule_id": "PR0001", "justification": "j", "approved_by": "a"}],
            "violations": [{"rule_id": "PR0002", "description": "d"}],
        },
        "watch": [{"condition": "c", "gate": "g", "date": "2027-03-01"}],
    },
    requests.UpdateStatus: {
        "dialogue_id": "d",
        "at": "2026-02-01T10:00:00Z",
        "updates": [{"id": "T0001", "status": "commented", "by": ["user"]}],
    },
    requests.DialogueAbandon: {"dialogue_id": "d", "at": "2026-02-01T10:00:00Z", "reason": "r", "by": ["judge"]},
    requests.DialogueReopen: {"dialogue_id": "d", "at": "2026-02-01T10:00:00Z", "reason": "r", "by": ["user"]},
    requests.DialogueTag: {
        "dialogue_id": "d",
        "at": "2026-02-01T10:00:00Z",
        "add": ["t"],
        "remove": ["u"],
        "by": ["judge"],
    },
    requests.RoundContext: {
        "dialogue_id": "d",
        "round": 0,
        "round_contexts": {"muffin": "w"},
        "experts": ["muffin"],
        "rounds": [0],
        "budget_tokens": 1000,
    },
    requests.DialoguePrompts: {
        "dialogue_id": "d",
        "round": 0,
        "experts": ["muffin"],
        "words": {
            "muffin": {
                "task": "t",
                "round_context": "r",
                "instructions": "i",
                "brief": {
                    "question": "q",
                    "foundation": "f",
                    "why_here": "w",
                    "mandate": "m",
                    "relevant_work": "r",
                    "progress": "p",
                },
            }
        },
        "budget_tokens": 1000,
        "write": True,
    },
    requests.DialogueSimilar: {"words": "w", "dialogue_id": "d", "limit": 5},
    requests.DialogueStats: {"tags": ["t"], "top": 5},
    requests.DialogueQuery: {"dialogue_id": "d"},
    requests.DialogueList: {"status": "open", "tags": ["t"], "limit": 5, "after": "d"},
    requests.ExpandCitations: {"dialogue_id": "d", "ids": ["P0001"]},
    requests.EntityQuery: {"dialogue_id": "d", "id": "P0001"},
    requests.ParseResponse: {"dialogue_id": "d", "round": 0, "expert": "muffin", "text": "t", "path": "p"},
    requests.DialogueSearch: {"query": "q", "dialogue_id": "d", "limit": 5},
}
"""A well-formed request of each shape with every field given."""

Path_ = tuple[str | int, ...]


def leaves(value: Any, path: Path_ = ()) -> list[Path_]:
    """The place of everything in a request that is no list and no object."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [place for index, inner in enumerate(value) for place in leaves(inner, (*path, index))]
    return [path]


def objects(value: Any, path: Path_ = ()) -> list[Path_]:
    """The place of every object in a request."""
    if isinstance(value, dict):
        return [path] + [place for key, inner in value.items() for place in objects(inner, (*path, key))]
    if isinstance(value, list):
        return [place for index, inner in enumerate(value) for place in objects(inner, (*path, index))]
    return []


def at(value: Any, path: Path_) -> Any:
    """What stands at a place."""
    for key in path:
        value = value[key]
    return value


def changed(value: dict[str, Any], path: Path_, new: Any) -> dict[str, Any]:
    """A copy with something else at a place."""
    copied = copy.deepcopy(value)
    at(copied, path[:-1])[path[-1]] = new
    return copied


def written(path: Path_) -> str:
    """A place as an error writes it."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def faults(shape: type[Any], payload: Any) -> list[HansardError]:
    """Every fault of a payload."""
    with pytest.raises(HansardError) as refusal:
        shaped(shape, payload)
    return list(refusal.value.errors) or [refusal.value]


MAPS = {
    "words",
    "files", "documents", "expert_scores", "score_components", "responses", "votes", "dismissals", "round_contexts",
    "calibration_modifiers",
}  # fmt: skip
FREE = {"constraints", "parameters", "annotations", "diagnostics", "judge_claims", "exported"}
"""Free-form JSON: any value, so far as it can be stored."""


def test_every_shape_has_a_sample_with_every_field() -> None:
    """The samples leave no field of any request out."""
    assert set(SAMPLES) == set(REQUESTS)
    for shape, sample in SAMPLES.items():
        assert set(shape.model_fields) - {"request_id"} == set(sample), shape.__name__
        assert isinstance(shaped(shape, sample), shape)  # type: ignore[type-var]


@pytest.mark.parametrize("shape", REQUESTS)
def test_an_unknown_field_is_told_wherever_it_stands(shape: type[BaseModel]) -> None:
    """At every object of a request one field too many is named with its place; nothing is silently dropped."""
    sample = SAMPLES[shape]
    tried = 0
    for place in objects(sample):
        if place and (FREE & set(map(str, place)) or is_map(place)):
            continue
        bad = copy.deepcopy(sample)
        at(bad, place)["suprise"] = 1
        [fault] = faults(shape, bad)
        assert (fault.code, fault.field) == ("unknown_field", written((*place, "suprise")))
        assert fault.valid_options
        tried += 1
    assert tried


def is_map(place: Path_) -> bool:
    """Whether an object is a map from names of the caller's own, not a shape."""
    return place[-1] in MAPS


@pytest.mark.parametrize("shape", REQUESTS)
@pytest.mark.parametrize(
    "bad", [math.nan, math.inf, -math.inf, 2**53, -(2**53), 10**40, "a\0b", "a\ud800b", b"bytes"], ids=repr
)
def test_what_cannot_be_stored_is_refused_at_every_place(shape: type[BaseModel], bad: Any) -> None:
    """NaN, infinities, huge integers, NUL, lone surrogates and bytes are refused at every leaf, naming the place."""
    sample = SAMPLES[shape]
    for place in leaves(sample):
        [fault] = faults(shape, changed(sample, place, bad))
        assert fault.code == "invalid_field"
        assert written(place).startswith(str(fault.field)), (place, fault.field)
        encoded = str(fault.as_dict()).encode()  # an error can be shown whatever was sent
        assert b"\0" not in encoded


@pytest.mark.parametrize("shape", REQUESTS)
@pytest.mark.parametrize("bad", [[], {}, True, 1.5, "x\u200b", None], ids=repr)
def test_a_wrong_type_is_refused_or_was_a_right_one(shape: type[BaseModel], bad: Any) -> None:
    """Something of another type at any leaf is refused naming the place; nothing is turned into what it is not."""
    sample = SAMPLES[shape]
    for place in leaves(sample):
        if FREE & set(map(str, place)):
            continue
        try:
            shape_of = shaped(shape, changed(sample, place, bad))  # type: ignore[type-var]
        except HansardError as refusal:
            told = list(refusal.errors) or [refusal]
            assert all(written(place) in str(fault.field) for fault in told)
        else:
            found: Any = shape_of
            for key in place:
                found = getattr(found, str(key)) if isinstance(found, BaseModel) else found[key]
            assert found == bad
            assert type(found) is type(bad), (place, found)


@pytest.mark.parametrize("shape", REQUESTS)
def test_all_malformed_fields_are_told_at_once(shape: type[BaseModel]) -> None:
    """With every leaf spoilt each of them is told, in one refusal."""
    sample = SAMPLES[shape]
    bad = copy.deepcopy(sample)
    places = leaves(sample)
    for place in places:
        at(bad, place[:-1])[place[-1]] = "a\0b"
    told = {str(fault.field) for fault in faults(shape, bad)}
    for place in places:
        free = [index for index, key in enumerate(place) if key in FREE]
        named = place[: free[0] + 1] if free else place
        assert any(field.startswith(written(named)) for field in told), written(place)


@pytest.mark.parametrize("shape", REQUESTS)
@pytest.mark.parametrize("payload", [None, [], "text", 5, [{}]], ids=repr)
def test_what_is_no_object_is_no_request(shape: type[BaseModel], payload: Any) -> None:
    """A request is an object; anything else is one clear fault."""
    [fault] = faults(shape, payload)
    assert fault.code == "invalid_field"


@pytest.mark.parametrize("shape", REQUESTS)
def test_missing_fields_are_told_at_once(shape: type[BaseModel]) -> None:
    """An empty request is refused with every required field, or is a request."""
    required = sorted(name for name, info in shape.model_fields.items() if info.is_required())
    if not required:
        assert isinstance(shaped(shape, {}), shape)  # type: ignore[type-var]
        return
    told = faults(shape, {})
    assert {fault.code for fault in told} == {"missing_field"}
    assert sorted(str(fault.field) for fault in told) == required


@given(depth=st.integers(30, 200))
def test_free_json_is_bounded_in_depth(depth: int) -> None:
    """Nesting beyond what readers take is refused; the program does not break on it."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    payload = {"dialogue_id": "d", "round": 0, "judge_claims": {"x": value}}
    if depth <= 32:
        shaped(requests.RoundRegister, payload)
    else:
        assert [fault.code for fault in faults(requests.RoundRegister, payload)] == ["invalid_field"]


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("title", ""),
        ("title", " \n\t"),
        ("title", "x" * 1001),
        ("question", "  "),
        ("convergence_target", 0),
        ("convergence_target", 1.01),
        ("max_rounds", 0),
        ("panel_size", 25),
        ("panel_size", 0),
        ("seed", "0123"),
        ("seed", "0123456789ABCDEF"),
        ("rotation", "sometimes"),
    ],
)
def test_a_dialogue_out_of_bounds_is_refused(field: str, bad: Any, room: Room) -> None:
    """Each bound of a new dialogue is held, and the field named."""
    pool = {"experts": [{"role": "r"}] * 3}
    payload = {"title": "T", "question": "Q", "expert_pool": pool, field: bad}
    fault = room.fault("create", **payload)
    assert (fault.code, fault.field) == ("invalid_field", field)


@pytest.mark.parametrize("score", [-1, 1.0, True, "3", None])
def test_a_score_is_a_whole_number_from_zero(score: Any, room: Room) -> None:
    """Neither negative, fractional, true nor in quotes."""
    dialogue = room.create()
    fault = room.fault("round_register", dialogue_id=dialogue, round=0, score=0, expert_scores={"muffin": score})
    assert (fault.code, fault.field) == ("invalid_field", "expert_scores.muffin")


def test_a_score_has_no_maximum_of_its_own(room: Room) -> None:
    """Scores far above any that was ever given are taken, and their sums stay exact."""
    dialogue = room.create()
    parts = dict.fromkeys(["wisdom", "consistency", "truth", "relationships"], 10**11)
    room.register(dialogue, 0, score=10**11, score_components={"muffin": parts})
    assert room.record(dialogue).utterances[0].score == 4 * 10**11
    leader = room.call("progress", dialogue_id=dialogue).leaderboard[0]
    assert leader == {"expert": "muffin", "total": 4 * 10**11, "rounds": 1}


@pytest.mark.parametrize("field", ["responses", "expert_scores", "annotations"])
def test_two_spellings_of_one_expert_are_a_fault(field: str, room: Room) -> None:
    """'Muffin' and 'muffin' are one expert: which of two values holds is not guessed."""
    values: Any = {"responses": "text", "expert_scores": 3, "annotations": []}[field]
    dialogue = room.create()
    payload = {field: {"Muffin": values, "muffin": values}}
    fault = room.fault("round_register", dialogue_id=dialogue, round=0, score=0, **payload)
    assert (fault.code, fault.field, fault.value) == ("invalid_field", f"{field}.muffin", "muffin")
    assert fault.item == {"item_type": "expert", "source_id": "muffin"}


def test_two_votes_or_contexts_of_one_expert_are_a_fault(room: Room) -> None:
    """The same holds for votes and for the Judge's words on an expert's situation."""
    dialogue = room.create()
    room.register(dialogue, 0)
    with pytest.raises(HansardError) as refusal:
        room.conclude(dialogue, 0, votes={"muffin": "for", "MUFFIN": "against"})
    assert (refusal.value.code, refusal.value.field) == ("invalid_field", "votes.MUFFIN")
    fault = room.fault("round_context", dialogue_id=dialogue, round_contexts={"scone": "a", "Scone": "b"})
    assert (fault.code, fault.field) == ("invalid_field", "round_contexts.Scone")


@pytest.mark.parametrize("name", ["verdict_register", "round_context", "evolve_panel", "round_register"])
@pytest.mark.parametrize("round_", [7, 99, 100, 10**6, 2**53 - 1])
def test_a_round_far_away_is_refused(name: str, round_: int, room: Room) -> None:
    """A round that cannot be, however large its number, is refused by its code and never breaks the store."""
    dialogue = room.create()
    required: dict[str, dict[str, Any]] = {
        "verdict_register": {"verdict_id": "v", "verdict_type": "interim", "recommendation": "r", "description": "d"},
        "evolve_panel": {"panel": [{"expert_slug": "muffin"}]},
        "round_register": {"score": 0},
        "round_context": {},
    }
    fault = room.fault(name, dialogue_id=dialogue, round=round_, **required[name])
    exhausted = round_ > 99 and name in ("evolve_panel", "round_register")
    assert (fault.code, fault.field) == ("id_space_exhausted" if exhausted else "round_out_of_order", "round")


def test_a_round_beyond_the_ids_cannot_be_read(room: Room) -> None:
    """A response of round 100 has no local ids to be read; it is refused as such."""
    dialogue = room.create()
    fault = room.fault("parse_response", dialogue_id=dialogue, round=100, expert="muffin", text="Words.")
    assert (fault.code, fault.field) == ("id_space_exhausted", "round")


TEXTS = [
    "naïve Größe — “quoted” … ½ €",
    "你好，世界。" * 300,
    "👩‍🔬🏳️‍🌈é" * 400,
    " leading and trailing \r\n\t ",
    "sha256:" + "0" * 64,
    "'; DROP TABLE dialogues; --",
    '{"$text": "x"}',
    "x" * 1025,
    "é" * 600,
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
def test_texts_are_kept_exactly(text: str, room: Room) -> None:
    """Whatever a text holds, it is stored and given back character for character, wherever it stands."""
    dialogue = room.create(question=text, background={"situation": text, "constraints": {text[:40]: text}})
    room.register(
        dialogue,
        0,
        summary=text,
        responses={"muffin": text},
        perspectives=[entity("MUFFIN-P0001", content=text, parameters={"p": text})],
        claims=[entity("MUFFIN-C0001", references=[{"type": "support", "target": "P0001", "context": text}])],
        moves=[{"expert": "muffin", "type": "request", "topic": text, "context": text}],
        stances=[{"expert": "muffin", "stance": "CONDITIONAL", "condition": text}],
        judge_claims={"said": text},
    )
    room.call(
        "update_status",
        dialogue_id=dialogue,
        updates=[{"id": "P0001", "status": "commented", "by": ["user"], "reason": text}],
    )
    room.conclude(dialogue, 0, recommendation=text, description=text, conditions=[text], force=True, force_reason=text)
    record = room.record(dialogue)
    found = [
        record.dialogue.question,
        (record.dialogue.background or {})["situation"],
        (record.dialogue.background or {})["constraints"][text[:40]],
        record.rounds[0].summary,
        record.utterances[0].raw,
        record.entities[1].content,
        (record.entities[1].parameters or {})["p"],
        record.refs[0].context,
        record.moves[0].topic,
        record.moves[0].context,
        record.stances[0].condition,
        record.judge_claims[0].claimed,
        record.events[-1].reason,
        record.verdicts[0].recommendation,
        record.verdicts[0].conditions[0],
        record.verdicts[0].force_reason,
    ]
    assert found == [text] * len(found)
    assert room.findings() == []
    assert room.search_faults() == []


@pytest.mark.parametrize(
    ("shape", "payload", "suggestion"),
    [
        (requests.PanelSeat, {"slug": "muffin"}, "Rename it: 'slug' -> 'expert_slug', which is missing"),
        (
            requests.VerdictRegister,
            {
                "dialogue_id": "x",
                "verdict_id": "f",
                "type": "final",
                "round": 0,
                "recommendation": "a",
                "description": "b",
            },
            "Rename it: 'type' -> 'verdict_type', which is missing",
        ),
        (
            requests.ParseResponse,
            {"dialogue_id": "x", "round": 0, "expert": "muffin", "response": "words"},
            "Did you mean 'text'?",
        ),
        (
            requests.UpdateIn,
            {"id": "P0001", "status": "commented", "by": ["user"], "comment": "so"},
            "Did you mean 'reason'?",
        ),
    ],
)
def test_a_field_that_is_called_otherwise_is_told_what_it_is_called_here(
    shape: type[Shape], payload: dict[str, Any], suggestion: str
) -> None:
    """The names that people and models use for a field lead to it."""
    with pytest.raises(HansardError) as caught:
        shaped(shape, payload)
    faults = caught.value.errors or (caught.value,)
    assert [one.suggestion for one in faults if one.code == "unknown_field"] == [suggestion]


def test_words_to_choose_are_taken_in_any_case(room: Room) -> None:
    """As their markers write them, as a sentence does, as the record keeps them: what is kept is the record's form."""
    dialogue = room.create(size=3)
    room.register(
        dialogue,
        0,
        perspectives=[
            entity("MUFFIN-P0001"),
            entity("SCONE-P0001", references=[{"type": "SUPPORT", "target": "MUFFIN-P0001"}]),
        ],
        moves=[{"expert": "muffin", "type": "CONVERGE"}],
        stances=[
            {"expert": "muffin", "stance": "Approve"},
            {"expert": "scone", "stance": "abstain", "cause": "Withheld"},
        ],
    )
    room.call(
        "update_status",
        dialogue_id=dialogue,
        updates=[{"id": "P0001", "status": "Commented", "by": ["user"], "reason": "so"}],
    )
    record = room.record(dialogue)
    assert [move.move_type for move in record.moves] == ["converge"]
    assert {stance.stance for stance in record.stances} == {"APPROVE", "ABSTAIN"}
    assert [ref.ref_type for ref in record.refs] == ["support"]
    fault = room.fault(
        "round_register", dialogue_id=dialogue, round=1, score=0, moves=[{"expert": "muffin", "type": "Convergee"}]
    )
    assert fault.suggestion == "Did you mean 'converge'?"


def test_a_response_is_read_from_words_or_from_a_file(room: Room) -> None:
    """Where neither is given both are named, and a read that is refused says nothing of writing."""
    dialogue = room.create()
    fault = room.refused("parse_response", dialogue_id=dialogue, round=0, expert="muffin")
    assert fault.suggestion == "Give the response as 'text', or the 'path' of its file"
    batch = room.refused("parse_response", dialogue_id=dialogue, response="words")
    assert "written" not in str(batch)
    assert "batch again" not in str(batch)


SAID = """[MUFFIN-P0001: Keep it]
It works.

[MUFFIN-P0002: And mend it]
[MOVE:CHALLENGE MUFFIN-P0001]

[DISSENT: never]
No.

[MUFFIN-S0001: REJECT | 0.9]
"""


def told_of_markers(answer: Any) -> list[tuple[str, str, str | None]]:
    """Type, message and expert of the warnings about markers."""
    types = ("not_registered", "registered_otherwise")
    return [(one.type, one.message, one.expert) for one in answer.warnings if one.type in types]


def test_what_a_response_marks_and_the_batch_has_not_is_told(room: Room) -> None:
    """An entity, a move, a stance and a dissent that were left out: one warning names them all."""
    dialogue = room.create()
    answer = room.register(dialogue, 0, responses={"muffin": SAID}, perspectives=[entity("MUFFIN-P0001")])
    missing = "the perspective MUFFIN-P0002, the move 'challenge', the stance REJECT (0.9), a dissent"
    assert told_of_markers(answer) == [
        ("not_registered", f"muffin's response marks {missing}: not on record", "muffin")
    ]


def test_what_is_registered_otherwise_than_marked_is_told(room: Room) -> None:
    """Another stance and another target than the response marks are registered, and the answer says so."""
    dialogue = room.create()
    answer = room.register(
        dialogue,
        0,
        responses={"muffin": SAID, "scone": "[SCONE-S0001: CONDITIONAL | 0.5]\nA year of fixes.\n"},
        perspectives=[entity("MUFFIN-P0001"), entity("MUFFIN-P0002")],
        moves=[{"expert": "muffin", "type": "challenge", "targets": ["@scone"]}],
        stances=[
            {"expert": "muffin", "stance": "APPROVE", "confidence": 0.99},
            {"expert": "scone", "stance": "CONDITIONAL", "confidence": 0.5, "condition": "Two years."},
        ],
    )
    assert told_of_markers(answer) == [
        ("not_registered", "muffin's response marks a dissent: not on record", "muffin"),
        (
            "registered_otherwise",
            "muffin's response marks REJECT (0.9), and APPROVE (0.99) is registered; "
            "the move 'challenge' on P0001, and on @scone is registered",
            "muffin",
        ),
        (
            "registered_otherwise",
            "scone's response marks CONDITIONAL on one condition, and another condition is registered",
            "scone",
        ),
    ]


def test_a_batch_that_holds_what_was_marked_is_told_nothing(room: Room) -> None:
    """Merged entities, those without a local id, shortened labels and a dissent on record differ in nothing."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.call(
        "verdict_register",
        **verdict(dialogue, 0, verdict_id="no", verdict_type="dissent", author_expert="muffin"),
    )
    answer = room.register(
        dialogue,
        1,
        responses={
            "muffin": SAID.replace("-P00", "-P01").replace("-S00", "-S01"),
            "scone": "[SCONE-P0101: A label that is long]\nSo it is.\n\n[SCONE-C0101: One]\nTwo.\n",
        },
        perspectives=[
            entity("MUFFIN-P0101", local_ids=["SCONE-P0101"]),
            {"label": "And mend it", "content": "C", "contributors": ["muffin"]},
            entity("MUFFIN-P0102"),
        ],
        claims=[{"label": "One", "content": "Two.", "contributors": ["scone"]}],
        moves=[{"expert": "muffin", "type": "challenge", "targets": ["MUFFIN-P0101"]}],
        stances=[{"expert": "muffin", "stance": "REJECT", "confidence": 0.9}],
    )
    assert told_of_markers(answer) == []
