# SPDX-License-Identifier: Apache-2.0
"""Values for tests of the indexer: recordings, tracks and segments with plain defaults."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from indexer.records import Attribute, Recording, RecordingId, StreamFacts, Track, TrackId
from indexer.segments import Segment, SegmentStats
from indexer.ticks import ClockRecord

RECORDING = RecordingId("r-0123456789abcdef")


def make_recording(recording_id: str = RECORDING, *, n_frames: int = 100, camera: str = "cam1") -> Recording:
    """A recording of 10 frames a second whose ticks are milliseconds."""
    facts = StreamFacts(
        container="mov",
        codec="h264",
        stream_index=0,
        size_wh_px=(320, 240),
        time_base=Fraction(1, 1000),
        n_packets=n_frames,
        first_pts_ticks=0,
        last_pts_ticks=(n_frames - 1) * 100,
        median_step_ticks=100,
        is_vfr=False,
        n_keyframes=n_frames // 10,
    )
    return Recording(
        recording_id=RecordingId(recording_id),
        path="/nowhere/clip.mp4",
        sha256="ab" * 32,
        size_bytes=1,
        camera=camera,
        piece="",
        facts=facts,
        clock=ClockRecord(),
    )


def make_track(
    track_id: str = "t-000000000001",
    *,
    recording_id: str = RECORDING,
    camera: str = "cam1",
    class_name: str = "car",
    class_score: float = 0.9,
    pts_ticks: Sequence[int] = (0, 100, 200),
    box: tuple[float, float, float, float] = (10, 20, 30, 60),
    step_xy: tuple[float, float] = (0.0, 0.0),
    attributes: Sequence[Attribute] = (),
    vector: Sequence[float] = (),
    crop_jpeg: bytes = b"",
) -> Track:
    """A track on a straight line."""
    n = len(pts_ticks)
    shift = np.array([[i * step_xy[0], i * step_xy[1]] * 2 for i in range(n)])
    return Track(
        track_id=TrackId(track_id),
        recording_id=RecordingId(recording_id),
        camera=camera,
        class_name=class_name,
        class_score=class_score,
        class_model="net@1",
        frame_index=np.array(pts_ticks) // 100,
        pts_ticks=np.array(pts_ticks),
        boxes_xyxy_px=np.array([box] * n, np.float64) + shift,
        scores=np.full(n, 0.5),
        best_pts_ticks=int(pts_ticks[n // 2]),
        attributes=tuple(attributes),
        vector=np.array(vector, np.float32),
        crop_jpeg=crop_jpeg,
    )


def make_stats(n_frames: int = 100) -> SegmentStats:
    """Counts of a segment."""
    return SegmentStats(
        n_frames=n_frames,
        n_decoded=n_frames,
        n_analysed=n_frames,
        n_detector_calls=3,
        n_keyframes_looked_at=10,
        n_noise=1,
        n_corrupt=0,
    )


def make_segment(
    number: int = 0,
    *,
    recording_id: str = RECORDING,
    span: tuple[int, int] = (0, 10_000),
    tracks: Sequence[Track] = (),
    stats: SegmentStats | None = None,
) -> Segment:
    """A segment."""
    return Segment(
        recording_id=RecordingId(recording_id),
        number=number,
        start_pts_ticks=span[0],
        end_pts_ticks=span[1],
        profile="standard",
        config_sha256="cd" * 32,
        model_ids=("net@1",),
        tracks=tuple(tracks),
        skipped=(),
        findings=(),
        stats=stats or make_stats(),
    )
