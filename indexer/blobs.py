# SPDX-License-Identifier: Apache-2.0
"""The seam through which the indexer keeps results, without knowing folders, keys or cases."""

from __future__ import annotations

from typing import Protocol

__all__ = ["BlobStore", "MemoryBlobStore"]


class BlobStore(Protocol):
    """Named immutable byte strings. A write is atomic and durable: after it returns, a power cut loses nothing."""

    def names(self, prefix: str) -> tuple[str, ...]:
        """Names that start with ``prefix``, sorted."""
        ...

    def exists(self, name: str) -> bool:
        """True when a blob of that name was written."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a blob."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a blob, replacing one of that name."""
        ...


class MemoryBlobStore:
    """A store that lives in memory, for tests and benchmarks of the indexer alone."""

    def __init__(self) -> None:
        self._content_by_name: dict[str, bytes] = {}

    def names(self, prefix: str) -> tuple[str, ...]:
        """Names that start with ``prefix``, sorted."""
        return tuple(sorted(name for name in self._content_by_name if name.startswith(prefix)))

    def exists(self, name: str) -> bool:
        """True when a blob of that name was written."""
        return name in self._content_by_name

    def read(self, name: str) -> bytes:
        """The content of a blob; ``KeyError`` when it is missing."""
        return self._content_by_name[name]

    def write(self, name: str, content: bytes) -> None:
        """Write a blob, replacing one of that name."""
        self._content_by_name[name] = bytes(content)
