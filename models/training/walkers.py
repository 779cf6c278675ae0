# SPDX-License-Identifier: Apache-2.0
"""Trains the finder of walkers: where upright persons stand in a picture, seen beside the empty scene.

What differs from the empty scene is cut into too many pieces where clothes and ground look alike, and into too few
where two persons touch. The net sees the picture and the empty scene together and marks every walker that is in the
one and not in the other. It is trained on cut-out persons before real photographs, and on rendered squares.

    python -m models.training.walkers --shared ../shared --rendered SET... --out DIR --minutes 20
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from models.training.net import _Conv, _Residual, _Separable
from models.training.walker_scenes import Scenes

STRIDE_PX = 4
SIZE_HW = (192, 256)
PIXEL_MEAN = 114.0
PIXEL_SCALE = 58.0
BATCH = 10


class WalkerNet(nn.Module):
    """About 0.2 M parameters: strides 2 to 16 and back to 4; heat, log size and offset for every 4x4 px."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_Conv(6, 16, 3, 2), _Conv(16, 24, 3, 2), _Residual(24))
        self.down8 = nn.Sequential(_Conv(24, 48, 3, 2), _Separable(48), _Separable(48), _Separable(48))
        self.down16 = nn.Sequential(_Conv(48, 80, 3, 2), _Separable(80), _Separable(80), _Separable(80), _Separable(80))
        self.up8 = _Conv(80, 48, 1)
        self.mix8 = nn.Sequential(_Separable(48), _Separable(48))
        self.up4 = _Conv(48, 32, 1)
        self.skip4 = _Conv(24, 32, 1)
        self.mix4 = nn.Sequential(_Separable(32), _Conv(32, 32, 3))
        self.head = nn.Conv2d(32, 5, 1)
        nn.init.constant_(self.head.bias, 0.0)
        self.head.bias.data[0] = -3.5

    def forward(self, pair: Tensor) -> Tensor:
        """(N, 5, H/4, W/4) heat logit, log width, log height, x and y offset, from (N, 6, H, W) BGR BGR, 0 to 255."""
        at4 = self.stem((pair - PIXEL_MEAN) / PIXEL_SCALE)
        at8 = self.down8(at4)
        at16 = self.down16(at8)
        back8 = self.mix8(at8 + functional.interpolate(self.up8(at16), scale_factor=2.0, mode="nearest"))
        back4 = self.mix4(self.skip4(at4) + functional.interpolate(self.up4(back8), scale_factor=2.0, mode="nearest"))
        return self.head(back4)


class Exported(nn.Module):
    """Heat as a probability, thinned to its peaks, and boxes in input pixels."""

    def __init__(self, net: WalkerNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pair: Tensor) -> tuple[Tensor, Tensor]:
        """Peaks (N, 1, h, w), zero beside each peak, and sizes and offsets (N, 4, h, w)."""
        out = self.net(pair)
        heat = torch.sigmoid(out[:, :1])
        top = functional.max_pool2d(heat, 3, 1, 1)
        return heat * (heat >= top).to(heat.dtype), torch.cat([torch.exp(out[:, 1:3]), out[:, 3:]], 1)


def targets_of(boxes: list[np.ndarray], size_hw: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Heat (N, 1, h, w), values (N, 4, h, w) and where they count (N, 1, h, w)."""
    h, w = size_hw[0] // STRIDE_PX, size_hw[1] // STRIDE_PX
    heat = np.zeros((len(boxes), 1, h, w), np.float32)
    values, counts = np.zeros((len(boxes), 4, h, w), np.float32), np.zeros((len(boxes), 1, h, w), np.float32)
    ys, xs = np.mgrid[:h, :w]
    for k, own in enumerate(boxes):
        for x1, y1, x2, y2 in own:
            cx, cy = (x1 + x2) / 2 / STRIDE_PX, (y1 + y2) / 2 / STRIDE_PX
            i, j = int(np.clip(cy, 0, h - 1)), int(np.clip(cx, 0, w - 1))
            sx, sy = max(0.6, (x2 - x1) / STRIDE_PX / 7), max(0.8, (y2 - y1) / STRIDE_PX / 9)
            bump = np.exp(-((xs - j) ** 2) / (2 * sx**2) - ((ys - i) ** 2) / (2 * sy**2))
            heat[k, 0] = np.maximum(heat[k, 0], bump)
            near = bump > 0.6
            values[k, 0][near], values[k, 1][near] = np.log(x2 - x1), np.log(y2 - y1)
            values[k, 2][near], values[k, 3][near] = (cx - xs - 0.5)[near], (cy - ys - 0.5)[near]
            counts[k, 0][near] = bump[near]
    return torch.from_numpy(heat), torch.from_numpy(values), torch.from_numpy(counts)


def loss_of(out: Tensor, heat: Tensor, values: Tensor, counts: Tensor) -> Tensor:
    """Penalty-reduced focal loss and L1. Source: Zhou et al., "Objects as Points", arXiv 1904.07850."""
    p = torch.sigmoid(out[:, :1]).clamp(1e-4, 1 - 1e-4)
    is_peak = heat > 0.97
    n = is_peak.sum().clamp(min=1)
    positive = (torch.log(p) * (1 - p) ** 2)[is_peak].sum()
    negative = (torch.log(1 - p) * p**2 * (1 - heat) ** 4)[~is_peak].sum()
    error = (out[:, 1:] - values).abs() * torch.tensor([1.0, 1.0, 0.25, 0.25]).view(1, 4, 1, 1)
    return -(positive + negative) / n + 1.5 * (error * counts).sum() / counts.sum().clamp(min=1)


def main() -> None:
    """Train, and save every hundred steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--peak", type=float, default=2.5e-3)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    scenes = Scenes(arguments.shared, arguments.rendered, seed=arguments.seed, size_hw=SIZE_HW)
    stream = iter(DataLoader(_Stream(scenes), batch_size=None, num_workers=1, prefetch_factor=4))
    net = WalkerNet()
    print(f"{sum(p.numel() for p in net.parameters()):,} parameters")
    arguments.out.mkdir(parents=True, exist_ok=True)
    state = arguments.out / "walkers.pt"
    if state.exists():
        net.load_state_dict(torch.load(state))
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995))
    start, step, running = time.monotonic(), 0, 0.0
    while (share := (time.monotonic() - start) / 60 / arguments.minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = (
                arguments.peak * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
            )
        pairs, boxes = next(stream)
        net.train()
        loss = loss_of(net(torch.as_tensor(pairs)), *targets_of([np.asarray(b) for b in boxes], SIZE_HW))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        average.update_parameters(net)
        running += float(loss)
        step += 1
        if step % 100 == 0:
            print(f"{step} steps, {share:.0%}, loss {running / 100:.3f}", flush=True)
            running = 0.0
            save(average.module, scenes, arguments.out)
    save(average.module, scenes, arguments.out)


class _Stream(IterableDataset):  # type: ignore[type-arg]
    """Batches drawn in a process of their own, so that drawing and learning go on together."""

    def __init__(self, scenes: Scenes) -> None:
        self._scenes = scenes

    def __iter__(self):  # type: ignore[no-untyped-def]
        cv2.setNumThreads(1)
        while True:
            yield self._scenes.batch(BATCH)


def save(net: nn.Module, scenes: Scenes, out: Path) -> None:
    """Settle the averaged net's statistics on fresh scenes, then write state and ONNX."""
    import copy  # noqa: PLC0415

    settled = copy.deepcopy(net).train()
    with torch.no_grad():
        for module in settled.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None
        for _ in range(8):
            settled(torch.from_numpy(scenes.batch(BATCH)[0]))
    torch.save(settled.state_dict(), out / "walkers.pt")
    model = Exported(settled.eval()).eval()  # type: ignore[arg-type]
    torch.onnx.export(
        model,
        (torch.zeros(1, 6, *SIZE_HW),),
        str(out / "walkers.onnx"),
        input_names=["pair"],
        output_names=["peaks", "boxes"],
        dynamic_axes={"pair": {2: "height", 3: "width"}, "peaks": {2: "h", 3: "w"}, "boxes": {2: "h", 3: "w"}},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
