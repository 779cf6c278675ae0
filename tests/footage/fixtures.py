# SPDX-License-Identifier: Apache-2.0
"""What tests of import, index, search and evidence share: one home with one operator, one indexed case a run."""

from __future__ import annotations

import functools
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import review.indexing
from models.modelset import load_model_set
from review.cli import group
from review.cli._run import run_group
from review.footage import import_footage
from review.indexing import run_index
from review.session import CaseSession
from tests.clips import Clip, Mover, irregular_pts, make_clip
from tests.review.law.kit import PASSPHRASE, FakeClock, new_case, new_operator, open_session

WALKER = Mover(from_s=4.0)
LATER = Mover(start_xy_px=(320, 150), speed_xy_px_s=(-70, 0), from_s=12.0, seed=4, upper_bgr=(190, 70, 30))
DISPLAYED = datetime.fromisoformat("2026-03-02T21:00:00+01:00")
"""What the recorder shows at the first frame; the requisition covers 20:00 to 22:00 UTC."""

Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Desk:
    """A workplace: a home with an operator, a folder for cases and one with what was delivered."""

    root: Path
    clock: FakeClock

    @property
    def delivered(self) -> Path:
        """Where originals lie."""
        return self.root / "delivered"

    def case(self, name: str = "case", *, text: str | None = None) -> Path:
        """A new case."""
        return new_case(self.root / name, clock=self.clock, text=text)

    def open(self, folder: Path, *, writing: bool = True) -> CaseSession:
        """Open a case of this desk."""
        return open_session(folder, clock=self.clock, writing=writing)


def import_pair(session: CaseSession, desk: Desk, clips: tuple[Clip, Clip]) -> None:
    """Deliver copies of two clips and import them as recordings of cam1 and cam2, both displayed from the same time."""
    for clip, camera in zip(clips, ("cam1", "cam2"), strict=True):
        path = desk.delivered / clip.path.name
        shutil.copyfile(clip.path, path)
        import_footage(session, [path], camera=camera, start=DISPLAYED)


@dataclass(frozen=True)
class IndexedCase:
    """A case with a steady clip of camera cam1 and one of irregular times of cam2, indexed; do not change it."""

    folder: Path
    steady: Clip
    irregular: Clip
    content_sha256: str


_once: dict[str, Any] = {}
"""What is made once a process: two folders of tests take these fixtures, and each would make its own."""


@pytest.fixture(scope="session")
def operators_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "home" not in _once:
        _once["home"] = tmp_path_factory.mktemp("home")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELECTURE_HOME", str(_once["home"]))
            new_operator("martin")
    return Path(_once["home"])


@pytest.fixture(autouse=True)
def home(operators_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELECTURE_HOME", str(operators_home))
    monkeypatch.setenv("RELECTURE_OPERATOR", "martin")
    monkeypatch.setenv("RELECTURE_PASSPHRASE", PASSPHRASE)
    return operators_home


@pytest.fixture(scope="session", autouse=True)
def models_loaded_once() -> Iterator[None]:
    """Runs in this process share their nets; workers load their own, as always."""
    load = _once.setdefault("models", functools.lru_cache(load_model_set))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(review.indexing, "load_model_set", load)
        yield


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "delivered").mkdir()
    return Desk(root=tmp_path, clock=FakeClock())


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Clip]:
    if "clips" not in _once:
        folder = tmp_path_factory.mktemp("clips")
        movers = (WALKER, LATER)
        steady = make_clip(folder / "gare 2026-03-02 21-00-00.mp4", movers=movers, n_frames=240, b_frames=2)
        irregular = make_clip(folder / "gambetta.mp4", movers=movers, pts_ticks=irregular_pts(190), b_frames=2, seed=8)
        _once["clips"] = (steady, irregular)
    found: tuple[Clip, Clip] = _once["clips"]
    return found


@pytest.fixture(scope="session")
def indexed_case(
    tmp_path_factory: pytest.TempPathFactory, clips: tuple[Clip, Clip], operators_home: Path, models_loaded_once: None
) -> IndexedCase:
    if "case" not in _once:
        _once["case"] = _index_both(tmp_path_factory.mktemp("indexed"), clips, operators_home)
    found: IndexedCase = _once["case"]
    return found


def _index_both(root: Path, clips: tuple[Clip, Clip], home_folder: Path) -> IndexedCase:
    copies = []
    for clip in clips:
        copies.append(replace(clip, path=root / clip.path.name))
        shutil.copyfile(clip.path, copies[-1].path)
    clock = FakeClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELECTURE_HOME", str(home_folder))
        folder = new_case(root / "case", clock=clock)
        with open_session(folder, clock=clock) as session:
            import_footage(session, [copies[0].path], camera="cam1", start=DISPLAYED, clock_offset_ms=-60_000)
            import_footage(session, [copies[1].path], camera="cam2", start=DISPLAYED)
            report = run_index(session, jobs=1)
    return IndexedCase(folder=folder, steady=copies[0], irregular=copies[1], content_sha256=report.content_sha256)


@pytest.fixture
def session(indexed_case: IndexedCase, desk: Desk) -> Iterator[CaseSession]:
    """The indexed case, open for reading."""
    with open_session(indexed_case.folder, clock=desk.clock, writing=False) as opened:
        yield opened


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``relecture`` in this process; gives exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["relecture", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run_group(group)
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return call


def acts_of(session: CaseSession) -> list[tuple[str, str]]:
    """(act, phase) of every record of a case's log."""
    return [(str(body.get("act", "")), str(body.get("phase", ""))) for body in bodies_of(session.folder)]


def bodies_of(folder: Path) -> list[dict[str, Any]]:
    """What every record of a case's log says."""
    return [json.loads(line)["body"] for line in (folder / "audit" / "log.jsonl").read_text().splitlines()]
