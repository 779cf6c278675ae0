# SPDX-License-Identifier: Apache-2.0
"""Tracks split and merged by hand: what lies over the segments, what it makes, and that it leaves them as they are."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.blobs import MemoryBlobStore
from indexer.corrections import Correction, CorrectionKind, Description, halves_of, made_by, merged
from indexer.index import Index, content_digest, write_segment
from indexer.records import Attribute, Track, TrackId
from models.errors import UsageProblem
from tests.indexer.factories import RECORDING, make_recording, make_segment, make_track

OTHER_RECORDING = "r-ffffffffffffffff"


def _said(value: str) -> Attribute:
    return Attribute(name="colour", value=value, score=0.8, model="m@1")


def _ticks(first: int, n: int) -> list[int]:
    return [first + 100 * i for i in range(n)]


def _split(track: Track, at: int, *, number: int = 1) -> Correction:
    said = tuple(
        Description(
            class_name=name,
            class_score=0.7,
            class_model="net@2",
            best_pts_ticks=int(half.pts_ticks[0]),
            attributes=(_said(colour),),
            vector=np.zeros(0, np.float32),
            crop_jpeg=colour.encode(),
        )
        for half, name, colour in zip(halves_of(track, at), ("person", "van"), ("red", "white"), strict=True)
    )
    return Correction(
        number=number, kind=CorrectionKind.SPLIT, track_ids=(track.track_id,), at_pts_ticks=at, descriptions=said
    )


def _merge(*tracks: str, number: int = 1) -> Correction:
    return Correction(number=number, kind=CorrectionKind.MERGE, track_ids=tuple(map(TrackId, tracks)))


def _store(*tracks: Track) -> MemoryBlobStore:
    store = MemoryBlobStore()
    write_segment(store, make_segment(tracks=tracks))
    return store


def _open(store: MemoryBlobStore, *corrections: Correction) -> Index:
    return Index(store, {RECORDING: make_recording()}, corrections=corrections)


def test_a_split_track_becomes_two_that_are_told_apart_by_what_was_seen_in_each() -> None:
    track = make_track("t-both", pts_ticks=_ticks(0, 10), attributes=[_said("grey")])
    correction = _split(track, 400)

    index = _open(_store(track), correction)

    first, second = index.tracks
    assert [first.track_id, second.track_id] == list(made_by(correction))
    assert (first.pts_ticks.tolist(), second.pts_ticks.tolist()) == (_ticks(0, 4), _ticks(400, 6))
    assert [item.class_name for item in index.tracks] == ["person", "van"]
    assert index.rows.select(attributes=[("colour", ("white",), 0.5)]) == [(second.track_id, 0.75)]
    assert index.corrections_by_track[second.track_id] == (correction,)


def test_segments_are_not_touched_and_taking_the_correction_away_gives_the_track_back() -> None:
    track = make_track("t-both", pts_ticks=_ticks(0, 10))
    store = _store(track)
    before = {name: store.read(name) for name in store.names("")}

    corrected = _open(store, _split(track, 400))
    plain = _open(store)

    assert content_digest(corrected.segments) == content_digest(plain.segments)
    assert {name: store.read(name) for name in store.names("")} == before
    assert [item.track_id for item in plain.tracks] == ["t-both"]
    assert plain.corrections_by_track == {}


def test_merged_tracks_keep_every_frame_in_which_the_object_was_seen_and_no_other() -> None:
    early = make_track("t-early", pts_ticks=_ticks(0, 5), attributes=[_said("red")])
    late = make_track("t-late", pts_ticks=_ticks(2000, 8), box=(90, 20, 110, 60), attributes=[_said("blue")])

    index = _open(_store(early, late), _merge("t-early", "t-late"))

    (track,) = index.tracks
    assert track.pts_ticks.tolist() == _ticks(0, 5) + _ticks(2000, 8)
    assert track.boxes_xyxy_px[[0, -1], 0].tolist() == [10, 90]
    assert [item.value for item in track.attributes] == ["blue"], "the longer one is the one that was described better"


def test_where_both_were_seen_the_surer_box_counts_and_times_stay_in_order() -> None:
    early = make_track("t-early", pts_ticks=_ticks(0, 10))
    late = make_track("t-late", pts_ticks=_ticks(800, 10), box=(90, 20, 110, 60))
    surer = type(late)(**{**_fields(late), "scores": np.full(10, 0.9)})

    track = merged(early, surer)

    assert track.pts_ticks.tolist() == _ticks(0, 18)
    assert track.boxes_xyxy_px[7:10, 0].tolist() == [10, 90, 90]


def test_a_merge_gives_an_unnamed_piece_the_name_of_the_other() -> None:
    long = make_track("t-long", pts_ticks=_ticks(0, 20), class_name="other")
    short = make_track("t-short", pts_ticks=_ticks(2500, 5), class_name="person", attributes=[_said("red")])

    track = merged(long, short)

    assert (track.class_name, track.attribute("colour")) == ("person", _said("red"))


def test_two_that_are_seen_side_by_side_are_not_one() -> None:
    one, two = (make_track(name, pts_ticks=_ticks(start, 10)) for name, start in (("t-1", 0), ("t-2", 300)))

    with pytest.raises(UsageProblem, match="side by side in 7 frames"):
        merged(one, two)
    with pytest.raises(UsageProblem, match="side by side"):
        merged(one, one)


def test_tracks_of_two_recordings_are_not_merged() -> None:
    with pytest.raises(UsageProblem, match="two recordings"):
        merged(make_track("t-1"), make_track("t-2", recording_id=OTHER_RECORDING, pts_ticks=(900, 1000)))


@pytest.mark.parametrize("at", [-5, 0, 201, 10_000])
def test_a_split_needs_a_frame_on_both_sides(at: int) -> None:
    with pytest.raises(UsageProblem, match="seen from PTS 0 to 200"):
        halves_of(make_track(), at)


def test_corrections_build_on_one_another() -> None:
    track = make_track("t-both", pts_ticks=_ticks(0, 10))
    third = make_track("t-third", pts_ticks=_ticks(2000, 3))
    split = _split(track, 400)
    merge = _merge(made_by(split)[1], "t-third", number=2)

    index = _open(_store(track, third), split, merge)

    assert {item.track_id for item in index.tracks} == {made_by(split)[0], made_by(merge)[0]}
    assert index.corrections_by_track == {made_by(split)[0]: (split,), made_by(merge)[0]: (split, merge)}


def test_a_correction_of_a_track_that_was_made_anew_changes_nothing_and_is_named() -> None:
    index = _open(_store(make_track("t-new")), _merge("t-gone", "t-new", number=7))

    assert [item.track_id for item in index.tracks] == ["t-new"]
    assert index.idle_corrections == (7,)


def test_the_same_correction_always_makes_the_same_identifiers() -> None:
    track = make_track("t-both", pts_ticks=_ticks(0, 10))

    assert made_by(_split(track, 400)) == made_by(_split(track, 400, number=9))
    assert len({*made_by(_split(track, 400)), *made_by(_split(track, 500)), *made_by(_merge("t-both", "t-x"))}) == 5
    assert all(len(name) == 14 for name in made_by(_split(track, 400)))


def _fields(track: Track) -> dict[str, object]:
    return {name: getattr(track, name) for name in Track.__dataclass_fields__}
