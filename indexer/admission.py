# SPDX-License-Identifier: Apache-2.0
"""What is let in: files that can be read, and the only demuxers and decoders that may touch them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.errors import NotFootage, UnreadableInput

__all__ = ["CONTAINERS", "MAX_PIXELS", "VIDEO_CODECS", "check_readable"]

VIDEO_CODECS: Final = (
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,mjpeg,msmpeg4v2,msmpeg4v3,"
    "wmv1,wmv2,wmv3,vc1,h263,vp8,vp9,av1,libdav1d,rawvideo"
)
CONTAINERS: Final = (
    "mov,mp4,matroska,webm,avi,mpegts,mpegtsraw,mpeg,asf,flv,dhav,mxf,ogg,ivf,"
    "h264,hevc,m4v,mpegvideo,mjpeg,h261,h263,vc1,obu"
)
"""Demuxers that may be used. Playlists (concat, HLS, DASH) are not among them: they make a file open others."""
MAX_PIXELS: Final = 70_000_000


def check_readable(path: str) -> None:
    """Refuse what is no file with something in it.

    Raises:
        UnreadableInput: The path is missing or not a file.
        NotFootage: The file is empty.
    """
    file = Path(path)
    if not file.exists():
        raise UnreadableInput(f"{path} does not exist.", hint="Check the path, or plug the medium in again.")
    if not file.is_file():
        raise UnreadableInput(f"{path} is not a file.", hint="Name a video file or a folder that holds some.")
    if file.stat().st_size == 0:
        raise NotFootage(f"{path} is empty.", hint="Ask for the file again; keep this one as it was delivered.")
