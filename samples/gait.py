# SPDX-License-Identifier: Apache-2.0
"""How figures move: walking, standing, handing over, riding.

Recipe: joint angles over the gait cycle are smooth curves through textbook values (hip -16 to +32 degrees, knee to 62,
heel strike at phase 0, toe-off at 0.62); the phase follows the distance walked, so that feet do not slide, and the
lowest sole is put on the ground.
Source for the shape of the curves: D. A. Winter, "Biomechanics and Motor Control of Human Movement" (values rounded).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samples.geometry import F32
from samples.persons import BONES, CANON_M

__all__ = ["Limbs", "pose_bones", "riding_limbs", "standing_limbs", "stride_m", "walking_limbs"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limbs:
    """Joint angles of a figure, degrees; pairs are (left, right). Flexion forward is positive.

    Attributes:
        lean: Torso forward. twist: Shoulders against hips. head: Head forward against the torso.
        hip, knee, foot: Thigh forward, knee bent, pitch of the foot against the ground (toe up positive).
        shoulder, elbow: Arm forward, elbow bent. spread: Arms away from the body.
        bag_side: ``left`` or ``right`` hand carries the bag; ``roll`` pulls it on wheels behind the right hand.
    """

    lean: float = 2.0
    twist: float = 0.0
    head: float = 0.0
    hip: tuple[float, float] = (0.0, 0.0)
    knee: tuple[float, float] = (4.0, 4.0)
    foot: tuple[float, float] = (0.0, 0.0)
    shoulder: tuple[float, float] = (0.0, 0.0)
    elbow: tuple[float, float] = (12.0, 12.0)
    spread: float = 6.0
    leg_spread: float = 1.5
    bag_side: str = "right"


def stride_m(speed_m_s: float, height_m: float) -> float:
    """Length of a full cycle (two steps) at a walking speed."""
    return float(1.42 * (max(speed_m_s, 0.4) / 1.4) ** 0.5 * height_m / 1.75)


def _bump(phase: float, centre: float, width: float) -> float:
    away = (phase - centre + 0.5) % 1.0 - 0.5
    return float(np.exp(-((away / width) ** 2)))


def _leg(phase: float, share: float) -> tuple[float, float, float]:
    """Hip, knee and foot pitch at a phase; ``share`` 0 to 1 scales the movement down to standing."""
    hip = 8.0 + 23.0 * np.cos(2 * np.pi * (phase + 0.02)) - 3.0 * np.cos(4 * np.pi * phase)
    knee = 5.0 + 13.0 * _bump(phase, 0.14, 0.09) + 57.0 * _bump(phase, 0.73, 0.115)
    foot = 16.0 * _bump(phase, 0.99, 0.06) - 48.0 * _bump(phase, 0.60, 0.10) - 12.0 * _bump(phase, 0.74, 0.08)
    return hip * share, 4.0 + (knee - 4.0) * share, foot * share


def walking_limbs(phase: float, share: float, *, bag: str = "none") -> Limbs:
    """Angles at a phase of the walk.

    Args:
        phase: Cycles since some left heel strike.
        share: 0 standing to 1 full stride.
        bag: Hand luggage stills the right arm.
    """
    left, right = _leg(phase % 1.0, share), _leg((phase + 0.5) % 1.0, share)
    swing = 24.0 * np.cos(2 * np.pi * phase) * share
    shoulders, elbows = [-swing - 2.0, swing - 2.0], [16.0 - 0.4 * swing, 16.0 + 0.4 * swing]
    if bag == "handbag":
        shoulders[1], elbows[1] = 0.25 * swing, 8.0
    elif bag == "suitcase":
        shoulders[1], elbows[1] = -26.0, 6.0
    return Limbs(
        lean=3.0 + 2.0 * share,
        twist=-5.0 * np.cos(2 * np.pi * phase) * share,
        head=-2.0,
        hip=(left[0], right[0]),
        knee=(left[1], right[1]),
        foot=(left[2], right[2]),
        shoulder=(shoulders[0], shoulders[1]),
        elbow=(elbows[0], elbows[1]),
        bag_side="roll" if bag == "suitcase" else "right",
    )


def standing_limbs(time_s: float, *, reach: float = 0.0, bag: str = "none", seed: int = 0) -> Limbs:
    """A person who stands and shifts a little; ``reach`` 0 to 1 holds the right hand forward."""
    sway = np.sin(0.9 * time_s + seed) + 0.6 * np.sin(2.3 * time_s + 2 * seed)
    talk = max(0.0, float(np.sin(0.55 * time_s + 1.7 * seed))) ** 2
    still = 0.0 if bag in ("none", "backpack") else 1.0
    right = (1 - reach) * (2 + 2 * sway) + reach * 62.0
    if bag == "suitcase":
        right = -20.0
    return Limbs(
        lean=2.0 + 0.8 * sway + 4 * reach,
        twist=2.0 * sway + 8 * reach,
        head=2.0 + 3 * talk,
        hip=(1.0 + 0.6 * sway, 1.0 - 0.6 * sway),
        knee=(4.0, 5.0),
        shoulder=(3.0 + 18.0 * talk, right),
        elbow=(18.0 + 55.0 * talk, (10 + 6 * sway) * (1 - still) * (1 - reach) + 14 * reach + 4),
        leg_spread=4.0,
        bag_side="roll" if bag == "suitcase" else "right",
    )


def riding_limbs(crank: float, *, is_pedalling: bool, lean: float) -> Limbs:
    """A rider in the saddle; ``crank`` counts turns of the pedals. Legs follow the pedals by two-link geometry."""
    hips, knees = [], []
    for offset in (0.0, 0.5):
        if is_pedalling:
            a = 2 * np.pi * (crank + offset)
            dx, dz = 0.20 + 0.165 * np.cos(a), -0.665 - 0.165 * np.sin(a)
        else:
            dx, dz = 0.18, -0.50
        thigh, shin = CANON_M["thigh"], CANON_M["shin"]
        reach = min(float(np.hypot(dx, dz)), 0.995 * (thigh + shin))
        towards = np.arctan2(dx, -dz)
        inner = np.arccos((thigh**2 + reach**2 - shin**2) / (2 * thigh * reach))
        bend = np.pi - np.arccos((thigh**2 + shin**2 - reach**2) / (2 * thigh * shin))
        hips.append(float(np.rad2deg(towards + inner)))
        knees.append(float(np.rad2deg(bend)))
    return Limbs(
        lean=lean,
        head=-lean * 0.8,
        hip=(hips[0], hips[1]),
        knee=(knees[0], knees[1]),
        foot=(-6.0, -6.0),
        shoulder=(lean * 0.4 + 34.0,) * 2,
        elbow=(20.0, 20.0),
        spread=9.0,
        leg_spread=3.5,
    )


def _about_y(angle_deg: float) -> Matrix:
    """Turns something that hangs down forward by an angle."""
    c, s = np.cos(np.deg2rad(-angle_deg)), np.sin(np.deg2rad(-angle_deg))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _about_x(angle_deg: float) -> Matrix:
    c, s = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_z(angle_deg: float) -> Matrix:
    c, s = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def pose_bones(limbs: Limbs, *, root: F32, height_m: float, seat_m: float | None = None) -> F32:
    """(14, 3, 4) bones of a figure in world metres.

    Args:
        limbs: Joint angles.
        root: (3, 4) transform of the ground point under the figure, see :func:`samples.models3d.placement`.
        height_m: Height; the canon figure is scaled to it.
        seat_m: Height of the hip joints when seated; None puts the lowest sole on the ground.
    """
    turn: dict[str, Matrix] = {"pelvis": _about_z(-limbs.twist * 0.6)}
    at: dict[str, Matrix] = {"pelvis": np.zeros(3)}
    turn["torso"] = _about_z(limbs.twist) @ _about_y(-limbs.lean)
    at["torso"] = np.array([0, 0, CANON_M["lumbar"]])
    at["head"] = at["torso"] + turn["torso"] @ np.array([0, 0, CANON_M["neck"]])
    turn["head"] = _about_y(-limbs.lean - limbs.head)
    soles = []
    for k, (side, sign) in enumerate((("left", 1), ("right", -1))):
        shoulder = np.array([0, sign * CANON_M["shoulder_y"], CANON_M["shoulder_z"]])
        at[f"{side}_upper_arm"] = at["torso"] + turn["torso"] @ shoulder
        turn[f"{side}_upper_arm"] = (
            turn["torso"] @ _about_y(limbs.shoulder[k] + limbs.lean) @ _about_x(sign * limbs.spread)
        )
        at[f"{side}_forearm"] = at[f"{side}_upper_arm"] + turn[f"{side}_upper_arm"] @ np.array(
            [0, 0, -CANON_M["upper_arm"]]
        )
        turn[f"{side}_forearm"] = turn[f"{side}_upper_arm"] @ _about_y(limbs.elbow[k])
        at[f"{side}_thigh"] = turn["pelvis"] @ np.array([0, sign * CANON_M["hip"], 0])
        turn[f"{side}_thigh"] = _about_x(sign * limbs.leg_spread) @ _about_y(limbs.hip[k])
        at[f"{side}_shin"] = at[f"{side}_thigh"] + turn[f"{side}_thigh"] @ np.array([0, 0, -CANON_M["thigh"]])
        turn[f"{side}_shin"] = turn[f"{side}_thigh"] @ _about_y(-limbs.knee[k])
        at[f"{side}_foot"] = at[f"{side}_shin"] + turn[f"{side}_shin"] @ np.array([0, 0, -CANON_M["shin"]])
        turn[f"{side}_foot"] = _about_z(sign * 5.0) @ _about_y(limbs.foot[k])
        soles += [
            (at[f"{side}_foot"] + turn[f"{side}_foot"] @ np.array([x, 0, -CANON_M["ankle"]]))[2] for x in (-0.07, 0.19)
        ]
    scale = height_m / CANON_M["height"]
    lift = -min(soles) * scale if seat_m is None else seat_m
    _place_bag(limbs, turn, at, lift / scale)
    bones = np.empty((len(BONES), 3, 4), np.float32)
    base, origin = root[:, :3].astype(float), root[:, 3].astype(float)
    for name, number in BONES.items():
        bones[number, :, :3] = base @ turn[name] * scale
        bones[number, :, 3] = base @ (at[name] * scale + np.array([0, 0, lift])) + origin
    return bones


def _place_bag(limbs: Limbs, turn: dict[str, Matrix], at: dict[str, Matrix], ground: float) -> None:
    """Hang the bag upright from the hand, or roll it behind the right hand."""
    side = "right" if limbs.bag_side == "roll" else limbs.bag_side
    hand = at[f"{side}_forearm"] + turn[f"{side}_forearm"] @ np.array([0.01, 0, -0.33])
    if limbs.bag_side != "roll":
        turn["carried"], at["carried"] = np.eye(3), hand
        return
    # The handle (1.03 up the case, 0.10 behind its middle) lies in the hand, the wheels on the ground.
    height = hand[2] + ground
    tilt = float(np.clip(np.rad2deg(np.arccos(np.clip((height - 0.03) / 1.03, 0.3, 1.0))), 5.0, 60.0))
    turn["carried"] = _about_y(-tilt)
    at["carried"] = hand - turn["carried"] @ np.array([-0.10, 0, 1.03])
