# SPDX-License-Identifier: Apache-2.0
"""Commands of import, index, search and evidence: JSON on stdout, all else on stderr, exit codes by kind of trouble."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.clips import Clip, Mover, make_clip
from tests.corpus.make import Corpus
from tests.footage.fixtures import Desk, IndexedCase, Run, bodies_of

START = "2026-03-02T21:00:00+01:00"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    mover = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=3.0)
    return make_clip(tmp_path / "small.mp4", movers=(mover,), size_wh_px=(160, 120), gop=8, n_frames=110).path


def _one_line_and_hint(err: str) -> bool:
    lines = err.strip().splitlines()
    return lines[0].startswith("relecture: ") and len(lines) == 2 and lines[1].startswith("  ")


def _hits(run: Run, case: IndexedCase, *options: object) -> list[dict[str, Any]]:
    code, out, _ = run("search", case.folder, "--purpose", "essai", "--json", *options)
    assert code == 0
    hits: list[dict[str, Any]] = json.loads(out)["hits"]
    return hits


def test_import_reports_each_file_as_json(run: Run, desk: Desk, small: Path) -> None:
    case = desk.case()

    code, out, err = run(
        "import",
        case,
        small,
        "--camera",
        "cam1",
        "--start",
        START,
        "--clock-offset=-3792s",
        "--piece",
        "PV-3",
        "--json",
    )

    document = json.loads(out)
    (file,) = document["files"]
    assert (code, document["format"], file["outcome"]) == (0, "relecture-import-1", "imported")
    assert (file["frames"], file["codec"], file["size_wh_px"]) == (110, "h264", [160, 120])
    assert (file["start_utc"], file["clock_offset_ms"]) == ("2026-03-02T21:03:12.000000Z", -3_792_000)
    assert file["findings"] == [] and len(file["sha256"]) == 64
    assert "{" not in err


def test_import_tells_a_person_the_digest_on_stdout_and_findings_on_stderr(run: Run, desk: Desk, small: Path) -> None:
    code, out, err = run("import", desk.case(), small, "--camera", "cam1")

    assert code == 0
    assert out.startswith("imported: small.mp4 = r-") and "sha256 " in out and len(out.splitlines()) == 1
    assert "clock_unknown: No displayed start was given" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("{small}", "--camera", "cam9"), 12, "does not name a camera"),
        (("{small}", "--camera", "cam1", "--start", "2026-03-09T21:00:00+01:00"), 12, "outside the requisition"),
        (("{small}", "--camera", "cam1", "--start", "21:00"), 2, "is not a time"),
        (("{small}", "--camera", "cam1", "--start", "2026-03-02T21:00:00"), 2, "offset from UTC"),
        (("{small}", "--camera", "cam1", "--clock-offset", "soon"), 2, "is not a clock offset"),
        (("{root}/gone.mp4", "--camera", "cam1"), 10, "does not exist"),
        (("{root}/empty", "--camera", "cam1"), 10, "holds no video file"),
        (("{broken}/text.mp4", "--camera", "cam1"), 11, "is not footage"),
        (("{broken}/empty.mp4", "--camera", "cam1"), 11, "is empty"),
        (("{broken}/trunc_nomoov.mp4", "--camera", "cam1"), 11, "is not footage"),
    ],
)
def test_import_refuses_with_one_line_a_hint_and_the_code_of_the_trouble(
    run: Run,
    desk: Desk,
    small: Path,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    broken = Corpus(tmp_path_factory.getbasetemp() / "corpus")
    for name in ("text.mp4", "empty.mp4", "trunc_nomoov.mp4"):
        broken.path(name)
    (desk.root / "empty").mkdir()
    places = {"small": small, "root": desk.root, "broken": broken.folder}

    found, out, err = run("import", desk.case(), *(part.format(**places) for part in arguments))

    assert (found, out) == (code, "")
    assert said in err and _one_line_and_hint(err), err


def test_damage_in_the_evidence_ends_import_and_index_with_1_and_is_named(run: Run, desk: Desk, small: Path) -> None:
    case = desk.case()
    broken = desk.delivered / "broken.mp4"
    content = small.read_bytes()
    broken.write_bytes(content + b"\x00" * len(content))

    code, out, err = run("import", case, broken, "--camera", "cam1", "--start", START)
    assert code == 1
    assert out.startswith("imported: broken.mp4") and "bytes_unaccounted: " in err
    assert run("index", case, "--jobs", "1")[0] == 1


def test_import_of_several_files_goes_on_past_a_broken_one_and_exits_1(run: Run, desk: Desk, small: Path) -> None:
    shutil.copyfile(small, desk.delivered / "good.mp4")
    (desk.delivered / "bad.mp4").write_text("rien")

    code, out, _ = run("import", desk.case(), desk.delivered, "--camera", "cam1", "--json")

    assert code == 1
    assert [file["outcome"] for file in json.loads(out)["files"]] == ["refused", "imported"]


def test_index_reports_each_recording_as_json_and_does_nothing_twice(run: Run, desk: Desk, small: Path) -> None:
    case = desk.case()
    run("import", case, small, "--camera", "cam1", "--start", START)

    code, out, _ = run("index", case, "--jobs", "1", "--json")
    again = json.loads(run("index", case, "--jobs", "1", "--json")[1])

    report = json.loads(out)
    (recording,) = report["recordings"]
    assert code == 0
    assert report["format"] == "relecture-index-report-1" and len(report["content_sha256"]) == 64
    for name in (
        "footage_s",
        "frames",
        "frames_decoded",
        "spans_skipped",
        "wall_s",
        "cpu_s",
        "peak_memory_mib",
        "findings",
    ):
        assert name in recording
    assert recording["frames"] == 110 and recording["peak_memory_mib"] > 0
    assert (again["n_segments_made"], again["content_sha256"]) == (0, report["content_sha256"])


def test_index_names_an_original_that_has_gone(run: Run, desk: Desk, small: Path) -> None:
    case = desk.case()
    other = make_clip(desk.delivered / "other.mp4", n_frames=20, seed=5).path
    run("import", case, small, "--camera", "cam1", "--start", START)
    run("import", case, other, "--camera", "cam2", "--start", START)
    other.unlink()

    code, out, err = run("index", case, "--jobs", "1")

    assert code == 1
    assert "small.mp4 (cam1): 1 tracks" in out
    assert "not indexed:" in err and "other.mp4" in err


def test_index_without_recordings_or_with_an_unsafe_or_needless_scheduler_says_so(run: Run, desk: Desk) -> None:
    case = desk.case()

    assert run("index", case)[0] == 10
    for options in (("--scheduler", "tls://a:8786"), ("--engine", "dask", "--scheduler", "tcp://10.0.0.7:8786")):
        code, out, err = run("index", case, *options)
        assert (code, out) == (2, "") and _one_line_and_hint(err)


def test_tracks_come_as_one_object_each_with_what_the_contract_names(run: Run, indexed_case: IndexedCase) -> None:
    code, out, err = run("tracks", indexed_case.folder, "--json")

    tracks = json.loads(out)
    assert (code, len(tracks), err) == (0, 4, "")
    for track in tracks:
        assert {
            "track_id", "recording", "camera", "class", "start_utc", "end_utc", "first_pts", "last_pts", "first_frame",
            "last_frame", "attributes",
        } <= track.keys()  # fmt: skip
    assert {track["recording"] for track in tracks} == {indexed_case.steady.path.name, indexed_case.irregular.path.name}


@pytest.mark.parametrize("which", ["steady", "irregular"])
def test_the_start_of_a_track_is_right_to_the_frame_on_any_clock(
    run: Run, indexed_case: IndexedCase, which: str
) -> None:
    clip: Clip = getattr(indexed_case, which)
    tracks = [
        item
        for item in json.loads(run("tracks", indexed_case.folder, "--json")[1])
        if item["recording"] == clip.path.name
    ]
    zero = datetime(2026, 3, 2, 20, tzinfo=UTC) + timedelta(minutes=1 if which == "steady" else 0)

    for track, mover in zip(tracks, clip.movers, strict=True):
        enters = clip.frames_in_view(mover)[0]
        shows = clip.frames_in_view(mover, least_width_px=6)[0]
        said = (datetime.fromisoformat(track["start_utc"]) - zero).total_seconds()
        assert said == pytest.approx(clip.time_s(track["first_frame"]), abs=1e-6)
        assert enters <= track["first_frame"] <= shows + 1
        assert track["first_pts"] == clip.pts_ticks[track["first_frame"]]


def test_tracks_are_written_for_other_programs(run: Run, indexed_case: IndexedCase, tmp_path: Path) -> None:
    out_folder, table = tmp_path / "mot", tmp_path / "tracks.parquet"

    code, out, err = run("tracks", indexed_case.folder, "--mot", out_folder, "--parquet", table)

    assert (code, out) == (0, "")
    assert "wrote" in err
    assert sorted(path.name for path in out_folder.iterdir()) == ["gambetta.txt", "gare 2026-03-02 21-00-00.txt"]
    assert pq.read_table(table).num_rows == 4
    assert run("tracks", indexed_case.folder, "--parquet", table)[0] == 15
    assert run("tracks", indexed_case.folder, "--mot", out_folder)[0] == 15


def test_search_answers_with_hits_and_coverage_on_stdout(run: Run, indexed_case: IndexedCase) -> None:
    code, out, err = run("search", indexed_case.folder, "--purpose", "essai", "--class", "other", "--json")

    document = json.loads(out)
    assert (code, err, document["format"]) == (0, "", "relecture-search-1")
    assert document["coverage"]["n_recordings_indexed"] == 2
    assert document["coverage"]["analysed_s"] == document["coverage"]["footage_s"]
    assert all(hit["class"] == "other" for hit in document["hits"])


def test_search_tells_a_person_both_times_and_what_was_analysed(run: Run, indexed_case: IndexedCase) -> None:
    everything = [part for name in ("other", "vehicle", "person", "bicycle") for part in ("--class", name)]

    code, out, _ = run("search", indexed_case.folder, "--purpose", "essai", *everything, "--camera", "cam1")

    assert code == 0
    first, *_, last = out.splitlines()
    assert "2026-03-02 21:01:0" in first and "(recorder 21:00:0" in first
    assert "propositions to check by eye. Analysed:" in last


def test_local_times_are_those_of_the_officer(run: Run, indexed_case: IndexedCase) -> None:
    options = ("--class", "other", "--class", "vehicle", "--class", "person", "--class", "bicycle", "--camera", "cam2")

    all_of_it = _hits(run, indexed_case, *options)
    local = _hits(run, indexed_case, *options, "--from", "2026-03-02T21:00:00", "--to", "2026-03-02T21:01:00")
    utc = _hits(run, indexed_case, *options, "--from", "2026-03-02T20:00:00Z", "--to", "2026-03-02T20:01:00Z")

    assert len(all_of_it) == len(local) == len(utc) == 2
    assert _hits(run, indexed_case, *options, "--from", "2026-03-02T22:00:00") == []


def test_line_zone_and_dwell_are_taken_in_pixels_and_durations(run: Run, indexed_case: IndexedCase) -> None:
    options = ("--class", "other", "--class", "vehicle", "--class", "person", "--class", "bicycle", "--camera", "cam1")

    crossing = _hits(run, indexed_case, *options, "--line", "160,100 160,239")
    entering = _hits(run, indexed_case, *options, "--zone", "120,150 200,150 200,239 120,239")
    staying = _hits(run, indexed_case, *options, "--dwell", "1min")

    assert (len(crossing), len(entering), staying) == (2, 2, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "yesterday"), "--from: “yesterday” is not a time"),
        (("--line", "1,2"), "--line takes 2 points"),
        (("--line", "a,b c,d"), "does not read"),
        (("--zone", "1,2 3,4"), "--zone takes 3 points or more"),
        (("--dwell", "5 parsecs"), "is not a duration"),
        (("--class", "avion"), "is not a class"),
        (("--colour", "octarine"), "is not a colour"),
        (("--bag", "trunk"), "trunk"),
    ],
)
def test_a_filter_that_does_not_read_is_refused_with_code_2(
    run: Run, indexed_case: IndexedCase, options: tuple[str, ...], said: str
) -> None:
    code, out, err = run("search", indexed_case.folder, "--purpose", "x", *options)

    assert (code, out) == (2, "")
    assert said in err


def test_a_search_needs_a_purpose_and_a_known_camera(run: Run, indexed_case: IndexedCase) -> None:
    assert run("search", indexed_case.folder, "red car")[0] == 2
    assert run("search", indexed_case.folder, "--purpose", " ")[0] == 2
    code, out, err = run("search", indexed_case.folder, "--purpose", "x", "--camera", "cam9")
    assert (code, out) == (14, "") and _one_line_and_hint(err)


def test_words_not_understood_and_recordings_without_a_clock_are_said_on_stderr(
    run: Run, desk: Desk, small: Path
) -> None:
    case = desk.case()
    run("import", case, small, "--camera", "cam1")
    run("index", case, "--jobs", "1")

    code, out, err = run("search", case, "objet zzz", "--purpose", "x", "--from", "2026-03-02T21:00", "--json")

    assert code == 0
    assert json.loads(out)["recordings_without_clock"] == ["small.mp4"]
    assert "Not understood and not used: objet, zzz." in err
    assert "Not searched by time, since their clock is not established: small.mp4." in err


def test_likeness_still_and_clip_of_a_track(run: Run, indexed_case: IndexedCase, tmp_path: Path) -> None:
    track_id = json.loads(run("tracks", indexed_case.folder, "--json")[1])[0]["track_id"]

    still = run("still", indexed_case.folder, track_id, "--out", tmp_path / "s.png")
    clip = run("clip", indexed_case.folder, track_id, "--out", tmp_path / "c.mp4")
    similar = run("similar", indexed_case.folder, track_id, "--purpose", "x", "--json")

    assert (still[0], clip[0]) == (0, 0)
    assert "sha256" in still[1] and "stream copy" in clip[1]
    assert {path.name for path in tmp_path.glob("?.*")} == {"s.png", "c.mp4"}
    assert similar[0] in {0, 14}
    for command in ("still", "clip"):
        suffix = "s.png" if command == "still" else "c.mp4"
        code, out, err = run(command, indexed_case.folder, track_id, "--out", tmp_path / suffix)
        assert (code, out) == (15, "") and _one_line_and_hint(err)
        assert run(command, indexed_case.folder, "t-none", "--out", tmp_path / "n")[0] == 14


def test_a_wrong_passphrase_or_a_folder_that_is_no_case_opens_nothing(
    run: Run, indexed_case: IndexedCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("tracks", tmp_path)[0] == 10
    monkeypatch.setenv("RELECTURE_PASSPHRASE", "wrong")
    code, out, err = run("tracks", indexed_case.folder)
    assert (code, out) == (22, "") and _one_line_and_hint(err)


def test_looking_is_recorded_as_well(run: Run, indexed_case: IndexedCase) -> None:
    run("tracks", indexed_case.folder, "--json")

    acts = [(body.get("act"), body.get("phase")) for body in bodies_of(indexed_case.folder)[-2:]]
    assert acts == [("tracks.list", "intent"), ("tracks.list", "result")]
