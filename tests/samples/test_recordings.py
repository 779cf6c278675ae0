# SPDX-License-Identifier: Apache-2.0
"""The files that a set holds, and whether its truth says what the pixels show."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from samples import SampleRequest, SampleSet, Truth, make_samples, read_truth
from samples.recorder import Encoding
from samples.truth import FileTruth
from samples.weather import Grain

SIZE = (640, 360)


def frames_of(path: Path) -> tuple[NDArray[np.uint8], list[int], list[int]]:
    """Luma of all frames (n, H, W), their times in ticks, and the numbers of the key frames."""
    lumas, times, keys = [], [], []
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            lumas.append(frame.to_ndarray(format="gray"))
            times.append(frame.pts)
            if frame.key_frame:
                keys.append(number)
    return np.stack(lumas), times, keys


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SampleSet:
    folder = tmp_path_factory.mktemp("set")
    request = SampleRequest(minutes=0.4, size_wh_px=SIZE, camera_names=("cam-rue", "cam-garage"), jobs=1)
    return make_samples(folder, request)


@pytest.fixture(scope="module")
def truth(made: SampleSet) -> Truth:
    return read_truth(made.truth_path)


def file_of(truth: Truth, camera: str) -> FileTruth:
    return next(item for item in truth.files if item.camera == camera)


def test_every_frame_lies_at_the_time_that_the_truth_gives(made: SampleSet, truth: Truth) -> None:
    for item in truth.files:
        _, times, _ = frames_of(made.truth_path.parent / item.file)

        assert times == item.pts_ticks.tolist()


def test_the_even_recording_steps_by_40_ms(truth: Truth) -> None:
    steps = np.diff(file_of(truth, "cam-rue").pts_ticks)

    assert set(steps.tolist()) == {3600}


def test_the_uneven_recording_has_many_steps_and_misses_a_second(truth: Truth) -> None:
    item = file_of(truth, "cam-garage")
    steps = np.diff(item.pts_ticks)

    assert item.is_vfr
    assert len(set(steps.tolist())) > 50
    assert (steps > 0).all()
    assert int((steps > 90_000).sum()) == 1


def test_a_key_frame_comes_every_50_frames_and_no_frame_is_reordered(made: SampleSet) -> None:
    path = made.files[0].path
    _, _, keys = frames_of(path)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]

    assert keys == list(range(0, made.files[0].n_frames, 50))
    assert all(packet.pts == packet.dts for packet in packets)


def test_the_clocks_differ_by_what_the_truth_says(truth: Truth) -> None:
    references = {
        item.camera: item.displayed_start - timedelta(milliseconds=item.clock_offset_ms) for item in truth.files
    }

    assert len(set(references.values())) == 1
    assert file_of(truth, "cam-rue").displayed_start.isoformat() == "2026-03-02T21:00:00+01:00"
    assert file_of(truth, "cam-garage").clock_offset_ms == 47_000


def test_boxes_lie_inside_the_picture(truth: Truth) -> None:
    boxes = np.concatenate([thing.boxes for item in truth.files for thing in item.objects])

    assert len(boxes) > 100
    assert (boxes[:, 1] >= 0).all() and (boxes[:, 3] <= SIZE[0]).all()
    assert (boxes[:, 2] >= 0).all() and (boxes[:, 4] <= SIZE[1]).all()
    assert (boxes[:, 1] < boxes[:, 3]).all() and (boxes[:, 2] < boxes[:, 4]).all()
    assert (boxes[:, 5] > 0).all() and (boxes[:, 5] <= 1000).all()


def test_the_red_hatchback_is_seen_by_both_cameras(truth: Truth) -> None:
    for item in truth.files:
        car = next(thing for thing in item.objects if thing.actor_id == "v-red-hatchback")

        assert (car.class_name, car.shape, car.colour) == ("car", "hatchback", ("red",))
        assert car.passes[0].max_height_px >= 40


def test_the_picture_differs_from_the_empty_street_where_the_box_is(made: SampleSet, truth: Truth) -> None:
    item = file_of(truth, "cam-rue")
    lumas, _, _ = frames_of(made.truth_path.parent / item.file)
    car = next(thing for thing in item.objects if thing.actor_id == "v-red-hatchback")
    empty = np.median(lumas[: car.passes[0].first_frame - 5], axis=0)

    for frame, x1, y1, x2, y2, visible in car.boxes[::10].tolist():
        if y2 - y1 < 20 or visible < 900:
            continue
        changed = np.abs(lumas[frame].astype(float) - empty) > 10
        inside = changed[y1:y2, x1:x2].mean()
        margin = changed[max(0, y1 - 40) : y1 - 4, x1:x2].mean() if y1 > 8 else 0.0

        assert inside > 0.35, frame
        assert margin < 0.02, frame


def test_nothing_moves_in_a_frame_without_boxes(made: SampleSet, truth: Truth) -> None:
    item = file_of(truth, "cam-rue")
    lumas, _, _ = frames_of(made.truth_path.parent / item.file)
    busy = np.unique(np.concatenate([thing.boxes[:, 0] for thing in item.objects]))
    quiet = np.setdiff1d(np.arange(len(lumas)), busy)[:100]
    road = lumas[quiet][:, 180:300, 200:420].astype(float)

    assert len(quiet) > 50
    assert np.abs(road - np.median(road, axis=0)).max() < 20


def test_activity_is_the_share_of_frames_with_a_box(made: SampleSet, truth: Truth) -> None:
    item = file_of(truth, "cam-rue")
    busy = np.unique(np.concatenate([thing.boxes[:, 0] for thing in item.objects]))

    assert item.active_frames == len(busy)
    assert made.files[0].activity == pytest.approx(len(busy) / len(item.pts_ticks))


def test_a_folder_that_holds_a_set_is_refused(made: SampleSet) -> None:
    with pytest.raises(FileExistsError, match="already holds a set"):
        make_samples(made.truth_path.parent, SampleRequest(minutes=0.1))


def test_a_truth_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps({"schema": "something-else/1"}), encoding="utf-8")

    with pytest.raises(ValueError, match="not a truth file of schema"):
        read_truth(path)


def short(**changes: object) -> SampleRequest:
    """Three seconds of one camera."""
    values: dict[str, object] = {
        "minutes": 0.05,
        "size_wh_px": (320, 240),
        "camera_names": ("cam-garage",),
        "vfr_camera": "",
        "jobs": 1,
    }
    return SampleRequest(**{**values, **changes})  # type: ignore[arg-type]  # Reason: fields by name.


def test_the_same_request_gives_the_same_truth_and_the_same_pixels(tmp_path: Path) -> None:
    first, second = make_samples(tmp_path / "a", short()), make_samples(tmp_path / "b", short())

    assert first.truth_path.read_bytes() == second.truth_path.read_bytes()
    assert np.array_equal(frames_of(first.files[0].path)[0], frames_of(second.files[0].path)[0])


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    request = short(minutes=0.2, camera_names=("cam-garage",))
    alone = make_samples(tmp_path / "a", request)
    shared = make_samples(tmp_path / "b", short(minutes=0.2, camera_names=("cam-garage",), jobs=2))

    assert alone.truth_path.read_bytes() == shared.truth_path.read_bytes()
    assert alone.files[0].path.read_bytes() == shared.files[0].path.read_bytes()


def test_another_seed_gives_other_pixels(tmp_path: Path) -> None:
    first, second = make_samples(tmp_path / "a", short(seed=1)), make_samples(tmp_path / "b", short(seed=2))

    assert not np.array_equal(frames_of(first.files[0].path)[0], frames_of(second.files[0].path)[0])


def test_a_constant_rate_is_kept(tmp_path: Path) -> None:
    made = make_samples(tmp_path, short(minutes=0.1, encoding=Encoding(cbr_kbps=800)))
    kbps = made.files[0].path.stat().st_size * 8 / 6 / 1000

    assert kbps == pytest.approx(800, rel=0.12)


def test_night_is_dark_noisy_and_almost_colourless(tmp_path: Path) -> None:
    made = make_samples(tmp_path, short(is_night=True, has_clock=False))
    with av.open(str(made.files[0].path)) as container:
        frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    luma, chroma = np.stack(frames)[:, :240].astype(float), np.stack(frames)[:, 240:].astype(float)

    assert luma.mean() < 80
    assert luma.std(axis=0).mean() > 2.5
    assert np.abs(chroma.mean(axis=0) - 128).mean() < 4


def test_the_night_sensor_has_the_stated_noise() -> None:
    grain = Grain((320, 240), sigma=7.0, seed=4, is_night=True)
    first, second = (np.full((360, 320), 100, np.uint8) for _ in range(2))

    grain.add(first, 1)
    grain.add(second, 2)

    assert first[:240].std() == pytest.approx(7.0, rel=0.05)
    assert first[:240].mean() == pytest.approx(100.0, abs=0.3)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"camera_names": ("cam-nowhere",)}, "cameras are some of"),
        ({"camera_names": ()}, "cameras are some of"),
        ({"minutes": 0.0}, "minutes are more than 0"),
        ({"activity": 1.5}, "between 0 and 1"),
        ({"size_wh_px": (641, 360)}, "even"),
        ({"seed": -1}, "not negative"),
    ],
)
def test_a_request_that_cannot_be_made_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        short(**changes)
