# SPDX-License-Identifier: Apache-2.0
"""Merkle tree of the audit log: roots, inclusion proofs and consistency proofs.

Source: RFC 6962 section 2.1 for the tree, RFC 9162 sections 2.1.3.2 and 2.1.4.2 for the two verifications. Hashes are
32-byte SHA-256 values; a leaf hash is over the bytes of one log line without its line feed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "consistency_path",
    "inclusion_path",
    "leaf_hash",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf: SHA-256 of a zero byte and the leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """What must be kept to append leaves and tell the root: O(log n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        height = 0
        while self._peaks and self._peaks[-1][0] == height:
            leaf = _node(self._peaks.pop()[1], leaf)
            height += 1
        self._peaks.append((height, leaf))
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree of all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            root = _node(left, root)
        return root


def _split(n: int) -> int:
    """Largest power of two smaller than n, for n of at least 2."""
    return 1 << ((n - 1).bit_length() - 1)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_path(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Proof that leaf ``index`` is in the tree over ``leaves``, from the leaf upward."""
    n = len(leaves)
    assert 0 <= index < n
    if n == 1:
        return ()
    k = _split(n)
    if index < k:
        return (*inclusion_path(index, leaves[:k]), tree_root(leaves[k:]))
    return (*inclusion_path(index - k, leaves[k:]), tree_root(leaves[:k]))


def consistency_path(old_size: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Proof that the tree over the first ``old_size`` leaves is a beginning of the tree over all of them."""
    assert 0 < old_size <= len(leaves)
    return _subproof(old_size, leaves, is_whole=True) if old_size < len(leaves) else ()


def _subproof(old_size: int, leaves: Sequence[bytes], *, is_whole: bool) -> tuple[bytes, ...]:
    n = len(leaves)
    if old_size == n:
        return () if is_whole else (tree_root(leaves),)
    k = _split(n)
    if old_size <= k:
        return (*_subproof(old_size, leaves[:k], is_whole=is_whole), tree_root(leaves[k:]))
    return (*_subproof(old_size - k, leaves[k:], is_whole=False), tree_root(leaves[:k]))


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """True when the path leads from the leaf hash at ``index`` to the root of a tree of ``size`` leaves."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES or any(len(item) != HASH_BYTES for item in path):
        return False
    fn, sn, reached = index, size - 1, leaf
    for item in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            reached = _node(item, reached)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            reached = _node(reached, item)
        fn >>= 1
        sn >>= 1
    return sn == 0 and reached == root


def verify_consistency(
    *, old_size: int, new_size: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """True when the path proves that the older tree is a beginning of the newer one."""
    if not 1 <= old_size <= new_size or any(len(item) != HASH_BYTES for item in path):
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if not path:
        return False
    steps = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old_reached = new_reached = steps[0]
    for item in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_reached, new_reached = _node(item, old_reached), _node(item, new_reached)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new_reached = _node(new_reached, item)
        fn >>= 1
        sn >>= 1
    return sn == 0 and old_reached == old_root and new_reached == new_root
