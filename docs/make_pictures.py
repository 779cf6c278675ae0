# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of the manual from the folder that ``relecture demo`` made.

Run it where Qt finds a display, or with ``QT_QPA_PLATFORM=offscreen``::

    python docs/make_pictures.py relecture-demo docs/pictures
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["WINDOW_PICTURES", "make_window_pictures"]

WINDOW_PICTURES: Final = (
    ("window-fr.png", "fr", "light"),
    ("window-en-dark.png", "en", "dark"),
)
"""File name, language and theme of each picture of the window."""


def make_window_pictures(demo: Path, out: Path) -> tuple[Path, ...]:
    """Open the demo case in the window, search, grab; the search is logged in the demo case like any other.

    Args:
        demo: Folder that ``relecture demo`` made.
        out: Where the pictures go; made when missing. Pictures of an earlier run are replaced.
    """
    environment = os.environ | {
        "RELECTURE_HOME": str(demo / "home"),
        "RELECTURE_OPERATOR": "demo",
        "RELECTURE_PASSPHRASE": "demo",
    }
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for name, language, theme in WINDOW_PICTURES:
        path = out / name
        start = (sys.executable, "-c", "from review.cli import main; main()", "gui", str(demo / "case"))
        options = ("--screenshot", str(path), "--language", language, "--theme", theme, "--size", "1440x900")
        subprocess.run([*start, *options], env=environment, check=True)  # noqa: S603  # Reason: our own command.
        made.append(path)
    return tuple(made)


if __name__ == "__main__":
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    sys.stdout.write("".join(f"{path}\n" for path in make_window_pictures(folder, target)))
