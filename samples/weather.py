# SPDX-License-Identifier: Apache-2.0
"""What changes the whole picture: swaying foliage, light, sensor noise, night gain, and the recorder's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.backdrop import Backdrop
from samples.compose import split_planes

__all__ = ["Clock", "Foliage", "Grain", "Sensor", "i420"]

N_PHASES = 24
U8 = NDArray[np.uint8]


def i420(rgb_u8: U8) -> U8:
    """(H * 3 / 2, W) uint8 planes of an (H, W, 3) picture, BT.601 limited range."""
    return np.asarray(cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2YUV_I420), np.uint8)


class Foliage:
    """Foliage that sways: a bank of shifted pictures of each tree, pasted when the wind has moved on.

    Args:
        backdrop: The empty picture.
        sway_px: Amplitude.
    """

    def __init__(self, backdrop: Backdrop, *, sway_px: float) -> None:
        height, width = backdrop.leaves.shape
        _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(backdrop.leaves, np.ones((9, 9), np.uint8)))
        self._patches: list[tuple[int, int, list[tuple[U8, U8, U8]]]] = []
        for left, top, w, h, _ in stats[1:].tolist():
            x0, y0, x1, y1 = left & ~1, top & ~1, min(width, (left + w + 1) & ~1), min(height, (top + h + 1) & ~1)
            part = np.s_[y0:y1, x0:x1]
            bank = [split_planes(i420(p)) for p in _swayed(backdrop.rgb_u8[part], backdrop.leaves[part], sway_px)]
            self._patches.append((x0, y0, bank))

    @staticmethod
    def phase_at(time_s: float) -> int:
        """Wind: two uneven periods, so that it does not repeat soon."""
        turns = 0.31 * time_s + 0.35 * np.sin(0.23 * time_s) + 0.2 * np.sin(0.71 * time_s + 1.0)
        return int(np.floor(turns * N_PHASES)) % N_PHASES

    def paste(self, planes: U8, phase: int) -> None:
        """Put the trees of a phase into an I420 picture, in place."""
        luma, cb, cr = split_planes(planes)
        for x0, y0, bank in self._patches:
            grey, blue, red = bank[phase]
            h, w = grey.shape
            luma[y0 : y0 + h, x0 : x0 + w] = grey
            cb[y0 // 2 : (y0 + h) // 2, x0 // 2 : (x0 + w) // 2] = blue
            cr[y0 // 2 : (y0 + h) // 2, x0 // 2 : (x0 + w) // 2] = red


def _swayed(rgb_u8: U8, leaves: U8, sway_px: float) -> list[U8]:
    """A window of the picture with its leaves shifted by a wave that runs through them, for each phase."""
    height, width = leaves.shape
    weight = np.asarray(cv2.GaussianBlur(leaves, (0, 0), 1.5), np.float32) * np.float32(sway_px / 255)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pictures = []
    for phase in range(N_PHASES):
        angle = x / np.float32(31.0) + y / np.float32(23.0) + np.float32(2 * np.pi * phase / N_PHASES)
        across, along = x + weight * np.sin(angle), y + np.float32(0.4) * weight * np.cos(angle)
        moved = cv2.remap(rgb_u8, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        pictures.append(np.asarray(moved, np.uint8))
    return pictures


class Grain:
    """Sensor noise from a bank: a long stretch of Gaussian noise read from a seeded place in each frame.

    Args:
        size_wh_px: Picture size.
        sigma: Standard deviation of the luma noise, grey levels; chroma noise is a third of it by night, none by day.
        seed: Seed of the bank.
        is_night: Chroma noise too.
    """

    SPARE = 3_000_000

    def __init__(self, size_wh_px: tuple[int, int], *, sigma: float, seed: int, is_night: bool) -> None:
        width, height = size_wh_px
        rng = np.random.default_rng((seed, 7))
        n = width * height + self.SPARE
        noise = rng.standard_normal(n, dtype=np.float32)
        # A sensor's colour filter spreads noise a little to the right-hand neighbour.
        noise[1:] = (noise[1:] + 0.35 * noise[:-1]) * np.float32(sigma / np.sqrt(1 + 0.35**2))
        whole = np.round(noise)
        self._plus = np.maximum(whole, 0).astype(np.uint8)
        self._minus = np.maximum(-whole, 0).astype(np.uint8)
        self._is_night = is_night
        self._seed = seed

    def add(self, planes: U8, frame: int) -> None:
        """Add the noise of a frame number to an I420 picture, in place; grey stays within 0 to 255."""
        rng = np.random.default_rng((self._seed, 8, frame))
        luma, cb, cr = split_planes(planes)
        start = int(rng.integers(self.SPARE))
        plus, minus = (bank[start : start + luma.size].reshape(luma.shape) for bank in (self._plus, self._minus))
        cv2.add(luma, plus, dst=luma)
        cv2.subtract(luma, minus, dst=luma)
        if self._is_night:
            for plane in (cb, cr):
                start = int(rng.integers(self.SPARE))
                plus, minus = (
                    bank[start : start + plane.size].reshape(plane.shape) for bank in (self._plus, self._minus)
                )
                cv2.add(plane, plus // 3, dst=plane)
                cv2.subtract(plane, minus // 3, dst=plane)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Gain of the picture: light of the moment, and night."""

    is_night: bool

    def expose(self, planes: U8, gain: float) -> None:
        """Apply a light gain, and by night the dark and almost colourless picture of a cheap sensor, in place."""
        luma, cb, cr = split_planes(planes)
        night = 0.45 if self.is_night else 1.0
        grey = np.arange(256, dtype=np.float64)
        table = np.clip(np.round(16 + (grey - 16) * night * gain + (14 if self.is_night else 0)), 0, 255).astype(
            np.uint8
        )
        cv2.LUT(luma, table, dst=luma)
        if self.is_night:
            faint = np.clip(np.round(128 + (grey - 128) * 0.16), 0, 255).astype(np.uint8)
            cv2.LUT(cb, faint, dst=cb)
            cv2.LUT(cr, faint, dst=cr)


class Clock:
    """The recorder's clock and the camera's name, burnt into the picture after everything else.

    Args:
        camera_name: Shown at the lower right.
        size_wh_px: Picture size.
    """

    def __init__(self, camera_name: str, size_wh_px: tuple[int, int]) -> None:
        self._size_wh_px = size_wh_px
        self._label = self._text(camera_name.upper())
        self._second = ""
        self._stamp = self._label

    def _text(self, text: str) -> tuple[U8, NDArray[np.float32]]:
        """Grey (h, w) and opacity of white letters with a black edge; h and w are even."""
        scale = self._size_wh_px[1] / 720
        font, size, thick = cv2.FONT_HERSHEY_SIMPLEX, 0.82 * scale, max(1, round(2 * scale))
        (width, height), base = cv2.getTextSize(text, font, size, thick)
        shape = ((height + base + 12) & ~1, (width + 16) & ~1)
        edge, letters = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        at = (8, height + 6)
        cv2.putText(edge, text, at, font, size, 255, thick + round(3 * scale), cv2.LINE_AA)
        cv2.putText(letters, text, at, font, size, 255, thick, cv2.LINE_AA)
        opacity = np.maximum(edge, letters).astype(np.float32) / np.float32(255)
        return np.clip(16 + letters * (219 / 255), 16, 235).astype(np.uint8), np.asarray(opacity, np.float32)

    def burn(self, planes: U8, displayed: datetime) -> None:
        """Write a displayed time into an I420 picture, in place."""
        second = displayed.strftime("%Y-%m-%d %H:%M:%S")
        if second != self._second:
            self._second, self._stamp = second, self._text(second)
        width, height = self._size_wh_px
        margin = round(height / 45) & ~1
        h, w = self._label[0].shape
        self._put(planes, self._stamp, margin, margin)
        self._put(planes, self._label, (width - w - margin) & ~1, (height - h - margin) & ~1)

    @staticmethod
    def _put(planes: U8, text: tuple[U8, NDArray[np.float32]], x0: int, y0: int) -> None:
        grey, opacity = text
        h, w = grey.shape
        luma, cb, cr = split_planes(planes)
        part = luma[y0 : y0 + h, x0 : x0 + w]
        part[:] = np.round(part * (1 - opacity) + grey * opacity).astype(np.uint8)
        half = cv2.resize(opacity, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        for plane in (cb, cr):
            part = plane[y0 // 2 : (y0 + h) // 2, x0 // 2 : (x0 + w) // 2]
            part[:] = np.round(part * (1 - half) + 128 * half).astype(np.uint8)
