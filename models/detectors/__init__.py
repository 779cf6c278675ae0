# SPDX-License-Identifier: Apache-2.0
"""Detectors behind one protocol: a picture in, boxes in source pixels with scores and our labels out."""

from __future__ import annotations

from models.detectors.protocol import BAG_LABELS, COARSE_LABELS, LABELS, Detections, Detector, RunAware

__all__ = ["BAG_LABELS", "COARSE_LABELS", "LABELS", "Detections", "Detector", "RunAware"]
