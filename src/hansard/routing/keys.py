"""Keys of providers, by name: from the environment, else from the system's keyring. They are never written by us.

A key is what its holder can do with it: it stands in no settings file, no record, no error and no log; what providers
write is freed of it where it comes in (``providers.faults``). Sources: specs/operations, section 12 ("Secrets").
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from hansard.routing import errors

SERVICE: Final = "hansard"
"""What the keyring calls the program that a key is for."""


class Key:
    """A key that does not show itself: neither printed, nor formatted, nor pickled."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the provider's library alone."""
        return self._value

    def __repr__(self) -> str:
        return f"Key({self.name!r})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key is not pickled")


def find_key(name: str, environ: Mapping[str, str] | None = None) -> Key | None:
    """The key of this name, or ``None``.

    Args:
        name: the variable of the environment; in the keyring the user name of the service ``hansard``.
        environ: the process's own when left out.

    Raises:
        HansardError: ``key_unusable`` for one with line breaks or other signs that no header can carry.
    """
    told = (os.environ if environ is None else environ).get(name)
    where = "environment"
    if not told or not told.strip():
        told, where = _from_keyring(name), "keyring"
    if not told or not told.strip():
        return None
    value = told.strip()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise errors.key_unusable(name, where)
    return Key(name, value)


def need_key(name: str, model: str, environ: Mapping[str, str] | None = None) -> Key:
    """The same where it must be there.

    Raises:
        HansardError: ``key_missing``, ``key_unusable``.
    """
    found = find_key(name, environ)
    if found is None:
        raise errors.key_missing(name, model)
    return found


def _from_keyring(name: str) -> str | None:
    """From the system's keyring; nothing where the library or a keyring is not there, or it stays locked."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, name)
    except (KeyringError, RuntimeError, OSError):
        return None
