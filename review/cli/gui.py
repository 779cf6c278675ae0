# SPDX-License-Identifier: Apache-2.0
"""``relecture gui``: the window. Qt is loaded here and nowhere else in review, and only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from models.errors import ToolMissing, UsageProblem
from review.cli._run import operator_options

__all__ = ["command"]


@click.command(name="gui")
@click.argument("case", required=False, type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["fr", "en"]), default=None, help="Language to begin with.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default=None, help="Instead of the system's.")
@click.option("--screenshot", type=click.Path(path_type=Path), default=None, hidden=True)
@click.option("--purpose", default="copie d’écran pour le manuel", hidden=True)
@click.option("--size", default="1440x900", metavar="WxH", hidden=True)
@operator_options
def command(
    case: Path | None,
    language: str | None,
    theme: str | None,
    screenshot: Path | None,
    purpose: str,
    size: str,
    operator: str | None,
) -> None:
    """Open the window, on CASE or on the start page.

    With an operator and RELECTURE_PASSPHRASE the case opens at once; else the window asks.
    """
    passphrase = os.environ.get("RELECTURE_PASSPHRASE", "")
    if screenshot is not None and not (case and operator and passphrase):
        raise UsageProblem(
            "A screenshot needs a case, an operator and a passphrase.",
            hint="Set RELECTURE_OPERATOR and RELECTURE_PASSPHRASE.",
        )
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageProblem(f"“{size}” is not a size.", hint="Give width and height in pixels, for example: 1440x900")
    try:
        # Why: gui stands above review, so review must not import it; it is found by name when it is asked for.
        app = importlib.import_module("gui.app")
    except ImportError as exc:
        raise ToolMissing(
            f"The window cannot start: {exc}.", hint="Install PySide6 and the system libraries of Qt, then try again."
        ) from exc
    start = app.Start(
        case=case,
        operator_id=operator or "",
        passphrase=passphrase,
        language=language or "",
        theme=theme or "",
        screenshot=screenshot,
        purpose=purpose,
        size_wh_px=(int(width), int(height)),
    )
    sys.exit(app.run(start))
