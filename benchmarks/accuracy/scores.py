# SPDX-License-Identifier: Apache-2.0
"""HOTA, MOTA and IDF1 by TrackEval, and what an officer asks: which passes were found, missed, split, invented."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.accuracy.recordings import Labelled, LabelledPass
from indexer.records import Track

__all__ = ["MotScores", "PassScores", "iou_matrix", "kind_of", "mot_scores", "pass_scores"]

FOUND_SHARE: Final = 0.5
"""A pass is found when one track lies on at least so much of its seen frames; a split covers at least SPLIT_SHARE."""
SPLIT_SHARE: Final = 0.1
ON_IOU: Final = 0.3
HALF: Final = 0.5
_KINDS: Final = {
    "bicycle": "two-wheeler",
    "motorcycle": "two-wheeler",
    "car": "vehicle",
    "van": "vehicle",
    "truck": "vehicle",
    "bus": "vehicle",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MotScores:
    """Scores of one recording. Counts are boxes, except switches and fragments."""

    hota: float
    det_a: float
    ass_a: float
    loc_a: float
    mota: float
    idf1: float
    recall: float
    precision: float
    n_switches: int
    n_fragments: int
    n_truth_boxes: int
    n_false: int
    n_missed: int


@dataclass(slots=True, kw_only=True)
class PassScores:
    """Passes of one recording: lists name what to look at, pairs are (pass, its best track)."""

    found: list[tuple[LabelledPass, Track]] = field(default_factory=list)
    missed: list[LabelledPass] = field(default_factory=list)
    invented: list[Track] = field(default_factory=list)
    n_extra_pieces: int = 0
    n_merged: int = 0


def mot_scores(labelled: Labelled, tracks: Sequence[Track], *, min_visible_unit: float = 0.0) -> MotScores:
    """Score boxes frame by frame.

    A track's box that lies on a labelled box which does not count (too little of it seen, a class that is not scored)
    is taken out before scoring, as MOTChallenge does.
    """
    n_frames = 1 + max([0, *(int(p.frames[-1]) for p in labelled.passes), *(int(t.frame_index[-1]) for t in tracks)])
    truth: list[list[tuple[int, NDArray[np.float64], bool]]] = [[] for _ in range(n_frames)]
    ours: list[list[tuple[int, NDArray[np.float64]]]] = [[] for _ in range(n_frames)]
    for number, one in enumerate(labelled.passes):
        assert one.boxes_xyxy_px is not None
        for frame, box, visible in zip(one.frames, one.boxes_xyxy_px, one.visible_unit, strict=True):
            truth[int(frame)].append((number, box, one.counts and visible >= min_visible_unit))
    for number, track in enumerate(tracks):
        for frame, box in zip(track.frame_index, track.boxes_xyxy_px.astype(np.float64), strict=True):
            ours[int(frame)].append((number, box))
    data = _trackeval_data(truth, ours)
    from trackeval.metrics import CLEAR, HOTA, Identity  # noqa: PLC0415  # Reason: prints at import.

    with contextlib.redirect_stdout(io.StringIO()):
        hota, clear, identity = HOTA(), CLEAR({"PRINT_CONFIG": False}), Identity({"PRINT_CONFIG": False})
        h, c, i = hota.eval_sequence(data), clear.eval_sequence(data), identity.eval_sequence(data)
    return MotScores(
        hota=float(np.mean(h["HOTA"])),
        det_a=float(np.mean(h["DetA"])),
        ass_a=float(np.mean(h["AssA"])),
        loc_a=float(np.mean(h["LocA"])),
        mota=float(c["MOTA"]),
        idf1=float(i["IDF1"]),
        recall=float(c["CLR_Re"]),
        precision=float(c["CLR_Pr"]),
        n_switches=int(c["IDSW"]),
        n_fragments=int(c["Frag"]),
        n_truth_boxes=int(data["num_gt_dets"]),  # type: ignore[call-overload]
        n_false=int(c["CLR_FP"]),
        n_missed=int(c["CLR_FN"]),
    )


def _trackeval_data(
    truth: list[list[tuple[int, NDArray[np.float64], bool]]], ours: list[list[tuple[int, NDArray[np.float64]]]]
) -> dict[str, object]:
    gt_ids, tracker_ids, similarity = [], [], []
    for labels, boxes in zip(truth, ours, strict=True):
        known = np.array([box for _, box, _ in labels]).reshape(-1, 4)
        given = np.array([box for _, box in boxes]).reshape(-1, 4)
        iou = iou_matrix(known, given)
        counts = np.array([c for _, _, c in labels], bool)
        keep = np.ones(len(boxes), bool)
        if len(boxes) and not counts.all():
            rows, columns = linear_sum_assignment(np.where(iou >= HALF, iou, 0.0), maximize=True)
            for row, column in zip(rows, columns, strict=True):
                keep[column] = counts[row] or iou[row, column] < HALF
        gt_ids.append(np.array([n for n, _, c in labels if c], int))
        tracker_ids.append(np.array([n for (n, _), k in zip(boxes, keep, strict=True) if k], int))
        similarity.append(iou[counts][:, keep] if len(labels) else np.zeros((0, int(keep.sum()))))
    gt_names, tracker_names = (_names(ids) for ids in (gt_ids, tracker_ids))
    return {
        "num_timesteps": len(gt_ids),
        "num_gt_ids": len(gt_names),
        "num_tracker_ids": len(tracker_names),
        "num_gt_dets": sum(map(len, gt_ids)),
        "num_tracker_dets": sum(map(len, tracker_ids)),
        "gt_ids": [np.searchsorted(gt_names, ids) for ids in gt_ids],
        "tracker_ids": [np.searchsorted(tracker_names, ids) for ids in tracker_ids],
        "similarity_scores": similarity,
    }


def _names(ids: list[NDArray[np.int_]]) -> NDArray[np.int_]:
    return np.unique(np.concatenate(ids)) if ids else np.zeros(0, int)


def iou_matrix(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) intersection over union of (N, 4) and (M, 4) boxes x1 y1 x2 y2."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    area_a, area_b = (np.clip(x[:, 2:] - x[:, :2], 0, None).prod(axis=1) for x in (a, b))
    return np.asarray(common / np.maximum(area_a[:, None] + area_b[None] - common, 1e-9))


def pass_scores(labelled: Labelled, tracks: Sequence[Track]) -> PassScores:
    """Find the track of every pass, one to one, and what is left over."""
    passes = [p for p in labelled.passes if p.counts]
    cover = np.zeros((len(passes), len(tracks)))
    of_track = np.zeros_like(cover)
    for i, one in enumerate(passes):
        for j, track in enumerate(tracks):
            cover[i, j], of_track[i, j] = _overlap(one, track)
    scores = PassScores()
    # Why: where only times are labelled, two cars that pass together are told apart by their colours alone.
    coloured = np.array([[_has_colour(one, track) for track in tracks] for one in passes]).reshape(cover.shape)
    worth = cover + 0.01 * of_track + 0.2 * coloured * (cover >= FOUND_SHARE)
    rows, columns = linear_sum_assignment(worth, maximize=True) if cover.size else ((), ())
    best = {i: j for i, j in zip(rows, columns, strict=True) if cover[i, j] >= FOUND_SHARE}
    for i, one in enumerate(passes):
        pieces = [j for j in range(len(tracks)) if of_track[i, j] >= HALF and cover[i, j] >= SPLIT_SHARE]
        if i in best:
            scores.found.append((one, tracks[best[i]]))
            taken = {best[i]} if one.boxes_xyxy_px is not None else set(best.values())
            scores.n_extra_pieces += len([j for j in pieces if j not in taken])
        else:
            scores.missed.append(one)
            scores.n_extra_pieces += max(0, len(pieces) - 1)
    uncounted = [p for p in labelled.passes if not p.counts]
    for j, track in enumerate(tracks):
        if cover[:, j].size and (of_track[:, j] >= 0.3).sum() > 1:
            scores.n_merged += 1
        on_any = j in best.values() or (cover.size and of_track[:, j].max() >= ON_IOU)
        if not on_any and not any(_overlap(p, track)[1] >= ON_IOU for p in uncounted):
            scores.invented.append(track)
    return scores


def _has_colour(one: LabelledPass, track: Track) -> bool:
    found = track.attribute("colour")
    return one.boxes_xyxy_px is None and found is not None and found.value in one.colours


def kind_of(class_name: str) -> str:
    """Person, two-wheeler or vehicle: what a confusion within is less grave than."""
    return _KINDS.get(class_name, class_name)


def _overlap(one: LabelledPass, track: Track) -> tuple[float, float]:
    """Share of the pass that lies under the track, and share of the track that lies on the pass."""
    if one.boxes_xyxy_px is None:
        if kind_of(one.class_name) != kind_of(track.class_name):
            return 0.0, 0.0
        first, last = int(one.frames[0]), int(one.frames[-1])
        a, b = int(track.frame_index[0]), int(track.frame_index[-1])
        common = max(0, min(last, b) - max(first, a) + 1)
        return common / (last - first + 1), common / (b - a + 1)
    _, mine, theirs = np.intersect1d(one.frames, track.frame_index, return_indices=True)
    if len(mine) == 0:
        return 0.0, 0.0
    a, b = one.boxes_xyxy_px[mine], track.boxes_xyxy_px[theirs].astype(np.float64)
    common_area = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(axis=1)
    area_a, area_b = (np.clip(x[:, 2:] - x[:, :2], 1e-9, None).prod(axis=1) for x in (a, b))
    is_on = common_area / (area_a + area_b - common_area) >= ON_IOU
    n_seen = max(1, int((one.visible_unit >= 0.25).sum()))
    return min(1.0, int(is_on.sum()) / n_seen), int(is_on.sum()) / len(track.frame_index)
