# SPDX-License-Identifier: Apache-2.0
"""Tries to learn "a bag is carried" on person crops, and says how well that went.

``python -m models.training.bag --shared ../shared --out DIR`` after ``models.training.crop`` with the same folder.
Starts from the trunk of the crop classifier. Real positives are few (83 persons to train on), so half of the
training positives are bag cut-outs put on person cut-outs. Nothing is exported: see the card for why.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from models.training.augment import composed, crop_of
from models.training.crop import BATCH, load_patches
from models.training.net import FEATURES, CropNet
from models.training.sources import CLASSES, OTHER, PERSON, Patch

__all__ = ["BagSamples", "main", "precision_recall"]


class BagNet(nn.Module):
    """The trunk with a head over mean and maximum of its map."""

    def __init__(self, net: CropNet) -> None:
        super().__init__()
        self.net = net
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(FEATURES * 2, 1))

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Logits (N,)."""
        maps = self.net.maps(crops)
        return self.head(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1))[:, 0]


class BagSamples(Dataset):
    """Half with a bag; a third of both halves is composed."""

    def __init__(self, patches: list[Patch], bags: list[np.ndarray], persons: list[np.ndarray], *, length: int) -> None:
        self.by_bag = [[patch for patch in patches if patch.has_bag == value] for value in (0, 1)]
        self.grounds = [patch.pixels for patch in patches if patch.allowed[OTHER]]
        self.bags, self.persons, self.length = bags, persons, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = random.Random(91_000_003 + index)
        has_bag = rng.random() < 0.5
        if rng.random() < 0.35:
            bag = rng.choice(self.bags) if has_bag else None
            patch = composed(rng.choice(self.persons), rng.choice(self.grounds), rng, kind=PERSON, bag=bag)
        else:
            patch = rng.choice(self.by_bag[has_bag])
        crop = crop_of(patch, rng, hard=rng.random() < 0.3)
        return torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1))), torch.tensor(float(has_bag))


def precision_recall(scores: np.ndarray, truth: np.ndarray) -> dict:
    """Average precision, the best F1, and precision at three recalls."""
    order = np.argsort(-scores)
    hits = truth[order].cumsum()
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / truth.sum()
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    at = {f"precision_at_recall_{r}": round(float(precision[recall >= r].max()), 3) for r in (0.2, 0.5, 0.8)}
    ap = float((precision * truth[order]).sum() / truth.sum())
    return {"n": len(truth), "positives": int(truth.sum()), "average_precision": round(ap, 3),
            "best_f1": round(float(f1.max()), 3), **at}  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=500)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)  # Why: a pool of threads does not survive the fork of the loader and stalls it.
    torch.manual_seed(3)
    patches, scenes = load_patches(options.shared, options.out / "patches.pickle")
    files = sorted((options.shared / "training" / "cutouts_ccby" / "bag").glob("*.png"))
    bags = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    known = [patch for patch in patches if not patch.held_out]
    held_out = [patch for patch in patches if patch.held_out and patch.has_bag >= 0]
    trunk = CropNet(len(CLASSES))
    trunk.load_state_dict(torch.load(options.out / "net.pt"))
    net = BagNet(trunk).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=8e-4, weight_decay=0.05)
    samples = BagSamples(known, bags, scenes.persons, length=options.steps * BATCH)
    net.train()
    for step, (crops, truth) in enumerate(DataLoader(samples, BATCH, num_workers=1), start=1):
        for group in optimiser.param_groups:
            group["lr"] = 8e-4 * 0.5 * (1 + math.cos(math.pi * step / options.steps)) + 1e-5
        logits = net(crops.float().contiguous(memory_format=torch.channels_last))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, truth * 0.94 + 0.03)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step}/{options.steps} loss {float(loss.detach()):.3f}", flush=True)
    net.eval()
    crops = [crop_of(patch, random.Random(i), hard=False) for i, patch in enumerate(held_out)]
    with torch.no_grad():
        scores = net(torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32))).numpy()
    report = precision_recall(scores, np.array([patch.has_bag == 1 for patch in held_out]))
    (options.out / "bag.json").write_text(json.dumps(report, indent=1) + "\n")
    print(report)


if __name__ == "__main__":
    main()
