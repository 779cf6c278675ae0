# SPDX-License-Identifier: Apache-2.0
"""The list of pictures holds each one's time and digest, as FFmpeg itself gives them, and is whole or not there."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import timedelta
from pathlib import Path

import imageio_ffmpeg
import pytest

import review.frame_list
from models.errors import AlreadyThere, OutOfScope, StoreProblem, UnknownReference, UnreadableInput
from review.footage import import_footage
from review.frame_list import ROW, write_frame_list
from review.session import CaseSession
from tests.clips import Clip, irregular_pts, make_clip
from tests.footage.fixtures import DISPLAYED, Desk, Run, bodies_of


@pytest.fixture
def clip(desk: Desk) -> Clip:
    """150 pictures of irregular times, of odd width: planes whose rows are padded."""
    path = desk.delivered / "quai.mp4"
    return make_clip(path, pts_ticks=irregular_pts(150), size_wh_px=(162, 122))


@pytest.fixture
def session(desk: Desk, clip: Clip) -> CaseSession:
    session = desk.open(desk.case())
    import_footage(session, [clip.path], camera="cam1", start=DISPLAYED)
    return session


def _rows(path: Path) -> list[list[str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [[part.strip() for part in line.split(",")] for line in lines]


def test_every_picture_stands_in_it_with_the_digest_that_ffmpeg_gives(
    session: CaseSession, clip: Clip, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []

    listed = write_frame_list(session, "quai.mp4", tmp_path / "quai.txt", progress=lambda *n: told.append(n))
    session.close()

    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "error", "-i", str(clip.path), "-fps_mode", "passthrough", "-f", "framehash"]
    theirs = subprocess.run([*command, "-hash", "sha256", "-"], capture_output=True, text=True, check=True).stdout
    rows = _rows(listed.path)
    assert [row[5] for row in rows] == [line.split(",")[5].strip() for line in theirs.splitlines() if line[0] != "#"]
    assert [row[4] for row in rows] == [line.split(",")[4].strip() for line in theirs.splitlines() if line[0] != "#"]
    assert [int(row[2]) for row in rows] == list(clip.pts_ticks)
    assert (listed.n_pictures, listed.n_damaged) == (150, 0)
    assert told == [(64, 150), (128, 150), (150, 150)]


def test_a_second_run_gives_the_same_list_and_names_what_it_was_made_of(session: CaseSession, tmp_path: Path) -> None:
    one = write_frame_list(session, "quai.mp4", tmp_path / "one.txt")
    other = write_frame_list(session, one.recording_id, tmp_path / "other.txt")
    session.close()

    text = one.path.read_text()
    assert text == other.path.read_text() and hashlib.sha256(text.encode()).hexdigest() == one.sha256 == other.sha256
    assert f"#decoder: {one.decoder}\n" in text and "#pixel_format 0: yuv420p\n" in text
    assert (
        f"#recording_sha256: {hashlib.sha256((tmp_path / 'delivered' / 'quai.mp4').read_bytes()).hexdigest()}" in text
    )


def test_a_list_is_in_the_log_with_its_digest(session: CaseSession, desk: Desk) -> None:
    listed = write_frame_list(session, "quai.mp4", desk.root / "quai.txt")
    session.close()

    (asked,) = [body for body in bodies_of(desk.root / "case") if body.get("act") == "frames.list" and "detail" in body]
    results = [body.get("result") for body in bodies_of(desk.root / "case")]
    assert asked["detail"]["recording_id"] == listed.recording_id
    assert {"sha256": listed.sha256, "n_pictures": 150, "n_damaged": 0} in results


@pytest.mark.parametrize("what", ["interrupted", "lost"])
def test_a_list_that_is_not_whole_is_not_there(
    session: CaseSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def interrupted(n_done: int, _n_about: int) -> None:
        raise KeyboardInterrupt

    if what == "lost":
        monkeypatch.setattr(review.frame_list, "MAX_ANSWER_BYTES", ROW.itemsize)
    before = sorted(tmp_path.rglob("*"))
    with session, pytest.raises(KeyboardInterrupt if what == "interrupted" else UnreadableInput):
        write_frame_list(session, "quai.mp4", tmp_path / "quai.txt", progress=interrupted)

    assert {path for path in set(tmp_path.rglob("*")) - set(before) if "case" not in path.parts} == set()


def test_what_cannot_be_listed_is_refused_with_its_reason(session: CaseSession, desk: Desk) -> None:
    out, there = desk.root / "list.txt", desk.root / "there.txt"
    there.write_text("mine")
    with session:
        with pytest.raises(UnknownReference, match=r"holds no recording of the name autre\.mp4"):
            write_frame_list(session, "autre.mp4", out)
        with pytest.raises(AlreadyThere):
            write_frame_list(session, "quai.mp4", there)
        with pytest.raises(StoreProblem):
            write_frame_list(session, "quai.mp4", there / "below.txt")
        original = desk.delivered / "quai.mp4"
        content = bytearray(original.read_bytes())
        content[-1] ^= 1
        original.write_bytes(content)
        with pytest.raises(UnreadableInput, match="has changed"):
            write_frame_list(session, "quai.mp4", out)

    assert there.read_text() == "mine" and not out.exists()


def test_only_what_the_requisition_covers_is_listed(desk: Desk, clip: Clip) -> None:
    early = DISPLAYED.replace(hour=20, minute=59, second=55)
    with desk.open(desk.case()) as session:
        import_footage(session, [clip.path], camera="cam1", start=early)
        listed = write_frame_list(session, "quai.mp4", desk.root / "part.txt")

    start = DISPLAYED - early
    assert start == timedelta(seconds=5)
    covered = [pts for i, pts in enumerate(clip.pts_ticks) if clip.time_s(i) >= start.total_seconds()]
    assert [int(row[2]) for row in _rows(listed.path)] == covered


def test_a_recording_outside_the_requisition_is_not_listed(desk: Desk, clip: Clip) -> None:
    with desk.open(desk.case()) as session:
        import_footage(session, [clip.path], camera="cam1", start=DISPLAYED)
        item = review.frame_list._recording_of(session, "quai.mp4")
        outside = type(item)(recording=item.recording, imported_utc=item.imported_utc, scope="outside")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(review.frame_list, "_recording_of", lambda *_: outside)
            with pytest.raises(OutOfScope, match="covers nothing"):
                write_frame_list(session, "quai.mp4", desk.root / "list.txt")


def test_pictures_without_times_are_numbered(desk: Desk) -> None:
    clip = make_clip(desk.delivered / "raw.h264", n_frames=20, container_format="h264")
    with desk.open(desk.case()) as session:
        import_footage(session, [clip.path], camera="cam1", start=DISPLAYED)
        listed = write_frame_list(session, "raw.h264", desk.root / "raw.txt")

    assert "#pts: the stream has no times" in listed.path.read_text()
    assert [int(row[2]) for row in _rows(listed.path)] == list(range(20))


def test_the_command_reports_what_it_wrote(session: CaseSession, desk: Desk, run: Run) -> None:
    session.close()
    out = desk.root / "quai.txt"

    code, said, _ = run("frames", str(desk.root / "case"), "quai.mp4", "--out", str(out), "--json")

    document = json.loads(said)
    assert code == 0 and document["n_pictures"] == 150 and document["path"] == str(out)
    assert document["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
