# SPDX-License-Identifier: Apache-2.0
"""Units that last longer than a film may are cut at one instant for all, beside the meeting and not through it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from review.synopsis.groups import find_meetings, group_tubes
from review.synopsis.metrics import interactions_preserved
from review.synopsis.shorten import CutTrack, cut_units, ties_across
from review.synopsis.tubes import MICROSECONDS, Tube
from tests.synopsis.scenes import straight_tube

LONE = straight_tube(1, start_s=0, duration_s=100, from_xy=(50, 100), to_xy=(60, 100))
COMER = straight_tube(2, start_s=0, duration_s=40, from_xy=(40, 200), to_xy=(600, 200))
WAITER = straight_tube(3, start_s=4, duration_s=36, from_xy=(250, 230), to_xy=(250, 230))


def cut(tubes: Sequence[Tube], limit_s: int) -> tuple[tuple[Tube, ...], NDArray[np.int64], tuple[CutTrack, ...]]:
    meetings = find_meetings(tubes)
    return cut_units(tubes, group_tubes(tubes, meetings), meetings, limit_us=limit_s * MICROSECONDS)


def test_a_long_stay_is_cut_into_pieces_that_hold_every_sample_once() -> None:
    pieces, unit, tracks = cut([LONE], 30)

    assert len(pieces) == 4 and unit.tolist() == [0, 1, 2, 3]
    assert np.concatenate([piece.pts_ticks for piece in pieces]).tolist() == LONE.pts_ticks.tolist()
    assert [piece.piece for piece in pieces] == [0, 1, 2, 3]
    assert not pieces[0].is_cut_before and pieces[0].is_cut_after and pieces[3].is_cut_before
    assert [track.pts_ticks for track in tracks] == [tuple(int(piece.pts_ticks[0]) for piece in pieces[1:])]


def test_a_short_stay_is_left_alone() -> None:
    pieces, unit, tracks = cut([COMER], 60)

    assert pieces == (COMER,) and unit.tolist() == [0] and tracks == ()


def test_who_meets_is_cut_at_one_instant_that_lies_beside_the_meeting() -> None:
    tubes = (COMER, WAITER)
    meetings = find_meetings(tubes)
    assert meetings, "the scene holds a meeting"

    pieces, unit, tracks = cut(tubes, 30)

    by_unit = {
        number: [p for p, u in zip(pieces, unit.tolist(), strict=True) if u == number] for number in unit.tolist()
    }
    assert [len(parts) for parts in by_unit.values()] == [2, 2]
    starts = {track.track_id: track.pts_ticks for track in tracks}
    assert starts[COMER.track_id] == starts[WAITER.track_id]
    instant_us = starts[COMER.track_id][0] * MICROSECONDS // 5
    assert all(not (item.start_us < instant_us <= item.end_us) for item in meetings)
    assert not any(track.is_meeting_cut for track in tracks)


def test_a_meeting_without_end_is_cut_all_the_same_and_said() -> None:
    beside = straight_tube(4, start_s=0, duration_s=100, from_xy=(60, 120), to_xy=(70, 120))

    pieces, unit, tracks = cut((LONE, beside), 30)

    assert len(pieces) == 8 and len(set(unit.tolist())) == 4
    assert all(track.is_meeting_cut for track in tracks)


def test_a_meeting_that_is_cut_is_not_counted_as_preserved() -> None:
    beside = straight_tube(4, start_s=0, duration_s=100, from_xy=(60, 120), to_xy=(70, 120))
    whole = (LONE, beside)
    meetings = find_meetings(whole)
    pieces, unit, _ = cut(whole, 30)

    ties = ties_across(meetings, whole, pieces)

    assert len(ties) == 1
    side_by_side = np.zeros(len(pieces), np.int64)
    apart = 100 * unit
    assert interactions_preserved(side_by_side, ties) == 1.0, "pieces that keep the source offset show it whole"
    assert interactions_preserved(apart, ties) == 0.0


def test_a_cut_beside_the_meeting_preserves_it() -> None:
    tubes = (COMER, WAITER)
    pieces, unit, _ = cut(tubes, 30)

    assert interactions_preserved(100 * unit, ties_across(find_meetings(tubes), tubes, pieces)) == 1.0


def test_pieces_are_counted_anew_where_standing_still_was_cut_out_before() -> None:
    before, after = LONE.cut(0, 200, piece=0), LONE.cut(300, len(LONE.pts_ticks), piece=1)

    pieces, _, tracks = cut((before, after), 15)

    assert len(tracks) >= 1
    assert [piece.piece for piece in pieces] == list(range(len(pieces)))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(2, 70), st.integers(60, 560)), min_size=1, max_size=6),
    st.integers(3, 30),
)
def test_no_piece_is_longer_than_asked_and_no_sample_is_lost(walks: list[tuple[int, int, int]], limit_s: int) -> None:
    tubes = tuple(
        sorted(
            (
                straight_tube(k, start_s=start, duration_s=lasts, from_xy=(x, 150), to_xy=(640 - x, 150))
                for k, (start, lasts, x) in enumerate(walks)
            ),
            key=lambda tube: (tube.start_us, tube.track_id),
        )
    )

    pieces, unit, _ = cut(tubes, limit_s)

    for number in set(unit.tolist()):
        mine = [piece for piece, owner in zip(pieces, unit.tolist(), strict=True) if owner == number]
        assert max(p.end_us for p in mine) - min(p.start_us for p in mine) <= limit_s * MICROSECONDS
    for tube in tubes:
        shown = [piece.pts_ticks for piece in pieces if piece.track_id == tube.track_id]
        assert np.concatenate(shown).tolist() == tube.pts_ticks.tolist()
    assert Fraction(len(pieces)) >= len(tubes)
