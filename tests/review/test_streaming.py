# SPDX-License-Identifier: Apache-2.0
"""A process in the sandbox that answers bit by bit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import RelectureError, UnreadableInput
from review.streaming import streamed
from tests.synopsis.scenes import Actor, Clip, make_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return make_clip(tmp_path_factory.mktemp("clip"), (Actor(first=1, n_frames=5, from_xy=(10, 30)),), n_frames=10)


def _counted(n: int) -> Iterator[bytes]:
    yield from (bytes([k + 1]) for k in range(n))


def _dying() -> Iterator[bytes]:
    yield b"one"
    os._exit(3)


def _met_trouble() -> Iterator[bytes]:
    yield b"one"
    raise UnreadableInput("The file ends here.", hint="Ask for another copy.")


def _peeping(path: str) -> Iterator[bytes]:
    try:
        yield Path(path).read_bytes()
    except OSError as problem:
        yield type(problem).__name__.encode()


def test_answers_come_in_order_and_end(clip: Clip) -> None:
    with streamed(_counted, 5, recordings=[clip.recording]) as answers:
        assert list(answers) == [b"\1", b"\2", b"\3", b"\4", b"\5"]


def test_a_process_that_dies_is_told_in_words(clip: Clip) -> None:
    with (
        streamed(_dying, recordings=[clip.recording]) as answers,
        pytest.raises(UnreadableInput, match="crashes, hangs or takes all memory"),
    ):
        list(answers)


def test_trouble_reaches_the_other_side_as_it_is(clip: Clip) -> None:
    with streamed(_met_trouble, recordings=[clip.recording]) as answers:
        assert next(answers) == b"one"
        with pytest.raises(RelectureError, match="The file ends here"):
            next(answers)


def test_it_reads_its_recordings_and_nothing_else(clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"of the case")

    with streamed(_peeping, str(tmp_path / "secret"), recordings=[clip.recording]) as answers:
        assert list(answers) == [b"PermissionError"]
    with streamed(_peeping, clip.recording.path, recordings=[clip.recording]) as answers:
        assert list(answers) == [Path(clip.recording.path).read_bytes()]


def test_leaving_early_ends_the_process(clip: Clip) -> None:
    with streamed(_counted, 200, recordings=[clip.recording]) as answers:
        assert next(answers) == b"\1"
    with pytest.raises(UnreadableInput):
        next(answers)


def test_a_recording_that_has_gone_is_not_needed_to_start(clip: Clip, tmp_path: Path) -> None:
    gone = replace(clip.recording, path=str(tmp_path / "gone.mp4"))

    with streamed(_counted, 1, recordings=[gone]) as answers:
        assert list(answers) == [b"\1"]
