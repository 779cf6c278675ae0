# SPDX-License-Identifier: Apache-2.0
"""A camera that shows nothing usable is told, with why and when; weather, traffic and light are not taken for it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.findings import FindingKind
from indexer.health import HealthSpan, HealthState, health_findings, health_spans, look_at
from review.finding_words import french_sentence
from tests.clips import street

STEP = 2000
BASE = Fraction(1, 1000)
N = 40
BAD = range(12, 18)
Picture = NDArray[np.uint8]


def _live(picture: Picture, seed: int, *, sigma: float = 2.0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _stretch(damage: Callable[[Picture], Picture], *, over: range = BAD) -> list[tuple[int, Picture]]:
    scene = street((640, 360), seed=4)
    return [(i * STEP, _live(damage(scene) if i in over else scene, i)) for i in range(N)]


def _spans(pictures: list[tuple[int, Picture]]) -> tuple[HealthSpan, ...]:
    looks = [look_at(picture) for _, picture in pictures]
    return health_spans(looks, [pts for pts, _ in pictures], end_pts_ticks=N * STEP, time_base=BASE)


def _turned(scene: Picture) -> Picture:
    other = street((640, 360), seed=77)
    return np.ascontiguousarray(other[::-1])


def _cloth(height: int, width: int) -> Picture:
    """Folds of a dark bag over the lens."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    folds = 45 + 25 * np.sin(5 * x + 3 * y) - 15 * y
    return np.repeat(folds[:, :, None], 3, axis=2).astype(np.uint8)


def _infrared(scene: Picture) -> Picture:
    """Grey, foliage and cloth bright, lit from the camera."""
    gray = scene @ np.array([0.1, 0.3, 0.8])
    lit = np.linspace(0.6, 1.1, scene.shape[0])[:, None]
    return np.repeat(np.clip(gray * lit, 0, 255)[:, :, None], 3, axis=2).astype(np.uint8)


DAMAGES: dict[HealthState, Callable[[Picture], Picture]] = {
    HealthState.BLACK: lambda scene: np.full_like(scene, 4),
    HealthState.OVEREXPOSED: lambda scene: np.full_like(scene, 252),
    HealthState.NO_SIGNAL: lambda scene: np.full_like(scene, (190, 60, 20)),
    HealthState.COVERED: lambda scene: _cloth(scene.shape[0], scene.shape[1]),
    HealthState.DEFOCUSED: lambda scene: cv2.GaussianBlur(scene, (0, 0), 9).astype(np.uint8),
    HealthState.TURNED: _turned,
}


@pytest.mark.parametrize("state", DAMAGES)
def test_a_damaged_stretch_is_found_with_its_reason_and_its_ends(state: HealthState) -> None:
    spans = _spans(_stretch(DAMAGES[state]))

    assert [(span.state, span.first_pts_ticks, span.end_pts_ticks) for span in spans] == [
        (state, BAD.start * STEP, BAD.stop * STEP)
    ]


def test_a_frozen_picture_is_found_where_pictures_otherwise_live() -> None:
    pictures = _stretch(lambda scene: scene)
    for i in BAD:
        pictures[i] = (pictures[i][0], pictures[BAD.start - 1][1])

    spans = _spans(pictures)

    assert [(span.state, span.first_pts_ticks) for span in spans] == [(HealthState.FROZEN, (BAD.start - 1) * STEP)]


def _with_lorry(scene: Picture) -> Picture:
    scene = scene.copy()
    scene[100:330, 80:460] = (200, 190, 60)
    return scene


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("dusk", lambda scene: (scene * 0.25).astype(np.uint8)),
        ("a lamp", lambda scene: np.clip(scene * 1.5 + 30, 0, 255).astype(np.uint8)),
        ("infrared", _infrared),
        ("a lorry that stops", _with_lorry),
        ("a mast in the wind", lambda scene: np.roll(scene, (3, 4), axis=(0, 1))),
        ("strong noise", lambda scene: _live(scene, 99, sigma=14)),
    ],
)
def test_light_traffic_and_wind_are_not_damage(what: str, change: Callable[[Picture], Picture]) -> None:
    assert _spans(_stretch(change)) == (), what


def test_a_clip_without_any_noise_is_not_called_frozen() -> None:
    scene = street((640, 360), seed=4)

    assert _spans([(i * STEP, scene) for i in range(N)]) == ()


def test_one_picture_is_not_a_stretch_and_a_few_are_too_few_to_tell() -> None:
    dark = DAMAGES[HealthState.BLACK]

    assert _spans(_stretch(dark, over=range(9, 10))) == ()
    assert _spans(_stretch(dark)[:7]) == ()


def test_black_from_end_to_end_is_told() -> None:
    spans = _spans(_stretch(DAMAGES[HealthState.BLACK], over=range(N)))

    assert [(span.state, span.first_pts_ticks, span.end_pts_ticks) for span in spans] == [
        (HealthState.BLACK, 0, N * STEP)
    ]


@pytest.mark.parametrize("state", DAMAGES)
def test_a_span_is_a_finding_in_both_languages(state: HealthState) -> None:
    spans = _spans(_stretch(DAMAGES[state]))

    (finding,) = health_findings(spans, first_pts_ticks=0, time_base=BASE)

    assert finding.kind is FindingKind.UNUSABLE_PERIOD
    assert "for 12.0 s from 24.0 s on" in finding.detail
    assert "12,0 s" in (french_sentence(finding.detail) or "")
