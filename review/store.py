# SPDX-License-Identifier: Apache-2.0
"""The blobs of a case, each encrypted to the case key and bound to its name.

``CASE/blobs/<name>.age`` is an age file whose content is ``relecture-blob-v1``, the name, an HMAC-SHA256 (hex) and
then the blob. age alone would let anyone who knows the public recipient write a blob, or swap two; the HMAC, under a
key derived from the case's secret, shows that a holder of the case key wrote this content under this name.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from models.errors import Defect, Tampered, UnknownReference
from review.durable import write_durable
from review.seal import AgeIdentity

__all__ = ["SealedStore", "content_sha256"]

MAGIC: Final = b"relecture-blob-v1"
SUFFIX: Final = ".age"
NAME_PATTERN: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*")


def content_sha256(content: bytes) -> str:
    """SHA-256 of a blob's plain content, hex: what the audit log records."""
    return hashlib.sha256(content).hexdigest()


class SealedStore:
    """Encrypted blobs in a folder; implements ``indexer.blobs.BlobStore``.

    Args:
        folder: ``CASE/blobs``.
        identity: The case key.
        before_write: Called with name and content's SHA-256 before anything is written; raises to refuse.
    """

    def __init__(
        self, folder: Path, identity: AgeIdentity, *, before_write: Callable[[str, str], None] | None = None
    ) -> None:
        self.folder = folder
        self._identity = identity
        self._before_write = before_write

    def _path_of(self, name: str) -> Path:
        if not NAME_PATTERN.fullmatch(name) or name.endswith(SUFFIX):
            raise Defect(f"“{name}” cannot name a blob: lower-case letters, digits, dot, dash, underscore and slash.")
        return self.folder / f"{name}{SUFFIX}"

    def names(self, prefix: str) -> tuple[str, ...]:
        """Names that start with a prefix, sorted; an empty prefix gives all."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob(f"*{SUFFIX}"))
        return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.startswith(prefix)))

    def exists(self, name: str) -> bool:
        """True when a blob of that name is there."""
        return self._path_of(name).is_file()

    def read(self, name: str) -> bytes:
        """Decrypt a blob.

        Raises:
            UnknownReference: There is none of that name.
            Tampered: The file was altered, cut, swapped or written without the case key.
        """
        path = self._path_of(name)
        shown = f"blobs/{name}{SUFFIX}"
        try:
            sealed = path.read_bytes()
        except FileNotFoundError as exc:
            raise UnknownReference(f"{shown} is not in the case.", hint="Run: relecture verify CASE") from exc
        except OSError as exc:
            raise Tampered(f"{shown} cannot be read: {exc.strerror}.", hint="The disk may be failing.") from exc
        hint = "Run: relecture verify CASE. Restore the file from a backup."
        try:
            plain = self._identity.decrypt(sealed)
        except Tampered as exc:
            raise Tampered(f"{shown} was altered, cut or does not belong to this case.", hint=hint) from exc
        head, _, rest = plain.partition(b"\n")
        written_name, _, rest = rest.partition(b"\n")
        mac, _, content = rest.partition(b"\n")
        if head != MAGIC or written_name != name.encode():
            raise Tampered(f"{shown} holds another blob: it was moved or swapped.", hint=hint)
        if not hmac.compare_digest(mac, self._mac(name, content)):
            raise Tampered(f"{shown} was not written with the key of this case.", hint=hint)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Encrypt and write a blob, atomically and durably.

        Raises:
            StoreProblem: It could not be written; the former blob is still in place.
        """
        path = self._path_of(name)
        if self._before_write is not None:
            self._before_write(name, content_sha256(content))
        head = b"\n".join((MAGIC, name.encode(), self._mac(name, content), b""))
        write_durable(path, self._identity.encrypt(head + content))

    def _mac(self, name: str, content: bytes) -> bytes:
        return self._identity.mac(name.encode() + b"\n" + content).hex().encode()
