# SPDX-License-Identifier: Apache-2.0
"""How often triage is wrong, measured on every recording: some skipped groups of pictures are decoded all the same.

The groups are drawn by chance from a seed that follows from the recording alone, so that a second run draws the same
ones. What was missed among those drawn bounds what may have been missed among all, by the exact interval of Clopper
and Pearson; drawing without putting back only makes that bound careful.

Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 26(4), 1934.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from indexer.findings import Finding, FindingKind
from indexer.records import SkippedSpan
from indexer.segments import Segment

__all__ = ["CONFIDENCE", "TriageAudit", "audit_finding", "audit_of", "draw_groups", "upper_bound_unit"]

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageAudit:
    """What the audits of some segments say together.

    Attributes:
        n_groups_skipped: Groups of pictures that triage left out.
        n_groups_audited: Of these, drawn and decoded.
        n_groups_missed: Of these, held something that has a class or left its place.
        n_groups_unnamed: Of these, held nothing but differences that stayed where they were.
        miss_rate_unit: Missed of audited; None when none was.
        upper_bound_unit: One-sided upper limit of the true rate at :data:`CONFIDENCE`; None when none was.
        smallest_wh_px: Smallest object that was seen at every place tried, source pixels; None where it is unknown.
        smallest_contrast_levels: At this difference to what is behind it, grey levels.
        longest_step_s: Longest distance of two pictures that were looked at around a skipped group, seconds.
    """

    n_groups_skipped: int
    n_groups_audited: int
    n_groups_missed: int
    n_groups_unnamed: int
    miss_rate_unit: float | None
    upper_bound_unit: float | None
    smallest_wh_px: tuple[int, int] | None
    smallest_contrast_levels: int
    longest_step_s: float

    def document(self) -> dict[str, object]:
        """As ``index --json`` prints it."""
        values: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "confidence": CONFIDENCE}


def draw_groups(groups: Sequence[SkippedSpan], *, share_unit: float, seed_text: str) -> tuple[SkippedSpan, ...]:
    """Draw that share of the groups, at least one when there is any, in time order; equal seeds give equal draws."""
    if not groups or share_unit <= 0:
        return ()
    n_drawn = min(len(groups), max(1, round(share_unit * len(groups))))
    rng = np.random.default_rng(list(hashlib.sha256(f"triage-audit-1|{seed_text}".encode()).digest()))
    picks = np.sort(rng.choice(len(groups), n_drawn, replace=False))
    return tuple(groups[int(i)] for i in picks)


def upper_bound_unit(n_missed: int, n_audited: int, *, confidence: float = CONFIDENCE) -> float:
    """One-sided exact upper limit of a rate.

    >>> round(upper_bound_unit(0, 59), 3)
    0.05
    >>> upper_bound_unit(3, 3)
    1.0
    """
    assert 0 <= n_missed <= n_audited and n_audited > 0
    from scipy.special import betaincinv  # noqa: PLC0415  # Reason: slow to load, and workers never ask for a bound.

    if n_missed == n_audited:
        return 1.0
    return float(betaincinv(n_missed + 1, n_audited - n_missed, confidence))


def audit_of(segments: Sequence[Segment], *, time_base: Fraction) -> TriageAudit:
    """What the audits of the segments of one recording say together."""
    audited = [group for segment in segments for group in segment.audited]
    n_missed = sum(group.n_objects > 0 for group in audited)
    stats = [segment.stats for segment in segments if segment.stats.n_groups_skipped]
    sizes = [(item.smallest_width_px, item.smallest_height_px) for item in stats]
    is_known = bool(sizes) and all(width > 0 for width, _ in sizes)
    return TriageAudit(
        n_groups_skipped=sum(item.n_groups_skipped for item in stats),
        n_groups_audited=len(audited),
        n_groups_missed=n_missed,
        n_groups_unnamed=sum(group.n_objects == 0 and group.n_unnamed > 0 for group in audited),
        miss_rate_unit=round(n_missed / len(audited), 6) if audited else None,
        upper_bound_unit=round(upper_bound_unit(n_missed, len(audited)), 6) if audited else None,
        smallest_wh_px=(max(w for w, _ in sizes), max(h for _, h in sizes)) if is_known else None,
        smallest_contrast_levels=max((item.smallest_contrast_levels for item in stats), default=0),
        longest_step_s=float(max((item.longest_look_ticks for item in stats), default=0) * time_base),
    )


def audit_finding(audit: TriageAudit) -> Finding | None:
    """The same as a sentence; None where nothing was skipped."""
    if not audit.n_groups_audited or audit.upper_bound_unit is None:
        return None
    if audit.smallest_wh_px is None:
        return Finding(
            kind=FindingKind.TRIAGE_AUDITED,
            component="triage",
            detail=(
                f"{audit.n_groups_skipped} groups of pictures were not decoded; {audit.n_groups_audited} drawn by "
                f"chance were, and {audit.n_groups_missed} held an object: at most {audit.upper_bound_unit:.1%} of all "
                "do (95 of 100 draws). No size of object was seen at every place tried."
            ),
            count=audit.n_groups_missed,
        )
    width, height = audit.smallest_wh_px
    return Finding(
        kind=FindingKind.TRIAGE_AUDITED,
        component="triage",
        detail=(
            f"{audit.n_groups_skipped} groups of pictures were not decoded; {audit.n_groups_audited} drawn by chance "
            f"were, and {audit.n_groups_missed} held an object: at most {audit.upper_bound_unit:.1%} of all do (95 of "
            f"100 draws). Seen at every place tried: {width} x {height} px, {audit.smallest_contrast_levels} grey "
            f"levels from what is behind, in view for {audit.longest_step_s:.1f} s."
        ),
        count=audit.n_groups_missed,
    )
