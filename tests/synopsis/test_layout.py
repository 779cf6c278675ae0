# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.synopsis.simulate import simulate
from review.synopsis._board import UnitTicks
from review.synopsis._settle import settle
from review.synopsis._ticks import frames_of_tubes, ticks_of_units
from review.synopsis.groups import find_interactions, group_tubes, ties_of
from review.synopsis.layout import Layout, LayoutOptions, Order, lay_out
from review.synopsis.metrics import Figures, figures_of
from review.synopsis.tubes import Tube
from tests.synopsis.scenes import straight_tube

RATE = Fraction(5)


def judged(tubes: tuple[Tube, ...], options: LayoutOptions, rate: Fraction = RATE) -> tuple[Layout, Figures]:
    layout = lay_out(tubes, rate=rate, options=options)
    figures = figures_of(
        frames_of_tubes(tubes, rate),
        layout.start_frame,
        n_film_frames=layout.n_frames,
        n_footage_frames=100_000,
        ties=ties_of(find_interactions(tubes)),
    )
    return layout, figures


def street(n: int, seed: int = 0) -> tuple[Tube, ...]:
    return simulate(n, duration_s=3600, seed=seed)


def test_the_same_tubes_give_the_same_film() -> None:
    tubes = street(60)

    first = lay_out(tubes, rate=RATE, options=LayoutOptions())
    second = lay_out(tubes, rate=RATE, options=LayoutOptions())

    assert first.start_frame.tolist() == second.start_frame.tolist()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([Fraction(5), Fraction(25), Fraction(30000, 1001)]))
def test_never_overlapping_means_not_one_pixel_at_any_film_frame(seed: int, rate: Fraction) -> None:
    _, figures = judged(street(25, seed), LayoutOptions(is_never_overlapping=True), rate)

    assert figures.ca_new == 0.0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 12))
def test_density_is_a_limit_for_every_frame_that_no_single_group_exceeds(seed: int, density: int) -> None:
    tubes = street(40, seed)
    unit = group_tubes(tubes, find_interactions(tubes))

    _, figures = judged(tubes, LayoutOptions(density=density))

    assert figures.density_max <= max(density, int(np.bincount(unit).max()))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_what_belongs_together_stays_together_and_overlap_keeps_to_its_allowance(seed: int) -> None:
    _, figures = judged(street(60, seed), LayoutOptions())

    assert figures.ip == 1.0
    assert figures.ca_new <= 0.021


def test_the_chronological_film_starts_units_in_source_order() -> None:
    tubes = street(80)

    layout = lay_out(tubes, rate=RATE, options=LayoutOptions(order=Order.CHRONOLOGICAL))

    first_of_unit = np.unique(layout.unit, return_index=True)[1]
    assert np.all(np.diff(layout.start_frame[first_of_unit]) >= 0)


def test_a_day_of_a_thousand_objects_meets_the_aims_at_a_density_of_five() -> None:
    tubes = simulate(1000)

    layout, figures = judged(tubes, LayoutOptions(density=5))

    assert layout.ratio_to_bound <= 1.3
    assert figures.ca_new <= 0.02
    assert figures.cdr <= 0.02
    assert figures.ip == 1.0


def test_before_a_close_camera_the_film_is_packed_as_asked_and_overlap_and_order_are_kept() -> None:
    tubes = simulate(120, duration_s=3600, closeness=1.0)

    layout, figures = judged(tubes, LayoutOptions(density=10))

    # First fit alone gives 1.39 and 0.21 here.
    assert layout.ratio_to_bound <= 1.25
    assert figures.cdr <= 0.16
    assert figures.ca_new <= 0.02
    assert figures.density_max <= 10


def test_settling_only_gives_layouts_that_keep_to_the_allowance_and_each_is_shorter() -> None:
    units, n_units = packed(simulate(40, duration_s=600, closeness=1.0))
    apart = np.r_[0, np.cumsum(units.n_ticks)][:-1]

    found = list(
        settle(
            units,
            apart,
            np.arange(n_units),
            cap=5,
            overlap=0.02,
            window=10_000,
            shortest=1.0,
            is_ordered=True,
            heard=lambda: None,
        )
    )

    assert len(found) > 10
    assert all(later.end < earlier.end for earlier, later in pairwise(found))
    assert all(layout.shared <= 0.02 * units.volume.sum() for layout in found)
    assert all(at_once(units, layout.starts) <= 5 for layout in found)
    assert found[-1].end < units.n_ticks.sum() / 3


def packed(tubes: tuple[Tube, ...]) -> tuple[UnitTicks, int]:
    frames = frames_of_tubes(tubes, RATE)
    alone = np.arange(len(tubes))
    return ticks_of_units(frames, alone, np.zeros_like(alone), stride=1, is_hull=False), len(tubes)


def at_once(units: UnitTicks, starts: NDArray[np.int64]) -> int:
    standing = np.zeros(int((starts + units.n_ticks).max()) + 1, np.int64)
    np.add.at(standing, starts, 1)
    np.add.at(standing, starts + units.n_ticks, -1)
    return int(np.cumsum(standing).max())


def test_a_free_order_is_not_longer_than_the_balanced_one() -> None:
    tubes = street(80)

    free = lay_out(tubes, rate=RATE, options=LayoutOptions(order=Order.FREE, density=10))
    balanced = lay_out(tubes, rate=RATE, options=LayoutOptions(density=10))

    assert free.n_frames <= balanced.n_frames


def test_six_persons_on_one_path_follow_each_other_closely() -> None:
    tubes = tuple(
        straight_tube(k, start_s=60 * k, duration_s=20, from_xy=(30, 200), to_xy=(610, 200)) for k in range(6)
    )

    layout, figures = judged(tubes, LayoutOptions())

    assert layout.n_frames / 5 <= 20 + 5 * 3
    assert figures.density_max >= 4


def test_one_object_makes_a_film_of_its_own_length() -> None:
    tube = straight_tube(1, start_s=500, duration_s=12, from_xy=(30, 200), to_xy=(610, 200))

    layout = lay_out((tube,), rate=RATE, options=LayoutOptions())

    assert layout.n_frames == 60
    assert layout.ratio_to_bound == 1.0


def test_no_object_makes_an_empty_layout() -> None:
    assert lay_out((), rate=RATE, options=LayoutOptions()).n_frames == 0


def test_a_wanted_length_is_met_where_it_can_be() -> None:
    tubes = street(60)
    total_s = sum(len(tube.pts_ticks) for tube in tubes) / 5

    layout = lay_out(tubes, rate=RATE, options=LayoutOptions(length_s=Fraction(round(total_s / 4))))

    assert layout.n_frames / 5 <= total_s / 4 * 1.005


def test_a_wanted_length_below_the_longest_object_gives_the_longest_object() -> None:
    tubes = tuple(
        straight_tube(k, start_s=60 * k, duration_s=20, from_xy=(60 + 90 * k, 100), to_xy=(60 + 90 * k, 250))
        for k in range(6)
    )

    layout = lay_out(tubes, rate=RATE, options=LayoutOptions(length_s=Fraction(5)))

    assert layout.n_frames == 100


def test_objects_of_different_light_never_share_a_picture() -> None:
    tubes = street(40)
    era = np.r_[np.zeros(20, np.int64), np.ones(20, np.int64)]
    unit = np.arange(40)

    layout = lay_out(tubes, rate=RATE, options=LayoutOptions(), unit=unit, era=era)

    ends = layout.start_frame + frames_of_tubes(tubes, RATE).n_frames
    assert ends[:20].max() <= layout.start_frame[20:].min()


def test_progress_is_told_and_may_stop_the_search() -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lay_out(street(20), rate=RATE, options=LayoutOptions(), progress=stop)


def test_pieces_of_one_object_are_never_in_the_film_together() -> None:
    tubes = tuple(
        straight_tube(k, start_s=100 * k, duration_s=6, from_xy=(60 + 90 * k, 100), to_xy=(60 + 90 * k, 250))
        for k in range(6)
    )
    whole = np.array([0, 1, 0, 2, 0, 1])

    layout = lay_out(tubes, rate=RATE, options=LayoutOptions(), whole=whole)

    for a in range(6):
        for b in range(a + 1, 6):
            if whole[a] == whole[b]:
                assert abs(int(layout.start_frame[a] - layout.start_frame[b])) >= 30
    assert layout.n_frames == 90
