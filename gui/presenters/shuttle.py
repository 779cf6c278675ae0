# SPDX-License-Identifier: Apache-2.0
"""Keys J, K and L: the ladder of play speeds, from 64 times backward over pause to 64 times forward."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

__all__ = ["FASTEST", "SLOWEST", "SPEEDS", "faster", "slower"]

FASTEST: Final = Fraction(64)
SLOWEST: Final = Fraction(1, 16)
SPEEDS: Final = tuple(Fraction(2) ** power for power in range(-4, 7))
"""Speeds that a person can choose, 1/16 to 64."""


def faster(speed: Fraction) -> Fraction:
    """Next speed towards forward: from pause the recording's own pace, then doubled; backward is halved first.

    >>> faster(Fraction(0)), faster(Fraction(32)), faster(Fraction(64)), faster(Fraction(-1, 16))
    (Fraction(1, 1), Fraction(64, 1), Fraction(64, 1), Fraction(0, 1))
    """
    if speed == 0:
        return Fraction(1)
    if speed > 0:
        return min(speed * 2, FASTEST)
    return speed / 2 if -speed > SLOWEST else Fraction(0)


def slower(speed: Fraction) -> Fraction:
    """Mirror of :func:`faster`.

    >>> slower(Fraction(0)), slower(Fraction(2))
    (Fraction(-1, 1), Fraction(1, 1))
    """
    return -faster(-speed)
