# SPDX-License-Identifier: Apache-2.0
"""What is made up for lies beside what stood, and takes no identifier away from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.blobs import MemoryBlobStore
from indexer.completion import rest_plan
from indexer.index import Index, write_segment
from indexer.planning import SegmentPlan
from indexer.records import SkippedSpan, Track
from indexer.segments import pack
from tests.indexer.factories import RECORDING, make_recording, make_segment, make_track

CUT = 5000
BEHIND = make_track("t-bbbbbbbbbbbb", pts_ticks=(5000, 5100, 5200), box=(22, 20, 42, 60), step_xy=(4, 0))
PIECE = make_track("t-cccccccccccc", pts_ticks=(4700, 4800, 4900), step_xy=(4, 0))
BEFORE = make_track("t-aaaaaaaaaaaa", pts_ticks=(4300, 4400, 4500), box=(-6, 20, 14, 60), step_xy=(4, 0))


def _ids(store: MemoryBlobStore) -> list[str]:
    return [track.track_id for track in Index(store, {RECORDING: make_recording()}).tracks]


@pytest.mark.parametrize("standing", [(), (BEFORE,)], ids=["nothing before it", "a track that it continues"])
def test_a_piece_that_reaches_the_cut_takes_no_identifier_from_the_next_segment(standing: tuple[Track, ...]) -> None:
    store = MemoryBlobStore()
    skipped = (SkippedSpan(first_pts_ticks=4600, end_pts_ticks=CUT, n_frames=4, score=0.0),)
    stored_sha256 = write_segment(store, replace(make_segment(0, span=(0, CUT), tracks=standing), skipped=skipped))
    write_segment(store, make_segment(1, span=(CUT, 2 * CUT), tracks=[BEHIND]))
    stood = _ids(store)

    rest = replace(make_segment(0, span=(0, CUT), tracks=[PIECE]), completes_sha256=stored_sha256)
    write_segment(store, rest)

    assert stood == [*(track.track_id for track in standing), BEHIND.track_id]
    assert set(stood) <= set(_ids(store))
    assert len(_ids(store)) == 2


def test_a_track_that_the_cut_broke_stays_one_when_a_piece_lies_there_too() -> None:
    store = MemoryBlobStore()
    before = make_track("t-aaaaaaaaaaaa", pts_ticks=(4400, 4500, 4600), box=(14, 20, 34, 60), step_xy=(2, 0))
    skipped = (SkippedSpan(first_pts_ticks=4650, end_pts_ticks=CUT, n_frames=4, score=0.0),)
    stored_sha256 = write_segment(store, replace(make_segment(0, span=(0, CUT), tracks=[before]), skipped=skipped))
    write_segment(store, make_segment(1, span=(CUT, 2 * CUT), tracks=[BEHIND]))
    stood = _ids(store)

    piece = replace(PIECE, boxes_xyxy_px=BEHIND.boxes_xyxy_px)
    write_segment(store, replace(make_segment(0, span=(0, CUT), tracks=[piece]), completes_sha256=stored_sha256))

    (whole,) = Index(store, {RECORDING: make_recording()}).tracks
    assert stood == [whole.track_id] == [before.track_id]
    assert whole.pts_ticks.tolist() == [4400, 4500, 4600, 4700, 4800, 4900, 5000, 5100, 5200]


def test_the_rest_names_the_digest_that_is_stored_whatever_packs_the_segment_now() -> None:
    plan = SegmentPlan(number=0, start_pts_ticks=0, end_pts_ticks=CUT, first_frame=0, n_frames=50)
    skipped = (SkippedSpan(first_pts_ticks=0, end_pts_ticks=CUT, n_frames=50, score=0.0),)
    segment = replace(make_segment(0, span=(0, CUT)), skipped=skipped)

    rest = rest_plan(plan, segment, content_sha256="ef" * 32)

    assert rest is not None and rest.completes_sha256 == "ef" * 32 != pack(segment)[1]
    assert rest_plan(plan, replace(segment, skipped=()), content_sha256="ef" * 32) is None
