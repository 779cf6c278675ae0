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

    Importing ``cv2`` from its wheel points both variables at the Qt 5 that it brings. PySide6 would then look for
    its ``xcb`` plugin there, and the program would end at once on a real display, though not offscreen. A value that
    does not name a folder of OpenCV was set by a person and stays.
    """
    environment = os.environ if environment is None else environment
    for name in _SET_BY_OPENCV:
        if f"{os.sep}cv2{os.sep}" in environment.get(name, ""):
            del environment[name]
