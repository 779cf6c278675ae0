# SPDX-License-Identifier: Apache-2.0
"""Tracks lost: what one run found and another did not, and what of the truth neither shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.indexing.footage import Pass
from indexer.audit import upper_bound_unit

__all__ = ["Losses", "losses", "passes_found"]

SAME_IOU = 0.3
SAME_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Tracks of a reference run that another run lacks.

    Attributes:
        n_reference: Tracks of the reference that have a class.
        n_lost: Of these, without any track that lies on them for at least 30 % of their frames.
        n_cut: Of these, found with less than 90 % of their frames.
        upper_unit: One-sided 95 % upper limit of the share lost; 1 where there is no reference.
    """

    n_reference: int
    n_lost: int
    n_cut: int
    upper_unit: float


def losses(reference: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]], *, class_name: str = "") -> Losses:
    """Compare two runs over the same recording; tracks as the driver writes them.

    Args:
        reference: Tracks of the run that skipped nothing.
        found: Tracks of the run in question, of any class.
        class_name: ``other`` to look at unnamed tracks; empty for all that have a class.
    """
    wanted = [item for item in reference if (item["class"] == "other") == (class_name == "other")]
    n_lost = n_cut = 0
    for item in wanted:
        shares = _covered(item, found)
        n_lost += shares < SAME_SHARE
        n_cut += SAME_SHARE <= shares < 0.9
    upper = upper_bound_unit(n_lost, len(wanted)) if wanted else 1.0
    return Losses(n_reference=len(wanted), n_lost=n_lost, n_cut=n_cut, upper_unit=round(upper, 4))


def passes_found(passes: Sequence[Pass], found: Sequence[dict[str, Any]]) -> int:
    """Passes of the truth during which some named track is seen for a fifth of the time or more."""
    n_found = 0
    for item in passes:
        seen = np.zeros(item.last_frame - item.first_frame + 1, np.bool_)
        for track in found:
            if track["class"] != "other":
                first = max(track["frames"][0], item.first_frame) - item.first_frame
                last = min(track["frames"][-1], item.last_frame) - item.first_frame
                seen[first : max(first, last + 1)] = True
        n_found += bool(seen.mean() >= 0.2)
    return n_found


def _covered(item: dict[str, Any], found: Sequence[dict[str, Any]]) -> float:
    """Share of a track's frames at which some other track lies on it."""
    frames = np.array(item["frames"])
    boxes = np.array(item["boxes"])
    covered = np.zeros(len(frames), np.bool_)
    for other in found:
        _, mine, theirs = np.intersect1d(frames, other["frames"], assume_unique=True, return_indices=True)
        if len(mine):
            covered[mine] |= _ious(boxes[mine], np.array(other["boxes"])[theirs]) >= SAME_IOU
    return float(covered.mean())


def _ious(a: np.ndarray, b: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    overlap = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return np.asarray(overlap / np.maximum(areas - overlap, 1e-9))
