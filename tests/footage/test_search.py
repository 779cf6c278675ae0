# SPDX-License-Identifier: Apache-2.0
"""Search by attribute, place and time over tracks that are known one by one, and the log that comes before the hits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import review.search
from indexer.index import write_segment
from indexer.records import Attribute, Track
from indexer.segments import Segment
from models.errors import NotAllowed, UnknownReference, UsageProblem
from review.footage import import_footage
from review.hits import Query, SearchResult
from review.search import (
    crop_jpeg,
    hit_of,
    index_of,
    recordings_without_clock,
    search,
    similar,
    track_exists,
    tracks_of,
)
from review.session import CaseSession
from review.verdicts import Decision, judge
from tests.clips import Clip
from tests.footage.fixtures import DISPLAYED, Desk, bodies_of
from tests.indexer.factories import make_segment, make_track

START = DISPLAYED.astimezone(UTC)
TICK = 12_800


def _said(name: str, value: str, score: float = 0.8, *others: tuple[str, float]) -> Attribute:
    return Attribute(name=name, value=value, score=score, model="m@1", alternatives=others)


def _track(track_id: str, from_s: float, to_s: float, **options: Any) -> Track:
    return make_track(
        track_id,
        pts_ticks=[round(tick * TICK / 10) for tick in range(round(from_s * 10), round(to_s * 10) + 1)],
        **options,
    )


TIMED = (
    _track(
        "t-red-car",
        1,
        3,
        attributes=[_said("colour", "red", 0.7, ("orange", 0.2))],
        vector=(1, 0, 0),
        crop_jpeg=b"jpeg",
    ),
    _track("t-grey-car", 2, 9, attributes=[_said("colour", "grey", 0.5, ("white", 0.4))], vector=(0.8, 0.6, 0)),
    _track(
        "t-van",
        4,
        6,
        class_name="van",
        attributes=[_said("colour", "white"), _said("make", "renault", 0.5, ("citroen", 0.06))],
        vector=(0, 1, 0),
    ),
    _track(
        "t-walker",
        3,
        8,
        class_name="person",
        attributes=[_said("upper_colour", "red"), _said("lower_colour", "blue"), _said("bag", "backpack", 0.6)],
        box=(0, 100, 20, 160),
        step_xy=(2, 0),
        vector=(0, 0, 1),
    ),
    _track(
        "t-waiting",
        0,
        15,
        class_name="person",
        attributes=[_said("upper_colour", "black"), _said("lower_colour", "black")],
        box=(200, 100, 220, 160),
    ),
    _track("t-shadow", 5, 7, class_name="other"),
)
TIMELESS = (_track("t-unclocked", 1, 3, camera="cam2", attributes=[_said("colour", "red")]),)
EVERYTHING = ("person", "bicycle", "motorcycle", "car", "van", "truck", "bus", "other")


@pytest.fixture
def searchable(desk: Desk, clips: tuple[Clip, Clip]) -> Iterator[CaseSession]:
    with desk.open(desk.case()) as session:
        for clip, camera, start, tracks in zip(
            clips, ("cam1", "cam2"), (DISPLAYED, None), (TIMED, TIMELESS), strict=True
        ):
            path = desk.delivered / clip.path.name
            shutil.copyfile(clip.path, path)
            (item,) = import_footage(session, [path], camera=camera, start=start, clock_offset_ms=0).items
            assert item.recording is not None
            _index(session, item.recording.recording_id, tracks, end=item.recording.facts.last_pts_ticks + 1)
        yield session


def _index(session: CaseSession, recording_id: str, tracks: tuple[Track, ...], *, end: int) -> Segment:
    own = [replace(track, recording_id=recording_id) for track in tracks]
    segment = make_segment(recording_id=recording_id, span=(0, end), tracks=own)
    with session.act("index.run"):
        write_segment(session.store, segment)
    return segment


def _ids(result: SearchResult) -> list[str]:
    return [hit.track_id for hit in result.hits]


def _found(session: CaseSession, **filters: Any) -> set[str]:
    return set(_ids(search(session, Query(**filters), purpose="essai")))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"t-red-car", "t-grey-car", "t-van", "t-walker", "t-waiting", "t-unclocked"}),
        ({"classes": ("other",)}, {"t-shadow"}),
        ({"classes": ("car", "van")}, {"t-red-car", "t-grey-car", "t-van", "t-unclocked"}),
        ({"colours": ("red",)}, {"t-red-car", "t-unclocked"}),
        ({"colours": ("white",)}, {"t-van", "t-grey-car"}),
        ({"colours": ("orange",)}, set()),
        ({"upper": ("red",)}, {"t-walker"}),
        ({"upper": ("red", "black")}, {"t-walker", "t-waiting"}),
        ({"upper": ("red",), "lower": ("black",)}, set()),
        ({"makes": ("renault",)}, {"t-van"}),
        ({"makes": ("citroen", "opel")}, {"t-van"}),
        ({"makes": ("opel",)}, set()),
        ({"directions": ("right",)}, {"t-walker"}),
        ({"speeds": ("still",), "sizes": ("large",)}, set()),
        ({"speeds": ("still",), "classes": ("person",)}, {"t-waiting"}),
        ({"text": "renault clio blanche"}, {"t-van"}),
        ({"bags": ("backpack",)}, {"t-walker"}),
        ({"bags": ("handbag",)}, set()),
        ({"bags": ("any",)}, {"t-walker"}),
        ({"cameras": ("cam2",)}, {"t-unclocked"}),
        ({"cameras": ("cam1",), "colours": ("red",)}, {"t-red-car"}),
        ({"text": "red car"}, {"t-red-car", "t-unclocked"}),
        ({"text": "veste rouge sac à dos"}, {"t-walker"}),
        ({"text": "voiture blanche"}, {"t-grey-car"}),
    ],
)
def test_each_filter_keeps_what_answers_it(
    searchable: CaseSession, filters: dict[str, Any], expected: set[str]
) -> None:
    assert _found(searchable, **filters) == expected


@pytest.mark.parametrize(
    ("from_s", "to_s", "expected"),
    [
        (0, 1, {"t-waiting"}),
        (None, 1, {"t-waiting"}),
        (3, 3.05, {"t-red-car", "t-grey-car", "t-walker", "t-waiting"}),
        (3.05, 3.1, {"t-grey-car", "t-walker", "t-waiting"}),
        (10, None, {"t-waiting"}),
        (15.05, None, set()),
        (-99, 0, set()),
    ],
)
def test_an_object_is_found_in_the_instants_in_which_it_is_in_view(
    searchable: CaseSession, from_s: float | None, to_s: float | None, expected: set[str]
) -> None:
    def instant(seconds: float | None) -> datetime | None:
        return None if seconds is None else START + timedelta(seconds=seconds)

    assert _found(searchable, from_utc=instant(from_s), to_utc=instant(to_s)) == expected


def test_a_search_by_time_says_which_recordings_it_cannot_answer_for(searchable: CaseSession) -> None:
    assert "t-unclocked" not in _found(searchable, from_utc=START - timedelta(days=999))
    assert recordings_without_clock(searchable) == ("gambetta.mp4",)


def test_a_line_keeps_what_crosses_it_and_a_zone_what_enters_it(searchable: CaseSession) -> None:
    assert _found(searchable, line_px=((50.0, 150.0), (50.0, 170.0))) == {"t-walker"}
    assert _found(searchable, line_px=((50.0, 0.0), (50.0, 20.0))) == set()
    assert _found(searchable, zone_px=((190.0, 150.0), (230.0, 150.0), (230.0, 170.0), (190.0, 170.0))) == {"t-waiting"}


def test_a_dwell_counts_in_the_zone_if_there_is_one_and_else_in_view(searchable: CaseSession) -> None:
    door = ((190.0, 150.0), (230.0, 150.0), (230.0, 170.0), (190.0, 170.0))

    assert _found(searchable, dwell_s=6.0) == {"t-grey-car", "t-waiting"}
    assert _found(searchable, dwell_s=15.0, zone_px=door) == {"t-waiting"}
    assert _found(searchable, dwell_s=15.2, zone_px=door) == set()


def test_hits_come_best_first_and_then_by_time(searchable: CaseSession) -> None:
    result = search(searchable, Query(colours=("red", "grey", "white")), purpose="essai")

    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert _ids(result)[0] == "t-van"


def test_a_hit_says_when_where_from_and_by_which_model(searchable: CaseSession) -> None:
    (hit,) = search(searchable, Query(classes=("van",)), purpose="essai").hits

    assert hit.start_utc == START + timedelta(seconds=4) and hit.end_utc == START + timedelta(seconds=6)
    assert hit.displayed_start is not None and hit.displayed_start.isoformat() == "2026-03-02T21:00:04+01:00"
    assert (hit.first_pts_ticks, hit.last_pts_ticks) == (4 * TICK, 6 * TICK)
    assert (hit.start_s, hit.end_s) == (4.0, 6.0)
    assert (hit.recording_name, hit.camera, hit.class_model) == ("gare 2026-03-02 21-00-00.mp4", "cam1", "net@1")
    assert hit.attributes[0].model == "m@1"


def test_a_recorder_that_runs_behind_shows_its_own_time_beside_the_true_one(searchable: CaseSession) -> None:
    index = index_of(searchable)
    track = index.track("t-van")
    recording = index.recordings[track.recording_id]
    index.recordings[track.recording_id] = replace(recording, clock=replace(recording.clock, offset_ms=-90_000))

    hit = hit_of(index, track)

    assert hit.start_utc == START + timedelta(seconds=94)
    assert hit.displayed_start == START + timedelta(seconds=4)
    del review.search._indexes[searchable]


def test_a_verdict_is_shown_with_its_hit_and_counted(searchable: CaseSession) -> None:
    judge(searchable, "t-van", Decision.REJECTED, note="une camionnette de livraison", track_exists=lambda _: True)

    result = search(searchable, Query(classes=("van",)), purpose="essai")

    assert (result.hits[0].verdict, result.hits[0].verdict_note) == ("rejected", "une camionnette de livraison")
    assert result.coverage.n_judged == 1


def test_coverage_comes_with_every_answer_even_an_empty_one(searchable: CaseSession) -> None:
    coverage = search(searchable, Query(colours=("pink",)), purpose="essai").coverage

    assert coverage.n_recordings == coverage.n_recordings_indexed == 2
    assert coverage.analysed_s == coverage.footage_s > 19.2
    assert coverage.n_tracks == len(TIMED) + len(TIMELESS)
    assert (coverage.profiles, coverage.models) == (("standard",), ("net@1",))


def test_coverage_counts_a_recording_as_indexed_when_all_of_it_is(searchable: CaseSession) -> None:
    recording_id = index_of(searchable).track("t-unclocked").recording_id
    _index(searchable, recording_id, (), end=TICK)

    coverage = search(searchable, Query(), purpose="essai").coverage

    assert coverage.n_recordings_indexed == 1
    assert 20 < coverage.analysed_s < coverage.footage_s


def test_what_is_said_comes_with_its_measured_accuracy_or_says_that_there_is_none(searchable: CaseSession) -> None:
    index = index_of(searchable)
    track = replace(
        index.track("t-van"),
        class_model="relecture-crop@1",
        attributes=(
            replace(_said("colour", "white"), model="relecture-colour@3"),
            replace(_said("bag", "backpack"), model="rtmdet-nano-person@1+nanodet-plus-m-1.5x@1.0.0-alpha-1"),
            _said("make", "renault"),
        ),
    )

    hit = hit_of(index, track)

    assert "0.79 of 3057 held-out crops" in hit.class_accuracy[0]
    assert "169 of 187" in hit.attributes[0].accuracy and "169 de 187" in hit.attributes[0].accuracy_fr
    assert "precision 0.74" in hit.attributes[1].accuracy
    assert (hit.attributes[2].accuracy, hit.attributes[2].accuracy_fr) == ("not measured", "non mesurée")


def test_coverage_says_whether_a_search_by_make_could_find_anything(searchable: CaseSession) -> None:
    assert search(searchable, Query(makes=("opel",)), purpose="essai").coverage.has_makes


@pytest.mark.parametrize("purpose", ["", "   "])
def test_a_search_without_a_purpose_is_refused_and_the_refusal_recorded(searchable: CaseSession, purpose: str) -> None:
    with pytest.raises(UsageProblem, match="needs a purpose"):
        search(searchable, Query(), purpose=purpose)

    assert bodies_of(searchable.folder)[-1]["phase"] == "refused"


def test_the_intent_is_in_the_log_before_the_index_is_even_opened(
    searchable: CaseSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def peek(session: CaseSession) -> Any:
        seen.append(bodies_of(session.folder)[-1])
        raise NotAllowed("stop here")

    monkeypatch.setattr(review.search, "index_of", peek)
    with pytest.raises(NotAllowed, match="stop here"):
        search(searchable, Query(classes=("car",), upper=("red",)), purpose="véhicule en fuite")

    (intent,) = seen
    assert (intent["act"], intent["phase"], intent["purpose"]) == ("search.run", "intent", "véhicule en fuite")
    assert intent["detail"]["query"] == {"classes": ["car"], "upper": ["red"]}


def test_the_log_names_what_was_found_and_how_it_was_asked(searchable: CaseSession) -> None:
    search(searchable, Query(text="camionnette", from_utc=START), purpose="essai")

    intent, result = bodies_of(searchable.folder)[-2:]
    assert intent["detail"]["query"] == {
        "classes": ["van"],
        "text": "camionnette",
        "from_utc": "2026-03-02T20:00:00.000000Z",
    }
    assert result["result"] == {"n_hits": 1, "track_ids": ["t-van"]}


def test_nothing_is_returned_where_the_log_cannot_be_written(
    searchable: CaseSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> Any:
        raise OSError("disk gone")

    monkeypatch.setattr(searchable.log, "append", refuse)
    monkeypatch.setattr(review.search, "index_of", lambda _: pytest.fail("looked before it was recorded"))

    with pytest.raises(OSError, match="disk gone"):
        search(searchable, Query(), purpose="essai")


def test_an_unknown_camera_is_refused_with_those_that_are_known(searchable: CaseSession) -> None:
    with pytest.raises(UnknownReference, match="no camera “cam9”") as caught:
        search(searchable, Query(cameras=("cam9",)), purpose="essai")

    assert "cam1, cam2" in caught.value.hint


def test_words_that_name_no_filter_are_given_back(searchable: CaseSession) -> None:
    result = search(searchable, Query(text="voiture rouge immatriculée"), purpose="essai")

    assert result.words_ignored == ("immatriculee",)
    assert result.query.colours == ("red",) and result.query.classes == ("car",)


def test_likeness_compares_objects_of_one_class_and_leaves_out_the_one_asked_for(searchable: CaseSession) -> None:
    result = similar(searchable, "t-red-car", purpose="essai")

    assert _ids(result) == ["t-grey-car"]
    assert result.hits[0].score == pytest.approx(0.8, abs=1e-3)
    assert bodies_of(searchable.folder)[-1]["result"]["track_ids"] == ["t-grey-car"]


def test_likeness_needs_an_object_with_an_appearance_and_a_purpose(searchable: CaseSession) -> None:
    with pytest.raises(UnknownReference, match="no appearance to compare"):
        similar(searchable, "t-waiting", purpose="essai")
    with pytest.raises(UnknownReference, match="no track t-none"):
        similar(searchable, "t-none", purpose="essai")
    with pytest.raises(UsageProblem):
        similar(searchable, "t-red-car", purpose="")


def test_an_index_written_anew_is_seen_by_an_open_session(searchable: CaseSession) -> None:
    before = index_of(searchable)
    recording_id = before.track("t-unclocked").recording_id
    assert index_of(searchable) is before

    _index(searchable, recording_id, (TIMELESS[0], _track("t-late", 5, 6, camera="cam2")), end=TICK * 20)

    assert index_of(searchable) is not before
    assert track_exists(searchable, "t-late") and not track_exists(searchable, "t-none")


def test_tracks_and_crops_come_in_the_order_of_the_hits(searchable: CaseSession) -> None:
    hits = search(searchable, Query(classes=("car", "van")), purpose="essai").hits

    assert [track.track_id for track in tracks_of(searchable, hits)] == [hit.track_id for hit in hits]
    assert crop_jpeg(searchable, "t-red-car") == b"jpeg"
