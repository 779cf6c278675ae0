# SPDX-License-Identifier: Apache-2.0
"""One program run as a process of its own, timed from outside: wall seconds, processor seconds, peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import imageio_ffmpeg

__all__ = ["Timing", "decode_command", "dvr_scan_command", "median_of", "relecture_run", "timed"]

DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one run took, its child processes included; ``load`` is the machine's load average when it began."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    load: float


def timed(command: Sequence[str | Path], *, log: Path | None = None) -> Timing:
    """Run a program to its end.

    Raises:
        RuntimeError: It failed; says what it wrote.
    """
    load = os.getloadavg()[0]
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        output.seek(0)
        said = output.read().decode(errors="replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    if log is not None:
        log.write_text(said)
    if process.returncode:
        msg = f"{Path(str(command[0])).name} failed: {said[-2000:]}"
        raise RuntimeError(msg)
    return Timing(
        wall_s=round(wall_s, 2),
        cpu_s=round(usage.ru_utime + usage.ru_stime, 2),
        peak_mib=round(usage.ru_maxrss / 1024, 1),
        load=round(load, 2),
    )


def median_of(timings: Sequence[Timing]) -> Timing:
    """Medians, each on its own; the largest peak and load."""
    return Timing(
        wall_s=median(item.wall_s for item in timings),
        cpu_s=median(item.cpu_s for item in timings),
        peak_mib=max(item.peak_mib for item in timings),
        load=max(item.load for item in timings),
    )


def decode_command(clip: Path) -> list[str]:
    """Plain decoding of every frame by the ffmpeg program that ships with Relecture, on all cores."""
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(clip), "-f", "null", "-"]


def dvr_scan_command(program: Path, clip: Path, *, first_s: float | None = None) -> list[str]:
    """DVR-Scan on its defaults; it looks for motion events and writes no film. None scans the whole recording."""
    part = [] if first_s is None else ["--duration", f"{first_s:.0f}s"]
    return [str(program), "-i", str(clip), "--scan-only", *part]


def relecture_run(
    clip: Path, *, profile: str, jobs: int, out: Path, has_walkers: bool = True
) -> tuple[Timing, dict[str, Any]]:
    """Index a recording in a process of its own; returns what it took and what it found."""
    options = [] if has_walkers else ["--no-walkers"]
    timing = timed([sys.executable, DRIVER, clip, "--profile", profile, "--jobs", str(jobs), "--out", out, *options])
    return timing, json.loads(out.read_text())
