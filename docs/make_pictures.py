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

import cv2

from indexer.media import container_facts, iter_frames
from indexer.probe import probe

__all__ = ["WINDOW_PICTURES", "make_synopsis_picture", "make_window_pictures"]

WINDOW_PICTURES: Final = (
    ("window.png", "en", "light"),
    ("window-fr.png", "fr", "light"),
    ("window-dark.png", "en", "dark"),
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


def make_synopsis_picture(demo: Path, out: Path) -> Path:
    """Take the frame in the middle of the demo's synopsis film, as JPEG."""
    film = str(demo / "synopsis.mp4")
    times = probe(film).packets.pts_ticks
    middle = int(times[len(times) // 2])
    assert container_facts(film).codec == "h264", "the film plays anywhere"
    frame = next(iter_frames(film, start_pts_ticks=middle))
    out.mkdir(parents=True, exist_ok=True)
    path = out / "synopsis.jpg"
    path.write_bytes(cv2.imencode(".jpg", frame.image_u8, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())
    return path


if __name__ == "__main__":
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    for made_path in (make_synopsis_picture(folder, target), *make_window_pictures(folder, target)):
        sys.stdout.write(f"{made_path}\n")
