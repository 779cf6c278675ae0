# SPDX-License-Identifier: Apache-2.0
"""Footage is decoded where nothing else can be reached, and a child that dies costs one stretch at most."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from indexer.probe import probe, sha256_of_file
from models.errors import NotFootage, UnreadableInput
from review import decoding
from review.decoding import ChildLost, DecodingChild, SegmentWork, probe_in_child
from review.engines import LocalEngine
from review.footage import import_footage
from review.indexing import run_index
from review.session import CaseSession
from tests.clips import Clip
from tests.footage.escape import ATTEMPTS, attempt_everything
from tests.footage.fixtures import DISPLAYED, Desk, import_pair

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is of Linux")


@pytest.fixture(scope="module")
def escape(tmp_path_factory: pytest.TempPathFactory, clips: tuple[Clip, Clip]) -> list[str]:
    """What a process in the sandbox says of its attempts to get out."""
    folder = tmp_path_factory.mktemp("evidence")
    for name in ("one.mp4", "other.mp4"):
        shutil.copyfile(clips[0].path, folder / name)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=attempt_everything, args=(theirs, folder, os.getpid())
    )
    process.start()
    theirs.close()
    said = []
    while True:
        try:
            said.append(ours.recv_bytes().decode())
        except EOFError:
            break
    process.join()
    return said


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_way_out_is_denied(escape: list[str], attempt: str) -> None:
    layer = ATTEMPTS[attempt].layer
    if layer not in escape[0]:
        pytest.skip(f"this machine has no {layer}: {escape[0]}")

    assert any(line.startswith(f"denied {attempt}") for line in escape), escape


def test_in_the_sandbox_footage_decodes_and_threads_run(escape: list[str], clips: tuple[Clip, Clip]) -> None:
    assert escape[-2:] == ["threads run", f"decoded {len(clips[0].pts_ticks)}"]
    assert len(escape) == len(ATTEMPTS) + 3


def test_a_probe_in_the_sandbox_says_what_one_outside_says(clips: tuple[Clip, Clip]) -> None:
    for clip in clips:
        path = str(clip.path)
        inside, outside = probe_in_child(path, hashed=sha256_of_file(path)), probe(path)
        assert (inside.facts, inside.findings, inside.sha256) == (outside.facts, outside.findings, outside.sha256)
        assert (inside.packets.pts_ticks == outside.packets.pts_ticks).all()
        assert (inside.packets.is_key == outside.packets.is_key).all()


def test_what_a_child_refuses_is_refused_in_the_same_words(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no film")
    with pytest.raises(NotFootage) as inside:
        probe_in_child(str(path), hashed=sha256_of_file(str(path)))
    with pytest.raises(NotFootage) as outside:
        probe(str(path))

    assert (inside.value.message, inside.value.hint) == (outside.value.message, outside.value.hint)


def test_the_passphrase_is_not_in_the_environment_of_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELECTURE_PASSPHRASE", "geheim")
    with DecodingChild(readable=[]) as child:
        assert child.held
        own = Path(f"/proc/{child._process.pid}/environ").read_bytes()

    assert b"geheim" not in own
    assert os.environ["RELECTURE_PASSPHRASE"] == "geheim"


def test_a_child_that_is_killed_is_lost_and_not_waited_for() -> None:
    with DecodingChild(readable=[]) as child:
        assert child.held
        os.kill(child._process.pid or 0, signal.SIGKILL)
        with pytest.raises(ChildLost):
            child.answer()


def test_a_file_that_hangs_the_decoder_is_given_up(clips: tuple[Clip, Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(clips[0].path)
    monkeypatch.setattr(decoding, "PROBE_PATIENCE_S", -1e9)

    with pytest.raises(NotFootage, match="crashed or hung"):
        probe_in_child(path, hashed=sha256_of_file(path))


class _Killer(LocalEngine):
    """Kills the child that works on one recording, so many times."""

    def __init__(self, victim: str, times: int) -> None:
        super().__init__(jobs=1)
        self.left = times
        self.victim = victim
        self._start = DecodingChild.start

    def start(self, child: DecodingChild, work: SegmentWork) -> None:
        self._start(child, work)
        if self.victim in work.recording.path and self.left:
            self.left -= 1
            os.kill(child._process.pid or 0, signal.SIGKILL)


def _let_kill(monkeypatch: pytest.MonkeyPatch, engine: _Killer) -> None:
    def start(child: DecodingChild, work: SegmentWork) -> None:
        engine.start(child, work)

    monkeypatch.setattr(DecodingChild, "start", start)


@pytest.fixture
def two(desk: Desk, clips: tuple[Clip, Clip]) -> Iterator[CaseSession]:
    with desk.open(desk.case()) as session:
        import_pair(session, desk, clips)
        yield session


@pytest.fixture
def whole(desk: Desk, clips: tuple[Clip, Clip]) -> Generator[str, None, None]:
    with desk.open(desk.case("whole")) as session:
        import_pair(session, desk, clips)
        yield run_index(session, jobs=1).content_sha256


def test_a_child_that_dies_once_is_replaced_and_nothing_is_lost(
    two: CaseSession, whole: str, clips: tuple[Clip, Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _Killer(clips[0].path.name, times=1)
    _let_kill(monkeypatch, engine)

    report = run_index(two, engine=engine)

    assert engine.left == 0
    assert report.content_sha256 == whole
    assert "limits" in report.sandbox
    assert not any(item.problem for item in report.recordings)


def test_a_stretch_on_which_children_die_twice_is_named_and_the_rest_is_indexed(
    two: CaseSession, clips: tuple[Clip, Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _Killer(clips[0].path.name, times=2)
    _let_kill(monkeypatch, engine)

    report = run_index(two, engine=engine)

    problems = {item.file: item.problem for item in report.recordings}
    assert "died twice between 0 s and" in problems[clips[0].path.name]
    assert problems[clips[1].path.name] == ""


def test_the_only_recording_on_which_children_die_ends_the_run_with_a_hint(
    desk: Desk, clips: tuple[Clip, Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _Killer(clips[0].path.name, times=2)
    with desk.open(desk.case()) as session:
        import_footage(session, [clips[0].path], camera="cam1", start=DISPLAYED)
        _let_kill(monkeypatch, engine)

        with pytest.raises(UnreadableInput, match="died twice") as caught:
            run_index(session, engine=engine)

    assert "--jobs 1" in caught.value.hint
