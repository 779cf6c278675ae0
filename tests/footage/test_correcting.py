# SPDX-License-Identifier: Apache-2.0
"""Splitting and merging tracks of a case: logged, reversible, described anew from the original, verified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import review.correcting
from indexer.corrections import made_by
from indexer.index import write_segment
from indexer.records import Track, TrackId
from models.errors import NotAllowed, Tampered, UnknownReference, UnreadableInput, UsageProblem
from review.bundle import export_bundle
from review.checks import Status
from review.correcting import merge_tracks, split_track, tick_of
from review.corrections import CorrectionRecord, all_corrections, read_correction, standing, take_back
from review.evidence import analysis_facts, export_still
from review.footage import import_footage
from review.hits import MadeBy, Query
from review.report_words import french_correction
from review.search import hit_of, index_of, search, track_exists
from review.session import CaseSession
from review.verdicts import Decision, judge
from review.verification import verify_path
from tests.clips import Clip
from tests.footage.fixtures import DISPLAYED, LATER, WALKER, Desk, Run, bodies_of
from tests.indexer.factories import make_segment
from tests.review.law.kit import PASSPHRASE

pytestmark = pytest.mark.usefixtures("models_loaded_once")


@pytest.fixture(autouse=True)
def nets_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import review.indexing  # noqa: PLC0415  # Reason: the fixture above has put the shared nets there.

    monkeypatch.setattr(review.correcting, "load_model_set", review.indexing.load_model_set)


def _two_in_one(clip: Clip, recording_id: str) -> Track:
    """One track of two walkers, as a tracker makes that takes the second for the first."""
    rows = [
        (i, pts, mover.box_at(clip.time_s(i), clip.size_wh_px))
        for mover, span in ((WALKER, (5.0, 8.5)), (LATER, (12.5, 16.0)))
        for i, pts in enumerate(clip.pts_ticks)
        if span[0] <= clip.time_s(i) < span[1]
    ]
    return Track(
        track_id=TrackId("t-two-in-one"),
        recording_id=recording_id,  # type: ignore[arg-type]
        camera="cam1",
        class_name="person",
        class_score=0.8,
        class_model="net@1",
        frame_index=np.array([i for i, _, _ in rows]),
        pts_ticks=np.array([pts for _, pts, _ in rows]),
        boxes_xyxy_px=np.array([box for _, _, box in rows]),
        scores=np.full(len(rows), 0.9),
        best_pts_ticks=rows[0][1],
    )


@pytest.fixture
def desk_case(desk: Desk, clips: tuple[Clip, Clip]) -> Path:
    folder = desk.case()
    with desk.open(folder) as session:
        path = desk.delivered / clips[0].path.name
        shutil.copyfile(clips[0].path, path)
        (item,) = import_footage(session, [path], camera="cam1", start=DISPLAYED, clock_offset_ms=0).items
        assert item.recording is not None
        facts, recording_id = item.recording.facts, item.recording.recording_id
        track = _two_in_one(clips[0], recording_id)
        with session.act("index.run"):
            write_segment(
                session.store,
                make_segment(recording_id=recording_id, span=(0, facts.last_pts_ticks + 1), tracks=[track]),
            )
    return folder


@pytest.fixture
def writer(desk: Desk, desk_case: Path) -> Iterator[CaseSession]:
    with desk.open(desk_case) as session:
        yield session


def _split(session: CaseSession, clip: Clip, *, note: str = "") -> CorrectionRecord:
    at = clip.pts_ticks[next(i for i in range(len(clip.pts_ticks)) if clip.time_s(i) >= 12.5)]
    return split_track(session, "t-two-in-one", at_pts_ticks=at, note=note)


def _made(record: CorrectionRecord) -> tuple[str, ...]:
    assert record.correction is not None
    return made_by(record.correction)


def test_each_half_is_described_from_its_own_frames(writer: CaseSession, clips: tuple[Clip, Clip]) -> None:
    first, second = (index_of(writer).track(track_id) for track_id in _made(_split(writer, clips[0])))

    uppers = [track.attribute("upper_colour") for track in (first, second)]
    assert [item.value for item in uppers if item] == ["red", "blue"]
    assert first.crop_jpeg != second.crop_jpeg
    assert first.pts_ticks[-1] < second.pts_ticks[0] <= second.best_pts_ticks <= second.pts_ticks[-1]
    assert len(first.vector) == len(second.vector) > 0


def test_search_finds_the_halves_and_not_the_whole(writer: CaseSession, clips: tuple[Clip, Clip]) -> None:
    record = _split(writer, clips[0])

    hits = search(writer, Query(upper=("blue",)), purpose="essai").hits

    assert [hit.track_id for hit in hits] == [_made(record)[1]]
    assert hits[0].made_by is not None
    assert (hits[0].made_by.kind, hits[0].made_by.number, hits[0].made_by.track_ids) == ("split", 1, ("t-two-in-one",))


def test_a_track_tells_every_correction_behind_it_in_order(writer: CaseSession, clips: tuple[Clip, Clip]) -> None:
    halves = _made(_split(writer, clips[0]))
    whole = _made(merge_tracks(writer, *halves))[0]

    made = hit_of(index_of(writer), index_of(writer).track(whole)).made_by

    assert made == MadeBy(
        number=2,
        kind="merge",
        track_ids=halves,
        earlier=(MadeBy(number=1, kind="split", track_ids=("t-two-in-one",)),),
    )
    assert french_correction(made) == (
        f"réunion n° 2 de {halves[0]} et de {halves[1]}, après scission n° 1 de t-two-in-one"
    )


def test_a_split_is_taken_back_and_made_again_with_the_same_identifiers(
    writer: CaseSession, clips: tuple[Clip, Clip]
) -> None:
    made = _made(_split(writer, clips[0]))

    take_back(writer, 1)
    whole = [track.track_id for track in index_of(writer).tracks]
    again = _made(_split(writer, clips[0]))

    assert whole == ["t-two-in-one"]
    assert again == made
    assert [record.number for record in all_corrections(writer)] == [1, 2, 3]
    assert [item.number for item in standing(writer)] == [3]


def test_merging_the_halves_makes_a_track_of_the_frames_of_the_whole(
    writer: CaseSession, clips: tuple[Clip, Clip]
) -> None:
    whole = index_of(writer).track("t-two-in-one")
    first, second = _made(_split(writer, clips[0]))

    (name,) = _made(merge_tracks(writer, second, first))

    track = index_of(writer).track(name)
    assert track.pts_ticks.tolist() == whole.pts_ticks.tolist()
    assert np.array_equal(track.boxes_xyxy_px, whole.boxes_xyxy_px)


def test_what_another_correction_builds_on_is_not_taken_back_before_it(
    writer: CaseSession, clips: tuple[Clip, Clip]
) -> None:
    merge_tracks(writer, *_made(_split(writer, clips[0])))

    with pytest.raises(NotAllowed, match="Correction 2 builds on correction 1"):
        take_back(writer, 1)


def test_what_was_validated_is_neither_split_nor_taken_away(writer: CaseSession, clips: tuple[Clip, Clip]) -> None:
    judge(writer, "t-two-in-one", Decision.VALIDATED, track_exists=lambda _: True)
    with pytest.raises(NotAllowed, match="is validated"):
        _split(writer, clips[0])
    judge(writer, "t-two-in-one", Decision.DOUBTFUL, track_exists=lambda _: True)
    half = _made(_split(writer, clips[0]))[0]
    judge(writer, half, Decision.VALIDATED, track_exists=lambda _: True)

    with pytest.raises(NotAllowed, match=f"{half} is validated"):
        take_back(writer, 1)


def test_what_described_the_halves_is_among_the_models_of_the_case(
    writer: CaseSession, clips: tuple[Clip, Clip]
) -> None:
    before = analysis_facts(writer)
    half_id = _made(_split(writer, clips[0]))[0]
    half = index_of(writer).track(half_id)

    after = {item.name for item in analysis_facts(writer).models}

    assert {item.name for item in before.models} == {"net@1"}
    assert {"net@1", *half.class_model.split("+"), *(item.model for item in half.attributes)} == after


def test_a_correction_outlives_an_index_without_its_track_and_what_was_validated_stops_the_export(
    writer: CaseSession, clips: tuple[Clip, Clip], tmp_path: Path
) -> None:
    (segment,) = index_of(writer).segments
    half = _made(_split(writer, clips[0]))[0]
    judge(writer, half, Decision.VALIDATED, track_exists=lambda name: track_exists(writer, name))

    with writer.act("index.run"):
        write_segment(writer.store, replace(segment, tracks=()))
    idle = index_of(writer).idle_corrections
    with pytest.raises(UnknownReference, match=f"no longer in the index: {half}"):
        export_bundle(writer, tmp_path / "bundle", purpose="jonction à la procédure")
    judged = search(writer, Query(), purpose="essai").coverage.n_judged
    with writer.act("index.run"):
        write_segment(writer.store, segment)

    assert (idle, judged) == ((1,), 0)
    assert index_of(writer).idle_corrections == ()
    assert track_exists(writer, half)


def test_the_log_names_tracks_and_tick_and_not_the_officers_words(
    writer: CaseSession, clips: tuple[Clip, Clip]
) -> None:
    record = _split(writer, clips[0], note="deux piétons")
    take_back(writer, 1)

    acts = [body for body in bodies_of(writer.folder) if str(body["act"]).startswith("tracks.")]
    assert [(body["act"], body["phase"]) for body in acts] == [
        ("tracks.split", "intent"),
        ("tracks.split", "result"),
        ("tracks.undo", "intent"),
        ("tracks.undo", "result"),
    ]
    assert record.correction is not None
    assert acts[0]["detail"]["at_pts_ticks"] == record.correction.at_pts_ticks
    assert acts[1]["result"] == {"number": 1, "tracks": list(_made(record))}
    assert "piétons" not in (writer.folder / "audit" / "log.jsonl").read_text()
    assert all_corrections(writer)[0].note == "deux piétons"


def test_a_still_says_that_its_track_was_corrected(
    writer: CaseSession, clips: tuple[Clip, Clip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(review.evidence, "with_caption_below", lambda image, lines: said.extend(lines) or image)
    half = _made(_split(writer, clips[0]))[1]

    exhibit = export_still(writer, half, tmp_path / "still.png")

    assert said[-1] == "Objet suivi rectifié à la main : scission n° 1 de t-two-in-one."
    assert exhibit.made_by == hit_of(index_of(writer), index_of(writer).track(half)).made_by


def test_without_the_original_nothing_is_split_and_the_attempt_is_in_the_log(
    writer: CaseSession, clips: tuple[Clip, Clip], desk: Desk
) -> None:
    (desk.delivered / clips[0].path.name).unlink()

    with pytest.raises(UnreadableInput, match="is not there"):
        _split(writer, clips[0])

    assert all_corrections(writer) == ()
    assert bodies_of(writer.folder)[-1]["outcome"] == "failed"


def test_verify_finds_a_correction_that_is_not_the_logged_one(
    desk: Desk, desk_case: Path, clips: tuple[Clip, Clip]
) -> None:
    with desk.open(desk_case) as session:
        _split(session, clips[0])
        store = session.store
        sound = store.read("corrections/000001.json")
    report = verify_path(desk_case, operator_id="martin", passphrase=PASSPHRASE)
    assert report.check(12).status is Status.PASSED

    with desk.open(desk_case) as session:
        document = json.loads(sound)
        document["at_pts_ticks"] += 1
        with session.act("tracks.list"):
            session.store.write("corrections/000001.json", json.dumps(document).encode())

    report = verify_path(desk_case, operator_id="martin", passphrase=PASSPHRASE)
    assert [check.number for check in report.checks if check.status is Status.FAILED] == [12]
    assert report.check(12).reason == "blobs/corrections/000001.json.age does not say what the log says."


def test_verify_names_a_correction_that_is_missing(desk: Desk, desk_case: Path, clips: tuple[Clip, Clip]) -> None:
    with desk.open(desk_case) as session:
        _split(session, clips[0])
    (desk_case / "blobs" / "corrections" / "000001.json.age").unlink()

    report = verify_path(desk_case, operator_id="martin", passphrase=PASSPHRASE)

    assert report.check(12).reason == "blobs/corrections/000001.json.age is missing."


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": "relecture-correction-1", "number": 1, "kind": "turn"}'])
def test_a_damaged_correction_is_said_to_be_damaged(content: bytes) -> None:
    with pytest.raises(Tampered, match=r"blobs/corrections/000001\.json\.age is not a correction"):
        read_correction(content, name="corrections/000001.json")


def test_a_time_is_turned_into_the_first_frame_from_then_on(writer: CaseSession, clips: tuple[Clip, Clip]) -> None:
    track = index_of(writer).track("t-two-in-one")
    hit = hit_of(index_of(writer), track)
    assert hit.end_utc is not None and hit.start_utc is not None

    assert tick_of(writer, "t-two-in-one", hit.start_utc) == track.pts_ticks[0]
    assert tick_of(writer, "t-two-in-one", hit.end_utc) == track.pts_ticks[-1]
    with pytest.raises(UsageProblem, match="has left the picture"):
        tick_of(writer, "t-two-in-one", hit.end_utc.replace(year=hit.end_utc.year + 1))


def test_the_commands_split_list_and_undo_and_plain_tracks_works_as_before(run: Run, desk_case: Path) -> None:
    at = "2026-03-02T21:00:12.500+01:00"
    split = run("tracks", "split", desk_case, "t-two-in-one", "--at", at, "--note", "deux piétons")
    listed = run("tracks", desk_case, "--json")
    records = run("tracks", "corrections", desk_case, "--json")
    undone = run("tracks", "undo", desk_case, 1)
    after = run("tracks", "--json", desk_case)

    assert [code for code, _, _ in (split, listed, records, undone, after)] == [0] * 5
    halves = json.loads(listed[1])
    assert [item["made_by"]["kind"] for item in halves] == ["split", "split"]
    (record,) = json.loads(records[1])
    assert (record["state"], record["made"], record["note"]) == (
        "stands",
        [item["track_id"] for item in halves],
        "deux piétons",
    )
    assert [(item["track_id"], item["made_by"]) for item in json.loads(after[1])] == [("t-two-in-one", None)]


def test_a_case_that_is_called_split_is_listed(run: Run, desk_case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk_case.rename(desk_case.with_name("split"))
    monkeypatch.chdir(desk_case.parent)

    code, out, _ = run("tracks", "split", "--json")

    assert (code, len(json.loads(out))) == (0, 1)
