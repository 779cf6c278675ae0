# SPDX-License-Identifier: Apache-2.0
"""Tubes: what a synopsis moves in time.

A tube is one track, or one moving piece of it, on the time axis of its camera. Several recordings of one camera share
that axis, so that a synopsis of them is one synopsis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.records import Recording, RecordingId, Track, TrackId
from models.errors import UnknownReference

__all__ = ["MICROSECONDS", "Tube", "camera_axes", "film_rate", "frames_of", "microseconds_of", "tubes_of"]

MICROSECONDS: Final = 1_000_000
GAP_BETWEEN_UNDATED_US: Final = 10 * MICROSECONDS
MAX_FILM_RATE: Final = Fraction(30)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tube:
    """One track, or a piece of one, as the synopsis moves it.

    Attributes:
        track_id: Track it shows.
        recording_id: Recording that its pixels come from.
        camera: Camera of the recording.
        class_name: Class of the track.
        piece: 0-based number of the piece of the track.
        pts_ticks: (N,) int64, stream time base of the recording, ascending.
        boxes_xyxy_px: (N, 4) float32, source pixels.
        time_us: (N,) int64, microseconds on the camera's time axis (corrected UTC since 1970 where the clock is
            known). Serves to lay out; a time that is shown comes from the PTS itself.
        has_clock: True when ``time_us`` is UTC.
        size_wh_px: Picture size of the recording.
        is_cut_before: True when the track goes on before the first sample, left out of the film.
        is_cut_after: True when it goes on after the last one.
    """

    track_id: TrackId
    recording_id: RecordingId
    camera: str
    class_name: str
    piece: int = 0
    pts_ticks: NDArray[np.int64]
    boxes_xyxy_px: NDArray[np.float32]
    time_us: NDArray[np.int64]
    has_clock: bool
    size_wh_px: tuple[int, int]
    is_cut_before: bool = False
    is_cut_after: bool = False

    def __post_init__(self) -> None:
        """Check and lock the arrays."""
        n = len(self.pts_ticks)
        assert n > 0 and self.boxes_xyxy_px.shape == (n, 4) and self.time_us.shape == (n,)
        for array in (self.pts_ticks, self.boxes_xyxy_px, self.time_us):
            array.flags.writeable = False

    @property
    def start_us(self) -> int:
        """Time of the first sample on the camera's axis."""
        return int(self.time_us[0])

    @property
    def end_us(self) -> int:
        """Time of the last sample on the camera's axis."""
        return int(self.time_us[-1])

    def cut(self, first: int, end: int, *, piece: int) -> Tube:
        """The piece of samples ``[first, end)``."""
        return replace(
            self,
            piece=piece,
            pts_ticks=self.pts_ticks[first:end].copy(),
            boxes_xyxy_px=self.boxes_xyxy_px[first:end].copy(),
            time_us=self.time_us[first:end].copy(),
            is_cut_before=self.is_cut_before or first > 0,
            is_cut_after=self.is_cut_after or end < len(self.time_us),
        )


def microseconds_of(pts_ticks: NDArray[np.int64], *, first_pts_ticks: int, time_base: Fraction) -> NDArray[np.int64]:
    """Media time in microseconds, rounded half up, in exact integer arithmetic."""
    scaled = (pts_ticks - first_pts_ticks) * time_base.numerator
    whole, rest = np.divmod(scaled, time_base.denominator)
    return np.asarray(
        whole * MICROSECONDS + (rest * MICROSECONDS + time_base.denominator // 2) // time_base.denominator, np.int64
    )


def camera_axes(recordings: Sequence[Recording]) -> dict[RecordingId, int]:
    """Where each recording starts on the time axis of its camera, in microseconds.

    Recordings with a clock start at their corrected UTC. Those without follow the last dated one of their camera, in
    the order of their paths, ten seconds apart: an order for layout, never shown as a time.
    """
    origins: dict[RecordingId, int] = {}
    ends: dict[str, int] = {}
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    undated: list[Recording] = []
    for recording in sorted(recordings, key=lambda item: (item.path, item.recording_id)):
        start = recording.clock.start_utc
        if start is None:
            undated.append(recording)
            continue
        origin = round((start - epoch).total_seconds() * MICROSECONDS)
        origins[recording.recording_id] = origin
        end = origin + round(recording.facts.duration_s * MICROSECONDS)
        ends[recording.camera] = max(ends.get(recording.camera, end), end)
    for recording in undated:
        origin = ends.get(recording.camera, -GAP_BETWEEN_UNDATED_US) + GAP_BETWEEN_UNDATED_US
        origins[recording.recording_id] = origin
        ends[recording.camera] = origin + round(recording.facts.duration_s * MICROSECONDS)
    return origins


def tubes_of(tracks: Sequence[Track], recordings: Mapping[RecordingId, Recording]) -> tuple[Tube, ...]:
    """One tube per track, sorted by camera, start and track.

    Raises:
        UnknownReference: A track names a recording that is not given.
    """
    for track in tracks:
        if track.recording_id not in recordings:
            raise UnknownReference(
                f"Track {track.track_id} belongs to recording {track.recording_id}, which the case does not hold.",
                hint="Import the recording again, then index it.",
            )
    origins = camera_axes(tuple(recordings.values()))
    tubes = [_tube_of(track, recordings[track.recording_id], origins[track.recording_id]) for track in tracks]
    return tuple(sorted(tubes, key=lambda tube: (tube.camera, tube.start_us, tube.track_id)))


def _tube_of(track: Track, recording: Recording, origin_us: int) -> Tube:
    facts = recording.facts
    media_us = microseconds_of(track.pts_ticks, first_pts_ticks=facts.first_pts_ticks, time_base=facts.time_base)
    if recording.clock.drift_ppm:
        media_us = media_us - np.rint(media_us * (recording.clock.drift_ppm / 1e6)).astype(np.int64)
    width, height = facts.size_wh_px
    boxes = np.clip(track.boxes_xyxy_px, 0, np.array([width, height, width, height], np.float32))
    return Tube(
        track_id=track.track_id,
        recording_id=track.recording_id,
        camera=recording.camera,
        class_name=track.class_name,
        pts_ticks=track.pts_ticks.copy(),
        boxes_xyxy_px=np.asarray(boxes, np.float32),
        time_us=media_us + origin_us,
        has_clock=recording.clock.is_known,
        size_wh_px=facts.size_wh_px,
    )


def film_rate(recordings: Sequence[Recording], *, limit: Fraction = MAX_FILM_RATE) -> Fraction:
    """Frame rate of the film: that of the fastest source, but no more than ``limit``.

    A rate within one per cent of a usual one (whole, half, or NTSC) is taken to be that one: time bases of a
    millisecond cannot say 24 or 29.97 exactly.

    >>> _usual_rate(Fraction(25001, 1000)), _usual_rate(Fraction(90000, 3003)), _usual_rate(Fraction(25, 2))
    (Fraction(25, 1), Fraction(30000, 1001), Fraction(25, 2))
    """
    rates = [1 / (item.facts.median_step_ticks * item.facts.time_base) for item in recordings]
    return min(limit, _usual_rate(max(rates))) if rates else limit


def _usual_rate(rate: Fraction) -> Fraction:
    halves = Fraction(round(rate * 2), 2)
    ntsc = round(rate) * Fraction(1000, 1001)
    for usual in (rate, halves, ntsc):
        is_usual = usual > 0 and (usual.denominator in (1, 2) or usual == ntsc)
        if is_usual and abs(usual - rate) <= rate / 100:
            return usual
    return rate.limit_denominator(1001)


def frames_of(time_us: NDArray[np.int64], *, origin_us: int, rate: Fraction) -> NDArray[np.int64]:
    """Film frame at which each instant is shown, counted from that of ``origin_us``; rounds half up."""
    scaled = (time_us - origin_us) * (2 * rate.numerator) + rate.denominator * MICROSECONDS
    return np.asarray(scaled // (2 * rate.denominator * MICROSECONDS), np.int64)
