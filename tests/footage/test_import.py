# SPDX-License-Identifier: Apache-2.0
"""Import holds every file against the requisition, and takes it whole or not at all."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import review.footage
from indexer.findings import FindingKind
from models.errors import NotFootage, OutOfScope, StoreProblem, UnreadableInput, UsageProblem
from review.cases import extend_case
from review.footage import find_footage, import_footage, parse_offset_ms, parse_start
from review.indexing import run_index
from review.recordings import packets_of, read_recordings
from review.search import index_of
from review.session import CaseSession
from tests.clips import Clip, Mover, constant_pts, make_clip
from tests.corpus.make import Corpus
from tests.footage.fixtures import DISPLAYED, Desk, acts_of, bodies_of
from tests.review.law.kit import requisition_text

WINDOW_END = datetime(2026, 3, 2, 22, tzinfo=UTC)


@pytest.fixture
def clip(desk: Desk, clips: tuple[Clip, Clip]) -> Path:
    path = desk.delivered / "gare.mp4"
    shutil.copyfile(clips[0].path, path)
    return path


def _blobs(session: CaseSession) -> tuple[str, ...]:
    return tuple(name for name in session.store.names("") if not name.startswith("requisition"))


def test_a_recording_inside_the_requisition_is_imported_with_what_it_is(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        report = import_footage(session, [clip], camera="cam1", start=DISPLAYED, clock_offset_ms=-60_000)
        (stored,) = read_recordings(session)
        packets = packets_of(session, stored.recording.recording_id)

    (item,) = report.items
    assert (item.outcome, report.n_imported, stored.scope) == ("imported", 1, "inside")
    assert stored.recording == item.recording
    assert stored.recording.path == str(clip)
    assert stored.recording.clock.start_utc == DISPLAYED + timedelta(minutes=1)
    assert len(packets.pts_ticks) == stored.recording.facts.n_packets == 240
    assert stored.allowed_ticks() == ((0, stored.recording.facts.last_pts_ticks + 1),)


def test_the_original_is_neither_moved_nor_written_to(desk: Desk, clip: Path) -> None:
    before = (clip.read_bytes(), clip.stat().st_mtime_ns)

    with desk.open(desk.case()) as session:
        import_footage(session, [clip], camera="cam1", start=DISPLAYED)

    assert (clip.read_bytes(), clip.stat().st_mtime_ns) == before


def test_an_unknown_camera_is_refused_before_anything_is_read(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        with pytest.raises(OutOfScope, match="does not name a camera “cam9”") as caught:
            import_footage(session, [clip], camera="cam9", start=DISPLAYED)
        assert _blobs(session) == ()

    assert "cam1, cam2" in caught.value.hint


def test_a_recording_outside_the_requisition_goes_to_quarantine_and_is_never_analysed(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        with pytest.raises(OutOfScope, match="outside the requisition") as caught:
            import_footage(session, [clip], camera="cam1", start=DISPLAYED + timedelta(days=1))
        names = _blobs(session)
        with pytest.raises(UnreadableInput, match="holds no recording"):
            run_index(session, jobs=1)

    assert "complementary requisition" in caught.value.hint and caught.value.exit_code == 12
    assert len(names) == 1 and names[0].startswith("quarantine/")


def test_a_recording_partly_inside_is_analysed_inside_alone(desk: Desk, clip: Path) -> None:
    inside = timedelta(seconds=8)
    with desk.open(desk.case()) as session:
        import_footage(session, [clip], camera="cam1", start=WINDOW_END - inside)
        (stored,) = read_recordings(session)
        run_index(session, jobs=1)
        segments = index_of(session).segments

    (span,) = stored.allowed_ticks()
    assert stored.scope == "partly"
    assert span == (0, 8 * 12_800)
    assert [(segment.start_pts_ticks, segment.end_pts_ticks) for segment in segments] == [span]
    assert segments[0].tracks
    assert all(track.pts_ticks[-1] < span[1] for segment in segments for track in segment.tracks)


def test_a_recording_without_a_clock_is_imported_with_the_finding_that_says_so(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        (item,) = import_footage(session, [clip], camera="cam1").items
        (stored,) = read_recordings(session)

    assert item.recording is not None
    assert stored.scope == "time unknown"
    assert stored.allowed_ticks() == ((0, item.recording.facts.last_pts_ticks + 1),)
    assert [finding.kind for finding in item.recording.findings] == [FindingKind.CLOCK_UNKNOWN]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cam 2026-03-02 21-00-00.mp4", "2026-03-02 21:00:00"),
        ("ch01_20260302210000.mp4", "2026-03-02 21:00:00"),
        ("NVR_2026.03.02_21h00m05.mp4", "2026-03-02 21:00:05"),
    ],
)
def test_a_time_in_the_name_is_proposed_and_not_applied(desk: Desk, clip: Path, name: str, said: str) -> None:
    renamed = clip.replace(desk.delivered / name)

    with desk.open(desk.case()) as session:
        (item,) = import_footage(session, [renamed], camera="cam1").items

    assert item.recording is not None and not item.recording.clock.is_known
    (finding,) = item.recording.findings
    assert finding.kind is FindingKind.CLOCK_PROPOSED and f"file name says {said}" in finding.detail


def test_the_same_bytes_are_recognised_under_another_name(desk: Desk, clip: Path) -> None:
    copy = desk.delivered / "copy.mp4"
    shutil.copyfile(clip, copy)

    with desk.open(desk.case()) as session:
        import_footage(session, [clip], camera="cam1", start=DISPLAYED)
        (item,) = import_footage(session, [copy], camera="cam2", start=DISPLAYED).items
        stored = read_recordings(session)

    assert item.outcome == "duplicate" and "the same bytes as gare.mp4 of cam1" in item.reason
    assert len(stored) == 1 and stored[0].recording.path == str(clip)


def test_a_forgotten_start_can_be_given_by_importing_again(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        import_footage(session, [clip], camera="cam1")
        run_index(session, jobs=1)
        before = len(index_of(session).tracks)
        (item,) = import_footage(session, [clip], camera="cam1", start=DISPLAYED).items
        (stored,) = read_recordings(session)
        after = index_of(session)

    assert (item.outcome, stored.scope) == ("updated", "inside")
    assert stored.recording.clock.how_read == "typed" and stored.recording.findings == ()
    assert len(after.tracks) == before > 0


def test_a_corrected_clock_takes_back_what_now_lies_outside(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        import_footage(session, [clip], camera="cam1")
        run_index(session, jobs=1)
        import_footage(session, [clip], camera="cam1", start=WINDOW_END - timedelta(seconds=8))
        taken_back = len(index_of(session).tracks)
        report = run_index(session, jobs=1)
        tracks = index_of(session).tracks

    assert taken_back == 0
    assert report.n_segments == 1
    assert tracks and all(track.pts_ticks[-1] < 8 * 12_800 for track in tracks)


def test_a_clock_corrected_to_outside_leaves_nothing_to_analyse(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session:
        import_footage(session, [clip], camera="cam1")
        run_index(session, jobs=1)
        with pytest.raises(OutOfScope):
            import_footage(session, [clip], camera="cam1", start=DISPLAYED + timedelta(days=2))
        (stored,) = read_recordings(session)
        report = run_index(session, jobs=1)

    assert (stored.scope, stored.allowed_ticks()) == ("outside", ())
    assert (report.n_segments, report.recordings[0].tracks) == (0, 0)


def test_a_complementary_requisition_widens_what_may_be_analysed(desk: Desk, clip: Path) -> None:
    folder = desk.case()
    with desk.open(folder) as session:
        import_footage(session, [clip], camera="cam1", start=WINDOW_END - timedelta(seconds=8))
        run_index(session, jobs=1)
        extend_case(session, requisition_text().replace("T22:00:00", "T23:00:00"))
        (item,) = import_footage(session, [clip], camera="cam1").items
        (stored,) = read_recordings(session)
        report = run_index(session, jobs=1)

    assert (item.outcome, stored.scope) == ("updated", "inside")
    assert stored.recording.clock.start_utc == WINDOW_END - timedelta(seconds=8)
    assert report.recordings[0].frames == 240


def test_frames_without_times_get_no_time_of_day_even_from_a_typed_start(desk: Desk) -> None:
    raw = make_clip(desk.delivered / "raw.h264", n_frames=30, container_format="h264").path

    with desk.open(desk.case()) as session:
        (item,) = import_footage(session, [raw], camera="cam1", start=DISPLAYED).items

    assert item.recording is not None and not item.recording.clock.is_known
    details = {finding.kind: finding.detail for finding in item.recording.findings}
    assert "2026-03-02T21:00:00+01:00" in details[FindingKind.CLOCK_PROPOSED]
    assert FindingKind.NO_TIME_BASE in details


def test_frames_without_times_are_outside_when_their_start_is(desk: Desk) -> None:
    raw = make_clip(desk.delivered / "raw.h264", n_frames=30, container_format="h264").path

    with desk.open(desk.case()) as session, pytest.raises(OutOfScope):
        import_footage(session, [raw], camera="cam1", start=DISPLAYED + timedelta(days=3))


def test_frames_without_times_go_outside_when_their_start_is_corrected_to_there(desk: Desk) -> None:
    raw = make_clip(desk.delivered / "raw.h264", n_frames=30, container_format="h264").path

    with desk.open(desk.case()) as session:
        import_footage(session, [raw], camera="cam1")
        with pytest.raises(OutOfScope):
            import_footage(session, [raw], camera="cam1", start=DISPLAYED + timedelta(days=3))
        (stored,) = read_recordings(session)

    assert (stored.scope, stored.allowed_ticks()) == ("outside", ())


def test_a_folder_without_video_is_refused_with_the_endings_that_were_looked_for(desk: Desk) -> None:
    (desk.delivered / "notes.txt").write_text("rien")

    with pytest.raises(UnreadableInput, match="holds no video file") as caught:
        find_footage([desk.delivered])

    assert ".mp4" in caught.value.hint


def test_a_folder_is_searched_to_its_depth_and_each_file_taken_once(desk: Desk, clip: Path) -> None:
    inner = desk.delivered / "b" / "c"
    inner.mkdir(parents=True)
    other = inner / "X.MP4"
    shutil.copyfile(clip, other)
    (inner / "link.mp4").symlink_to(clip)

    assert find_footage([desk.delivered, clip, inner]) == (other, clip)


@pytest.mark.parametrize("kind", ["pipe", "missing"])
def test_what_is_no_file_is_refused_at_once(desk: Desk, kind: str) -> None:
    path = desk.delivered / "x.mp4"
    if kind == "pipe":
        os.mkfifo(path)

    with pytest.raises(UnreadableInput, match="is not a file" if kind == "pipe" else "does not exist"):
        find_footage([path])


@pytest.mark.parametrize("name", ["text.mp4", "empty.mp4", "trunc_nomoov.mp4", "sound_only.mp4", "concat.mp4"])
def test_a_file_that_is_no_footage_leaves_nothing_behind(
    desk: Desk, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = Corpus(tmp_path_factory.getbasetemp() / "corpus").path(name)

    with desk.open(desk.case()) as session:
        with pytest.raises(NotFootage) as caught:
            import_footage(session, [path], camera="cam1", start=DISPLAYED)
        assert _blobs(session) == ()

    assert name in caught.value.message and caught.value.hint


def test_a_truncated_file_with_its_tables_is_taken_up_to_where_it_breaks_off(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = Corpus(tmp_path_factory.getbasetemp() / "corpus").path("trunc_faststart.mp4")

    with desk.open(desk.case()) as session:
        (item,) = import_footage(session, [path], camera="cam1", start=DISPLAYED).items

    assert item.recording is not None
    assert "breaks off" in " ".join(finding.detail for finding in item.recording.findings)
    assert 0 < item.recording.facts.n_packets < 100


def test_one_broken_file_does_not_keep_the_others_out(desk: Desk, clip: Path) -> None:
    (desk.delivered / "a.mp4").write_text("no footage")

    with desk.open(desk.case()) as session:
        report = import_footage(session, [desk.delivered], camera="cam1")

    assert [item.outcome for item in report.items] == ["refused", "imported"]
    assert "a.mp4" in report.items[0].reason


def test_one_start_for_many_files_is_refused(desk: Desk, clip: Path) -> None:
    shutil.copyfile(clip, desk.delivered / "two.mp4")

    with desk.open(desk.case()) as session:
        with pytest.raises(UsageProblem, match="2 files cannot all start"):
            import_footage(session, [desk.delivered], camera="cam1", start=DISPLAYED)
        assert _blobs(session) == ()


def test_a_negative_uncertainty_is_refused(desk: Desk, clip: Path) -> None:
    with desk.open(desk.case()) as session, pytest.raises(UsageProblem, match="cannot be negative"):
        import_footage(session, [clip], camera="cam1", start=DISPLAYED, uncertainty_ms=-1)


def test_a_stop_between_packets_and_document_leaves_no_half_recording(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.case()

    def stop(*_: object) -> bytes:
        raise KeyboardInterrupt

    with desk.open(folder) as session, monkeypatch.context() as patch:
        patch.setattr(review.footage, "recording_name", stop)
        with pytest.raises(KeyboardInterrupt):
            import_footage(session, [clip], camera="cam1", start=DISPLAYED)
        assert read_recordings(session) == ()
    with desk.open(folder) as session:
        report = import_footage(session, [clip], camera="cam1", start=DISPLAYED)
        assert len(read_recordings(session)) == report.n_imported == 1


@pytest.mark.parametrize("n_files", [1, 2])
def test_a_full_disk_ends_an_import_and_leaves_the_case_as_it_was(
    desk: Desk, clip: Path, n_files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(clip, desk.delivered / "second.mp4")
    tried: list[str] = []
    with desk.open(desk.case()) as session:

        def full(name: str, content: bytes) -> None:
            tried.append(name)
            raise StoreProblem("No space left on device.", hint="Free some space.")

        monkeypatch.setattr(session.store, "write", full)
        with pytest.raises(StoreProblem):
            import_footage(session, [clip, desk.delivered / "second.mp4"][:n_files], camera="cam1")
        # Why: it is no trouble of the first file, so it is not said of it, and the second is not tried.
        assert len(tried) == 1
        assert read_recordings(session) == ()
        assert acts_of(session)[-1] == ("import.run", "result")
        assert bodies_of(session.folder)[-1]["outcome"] == "failed"


def test_the_log_says_what_was_imported_with_which_clock(desk: Desk, clip: Path) -> None:
    folder = desk.case()
    with desk.open(folder) as session:
        import_footage(session, [clip], camera="cam1", start=DISPLAYED, clock_offset_ms=-1500, piece="PV-12")

    bodies = [body for body in bodies_of(folder) if body.get("act") == "import.run"]
    assert bodies[0]["phase"] == "intent"
    assert bodies[0]["detail"] | {"n_files": 1} == {
        "camera": "cam1",
        "piece": "PV-12",
        "n_files": 1,
        "displayed_start": "2026-03-02T21:00:00+01:00",
        "clock_offset_ms": -1500,
        "clock_checks": [],
        "clock_proof": "",
        "uncertainty_ms": 1000,
    }
    assert bodies[1]["result"]["outcomes"][0]["outcome"] == "imported"


def test_frames_are_allowed_by_their_own_instant(desk: Desk) -> None:
    ticks = constant_pts(40)
    path = make_clip(desk.delivered / "edge.mp4", pts_ticks=ticks, movers=(Mover(),)).path
    start = WINDOW_END - timedelta(milliseconds=815)

    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1", start=start)
        (stored,) = read_recordings(session)

    (span,) = stored.allowed_ticks()
    inside = [tick for tick in ticks if span[0] <= tick < span[1]]
    assert inside == [tick for tick in ticks if start + timedelta(seconds=tick / 12_800) < WINDOW_END]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-3792s", -3_792_000),
        ("-1h03m12s", -3_792_000),
        ("250ms", 250),
        ("10ms", 10),
        ("1s250ms", 1250),
        ("5m", 300_000),
        ("2h", 7_200_000),
        ("+90", 90_000),
        ("1.5", 1500),
        ("0", 0),
    ],
)
def test_an_offset_reads_unit_by_unit(text: str, expected: int) -> None:
    assert parse_offset_ms(text) == expected


@pytest.mark.parametrize("text", ["", "+", "soon", "1h2h", "3 parsecs", "12:00", "--5s", "1e3"])
def test_an_offset_that_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="is not a clock offset"):
        parse_offset_ms(text)


def test_a_start_without_its_offset_from_utc_is_refused() -> None:
    with pytest.raises(UsageProblem, match="does not say its offset"):
        parse_start("2026-03-02T21:00:00")
    with pytest.raises(UsageProblem, match="is not a time"):
        parse_start("yesterday")


def test_the_hour_that_comes_twice_is_told_apart_by_what_is_typed() -> None:
    first, second = parse_start("2026-10-25T02:30:00+02:00"), parse_start("2026-10-25T02:30:00+01:00")

    assert second - first == timedelta(hours=1)
