"""Keys: Ed25519 pairs of this home, and the public keys of others that it trusts. Files, never rows of the store.

A key's id is the SHA-256 of its public half. ``keys/<name>.pem`` holds both halves of an own one (PEM, the private
half PKCS 8, encrypted where a passphrase was given) and may be read by its owner alone; ``keys/trusted.json`` lists
the keys of others by name.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from hansard.custody import errors
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError, file_unwritable
from hansard.kernel.locks import file_lock

FOLDER: Final = "keys"
TRUSTED_FILE: Final = "trusted.json"
TRUSTED_FORMAT: Final = "hansard-trusted-1"
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
LEAST_PREFIX: Final = 8
"""So many characters of a key's id are enough to name it, where they are unique."""

NAME: Final = re.compile("[a-z][a-z0-9-]{0,31}")
_HEX: Final = re.compile("[0-9a-f]+")
_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.*?-----END \1-----\n?", re.DOTALL)
_LIMIT_BYTES: Final = 64 * 1024

Ask = Callable[[str, bool], "str | None"]
"""Asks for the passphrase of the key of this name; ``True``: a new one is to be chosen. ``None``: nobody answers."""


def nobody_answers(_name: str, _new: bool) -> str | None:
    """No passphrase can be asked for."""
    return None


class OwnKey(msgspec.Struct, frozen=True):
    """A key pair of this home."""

    name: str
    public: bytes
    protected: bool
    """Whether its private half is encrypted."""

    @property
    def id(self) -> str:
        """SHA-256 of the public half, in hexadecimal."""
        return key_id(self.public)


class TrustedKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key of somebody else that this home trusts."""

    id: str
    name: str
    since: str
    key: str | None = None
    """The public half, in hexadecimal; nothing where the id alone was given."""


class _Trusted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    keys: list[TrustedKey]


def key_id(public: bytes) -> str:
    """The id of a key: SHA-256 of its 32 public bytes, in hexadecimal."""
    return sha256_hex(public)


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature over ``data`` was made with this key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_pem(public: bytes) -> str:
    """A public key as PEM, as other programs read it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return (
        Ed25519PublicKey.from_public_bytes(public)
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def public_from_pem(text: str, name: str) -> bytes:
    """The 32 bytes of the first public key in a PEM text.

    Raises:
        HansardError: ``key_unreadable``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for block in _BLOCK.finditer(text):
        if block[1] == "PUBLIC KEY":
            try:
                found = serialization.load_pem_public_key(block[0].encode())
            except (ValueError, UnsupportedAlgorithm):
                raise errors.key_unreadable(name, "its public key cannot be read") from None
            if not isinstance(found, Ed25519PublicKey):
                raise errors.key_unreadable(name, "its key is of another kind than Ed25519")
            return found.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    raise errors.key_unreadable(name, "no public key stands in it")


def public_in_file(path: Path, name: str) -> bytes:
    """The public key that a file of somebody else holds; one with a private half is refused.

    Raises:
        HansardError: ``key_unreadable``, ``key_private``, or a refusal of the file.
    """
    try:
        data = files.read_bytes(path, name=name, limit_bytes=_LIMIT_BYTES)
    except HansardError as fault:
        if fault.code == "file_too_large":
            raise errors.key_unreadable(name, "it is far larger than a key; give the .pub file") from None
        raise
    text = files.decoded(data, name).text
    if "PRIVATE KEY-----" in text:
        raise errors.key_private(name)
    return public_from_pem(text, name)


class Keyring:
    """The keys of one home."""

    def __init__(self, home: Path, ask: Ask = nobody_answers) -> None:
        """Keys below ``home``; the folder is made when it is first needed."""
        self._folder = home / FOLDER
        self._ask = ask

    # -- own keys --

    def create(self, name: str, *, protected: bool) -> OwnKey:
        """Draw a new pair.

        Raises:
            HansardError: ``key_exists``, ``key_name_malformed``, ``passphrase_missing``.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._must_be_free(name)
        return self._keep(name, Ed25519PrivateKey.generate(), self._new_passphrase(name) if protected else None)

    def take(self, name: str, path: Path, called: str) -> OwnKey:
        """Take a private key in that was made elsewhere (PEM); one that is encrypted stays so.

        Raises:
            HansardError: ``key_exists``, ``key_unreadable``, ``passphrase_missing``, ``passphrase_wrong``.
        """
        self._must_be_free(name)
        text = files.decoded(files.read_bytes(path, name=called, limit_bytes=_LIMIT_BYTES), called).text
        passphrase = self._passphrase(name) if "ENCRYPTED PRIVATE KEY" in text else None
        return self._keep(name, _private(text, called, passphrase), passphrase)

    def own(self) -> list[OwnKey]:
        """Every pair of this home, by name.

        Raises:
            HansardError: ``key_unreadable``.
        """
        try:
            found = sorted(self._folder.glob("*.pem"))
        except OSError:
            return []
        return [self._read(path) for path in found]

    def named(self, name: str) -> OwnKey | None:
        """The pair of this name or id (or the beginning of one)."""
        return next((key for key in self.own() if key.name == name or _is_prefix(name, key.id)), None)

    def signer(self, name: str | None) -> tuple[OwnKey, Callable[[bytes], bytes]]:
        """A pair that can sign, and what signs with it; the only one there is, where none is named.

        Raises:
            HansardError: ``no_signing_key``, ``key_not_found``, ``key_ambiguous``, ``key_exposed``,
                ``passphrase_missing``, ``passphrase_wrong``, ``key_unreadable``.
        """
        there = self.own()
        if name is None:
            if not there:
                raise errors.no_signing_key()
            if len(there) > 1:
                raise errors.key_ambiguous([key.name for key in there])
            key = there[0]
        else:
            found = self.named(name)
            if found is None:
                raise errors.key_not_found(name, [key.name for key in there])
            key = found
        path = self._path(key.name)
        if path.stat().st_mode & 0o077:
            raise errors.key_exposed(key.name)
        private = _private(files.read_text(path).text, path.name, self._passphrase(key.name) if key.protected else None)
        if _public_of(private) != key.public:
            raise errors.key_unreadable(path.name, "its halves do not belong together")
        return key, private.sign

    # -- trusted keys --

    def trusted(self) -> list[TrustedKey]:
        """The keys of others that this home trusts, by name.

        Raises:
            HansardError: ``key_unreadable``.
        """
        path = self._folder / TRUSTED_FILE
        if not path.exists():
            return []
        try:
            found = msgspec.json.decode(files.read_bytes(path), type=_Trusted)
        except msgspec.DecodeError as fault:
            raise errors.key_unreadable(TRUSTED_FILE, str(fault)) from None
        if found.format != TRUSTED_FORMAT:
            raise errors.key_unreadable(TRUSTED_FILE, f"it is of the format '{found.format[:40]}'")
        return sorted(found.keys, key=lambda key: key.name)

    def trust(self, key: TrustedKey) -> None:
        """Trust a key from now on.

        Raises:
            HansardError: ``key_exists`` where its name is taken by another key.
        """
        with self._changing():
            kept = [one for one in self.trusted() if one.id != key.id]
            if any(one.name == key.name for one in kept):
                raise errors.key_exists(key.name)
            self._write_trusted([*kept, key])

    def untrust(self, name: str) -> TrustedKey:
        """Trust a key no more, by its name or id.

        Raises:
            HansardError: ``key_not_found``.
        """
        with self._changing():
            kept = self.trusted()
            found = next((one for one in kept if one.name == name or _is_prefix(name, one.id)), None)
            if found is None:
                raise errors.key_not_found(name, [one.name for one in kept])
            self._write_trusted([one for one in kept if one is not found])
            return found

    def names(self) -> dict[str, str]:
        """How this home calls each key that it trusts, its own among them, by id."""
        return {key.id: key.name for key in self.trusted()} | {key.id: key.name for key in self.own()}

    # -- files --

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def _read(self, path: Path) -> OwnKey:
        text = files.read_text(path, limit_bytes=_LIMIT_BYTES).text
        return OwnKey(path.stem, public_from_pem(text, path.name), "ENCRYPTED PRIVATE KEY" in text)

    def _must_be_free(self, name: str) -> None:
        if NAME.fullmatch(name) is None:
            raise errors.key_name_malformed(name)
        if os.path.lexists(self._path(name)):
            raise errors.key_exists(name)

    def _keep(self, name: str, private: Any, passphrase: str | None) -> OwnKey:
        """Write a pair into a file of its own, readable by its owner alone, whole or not at all, over nothing."""
        from cryptography.hazmat.primitives import serialization

        shut: Any = (
            serialization.NoEncryption()
            if passphrase is None
            else serialization.BestAvailableEncryption(passphrase.encode())
        )
        public = _public_of(private)
        closed = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, shut)
        path = self._path(name)
        temporary = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(public_pem(public).encode() + closed)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(temporary, path)  # unlike a rename, this never replaces what stands there
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink()
        except FileExistsError:
            raise errors.key_exists(name) from None
        except OSError as fault:
            raise file_unwritable(path.name, fault.strerror or "unknown reason") from None
        return OwnKey(name, public, passphrase is not None)

    @contextlib.contextmanager
    def _changing(self) -> Any:
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(self._folder / ".lock"):
            yield

    def _write_trusted(self, keys: list[TrustedKey]) -> None:
        data = msgspec.json.encode(_Trusted(TRUSTED_FORMAT, sorted(keys, key=lambda key: key.name)))
        files.write_atomic(self._folder / TRUSTED_FILE, msgspec.json.format(data, indent=2) + b"\n")

    def _passphrase(self, name: str) -> str:
        given = self._ask(name, False)
        if not given:
            raise errors.passphrase_missing(name)
        return given

    def _new_passphrase(self, name: str) -> str:
        given = self._ask(name, True)
        if not given:
            raise errors.passphrase_missing(name)
        return given


def _private(text: str, name: str, passphrase: str | None) -> Any:
    """The private key in a PEM text.

    Raises:
        HansardError: ``key_unreadable``, ``passphrase_wrong``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    for block in _BLOCK.finditer(text):
        if block[1] in ("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"):
            try:
                found = serialization.load_pem_private_key(
                    block[0].encode(), None if passphrase is None else passphrase.encode()
                )
            except (ValueError, TypeError, UnsupportedAlgorithm):
                if passphrase is not None:
                    raise errors.passphrase_wrong(name) from None
                raise errors.key_unreadable(name, "its private key cannot be read") from None
            if not isinstance(found, Ed25519PrivateKey):
                raise errors.key_unreadable(name, "its key is of another kind than Ed25519")
            return found
    raise errors.key_unreadable(name, "no private key stands in it")


def _public_of(private: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    public: bytes = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return public


def _is_prefix(text: str, digest: str) -> bool:
    return len(text) >= LEAST_PREFIX and _HEX.fullmatch(text) is not None and digest.startswith(text)
