# SPDX-License-Identifier: Apache-2.0
"""The desk on a real, small case: what the window shows is what review holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gui.pool import PoolRunner
from gui.presenters.filters import CLASSES, Filters
from gui.settings import Settings
from gui.window import Window
from gui.words import Words
from models.errors import AlreadyThere, CaseBusy, NotAllowed, OutOfScope, UnreadableInput, UsageProblem, WrongKey
from review import desk as desk_module
from review.desk import Desk, Lobby, palette
from review.desk_values import SynopsisWish
from review.hits import Hit, Query
from tests.gui.real_case import N_FRAMES, OPERATOR, PASSPHRASE, START, make_real_case

EVERYTHING = Query(classes=CLASSES)


class _Going:
    """A long act that nobody stops."""

    is_cancelled = False

    def __init__(self) -> None:
        self.fractions: list[float] = []

    def report(self, fraction: float) -> None:
        self.fractions.append(fraction)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("RELECTURE_HOME")
    os.environ["RELECTURE_HOME"] = str(home)
    try:
        yield make_real_case(tmp_path_factory.mktemp("made"))
    finally:
        os.environ.pop("RELECTURE_HOME")
        if before is not None:
            os.environ["RELECTURE_HOME"] = before


@pytest.fixture
def desk(case: Path) -> Iterator[Desk]:
    made = Lobby().open(case, operator_id=OPERATOR, passphrase=PASSPHRASE, writing=True)
    yield made
    made.close()


@pytest.fixture
def hit(desk: Desk) -> Hit:
    """What walks through the yard: the hit that is seen longest."""
    hits = desk.search(EVERYTHING, purpose="essai").hits
    return max(hits, key=lambda item: item.last_frame - item.first_frame)


def log_of(case: Path) -> list[dict[str, object]]:
    lines = (case / "audit" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["body"] for line in lines]


def test_the_lobby_lists_operators_and_reads_the_header(case: Path) -> None:
    lobby = Lobby()

    header = lobby.peek(case)

    assert [choice.operator_id for choice in lobby.operators()] == [OPERATOR]
    assert header.operator_ids == (OPERATOR,)
    assert header.created_utc is not None


def test_a_folder_that_is_no_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="not a case"):
        Lobby().peek(tmp_path)


def test_a_wrong_passphrase_opens_nothing(case: Path) -> None:
    with pytest.raises(WrongKey):
        Lobby().open(case, operator_id=OPERATOR, passphrase="autre", writing=True)


def test_the_card_says_what_the_requisition_says(desk: Desk) -> None:
    card = desk.card

    assert card.title.startswith("DEMO-2026-001 — Démonstration")
    assert card.legal_basis.startswith("L’article 60-1")
    assert card.operator == "OPJ Camille Martin"
    assert (card.cameras, card.n_recordings, card.can_judge) == (("cour",), 1, True)
    assert card.from_utc == (START - timedelta(hours=1)).astimezone(UTC)


def test_every_colour_of_the_model_has_a_swatch_with_names() -> None:
    swatches = palette()

    assert len({swatch.rgb_u8 for swatch in swatches}) == len(swatches)
    assert all(swatch.french and swatch.english for swatch in swatches)


def test_a_second_window_can_only_look(case: Path, desk: Desk) -> None:
    with pytest.raises(CaseBusy):
        Lobby().open(case, operator_id=OPERATOR, passphrase=PASSPHRASE, writing=True)

    second = Lobby().open(case, operator_id=OPERATOR, passphrase=PASSPHRASE, writing=False)
    track_id = second.search(EVERYTHING, purpose="essai").hits[0].track_id

    assert second.card.can_judge is False
    with pytest.raises(NotAllowed, match="to look only"):
        second.record_verdict(track_id, "validated", "")
    second.close()


def test_a_search_finds_what_walked_by_with_both_times(hit: Hit) -> None:
    assert hit.start_utc is not None and hit.displayed_start is not None
    assert hit.start_utc - hit.displayed_start == timedelta(minutes=30)
    assert 10 <= hit.first_frame <= 30
    assert 50 <= hit.last_frame <= 70


def test_a_search_without_purpose_is_refused_by_the_door(desk: Desk) -> None:
    with pytest.raises(UsageProblem):
        desk.search(EVERYTHING, purpose=" ")


def test_frames_are_the_very_pixels_of_the_recording(case: Path, desk: Desk, hit: Hit) -> None:
    source = desk.frames(hit.track_id)
    with av.open(str(case.parent / "cour.mp4")) as container:
        frames = [(frame.pts, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]

    assert source.n_frames == N_FRAMES
    for index in (0, hit.first_frame, source.best_index, 33, 32, 31, N_FRAMES - 1, 5):
        pts, image = frames[index]
        assert source.pts_ticks(index) == pts
        assert np.array_equal(source.image_bgr_u8(index), image)
    assert source.box(source.best_index) is not None
    assert source.picture_type(0) == "I"
    source.close()


def test_frames_outside_the_requisition_are_refused_even_when_stepped_to(
    desk: Desk, hit: Hit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.frames(hit.track_id)
    allowed = ((first.pts_ticks(0), first.pts_ticks(50)),)
    first.close()
    monkeypatch.setattr(desk_module.CaseRecording, "allowed_ticks", lambda _: allowed)

    source = desk.frames(hit.track_id)

    assert source.image_bgr_u8(49).shape == (240, 320, 3)
    with pytest.raises(OutOfScope, match="outside the requisition"):
        source.image_bgr_u8(50)
    source.close()


def test_looking_verdict_and_unmasking_are_in_the_log(case: Path, desk: Desk, hit: Hit) -> None:
    desk.frames(hit.track_id).close()
    desk.record_verdict(hit.track_id, "validated", "vu de face")
    desk.log_unmask(hit.track_id, reason="vérifier le couvre-chef")

    told = [(body["act"], body.get("purpose")) for body in log_of(case) if body.get("phase") == "intent"]
    text = (case / "audit" / "log.jsonl").read_text(encoding="utf-8")

    assert ("unmask.show", "vérifier le couvre-chef") in told
    assert {"view.frames", "verdict.add"} <= {act for act, _ in told}
    assert "vu de face" not in text
    again = next(item for item in desk.search(EVERYTHING, purpose="essai").hits if item.track_id == hit.track_id)
    assert (again.verdict, again.verdict_note) == ("validated", "vu de face")


def test_a_split_from_the_window_is_searched_for_at_once_and_taken_back(case: Path, desk: Desk, hit: Hit) -> None:
    middle = (hit.first_pts_ticks + hit.last_pts_ticks) // 2
    desk.record_verdict(hit.track_id, "rejected", "")

    made = desk.split_track(hit.track_id, at_pts_ticks=middle)
    after = {item.track_id: item for item in desk.search(EVERYTHING, purpose="essai").hits}
    merged = desk.merge_tracks(*made.track_ids)
    for number in (merged.number, made.number):
        back = desk.take_back_correction(number)

    assert hit.track_id not in after
    assert [after[name].made_by.kind for name in made.track_ids if after[name].made_by] == ["split", "split"]
    assert back.track_ids == (hit.track_id,)
    told = [body["act"] for body in log_of(case) if body.get("phase") == "intent"]
    assert [act for act in told if act.startswith("tracks.")] == [
        "tracks.split",
        "tracks.merge",
        "tracks.undo",
        "tracks.undo",
    ]


def test_unmasking_needs_a_reason(desk: Desk, hit: Hit) -> None:
    with pytest.raises(UsageProblem):
        desk.log_unmask(hit.track_id, reason=" ")


def test_a_crop_is_a_picture(desk: Desk, hit: Hit) -> None:
    assert desk.crop_jpeg(hit.track_id).startswith(b"\xff\xd8")


def test_still_and_clip_are_written_once_and_never_over_another(desk: Desk, hit: Hit, tmp_path: Path) -> None:
    still, clip = tmp_path / "a.png", tmp_path / "a.mp4"

    desk.export_still(hit.track_id, out_path=still, pts_ticks=hit.first_pts_ticks)
    desk.export_clip(hit.track_id, out_path=clip)

    assert still.stat().st_size > 1000 and clip.stat().st_size > 1000
    with pytest.raises(AlreadyThere):
        desk.export_still(hit.track_id, out_path=still, pts_ticks=None)


@pytest.mark.slow
def test_a_synopsis_and_its_siblings_are_written_with_progress(desk: Desk, hit: Hit, tmp_path: Path) -> None:
    going, wish = _Going(), SynopsisWish(forward_speed=4, has_layers=True)

    desk.make_synopsis(EVERYTHING, purpose="essai", out_path=tmp_path / "film.mp4", progress=going, wish=wish)

    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert (tmp_path / "film-avance-rapide.mp4").stat().st_size > 1000
    assert len(list((tmp_path / "film-calques").glob("*.png"))) == 4
    with pytest.raises(AlreadyThere, match="avance-rapide"):
        desk.make_synopsis(EVERYTHING, purpose="essai", out_path=tmp_path / "film.mp4", progress=going, wish=wish)
    assert going.fractions == sorted(going.fractions)
    assert going.fractions[-1] == pytest.approx(1.0, abs=0.05)


def test_the_window_works_on_a_real_case(qtbot: QtBot, case: Path, tmp_path: Path) -> None:
    window = Window(lobby=Lobby(), settings=Settings(tmp_path), words=Words("fr"), runner=PoolRunner())
    window.show()
    window.begin_with(case, OPERATOR, PASSPHRASE)
    qtbot.waitUntil(lambda: window.workbench is not None, timeout=20_000)
    bench = window.workbench
    assert bench is not None
    bench.filters.set_filters(Filters(purpose="essai de la fenêtre", classes=CLASSES))

    bench.search()
    qtbot.waitUntil(lambda: bench.hits.state.result is not None and bench.is_at_rest, timeout=20_000)
    bench.player.step(1)
    qtbot.waitUntil(lambda: bench.is_at_rest, timeout=20_000)
    bench.hits.judge("doubtful")
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 1, timeout=20_000)

    frame = bench.player.state.frame
    assert frame is not None and frame.utc is not None
    assert bench.hits.state.problem is None and bench.player.state.problem is None
    window.close()
    reopened = Lobby().open(case, operator_id=OPERATOR, passphrase=PASSPHRASE, writing=True)
    reopened.close()
