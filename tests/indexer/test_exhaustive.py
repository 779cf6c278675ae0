# SPDX-License-Identifier: Apache-2.0
"""The profile that skips nothing gives equal tables every time, also with every net that can be imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import probe
from indexer.segments import pack
from models.modelset import load_model_set
from models.registry import Registry
from tests.clips import Mover, make_clip
from tests.shared_data import shared_path

pytestmark = pytest.mark.shared

WALKER = Mover(from_s=0.4, to_s=2.0, start_xy_px=(40.0, 120.0))
CAR = Mover(
    from_s=0.5,
    size_wh_px=(110, 52),
    start_xy_px=(-110.0, 170.0),
    speed_xy_px_s=(120.0, 0.0),
    seed=4,
    lower_bgr=(60, 60, 60),
)


@pytest.mark.parametrize("nets", ["embedded", "imported"])
def test_exhaustive_run_twice_gives_equal_tables(nets: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    if nets == "imported":
        listed = {entry.file for entry in Registry.load(folder=folder).entries}
        for path in shared_path("weights").glob("*.onnx"):
            if path.name in listed:
                (folder / path.name).symlink_to(path)
    clip = make_clip(tmp_path / "street.mp4", movers=(WALKER, CAR), n_frames=30)
    probed = probe(str(clip.path))
    recording, config = probed.recording(str(clip.path), camera="cam1"), IndexConfig.of_profile("exhaustive")
    (plan,) = plan_segments(recording, probed.packets, config)
    digests = []
    for _ in range(2):
        models = load_model_set("exhaustive", registry=Registry.load(folder=folder), device="cpu")
        assert (models.detector is not None) == (nets == "imported")
        segment = index_segment(recording, probed.packets, plan, config, models)
        assert len(segment.tracks) >= 2
        digests.append(pack(segment)[1])

    assert digests[0] == digests[1]
