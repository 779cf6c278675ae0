# SPDX-License-Identifier: Apache-2.0
"""A picture of the window at work, for the manual: opens, searches, waits until all is drawn, grabs, ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from gui.presenters.filters import Filters
from gui.window import Window

__all__ = ["Screenshot"]

_POLL_MS: Final = 100
_LIMIT_MS: Final = 120_000


class Screenshot(QObject):
    """Drives a window to a search result and grabs it.

    Args:
        window: The window; its case is opened by the caller.
        path: PNG to write.
        purpose: Purpose of the search, which is logged as any other.
    """

    def __init__(self, *, window: Window, path: Path, purpose: str) -> None:
        super().__init__(window)
        self._window, self._path, self._purpose = window, path, purpose
        self._has_searched = False
        self._waited_ms = 0
        self.exit_code = 1
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_POLL_MS)

    def _look(self) -> None:
        self._waited_ms += _POLL_MS
        problem = self._window.start.state.problem
        bench = self._window.workbench
        if bench is not None and bench.hits.state.problem is not None:
            problem = bench.hits.state.problem
        if problem is not None or self._waited_ms > _LIMIT_MS:
            said = f"{problem.kind}: {problem.message}" if problem else "the window did not come to rest"
            sys.stderr.write(f"relecture: no screenshot: {said}\n")
            self._end()
        elif bench is not None and not self._has_searched:
            self._has_searched = True
            bench.filters.set_filters(Filters(purpose=self._purpose))
            bench.search()
        elif bench is not None and bench.is_at_rest:
            self._grab()

    def _grab(self) -> None:
        is_written = self._window.grab().save(str(self._path))
        self.exit_code = 0 if is_written else 20
        self._end()

    def _end(self) -> None:
        self._timer.stop()
        QApplication.exit(self.exit_code)
