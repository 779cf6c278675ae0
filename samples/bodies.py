# SPDX-License-Identifier: Apache-2.0
"""Measures of the vehicles' bodies: side outlines, windows, doors, axles. Free drawings after no particular make."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BODIES", "Body", "Point"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One shape of vehicle; metres, origin on the ground in the middle, x forward.

    Attributes:
        outline: (x, z) from the front bumper's lower edge over bonnet and roof to the rear bumper's lower edge.
        width_m: Greatest width.
        sill_m: Height of the lower edge.
        belt_m: Height where the glasshouse begins.
        lean: Share of half the width by which the roof edge is narrower than the belt.
        nose_taper: Share by which the front corners are narrower.
        windscreen: Heights (z) between which the front slope is glass.
        rear_glass: The same for the rear slope; equal numbers for none.
        windows: Polygons of side glass, (x, z).
        doors: x of the vertical door seams.
        wheels: x of the axles, and wheel radius.
        round_m: Radius of the roof edges.
        smooth: Rounds of corner cutting of the outline.
    """

    outline: tuple[Point, ...]
    width_m: float
    sill_m: float
    belt_m: float
    lean: float
    nose_taper: float
    windscreen: Point
    rear_glass: Point
    windows: tuple[tuple[Point, ...], ...]
    doors: tuple[float, ...]
    axles: tuple[float, ...]
    wheel_m: float
    round_m: float = 0.10
    smooth: int = 2

    @property
    def length_m(self) -> float:
        """Distance from bumper to bumper."""
        xs = [x for x, _ in self.outline]
        return max(xs) - min(xs)


BODIES = {
    "hatchback": Body(
        outline=(
            (1.97, 0.24),
            (2.03, 0.48),
            (1.99, 0.68),
            (1.86, 0.80),
            (1.05, 0.99),
            (0.35, 1.43),
            (-0.25, 1.49),
            (-1.15, 1.43),
            (-1.62, 1.30),
            (-1.86, 0.98),
            (-1.95, 0.74),
            (-1.98, 0.48),
            (-1.93, 0.26),
        ),
        width_m=1.75,
        sill_m=0.22,
        belt_m=0.93,
        lean=0.24,
        nose_taper=0.16,
        windscreen=(1.02, 1.40),
        rear_glass=(1.00, 1.30),
        windows=(
            ((0.88, 0.97), (0.28, 1.34), (-0.22, 1.38), (-0.24, 0.95)),
            ((-0.33, 0.95), (-0.31, 1.38), (-1.02, 1.34), (-1.12, 0.97)),
            ((-1.21, 1.00), (-1.12, 1.32), (-1.42, 1.24), (-1.52, 1.06)),
        ),
        doors=(0.92, -0.28, -1.16),
        axles=(1.28, -1.24),
        wheel_m=0.31,
    ),
    "saloon": Body(
        outline=(
            (2.20, 0.24),
            (2.27, 0.48),
            (2.23, 0.66),
            (2.08, 0.78),
            (1.10, 0.96),
            (0.40, 1.38),
            (-0.25, 1.45),
            (-0.95, 1.39),
            (-1.62, 1.03),
            (-2.18, 0.96),
            (-2.26, 0.72),
            (-2.27, 0.46),
            (-2.20, 0.26),
        ),
        width_m=1.80,
        sill_m=0.22,
        belt_m=0.91,
        lean=0.25,
        nose_taper=0.17,
        windscreen=(0.99, 1.36),
        rear_glass=(1.05, 1.36),
        windows=(
            ((0.94, 0.95), (0.34, 1.30), (-0.18, 1.34), (-0.20, 0.93)),
            ((-0.29, 0.93), (-0.27, 1.34), (-0.86, 1.29), (-1.12, 0.95)),
            ((-1.20, 0.97), (-0.98, 1.25), (-1.12, 1.20), (-1.42, 0.99)),
        ),
        doors=(0.98, -0.24, -1.16),
        axles=(1.40, -1.34),
        wheel_m=0.32,
    ),
    "van": Body(
        outline=(
            (2.55, 0.30),
            (2.62, 0.55),
            (2.58, 0.90),
            (2.40, 1.12),
            (1.95, 1.30),
            (1.35, 2.05),
            (1.05, 2.22),
            (0.3, 2.28),
            (-2.45, 2.28),
            (-2.60, 2.18),
            (-2.63, 1.2),
            (-2.63, 0.55),
            (-2.58, 0.34),
        ),
        width_m=1.98,
        sill_m=0.30,
        belt_m=1.22,
        lean=0.10,
        nose_taper=0.14,
        windscreen=(1.34, 2.06),
        rear_glass=(1.35, 1.85),
        windows=(((1.78, 1.26), (1.22, 1.92), (0.62, 1.95), (0.60, 1.24)),),
        doors=(1.86, 0.52, -0.75),
        axles=(1.72, -1.62),
        wheel_m=0.35,
        round_m=0.14,
        smooth=1,
    ),
    "bus": Body(
        outline=(
            (5.88, 0.32),
            (5.98, 0.55),
            (6.0, 1.00),
            (5.95, 2.55),
            (5.85, 2.92),
            (5.6, 3.06),
            (-5.7, 3.06),
            (-5.92, 2.95),
            (-5.98, 2.5),
            (-5.98, 1.0),
            (-5.95, 0.38),
        ),
        width_m=2.5,
        sill_m=0.32,
        belt_m=1.15,
        lean=0.035,
        nose_taper=0.05,
        windscreen=(1.12, 2.62),
        rear_glass=(1.6, 2.5),
        windows=tuple(
            ((x, 1.18), (x, 2.50), (x - 1.26, 2.50), (x - 1.26, 1.18))
            for x in (5.62, 4.28, 2.94, 1.60, 0.26, -1.08, -2.42, -3.76)
        ),
        doors=(5.66, 4.32, 1.56, 0.22),
        axles=(3.35, -3.05),
        wheel_m=0.48,
        round_m=0.12,
        smooth=1,
    ),
    "cab": Body(
        outline=(
            (3.42, 0.42),
            (3.50, 0.62),
            (3.50, 1.15),
            (3.40, 1.45),
            (3.02, 2.22),
            (2.80, 2.38),
            (1.75, 2.40),
            (1.72, 1.4),
            (1.72, 0.46),
        ),
        width_m=2.10,
        sill_m=0.42,
        belt_m=1.35,
        lean=0.07,
        nose_taper=0.08,
        windscreen=(1.46, 2.22),
        rear_glass=(0.0, 0.0),
        windows=(((3.18, 1.42), (2.90, 2.12), (2.12, 2.14), (2.10, 1.38)),),
        doors=(3.22, 1.98),
        axles=(2.62,),
        wheel_m=0.42,
        round_m=0.10,
        smooth=1,
    ),
    "cargo": Body(
        outline=(
            (1.62, 0.78),
            (1.62, 1.6),
            (1.62, 2.92),
            (1.55, 2.99),
            (-3.52, 2.99),
            (-3.60, 2.92),
            (-3.60, 1.6),
            (-3.60, 0.78),
        ),
        width_m=2.34,
        sill_m=0.78,
        belt_m=1.6,
        lean=0.0,
        nose_taper=0.0,
        windscreen=(0.0, 0.0),
        rear_glass=(0.0, 0.0),
        windows=(),
        doors=(),
        axles=(-2.1,),
        wheel_m=0.42,
        round_m=0.03,
        smooth=0,
    ),
}
"""Shapes by name. A lorry is a ``cab`` and a ``cargo`` box."""
