# SPDX-License-Identifier: Apache-2.0
"""The smallest object that triage sees, tried out on pictures whose noise is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from indexer.background import estimate_background
from indexer.motion import Blob, MotionModel
from indexer.sensitivity import Guarantee, smallest_object

SIZE = (360, 640, 3)


def _pictures(sigma: float, n: int = 14) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(5)
    return [np.clip(rng.normal(110, sigma, SIZE), 0, 255).astype(np.uint8) for _ in range(n)]


def _smallest(sigma: float, *, scale: float = 1 / 3, unwatched: NDArray[np.bool_] | None = None) -> Guarantee | None:
    pictures = _pictures(sigma)
    model = MotionModel(estimate_background(pictures))
    return smallest_object(
        pictures[-2:], lambda picture: model.blobs(model.foreground(picture)), scale=scale, unwatched=unwatched
    )


def test_a_clean_camera_sees_a_small_faint_object_everywhere() -> None:
    found = _smallest(1.0)

    assert found is not None
    assert found.contrast_levels == 25 and found.height_px <= 54
    # Two pictures, lighter and darker, 45 places.
    assert found.n_trials == 2 * 2 * 45


def test_more_noise_never_sees_more() -> None:
    clean, noisy = _smallest(1.0), _smallest(14.0)

    assert clean is not None
    assert noisy is None or (noisy.contrast_levels, noisy.height_px) >= (clean.contrast_levels, clean.height_px)


def test_sizes_are_those_of_the_source() -> None:
    whole, third = _smallest(1.0, scale=1.0), _smallest(1.0, scale=1 / 3)

    assert whole is not None and third is not None
    assert third.height_px == 3 * whole.height_px


def test_places_that_are_not_watched_make_no_claim() -> None:
    unwatched = np.zeros(SIZE[:2], np.bool_)
    unwatched[:, :320] = True

    found = _smallest(1.0, unwatched=unwatched)

    assert found is not None and found.n_trials < 2 * 2 * 45


def test_who_sees_nothing_is_given_no_size() -> None:
    assert smallest_object(_pictures(1.0)[:1], lambda _: (), scale=1.0) is None


def test_one_place_that_is_never_seen_is_enough_to_claim_nothing() -> None:
    def half_blind(picture: NDArray[np.uint8]) -> tuple[Blob, ...]:
        return (Blob(box_xyxy=(0, 0, 600, 360), area_px=9),)

    assert smallest_object(_pictures(1.0)[:1], half_blind, scale=1.0) is None


def test_without_a_picture_nothing_is_claimed() -> None:
    assert smallest_object([], lambda _: (), scale=1.0) is None
