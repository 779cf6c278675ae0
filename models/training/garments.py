# SPDX-License-Identifier: Apache-2.0
"""Trains the net that finds the garments: which pixels of a person's crop are the upper and which the lower garment.

    python -m models.training.garments --shared ../shared --judged benchmarks/accuracy/judged/persons.csv --out DIR
        --minutes 25

Resumable: the state is saved every hundred steps. Pictures of persons who are judged on the held halves are left out.
"""

from __future__ import annotations

import argparse
import csv
import math
import pickle
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.garment_figures import DOUBTFUL
from models.training.garment_scenes import SIZE_HW, Garments
from models.training.net import PIXEL_MEAN, PIXEL_SCALE, _Conv, _Residual, _Separable

STRIDE = 2
BATCH = 48
PEAK_RATE = 3e-3


class GarmentNet(nn.Module):
    """About 0.2 M parameters: strides 2 to 16 and back to 2; neither, upper, lower for every 2x2 px."""

    def __init__(self) -> None:
        super().__init__()
        self.at2 = _Conv(3, 16, 3, 2)
        self.at4 = nn.Sequential(_Conv(16, 32, 3, 2), _Residual(32))
        self.at8 = nn.Sequential(_Conv(32, 64, 3, 2), _Residual(64))
        self.at16 = nn.Sequential(_Conv(64, 96, 3, 2), *(_Separable(96) for _ in range(4)))
        self.whole = nn.Linear(96, 96)
        self.back8, self.mix8 = _Conv(96, 64, 1), nn.Sequential(_Separable(64), _Separable(64))
        self.back4, self.mix4 = _Conv(64, 32, 1), nn.Sequential(_Separable(32), _Residual(32))
        self.back2, self.mix2 = _Conv(32, 16, 1), _Residual(16)
        self.head = nn.Conv2d(16, 3, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Logits (N, 3, 48, 24) of crops (N, 3, 96, 48), BGR, 0 to 255."""
        at2 = self.at2((crops - PIXEL_MEAN) / PIXEL_SCALE)
        at4 = self.at4(at2)
        at8 = self.at8(at4)
        at16 = self.at16(at8)
        at16 = at16 + self.whole(at16.mean((2, 3)))[:, :, None, None]
        back8 = self.mix8(at8 + _doubled(self.back8(at16)))
        back4 = self.mix4(at4 + _doubled(self.back4(back8)))
        return self.head(self.mix2(at2 + _doubled(self.back2(back4))))


class Exported(nn.Module):
    """What goes into the file: shares of the two garments, pixels as they come."""

    def __init__(self, net: GarmentNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, crops: Tensor) -> Tensor:
        """(N, 2, 48, 24) probability of the upper and of the lower garment."""
        return torch.softmax(self.net(crops), dim=1)[:, 1:]


def _doubled(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0, mode="nearest")


def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy where the label is certain."""
    truth = labels[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE].long()
    return functional.cross_entropy(logits, truth, ignore_index=DOUBTFUL)


def export(net: GarmentNet, path: Path) -> None:
    """Write the net as ONNX with a free number of crops."""
    free = {"crops": {0: "n"}, "garments": {0: "n"}}
    torch.onnx.export(
        Exported(net.eval()), (torch.zeros(2, 3, *SIZE_HW),), str(path), input_names=["crops"],
        output_names=["garments"], dynamic_axes=free, opset_version=17, dynamo=False,
    )  # fmt: skip


def main() -> None:
    """Train, and save every hundred steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--judged", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--peak", type=float, default=PEAK_RATE, help="rate that the schedule begins with")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(11)
    cv2.setNumThreads(0)
    with options.judged.open(encoding="utf-8", newline="") as file:
        left_out = frozenset(row["file"] for row in csv.DictReader(file) if row["half"].startswith("held"))
    kept = options.out / "labelled.pickle"
    if not kept.is_file():
        kept.write_bytes(pickle.dumps(Garments(options.shared, left_out=left_out, seed=11)))
    source = pickle.loads(kept.read_bytes())  # noqa: S301  # Reason: written above, by this very command.
    print(f"{len(source.photographs)} photographs, {len(source.cutouts)} cut-outs", flush=True)
    net = GarmentNet().train()
    print(f"{sum(p.numel() for p in net.parameters())} parameters", flush=True)
    solver = torch.optim.AdamW(net.parameters(), lr=options.peak, weight_decay=0.02)
    state_file, spent_s, step = options.out / "state.pt", 0.0, 0
    if state_file.is_file():
        state = torch.load(state_file)
        net.load_state_dict(state["net"])
        solver.load_state_dict(state["solver"])
        spent_s, step = state["spent_s"], state["step"]

    def save() -> None:
        state = {"net": net.state_dict(), "solver": solver.state_dict(), "spent_s": spent_s, "step": step}
        torch.save(state, state_file)

    began, losses = time.process_time() - spent_s, []
    while (spent_s := time.process_time() - began) < 60 * options.minutes:
        progress = spent_s / (60 * options.minutes)
        for group in solver.param_groups:
            fall = 0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2
            group["lr"] = options.peak * min(1.0, (step + 1) / 100) * fall
        crops, labels = source.batch(BATCH)
        loss = loss_of(net(torch.from_numpy(crops)), torch.from_numpy(labels))
        solver.zero_grad()
        loss.backward()
        solver.step()
        losses.append(loss.item())
        step += 1
        if step % 100 == 0:
            print(f"step {step} {spent_s:.0f} s loss {np.mean(losses[-100:]):.4f}", flush=True)
            save()
    save()
    export(net, options.out / "relecture-garments-1.onnx")


if __name__ == "__main__":
    main()
