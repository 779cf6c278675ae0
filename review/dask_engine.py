# SPDX-License-Identifier: Apache-2.0
"""Segments made by the workers of a Dask cluster: on this machine, or on others of the same room.

A worker reads the recording under the same path, holds it against the digest of the import, and decodes it in the same
sandboxed child as the local engine. The key of the case never leaves the process that asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import current_process
from typing import Any, Final

from indexer.media import DECODER
from indexer.pipeline import IndexConfig
from indexer.probe import sha256_of_file
from models.errors import EnvironmentProblem, RelectureError, ToolMissing, UnreadableInput, UsageProblem
from models.modelset import Profile, load_model_set
from review.decoding import ChildLost, DecodingChild, SegmentWork, read_segment_answer
from review.engines import Outcome, lost_twice

__all__ = ["DaskEngine"]

AHEAD: Final = 2
"""Pieces of work given out at once, per worker: the next is there when one is done, and memory stays bounded."""


class DaskEngine:
    """Workers of a Dask cluster.

    Args:
        jobs: Workers to start on this machine; unused with a scheduler.
        scheduler: Address of a running scheduler, ``tls://host:8786``; None starts a cluster on this machine.

    Raises:
        ToolMissing: Dask is not installed.
        UsageProblem: The scheduler would be reached over the network without encryption.
    """

    name = "dask"

    def __init__(self, *, jobs: int, scheduler: str | None = None) -> None:
        if scheduler is not None and not scheduler.startswith("tls://"):
            raise UsageProblem(
                f"{scheduler} would be reached without encryption.",
                hint="Pictures of the case would cross the network: start the scheduler with TLS and name it tls://….",
            )
        try:
            import distributed  # noqa: F401, PLC0415  # Reason: an extra that most workstations do not need.
        except ImportError as problem:
            raise ToolMissing(
                "Dask is not installed.", hint="Install the extra: pip install 'relecture[cluster]'."
            ) from problem
        self.jobs = jobs
        self.sandbox = ""
        self._scheduler = scheduler

    def outcomes(
        self, works: Sequence[SegmentWork], *, profile: Profile, should_stop: Callable[[], bool]
    ) -> Generator[tuple[SegmentWork, Outcome], None, None]:
        """See :meth:`review.engines.Engine.outcomes`. A worker that dies is replaced and its work given to another."""
        # Why: an extra, and slow to load; only who uses this engine waits for it.
        from distributed import as_completed  # noqa: PLC0415
        from distributed.scheduler import KilledWorker  # noqa: PLC0415

        waiting = list(reversed(works))
        if not waiting:
            return
        with self._client() as client:
            self.jobs = len(client.scheduler_info(n_workers=-1)["workers"]) or self.jobs
            is_elsewhere = self._scheduler is not None
            running: dict[Any, SegmentWork] = {}

            def submit() -> Any:
                work = waiting.pop()
                # Why: recordings differ in their configuration where an officer set zones aside.
                digest = _digest_here(work.config, profile)
                future = client.submit(_made_on_worker, work, profile, digest, is_elsewhere, pure=False)
                running[future.key] = work
                return future

            pending = as_completed(submit() for _ in range(min(len(waiting), AHEAD * self.jobs)))
            for future in pending:
                work = running.pop(future.key)
                if waiting and not should_stop():
                    pending.add(submit())
                try:
                    answer, held = future.result()
                except KilledWorker:
                    answer, held = lost_twice(work), self.sandbox
                self.sandbox = held
                outcome: Outcome = answer if isinstance(answer, RelectureError) else read_segment_answer(answer)
                future.release()
                yield work, outcome

    @contextmanager
    def _client(self) -> Iterator[Any]:
        import dask  # noqa: PLC0415  # Reason: as above.
        from distributed import Client, LocalCluster  # noqa: PLC0415

        if self._scheduler is not None:
            try:
                client = Client(self._scheduler, timeout="20s")
            except OSError as problem:
                raise EnvironmentProblem(
                    f"No Dask scheduler answers at {self._scheduler}.", hint="Start it: dask scheduler --tls-…"
                ) from problem
            with client:
                yield client
            return
        # Why: a worker that multiprocessing calls a daemon may not have the child that decodes for it.
        with (
            dask.config.set({"distributed.worker.daemon": False, "distributed.scheduler.allowed-failures": 1}),
            LocalCluster(
                n_workers=self.jobs,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard": False},
                worker_dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


_child_by_need: dict[tuple[Profile, str], DecodingChild] = {}
_verified: set[tuple[str, str]] = set()


def _made_on_worker(
    work: SegmentWork, profile: Profile, config_sha256: str, is_elsewhere: bool
) -> tuple[bytes | RelectureError, str]:
    """What one segment gave on a worker, and the sandbox that held around it."""
    try:
        _require_same_program(work, profile, config_sha256)
        if is_elsewhere:
            _require_same_bytes(work)
        for _ in range(2):
            child = _child_for(work, profile)
            try:
                child.start(work)
                return child.answer(), child.held
            except ChildLost:
                _child_by_need.clear()
                child.close()
        return lost_twice(work), ""
    except RelectureError as problem:
        return problem, ""


def _child_for(work: SegmentWork, profile: Profile) -> DecodingChild:
    """The child of this worker that may read the recording; one at a time, kept from segment to segment."""
    need = profile, work.recording.path
    if need not in _child_by_need:
        for other in _child_by_need.values():
            other.close()
        _child_by_need.clear()
        _child_by_need[need] = DecodingChild(readable=[work.recording.path], profile=profile)
    return _child_by_need[need]


@cache
def _digest_here(config: IndexConfig, profile: Profile) -> str:
    """Digest of configuration and models on this machine; loads the nets once a process."""
    return config.digest(load_model_set(profile))


def _require_same_program(work: SegmentWork, profile: Profile, config_sha256: str) -> None:
    if current_process().daemon:
        raise EnvironmentProblem(
            "A Dask worker may not start the process that decodes for it.",
            hint="Start the workers with DASK_DISTRIBUTED__WORKER__DAEMON=False in their environment.",
        )
    if _digest_here(work.config, profile) != config_sha256 or work.recording.facts.decoder != DECODER:
        raise EnvironmentProblem(
            "A Dask worker has another version of Relecture, of its models or of the decoder.",
            hint="Install the same version and import the same models on every machine: results must be equal.",
        )


def _require_same_bytes(work: SegmentWork) -> None:
    recording = work.recording
    if (recording.path, recording.sha256) in _verified:
        return
    if sha256_of_file(recording.path)[0] != recording.sha256:
        raise UnreadableInput(
            f"{recording.path} is not, on a Dask worker, the file that was imported.",
            hint="Mount the same folder under the same path on every machine.",
        )
    _verified.add((recording.path, recording.sha256))
