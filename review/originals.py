# SPDX-License-Identifier: Apache-2.0
"""Originals: which files a case refers to, and whether each still has the digest taken at import.

A recording is a blob ``recordings/<id>.json`` that names at least ``recording_id``, ``path``, ``sha256``,
``size_bytes`` and ``camera``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

from models.errors import Tampered
from review.case_state import RECORDINGS_PREFIX
from review.checks import Progress, no_progress
from review.store import SealedStore

__all__ = ["Original", "RehashResult", "read_originals", "rehash"]

CHUNK_BYTES: Final = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """One original as recorded at import.

    Attributes:
        recording_id: Its identifier.
        path: Where it was delivered.
        sha256: Hex digest at import.
        size_bytes: Size at import.
        camera: Camera identifier.
        document: The whole recording document.
    """

    recording_id: str
    path: Path
    sha256: str
    size_bytes: int
    camera: str
    document: dict[str, object]

    def span_utc(self) -> tuple[datetime, datetime] | None:
        """Corrected start and end, exclusive; None when the clock is unknown or the document does not tell."""
        clock, facts = self.document.get("clock"), self.document.get("facts")
        if not isinstance(clock, dict) or not isinstance(facts, dict):
            return None
        try:
            displayed = datetime.fromisoformat(clock["displayed_start"])
            n_ticks = facts["last_pts_ticks"] - facts["first_pts_ticks"] + facts["median_step_ticks"]
            length_s = n_ticks * Fraction(facts["time_base"])
        except (KeyError, TypeError, ValueError):
            return None
        start = displayed.astimezone(UTC) - timedelta(milliseconds=int(clock.get("offset_ms", 0)))
        return start, start + timedelta(microseconds=round(length_s * 1_000_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class RehashResult:
    """Originals that are no longer what they were, as (original, what is wrong), and how much was read."""

    problems: tuple[tuple[Original, str], ...]
    n_files: int
    n_bytes: int


def read_originals(store: SealedStore) -> tuple[Original, ...]:
    """Every recording of a case, by identifier.

    Raises:
        Tampered: A recording's blob is damaged.
    """
    originals = []
    for name in store.names(RECORDINGS_PREFIX):
        content = store.read(name)
        try:
            document = json.loads(content)
            original = Original(
                recording_id=str(document["recording_id"]),
                path=Path(document["path"]),
                sha256=str(document["sha256"]),
                size_bytes=int(document["size_bytes"]),
                camera=str(document.get("camera", "")),
                document=document,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Tampered(f"blobs/{name}.age is not a recording.", hint="Run: relecture verify CASE") from exc
        originals.append(original)
    return tuple(originals)


def rehash(originals: tuple[Original, ...], *, progress: Progress = no_progress) -> RehashResult:
    """Read every original again and compare size and SHA-256 with those of the import."""
    total = sum(original.size_bytes for original in originals)
    done = 0
    problems = []
    for original in originals:
        problem = ""
        try:
            size = original.path.stat().st_size
            if size != original.size_bytes:
                problem = f"{original.path} has {size} bytes, {original.size_bytes} at import"
            else:
                digest = hashlib.sha256()
                with original.path.open("rb") as file:
                    while chunk := file.read(CHUNK_BYTES):
                        digest.update(chunk)
                        done += len(chunk)
                        progress(done, total)
                if digest.hexdigest() != original.sha256:
                    problem = f"{original.path} no longer has the SHA-256 taken at import ({original.sha256})"
        except FileNotFoundError:
            problem = f"{original.path} is missing"
        except OSError as exc:
            problem = f"{original.path} cannot be read: {exc.strerror}"
        if problem:
            problems.append((original, problem))
    return RehashResult(problems=tuple(problems), n_files=len(originals), n_bytes=done)
