# SPDX-License-Identifier: Apache-2.0
"""How many passes triage loses, over hundreds of them: small samples of many seeds, each indexed and thrown away.

Every sample is another seed, camera, light and rate. A pass that ``standard`` does not show is looked for by
``exhaustive`` on the same file: what that shows and ``standard`` does not is lost by triage; what neither shows is lost
before. One line of JSON a sample is kept, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.indexing.driver import index_recording
from benchmarks.indexing.footage import Pass, read_sample
from benchmarks.indexing.losses import passes_found
from indexer.audit import upper_bound_unit
from indexer.config import INDEX_METHOD
from samples.demo import make_samples
from samples.recorder import Encoding
from samples.sets import SampleRequest
from samples.street import CAMERA_NAMES

__all__ = ["follow_passes", "passes_table"]

MINUTES = 4.0
SIZE_WH_PX = (640, 360)
ACTIVITIES = (0.3, 0.15, 0.22)
FIRST_SEED = 1000
RATES_KBPS = (0, 600)


def follow_passes(log: Path, *, n_passes: int) -> None:
    """Index samples until so many passes were looked for; adds to what the log holds.

    Args:
        log: File of JSON lines.
        n_passes: Wanted, those of the log included.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    known = list(_lines(log))
    done = sum(line["n_passes"] for line in known)
    number = len(known)
    while done < n_passes:
        line = _look(number, log.with_suffix(".set"))
        with log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        done += line["n_passes"]
        number += 1
        print(f"sample {number}: {done} of {n_passes} passes, lost {len(line['lost'])}", flush=True)


def passes_table(log: Path) -> str:
    """The log as a table in Markdown: by light and rate, and in all."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(log):
        name = f"{'night' if line['is_night'] else 'day'}, {'constant' if line['rate_kbps'] else 'variable'} rate"
        groups.setdefault(name, []).append(line)
    rows = [_row(name, lines) for name, lines in sorted(groups.items())]
    rows.append(_row("**all**", [line for lines in groups.values() for line in lines]))
    head = "| footage | passes | seen by either | lost by triage | at most (95 of 100 draws) | not decoded |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _row(name: str, lines: list[dict[str, Any]]) -> str:
    n_passes = sum(line["n_passes"] for line in lines)
    n_seen = sum(line["n_seen"] + len(line["lost"]) for line in lines)
    n_lost = sum(len(line["lost"]) for line in lines)
    left_out = sum(line["skipped_s"] for line in lines) / max(1e-9, sum(line["footage_s"] for line in lines))
    upper = upper_bound_unit(n_lost, n_seen) if n_seen else 1.0
    return f"| {name} | {n_passes} | {n_seen} | {n_lost} | {upper:.2%} | {left_out:.0%} |"


def _look(number: int, folder: Path) -> dict[str, Any]:
    """One sample, made, indexed and deleted."""
    is_night, rate_kbps = number % 4 == 3, RATES_KBPS[number // 4 % 2]
    request = SampleRequest(
        minutes=MINUTES,
        activity=ACTIVITIES[number // 3 % 3],
        seed=FIRST_SEED + number,
        size_wh_px=SIZE_WH_PX,
        camera_names=(CAMERA_NAMES[number % 3],),
        vfr_camera="",
        is_night=is_night,
        encoding=Encoding(cbr_kbps=rate_kbps),
        jobs=1,
    )
    shutil.rmtree(folder, ignore_errors=True)
    make_samples(folder, request)
    source = read_sample(folder)
    found = index_recording(source.path, profile="standard", jobs=1)
    missed = [item for item in source.passes if not passes_found([item], found["tracks"])]
    lost, unseen = _told_apart(source.path, missed)
    shutil.rmtree(folder)
    return {
        "method": INDEX_METHOD,
        "seed": request.seed,
        "camera": request.camera_names[0],
        "is_night": is_night,
        "rate_kbps": rate_kbps,
        "n_passes": len(source.passes),
        "n_seen": len(source.passes) - len(missed),
        "lost": lost,
        "unseen": unseen,
        "skipped_s": found["skipped_s"],
        "footage_s": found["footage_s"],
    }


def _told_apart(path: Path, missed: list[Pass]) -> tuple[list[str], list[str]]:
    """Names of the passes that only the run without triage shows, and of those that it does not show either."""
    if not missed:
        return [], []
    tracks = index_recording(path, profile="exhaustive", jobs=1)["tracks"]
    lost = [item.name for item in missed if passes_found([item], tracks)]
    return lost, [item.name for item in missed if item.name not in lost]


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    if log.exists():
        yield from (json.loads(line) for line in log.read_text().splitlines())
