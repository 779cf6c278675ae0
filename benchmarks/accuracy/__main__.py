# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.accuracy``: how often the program is right, on labelled recordings.

    --samples DIR     a set made by `python -m samples` (repeatable)
    --clips DIR       real clips with a labels.json of pass events (repeatable)
    --mot DIR         a MOTChallenge sequence: img1/ or a video, and gt/gt.txt (repeatable)
    --plaza SEED      film a crowded square with that seed first (repeatable)
    --crops DIR       labelled crops: folders named after classes, or a labels.csv (repeatable)
    --judged DIR      the pictures of the training folder that were judged by eye (benchmarks/accuracy/judged)
    --near SEED       the same from a camera among the crowd, 640x480 (repeatable)
    --anchor          also one person net on every picture with ByteTrack, where boxes are labelled
    --transform       also each recording mirrored, dark, bright, under sodium light, noisy, small, slow, behind posts…
    --ablate          also without one stage at a time
    --keep DIR        keep every run there, and take up a stopped one; empty it when the program changes

Markdown goes to stdout, JSON to --json FILE. Imported detectors are those under RELECTURE_HOME.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.accuracy.ablations import ABLATIONS, without
from benchmarks.accuracy.anchor import score_anchor
from benchmarks.accuracy.crops import score_crops
from benchmarks.accuracy.judged import judged_table
from benchmarks.accuracy.plaza import PlazaRequest, make_plaza
from benchmarks.accuracy.recordings import Labelled, mot_folder, real_clips, sample_set
from benchmarks.accuracy.runs import EMBEDDED, IMPORTED, kept_run, models_for, run_pipeline
from benchmarks.accuracy.sheet import Sheet
from benchmarks.accuracy.transforms import TRANSFORMS, transformed
from models.modelset import PROFILES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("samples", "clips", "mot", "crops"):
        parser.add_argument(f"--{name}", type=Path, action="append", default=[])
    parser.add_argument("--plaza", type=int, action="append", default=[])
    parser.add_argument("--profile", choices=PROFILES, action="append")
    parser.add_argument("--nets", choices=(EMBEDDED, IMPORTED), action="append")
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--near", type=int, action="append", default=[])
    parser.add_argument("--anchor", action="store_true")
    parser.add_argument("--transform", action="store_true")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sheet, crops = Sheet(), {str(folder.name): score_crops(folder) for folder in arguments.crops}
    anchors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="accuracy-") as scratch:
        for labelled in _transforms_too(_recordings(arguments, Path(scratch)), arguments.transform, Path(scratch)):
            if arguments.anchor and labelled.has_boxes:
                scores, spent_s = score_anchor(labelled)
                anchors.append(
                    f"{labelled.name}: anchor: HOTA {scores.hota:.3f} MOTA {scores.mota:.3f} IDF1 {scores.idf1:.3f} "
                    f"switches {scores.n_switches} processor {spent_s:.1f} s"
                )
            for profile in arguments.profile or ["standard"]:
                for nets in arguments.nets or [EMBEDDED, IMPORTED]:
                    models = models_for(profile, nets)
                    for stage in ("", *(ABLATIONS if arguments.ablate else ())):
                        title = f"{profile} {nets}" + (f" without {stage}" if stage else "")
                        with without(stage):
                            make = partial(run_pipeline, labelled, profile=profile, models=models)
                            run = kept_run(arguments.keep, f"{labelled.name} {title}", make)
                        sheet.add(labelled, run, models=title)
                        print(f"{labelled.name}: {title}: {run.cpu_s:.0f} s", file=sys.stderr)
    if sheet.scored:
        print(sheet.markdown())
    print(*anchors, sep="\n")
    for name, columns in crops.items():
        for column, figures in columns.items():
            print(f"{name}: {column}: {figures['right']} of {figures['n']} right")
    if arguments.judged:
        print(judged_table(arguments.judged))
    if arguments.json:
        document = {"recordings": sheet.document(), "crops": crops}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _transforms_too(recordings: Iterator[Labelled], is_asked: bool, scratch: Path) -> Iterator[Labelled]:
    for labelled in recordings:
        yield labelled
        for name in TRANSFORMS if is_asked else ():
            yield transformed(labelled, name, scratch)


def _recordings(arguments: argparse.Namespace, scratch: Path) -> Iterator[Labelled]:
    for folder in arguments.samples:
        yield from sample_set(folder)
    for folder in arguments.clips:
        yield from real_clips(folder)
    for folder in arguments.mot:
        yield mot_folder(folder, scratch=scratch)
    for seed in arguments.near:
        request = PlazaRequest(seconds=40, n_walkers=40, frames_per_s=7, size_wh_px=(640, 480), view="near", seed=seed)
        yield from sample_set(make_plaza(scratch / f"near-{seed}", request).parent)
    for seed in arguments.plaza:
        yield from sample_set(make_plaza(scratch / f"plaza-{seed}", PlazaRequest(seed=seed, n_walkers=40)).parent)


if __name__ == "__main__":
    main()
