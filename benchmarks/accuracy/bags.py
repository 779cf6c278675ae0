# SPDX-License-Identifier: Apache-2.0
"""Bags on labelled photographs, person by person: what the detectors and the person net say, and how often it is true.

``python -m benchmarks.accuracy.bags --pictures ../shared/training/coco_ccby --weights ../shared/weights``. A person has
a bag when three quarters of a labelled one lie in its box; where less of one touches it, the person is left out.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from models.attributes import PersonAttributeNet
from models.detectors import BAG_LABELS, Detector
from models.detectors.nanodet import NanodetDetector
from models.detectors.yolox import YoloxDetector
from models.runtime import Net, open_session
from models.training.sources import BAG, PERSON, area, intersection, read_boxes

MIN_SIDE_PX = 40
INSIDE = 0.6
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    digests = dict(reversed(line.split()) for line in (options.weights / "SHA256SUMS").read_text().splitlines())

    def net(name: str) -> Net:
        return open_session(options.weights / name, expected_sha256=digests[name], device="cpu")

    worn = PersonAttributeNet(net("person-attributes-recognition-crossroad-0230.onnx"), model_id="worn")
    detectors: dict[str, Detector] = {
        "nanodet-plus": NanodetDetector(net("nanodet-plus-m-1.5x_dyn.onnx"), model_id="nanodet", min_score=0.1),
        "yolox-nano": YoloxDetector(net("yolox_nano_dyn.onnx"), model_id="yolox", min_score=0.1),
    }
    scores: dict[str, list[float]] = defaultdict(list)
    truth: list[bool] = []
    labelled = json.loads((options.pictures / "meta.json").read_text())["images"]
    for stem in sorted(name for name, facts in labelled.items() if BAG in facts["labelled"]):
        picture = cv2.imread(str(options.pictures / "images" / f"{stem}.jpg"))
        persons = persons_of(options.pictures / "labels" / f"{stem}.txt", picture)
        if not persons:
            continue
        found = {name: detector.detect(picture) for name, detector in detectors.items()}
        for box, has_bag in persons:
            truth.append(has_bag)
            x1, y1, x2, y2 = (int(value) for value in box)
            (said,) = worn.describe([picture[y1 : y2 + 1, x1 : x2 + 1]])
            scores["person net, bag"].append(said.score("bag"))
            scores["person net, backpack"].append(said.score("backpack"))
            for name, seen in found.items():
                inside = [
                    float(score)
                    for other, score, label in zip(seen.boxes_xyxy_px, seen.scores, seen.labels, strict=True)
                    if label in BAG_LABELS and overlap(other, box) > INSIDE
                ]
                scores[name].append(max(inside, default=0.0))
    print(f"{len(truth)} persons of at least {MIN_SIDE_PX} px, {sum(truth)} with a bag")
    print("| said by | score from | said | precision | recall |\n|---|---|---|---|---|")
    is_true = np.array(truth)
    for name, values in scores.items():
        for threshold in THRESHOLDS:
            said_so = np.array(values) >= threshold
            right = int((said_so & is_true).sum())
            share = f"{right / said_so.sum():.2f}" if said_so.any() else "-"
            print(f"| {name} | {threshold} | {said_so.sum()} | {share} | {right / is_true.sum():.2f} |")


def persons_of(labels: Path, picture: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """Box and whether a bag is on it, of every upright person that is large enough and can be said."""
    height, width = picture.shape[:2]
    kinds, boxes = read_boxes(labels, width, height)
    bags, found = boxes[kinds == BAG], []
    for box in boxes[kinds == PERSON]:
        wide, high = box[2] - box[0], box[3] - box[1]
        if max(wide, high) < MIN_SIDE_PX or high < 0.9 * wide or high > 0.97 * height:
            continue
        grown = box + np.array([-0.15 * wide, -0.02 * high, 0.15 * wide, 0.05 * high])
        shares = intersection(bags, grown[None])[:, 0] / area(bags) if len(bags) else np.zeros(0)
        if (shares > 0.75).any() or not (shares > 0.1).any():
            found.append((box, bool((shares > 0.75).any())))
    return found


def overlap(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of a box that lies in another."""
    part = part.astype(float)[None]
    return float(intersection(part, whole[None])[0, 0] / area(part)[0])


if __name__ == "__main__":
    main()
