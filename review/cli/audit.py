# SPDX-License-Identifier: Apache-2.0
"""``relecture audit``: show or verify the audit log of a case; needs no passphrase, since the log outlives the data."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from models.errors import UnreadableInput
from review.audit.clock import format_moment
from review.audit.record import Record
from review.audit.verifier import LogVerdict, verify_log
from review.case_folder import AUDIT_FOLDER
from review.cli._run import emit_json, say

__all__ = ["command"]

FOLDER = click.Path(path_type=Path)


@click.group(name="audit")
def command() -> None:
    """Show or verify who did what, when and for which purpose."""


def _verdict(folder: Path, checkpoints: tuple[Path, ...] = ()) -> LogVerdict:
    if not (folder / AUDIT_FOLDER).is_dir():
        raise UnreadableInput(f"{folder} has no audit log.", hint="Give the folder of a case.")
    try:
        witnesses = tuple(path.read_bytes() for path in checkpoints)
    except OSError as exc:
        raise UnreadableInput(f"{exc.filename} cannot be read: {exc.strerror}.", hint="Check the path.") from exc
    return verify_log(folder / AUDIT_FOLDER, witnesses=witnesses)


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N records.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(folder: Path, last: int | None, as_json: bool) -> None:
    """Print the records of CASE; a log that does not verify is shown up to the break and exits 1."""
    verdict = _verdict(folder)
    records = verdict.records[-last:] if last else verdict.records
    if as_json:
        emit_json(
            {
                "schema": "relecture/audit/1",
                "sound": verdict.is_sound,
                "records": [_document(record) for record in records],
            }
        )
    else:
        for record in records:
            click.echo(_line(record))
    if not verdict.is_sound:
        say("The log does not verify: run relecture audit verify.")
        sys.exit(1)


@command.command()
@click.argument("folder", metavar="CASE", type=FOLDER)
@click.option("--checkpoint", type=FOLDER, multiple=True, help="A checkpoint that was kept elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(folder: Path, checkpoint: tuple[Path, ...], as_json: bool) -> None:
    """Verify chain, signatures and checkpoint of the log of CASE."""
    verdict = _verdict(folder, checkpoint)
    parts = [
        ("chain", verdict.chain_problem or verdict.torn_tail_problem),
        ("signatures", verdict.signature_problem),
        ("checkpoint", verdict.checkpoint_problem),
    ]
    steps = [{"after": step.after_seq, "step_ms": step.step_ms} for step in verdict.steps]
    if as_json:
        emit_json(
            {
                "schema": "relecture/audit-verification/1",
                "sound": verdict.is_sound,
                "records": len(verdict.records),
                "root": verdict.checkpoint.root_text if verdict.checkpoint else None,
                "parts": [
                    {"part": part, "status": "failed" if problem else "passed", "reason": problem}
                    for part, problem in parts
                ],
                "clock_steps": steps,
            }
        )
    else:
        for part, problem in parts:
            click.echo(f"{'✗' if problem else '✓'} {part}{': ' + problem if problem else ''}")
        click.echo(f"{len(verdict.records)} records")
        if verdict.checkpoint:
            click.echo(f"root at {verdict.checkpoint.size}: {verdict.checkpoint.root_text}")
        for step in verdict.steps:
            click.echo(f"the clock was set by {step.step_ms / 1000:+.1f} s after record {step.after_seq}")
    sys.exit(0 if verdict.is_sound else 1)


def _document(record: Record) -> dict[str, object]:
    return {
        "seq": record.seq,
        "utc": format_moment(record.moment.utc),
        "key": record.key,
        "sha256": record.digest,
        "body": record.body,
    }


def _line(record: Record) -> str:
    who = str(record.member("operator").get("id", ""))
    what = f"{record.text('act')} {record.text('phase')}"
    more = {
        name: value
        for name, value in record.body.items()
        if name not in ("act", "phase", "operator", "software", "requisition", "purpose") and value not in ({}, "")
    }
    purpose = f" “{record.text('purpose')}”" if record.text("purpose") else ""
    tail = json.dumps(more, ensure_ascii=False, sort_keys=True) if more and record.seq else ""
    return f"{record.seq:>5} {format_moment(record.moment.utc)} {who:10} {what}{purpose} {tail}".rstrip()
