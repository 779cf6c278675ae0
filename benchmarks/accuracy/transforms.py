# SPDX-License-Identifier: Apache-2.0
"""The same recording seen by another camera: mirrored, darker, noisier, smaller, slower, coarser, behind posts.

Labels move along. What is found on a clip and lost on its mirror image was never more than luck; no transform stands
for footage that nobody has seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.recordings import Labelled, LabelledPass

__all__ = ["TRANSFORMS", "transformed"]

Picture = NDArray[np.uint8]
_TIME_BASE: Final = Fraction(1, 90_000)
_KEY_EVERY_S: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transform:
    """How a recording changes.

    Attributes:
        change: What happens to each picture at the new size; given a generator seeded by the picture's number.
        is_behind_posts: Whether two upright posts and a rail are drawn before everything.
        scale: New size over old.
        keep_every: One picture in so many is kept.
        is_mirrored: Whether left and right change places.
        codec, crf: Of the new recording; ``crf`` is the quality of libx264.
    """

    change: Callable[[Picture, np.random.Generator], Picture] = lambda picture, _: picture
    is_behind_posts: bool = False
    scale: float = 1.0
    keep_every: int = 1
    is_mirrored: bool = False
    codec: str = "libx264"
    crf: int = 20


def _gamma(power: float) -> Callable[[Picture, np.random.Generator], Picture]:
    table = ((np.arange(256) / 255) ** power * 255).round().astype(np.uint8)
    return lambda picture, _: table[picture]


def _noisy(picture: Picture, rng: np.random.Generator) -> Picture:
    noise = rng.normal(0, 9, picture.shape[:2])[..., np.newaxis]
    return np.asarray((picture + noise).round().clip(0, 255), np.uint8)


def _sodium(picture: Picture, _: np.random.Generator) -> Picture:
    linear = (picture / 255.0) ** 2.2 * np.array([0.18, 0.42, 0.62])
    return np.asarray((linear ** (1 / 2.2) * 255).round(), np.uint8)


def _posts(picture: Picture, first: Picture) -> Picture:
    behind = picture.copy()
    height, width = picture.shape[:2]
    # Why: a post gets darker with all else when the exposure does; one of constant grey would look like motion.
    before = np.maximum(first[::8, ::8].astype(np.float32), 1)
    gains = np.median(picture[::8, ::8] / before, axis=(0, 1))
    front, edge = (tuple((gains * colour).round().clip(0, 255)) for colour in ((96, 100, 98), (60, 62, 61)))
    for place in (0.3, 0.62):
        x, half = round(place * width), max(2, round(0.009 * width))
        behind[:, x - half : x + half] = front
        behind[:, x - half] = edge
    behind[round(0.55 * height) : round(0.55 * height) + max(2, height // 90)] = front
    return behind


TRANSFORMS: Final = {
    "mirrored": _Transform(is_mirrored=True),
    "dark": _Transform(change=_gamma(2.0)),
    "bright": _Transform(change=_gamma(0.6)),
    "sodium light": _Transform(change=_sodium),
    "noise": _Transform(change=_noisy),
    "scale 0.6": _Transform(scale=0.6),
    "scale 1.5": _Transform(scale=1.5),
    "half rate, scale 0.5": _Transform(scale=0.5, keep_every=2, crf=26),
    "crf 36": _Transform(crf=36),
    "MJPEG": _Transform(codec="mjpeg"),
    "posts": _Transform(is_behind_posts=True),
}


def transformed(labelled: Labelled, name: str, scratch: Path) -> Labelled:
    """The recording and its labels after one of :data:`TRANSFORMS`, written under ``scratch``."""
    how = TRANSFORMS[name]
    slug = name.replace(" ", "-").replace(",", "").replace(".", "")
    path = scratch / f"{labelled.path.stem}-{slug}.{'avi' if how.codec == 'mjpeg' else 'mp4'}"
    size_wh = _film(labelled.path, path, how)
    kept = [moved for one in labelled.passes if (moved := _moved(one, how, size_wh)) is not None]
    # Why: under one orange lamp there is nothing to call red or blue, and nobody says what is right.
    passes = tuple(replace(one, colours=(), upper=(), lower=()) if name == "sodium light" else one for one in kept)
    return replace(labelled, name=f"{labelled.name} {name}", path=path, passes=passes)


def _film(source: Path, target: Path, how: _Transform) -> tuple[int, int]:
    """Write the new recording; its picture size."""
    with av.open(str(source)) as recording, av.open(str(target), "w") as film:
        rate = float(recording.streams.video[0].average_rate or 25) / how.keep_every
        stream, first, size_wh = None, None, (0, 0)
        for number, frame in enumerate(recording.decode(video=0)):
            if number % how.keep_every:
                continue
            picture = frame.to_ndarray(format="bgr24")
            if stream is None:
                size_wh = (_even(picture.shape[1] * how.scale), _even(picture.shape[0] * how.scale))
                stream = _stream(film, how, size_wh, rate)
            picture = cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA if how.scale < 1 else cv2.INTER_CUBIC)
            picture = np.asarray(picture[:, ::-1] if how.is_mirrored else picture, np.uint8)
            first = picture if first is None else first
            changed = how.change(np.ascontiguousarray(picture), np.random.default_rng((7, number)))
            changed = _posts(changed, first) if how.is_behind_posts else changed
            out = av.VideoFrame.from_ndarray(changed, format="bgr24").reformat(format=stream.pix_fmt)
            out.pts, out.time_base = round(number / how.keep_every / rate / _TIME_BASE), _TIME_BASE
            film.mux(stream.encode(out))
        assert stream is not None, f"{source} has no picture"
        film.mux(stream.encode())
    return size_wh


def _stream(
    film: av.container.OutputContainer, how: _Transform, size_wh: tuple[int, int], rate: float
) -> av.video.stream.VideoStream:
    options = {"crf": str(how.crf), "g": str(round(_KEY_EVERY_S * rate)), "bf": "0"} if how.codec != "mjpeg" else {}
    stream = film.add_stream(how.codec, rate=Fraction(rate).limit_denominator(1000), options=options)
    stream.width, stream.height = size_wh
    stream.pix_fmt = "yuvj420p" if how.codec == "mjpeg" else "yuv420p"
    if how.codec == "mjpeg":
        stream.codec_context.qmin = stream.codec_context.qmax = 8
    else:
        stream.time_base = _TIME_BASE
        stream.codec_context.time_base = _TIME_BASE
    return stream


def _moved(one: LabelledPass, how: _Transform, size_wh: tuple[int, int]) -> LabelledPass | None:
    if one.boxes_xyxy_px is None:
        return replace(one, frames=one.frames // how.keep_every)
    is_kept = one.frames % how.keep_every == 0
    if not is_kept.any():
        return None
    boxes = one.boxes_xyxy_px[is_kept] * how.scale
    if how.is_mirrored:
        boxes = np.column_stack([size_wh[0] - boxes[:, 2], boxes[:, 1], size_wh[0] - boxes[:, 0], boxes[:, 3]])
    return replace(
        one, frames=one.frames[is_kept] // how.keep_every, boxes_xyxy_px=boxes, visible_unit=one.visible_unit[is_kept]
    )


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
