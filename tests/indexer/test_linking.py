# SPDX-License-Identifier: Apache-2.0
"""Pieces of one object are joined by place, speed, size and look, and pieces of two are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.linking import stitch
from indexer.sketches import N_LOOKS, Sighting, Sketch

PER_S = 1000.0
RED = np.eye(8, dtype=np.float32)[0]
BLUE = np.eye(8, dtype=np.float32)[5]
SIZE_WH_PX = (640, 360)


def _sketch(times: Sequence[int], *, x: float, speed: float = 50.0, look: NDArray[np.float32] | None = None) -> Sketch:
    sketch = Sketch(from_detector=False)
    for pts in times:
        left = x + speed * (pts - times[0]) / PER_S
        sketch.add(Sighting(frame_index=pts // 40, pts_ticks=pts, box_xyxy_px=(left, 100, left + 30, 180), score=0.6))
        if look is not None:
            sketch.keep_look(pts, look)
    return sketch


def test_of_two_who_come_out_from_behind_a_post_each_gets_the_own_piece() -> None:
    red, blue = _sketch(range(0, 1000, 80), x=100, look=RED), _sketch(range(0, 1000, 80), x=110, look=BLUE)
    red_after, blue_after = (
        _sketch(range(1500, 2500, 80), x=180, look=RED),
        _sketch(range(1500, 2500, 80), x=180, look=BLUE),
    )

    joined = stitch([blue_after, red, red_after, blue], ticks_per_s=PER_S)

    assert len(joined) == 2
    assert [len(sketch.sightings) for sketch in joined] == [26, 26]
    assert all(np.allclose(sketch.looks[0][1], sketch.looks[-1][1]) for sketch in joined)


def test_another_look_is_another_object() -> None:
    pieces = [_sketch(range(0, 1000, 80), x=100, look=RED), _sketch(range(1300, 2300, 80), x=165, look=BLUE)]

    assert len(stitch(pieces, ticks_per_s=PER_S)) == 2


def test_who_left_over_the_edge_is_not_looked_for_again() -> None:
    def pieces() -> list[Sketch]:
        return [_sketch(range(0, 1000, 80), x=563), _sketch(range(1300, 2300, 80), x=605, speed=-50.0)]

    assert len(stitch(pieces(), ticks_per_s=PER_S)) == 1
    assert len(stitch(pieces(), ticks_per_s=PER_S, size_wh_px=SIZE_WH_PX)) == 2


def test_a_sketch_remembers_its_first_and_its_last_looks() -> None:
    sketch = Sketch(from_detector=False)

    for i in range(40):
        sketch.keep_look(i, np.full(4, i, np.float32))

    assert [pts for pts, _ in sketch.looks] == [*range(N_LOOKS), *range(40 - N_LOOKS, 40)]


def test_each_crowd_of_pieces_is_joined_as_if_it_were_alone() -> None:
    """A minute between crowds: what is far in time cannot compete, so a long span costs as many small ones."""
    rng = np.random.default_rng(5)
    offsets = rng.uniform(0, 500, (6, 8))

    def crowd(number: int) -> list[Sketch]:
        start = number * 60_000
        return [
            _sketch(range(start + gap, start + gap + 800, 80), x=x, look=look)
            for x in offsets[number]
            for gap, look in ((0, RED), (1100 + round(x) % 7, RED))
        ]

    alone = [len(sketch.sightings) for number in range(6) for sketch in stitch(crowd(number), ticks_per_s=PER_S)]
    together = stitch([sketch for number in range(6) for sketch in crowd(number)], ticks_per_s=PER_S)

    assert [len(sketch.sightings) for sketch in together] == alone
    assert max(alone) > 10
