# SPDX-License-Identifier: Apache-2.0
"""What triage leaves out is accounted for: active and skipped stretches cover a segment exactly, once."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.triage import MAX_TRUSTED_GOP_S, KeyLook, Selection, select_spans

GOP = 1000
END = 10 * GOP
PTS = np.arange(0, END, 100, dtype=np.int64)


def _looks(active: set[int], *, n: int = 10, first: int = 0) -> list[KeyLook]:
    return [
        KeyLook(pts_ticks=i * GOP, largest_change_unit=0.02 if i in active else 0.001 * i, is_active=i in active)
        for i in range(first, n)
    ]


def _select(looks: list[KeyLook], *, margin_gops: int = 1) -> Selection:
    return select_spans(looks, start_pts_ticks=0, end_pts_ticks=END, pts_ticks=PTS, margin_gops=margin_gops)


@given(
    keys=st.lists(st.integers(0, END - 1), unique=True, max_size=30),
    active=st.sets(st.integers(0, 29)),
    steps=st.lists(st.sampled_from([0.5, 2.0, 5.0]), min_size=30, max_size=30),
    margin=st.integers(0, 3),
)
def test_active_and_skipped_spans_cover_the_segment_exactly_once(
    keys: list[int], active: set[int], steps: list[float], margin: int
) -> None:
    looks = [
        KeyLook(pts_ticks=pts, largest_change_unit=0.5, is_active=i in active, step_s=steps[i])
        for i, pts in enumerate(sorted(keys))
    ]

    selection = _select(looks, margin_gops=margin)

    skipped = [(span.first_pts_ticks, span.end_pts_ticks) for span in selection.skipped]
    spans = sorted([*selection.active, *skipped])
    assert spans[0][0] == 0 and spans[-1][1] == END
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))
    assert all(start < end for start, end in spans)
    inside = sum(int(((start <= PTS) & (end > PTS)).sum()) for start, end in selection.active)
    assert inside + sum(span.n_frames for span in selection.skipped) == len(PTS)


@given(active=st.sets(st.integers(0, 9)), margin=st.integers(0, 3))
def test_both_sides_of_an_active_keyframe_and_the_margin_are_decoded(active: set[int], margin: int) -> None:
    selection = _select(_looks(active), margin_gops=margin)

    for i in active:
        for group in range(max(0, i - 1 - margin), min(10, i + 1 + margin)):
            assert any(start <= group * GOP and (group + 1) * GOP <= end for start, end in selection.active)


def test_a_still_segment_is_skipped_whole_with_the_largest_change_that_was_seen() -> None:
    selection = _select(_looks(set()))

    assert selection.active == ()
    assert [(s.first_pts_ticks, s.end_pts_ticks, s.n_frames, s.score) for s in selection.skipped] == [
        (0, END, 100, 0.009)
    ]


def test_a_skipped_span_answers_for_the_keyframe_that_ends_it() -> None:
    selection = _select(_looks({5}), margin_gops=0)

    assert [(s.first_pts_ticks, s.end_pts_ticks, s.score) for s in selection.skipped] == [
        (0, 4 * GOP, 0.004),
        (6 * GOP, END, 0.009),
    ]


def test_a_group_too_long_for_its_keyframe_to_vouch_for_is_decoded() -> None:
    looks = _looks(set())
    looks[3] = KeyLook(pts_ticks=3 * GOP, largest_change_unit=0, is_active=False, step_s=MAX_TRUSTED_GOP_S + 0.1)

    assert _select(looks).active == ((3 * GOP, 4 * GOP),)


def test_what_lies_before_the_first_keyframe_that_was_looked_at_is_decoded() -> None:
    selection = _select(_looks(set(), first=2), margin_gops=0)

    assert selection.active == ((0, 2 * GOP),)


def test_a_segment_without_a_look_is_decoded_whole() -> None:
    assert _select([]) == Selection(active=((0, END),), skipped=())
