"""Whether a log is what was written: every checksum, every digest, every link of the chain, every footer."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Progress, no_progress
from hansard.memory.log import workers
from hansard.memory.notes import NAME, Gap, Place, Retained, notes_of
from hansard.memory.pulse import HEADER_LENGTH, NOWHERE, RECORDS, Head, chain_value
from hansard.memory.segment import (
    START,
    TRAILER,
    UNREADABLE,
    Directory,
    Handle,
    SegmentHead,
    Walk,
    file_name,
    first_pulse,
    kept_aside,
    read_head,
    segments,
    stored_footer,
    with_stops,
)

FINDINGS: Final = 1000
"""Findings that are told at most."""


class Finding(msgspec.Struct, frozen=True):
    """One place that is not as it was written."""

    worker: int
    file: str
    position: int
    code: str
    """damaged, chain_broken, pulses_missing, footer_differs, head_contradicted, head_unproved, foreign, newer,
    unreadable"""
    expected: str
    found: str


class KnownGap(msgspec.Struct, frozen=True):
    """A place where the chain breaks, and a repair noted that it does."""

    worker: int
    file: str
    """The segment behind it."""
    pulses: tuple[int, int] | None
    """The first and the last that are missing; nothing where what a repair wrote under new headers ends."""
    records: int
    noted: float
    """When; seconds since 1970."""
    kept_aside: str | None
    """The file with the bytes as they were, if it is there."""


class WorkerHead(msgspec.Struct, frozen=True):
    """The end of a worker's log: what to note, so that a later cut can be seen."""

    worker: int
    pulse_id: int
    chain: str


class Verified(msgspec.Struct, frozen=True):
    """What a verification saw."""

    records: int
    pulses: int
    segments: int
    bytes: int
    heads: list[WorkerHead]
    findings: list[Finding]
    notes: list[str]
    """What is no fault: an end that was torn by a crash, earlier segments that retention took away."""
    gaps: list[KnownGap] = []
    """What was lost, or taken out, and noted by a repair: nothing there is proved."""
    proved: list[WorkerHead] = []
    """The noted heads that are part of the log."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(memory: Path, *, noted: Iterable[tuple[int, int, str]] = (), progress: Progress = no_progress) -> Verified:
    """Read every byte of a memory and compare.

    Args:
        memory: its folder. Nothing is changed and no lock is taken.
        noted: worker, pulse and chain value of heads noted earlier; they must still be part of the log.
        progress: told after each segment.

    Returns:
        Everything found; an unreadable file is a finding, too.
    """
    report = _Report(set(noted))
    todo = [(_Link(worker, folder), segments(folder)) for worker, folder in workers(memory).items()]
    total = sum(len(paths) for _, paths in todo)
    for link, paths in todo:
        report.upkeep(link)
        for path, following in with_stops(paths):
            report.segment(link, path, following)
            progress(report.segments, total, "verifying")
        report.head(link)
        report.aside(link)
    return report.told()


class _Link:
    """Where the chain of a worker stands."""

    def __init__(self, worker: int, folder: Path) -> None:
        self.worker = worker
        self.folder = folder
        self.pulse_id: int | None = None
        self.seq = 0
        self.chain = NOWHERE
        self.gaps: dict[Place, Gap] = {}
        self.removed: list[Retained] = []
        self.behind_gap = False


class _Proof(Walk):
    """A walk that also checks digests and chain, and remembers which pulse has which chain value."""

    def __init__(self, handle: Handle, head: SegmentHead, stop: int | None, noted: Collection[int]) -> None:
        self.broken: tuple[Head, str, str] | None = None
        self.noted = noted
        self.seen: dict[int, str] = {}
        super().__init__(handle, head, stop)

    def _take(self, head: Head, data: bytes) -> None:
        body = hashlib.sha256(memoryview(data)[HEADER_LENGTH:]).digest()
        if self.broken is None and body != head.digest:
            self.broken = head, f"a body with SHA-256 {head.digest.hex()[:16]}…", f"{body.hex()[:16]}…"
        if self.broken is None and head.before != self.chain:
            self.broken = head, f"chain value {self.chain.hex()[:16]}… before it", f"{head.before.hex()[:16]}…"
        self.chain = chain_value(data)
        if head.records and head.pulse_id in self.noted:
            self.seen[head.pulse_id] = self.chain.hex()
        super()._take(head, data)


class _Report:
    def __init__(self, noted: set[tuple[int, int, str]]) -> None:
        self.asked = frozenset(noted)
        self.noted = noted
        """Those of them that were not met yet."""
        self.records = self.pulses = self.segments = self.bytes = 0
        self.heads: list[WorkerHead] = []
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.gaps: list[KnownGap] = []
        self.begins: dict[int, tuple[int, str | None]] = {}
        """The last pulse before each worker's first that is here, and what noted where it went."""
        self.unproved: list[tuple[int, int, int]] = []
        """Worker, first pulse and the one behind the last: known gaps, each with the segment behind it, which a repair
        may have written under new headers."""

    def told(self) -> Verified:
        for worker, pulse, chain in sorted(self.noted):
            self._unseen(worker, pulse, chain)
        for worker in sorted({each.worker for each in self.gaps}):
            last = max((each.pulses or (0, 0))[1] for each in self.gaps if each.worker == worker)
            self.notes.append(
                f"worker {worker}: no head of a pulse behind {last} proves anything before its gap, since the chain"
                " does not lead through it; a head before it proves its own part"
            )
        facts = (self.records, self.pulses, self.segments, self.bytes)
        proved = [WorkerHead(*each) for each in sorted(self.asked - self.noted)]
        # what only a header names was told apart (``_claimed``)
        proved = [each for each in proved if each.pulse_id > self.begins.get(each.worker, (0, None))[0]]
        return Verified(*facts, self.heads, self.findings, self.notes, self.gaps, proved)

    def _unseen(self, worker: int, pulse: int, chain: str) -> None:
        """Tell a noted head that nothing here leads through."""
        before, why = self.begins.get(worker, (0, None))
        expected = f"pulse {pulse} with chain value {chain[:16]}…"
        if 0 < pulse < before and why is not None:  # a note is somebody's word: it explains, and proves nothing
            self.find(worker, "", 0, "head_unproved", expected, f"a log that begins with pulse {before + 1}: {why}")
        elif any(each == worker and first <= pulse < behind for each, first, behind in self.unproved):
            self.find(worker, "", 0, "head_unproved", expected, "a gap there, or right before it")
        elif 0 < pulse < before:
            self.find(worker, "", 0, "head_unproved", expected, f"a log that begins with pulse {before + 1}")
        else:
            self.find(worker, "", 0, "head_contradicted", expected, "none such")

    def upkeep(self, link: _Link) -> None:
        """Read what upkeep noted; a note explains the very place that it names, and nothing else."""
        try:
            link.gaps, link.removed, bad = notes_of(link.folder)
        except OSError as fault:
            self.find(link.worker, NAME, 0, "unreadable", "notes of upkeep", fault.strerror or "unknown reason")
        else:
            if bad:
                self.notes.append(f"worker {link.worker}: {bad} lines of {NAME} cannot be read, and explain nothing")

    def _known(self, link: _Link, name: str, head: SegmentHead) -> bool:
        """Whether the chain breaks here as a repair noted; then it is told as such."""
        assert link.pulse_id is not None
        pulses, records = head.first_pulse - link.pulse_id, head.first_seq - link.seq
        missing = 0 < pulses <= records <= RECORDS * pulses  # every pulse has records
        gap = link.gaps.get((link.pulse_id - 1, link.chain.hex(), head.first_pulse, head.before.hex()))
        if gap is None or not (missing or (link.behind_gap and pulses == records == 0)):
            return False
        self._tell(link, name, gap, gap.lost if missing else None, records)
        link.behind_gap = missing
        return True

    def _tell(self, link: _Link, name: str, gap: Gap, lost: tuple[int, int] | None, records: int) -> None:
        aside = gap.kept_aside
        if aside is not None and not (link.folder / Path(aside).name).is_file():
            aside = None
        self.gaps.append(KnownGap(link.worker, name, lost, records, gap.time, aside))

    def _begun(self, link: _Link, head: SegmentHead) -> None:
        """Tell that a worker's first pulses are not here, and what was noted of it: a finding where nothing was."""
        place = (head.first_pulse - 1, head.before.hex())
        link.behind_gap = any(each[2:] == (head.first_pulse, head.before.hex()) for each in link.gaps)
        why = None
        for each in link.removed:
            if (each.pulse, each.chain) == place:
                why = f"retention removed pulses up to {each.pulse} on {_day(each.time)} ({each.rule})"
        gap = link.gaps.get((0, NOWHERE.hex(), head.first_pulse, head.before.hex()))
        pulses = head.first_pulse - 1
        if why is None and gap is not None and 0 < pulses <= head.first_seq <= RECORDS * pulses:
            why = "a repair noted that what was before is lost"
            self._tell(link, file_name(head.first_pulse), gap, gap.lost, head.first_seq)
        self.begins[link.worker] = head.first_pulse - 1, why
        if why is not None:
            self.notes.append(f"worker {link.worker} begins with pulse {head.first_pulse}: {why}")
            return
        name = file_name(head.first_pulse)
        found = f"pulse {head.first_pulse} with seq {head.first_seq} behind chain value {head.before.hex()[:16]}…"
        self.find(link.worker, name, 24, "pulses_missing", "the beginning, or a note of where it went", found)

    def find(self, worker: int, file: str, position: int, code: str, expected: str, found: str) -> None:
        if len(self.findings) < FINDINGS:
            self.findings.append(Finding(worker, file, position, code, expected, found))

    def aside(self, link: _Link) -> None:
        """Tell what a writer took out of the segments when it opened the log, and kept."""
        names = [path.name for path in kept_aside(link.folder) if ".torn-" in path.name]
        self.notes += [f"worker {link.worker} has {name}: bytes that a writer cut off on opening" for name in names]

    def head(self, link: _Link) -> None:
        if link.pulse_id is not None:
            self.heads.append(WorkerHead(link.worker, link.pulse_id - 1, link.chain.hex()))

    def segment(self, link: _Link, path: Path, following: int | None) -> None:
        self.segments += 1
        try:
            with Handle(path) as handle:
                self.bytes += handle.size()
                head = read_head(handle)
                if head is None:
                    if following is None and not Walk.anything(handle):
                        self.notes.append(f"{path.name} was begun and holds nothing")
                    else:
                        self.find(link.worker, path.name, 0, "damaged", "a segment's header", "a damaged one")
                    return
                self._opened(link, handle, head, following)
        except HansardError as fault:
            code = {"memory_newer": "newer", "memory_foreign": "foreign"}.get(fault.code, "unreadable")
            self.find(link.worker, path.name, 0, code, "a segment of this log", fault.message)

    def _opened(self, link: _Link, handle: Handle, head: SegmentHead, following: int | None) -> None:
        name, worker = handle.name, link.worker
        named = first_pulse(handle.path)
        if (head.worker, head.first_pulse) != (worker, named):
            found = f"worker {head.worker}, pulse {head.first_pulse}"
            self.find(worker, name, 0, "foreign", f"worker {worker}, pulse {named}", found)
            return
        if link.pulse_id is None:
            if (head.first_pulse, head.first_seq, head.before) != (1, 0, NOWHERE):
                self._begun(link, head)
        elif (head.first_pulse, head.first_seq, head.before) == (link.pulse_id, link.seq, link.chain):
            link.behind_gap = False
        elif self._known(link, name, head):
            pass
        elif (head.first_pulse, head.first_seq) != (link.pulse_id, link.seq):
            expected = f"pulse {link.pulse_id} with seq {link.seq}"
            found = f"pulse {head.first_pulse} with seq {head.first_seq}"
            self.find(worker, name, 24, "pulses_missing", expected, found)
        else:
            expected, found = f"chain value {link.chain.hex()[:16]}…", f"{head.before.hex()[:16]}…"
            self.find(worker, name, 40, "chain_broken", expected, found)
        # no pulse that is here leads through what is missing, so what a header says of it is no proof
        lacking = link.behind_gap or head.first_pulse > (link.pulse_id or head.first_pulse)
        walk = _Proof(handle, head, following, {pulse for noted, pulse, _ in self.noted if noted == worker})
        self.records += walk.seq - head.first_seq
        self.pulses += walk.pulse_id - head.first_pulse
        if link.pulse_id is None and not lacking:
            self._claimed(handle, head, followed=walk.pulse_id > head.first_pulse and walk.broken is None)
        self.noted -= {(worker, pulse, chain) for pulse, chain in walk.seen.items()}
        if lacking:
            self.unproved.append((worker, link.pulse_id or 1, walk.pulse_id))
        if walk.broken is not None:
            broken, expected, found = walk.broken
            self.find(worker, name, broken.position, "chain_broken", expected, found)
        self._end(worker, handle, walk, head)
        link.pulse_id, link.seq, link.chain = walk.pulse_id, walk.seq, walk.chain

    def _claimed(self, handle: Handle, head: SegmentHead, *, followed: bool) -> None:
        """Tell a noted head that only the log's first header names: nothing that is here leads through it."""
        worker, pulse, chain = head.worker, head.first_pulse - 1, head.before.hex()
        if (worker, pulse, chain) not in self.noted:
            return
        self.noted.remove((worker, pulse, chain))
        if pulse == 0:
            return  # the beginning itself
        if followed:
            self.notes.append(f"head {worker}:{pulse} stands only in what {handle.name} says was before it")
        else:
            expected = f"pulse {pulse} with chain value {chain[:16]}…, or one behind it"
            self.find(worker, handle.name, 40, "head_unproved", expected, "a header that names it, and no pulse")

    def _end(self, worker: int, handle: Handle, walk: Walk, head: SegmentHead) -> None:
        name, found = handle.name, walk.torn or "the end of its frames"
        directory = stored_footer(handle, head.salt)
        if directory is not None:
            if walk.end != directory.frames_end:
                self.find(worker, name, walk.end, "damaged", f"pulse {walk.pulse_id}", found)
            else:
                self._footer(worker, handle, walk, directory)
            return
        self._footer(worker, handle, walk, None)  # columns that nobody can read are told without one, too
        if walk.damaged:
            self.find(worker, name, walk.end, "damaged", f"pulse {walk.pulse_id}", found)
        elif walk.torn is not None:
            self.notes.append(
                f"{name} ends torn at byte {walk.end} ({walk.torn}), as after a crash, or as after a damage to its last"
                " pulses: noted heads tell them apart"
            )
        elif handle.read(walk.end, 8).strip(b"\0"):
            self.notes.append(f"{name} has no whole footer, as when a closing was cut short; its pulses are whole")

    def _footer(self, worker: int, handle: Handle, walk: Walk, directory: Directory | None) -> None:
        try:
            derived = walk.footer()
        except UNREADABLE:
            self.find(worker, handle.name, START, "damaged", "columns by a layout", "others")
            return
        if directory is None:
            return
        size = handle.size() - walk.end
        stored = handle.read(walk.end, min(size, len(derived) + TRAILER.size))
        if derived != stored:
            place = next((i for i, (a, b) in enumerate(zip(derived, stored, strict=False)) if a != b), TRAILER.size)
            found = f"{size} bytes that differ, of {directory.rows} records"
            self.find(worker, handle.name, walk.end + place, "footer_differs", f"{len(derived)} bytes", found)


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):  # a note may say anything
        return "an unknown day"
