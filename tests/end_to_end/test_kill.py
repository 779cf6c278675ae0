# SPDX-License-Identifier: Apache-2.0
"""A process that is killed, paused or stopped at any point leaves a case that the same command takes to its result."""

from __future__ import annotations

import functools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from review.footage import import_footage
from review.indexing import run_index
from review.recordings import read_recordings
from review.search import Query, search
from review.session import CaseSession
from tests.clips import Mover, irregular_pts, make_clip
from tests.footage.fixtures import DISPLAYED, Desk, bodies_of

N_RECORDINGS = 5
PATIENCE_S = 120.0
COMMAND = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from review.cli import main; main()"
"""As from a terminal: what is started in the background of a script may ignore Ctrl-C from its first moment on."""


def _start(*arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _wait_until(process: subprocess.Popen[bytes], is_time: Callable[[], bool]) -> None:
    """Until a condition holds, or the process ended by itself."""
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and not is_time():
        assert time.monotonic() < deadline, "the process came no further"
        time.sleep(0.005)


def _n_segments(folder: Path) -> int:
    return len(list((folder / "blobs" / "segments").glob("*/*.age")))


def _kill_when(process: subprocess.Popen[bytes], is_time: Callable[[], bool], *, delay_s: float) -> bool:
    """Kill a process and its workers once a condition holds; False when it ended before."""
    _wait_until(process, is_time)
    time.sleep(delay_s)
    was_running = process.poll() is None
    if was_running:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    return was_running


@pytest.fixture
def delivered(desk: Desk) -> list[Path]:
    mover = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=2.0)
    return [
        make_clip(
            desk.delivered / f"cam{i}.mp4",
            movers=(mover,),
            size_wh_px=(160, 120),
            gop=8,
            pts_ticks=irregular_pts(100, seed=i),
            seed=i,
        ).path
        for i in range(N_RECORDINGS)
    ]


def _imported(session: CaseSession, files: list[Path]) -> None:
    for file in files:
        import_footage(session, [file], camera="cam1", start=DISPLAYED)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_index_killed_again_and_again_ends_as_one_made_in_one_go(
    desk: Desk, delivered: list[Path], jobs: int
) -> None:
    chance = random.Random(jobs)
    folder = desk.case()
    with desk.open(folder) as session:
        _imported(session, delivered)
    with desk.open(desk.case("whole")) as session:
        _imported(session, delivered)
        whole = run_index(session, jobs=1)

    def has_made(n_segments: int) -> bool:
        return _n_segments(folder) >= n_segments

    n_killed = 0
    for wanted in (1, 3) if jobs == 1 else (2,):
        process = _start("index", folder, "--jobs", jobs)
        n_killed += _kill_when(process, functools.partial(has_made, wanted), delay_s=chance.random() * 0.15)
    with desk.open(folder) as session:
        left = len(session.store.names("segments/"))
        resumed = run_index(session, jobs=1)

    assert n_killed > 0, "the runs were killed and did not end by themselves"
    assert left > 0
    assert resumed.content_sha256 == whole.content_sha256
    assert resumed.n_segments_made == N_RECORDINGS - left


@pytest.mark.slow
def test_an_index_is_searched_while_it_is_made_and_goes_on_after_a_pause_and_a_stop(
    desk: Desk, delivered: list[Path]
) -> None:
    folder = desk.case()
    with desk.open(folder) as session:
        _imported(session, delivered)

    # Why: one worker, so that much is still to do when the second segment is there.
    process = _start("index", folder, "--jobs", 1)
    _wait_until(process, lambda: _n_segments(folder) >= 1)
    os.killpg(process.pid, signal.SIGSTOP)
    with desk.open(folder, writing=False) as reader:
        n_found_while_paused = search(reader, Query(), purpose="essai").coverage.n_recordings_indexed
    os.killpg(process.pid, signal.SIGCONT)
    _wait_until(process, lambda: _n_segments(folder) > n_found_while_paused)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=30)[1].decode()
    with desk.open(folder) as session:
        resumed = run_index(session, jobs=1)
    with desk.open(desk.case("whole")) as session:
        _imported(session, delivered)
        whole = run_index(session, jobs=1)

    assert 1 <= n_found_while_paused < N_RECORDINGS
    assert process.returncode == 130
    assert said.strip() == "Interrupted. What was committed is kept; run the same command to go on."
    assert [body["outcome"] for body in bodies_of(folder) if body.get("act") == "index.run" and "outcome" in body] == [
        "interrupted",
        "done",
    ]
    assert resumed.content_sha256 == whole.content_sha256
    assert resumed.n_segments_made < N_RECORDINGS


def test_an_import_killed_while_it_reads_leaves_no_half_recording(desk: Desk, delivered: list[Path]) -> None:
    folder = desk.case()
    packets = folder / "blobs" / "packets"

    process = _start("import", folder, *delivered, "--camera", "cam1")
    _kill_when(process, packets.exists, delay_s=0.0)
    with desk.open(folder) as session:
        for item in read_recordings(session):
            assert session.store.exists(f"packets/{item.recording.recording_id}.npz")
        report = import_footage(session, delivered, camera="cam1")
        n_recordings = len(read_recordings(session))

    assert n_recordings == N_RECORDINGS
    assert {item.outcome for item in report.items} <= {"imported", "duplicate"}
