# SPDX-License-Identifier: Apache-2.0
"""Colours and the style sheet, light and dark. Footage always lies on the same near-black, whatever the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QColor, QGuiApplication, QPalette

__all__ = ["DARK", "LIGHT", "STAGE", "Tokens", "make_palette", "make_style_sheet", "present_tokens"]

STAGE: Final = "#0d0f12"
"""What footage lies on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Colours by their role, as ``#rrggbb``."""

    is_dark: bool
    window: str
    surface: str
    raised: str
    line: str
    line_strong: str
    text: str
    muted: str
    accent: str
    accent_text: str
    accent_soft: str
    validated: str
    rejected: str
    doubtful: str
    danger_soft: str
    warning_soft: str


LIGHT: Final = Tokens(
    is_dark=False,
    window="#eef0f3",
    surface="#ffffff",
    raised="#f6f7f9",
    line="#dde1e6",
    line_strong="#b9c0c9",
    text="#1a1f26",
    muted="#5b6572",
    accent="#1d4f91",
    accent_text="#ffffff",
    accent_soft="#e3ecf8",
    validated="#1f7a4d",
    rejected="#b0302a",
    doubtful="#a76a00",
    danger_soft="#fbe9e7",
    warning_soft="#fdf3dd",
)
DARK: Final = Tokens(
    is_dark=True,
    window="#14171b",
    surface="#1c2026",
    raised="#252a31",
    line="#2f353d",
    line_strong="#4a535e",
    text="#e7eaee",
    muted="#9aa4b1",
    accent="#6ea6f0",
    accent_text="#0c1420",
    accent_soft="#22324a",
    validated="#4cc38a",
    rejected="#f0766e",
    doubtful="#e3b04b",
    danger_soft="#3a2222",
    warning_soft="#3a3018",
)


def present_tokens() -> Tokens:
    """The theme that the application has now.

    Asked of the application and not of a widget: a widget takes over a new palette only when it is next polished.
    """
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def make_palette(tokens: Tokens) -> QPalette:
    """A palette for the Fusion style."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for which, colour in (
        (role.Window, tokens.window),
        (role.Base, tokens.surface),
        (role.AlternateBase, tokens.raised),
        (role.Button, tokens.raised),
        (role.ToolTipBase, tokens.raised),
        (role.WindowText, tokens.text),
        (role.Text, tokens.text),
        (role.ButtonText, tokens.text),
        (role.ToolTipText, tokens.text),
        (role.PlaceholderText, tokens.muted),
        (role.Highlight, tokens.accent),
        (role.HighlightedText, tokens.accent_text),
        (role.Link, tokens.accent),
        (role.Mid, tokens.line),
        (role.Dark, tokens.line_strong),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.Text, role.ButtonText, role.WindowText):
        palette.setColor(group.Disabled, which, QColor(tokens.line_strong))
    return palette


def make_style_sheet(t: Tokens) -> str:
    """The style sheet of the whole window; classes are set with the dynamic property ``kind``."""
    return f"""
    * {{ outline: none; }}
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line_strong}; padding: 4px 6px; }}
    QLabel {{ background: transparent; }}
    QLabel[kind="muted"], QLabel[kind="field"] {{ color: {t.muted}; }}
    QLabel[kind="field"] {{ font-weight: 600; }}
    QLabel[kind="title"] {{ font-size: 15pt; font-weight: 600; }}
    QLabel[kind="brand"] {{ font-size: 11pt; font-weight: 700; color: {t.accent}; }}
    QLabel[kind="heading"] {{ font-size: 10.5pt; font-weight: 600; }}
    QLabel[kind="fault"] {{ color: {t.rejected}; }}
    QLabel[kind="warning"] {{ color: {t.doubtful}; }}
    QFrame[kind="panel"], QWidget[kind="panel"] {{ background: {t.surface}; }}
    QFrame[kind="bar"] {{ background: {t.surface}; border-bottom: 1px solid {t.line}; }}
    QFrame[kind="status"] {{ background: {t.surface}; border-top: 1px solid {t.line}; }}
    QFrame[kind="card"] {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: 10px; }}
    QFrame[kind="drop"] {{ background: {t.raised}; border: 1px dashed {t.line_strong}; border-radius: 8px; }}
    QFrame[kind="drop"][hot="true"] {{ background: {t.accent_soft}; border-color: {t.accent}; }}
    QFrame[kind="problem"] {{ background: {t.danger_soft}; border: 1px solid {t.rejected}; border-radius: 6px; }}
    QFrame[kind="stage"] {{ background: {STAGE}; }}
    QFrame[kind="margin"] {{ background: #181b20; }}
    QFrame[kind="margin"] QLabel {{ color: #e7eaee; }}
    QFrame[kind="margin"] QLabel[kind="muted"] {{ color: #98a2af; }}
    QFrame[kind="rule"] {{ background: {t.line}; max-height: 1px; min-height: 1px; border: none; }}
    QLineEdit, QPlainTextEdit {{
        background: {t.surface}; color: {t.text}; border: 1px solid {t.line_strong}; border-radius: 5px;
        padding: 4px 7px; min-height: 18px; selection-background-color: {t.accent};
        selection-color: {t.accent_text}; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 1px solid {t.accent}; }}
    QLineEdit[fault="true"] {{ border: 1px solid {t.rejected}; background: {t.danger_soft}; }}
    QComboBox {{ min-height: 24px; }}
    QComboBox QAbstractItemView {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.line_strong};
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QCheckBox::indicator {{ width: 13px; height: 13px; border: 1px solid {t.muted}; border-radius: 3px;
        background: {t.surface}; }}
    QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; }}
    QCheckBox:focus {{ color: {t.accent}; }}
    QPushButton {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line_strong}; border-radius: 5px;
        padding: 5px 10px; min-height: 18px; }}
    QPushButton:hover {{ border-color: {t.accent}; }}
    QPushButton:focus {{ border-color: {t.accent}; }}
    QPushButton:pressed {{ background: {t.accent_soft}; }}
    QPushButton:disabled {{ color: {t.line_strong}; border-color: {t.line}; background: {t.surface}; }}
    QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.accent_text}; border-color: {t.accent};
        font-weight: 600; }}
    QPushButton[kind="primary"]:disabled {{ background: {t.line_strong}; border-color: {t.line_strong};
        color: {t.surface}; }}
    QPushButton[kind="link"] {{ background: transparent; border: none; color: {t.accent}; padding: 2px 4px;
        text-align: left; }}
    QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
    QPushButton[kind="section"] {{ background: transparent; border: none; text-align: left; font-weight: 600;
        padding: 4px 0; color: {t.text}; }}
    QPushButton[kind="chip"] {{ border-radius: 12px; padding: 2px 9px; border: 1px solid {t.line_strong};
        background: transparent; }}
    QPushButton[kind="chip"]:hover {{ border-color: {t.accent}; }}
    QPushButton[kind="chip"]:focus {{ border-color: {t.accent}; background: {t.raised}; }}
    QPushButton[kind="chip"]:checked {{ background: {t.accent_soft}; border-color: {t.accent}; color: {t.text};
        font-weight: 600; }}
    QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 3px;
        color: {t.text}; }}
    QToolButton:hover {{ background: {t.raised}; border-color: {t.line}; }}
    QToolButton:focus {{ border-color: {t.accent}; }}
    QToolButton:checked {{ background: {t.accent_soft}; border-color: {t.accent}; }}
    QToolButton:disabled {{ color: {t.line_strong}; }}
    QPushButton[verdict="validated"] {{ color: {t.validated}; font-weight: 600; }}
    QPushButton[verdict="rejected"] {{ color: {t.rejected}; font-weight: 600; }}
    QPushButton[verdict="doubtful"] {{ color: {t.doubtful}; font-weight: 600; }}
    QPushButton[verdict]:disabled {{ color: {t.line_strong}; }}
    QPushButton[verdict="validated"]:checked {{ background: {t.validated}; color: {t.surface};
        border-color: {t.validated}; }}
    QPushButton[verdict="rejected"]:checked {{ background: {t.rejected}; color: {t.surface};
        border-color: {t.rejected}; }}
    QPushButton[verdict="doubtful"]:checked {{ background: {t.doubtful}; color: {t.surface};
        border-color: {t.doubtful}; }}
    QListView {{ background: {t.window}; border: none; }}
    QListWidget {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: 6px; }}
    QListWidget::item {{ padding: 6px 8px; border-radius: 4px; color: {t.text}; }}
    QListWidget::item:hover {{ background: {t.raised}; }}
    QListWidget::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QScrollArea {{ background: transparent; border: none; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {t.line_strong}; border-radius: 4px; min-height: 28px; margin: 1px; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.line_strong}; border-radius: 4px; min-width: 28px; margin: 1px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QProgressBar {{ background: {t.raised}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    QSplitter::handle {{ background: {t.line}; }}
    QSplitter::handle:hover {{ background: {t.accent}; }}
    QSlider::groove:horizontal {{ height: 4px; background: {t.line_strong}; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {t.accent}; width: 12px; height: 12px; margin: -4px 0;
        border-radius: 6px; }}
    QMenu {{ background: {t.surface}; border: 1px solid {t.line_strong}; color: {t.text}; }}
    QMenu::item:selected {{ background: {t.accent_soft}; }}
    """
