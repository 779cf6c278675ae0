# SPDX-License-Identifier: Apache-2.0
"""Cuts training crops the way the indexer does: motion proposes, the ground truth names.

``python tools/cut_crops.py --out DIR SET...``: each SET is a folder of samples (``truth.json``) or of labelled clips
(``labels.json``). Writes ``crops.npz``: parallel arrays ``crops`` ((h, w, 3) BGR uint8 each), ``labels`` and
``groups`` (one a track, so that a split never parts one). What overlaps no labelled object is named ``nothing``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import probe
from indexer.records import Recording, RecordingId
from indexer.sketches import Sketch, iou_xyxy, overlap_share
from indexer.ticks import ClockRecord
from models.modelset import ModelSet
from samples.truth import read_truth

Namer = Callable[[Sketch], str | None]


class _NoNames:
    """Stands in for the classifier that is about to be trained."""

    classes = ("nothing",)
    model_id = "none@0"

    def classify(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.ones((len(crops), 1), np.float32)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("sets", nargs="+", type=Path)
    options = parser.parse_args()
    crops: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    groups: list[str] = []
    for folder in options.sets:
        for path, namer in _files(folder):
            for number, (label, sketch) in enumerate(_named_sketches(path, namer)):
                crops += [crop.image_bgr_u8 for crop in sketch.crops]
                labels += [label] * len(sketch.crops)
                groups += [f"{folder.name}/{path.name}/{number}"] * len(sketch.crops)
            print(path.name, len(crops), {name: labels.count(name) for name in sorted(set(labels))}, flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    boxed = np.empty(len(crops), object)
    boxed[:] = crops
    np.savez(options.out / "crops.npz", crops=boxed, labels=np.array(labels), groups=np.array(groups))


def _named_sketches(path: Path, namer: Namer) -> Iterator[tuple[str, Sketch]]:
    found = probe(str(path))
    recording = Recording(
        recording_id=RecordingId("r-" + found.sha256[:16]),
        path=str(path),
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        camera="training",
        piece="",
        facts=found.facts,
        clock=ClockRecord(),
    )
    models = ModelSet(
        profile="standard",
        detector=None,
        classifier=_NoNames(),  # type: ignore[arg-type]  # Reason: only its two methods are called here.
        person_attributes=None,
        vehicle_attributes=None,
        appearance=None,
        ids=(),
        digest="",
        engine="",
    )
    config = IndexConfig.of_profile("exhaustive")
    for plan in plan_segments(recording, found.packets, config):
        sketches: list[Sketch] = []
        index_segment(recording, found.packets, plan, config, models, collect=sketches.extend)
        for sketch in sketches:
            label = namer(sketch)
            if label is not None:
                yield label, sketch


def _files(folder: Path) -> Iterator[tuple[Path, Namer]]:
    if (folder / "truth.json").exists():
        for file in read_truth(folder / "truth.json").files:
            boxes = [(item.class_name, {int(row[0]): row[1:5].tolist() for row in item.boxes}) for item in file.objects]
            yield folder / file.file, lambda sketch, boxes=boxes: _by_truth(sketch, boxes)
        return
    for name, clip in sorted(json.loads((folder / "labels.json").read_text())["clips"].items()):
        yield folder / name, lambda sketch, clip=clip: _by_events(sketch, clip)


def _by_truth(sketch: Sketch, objects: list[tuple[str, dict[int, list[float]]]]) -> str | None:
    """Class of the object that lies on most sightings; None where several objects share one blob."""
    votes: dict[str, int] = {}
    n_touched = 0
    for sighting in sketch.sightings:
        on = [(name, by_frame[sighting.frame_index]) for name, by_frame in objects if sighting.frame_index in by_frame]
        good = [name for name, box in on if iou_xyxy(tuple(box), sighting.box_xyxy_px) > 0.45]
        n_touched += any(overlap_share(sighting.box_xyxy_px, tuple(box)) > 0.2 for _, box in on)
        for name in good:
            votes[name] = votes.get(name, 0) + 1
    if votes and max(votes.values()) >= 0.6 * len(sketch.sightings):
        return max(votes, key=lambda name: votes[name])
    return "nothing" if n_touched <= 0.1 * len(sketch.sightings) else None


def _by_events(sketch: Sketch, clip: dict[str, object]) -> str | None:
    """Class of the labelled pass that the sketch's life agrees with; large moving sketches without one stay unnamed."""
    if clip["kind"] == "negative":
        return "nothing"
    kinds = {"cyclist": "bicycle"}
    first, last = sketch.first.frame_index, sketch.last.frame_index
    best, best_share = None, 0.0
    for event in clip["events"]:  # type: ignore[attr-defined]  # Reason: the file's own shape.
        common = min(last, event["last"]) - max(first, event["first"])
        union = max(last, event["last"]) - min(first, event["first"])
        if union > 0 and common / union > best_share:
            best, best_share = kinds.get(event.get("type", "person"), event.get("type", "person")), common / union
    if best_share > 0.7 and sketch.has_moved:
        return best
    return None if sketch.has_moved else "nothing"


if __name__ == "__main__":
    main()
