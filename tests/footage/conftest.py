# SPDX-License-Identifier: Apache-2.0
"""Tests of import, index, search and evidence share one home and one indexed case."""

from __future__ import annotations

from hypothesis import settings

from tests.footage.fixtures import clips, desk, home, indexed_case, models_loaded_once, operators_home, run, session

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

__all__ = ["clips", "desk", "home", "indexed_case", "models_loaded_once", "operators_home", "run", "session"]
