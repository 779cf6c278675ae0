# SPDX-License-Identifier: Apache-2.0
"""Every frame of a segment is perceived, skipped, or named here with the reason why nothing is known of it."""

from __future__ import annotations

from indexer.findings import Finding, FindingKind
from indexer.planning import SegmentPlan
from indexer.segments import SegmentStats

__all__ = ["missing_findings"]


def missing_findings(plan: SegmentPlan, stats: SegmentStats, n_skipped: int) -> tuple[Finding, ...]:
    """What was lost of a segment or may be wrong, over its whole span; what was not seen is not said.

    Args:
        plan: The segment.
        stats: What making it counted.
        n_skipped: Frames that triage left out.
    """
    n_lost = stats.n_frames - stats.n_decoded - stats.n_time_repeats - stats.n_other_size - n_skipped
    said = (
        (
            FindingKind.CORRUPT_FRAMES,
            "{n} frame(s) of this stretch are damaged; what they show may be wrong.",
            stats.n_corrupt,
        ),
        (
            FindingKind.TIME_BACKWARD,
            "{n} frame(s) of this stretch carry a time that an earlier one has; they are not analysed.",
            stats.n_time_repeats,
        ),
        (
            FindingKind.SIZE_CHANGES,
            "{n} frame(s) of this stretch have another size than the others; they are not analysed.",
            stats.n_other_size,
        ),
        (
            FindingKind.DECODE_ERRORS,
            "{n} frame(s) of this stretch could not be decoded, so nothing is known of them.",
            n_lost,
        ),
    )
    return tuple(
        Finding(
            kind=kind,
            component="decode",
            detail=detail.format(n=count),
            count=count,
            first_pts_ticks=plan.start_pts_ticks,
            last_pts_ticks=plan.end_pts_ticks,
        )
        for kind, detail, count in said
        if count > 0
    )
