# SPDX-License-Identifier: Apache-2.0
"""Workers of a Dask cluster give the same index as the local ones, also when one of them is killed on the way."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from indexer.pipeline import IndexConfig
from models.errors import UnreadableInput, UsageProblem
from review.dask_engine import DaskEngine
from review.footage import import_footage
from review.indexing import run_index
from review.session import CaseSession
from tests.clips import Clip, Mover, make_clip
from tests.footage.fixtures import DISPLAYED, Desk

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]),
    # Reason: the event loop of Dask closes its sockets after the test that opened them.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SHORT = classmethod(lambda cls, profile: cls(profile=profile, segment_s=6.0, min_segment_frames=20))


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    mover = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=3.0)
    return make_clip(
        tmp_path_factory.mktemp("long") / "gare.mp4", n_frames=600, movers=(mover,), size_wh_px=(160, 120), gop=8
    )


def _imported(session: CaseSession, desk: Desk, clip: Clip) -> None:
    path = desk.delivered / clip.path.name
    shutil.copyfile(clip.path, path)
    import_footage(session, [path], camera="cam1", start=DISPLAYED)


def _workers(engine: DaskEngine) -> list[int]:
    """Process numbers of the workers of a cluster on this machine."""
    me = os.getpid()
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = next(line for line in status.read_text().splitlines() if line.startswith("PPid:"))
            command = (status.parent / "cmdline").read_bytes()
        except (OSError, StopIteration):
            continue
        if int(parent.split()[1]) == me and b"spawn_main" in command:
            found.append(int(status.parent.name))
    return sorted(found)


@pytest.mark.slow
def test_two_dask_workers_one_of_them_killed_make_the_same_index(
    desk: Desk, long_clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IndexConfig, "of_profile", SHORT)
    with desk.open(desk.case("local")) as session:
        _imported(session, desk, long_clip)
        local = run_index(session, jobs=1)
    killed: list[int] = []
    engine = DaskEngine(jobs=2)

    def kill_one(_: Any) -> None:
        if not killed:
            victims = _workers(engine)
            assert victims, "the cluster has workers on this machine"
            killed.append(victims[0])
            os.kill(victims[0], signal.SIGKILL)

    with desk.open(desk.case("cluster")) as session:
        _imported(session, desk, long_clip)
        report = run_index(session, engine=engine, progress=kill_one)

    assert len(killed) == 1
    assert local.n_segments >= 4
    assert (report.engine, report.jobs) == ("dask", 2)
    assert report.content_sha256 == local.content_sha256
    assert "limits" in report.sandbox
    assert not any(item.problem for item in report.recordings)
    deadline = time.monotonic() + 30
    while _workers(engine) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _workers(engine) == []
    assert not [thread for thread in threading.enumerate() if "Dask" in thread.name and not thread.daemon]


def test_a_scheduler_without_encryption_is_refused() -> None:
    with pytest.raises(UsageProblem, match="without encryption") as caught:
        DaskEngine(jobs=1, scheduler="tcp://10.0.0.7:8786")

    assert "tls://" in caught.value.hint


def test_trouble_comes_back_from_a_worker_with_its_hint() -> None:
    problem = pickle.loads(pickle.dumps(UnreadableInput("Gone.", hint="Plug it in.")))

    assert (type(problem), problem.message, problem.hint) == (UnreadableInput, "Gone.", "Plug it in.")
