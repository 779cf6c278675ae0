# SPDX-License-Identifier: Apache-2.0
"""Who makes the segments of an index: decoding children on this machine, or those of a Dask cluster.

An engine is given work and yields what each gave, in any order. It stores nothing: only the process that holds the
case's key writes, so that every engine gives the same index.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Protocol, Self

from models.errors import RelectureError, UnreadableInput
from models.modelset import Profile
from review.decoding import ChildLost, DecodingChild, SegmentWork, read_segment_answer

__all__ = ["Engine", "LocalEngine", "Outcome", "lost_twice"]

Outcome = tuple[bytes, int] | RelectureError
"""The packed segment and its number of tracks, or why there is none."""


class Engine(Protocol):
    """Makes segments."""

    @property
    def name(self) -> str:
        """As ``--engine`` names it."""
        ...

    @property
    def jobs(self) -> int:
        """Processes that decode at once."""
        ...

    @property
    def sandbox(self) -> str:
        """What holds around them, once the first has started."""
        ...

    def outcomes(
        self, works: Sequence[SegmentWork], *, profile: Profile, should_stop: Callable[[], bool]
    ) -> Generator[tuple[SegmentWork, Outcome], None, None]:
        """What each piece of work gave, as it comes; what had not begun when ``should_stop`` says so is left out."""
        ...


def lost_twice(work: SegmentWork) -> RelectureError:
    """What is said of a stretch on which a process died, and died again when it was tried anew."""
    facts, plan = work.recording.facts, work.plan
    start_s = float((plan.start_pts_ticks - facts.first_pts_ticks) * facts.time_base)
    end_s = float((plan.end_pts_ticks - facts.first_pts_ticks) * facts.time_base)
    return UnreadableInput(
        f"{Path(work.recording.path).name}: the decoder died twice between {start_s:.0f} s and {end_s:.0f} s.",
        hint="The machine may lack memory: close programs and run index again with --jobs 1. "
        "If it dies again, the file is damaged or hostile there; the rest is indexed.",
    )


class LocalEngine:
    """Decoding children on this machine.

    Args:
        jobs: How many at once.
    """

    name = "local"

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.sandbox = ""

    def outcomes(
        self, works: Sequence[SegmentWork], *, profile: Profile, should_stop: Callable[[], bool]
    ) -> Generator[tuple[SegmentWork, Outcome], None, None]:
        """See :meth:`Engine.outcomes`. A child that dies is replaced, and its work tried once more."""
        with _Children(works, profile) as children:
            children.open(min(self.jobs, len(works)))
            while children.are_wanted:
                while children.may_start(self.jobs) and not should_stop():
                    yield from children.start_next()
                if not children.are_busy:
                    return
                self.sandbox = children.held
                yield from children.finished()


class _Children:
    """The children of one run, what each works on, and what still waits."""

    def __init__(self, works: Sequence[SegmentWork], profile: Profile) -> None:
        self._waiting = deque(works)
        self._readable = sorted({work.recording.path for work in works})
        self._profile: Profile = profile
        self._has_card = any(work.config.decoder == "nvdec" for work in works)
        self._lost_once: set[tuple[str, int]] = set()
        self._idle: list[DecodingChild] = []
        self._busy: dict[Connection, tuple[DecodingChild, SegmentWork]] = {}
        self.held = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in [*self._idle, *(child for child, _ in self._busy.values())]:
            child.close()

    def open(self, n_children: int) -> None:
        """Start children that load their models side by side; the first work handed to each waits until it is ready."""
        for _ in range(n_children):
            self._idle.append(self._new_child())

    @property
    def are_wanted(self) -> bool:
        return bool(self._waiting or self._busy)

    @property
    def are_busy(self) -> bool:
        return bool(self._busy)

    def may_start(self, jobs: int) -> bool:
        return bool(self._waiting) and len(self._busy) < jobs

    def start_next(self) -> Iterator[tuple[SegmentWork, Outcome]]:
        work = self._waiting.popleft()
        child = self._idle.pop() if self._idle else self._new_child()
        try:
            child.start(work)
        except ChildLost:
            yield from self._lost(child, work)
        else:
            self.held = child.held
            self._busy[child.connection] = child, work

    def _new_child(self) -> DecodingChild:
        return DecodingChild(readable=self._readable, profile=self._profile, has_card=self._has_card)

    def finished(self) -> Iterator[tuple[SegmentWork, Outcome]]:
        """Wait until at least one child has answered or died."""
        for ready in wait(list(self._busy)):
            assert isinstance(ready, Connection)
            child, work = self._busy.pop(ready)
            try:
                outcome: Outcome = read_segment_answer(child.answer())
            except ChildLost:
                yield from self._lost(child, work)
                continue
            except RelectureError as problem:
                outcome = problem
            self._idle.append(child)
            yield work, outcome

    def _lost(self, child: DecodingChild, work: SegmentWork) -> Iterator[tuple[SegmentWork, Outcome]]:
        child.close()
        if _key(work) in self._lost_once:
            yield work, lost_twice(work)
        else:
            self._lost_once.add(_key(work))
            self._waiting.appendleft(work)


def _key(work: SegmentWork) -> tuple[str, int]:
    return work.recording.recording_id, work.plan.number
