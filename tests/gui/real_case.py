# SPDX-License-Identifier: Apache-2.0
"""A small case made by the real review: an operator, a requisition, one synthetic clip, indexed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from review.case_folder import create_case
from review.footage import import_footage
from review.indexing import run_index
from review.operators import Empowerment, Quality, create_operator
from review.requisition import samples_requisition
from review.session import CaseSession

__all__ = ["FRAMES_PER_S", "N_FRAMES", "OPERATOR", "PASSPHRASE", "START", "make_clip", "make_real_case"]

OPERATOR: Final = "martin"
PASSPHRASE: Final = "une phrase assez longue"
START: Final = datetime(2026, 3, 2, 21, 0, tzinfo=timezone(timedelta(hours=1)))
"""What the recorder displays at the first frame; it is half an hour behind."""
FRAMES_PER_S: Final = 10
N_FRAMES: Final = 80


def make_clip(path: Path) -> None:
    """A grey yard through which something red walks from left to right, from frame 15 to frame 64; h264, GOP 20."""
    rng = np.random.default_rng(11)
    yard = rng.integers(90, 110, (240, 320, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_S, options={"g": "20", "bf": "2", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FRAMES_PER_S)
        for number in range(N_FRAMES):
            image = yard.copy()
            if 15 <= number < 65:
                x = 5 + (number - 15) * 5
                image[90:118, x + 6 : x + 24] = (120, 150, 190)
                image[118:165, x : x + 30] = (40, 30, 190)
                image[165:205, x + 4 : x + 26] = (120, 60, 40)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))


def make_real_case(folder: Path) -> Path:
    """Make operator (under ``RELECTURE_HOME``), clip, case and index in a folder; returns the case."""
    today = datetime.now(UTC).date()
    create_operator(
        operator_id=OPERATOR,
        name="Camille Martin",
        matricule="123456",
        service="Sûreté départementale",
        quality=Quality.OPJ,
        empowerment=Empowerment(
            number="H-7", issued=date(2025, 1, 1), issuer="DIPN 51", expires=today + timedelta(days=365)
        ),
        passphrase=PASSPHRASE,
        now=datetime.now(UTC),
    )
    requisition = samples_requisition(
        [("cour", "Cour")], start=START - timedelta(hours=1), end=START + timedelta(hours=2)
    )
    case = folder / "case"
    create_case(case, requisition, operator_id=OPERATOR, passphrase=PASSPHRASE)
    make_clip(folder / "cour.mp4")
    with CaseSession.open(case, operator_id=OPERATOR, passphrase=PASSPHRASE) as session:
        import_footage(session, [folder / "cour.mp4"], camera="cour", start=START, clock_offset_ms=-1_800_000)
        run_index(session, profile="fast", jobs=1)
    return case
