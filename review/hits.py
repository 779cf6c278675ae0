# SPDX-License-Identifier: Apache-2.0
"""What a person asks and what comes back: queries, hits and coverage, as frozen values without any library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

__all__ = [
    "DIRECTIONS",
    "RANKED",
    "SIZES",
    "SPEEDS",
    "Coverage",
    "Hit",
    "HitAttribute",
    "MadeBy",
    "Movement",
    "Query",
    "SearchResult",
    "TimelineKind",
    "TimelineSpan",
]

Point = tuple[float, float]

SIZES: Final = ("small", "medium", "large")
SPEEDS: Final = ("still", "slow", "medium", "fast")
DIRECTIONS: Final = ("left", "right", "away", "towards")
RANKED: Final = frozenset({"make"})
"""Attributes that are never one answer: every value is a suggestion to be confirmed by eye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search by attribute, place and time. Empty fields do not restrict.

    Attributes:
        classes: Class names; empty means every class but ``other``.
        colours: Vehicle or object colours, any of.
        upper: Upper garment colours, any of.
        lower: Lower garment colours, any of.
        makes: Makes of vehicles, any of; a hit where one of them is on its ranked list.
        bags: ``backpack``, ``handbag``, ``suitcase`` or ``any``.
        sizes: ``small``, ``medium``, ``large`` in the picture, any of.
        speeds: ``still``, ``slow``, ``medium``, ``fast``, any of.
        directions: ``left``, ``right``, ``away``, ``towards`` the camera, any of.
        cameras: Camera identifiers.
        from_utc: Only objects still seen at or after this instant (corrected time).
        to_utc: Only objects already seen before this instant (corrected time).
        line_px: Two points; only objects whose path crosses the segment, source pixels.
        zone_px: Polygon of at least three points; only objects whose foot point enters it, source pixels.
        dwell_s: Only objects that stay (in the zone, if one is drawn) at least this long, seconds.
        text: Free words of the officer, kept in the log and matched with the filters they name.
    """

    classes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    upper: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    bags: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    speeds: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    line_px: tuple[Point, Point] | None = None
    zone_px: tuple[Point, ...] = ()
    dwell_s: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HitAttribute:
    """One attribute as shown beside a hit.

    ``accuracy`` is the measured figure with count and condition, or says that there is none; ``accuracy_fr`` is that in
    French.
    """

    name: str
    value: str
    score: float
    model: str
    note: str = ""
    alternatives: tuple[tuple[str, float], ...] = ()
    accuracy: str = ""
    accuracy_fr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Size, speed and direction of one object in the picture.

    Attributes:
        height_px: Median height of its box, source pixels.
        height_spread_px: Half of the middle half of the heights, source pixels: the tolerance of ``height_px``.
        height_unit: ``height_px`` as a share of the picture's height.
        size: One of :data:`SIZES`, by ``height_unit``.
        sizes_per_s: Median speed of the foot point in own sizes (square root of the box's area) per second.
        speed: One of :data:`SPEEDS`; an object near a border may as well be in the next band.
        direction: One of :data:`DIRECTIONS`, of the way from the beginning to the end; empty where it went nowhere.
        angle_deg: Of that way, 0 to the right, 90 up in the picture; each direction holds 45 degrees on both sides.
    """

    height_px: float
    height_spread_px: float
    height_unit: float
    size: str
    sizes_per_s: float
    speed: str
    direction: str
    angle_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBy:
    """The correction by hand that made a track.

    Attributes:
        number: Its number in the case.
        kind: ``split`` or ``merge``.
        track_ids: The track that was split, or the two that were merged.
        earlier: Corrections that made those tracks in their turn, in order of number.
    """

    number: int
    kind: str
    track_ids: tuple[str, ...]
    earlier: tuple[MadeBy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One proposition: an object that one camera saw for one span.

    Times are given three ways: exact ticks of the recording, corrected UTC, and what the recorder displayed.

    Attributes:
        track_id: Identifier of the track.
        recording_id: Recording it was seen in.
        recording_name: File name as delivered.
        recording_sha256: Hex digest of that file.
        camera: Camera identifier.
        class_name: Proposed class.
        class_score: 0 to 1.
        class_model: Model that proposed the class.
        class_accuracy: Measured figure of that, English and French.
        score: 0 to 1, how well the hit answers the query; lists are sorted by it, then by time.
        first_pts_ticks: PTS of the first frame it is seen in.
        last_pts_ticks: PTS of the last one.
        best_pts_ticks: PTS of the frame that shows it best.
        first_frame: 0-based decode-order index of the first frame.
        last_frame: 0-based decode-order index of the last frame.
        best_box_xyxy_px: Box in the best frame, source pixels.
        start_utc: Corrected UTC of the first frame; None when the recorder's clock is not established.
        end_utc: Corrected UTC of the last frame; None likewise.
        displayed_start: What the recorder's own clock said at the first frame; None likewise.
        start_s: Media seconds from the start of the recording, for display.
        end_s: Media seconds of the last frame, for display.
        attributes: What was said of it.
        verdict: ``validated``, ``rejected``, ``doubtful`` or empty.
        verdict_note: The officer's note.
        movement: Its size, speed and direction in the picture.
        made_by: The correction by hand that made it; None for what the analysis found.
    """

    track_id: str
    recording_id: str
    recording_name: str
    recording_sha256: str
    camera: str
    class_name: str
    class_score: float
    class_model: str
    score: float
    first_pts_ticks: int
    last_pts_ticks: int
    best_pts_ticks: int
    first_frame: int
    last_frame: int
    best_box_xyxy_px: tuple[float, float, float, float]
    start_utc: datetime | None
    end_utc: datetime | None
    displayed_start: datetime | None
    start_s: float
    end_s: float
    attributes: tuple[HitAttribute, ...] = ()
    verdict: str = ""
    verdict_note: str = ""
    movement: Movement | None = None
    made_by: MadeBy | None = None
    class_accuracy: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a "0 result" must be read with: what was analysed, what was skipped on which ground, what was viewed.

    Attributes:
        footage_s: Seconds of footage imported and in scope.
        analysed_s: Seconds that triage or decoding looked at.
        skipped_s: Seconds that triage found still and did not decode.
        n_recordings: Recordings imported.
        n_recordings_indexed: Recordings whose index is complete.
        profiles: Profiles the index was made with.
        n_tracks: Tracks in the index, ``other`` included.
        n_judged: Those of them that carry a verdict.
        models: Models that made the index, or described what was corrected by hand.
        has_makes: True when a net ranked makes of vehicles; without one no search by make can find anything.
        zones: What officers set aside and the index was made without: camera, share and corners, one sentence each.
    """

    footage_s: float
    analysed_s: float
    skipped_s: float
    n_recordings: int
    n_recordings_indexed: int
    profiles: tuple[str, ...]
    n_tracks: int
    n_judged: int
    models: tuple[str, ...] = ()
    has_makes: bool = False
    zones: tuple[str, ...] = ()


class TimelineKind(StrEnum):
    """What is known of a stretch of footage."""

    ANALYSED = "analysed"
    NOT_ANALYSED = "not_analysed"
    SKIPPED = "skipped"
    UNUSABLE = "unusable"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSpan:
    """A half-open stretch of corrected time of one camera.

    Attributes:
        kind: What is known of it.
        camera: Camera.
        recording_name: File, or the two files that a gap lies between.
        start_utc: First instant.
        end_utc: First instant behind.
        score: Of a skipped span: the largest change that its keyframes showed, as a share of the picture.
        detail: Why it is unusable, in English; empty elsewhere.
        detail_fr: The same in French.
    """

    kind: TimelineKind
    camera: str
    recording_name: str
    start_utc: datetime
    end_utc: datetime
    score: float | None = None
    detail: str = ""
    detail_fr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits, best first, with the coverage and the timeline of the footage that they must be read with."""

    query: Query
    hits: tuple[Hit, ...]
    coverage: Coverage
    words_ignored: tuple[str, ...] = ()
    timeline: tuple[TimelineSpan, ...] = ()
