# SPDX-License-Identifier: Apache-2.0
"""``python -m samples``: make a set of synthetic recordings with its ground truth."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from samples.demo import SampleRequest, make_samples
from samples.recorder import Encoding
from samples.street import CAMERA_NAMES


def _size(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, int]:
    """Parse ``1280x720``."""
    width, _, height = value.partition("x")
    if not (width.isdigit() and height.isdigit()):
        msg = "write it as WIDTHxHEIGHT, for example 1280x720"
        raise click.BadParameter(msg)
    return int(width), int(height)


def _names(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    """Parse a number of cameras or their names, separated by commas."""
    if value.isdigit():
        return CAMERA_NAMES[: int(value)]
    return tuple(name.strip() for name in value.split(",") if name.strip())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--out",
    "out_dir",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the recordings and truth.json.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Footage in all, shared by the cameras.",
)
@click.option(
    "--activity",
    type=click.FloatRange(0, 1),
    default=None,
    help="Wanted share of frames with something moving, 0 to 1. Default: the script's own.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Everything follows from it.")
@click.option("--size", "size_wh_px", default="1280x720", show_default=True, callback=_size, help="Picture size.")
@click.option(
    "--cameras",
    "camera_names",
    default=",".join(CAMERA_NAMES),
    show_default=True,
    callback=_names,
    help="How many cameras, or which.",
)
@click.option(
    "--vfr", "vfr_camera", default="cam-garage", show_default=True, help="Camera with uneven frame times, or none."
)
@click.option(
    "--cbr",
    "cbr_kbps",
    type=click.IntRange(min=0),
    default=0,
    help="Constant rate in kilobits per second. Default: constant quality.",
)
@click.option("--night", "is_night", is_flag=True, help="Dark, noisy, almost colourless.")
@click.option("--clock/--no-clock", "has_clock", default=True, show_default=True, help="Burn in the recorder's clock.")
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    default=0,
    help="Processes. Default: one per processor. The result does not depend on it.",
)
def main(
    *,
    out_dir: Path,
    minutes: float,
    activity: float | None,
    seed: int,
    size_wh_px: tuple[int, int],
    camera_names: tuple[str, ...],
    vfr_camera: str,
    cbr_kbps: int,
    is_night: bool,
    has_clock: bool,
    jobs: int,
) -> None:
    """Make synthetic recordings of one street, with their ground truth. Prints one JSON object."""
    try:
        request = SampleRequest(
            minutes=minutes,
            activity=activity,
            seed=seed,
            size_wh_px=size_wh_px,
            camera_names=camera_names,
            is_night=is_night,
            has_clock=has_clock,
            vfr_camera="" if vfr_camera == "none" else vfr_camera,
            encoding=Encoding(cbr_kbps=cbr_kbps),
            jobs=jobs,
        )
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("samples", total=1.0)
            made = make_samples(
                out_dir,
                request,
                progress=lambda share, sentence: bar.update(task, completed=share, description=sentence),
            )
    except (ValueError, FileExistsError) as problem:
        raise click.UsageError(str(problem)) from problem
    files = [
        {
            "path": str(item.path),
            "camera": item.camera,
            "displayed_start": item.displayed_start.isoformat(),
            "clock_offset_ms": item.clock_offset_ms,
            "frames": item.n_frames,
            "is_vfr": item.is_vfr,
            "activity": round(item.activity, 4),
        }
        for item in made.files
    ]
    click.echo(json.dumps({"truth": str(made.truth_path), "files": files}, indent=1))


if __name__ == "__main__":
    main()
