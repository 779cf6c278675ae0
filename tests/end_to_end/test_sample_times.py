# SPDX-License-Identifier: Apache-2.0
"""On footage of uneven frame times every hit begins and ends at the time that the ground truth gives its frames."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from samples import SampleRequest, make_samples, read_truth
from samples.truth import FileTruth
from tests.footage.fixtures import Desk, Run

CAMERA = "cam-garage"
CAR = "v-red-hatchback"


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FileTruth]:
    folder = tmp_path_factory.mktemp("uneven")
    made = make_samples(folder, SampleRequest(minutes=0.4, size_wh_px=(640, 360), camera_names=(CAMERA,), jobs=1))
    (truth,) = read_truth(made.truth_path).files
    assert truth.is_vfr
    return folder / truth.file, truth


def _true_time(truth: FileTruth, frame: int) -> datetime:
    elapsed = Fraction(int(truth.pts_ticks[frame] - truth.pts_ticks[0])) * truth.time_base
    start = truth.displayed_start - timedelta(milliseconds=truth.clock_offset_ms)
    return start + timedelta(microseconds=round(elapsed * 1_000_000))


def test_every_hit_lies_at_the_time_of_its_frames(uneven: tuple[Path, FileTruth], desk: Desk, run: Run) -> None:
    path, truth = uneven
    case = desk.case()
    run(
        *("import", case, path, "--camera", "cam1", "--start", truth.displayed_start.isoformat()),
        f"--clock-offset={truth.clock_offset_ms}ms",
    )
    assert run("index", case, "--jobs", "1")[0] == 0

    _, out, _ = run("search", case, "--purpose", "essai", "--class", "car", "--colour", "red", "--json")

    hits = json.loads(out)["hits"]
    (car,) = [thing for thing in truth.objects if thing.actor_id == CAR]
    assert [hit["class"] for hit in hits] == ["car"]
    for hit in hits:
        for frame, pts, told in (
            (hit["first_frame"], hit["first_pts"], hit["start_utc"]),
            (hit["last_frame"], hit["last_pts"], hit["end_utc"]),
        ):
            assert pts == truth.pts_ticks[frame]
            assert datetime.fromisoformat(told) == _true_time(truth, frame)
        seen = car.passes[0]
        # Every second picture is looked at, and a car that has barely come in is no car yet.
        assert abs(hit["first_frame"] - seen.first_frame) <= 4
        assert abs(hit["last_frame"] - seen.last_frame) <= 10
