"""What routing keeps beside the record: texts of calls by their hashes, breakers and windows of all processes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa

from hansard.database.statements import change, fetch
from hansard.routing.breakers import CLOCK_SECONDS, Breaker
from hansard.routing.configuration import WindowSettings
from hansard.routing.statistics import Sample, Window
from hansard.routing.tables import call_text_uses, call_texts, route_breakers, route_windows

EARLIER: Final = "earlier"
"""The worker as which the windows of processes that are gone are kept together."""

FOLDED_SECONDS: Final = 60.0
"""A process that wrote nothing for so long counts as gone. Should it write again, its samples are told apart."""

FOLDED_FROM: Final = 8
"""So many windows of processes that are gone are worth keeping together."""

_AT_ONCE: Final = 500
"""A statement takes so many parameters at most."""

_window = msgspec.json.Decoder(Window)
_breaker = msgspec.json.Decoder(Breaker)

_there = sa.select(call_texts.c.sha256).where(call_texts.c.sha256.in_(sa.bindparam("digests", expanding=True)))
_uses = sa.select(call_text_uses.c.sha256).where(
    call_text_uses.c.dialogue_id == sa.bindparam("dialogue"),
    call_text_uses.c.sha256.in_(sa.bindparam("digests", expanding=True)),
)
_body = sa.select(call_texts.c.body).where(call_texts.c.sha256 == sa.bindparam("digest"))
_breaker_stamps = sa.select(route_breakers.c.model, route_breakers.c.changed, route_breakers.c.state)
_window_stamps = sa.select(route_windows.c.worker, route_windows.c.model, route_windows.c.updated)
_samples = sa.select(route_windows.c.samples).where(
    route_windows.c.worker == sa.bindparam("worker"), route_windows.c.model == sa.bindparam("model")
)


class Noted(NamedTuple):
    """What other processes wrote, with the time of each window: what did not change is not read again."""

    breakers: Mapping[str, Breaker]
    windows: Mapping[tuple[str, str], tuple[float, Window]]
    """By worker and model."""


# -- texts -------------------------------------------------------------------------------------------------------------


def digest_of(body: bytes) -> str:
    """The hash by which a text is found again."""
    return hashlib.sha256(body).hexdigest()


def keep_texts(connection: sa.Connection, bodies: Mapping[str, bytes], uses: Mapping[str, Iterable[str]]) -> None:
    """Put texts of calls there, each once, and note for which dialogues they were.

    Args:
        bodies: by their SHA-256.
        uses: the hashes by the dialogue that they belong to.
    """
    present = _found(connection, _there, bodies)
    fresh = [{"sha256": digest, "body": body} for digest, body in sorted(bodies.items()) if digest not in present]
    if fresh:
        connection.execute(_adding(connection, call_texts), fresh)
    for dialogue_id, digests in sorted(uses.items()):
        named = dict.fromkeys(digests)
        noted = _found(connection, _uses, named, dialogue=dialogue_id)
        rows = [{"dialogue_id": dialogue_id, "sha256": digest} for digest in sorted(named) if digest not in noted]
        if rows:
            connection.execute(_adding(connection, call_text_uses), rows)


def _adding(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """An insert that leaves alone what another process was first with."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql

        return postgresql(table).on_conflict_do_nothing()
    from sqlalchemy.dialects.sqlite import insert as sqlite

    return sqlite(table).on_conflict_do_nothing()


def _found(connection: sa.Connection, query: sa.Select[Any], digests: Iterable[str], **given: Any) -> set[str]:
    wanted = iter(digests)
    found: set[str] = set()
    while some := list(islice(wanted, _AT_ONCE)):
        found.update(digest for (digest,) in fetch(connection, query, {"digests": some, **given}))
    return found


def read_text(connection: sa.Connection, digest: str) -> bytes | None:
    """The text of this hash; ``None`` where it was not kept, or is gone."""
    rows = fetch(connection, _body, {"digest": digest})
    return bytes(rows[0][0]) if rows else None


class CallText(NamedTuple):
    """A text of a call, and the dialogues that it belongs to."""

    sha256: str
    body: bytes
    dialogues: tuple[str, ...]


def texts_holding(connection: sa.Connection, holds: Callable[[bytes], bool], dialogue_id: str) -> Iterator[CallText]:
    """The texts that hold something, and all of this dialogue, whether they hold it or not."""
    uses: dict[str, list[str]] = {}
    for owner, digest in connection.execute(sa.select(call_text_uses).order_by(call_text_uses.c.dialogue_id)):
        uses.setdefault(digest, []).append(owner)
    for (digest,) in connection.execute(sa.select(call_texts.c.sha256).order_by(call_texts.c.sha256)).all():
        body = read_text(connection, digest) or b""  # one at a time: all of them may be more than there is room for
        if dialogue_id in uses.get(digest, ()) or holds(body):
            yield CallText(digest, body, tuple(uses.get(digest, ())))


def forget_texts(connection: sa.Connection, digests: Iterable[str]) -> None:
    """Remove texts; the records that name them stay."""
    for digest in digests:
        connection.execute(call_texts.delete().where(call_texts.c.sha256 == digest))
        connection.execute(call_text_uses.delete().where(call_text_uses.c.sha256 == digest))


# -- breakers and windows ----------------------------------------------------------------------------------------------


def read_standing(connection: sa.Connection, known: Noted | None = None) -> Noted:
    """What all processes wrote of breakers and windows.

    Args:
        known: what was read before; the same object is answered where nothing changed since.
    """
    breakers: dict[str, Breaker] = {}
    windows: dict[tuple[str, str], tuple[float, Window]] = {}
    changed = known is None
    before: Noted = known or Noted({}, {})
    for model, at, state in fetch(connection, _breaker_stamps, {}):
        old = before.breakers.get(model)
        if old is not None and old.changed == at:
            breakers[model] = old
        elif (read := _decoded(_breaker, state)) is not None:
            breakers[model], changed = read, True
    for worker, model, at in fetch(connection, _window_stamps, {}):
        have = before.windows.get((worker, model))
        if have is not None and have[0] == at:
            windows[worker, model] = have
            continue
        rows = fetch(connection, _samples, {"worker": worker, "model": model})
        window = _decoded(_window, rows[0][0]) if rows else None
        if window is not None:
            windows[worker, model], changed = (at, window), True
    if known is not None and not changed and len(windows) == len(before.windows) and breakers == before.breakers:
        return known
    return Noted(breakers, windows)


def _decoded(decoder: msgspec.json.Decoder[Any], text: str) -> Any:
    """What another version of the program wrote may not be readable; it is only a matter of minutes."""
    try:
        return decoder.decode(text)
    except msgspec.DecodeError:  # a wrong shape, too
        return None


def write_breakers(connection: sa.Connection, breakers: Mapping[str, Breaker], now: float = math.inf) -> None:
    """Keep breakers, each unless a later change stands there; one that is later than now is another clock's."""
    t = route_breakers
    for model, breaker in sorted(breakers.items()):
        cells = {"state": msgspec.json.encode(breaker).decode(), "changed": breaker.changed}
        connection.execute(_adding(connection, t), [{"model": model, **cells}])
        older = t.c.changed < breaker.changed
        stale = older if math.isinf(now) else sa.or_(older, t.c.changed > now + CLOCK_SECONDS)
        connection.execute(t.update().where(t.c.model == model, stale).values(**cells))


def write_windows(connection: sa.Connection, worker: str, windows: Mapping[str, Window], now: float) -> None:
    """Keep the windows of a process as they are now."""
    t = route_windows
    for model, window in sorted(windows.items()):
        cells = {"samples": msgspec.json.encode(window).decode(), "updated": now}
        done = change(
            connection,
            _replace_window,
            {"of_worker": worker, "of_model": model, "now_samples": cells["samples"], "now_updated": now},
        )
        if not done:
            connection.execute(_adding(connection, t), [{"worker": worker, "model": model, **cells}])


_replace_window = (
    route_windows.update()
    .where(route_windows.c.worker == sa.bindparam("of_worker"), route_windows.c.model == sa.bindparam("of_model"))
    .values(samples=sa.bindparam("now_samples"), updated=sa.bindparam("now_updated"))
)


def fold_windows(connection: sa.Connection, now: float, settings: WindowSettings) -> None:
    """Keep the windows of processes that are gone together, one for each model, and let go of what is too old.

    The connection must be the only one that writes.
    """
    t = route_windows
    query = sa.select(t.c.worker, t.c.model, t.c.samples).where(t.c.updated < now - FOLDED_SECONDS)
    gone = [row for row in connection.execute(query).all() if row[0] != EARLIER]
    if len(gone) < FOLDED_FROM:
        return
    by_model: dict[str, set[Sample]] = {}
    for _, model, samples in gone:
        window = _decoded(_window, samples)
        by_model.setdefault(model, set()).update(() if window is None else window.samples)
    for model, found in by_model.items():
        rows = fetch(connection, _samples, {"worker": EARLIER, "model": model})
        window = _decoded(_window, rows[0][0]) if rows else None
        found.update(() if window is None else window.samples)
    for worker, model, _ in gone:
        connection.execute(t.delete().where(t.c.worker == worker, t.c.model == model))
    oldest = now - settings.age_seconds
    kept = {
        model: Window(tuple(sorted((one for one in found if one.moment >= oldest), key=_moment)[-settings.attempts :]))
        for model, found in by_model.items()
    }
    write_windows(connection, EARLIER, kept, now)


def _moment(sample: Sample) -> float:
    return sample.moment
