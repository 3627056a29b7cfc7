"""Answers that were written down beforehand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing.model import Message, Model, Tokens
from hansard.routing.providers import make
from hansard.routing.providers.protocol import Provider, ProviderFault, Reply, Request


def scripted(**options: Any) -> tuple[Provider, Model]:
    """A provider with this script."""
    model = Model("s", "scripted", "m", options=options)
    return make(model), model


def said(provider: Provider, model: Model, *texts: str) -> list[Reply | ProviderFault]:
    """What it says to each text, one after the other."""

    async def work() -> list[Reply | ProviderFault]:
        found: list[Reply | ProviderFault] = []
        for text in texts:
            try:
                found.append(
                    await provider.complete(Request(model, (Message("user", text),), None, 9, None, None, 5.0))
                )
            except ProviderFault as fault:
                found.append(fault)
        return found

    return asyncio.run(work())


def test_entries_are_taken_in_turns_the_last_one_for_ever() -> None:
    """Texts, data and failures, each in its turn."""
    told = said(*scripted(answers=["a", {"json": {"b": 1}}, {"failure": "quota"}, "c"]), "1", "2", "3", "4", "5")
    names = [each.text if isinstance(each, Reply) else each.failure for each in told]
    assert names == ["a", '{"b": 1}', "quota", "c", "c"]


def test_an_entry_for_certain_words_answers_them_and_takes_no_turn() -> None:
    """``when`` goes before whatever is due."""
    provider, model = scripted(answers=["one", "two", {"when": "weather", "text": "rain"}])
    told = said(provider, model, "x", "the weather?", "y")
    assert [each.text for each in told if isinstance(each, Reply)] == ["one", "rain", "two"]


def test_a_function_may_answer() -> None:
    """It sees the request, and gives an entry."""
    provider, model = scripted(answer=lambda request: {"text": request.messages[0].text[::-1], "tokens": [1, 2]})
    (told,) = said(provider, model, "abc")
    assert told == Reply("cba", Tokens(1, 2), "stop", "m")


@pytest.mark.parametrize(
    "answers",
    [None, [], "text", [3], [{}], [{"text": "a", "txet": "b"}], [{"failure": "broken"}]],
)
def test_a_script_that_cannot_be_is_refused(answers: object) -> None:
    """Before anything is asked, with the field's name."""
    with pytest.raises(HansardError) as caught:
        scripted(answers=answers)
    assert "options.answers" in str(caught.value)
