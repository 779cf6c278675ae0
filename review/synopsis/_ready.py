# SPDX-License-Identifier: Apache-2.0
"""What the server that painting processes are forked from imports: all they need, its loops compiled once for all."""

import cv2

import review.synopsis.studio  # noqa: F401  # Reason: imported for those who are forked.
from review.synopsis._warm import compile_loops

# Why: a pool of threads does not survive a fork.
cv2.setNumThreads(1)
compile_loops()
