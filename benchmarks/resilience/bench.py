# SPDX-License-Identifier: Apache-2.0
"""A case, an operator and a few recordings, and the officer's commands run over them as processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.clips import Mover, irregular_pts, make_clip

__all__ = ["COMMANDS", "LOOK_EVERY_S", "Bench", "Usual", "leftovers_of", "n_records_of"]

COMMANDS: Final = ("import", "index")
LOOK_EVERY_S: Final = 0.005
_N_RECORDINGS: Final = 5
_PROGRAM: Final = "from review.cli import main; main()"
_WORD: Final = "resilience"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What an undisturbed command takes.

    Attributes:
        n_records: Records that it adds to the audit log.
        start_s: Seconds to the first of them.
        step_s: Seconds from one to the next.
        n_bytes: Bytes that it takes of the disk, in whole blocks.
    """

    n_records: int
    start_s: float
    step_s: float
    n_bytes: int


class Bench:
    """Commands over one case folder at a time.

    Args:
        root: Where the cases and the operator's home lie.
        delivered: Where the recordings lie.
    """

    def __init__(self, root: Path, *, delivered: Path) -> None:
        self.root = root
        self.delivered = delivered
        self._requisition = root / "requisition.toml"
        self.environment = {
            **os.environ,
            "RELECTURE_HOME": str(root / "home"),
            "RELECTURE_OPERATOR": "bench",
            "RELECTURE_PASSPHRASE": _WORD,
            "OMP_NUM_THREADS": "1",
        }

    def film(self) -> None:
        """A few short recordings, once."""
        self.delivered.mkdir(parents=True, exist_ok=True)
        mover = Mover(size_wh_px=(16, 36), start_xy_px=(-16, 70), speed_xy_px_s=(50, 0), from_s=2.0)
        for i in range(_N_RECORDINGS):
            path = self.delivered / f"r{i}.mp4"
            if not path.exists():
                times = irregular_pts(100, seed=i)
                make_clip(path, movers=(mover,), size_wh_px=(160, 120), gop=8, pts_ticks=times, seed=i)

    def enrol(self) -> None:
        """An operator and a requisition, once."""
        from review.requisition import samples_requisition  # noqa: PLC0415  # Reason: the tool knows its own format.

        if (self.root / "home").exists():
            return
        self.root.mkdir(parents=True, exist_ok=True)
        span = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
        self._requisition.write_text(samples_requisition([("cam1", "Gare")], start=span[0], end=span[1]))
        self.run(
            *("operator", "new", "bench", "--name", "Banc", "--matricule", "0", "--service", "Essais"),
            *("--quality", "OPJ", "--empowerment", "B-1", "--issued", "2026-01-01", "--issuer", "Essais"),
            *("--expires", "2099-01-01"),
        )

    def new_case(self, name: str) -> Path:
        """An empty case; one of that name that lies there is removed."""
        case = self.root / name
        shutil.rmtree(case, ignore_errors=True)
        self.run("case", "new", str(case), "--from", str(self._requisition))
        return case

    def arguments(self, command: str, case: Path, *, jobs: int = 1) -> tuple[str, ...]:
        """How an officer types one of :data:`COMMANDS`."""
        if command == "import":
            return ("import", str(case), str(self.delivered), "--camera", "cam1")
        return ("index", str(case), "--jobs", str(jobs))

    def untouched(self) -> tuple[str, dict[str, Usual]]:
        """Digest of a run that nobody disturbs, and what its import and its index take."""
        case = self.new_case("whole")
        usual: dict[str, Usual] = {}
        for command in COMMANDS:
            n_before, free_before, started = n_records_of(case), self.free_bytes(), time.perf_counter()
            with self.started(*self.arguments(command, case)) as process:
                begun = None
                while process.poll() is None:
                    if begun is None and n_records_of(case) > n_before:
                        begun = time.perf_counter()
                    time.sleep(LOOK_EVERY_S)
            n_records = n_records_of(case) - n_before
            assert begun is not None, f"relecture {command} wrote no record"
            usual[command] = Usual(
                n_records=n_records,
                start_s=begun - started,
                step_s=(time.perf_counter() - begun) / n_records,
                n_bytes=max(0, free_before - self.free_bytes()),
            )
        return self.digest(case), usual

    def digest(self, case: Path) -> str:
        """Content digest of an index."""
        report = self.run("index", str(case), "--jobs", "1", "--json")
        return str(json.loads(report.stdout)["content_sha256"])

    def judged(self, case: Path, whole: str) -> str:
        """What is wrong with a case that was resumed to its end, in words; empty when nothing is."""
        digest = self.digest(case)
        if digest != whole:
            return f"content digest {digest}, of the untouched run {whole}"
        verified = self.run("verify", str(case))
        if verified.returncode != 0:
            return verified.stdout + verified.stderr
        left = leftovers_of(case)
        return f"left behind: {', '.join(left)}" if left else ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end.

        Raises:
            RuntimeError: It did not do its work: 1 is "finished with findings", anything above is an error.
        """
        done = self.tried(*arguments)
        if done.returncode > 1 or done.returncode < 0:
            raise RuntimeError(f"relecture {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done

    def tried(self, *arguments: str, patience_s: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail; ``subprocess.TimeoutExpired`` when it takes longer than that."""
        return subprocess.run(
            [sys.executable, "-c", _PROGRAM, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience_s,
        )

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A command that runs in a session of its own; what it says is kept."""
        with subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            yield process

    def free_bytes(self) -> int:
        """Bytes that may still be written where the cases lie."""
        disk = os.statvfs(self.root)
        return disk.f_frsize * (disk.f_bfree if os.geteuid() == 0 else disk.f_bavail)


def n_records_of(case: Path) -> int:
    """Whole records in the audit log."""
    return (case / "audit" / "log.jsonl").read_bytes().count(b"\n")


def leftovers_of(case: Path) -> list[str]:
    """Temporary files that nobody took away."""
    return sorted(str(path.relative_to(case)) for path in case.rglob(".*") if path.is_file())
