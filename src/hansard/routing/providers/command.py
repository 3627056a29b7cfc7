"""A program of this machine that answers: the prompt on its standard input, the answer on its standard output.

So a subscription's own program (``claude``, ``codex``, ``gemini``) serves without a key. Options of a model:

- ``command``: its words, as ``["claude", "-p"]``; no shell reads them;
- ``answer``: where in its output, read as JSON, the answer stands, as ``result`` or ``choices.0.text``; else all of it;
- ``input_tokens``, ``output_tokens``: where in that JSON the counts stand;
- ``environment``: variables that it gets beside. Of our own it gets all but those that look like secrets, by their
  names (``…KEY``, ``…TOKEN``, ``…SECRET``, ``…PASS…``, ``…_PAT``, ``DATABASE_URL``) or by a password in an address, and
  those that other models name as keys: a program that finds a provider's key in its environment would have somebody
  else pay. A key that the model names is passed on under that name (``key = "CLAUDE_CODE_OAUTH_TOKEN"``);
- ``pass_on``: names of variables that it gets although they look like secrets, as ``["GH_TOKEN"]``;
- ``folder``: where it runs; else in an empty folder of its own, so that one which looks around finds nothing.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from hansard.routing import errors
from hansard.routing.model import Model
from hansard.routing.providers.conversation import as_text
from hansard.routing.providers.faults import failure_of, scrubbed
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.providers.remote import counted

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of output that are read; a program that says more has lost its way."""

COMPLAINT: Final = 65_536
"""Bytes of its complaints that are kept, the last ones."""

GRACE_SECONDS: Final = 0.5
"""So long after its end what it said is waited for: what it left behind may hold its output open for ever."""

_SECRETS: Final = re.compile(
    r"(?:KEY|SECRET|CREDENTIAL|COOKIE)S?(?:_|\d*$)|TOKEN(?:_|\d*$)|PASS|_PAT(?:_|$)|_PWD$|_AUTH$|_DSN$"
    r"|CONNECTION_?STRING|(?:DATABASE|DB|REDIS|MONGO(?:DB)?|POSTGRES(?:QL)?|MYSQL|AMQP|BROKER)_UR[LI]",
    re.I,
)
_PASSWORD_IN_URL: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_KEPT: Final = frozenset({"SSH_AUTH_SOCK", "SSH_ASKPASS", "GIT_ASKPASS", "PWD", "OLDPWD"})


class CommandProvider:
    """One program; each request starts it anew."""

    def __init__(self, model: Model, key: str | None = None) -> None:
        self.model = model
        where = f"routing.models.{model.name}.options.command"
        given = model.options.get("command")
        words = shlex.split(given) if isinstance(given, str) else given
        if not isinstance(words, Sequence) or not words or not all(isinstance(word, str) for word in words):
            raise errors.routing_setting_invalid(where, None, "must be a list of words, as ['claude', '-p']")
        found = shutil.which(words[0])
        if found is None:
            raise errors.routing_setting_invalid(
                where, words[0], "names a program that is not there", suggestion="Install it, or give its whole path"
            )
        self._words = [found, *words[1:]]
        self._key = key
        environment = model.options.get("environment")
        withheld = _names(model.options.get("withheld"))
        passed = _names(model.options.get("pass_on")) | _KEPT
        self._environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name in passed or not (name in withheld or _SECRETS.search(name) or _PASSWORD_IN_URL.search(value))
            },
            **({str(n): str(v) for n, v in environment.items()} if isinstance(environment, Mapping) else {}),
            **({model.key: key} if model.key and key else {}),
        }
        self._answer = model.options.get("answer")
        folder = model.options.get("folder")
        self._folder = str(folder) if folder else None

    async def complete(self, request: Request) -> Reply:
        """See ``Provider.complete``."""
        async with aclosing(self._run(request, whole=True)) as parts:
            said = [part async for part in parts]
        reply = said[-1]
        assert isinstance(reply, Reply)
        return replace(reply, first_token_ms=None)

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``; where the answer is a part of the output, it comes in one piece."""
        async with aclosing(self._run(request, whole=False)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Nothing is open: a program lives as long as its request."""

    async def _run(self, request: Request, *, whole: bool) -> AsyncGenerator[str | Reply, None]:
        """Run it: pieces of its output, then the reply.

        Args:
            whole: the time bounds all of it, not the wait for each piece.
        """
        prompt = as_text(request).encode()
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        deadline = loop.time() + request.timeout_seconds
        first: float | None = None
        decoder = codecs.getincrementaldecoder("utf-8")()
        text = ""
        size = 0
        with contextlib.ExitStack() as held:
            folder = self._folder or held.enter_context(tempfile.TemporaryDirectory(prefix="hansard-command-"))
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._words,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    cwd=folder,
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProviderFault("unreachable", f"it cannot be started: {error.strerror}", unsent=True) from None
            assert process.stdout is not None
            complaint = bytearray()
            spoken = asyncio.ensure_future(_hand_over(process, prompt, complaint))
            ended = asyncio.ensure_future(_ended(process))
            try:
                while True:
                    if not whole:
                        deadline = loop.time() + request.timeout_seconds
                    async with asyncio.timeout_at(deadline):
                        chunk = await _read(process.stdout, ended)
                    if not chunk:
                        break
                    size += len(chunk)
                    if size > LARGEST:
                        raise ProviderFault("malformed", f"it said more than {LARGEST:,} bytes", partial=text[:LARGEST])
                    piece = decoder.decode(chunk)
                    text += piece
                    if self._answer is None and piece:
                        if first is None:
                            first = (time.perf_counter() - began) * 1000
                        yield piece
                text += decoder.decode(b"", final=True)
                async with asyncio.timeout_at(deadline):
                    await ended
                    await asyncio.wait({spoken}, timeout=GRACE_SECONDS)
                    if spoken.done():
                        spoken.result()
                    code = process.returncode or 0
            except TimeoutError:
                raise ProviderFault(
                    "timeout", f"no answer within {request.timeout_seconds:.3g} s", partial=text
                ) from None
            except UnicodeDecodeError:
                raise ProviderFault("malformed", "its output is not UTF-8", partial=text) from None
            finally:
                _end(process)
                spoken.cancel()
                await asyncio.gather(spoken, ended, return_exceptions=True)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GRACE_SECONDS):
                        await _drained(process)
                await _let_go(process)
        if code != 0:
            raise self._failed(code, complaint.decode("utf-8", "replace"), text, request)
        yield self._read(text, first)

    def _failed(self, code: int, complaint: str, text: str, request: Request) -> ProviderFault:
        words = complaint.strip() or text.strip()
        low = words.lower()
        if "rate limit" in low or "usage limit" in low or "too many requests" in low:
            failure = failure_of(429, [], words)
        elif re.search(r"log ?in|logged in|unauthori[sz]ed|authenticat|api key", low):
            failure = "auth"
        else:
            failure = failure_of(400, [], words)
        told = scrubbed(words, self._key, (message.text for message in request.messages), end=True)
        return ProviderFault(failure, f"it ended with {code}: {told or 'without a word'}", partial=text)

    def _read(self, text: str, first: float | None) -> Reply:
        if self._answer is None:
            return Reply(text.strip("\n"), None, "stop", None, first)
        try:
            told = json.loads(text)
        except ValueError:
            raise ProviderFault("malformed", "its output is not JSON", partial=text) from None
        answer = _at(told, str(self._answer))
        if answer is None:
            raise ProviderFault("malformed", f"its output has no '{self._answer}'", partial=text)
        said = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        options = self.model.options
        counts = [_at(told, str(options[name])) for name in ("input_tokens", "output_tokens") if name in options]
        tokens = counted(counts[:1], counts[1:]) if len(counts) == 2 else None
        return Reply(said, tokens, "stop", None, first)


def _names(given: object) -> frozenset[str]:
    return frozenset(str(each) for each in given) if isinstance(given, (list, tuple)) else frozenset()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Until it has ended, whoever holds its pipes."""
    while process.returncode is None:
        await asyncio.sleep(0.02)


async def _read(output: asyncio.StreamReader, ended: asyncio.Future[None]) -> bytes:
    """More of its output; nothing once it has ended, though what it left behind may hold its output open."""
    reading = asyncio.ensure_future(output.read(65_536))
    either: set[asyncio.Future[Any]] = {reading, ended}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            await asyncio.wait({reading}, timeout=GRACE_SECONDS)
        return reading.result() if reading.done() else b""
    finally:
        reading.cancel()


async def _complaints(process: asyncio.subprocess.Process, complaint: bytearray) -> None:
    assert process.stderr is not None
    size = 0
    while chunk := await process.stderr.read(65_536):
        size += len(chunk)
        complaint += chunk
        del complaint[:-COMPLAINT]
        if size > LARGEST:
            _end(process)
            raise ProviderFault("malformed", f"it complained for more than {LARGEST:,} bytes")


async def _hand_over(process: asyncio.subprocess.Process, prompt: bytes, complaint: bytearray) -> None:
    """Give the prompt, read the complaints; both at once, so that neither pipe fills while the other waits."""
    assert process.stdin is not None
    reading = asyncio.ensure_future(_complaints(process, complaint))
    try:
        process.stdin.write(prompt)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read all of it
            await process.stdin.drain()
        process.stdin.close()
        await reading
    finally:
        reading.cancel()


async def _drained(process: asyncio.subprocess.Process) -> None:
    """Until all of its group have closed their ends of its pipes, which they do as they end."""
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(65_536):
            pass


async def _let_go(process: asyncio.subprocess.Process) -> None:
    """Close its pipes: what left its group and lives on may hold the other ends, and keep them open beyond the loop."""
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
        for _ in range(3):  # what closes them runs in the loop's next turns, and there may be none after this
            await asyncio.sleep(0)


def _end(process: asyncio.subprocess.Process) -> None:
    """End a program and all that it started, where they still run."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()


def _at(value: Any, path: str) -> Any:
    """What stands at a path of names and numbers in JSON; ``None`` where nothing does."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
