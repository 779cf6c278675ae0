# SPDX-License-Identifier: Apache-2.0
"""Parts of a film, painted by processes that may die, lie or find their encoder gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

from indexer.media import iter_frames
from models.errors import StoreProblem, UnreadableInput
from review.decoding import ChildLost, child_context
from review.synopsis import LayoutOptions, Order, SynopsisOptions, SynopsisReport, crew, make_synopsis
from review.synopsis._warm import OURS, warm_up
from review.synopsis.make import _known
from review.synopsis.parts import PartPlan, cut_film, part_of
from review.synopsis.plan import SynopsisPlan, plan_synopsis
from review.synopsis.studio import ROW, Studio
from tests.synopsis.scenes import Actor, Clip, make_clip

ACTORS = (
    Actor(first=4, n_frames=60, from_xy=(10, 30), step_xy=(3, 0)),
    Actor(first=70, n_frames=50, from_xy=(200, 90), step_xy=(-3, 0), tint=(160, 60, 40)),
    Actor(first=130, n_frames=60, from_xy=(20, 150), step_xy=(3, 1), tint=(40, 60, 170)),
)
ONE_BY_ONE = SynopsisOptions(layout=LayoutOptions(density=1, order=Order.CHRONOLOGICAL))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("clip"), ACTORS, n_frames=200)


@pytest.fixture(scope="module")
def plain(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> SynopsisReport:
    return film_of(clip, tmp_path_factory.mktemp("plain") / "film.mp4", n_workers=1)


def film_of(clip: Clip, path: Path, *, n_workers: int = 2) -> SynopsisReport:
    return make_synopsis(
        clip.tracks, {clip.recording.recording_id: clip.recording}, path, ONE_BY_ONE, n_workers=n_workers
    )


def parts_of(clip: Clip) -> tuple[SynopsisPlan, list[PartPlan]]:
    recordings = {clip.recording.recording_id: clip.recording}
    plan = plan_synopsis(clip.tracks, recordings, ONE_BY_ONE)
    known, steps = _known(clip.tracks, (), recordings, plan)
    spans = cut_film(plan)
    return plan, [part_of(plan, span, ONE_BY_ONE, known=known, steps=steps, allowed=None) for span in spans]


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Kills the process that paints after its first answer, as often as the list has numbers left."""
    left: list[int] = []
    read = crew._Job.read

    def read_and_kill(job: crew._Job) -> bool:
        is_last = read(job)
        if left and not is_last:
            left.pop()
            for child in multiprocessing.active_children():
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
        return is_last

    monkeypatch.setattr(crew._Job, "read", read_and_kill)
    return left


def test_the_film_is_the_same_for_any_number_of_processes(clip: Clip, plain: SynopsisReport, tmp_path: Path) -> None:
    two = film_of(clip, tmp_path / "film.mp4", n_workers=2)

    assert len(parts_of(clip)[1]) == 2
    assert (two.film_sha256, two.map_sha256) == (plain.film_sha256, plain.map_sha256)
    assert (two.n_workers, plain.n_workers) == (2, 1)


def test_frames_of_joined_parts_lie_at_exact_times(plain: SynopsisReport) -> None:
    pts = [frame.pts_ticks for frame in iter_frames(str(plain.path))]

    assert len(pts) == round(plain.length_s * 10)
    assert {b - a for a, b in pairwise(pts)} == {pts[1]} and pts[0] == 0


def test_a_part_begins_as_if_the_film_had_been_painted_in_one_piece(clip: Clip) -> None:
    plan, parts = parts_of(clip)
    recordings = {clip.recording.recording_id: clip.recording}
    known, steps = _known(clip.tracks, (), recordings, plan)
    whole = Studio(part_of(plan, (0, plan.n_frames), ONE_BY_ONE, known=known, steps=steps, allowed=None))
    second = Studio(parts[1])

    for number in range(plan.n_frames):
        planes, drawn = whole.paint(number)
        if number < parts[1].first_frame:
            continue
        again, drawn_again = second.paint(number)
        assert [item.pts_ticks for item in drawn] == [item.pts_ticks for item in drawn_again]
        assert np.abs(planes.astype(int) - again).mean() < 0.05


def test_a_part_may_read_the_recordings_it_shows_and_no_other(clip: Clip, tmp_path: Path) -> None:
    later = make_clip(
        tmp_path, ACTORS[:1], n_frames=80, name="later.mp4", start=datetime(2026, 3, 2, 22, tzinfo=UTC), offset_ms=5000
    )
    recordings = {item.recording.recording_id: item.recording for item in (clip, later)}
    plan = plan_synopsis((*clip.tracks, *later.tracks), recordings, ONE_BY_ONE)
    known, steps = _known((*clip.tracks, *later.tracks), (), recordings, plan)

    first, last = (part_of(plan, span, ONE_BY_ONE, known=known, steps=steps, allowed=None) for span in (cut_film(plan)))

    assert first.paths == (clip.recording.path,)
    assert later.recording.path in last.paths
    assert first.panels[0].recordings == last.panels[0].recordings, "the words below the picture stay the same"


def test_painting_happens_in_the_sandbox(plain: SynopsisReport) -> None:
    assert plain.sandbox.endswith("limits")


def test_a_process_that_is_killed_is_replaced_and_the_film_is_the_same(
    clip: Clip, plain: SynopsisReport, tmp_path: Path, killing: list[int]
) -> None:
    killing.append(1)

    made = film_of(clip, tmp_path / "film.mp4", n_workers=1)

    assert killing == []
    assert (made.film_sha256, made.map_sha256) == (plain.film_sha256, plain.map_sha256)


def test_a_part_whose_process_dies_twice_is_told_in_words_and_leaves_nothing(
    clip: Clip, tmp_path: Path, killing: list[int]
) -> None:
    killing += [1, 2, 3, 4]

    with pytest.raises(UnreadableInput, match="given up between its seconds 0 and"):
        film_of(clip, tmp_path / "film.mp4", n_workers=1)

    assert list(tmp_path.iterdir()) == []


def test_a_process_that_hangs_is_given_up(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "PATIENCE_S", -1e9)

    with pytest.raises(UnreadableInput, match="crashes, hangs or takes all memory"):
        film_of(clip, tmp_path / "film.mp4")

    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_stops_is_told_in_words_and_leaves_nothing(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = crew._Job.__init__

    def start_and_kill(job: crew._Job, *arguments: object) -> None:
        start(job, *arguments)  # type: ignore[arg-type]
        job._encoder.kill()

    monkeypatch.setattr(crew._Job, "__init__", start_and_kill)

    with pytest.raises(StoreProblem, match="The film could not be written"):
        film_of(clip, tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"), [("frame", 9999), ("frame", -1), ("panel", 1), ("panel", -1), ("tube", 77), ("sample", 60)]
)
def test_a_process_that_says_what_cannot_be_is_not_believed(clip: Clip, name: str, value: int) -> None:
    part = parts_of(clip)[1][0]
    job = object.__new__(crew._Job)
    job._part, job._rows, job.n_frames = part, [], 0
    row = np.zeros(1, ROW)
    job._take(row.tobytes())
    row[name] = value

    with pytest.raises(ChildLost):
        job._take(row.tobytes())


def test_every_loop_is_compiled_before_a_process_enters_the_sandbox(clip: Clip) -> None:
    ours, theirs = child_context(crew.PRELOAD).Pipe(duplex=False)
    child = child_context(crew.PRELOAD).Process(target=_compiled_late, args=(theirs, parts_of(clip)[1][0]))

    child.start()
    n_warm, late = ours.recv()
    child.join()

    assert n_warm >= 8
    assert late == []


def _compiled_late(answers: Connection, part: PartPlan) -> None:
    """In a process that has painted nothing yet: loops compiled by warming up, and those compiled by painting after."""
    warm_up()
    before = {name: set(loop.signatures) for name, loop in _loops().items()}
    studio = Studio(part)
    for number in range(20):
        studio.paint(number)
    late = [name for name, loop in _loops().items() if set(loop.signatures) != before.get(name, set())]
    answers.send((sum(map(bool, before.values())), late))


def _loops() -> dict[str, CPUDispatcher]:
    return {
        f"{module_name}.{name}": loop
        for module_name, module in sorted(sys.modules.items())
        if module_name.startswith(OURS)
        for name, loop in vars(module).items()
        if isinstance(loop, CPUDispatcher)
    }
