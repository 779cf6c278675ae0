# SPDX-License-Identifier: Apache-2.0
"""What the accuracy sheet says of all recordings together: counts by set of nets and by condition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.recordings import LabelledPass
from benchmarks.accuracy.runs import Run, kept_run
from benchmarks.accuracy.scores import PassScores
from benchmarks.accuracy.summary import SUMMARY_HEAD, Entry, condition_rows, summary_rows
from indexer.records import Attribute
from tests.indexer.factories import make_track


def _pass(name: str, *, height: float, bag: str = "none", class_name: str = "person") -> LabelledPass:
    return LabelledPass(
        name=name,
        class_name=class_name,
        frames=np.array([0, 1]),
        boxes_xyxy_px=np.array([[0, 0, 20, height]] * 2, float),
        visible_unit=np.ones(2),
        upper=("red", "pink"),
        bag=bag,
    )


def _entry(*, is_night: bool = False) -> Entry:
    bare = make_track(class_name="person")
    carrier = replace(bare, attributes=(_said("bag", "backpack"), _said("upper_colour", "pink")))
    passes = PassScores(
        found=[(_pass("a", height=50, bag="backpack"), carrier), (_pass("b", height=90), carrier)],
        missed=[_pass("c", height=50)],
    )
    return Entry("standard embedded", is_night, 60.0, 12.0, None, passes)


def _said(name: str, value: str) -> Attribute:
    return Attribute(name=name, value=value, score=0.9, model="m@1")


def test_one_row_tells_found_passes_accepted_colours_and_bags_with_their_counts() -> None:
    (row,) = summary_rows([_entry(), _entry(is_night=True)])

    told = dict(zip(SUMMARY_HEAD, row, strict=True))
    assert (told["recordings"], told["found"], told["upper"]) == (2, "4 of 6", "4 of 4")
    assert (told["bag precision"], told["bag recall"]) == ("2 of 4", "2 of 2")
    assert (told["HOTA"], told["CPU s/min"]) == ("-", "12.0")


def test_conditions_count_passes_by_light_class_and_height() -> None:
    head, rows = condition_rows([_entry(), _entry(is_night=True)])

    assert head == ("condition", "standard embedded")
    assert dict(rows) == {
        "day": "2 of 3",
        "night": "2 of 3",
        "class person": "4 of 6",
        "height  32 to 64 px": "2 of 4",
        "height  64 to 128 px": "2 of 2",
    }


def test_a_kept_run_is_not_made_again(tmp_path: Path) -> None:
    run = Run(tracks=(make_track(),), cpu_s=1.0, footage_s=2.0, n_detector_calls=3)
    kept_run(tmp_path / "kept", "clip fast", lambda: run)

    again = kept_run(tmp_path / "kept", "clip fast", lambda: replace(run, cpu_s=99.0))

    assert (again.cpu_s, again.tracks[0].track_id) == (1.0, run.tracks[0].track_id)
