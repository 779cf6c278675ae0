# SPDX-License-Identifier: Apache-2.0
"""The clips that tests are made of repeat to the bit, so that a test that fails once fails again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clips import Mover, make_clip


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts", "mov", "flv"])
def test_the_same_arguments_give_the_same_file(tmp_path: Path, suffix: str) -> None:
    clips = [
        make_clip(tmp_path / f"{name}.{suffix}", n_frames=24, movers=(Mover(),), size_wh_px=(160, 120))
        for name in ("first", "second")
    ]

    assert clips[0].path.read_bytes() == clips[1].path.read_bytes()
