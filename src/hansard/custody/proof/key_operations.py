"""The operations on keys: made, shown, given away, trusted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hansard.custody import errors
from hansard.custody.proof.keys import (
    LEAST_PREFIX,
    NAME,
    Keyring,
    OwnKey,
    TrustedKey,
    key_id,
    public_in_file,
    public_pem,
)
from hansard.custody.proof.shapes import (
    KeyExported,
    KeyItem,
    KeyName,
    KeysCreate,
    KeysExport,
    KeysImport,
    KeysList,
    KeysListed,
    KeysTrust,
    Trust,
)
from hansard.kernel import files
from hansard.kernel.clock import system_clock, timestamp
from hansard.kernel.errors import path_not_allowed
from hansard.kernel.operations import Call, operation

KEY_ID: Final = re.compile("[0-9a-f]{64}")


class KeyOperations:
    """Keeps the keys of a home; none of this touches the store."""

    _keys: Keyring
    _may_read: Callable[[Path], bool]
    _may_write: Callable[[Path], bool]

    @operation(writes=True, store=False, tools="proof", scope="admin")
    def keys_create(self, request: KeysCreate, call: Call) -> KeyItem:  # noqa: ARG002
        """Draw a pair of keys to sign checkpoints with; one that is there already is never replaced."""
        return _own(self._keys.create(request.name, protected=request.protected))

    @operation(path="/keys", store=False, tools="proof")
    def keys_list(self, request: KeysList, call: Call) -> KeysListed:  # noqa: ARG002
        """List the keys of this home, and those of others that it trusts."""
        return KeysListed(keys=[*map(_own, self._keys.own()), *map(_of_another, self._keys.trusted())])

    @operation(path="/keys/{key}", store=False, tools="proof")
    def keys_show(self, request: KeyName, call: Call) -> KeyItem:
        """Give one key."""
        known = self.keys_list(KeysList(), call).keys
        for key in known:
            if key.name == request.key:
                return key
        found = [key for key in known if len(request.key) >= LEAST_PREFIX and key.id.startswith(request.key)]
        if len(found) != 1:
            raise errors.key_not_found(request.key, [key.name for key in known])
        return found[0]

    @operation(writes=True, store=False, tools="proof", scope="admin", idempotent=True)
    def keys_export(self, request: KeysExport, call: Call) -> KeyExported:
        """Give a public key as PEM, for those who verify; private halves are never given away."""
        key = self.keys_show(KeyName(key=request.key), call)
        if key.public_key is None:
            raise errors.key_unreadable(key.name, "only its id is known here")
        pem = public_pem(bytes.fromhex(key.public_key))
        if request.output_path is not None:
            path = Path(request.output_path)
            if not self._may_write(path):
                raise path_not_allowed("output_path", request.output_path, "written")
            files.write_atomic(path, pem.encode(), name=request.output_path)
        return KeyExported(name=key.name, id=key.id, pem=pem, path=request.output_path)

    @operation(writes=True, store=False, tools="proof", scope="admin")
    def keys_import(self, request: KeysImport, call: Call) -> KeyItem:  # noqa: ARG002
        """Take in a pair of keys that was made elsewhere."""
        return _own(self._keys.take(request.name, self._readable_key(request.path, "path"), request.path))

    @operation(writes=True, store=False, tools="proof", scope="admin", idempotent=True)
    def keys_trust(self, request: KeysTrust, call: Call) -> KeyItem:  # noqa: ARG002
        """Trust a key of somebody else, so that what it signed is told by their name."""
        if NAME.fullmatch(request.name) is None:
            raise errors.key_name_malformed(request.name)
        since = timestamp(system_clock())
        if KEY_ID.fullmatch(request.key):
            key = TrustedKey(request.key, request.name, since)
        else:
            public = public_in_file(self._readable_key(request.key, "key"), request.key)
            key = TrustedKey(key_id(public), request.name, since, public.hex())
        self._keys.trust(key)
        return _of_another(key)

    @operation(writes=True, store=False, tools="proof", scope="admin", idempotent=True)
    def keys_untrust(self, request: KeyName, call: Call) -> KeyItem:  # noqa: ARG002
        """Trust a key no more."""
        return _of_another(self._keys.untrust(request.key))

    def _readable_key(self, name: str, field: str) -> Path:
        path = Path(name)
        if not self._may_read(path):
            raise path_not_allowed(field, name, "read")
        return path

    def _trusted(self, named: list[str]) -> dict[str, tuple[str | None, Trust]]:
        """Name and trust of every key that is known, by id; ``named``: ids or files that the caller gave."""
        known: dict[str, tuple[str | None, Trust]] = {key.id: (key.name, "trusted") for key in self._keys.trusted()}
        known |= {key.id: (key.name, "own") for key in self._keys.own()}
        for text in named:
            found = text if KEY_ID.fullmatch(text) else self._id_of(text)
            known[found] = (known.get(found, (None, "named"))[0], "named")
        return known

    def _id_of(self, text: str) -> str:
        """The id of the key that a caller named: by its name here, the beginning of its id, or a file."""
        for known, name in self._keys.names().items():
            if name == text or (len(text) >= LEAST_PREFIX and known.startswith(text)):
                return known
        return key_id(public_in_file(self._readable_key(text, "trust"), text))


def _own(key: OwnKey) -> KeyItem:
    return KeyItem(name=key.name, id=key.id, trust="own", public_key=key.public.hex(), protected=key.protected)


def _of_another(key: TrustedKey) -> KeyItem:
    return KeyItem(name=key.name, id=key.id, trust="trusted", public_key=key.key, since=key.since)
