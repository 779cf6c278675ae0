# SPDX-License-Identifier: Apache-2.0
"""The long recordings of the benchmark: packets unchanged, exact times, wanted activity, every pass in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.indexing.footage import Pass, SourceFootage, active_frames_of, build, taken_whole
from benchmarks.indexing.losses import losses, passes_found
from indexer.media import iter_pictures
from indexer.probe import probe
from tests.clips import Mover, make_clip

GOP = 10
N = 120


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceFootage:
    mover = Mover(from_s=3.2, to_s=5.6)
    path = tmp_path_factory.mktemp("bench") / "short.mp4"
    clip = make_clip(path, movers=(mover,), n_frames=N, gop=GOP, b_frames=2)
    seen = clip.frames_in_view(mover)
    return SourceFootage(
        path=path, passes=(Pass(name="walker", class_name="person", first_frame=seen[0], last_frame=seen[-1]),)
    )


def test_a_long_recording_has_even_times_the_wanted_activity_and_its_passes(
    source: SourceFootage, tmp_path: Path
) -> None:
    built = build(source, tmp_path / "long.mp4", length_s=120, activity=0.1)

    found = probe(str(built.path))
    assert len(set(np.diff(found.packets.pts_ticks).tolist())) == 1
    assert len(found.packets.pts_ticks) == built.n_frames
    assert built.duration_s == pytest.approx(120, abs=2)
    assert built.activity == pytest.approx(0.1, abs=0.02)
    assert active_frames_of(built.passes, built.n_frames).mean() == built.activity


def test_the_pictures_are_those_of_the_source(source: SourceFootage, tmp_path: Path) -> None:
    built = build(source, tmp_path / "long.mp4", length_s=40, activity=0.1)

    known = {picture.sha256() for picture in iter_pictures(str(source.path))}
    assert all(picture.sha256() in known for picture in iter_pictures(str(built.path)))
    first = built.passes[0].first_frame
    wanted = list(iter_pictures(str(source.path)))[source.passes[0].first_frame].sha256()
    shown = [picture.sha256() for picture in iter_pictures(str(built.path))]
    assert shown[first] == wanted


def test_a_source_that_never_rests_is_refused(source: SourceFootage, tmp_path: Path) -> None:
    busy = SourceFootage(
        path=source.path, passes=(Pass(name="all", class_name="car", first_frame=0, last_frame=N - 1),)
    )

    with pytest.raises(ValueError, match="no group of pictures without anything in it"):
        build(busy, tmp_path / "no.mp4", length_s=30, activity=0.1)


def _track(first: int, last: int, x: float, class_name: str = "person") -> dict[str, object]:
    frames = list(range(first, last + 1))
    return {"class": class_name, "frames": frames, "boxes": [[x, 0.0, x + 10, 20.0]] * len(frames)}


def test_a_track_that_another_run_lacks_is_lost_and_one_that_it_has_in_part_is_cut() -> None:
    reference = [_track(0, 99, 0), _track(0, 99, 100), _track(0, 99, 200), _track(0, 99, 300, "other")]

    found = losses(reference, [_track(0, 99, 0, "other"), _track(50, 99, 100), _track(90, 99, 200)])

    assert (found.n_reference, found.n_lost, found.n_cut) == (3, 1, 1)
    assert found.upper_unit > 1 / 3
    assert losses(reference, [], class_name="other").n_lost == 1


def test_a_pass_counts_as_found_when_a_named_track_covers_a_fifth_of_it() -> None:
    passes = [Pass(name="a", class_name="person", first_frame=100, last_frame=199)]

    assert passes_found(passes, [_track(180, 260, 0)]) == 1
    assert passes_found(passes, [_track(185, 260, 0)]) == 0
    assert passes_found(passes, [_track(100, 199, 0, "other")]) == 0


def test_a_recording_taken_whole_is_the_same_bytes_with_what_is_known_of_it(
    source: SourceFootage, tmp_path: Path
) -> None:
    taken = taken_whole(source, tmp_path / "whole.mp4")

    assert taken.path.read_bytes() == source.path.read_bytes()
    assert taken.n_frames == N
    assert taken.duration_s == pytest.approx(float(probe(str(source.path)).recording("x", camera="y").facts.duration_s))
    assert taken.activity == active_frames_of(source.passes, N).mean() > 0
