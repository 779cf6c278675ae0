# SPDX-License-Identifier: Apache-2.0
"""Decides what need not be decoded: keyframes are compared with the empty scene, and quiet stretches are left out.

A skip is a claim, so every skipped span is recorded with the largest change that was seen at its edges, and triage
declines where keyframes lie too far apart to vouch for what is between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import AuditedGroup, SkippedSpan

__all__ = ["MAX_TRUSTED_GOP_S", "KeyLook", "Selection", "select_spans"]

MAX_TRUSTED_GOP_S: Final = 3.0
MARGIN_GOPS: Final = 1
"""Groups of pictures decoded before and after an active one, so that no track loses its head or tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLook:
    """What one keyframe showed.

    Attributes:
        pts_ticks: Its time.
        largest_change_unit: Largest changed region, as a share of the picture.
        is_active: True when something differs from the empty scene.
        step_s: Seconds to the next keyframe; too far for it to vouch for what is between, and the group is decoded.
    """

    pts_ticks: int
    largest_change_unit: float
    is_active: bool
    step_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Half-open spans of media time to decode, and those to skip; together they cover the segment.

    ``skipped_groups`` are the groups of pictures that the skipped spans are made of, each with its own score.
    """

    active: tuple[tuple[int, int], ...]
    skipped: tuple[SkippedSpan, ...]
    skipped_groups: tuple[SkippedSpan, ...] = ()

    def opened(self, groups: Sequence[AuditedGroup]) -> Selection:
        """The same with every skipped span that holds one of these groups decoded; neighbours become one span."""
        lost = [
            span
            for span in self.skipped
            if any(span.first_pts_ticks <= group.first_pts_ticks < span.end_pts_ticks for group in groups)
        ]
        spans = sorted([*self.active, *((span.first_pts_ticks, span.end_pts_ticks) for span in lost)])
        active: list[tuple[int, int]] = []
        for start, end in spans:
            if active and active[-1][1] == start:
                active[-1] = (active[-1][0], end)
            else:
                active.append((start, end))
        return replace(self, active=tuple(active), skipped=tuple(span for span in self.skipped if span not in lost))


def select_spans(
    looks: list[KeyLook],
    *,
    start_pts_ticks: int,
    end_pts_ticks: int,
    pts_ticks: NDArray[np.int64],
    margin_gops: int = MARGIN_GOPS,
) -> Selection:
    """Choose the groups of pictures to decode: both sides of an active keyframe, and a margin.

    Args:
        looks: One per keyframe of the segment, in time order; the first at or before ``start_pts_ticks``.
        start_pts_ticks: Start of the segment.
        end_pts_ticks: End of the segment (first tick not in it).
        pts_ticks: (N,) sorted PTS of all frames, to count what is skipped.
        margin_gops: Groups added on both sides.

    Returns:
        Spans that partition ``[start, end)``.
    """
    if not looks:
        return Selection(active=((start_pts_ticks, end_pts_ticks),), skipped=())
    if looks[0].pts_ticks > start_pts_ticks:
        # Why: nothing was looked at before the first keyframe, so nothing can be said of what lies there.
        unseen = KeyLook(pts_ticks=start_pts_ticks, largest_change_unit=looks[0].largest_change_unit, is_active=True)
        looks = [unseen, *looks]
    n_gops = len(looks)
    wanted = np.zeros(n_gops, bool)
    for i, look in enumerate(looks):
        if look.is_active:
            wanted[max(0, i - 1 - margin_gops) : i + 1 + margin_gops] = True
        if look.step_s > MAX_TRUSTED_GOP_S:
            wanted[i] = True
    edges = [start_pts_ticks, *(look.pts_ticks for look in looks[1:]), end_pts_ticks]
    active: list[tuple[int, int]] = []
    skipped: list[SkippedSpan] = []
    groups: list[SkippedSpan] = []

    def skip(first: int, last: int) -> SkippedSpan:
        start, end = edges[first], edges[last]
        # Why: a group answers for both keyframes that it lies between.
        score = max(look.largest_change_unit for look in looks[first : min(last + 1, n_gops)])
        n_frames = int(np.searchsorted(pts_ticks, end) - np.searchsorted(pts_ticks, start))
        return SkippedSpan(first_pts_ticks=start, end_pts_ticks=end, n_frames=n_frames, score=round(score, 6))

    first = 0
    for i in range(1, n_gops + 1):
        if i < n_gops and wanted[i] == wanted[first]:
            continue
        start, end = edges[first], edges[i]
        if wanted[first]:
            active.append((start, end))
        elif end > start:
            skipped.append(skip(first, i))
            groups += [skip(k, k + 1) for k in range(first, i) if edges[k] < edges[k + 1]]
        first = i
    return Selection(active=tuple(active), skipped=tuple(skipped), skipped_groups=tuple(groups))
