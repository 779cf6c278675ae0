# SPDX-License-Identifier: Apache-2.0
"""Zones set aside by an officer: checked, logged, applied at the next run, told wherever coverage is, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from indexer.background import estimate_background
from indexer.config import IndexConfig
from indexer.motion import MotionModel
from indexer.zones import corners_text, watched_only, zones_mask
from models.detectors import Detections
from models.errors import Tampered, UnknownReference, UsageProblem
from models.modelset import load_model_set
from review.evidence import analysis_facts
from review.finding_words import french_sentence
from review.footage import import_footage
from review.hits import Query
from review.indexing import run_index
from review.search import index_of, search
from review.session import CaseSession
from review.zones import all_zones, applied_zones, set_aside, standing_zones, take_zone_back
from tests.clips import Mover, make_clip
from tests.footage.fixtures import DISPLAYED, Desk, Run, bodies_of
from tests.footage.in_process import InProcess

ABOVE = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 6), speed_xy_px_s=(30, 0), from_s=3.0)
BELOW = Mover(size_wh_px=(16, 36), start_xy_px=(160, 76), speed_xy_px_s=(-30, 0), from_s=10.0, seed=5)
UPPER_HALF = ((0.0, 0.0), (160.0, 0.0), (160.0, 60.0), (0.0, 60.0))
REASON = "drapeau"


@pytest.fixture
def case(desk: Desk) -> Iterator[CaseSession]:
    """A case with the same two walkers before each of two cameras, not indexed yet."""
    with desk.open(desk.case()) as session:
        for camera in ("cam1", "cam2"):
            path = desk.delivered / f"{camera}.mp4"
            n_frames = 240 if camera == "cam1" else 230
            clip = make_clip(path, n_frames=n_frames, movers=(ABOVE, BELOW), size_wh_px=(160, 120), gop=8)
            import_footage(session, [clip.path], camera=camera, start=DISPLAYED)
        yield session


def test_what_moves_in_a_zone_is_left_out_at_the_next_run_and_comes_back_with_the_zone(case: CaseSession) -> None:
    whole = run_index(case, engine=InProcess())
    (watched,) = [track for track in index_of(case).tracks if track.camera == "cam1" and track.pts_ticks[0] > 9 * 12800]

    zone = set_aside(case, UPPER_HALF, reason=REASON, camera="cam1")
    without = run_index(case, engine=InProcess())
    left = [track.track_id for track in index_of(case).tracks if track.camera == "cam1"]
    told = search(case, Query(), purpose="essai").coverage.zones
    facts = analysis_facts(case)
    take_zone_back(case, zone.number, reason="le drapeau est parti")
    again = run_index(case, engine=InProcess())

    assert [item.tracks for item in whole.recordings] == [2, 2]
    assert ([item.tracks for item in without.recordings], without.n_segments_made) == ([1, 2], 1)
    assert left == [watched.track_id]
    assert len(told) == 1 and told[0].startswith("cam1: Zone 1 of 1 set aside by an officer: 50.")
    assert without.config_sha256.count(", ") == 1 and whole.config_sha256 in without.config_sha256
    (applied,) = facts.zones
    assert applied.record == zone and "écartée par un enquêteur" in (french_sentence(applied.detail) or "")
    assert (again.content_sha256, again.config_sha256) == (whole.content_sha256, whole.config_sha256)
    assert applied_zones(case, index_of(case)) == ()


def test_a_zone_and_its_taking_back_are_in_the_log_and_in_the_list(case: CaseSession, desk: Desk) -> None:
    first, _ = _recordings(case)
    zone = set_aside(case, UPPER_HALF, reason=REASON, recording_id=first)
    back = take_zone_back(case, 1, reason="erreur")

    assert [(record.number, record.takes_back) for record in all_zones(case)] == [(1, 0), (2, 1)]
    assert standing_zones(case) == () and back.recording_id == zone.recording_id == first
    acts = [body for body in bodies_of(desk.root / "case") if body.get("act") in {"index.zone", "index.zone_back"}]
    asked = [body["detail"] for body in acts if body["phase"] == "intent"]
    assert asked[0]["corners_px"] == corners_text(UPPER_HALF) and asked[0]["reason"] == REASON
    assert asked[1] == {"zone": 1, "reason": "erreur"}
    with pytest.raises(UnknownReference, match="no zone 1 that stands"):
        take_zone_back(case, 1, reason="encore")


def _recordings(session: CaseSession) -> list[str]:
    names = session.store.names("recordings/")
    return [str(json.loads(session.store.read(name))["recording_id"]) for name in names]


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        (((0, 0), (10, 0)), "3 to 64 corners, not 2"),
        (((0, 0), (161, 0), (10, 50)), "161,0 lies outside the picture of 160 x 120 px"),
        (((0, 0), (float("nan"), 0), (10, 50)), "nan,0 lies outside"),
        (((0, 0), (100, 100), (100, 0), (0, 100)), "sides of the zone cross"),
        (((0, 0), (3, 0), (3, 3)), "too little to be meant"),
        (((0, 0), (160, 0), (160, 120), (0, 120)), "100% of the picture would not be watched"),
    ],
)
def test_a_polygon_that_cannot_be_meant_is_refused_with_its_reason(
    case: CaseSession, corners: tuple[tuple[float, float], ...], said: str
) -> None:
    with pytest.raises(UsageProblem, match=said):
        set_aside(case, corners, reason=REASON, camera="cam1")

    assert all_zones(case) == ()


def test_zones_may_not_together_leave_next_to_nothing(case: CaseSession) -> None:
    set_aside(case, UPPER_HALF, reason=REASON, camera="cam1")

    with pytest.raises(UsageProblem, match="would not be watched"):
        set_aside(case, ((0, 58), (160, 58), (160, 118), (0, 118)), reason=REASON, camera="cam1")


@pytest.mark.parametrize(
    ("place", "reason", "said"),
    [
        ({}, REASON, "one camera or of one recording"),
        ({"camera": "cam1", "recording_id": "r-1"}, REASON, "one camera or of one recording"),
        ({"camera": "cam1"}, "  ", "needs a reason"),
    ],
)
def test_a_zone_without_place_or_reason_is_refused(
    case: CaseSession, place: dict[str, str], reason: str, said: str
) -> None:
    with pytest.raises(UsageProblem, match=said):
        set_aside(case, UPPER_HALF, reason=reason, **place)
    with pytest.raises(UnknownReference, match="no recording of cam9"):
        set_aside(case, UPPER_HALF, reason=REASON, camera="cam9")


def test_cameras_of_several_picture_sizes_ask_for_one_recording(case: CaseSession, desk: Desk) -> None:
    clip = make_clip(desk.delivered / "large.mp4", n_frames=30, size_wh_px=(320, 240))
    import_footage(case, [clip.path], camera="cam1", start=DISPLAYED)

    with pytest.raises(UsageProblem, match=r"several picture sizes \(160 x 120, 320 x 240 px\)"):
        set_aside(case, UPPER_HALF, reason=REASON, camera="cam1")


def test_a_damaged_zone_keeps_index_from_running_without_it(case: CaseSession) -> None:
    set_aside(case, UPPER_HALF, reason=REASON, camera="cam1")
    with case.act("index.zone"):
        case.store.write("zones/000001.json", b"{}")

    with pytest.raises(Tampered, match="is not a zone"):
        run_index(case, engine=InProcess())


def test_the_command_sets_aside_lists_and_removes(case: CaseSession, desk: Desk, run: Run) -> None:
    folder = str(desk.root / "case")
    case.close()

    code, out, _ = run("zones", "add", folder, "--camera", "cam1", "--zone", "0,0 160,0 160,60", "--reason", "mât")
    listed = run("zones", "list", folder, "--json")
    wrong = run("zones", "add", folder, "--camera", "cam1", "--zone", "0,0 9", "--reason", "mât")
    removed = run("zones", "remove", folder, "1", "--reason", "parti")

    assert code == 0 and out == "1: camera cam1, corners 0,0 160,0 160,60 px\n"
    (document,) = json.loads(listed[1])
    assert (document["stands"], document["reason"], document["camera"]) == (True, "mât", "cam1")
    assert wrong[0] == 2 and "does not read" in wrong[2]
    assert removed[0] == 0 and "watched again" in removed[1]


def test_a_configuration_without_zones_has_the_digest_that_it_had_before_there_were_any() -> None:
    models = load_model_set("fast")
    zone = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0))

    assert "ignored_px" not in IndexConfig().values(models)
    assert IndexConfig(ignored_px=(zone,)).digest(models) != IndexConfig().digest(models)


def test_zones_that_overlap_cover_both_and_only_who_stands_inside_is_left_out() -> None:
    one, other = (
        ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)),
        ((20.0, 0.0), (60.0, 0.0), (60.0, 40.0), (20.0, 40.0)),
    )
    mask = zones_mask((one, other), source_wh_px=(100, 100), size_wh_px=(50, 50))
    found = Detections(
        boxes_xyxy_px=np.array([[20, 10, 30, 38], [25, 10, 35, 80], [20, 20, 28, 30]], np.float32),
        scores=np.ones(3, np.float32),
        labels=("person", "person", "backpack"),
    )

    kept = watched_only(found, (one, other))

    assert mask[:20, :30].all() and not mask[25:, :].any() and not mask[:, 32:].any()
    assert kept.labels == ("person", "backpack") and kept.boxes_xyxy_px[0].tolist() == [25, 10, 35, 80]


def test_most_of_what_is_watched_is_a_change_of_the_picture_also_where_a_zone_takes_half_of_it() -> None:
    scene = np.full((120, 160, 3), 90, np.uint8)
    model = MotionModel(estimate_background([scene] * 12))
    mask = np.zeros((120, 160), np.uint8)
    mask[60:] = 255
    upper = zones_mask((UPPER_HALF,), source_wh_px=(160, 120), size_wh_px=(160, 120))

    model.ignore(upper)
    assert not model.is_global_change(mask)
    model.ignore(upper, watched_unit=1 - float(upper.mean()))
    assert model.is_global_change(mask)
