# SPDX-License-Identifier: Apache-2.0
"""Runs the pipeline on one recording, outside any case, and counts what it cost."""

from __future__ import annotations

import pickle
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.accuracy.recordings import Labelled
from indexer.pipeline import IndexConfig, index_segment, plan_segments
from indexer.probe import probe
from indexer.records import Track
from models.modelset import ModelSet, Profile, load_model_set
from models.registry import Registry

__all__ = ["EMBEDDED", "IMPORTED", "Run", "kept_run", "models_for", "of_classes", "run_pipeline"]

EMBEDDED: Final = "embedded"
IMPORTED: Final = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Tracks of one recording and what they cost on this machine.

    Attributes:
        tracks: Every track, ``other`` included, by first appearance.
        cpu_s: Processor seconds of this process, decoding included.
        footage_s: Length of the recording.
        n_detector_calls: Pictures that a detector looked at.
    """

    tracks: tuple[Track, ...]
    cpu_s: float
    footage_s: float
    n_detector_calls: int

    @property
    def named(self) -> list[Track]:
        """Tracks that a search shows."""
        return [track for track in self.tracks if track.class_name != "other"]


def models_for(profile: Profile, detectors: str) -> ModelSet:
    """The nets of a profile: the embedded ones alone, or with what is imported under ``RELECTURE_HOME``."""
    if detectors == EMBEDDED:
        return load_model_set(profile, registry=Registry.load(folder=Path("/nonexistent")), device="cpu")
    nets = load_model_set(profile, device="cpu")
    if nets.detector is None:
        raise SystemExit(
            "No detector is imported, so there is nothing to compare: relecture models import DIR, or --nets embedded."
        )
    return nets


def run_pipeline(labelled: Labelled, *, profile: Profile, models: ModelSet, skips: bool | None = None) -> Run:
    """Index one recording in this process.

    Args:
        labelled: What to index.
        profile: Configuration.
        models: Nets, from :func:`models_for`.
        skips: Whether triage may skip; the profile's own answer when None.
    """
    probed = probe(str(labelled.path))
    recording, packets = probed.recording(str(labelled.path), camera="cam"), probed.packets
    config = IndexConfig.of_profile(profile)
    if skips is not None:
        config = replace(config, skips=skips)
    start = time.process_time()
    tracks: list[Track] = []
    n_calls = 0
    for plan in plan_segments(recording, packets, config):
        segment = index_segment(recording, packets, plan, config, models)
        tracks += segment.tracks
        n_calls += segment.stats.n_detector_calls
    return Run(
        tracks=tuple(sorted(tracks, key=_by_first)),
        cpu_s=time.process_time() - start,
        footage_s=float(recording.facts.duration_s),
        n_detector_calls=n_calls,
    )


def kept_run(folder: Path | None, name: str, make: Callable[[], Run]) -> Run:
    """The run kept under a name, made and kept where there is none yet; only made where nothing is to be kept."""
    if folder is None:
        return make()
    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', name)}.pickle"
    if path.is_file():
        kept: Run = pickle.loads(path.read_bytes())  # noqa: S301  # Reason: this program wrote it.
        return kept
    run = make()
    folder.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_bytes(pickle.dumps(run))
    path.with_suffix(".part").replace(path)
    return run


def _by_first(track: Track) -> tuple[int, str]:
    return int(track.pts_ticks[0]), track.track_id


def of_classes(tracks: Sequence[Track], classes: frozenset[str]) -> list[Track]:
    """Tracks of some classes; of all when ``classes`` is empty."""
    return [track for track in tracks if not classes or track.class_name in classes]
