# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.presenters.filters import Filters
from gui.times import format_clock
from gui.widgets import workbench as workbench_module
from gui.widgets.workbench import Workbench
from gui.window import Window
from models.errors import NotAllowed
from review.desk_values import SynopsisWish
from review.hits import TimelineKind, TimelineSpan
from tests.gui.fakes import START, FakeDesk, FakeLobby

MakeWindow = Callable[..., Window]
KEY = Qt.Key


def opened(window: Window, desk: FakeDesk) -> Workbench:
    """The workbench of a window, with the fake case open."""
    window.show_case(desk)
    assert window.workbench is not None
    return window.workbench


def searched(qtbot: QtBot, window: Window, desk: FakeDesk) -> Workbench:
    """The workbench after a search, with everything drawn."""
    bench = opened(window, desk)
    bench.filters.set_filters(Filters(purpose="véhicule vu"))
    bench.search()
    qtbot.waitUntil(lambda: bench.hits.state.result is not None and bench.is_at_rest, timeout=10_000)
    return bench


def frame_index(bench: Workbench) -> int:
    assert bench.player.state.frame is not None
    return bench.player.state.frame.index


def test_a_person_opens_a_case_from_the_start_page(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    window = make_window()
    page = window.start_page
    qtbot.waitUntil(lambda: len(window.start.state.operators) == 2)

    page.folder_chosen.emit(Path("/procedures/2026-0412"))
    qtbot.waitUntil(lambda: window.start.state.header is not None)
    qtbot.keyClicks(page.findChild(QLineEdit), "ouvre")
    qtbot.keyClick(page.findChild(QLineEdit), KEY.Key_Return)
    qtbot.waitUntil(lambda: window.workbench is not None)

    assert window.windowTitle().startswith("Procédure 2026/0412")
    assert page.findChild(QLineEdit).text() == ""


def test_a_wrong_passphrase_is_told_on_the_page(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.start.choose(Path("/procedures/2026-0412"))
    window.start_page.open_asked.emit("martin", "non", True)

    qtbot.waitUntil(lambda: window.start.state.problem is not None)

    texts = [label.text() for label in window.start_page.findChildren(QLabel) if label.isVisible()]
    assert "La phrase secrète n’ouvre pas ce dossier." in texts


def test_a_busy_case_offers_to_look_only(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    window = make_window(lobby=FakeLobby(desk=desk, is_busy=True))
    window.start.choose(Path("/procedures/2026-0412"))
    window.start_page.open_asked.emit("martin", "ouvre", True)
    qtbot.waitUntil(lambda: window.start.state.problem is not None)
    (look,) = [
        button
        for button in window.start_page.findChildren(QPushButton)
        if button.isVisible() and "consulter seulement" in button.text()
    ]

    window.start_page.findChild(QLineEdit).setText("ouvre")
    look.click()
    qtbot.waitUntil(lambda: window.workbench is not None)

    assert window.workbench is not None
    verdicts = [b for b in window.workbench.panel.findChildren(QPushButton) if b.property("verdict")]
    assert [button.isEnabled() for button in verdicts] == [False, False, False]


def test_a_folder_can_be_dropped_on_the_start_page(qtbot: QtBot, make_window: MakeWindow) -> None:
    page = make_window().start_page
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/procedures/2026-0412/case.json")])
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )

    with qtbot.waitSignal(page.folder_chosen) as chosen:
        page.dropEvent(event)

    assert chosen.args == [Path("/procedures/2026-0412")]


def test_a_search_fills_grid_lane_and_player(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)

    assert bench.results.grid.model().rowCount() == 24
    assert bench.results.lane.isVisible()
    assert frame_index(bench) == 140


def test_a_search_without_purpose_puts_the_cursor_there(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = opened(make_window(), desk)

    bench.search()

    edit = bench.filters.findChildren(QLineEdit)[0]
    assert edit.property("fault") == "true"
    assert desk.asked == []


def test_keys_split_merge_and_take_back(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    grid = bench.results.grid
    whole = bench.hits.state.hits[0].track_id
    bench.player.step(3)
    qtbot.waitUntil(lambda: bench.is_at_rest)
    grid.setFocus()

    qtbot.keyClick(grid, KEY.Key_X)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 1)
    halves = [hit.track_id for hit in bench.hits.state.hits if hit.made_by is not None]
    qtbot.keyClick(grid, KEY.Key_M)
    bench.hits.select([hit.track_id for hit in bench.hits.state.hits].index(halves[1]))
    qtbot.keyClick(grid, KEY.Key_M)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 2)
    qtbot.keyClick(grid, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 1)
    qtbot.keyClick(grid, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 0)

    assert halves == [f"{whole}-0", f"{whole}-1"]
    current = bench.hits.state.current
    assert current is not None and current.track_id == whole


def test_keys_judge_undo_and_move(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    grid = bench.results.grid
    grid.setFocus()

    qtbot.keyClick(grid, KEY.Key_V)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 1)
    qtbot.keyClick(grid, KEY.Key_R)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 2)
    qtbot.keyClick(grid, KEY.Key_D)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 3)
    moved_to = bench.hits.state.selected
    qtbot.keyClick(grid, KEY.Key_Right)
    after_arrow = bench.hits.state.selected
    qtbot.keyClick(grid, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 2)

    assert [hit.verdict for hit in bench.hits.state.hits[:3]] == ["validated", "rejected", "doubtful"]
    assert (moved_to, after_arrow, bench.hits.state.selected) == (3, 4, 2)


def test_letters_typed_into_a_field_give_no_verdict(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    qtbot.keyClick(bench.results.grid, KEY.Key_Slash)
    edit = bench.filters.findChildren(QLineEdit)[1]
    qtbot.waitUntil(edit.hasFocus)

    for letter in "vrdnbjkl":
        qtbot.keyClick(edit, letter)

    assert edit.text() == "vrdnbjkl"
    assert [name for name, _ in desk.asked if name == "verdict"] == []


def test_enter_plays_space_pauses_arrows_step_and_escape_goes_back(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    bench = searched(qtbot, make_window(), desk)
    qtbot.keyClick(bench.results.grid, KEY.Key_Return)
    qtbot.waitUntil(lambda: bench.player.state.is_playing and frame_index(bench) > 121)

    qtbot.keyClick(bench.panel, KEY.Key_Space)
    qtbot.waitUntil(lambda: not bench.player.state.is_playing and bench.is_at_rest)
    before = frame_index(bench)
    qtbot.keyClick(bench.panel, KEY.Key_Right)
    qtbot.waitUntil(lambda: frame_index(bench) == before + 1)
    qtbot.keyClick(bench.panel, KEY.Key_Left)
    qtbot.waitUntil(lambda: frame_index(bench) == before)
    qtbot.keyClick(bench.panel, KEY.Key_End)
    qtbot.waitUntil(lambda: frame_index(bench) == 167)
    qtbot.keyClick(bench.panel, KEY.Key_Home)
    qtbot.waitUntil(lambda: frame_index(bench) == 120)
    qtbot.keyClick(bench.panel, KEY.Key_Escape)

    assert bench.results.grid.hasFocus()


def test_a_time_typed_in_the_player_shows_its_frame(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    current = bench.hits.state.current
    assert current is not None and current.start_utc is not None
    bench.panel.setFocus()
    wanted = format_clock(current.start_utc + timedelta(seconds=2))

    qtbot.keyClick(bench.panel, KEY.Key_G)
    edit = bench.panel.findChild(QLineEdit)
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClicks(edit, wanted)
    qtbot.keyClick(edit, KEY.Key_Return)
    qtbot.waitUntil(lambda: bench.is_at_rest and frame_index(bench) != 140)

    frame = bench.player.state.frame
    assert frame is not None and frame.utc is not None
    assert frame.utc.replace(microsecond=0) <= current.start_utc + timedelta(seconds=2)
    assert 130 < frame.index <= 144
    assert bench.panel.hasFocus()


def test_the_loupe_has_keys(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    bench.panel.setFocus()
    whole = bench.panel.stage.scale

    qtbot.keyClick(bench.panel, KEY.Key_Plus)
    qtbot.keyClick(bench.panel, KEY.Key_Plus)
    enlarged = bench.panel.stage.scale
    qtbot.keyClick(bench.panel, KEY.Key_Minus)
    less = bench.panel.stage.scale
    qtbot.keyClick(bench.panel, KEY.Key_0)

    assert enlarged > less > whole
    assert bench.panel.stage.scale == whole


def test_space_in_the_filters_ticks_and_does_not_play(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    chip = next(b for b in bench.filters.findChildren(QPushButton) if b.text() == "Voiture")
    chip.setFocus()

    qtbot.keyClick(chip, KEY.Key_Space)

    assert chip.isChecked()
    assert not bench.player.state.is_playing


def test_a_refused_verdict_is_told_over_the_list_that_stays(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    bench = searched(qtbot, make_window(), desk)
    desk.fails_with = NotAllowed("Empowerment 7 expired.", hint="Renew it.")

    bench.hits.judge("validated")
    qtbot.waitUntil(lambda: bench.hits.state.problem is not None)

    texts = [label.text() for label in bench.results.findChildren(QLabel) if label.isVisible()]
    assert "Cet acte n’est pas permis." in texts
    assert "Empowerment 7 expired. Renew it." in texts
    assert bench.results.grid.isVisible()


def test_no_result_shows_what_was_analysed(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    desk.hits = ()

    bench = searched(qtbot, make_window(), desk)

    texts = "\n".join(label.text() for label in bench.results.findChildren(QLabel) if label.isVisible())
    assert "0 proposition" in texts
    assert "412 objets indexés" in texts
    assert "pas une preuve d’absence" in texts


def test_the_language_changes_everywhere_at_once(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    window = make_window()
    searched(qtbot, window, desk)
    french = {text for text in visible_texts(window) if text.isalpha()}

    window.toggle_language()

    english = {text for text in visible_texts(window) if text.isalpha()}
    # Words that are the same in both languages, and names.
    same = {"Relecture", "Type", "Bus", "Note", "beige", "orange", "EN", "FR"}
    assert french & english <= same
    assert "Search" in english


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("size", [(1280, 800), (1240, 720)])
def test_no_button_or_heading_is_cut_off(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, language: str, size: tuple[int, int]
) -> None:
    window = make_window(language=language)
    window.resize(*size)
    bench = searched(qtbot, window, desk)
    for section in ("upper", "lower", "bags"):
        bench.filters._sections[section].set_open(True)
    qtbot.wait(1)

    cut = [
        f"{widget.text()!r}: {widget.width()} < {widget.sizeHint().width()}"
        for widget in window.findChildren(QAbstractButton)
        if widget.isVisible() and widget.text() and widget.width() < needed_px(widget)
    ]

    assert cut == []
    assert (window.width(), window.height()) == size


def needed_px(button: QAbstractButton) -> int:
    """Width that a button's text and icon take, without padding that a style adds."""
    text = button.fontMetrics().horizontalAdvance(button.text())
    is_beside = not button.icon().isNull() and isinstance(button, QPushButton)
    return text + (button.iconSize().width() + 4 if is_beside else 0)


def visible_texts(window: QWidget) -> list[str]:
    widgets = [*window.findChildren(QLabel), *window.findChildren(QAbstractButton)]
    return [widget.text() for widget in widgets if widget.isVisible() and widget.text()]


def test_times_stand_in_a_margin_and_never_over_the_frame(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    bench = searched(qtbot, make_window(), desk)
    stage = bench.panel.stage

    over = [
        label.text()
        for label in bench.panel.findChildren(QLabel)
        if label.isVisible()
        and label.text()
        and stage.geometry().intersects(label.rect().translated(label.mapTo(bench.panel, QPoint(0, 0))))
    ]
    margin = " ".join(visible_texts(bench.panel))

    assert over == []
    assert "Corrigée 02/03/2026" in margin
    assert "affichée 20:" in margin
    assert "PTS 1050000" in margin
    assert "[P]" in margin


@pytest.mark.parametrize("language", ["fr", "en"])
def test_times_are_never_cut_off_in_the_smallest_window(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, language: str
) -> None:
    window = make_window(language=language)
    bench = searched(qtbot, window, desk)
    window.resize(window.minimumSize())
    bench.panel.resize(bench.panel.minimumWidth(), bench.panel.height())
    qtbot.wait(1)

    margin = [
        label
        for label in bench.panel.findChildren(QLabel)
        if label.isVisible() and any(word in label.text() for word in ("02/03/2026", "affich", "displayed", "PTS"))
    ]
    cut = [label.text() for label in margin if label.fontMetrics().horizontalAdvance(label.text()) > label.width()]

    assert len(margin) == 3
    assert cut == []


def colours_of(image: QImage) -> set[int]:
    return {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


def test_enlarging_repeats_pixels_and_makes_none_up(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    bench.player.toggle_box()
    stage = bench.panel.stage

    stage.zoom_by(6, at=QPointF(stage.width() * 0.45, stage.height() * 0.55))
    shown = colours_of(stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB32))

    frame = bench.player.state.frame
    assert frame is not None
    blue, green, red = (frame.image_bgr_u8[..., k].astype(int) for k in range(3))
    recorded = set((0xFF000000 | red << 16 | green << 8 | blue).ravel().tolist())
    assert stage.scale > 2
    assert shown <= recorded


def test_the_box_is_a_layer_that_can_be_turned_off(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk) -> None:
    bench = searched(qtbot, make_window(), desk)
    with_box = bench.panel.stage.grab().toImage()

    qtbot.keyClick(bench.panel, KEY.Key_B)
    without = bench.panel.stage.grab().toImage()

    yellow = 0xFFFFD400
    assert yellow in colours_of(with_box)
    assert yellow not in colours_of(without)


def test_a_note_is_stored_with_its_verdict(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = searched(qtbot, make_window(), desk)

    class Answer:
        verdict, note = "doubtful", "plaque à relire"

        def __init__(self, *_: object) -> None: ...

        def exec(self) -> QDialog.DialogCode:
            return QDialog.DialogCode.Accepted

    monkeypatch.setattr(workbench_module, "NoteDialog", Answer)
    qtbot.keyClick(bench.results.grid, KEY.Key_N)
    qtbot.waitUntil(lambda: bench.hits.state.undo_depth == 1)

    assert desk.asked[-1] == ("verdict", (bench.hits.state.hits[0].track_id, "doubtful", "plaque à relire"))


def test_an_export_goes_where_the_person_said(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench = searched(qtbot, make_window(), desk)
    monkeypatch.setattr(workbench_module, "ask_export_path", lambda *_, suggestion, **__: tmp_path / suggestion)

    bench.panel.export_asked.emit("still")
    qtbot.waitUntil(lambda: bench.exports.state.kind == "still" and not bench.exports.state.is_running)

    name, (track_id, out_path, pts) = desk.asked[-1]  # type: ignore[misc]
    assert (name, track_id, pts) == ("still", bench.hits.state.hits[0].track_id, 1_050_000)
    assert out_path.suffix == ".png"


def test_a_synopsis_shows_progress_and_can_be_cancelled(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.hold = threading.Event()
    bench = searched(qtbot, make_window(), desk)
    monkeypatch.setattr(workbench_module, "ask_export_path", lambda *_, suggestion, **__: tmp_path / suggestion)
    monkeypatch.setattr(workbench_module.SynopsisDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    bench.panel.export_asked.emit("synopsis")
    qtbot.waitUntil(lambda: desk.asked[-1][0] == "synopsis")
    cancel = next(b for b in bench.status.findChildren(QPushButton) if b.isVisible())

    cancel.click()
    desk.hold.set()

    assert bench.exports.state.was_cancelled
    assert "annulé" in " ".join(visible_texts(bench.status))


def test_a_wanted_length_is_planned_and_shown_before_it_is_written(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench = searched(qtbot, make_window(), desk)
    said: list[str] = []

    def accept(dialog: workbench_module.SynopsisDialog) -> QDialog.DialogCode:
        said.append(dialog.left_out)
        dialog.want(30)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(workbench_module.SynopsisDialog, "exec", accept)
    monkeypatch.setattr(workbench_module, "ask_export_path", lambda *_, suggestion, **__: tmp_path / suggestion)
    bench.panel.export_asked.emit("synopsis")
    qtbot.waitUntil(lambda: desk.asked[-1][0] == "synopsis")

    assert [asked[0] for asked in desk.asked[-3:]] == ["plan", "plan", "synopsis"]
    assert desk.asked[-1][1][-1] == SynopsisWish(wanted_s=30)
    assert "t-4" not in said[0] and "t-4, coupé à 21:04:11, 21:04:32. Une rencontre est coupée." in said[1]


def test_every_option_of_the_command_reaches_the_film_and_its_siblings(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wish = SynopsisWish(
        density=12,
        order="chronological",
        never_overlaps=True,
        arrangement="sequence",
        split_s=30,
        keeps_still=True,
        unmask_reason="lecture de la plaque",
        forward_speed=8,
        has_layers=True,
    )
    bench = searched(qtbot, make_window(), desk)
    asked: list[str] = []

    def accept(dialog: workbench_module.SynopsisDialog) -> QDialog.DialogCode:
        asked.append(dialog.ok.text())
        if len(asked) == 1:
            choose(dialog, wish)
            asked.append(dialog.ok.text())
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(workbench_module.SynopsisDialog, "exec", accept)
    monkeypatch.setattr(workbench_module, "ask_export_path", lambda *_, suggestion, **__: tmp_path / suggestion)
    qtbot.keyClick(bench.results.grid, KEY.Key_Y)
    qtbot.waitUntil(lambda: desk.asked[-1][0] == "synopsis")

    assert desk.asked[-1][1][-1] == wish
    assert asked == ["Choisir où l’écrire…", "Voir ce que cela donne", "Choisir où l’écrire…"]


def choose(dialog: workbench_module.SynopsisDialog, wish: SynopsisWish) -> None:
    """Choose in the dialog, field by field as a person does."""
    spins = {spin.accessibleName(): spin for spin in dialog.findChildren(QSpinBox)}
    ticks = dialog.findChildren(QCheckBox)
    boxes = {box.accessibleName(): box for box in dialog.findChildren(QComboBox)}
    spins["Durée voulue"].setValue(20)
    spins["Objets à la fois"].setValue(wish.density or 0)
    assert spins["Durée voulue"].value() == 0, "length and density exclude each other"
    spins["Couper les présences de plus de"].setValue(wish.split_s or 0)
    boxes["Ordre"].setCurrentIndex(boxes["Ordre"].findData(wish.order))
    boxes["Caméras"].setCurrentIndex(boxes["Caméras"].findData(wish.arrangement))
    for tick in ticks:
        tick.setChecked(True)
    assert not dialog.ok.isEnabled(), "nothing is unmasked without a reason"
    next(edit for edit in dialog.findChildren(QLineEdit) if edit.maxLength() == 400).setText(wish.unmask_reason)
    assert dialog.ok.isEnabled()
    next(spin for spin in spins.values() if spin.maximum() == 32).setValue(wish.forward_speed)


def test_the_window_says_how_long_a_synopsis_will_be_and_what_it_leaves_out(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = searched(qtbot, make_window(), desk)
    said: list[str] = []

    def refuse(dialog: workbench_module.SynopsisDialog) -> QDialog.DialogCode:
        said.extend([*(text.text() for text in dialog.findChildren(QLabel)), dialog.left_out])
        return QDialog.DialogCode.Rejected

    monkeypatch.setattr(workbench_module.SynopsisDialog, "exec", refuse)
    bench.panel.export_asked.emit("synopsis")
    qtbot.waitUntil(lambda: bool(said))

    shown = " ".join(said)
    assert "38,1" in shown and "30,5" in shown and "7,4" in shown
    assert "t-9" in shown and "21:03:10" in shown and "29" in shown
    assert desk.asked[-1][0] == "plan"
    assert not bench.exports.state.is_running


def test_the_window_remembers_in_one_file_under_its_home(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, tmp_path: Path
) -> None:
    window = make_window()
    searched(qtbot, window, desk)
    window.toggle_language()

    window.close()

    kept = (tmp_path / "window.ini").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["window.ini"]
    assert "language=en" in kept
    assert "véhicule" not in kept and "v\\xe9hicule" not in kept


def test_leaving_a_case_closes_it_and_another_can_be_opened(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    window = make_window()
    searched(qtbot, window, desk)

    window.leave_case()
    is_closed = desk.is_closed
    again = searched(qtbot, window, desk)

    assert is_closed
    assert all(source.is_closed for source in desk.opened[:-1])
    assert again.results.grid.model().rowCount() == 24


def test_the_dark_theme_is_remembered(qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk, tmp_path: Path) -> None:
    window = make_window()
    light = window.palette().window().color().lightness()

    window.toggle_theme()

    assert window.palette().window().color().lightness() < 64
    assert light > 128
    window.close()
    assert "theme=dark" in (tmp_path / "window.ini").read_text(encoding="utf-8")


def test_the_theatre_gives_the_player_the_page_and_escape_gives_it_back(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    bench = searched(qtbot, make_window(), desk)

    qtbot.keyClick(bench.results.grid, KEY.Key_F)
    is_alone = not bench.filters.isVisible() and not bench.results.isVisible()
    qtbot.keyClick(bench.panel, KEY.Key_Escape)

    assert is_alone
    assert bench.filters.isVisible() and bench.results.isVisible()


def test_a_click_in_the_lane_selects_the_first_hit_from_then_on(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    bench = searched(qtbot, make_window(), desk)
    lane = bench.results.lane

    qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=QPoint(18, 40))

    current = bench.hits.state.current
    assert current is not None and current.start_utc is not None
    assert current.start_utc == min(hit.start_utc for hit in bench.hits.state.hits if hit.start_utc)


def test_an_error_that_nobody_caught_is_told_and_the_page_stays(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    from review.desk_values import Problem  # noqa: PLC0415

    window = make_window()
    bench = searched(qtbot, window, desk)

    window.tell(Problem(kind="Defect", message="ZeroDivisionError: x"))

    assert "Relecture a rencontré une erreur interne." in visible_texts(bench.results)
    assert len(bench.hits.state.hits) == 24


def test_the_lanes_below_the_bars_say_what_is_known_of_the_footage(
    qtbot: QtBot, make_window: MakeWindow, desk: FakeDesk
) -> None:
    desk.timeline = (
        TimelineSpan(
            kind=TimelineKind.ANALYSED, camera="CAM-1", recording_name="a.mp4", start_utc=START,
            end_utc=START + timedelta(minutes=90),
        ),
        TimelineSpan(
            kind=TimelineKind.UNUSABLE, camera="CAM-1", recording_name="a.mp4",
            start_utc=START + timedelta(minutes=20), end_utc=START + timedelta(minutes=40),
            detail="The picture is black.", detail_fr="L’image est noire.",
        ),
    )  # fmt: skip
    lane = searched(qtbot, make_window(), desk).results.lane
    plain_height = 84

    told = {lane.told_at(QPointF(x, y)) for x in range(0, lane.width(), 4) for y in range(lane.height())}

    assert lane.height() > plain_height
    assert any("Inexploitable" in text and "L’image est noire." in text and "CAM-1" in text for text in told)
    assert any(text.startswith("Analysé") for text in told)
    assert any("proposition" in text for text in told)
