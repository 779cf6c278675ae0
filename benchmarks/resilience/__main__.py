# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.resilience``: damage by chance, many times, from a seed.

    kills WORK --times 200               kill -9 over import and index, resumed until done
    full WORK --volume DIR --times 200   the disk full at a random byte of import and index
    unplugged WORK --times 200           the originals taken away during import and index, and put back
    fuzz WORK --files 2000               damaged files through import and index, each in the sandbox

All go on where they were when started again with the same WORK folder, and print their table as Markdown. The first
three compare the resumed index with that of an untouched run. DIR is a small file system that may be filled, for
example ``mkfs.ext4 -m 0 FILE`` of 32 MiB, mounted with ``-o loop``: only a real one refuses what a real one refuses.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.resilience.full import fill_often
from benchmarks.resilience.fuzz import fuzz
from benchmarks.resilience.kills import kill_often
from benchmarks.resilience.unplugged import unplug_often


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    kills = commands.add_parser("kills")
    kills.add_argument("work", type=Path)
    kills.add_argument("--times", type=int, default=200)
    kills.add_argument("--seed", type=int, default=1)
    kills.set_defaults(run=lambda given: kill_often(given.work, n_times=given.times, seed=given.seed))
    full = commands.add_parser("full")
    full.add_argument("work", type=Path)
    full.add_argument("--volume", type=Path, required=True)
    full.add_argument("--times", type=int, default=200)
    full.add_argument("--seed", type=int, default=1)
    full.set_defaults(
        run=lambda given: fill_often(given.work, volume=given.volume, n_times=given.times, seed=given.seed)
    )
    unplugged = commands.add_parser("unplugged")
    unplugged.add_argument("work", type=Path)
    unplugged.add_argument("--times", type=int, default=200)
    unplugged.add_argument("--seed", type=int, default=1)
    unplugged.set_defaults(run=lambda given: unplug_often(given.work, n_times=given.times, seed=given.seed))
    files = commands.add_parser("fuzz")
    files.add_argument("work", type=Path)
    files.add_argument("--files", type=int, default=2000)
    files.add_argument("--seed", type=int, default=1)
    files.set_defaults(run=lambda given: fuzz(given.work, n_files=given.files, seed=given.seed))
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
