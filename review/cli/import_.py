# SPDX-License-Identifier: Apache-2.0
"""``relecture import``: bring recordings of one camera into the case."""

from __future__ import annotations

from pathlib import Path

import click
from rich.progress import Progress

from indexer.ticks import format_utc
from review.cli._door import open_case
from review.cli._run import emit_json, operator_options, progress, say, stderr
from review.clock_reading import ClockReading, parse_check, parse_start_source
from review.footage import ImportItem, import_footage, parse_offset_ms, parse_start
from review.recordings import finding_document

__all__ = ["command"]


def _bar() -> Progress:
    """A progress bar where somebody sees it; in a log file it would only stand before the line that matters."""
    bar = progress()
    bar.disable = not stderr.is_terminal
    return bar


@click.command(name="import")
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--camera", required=True, metavar="ID", help="Camera identifier of the requisition.")
@click.option(
    "--start",
    metavar="TIME",
    help="What the recorder displayed at the first frame, with UTC offset; or file-name, or container, to take what "
    "each file says of itself.",
)
@click.option(
    "--clock-offset",
    default="0s",
    metavar="DURATION",
    help="Displayed minus true time: --clock-offset=-3792s for a recorder that is 1 h 03 min 12 s behind.",
)
@click.option(
    "--clock-check",
    "checks",
    metavar="DISPLAYED=TRUE",
    multiple=True,
    help="The display read beside a reference clock, both with UTC offset; given twice, the drift follows as well.",
)
@click.option("--clock-proof", default="", metavar="TEXT", help="How the clock was read, for the report.")
@click.option("--uncertainty", default="1s", metavar="DURATION", help="How far the corrected time may be off.")
@click.option("--piece", default="", metavar="N", help="Number of the procedure piece or seal (scellé).")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON on stdout.")
@operator_options
def command(
    folder: Path,
    *,
    paths: tuple[Path, ...],
    camera: str,
    start: str | None,
    clock_offset: str,
    checks: tuple[str, ...],
    clock_proof: str,
    uncertainty: str,
    piece: str,
    as_json: bool,
    operator: str | None,
) -> None:
    """Hash, probe and register the files PATH... (folders are searched) as recordings of one camera."""
    source = parse_start_source(start) if start else None
    reading = ClockReading(
        start=source or (parse_start(start) if start else None),
        offset_ms=parse_offset_ms(clock_offset),
        uncertainty_ms=parse_offset_ms(uncertainty),
        checks=tuple(parse_check(text) for text in checks),
        proof=clock_proof,
    )
    with open_case(folder, operator=operator) as session, _bar() as bar:
        task = bar.add_task("Reading", total=None)

        def tell(name: str, n_bytes: int, size_bytes: int) -> None:
            bar.update(task, description=name, completed=n_bytes, total=size_bytes)

        report = import_footage(
            session,
            paths,
            camera=camera,
            reading=reading,
            piece=piece,
            progress=tell,
        )
    if as_json:
        emit_json({"format": "relecture-import-1", "files": [_document(item) for item in report.items]})
    else:
        for item in report.items:
            _print(item)
    if any(item.outcome in {"refused", "quarantined"} or _is_damaged(item) for item in report.items):
        raise click.exceptions.Exit(1)


def _is_damaged(item: ImportItem) -> bool:
    return item.recording is not None and any(finding.kind.is_damage for finding in item.recording.findings)


def _document(item: ImportItem) -> dict[str, object]:
    document: dict[str, object] = {"path": item.path, "outcome": item.outcome, "reason": item.reason}
    recording = item.recording
    if recording is not None:
        facts = recording.facts
        document |= {
            "recording_id": recording.recording_id,
            "sha256": recording.sha256,
            "size_bytes": recording.size_bytes,
            "camera": recording.camera,
            "container": facts.container,
            "codec": facts.codec,
            "size_wh_px": list(facts.size_wh_px),
            "time_base": str(facts.time_base),
            "frames": facts.n_packets,
            "duration_s": float(facts.duration_s),
            "variable_frame_rate": facts.is_vfr,
            "start_utc": format_utc(recording.clock.start_utc),
            "clock_offset_ms": recording.clock.offset_ms,
            "clock_drift_ppm": recording.clock.drift_ppm,
            "findings": [finding_document(finding) for finding in recording.findings],
        }
    return document


def _print(item: ImportItem) -> None:
    recording = item.recording
    name = Path(item.path).name
    if recording is None:
        say(f"{item.outcome}: {name}: {item.reason}")
        return
    facts = recording.facts
    click.echo(
        f"{item.outcome}: {name} = {recording.recording_id}, camera {recording.camera}, {facts.codec} "
        f"{facts.size_wh_px[0]}x{facts.size_wh_px[1]}, {facts.n_packets} frames, {float(facts.duration_s):.1f} s, "
        f"sha256 {recording.sha256}" + (f" ({item.reason})" if item.reason else "")
    )
    for finding in recording.findings:
        say(f"  {finding.kind}: {finding.detail}")
