# SPDX-License-Identifier: Apache-2.0
"""Tries once more to read "a bag is carried": the whole net learns classes and bag at once, from nothing.

``python -m models.training.bag_joint --shared ../shared --out DIR``, where DIR holds the patches that
``models.training.crop`` collected. Crops of every kind teach the classes; persons with and without a bag, real and
composed, teach both. Nothing is exported: the card says why.
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
from models.training.bag import precision_recall
from models.training.crop import load_patches, partial_loss
from models.training.net import FEATURES, CropNet
from models.training.sources import CLASSES, OTHER, PERSON, Patch, is_held_out

__all__ = ["main"]

BATCH = 48
PEAK = 2e-3
WARM_UP_STEPS = 100
REPORT_STEPS = 200
ANY_SHARE, REAL_SHARE, HARD_SHARE = 0.3, 0.55, 0.4
UNSAID = -1.0


class JointNet(nn.Module):
    """The crop classifier with a second head on the mean and maximum of its map."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = CropNet(len(CLASSES))
        self.bag = nn.Linear(2 * FEATURES, 1)

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the classes (N, 8) and of the bag (N,)."""
        maps = self.trunk.maps(crops)
        mean = maps.mean((2, 3))
        return self.trunk.head(self.trunk.drop(mean)), self.bag(torch.cat([mean, maps.amax((2, 3))], 1))[:, 0]


class Persons:
    """Draws crops: of any kind without a word on bags, or of persons with and without one."""

    def __init__(self, patches: list[Patch], persons: list[np.ndarray], bags: list[np.ndarray]) -> None:
        self._known = [patch for patch in patches if not patch.held_out]
        self._real = {has_bag: [patch for patch in self._known if patch.has_bag == has_bag] for has_bag in (0, 1)}
        self._grounds = [patch.pixels for patch in self._known if patch.allowed[OTHER]]
        self._persons, self._bags = persons, bags

    def draw(self, rng: random.Random) -> tuple[np.ndarray, np.ndarray, float]:
        """Crop, allowed classes, and 1, 0 or UNSAID for the bag."""
        if rng.random() < ANY_SHARE:
            patch = rng.choice(self._known)
            return crop_of(patch, rng), patch.allowed, UNSAID
        has_bag = rng.random() < 0.5
        if rng.random() < REAL_SHARE:
            patch = rng.choice(self._real[has_bag])
        else:
            person, ground = rng.choice(self._persons), rng.choice(self._grounds)
            patch = composed(person, ground, rng, kind=PERSON, bag=rng.choice(self._bags) if has_bag else None)
        return crop_of(patch, rng, hard=rng.random() < HARD_SHARE), patch.allowed, float(has_bag)


def train(persons: Persons, held_out: list[Patch], *, steps: int) -> tuple[JointNet, dict]:
    """Train, and tell every 200 steps how the held-out persons are read; the last figures count, not the best."""
    torch.manual_seed(3)
    net, rng, report = JointNet(), random.Random(5), {}
    optimiser = torch.optim.AdamW(net.parameters(), lr=PEAK, weight_decay=0.03)
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = PEAK * min(1, step / WARM_UP_STEPS) * 0.5 * (1 + np.cos(np.pi * step / steps)) + 1e-5
        crops, allowed, bags = zip(*(persons.draw(rng) for _ in range(BATCH)), strict=True)
        truth = torch.tensor(bags)
        is_said = truth >= 0
        classes, bag = net(_tensor(crops))
        loss = 0.5 * partial_loss(classes, torch.from_numpy(np.stack(allowed)))
        loss = loss + nn.functional.binary_cross_entropy_with_logits(bag[is_said], truth[is_said])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % REPORT_STEPS == 0 or step == steps:
            report = _score(net, held_out)
            print(step, round(float(loss.detach()), 3), report, flush=True)
    return net, report


def _score(net: JointNet, held_out: list[Patch]) -> dict:
    net.eval()
    views = []
    for view in range(3):
        crops = [crop_of(patch, random.Random(31 * view + i), hard=False) for i, patch in enumerate(held_out)]
        with torch.no_grad():
            parts = [net(_tensor(crops[start : start + 64]))[1] for start in range(0, len(crops), 64)]
        views.append(torch.cat(parts).numpy())
    net.train()
    return precision_recall(np.mean(views, axis=0), np.array([patch.has_bag == 1 for patch in held_out]))


def _tensor(crops: list[np.ndarray] | tuple[np.ndarray, ...]) -> torch.Tensor:
    return torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2400)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    patches, scenes = load_patches(options.shared, options.out / "patches.pickle")
    files = sorted((options.shared / "training" / "cutouts_ccby" / "bag").glob("*.png"))
    # Why: a cut-out is named bag_<picture>_<number>.png, and its picture may be held out.
    files = [file for file in files if not is_held_out(f"coco_{file.stem.split('_')[1]}")]
    bags = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    bags = [item for item in bags if item.ndim == 3 and item.shape[2] == 4]
    held_out = [patch for patch in patches if patch.held_out and patch.has_bag >= 0]
    _, report = train(Persons(patches, scenes.persons, bags), held_out, steps=options.steps)
    (options.out / "bag_joint.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
