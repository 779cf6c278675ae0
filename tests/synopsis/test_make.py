# SPDX-License-Identifier: Apache-2.0
"""Whole films of made clips, in which every object carries the number of its source frame."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from indexer.media import iter_frames
from indexer.records import Recording, RecordingId, Track
from models.errors import AlreadyThere, UnknownReference
from review.film_draft import ffmpeg_program
from review.synopsis import (
    Arrangement,
    LayoutOptions,
    SynopsisCancelled,
    SynopsisMap,
    SynopsisOptions,
    SynopsisReport,
    make_synopsis,
    map_path_of,
)
from review.synopsis.lettering import time_text
from review.synopsis.plan import plan_synopsis
from tests.synopsis.scenes import Actor, Clip, make_clip, read_number

ACTORS = (
    Actor(first=4, n_frames=60, from_xy=(10, 30), step_xy=(3, 0)),
    Actor(first=90, n_frames=50, from_xy=(200, 60), step_xy=(-3, 0), tint=(160, 60, 40)),
    Actor(first=160, n_frames=50, from_xy=(20, 120), step_xy=(3, 1), tint=(40, 60, 170)),
    Actor(first=230, n_frames=60, from_xy=(40, 170), step_xy=(2, 0), tint=(170, 170, 30)),
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("clip"), ACTORS, n_frames=300)


@pytest.fixture(scope="module")
def made(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> SynopsisReport:
    return film_of(clip.tracks, [clip], tmp_path_factory.mktemp("film") / "film.mp4")


def film_of(
    tracks: tuple[Track, ...], clips: list[Clip], path: Path, options: SynopsisOptions | None = None
) -> SynopsisReport:
    recordings: dict[RecordingId, Recording] = {c.recording.recording_id: c.recording for c in clips}
    return make_synopsis(tracks, recordings, path, options or SynopsisOptions())


def comment_of(path: Path) -> dict[str, object]:
    found = subprocess.run(
        [ffmpeg_program(), "-hide_banner", "-loglevel", "error", "-i", str(path), "-f", "ffmetadata", "-"],
        capture_output=True,
        check=True,
    )
    lines = found.stdout.decode().splitlines()
    text = next(line for line in lines if line.startswith("comment="))[len("comment=") :]
    document = json.loads(text.replace("\\", ""))
    assert isinstance(document, dict)
    return document


def test_all_tracks_are_shown_in_less_time(made: SynopsisReport) -> None:
    assert made.tracks_shown == made.tracks_total == 4
    assert made.not_shown == ()
    assert made.length_s < 0.5 * made.footage_s
    assert made.activity_retained == 1.0


def test_every_drawn_object_shows_the_very_frame_that_the_map_and_its_tag_name(
    clip: Clip, made: SynopsisReport
) -> None:
    side_map = SynopsisMap(made.map_path, expected_sha256=made.map_sha256)
    pts_of_frame = [frame.pts_ticks for frame in iter_frames(clip.recording.path)]
    n_read = 0
    for number, frame in enumerate(iter_frames(str(made.path))):
        for row in side_map.objects_of(number):
            whole = row.source_box_xyxy_px
            stands_free = all(
                other.track_id == row.track_id or other.box_xyxy_px[0] > row.box_xyxy_px[2] + 2
                or other.box_xyxy_px[2] < row.box_xyxy_px[0] - 2 or other.box_xyxy_px[1] > row.box_xyxy_px[3] + 2
                or other.box_xyxy_px[3] < row.box_xyxy_px[1] - 2
                for other in side_map.objects_of(number)
            )  # fmt: skip
            assert row.tag in {"", time_text(clip.recording, row.pts_ticks)}
            if stands_free and whole[2] < 318:
                drawn = read_number(frame.image_u8, (row.box_xyxy_px[0], row.box_xyxy_px[1]))
                assert pts_of_frame[drawn] == row.pts_ticks
                n_read += 1
    assert n_read > 150
    assert made.timestamp_error == 0
    assert made.frames_substituted == 0


def test_a_thousand_clicks_lead_to_the_native_frame_and_box(clip: Clip, made: SynopsisReport) -> None:
    side_map = SynopsisMap(made.map_path)
    by_track = {track.track_id: track for track in clip.tracks}
    chance = np.random.default_rng(1)
    n_frames = round(made.length_s * Fraction(made.frame_rate))
    for _ in range(1000):
        number = int(chance.integers(n_frames))
        rows = side_map.objects_of(number)
        target = rows[int(chance.integers(len(rows)))]
        x0, y0, x1, y1 = target.box_xyxy_px
        x, y = chance.uniform(x0, x1 - 0.01), chance.uniform(y0, y1 - 0.01)

        found = side_map.object_at(number, x, y)

        assert found is not None
        above = [row for row in rows[rows.index(target) + 1 :] if row == found]
        assert found == target or above
        track = by_track[found.track_id]
        sample = int(np.searchsorted(track.pts_ticks, found.pts_ticks))
        assert track.pts_ticks[sample] == found.pts_ticks
        assert found.source_box_xyxy_px == tuple(track.boxes_xyxy_px[sample].tolist())


def test_the_film_carries_the_digests_of_its_map_and_of_its_sources(clip: Clip, made: SynopsisReport) -> None:
    comment = comment_of(made.path)

    assert comment["map_sha256"] == made.map_sha256
    assert comment["map"] == made.map_path.name
    assert comment["sources"] == [{"recording_id": clip.recording.recording_id, "sha256": clip.recording.sha256}]
    assert "jamais une preuve" in str(comment["notice"])


def test_every_frame_says_what_it_is(made: SynopsisReport) -> None:
    bands = [frame.image_u8[:16, :200] for frame in iter_frames(str(made.path))]

    first = bands[0].astype(int)
    assert first.max() > 150
    assert all(np.abs(band.astype(int) - first).mean() < 4 for band in bands)


def test_the_report_is_complete_and_is_json(made: SynopsisReport) -> None:
    document = json.loads(json.dumps(made.document()))

    expected = (
        "length_s footage_s condensation frame_rate tracks_total tracks_shown not_shown lower_bound_s ratio_to_bound "
        "FR CR OR CA CA_new H50 CDR AR TR IP TE density_mean density_p95 layout_s render_s render_fps "
        "peak_memory_mib map map_sha256 film_sha256 sources"
    )
    assert set(expected.split()) <= set(document)
    assert document["TE"] == 0 and document["TR"] == 1.0


def test_the_same_tracks_give_the_same_film_to_the_byte(clip: Clip, made: SynopsisReport, tmp_path: Path) -> None:
    again = film_of(clip.tracks, [clip], tmp_path / "film.mp4")

    assert again.map_sha256 == made.map_sha256
    assert again.film_sha256 == made.film_sha256


def test_a_film_that_is_stopped_leaves_nothing(clip: Clip, tmp_path: Path) -> None:
    calls = iter(range(1000))

    with pytest.raises(SynopsisCancelled):
        make_synopsis(
            clip.tracks,
            {clip.recording.recording_id: clip.recording},
            tmp_path / "film.mp4",
            SynopsisOptions(),
            cancel=lambda: next(calls) > 20,
        )

    assert list(tmp_path.iterdir()) == []


def test_progress_goes_from_layout_to_the_last_frame(clip: Clip, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []

    make_synopsis(
        clip.tracks[:1],
        {clip.recording.recording_id: clip.recording},
        tmp_path / "film.mp4",
        SynopsisOptions(),
        progress=lambda stage, share: told.append((stage, share)),
    )

    assert told[0][0] == "layout"
    assert told[-1] == ("render", 1.0)
    assert [share for stage, share in told if stage == "render"] == sorted(s for t, s in told if t == "render")


def test_a_map_or_film_that_exists_is_never_overwritten(clip: Clip, made: SynopsisReport) -> None:
    with pytest.raises(AlreadyThere, match="exists already"):
        film_of(clip.tracks, [clip], made.path)


def test_a_film_that_another_run_finished_meanwhile_keeps_its_map(clip: Clip, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"

    def another_finishes(stage: str, share: float) -> None:
        if stage == "render" and not path.exists():
            path.write_bytes(b"another's film")
            map_path_of(path).write_bytes(b"another's map")

    with pytest.raises(AlreadyThere, match="exists already"):
        make_synopsis(
            clip.tracks[:1],
            {clip.recording.recording_id: clip.recording},
            path,
            SynopsisOptions(),
            progress=another_finishes,
        )

    assert path.read_bytes() == b"another's film"
    assert map_path_of(path).read_bytes() == b"another's map"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_stay_of_exactly_the_wanted_length_is_cut_so_that_the_film_keeps_to_it(tmp_path: Path) -> None:
    walker = Actor(first=0, n_frames=101, from_xy=(5, 10), step_xy=(1, 1))
    scene = make_clip(tmp_path, (walker,), n_frames=120)
    stay_s = Fraction(10)

    plan = plan_synopsis(
        scene.tracks,
        {scene.recording.recording_id: scene.recording},
        SynopsisOptions(layout=LayoutOptions(length_s=stay_s)),
    )

    assert plan.n_frames / plan.rate <= stay_s
    assert [cut.track_id for cut in plan.cut] == [scene.tracks[0].track_id]


def test_nothing_to_show_is_said(clip: Clip, tmp_path: Path) -> None:
    with pytest.raises(UnknownReference, match="no object to show"):
        film_of((), [clip], tmp_path / "film.mp4")


def test_two_cameras_stand_side_by_side_or_follow_each_other(clip: Clip, tmp_path: Path) -> None:
    other = make_clip(tmp_path, ACTORS[2:], n_frames=300, camera="C2", name="other.mp4", start=None)
    tracks = clip.tracks[:2] + other.tracks

    side = film_of(tracks, [clip, other], tmp_path / "side.mp4")
    turns = film_of(
        tracks,
        [clip, other],
        tmp_path / "turns.mp4",
        SynopsisOptions(arrangement=Arrangement.ONE_AFTER_ANOTHER),
    )

    assert side.size_wh_px[0] == 2 * turns.size_wh_px[0]
    assert side.length_s == max(camera.length_s for camera in side.cameras)
    assert turns.length_s == pytest.approx(sum(camera.length_s for camera in turns.cameras))
    assert side.tracks_shown == turns.tracks_shown == 4


def test_two_recordings_of_one_camera_make_one_synopsis(clip: Clip, tmp_path: Path) -> None:
    later = make_clip(tmp_path, ACTORS[2:], n_frames=300, name="later.mp4", start=None)

    report = film_of(clip.tracks[:2] + later.tracks, [clip, later], tmp_path / "film.mp4")

    assert len(report.cameras) == 1
    assert len(report.sources) == 2
    assert report.tracks_shown == 4


def test_a_person_who_hands_over_a_bag_and_the_one_who_takes_it_stay_together(tmp_path: Path) -> None:
    meet = (
        Actor(first=10, n_frames=70, from_xy=(10, 60), step_xy=(1.6, 0), class_name="person", rows=8),
        Actor(first=10, n_frames=70, from_xy=(250, 60), step_xy=(-1.6, 0), class_name="person", rows=8),
        Actor(first=55, n_frames=25, from_xy=(120, 100), step_xy=(1, 0), rows=2),
        Actor(first=120, n_frames=60, from_xy=(20, 60), step_xy=(3, 0), class_name="person", rows=8),
        Actor(first=200, n_frames=60, from_xy=(240, 60), step_xy=(-3, 0), class_name="person", rows=8),
    )
    scene = make_clip(tmp_path, meet, n_frames=280)

    report = film_of(scene.tracks, [scene], tmp_path / "film.mp4", SynopsisOptions(layout=LayoutOptions(density=6)))

    side_map = SynopsisMap(report.map_path)
    together = {scene.tracks[k].track_id for k in (0, 1, 2)}
    n_checked = 0
    for number in range(round(report.length_s * 10)):
        instants = {row.pts_ticks for row in side_map.objects_of(number) if row.track_id in together}
        assert len(instants) <= 1
        n_checked += len(instants)
    assert n_checked == 70
    assert report.cameras[0].figures.ip == 1.0
    assert report.cameras[0].figures.n_interactions >= 3


def test_a_wanted_length_is_kept_by_showing_long_stays_in_pieces_side_by_side(tmp_path: Path) -> None:
    meet = (
        Actor(first=0, n_frames=110, from_xy=(5, 10), step_xy=(0.4, 1.4), class_name="person"),
        Actor(first=0, n_frames=40, from_xy=(80, 10), step_xy=(0.4, 1.4), class_name="person"),
        Actor(first=130, n_frames=30, from_xy=(240, 60), step_xy=(0, 3)),
    )
    scene = make_clip(tmp_path, meet, n_frames=200)

    report = film_of(
        scene.tracks, [scene], tmp_path / "film.mp4", SynopsisOptions(layout=LayoutOptions(length_s=Fraction(7)))
    )

    assert report.length_s <= 7 and not report.missed_length
    assert report.tracks_shown == 3 and report.activity_retained == 1.0 and report.timestamp_error == 0
    assert [cut.track_id for cut in report.cut] == [scene.tracks[0].track_id]
    side_map = SynopsisMap(report.map_path)
    twice, together = 0, 0
    for number in range(round(report.length_s * 10)):
        rows = side_map.objects_of(number)
        instants = [{row.pts_ticks for row in rows if row.track_id == track.track_id} for track in scene.tracks[:2]]
        twice += len(instants[0]) == 2
        together += bool(instants[1] and instants[1] <= instants[0])
    assert twice > 0, "pieces of one track stand side by side"
    assert together == 40, "who meets is never taken apart"


def test_heads_are_coarse_unless_the_track_is_unmasked(tmp_path: Path) -> None:
    walker = Actor(first=5, n_frames=40, from_xy=(20, 60), step_xy=(3, 0), class_name="person", rows=12)
    scene = make_clip(tmp_path, (walker,), n_frames=120)
    shown = SynopsisOptions(unmasked=frozenset({scene.tracks[0].track_id}))

    masked = film_of(scene.tracks, [scene], tmp_path / "masked.mp4")
    open_ = film_of(scene.tracks, [scene], tmp_path / "open.mp4", shown)

    def detail(report: SynopsisReport) -> float:
        row = SynopsisMap(report.map_path).objects_of(20)[0]
        frames = list(iter_frames(str(report.path)))
        x0, y0, x1, _ = row.box_xyxy_px
        return float(frames[20].image_u8[y0 + 5 : y0 + 15, x0 + 5 : x1 - 5].std())

    assert masked.heads_masked and not open_.heads_masked
    assert open_.unmasked == (scene.tracks[0].track_id,)
    assert detail(masked) < 0.6 * detail(open_)


def test_the_map_lies_beside_the_film() -> None:
    assert map_path_of(Path("a/film.mp4")) == Path("a/film.map.parquet")
