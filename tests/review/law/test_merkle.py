# SPDX-License-Identifier: Apache-2.0
"""Merkle tree against the public root vectors and against a second computation that shares no code with ours."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.audit import merkle

# Roots over the first n of eight fixed leaves, as published with Certificate Transparency (RFC 6962).
LEAVES = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


class LevelTree:
    """The same tree built level by level: pairs are joined, an odd last node moves up; proofs are read off it."""

    def __init__(self, leaves: list[bytes]) -> None:
        level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
        self.levels = [level]
        while len(level) > 1:
            pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
            level = pairs + level[len(level) - len(level) % 2 :]
            self.levels.append(level)

    def root(self) -> bytes:
        return self.levels[-1][0]

    def inclusion(self, index: int) -> list[bytes]:
        path = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            index //= 2
        return path


@pytest.mark.parametrize("n", range(1, 9))
def test_roots_are_the_published_ones(n: int) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES[:n]]

    assert merkle.tree_root(hashes).hex() == ROOTS[n - 1]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.tree_root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("n", range(1, 41))
def test_root_and_every_inclusion_proof_agree_with_a_tree_built_level_by_level(n: int) -> None:
    leaves = [bytes([item]) * item for item in range(n)]
    other = LevelTree(leaves)
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]

    assert merkle.tree_root(hashes) == other.root()
    for index in range(n):
        path = merkle.inclusion_path(index, hashes)
        assert list(path) == other.inclusion(index)
        assert merkle.verify_inclusion(index=index, size=n, leaf=hashes[index], path=path, root=other.root())


def test_every_consistency_proof_up_to_thirty_leaves_verifies_and_no_other_root_does() -> None:
    hashes = [merkle.leaf_hash(bytes([item])) for item in range(30)]
    roots = [merkle.tree_root(hashes[:n]) for n in range(31)]
    for new in range(1, 31):
        for old in range(1, new + 1):
            path = merkle.consistency_path(old, hashes[:new])
            arguments = {"old_size": old, "new_size": new, "path": path, "new_root": roots[new]}

            assert merkle.verify_consistency(**arguments, old_root=roots[old])
            assert not merkle.verify_consistency(**arguments, old_root=roots[old - 1])


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_a_consistency_proof_of_impossible_sizes_is_refused(old: int, new: int) -> None:
    root = merkle.EMPTY_ROOT

    assert not merkle.verify_consistency(old_size=old, new_size=new, path=(), old_root=root, new_root=root)


@settings(max_examples=150, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 10_000))
def test_a_changed_proof_is_refused(n: int, seed: int) -> None:
    hashes = [merkle.leaf_hash(bytes([item])) for item in range(n)]
    index = seed % n
    path = list(merkle.inclusion_path(index, hashes))
    root = merkle.tree_root(hashes)

    def holds(**changes: object) -> bool:
        arguments: dict[str, object] = {
            "index": index,
            "size": n,
            "leaf": hashes[index],
            "path": path,
            "root": root,
        }
        return merkle.verify_inclusion(**{**arguments, **changes})  # type: ignore[arg-type]

    assert holds()
    assert not holds(path=[*path, root])
    assert not holds(root=bytes(32))
    assert not holds(leaf=bytes(32))
    assert not holds(leaf=b"short")
    assert not holds(index=n)
    if path:
        position = seed % len(path)
        assert not holds(path=path[:-1])
        assert not holds(path=[*path[:position], bytes(32), *path[position + 1 :]])
        assert not holds(path=[*path[:position], b"short", *path[position + 1 :]])
