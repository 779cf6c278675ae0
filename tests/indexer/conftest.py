# SPDX-License-Identifier: Apache-2.0
"""Property tests of the indexer draw the same examples in every run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
