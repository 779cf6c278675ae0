# SPDX-License-Identifier: Apache-2.0
"""An index is the same however it was made: on one worker or two, in one go or in pieces, beside broken originals."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import review.decoding
from indexer.findings import Finding, FindingKind
from indexer.pipeline import IndexConfig
from indexer.segments import Segment, read_header
from models.errors import StoreProblem, Tampered, UnreadableInput
from models.modelset import ModelSet
from review.decoding import SegmentWork
from review.footage import import_footage
from review.indexing import IndexProgress, IndexReport, run_index
from review.search import index_of
from review.session import CaseSession
from tests.clips import Clip, Mover, irregular_pts, make_clip
from tests.footage.fixtures import DISPLAYED, Desk, bodies_of, import_pair
from tests.footage.in_process import InProcess
from tests.review.law.kit import FakeClock

N_SMALL = 130
SHORT = classmethod(lambda cls, profile: cls(profile=profile, segment_s=6.0, min_segment_frames=20))


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of six seconds, so that a small clip has several."""
    monkeypatch.setattr(IndexConfig, "of_profile", SHORT)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Clip]:
    folder = tmp_path_factory.mktemp("small")
    mover = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=3.0)
    options: dict[str, Any] = {"movers": (mover,), "size_wh_px": (160, 120), "gop": 8, "b_frames": 2}
    steady = make_clip(folder / "gare.mp4", n_frames=N_SMALL, **options)
    return steady, make_clip(folder / "gambetta.mp4", pts_ticks=irregular_pts(N_SMALL), seed=8, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small: tuple[Clip, Clip], operators_home: Path) -> IndexReport:
    """The small clips indexed in one go by one worker, six seconds a segment."""
    root = tmp_path_factory.mktemp("whole")
    desk = Desk(root=root, clock=FakeClock())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELECTURE_HOME", str(operators_home))
        patch.setattr(IndexConfig, "of_profile", SHORT)
        with desk.open(desk.case()) as session:
            for clip, camera in zip(small, ("cam1", "cam2"), strict=True):
                import_footage(session, [clip.path], camera=camera, start=DISPLAYED)
            return run_index(session, jobs=1)


@pytest.fixture
def writer(desk: Desk, small: tuple[Clip, Clip]) -> Iterator[CaseSession]:
    """A case with both clips imported and nothing indexed."""
    with desk.open(desk.case()) as session:
        import_pair(session, desk, small)
        yield session


def _segments(session: CaseSession) -> dict[str, str]:
    names = session.store.names("segments/")
    return {name: read_header(session.store.read(name), name=name).content_sha256 for name in names}


@pytest.mark.usefixtures("short_segments")
def test_an_index_made_in_pieces_is_the_same_as_one_made_in_one_go(writer: CaseSession, whole: IndexReport) -> None:
    made = []
    for _ in range(whole.n_segments + 1):
        asked: list[None] = []

        def after_one(asked: list[None] = asked) -> bool:
            asked.append(None)
            return len(asked) > 1

        report = run_index(writer, jobs=1, should_stop=after_one)
        made.append(report.n_segments_made)

    assert made == [1] * whole.n_segments + [0]
    assert whole.n_segments >= 4
    assert report.content_sha256 == whole.content_sha256


def test_what_is_indexed_is_never_made_again(writer: CaseSession) -> None:
    first = run_index(writer, jobs=1)

    again = run_index(writer, jobs=1)

    assert again.n_segments_made == 0
    assert again.content_sha256 == first.content_sha256


def test_another_profile_replaces_what_was_there(writer: CaseSession) -> None:
    run_index(writer, jobs=1)
    before = index_of(writer)

    report = run_index(writer, profile="exhaustive", jobs=1)
    after = index_of(writer)

    assert report.n_segments_made == 2
    assert {segment.profile for segment in before.segments} == {"standard"}
    assert {segment.profile for segment in after.segments} == {"exhaustive"}


def test_a_report_accounts_for_every_frame(writer: CaseSession) -> None:
    report = run_index(writer, jobs=1)

    steady = next(item for item in report.recordings if item.camera == "cam1")
    assert (steady.frames, steady.file, steady.problem) == (N_SMALL, "gare.mp4", "")
    assert 0 < steady.frames_decoded < steady.frames
    assert steady.footage_s == pytest.approx(N_SMALL * 0.08) and 0 < steady.skipped_s < steady.footage_s
    assert steady.tracks == 1
    assert report.document()["format"] == "relecture-index-report-1"
    assert len(report.content_sha256) == 64


def test_a_report_lists_every_skipped_span_and_what_the_audit_found(writer: CaseSession) -> None:
    report = run_index(writer, jobs=1)

    steady = next(item for item in report.recordings if item.camera == "cam1").document()
    skipped, audit = steady["skipped"], steady["audit"]
    assert isinstance(skipped, list) and isinstance(audit, dict)
    assert len(skipped) == steady["spans_skipped"] > 0
    assert {"first_pts_ticks", "end_pts_ticks", "n_frames", "score"} == set(skipped[0])
    assert steady["frames"] == steady["frames_decoded"] + sum(span["n_frames"] for span in skipped)
    assert audit["n_groups_audited"] >= 1 and audit["n_groups_missed"] == 0
    assert 0 < audit["upper_bound_unit"] <= 1
    assert "triage_audited" in {finding["kind"] for finding in steady["findings"]}  # type: ignore[attr-defined]


def test_progress_goes_up_to_the_whole_and_says_how_long_is_left(writer: CaseSession) -> None:
    told: list[IndexProgress] = []

    run_index(writer, jobs=1, progress=told.append)

    assert [item.done_s for item in told] == sorted(item.done_s for item in told)
    assert told[-1].done_s == pytest.approx(told[-1].total_s)
    assert told[-1].left_s == pytest.approx(0)
    assert told[-1].n_tracks == 2


def test_an_original_that_has_gone_is_named_and_the_rest_is_indexed(writer: CaseSession, desk: Desk) -> None:
    (desk.delivered / "gambetta.mp4").unlink()

    report = run_index(writer, jobs=1)

    problems = {item.file: item.problem for item in report.recordings}
    assert "cannot be read (No such file or directory)" in problems["gambetta.mp4"]
    assert problems["gare.mp4"] == ""
    assert report.n_segments == 1
    assert report.n_findings >= 1


def test_an_original_of_another_size_is_not_analysed(writer: CaseSession, desk: Desk) -> None:
    with (desk.delivered / "gambetta.mp4").open("ab") as file:
        file.write(b"!")

    report = run_index(writer, jobs=1)

    assert "has changed since it was imported" in next(item.problem for item in report.recordings if item.problem)
    assert report.n_segments == 1


@pytest.mark.usefixtures("short_segments")
def test_an_original_that_goes_while_it_is_read_keeps_what_was_whole_and_nothing_more(
    writer: CaseSession, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    class Unplugged(InProcess):
        def work(self, work: SegmentWork, loaded: ModelSet) -> bytes:
            index = review.decoding.index_segment

            def then_gone(*arguments: object) -> object:
                segment = index(*arguments)  # type: ignore[arg-type]
                made.append(segment.number)
                if len(made) == 2:
                    for file in desk.delivered.iterdir():
                        file.rename(desk.root / file.name)
                return segment

            with monkeypatch.context() as patch:
                patch.setattr(review.decoding, "index_segment", then_gone)
                return super().work(work, loaded)

    report = run_index(writer, engine=Unplugged())

    assert (len(made), report.n_segments) == (2, 1)
    assert all("cannot be read" in item.problem for item in report.recordings)
    for file in desk.root.glob("*.mp4"):
        file.rename(desk.delivered / file.name)
    assert run_index(writer, jobs=1).n_segments >= 4


def test_pictures_that_a_failing_medium_lost_are_not_taken_for_damage(
    writer: CaseSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Finding(kind=FindingKind.DECODE_ERRORS, component="decode", detail="3 frame(s) are lost.", count=3)

    class Failing(InProcess):
        """The decoder gives fewer pictures, and the medium still has its names; reading says why."""

        def work(self, work: SegmentWork, loaded: ModelSet) -> bytes:
            index = review.decoding.index_segment

            def with_losses(*arguments: object) -> Segment:
                segment = index(*arguments)  # type: ignore[arg-type]
                return replace(segment, findings=(*segment.findings, lost))

            with monkeypatch.context() as patch:
                patch.setattr(review.decoding, "index_segment", with_losses)
                if work.recording.camera == "cam1":
                    patch.setattr(os, "pread", _failing_read)
                return super().work(work, loaded)

    report = run_index(writer, engine=Failing())
    problems = {item.camera: item.problem for item in report.recordings}
    kept = {segment.recording_id for segment in index_of(writer).segments}

    assert "cannot be read (Input/output error)" in problems["cam1"]
    # Why: of the other one everything can be read, so what its decoder did not give is damage.
    assert problems["cam2"] == "" and len(kept) == 1
    assert run_index(writer, jobs=1).n_segments_made == 1


def _failing_read(*_: object) -> bytes:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_the_only_recording_gone_is_an_error(desk: Desk, clips: tuple[Clip, Clip]) -> None:
    path = desk.delivered / "one.mp4"
    shutil.copyfile(clips[0].path, path)
    with desk.open(desk.case()) as session:
        import_footage(session, [path], camera="cam1", start=DISPLAYED)
        path.unlink()

        with pytest.raises(UnreadableInput, match="cannot be read"):
            run_index(session, jobs=1)


def test_a_case_without_recordings_says_what_to_do_first(desk: Desk) -> None:
    with desk.open(desk.case()) as session, pytest.raises(UnreadableInput) as caught:
        run_index(session)

    assert "relecture import" in caught.value.hint


def test_a_full_disk_ends_the_run_and_keeps_what_was_committed(
    writer: CaseSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_file = os.replace
    n_written = 0

    def full(source: Path, target: Path) -> None:
        nonlocal n_written
        if "segments" in str(target):
            n_written += 1
            if n_written == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_file(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        patch.setattr(Path, "replace", lambda self, target: full(self, Path(target)))
        with pytest.raises(StoreProblem):
            run_index(writer, jobs=1)
    kept = _segments(writer)
    leftovers = [path for path in writer.store.folder.rglob("*") if path.is_file() and not path.name.endswith(".age")]

    report = run_index(writer, jobs=1)
    assert n_written == 2 and len(kept) == 1 and leftovers == []
    assert (report.n_segments_made, report.n_segments) == (1, 2)
    assert [
        body["outcome"] for body in bodies_of(writer.folder) if body.get("act") == "index.run" and "outcome" in body
    ] == [
        "failed",
        "done",
    ]


def test_a_damaged_segment_is_said_to_be_damaged_and_not_a_defect(writer: CaseSession) -> None:
    run_index(writer, jobs=1)
    name = writer.store.names("segments/")[0]
    with writer.act("index.run"):
        writer.store.write(name, b"{}\nnothing")

    with pytest.raises(Tampered, match="is not a segment"):
        run_index(writer, jobs=1)


def test_the_log_says_with_which_models_and_configuration_an_index_was_made(writer: CaseSession) -> None:
    report = run_index(writer, jobs=1)

    intent, result = [body for body in bodies_of(writer.folder) if body.get("act") == "index.run"]
    assert intent["detail"]["config_sha256"] == report.config_sha256
    assert intent["detail"]["models"] == list(report.models)
    assert result["result"] == {"content_sha256": report.content_sha256, "n_segments": 2}


@pytest.mark.usefixtures("short_segments")
def test_the_clock_has_no_part_in_what_is_seen(desk: Desk, small: tuple[Clip, Clip], whole: IndexReport) -> None:
    with desk.open(desk.case()) as session:
        for clip, camera in zip(small, ("cam1", "cam2"), strict=True):
            import_footage(session, [clip.path], camera=camera, start=DISPLAYED + timedelta(minutes=5))

        assert run_index(session, jobs=1).content_sha256 == whole.content_sha256


def test_two_workers_make_the_same_index_as_one(writer: CaseSession, desk: Desk, small: tuple[Clip, Clip]) -> None:
    report = run_index(writer, jobs=2)

    with desk.open(desk.case("one")) as session:
        for clip, camera in zip(small, ("cam1", "cam2"), strict=True):
            import_footage(session, [clip.path], camera=camera, start=DISPLAYED)
        assert run_index(session, jobs=1).content_sha256 == report.content_sha256
    assert report.n_segments == report.n_segments_made == 2


@pytest.mark.usefixtures("short_segments")
def test_the_hour_that_matters_is_made_first_and_the_index_is_the_same(writer: CaseSession, whole: IndexReport) -> None:
    order: list[int] = []

    class Ordered(InProcess):
        def work(self, work: SegmentWork, loaded: ModelSet) -> bytes:
            if work.recording.camera == "cam1":
                order.append(work.plan.number)
            return super().work(work, loaded)

    report = run_index(writer, engine=Ordered(), first=DISPLAYED + timedelta(seconds=7))

    assert len(order) >= 2 and order[0] == 1
    assert report.content_sha256 == whole.content_sha256
