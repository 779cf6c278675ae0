# SPDX-License-Identifier: Apache-2.0
"""Commands from end to end share one home and one indexed case."""

from __future__ import annotations

from tests.footage.fixtures import clips, desk, home, indexed_case, models_loaded_once, operators_home, run, session

__all__ = ["clips", "desk", "home", "indexed_case", "models_loaded_once", "operators_home", "run", "session"]
