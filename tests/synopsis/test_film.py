# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from indexer.media import iter_frames
from models.errors import AlreadyThere, Defect, StoreProblem, ToolMissing
from review.film import FilmWriter
from review.film_draft import ffmpeg_program

GREY = np.full((64, 96, 3), 120, np.uint8)


def write(path: Path, n_frames: int = 10, comment: str = "né d'un test") -> None:
    with FilmWriter(path, size_wh_px=(96, 64), rate=Fraction(30000, 1001)) as film:
        for _ in range(n_frames):
            film.write(GREY)
        film.finish(comment=comment, title="SYNTHÈSE")


def described(path: Path) -> str:
    found = subprocess.run([ffmpeg_program(), "-hide_banner", "-i", str(path)], capture_output=True, check=False)
    return found.stderr.decode()


def test_a_film_is_h264_yuv420p_and_starts_with_its_index(tmp_path: Path) -> None:
    write(tmp_path / "film.mp4")

    content = (tmp_path / "film.mp4").read_bytes()
    text = described(tmp_path / "film.mp4")
    assert content.index(b"moov") < content.index(b"mdat")
    assert "h264" in text and "yuv420p" in text and "29.97 fps" in text


def test_every_frame_comes_back_and_so_do_the_words(tmp_path: Path) -> None:
    write(tmp_path / "film.mp4")

    frames = list(iter_frames(str(tmp_path / "film.mp4")))
    assert len(frames) == 10
    assert abs(int(frames[3].image_u8.mean()) - 120) <= 3
    assert "né d'un test" in described(tmp_path / "film.mp4")
    assert "SYNTHÈSE" in described(tmp_path / "film.mp4")


def test_equal_frames_give_equal_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one.mp4")
    write(tmp_path / "two.mp4")

    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_a_film_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with FilmWriter(tmp_path / "film.mp4", size_wh_px=(96, 64), rate=Fraction(25)) as film:
        film.write(GREY)

    assert list(tmp_path.iterdir()) == []


def test_an_error_while_painting_leaves_nothing(tmp_path: Path) -> None:
    def paint() -> None:
        with FilmWriter(tmp_path / "film.mp4", size_wh_px=(96, 64), rate=Fraction(25)) as film:
            film.write(GREY)
            raise RuntimeError("painting")

    with pytest.raises(RuntimeError, match="painting"):
        paint()

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"mine")

    with pytest.raises(AlreadyThere, match=r"film\.mp4 exists already"):
        write(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == b"mine"


def test_an_encoder_that_stops_is_told_in_words(tmp_path: Path) -> None:
    def write_on(film: FilmWriter) -> None:
        for _ in range(2000):
            film.write(GREY)

    with FilmWriter(tmp_path / "film.mp4", size_wh_px=(96, 64), rate=Fraction(25)) as film:
        os.kill(film.encoder_pid, signal.SIGKILL)
        with pytest.raises(StoreProblem, match="The film could not be written"):
            write_on(film)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreProblem, match="cannot be written"):
        FilmWriter(tmp_path / "file" / "film.mp4", size_wh_px=(96, 64), rate=Fraction(25))


def test_an_odd_size_is_our_own_mistake(tmp_path: Path) -> None:
    with pytest.raises(Defect, match="97 x 64"):
        FilmWriter(tmp_path / "film.mp4", size_wh_px=(97, 64), rate=Fraction(25))


def test_a_missing_ffmpeg_program_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise RuntimeError

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)

    with pytest.raises(ToolMissing, match="ffmpeg program"):
        ffmpeg_program()
