# SPDX-License-Identifier: Apache-2.0
"""Small pictures of the stills for the printed report; the exhibit stays the file beside it, untouched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.errors import Defect

__all__ = ["preview_name", "previews_of"]

MAX_WIDTH_PX: Final = 1600
MAX_BYTES: Final = 1_000_000
JPEG_QUALITY: Final = 90


def preview_name(still: str) -> str:
    """Name of a still's preview, relative to the folder of previews.

    It has no suffix, so that typst tells PNG from JPEG by content.

    >>> preview_name("data/stills/EX-0001.png")
    'EX-0001'
    """
    return Path(still).stem


@contextmanager
def previews_of(folder: Path, stills: Sequence[str]) -> Iterator[Path]:
    """A folder of previews, inside ``folder`` so that nothing leaves its disk; gone when the block ends.

    Raises:
        Defect: A still is no picture.
    """
    with tempfile.TemporaryDirectory(prefix=".previews-", dir=folder) as place:
        for still in stills:
            target = Path(place) / preview_name(still)
            source = folder / still
            if source.stat().st_size <= MAX_BYTES:
                shutil.copyfile(source, target)
            else:
                target.write_bytes(_reduced(source))
        yield Path(place)


def _reduced(source: Path) -> bytes:
    image = cv2.imdecode(np.frombuffer(source.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise Defect(f"{source.name} is not a picture.")
    height, width = image.shape[:2]
    if width > MAX_WIDTH_PX:
        image = cv2.resize(image, (MAX_WIDTH_PX, round(height * MAX_WIDTH_PX / width)), interpolation=cv2.INTER_AREA)
    is_encoded, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert is_encoded, "JPEG encoding of a uint8 picture cannot fail"
    return bytes(content)
