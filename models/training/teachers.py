# SPDX-License-Identifier: Apache-2.0
"""Permissively licensed detectors as teachers: they guard negatives and name boxes in pictures without labels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.detectors._pictures import IMAGENET_MEAN_BGR, IMAGENET_STD_BGR, Letterbox, fitting_size_wh, tensor_of
from models.detectors.nanodet import decode_nanodet
from models.detectors.pvb import PvbDetector
from models.detectors.rtmdet import RtmdetPersonDetector
from models.runtime import Net, open_session

__all__ = ["Teachers"]

OURS = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
BAGS = {24, 26, 28}
Seen = list[tuple[str, np.ndarray, float]]


class Teachers:
    """The three detectors, read from a folder of weights."""

    def __init__(self, weights: Path) -> None:
        def load(name: str) -> Net:
            digests = dict(reversed(line.split()) for line in (weights / "SHA256SUMS").read_text().splitlines())
            return open_session(weights / name, expected_sha256=digests[name], device="cpu")

        self._nanodet = load("nanodet-plus-m-1.5x_dyn.onnx")
        self.pvb = PvbDetector(load("person-vehicle-bike-detection-2002.onnx"), model_id="pvb-2002")
        self.rtmdet = RtmdetPersonDetector(load("rtmdet_nano_person.onnx"), model_id="rtmdet")

    def coco(self, picture: np.ndarray, min_score: float = 0.3) -> Seen:
        """(kind, box, score) of everything NanoDet sees: our class names, ``bag``, or ``thing`` for the rest."""
        size = fitting_size_wh(picture.shape, long_side_px=512)
        padded, letterbox = Letterbox.fit(picture, size, place="centre")
        raw = self._nanodet.run({"data": tensor_of(padded, mean_bgr=IMAGENET_MEAN_BGR, std_bgr=IMAGENET_STD_BGR)})
        out = raw["output"][0]
        best, score = out[:, :80].argmax(1), out[:, :80].max(1)
        rows = np.flatnonzero(score >= min_score)
        if len(rows) == 0:
            return []
        boxes = letterbox.to_source(decode_nanodet(out, size, rows=rows))
        xywh = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]).astype(float)
        keep = cv2.dnn.NMSBoxesBatched(
            xywh.tolist(), score[rows].astype(float).tolist(), best[rows].tolist(), min_score, 0.5
        )
        limit = np.array([picture.shape[1], picture.shape[0]] * 2)
        seen: Seen = []
        for i in np.asarray(keep, int).ravel():
            index = int(best[rows[i]])
            kind = OURS.get(index, "bag" if index in BAGS else "thing")
            seen.append((kind, boxes[i].clip(0, limit), float(score[rows[i]])))
        return seen

    @staticmethod
    def ours(seen: Seen) -> Seen:
        """Only what must not become a negative."""
        return [item for item in seen if item[0] not in ("thing", "bag")]
