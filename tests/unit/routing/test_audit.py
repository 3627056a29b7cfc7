"""The trail: nothing noted is lost, hashes lead to bytes, costs add up, and what fails is told and tried again."""

from __future__ import annotations

import errno
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hansard.database.engine import Database
from hansard.kernel.errors import HansardError
from hansard.memory.disk import Disk
from hansard.memory.memory import Memory
from hansard.memory.record import ForgeRecord
from hansard.routing import store
from hansard.routing.audit import FIRST_WORKER, Audit
from hansard.routing.configuration import RecordSettings
from hansard.routing.model import FAILURES, Attempt, Origin, Outcome, Rates, Tokens
from hansard.routing.prices import exactly

RATES = Rates(3.0, 15.0, 0.3, table="a table 1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A store."""
    database = Database.open(tmp_path / "hansard.db")
    yield database
    database.close()


def attempt(number: int, prompt: bytes, response: bytes | None, outcome: Outcome = "ok") -> Attempt:
    """An attempt, with its price."""
    tokens = None if response is None else Tokens(1000 + number, 20 * number, cached=number)
    return Attempt(
        number=number,
        model="a",
        provider="openai",
        tier=1,
        outcome=outcome,
        started=1000.0 + number,
        latency_ms=12.5,
        tokens=tokens,
        cost_usd=None if tokens is None else exactly(tokens, RATES),
        price_table=None if tokens is None else RATES.table,
        rates=None if tokens is None else RATES,
        prompt_sha256=store.digest_of(prompt),
        response_sha256=None if response is None else store.digest_of(response),
    )


def records(folder: Path) -> list[ForgeRecord]:
    """Every record of the memory."""
    with Memory.read(folder) as memory:
        return list(memory)


def test_hashes_of_a_record_lead_to_the_bytes_and_its_cost_is_tokens_times_rate(
    tmp_path: Path, database: Database
) -> None:
    """Of every record the prompt and the answer are found again, its cost follows from it, and the sums agree."""
    audit = Audit(tmp_path / "memory", database)
    said: dict[str, tuple[bytes, bytes]] = {}
    for number in range(1, 41):
        prompt, response = f"question {number % 7}".encode(), f"answer {number} é\0\ud7ff".encode()
        one = attempt(number, prompt, response)
        said[str(one.started)] = prompt, response
        audit.note(one, Origin("alice", purpose=f"purpose {number % 3}"), prompt, response)
    audit.close()
    found = records(tmp_path / "memory")
    assert len(found) == 40
    by_purpose: dict[str, float] = defaultdict(float)
    for record in found:
        session, metrics, told = record.context["session"], record.error_metrics, record.context["telemetry"]
        with database.reading() as connection:
            texts = tuple(store.read_text(connection, session[name]) for name in ("prompt_sha256", "response_sha256"))
        assert texts == said[str(record.timestamp)]
        tokens = Tokens(*(int(metrics[f"tokens_{name}"]) for name in ("input", "output", "cached")))
        rates = Rates(*(told[f"rate_{name}"] for name in ("input", "output", "cached")))
        assert metrics["cost_usd"] == exactly(tokens, rates)
        assert record.params["price_table"] == RATES.table
        by_purpose[session["purpose"]] += metrics["cost_usd"]
    assert sum(by_purpose.values()) == pytest.approx(sum(each.error_metrics["cost_usd"] for each in found), abs=1e-12)


def test_a_prompt_that_comes_twice_is_kept_once(tmp_path: Path, database: Database) -> None:
    """The same bytes have one row, in one run and over several."""
    for _ in range(2):
        audit = Audit(tmp_path / "memory", database)
        for number in range(3):
            audit.note(attempt(number, b"the same", None, "timeout"), Origin("alice"), b"the same", None)
        audit.close()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM call_texts").scalar() == 1
    assert len(records(tmp_path / "memory")) == 6


@pytest.mark.parametrize("outcome", ["ok", "cancelled", *FAILURES])
def test_every_outcome_becomes_a_record(tmp_path: Path, database: Database, outcome: Outcome) -> None:
    """The memory's map takes each name that an attempt can end with."""
    audit = Audit(tmp_path / "memory", database)
    audit.note(attempt(1, b"p", b"r", outcome), Origin("alice"), b"p", b"r")
    audit.close()
    (record,) = records(tmp_path / "memory")
    assert (record.failure_reason or "ok") == outcome


def test_texts_stay_away_where_the_settings_say_so(tmp_path: Path, database: Database) -> None:
    """Without texts the record has its hashes, and nothing else is kept."""
    audit = Audit(tmp_path / "memory", database, record=RecordSettings(texts=False))
    audit.note(attempt(1, b"p", b"r"), Origin("alice"), b"p", b"r")
    audit.close()
    (record,) = records(tmp_path / "memory")
    assert record.context["session"]["prompt_sha256"] == store.digest_of(b"p")
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM call_texts").scalar() == 0


def test_a_flush_waits_until_the_record_is_there(tmp_path: Path, database: Database) -> None:
    """After a flush another reader finds what was noted."""
    audit = Audit(tmp_path / "memory", database)
    for number in range(1, 4):
        audit.note(attempt(number, b"p", b"r"), Origin("alice"), b"p", b"r")
        audit.flush()
        assert len(records(tmp_path / "memory")) == number
    audit.close()


def test_two_trails_of_one_home_append_as_two_workers(tmp_path: Path, database: Database) -> None:
    """A number that somebody has is left to them, and both trails are whole."""
    one, other = (Audit(tmp_path / "memory", database) for _ in range(2))
    for audit in (one, other):
        audit.note(attempt(1, b"p", b"r"), Origin("alice"), b"p", b"r")
        audit.flush()
    with Memory.read(tmp_path / "memory") as memory:
        assert {facts.worker: facts.records for facts in memory.facts()} == {FIRST_WORKER: 1, FIRST_WORKER + 1: 1}
    one.close()
    other.close()


class Filling(Disk):
    """A disk that is full for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def write(self, handle: int, parts: object, position: int) -> None:
        """Refuse while it is full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(handle, parts, position)  # type: ignore[arg-type]

    def allocate(self, handle: int, position: int, size: int) -> None:
        """Refuse while it is full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().allocate(handle, position, size)


def test_what_a_full_disk_refuses_is_told_and_kept_once_there_is_room(
    tmp_path: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A flush says that the disk is full, the log does, and later each attempt is there exactly once."""
    disk = Filling()
    audit = Audit(tmp_path / "memory", database, disk=disk)
    audit.note(attempt(1, b"p", b"r"), Origin("alice"), b"p", b"r")
    audit.flush()
    disk.full = True
    audit.note(attempt(2, b"p", b"r"), Origin("alice"), b"p", b"r")
    with caplog.at_level(logging.WARNING), pytest.raises(HansardError) as refused:
        audit.flush()
    assert refused.value.code == "trail_unkept"
    assert "No space left" in str(refused.value)
    assert str(audit.fault)
    assert "No space left" in caplog.text
    disk.full = False
    audit.note(attempt(3, b"p", b"r"), Origin("alice"), b"p", b"r")
    audit.flush()
    assert audit.fault is None
    audit.close()
    assert [record.error_metrics["attempt"] for record in records(tmp_path / "memory")] == [1, 2, 3]


def test_attempts_that_are_lost_at_the_end_are_told(tmp_path: Path, database: Database) -> None:
    """A trail that cannot keep what waits says how many attempts are not in it."""
    disk = Filling()
    audit = Audit(tmp_path / "memory", database, disk=disk)
    disk.full = True
    for number in (1, 2):
        audit.note(attempt(number, b"p", b"r"), Origin("alice"), b"p", b"r")
    with pytest.raises(HansardError) as lost:
        audit.close()
    assert lost.value.context == {"attempts": 2, "lost": True, "cause": "memory_unwritable"}
    audit.close()


def test_a_text_that_no_log_can_hold_does_not_keep_a_record_away(tmp_path: Path, database: Database) -> None:
    """A lone surrogate from a provider is replaced, and the attempt kept."""
    audit = Audit(tmp_path / "memory", database)
    audit.note(replace(attempt(1, b"p", b"r"), detail="bad \ud800"), Origin("alice"), b"p", b"r")
    audit.close()
    (record,) = records(tmp_path / "memory")
    assert record.context["session"]["detail"] == "bad ?"


def test_what_waits_is_bounded_and_what_is_too_much_is_told(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing can be kept only so many attempts wait; the others are counted as lost, those that waited kept."""
    monkeypatch.setattr("hansard.routing.audit.MOST_WAITING", 3)
    disk = Filling()
    disk.full = True
    audit = Audit(tmp_path / "memory", database, disk=disk)
    for number in range(1, 4):
        audit.note(attempt(number, b"p", b"r"), Origin("alice"), b"p", b"r")
    with pytest.raises(HansardError, match="wait to be kept"):
        audit.flush()
    audit.note(attempt(4, b"p", b"r"), Origin("alice"), b"p", b"r")
    disk.full = False
    with pytest.raises(HansardError) as lost:
        audit.close()
    assert lost.value.context is not None
    assert lost.value.context["attempts"] == 1
    assert [record.error_metrics["attempt"] for record in records(tmp_path / "memory")] == [1, 2, 3]


def test_an_attempt_that_is_no_record_does_not_keep_others_away(tmp_path: Path, database: Database) -> None:
    """One that the memory's map refuses is told at the end; those beside it are kept."""
    audit = Audit(tmp_path / "memory", database)
    audit.note(replace(attempt(1, b"p", b"r"), latency_ms=-1.0), Origin("alice"), b"p", b"r")
    audit.note(attempt(2, b"p", b"r"), Origin("alice"), b"p", b"r")
    with pytest.raises(HansardError, match="1 attempt is not in it"):
        audit.close()
    assert [record.error_metrics["attempt"] for record in records(tmp_path / "memory")] == [2]
