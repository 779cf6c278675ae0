# SPDX-License-Identifier: Apache-2.0
"""Frames of the shared clips by decode order, and objects cut out of them against the empty scene."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

__all__ = ["empty_scene", "foreground", "frames", "labels", "one_frame", "read_frames"]


def frames(path: Path) -> Iterator[tuple[int, Picture]]:
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            yield index, frame.to_ndarray(format="bgr24")


def read_frames(path: Path, wanted: set[int]) -> dict[int, Picture]:
    found: dict[int, Picture] = {}
    for index, picture in frames(path):
        if index in wanted:
            found[index] = picture
        if len(found) == len(wanted):
            break
    return found


@functools.cache
def empty_scene(path: Path) -> Picture:
    """Median of thirty frames spread over the clip."""
    with av.open(str(path)) as container:
        step = max(1, container.streams.video[0].frames // 30)
    kept = [picture for index, picture in frames(path) if index % step == 0]
    return np.median(np.stack(kept), axis=0).astype(np.uint8)


@functools.cache
def one_frame(path: Path, index: int, others: tuple[int, ...]) -> Picture:
    """Frame ``index``; ``others`` are frames of the clip that will be asked for too, decoded on the way."""
    return _several(path, others)[index]


@functools.cache
def _several(path: Path, wanted: tuple[int, ...]) -> dict[int, Picture]:
    return read_frames(path, set(wanted))


def foreground(picture: Picture, scene: Picture) -> NDArray[np.bool_]:
    """Where a picture differs from the empty scene, after one gain for the camera's exposure."""
    gain = np.median((picture.astype(np.float32) + 8) / (scene.astype(np.float32) + 8), axis=(0, 1))
    difference = np.abs(picture.astype(np.float32) - np.clip(scene * gain, 0, 255)).max(axis=2)
    mask = (cv2.GaussianBlur(difference, (5, 5), 0) > 18).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel).astype(bool)


def labels(path: Path) -> dict[str, dict[str, list[dict[str, object]]]]:
    return json.loads(path.read_text())["clips"]
