# SPDX-License-Identifier: Apache-2.0
"""On every kind of clock that recorders write, a track begins and ends at the times of the frames that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import probe
from indexer.records import Track
from models.modelset import load_model_set
from tests.clips import Mover, constant_pts, irregular_pts, make_clip

TICKS_90K = Fraction(1, 90_000)
WRAP_TICKS = 1 << 33
N_FRAMES = 120
LEAST_WIDTH_PX = 8
WALKER = Mover(from_s=4.0)


@dataclass(frozen=True)
class Case:
    """A clip with the times that its frames were given, and which of its frames show the walker."""

    path: Path
    times_s: list[float]
    seen: list[int]
    in_view: list[int]


def _made(path: Path, kind: str) -> Case:
    size = (320, 240)
    mover = WALKER
    time_base = TICKS_90K if path.suffix == ".ts" else Fraction(1, 12800)
    pts = constant_pts(N_FRAMES, time_base=time_base)
    if kind == "uneven":
        pts = irregular_pts(N_FRAMES)
    if kind == "gap":
        pts = tuple(tick + (1800 * 12800 if i >= 90 else 0) for i, tick in enumerate(pts))
    if kind == "wrap":
        pts = tuple(tick + WRAP_TICKS - 5 * 90_000 for tick in pts)
    if kind == "6 a second":
        size, pts = (352, 288), constant_pts(N_FRAMES, rate=Fraction(6))
        mover = replace(WALKER, speed_xy_px_s=(40.0, 0.0))
    gop = 6 if kind == "6 a second" else 12
    clip = make_clip(path, pts_ticks=pts, time_base=time_base, movers=(mover,), size_wh_px=size, gop=gop)
    return Case(
        path,
        [clip.time_s(i) for i in range(N_FRAMES)],
        clip.frames_in_view(mover, least_width_px=LEAST_WIDTH_PX),
        clip.frames_in_view(mover),
    )


def _track(path: Path) -> tuple[Track, list[float], NDArray[np.int64]]:
    """The one track, its times as seconds from the first frame, and the table of times."""
    probed = probe(str(path))
    recording = probed.recording(str(path), camera="cam1")
    config = IndexConfig.of_profile("exhaustive")
    plans = plan_segments(recording, probed.packets, config)
    models = load_model_set("standard")
    tracks = [t for p in plans for t in index_segment(recording, probed.packets, p, config, models).tracks]
    (track,) = tracks
    base = recording.facts.time_base
    times_s = [float((int(tick) - recording.facts.first_pts_ticks) * base) for tick in track.pts_ticks]
    return track, times_s, probed.packets.pts_ticks


@pytest.mark.parametrize("kind", ["uneven", "gap", "wrap", "6 a second"])
def test_a_track_has_the_times_of_its_frames_and_ends_within_one_frame_of_the_truth(tmp_path: Path, kind: str) -> None:
    case = _made(tmp_path / ("a.ts" if kind == "wrap" else "a.mp4"), kind)

    track, times_s, table = _track(case.path)

    assert np.array_equal(table[track.frame_index], track.pts_ticks)
    assert times_s == pytest.approx([case.times_s[i] for i in track.frame_index], abs=1e-4)
    _require_ends(track, case)


def _require_ends(track: Track, case: Case) -> None:
    """Within one frame of the truth, which at either end lies between the first pixel in view and eight columns."""
    first, last = int(track.frame_index[0]), int(track.frame_index[-1])
    assert case.in_view[0] - 1 <= first <= case.seen[0] + 1
    assert case.seen[-1] - 1 <= last <= case.in_view[-1] + 1


def test_a_clock_that_was_set_back_gives_frame_numbers_and_no_time_of_day(tmp_path: Path) -> None:
    path, plain = tmp_path / "back.ts", _made(tmp_path / "plain.ts", "steady")
    # Why: two files of one recorder glued together, the second begun after its clock was set back.
    path.write_bytes(plain.path.read_bytes() * 2)

    probed = probe(str(path))

    assert {finding.kind.value for finding in probed.findings} >= {"no_time_base", "time_backward"}
    track = _first_track(path)
    assert np.array_equal(track.frame_index, track.pts_ticks), "frames are numbered"
    _require_ends(track, plain)


def _first_track(path: Path) -> Track:
    probed = probe(str(path))
    recording = probed.recording(str(path), camera="cam1")
    config = IndexConfig.of_profile("exhaustive")
    (plan,) = plan_segments(recording, probed.packets, config)
    return index_segment(recording, probed.packets, plan, config, load_model_set("standard")).tracks[0]
