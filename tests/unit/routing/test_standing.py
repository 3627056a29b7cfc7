"""What processes share: breakers and windows, seen by the others soon; texts that verify and can be forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hansard.database.columns import metadata
from hansard.database.engine import Database
from hansard.database.tables import record_tables
from hansard.database.verify import verify_store
from hansard.routing import store
from hansard.routing.audit import Audit
from hansard.routing.breakers import Breaker
from hansard.routing.configuration import WindowSettings
from hansard.routing.statistics import Sample, Window
from hansard.routing.tables import call_texts
from tests.support.stores import KINDS, dropped, fresh

OPEN = Breaker(state="open", until=2000.0, changed=1000.0, cause="overloaded")


@pytest.fixture(params=KINDS)
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A store of each kind."""
    place = fresh(request.param, tmp_path)
    database = Database.open(place)
    yield database
    database.close()
    dropped(place)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; a test that waits for long shows that it does not."""
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.01)


def test_others_see_a_breaker_and_a_window(tmp_path: Path, database: Database) -> None:
    """What one process writes the other reads, breakers by model, windows as those of somebody else."""
    one, other = (Audit(tmp_path / "memory", database) for _ in range(2))
    window = Window((Sample(time.time(), 12.0, True),))
    one.write_breaker("a", OPEN)
    one.write_window("a", window)
    eventually(lambda: other.read().breakers.get("a") == OPEN and other.read().windows.get("a") == (window,))
    eventually(lambda: one.read().breakers.get("a") == OPEN)
    assert "a" not in one.read().windows  # its own
    seen = other.read()
    eventually(lambda: other.read() is seen)
    one.close()
    other.close()
    late = Audit(tmp_path / "memory", database)
    assert late.read().breakers == {"a": OPEN}  # at once, without waiting
    assert late.read().windows == {"a": (window,)}
    late.close()


def test_the_breaker_that_changed_last_stands(database: Database) -> None:
    """Whoever writes last, the later change is kept; an older one is not taken for news."""
    older, newer = Breaker(state="open", changed=10.0), Breaker(state="half_open", changed=20.0)
    for order in ((older, newer), (newer, older)):
        for breaker in order:
            with database.writing() as connection:
                store.write_breakers(connection, {"a": breaker})
        with database.reading() as connection:
            assert store.read_standing(connection).breakers == {"a": newer}


def test_reading_again_gives_the_same_object_until_something_changes(database: Database) -> None:
    """A reader can tell by identity whether it must look again."""
    with database.writing() as connection:
        store.write_windows(connection, "w", {"a": Window()}, 1.0)
    with database.reading() as connection:
        first = store.read_standing(connection)
        assert store.read_standing(connection, first) is first
    with database.writing() as connection:
        store.write_windows(connection, "w", {"a": Window((Sample(1.0, 2.0, False),))}, 2.0)
    with database.reading() as connection:
        assert store.read_standing(connection, first) is not first


def test_what_another_version_wrote_is_passed_over(database: Database) -> None:
    """A row that cannot be read is no reason not to start."""
    with database.writing() as connection:
        connection.execute(
            sa.text("INSERT INTO route_breakers (model, state, changed) VALUES ('a', '{\"state\": \"new\"}', 1.0)")
        )
        connection.execute(
            sa.text("INSERT INTO route_windows (worker, model, samples, updated) VALUES ('w', 'a', '7', 1.0)")
        )
    with database.reading() as connection:
        assert store.read_standing(connection) == store.Noted({}, {})


@given(lengths=st.lists(st.integers(0, 6), min_size=store.FOLDED_FROM, max_size=12))
def test_windows_of_processes_that_are_gone_are_kept_together(lengths: list[int]) -> None:
    """However many there were, their young samples stand in one row, each once, and live ones are left alone."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    metadata.create_all(engine)
    settings = WindowSettings(attempts=200, age_seconds=900.0)
    now = 10_000.0
    samples: set[Sample] = set()
    with engine.begin() as connection:
        for worker, length in enumerate(lengths):
            own = tuple(Sample(now - 800.0 + each, float(worker), False) for each in range(length))
            old = Sample(now - 5000.0, 1.0, True)
            samples.update(own)
            store.write_windows(connection, f"w{worker}", {"a": Window((old, *own))}, now - 100.0)
        live = Window((Sample(now, 1.0, False),))
        store.write_windows(connection, "live", {"a": live}, now)
        for _ in range(2):
            store.fold_windows(connection, now, settings)
            found = store.read_standing(connection).windows
            assert found.keys() == {("live", "a"), (store.EARLIER, "a")}
            assert found["live", "a"][1] == live
            kept = found[store.EARLIER, "a"][1].samples
            assert len(kept) == len(samples)
            assert set(kept) == samples
            assert [one.moment for one in kept] == sorted(one.moment for one in kept)
    engine.dispose()


def test_a_text_that_was_altered_is_found_and_other_rows_may_change(tmp_path: Path, database: Database) -> None:
    """Verification looks at texts by their hashes; breakers and windows are nobody's record."""
    with database.writing() as connection:
        store.keep_texts(connection, {store.digest_of(b"said"): b"said"}, {"d": [store.digest_of(b"said")]})
        store.write_breakers(connection, {"a": OPEN})
        assert verify_store(connection, record_tables()).findings == []
        connection.execute(call_texts.update().values(body=b"never said"))
        (finding,) = verify_store(connection, record_tables()).findings
    assert (finding.code, finding.table) == ("text_altered", "call_texts")


def test_texts_are_forgotten_by_dialogue(database: Database) -> None:
    """What only one dialogue has can be told from what others have too, and goes."""
    bodies = {store.digest_of(body): body for body in (b"mine", b"both", b"nobody's")}
    mine, both, free = bodies
    with database.writing() as connection:
        store.keep_texts(connection, bodies, {"d": [mine, both], "e": [both]})
        found = {text.sha256: text.dialogues for text in store.texts_holding(connection, lambda _: False, "d")}
        assert found == {mine: ("d",), both: ("d", "e")}
        assert {text.sha256 for text in store.texts_holding(connection, lambda body: b"body" in body, "x")} == {free}
        store.forget_texts(connection, [mine])
        assert [store.read_text(connection, digest) for digest in bodies] == [None, b"both", b"nobody's"]
