# SPDX-License-Identifier: Apache-2.0
"""The one place that mends what OpenCV does to Qt."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Final

__all__ = ["undo_opencv_qt_paths"]

_SET_BY_OPENCV: Final = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


def undo_opencv_qt_paths(environment: MutableMapping[str, str] | None = None) -> None:
    """Forget where OpenCV says that Qt's plugins and fonts lie; call before ``QApplication`` is made.

    Importing ``cv2`` from its wheel points both variables at the Qt that it brings. Where PySide6 takes its ``xcb``
    plugin from there, the program ends at once on a real display, though not offscreen. PySide6 6.12.0 beside
    opencv-python 5.0.0.93 was seen to find its own plugin first; which comes first is no promise of either, so both
    are undone. A value that does not name a folder of OpenCV was set by a person and stays.
    """
    environment = os.environ if environment is None else environment
    for name in _SET_BY_OPENCV:
        if f"{os.sep}cv2{os.sep}" in environment.get(name, ""):
            del environment[name]
