# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from gui.pictures import CropShelf, decode_crop, masked_rects
from gui.runner import ImmediateRunner
from gui.widgets.frame_view import image_of
from tests.gui.fakes import FakeDesk, make_hit


def noise_jpeg(width: int, height: int) -> bytes:
    """A picture in which every pixel differs from its neighbours."""
    pixels = np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()


def grey_of(image: QImage) -> NDArray[np.int16]:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].astype(np.int16)


def n_colours(part: NDArray[np.int16]) -> int:
    return len(np.unique(part))


@pytest.mark.parametrize(
    ("class_name", "size", "where"),
    [
        ("person", (80, 200), (0.0, 0.20)),
        ("other", (80, 200), (0.0, 0.20)),
        ("bicycle", (120, 200), (0.0, 0.30)),
        ("motorcycle", (120, 200), (0.0, 0.30)),
        ("car", (220, 140), (0.5, 1.0)),
        ("bus", (220, 140), (0.5, 1.0)),
    ],
)
def test_heads_and_plates_are_left_as_a_few_flat_blocks(
    class_name: str, size: tuple[int, int], where: tuple[float, float]
) -> None:
    jpeg = noise_jpeg(*size)
    rows = slice(int(where[0] * size[1]), int(where[1] * size[1]))

    plain = grey_of(decode_crop(jpeg, class_name=class_name, is_masked=False))
    hidden = grey_of(decode_crop(jpeg, class_name=class_name, is_masked=True))

    assert n_colours(plain[rows]) > 200
    assert n_colours(hidden[rows]) <= 90
    assert n_colours(hidden[rows][0]) <= 20


def test_a_head_is_left_with_few_blocks_across() -> None:
    ((rect, block_px),) = masked_rects("person", width_px=64, height_px=160)

    assert rect.width() // block_px <= 6


def test_what_lies_outside_of_the_mask_is_unchanged() -> None:
    jpeg = noise_jpeg(80, 200)

    plain = grey_of(decode_crop(jpeg, class_name="person", is_masked=False))
    hidden = grey_of(decode_crop(jpeg, class_name="person", is_masked=True))

    assert np.array_equal(plain[50:], hidden[50:])


def test_a_vehicle_too_small_for_a_legible_plate_is_left_alone() -> None:
    assert masked_rects("car", width_px=60, height_px=40) == ()


def test_what_is_no_picture_gives_none_and_does_not_fail() -> None:
    assert decode_crop(b"no jpeg", class_name="person", is_masked=True).isNull()


def test_the_shelf_fetches_each_picture_once_masked_and_unmasked_apart(qtbot: QtBot) -> None:
    desk = FakeDesk(hits=(make_hit(1),))
    fetched: list[str] = []
    crop_jpeg = desk.crop_jpeg
    desk.crop_jpeg = lambda track_id: fetched.append(track_id) or crop_jpeg(track_id)  # type: ignore[method-assign]
    shelf = CropShelf(desk=desk, runner=ImmediateRunner())
    track_id = make_hit(1).track_id

    for is_masked in (True, True, False, False):
        shelf.pixmap(track_id, class_name="car", is_masked=is_masked)

    assert len(fetched) == 2
    assert shelf.is_busy is False


def test_a_missing_picture_is_an_empty_one(qtbot: QtBot) -> None:
    shelf = CropShelf(desk=FakeDesk(), runner=ImmediateRunner())

    shelf.pixmap("t-none", class_name="car", is_masked=True)
    pixmap = shelf.pixmap("t-none", class_name="car", is_masked=True)

    assert pixmap is not None and pixmap.isNull()


def test_a_frame_reaches_the_screen_with_its_pixels_unchanged() -> None:
    frame = np.random.default_rng(5).integers(0, 255, (37, 53, 3), dtype=np.uint8)

    image = image_of(frame)

    for x, y in ((0, 0), (52, 36), (17, 9)):
        colour = image.pixelColor(x, y)
        assert (colour.blue(), colour.green(), colour.red()) == tuple(int(value) for value in frame[y, x])
