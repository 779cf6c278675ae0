# SPDX-License-Identifier: Apache-2.0
"""Trains the crop classifier: ``python -m models.training.crop --shared ../shared --out DIR``.

Seeded; stops and goes on from its checkpoint (same folder, same command); about 0.31 s a step on one core. Writes
``net.pt`` (weights of the moving average), ``relecture-crop-1.onnx`` and ``score.json`` (held-out figures).
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import pickle
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from models.training.augment import composed, crop_of, recoloured, scene_light, shapeless
from models.training.clips import car_cutouts, collect_clips
from models.training.net import CropNet
from models.training.rendered import collect_rendered
from models.training.score import finish
from models.training.sources import CAR, CLASSES, OTHER, PERSON, Patch, collect_pictures, is_held_out
from models.training.teachers import Teachers

__all__ = ["Samples", "Scenes", "load_patches", "main"]

CLASS_SHARE = {
    "person": 0.19,
    "bicycle": 0.085,
    "motorcycle": 0.08,
    "car": 0.165,
    "van": 0.08,
    "truck": 0.09,
    "bus": 0.05,
    "other": 0.26,
}
SMOOTHING = 0.05
BATCH = 128


def _weight(origin: str, pool: list[Patch]) -> float:
    """Big sets count less than their size. Parts are hard to tell from objects cut short, so few are shown."""
    return len(pool) ** 0.6 * (0.35 if origin.endswith(":part") else 1.0)


class Samples(Dataset):
    """Sample ``i`` is a function of the seed and ``i`` alone, so that a resumed run sees what a straight one does.

    ``cutouts`` are RGBA persons, ``cars`` RGBA cars seen from above.
    """

    def __init__(self, patches: list[Patch], scenes: Scenes, *, length: int, seed: int) -> None:
        self.empty, self.cutouts, self.cars = scenes.empty, scenes.persons, scenes.cars
        self.length, self.seed = length, seed
        self.pools: list[tuple[list[list[Patch]], list[float]]] = []
        for number in range(len(CLASSES)):
            by_origin: dict[str, list[Patch]] = defaultdict(list)
            for patch in patches:
                if int(patch.allowed.argmax()) == number:
                    by_origin[patch.origin].append(patch)
            pools = [by_origin[name] for name in sorted(by_origin)]
            self.pools.append((pools, [_weight(name, by_origin[name]) for name in sorted(by_origin)]))

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        rng = random.Random(self.seed * 1_000_003 + index)
        number = rng.choices(range(len(CLASSES)), list(CLASS_SHARE.values()))[0]
        pools, weights = self.pools[number]
        patch = rng.choice(rng.choices(pools, weights)[0])
        if number == PERSON and rng.random() < 0.18:
            patch = composed(rng.choice(self.cutouts), self._ground(rng), rng, kind=PERSON)
        elif number == CAR and self.cars and rng.random() < 0.16:
            patch = composed(recoloured(rng.choice(self.cars), rng), self._ground(rng), rng, kind=CAR)
        elif number == OTHER and rng.random() < 0.3:
            patch = self._nothing(rng)
        crop = crop_of(patch, rng)
        return torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1))), torch.from_numpy(patch.allowed)

    def _ground(self, rng: random.Random) -> np.ndarray:
        if rng.random() < 0.5:
            return rng.choice(self.empty)
        return rng.choice(self.pools[OTHER][0][rng.randrange(len(self.pools[OTHER][0]))]).pixels

    def _nothing(self, rng: random.Random) -> Patch:
        """Empty ground with a shadow, a patch of light, or a shapeless thing on it."""
        ground = self._ground(rng)
        high, wide = min(rng.randint(20, 160), ground.shape[0] - 1), min(rng.randint(20, 160), ground.shape[1] - 1)
        y, x = rng.randint(0, ground.shape[0] - high), rng.randint(0, ground.shape[1] - wide)
        allowed = np.zeros(len(CLASSES), bool)
        allowed[OTHER] = True
        pixels = ground[y : y + high, x : x + wide]
        pixels = shapeless(pixels, self._ground(rng), rng) if rng.random() < 0.5 else scene_light(pixels, rng)
        return Patch(pixels=pixels, box=(0, 0, wide, high), allowed=allowed, origin="light", held_out=False)


@dataclass
class Scenes:
    """What compositions are made of: empty frames (BGR), persons and cars from above (RGBA)."""

    empty: list[np.ndarray]
    persons: list[np.ndarray]
    cars: list[np.ndarray]


def load_patches(shared: Path, cache: Path) -> tuple[list[Patch], Scenes]:
    """Patches and scenes; collected once, then read from the cache."""
    if cache.exists():
        patches, empty = pickle.loads(cache.read_bytes())  # noqa: S301 - our own file, made below
    else:
        teachers = Teachers(shared / "weights")
        clips, empty = collect_clips(shared / "footage", teachers)
        patches = clips + collect_pictures(shared / "training", teachers)
        cache.write_bytes(pickle.dumps((patches, empty)))
    files = sorted((shared / "training" / "cutouts_ccby" / "person").glob("*.png"))
    # Why: a cut-out is named person_<picture>_<number>.png, and its picture may be held out.
    files = [file for file in files if not is_held_out(f"coco_{file.stem.split('_')[1]}")]
    cutouts = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    tall = [c for c in cutouts if c.ndim == 3 and c.shape[2] == 4 and c.shape[0] > 1.4 * c.shape[1]]
    return patches, Scenes(empty=empty, persons=tall, cars=car_cutouts(shared / "footage"))


def partial_loss(logits: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Minus log of the probability given to the allowed classes together, smoothed."""
    log_p = torch.log_softmax(logits, dim=1)
    hit = torch.logsumexp(log_p.masked_fill(~allowed, -1e9), dim=1)
    return (-(1 - SMOOTHING) * hit - SMOOTHING * log_p.mean(dim=1)).mean()


def train(
    samples: Samples, *, out: Path, steps: int, seed: int, peak: float = 3e-3, start: Path | None = None
) -> CropNet:
    """Train, or go on from ``out/checkpoint.pt``; returns the moving average of the weights.

    ``start`` holds weights to begin with instead of random ones.
    """
    torch.manual_seed(seed)
    net = CropNet(len(CLASSES)).to(memory_format=torch.channels_last)
    if start is not None:
        net.load_state_dict(torch.load(start))
    average = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=0.02)
    done, checkpoint = 0, out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["step"]
    rest = torch.utils.data.Subset(samples, range(done * BATCH, steps * BATCH))
    started, shown = time.monotonic(), 0.0
    for step, (crops, allowed) in enumerate(DataLoader(rest, BATCH, num_workers=1, prefetch_factor=4), start=done + 1):
        rate = peak * min(1.0, step / 150) * 0.5 * (1 + math.cos(math.pi * step / steps)) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate
        net.train()
        loss = partial_loss(net(crops.float().contiguous(memory_format=torch.channels_last)), allowed)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        keep = min(0.998, step / (step + 20))
        with torch.no_grad():
            for slow, fast in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
                if slow.dtype.is_floating_point:
                    slow.lerp_(fast, 1 - keep)
                else:
                    slow.copy_(fast)
        shown += float(loss.detach())
        if step % 100 == 0:
            print(f"step {step}/{steps} loss {shown / 100:.4f} {time.monotonic() - started:.0f} s", flush=True)
            shown = 0.0
        if step % 500 == 0:
            state = {
                "net": net.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
            }
            torch.save(state, checkpoint)
    return average.eval()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder with training/, footage/ and weights/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rendered", type=Path, nargs="*", default=[], help="folders of samples; the last is held out")
    parser.add_argument("--peak", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--start", type=Path, help="net.pt of an earlier run to begin with")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(0)  # Why: a pool of threads does not survive the fork of the loader and stalls it.
    patches, scenes = load_patches(options.shared, options.out / "patches.pickle")
    for number, folder in enumerate(options.rendered):
        patches += collect_rendered(folder, held_out=number == len(options.rendered) - 1)
    known = [patch for patch in patches if not patch.held_out]
    samples = Samples(known, scenes, length=options.steps * BATCH, seed=options.seed)
    net = train(
        samples, out=options.out, steps=options.steps, seed=options.seed, peak=options.peak, start=options.start
    )
    torch.save(net.state_dict(), options.out / "net.pt")
    score = finish(net, [patch for patch in patches if patch.held_out], out=options.out)
    (options.out / "score.json").write_text(json.dumps(score, indent=1) + "\n")


if __name__ == "__main__":
    main()
