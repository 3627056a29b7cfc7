"""Merkle trees are RFC 6962's, and a proof proves its own leaf at its own place alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.custody.proof.merkle import leads_to, path, root

LEAVES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58)),
          bytes(range(0x60, 0x70))]  # fmt: skip
"""The leaves that implementations of Certificate Transparency compare themselves by."""

KNOWN = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """The root as RFC 6962 defines it: by halves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


@pytest.mark.parametrize("size", KNOWN)
def test_known_roots(size: int) -> None:
    """The roots over the well-known leaves are the well-known ones."""
    assert root(LEAVES[:size]).hex() == KNOWN[size]


@pytest.mark.parametrize("size", range(1, 71))
def test_every_leaf_of_every_size_is_proved(size: int) -> None:
    """For all trees of 1 to 70 leaves: the root is the definition's, and each leaf's path leads to it."""
    leaves = [str(number).encode() for number in range(size)]
    assert root(leaves) == by_definition(leaves)
    for index, leaf in enumerate(leaves):
        assert leads_to(leaf, index, size, path(leaves, index)) == root(leaves)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True), st.data())
def test_a_proof_proves_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    """Another leaf, another place, a shorter, longer or changed path do not lead to the root."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    beside, top = path(leaves, index), root(leaves)
    other = data.draw(st.binary(max_size=8).filter(lambda leaf: leaf != leaves[index]))
    assert leads_to(other, index, len(leaves), beside) != top
    wrong = data.draw(st.integers(-1, len(leaves)).filter(lambda place: place != index))
    assert leads_to(leaves[index], wrong, len(leaves), beside) != top
    assert leads_to(leaves[index], index, len(leaves), [*beside, bytes(32)]) is None
    if beside:
        assert leads_to(leaves[index], index, len(leaves), beside[:-1]) is None
        at = data.draw(st.integers(0, len(beside) - 1))
        changed = [*beside[:at], bytes([beside[at][0] ^ 1]) + beside[at][1:], *beside[at + 1 :]]
        assert leads_to(leaves[index], index, len(leaves), changed) != top


def test_a_node_passes_for_no_leaf() -> None:
    """The two halves of a tree, put together as one leaf, have another hash than the tree."""
    leaves = [b"a", b"b"]
    inner = hashlib.sha256(b"\0a").digest() + hashlib.sha256(b"\0b").digest()
    assert root([inner]) != root(leaves)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    """A place outside the tree is a mistake of the caller's."""
    with pytest.raises(IndexError):
        path([b"a"], 1)
