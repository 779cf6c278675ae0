# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.resilience``: damage by chance, many times, from a seed.

    kills WORK --times 200     kill -9 over import and index, resumed until done; compares with an untouched run
    fuzz WORK --files 2000     damaged files through import and index, each in the sandbox

Both go on where they were when started again with the same WORK folder, and print their table as Markdown.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.resilience.fuzz import fuzz
from benchmarks.resilience.kills import kill_often


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    kills = commands.add_parser("kills")
    kills.add_argument("work", type=Path)
    kills.add_argument("--times", type=int, default=200)
    kills.add_argument("--seed", type=int, default=1)
    kills.set_defaults(run=lambda given: kill_often(given.work, n_times=given.times, seed=given.seed))
    files = commands.add_parser("fuzz")
    files.add_argument("work", type=Path)
    files.add_argument("--files", type=int, default=2000)
    files.add_argument("--seed", type=int, default=1)
    files.set_defaults(run=lambda given: fuzz(given.work, n_files=given.files, seed=given.seed))
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
