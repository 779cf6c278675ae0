# SPDX-License-Identifier: Apache-2.0
"""What is said of a recorder's clock becomes each file's clock record: exactly, and never by guessing."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.errors import UsageProblem
from review.clock_reading import ClockCheck, ClockReading, parse_check, parse_start_source, stamp_in_name
from review.footage import import_footage
from review.indexing import run_index
from review.recordings import read_recordings
from tests.clips import Clip
from tests.footage.fixtures import Desk, Run

NOON = "2026-03-02T12:00:00"
START = datetime.fromisoformat("2026-03-02T21:00:00+01:00")


def _check(displayed: str, reference: str) -> ClockCheck:
    return parse_check(f"{displayed}+01:00={reference}+01:00")


def test_one_check_gives_the_offset() -> None:
    reading = ClockReading(start=START, checks=(_check("2026-03-02T19:56:48", "2026-03-02T21:00:00"),))

    record = reading.record("a.mp4", "")

    assert (record.offset_ms, record.drift_ppm, record.how_read) == (-3_792_000, 0, "typed")


def test_two_checks_give_drift_and_the_offset_at_the_start_of_the_file() -> None:
    # Four seconds gained in one day: 46 millionths.
    checks = (
        _check("2026-03-02T12:00:10", "2026-03-02T12:00:00"),
        _check("2026-03-03T12:00:14", "2026-03-03T12:00:00"),
    )
    at_noon = ClockReading(start=checks[0].displayed, checks=checks).record("a.mp4", "")
    day_later = ClockReading(start=checks[1].displayed, checks=checks[::-1]).record("a.mp4", "")

    assert at_noon.drift_ppm == day_later.drift_ppm == 46
    assert at_noon.offset_ms == 10_000
    assert abs(day_later.offset_ms - 14_000) <= 30
    assert day_later.start_utc is not None
    assert abs(day_later.start_utc - checks[1].reference) <= timedelta(milliseconds=30)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"checks": (_check(NOON, NOON),), "offset_ms": 5}, "given twice"),
        (
            {"checks": (_check(NOON, NOON), _check("2026-03-02T12:10:00", "2026-03-02T12:10:00"))},
            "less than an hour apart",
        ),
        (
            {"checks": (_check(NOON, NOON), _check("2026-03-03T13:00:00", "2026-03-03T12:00:00"))},
            "one of them is wrong",
        ),
        ({"checks": (_check(NOON, NOON),) * 3}, "two are enough"),
        ({"uncertainty_ms": -1}, "negative"),
    ],
)  # fmt: skip
def test_readings_that_contradict_each_other_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageProblem, match=said) as caught:
        ClockReading(start=START, **arguments)

    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "2026-03-02T12:00:00+01:00", "2026-03-02T12:00:00=2026-03-02T12:00:00", "a=b"])
def test_what_is_no_check_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse_check(text)

    assert "2026-03-02T19:56:48+01:00=" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "utc"),
    [
        ("cam_2026-03-02_21-00-00.mp4", "2026-03-02T20:00:00+00:00"),
        ("20260702210000.avi", "2026-07-02T19:00:00+00:00"),
    ],
)
def test_a_start_from_the_name_is_in_the_time_of_france(name: str, utc: str) -> None:
    record = ClockReading(start="file-name").record(name, "")

    assert record.start_utc == datetime.fromisoformat(utc)
    assert record.how_read == "file-name"


@pytest.mark.parametrize("name", ["c_2026-10-25_02-30-00.mp4", "c_2026-03-29_02-30-00.mp4"])
def test_an_hour_that_exists_twice_or_never_is_not_guessed(name: str) -> None:
    with pytest.raises(UsageProblem, match="twice, or never") as caught:
        ClockReading(start="file-name").record(name, "")

    assert "+02:00" in caught.value.hint


def test_a_name_or_a_container_without_time_says_so() -> None:
    assert stamp_in_name("IMG_20261399_990000.mp4") is None
    for source in ("file-name", "container"):
        with pytest.raises(UsageProblem):
            ClockReading(start=parse_start_source(source)).record("video.mp4", "")


def test_a_folder_is_imported_with_the_times_of_its_names_and_one_proof(
    desk: Desk, clips: tuple[Clip, Clip], run: Run
) -> None:
    for clip, hour in zip(clips, ("21-00-00", "21-10-00"), strict=True):
        shutil.copyfile(clip.path, desk.delivered / f"cam1_2026-03-02_{hour}.mp4")
    case = desk.case()

    code, out, _ = run(
        *("import", case, desk.delivered, "--camera", "cam1", "--start", "file-name", "--json"),
        *("--clock-check", "2026-03-02T22:00:12+01:00=2026-03-02T22:00:00+01:00", "--clock-proof", "photo 3 du PV 12"),
    )

    files = json.loads(out)["files"]
    assert code == 0
    assert [file["start_utc"] for file in files] == ["2026-03-02T19:59:48.000000Z", "2026-03-02T20:09:48.000000Z"]
    with desk.open(case) as session:
        assert {item.recording.clock.proof for item in read_recordings(session)} == {"photo 3 du PV 12"}


def test_a_clock_read_later_re_times_the_index_without_making_it_again(desk: Desk, clips: tuple[Clip, Clip]) -> None:
    checks = (
        _check("2026-03-02T20:59:30", "2026-03-02T21:00:00"),
        _check("2026-03-03T20:59:40", "2026-03-03T21:00:00"),
    )
    with desk.open(desk.case()) as session:
        import_footage(session, [clips[0].path], camera="cam1", start=START)
        before = run_index(session, jobs=1)
        reading = ClockReading(start=START, checks=checks, proof="PV 12")
        report = import_footage(session, [clips[0].path], camera="cam1", reading=reading)
        after = run_index(session, jobs=1)
        (item,) = read_recordings(session)

    assert report.items[0].outcome == "updated"
    assert (item.recording.clock.offset_ms, item.recording.clock.drift_ppm) == (-29_997, 116)
    assert after.n_segments_made == 0
    assert after.content_sha256 == before.content_sha256
