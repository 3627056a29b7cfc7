"""The memory beside other stores: the same records, one process, interleaved rounds, medians.

    python bench/memory.py                    ours alone, with the limits of encoder, decoder and disk
    python bench/memory.py --peers            beside MCAP, SQLite, LMDB, RocksDB, Arrow IPC, Avro, DuckDB, msgpack
    python bench/memory.py --peers=mcap,lmdb  beside some of them
    … --n 200000 --rounds 5 --out FILE        how many records, how often, and where the figures go

The protocol is that of ``bench/memory_peers.py`` in the shared data (``HANSARD_SHARED``, else ``../shared`` beside the
repository): every engine gets the same record dicts and gives back the header and the three decoded maps. Peers must be
installed; one that is not is told and left out.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("HANSARD_SHARED") or ROOT.parent / "shared") / "bench"
PEERS = {
    "msgpack-stream": "msgspec",
    "sqlite-wal": "sqlite3",
    "mcap": "mcap",
    "mcap-zstd": "mcap",
    "lmdb": "lmdb",
    "rocksdb": "rocksdict",
    "arrow-ipc": "pyarrow",
    "duckdb": "duckdb",
    "fastavro": "fastavro",
}


class Hansard:
    """Ours in that protocol; confirmed later (``durable_upto``)."""

    name = "hansard"
    strict = False

    def append(self, path: str, recs: Sequence[Any] | Iterable[Any], every: int, close: bool = True) -> None:
        """All records; the data of each pulse is synced (``every``), or everything once at the end."""
        from hansard.memory.disk import Disk
        from hansard.memory.memory import Memory

        class Unsynced(Disk):
            def sync_data(self, handle: int) -> None:
                """Nothing: closing a segment syncs it."""

        memory = Memory.open(path, strict=self.strict, disk=None if every else Unsynced())
        memory.extend(recs)
        if close:
            memory.close()
        else:
            memory.flush()
            self.left = memory

    def open(self, path: str) -> Any:
        """For reading."""
        from hansard.memory.memory import Memory

        return Memory.read(path)

    def records(self, memory: Any) -> Iterator[Any]:
        """Every record as a tuple."""
        return memory.query().rows()  # type: ignore[no-any-return]

    def scan(self, memory: Any) -> tuple[int, float]:
        """Read everything."""
        count, total = 0, 0.0
        for row in memory.query().rows():
            count += 1
            total += row[13]["eomm_score"]
        return count, total

    @staticmethod
    def _filter(name: str, threshold: float) -> str:
        return f'success == false and eomm_score > {threshold} and map_name == "{name}"'

    def query(self, memory: Any, name: str, threshold: float) -> list[Any]:
        """The records of the filter, decoded."""
        return list(memory.query(self._filter(name, threshold)).rows())

    def count(self, memory: Any, name: str, threshold: float) -> int:
        """How many they are."""
        return memory.query(self._filter(name, threshold)).count()  # type: ignore[no-any-return]

    def point(self, memory: Any, seq: int) -> Any:
        """One record by its number."""
        return memory.row(seq)

    def close(self, memory: Any) -> None:
        """Give it back."""
        memory.close()


class Zstd(Hansard):
    """Ours with the closed segments compressed afterwards."""

    name = "hansard-zstd"
    durable = False

    def append(self, path: str, recs: Sequence[Any] | Iterable[Any], every: int, close: bool = True) -> None:
        """All records, then less room for them."""
        from hansard.memory.upkeep import compress

        super().append(path, recs, every, close)
        compress(Path(path))


class Strict(Hansard):
    """Ours where an append returns when its pulse is on the disk."""

    name = "hansard-strict"
    strict = True


def own_figures(count: int, rounds: int, folder: Path) -> None:
    """What the protocol has no name for: framing alone, typed and raw scans, lazy records; thousand a second, or ms."""
    sys.path.insert(0, str(SHARED))
    memory_gen = importlib.import_module("memory_gen")
    import msgspec

    from hansard.memory.memory import Memory
    from hansard.memory.pulse import RECORDS, Dictionary, encode
    from hansard.memory.schema_map import TRUEVISION

    rows = memory_gen.records(count)
    gc.collect()
    gc.freeze()  # as the protocol does: the records are not the scan's garbage
    packed: Any = msgspec.msgpack.Encoder().encode
    filled = Memory.open(folder / "own")
    filled.extend(rows)
    filled.close()
    memory = Memory.read(folder / "own")
    text = Hansard._filter("Rust", 0.9)

    def encode_blobs() -> None:
        for row in rows:
            packed(row["error_metrics"])
            packed(row["params"])
            packed(row["context"])

    def frame() -> None:
        dictionary, chain = Dictionary(), bytes(32)
        for start in range(0, count, RECORDS):
            made = encode(rows[start : start + RECORDS], TRUEVISION, dictionary, 1 + start // RECORDS, start)
            chain = made.complete(b"saltsalt", 0, 0, chain)

    def encode_frames() -> None:
        dictionary = Dictionary()
        for start in range(0, count, RECORDS):
            encode(rows[start : start + RECORDS], TRUEVISION, dictionary, 1 + start // RECORDS, start)

    def drain(source: Iterable[Any]) -> None:
        for _ in source:
            pass

    work: dict[str, Callable[[], object]] = {
        "encode": encode_blobs,
        "frames without checksums": encode_frames,
        "frames": frame,
        "scan as tuples": lambda: drain(memory.query().rows()),
        "scan typed": lambda: drain(memory.query().records()),
        "scan with raw blobs": lambda: drain(memory.query().raw_rows()),
        "query, lazy": lambda: memory.query(text).hits(),
        "query, decoded": lambda: drain(memory.query(text).rows()),
        "count": lambda: memory.query(text).count(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, act in work.items():
            start = time.perf_counter()
            act()
            seconds[name].append(time.perf_counter() - start)
    for name, taken in seconds.items():
        median = sorted(taken)[len(taken) // 2]
        figure = (
            f"{median * 1e3:10.2f} ms" if name.startswith(("query", "count")) else f"{count / median / 1e3:10.0f} k/s"
        )
        print(f"{name:26s}{figure}")
    memory.close()


def main() -> None:
    """Parse, then run the shared protocol with ours among the engines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="?", const=",".join(PEERS), default="")
    parser.add_argument("--tmp", type=Path, default=Path("bench_tmp"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--own", action="store_true", help="only what the protocol has no name for")
    options = parser.parse_args()
    if not (SHARED / "memory_peers.py").is_file():
        sys.exit("the shared data is not beside the repository and HANSARD_SHARED does not name it")
    options.tmp.mkdir(parents=True, exist_ok=True)
    if not options.own:
        engines = ["memory:Hansard", "memory:Strict", "memory:Zstd"]
        for name in filter(None, options.peers.split(",")):
            if importlib.util.find_spec(PEERS[name]) is None:
                print(f"{name} is not installed and left out")
            else:
                engines.append(name)
        command = [sys.executable, str(SHARED / "memory_peers.py"), "--engines", ",".join(engines)]
        command += ["--n", str(options.n), "--rounds", str(options.rounds), "--tmp", str(options.tmp)]
        command += ["--out", str(options.out)] if options.out else []
        path = os.pathsep.join([str(ROOT / "bench"), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path})
    own_figures(options.n, options.rounds, options.tmp)


if __name__ == "__main__":
    main()
