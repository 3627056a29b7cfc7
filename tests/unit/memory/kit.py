"""What the memory's tests share: windows, and disks that fail or forget."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hansard.memory.disk import Disk
from hansard.memory.generator import windows
from hansard.memory.memory import Memory
from hansard.memory.pulse import Record
from hansard.memory.schema_map import MapSettings, truevision_window

SETTINGS = MapSettings()

EXAMPLE: dict[str, Any] = {
    "ts_start": 1733160000.0,
    "ts_end": 1733160000.4,
    "grid_shape": [1080, 1920],
    "grid_color_count": 12,
    "operator_scores": {"INSTA_MELT": 0.91, "SPAWN_BIAS": 0.43},
    "operator_flags": ["INSTA_MELT"],
    "eomm_score": 0.62,
    "baseline_stats": {"ttk_mean": 248.0, "ttk_var": 12.3},
    "telemetry": {
        "reflex_latency_ms": 24.5,
        "gpu_frametime_ms": 7.1,
        "packet_loss_pct": 0.0,
        "input_magnitude": 0.87,
        "cpu_usage_pct": 31.0,
    },
    "session_context": {
        "session_id": "S123",
        "match_id": "M456",
        "source": "live",
        "map_name": "Rust",
        "mode_name": "TDM",
        "bot_difficulty": "casual",
        "perspective": "pov",
        "run_id": "RUN_001",
    },
}
"""The window of the specification's section 4."""

FIELDS = (
    "timestamp", "success", "task_id", "engine_id", "transform_id", "failure_reason", "grid_shape_in",
    "grid_shape_out", "color_count", "train_pair_indices", "error_metrics", "params", "context",
)  # fmt: skip


def records(count: int, seed: int = 1) -> list[Record]:
    """Generated windows as records."""
    return [truevision_window(window, SETTINGS) for window in windows(count, seed)]


def plain(row: Any) -> Record:
    """A typed record as it went in."""
    return {name: getattr(row, name) for name in FIELDS}


def contents(folder: Path) -> list[Record]:
    """Everything that a memory holds, as it went in."""
    with Memory.read(folder) as memory:
        return [plain(row) for row in memory]


def filled(folder: Path, rows: Iterable[Record], pulse: int = 128, **options: Any) -> list[Record]:
    """Write records, so many to a pulse, and close; answers them."""
    rows = list(rows)
    with Memory.open(folder, **options) as memory:
        for start in range(0, len(rows), pulse):
            memory.extend(rows[start : start + pulse])
            memory.flush()
    return rows


def left(folder: Path, rows: Iterable[Record], pulse: int = 128, **options: Any) -> list[Record]:
    """The same, and then die: everything is on the disk, and nothing was closed."""
    rows = list(rows)
    memory = Memory.open(folder, **options)
    for start in range(0, len(rows), pulse):
        memory.extend(rows[start : start + pulse])
        memory.flush()
    memory._writer.abandon()
    memory._appender = None
    memory.close()
    return rows


class FailingDisk(Disk):
    """Fails its n-th call (from 1), and with ``for_good`` every one after it."""

    def __init__(self, fail_at: int = 0, *, for_good: bool = False, number: int = errno.EIO) -> None:
        self.calls: list[str] = []
        self._fail_at = fail_at
        self._for_good = for_good
        self._number = number

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self._fail_at and (len(self.calls) == self._fail_at or (self._for_good and len(self.calls) > self._fail_at)):
            raise OSError(self._number, os.strerror(self._number))

    def make_folder(self, folder: Path) -> None:
        self._called("make_folder")
        super().make_folder(folder)

    def create(self, path: Path) -> int:
        self._called("create")
        return super().create(path)

    def open(self, path: Path) -> int:
        self._called("open")
        return super().open(path)

    def close(self, handle: int) -> None:
        super().close(handle)
        self._called("close")

    def write_some(self, handle: int, parts: Sequence[memoryview], position: int) -> int:
        self._called("write")
        return super().write_some(handle, parts, position)

    def allocate(self, handle: int, start: int, length: int) -> None:
        self._called("allocate")
        super().allocate(handle, start, length)

    def cut(self, handle: int, length: int) -> None:
        self._called("cut")
        super().cut(handle, length)

    def sync_data(self, handle: int) -> None:
        self._called("sync_data")
        super().sync_data(handle)

    def sync(self, handle: int) -> None:
        self._called("sync")
        super().sync(handle)

    def sync_folder(self, folder: Path) -> None:
        self._called("sync_folder")
        super().sync_folder(folder)

    def rename(self, path: Path, new: Path) -> None:
        self._called("rename")
        super().rename(path, new)

    def remove(self, path: Path) -> None:
        self._called("remove")
        super().remove(path)


SECTOR = 512


class ForgetfulDisk(FailingDisk):
    """Remembers what was not synced, and after a crash keeps any part of it: sectors lost, torn, in any order.

    A file is what was last synced; of each sector written since, the crash keeps the old or the new. Its length is the
    old, the new, or what the kept sectors need; a file whose name was not synced may be gone.
    """

    def __init__(self, fail_at: int = 0, **options: Any) -> None:
        super().__init__(fail_at, **options)
        self._paths: dict[int, Path] = {}
        self._synced: dict[Path, bytes] = {}
        self._named: set[Path] = set()

    def create(self, path: Path) -> int:
        handle = super().create(path)
        self._paths[handle] = path
        self._synced[path] = b""
        return handle

    def open(self, path: Path) -> int:
        handle = super().open(path)
        self._paths[handle] = path
        if path not in self._synced:
            self._synced[path] = path.read_bytes()
            self._named.add(path)
        return handle

    def sync_data(self, handle: int) -> None:
        super().sync_data(handle)
        self._synced[self._paths[handle]] = self._paths[handle].read_bytes()

    def sync(self, handle: int) -> None:
        super().sync(handle)
        self._synced[self._paths[handle]] = self._paths[handle].read_bytes()

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self._named |= {path for path in self._synced if path.parent == folder}

    def crash(self, draw: random.Random) -> None:
        """Leave the files as a machine that lost power may leave them."""
        for path, old in self._synced.items():
            if not path.exists():
                continue
            if path not in self._named and draw.random() < 0.5:
                path.unlink()
                continue
            new = path.read_bytes()
            length = draw.choice((len(old), len(new)))
            share = draw.choice((0.0, 0.1, 0.5, 0.9, 1.0))
            kept = bytearray(old[:length].ljust(length, b"\0"))
            for start in range(0, max(len(old), len(new)), SECTOR):
                piece = new[start : start + SECTOR]
                if piece != old[start : start + SECTOR] and draw.random() < share:
                    if len(kept) < start + len(piece):
                        kept += bytes(start + len(piece) - len(kept))
                    kept[start : start + len(piece)] = piece
            path.write_bytes(kept)
