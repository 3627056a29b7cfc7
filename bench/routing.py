"""The router beside other ways to language models: one stub server, a process each, interleaved rounds, medians.

    python bench/routing.py                      ours beside the bare official library, in this environment
    python bench/routing.py --peers DIR          beside litellm's Router, pydantic-ai's FallbackModel and others too
    … --rounds 9 --n 150 --conc 32 --out FILE    how often, how many, how many at once, and where the figures go
    … --only hansard,openai                      only clients with one of these in their names

The measure is ``bench/routing_peers.py`` of the shared data (``HANSARD_SHARED``, else ``../shared`` beside the
repository). ``DIR`` is a folder in which its ``routing_install_venvs.sh`` was run: an environment for each peer.

What is asked: ``call`` answers at once, so that all of its time is the client's; ``fail`` asks a model that says 503
first and one that answers then; ``score`` chooses among eight models whose windows are full. At last a thousand calls
where nobody listens for one of two models, with the defaults of each client. Ours prices each call, hashes prompt and
answer, and queues its audit; what waits for the disk (``durable``) and what redacts are clients of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import importlib.util
import json
import logging
import os
import random
import socket
import statistics as st
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("HANSARD_SHARED") or ROOT.parent / "shared") / "bench"
PEERS = (
    "anthropic_direct", "any_llm_reused_client", "google_genai_direct", "litellm_Router_latency",
    "litellm_Router_shuffle", "litellm_acompletion", "openai_2x_direct", "openai_direct", "pydantic_ai_Agent+Fallback",
    "pydantic_ai_FallbackModel",
)  # fmt: skip
OURS = "hansard"
BARE = "openai_here"
HERE = [BARE, OURS, "hansard_unaudited", "hansard_redacting", "hansard_durable"]

Client = dict[str, Callable[[], Awaitable[Any]]]


def measure() -> ModuleType:
    """The peers' own measure, with our clients beside theirs."""
    path = SHARED / "routing_peers.py"
    if not path.is_file():
        raise SystemExit(f"{path.name} is not in the shared data (HANSARD_SHARED)")
    spec = importlib.util.spec_from_file_location("routing_peers", path)
    assert spec is not None
    assert spec.loader is not None
    peers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    known = {name: client for name, client in peers.CLIENTS.items() if name in PEERS}
    peers.CLIENTS.clear()
    peers.CLIENTS.update(known)
    peers.CLIENTS.update(
        {
            BARE: ("", lambda: bare(peers)),
            "openai_direct": peers.CLIENTS["openai_direct"],
            OURS: ("", lambda: ours(peers)),
            "hansard_unaudited": ("", lambda: ours(peers, audited=False)),
            "hansard_redacting": ("", lambda: ours(peers, privacy="redacted")),
            "hansard_durable": ("", lambda: ours(peers, durable=True)),
        }
    )
    return peers


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}/v1"


# -- clients -----------------------------------------------------------------------------------------------------------


async def bare(peers: ModuleType) -> Client:
    """The official library alone; ``fail`` is what anybody would write by hand."""
    from openai import APIStatusError, AsyncOpenAI

    client: Client = await peers.c_openai()
    bad = AsyncOpenAI(api_key="x", base_url=peers.BAD, max_retries=0)

    async def fail() -> Any:
        try:
            return await bad.chat.completions.create(model="gpt-4o-mini", messages=peers.MSGS)
        except APIStatusError:
            return await client["call"]()

    return {**client, "fail": fail}


async def ours(peers: ModuleType, *, audited: bool = True, durable: bool = False, privacy: str = "raw") -> Client:
    """Our router, with prices that are known, and its audit."""
    from hansard.kernel.permits import ANONYMOUS
    from hansard.routing.breakers import CLOSED
    from hansard.routing.configuration import Configuration, RecordSettings
    from hansard.routing.model import Message, Model, Origin, Rates, Task
    from hansard.routing.providers import make
    from hansard.routing.router import Router
    from hansard.routing.statistics import Sample, Window

    trail = None
    if audited:
        from hansard.database.engine import Database
        from hansard.routing.audit import Audit

        home = Path(tempfile.mkdtemp(prefix="hansard-bench-"))
        trail = Audit(home / "memory", Database.open(home / "hansard.db"), record=RecordSettings(durable=durable))
    dead_url = nobody()

    def model(name: str, base_url: str, number: int = 0) -> Model:
        rates = Rates(1.0 + number, 4.0)
        return Model(
            name, "openai", "gpt-4o-mini", base_url=base_url, rates=rates, privacy=privacy,  # type: ignore[arg-type]
            capability=1.0 - number / 10,
        )  # fmt: skip

    def router(*tiers: list[Model]) -> Router:
        models = {one.name: one for tier in tiers for one in tier}
        configuration = Configuration(models, tuple(tuple(one.name for one in tier) for tier in tiers))
        return Router(configuration, provider_of=lambda one: make(one, "x"), trail=trail, shared=trail)

    task = Task((Message("user", peers.PROMPT),), Origin("bench", "bench"))
    good = router([model(f"m{number}", peers.OK, number) for number in range(4)])
    bad = router([model("bad", peers.BAD)], [model("ok", peers.OK, 9)])
    dead = router([model("dead", dead_url)], [model("alive", peers.OK, 9)])
    pick = router([model(f"p{number}", peers.OK, number) for number in range(8)])
    for state in pick._states.values():
        moments = sorted(time.time() - 60.0 * random.random() for _ in range(200))
        state.window = Window(tuple(Sample(at, 1000.0 * random.random(), random.random() < 0.05) for at in moments))
        state.stale = True
    run = pick._begin(task)
    names = pick._configuration.ladder[0]

    async def call() -> str:
        return (await good.ask(task, ANONYMOUS)).text

    async def fail() -> str:
        bad._states["bad"].breaker = CLOSED  # it stays the first choice
        return (await bad.ask(task, ANONYMOUS)).text

    async def stream() -> int:
        return len([piece async for piece in good.stream(task, ANONYMOUS)])

    async def score() -> Any:
        return pick._choose(names, run, False)

    async def alive() -> str:
        return (await dead.ask(task, ANONYMOUS)).text

    return {"call": call, "fail": fail, "stream": stream, "score": score, DEAD: alive}


async def litellm_dead(peers: ModuleType) -> Client:
    """Two deployments of one group, as its documents show it, with its own defaults."""
    litellm = peers._litellm()
    router = litellm.Router(model_list=[peers._dep("a", nobody()), peers._dep("a", peers.OK)])

    async def call() -> Any:
        return (await router.acompletion(model="a", messages=peers.MSGS)).choices[0].message.content

    return {DEAD: call}


async def pydantic_ai_dead(peers: ModuleType) -> Client:
    """A fallback from one model to the next, with its own defaults."""
    model_request = importlib.import_module("pydantic_ai.direct").model_request
    asked = [importlib.import_module("pydantic_ai.messages").ModelRequest.user_text_prompt(peers.PROMPT)]
    model = importlib.import_module("pydantic_ai.models.fallback").FallbackModel(
        peers._pai(nobody(), None), peers._pai(peers.OK, None)
    )

    async def call() -> Any:
        return (await model_request(model, asked)).parts[0].content

    return {DEAD: call}


DEAD = "dead"
WITH_ONE_DEAD: dict[str, Callable[[ModuleType], Awaitable[Client]]] = {
    OURS: ours,
    "litellm_Router_shuffle": litellm_dead,
    "pydantic_ai_FallbackModel": pydantic_ai_dead,
}


async def with_one_dead(peers: ModuleType, name: str, calls: int, seconds: float) -> dict[str, Any]:
    """Calls, one after another, where nobody listens for one of two models; it ends early when time is up."""
    logging.disable(logging.CRITICAL)
    call = (await WITH_ONE_DEAD[name](peers))[DEAD]
    times, failed, began = [], 0, time.perf_counter()
    for number in range(calls + 5):
        at = time.perf_counter()
        if at - began > seconds:
            break
        try:
            await call()
        except Exception:  # what a peer raises is its own
            failed += 1
        if number >= 5:  # libraries are loaded, a breaker has opened
            times.append((time.perf_counter() - at) * 1e3)
    times.sort()
    return {
        "calls": len(times),
        "failed": failed,
        "ms": st.median(times),
        "p95": times[int(0.95 * (len(times) - 1))],
        "longest": times[-1],
    }


# -- processes ---------------------------------------------------------------------------------------------------------


def process_of(peers: ModuleType) -> type[Any]:
    """A client's process: ours in this environment, a peer's in its own."""

    class Proc(peers.Proc):  # type: ignore[misc, name-defined]
        def __init__(self, name: str) -> None:
            if name not in HERE:
                super().__init__(name)
                return
            log = (peers.HERE / "logs" / f"worker_{name}.err").open("w")
            self.p = subprocess.Popen(
                [sys.executable, str(Path(__file__).resolve()), "--worker", name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "STUB_PORT": str(peers.PORT), "PYTHONPATH": str(ROOT / "src")},
            )
            self.ops = self._read()["ops"]

    return Proc


def dead_deployments(peers: Any, calls: int) -> dict[str, dict[str, Any]]:
    """The same for each client that has a way around a dead model, each in a process of its own."""
    found = {}
    for name in WITH_ONE_DEAD:
        if name not in peers.CLIENTS:
            continue
        python = sys.executable if name in HERE else peers.HERE / "venvs" / peers.CLIENTS[name][0] / "bin" / "python"
        command = [str(python), str(Path(__file__).resolve()), "--dead", name, "--n", str(calls)]
        environ = {**os.environ, "STUB_PORT": str(peers.PORT)}
        if name in HERE:
            environ["PYTHONPATH"] = str(ROOT / "src")
        said = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300).stdout
        lines = [line for line in said.splitlines() if line.startswith("{")]
        if lines:
            found[name] = json.loads(lines[-1])
        else:
            print(f"{name}: did not finish with one model dead", file=sys.stderr)
    return found


def goals(data: dict[str, dict[str, list[float]]], dead: dict[str, dict[str, Any]]) -> list[str]:
    """What was to be shown, from the same rounds."""

    def ratio(name: str, op: str, base: str) -> float:
        pairs = zip(data[name][op], data[base][op], strict=True)
        return st.median(one / other for one, other in pairs)

    def more(name: str, op: str, base: str) -> float:
        pairs = zip(data[name][op], data[base][op], strict=True)
        return st.median(one - other for one, other in pairs)

    lines = []
    for name in HERE:
        if name.startswith(OURS) and name in data and BARE in data:
            lines.append(f"{name:20} overhead over the bare library {100 * (ratio(name, 'call.ms', BARE) - 1):6.1f} %")
    if OURS in data:
        lines.append(f"choosing among 8 models {1000 * st.median(data[OURS]['score.ms']):.1f} µs")
    if OURS in data and BARE in data:
        lines.append(f"503, then the next model: {more(OURS, 'fail.ms', BARE):.2f} ms over the two calls by hand")
    lines.extend(
        f"{name:26} one of two models dead: {told['failed']} of {told['calls']} calls failed; "
        f"median {told['ms']:.2f} ms, p95 {told['p95']:.2f}, longest {told['longest']:.0f}"
        for name, told in dead.items()
    )
    return lines


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="folder with the environments of the peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--n", type=int, default=150)
    parser.add_argument("--conc", type=int, default=32)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--dead", help=argparse.SUPPRESS)
    given = parser.parse_args()
    peers: Any = measure()  # its names are set below
    if given.worker:
        asyncio.run(peers.worker(given.worker))
        return
    if given.dead:
        print(json.dumps(asyncio.run(with_one_dead(peers, given.dead, given.n, 60.0))))
        return
    peers.HERE = given.peers.resolve() if given.peers else Path(tempfile.mkdtemp(prefix="hansard-bench-"))
    for name in [name for name in peers.CLIENTS if name not in HERE]:
        if not (peers.HERE / "venvs" / peers.CLIENTS[name][0] / "bin" / "python").exists():
            if given.peers:
                print(f"{name}: not installed in {given.peers}, left out", file=sys.stderr)
            del peers.CLIENTS[name]
    peers.Proc = process_of(peers)
    if "openai_direct" not in peers.CLIENTS:  # what the measure divides by
        peers.CLIENTS["openai_direct"] = peers.CLIENTS[BARE]
        HERE.append("openai_direct")
    out = given.out or peers.HERE / "routing.json"
    with free_port(peers):
        peers.run(
            argparse.Namespace(rounds=given.rounds, n=given.n, conc=given.conc, only=only(given.only), out=str(out))
        )
        data = json.loads(out.read_text())
        with stub(peers):
            dead = dead_deployments(peers, 1000)
    print("\n".join(goals(data, dead)))


def only(names: str) -> str:
    """The names that were asked for, with those that the figures need."""
    return names and f"{names},openai_direct"


@contextlib.contextmanager
def free_port(peers: Any) -> Any:
    """A port that nobody uses, for this run."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        peers.PORT = one.getsockname()[1]
    before = os.environ.get("STUB_PORT")
    os.environ["STUB_PORT"] = str(peers.PORT)
    try:
        yield
    finally:
        if before is None:
            del os.environ["STUB_PORT"]
        else:
            os.environ["STUB_PORT"] = before


@contextlib.contextmanager
def stub(peers: ModuleType) -> Any:
    """The stub server of the measure."""
    command = [sys.executable, str(SHARED / "routing_peers.py"), "stub"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "STUB_PORT": str(peers.PORT)}
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
