# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.synopsis``: layouts on simulated cameras, and films of real and made footage.

    python -m benchmarks.synopsis all SET SAMPLE OUT      times, films of a set, an hour of a sample; table and plot
    python -m benchmarks.synopsis layout                  figures of every method, simulated cameras
    python -m benchmarks.synopsis time                    layout time for 100, 1,000 and 10,000 tubes
    python -m benchmarks.synopsis film CLIP... [--hour]   index clips, make their synopsis, check clicks and tags
    python -m benchmarks.synopsis long SAMPLE             an hour and a day put together from a one-camera sample

Tables go to stdout as Markdown. Times are processor seconds of one core unless said otherwise.
"""

from __future__ import annotations

import sys

from benchmarks.synopsis import films, layouts, long, whole

if __name__ == "__main__":
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "all":
        whole.print_all(sys.argv[2:])
    elif command == "layout":
        layouts.print_figures()
    elif command == "time":
        layouts.print_times()
    elif command == "film":
        films.print_films(sys.argv[2:])
    elif command == "long":
        long.print_long(sys.argv[2:])
    else:
        sys.exit(__doc__)
