# SPDX-License-Identifier: Apache-2.0
"""What the audit log says of a case, gathered record by record: started acts, blobs written, locks, the purge clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from review.audit.record import Record

__all__ = ["RECORDINGS_PREFIX", "REQUISITION_PREFIX", "BlobWrite", "CaseState"]

RECORDINGS_PREFIX: Final = "recordings/"
REQUISITION_PREFIX: Final = "requisition/"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobWrite:
    """One announced write of a blob.

    Attributes:
        sha256: Digest of the plain content, hex.
        act_seq: The act during which it was written.
    """

    sha256: str
    act_seq: int


class CaseState:
    """Fold over the records of a log; :meth:`learn` takes them in order."""

    def __init__(self) -> None:
        self.first_import_utc: datetime | None = None
        self.contrary_decision = ""
        self.is_purged = False
        self.writes_by_blob: dict[str, list[BlobWrite]] = {}
        self.torn_tails: list[tuple[str, str]] = []
        self._open_acts: dict[int, str] = {}
        self._outcome_by_act: dict[int, str] = {0: "done"}

    def learn(self, record: Record) -> None:
        """Take over what a record says."""
        act, phase = record.text("act"), record.text("phase")
        of = record.body.get("of")
        if phase == "intent":
            self._open_acts[record.seq] = act
        elif phase == "result" and isinstance(of, int):
            self._open_acts.pop(of, None)
            self._outcome_by_act[of] = record.text("outcome")
            if act == "lock.contrary" and record.text("outcome") == "done":
                self.contrary_decision = str(record.member("result").get("decision", "")) or "no reference"
            if act == "purge.run" and record.text("outcome") == "done":
                self.is_purged = True
        elif phase == "genesis":
            for name, sha256 in record.member("blobs").items():
                self.writes_by_blob[name] = [BlobWrite(sha256=str(sha256), act_seq=0)]
        elif act == "blob.write" and isinstance(of, int):
            self._learn_write(record, of)
        elif act == "log.torn_tail":
            self.torn_tails.append((record.text("file"), record.text("sha256")))

    def _learn_write(self, record: Record, of: int) -> None:
        name = record.text("blob")
        self.writes_by_blob.setdefault(name, []).append(BlobWrite(sha256=record.text("sha256"), act_seq=of))
        if name.startswith(RECORDINGS_PREFIX) and self.first_import_utc is None:
            self.first_import_utc = record.moment.utc

    def unfinished_acts(self) -> tuple[tuple[int, str], ...]:
        """Sequence number and name of acts without a result: running, or ended by a crash."""
        return tuple(self._open_acts.items())

    def is_done(self, act_seq: int) -> bool:
        """True when the act ended well."""
        return self._outcome_by_act.get(act_seq) == "done"

    def accepted_digests(self, blob: str) -> tuple[str, ...]:
        """Digests that a blob may have now.

        The last write that is known to have ended well counts, and every later one: a crash may have come before or
        after it reached the disk.
        """
        writes = self.writes_by_blob.get(blob, [])
        done = [position for position, write in enumerate(writes) if self.is_done(write.act_seq)]
        return tuple(write.sha256 for write in writes[done[-1] if done else 0 :])

    def must_exist(self, blob: str) -> bool:
        """True when a write of that blob ended well, so that its absence is a loss."""
        return any(self.is_done(write.act_seq) for write in self.writes_by_blob.get(blob, []))
