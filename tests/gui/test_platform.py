# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gui._platform import undo_opencv_qt_paths


def test_paths_into_opencv_are_forgotten_and_a_persons_own_stay() -> None:
    environment = {
        "QT_QPA_PLATFORM_PLUGIN_PATH": str(Path("/venv/cv2/qt/plugins")),
        "QT_QPA_FONTDIR": str(Path("/usr/share/fonts")),
    }

    undo_opencv_qt_paths(environment)

    assert list(environment) == ["QT_QPA_FONTDIR"]


def test_nothing_set_is_no_fault() -> None:
    environment: dict[str, str] = {"HOME": "x"}

    undo_opencv_qt_paths(environment)

    assert environment == {"HOME": "x"}


def test_opencv_still_sets_the_paths_that_we_undo() -> None:
    code = "import os, cv2; print([n for n in ('QT_QPA_PLATFORM_PLUGIN_PATH', 'QT_QPA_FONTDIR') if 'cv2' in os.environ.get(n, '')])"  # noqa: E501
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}

    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    # When this fails, OpenCV's wheel no longer brings its own Qt and gui._platform can go.
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" in done.stdout


def test_review_loads_no_qt() -> None:
    code = "import sys, review.cli.gui, review.desk; print([n for n in sys.modules if n.startswith('PySide6')])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())

    assert done.stdout.strip() == "[]"
