# SPDX-License-Identifier: Apache-2.0
"""A crowded square as a stand-in for public tracking footage: walkers alone and in twos and threes, small and dim.

The street of ``samples`` has few walkers at a time. Here about seven are in view at once, cross, stop and talk, and
are 30 to 80 px high: the case in which motion alone sees one object where there are two.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import numpy as np

from samples.actors import Actor, Look
from samples.backdrop import render_backdrop
from samples.camera import Camera
from samples.lighting import LightRig
from samples.recorder import GOP, TIME_BASE, Encoding, Piece, Studio, join_pieces
from samples.script import collide
from samples.street import make_street
from samples.tally import objects_of
from samples.truth import FileTruth, Truth, write_truth

__all__ = ["PlazaRequest", "make_plaza"]

_DIM: Final = ("black", "anthracite", "grey", "navy", "brown", "beige", "white", "green", "red", "blue")
_DIM_SHARES: Final = (0.2, 0.16, 0.16, 0.12, 0.08, 0.08, 0.06, 0.05, 0.05, 0.04)
_TROUSERS: Final = ("black", "anthracite", "denim", "navy", "grey", "beige")
_HAIR: Final = ((168, 128, 74), (70, 48, 34), (140, 138, 134), (28, 24, 22))
_GATES: Final = (
    ((47.5, 9.0), (47.5, 24.0)),
    ((100.0, 8.0), (100.0, 26.0)),
    ((50.0, 4.8), (98.0, 4.8)),
    ((60.0, 30.8), (90.0, 30.8)),
)
"""Edges of the square, as segments in metres, where walkers come in and leave."""
_EYE_M: Final = {"square": (78.0, 31.4, 7.2), "near": (78.0, 27.5, 2.6)}
_TARGET_M: Final = {"square": (74.0, 12.5, 0.5), "near": (76.0, 12.5, 0.9)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlazaRequest:
    """What to film.

    Attributes:
        seconds: Length.
        n_walkers: Walkers in all.
        frames_per_s: Rate of the recording.
        size_wh_px: Picture size.
        view: Where the camera hangs: ``square`` above the crowd, ``near`` among it at the height of a shop sign.
        seed: Everything follows from it.
    """

    seconds: float = 60.0
    n_walkers: int = 19
    frames_per_s: float = 7.0
    size_wh_px: tuple[int, int] = (480, 360)
    view: Literal["square", "near"] = "square"
    seed: int = 1


def make_plaza(out_dir: Path, request: PlazaRequest) -> Path:
    """Film the square into ``out_dir`` and return the path of its ``truth.json``."""
    out_dir.mkdir(parents=True, exist_ok=True)
    camera = Camera(
        name="cam-plaza",
        eye_m=_EYE_M[request.view],
        target_m=_TARGET_M[request.view],
        hfov_deg=45.0,
        size_wh_px=request.size_wh_px,
    )
    backdrop = render_backdrop(camera, make_street(request.seed), LightRig())
    step = round(float(1 / TIME_BASE) / request.frames_per_s)
    pts = np.arange(round(request.seconds * request.frames_per_s), dtype=np.int64) * step
    actors = _walkers(request)
    studio = Studio(
        camera=camera,
        backdrop=backdrop,
        displayed_start=None,
        encoding=Encoding(crf=27),
        is_night=False,
        seed=request.seed,
    )
    name = "cam-plaza.mp4"
    who: list[str] = []
    rows = []
    contents = []
    for first in range(0, len(pts), GOP):
        part = pts[first : first + GOP]
        result = studio.film(Piece(recording=0, first_frame=first, pts_ticks=part, actors=actors))
        who += result.who
        rows.append(result.rows)
        contents.append((result.content, part))
    join_pieces(out_dir / name, contents)
    table = np.concatenate(rows)
    truth = FileTruth(
        file=name,
        camera=camera.name,
        size_wh_px=request.size_wh_px,
        time_base=Fraction(TIME_BASE),
        pts_ticks=pts,
        displayed_start=datetime(2026, 3, 2, 20, 0, tzinfo=UTC),
        clock_offset_ms=0,
        is_vfr=False,
        is_night=False,
        has_clock=False,
        active_frames=len(np.unique(table[:, 0])),
        objects=objects_of(camera.name, actors, np.array(who, dtype=np.str_), table, pts, TIME_BASE),
        interactions=(),
        light=(),
    )
    path = out_dir / "truth.json"
    write_truth(Truth(seed=request.seed, files=(truth,)), path)
    return path


def _walkers(request: PlazaRequest) -> tuple[Actor, ...]:
    """Seeded walkers, alone or in small groups, none of whom walks through another."""
    rng = np.random.default_rng((request.seed, 77))
    actors: list[Actor] = []
    tries = 0
    while len(actors) < request.n_walkers and tries < 2000:
        tries += 1
        n_group = min(int(rng.choice((1, 2, 3), p=(0.55, 0.33, 0.12))), request.n_walkers - len(actors))
        start_s = float(rng.uniform(-14.0, request.seconds - 5.0))
        speed = float(rng.uniform(1.0, 1.7))
        first, last = rng.choice(len(_GATES), size=2, replace=False)
        way = np.array([_on(_GATES[first], rng), _inside(rng), _on(_GATES[last], rng)])
        stops: tuple[tuple[float, float], ...] = ()
        if rng.random() < 0.3:
            stops = ((float(rng.uniform(10.0, 25.0)), float(rng.uniform(2.0, 8.0))),)
        group = []
        for k in range(n_group):
            shift = np.array([0.75 * k, 0.35 * (k % 2)])
            path = tuple((float(x), float(y)) for x, y in way + shift)
            group.append(
                Actor(
                    actor_id=f"w{len(actors) + k:02d}",
                    look=_look(rng),
                    path_m=path,
                    start_s=start_s,
                    speed_m_s=speed,
                    stops=stops,
                )
            )
        if not any(collide(new, other) for new in group for other in actors):
            actors += group
    return tuple(sorted(actors, key=lambda actor: (actor.start_s, actor.actor_id)))


def _on(gate: tuple[tuple[float, float], tuple[float, float]], rng: np.random.Generator) -> tuple[float, float]:
    (x0, y0), (x1, y1) = gate
    t = float(rng.random())
    return x0 + t * (x1 - x0), y0 + t * (y1 - y0)


def _inside(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(64.0, 84.0)), float(rng.uniform(9.0, 21.0))


def _look(rng: np.random.Generator) -> Look:
    return Look(
        shape="person",
        upper=str(rng.choice(_DIM, p=_DIM_SHARES)),
        lower=str(rng.choice(_TROUSERS)),
        bag=str(rng.choice(("none", "backpack", "handbag"), p=(0.6, 0.25, 0.15))),
        bag_dye="black",
        height_m=float(rng.uniform(1.58, 1.9)),
        hair=_HAIR[int(rng.integers(len(_HAIR)))],
        is_long_hair=bool(rng.random() < 0.4),
        build=float(rng.uniform(0.9, 1.12)),
    )


def make_temporary_plaza(request: PlazaRequest) -> Path:
    """The same in a new folder for the time of a run."""
    return make_plaza(Path(tempfile.mkdtemp(prefix="plaza-")), request)
