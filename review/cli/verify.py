# SPDX-License-Identifier: Apache-2.0
"""``relecture verify``: numbered checks of a case or a bundle. It looks and changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from models.errors import UnreadableInput
from review.checks import Report, Status
from review.cli._door import ask_passphrase
from review.cli._run import emit_json, operator_options, progress, say
from review.verification import is_case, verify_path

__all__ = ["command"]

MARKS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.NOT_RUN: "–"}
FILE = click.Path(path_type=Path)


@click.command(name="verify")
@click.argument("path", metavar="BUNDLE|CASE", type=FILE)
@click.option("--certificate", type=FILE, help="Bundle: certificate that you obtained by another way (PEM).")
@click.option("--tsa-root", type=FILE, help="Bundle: root certificate of the time-stamping authority (PEM).")
@click.option("--checkpoint", type=FILE, multiple=True, help="Case: a checkpoint that was kept elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@operator_options
def command(
    path: Path,
    certificate: Path | None,
    tsa_root: Path | None,
    checkpoint: tuple[Path, ...],
    as_json: bool,
    operator: str | None,
) -> None:
    """Run every numbered check; exit 0 only if every required one ran and passed."""
    passphrase = ask_passphrase() if is_case(path) else None
    with progress() as bar:
        task = bar.add_task("Reading", total=None)
        report = verify_path(
            path,
            operator_id=operator,
            passphrase=passphrase,
            witnesses=tuple(_read(item) for item in checkpoint),
            certificate_pem=_read(certificate) if certificate else None,
            tsa_root_pem=_read(tsa_root) if tsa_root else None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, visible=False)
    if as_json:
        emit_json(_document(report))
    else:
        for line in _lines(report):
            click.echo(line)
    if not report.is_sound:
        say(f"{path} is NOT sound: see the checks marked {MARKS[Status.FAILED]} or {MARKS[Status.NOT_RUN]}.")
        sys.exit(1)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise UnreadableInput(f"{path} cannot be read: {exc.strerror}.", hint="Check the path.") from exc


def _lines(report: Report) -> list[str]:
    return [
        f"{MARKS[check.status]} {check.number:>2} {check.title}: {check.reason}"
        + (" (optional)" if check.status is Status.NOT_RUN and not check.is_required else "")
        for check in report.checks
    ]


def _document(report: Report) -> dict[str, object]:
    return {
        "schema": "relecture/verification/1",
        "subject": report.subject,
        "path": report.path,
        "sound": report.is_sound,
        "checks": [
            {
                "number": check.number,
                "title": check.title,
                "status": str(check.status),
                "required": check.is_required,
                "reason": check.reason,
            }
            for check in report.checks
        ],
    }
