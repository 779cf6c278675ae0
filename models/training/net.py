# SPDX-License-Identifier: Apache-2.0
"""The small residual network behind the embedded crop models: pixels in, class logits and features out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["FEATURES", "INPUT_PX", "CropNet", "Exported"]

INPUT_PX = 64
FEATURES = 128
PIXEL_MEAN = 114.0
PIXEL_SCALE = 58.0


class _Conv(nn.Sequential):
    """Convolution, batch norm, optional ReLU."""

    def __init__(
        self, n_in: int, n_out: int, kernel: int, stride: int = 1, *, groups: int = 1, act: bool = True
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(n_out),
        ]
        if act:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class _Residual(nn.Module):
    """Two 3x3 convolutions around an identity."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_Conv(n, n, 3), _Conv(n, n, 3, act=False))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.body(x))


class _Separable(nn.Module):
    """Depthwise then pointwise convolution around an identity: cheap in parameters at 4x4."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_Conv(n, n, 3, groups=n), _Conv(n, n, 1, act=False))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.body(x))


class CropNet(nn.Module):
    """About 0.3 M parameters and 27 million multiply-adds for a 64x64 crop.

    Args:
        n_classes: Width of the class head.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            _Conv(3, 16, 3, 2),
            _Conv(16, 32, 3, 2),
            _Residual(32),
            _Residual(32),
            _Conv(32, 64, 3, 2),
            _Residual(64),
            _Residual(64),
            _Conv(64, FEATURES, 3, 2),
            _Separable(FEATURES),
            _Separable(FEATURES),
        )
        self.drop = nn.Dropout(0.15)
        self.head = nn.Linear(FEATURES, n_classes)

    def maps(self, crops: Tensor) -> Tensor:
        """Feature maps (N, 128, 4, 4) of crops (N, 3, 64, 64), BGR, 0 to 255."""
        return self.trunk((crops - PIXEL_MEAN) / PIXEL_SCALE)

    def forward(self, crops: Tensor) -> Tensor:
        """Class logits (N, K)."""
        return self.head(self.drop(self.maps(crops).mean((2, 3))))


class Exported(nn.Module):
    """What goes into the file: calibrated probabilities and pooled features, pixels as they come."""

    def __init__(self, net: CropNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (N, K) that sum to one, features (N, 128)."""
        pooled = self.net.maps(crops).mean((2, 3))
        return torch.softmax(self.net.head(pooled) / self.temperature, dim=1), pooled
