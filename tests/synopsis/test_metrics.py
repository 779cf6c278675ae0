# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.synopsis._ticks import frames_of_tubes
from review.synopsis.groups import Tie
from review.synopsis.metrics import disorder, figures_of, interactions_preserved, never_overlap_bound_frames
from tests.synopsis.scenes import straight_tube

RATE = Fraction(5)
walks = st.lists(
    st.tuples(
        st.integers(0, 160), st.integers(0, 100), st.integers(0, 160), st.integers(0, 100), st.integers(0, 20),
        st.integers(1, 4), st.integers(0, 25),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(walks)
def test_every_figure_agrees_with_counting_pixels(found: list[tuple[int, ...]]) -> None:
    tubes = sorted(
        (
            straight_tube(
                k, start_s=w[4] / 5, duration_s=w[5], from_xy=(w[0], w[1]), to_xy=(w[2], w[3]),
                size_wh=(30, 44), picture_wh=(160, 100),
            )
            for k, w in enumerate(found)
        ),
        key=lambda tube: tube.start_us,
    )  # fmt: skip
    frames = frames_of_tubes(tubes, RATE)
    start = np.array([w[6] for w in found], np.int64)
    n_film = int((start + frames.n_frames).max())

    figures = figures_of(frames, start, n_film_frames=n_film, n_footage_frames=1000, ties=())

    union = twice = area = pairs = new = hidden = n_objects = 0
    for film in range(n_film):
        masks = []
        for i, tube in enumerate(tubes):
            k = film - int(start[i])
            if 0 <= k < len(tube.pts_ticks):
                x0, y0, x1, y1 = np.round(tube.boxes_xyxy_px[k]).astype(int)
                mask = np.zeros((100, 160), bool)
                mask[y0:y1, x0:x1] = True
                masks.append((i, mask))
        depth = sum((mask.astype(int) for _, mask in masks), np.zeros((100, 160), int))
        union += int((depth >= 1).sum())
        twice += int((depth >= 2).sum())
        for i, mask in masks:
            area += int(mask.sum())
            n_objects += 1
            shared = [int((mask & other).sum()) for j, other in masks if j != i]
            hidden += bool(shared and max(shared) > 0.5 * mask.sum())
            for j, other in masks:
                if i < j:
                    pairs += int((mask & other).sum())
                    shift_i = start[i] - frames.source_start[i]
                    shift_j = start[j] - frames.source_start[j]
                    new += int((mask & other).sum()) if abs(int(shift_i - shift_j)) > 1 else 0
    picture = n_film * 160 * 100
    assert figures.cr == pytest.approx(union / picture)
    assert figures.overlap_area == pytest.approx(twice / picture)
    assert figures.ca == pytest.approx(pairs / max(area, 1))
    assert figures.ca_new == pytest.approx(new / max(area, 1))
    assert figures.h50 == pytest.approx(hidden / n_objects)
    assert figures.density_mean == pytest.approx(n_objects / n_film)
    assert figures.fr == n_film / 1000


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_disorder_agrees_with_comparing_all_pairs(starts: list[tuple[int, int]]) -> None:
    source = np.array([s for s, _ in starts], np.int64)
    film = np.array([x for _, x in starts], np.int64)

    found = disorder(source, film)

    n = len(starts)
    wrong = sum(source[i] < source[j] and film[i] > film[j] for i in range(n) for j in range(n))
    assert found == pytest.approx(wrong / (n * (n - 1) / 2) if n > 1 else 0.0)


def test_an_interaction_is_preserved_to_one_frame_and_no_further() -> None:
    pair = Tie(meetings=((0, 1),))

    assert interactions_preserved(np.array([7, 8]), [pair]) == 1.0
    assert interactions_preserved(np.array([7, 9]), [pair]) == 0.0
    assert interactions_preserved(np.array([7, 9]), []) == 1.0


def test_objects_that_must_all_pass_one_point_need_the_sum_of_their_passages() -> None:
    tubes = [straight_tube(k, start_s=10 * k, duration_s=4, from_xy=(320, 180), to_xy=(320, 180)) for k in range(3)]

    bound = never_overlap_bound_frames(frames_of_tubes(tubes, RATE), np.arange(3))

    assert bound == 3 * 4 * 5
