# SPDX-License-Identifier: Apache-2.0
"""``relecture frames``: every picture of a recording with its time and digest."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli._door import open_case
from review.cli._run import emit_json, operator_options, progress, say, stderr
from review.frame_list import write_frame_list

__all__ = ["command"]


@click.command(name="frames")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("recording", metavar="RECORDING")
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="List to write; must not exist."
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON on stdout.")
@operator_options
def command(folder: Path, recording: str, *, out: Path, as_json: bool, operator: str | None) -> None:
    """List every picture of RECORDING (identifier or file name): PTS, duration, SHA-256 of its decoded planes.

    The list has the layout of FFmpeg's framehash. The same decoder gives the same list.
    """
    with open_case(folder, operator=operator) as session, progress() as bar:
        bar.disable = not stderr.is_terminal
        task = bar.add_task("Listing", total=None)

        def tell(n_done: int, n_about: int) -> None:
            bar.update(task, completed=n_done, total=max(n_done, n_about))

        listed = write_frame_list(session, recording, out, progress=tell)
    if as_json:
        emit_json({"format": "relecture-frames-report-1", **listed.document()})
    else:
        click.echo(f"{listed.path}: {listed.n_pictures} pictures, SHA-256 {listed.sha256}")
        say(f"decoded by {listed.decoder}; {listed.n_damaged} marked as damaged")
    if listed.n_damaged:
        raise click.exceptions.Exit(1)
