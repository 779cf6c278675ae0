# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gui.presenters.filters import Filters, query_of
from gui.presenters.hits import TAKEN_BACK_NOTE, HitsPresenter, HitsState, is_masked, sorted_hits
from gui.runner import ImmediateRunner
from models.errors import NotAllowed
from review.hits import Hit, Query
from tests.gui.fakes import START, FakeDesk, make_hit, many_hits

ASK = Filters(purpose="véhicule vu")


class View:
    def __init__(self) -> None:
        self.states: list[HitsState] = []

    def show_hits(self, state: HitsState) -> None:
        self.states.append(state)


class Page:
    """The list of hits on a fake case."""

    def __init__(self, desk: FakeDesk | None = None) -> None:
        self.desk = desk or FakeDesk(hits=many_hits(12))
        self.view = View()
        self.selected: list[Hit | None] = []
        self.presenter = HitsPresenter(
            desk=self.desk, view=self.view, runner=ImmediateRunner(), selected=self.selected.append
        )

    @property
    def state(self) -> HitsState:
        return self.presenter.state

    def acts(self, name: str) -> list[object]:
        return [detail for act, detail in self.desk.asked if act == name]


@pytest.fixture
def page() -> Page:
    made = Page()
    made.presenter.search(ASK)
    return made


def test_a_search_without_a_purpose_is_not_made() -> None:
    page = Page()

    page.presenter.search(Filters(classes=("car",)))

    assert page.state.faults == (("purpose", "missing"),)
    assert page.desk.asked == []


def test_a_search_asks_for_exactly_what_was_ticked_and_typed() -> None:
    page = Page()

    page.presenter.search(
        Filters(
            purpose=" vol ", text=" rouge ", classes=("car",), colours=("red",), upper=("blue",), lower=("grey",),
            bags=("backpack",), cameras=("CAM-1",), from_text="21:00", to_text="22:30",
        )
    )  # fmt: skip

    query, purpose = page.acts("search")[0]  # type: ignore[misc]
    assert purpose == "vol"
    assert query == Query(
        classes=("car",), colours=("red",), upper=("blue",), lower=("grey",), bags=("backpack",), cameras=("CAM-1",),
        from_utc=START.replace(hour=20, minute=0, second=0), to_utc=START.replace(hour=21, minute=30, second=0),
        text="rouge",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "fault"),
    [
        (Filters(purpose="x", from_text="midi"), ("from", "unreadable")),
        (Filters(purpose="x", to_text="25h"), ("to", "unreadable")),
        (Filters(purpose="x", from_text="22:00", to_text="21:00"), ("to", "before-from")),
    ],
)
def test_a_field_at_fault_stops_the_search_and_is_named(filters: Filters, fault: tuple[str, str]) -> None:
    page = Page()

    page.presenter.search(filters)

    assert page.state.faults == (fault,)
    assert page.desk.asked == []


def test_a_doubled_hour_warns_and_searches() -> None:
    asked = query_of(Filters(purpose="x", from_text="25/10/2026 02:30"), day=None)

    assert asked.query is not None
    assert asked.warnings == (("from", "doubled"),)


def test_the_first_hit_is_selected_and_told(page: Page) -> None:
    assert page.state.selected == 0
    assert page.selected[-1] == page.state.hits[0]


def test_a_failed_search_keeps_the_last_good_list(page: Page) -> None:
    before = page.state.hits
    page.desk.fails_with = NotAllowed("Expired.", hint="Renew.")

    page.presenter.search(ASK)

    assert page.state.hits == before
    assert page.state.problem is not None and page.state.problem.kind == "NotAllowed"
    assert page.state.is_searching is False


@pytest.mark.parametrize("order", ["score", "time", "camera"])
def test_orders_are_total_and_repeatable(order: str) -> None:
    hits = (*many_hits(20), make_hit(98, at=None), make_hit(99, at=None))

    once = sorted_hits(hits, order)  # type: ignore[arg-type]
    again = sorted_hits(tuple(reversed(hits)), order)  # type: ignore[arg-type]

    assert once == again


def test_hits_without_a_clock_come_last_by_time() -> None:
    hits = sorted_hits((make_hit(1, at=None), make_hit(2)), "time")

    assert [hit.start_utc is None for hit in hits] == [False, True]


def test_sorting_otherwise_keeps_the_selected_hit(page: Page) -> None:
    page.presenter.select(5)
    chosen = page.state.current

    page.presenter.set_order("time")

    assert page.state.current == chosen


def test_a_verdict_is_shown_once_recorded_and_the_next_hit_comes(page: Page) -> None:
    track_id = page.state.hits[0].track_id

    page.presenter.judge("validated")

    assert page.acts("verdict") == [(track_id, "validated", "")]
    assert page.state.hits[0].verdict == "validated"
    assert page.state.selected == 1
    assert [state.hits[0].verdict for state in page.view.states if state.pending] == [""]


def test_a_refused_verdict_is_not_shown(page: Page) -> None:
    page.desk.fails_with = NotAllowed("Expired.", hint="Renew.")

    page.presenter.judge("validated")

    assert page.state.hits[0].verdict == ""
    assert (page.state.pending, page.state.undo_depth) == (frozenset(), 0)
    assert page.state.problem is not None


def test_the_same_verdict_twice_is_recorded_once(page: Page) -> None:
    page.presenter.judge("rejected")
    page.presenter.select(0)

    page.presenter.judge("rejected")

    assert len(page.acts("verdict")) == 1


def test_undo_restores_the_verdict_before(page: Page) -> None:
    page.presenter.judge("validated", note="vu")
    page.presenter.judge("rejected")
    page.presenter.select(7)

    page.presenter.undo()

    assert page.acts("verdict")[-1] == (page.state.hits[0].track_id, "validated", "vu")
    assert page.state.hits[0].verdict == "validated"
    assert (page.state.selected, page.state.undo_depth) == (0, 1)


def test_undoing_a_first_verdict_leaves_a_doubtful_one_that_says_why(page: Page) -> None:
    page.presenter.judge("validated")

    page.presenter.undo()

    assert page.acts("verdict")[-1] == (page.state.hits[0].track_id, "doubtful", TAKEN_BACK_NOTE)
    assert page.state.notice == "verdict.undone.doubtful"


def test_a_hit_is_split_before_the_frame_shown_and_the_first_half_is_selected(page: Page) -> None:
    hit = page.state.hits[2]
    page.presenter.select(2)

    page.presenter.split(hit.first_pts_ticks + 7500)

    assert page.acts("split") == [(hit.track_id, hit.first_pts_ticks + 7500)]
    assert page.state.current is not None and page.state.current.made_by is not None
    assert (page.state.current.made_by.kind, page.state.current.made_by.track_ids) == ("split", (hit.track_id,))
    assert (page.state.notice, page.state.undo_depth, page.state.pending) == ("correction.split", 1, frozenset())


@pytest.mark.parametrize("offset", [None, 0, 48 * 7500])
def test_a_frame_outside_the_hit_splits_nothing_and_says_what_to_do(page: Page, offset: int | None) -> None:
    page.presenter.split(None if offset is None else page.state.hits[0].first_pts_ticks + offset)

    assert page.acts("split") == []
    assert page.state.notice == "correction.frame"


def test_two_hits_are_merged_by_marking_one_and_choosing_the_other(page: Page) -> None:
    one, other = page.state.hits[1].track_id, page.state.hits[4].track_id
    page.presenter.select(1)
    page.presenter.mark_or_merge()
    assert (page.state.marked, page.state.notice) == (one, "correction.marked")
    page.presenter.select(4)

    page.presenter.mark_or_merge()

    assert page.acts("merge") == [(one, other)]
    assert page.state.current is not None and page.state.current.track_id == "t-merged"
    assert (page.state.marked, page.state.undo_depth) == ("", 1)


def test_marking_the_marked_hit_takes_the_mark_off(page: Page) -> None:
    page.presenter.mark_or_merge()
    page.presenter.mark_or_merge()

    assert (page.state.marked, page.acts("merge")) == ("", [])


def test_undo_takes_back_corrections_and_verdicts_in_the_order_they_were_made(page: Page) -> None:
    hit = page.state.hits[0]
    page.presenter.judge("doubtful", note="à revoir")
    page.presenter.split(hit.first_pts_ticks + 7500)

    page.presenter.undo()
    assert page.acts("take_back") == [1]
    assert page.state.current is not None and page.state.current.track_id == hit.track_id
    assert (page.state.notice, page.state.undo_depth) == ("correction.undone", 1)
    page.presenter.undo()

    assert page.acts("verdict")[-1][2] == TAKEN_BACK_NOTE


def test_a_correction_that_is_refused_leaves_the_list_as_it_was(page: Page) -> None:
    before = page.state.hits
    page.desk.fails_with = NotAllowed("It is validated.", hint="Judge it anew.")

    page.presenter.split(page.state.hits[0].first_pts_ticks + 7500)

    assert page.state.hits == before
    assert page.state.problem is not None
    assert (page.state.pending, page.state.undo_depth) == (frozenset(), 0)


def test_a_case_opened_to_look_only_takes_no_correction(page: Page) -> None:
    page.desk.card = replace(page.desk.card, can_judge=False)

    page.presenter.split(page.state.hits[0].first_pts_ticks + 7500)
    page.presenter.mark_or_merge()

    assert (page.acts("split"), page.state.marked) == ([], "")


def test_a_note_keeps_the_hit_selected(page: Page) -> None:
    page.presenter.judge("doubtful", note="  plaque à relire ")

    assert page.state.current is not None
    assert page.state.current.verdict_note == "plaque à relire"
    assert page.state.selected == 0


def test_a_case_opened_to_look_only_takes_no_verdict(page: Page) -> None:
    page.desk.card = replace(page.desk.card, can_judge=False)

    page.presenter.judge("validated")

    assert page.acts("verdict") == []


def test_pictures_are_masked_until_validated_or_unmasked_for_a_reason(page: Page) -> None:
    hit = page.state.hits[0]
    assert is_masked(hit, page.state.unmasked)

    page.presenter.unmask("  ")
    assert is_masked(hit, page.state.unmasked)
    page.presenter.unmask(" vérifier le couvre-chef ")

    assert not is_masked(hit, page.state.unmasked)
    assert page.acts("unmask") == [(hit.track_id, "vérifier le couvre-chef")]
    assert not is_masked(make_hit(1, verdict="validated"), frozenset())
    assert is_masked(make_hit(1, verdict="doubtful"), frozenset())


def test_an_unmasking_that_cannot_be_logged_does_not_happen(page: Page) -> None:
    page.desk.fails_with = NotAllowed("Expired.", hint="Renew.")

    page.presenter.unmask("vérifier")

    assert page.state.unmasked == frozenset()
    assert page.state.problem is not None


def test_going_to_a_time_selects_the_first_hit_from_then_on(page: Page) -> None:
    later = sorted(hit.start_utc for hit in page.state.hits if hit.start_utc)

    assert page.presenter.go_to_moment(later[4] - timedelta(seconds=1))

    assert page.state.current is not None
    assert page.state.current.start_utc == later[4]


def test_going_to_a_time_after_the_last_hit_says_so(page: Page) -> None:
    assert page.presenter.go_to("23:59") is False
    assert page.state.notice == "goto.none"


def test_going_to_what_is_no_time_says_so(page: Page) -> None:
    assert page.presenter.go_to("bientôt") is False
    assert page.state.notice == "goto.unreadable"


@pytest.mark.parametrize(
    ("text", "holds", "notice"),
    [("21:05", True, ""), ("21:05", False, "player.elsewhere"), ("midi", True, "goto.unreadable")],
)
def test_a_time_typed_at_the_player_is_shown_or_told(page: Page, text: str, holds: bool, notice: str) -> None:
    shown = page.presenter.show_moment(text, show=lambda _: holds)

    assert shown is (notice == "")
    assert page.state.notice == notice


def test_an_empty_result_still_comes_with_its_coverage() -> None:
    page = Page(FakeDesk())

    page.presenter.search(ASK)

    assert page.state.hits == ()
    assert page.state.result is not None
    assert page.state.result.coverage.n_recordings == 6
    assert page.selected == [None]
