"""The refusals of the HTTP door itself; a function's name is the code."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.kernel.errors import HansardError, did_you_mean


def not_authenticated() -> HansardError:
    """No token, or one that opens no door: unknown, expired and revoked ones are told alike."""
    return HansardError(
        "refused",
        "not_authenticated",
        "this request carries no token that is valid here",
        field="Authorization",
        constraint="authentication",
        suggestion="Send 'Authorization: Bearer TOKEN'; 'hansard token create NAME' makes one",
    )


def host_not_allowed(host: str) -> HansardError:
    """The request was meant for another host: a page of somebody's may have given its own name this address."""
    return HansardError(
        "refused",
        "host_not_allowed",
        f"this server does not answer for the host '{host}'",
        field="Host",
        value=host,
        constraint="confinement",
        suggestion="Call it by the name it was started with, or start it with '--allow-host NAME'",
    )


def origin_not_allowed(origin: str) -> HansardError:
    """A page of another origin calls."""
    return HansardError(
        "refused",
        "origin_not_allowed",
        f"pages of '{origin}' may not call this server",
        field="Origin",
        value=origin,
        constraint="confinement",
        suggestion="Start the server with '--allow-origin ORIGIN' where this is meant",
    )


def name_never_matches(option: str, value: str, right: str | None, example: str) -> HansardError:
    """A name that the server shall answer to, or an origin, in a form that no request has."""
    return HansardError(
        "invalid",
        "name_never_matches",
        f"no request has '{value}' in its {'Host' if option == 'allow-host' else 'Origin'}",
        field=option,
        value=value,
        constraint="shape",
        suggestion=f"Give '--{option} {right or example}'",
    )


def request_too_large(limit_bytes: int) -> HansardError:
    """The body is larger than any request that the server reads."""
    return HansardError(
        "invalid",
        "request_too_large",
        f"the request's body has more than {limit_bytes:,} bytes",
        constraint="size",
        context={"limit_bytes": limit_bytes},
        suggestion="Send less at once",
    )


def content_type_unsupported(given: str) -> HansardError:
    """A body that is not said to be JSON. A page can send other types without asking, so they are not guessed at."""
    return HansardError(
        "invalid",
        "content_type_unsupported",
        f"the body is '{given}'" if given else "the request does not say what its body is",
        field="Content-Type",
        value=given or None,
        constraint="shape",
        valid_options=["application/json"],
        suggestion="Send JSON, with 'Content-Type: application/json'",
    )


def body_not_json(why: str, line: int | None = None, column: int | None = None) -> HansardError:
    """What should be a JSON object is none."""
    where = f" (line {line}, column {column})" if line is not None else ""
    return HansardError(
        "invalid",
        "body_not_json",
        f"the body is no JSON object: {why}{where}",
        field="request",
        constraint="shape",
        suggestion="Send one JSON object, UTF-8, with every key once; '{}' where nothing is asked",
    )


def parameter_twice(name: str) -> HansardError:
    """A query parameter stands more than once, and takes one value only."""
    return HansardError(
        "invalid",
        "parameter_twice",
        f"'{name}' is given more than once",
        field=name,
        constraint="shape",
        suggestion=f"Give '{name}' once",
    )


def idempotency_key_unusable(why: str) -> HansardError:
    """The Idempotency-Key cannot do what its sender hopes for."""
    return HansardError(
        "invalid",
        "idempotency_key_unusable",
        why,
        field="Idempotency-Key",
        constraint="shape",
        suggestion="Send one Idempotency-Key, alike to 'request_id' where the body has one, with operations that take "
        "a 'request_id'",
    )


def no_such_route(path: str, known: Iterable[str]) -> HansardError:
    """Nothing is at this path."""
    return HansardError(
        "not_found",
        "no_such_route",
        f"there is nothing at '{path}'",
        field="path",
        value=path,
        suggestion=_nearest(path, known) or "'/api/openapi.json' describes everything that there is",
    )


def _nearest(path: str, known: Iterable[str]) -> str | None:
    """The nearest path, told by what follows the part that they have in common: a prefix is no likeness."""
    head, _, tail = path.rpartition("/")
    beside = [one.rpartition("/")[2] for one in known if one.rpartition("/")[0] == head]
    found = did_you_mean(tail, beside)
    return found and found.replace("'", f"'{head}/", 1)


def wrong_method(method: str, allowed: Iterable[str]) -> HansardError:
    """Something is at this path, and is not asked so."""
    options = sorted(allowed)
    return HansardError(
        "invalid",
        "wrong_method",
        f"this path does not answer to {method}",
        field="method",
        value=method,
        constraint="shape",
        valid_options=options,
        suggestion=f"Use {' or '.join(options)}" if options else None,
    )


def position_to_come(position: int, newest: int) -> HansardError:
    """A listener wants what stands behind an entry that the journal does not have: it knows another store, or a later
    state of this one."""
    return HansardError(
        "invalid",
        "position_to_come",
        f"the journal goes to {newest}, not to {position}",
        field="after",
        value=position,
        constraint="semantic",
        context={"newest": newest},
        suggestion="Begin without 'after' and 'Last-Event-ID' for what is new; what this listener heard may have come "
        "from another store",
    )


def too_many_streams(limit: int, *, own: bool = False) -> HansardError:
    """As many listen already as the server serves, or as one token may have."""
    return HansardError(
        "unavailable",
        "too_many_streams",
        f"{limit} event streams {'of this token ' if own else ''}are open already",
        constraint="size",
        context={"limit": limit},
        suggestion="Close one, or try again later",
    )


def address_unusable(host: str, port: int, why: str) -> HansardError:
    """The server cannot listen there."""
    return HansardError(
        "unavailable",
        "address_unusable",
        f"cannot listen on {host} port {port}: {why}",
        field="port",
        value=port,
        suggestion="Choose another with '--port' (0 takes any that is free), or stop what listens there",
    )
