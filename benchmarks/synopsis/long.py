# SPDX-License-Identifier: Apache-2.0
"""An hour and a day of one camera: whole groups of pictures of a made sample, copied without re-encoding.

The passes of the sample come again, in order, between quiet groups; tracks are its ground truth, so that the figures
are those of the synopsis and not of the detector. A day is 24 pieces of an hour, as recorders give them; four of them
differ, and come again under other names and other times.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.indexing.footage import build, read_sample
from benchmarks.synopsis.films import START, judge_film, print_head, recording_of, true_track
from indexer.records import Recording, RecordingId, Track, TrackId
from review.synopsis import LayoutOptions
from samples.truth import FileTruth, read_truth

__all__ = ["long_material", "print_long"]

HOUR_S = 3600
N_DIFFERENT = 4
Pairs = list[tuple[TrackId, TrackId]]


def print_long(arguments: Sequence[str]) -> None:
    """Build the hour and the day, make their synopses and judge them."""
    parser = argparse.ArgumentParser(prog="benchmarks.synopsis long")
    parser.add_argument("sample", type=Path, help="folder of a one-camera set made by python -m samples")
    parser.add_argument("--activity", type=float, default=0.04)
    parser.add_argument("--hours", type=int, nargs="+", default=[1, 24])
    parser.add_argument("--one-file", action="store_true", help="one recording of all hours instead of one an hour")
    parser.add_argument("--density", type=float)
    parser.add_argument("--length", type=Fraction)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    layout = LayoutOptions(density=chosen.density, length_s=chosen.length)
    print_head()
    for n_hours in chosen.hours:
        with tempfile.TemporaryDirectory() as work:
            each_s = n_hours * HOUR_S if chosen.one_file else HOUR_S
            recordings, tracks, pairs = long_material(
                chosen.sample, Path(work), n_hours * HOUR_S // each_s, chosen.activity, each_s=each_s
            )
            judge_film(f"{n_hours} h", recordings, tracks, pairs, chosen.keep or Path(work), layout)


def long_material(
    sample: Path, folder: Path, n_hours: int, activity: float, *, each_s: int = HOUR_S
) -> tuple[tuple[Recording, ...], tuple[Track, ...], Pairs]:
    """Hours of a camera, put together from a sample, with their true tracks and the pairs that meet."""
    truth = read_truth(sample / "truth.json").files[0]
    recordings: list[Recording] = []
    tracks: list[Track] = []
    pairs: Pairs = []
    hours = []
    for seed in range(min(n_hours, N_DIFFERENT)):
        built = build(
            read_sample(sample), folder / f"hour-{seed:02d}.mp4", length_s=each_s, activity=activity, seed=seed
        )
        hours.append((built, *recording_of(built.path, truth.camera)))
    for hour in range(n_hours):
        built, first, found = hours[hour % N_DIFFERENT]
        clock = replace(first.clock, displayed_start=START + timedelta(hours=hour))
        recording = replace(first, recording_id=RecordingId(f"{first.recording_id}-{hour:02d}"), clock=clock)
        recordings.append(recording)
        named: dict[tuple[str, str], list[TrackId]] = {}
        for item in built.passes:
            actor, _, rest = item.name.partition("#")
            number, _, stretch = rest.partition("@")
            rows = _rows(truth, actor, int(number), item.first_frame, item.last_frame)
            name = TrackId(f"t-{len(tracks):012x}")
            tracks.append(true_track(recording, found.packets.pts_ticks, item.class_name, rows, name))
            named.setdefault((actor, stretch), []).append(name)
        pairs += _pairs(truth, named)
    return tuple(recordings), tuple(tracks), pairs


def _rows(truth: FileTruth, actor: str, number: int, first_frame: int, last_frame: int) -> NDArray[np.int32]:
    """Boxes of a pass under the frame numbers of the long recording."""
    item = next(candidate for candidate in truth.objects if candidate.object_id == actor)
    seen = item.passes[number]
    assert last_frame - first_frame == seen.last_frame - seen.first_frame, "a pass was cut"
    rows = item.boxes[(item.boxes[:, 0] >= seen.first_frame) & (item.boxes[:, 0] <= seen.last_frame)].copy()
    rows[:, 0] += first_frame - seen.first_frame
    return rows


def _pairs(truth: FileTruth, named: dict[tuple[str, str], list[TrackId]]) -> Pairs:
    """Tracks that meet in the ground truth, once for each time their meeting is played."""
    stretches = {stretch for _, stretch in named}
    return [
        (a, b)
        for meeting in truth.interactions
        for stretch in sorted(stretches)
        for a in named.get((meeting.object_ids[0], stretch), [])
        for b in named.get((meeting.object_ids[1], stretch), [])
    ]
