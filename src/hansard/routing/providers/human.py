"""A person answers.

Options of a model: ``folder``, where each question is laid down as ``NAME-0001.question.md`` and awaited as
``NAME-0001.answer.md`` (written by an editor, or by a page that shows the folder); without it, the terminal: the
question is shown, the answer is what is typed up to a line with a single dot.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from hansard.routing.model import Model, Tokens
from hansard.routing.providers.conversation import as_text
from hansard.routing.providers.protocol import ProviderFault, Reply, Request

LOOK_SECONDS: Final = 0.2
"""So often the folder is looked into."""

TERMINAL: Final = "/dev/tty"
END: Final = "."


class HumanProvider:
    """One person; at the terminal one question at a time."""

    def __init__(self, model: Model, _key: str | None = None, *, terminal: str = TERMINAL) -> None:
        self.model = model
        folder = model.options.get("folder")
        self._folder = Path(str(folder)).expanduser() if folder else None
        self._terminal = terminal
        self._free = asyncio.Lock()

    async def complete(self, request: Request) -> Reply:
        """See ``Provider.complete``."""
        question = as_text(request)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                text = await (self._typed(question) if self._folder is None else self._laid(self._folder, question))
        except TimeoutError:
            raise ProviderFault("timeout", f"nobody answered within {request.timeout_seconds:.3g} s") from None
        except OSError as error:
            raise ProviderFault("unreachable", f"nobody can be asked: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ProviderFault("malformed", "the answer is not UTF-8") from None
        return Reply(text, Tokens(0, 0), "stop", None)  # nobody charges by tokens

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``; a person's answer comes in one piece."""
        reply = await self.complete(request)
        if reply.text:
            yield reply.text
        yield reply

    async def close(self) -> None:
        """Nothing is open."""

    async def _laid(self, folder: Path, question: str) -> str:
        """Lay the question down, wait for the answer."""
        folder.mkdir(parents=True, exist_ok=True)
        path = _laid_down(folder, self.model.name.replace("/", "-"), question)
        answer = path.with_name(path.name.removesuffix(".question.md") + ".answer.md")
        try:
            before: tuple[int, int] | None = None
            while True:
                with contextlib.suppress(FileNotFoundError):
                    state = answer.stat()
                    # An editor may write in steps: what did not change between two looks is done.
                    if state.st_size > 0 and before == (state.st_size, state.st_mtime_ns):
                        return answer.read_text("utf-8").strip("\n")
                    before = (state.st_size, state.st_mtime_ns)
                await asyncio.sleep(LOOK_SECONDS)
        except BaseException:
            # Nobody need answer what nobody waits for any more.
            path.unlink(missing_ok=True)
            raise

    async def _typed(self, question: str) -> str:
        """Show the question, take what is typed; given up at once when the caller goes away."""
        loop = asyncio.get_running_loop()
        async with self._free:
            handle = os.open(self._terminal, os.O_RDWR | os.O_NOCTTY)
            try:
                shown = f"\n--- {self.model.name} is asked ---\n{question}--- answer; end it with a line '{END}' ---\n"
                os.write(handle, shown.encode())
                typed = b""
                while True:
                    ready: asyncio.Future[None] = loop.create_future()
                    loop.add_reader(handle, _now, ready)
                    try:
                        await ready
                    finally:
                        loop.remove_reader(handle)
                    chunk = os.read(handle, 65_536)
                    typed += chunk
                    lines = typed.decode("utf-8").split("\n")
                    ends = [number for number, line in enumerate(lines[:-1]) if line.rstrip("\r") == END]
                    if ends:
                        return "\n".join(line.rstrip("\r") for line in lines[: ends[0]])
                    if not chunk:
                        return "\n".join(lines)
            finally:
                os.close(handle)


def _now(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _laid_down(folder: Path, name: str, question: str) -> Path:
    """A new file with the question; two processes never take the same number."""
    for number in range(1, 100_000):
        path = folder / f"{name}-{number:04}.question.md"
        if path.with_name(f"{name}-{number:04}.answer.md").exists():
            continue
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(question)
        return path
    raise ProviderFault("unreachable", "the folder is full of questions")
