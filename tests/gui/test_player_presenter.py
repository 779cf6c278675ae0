# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from gui.presenters.player import N_THUMBS, PlayerPresenter, PlayerState
from gui.runner import ImmediateRunner
from tests.gui.fakes import START, FakeClock, FakeDesk, make_hit
from tests.gui.manual_runner import ManualRunner


class View:
    def __init__(self) -> None:
        self.states: list[PlayerState] = []
        self.is_ticking = False

    def show_player(self, state: PlayerState) -> None:
        self.states.append(state)

    def set_ticking(self, is_ticking: bool) -> None:
        self.is_ticking = is_ticking


class Panel:
    """A player on a fake case of three hits."""

    def __init__(self, runner: ImmediateRunner | ManualRunner | None = None) -> None:
        self.desk = FakeDesk(hits=(make_hit(1), make_hit(2), make_hit(3, at=None)))
        self.view, self.clock = View(), FakeClock()
        self.player = PlayerPresenter(
            desk=self.desk, view=self.view, runner=runner or ImmediateRunner(), now_s=self.clock
        )

    @property
    def state(self) -> PlayerState:
        return self.player.state

    @property
    def index(self) -> int:
        assert self.state.frame is not None
        return self.state.frame.index

    def after(self, seconds: float) -> int:
        """The frame on the screen after some seconds of ticks."""
        for _ in range(round(seconds * 32)):
            self.clock.now_s += 1 / 32
            self.player.tick()
        return self.index


@pytest.fixture
def panel() -> Panel:
    made = Panel()
    made.player.open(make_hit(1))
    return made


def test_opening_a_hit_shows_its_best_frame_with_all_that_identifies_it(panel: Panel) -> None:
    frame = panel.state.frame

    assert frame is not None
    assert (frame.index, frame.pts_ticks, frame.picture_type) == (140, 1_050_000, "P")
    assert frame.media_s == Fraction(35, 3)
    assert frame.utc == START + timedelta(seconds=20 / 12)
    assert frame.displayed is not None
    assert frame.box_xyxy_px is not None


def test_a_shown_frame_cannot_be_written_to(panel: Panel) -> None:
    assert panel.state.frame is not None
    with pytest.raises(ValueError, match="read-only"):
        panel.state.frame.image_bgr_u8[0, 0, 0] = 1


def test_stepping_goes_exactly_one_frame_and_pauses(panel: Panel) -> None:
    panel.player.play()

    panel.player.step(1)
    panel.player.step(1)
    panel.player.step(-1)

    assert (panel.index, panel.state.is_playing) == (141, False)


def test_stepping_stops_at_both_ends_of_the_recording(panel: Panel) -> None:
    panel.player.seek(0)
    panel.player.step(-1)
    first = panel.index
    panel.player.seek(10_000)
    panel.player.step(1)

    assert (first, panel.index) == (0, 399)


def test_outside_of_the_hit_there_is_no_box(panel: Panel) -> None:
    panel.player.seek(10)

    assert panel.state.frame is not None
    assert panel.state.frame.box_xyxy_px is None


def test_home_end_and_best_go_to_the_hits_own_frames(panel: Panel) -> None:
    places = []
    for act in (panel.player.to_first, panel.player.to_last, panel.player.to_best):
        act()
        places.append(panel.index)

    assert places == [120, 167, 140]


def test_playing_follows_the_frames_own_times(panel: Panel) -> None:
    panel.player.to_first()
    panel.player.play()

    assert panel.after(1.0) == 132
    assert panel.view.is_ticking


def test_playing_ends_at_the_end_of_the_hit_and_starts_over(panel: Panel) -> None:
    panel.player.play()
    end = panel.after(5)
    is_over = not panel.state.is_playing
    panel.player.play()

    assert (end, is_over) == (167, True)
    assert panel.after(0.5) == 126


def test_a_slow_decoder_drops_frames_and_keeps_the_clock() -> None:
    runner = ManualRunner()
    panel = Panel(runner)
    panel.player.open(make_hit(1))
    runner.run_all()
    panel.player.to_first()
    runner.run_all()
    panel.player.play()

    for _ in range(8):
        panel.clock.now_s += 1 / 8
        panel.player.tick()
    n_waiting = len(runner.waiting)
    runner.run_all()
    panel.player.tick()
    runner.run_all()

    assert n_waiting == 1
    assert panel.index == 132


def test_a_clock_that_is_not_established_leaves_times_empty() -> None:
    panel = Panel()

    panel.player.open(make_hit(3, at=None))

    assert panel.state.frame is not None
    assert (panel.state.frame.utc, panel.state.frame.displayed) == (None, None)
    assert panel.player.seek_utc(START) is False


def test_l_doubles_and_j_turns_back(panel: Panel) -> None:
    speeds = []
    for act in (panel.player.faster, panel.player.faster, panel.player.slower, panel.player.slower):
        act()
        speeds.append(panel.state.speed)

    assert speeds == [1, 2, 1, Fraction(1, 2)]


def test_playing_backward_goes_to_the_hits_first_frame(panel: Panel) -> None:
    panel.player.slower()

    assert panel.state.speed == -1
    assert panel.after(1.0) == 128
    assert panel.after(2.0) == 120


def test_a_typed_time_shows_the_last_frame_at_or_before_it(panel: Panel) -> None:
    assert panel.player.seek_utc(START + timedelta(seconds=1, milliseconds=10))

    assert panel.index == 132
    assert panel.player.seek_utc(START + timedelta(days=1)) is False


def test_a_damaged_frame_is_told_the_last_good_one_stays_and_a_step_goes_over_it(panel: Panel) -> None:
    panel.desk.broken_frames = frozenset({141})

    panel.player.step(1)
    told, shown = panel.state.problem, panel.index
    panel.player.step(1)

    assert told is not None and told.kind == "UnreadableInput"
    assert shown == 140
    assert (panel.index, panel.state.problem) == (142, None)


def test_thumbnails_span_the_hit_in_time_order(panel: Panel) -> None:
    indices = [thumb.index for thumb in panel.state.thumbs]

    assert len(indices) == N_THUMBS
    assert (indices[0], indices[-1]) == (120, 167)
    assert indices == sorted(set(indices))


def test_thumbnails_show_the_object_and_what_is_around_it(panel: Panel) -> None:
    shapes = [thumb.image_bgr_u8.shape for thumb in panel.state.thumbs]

    assert all(height <= 260 and width <= 260 for height, width, _ in shapes)
    assert all(height > 60 for height, _, _ in shapes)


def test_another_hit_drops_the_late_answer_of_the_first_and_closes_its_recording() -> None:
    runner = ManualRunner()
    panel = Panel(runner)

    panel.player.open(make_hit(1))
    runner.run_next()
    runner.run_next(deliver=False)
    panel.player.open(make_hit(2))
    runner.run_all()

    assert panel.state.hit is not None and panel.state.hit.track_id == make_hit(2).track_id
    assert [source.is_closed for source in panel.desk.opened] == [True, False]


def test_closing_closes_every_recording(panel: Panel) -> None:
    panel.player.open(make_hit(2))

    panel.player.close()

    assert [source.is_closed for source in panel.desk.opened] == [True, True]


def test_a_hit_that_cannot_be_opened_is_told(panel: Panel) -> None:
    panel.player.open(make_hit(77))

    assert panel.state.problem is not None
    assert panel.state.problem.kind == "UnknownReference"
    assert panel.state.is_opening is False


def test_enter_plays_from_the_first_frame() -> None:
    panel = Panel()

    panel.player.open(make_hit(1), plays=True)

    assert (panel.index, panel.state.is_playing) == (120, True)


def test_the_box_can_be_turned_off_and_stays_off_for_the_next_hit(panel: Panel) -> None:
    panel.player.toggle_box()
    panel.player.open(make_hit(2))

    assert panel.state.shows_box is False


def test_frames_seen_lately_are_not_decoded_again(panel: Panel) -> None:
    source = panel.desk.opened[0]
    panel.player.step(1)
    n_before = len(source.decoded)

    panel.player.step(-1)
    panel.player.step(1)

    assert len(source.decoded) == n_before
