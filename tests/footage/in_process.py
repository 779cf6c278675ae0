# SPDX-License-Identifier: Apache-2.0
"""An engine for tests that must reach into the work: it runs in this process, without any sandbox."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from models.errors import RelectureError
from models.modelset import ModelSet, Profile, load_model_set
from review.decoding import SegmentWork, made, read_segment_answer
from review.engines import Outcome

__all__ = ["InProcess"]


class InProcess:
    """Makes segments one after the other."""

    name = "in process"
    jobs = 1
    sandbox = ""

    def work(self, work: SegmentWork, loaded: ModelSet) -> bytes:
        """What one piece gives; tests override it."""
        return made(work, loaded)

    def outcomes(
        self, works: Sequence[SegmentWork], *, profile: Profile, should_stop: Callable[[], bool]
    ) -> Generator[tuple[SegmentWork, Outcome], None, None]:
        """See :meth:`review.engines.Engine.outcomes`."""
        loaded = load_model_set(profile)
        for work in works:
            if should_stop():
                return
            try:
                yield work, read_segment_answer(self.work(work, loaded))
            except RelectureError as problem:
                yield work, problem
