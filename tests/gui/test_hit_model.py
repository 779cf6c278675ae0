# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from gui.phrases import Phrases
from gui.presenters.hits import HitsState
from gui.widgets.hit_model import HIT_ROLE, MASKED_ROLE, PENDING_ROLE, HitModel
from gui.words import Words
from tests.gui.fakes import PALETTE, many_hits

HITS = many_hits(9)
STATE = HitsState(hits=HITS)


def make_model() -> HitModel:
    return HitModel(Phrases(Words("fr"), PALETTE))


def test_the_model_keeps_qts_contract_through_every_change(qtmodeltester: ModelTester) -> None:
    model = make_model()
    qtmodeltester.check(model)

    for state in (STATE, replace(STATE, hits=HITS[:3]), replace(STATE, hits=())):
        model.show(state)
        qtmodeltester.check(model)


def test_rows_carry_the_hits_in_order_and_what_is_said_of_them(qtbot: QtBot) -> None:
    model = make_model()

    model.show(replace(STATE, pending=frozenset({HITS[1].track_id}), unmasked=frozenset({HITS[2].track_id})))

    assert [model.index(row).data(HIT_ROLE) for row in range(9)] == list(HITS)
    assert [model.index(row).data(PENDING_ROLE) for row in range(3)] == [False, True, False]
    assert [model.index(row).data(MASKED_ROLE) for row in range(3)] == [True, True, False]
    assert "Voiture · rouge · CAM-1" in model.index(0).data()
    assert "affichée" in model.index(0).data()


def test_a_verdict_changes_rows_and_not_the_list(qtbot: QtBot) -> None:
    model = make_model()
    model.show(STATE)
    judged = replace(STATE, hits=(replace(HITS[0], verdict="validated"), *HITS[1:]))

    with qtbot.waitSignal(model.dataChanged), qtbot.assertNotEmitted(model.modelReset):
        is_other_list = model.show(judged)

    assert is_other_list is False
    assert model.index(0).data(MASKED_ROLE) is False


def test_outside_of_the_list_there_is_nothing(qtbot: QtBot) -> None:
    model = make_model()
    model.show(STATE)

    assert model.data(model.index(99), HIT_ROLE) is None
    assert model.rowCount(model.index(0)) == 0
