# SPDX-License-Identifier: Apache-2.0
"""Lines crossed and time spent in a zone, by the point where an object stands."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.geometry import Path, crosses_line, longest_stay_s, path_of
from tests.indexer.factories import make_track

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
POINTS = st.tuples(st.integers(-50, 50), st.integers(-50, 50))


def _path(*points: tuple[float, float], step_s: float = 1.0) -> Path:
    return Path(time_s=np.arange(len(points)) * step_s, xy_px=np.array(points, np.float64))


def test_an_object_stands_at_the_middle_of_its_lower_edge() -> None:
    path = path_of(make_track(box=(10, 20, 30, 60), step_xy=(5, 1)), Fraction(1, 1000))

    assert path.xy_px.tolist() == [[20, 60], [25, 61], [30, 62]]
    assert path.time_s.tolist() == [0.0, 0.1, 0.2]


@given(a=POINTS, b=POINTS, c=POINTS, d=POINTS)
def test_crossing_does_not_depend_on_direction(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]
) -> None:
    answers = {crosses_line(_path(*way), line) for way in ((a, b), (b, a)) for line in ((c, d), (d, c))}

    assert len(answers) == 1


@pytest.mark.parametrize(
    ("way", "crosses"),
    [
        (((-5, 0), (5, 0)), True),
        (((5, 0), (-5, 0)), True),
        (((-5, 20), (5, 20)), False),
        (((-5, 0), (-1, 0)), False),
        (((-5, 0), (-1, 0), (-1, 40), (5, 40), (5, 0)), False),
        (((-5, 0), (-2, 3), (4, 5)), True),
    ],
)
def test_a_path_crosses_a_line_between_its_ends_alone(way: tuple[tuple[float, float], ...], crosses: bool) -> None:
    assert crosses_line(_path(*way), ((0.0, -10.0), (0.0, 10.0))) is crosses


def test_an_object_that_stops_on_the_line_and_goes_on_has_crossed_it() -> None:
    assert crosses_line(_path((-5, 0), (0, 0), (5, 0)), ((0.0, -10.0), (0.0, 10.0)))
    assert crosses_line(_path((-5, 0), (0, 0), (0, 0), (5, 0)), ((0.0, -10.0), (0.0, 10.0)))


def test_an_object_that_walks_along_the_line_and_leaves_it_on_the_other_side_has_crossed_it() -> None:
    line = ((0.0, -10.0), (0.0, 10.0))

    assert crosses_line(_path((-5, -30), (0, -20), (0, 20), (5, 30)), line)
    assert not crosses_line(_path((-5, -30), (0, -20), (0, -11), (5, -30)), line)


def test_a_line_without_length_is_crossed_by_nobody() -> None:
    assert not crosses_line(_path((-5, 0), (5, 0)), ((0.0, 0.0), (0.0, 0.0)))


def test_an_object_that_touches_the_line_and_turns_back_has_not_crossed_it() -> None:
    assert not crosses_line(_path((-5, 0), (0, 0), (-5, 0)), ((0.0, -10.0), (0.0, 10.0)))


def test_the_longest_of_several_stays_counts() -> None:
    path = _path((5, 5), (5, 5), (20, 5), (5, 5), (5, 5), (5, 5), (20, 5))

    assert longest_stay_s(path, SQUARE) == 2.0


def test_without_a_zone_the_whole_time_in_view_counts() -> None:
    assert longest_stay_s(_path((0, 0), (99, 99), step_s=7.5), ()) == 7.5


def test_who_never_enters_has_no_stay_and_who_passes_once_has_none_to_speak_of() -> None:
    assert longest_stay_s(_path((20, 20), (30, 30)), SQUARE) is None
    assert longest_stay_s(_path((20, 20), (5, 5), (30, 30)), SQUARE) == 0.0


@settings(max_examples=50)
@given(x=st.floats(-20, 20), y=st.floats(-20, 20))
def test_inside_means_inside_a_convex_zone(x: float, y: float) -> None:
    inside = longest_stay_s(_path((x, y)), SQUARE) is not None

    on_edge = min(abs(x), abs(x - 10), abs(y), abs(y - 10)) < 1e-9
    assert on_edge or inside == (0 < x < 10 and 0 < y < 10)


def test_a_zone_with_a_bay_leaves_the_bay_out() -> None:
    bay = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (5.0, 2.0), (0.0, 10.0))

    assert longest_stay_s(_path((5, 8)), bay) is None
    assert longest_stay_s(_path((5, 1)), bay) == 0.0
