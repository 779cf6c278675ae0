# SPDX-License-Identifier: Apache-2.0
"""Stills and clips show the pixels of the original and say exactly which; nothing is overwritten."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

import review.cutting
from indexer.media import iter_frames, iter_pictures
from indexer.records import Track
from models.errors import AlreadyThere, OutOfScope, StoreProblem, UnknownReference, UnreadableInput
from review.cutting import cut_clip
from review.evidence import analysis_facts, export_clip, export_still
from review.footage import import_footage
from review.frames import HitFrames, frame_source
from review.indexing import run_index
from review.lettering import with_caption_below
from review.recordings import packets_of, read_recordings
from review.search import index_of
from review.session import CaseSession
from tests.clips import Mover, make_clip, pixel_sha256, sequential_decode
from tests.footage.fixtures import DISPLAYED, Desk, IndexedCase, bodies_of
from tests.review.law.kit import WINDOW

WALKER = Mover(from_s=3.0)


def _packets(path: Path) -> list[tuple[int | None, str]]:
    """(PTS, SHA-256 of the payload) of every video packet, in file order."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [(p.pts, hashlib.sha256(bytes(p)).hexdigest()) for p in container.demux(stream) if p.size]


@pytest.fixture
def track(session: CaseSession) -> Track:
    """A track that begins in the middle of a recording of irregular times with B-frames."""
    return next(item for item in index_of(session).tracks if item.camera == "cam2" and item.frame_index[0] > 20)


def test_the_pixels_above_the_margin_are_those_of_the_frame(
    session: CaseSession, track: Track, desk: Desk, indexed_case: IndexedCase
) -> None:
    exhibit = export_still(session, track.track_id, desk.root / "still.png")

    sheet = cv2.imread(str(exhibit.path))
    (frame,) = iter_frames(
        str(indexed_case.irregular.path),
        start_pts_ticks=exhibit.first_pts_ticks,
        end_pts_ticks=exhibit.first_pts_ticks + 1,
    )
    assert sheet is not None
    left = (sheet.shape[1] - 320) // 2
    assert np.array_equal(sheet[:240, left : left + 320], frame.image_u8)
    assert exhibit.first_pts_ticks == exhibit.last_pts_ticks == track.best_pts_ticks
    assert exhibit.sha256 == hashlib.sha256(exhibit.path.read_bytes()).hexdigest()
    assert exhibit.box_xyxy_px is not None


def test_any_frame_can_be_asked_for(session: CaseSession, track: Track, desk: Desk) -> None:
    exhibit = export_still(session, track.track_id, desk.root / "s.png", pts_ticks=int(track.pts_ticks[3]) + 1)

    assert exhibit.first_pts_ticks == track.pts_ticks[3]


def test_a_still_of_a_damaged_frame_says_so(
    session: CaseSession, track: Track, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = HitFrames.frame
    lines: list[str] = []
    monkeypatch.setattr(HitFrames, "frame", lambda self, i: replace(original(self, i), is_corrupt=True))
    monkeypatch.setattr("review.evidence.with_caption_below", lambda image, text: lines.extend(text) or image)

    export_still(session, track.track_id, desk.root / "s.png")

    assert any("IMAGE ENDOMMAGÉE" in line for line in lines)


def test_the_caption_carries_source_times_and_model(
    session: CaseSession, track: Track, desk: Desk, monkeypatch: pytest.MonkeyPatch, indexed_case: IndexedCase
) -> None:
    lines: list[str] = []
    monkeypatch.setattr("review.evidence.with_caption_below", lambda image, text: lines.extend(text) or image)

    export_still(session, track.track_id, desk.root / "s.png")

    text = "\n".join(lines)
    digest = hashlib.sha256(indexed_case.irregular.path.read_bytes()).hexdigest()
    for part in (
        digest,
        f"PTS {track.best_pts_ticks}",
        "1/12800",
        "02/03/2026 21:00:",
        "libavcodec",
        track.class_model,
    ):
        assert part in text


def test_a_clip_holds_the_very_packets_of_the_original(
    session: CaseSession, track: Track, desk: Desk, indexed_case: IndexedCase
) -> None:
    exhibit = export_clip(session, track.track_id, desk.root / "clip.mp4")

    original, copy = _packets(indexed_case.irregular.path), _packets(exhibit.path)
    first = next(i for i, (pts, _) in enumerate(original) if pts == exhibit.first_pts_ticks)
    part = original[first : first + len(copy)]
    assert [digest for _, digest in copy] == [digest for _, digest in part]
    times = {pts for pts, _ in part if pts is not None}
    assert exhibit.last_pts_ticks == max(times)
    assert set(track.pts_ticks.tolist()) <= times


def test_a_clip_shows_the_very_pictures_of_the_original(
    session: CaseSession, track: Track, desk: Desk, indexed_case: IndexedCase
) -> None:
    exhibit = export_clip(session, track.track_id, desk.root / "clip.mp4")

    whole = sequential_decode(indexed_case.irregular.path)
    span = [
        digest for pts, digest in whole if pts is not None and exhibit.first_pts_ticks <= pts <= exhibit.last_pts_ticks
    ]
    assert [digest for _, digest in sequential_decode(exhibit.path)] == span


def test_a_clip_begins_at_a_keyframe_and_says_how_much_earlier_that_is(
    session: CaseSession, track: Track, desk: Desk
) -> None:
    exhibit = export_clip(session, track.track_id, desk.root / "clip.mp4")

    packets = packets_of(session, track.recording_id)
    keys = packets.pts_ticks[packets.is_key]
    early = int(track.pts_ticks[0]) - exhibit.first_pts_ticks
    assert exhibit.first_pts_ticks in keys and early >= 0
    assert not np.any((keys > exhibit.first_pts_ticks) & (keys <= track.pts_ticks[0]))
    assert f"begins {early / 12_800:.3f} s before the object, at a keyframe" in exhibit.method


@pytest.mark.parametrize("name", ["clip.ts", "clip.mkv", "clip.avi"])
def test_clips_are_cut_out_of_other_containers_too(desk: Desk, name: str) -> None:
    path = desk.delivered / name
    options: dict[str, Any] = {"movers": (WALKER,), "n_frames": 150}
    if name.endswith(".avi"):
        options |= {"codec": "mjpeg", "pixel_format": "yuvj420p", "time_base": Fraction(2, 25), "pts_ticks": range(150)}
    elif name.endswith(".ts"):
        options |= {"time_base": Fraction(1, 90_000), "b_frames": 2}
    else:
        options |= {"b_frames": 3, "codec_options": {"x264-params": "open-gop=1:b-adapt=0"}}
    make_clip(path, **options)
    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1", start=DISPLAYED)
        run_index(session, jobs=1)
        track = index_of(session).tracks[0]
        exhibit = export_clip(session, track.track_id, desk.root / "out.mp4")

    whole = {picture.pts_ticks: picture.sha256() for picture in iter_pictures(str(path))}
    span = [whole[pts] for pts in sorted(whole) if exhibit.first_pts_ticks <= pts <= exhibit.last_pts_ticks]  # type: ignore[operator,type-var]
    assert [picture.sha256() for picture in iter_pictures(str(exhibit.path))] == span
    assert set(track.pts_ticks.tolist()) <= set(whole)


def test_a_clip_that_shows_something_else_is_not_kept(
    session: CaseSession, track: Track, desk: Desk, monkeypatch: pytest.MonkeyPatch, indexed_case: IndexedCase
) -> None:
    def other(path: str, made: str, **_: object) -> None:
        shutil.copyfile(indexed_case.steady.path, made)

    monkeypatch.setattr(review.cutting, "copy_packets", other)

    with pytest.raises(StoreProblem, match="does not show the same pictures"):
        export_clip(session, track.track_id, desk.root / "clip.mp4")

    assert list(desk.root.iterdir()) == [desk.delivered]


def test_a_cut_that_fails_leaves_nothing_and_says_what_to_do(
    session: CaseSession, track: Track, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, made: str, **_: object) -> None:
        Path(made).write_bytes(b"half")
        raise StoreProblem("No space left on device.", hint="Check the disk, or export stills instead.")

    monkeypatch.setattr(review.cutting, "copy_packets", full)
    with pytest.raises(StoreProblem) as caught:
        export_clip(session, track.track_id, desk.root / "clip.mp4")

    assert "still" in caught.value.hint
    assert list(desk.root.iterdir()) == [desk.delivered]
    assert bodies_of(session.folder)[-1]["outcome"] == "failed"


def test_a_recording_without_keyframes_before_an_object_cannot_be_cut(desk: Desk, indexed_case: IndexedCase) -> None:
    with desk.open(indexed_case.folder, writing=False) as session:
        (item, *_) = read_recordings(session)
        packets = packets_of(session, item.recording.recording_id)

        with pytest.raises(UnknownReference, match="no keyframe before") as caught:
            cut_clip(item.recording, packets, -1, 5, desk.root / "c.mp4")

    assert "stills" in caught.value.hint


@pytest.mark.parametrize("make", [export_still, export_clip])
def test_what_is_there_is_never_overwritten(session: CaseSession, track: Track, desk: Desk, make: Any) -> None:
    out = desk.root / ("x.png" if make is export_still else "x.mp4")
    out.write_bytes(b"mine")
    n_records = len(bodies_of(session.folder))

    with pytest.raises(AlreadyThere):
        make(session, track.track_id, out)

    assert out.read_bytes() == b"mine"
    assert len(bodies_of(session.folder)) == n_records


@pytest.mark.parametrize("make", [export_still, export_clip])
def test_an_original_that_has_gone_or_changed_shows_nothing(desk: Desk, make: Any, clips: Any) -> None:
    path = desk.delivered / "a.mp4"
    shutil.copyfile(clips[0].path, path)
    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1", start=DISPLAYED)
        run_index(session, jobs=1)
        track_id = index_of(session).tracks[0].track_id
        with path.open("ab") as file:
            file.write(b"!")
        with pytest.raises(UnreadableInput, match="has changed"):
            make(session, track_id, desk.root / "out.png")
        path.unlink()
        with pytest.raises(UnreadableInput, match="is not there"):
            make(session, track_id, desk.root / "out.png")

    assert not list(desk.root.glob("out*"))


def test_what_lies_outside_the_requisition_is_not_shown(desk: Desk, clips: Any) -> None:
    path = desk.delivered / "a.mp4"
    shutil.copyfile(clips[0].path, path)
    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1", start=WINDOW[1] - timedelta(seconds=7))
        run_index(session, jobs=1)
        track = index_of(session).tracks[0]
        with pytest.raises(OutOfScope, match="lies outside the requisition"):
            export_still(session, track.track_id, desk.root / "s.png", pts_ticks=8 * 12_800)
        clip = export_clip(session, track.track_id, desk.root / "c.mp4")

    assert not (desk.root / "s.png").exists()
    assert clip.last_pts_ticks < 7 * 12_800 or "outside the requisition's times" in clip.method


@pytest.mark.parametrize("make", [export_still, export_clip])
def test_an_unknown_track_is_refused(session: CaseSession, desk: Desk, make: Any) -> None:
    with pytest.raises(UnknownReference):
        make(session, "t-none", desk.root / "out.png")


def test_an_exhibit_is_in_the_log_with_its_digest(session: CaseSession, track: Track, desk: Desk) -> None:
    exhibit = export_still(session, track.track_id, desk.root / "s.png")

    intent, result = bodies_of(session.folder)[-2:]
    assert (intent["act"], intent["detail"]["track_id"]) == ("still.export", track.track_id)
    assert result["result"] == {"sha256": exhibit.sha256, "pts_ticks": exhibit.first_pts_ticks}


def test_the_player_steps_through_the_frames_of_a_hit_with_their_times(
    session: CaseSession, track: Track, indexed_case: IndexedCase
) -> None:
    frames = frame_source(session, track.track_id)
    whole = sequential_decode(indexed_case.irregular.path)

    for i in (frames.first_index, frames.best_index, frames.last_index, frames.first_index - 1):
        assert pixel_sha256(frames.image_bgr_u8(i)) == whole[i][1]
        assert frames.pts_ticks(i) == whole[i][0]
    assert frames.box(frames.first_index - 1) is None and frames.box(frames.first_index) is not None
    start = frames.utc(0)
    assert start == DISPLAYED and frames.displayed(0) == DISPLAYED
    assert frames.index_at_pts(frames.pts_ticks(9) + 1) == 9
    assert frames.picture_type(0) == "I"
    assert frames.n_frames == len(whole)
    frames.close()


def test_frames_of_a_stream_without_times_are_stepped_through_by_number(desk: Desk) -> None:
    path = make_clip(desk.delivered / "r.h264", movers=(WALKER,), n_frames=120, container_format="h264").path
    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1")
        run_index(session, jobs=1)
        (track,) = index_of(session).tracks
        frames = frame_source(session, track.track_id)
        digest = pixel_sha256(frames.image_bgr_u8(frames.best_index))
        frames.close()
        still = export_still(session, track.track_id, desk.root / "s.png")

    assert digest == sequential_decode(path)[frames.best_index][1]
    assert still.start_utc is None and still.displayed_start is None


def test_how_footage_was_analysed_is_told_with_every_model(session: CaseSession) -> None:
    facts = analysis_facts(session)

    assert facts.profile == "standard" and facts.n_tracks == 4
    assert "libavcodec" in facts.decoder and len(facts.configuration_sha256) == 64
    assert any("relecture-crop" in model.name for model in facts.models)
    assert "of footage analysed" in facts.coverage
    assert [recording_id for recording_id, _ in facts.conformity] == sorted(index_of(session).recordings)
    assert {note.level for _, note in facts.conformity} == {"below"}


@pytest.fixture
def picture() -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).integers(0, 255, (90, 160, 3), dtype=np.uint8)


def test_a_caption_stands_below_and_never_on_the_picture(picture: np.ndarray[Any, Any]) -> None:
    sheet = with_caption_below(picture, ["Caméra « place d’Erlon » — été", "x " * 400])

    assert sheet.shape[1] == 640 and sheet.shape[0] > 150
    assert np.array_equal(sheet[:90, 240:400], picture)
    assert sheet[90:].min() < 100, "there is ink below"
    assert with_caption_below(picture, []).shape[1] == 640


def test_a_wide_picture_keeps_its_width() -> None:
    wide = np.zeros((100, 1280, 3), np.uint8)

    assert with_caption_below(wide, ["a"]).shape[1] == 1280
