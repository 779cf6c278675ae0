# SPDX-License-Identifier: Apache-2.0
"""A transport stream says by its own counters whether pieces of it are missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.transport import check_transport

N_PACKETS = 90_000
"""More than one chunk of reading."""


def _stream(n_packets: int = N_PACKETS, *, prefix_bytes: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """(N, length) packets of two identifiers in turn, counters in order, payload from a seed."""
    packets = np.random.default_rng(1).integers(0, 256, (n_packets, prefix_bytes + 188), dtype=np.uint8)
    head = packets[:, prefix_bytes:]
    head[:, 0] = 0x47
    head[:, 1] = 1
    head[:, 2] = np.arange(n_packets) % 2
    head[:, 3] = 0x10 | np.arange(n_packets) // 2 % 16
    return packets


@pytest.mark.parametrize("prefix_bytes", [0, 4])
def test_a_whole_stream_is_whole_also_with_time_stamps_before_its_packets(tmp_path: Path, prefix_bytes: int) -> None:
    path = tmp_path / "whole.ts"
    path.write_bytes(_stream(prefix_bytes=prefix_bytes).tobytes())

    check = check_transport(str(path))

    assert check is not None and check.is_whole


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("a packet gone", (1, 0, 0)),
        ("a packet sent twice", (0, 0, 0)),
        ("a packet marked", (0, 1, 0)),
        ("a jump announced", (0, 0, 0)),
        ("bytes put in", (0, 0, 11)),
        ("cut in a packet", (0, 0, 100)),
    ],
)
def test_every_damage_is_counted_where_it_belongs(tmp_path: Path, damage: str, expected: tuple[int, int, int]) -> None:
    packets = _stream()
    if damage == "a packet marked":
        packets[500, 1] |= 0x80
    if damage == "a jump announced":
        packets[500::2, 3] = (packets[500::2, 3] + 5) % 16 | 0x10
        packets[500, 3:6] = packets[500, 3] | 0x20, 1, 0x80
    content = packets.tobytes()
    at = 50_000 * 188
    match damage:
        case "a packet gone":
            content = content[:at] + content[at + 188 :]
        case "a packet sent twice":
            content = content[:at] + content[at - 188 :]
        case "bytes put in":
            content = content[:at] + bytes(11) + content[at:]
        case "cut in a packet":
            content = content[: at + 100]
    path = tmp_path / "damaged.ts"
    path.write_bytes(content)

    check = check_transport(str(path))

    assert check is not None
    assert (check.n_jumps, check.n_marked, check.n_out_of_step_bytes) == expected


@pytest.mark.parametrize("content", [b"", b"G", bytes(5000), np.random.default_rng(2).bytes(50_000)])
def test_what_is_no_transport_stream_is_not_judged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.ts"
    path.write_bytes(content)

    assert check_transport(str(path)) is None
