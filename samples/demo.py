# SPDX-License-Identifier: Apache-2.0
"""Makes a set of recordings with its ground truth."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.actors import Actor
from samples.backdrop import Backdrop, render_backdrop
from samples.lighting import LightRig
from samples.recorder import GOP, TIME_BASE, Encoding, Piece, PieceResult, Studio, join_pieces
from samples.script import fill
from samples.sets import CLOCK_OFFSETS_MS, REFERENCE_START, SampleFile, SampleRequest, SampleSet
from samples.sighting import Lookout
from samples.street import CAMERA_NAMES, Street, cameras, make_street
from samples.tally import interactions_of, light_of, objects_of
from samples.truth import FileTruth, Truth, write_truth

__all__ = ["REFERENCE_START", "SampleFile", "SampleRequest", "SampleSet", "make_demo", "make_samples"]

PIECE_FRAMES = 5 * GOP
STEP_TICKS = 3600
Progress = Callable[[float, str], None]


def make_demo(
    out_dir: Path,
    *,
    minutes: float = 10,
    activity: float | None = None,
    seed: int = 1,
    size_wh_px: tuple[int, int] = (1280, 720),
    progress: Progress | None = None,
) -> SampleSet:
    """Make the demo set: three cameras of one street, one of them with uneven frame times.

    Args:
        out_dir: Folder; made when missing.
        minutes: Footage in all, shared by the cameras.
        activity: Wanted share of frames with something moving, or None for the script's own.
        seed: Everything follows from it.
        size_wh_px: Picture size.
        progress: Called with the share done and a sentence.

    Raises:
        FileExistsError: The folder already holds a set.
        ValueError: An argument is out of range.
    """
    return make_samples(
        out_dir, SampleRequest(minutes=minutes, activity=activity, seed=seed, size_wh_px=size_wh_px), progress=progress
    )


def make_samples(out_dir: Path, request: SampleRequest, *, progress: Progress | None = None) -> SampleSet:
    """Make a set of recordings and its ``truth.json``: same request, same pixels, same truth. Files appear when whole.

    Args:
        out_dir: Folder; made when missing.
        request: What to make.
        progress: Called with the share done and a sentence.

    Raises:
        FileExistsError: The folder already holds a set.
    """
    tell = progress or (lambda _share, _sentence: None)
    truth_path = out_dir / "truth.json"
    if truth_path.exists():
        msg = f"{out_dir} already holds a set of samples; choose another folder or remove it."
        raise FileExistsError(msg)
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="samples-") as scratch:
        plan = _Plan(request, Path(scratch), tell)
        files = plan.film(out_dir)
    write_truth(Truth(seed=request.seed, files=files), truth_path)
    tell(1.0, "done")
    made = tuple(
        SampleFile(
            path=out_dir / item.file,
            camera=item.camera,
            displayed_start=item.displayed_start,
            clock_offset_ms=item.clock_offset_ms,
            size_wh_px=item.size_wh_px,
            n_frames=len(item.pts_ticks),
            is_vfr=item.is_vfr,
            activity=item.activity,
        )
        for item in files
    )
    return SampleSet(files=made, truth_path=truth_path)


def even_times(length_s: float) -> NDArray[np.int64]:
    """Presentation times at 25 frames a second, in ticks of 1/90000 s."""
    return np.arange(max(1, round(length_s * 25)), dtype=np.int64) * STEP_TICKS


def uneven_times(length_s: float, *, seed: int) -> NDArray[np.int64]:
    """Uneven presentation times as a struggling recorder writes them, in ticks of 1/90000 s.

    Recipe: 40 ms with up to 8 ms of jitter; one frame in twelve is dropped; after two fifths of the file a whole second
    is missing.
    """
    rng = np.random.default_rng((seed, 55))
    n = max(2, round(length_s * 25))
    steps = STEP_TICKS + rng.integers(-720, 721, n)
    steps = np.where(rng.random(n) < 1 / 12, steps + STEP_TICKS, steps)
    steps[min(n - 1, int(n * 0.4))] += 90_000
    pts = np.concatenate([[0], np.cumsum(steps)])
    return pts[pts < length_s * 90_000].astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StudioOrder:
    """What a process needs to build a studio."""

    scratch: str
    request: SampleRequest
    camera: str
    displayed_start: datetime | None


_studios: dict[_StudioOrder, Studio] = {}


def _film(order: _StudioOrder, piece: Piece) -> PieceResult:
    """Film a piece in whichever process this is; studios are kept for the next piece."""
    if order not in _studios:
        request = order.request
        with np.load(Path(order.scratch) / f"{order.camera}.npz") as archive:
            backdrop = Backdrop(**{name: archive[name] for name in archive.files})
        _studios.clear()
        _studios[order] = Studio(
            camera=cameras(request.size_wh_px)[order.camera],
            backdrop=backdrop,
            displayed_start=order.displayed_start,
            encoding=_encoding(request),
            is_night=request.is_night,
            seed=request.seed * 100 + CAMERA_NAMES.index(order.camera),
        )
    return _studios[order].film(piece)


def _encoding(request: SampleRequest) -> Encoding:
    """The asked compression; noise at night would swell it, so it is capped there, at 4 Mbit/s for 1920x1080."""
    width, height = request.size_wh_px
    cap_kbps = max(600, round(4000 * width * height / (1920 * 1080)))
    return replace(request.encoding, cap_kbps=cap_kbps) if request.is_night else request.encoding


@lru_cache(maxsize=1)
def _street(seed: int) -> Street:
    """The standing scene, kept for the next camera of this process."""
    return make_street(seed)


def _backdrop_job(scratch: str, request: SampleRequest, name: str) -> None:
    """Render the backdrop of a camera and keep it for every process."""
    cv2.setNumThreads(1)
    backdrop = render_backdrop(cameras(request.size_wh_px)[name], _street(request.seed), LightRig())
    np.savez(Path(scratch) / f"{name}.npz", **{field: getattr(backdrop, field) for field in Backdrop.__slots__})


class _Plan:
    """The work of one set: backdrops, script, pieces."""

    def __init__(self, request: SampleRequest, scratch: Path, tell: Progress) -> None:
        self._request = request
        self._scratch = str(scratch)
        self._tell = tell
        self._length_s = request.minutes * 60 / len(request.camera_names)
        self._jobs = request.jobs or os.cpu_count() or 1
        self._pts = {
            name: uneven_times(self._length_s, seed=request.seed)
            if name == request.vfr_camera
            else even_times(self._length_s)
            for name in request.camera_names
        }

    def film(self, out_dir: Path) -> tuple[FileTruth, ...]:
        """Make all recordings; returns their truth."""
        if self._jobs == 1:
            return self._film_all(out_dir, map)
        with ProcessPoolExecutor(self._jobs, mp_context=get_context("spawn")) as pool:
            return self._film_all(out_dir, pool.map)

    def _film_all(self, out_dir: Path, run: Callable[..., Iterator[PieceResult]]) -> tuple[FileTruth, ...]:
        names = self._request.camera_names
        self._tell(0.0, "drawing the empty street")
        for _ in run(_backdrop_job, [self._scratch] * len(names), [self._request] * len(names), names):
            pass
        self._tell(0.08, "writing the script")
        lookout = self._lookout()
        actors = fill(
            self._length_s,
            activity=self._request.activity,
            seed=self._request.seed,
            camera_names=names,
            share_seen=lookout.share_seen,
        )
        orders, pieces = self._pieces(actors, lookout)
        results = run(_film, orders, pieces)
        done, files = 0, []
        total = sum(map(len, self._pts.values()))
        for name in names:
            mine = [piece for piece, order in zip(pieces, orders, strict=True) if order.camera == name]
            gathered: list[PieceResult] = []

            def contents(
                mine: list[Piece] = mine, gathered: list[PieceResult] = gathered, name: str = name
            ) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
                nonlocal done
                for piece in mine:
                    result = next(results)
                    gathered.append(result)
                    done += len(piece.pts_ticks)
                    self._tell(0.1 + 0.89 * done / total, f"filming {name}")
                    yield result.content, piece.pts_ticks

            file_name = f"{name}_{self._displayed(name):%Y-%m-%d_%H-%M-%S}.mp4"
            join_pieces(out_dir / file_name, contents())
            files.append(self._truth(name, file_name, actors, gathered))
        return tuple(files)

    def _displayed(self, name: str) -> datetime:
        return REFERENCE_START + timedelta(milliseconds=CLOCK_OFFSETS_MS[name])

    def _lookout(self) -> Lookout:
        views = cameras(self._request.size_wh_px)
        nearness = {}
        for name in self._request.camera_names:
            with np.load(Path(self._scratch) / f"{name}.npz") as archive:
                nearness[name] = archive["nearness"]
        return Lookout({name: views[name] for name in self._request.camera_names}, nearness, self._length_s)

    def _pieces(self, actors: Sequence[Actor], lookout: Lookout) -> tuple[list[_StudioOrder], list[Piece]]:
        orders, pieces = [], []
        for number, name in enumerate(self._request.camera_names):
            order = _StudioOrder(
                scratch=self._scratch,
                request=self._request,
                camera=name,
                displayed_start=self._displayed(name) if self._request.has_clock else None,
            )
            pts = self._pts[name]
            for first in range(0, len(pts), PIECE_FRAMES):
                part = pts[first : first + PIECE_FRAMES]
                span = float(part[0] * TIME_BASE), float(part[-1] * TIME_BASE)
                there = tuple(
                    actor
                    for actor in actors
                    if actor.start_s <= span[1] and actor.end_s >= span[0] and lookout.near(actor, name, *span)
                )
                orders.append(order)
                pieces.append(Piece(recording=number, first_frame=first, pts_ticks=part, actors=there))
        return orders, pieces

    def _truth(self, name: str, file_name: str, actors: Sequence[Actor], results: Sequence[PieceResult]) -> FileTruth:
        pts = self._pts[name]
        who = np.array([actor_id for result in results for actor_id in result.who], dtype=np.str_)
        rows = np.concatenate([result.rows for result in results])
        objects = objects_of(name, actors, who, rows, pts, TIME_BASE)
        seed = self._request.seed * 100 + CAMERA_NAMES.index(name)
        return FileTruth(
            file=file_name,
            camera=name,
            size_wh_px=self._request.size_wh_px,
            time_base=TIME_BASE,
            pts_ticks=pts,
            displayed_start=self._displayed(name),
            clock_offset_ms=CLOCK_OFFSETS_MS[name],
            is_vfr=name == self._request.vfr_camera,
            is_night=self._request.is_night,
            has_clock=self._request.has_clock,
            active_frames=len(np.unique(rows[:, 0])),
            objects=objects,
            interactions=interactions_of(objects, actors, pts, TIME_BASE),
            light=light_of(pts, TIME_BASE, seed=seed),
        )
