# SPDX-License-Identifier: Apache-2.0
"""Votes of the crop classifier over motion-cut tracks of the labelled clips.

``python -m models.training.votes --shared ../shared --model FILE.onnx``. The linking is as plain as the cutter: the
blob that overlaps the track's last box most goes on with it. Where enough crops are whole, those alone vote.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from models.classifier import CropClassifier
from models.runtime import open_session
from models.training.clips import WINDOWS, cut, read_clip
from models.training.sources import CLASSES, iou

__all__ = ["Track", "clip_votes", "main", "tracks_of"]


@dataclass
class Track:
    """Boxes of one thing, by frame."""

    frames: list[int] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)


def tracks_of(frames: list[np.ndarray], *, window: int, step: int = 2, patience: int = 8) -> list[Track]:
    """Tracks of at least five boxes."""
    tracks: list[Track] = []
    for number, blobs, _ in cut(frames, step=step, window=window):
        live = [t for t in tracks if number - t.frames[-1] <= patience]
        overlap = iou(np.array([t.boxes[-1] for t in live]).reshape(-1, 4), blobs)
        taken: set[int] = set()
        for i, track in enumerate(live):
            order = np.argsort(-overlap[i]) if len(blobs) else ()
            best = next((int(j) for j in order if int(j) not in taken and overlap[i, j] > 0.15), None)
            if best is not None:
                taken.add(best)
                track.frames.append(number)
                track.boxes.append(blobs[best])
        tracks += [Track([number], [blobs[j]]) for j in range(len(blobs)) if j not in taken]
    return [track for track in tracks if len(track.frames) >= 5]


def clip_votes(classifier: CropClassifier, path: Path, events: list[dict]) -> list[dict]:
    """One row per track: frames, passes near it, mean probabilities."""
    frames = read_clip(path)
    rows = []
    for track in tracks_of(frames, window=WINDOWS.get(path.name, 0)):
        crops = []
        for number, (x1, y1, x2, y2) in zip(track.frames, np.array(track.boxes, int), strict=True):
            crops.append(frames[number][y1:y2, x1:x2])
        each = classifier.classify(crops)
        whole = np.array([_is_whole(box, frames[0].shape) for box in track.boxes])
        p = each[whole].mean(axis=0) if whole.sum() >= max(3, 0.3 * len(whole)) else each.mean(axis=0)
        order = np.argsort(-p)
        side = np.median([b[2:] - b[:2] for b in track.boxes], axis=0)
        inside = [i for i, e in enumerate(events) if e["first"] - 12 <= np.mean(track.frames) <= e["last"] + 12]
        rows.append({
            "frames": [track.frames[0], track.frames[-1]], "crops": len(crops), "median_wh": side.astype(int).tolist(),
            "passes": inside, "vote": CLASSES[order[0]], "p": round(float(p[order[0]]), 3),
            "second": CLASSES[order[1]], "p2": round(float(p[order[1]]), 3),
            "agreement": round(float((each.argmax(1) == order[0]).mean()), 2),
        })  # fmt: skip
    return rows


def _is_whole(box: np.ndarray, shape: tuple[int, ...]) -> bool:
    """The picture's edge does not cut the object."""
    return bool(box[0] > 2 and box[1] > 2 and box[2] < shape[1] - 2 and box[3] < shape[0] - 2)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    digest = hashlib.sha256(options.model.read_bytes()).hexdigest()
    classifier = CropClassifier(open_session(options.model, expected_sha256=digest, device="cpu"),
                                model_id=options.model.stem, classes=CLASSES)  # fmt: skip
    labels = json.loads((options.shared / "footage" / "labels.json").read_text())["clips"]
    for name, clip in labels.items():
        rows = clip_votes(classifier, options.shared / "footage" / name, clip["events"])
        print(name)
        mine: set[int] = set()
        for event in clip["events"]:
            best = max(range(len(rows)), key=lambda i: _fit(rows[i], event) * (i not in mine))
            mine.add(best)
            print(f"  {event.get('type', 'person')} {event['first']}-{event['last']}:", _shown(rows[best]))
        rest = [row for i, row in enumerate(rows) if i not in mine]
        wrong = [row for row in rest if row["vote"] != "other"]
        print(f"  {len(rest)} other tracks, {len(rest) - len(wrong)} of them voted other; the rest:")
        for row in wrong:
            print("   ", _shown(row))


def _fit(row: dict, event: dict) -> float:
    """Overlap in time with the pass, larger tracks first."""
    (first, last), (start, end) = row["frames"], (event["first"], event["last"])
    shared = max(0, min(last, end) - max(first, start))
    return shared / (max(last, end) - min(first, start) + 1) * float(np.prod(row["median_wh"])) ** 0.25


def _shown(row: dict) -> str:
    first, last = row["frames"]
    wide, high = row["median_wh"]
    return (
        f"frames {first}-{last}, {row['crops']} crops about {wide}x{high} px: {row['vote']} {row['p']:.2f}, "
        f"then {row['second']} {row['p2']:.2f}; {row['agreement']:.0%} of crops agree"
    )


if __name__ == "__main__":
    main()
