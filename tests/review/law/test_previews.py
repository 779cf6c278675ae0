# SPDX-License-Identifier: Apache-2.0
"""Previews of stills for the printed report."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import Defect
from review.previews import MAX_BYTES, MAX_WIDTH_PX, previews_of
from review.report import compile_pdf
from tests.review.law.kit import START, png


def test_a_small_still_keeps_its_bytes_and_the_folder_goes_away(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())

    with previews_of(tmp_path, ["a.png"]) as folder:
        kept = (folder / "a").read_bytes()

    assert kept == png()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_large_still_is_reduced_without_touching_the_exhibit(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1080, 1920, 3), np.uint8)
    content = cv2.imencode(".png", noise)[1].tobytes()
    assert len(content) > MAX_BYTES
    (tmp_path / "a.png").write_bytes(content)

    with previews_of(tmp_path, ["a.png"]) as folder:
        reduced = cv2.imread(str(folder / "a"))

    assert reduced is not None and reduced.shape == (900, MAX_WIDTH_PX, 3)
    assert (tmp_path / "a.png").read_bytes() == content


def test_a_still_that_is_no_picture_is_a_defect(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bytes(MAX_BYTES + 1))

    with pytest.raises(Defect, match=r"a\.png is not a picture"), previews_of(tmp_path, ["a.png"]):
        pass


def test_data_that_a_template_lacks_is_a_defect(tmp_path: Path) -> None:
    with pytest.raises(Defect, match="report pv cannot be made"):
        compile_pdf("pv", {}, created=START)
