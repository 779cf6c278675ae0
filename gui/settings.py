# SPDX-License-Identifier: Apache-2.0
"""What the window remembers between runs: its place, the language, recent cases. One file under ``RELECTURE_HOME``.

Never a purpose, a query, a hit or a passphrase: those belong to the case and its log.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

__all__ = ["Settings"]

FILE_NAME: Final = "window.ini"


class Settings:
    """The window's own file; made when something is first remembered.

    Args:
        home: ``RELECTURE_HOME``.
    """

    def __init__(self, home: Path) -> None:
        self._file = QSettings(str(home / FILE_NAME), QSettings.Format.IniFormat)

    @property
    def language(self) -> str:
        """``fr``, ``en`` or empty."""
        return str(self._file.value("language", ""))

    @language.setter
    def language(self, language: str) -> None:
        self._file.setValue("language", language)

    @property
    def theme(self) -> str:
        """``light``, ``dark`` or empty for the system's."""
        return str(self._file.value("theme", ""))

    @theme.setter
    def theme(self, theme: str) -> None:
        self._file.setValue("theme", theme)

    @property
    def operator_id(self) -> str:
        """Operator who opened a case last, or empty."""
        return str(self._file.value("operator", ""))

    @operator_id.setter
    def operator_id(self, operator_id: str) -> None:
        self._file.setValue("operator", operator_id)

    @property
    def recent(self) -> tuple[Path, ...]:
        """Case folders opened before, last first."""
        value = self._file.value("recent", [])
        # Why: Qt gives a list of one item back as a text.
        items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return tuple(Path(str(item)) for item in items)

    @recent.setter
    def recent(self, recent: tuple[Path, ...]) -> None:
        self._file.setValue("recent", [str(folder) for folder in recent])

    def layout(self, name: str) -> QByteArray:
        """Saved geometry of the window or of a splitter; empty when none."""
        value = self._file.value(f"layout/{name}", QByteArray())
        return value if isinstance(value, QByteArray) else QByteArray()

    def save_layout(self, name: str, layout: QByteArray) -> None:
        """Remember a geometry."""
        self._file.setValue(f"layout/{name}", layout)

    def save(self) -> None:
        """Write the file now."""
        self._file.sync()
