"""Conversations of llm-council: answers and rankings word for word, the chairman's synthesis as a verdict."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from hansard.dialogue.answers import Head
from hansard.exchange.council import IMPORTER
from hansard.exchange.minutes import minutes
from hansard.kernel.errors import HansardError
from tests.unit.exchange.folders import Store, codes, told, write

GPT, GROK, CHAIR = "openai/gpt-5.1", "x-ai/grok-4", "google/gemini-3-pro-preview"

TALK: dict[str, Any] = {
    "id": "5d0f6c1e-8a55-4a59-9a2f-0a4f6e1f4a11",
    "created_at": "2025-11-22T10:00:00.123456",
    "title": "Best bread",
    "messages": [
        {"role": "user", "content": "Which bread keeps best?\n\nFor a week."},
        {
            "role": "assistant",
            "stage1": [
                {"model": GPT, "response": "Rye.\n\nIt keeps its water.\n"},
                {"model": GROK, "response": "Wheat, **toasted**."},
            ],
            "stage2": [
                {
                    "model": GPT,
                    "ranking": "B is short.\n\nFINAL RANKING:\n1. Response A\n2. Response B",
                    "parsed_ranking": ["Response A", "Response B"],
                },
                {"model": GROK, "ranking": "I like mine.", "parsed_ranking": []},
            ],
            "stage3": {"model": CHAIR, "response": "Rye keeps best.\n\nToast the rest."},
        },
        {"role": "user", "content": "And the second best?"},
        {
            "role": "assistant",
            "stage1": [{"model": GPT, "response": "Spelt."}],
            "stage2": [],
            "stage3": {"model": CHAIR, "response": "Spelt."},
        },
    ],
}


def talk(place: Path, **changes: Any) -> Path:
    """A conversation's file."""
    return write(place, {"talk.json": {**copy.deepcopy(TALK), **changes}}) / "talk.json"


def test_every_word_is_kept_and_nothing_is_invented(store: Store, tmp_path: Path) -> None:
    """Models are experts, stages are rounds; what was not ranked has no round of rankings; no entity is made."""
    answer = store.take(talk(tmp_path))
    record = store.record(answer.dialogue_id)
    assert answer.dialogue_id == "best-bread"
    assert record.dialogue.question == "Which bread keeps best?\n\nFor a week."
    assert record.dialogue.created_at == "2025-11-22T10:00:00.123456Z"
    assert [(one.slug, one.role) for one in record.experts] == [("openai-gpt-5-1", GPT), ("x-ai-grok-4", GROK)]
    assert [one.shown for one in record.experts] == [GPT, GROK]
    page = minutes(record, Head(stream="dialogue:d", sequence=1, hash="0" * 64), "d")
    assert f"**{GPT}** (rounds" in page or f"**{GPT}**;" in page
    assert "called converged" not in page
    assert [one.title for one in record.rounds] == [
        "Answers to question 1", "Rankings to question 1", "Answers to question 2",
    ]  # fmt: skip
    first, second = TALK["messages"][1], TALK["messages"][3]
    assert {(one.round, one.slug): one.raw for one in record.utterances} == {
        (0, "openai-gpt-5-1"): first["stage1"][0]["response"],
        (0, "x-ai-grok-4"): first["stage1"][1]["response"],
        (1, "openai-gpt-5-1"): first["stage2"][0]["ranking"],
        (1, "x-ai-grok-4"): first["stage2"][1]["ranking"],
        (2, "openai-gpt-5-1"): second["stage1"][0]["response"],
    }
    assert record.entities == []
    assert {one.name: one.body for one in record.documents} == {
        "question-1.md": TALK["messages"][0]["content"],
        "question-2.md": TALK["messages"][2]["content"],
    }
    assert all(one.score is None for one in record.utterances)


def test_the_chairmans_words_are_verdicts_as_they_were_given(store: Store, tmp_path: Path) -> None:
    """The last is final with its gate computed and not met, an earlier one is interim; whose they are is told."""
    answer = store.take(talk(tmp_path))
    interim, final = store.record(answer.dialogue_id).verdicts
    assert (interim.verdict_type, interim.round, interim.description) == (
        "interim", 1, "Rye keeps best.\n\nToast the rest.",
    )  # fmt: skip
    assert interim.recommendation == "Rye keeps best."
    assert (final.verdict_type, final.round, final.author_expert) == ("final", 2, None)
    assert final.gate is not None
    assert not final.gate["met"]
    assert all(CHAIR in message for _, _, message in told(answer, "chairman"))


def test_a_ranking_is_kept_with_whose_answers_it_ranked(store: Store, tmp_path: Path) -> None:
    """Labels stand for the answers in their order, as the council gives them."""
    record = store.record(store.take(talk(tmp_path)).dialogue_id)
    said = next(one for one in record.utterances if (one.round, one.slug) == (1, "openai-gpt-5-1"))
    kept = [one for one in said.annotations or () if one["kind"] == "ranking"]
    assert [(one["line"], one["ranking"], one["models"]) for one in kept] == [
        (3, ["Response A", "Response B"], ["openai-gpt-5-1", "x-ai-grok-4"])
    ]
    other = next(one for one in record.utterances if (one.round, one.slug) == (1, "x-ai-grok-4"))
    assert not any(one["kind"] == "ranking" for one in other.annotations or ())


def test_markers_in_an_answer_are_read(store: Store, tmp_path: Path) -> None:
    """What a model marked is an entity like any expert's."""
    messages = copy.deepcopy(TALK["messages"][:2])
    messages[1]["stage1"][0]["response"] = "[PERSPECTIVE P01: Water]\nRye holds it.\n"
    record = store.record(store.take(talk(tmp_path, messages=messages)).dialogue_id)
    assert [(one.label, one.content, one.contributors) for one in record.entities] == [
        ("Water", "Rye holds it.", ["openai-gpt-5-1"])
    ]


def test_two_models_never_become_one_expert(store: Store, tmp_path: Path) -> None:
    """Names that make the same slug get numbers, and it is told."""
    messages = copy.deepcopy(TALK["messages"][:2])
    messages[1]["stage1"][1]["model"] = "OpenAI/GPT-5-1"
    messages[1]["stage2"] = []
    answer = store.take(talk(tmp_path, messages=messages))
    record = store.record(answer.dialogue_id)
    assert [(one.slug, one.role) for one in record.experts] == [
        ("openai-gpt-5-1", GPT), ("openai-gpt-5-1-2", "OpenAI/GPT-5-1"),
    ]  # fmt: skip
    assert "expert_renamed" in codes(answer)


def test_what_is_missing_is_told(store: Store, tmp_path: Path) -> None:
    """No title, no time, no question, no chairman: each is told, none is made up."""
    messages = copy.deepcopy(TALK["messages"][1:2])
    messages[0]["stage3"] = None
    answer = store.take(talk(tmp_path, messages=messages, title=None, created_at="soon"))
    assert {"time_from_files", "question_missing"} <= codes(answer)
    assert answer.verdicts == []
    assert answer.title == "talk"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ("none", "json_unfit"),
        ([1], "json_unfit"),
        ([{"role": "assistant", "stage1": "x"}], "json_unfit"),
        ([{"role": "assistant", "stage1": [{"model": 1, "response": "x"}]}], "json_unfit"),
        ([{"role": "assistant", "stage1": [{"model": " ", "response": "x"}]}], "json_unfit"),
        ([{"role": "assistant", "stage1": [{"model": "m", "response": 5}]}], "json_unfit"),
        ([{"role": "assistant", "stage1": []}], "nothing_stated"),
        ([{"role": "assistant", "stage1": [{"model": "m", "response": "x"}]}] * 101, "json_unfit"),
    ],
)
def test_a_conversation_that_says_otherwise_is_refused(store: Store, tmp_path: Path, messages: Any, code: str) -> None:
    """By name and place, with nothing written."""
    path = talk(tmp_path, messages=messages)
    with pytest.raises(HansardError) as fault:
        IMPORTER.read(path)
    assert fault.value.code == code


def test_other_conversations_are_not_taken_for_it(tmp_path: Path) -> None:
    """Messages without stages are somebody else's format."""
    assert not IMPORTER.recognises(
        write(tmp_path, {"x.json": {"messages": [{"role": "user", "content": "x"}]}}) / "x.json"
    )
    assert IMPORTER.recognises(talk(tmp_path))
