# SPDX-License-Identifier: Apache-2.0
"""Layout of a bundle (BagIt 1.0, SHA-512 only), shared by the one who writes it and the one who verifies it.

::

    bundle/
      bagit.txt  bag-info.txt  manifest-sha512.txt  tagmanifest-sha512.txt  verify.sh  LISEZMOI.txt
      data/clips/EX-0001.mp4  data/stills/EX-0001.png
      data/case/manifest.json          what everything is, where it comes from, who made it
      data/proof/record.json           the line of the audit log that names the manifest
      data/proof/inclusion.tlog-proof  that this line is in the log of the checkpoint
      data/proof/checkpoint            size and root of the log, signed
      data/report/pv.pdf               procès-verbal d'exploitation, PDF/A
      signatures/operator.pem          certificate of the operator
      signatures/tagmanifest-sha512.txt.p7s      CMS signature of the operator
      signatures/tagmanifest-sha512.txt.p7s.tsr  RFC 3161 token over it, if a unit has an authority
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = [
    "BAGIT_TEXT",
    "CERTIFICATE",
    "CHECKPOINT",
    "CLIPS",
    "MANIFEST",
    "NAME_PATTERN",
    "PAYLOAD_LIST",
    "PROOF",
    "RECORD",
    "REPORT",
    "SIGNATURE",
    "STILLS",
    "TAG_LIST",
    "TIMESTAMP",
    "file_digest",
    "list_files",
    "list_text",
    "unlisted_tags",
]

BAGIT_TEXT: Final = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD_LIST: Final = "manifest-sha512.txt"
TAG_LIST: Final = "tagmanifest-sha512.txt"
CLIPS: Final = "data/clips"
STILLS: Final = "data/stills"
MANIFEST: Final = "data/case/manifest.json"
RECORD: Final = "data/proof/record.json"
PROOF: Final = "data/proof/inclusion.tlog-proof"
CHECKPOINT: Final = "data/proof/checkpoint"
REPORT: Final = "data/report/pv.pdf"
CERTIFICATE: Final = "signatures/operator.pem"
SIGNATURE: Final = f"signatures/{TAG_LIST}.p7s"
TIMESTAMP: Final = f"{SIGNATURE}.tsr"
# Why: BagIt percent-encodes line feeds and percent signs in names and sha512sum does not; these names need neither.
NAME_PATTERN: Final = re.compile(r"[A-Za-z0-9._-]+")
CHUNK_BYTES: Final = 1 << 22


def unlisted_tags() -> frozenset[str]:
    """Files outside ``data/`` that the tag list cannot name: itself and what signs it."""
    return frozenset({TAG_LIST, SIGNATURE, TIMESTAMP})


def list_files(folder: Path) -> tuple[str, ...]:
    """Every file of a bundle, links and special files included, as sorted relative names."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return tuple(sorted(path.relative_to(folder).as_posix() for path in found))


def file_digest(path: Path, algorithm: str = "sha512") -> str:
    """Digest of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def list_text(digest_by_name: Mapping[str, str]) -> str:
    """Text of a manifest, in the form that ``sha512sum -c`` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digest_by_name.items()))
