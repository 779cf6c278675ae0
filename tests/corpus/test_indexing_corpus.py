# SPDX-License-Identifier: Apache-2.0
"""Broken recordings go through the whole of indexing: no crash, every frame accounted for, damage said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.findings import FindingKind
from models.modelset import load_model_set
from review.footage import import_footage
from review.indexing import RecordingReport, run_index
from tests.corpus.make import Corpus
from tests.footage.fixtures import Desk
from tests.review.law.kit import FakeClock, new_operator

DAMAGED = {
    "bad_sectors.mp4": {FindingKind.CORRUPT_FRAMES, FindingKind.DECODE_ERRORS},
    "ts_badcut.ts": {FindingKind.DECODE_ERRORS},
    "codecchange.ts": {FindingKind.DECODE_ERRORS},
    "trunc.mkv": {FindingKind.BYTES_UNACCOUNTED},
    "reschange.ts": {FindingKind.SIZE_CHANGES},
    "dahua_back.dav": {FindingKind.TIME_BACKWARD, FindingKind.NO_TIME_BASE},
    "stss_lie.mp4": set(),
}
WITH_LOST_FRAMES = {"bad_sectors.mp4", "ts_badcut.ts", "codecchange.ts"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RecordingReport]]:
    """What indexing says of each file, all of them in one case."""
    root: Path = tmp_path_factory.mktemp("desk")
    corpus = Corpus(tmp_path_factory.getbasetemp() / "corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELECTURE_HOME", str(root / "home"))
        models = load_model_set("standard")
        patch.setattr("review.indexing.load_model_set", lambda _: models)
        new_operator("martin")
        desk = Desk(root=root, clock=FakeClock())
        with desk.open(desk.case()) as session:
            for name in DAMAGED:
                import_footage(session, [corpus.path(name)], camera="cam1")
            yield {item.file: item for item in run_index(session, jobs=1).recordings}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_reported_and_the_rest_is_analysed(reports: dict[str, RecordingReport], name: str) -> None:
    report = reports[name]

    assert report.problem == ""
    assert {finding.kind for finding in report.findings} >= DAMAGED[name]
    assert report.frames_decoded > 0 and report.tracks > 0


@pytest.mark.parametrize("name", sorted(set(DAMAGED) - WITH_LOST_FRAMES))
def test_no_frame_gets_lost_without_a_word(reports: dict[str, RecordingReport], name: str) -> None:
    report = reports[name]

    assert report.frames == report.frames_decoded


@pytest.mark.parametrize("name", sorted(WITH_LOST_FRAMES))
def test_frames_that_cannot_be_decoded_are_counted(reports: dict[str, RecordingReport], name: str) -> None:
    report = reports[name]

    lost = [
        finding
        for finding in report.findings
        if finding.component == "decode" and finding.kind is FindingKind.DECODE_ERRORS
    ]
    assert [finding.count for finding in lost] == [report.frames - report.frames_decoded]
    assert "could not be decoded" in lost[0].detail
