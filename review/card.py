# SPDX-License-Identifier: Apache-2.0
"""Whether a graphics card decodes an index: what was asked for held against what the machine has.

Nets and decoder ask the same question of the driver. Nets take a card where there is one; the decoder only when it was
asked for, since it decides the pixels that everything else is read from.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Literal

from indexer.media import Decoder
from models.errors import ToolMissing
from models.runtime import has_cuda_device

__all__ = ["DecoderChoice", "chosen_decoder"]

DecoderChoice = Literal["one-thread", "nvdec", "auto"]


def chosen_decoder(choice: DecoderChoice) -> tuple[Decoder, str]:
    """The decoder to index with, and a sentence for a person where the choice was left to the program.

    Raises:
        ToolMissing: A card was asked for, and this machine has none that decodes.
    """
    if choice == "one-thread":
        return "one-thread", ""
    lacking = _lacking()
    if choice == "nvdec":
        if lacking:
            raise ToolMissing(
                f"No graphics card can decode here: {lacking}.",
                hint="Leave --decoder out: the processor decodes, and the index is the one of any other machine.",
            )
        return "nvdec", ""
    if lacking:
        return "one-thread", f"The processor decodes: {lacking}."
    return "nvdec", "The graphics card decodes; each segment says so, and is told apart from one that a processor read."


def _lacking() -> str:
    """What is missing for a card to decode, in words; empty when nothing is."""
    if not has_cuda_device():
        return "no NVIDIA card with a working driver was found"
    library = "nvcuvid.dll" if sys.platform == "win32" else "libnvcuvid.so.1"
    try:
        ctypes.CDLL(library)
    except OSError:
        return f"the driver brings no {library}, which decodes"
    return ""
