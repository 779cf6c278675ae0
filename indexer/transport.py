# SPDX-License-Identifier: Apache-2.0
"""Whether pieces of a transport stream are missing: its packets follow each other in step and count themselves.

A demuxer that loses step finds the next packet again without a word. The places where it had to, the counters that
jump and an end in the middle of a packet show what was lost.

Source: ITU-T H.222.0, 2.4.3: sync byte 0x47, 13 bits of packet identifier, a counter of 4 bits per identifier that
grows with every packet that has a payload; a packet may be sent twice; a discontinuity may be announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["TransportCheck", "check_transport"]

SYNC: Final = 0x47
PACKET_BYTES: Final = (188, 192, 204)
N_IN_STEP: Final = 5
CHUNK_PACKETS: Final = 40_000
NULL_IDENTIFIER: Final = 0x1FFF
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportCheck:
    """What the packets of a transport stream say of its completeness.

    Attributes:
        n_jumps: Places where the counter of an identifier jumps without announcement.
        n_marked: Packets that the sender or receiver marked as faulty.
        n_out_of_step_bytes: Bytes between packets, or behind the last whole one, that belong to no packet.
    """

    n_jumps: int
    n_marked: int
    n_out_of_step_bytes: int

    @property
    def is_whole(self) -> bool:
        """True where nothing is known to be missing."""
        return not (self.n_jumps or self.n_marked or self.n_out_of_step_bytes)


def check_transport(path: str) -> TransportCheck | None:
    """Read a file once as a transport stream; None where its packets are nowhere in step.

    What lies before the first packet is not counted: the probe names it.
    """
    content = np.memmap(path, np.uint8, "r") if Path(path).stat().st_size else np.zeros(0, np.uint8)
    found = next((size for size in PACKET_BYTES if _next_in_step(content, 0, size) is not None), None)
    if found is None:
        return None
    at = _next_in_step(content, 0, found)
    counters = _Counters()
    n_lost = 0
    while at is not None:
        at = _in_step(content, at, found, counters)
        following = _next_in_step(content, at, found)
        n_between = (following if following is not None else len(content)) - at
        # Why: where a time stamp stands before each packet, the last packet has none behind it.
        is_last_whole = following is None and n_between == PACKET_BYTES[0] and content[at] == SYNC
        n_lost += 0 if is_last_whole else n_between
        at = following
    return TransportCheck(n_jumps=counters.n_jumps, n_marked=counters.n_marked, n_out_of_step_bytes=n_lost)


def _next_in_step(content: Bytes, start: int, packet_bytes: int) -> int | None:
    """The first place from ``start`` on at which so many packets follow each other in step."""
    span = (N_IN_STEP - 1) * packet_bytes
    while start + span < len(content):
        window = content[start : start + span + CHUNK_PACKETS]
        marks = window == SYNC
        n_places = len(window) - span
        steps = [marks[i * packet_bytes : i * packet_bytes + n_places] for i in range(N_IN_STEP)]
        places = np.flatnonzero(np.logical_and.reduce(steps))
        if len(places):
            return start + int(places[0])
        start += n_places
    return None


def _in_step(content: Bytes, at: int, packet_bytes: int, counters: _Counters) -> int:
    """Read packets until the step is lost; returns the first byte behind them."""
    while True:
        n = min(CHUNK_PACKETS, (len(content) - at) // packet_bytes)
        packets = content[at : at + n * packet_bytes].reshape(n, packet_bytes)
        # Why: the last packet of a run has no successor to show that it is whole; its own length must do.
        is_lost = packets[:, 0] != SYNC
        n_good = int(np.argmax(is_lost)) if is_lost.any() else n
        counters.take(packets[:n_good])
        at += n_good * packet_bytes
        if n_good < n or n == 0:
            return at


class _Counters:
    """The counters of all identifiers, over the whole file."""

    def __init__(self) -> None:
        self.n_jumps = 0
        self.n_marked = 0
        self._last_by_identifier: dict[int, int] = {}

    def take(self, packets: Bytes) -> None:
        """Go on with the next packets, in order of the file."""
        identifiers = (packets[:, 1].astype(np.int32) & 0x1F) << 8 | packets[:, 2]
        self.n_marked += int((packets[:, 1] & 0x80 != 0).sum())
        has_payload = packets[:, 3] & 0x10 != 0
        has_field = packets[:, 3] & 0x20 != 0
        is_announced = has_field & (packets[:, 4] > 0) & (packets[:, 5] & 0x80 != 0)
        counters = packets[:, 3] & 0x0F
        counted = has_payload & (identifiers != NULL_IDENTIFIER)
        for identifier in np.unique(identifiers[counted]).tolist():
            own = np.flatnonzero(counted & (identifiers == identifier))
            before = self._last_by_identifier.get(identifier, (int(counters[own[0]]) - 1) % 16)
            values = np.concatenate([[before], counters[own]]).astype(np.int64)
            steps = (values[1:] - values[:-1]) % 16
            self.n_jumps += int(np.sum((steps > 1) & ~is_announced[own]))
            self._last_by_identifier[identifier] = int(counters[own[-1]])
