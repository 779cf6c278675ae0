# SPDX-License-Identifier: Apache-2.0
"""The synopsis of a case, through the door: search, log, verdicts, and the command."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.probe import probe
from indexer.segments import Segment, SegmentStats, pack, segment_name
from models.errors import UnreadableInput, UsageProblem
from review.case_folder import create_case
from review.cli import group
from review.correcting import merge_tracks
from review.corrections import take_back
from review.footage import import_footage
from review.hits import Query
from review.operators import Empowerment, Quality, create_operator
from review.recordings import read_recordings
from review.requisition import samples_requisition
from review.search import track_exists
from review.session import CaseSession
from review.synopsis import SynopsisMap, SynopsisOptions
from review.synopsis.door import case_layers, case_synopsis, gather
from review.verdicts import Decision, judge
from tests.synopsis.scenes import Actor, make_clip, tracks_of

PASSPHRASE = "correct horse battery staple"
ACTORS = (
    Actor(first=4, n_frames=40, from_xy=(10, 30), class_name="person", rows=8),
    Actor(first=80, n_frames=40, from_xy=(200, 60), step_xy=(-3, 0), class_name="car"),
    Actor(first=140, n_frames=40, from_xy=(20, 120), class_name="other"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("RELECTURE_HOME", str(folder))
    create_operator(
        operator_id="martin",
        name="Camille Martin",
        matricule="123456",
        service="Sûreté départementale",
        quality=Quality.OPJ,
        empowerment=Empowerment(number="H-1", issued=date(2020, 1, 1), issuer="DIPN", expires=date(2999, 1, 1)),
        passphrase=PASSPHRASE,
        now=datetime(2026, 3, 1, tzinfo=UTC),
    )
    patch.undo()
    return folder


@pytest.fixture(scope="module")
def case(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with one recording whose index is the truth."""
    root = tmp_path_factory.mktemp("case")
    patch = pytest.MonkeyPatch()
    patch.setenv("RELECTURE_HOME", str(home))
    clip = make_clip(root, ACTORS, n_frames=200, camera="cam1")
    window = (datetime(2026, 3, 2, 20, tzinfo=UTC), datetime(2026, 3, 2, 22, tzinfo=UTC))
    text = samples_requisition([("cam1", "Place d’Erlon")], start=window[0], end=window[1])
    create_case(root / "case", text, operator_id="martin", passphrase=PASSPHRASE)
    with CaseSession.open(root / "case", operator_id="martin", passphrase=PASSPHRASE, writing=True) as session:
        start = datetime(2026, 3, 2, 21, tzinfo=UTC)
        import_footage(session, [Path(clip.recording.path)], camera="cam1", start=start)
        (item,) = read_recordings(session)
        found = probe(item.recording.path)
        stats = SegmentStats(
            n_frames=200,
            n_decoded=200,
            n_analysed=200,
            n_detector_calls=0,
            n_keyframes_looked_at=0,
            n_noise=0,
            n_corrupt=0,
        )
        segment = Segment(
            recording_id=item.recording.recording_id,
            number=0,
            start_pts_ticks=item.recording.facts.first_pts_ticks,
            end_pts_ticks=item.recording.facts.last_pts_ticks + 1,
            profile="exhaustive",
            config_sha256="00" * 32,
            model_ids=("made@1",),
            tracks=tracks_of(ACTORS, item.recording, found.packets.pts_ticks),
            skipped=(),
            findings=(),
            stats=stats,
        )
        with session.act("index.run"):
            session.store.write(segment_name(item.recording.recording_id, 0), pack(segment)[0])
    patch.undo()
    return root / "case"


@pytest.fixture(autouse=True)
def officer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELECTURE_HOME", str(home))
    monkeypatch.setenv("RELECTURE_OPERATOR", "martin")
    monkeypatch.setenv("RELECTURE_PASSPHRASE", PASSPHRASE)


def opened(case: Path, *, writing: bool = False) -> CaseSession:
    return CaseSession.open(case, operator_id="martin", passphrase=PASSPHRASE, writing=writing)


def log_of(case: Path) -> list[dict[str, object]]:
    lines = (case / "audit" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line).get("body", json.loads(line)) for line in lines]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["synopsis", *arguments])


def test_the_film_of_a_search_shows_its_hits_and_nothing_else(case: Path, tmp_path: Path) -> None:
    with opened(case) as session:
        material = gather(session, Query(classes=("car",)), purpose="voiture rouge")
        report = case_synopsis(session, material, tmp_path / "film.mp4", SynopsisOptions())

    assert report.tracks_total == report.tracks_shown == 1
    side_map = SynopsisMap(report.map_path)
    shown = {row.track_id for number in range(40) for row in side_map.objects_of(number)}
    assert shown == {material.tracks[0].track_id}


def test_the_act_is_in_the_log_with_what_was_shown(case: Path, tmp_path: Path) -> None:
    with opened(case) as session:
        material = gather(session, Query(), purpose="vue d’ensemble")
        report = case_synopsis(session, material, tmp_path / "film.mp4", SynopsisOptions())

    text = (case / "audit" / "log.jsonl").read_text(encoding="utf-8")
    assert "synopsis.make" in text
    assert report.map_sha256 in text


def test_a_merged_track_is_shown_where_it_was_seen_and_not_in_between(case: Path, tmp_path: Path) -> None:
    with opened(case, writing=True) as session:
        person, car = gather(session, Query(), purpose="vue d’ensemble").tracks
        number = merge_tracks(session, person.track_id, car.track_id).number
        material = gather(session, Query(), purpose="un seul objet")
        report = case_synopsis(session, material, tmp_path / "film.mp4", SynopsisOptions())
        take_back(session, number)

    (merged,) = material.tracks
    side_map = SynopsisMap(report.map_path)
    rows = [row for frame in range(140) for row in side_map.objects_of(frame)]
    assert {row.track_id for row in rows} == {merged.track_id}
    shown = {row.pts_ticks for row in rows}
    assert shown <= set(merged.pts_ticks.tolist())
    assert min(shown) <= person.pts_ticks[-1] and max(shown) >= car.pts_ticks[0]


def test_heads_are_shown_only_of_validated_hits_and_for_a_logged_reason(case: Path, tmp_path: Path) -> None:
    with opened(case, writing=True) as session:
        with pytest.raises(UsageProblem, match="None of these hits is validated"):
            gather(session, Query(classes=("person",)), purpose="reconnaître", unmask=True)
        (person,) = gather(session, Query(classes=("person",)), purpose="juger").tracks
        judge(
            session,
            person.track_id,
            Decision.VALIDATED,
            note="vu",
            track_exists=lambda name: track_exists(session, name),
        )
        material = gather(session, Query(), purpose="reconnaître le sac", unmask=True)

    assert material.unmasked == {person.track_id}
    assert "unmask.synopsis" in (case / "audit" / "log.jsonl").read_text(encoding="utf-8")


def test_layers_of_each_camera_are_written(case: Path, tmp_path: Path) -> None:
    with opened(case) as session:
        material = gather(session, Query(), purpose="vue d’ensemble")
        written = case_layers(session, material, tmp_path / "layers")

    assert [path.name for path in written] == [f"cam1-{name}.png" for name in ("dwell", "heat", "hours", "paths")]


def test_the_command_reports_every_figure(case: Path, tmp_path: Path) -> None:
    result = run(str(case), "--out", str(tmp_path / "film.mp4"), "--density", "4", "--json")

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["tracks_shown"] == document["tracks_total"] == 2
    assert document["density"] == 4.0
    assert (tmp_path / "film.mp4").exists() and Path(document["map"]).exists()


def test_the_command_says_how_long_the_film_would_be_without_making_it(case: Path, tmp_path: Path) -> None:
    result = run(str(case), "--out", str(tmp_path / "film.mp4"), "--plan", "--json")

    assert json.loads(result.stdout)["length_s"] > 3
    assert not (tmp_path / "film.mp4").exists()


def test_the_length_the_bound_and_what_is_left_out_are_said_before_the_film_is_made(case: Path, tmp_path: Path) -> None:
    result = run(str(case), "--out", str(tmp_path / "film.mp4"), "--plan")

    said = " ".join(result.stderr.split())
    assert "The film lasts" in said
    assert "no film of these objects is shorter than" in said
    assert "not shown: 1 other objects of these recordings (1 other)" in said


def test_a_length_that_cannot_be_reached_is_said_and_ends_with_code_1(case: Path, tmp_path: Path) -> None:
    result = run(str(case), "--out", str(tmp_path / "film.mp4"), "--length", "1s")

    assert result.exit_code == 1
    assert "1 s cannot be reached" in result.stderr


def test_siblings_are_made_on_demand(case: Path, tmp_path: Path) -> None:
    result = run(
        str(case), "--out", str(tmp_path / "film.mp4"), "--fast-forward", str(tmp_path / "native.mp4"),
        "--layers", str(tmp_path / "layers"), "--json",
    )  # fmt: skip

    document = json.loads(result.stdout)
    assert document["fast_forward"]["frames"] > 100
    assert len(document["layers"]) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--density", "4", "--length", "60s"], "exclude each other"),
        (["--unmask"], "needs --purpose"),
        (["--length", "soon"], "not a duration"),
        (["--split", "0s"], "not a duration"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_words(
    case: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    result = run(str(case), "--out", str(tmp_path / "film.mp4"), *options)

    assert isinstance(result.exception, UsageProblem)
    assert said in result.exception.message


def test_a_film_has_the_name_of_a_film(case: Path, tmp_path: Path) -> None:
    result = run(str(case), "--out", str(tmp_path / "film.txt"))

    assert isinstance(result.exception, UsageProblem)


def test_an_original_that_has_gone_is_named(case: Path, tmp_path: Path) -> None:
    with opened(case) as session:
        (item,) = read_recordings(session)
        path = Path(item.recording.path)
        path.rename(path.with_suffix(".away"))
        try:
            with pytest.raises(UnreadableInput, match="is not there"):
                gather(session, Query(), purpose="vue d’ensemble")
        finally:
            path.with_suffix(".away").rename(path)
