# SPDX-License-Identifier: Apache-2.0
"""Tries to read "a bag is carried" from the trunk of the crop classifier, and says how well that went.

``python -m models.training.bag --shared ../shared --out DIR`` after ``models.training.crop`` with the same folder. The
trunk is left as it is; a logistic regression on its map (mean and maximum) is fitted to persons with and without a bag.
Real positives are few, so bag cut-outs put on person cut-outs join them. Nothing is exported: the card says why.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from models.training.augment import composed, crop_of
from models.training.crop import load_patches
from models.training.net import CropNet
from models.training.sources import CLASSES, OTHER, PERSON, Patch

__all__ = ["main", "precision_recall"]

VIEWS = {0: 2, 1: 12}
N_COMPOSED = 500


def features_of(net: CropNet, patches: list[Patch], *, views: int, seed: int, hard: bool) -> torch.Tensor:
    """Mean and maximum of the map (len(patches) * views, 256), each view degraded anew."""
    crops = [
        crop_of(patch, random.Random(seed * 1_000_003 + i * views + v), hard=hard)
        for i, patch in enumerate(patches)
        for v in range(views)
    ]
    rows = []
    with torch.no_grad():
        for start in range(0, len(crops), 128):
            batch = np.stack(crops[start : start + 128]).transpose(0, 3, 1, 2).astype(np.float32)
            maps = net.maps(torch.from_numpy(batch))
            rows.append(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1))
    return torch.cat(rows)


def precision_recall(scores: np.ndarray, truth: np.ndarray) -> dict:
    """Average precision, the best F1, and the best precision at three recalls."""
    order = np.argsort(-scores)
    hits = truth[order].cumsum()
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / truth.sum()
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    report = {"n": len(truth), "positives": int(truth.sum()), "best_f1": round(float(f1.max()), 3)}
    report["average_precision"] = round(float((precision * truth[order]).sum() / truth.sum()), 3)
    for share in (0.2, 0.5, 0.8):
        report[f"precision_at_recall_{share}"] = round(float(precision[recall >= share].max()), 3)
    return report


def fitted(features: torch.Tensor, truth: torch.Tensor, *, decay: float) -> nn.Linear:
    """Logistic regression, both answers weighing the same."""
    head = nn.Linear(features.shape[1], 1)
    nn.init.zeros_(head.weight)
    weight = torch.where(truth > 0.5, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    solver = torch.optim.LBFGS(head.parameters(), max_iter=200)

    def closure() -> torch.Tensor:
        solver.zero_grad()
        logits = head(features)[:, 0]
        loss = (
            nn.functional.binary_cross_entropy_with_logits(logits, truth, weight) + decay * head.weight.square().sum()
        )
        loss.backward()
        return loss

    solver.step(closure)
    return head


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    cv2.setNumThreads(0)
    patches, scenes = load_patches(options.shared, options.out / "patches.pickle")
    net = CropNet(len(CLASSES)).eval()
    net.load_state_dict(torch.load(options.out / "net.pt"))
    files = sorted((options.shared / "training" / "cutouts_ccby" / "bag").glob("*.png"))
    bags = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    grounds = [patch.pixels for patch in patches if patch.allowed[OTHER] and not patch.held_out]
    rng = random.Random(5)
    features, truth, counts = [], [], {}
    for has_bag, views in VIEWS.items():
        real = [patch for patch in patches if patch.has_bag == has_bag and not patch.held_out]
        made = []
        for _ in range(N_COMPOSED):
            person, ground = rng.choice(scenes.persons), rng.choice(grounds)
            made.append(composed(person, ground, rng, kind=PERSON, bag=rng.choice(bags) if has_bag else None))
        counts["with" if has_bag else "without"] = len(real)
        for pool, n in ((real, views), (made, 1)):
            features.append(features_of(net, pool, views=n, seed=7 + has_bag, hard=False))
            truth += [float(has_bag)] * len(features[-1])
    known = torch.cat(features)
    middle, spread = known.mean(0), known.std(0) + 1e-3
    head = fitted((known - middle) / spread, torch.tensor(truth), decay=0.01)
    held_out = [patch for patch in patches if patch.held_out and patch.has_bag >= 0]
    with torch.no_grad():
        seen = features_of(net, held_out, views=4, seed=31, hard=False)
        scores = head((seen - middle) / spread)[:, 0].reshape(-1, 4).mean(1).numpy()
    report = precision_recall(scores, np.array([patch.has_bag == 1 for patch in held_out]))
    report["trained_on"] = counts
    (options.out / "bag.json").write_text(json.dumps(report, indent=1) + "\n")
    print(report)


if __name__ == "__main__":
    main()
