"""Merkle trees as RFC 6962 has them (section 2.1): one hash over many leaves, short proofs that a leaf is among them.

Leaves and nodes are hashed under different first bytes, so that no node passes for a leaf. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

_LEAF: Final = b"\0"
_NODE: Final = b"\1"


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(_LEAF + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash over all leaves, in their order; that of nothing where there is none."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:  # the same tree as RFC 6962's recursion: an odd one at the end goes up as it is
        level = [
            _node_hash(*level[at : at + 2]) if at + 1 < len(level) else level[at] for at in range(0, len(level), 2)
        ]
    return level[0]


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The proof that the leaf at ``index`` is one of these: the hashes beside its way up, the lowest first."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    beside = []
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        if index ^ 1 < len(level):
            beside.append(level[index ^ 1])
        level = [
            _node_hash(*level[at : at + 2]) if at + 1 < len(level) else level[at] for at in range(0, len(level), 2)
        ]
        index //= 2
    return beside


def leads_to(leaf: bytes, index: int, size: int, beside: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to; ``None`` where it is not as long as one for this place (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    found = leaf_hash(leaf)
    at, last = index, size - 1
    left = list(beside)
    while last:
        if at % 2 or at != last:
            if not left:
                return None
            other = left.pop(0)
            found = _node_hash(other, found) if at % 2 else _node_hash(found, other)
        at //= 2
        last //= 2
    return None if left else found
