"""A person who answers, at a terminal or from a folder."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hansard.routing.model import Message, Model
from hansard.routing.providers.human import HumanProvider
from hansard.routing.providers.protocol import ProviderFault, Reply, Request


def asking(provider: HumanProvider, text: str = "What was decided?", seconds: float = 30.0) -> asyncio.Future[Reply]:
    """A question under way."""
    request = Request(provider.model, (Message("user", text),), None, 9, None, None, seconds)
    return asyncio.ensure_future(provider.complete(request))


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_an_answer_is_typed_up_to_a_line_with_a_dot() -> None:
    """The question is shown; lines are kept as typed; a second question waits for the first one's answer."""
    import pty
    import tty

    person, terminal = pty.openpty()
    tty.setraw(terminal)

    async def work() -> list[str]:
        provider = HumanProvider(Model("judge", "human", "m"), terminal=os.ttyname(terminal))
        first = asking(provider)
        while b"What was decided?" not in await asyncio.to_thread(os.read, person, 65_536):
            pass
        second = asking(provider, "And why?")
        os.write(person, "Die Teilung…\n  der Kirche\n".encode()[:9])
        os.write(person, "Die Teilung…\n  der Kirche\n.\n".encode()[9:])
        told = [(await first).text]
        while b"And why?" not in await asyncio.to_thread(os.read, person, 65_536):
            pass
        os.write(person, b".\n")
        return [*told, (await second).text]

    try:
        assert asyncio.run(work()) == ["Die Teilung…\n  der Kirche", ""]
    finally:
        os.close(person)
        os.close(terminal)


def test_without_a_terminal_nobody_can_be_asked(tmp_path: Path) -> None:
    """It is told as such, at once."""

    async def work() -> None:
        with pytest.raises(ProviderFault) as caught:
            await asking(HumanProvider(Model("judge", "human", "m"), terminal=str(tmp_path / "none")))
        assert caught.value.failure == "unreachable"

    asyncio.run(work())


def test_a_question_lies_in_the_folder_until_it_is_answered(tmp_path: Path) -> None:
    """Question and answer stay there, each question has a number of its own, whatever a model is called."""

    async def work() -> None:
        provider = HumanProvider(Model("a/b", "human", "m", options={"folder": str(tmp_path / "desk")}))
        both = [asking(provider, "One?"), asking(provider, "Two?")]
        desk = tmp_path / "desk"
        while len(list(desk.glob("*.question.md"))) < 2:
            await asyncio.sleep(0.01)
        for path in desk.glob("*.question.md"):
            told = "1" if "One?" in path.read_text() else "2"
            (desk / path.name.replace("question", "answer")).write_text(told)
        assert [(await each).text for each in both] == ["1", "2"]
        assert sorted(path.name for path in desk.iterdir()) == [
            "a-b-0001.answer.md", "a-b-0001.question.md", "a-b-0002.answer.md", "a-b-0002.question.md",
        ]  # fmt: skip

    asyncio.run(work())


def test_a_question_that_nobody_waits_for_is_taken_away(tmp_path: Path) -> None:
    """After the timeout no question lies there; nobody writes an answer for nothing."""

    async def work() -> None:
        provider = HumanProvider(Model("judge", "human", "m", options={"folder": str(tmp_path)}))
        with pytest.raises(ProviderFault) as caught:
            await asking(provider, seconds=0.2)
        assert caught.value.failure == "timeout"
        assert list(tmp_path.iterdir()) == []

    asyncio.run(work())
