# SPDX-License-Identifier: Apache-2.0
"""A process that appends to a log and acknowledges each record on stdout once it is durable; tests kill it."""

from __future__ import annotations

import sys
from pathlib import Path

from review.audit.clock import SystemClock
from review.audit.log import AuditLog
from review.seal import LogKey

OPERATOR_SEED, WORKSTATION_SEED = b"\1" * 32, b"\2" * 32


def main(folder: Path, n_records: int) -> None:
    """Append until the number is reached or the process is killed."""
    log = AuditLog(folder, operator_key=LogKey(OPERATOR_SEED), log_key=LogKey(WORKSTATION_SEED), clock=SystemClock())
    for number in range(n_records):
        record = log.append({"act": "view.frame", "phase": "note", "number": number})
        sys.stdout.write(f"{record.seq}\n")
        sys.stdout.flush()
        if number % 5 == 4:
            log.checkpoint()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
