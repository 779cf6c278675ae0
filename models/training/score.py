# SPDX-License-Identifier: Apache-2.0
"""Held-out figures, calibration and export of the crop classifier."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import torch

from models.training.augment import crop_of
from models.training.net import CropNet, Exported
from models.training.sources import CLASSES, Patch

__all__ = ["calibration_error", "export", "figures", "finish", "fit_temperature"]


def logits_of(net: CropNet, patches: list[Patch], *, hard: bool, seed: int = 11) -> np.ndarray:
    """Logits (N, K) of one degraded crop per patch; the degradation is a function of the seed and the position."""
    rows = []
    with torch.no_grad():
        for start in range(0, len(patches), 128):
            crops = [
                crop_of(patch, random.Random(seed * 1_000_003 + start + i), hard=hard)
                for i, patch in enumerate(patches[start : start + 128])
            ]
            batch = torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32))
            rows.append(net(batch).numpy())
    return np.concatenate(rows)


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of logits over a temperature."""
    scaled = logits / temperature
    exp = np.exp(scaled - scaled.max(1, keepdims=True))
    return exp / exp.sum(1, keepdims=True)


def fit_temperature(logits: np.ndarray, allowed: np.ndarray) -> float:
    """The temperature that makes the allowed classes likeliest."""

    def loss(temperature: float) -> float:
        p = (probabilities(logits, temperature) * allowed).sum(1)
        return float(-np.log(p + 1e-9).mean())

    return float(min(np.geomspace(0.4, 3.0, 200), key=loss))


def calibration_error(p: np.ndarray, allowed: np.ndarray, bins: int = 12) -> float:
    """Expected calibration error of the winning class."""
    top, right = p.max(1), allowed[np.arange(len(p)), p.argmax(1)]
    place = np.minimum((top * bins).astype(int), bins - 1)
    return float(sum(abs(top[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in set(place)))


def figures(p: np.ndarray, patches: list[Patch]) -> dict:
    """Accuracy, per-class precision and recall with counts, confusion. A label set is settled to the allowed winner."""
    allowed = np.stack([patch.allowed for patch in patches])
    guess = p.argmax(1)
    truth = np.where(allowed[np.arange(len(p)), guess], guess, (p * allowed).argmax(1))
    size = len(CLASSES)
    confusion = np.bincount(truth * size + guess, minlength=size * size).reshape(size, size)
    per_class = {
        name: {
            "n": int(confusion[i].sum()),
            "recall": round(float(confusion[i, i] / max(1, confusion[i].sum())), 3),
            "precision": round(float(confusion[i, i] / max(1, confusion[:, i].sum())), 3),
        }
        for i, name in enumerate(CLASSES)
    }
    by_origin = {}
    for origin in sorted({patch.origin for patch in patches}):
        rows = np.array([patch.origin == origin for patch in patches])
        by_origin[origin] = [int(rows.sum()), round(float((truth == guess)[rows].mean()), 3)]
    recalls = [entry["recall"] for entry in per_class.values() if entry["n"]]
    return {
        "n": len(p),
        "accuracy": round(float((truth == guess).mean()), 4),
        "mean_recall": round(float(np.mean(recalls)), 4),
        "per_class": per_class,
        "by_origin": by_origin,
        "confusion": confusion.tolist(),
    }


def export(net: CropNet, temperature: float, path: Path) -> None:
    """Write the ONNX file: dynamic batch, temperature inside, names of inputs and outputs fixed."""
    module = Exported(net.eval().to(memory_format=torch.contiguous_format), temperature).eval()
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.onnx.export(
        module, (torch.zeros(2, 3, 64, 64),), dynamo=True, opset_version=18, dynamic_shapes=({0: batch},),
        input_names=["crops"], output_names=["probabilities", "features"], external_data=False, verbose=False,
    )  # fmt: skip
    model = program.model_proto
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def finish(net: CropNet, held_out: list[Patch], *, out: Path) -> dict:
    """Calibrate on half of the held-out real patches, score on all, rendered ones apart, export."""
    report: dict = {"parameters": sum(p.numel() for p in net.parameters())}
    real = [patch for patch in held_out if not patch.origin.startswith("rendered")]
    rendered = [patch for patch in held_out if patch.origin.startswith("rendered")]
    allowed = np.stack([patch.allowed for patch in real])
    logits = {hard: logits_of(net, real, hard=hard) for hard in (False, True)}
    both, both_allowed = np.concatenate([logits[False], logits[True]]), np.concatenate([allowed, allowed])
    even = np.arange(len(both)) % 2 == 0
    temperature = fit_temperature(both[even], both_allowed[even])
    report["temperature"] = round(temperature, 4)
    for hard, name in ((False, "mild"), (True, "heavy")):
        p = probabilities(logits[hard], temperature)
        report[name] = figures(p, real)
        odd = ~even[: len(p)]
        report[name]["ece_before"] = round(calibration_error(probabilities(logits[hard], 1.0)[odd], allowed[odd]), 4)
        report[name]["ece"] = round(calibration_error(p[odd], allowed[odd]), 4)
        print(name, report[name]["accuracy"], report[name]["mean_recall"], report[name]["ece"])
        if rendered:
            p = probabilities(logits_of(net, rendered, hard=hard), temperature)
            report.setdefault("rendered", {})[name] = figures(p, rendered)
    export(net, temperature, out / "relecture-crop-1.onnx")
    return report
