# SPDX-License-Identifier: Apache-2.0
"""What triage skipped is made up for later: only that, beside the segments that stand, under unchanged identifiers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from indexer.findings import FindingKind
from indexer.index import void_segments
from indexer.segments import unpack
from indexer.triage import KeyLook
from models.errors import UsageProblem
from review.footage import import_footage
from review.hits import Query
from review.indexing import IndexReport, run_index
from review.search import index_of, search
from review.session import CaseSession
from tests.clips import Mover, make_clip
from tests.footage.fixtures import DISPLAYED, Desk
from tests.footage.in_process import InProcess

N_FRAMES = 400
SEEN = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(30, 0), from_s=3.0)
MISSED = Mover(size_wh_px=(16, 36), start_xy_px=(160, 74), speed_xy_px_s=(-30, 0), from_s=20.0, seed=5)
SEEN_UNTIL_S = 4.5


@pytest.fixture
def partly_blind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CaseSession, IndexReport]]:
    """A case indexed by a triage that sees nothing behind the first walker's head: the rest can only be made up for."""

    def blind(**values: Any) -> KeyLook:
        is_seen = values["is_active"] and values["pts_ticks"] < SEEN_UNTIL_S * 12800
        return KeyLook(**{**values, "is_active": is_seen})

    clip = make_clip(
        desk.delivered / "gare.mp4", n_frames=N_FRAMES, movers=(SEEN, MISSED), size_wh_px=(160, 120), gop=8
    )
    with desk.open(desk.case()) as session:
        import_footage(session, [clip.path], camera="cam1", start=DISPLAYED)
        with monkeypatch.context() as patch:
            patch.setattr("indexer.pipeline.KeyLook", blind)
            patch.setattr("indexer.pipeline.draw_groups", lambda *_, **__: ())
            report = run_index(session, engine=InProcess())
        yield session, report


def test_only_what_was_skipped_is_decoded_and_then_nothing_is_left_out(
    partly_blind: tuple[CaseSession, IndexReport],
) -> None:
    session, before = partly_blind

    after = run_index(session, engine=InProcess(), skipped_only=True)

    (was,), (now,) = before.recordings, after.recordings
    assert was.skipped_s > 10 and (was.tracks, now.tracks) == (1, 2)
    assert (now.spans_skipped, now.skipped_s, now.frames_decoded) == (0, 0.0, N_FRAMES)
    assert now.keyframes_looked_at > was.keyframes_looked_at
    assert FindingKind.TRIAGE_AUDITED not in {finding.kind for finding in now.findings}
    coverage = search(session, Query(), purpose="essai").coverage
    assert (coverage.skipped_s, coverage.profiles) == (0.0, ("standard+exhaustive",))


def test_a_track_that_goes_on_in_what_was_skipped_is_one_and_keeps_its_identifier(
    partly_blind: tuple[CaseSession, IndexReport],
) -> None:
    session, _ = partly_blind
    (cut,) = index_of(session).tracks

    run_index(session, engine=InProcess(), skipped_only=True)

    whole = index_of(session).track(cut.track_id)
    assert whole.pts_ticks[0] == cut.pts_ticks[0]
    assert len(whole.pts_ticks) > 1.3 * len(cut.pts_ticks)
    assert (whole.pts_ticks[1:] > whole.pts_ticks[:-1]).all()


def test_the_segment_that_stands_is_not_touched_and_what_is_made_up_for_is_not_made_again(
    partly_blind: tuple[CaseSession, IndexReport],
) -> None:
    session, _ = partly_blind
    (name,) = session.store.names("segments/")
    stood = session.store.read(name)

    first = run_index(session, engine=InProcess(), skipped_only=True)
    again = run_index(session, engine=InProcess(), skipped_only=True)
    plain = run_index(session, engine=InProcess())

    assert session.store.read(name) == stood
    assert session.store.names("segments/") == (name.replace(".seg", "-rest.seg"), name)
    assert [item.n_segments_made for item in (first, again, plain)] == [1, 0, 0]
    assert first.content_sha256 == again.content_sha256 == plain.content_sha256


def test_what_completes_a_segment_is_passed_over_once_that_segment_is_made_anew(
    partly_blind: tuple[CaseSession, IndexReport],
) -> None:
    session, _ = partly_blind
    run_index(session, engine=InProcess(), skipped_only=True)

    run_index(session, profile="fast", engine=InProcess())

    (segment,) = index_of(session).segments
    assert segment.profile == "fast" and segment.skipped


def test_what_is_not_indexed_yet_cannot_be_made_up_for(desk: Desk) -> None:
    clip = make_clip(desk.delivered / "gare.mp4", n_frames=20)
    with desk.open(desk.case()) as session:
        import_footage(session, [clip.path], camera="cam1", start=DISPLAYED)

        with pytest.raises(UsageProblem, match="not wholly indexed with profile standard") as caught:
            run_index(session, skipped_only=True, engine=InProcess())

    assert "relecture index CASE --profile standard" in caught.value.hint


def test_a_scope_that_shrinks_takes_back_what_was_made_up_for_as_well(
    partly_blind: tuple[CaseSession, IndexReport],
) -> None:
    session, _ = partly_blind
    run_index(session, engine=InProcess(), skipped_only=True)
    (recording_id,) = index_of(session).recordings

    with session.act("index.run"):
        void_segments(session.store, recording_id)

    assert index_of(session).tracks == ()
    names = session.store.names("segments/")
    stored = [unpack(session.store.read(name), name=name) for name in names]
    assert [(segment.is_void, segment.tracks) for segment in stored] == [(True, ()), (True, ())]
