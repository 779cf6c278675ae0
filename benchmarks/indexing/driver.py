# SPDX-License-Identifier: Apache-2.0
"""The indexer without a case around it: probe, plan, index every segment in worker processes, pack, join.

The same functions as ``relecture index`` calls; what is left out is encryption and the log.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from indexer.audit import audit_of
from indexer.blobs import MemoryBlobStore
from indexer.index import Index, content_digest, write_segment
from indexer.pipeline import IndexConfig, SegmentPlan, index_segment, plan_segments
from indexer.probe import PacketTable, probe
from indexer.records import Recording, Track
from indexer.segments import Segment, pack, unpack
from indexer.warmup import compile_kernels
from models.modelset import ModelSet, Profile, load_model_set

_models: list[ModelSet] = []


def index_recording(clip: Path, *, profile: Profile, jobs: int, has_walkers: bool = True) -> dict[str, Any]:
    """Index one recording; what it took and what it found, as plain values.

    Args:
        clip: The recording.
        profile: Profile to index with.
        jobs: Worker processes.
        has_walkers: False leaves out the net that finds walkers, to show what it costs.
    """
    with _workers(jobs, profile, has_walkers) as run:
        started = time.perf_counter()
        recording, packets = probed_recording(clip)
        probe_s = time.perf_counter() - started
        config = IndexConfig.of_profile(profile)
        plans = plan_segments(recording, packets, config)
        started = time.perf_counter()
        made = run(functools.partial(_made, recording, packets, config), plans)
        segments = [unpack(content, name="segment") for content in made]
        index_s = time.perf_counter() - started
    facts = recording.facts
    return {
        "clip": clip.name,
        "profile": profile,
        "jobs": jobs,
        "probe_s": round(probe_s, 2),
        "index_s": round(index_s, 2),
        "footage_s": float(facts.duration_s),
        "content_sha256": content_digest(segments),
        "segments": [{**asdict(item.stats), "n_tracks": len(item.tracks)} for item in segments],
        "skipped_s": float(
            sum(span.end_pts_ticks - span.first_pts_ticks for item in segments for span in item.skipped)
            * facts.time_base
        ),
        "audit": audit_of(segments, time_base=facts.time_base).document(),
        "findings": sorted({str(finding.kind) for item in segments for finding in item.findings}),
        "tracks": [_line_of(track) for track in _joined(recording, segments)],
    }


def probed_recording(clip: Path) -> tuple[Recording, PacketTable]:
    """A file as a recording without a case, hashed and probed."""
    probed = probe(str(clip))
    return probed.recording(str(clip), camera="bench"), probed.packets


@contextmanager
def _workers(jobs: int, profile: Profile, has_walkers: bool) -> Iterator[Callable[..., Iterator[bytes]]]:
    """A map over processes that load what they need while the recording is probed; one job is this process.

    They are forked with everything imported, as the product's are from its server of decoding children.
    """
    if jobs == 1:
        _open_models(profile, has_walkers)
        yield map
        return
    with ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_open_models,
        initargs=(profile, has_walkers),
    ) as pool:
        for _ in range(jobs):
            pool.submit(compile_kernels)
        yield pool.map


def _open_models(profile: Profile, has_walkers: bool) -> None:
    models = load_model_set(profile)
    _models[:] = [models if has_walkers else replace(models, walkers=None)]


def _made(recording: Recording, packets: PacketTable, config: IndexConfig, plan: SegmentPlan) -> bytes:
    return pack(index_segment(recording, packets, plan, config, _models[0]))[0]


def _joined(recording: Recording, segments: list[Segment]) -> tuple[Track, ...]:
    """Tracks of the whole recording, those that a cut broke joined again, as every reader of an index sees them."""
    store = MemoryBlobStore()
    for segment in segments:
        write_segment(store, segment)
    index = Index(store, {recording.recording_id: recording})
    tracks = index.tracks
    index.close()
    return tracks


def _line_of(track: Track) -> dict[str, Any]:
    return {
        "track_id": track.track_id,
        "class": track.class_name,
        "frames": track.frame_index.tolist(),
        "boxes": [[round(float(value), 1) for value in box] for box in track.boxes_xyxy_px],
    }


def main() -> None:
    """Entry of the measured process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--profile", default="standard", choices=["fast", "standard", "exhaustive"])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--no-walkers", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found = index_recording(
        arguments.clip, profile=arguments.profile, jobs=arguments.jobs, has_walkers=not arguments.no_walkers
    )
    arguments.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
