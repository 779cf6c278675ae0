# SPDX-License-Identifier: Apache-2.0
"""Plans a synopsis: what each camera shows and when, before anything is decoded.

A plan is cheap. It says how long the film will be, so that an officer can change density or filter before waiting.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.findings import FindingKind
from indexer.records import Recording, RecordingId, Track, TrackId
from models.errors import RelectureError, UnknownReference
from review.synopsis._ticks import TubeFrames, frames_of_tubes
from review.synopsis.groups import Tie, find_meetings, group_tubes, ties_of
from review.synopsis.harvest import PanelPlan
from review.synopsis.layout import AIM_RATIO, DEFAULT_DENSITY, LayoutOptions, lay_out, lower_bound_frames
from review.synopsis.lettering import time_text
from review.synopsis.shorten import CutTrack, cut_units, longest_unit, ties_across
from review.synopsis.still import StillSpan, cut_still
from review.synopsis.tubes import MICROSECONDS, Tube, camera_axes, film_rate, tubes_of

__all__ = ["Arrangement", "Cancel", "Progress", "SynopsisCancelled", "SynopsisOptions", "SynopsisPlan", "plan_synopsis"]

FILM_WIDTH_PX: Final = 1920
LEADING_SHARE: Final = 0.98
Progress = Callable[[str, float], None]
Cancel = Callable[[], bool]


class Arrangement(StrEnum):
    """How several cameras share a film."""

    SIDE_BY_SIDE = "side"
    ONE_AFTER_ANOTHER = "sequence"


class SynopsisCancelled(RelectureError):
    """The officer stopped the making of a film; nothing was left behind."""

    exit_code = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class SynopsisOptions:
    """What the officer chose.

    Attributes:
        layout: Density, length, order, overlap.
        arrangement: How several cameras share the film.
        keeps_still: True shows standing vehicles for as long as they stood.
        split_s: Units in view for longer are cut into pieces of at most this length; None keeps them whole, unless
            they last longer than the length that is wanted.
        unmasked: Tracks whose head or plate is shown (validated hits, with a logged reason).
    """

    layout: LayoutOptions = field(default_factory=LayoutOptions)
    arrangement: Arrangement = Arrangement.SIDE_BY_SIDE
    keeps_still: bool = False
    split_s: Fraction | None = None
    unmasked: frozenset[TrackId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SynopsisPlan:
    """A film before it is made.

    Attributes:
        panels: One per camera, in order of camera.
        frames: Tubes of each panel on the film grid.
        ties: Pairs that belong together, per panel, by index into its tubes.
        still: What is left out because it stood still.
        cut: What is shown in pieces side by side.
        rate: Film frames per second.
        n_frames: Length of the film.
        layout_s: Seconds that planning took.
        notes: Sentences for a person.
        missed_length: True when a length was wanted that these objects cannot be shown in.
    """

    panels: tuple[PanelPlan, ...]
    frames: tuple[TubeFrames, ...]
    ties: tuple[tuple[Tie, ...], ...]
    still: tuple[StillSpan, ...]
    cut: tuple[CutTrack, ...]
    rate: Fraction
    n_frames: int
    layout_s: float
    notes: tuple[str, ...]
    missed_length: bool = False

    @property
    def length_s(self) -> float:
        """Length of the film in seconds."""
        return float(self.n_frames / self.rate)

    def document(self) -> dict[str, object]:
        """The plan as JSON values."""
        return {
            "schema": "relecture.synopsis-plan/1",
            "length_s": round(self.length_s, 3),
            "frame_rate": str(self.rate),
            "layout_s": round(self.layout_s, 4),
            "cameras": [
                {
                    "camera": panel.camera,
                    "tracks": len({tube.track_id for tube in panel.tubes}),
                    "length_s": round(float(panel.layout.n_frames / self.rate), 3),
                    "density": panel.layout.density,
                    "lower_bound_s": round(float(Fraction(panel.layout.bound_frames) / self.rate), 3),
                }
                for panel in self.panels
            ],
            "left_out": [
                {
                    "track_id": span.track_id,
                    "reason": "stood still",
                    "first_pts": span.first_pts_ticks,
                    "last_pts": span.last_pts_ticks,
                    "duration_s": round(span.duration_s, 3),
                }
                for span in self.still
            ],
            "cut": [
                {
                    "track_id": cut.track_id,
                    "first_pts_of_pieces": list(cut.pts_ticks),
                    "in_a_meeting": cut.is_meeting_cut,
                }
                for cut in self.cut
            ],
            "notes": list(self.notes),
        }

    def outlook(self) -> tuple[str, ...]:
        """What an officer should know before waiting: length, what no film can go below, what is left out."""
        said = [
            f"The film lasts {self.length_s:.1f} s: {self.n_tracks} objects out of {self.footage_s:.0f} s of footage."
        ]
        for panel in self.panels:
            bound_s = float(Fraction(panel.layout.bound_frames) / self.rate)
            said.append(
                f"Camera {panel.camera}: {float(panel.layout.n_frames / self.rate):.1f} s; with "
                f"{panel.layout.density:g} objects at once no film of these objects is shorter than {bound_s:.1f} s."
            )
            tracks, longest_s = longest_unit(panel.tubes, panel.layout.unit)
            if longest_s >= LEADING_SHARE * bound_s and not self.cut:
                said.append(
                    f"Camera {panel.camera}: {', '.join(tracks)} in view for {longest_s:.1f} s set that limit; "
                    "--length or --split shows longer stays in pieces side by side."
                )
        for cut, times in self.pieces():
            said.append(
                f"In pieces side by side: {cut.track_id}, cut at {', '.join(times)}"
                f"{', while it meets another' if cut.is_meeting_cut else ''}."
            )
        return (
            *said,
            *(
                f"Left out: {span.track_id} stood still from {start} to {end} ({span.duration_s:.0f} s)."
                for span, start, end in self.left_out()
            ),
        )

    def left_out(self) -> tuple[tuple[StillSpan, str, str], ...]:
        """What the film leaves out, with corrected times of start and end, in order of track and time."""
        recording_of = {
            tube.track_id: panel.recordings[tube.recording_id] for panel in self.panels for tube in panel.tubes
        }
        return tuple(
            (
                span,
                time_text(recording_of[span.track_id], span.first_pts_ticks),
                time_text(recording_of[span.track_id], span.last_pts_ticks),
            )
            for span in sorted(self.still, key=lambda span: (span.track_id, span.first_pts_ticks))
        )

    def pieces(self) -> tuple[tuple[CutTrack, tuple[str, ...]], ...]:
        """What is shown in pieces, with the corrected times of the cuts, in order of track."""
        recordings = {key: item for panel in self.panels for key, item in panel.recordings.items()}
        return tuple(
            (cut, tuple(time_text(recordings[cut.recording_id], pts) for pts in cut.pts_ticks)) for cut in self.cut
        )

    @property
    def footage_s(self) -> float:
        """Length of the footage that was searched, of all cameras."""
        return float(sum(r.facts.duration_s for panel in self.panels for r in panel.recordings.values()))

    @property
    def n_tracks(self) -> int:
        """Tracks shown."""
        return len({tube.track_id for panel in self.panels for tube in panel.tubes})

    @property
    def bound_s(self) -> float:
        """Length that no film of these objects goes below, seconds: the longest of the cameras', or their sum."""
        bounds = [float(Fraction(panel.layout.bound_frames) / self.rate) for panel in self.panels]
        return sum(bounds) if any(panel.first_frame for panel in self.panels) else max(bounds)


def plan_synopsis(
    tracks: Sequence[Track],
    recordings: Mapping[RecordingId, Recording],
    options: SynopsisOptions,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> SynopsisPlan:
    """Lay out a film of these tracks.

    Args:
        tracks: What to show.
        recordings: Every recording that was searched; those of one camera are one time line.
        options: What the officer chose.
        progress: Called with a stage and 0 to 1.
        cancel: Polled; True stops.

    Raises:
        UnknownReference: There is nothing to show, or a track's recording is not given.
        SynopsisCancelled: ``cancel`` said so.
    """
    if not tracks:
        raise UnknownReference(
            "There is no object to show.", hint="Widen the search; the result says what was analysed."
        )
    began = time.perf_counter()
    used = [r for r in recordings.values() if any(track.recording_id == r.recording_id for track in tracks)]
    rate = film_rate(used)
    tubes = tubes_of(tracks, recordings)
    tubes, still = (tubes, ()) if options.keeps_still else cut_still(tubes)
    cameras = sorted({tube.camera for tube in tubes})
    shares = _length_shares(tubes, cameras)
    is_sequence = options.arrangement is Arrangement.ONE_AFTER_ANOTHER
    panels: list[PanelPlan] = []
    frames: list[TubeFrames] = []
    tied: list[tuple[Tie, ...]] = []
    cut: list[CutTrack] = []
    for number, camera in enumerate(cameras):
        wanted = options.layout
        if wanted.length_s is not None and is_sequence:
            wanted = replace(wanted, length_s=wanted.length_s * shares[camera])
        members, unit, theirs, ties = _units(
            tuple(tube for tube in tubes if tube.camera == camera), wanted, options.split_s, rate
        )
        layout = lay_out(
            members,
            rate=rate,
            options=wanted,
            unit=unit,
            era=_eras(members, recordings),
            whole=_whole(members, theirs),
            progress=_step(progress, cancel, number, len(cameras)),
        )
        first = panels[-1].first_frame + panels[-1].layout.n_frames if panels else 0
        of_camera = {key: r for key, r in recordings.items() if r.camera == camera}
        panels.append(
            PanelPlan(
                camera=camera,
                tubes=members,
                layout=layout,
                recordings=of_camera,
                size_wh_px=_panel_size(members, 1 if is_sequence else len(cameras)),
                span_us=_span(of_camera, recordings),
                first_frame=first if is_sequence else 0,
                has_clock=any(tube.has_clock for tube in members),
            )
        )
        frames.append(frames_of_tubes(members, rate))
        tied.append(ties)
        cut += theirs
    n_frames = max(panel.first_frame + panel.layout.n_frames for panel in panels)
    return SynopsisPlan(
        panels=tuple(panels),
        frames=tuple(frames),
        ties=tuple(tied),
        still=still,
        cut=tuple(sorted(cut, key=lambda item: item.track_id)),
        rate=rate,
        n_frames=n_frames,
        layout_s=time.perf_counter() - began,
        notes=_notes(options, panels, frames, float(n_frames / rate), cut),
        missed_length=_is_missed(options, float(n_frames / rate)),
    )


def _units(
    tubes: tuple[Tube, ...], wanted: LayoutOptions, split_s: Fraction | None, rate: Fraction
) -> tuple[tuple[Tube, ...], NDArray[np.int64], tuple[CutTrack, ...], tuple[Tie, ...]]:
    """The tubes of a camera and who belongs together, cut where a unit lasts longer than asked for."""
    meetings = find_meetings(tubes)
    unit = group_tubes(tubes, meetings)
    # Why: the last picture of a stay is shown for a film frame as well.
    longest_s = None if wanted.length_s is None else max(wanted.length_s - 1 / rate, 1 / rate)
    limits = [limit for limit in (longest_s, split_s) if limit is not None]
    if not limits:
        return tubes, unit, (), ties_of(meetings)
    pieces, numbers, cut = cut_units(tubes, unit, meetings, limit_us=int(min(limits) * MICROSECONDS))
    return pieces, numbers, cut, ties_across(meetings, tubes, pieces)


def _step(progress: Progress | None, cancel: Cancel | None, number: int, total: int) -> Callable[[float], None]:
    def step(share: float) -> None:
        if cancel is not None and cancel():
            raise SynopsisCancelled("The synopsis was stopped.", hint="Nothing was written.")
        if progress is not None:
            progress("layout", (number + share) / total)

    return step


def _length_shares(tubes: Sequence[Tube], cameras: Sequence[str]) -> dict[str, Fraction]:
    """Share of a wanted length that each camera gets when they follow one another: by what it has to show."""
    spans = {camera: MICROSECONDS for camera in cameras}
    for tube in tubes:
        spans[tube.camera] += tube.end_us - tube.start_us
    return {camera: Fraction(span, sum(spans.values())) for camera, span in spans.items()}


def _eras(tubes: Sequence[Tube], recordings: Mapping[RecordingId, Recording]) -> NDArray[np.int64]:
    """Number of the lighting regime (colour or infrared) of each tube, counted along the source."""
    is_night = np.zeros(len(tubes), bool)
    for index, tube in enumerate(tubes):
        for finding in recordings[tube.recording_id].findings:
            if finding.kind is FindingKind.NIGHT_OR_IR and finding.first_pts_ticks is not None:
                last = finding.last_pts_ticks if finding.last_pts_ticks is not None else finding.first_pts_ticks
                is_night[index] |= finding.first_pts_ticks <= int(tube.pts_ticks[0]) <= last
    changes = np.r_[False, is_night[1:] != is_night[:-1]]
    return np.asarray(np.cumsum(changes), np.int64)


def _whole(tubes: Sequence[Tube], cut: Sequence[CutTrack]) -> NDArray[np.int64]:
    """(N,) number of the track of each tube, so that one vehicle never stands twice in a picture unless it was cut."""
    in_pieces = {item.track_id for item in cut}
    names = [f"{tube.track_id} {k if tube.track_id in in_pieces else ''}" for k, tube in enumerate(tubes)]
    numbers = {name: k for k, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], np.int64)


def _panel_size(tubes: Sequence[Tube], n_beside: int) -> tuple[int, int]:
    """Size of a panel: that of its largest recording, reduced where several stand side by side in one film."""
    width, height = max(tube.size_wh_px[0] for tube in tubes), max(tube.size_wh_px[1] for tube in tubes)
    widest = FILM_WIDTH_PX // math.ceil(math.sqrt(n_beside)) if n_beside > 1 else width
    scale = min(Fraction(1), Fraction(widest, width))
    return round(width * scale / 2) * 2 if scale < 1 else width, round(height * scale / 2) * 2 if scale < 1 else height


def _span(of_camera: Mapping[RecordingId, Recording], recordings: Mapping[RecordingId, Recording]) -> tuple[int, int]:
    axes = camera_axes(tuple(recordings.values()))
    starts = [axes[key] for key in of_camera]
    ends = [axes[key] + round(of_camera[key].facts.duration_s * MICROSECONDS) for key in of_camera]
    return min(starts), max(ends)


def _is_missed(options: SynopsisOptions, length_s: float) -> bool:
    wanted = options.layout.length_s
    return wanted is not None and length_s > float(wanted) * 1.005


def _notes(
    options: SynopsisOptions,
    panels: Sequence[PanelPlan],
    frames: Sequence[TubeFrames],
    length_s: float,
    cut: Sequence[CutTrack],
) -> tuple[str, ...]:
    notes: list[str] = []
    wanted = options.layout.length_s
    if wanted is not None and _is_missed(options, length_s):
        notes.append(
            f"{float(wanted):g} s cannot be reached: the shortest film of these objects lasts {length_s:.1f} s. "
            "Filter further, or cut long stays shorter with --split."
        )
    if cut:
        n_met = sum(item.is_meeting_cut for item in cut)
        notes.append(
            f"{len(cut)} objects are in view for too long and are shown in pieces, side by side, each with its own "
            "times; "
            + (
                f"{n_met} of them are cut while they meet another: see each piece for itself."
                if n_met
                else "who meets whom stays together."
            )
        )
    room = (
        "without any overlap" if options.layout.is_never_overlapping else f"with {options.layout.overlap:.0%} overlap"
    )
    for panel, tubes in zip(panels, frames, strict=True):
        layout = panel.layout
        asked = layout.density if layout.is_density_chosen else DEFAULT_DENSITY
        if wanted is None and layout.n_frames > AIM_RATIO * lower_bound_frames(tubes, layout.unit, asked):
            mean = float(tubes.n_frames.sum()) / layout.n_frames
            notes.append(
                f"Camera {panel.camera}: {room} the scene holds {mean:.1f} objects at once on average, not {asked:g}. "
                "--length gives a shorter film in which objects cover each other more."
            )
    return tuple(notes)
