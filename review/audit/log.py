# SPDX-License-Identifier: Apache-2.0
"""The append-only audit log of one case: append, fsync, only then act; recovery of a torn tail; checkpoints.

Files in ``CASE/audit``: ``log.jsonl`` (one record a line), ``checkpoint`` (signed note of size and root) and
``torn-N.bin`` (bytes that a crash left after record N-1, kept for ever and named in a record). The log file itself is
the lock that serialises appends of several processes.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import AlreadyThere, NotAllowed, StoreProblem, Tampered
from review.audit import merkle
from review.audit.clock import Clock
from review.audit.note import Checkpoint, InclusionProof, make_checkpoint, make_proof, open_checkpoint
from review.audit.record import FIELDS, GENESIS_PREV, JsonObject, KeyRing, Record, key_id, make_line, parse_line
from review.durable import PRIVATE_FILE, fsync_file, make_folder, write_durable
from review.seal import LogKey

__all__ = ["CHECKPOINT_FILE", "LOG_FILE", "AuditLog", "LogScan", "locked", "scan_log"]

LOG_FILE: Final = "log.jsonl"
CHECKPOINT_FILE: Final = "checkpoint"
MAX_TORN_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogScan:
    """What reading log bytes gave.

    Attributes:
        records: Records up to the first bad line.
        n_good_bytes: Bytes that those take, line feeds included.
        problem: Why reading stopped before the end, or None.
    """

    records: tuple[Record, ...]
    n_good_bytes: int
    problem: Tampered | None


def scan_log(content: bytes, *, seq: int = 0, prev: str = GENESIS_PREV) -> LogScan:
    """Read records in chain from bytes that start at record ``seq``; signatures are not checked."""
    records: list[Record] = []
    position = 0
    while position < len(content):
        end = content.find(b"\n", position)
        if end < 0:
            problem = Tampered(f"audit/{LOG_FILE}: record {seq} is cut short.")
            return LogScan(records=tuple(records), n_good_bytes=position, problem=problem)
        try:
            record = parse_line(content[position:end], seq=seq, prev=prev)
        except Tampered as problem:
            return LogScan(records=tuple(records), n_good_bytes=position, problem=problem)
        records.append(record)
        prev, seq, position = record.digest, seq + 1, end + 1
    return LogScan(records=tuple(records), n_good_bytes=position, problem=None)


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[int]:
    """Hold the log file's lock; yields its descriptor, opened for reading, and for appending unless shared.

    Raises:
        StoreProblem: The file cannot be opened.
    """
    flags = os.O_RDONLY if shared else os.O_RDWR | os.O_APPEND
    try:
        descriptor = os.open(path, flags)
    except OSError as problem:
        raise StoreProblem(f"Cannot open {path}: {problem.strerror}.", hint="Is this a case folder?") from problem
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield descriptor
    except OSError as problem:
        raise StoreProblem(f"Cannot use {path}: {problem.strerror}.", hint="Check the disk.") from problem
    finally:
        os.close(descriptor)


def _read_from(descriptor: int, offset: int) -> bytes:
    size = os.fstat(descriptor).st_size
    if size < offset:
        raise Tampered(f"audit/{LOG_FILE} became shorter while it was open.", hint="Keep the disk as it is.")
    parts = []
    while offset < size:
        part = os.pread(descriptor, min(size - offset, 1 << 24), offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


class AuditLog:
    """An audit log opened for appending by one operator.

    Opening checks the chain from the first record, the last record's signature (which covers all history) and the
    checkpoint; :mod:`review.audit.verifier` checks every signature.

    Args:
        folder: ``CASE/audit``.
        operator_key: Key that signs the records appended here; must be one that the log knows.
        log_key: Workstation key that signs checkpoints, or None on a workstation other than the one that made the case.
        clock: Source of times.
        watch: Called with every record, old ones first, then each one appended by any process.

    Raises:
        Tampered: The log or its checkpoint does not verify.
        NotAllowed: The operator's key is not in the log.
    """

    def __init__(
        self,
        folder: Path,
        *,
        operator_key: LogKey,
        log_key: LogKey | None,
        clock: Clock,
        watch: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.folder = folder
        self.path = folder / LOG_FILE
        self._operator_key = operator_key
        self._log_key = log_key
        self._clock = clock
        self._watch = watch
        self._keys = KeyRing()
        self._frontier = merkle.Frontier()
        self._prev = GENESIS_PREV
        self._n_bytes = 0
        self._last: Record | None = None
        self._last_public: bytes | None = None
        self._trouble: StoreProblem | None = None
        self._thread_lock = threading.RLock()
        with locked(self.path) as descriptor:
            content = self._catch_up(descriptor)
            self._check_checkpoint(content)
            self._check_own_key()
            if log_key is not None and log_key.public != self._keys.log_key:
                self._log_key = None

    @classmethod
    def create(cls, folder: Path, *, operator_key: LogKey, log_key: LogKey, clock: Clock, genesis: JsonObject) -> None:
        """Start a log with its genesis record and a first checkpoint.

        Raises:
            AlreadyThere: A log is there.
        """
        make_folder(folder)
        path = folder / LOG_FILE
        if path.exists():
            raise AlreadyThere(f"{path} exists already.")
        body = {**genesis, "log_key": base64.b64encode(log_key.public).decode()}
        line = make_line(seq=0, prev=GENESIS_PREV, moment=clock.now(), key=operator_key, body=body)
        write_durable(path, line + b"\n")
        checkpoint = Checkpoint(origin=str(genesis["origin"]), size=1, root=merkle.tree_root([merkle.leaf_hash(line)]))
        write_durable(folder / CHECKPOINT_FILE, make_checkpoint(checkpoint, log_key))

    @property
    def size(self) -> int:
        """Records known so far."""
        return self._frontier.size

    @property
    def origin(self) -> str:
        """Name of the log in checkpoints."""
        return self._keys.origin

    def append(self, body: JsonObject) -> Record:
        """Append a record; it is on the disk when this returns.

        Raises:
            StoreProblem: It could not be written: the act must not happen.
            Tampered: The log changed in a way that no append explains.
        """
        with self._thread_lock, locked(self.path) as descriptor:
            if self._trouble is not None:
                # Why: this is what a person reads, since an act that fails tries to say so in the same log.
                raise StoreProblem(
                    f"{self._trouble.message} Nothing more is done.",
                    hint=f"{self._trouble.hint} Then open the case again.",
                )
            self._catch_up(descriptor)
            return self._append(descriptor, body)

    def checkpoint(self) -> Checkpoint | None:
        """Sign size and root as they are now and replace the checkpoint file; None without the workstation key."""
        with self._thread_lock, locked(self.path) as descriptor:
            self._catch_up(descriptor)
            if self._log_key is None:
                return None
            checkpoint = Checkpoint(origin=self.origin, size=self._frontier.size, root=self._frontier.root())
            write_durable(self.folder / CHECKPOINT_FILE, make_checkpoint(checkpoint, self._log_key))
            return checkpoint

    def prove(self, seq: int) -> tuple[Record, bytes, Checkpoint]:
        """The record, a tlog-proof file of its inclusion in a fresh checkpoint, and that checkpoint.

        Raises:
            StoreProblem: The workstation key is not here, so no checkpoint can be signed.
        """
        with self._thread_lock:
            checkpoint = self.checkpoint()
            if checkpoint is None:
                raise StoreProblem(
                    "This workstation does not hold the key that signs checkpoints of this case.",
                    hint="Run this on the workstation that made the case.",
                )
            records = scan_log(self.path.read_bytes()).records[: checkpoint.size]
            leaves = [merkle.leaf_hash(record.line) for record in records]
            note = (self.folder / CHECKPOINT_FILE).read_bytes()
            path = merkle.inclusion_path(seq, leaves)
            proof = make_proof(InclusionProof(index=seq, path=path, checkpoint_note=note))
            return records[seq], proof, checkpoint

    def _check_own_key(self) -> None:
        if self._keys.public_of(key_id(self._operator_key.public)) is None:
            raise NotAllowed(
                "This operator's key is not known to the audit log of the case.",
                hint="An operator of the case can admit another with: relecture case grant CASE OPERATOR",
            )

    def _append(self, descriptor: int, body: JsonObject) -> Record:
        line = make_line(
            seq=self._frontier.size, prev=self._prev, moment=self._clock.now(), key=self._operator_key, body=body
        )
        content = memoryview(line + b"\n")
        try:
            n_written = os.write(descriptor, content)
        except OSError as problem:
            raise self._refused(f"Cannot write the audit log {self.path}: {problem.strerror}.") from problem
        if n_written != len(content):
            raise self._refused(f"The audit log {self.path} was cut short: disk full.")
        fsync_file(descriptor, self.path)
        record = parse_line(line, seq=self._frontier.size, prev=self._prev)
        self._take(record)
        return record

    def _refused(self, message: str) -> StoreProblem:
        """The act was not carried out, and no later one will be: a torn tail is set aside at the next opening."""
        self._trouble = StoreProblem(message, hint="Free some space or check the disk.")
        return self._trouble

    def _take(self, record: Record) -> None:
        public = self._keys.public_of(record.key)
        if record.text("act") in ("key.add", "key.revoke"):
            # Why: a stranger could otherwise admit a key of his own in a record signed with that very key.
            _check_signature(record, public)
        self._keys.learn(record)
        self._last_public = public if record.seq else self._keys.public_of(record.key)
        self._frontier.add(merkle.leaf_hash(record.line))
        self._prev = record.digest
        self._n_bytes += len(record.line) + 1
        self._last = record
        self._watch(record)

    def _catch_up(self, descriptor: int) -> bytes:
        """Read what was appended since, by any process, and set a torn tail aside."""
        content = _read_from(descriptor, self._n_bytes)
        scan = scan_log(content, seq=self._frontier.size, prev=self._prev)
        for record in scan.records:
            self._take(record)
        if self._last is None:
            raise scan.problem or Tampered(f"audit/{LOG_FILE} is empty.", hint="The case folder is damaged.")
        if scan.records:
            _check_signature(self._last, self._last_public)
        if scan.problem is not None:
            self._recover(descriptor, content[scan.n_good_bytes :], scan.problem)
        return content

    def _recover(self, descriptor: int, tail: bytes, problem: Tampered) -> None:
        checkpoint = self._read_checkpoint()
        if checkpoint.size > self._frontier.size or len(tail) > MAX_TORN_BYTES or _holds_a_record(tail):
            raise problem
        self._check_own_key()
        torn = self.folder / f"torn-{self._frontier.size}.bin"
        write_durable(torn, tail, mode=PRIVATE_FILE)
        os.ftruncate(descriptor, self._n_bytes)
        fsync_file(descriptor, self.path)
        body: JsonObject = {
            "act": "log.torn_tail",
            "phase": "done",
            "file": torn.name,
            "sha256": hashlib.sha256(tail).hexdigest(),
            "size_bytes": len(tail),
        }
        self._append(descriptor, body)

    def _read_checkpoint(self) -> Checkpoint:
        path = self.folder / CHECKPOINT_FILE
        try:
            note = path.read_bytes()
        except OSError as exc:
            raise Tampered("audit/checkpoint is missing.", hint="The log cannot be shown to be whole.") from exc
        return open_checkpoint(note, origin=self._keys.origin, public=self._keys.log_key)

    def _check_checkpoint(self, content: bytes) -> None:
        checkpoint = self._read_checkpoint()
        if checkpoint.size > self._frontier.size:
            raise Tampered(
                f"audit/{LOG_FILE} has {self._frontier.size} records but its checkpoint names {checkpoint.size}.",
                hint="Records were removed. Keep the disk as it is.",
            )
        lines = content.split(b"\n")[: checkpoint.size]
        if merkle.tree_root([merkle.leaf_hash(line) for line in lines]) != checkpoint.root:
            raise Tampered(f"audit/{LOG_FILE} does not have the root that its checkpoint names.")


def _check_signature(record: Record, public: bytes | None) -> None:
    if public is None or not record.is_signed_by(public):
        raise Tampered(f"audit/{LOG_FILE}: record {record.seq} is not signed by a key of this case.")


def _holds_a_record(tail: bytes) -> bool:
    """True when a line after the first is a whole record: then it is damage in the middle, not a torn tail."""
    for line in tail.split(b"\n")[1:]:
        try:
            members = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(members, dict) and members.keys() >= FIELDS:
            return True
    return False
