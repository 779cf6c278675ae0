# SPDX-License-Identifier: Apache-2.0
"""Window tests run without a display, in French, with their own RELECTURE_HOME."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gui._platform import undo_opencv_qt_paths

os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Why: fakes draw with OpenCV, whose import points Qt at the wrong plugins before pytest-qt makes the application.
import cv2  # noqa: F401

undo_opencv_qt_paths()

from gui.pool import PoolRunner  # noqa: E402
from gui.settings import Settings  # noqa: E402
from gui.window import Window  # noqa: E402
from gui.words import Language, Words  # noqa: E402
from tests.gui.fakes import FakeDesk, FakeLobby, many_hits  # noqa: E402


@pytest.fixture
def desk() -> FakeDesk:
    """A case of 24 hits whose slow acts fail when they run on the GUI thread."""
    return FakeDesk(hits=many_hits(24), gui_thread=threading.get_ident())


@pytest.fixture
def make_window(desk: FakeDesk, tmp_path: Path, qtbot: object) -> Iterator[Callable[..., Window]]:
    """Makes windows on the fake case; all are closed, with their threads, at the end."""
    made: list[Window] = []

    def make(*, language: Language = "fr", theme: str = "light", lobby: FakeLobby | None = None) -> Window:
        window = Window(
            lobby=lobby or FakeLobby(desk=desk),
            settings=Settings(tmp_path),
            words=Words(language),
            runner=PoolRunner(),
            theme=theme,
        )
        window.resize(1280, 800)
        window.show()
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()
        window.deleteLater()
