# SPDX-License-Identifier: Apache-2.0
"""Indexing measured against plain decoding, a detector on every frame, and DVR-Scan."""
