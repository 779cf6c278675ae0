# SPDX-License-Identifier: Apache-2.0
"""Strict verification of an audit log: chain, every signature, checkpoint. It changes nothing and repairs nothing.

The three parts are reported apart, since they convict different faults: the chain an edit without a key, the
signatures an insertion by someone without an operator's key, the checkpoint a removal of the last records.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import StoreProblem, Tampered
from review.audit import merkle
from review.audit.clock import ClockStep, clock_steps
from review.audit.log import CHECKPOINT_FILE, LOG_FILE, locked, scan_log
from review.audit.note import Checkpoint, open_checkpoint
from review.audit.record import KeyRing, Record

__all__ = ["LogVerdict", "read_log", "verify_log"]

LOG_NAME: Final = f"audit/{LOG_FILE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerdict:
    """What verification of a log found; an empty problem means that the part holds.

    Attributes:
        records: Records up to the first one that breaks the chain.
        chain_problem: First break of the chain.
        signature_problem: First record whose signature does not hold.
        checkpoint_problem: Why the checkpoint does not hold.
        checkpoint: The verified checkpoint, or None.
        root: Root over ``records``.
        keys: Keys as they stand after the last record.
        steps: Steps of the wall clock: flagged, never repaired.
        torn_tail_problem: A torn tail that was set aside and is no longer there, or was altered.
    """

    records: tuple[Record, ...]
    chain_problem: str
    signature_problem: str
    checkpoint_problem: str
    checkpoint: Checkpoint | None
    root: bytes
    keys: KeyRing
    steps: tuple[ClockStep, ...]
    torn_tail_problem: str

    @property
    def is_sound(self) -> bool:
        """True when every part holds."""
        return not (self.chain_problem or self.signature_problem or self.checkpoint_problem or self.torn_tail_problem)


def read_log(folder: Path) -> tuple[bytes, bytes | None]:
    """Log and checkpoint bytes as they stand between two appends.

    Raises:
        StoreProblem: There is no log.
    """
    path = folder / LOG_FILE
    with locked(path, shared=True):
        try:
            content = path.read_bytes()
            note = (folder / CHECKPOINT_FILE).read_bytes() if (folder / CHECKPOINT_FILE).exists() else None
        except OSError as problem:
            raise StoreProblem(f"{LOG_NAME} cannot be read: {problem.strerror}.") from problem
    return content, note


def verify_log(folder: Path, *, witnesses: tuple[bytes, ...] = ()) -> LogVerdict:
    """Verify the log in ``CASE/audit``.

    Args:
        folder: ``CASE/audit``.
        witnesses: Checkpoint notes of this log that were kept elsewhere.

    Raises:
        StoreProblem: There is no log at all.
    """
    content, note = read_log(folder)
    scan = scan_log(content)
    keys, signature_problem = _check_signatures(scan.records)
    leaves = [merkle.leaf_hash(record.line) for record in scan.records]
    checkpoint, checkpoint_problem = _check_checkpoint(note, keys, leaves)
    for witness in witnesses:
        if not checkpoint_problem:
            _, problem = _check_checkpoint(witness, keys, leaves)
            checkpoint_problem = f"against the checkpoint kept elsewhere: {problem}" if problem else ""
    chain_problem = scan.problem.message if scan.problem else "" if scan.records else f"{LOG_NAME} is empty."
    return LogVerdict(
        records=scan.records,
        chain_problem=chain_problem,
        signature_problem=signature_problem,
        checkpoint_problem=checkpoint_problem,
        checkpoint=checkpoint,
        root=merkle.tree_root(leaves),
        keys=keys,
        steps=clock_steps((record.seq, record.moment) for record in scan.records),
        torn_tail_problem=_check_torn_tails(folder, scan.records),
    )


def _check_signatures(records: tuple[Record, ...]) -> tuple[KeyRing, str]:
    keys = KeyRing()
    try:
        for record in records:
            if record.seq == 0:
                keys.learn(record)
            public = keys.public_of(record.key)
            if public is None:
                return keys, f"{LOG_NAME}: record {record.seq} is signed by a key that is not of this case."
            if not record.is_signed_by(public):
                return keys, f"{LOG_NAME}: the signature of record {record.seq} does not hold."
            if record.seq:
                keys.learn(record)
    except Tampered as problem:
        return keys, problem.message
    return keys, ""


def _check_checkpoint(note: bytes | None, keys: KeyRing, leaves: list[bytes]) -> tuple[Checkpoint | None, str]:
    if note is None:
        return None, "audit/checkpoint is missing, so the log cannot be shown to be whole."
    try:
        checkpoint = open_checkpoint(note, origin=keys.origin, public=keys.log_key)
    except Tampered as problem:
        return None, f"audit/checkpoint: {problem.message}"
    if checkpoint.size > len(leaves):
        return None, (
            f"{LOG_NAME} has {len(leaves)} sound records, but its checkpoint names {checkpoint.size}: "
            "records were removed or damaged."
        )
    if merkle.tree_root(leaves[: checkpoint.size]) != checkpoint.root:
        return None, f"{LOG_NAME} does not have the root that its checkpoint names at size {checkpoint.size}."
    return checkpoint, ""


def _check_torn_tails(folder: Path, records: tuple[Record, ...]) -> str:
    for record in records:
        if record.text("act") != "log.torn_tail":
            continue
        path = folder / record.text("file")
        if path.parent != folder or not path.is_file():
            return f"audit/{record.text('file')}, set aside by record {record.seq}, is missing."
        if hashlib.sha256(path.read_bytes()).hexdigest() != record.text("sha256"):
            return f"audit/{path.name}, set aside by record {record.seq}, was altered."
    return ""
