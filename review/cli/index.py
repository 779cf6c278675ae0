# SPDX-License-Identifier: Apache-2.0
"""``relecture index``: footage to tracks, resumable."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import click
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from models.errors import UsageProblem
from models.modelset import PROFILES, Profile
from review.card import DecoderChoice, chosen_decoder
from review.cli._door import open_case
from review.cli._run import emit_json, operator_options, progress, say, stderr
from review.dask_engine import DaskEngine
from review.footage import parse_start
from review.indexing import IndexProgress, run_index
from review.processors import usable_processors

__all__ = ["command"]


def _bar() -> Progress:
    """A progress bar where somebody sees it; in a log file it would only stand before the line that matters."""
    bar = progress(left=_LeftColumn())
    bar.disable = not stderr.is_terminal
    return bar


class _LeftColumn(ProgressColumn):
    """What is left until the end that was last promised, counted down between segments.

    The library guesses from the last half minute instead, in which often no segment ends.

    >>> from types import SimpleNamespace
    >>> [_LeftColumn().render(SimpleNamespace(fields={"ends_s": ends_s})).plain for ends_s in (None, 0.0)]
    ['-:--:--', '0:00:00']
    """

    def render(self, task: Task) -> Text:
        """The column's text."""
        ends_s = task.fields["ends_s"]
        return Text(_left(None if ends_s is None else max(0.0, ends_s - time.monotonic())))


def _left(seconds: float | None) -> str:
    """What is left of a run, for the bar: hours, minutes, seconds.

    >>> _left(3725.4), _left(None)
    ('1:02:05', '-:--:--')
    """
    if seconds is None:
        return "-:--:--"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


@click.command(name="index")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--profile", type=click.Choice(PROFILES), default="standard", show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=None, help="Worker processes; one a core by default.")
@click.option("--engine", type=click.Choice(["local", "dask"]), default="local", show_default=True)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    default=None,
    help="With --engine dask: a running scheduler, tls://host:8786; without, workers start on this machine.",
)
@click.option(
    "--decoder",
    type=click.Choice(["one-thread", "nvdec", "auto"]),
    default="one-thread",
    show_default=True,
    help="What decodes: the processor, equal on every machine; an NVIDIA card; or that card where there is one.",
)
@click.option(
    "--first",
    metavar="TIME",
    default=None,
    help="Corrected time to begin around, with UTC offset: the hour that matters.",
)
@click.option(
    "--skipped-only",
    is_flag=True,
    help="Decode what an earlier run with this profile skipped, and only that: after it nothing is left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON on stdout.")
@operator_options
def command(
    folder: Path,
    *,
    profile: str,
    jobs: int | None,
    engine: str,
    scheduler: str | None,
    decoder: str,
    first: str | None,
    skipped_only: bool,
    as_json: bool,
    operator: str | None,
) -> None:
    """Index what is not indexed yet. May be stopped at any time; run it again to go on."""
    if scheduler is not None and engine != "dask":
        raise UsageProblem("A scheduler is one of Dask.", hint="Add --engine dask, or leave --scheduler out.")
    if decoder != "one-thread" and engine == "dask":
        raise UsageProblem(
            "Workers of a cluster decode on their processors, so that all of them give the same pixels.",
            hint="Leave --decoder out, or index on the machine that has the card, without --engine dask.",
        )
    chosen, why = chosen_decoder(cast("DecoderChoice", decoder))
    if why:
        say(why)
    makers = DaskEngine(jobs=jobs or usable_processors(), scheduler=scheduler) if engine == "dask" else None
    moment = parse_start(first) if first else None
    with open_case(folder, operator=operator) as session, _bar() as bar:
        task = bar.add_task("Indexing", total=None, ends_s=None)

        def tell(state: IndexProgress) -> None:
            description = f"{state.recording}: {state.n_tracks} tracks"
            ends_s = None if state.left_s is None else time.monotonic() + state.left_s
            bar.update(task, description=description, completed=state.done_s, total=state.total_s, ends_s=ends_s)

        report = run_index(
            session,
            profile=cast("Profile", profile),
            jobs=jobs,
            engine=makers,
            decoder=chosen,
            first=moment,
            skipped_only=skipped_only,
            progress=tell,
        )
    if as_json:
        emit_json(report.document())
    else:
        for item in report.recordings:
            click.echo(
                f"{item.file} ({item.camera}): {item.tracks} tracks in {item.footage_s:.1f} s of footage; "
                f"{item.frames_decoded} of {item.frames} frames decoded, {item.spans_skipped} still spans "
                f"({item.skipped_s:.1f} s) skipped; {item.wall_s:.1f} s of work"
            )
            say(f"  {item.conformity.sentence()}")
            for finding in item.findings:
                say(f"  {finding.kind}: {finding.detail}")
            if item.problem:
                say(f"  not indexed: {item.problem}")
        click.echo(f"index {report.content_sha256}, {report.n_segments} segments, {report.wall_s:.1f} s")
    if any(item.problem or any(finding.kind.is_damage for finding in item.findings) for item in report.recordings):
        raise click.exceptions.Exit(1)
