"""The ethos that a new dialogue is held to, as the dialogue keeps it."""

from __future__ import annotations

from typing import Any

from hansard.dialogue.calibration import errors, store
from hansard.dialogue.calibration.model import Domain
from hansard.dialogue.calibration.rules import digest_of, snapshot
from hansard.dialogue.requests import Calibration, DialogueCreate
from hansard.kernel.errors import HansardError, invalid_field, missing_field


def held_to(connection: store.Connection, request: DialogueCreate) -> tuple[dict[str, Any] | None, list[HansardError]]:
    """The snapshot of the ethos that a request names, or why it cannot be taken.

    An ethos is never changed, so that reading it needs no lock. An import brings its snapshot along, since the ethos
    may not be in this store.
    """
    given = request.calibration
    if given is None:
        return None, []
    told = [name for name in Calibration.model_fields if name != "ethos_id" and getattr(given, name) is not None]
    if told and request.origin is not None:
        return _brought(given)
    faults = [
        invalid_field(
            f"calibration.{name}",
            getattr(given, name) if name != "rules" else len(given.rules or ()),
            "is taken for imported dialogues only",
            suggestion="Name the ethos by its id",
        )
        for name in told
    ]
    ethos = store.read_ethos(connection, given.ethos_id)
    if ethos is None:
        known = store.ethos_ids(connection)
        return None, [*faults, errors.ethos_not_found(given.ethos_id, known, "calibration.ethos_id")]
    if digest_of(ethos.rules) != ethos.digest:
        return None, [*faults, errors.ethos_altered(ethos.ethos_id)]
    (domain,) = store.read(connection, Domain, domain_id=ethos.domain_id)
    return snapshot(ethos.ethos_id, ethos.title, domain, ethos.rules), faults


def _brought(given: Calibration) -> tuple[dict[str, Any] | None, list[HansardError]]:
    faults: list[HansardError] = [
        missing_field(f"calibration.{name}") for name in Calibration.model_fields if getattr(given, name) is None
    ]
    if faults:
        return None, faults
    plain = given.model_dump(mode="json", exclude_none=True)
    digest = digest_of(plain["rules"])
    if digest != given.digest:
        why = "is not that of the rules"
        return None, [invalid_field("calibration.digest", given.digest, why, suggestion=f"Theirs is {digest}")]
    return plain, []
