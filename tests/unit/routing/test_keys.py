"""Keys: found by name, never shown."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing import keys
from hansard.routing.keys import Key, find_key, need_key
from tests.conftest import absent

VALUE = "sk-" + "aB3d" * 10


@pytest.fixture(autouse=True)
def no_keyring(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring of whoever runs the tests is left alone."""
    if "ring" not in request.fixturenames:
        monkeypatch.setattr(keys, "_from_keyring", lambda _name: None)


@pytest.fixture
def ring() -> Iterator[dict[tuple[str, str], str]]:
    """A keyring of the test's own behind the real library; what is put into it can be found."""
    try:
        import keyring
        from keyring.backend import KeyringBackend
    except ImportError:
        absent("keyring is not installed")
    held: dict[tuple[str, str], str] = {}

    class Ring(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            if "locked" in username:
                raise keyring.errors.KeyringLocked("it stays locked")
            return held.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            held[service, username] = password

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call]
    yield held
    keyring.set_keyring(before)


def test_key_is_found_in_the_environment() -> None:
    """A key is read by its name, without spaces around it."""
    found = find_key("A_KEY", {"A_KEY": f" {VALUE}\n"})
    assert found is not None
    assert found.reveal() == VALUE
    assert find_key("A_KEY", {}) is None
    assert find_key("A_KEY", {"A_KEY": "  "}) is None


def test_environment_wins_over_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring is asked only where the environment has nothing."""
    monkeypatch.setattr(keys, "_from_keyring", lambda name: f"ring-{name}")
    found = find_key("A_KEY", {"A_KEY": VALUE})
    other = find_key("A_KEY", {})
    assert found is not None
    assert other is not None
    assert (found.reveal(), other.reveal()) == (VALUE, "ring-A_KEY")


def test_key_is_found_in_the_keyring(ring: dict[tuple[str, str], str]) -> None:
    """The real library is asked for the entry of the service ``hansard``; a locked ring has no key."""
    ring["hansard", "A_KEY"] = VALUE
    ring["other", "B_KEY"] = VALUE
    found = find_key("A_KEY", {})
    assert found is not None
    assert found.reveal() == VALUE
    assert find_key("B_KEY", {}) is None
    assert find_key("locked", {}) is None


def test_missing_key_says_what_to_do() -> None:
    """A missing key is refused with its name, and with both ways to give it."""
    with pytest.raises(HansardError) as caught:
        need_key("A_KEY", "gpt", {})
    assert caught.value.code == "key_missing"
    assert "A_KEY" in str(caught.value)
    assert "keyring" in str(caught.value)


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "naïve"])
def test_unusable_key_is_refused_unseen(value: str) -> None:
    """A key that no header can carry is refused without being shown."""
    with pytest.raises(HansardError) as caught:
        find_key("A_KEY", {"A_KEY": value})
    assert caught.value.code == "key_unusable"
    assert value not in repr(caught.value.as_dict())


def test_key_does_not_show_itself() -> None:
    """Neither printing, nor formatting, nor pickling a key gives it away."""
    key = Key("A_KEY", VALUE)
    assert VALUE not in f"{key} {key!r} {[key]} {vars(type(key))}"
    for give in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            give(key)
