# SPDX-License-Identifier: Apache-2.0
"""The process that paints one part of a film: it decodes in the sandbox and can reach nothing but its recordings.

Pictures go down a pipe to an encoder that the other side started; what was drawn goes back as rows of numbers, never as
objects. It knows neither the case nor its key, nor where the film lies.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer import sandbox
from review.decoding import answer_of
from review.synopsis._memory import peak_memory_mib
from review.synopsis._warm import warm_up
from review.synopsis.harvest import Harvester, PanelFrame
from review.synopsis.paint import Drawn, FilmPainter
from review.synopsis.parts import PartPlan
from review.synopsis.presence import Presence

__all__ = ["COUNTS", "END", "OPEN", "ROW", "ROWS", "Studio", "paint_part"]

ROW: Final = np.dtype(
    [
        ("frame", "<i4"),
        ("panel", "<i2"),
        ("tube", "<i4"),
        ("sample", "<i4"),
        ("box", "<i2", 4),
        ("pts_ticks", "<i8"),
        ("tag_ticks", "<i8"),
    ]
)
"""One object in one film frame, as the answer carries it."""
COUNTS: Final = ("n_decoded", "n_tags", "n_tags_without_place")
OPEN, ROWS, END = b"o", b"r", b"e"
EVERY_FRAMES: Final = 8


class Studio:
    """Paints the frames of a part, in order.

    Args:
        part: What to paint.
    """

    def __init__(self, part: PartPlan) -> None:
        self._part = part
        presence = Presence(part.known, part.steps)
        self._harvesters = [
            Harvester(panel, presence, unmasked=part.unmasked, allowed=part.allowed, opening=opening)
            for panel, opening in zip(part.panels, part.openings, strict=True)
        ]
        self._painter = FilmPainter(
            part.panels, is_side_by_side=part.is_side_by_side, n_frames=part.n_frames, rate=part.rate
        )
        self._unseen = (0, 0)
        for number in range(part.warm_frame, part.first_frame):
            self.paint(number)
        self._unseen = (self._painter.n_tags, self._painter.n_tags_without_place)

    def paint(self, number: int) -> tuple[NDArray[np.uint8], list[Drawn]]:
        """Planes of a film frame, valid until the next one, and what was drawn in it."""
        panels = {k: self._frame(k, number) for k in self._panels_at(number)}
        return self._painter.paint(number, panels)

    def counts(self) -> dict[str, int]:
        """What was counted, by the names of :data:`COUNTS`."""
        return {
            "n_decoded": sum(harvester.n_decoded for harvester in self._harvesters),
            "n_tags": self._painter.n_tags - self._unseen[0],
            "n_tags_without_place": self._painter.n_tags_without_place - self._unseen[1],
        }

    def close(self) -> None:
        """Release every file."""
        for harvester in self._harvesters:
            harvester.close()

    def _frame(self, index: int, number: int) -> PanelFrame:
        return self._harvesters[index].frame(number - self._part.panels[index].first_frame)

    def _panels_at(self, number: int) -> list[int]:
        """Panels that show something at a film frame; side by side all do, so that a finished one keeps its scene."""
        panels = self._part.panels
        if all(panel.first_frame == 0 for panel in panels):
            return list(range(len(panels)))
        return [k for k, p in enumerate(panels) if p.first_frame <= number < p.first_frame + p.layout.n_frames]


def paint_part(answers: Connection, pictures: Connection, part: PartPlan) -> None:
    """The child: enter the sandbox, paint, write planes to ``pictures`` and say on ``answers`` what was drawn.

    Answers are those of :func:`review.decoding.answer_of`: what :func:`_painted` yields, or the trouble that ended it.
    """
    steps = _painted(part, pictures.fileno())
    try:
        for answer in iter(lambda: answer_of(lambda: next(steps, b"")), answer_of(bytes)):
            answers.send_bytes(answer)
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _painted(part: PartPlan, pipe: int) -> Iterator[bytes]:
    """:data:`OPEN` and what the sandbox holds; :data:`ROWS` every few frames; :data:`END` and a JSON of the counts."""
    cv2.setNumThreads(1)
    warm_up()
    yield OPEN + sandbox.enter(part.paths).encode()
    studio = Studio(part)
    for first in range(part.first_frame, part.end_frame, EVERY_FRAMES):
        packed = ROWS
        for number in range(first, min(first + EVERY_FRAMES, part.end_frame)):
            planes, drawn = studio.paint(number)
            _write(pipe, planes)
            packed += _packed(number, drawn)
        yield packed
    studio.close()
    said = {**studio.counts(), "peak_mib": peak_memory_mib(), "processor_s": time.process_time()}
    yield END + json.dumps(said).encode()


def _write(pipe: int, planes: NDArray[np.uint8]) -> None:
    left = np.ascontiguousarray(planes).data.cast("B")
    while len(left):
        left = left[os.write(pipe, left) :]


def _packed(number: int, drawn: list[Drawn]) -> bytes:
    rows = np.zeros(len(drawn), ROW)
    for row, item in zip(rows, drawn, strict=True):
        row["frame"], row["panel"], row["tube"], row["sample"] = number, item.panel, item.tube, item.sample
        row["box"], row["pts_ticks"], row["tag_ticks"] = item.box_xyxy_px, item.pts_ticks, item.tag_ticks
    return rows.tobytes()
