# SPDX-License-Identifier: Apache-2.0
"""Kills ``relecture import`` and ``relecture index`` at random points, goes on, and compares with an untouched run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.clips import Mover, irregular_pts, make_clip

__all__ = ["kill_often"]

N_RECORDINGS: Final = 5
COMMAND: Final = "from review.cli import main; main()"
WORD: Final = "resilience"
KILLS_A_COMMAND: Final = 5
LOOK_EVERY_S: Final = 0.005


def kill_often(work: Path, *, n_times: int, seed: int) -> None:
    """Kill so many times, over import and over index in turn; prints what came of it.

    A round makes a case, imports and indexes it; in each, processes are killed at a random point of the work: once the
    audit log has grown by a random number of records, and a random part of the time between two records later. Then the
    command is started again, until it ends by itself. The round is right when the resumed index has the content digest
    of the untouched one and ``verify`` passes every check.
    """
    work.mkdir(parents=True, exist_ok=True)
    bench = _Bench(work)
    bench.prepare()
    whole, usual_by_command = bench.untouched()
    state = work / "state.json"
    done = json.loads(state.read_text()) if state.exists() else {"kills": {}, "rounds": 0, "wrong": []}
    killed: Counter[str] = Counter(done["kills"])
    while sum(killed.values()) < n_times:
        chance = random.Random(f"{seed}:{done['rounds']}")  # noqa: S311  # Reason: repeatable kills, no secret.
        case = bench.new_case("round")
        for command, usual in usual_by_command.items():
            n_before = _n_records(case)
            for _ in range(KILLS_A_COMMAND):
                # Why: what an earlier try wrote is not written again, and a kill behind the end would be none.
                n_left = max(1, usual.n_records - (_n_records(case) - n_before))
                n_records = chance.randrange(n_left)
                delay_s = chance.random() * (usual.step_s if n_records else usual.start_s)
                if not bench.killed_at(case, n_records, delay_s, *bench.arguments(command, case)):
                    break
                killed[command] += 1
            bench.run(*bench.arguments(command, case))
        digest = bench.digest(case)
        verified = bench.run("verify", str(case))
        done["rounds"] += 1
        if digest != whole or verified.returncode != 0:
            said = verified.stdout + verified.stderr
            done["wrong"].append({"round": done["rounds"], "digest": digest, "whole": whole, "verify": said})
            shutil.copytree(case, work / f"wrong-{done['rounds']}", dirs_exist_ok=True)
        done["kills"] = dict(killed)
        state.write_text(json.dumps(done))
        print(f"round {done['rounds']}: {dict(killed)}, wrong {len(done['wrong'])}", file=sys.stderr, flush=True)
    print("| killed during | times |\n|---|---|")
    for command, times in sorted(killed.items()):
        print(f"| {command} | {times} |")
    print(f"\n{done['rounds']} cases, each resumed to its end: {len(done['wrong'])} differ from the untouched index.")


@dataclass(frozen=True, slots=True)
class _Usual:
    """An undisturbed command: records that it adds to the audit log, seconds to the first, and from one to the next."""

    n_records: int
    start_s: float
    step_s: float


class _Bench:
    def __init__(self, work: Path) -> None:
        self._work = work
        self._delivered = work / "delivered"
        self._requisition = work / "requisition.toml"
        self._environment = {
            **os.environ,
            "RELECTURE_HOME": str(work / "home"),
            "RELECTURE_OPERATOR": "bench",
            "RELECTURE_PASSPHRASE": WORD,
            "OMP_NUM_THREADS": "1",
        }

    def prepare(self) -> None:
        """Operator, requisition and recordings, once."""
        from review.requisition import samples_requisition  # noqa: PLC0415  # Reason: the tool knows its own format.

        if (self._work / "home").exists():
            return
        self._delivered.mkdir(exist_ok=True)
        mover = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=2.0)
        for i in range(N_RECORDINGS):
            path = self._delivered / f"r{i}.mp4"
            times = irregular_pts(100, seed=i)
            make_clip(path, movers=(mover,), size_wh_px=(160, 120), gop=8, pts_ticks=times, seed=i)
        span = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
        self._requisition.write_text(samples_requisition([("cam1", "Gare")], start=span[0], end=span[1]))
        self.run(
            *("operator", "new", "bench", "--name", "Banc", "--matricule", "0", "--service", "Essais"),
            *("--quality", "OPJ", "--empowerment", "B-1", "--issued", "2026-01-01", "--issuer", "Essais"),
            *("--expires", "2099-01-01"),
        )

    def new_case(self, name: str) -> Path:
        case = self._work / name
        shutil.rmtree(case, ignore_errors=True)
        self.run("case", "new", str(case), "--from", str(self._requisition))
        return case

    def arguments(self, command: str, case: Path) -> tuple[str, ...]:
        if command == "import":
            return ("import", str(case), str(self._delivered), "--camera", "cam1")
        return ("index", str(case), "--jobs", "1")

    def untouched(self) -> tuple[str, dict[str, _Usual]]:
        """Digest of a run that nobody disturbs, and what its import and its index take."""
        case = self.new_case("whole")
        usual: dict[str, _Usual] = {}
        for command in ("import", "index"):
            n_before, started = _n_records(case), time.perf_counter()
            process = self._started(*self.arguments(command, case))
            begun = None
            while process.poll() is None:
                if begun is None and _n_records(case) > n_before:
                    begun = time.perf_counter()
                time.sleep(LOOK_EVERY_S)
            n_records = _n_records(case) - n_before
            assert begun is not None, f"relecture {command} wrote no record"
            usual[command] = _Usual(n_records, begun - started, (time.perf_counter() - begun) / n_records)
        return self.digest(case), usual

    def digest(self, case: Path) -> str:
        report = self.run("index", str(case), "--jobs", "1", "--json")
        return str(json.loads(report.stdout)["content_sha256"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        # Why: 1 is "finished with findings"; anything above is a command that did not do its work.
        if done.returncode > 1:
            raise RuntimeError(f"relecture {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done

    def _started(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def killed_at(self, case: Path, n_records: int, delay_s: float, *arguments: str) -> bool:
        """Start a command, kill it and its children after so many records and seconds; False when it ended before."""
        n_before = _n_records(case)
        process = self._started(*arguments)
        while process.poll() is None and _n_records(case) < n_before + n_records:
            time.sleep(LOOK_EVERY_S)
        try:
            process.wait(timeout=delay_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        return False


def _n_records(case: Path) -> int:
    return (case / "audit" / "log.jsonl").read_bytes().count(b"\n")
