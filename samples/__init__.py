# SPDX-License-Identifier: Apache-2.0
"""Makes the demo footage: one lit street seen by three cameras, synthetic, deterministic, with its ground truth.

Nothing is filmed: houses, trees, figures and vehicles are meshes built by code, drawn by a small software renderer and
encoded as a recorder would. No real person or place is shown. ``python -m samples --help`` makes sets of any length.

>>> from samples import SampleRequest
>>> SampleRequest(minutes=0.5, camera_names=("cam-rue",), vfr_camera="").size_wh_px
(1280, 720)
"""

from __future__ import annotations

from samples.demo import SampleFile, SampleRequest, SampleSet, make_demo, make_samples
from samples.truth import Truth, read_truth

__all__ = ["SampleFile", "SampleRequest", "SampleSet", "Truth", "make_demo", "make_samples", "read_truth"]
