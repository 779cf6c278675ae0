# SPDX-License-Identifier: Apache-2.0
"""Trouble inside the evidence, stored as data beside the results: never a crash, never silence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Finding", "FindingKind"]


class FindingKind(StrEnum):
    """Every kind of trouble that a recording can be reported with."""

    CLOCK_UNKNOWN = "clock_unknown"
    CLOCK_PROPOSED = "clock_proposed"
    NO_TIME_BASE = "no_time_base"
    VARIABLE_FRAME_RATE = "variable_frame_rate"
    TIME_GAP = "time_gap"
    TIME_BACKWARD = "time_backward"
    TIME_DUPLICATE = "time_duplicate"
    HEADER_COUNT_WRONG = "header_count_wrong"
    BYTES_UNACCOUNTED = "bytes_unaccounted"
    CORRUPT_FRAMES = "corrupt_frames"
    DECODE_ERRORS = "decode_errors"
    SIZE_CHANGES = "size_changes"
    SEVERAL_VIDEO_STREAMS = "several_video_streams"
    WRONG_DEMUXER = "wrong_demuxer"
    INTERLACED = "interlaced"
    ROTATED = "rotated"
    LONG_GOP = "long_gop"
    DUPLICATE_FILE = "duplicate_file"
    EXTENSION_MISMATCH = "extension_mismatch"
    NIGHT_OR_IR = "night_or_ir"
    UNUSABLE_PERIOD = "unusable_period"
    CAMERA_MOVES = "camera_moves"
    SEVERAL_VIEWS = "several_views"
    MASKED_AREA = "masked_area"
    IGNORED_ZONE = "ignored_zone"
    TRIAGE_NOT_TRUSTED = "triage_not_trusted"
    TRIAGE_AUDITED = "triage_audited"
    CARD_NOT_USED = "card_not_used"

    @property
    def is_damage(self) -> bool:
        """True when part of the evidence is lost, altered or unusable; False for what a reader must merely know."""
        return self in _DAMAGE


# Why: a header's count is not among them: an edit list hides frames of sound files, and where frames are lost another
# finding says so.
_DAMAGE: Final = frozenset(
    {
        FindingKind.TIME_BACKWARD,
        FindingKind.BYTES_UNACCOUNTED,
        FindingKind.CORRUPT_FRAMES,
        FindingKind.DECODE_ERRORS,
        FindingKind.WRONG_DEMUXER,
        FindingKind.UNUSABLE_PERIOD,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One trouble in one recording.

    Attributes:
        kind: What it is.
        component: Which part saw it: ``probe``, ``decode``, ``triage``, ``clock``, ``health``,
            or ``officer`` where one asked for it.
        detail: One sentence for a person, with figures and their units.
        count: How many times it was seen.
        first_pts_ticks: Where it was seen first, in the stream's time base; None when it has no place.
        last_pts_ticks: Where it was seen last; None when it has no place.
    """

    kind: FindingKind
    component: str
    detail: str
    count: int = 1
    first_pts_ticks: int | None = None
    last_pts_ticks: int | None = None
