"""SqueezeNet v1.0 in numpy: a real classifier where there is no torch, made from the weights of the real data."""

import json
import os
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SHARED = Path(os.environ.get("SALIENCY_EVAL_SHARED", Path(__file__).resolve().parents[3] / "shared"))
TYPES = {"F32": "<f4", "I8": "i1", "U8": "u1"}
STAGES = (("stage2", 3), ("stage3", 4), ("stage4", 1))
TOGETHER = 4  # images; more are slower, since their patches leave the cache


def read(path):
    """Tensors by name; a weight is stored as codes into a book of 256 values."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        arrays[name] = np.frombuffer(raw[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    books = {name.removesuffix(".codes"): array for name, array in arrays.items() if name.endswith(".codes")}
    return arrays | {name: arrays[f"{name}.codebook"][codes] for name, codes in books.items()}


def relu(x):
    return np.maximum(x, 0)


def pooled(x):
    """The maximum of 3 x 3 at every second pixel; a last line that is incomplete counts."""
    height, width = x.shape[1:3]
    around = ((0, 0), (0, (height - 3) % 2), (0, (width - 3) % 2), (0, 0))
    x = np.pad(x, around, constant_values=-np.inf)
    return sliding_window_view(x, (3, 3), (1, 2))[:, ::2, ::2].max((4, 5))


class SqueezeNet:
    """Batches (n, 227, 227, 3) in [0, 1] to logits (n, 1000)."""

    kind, input_size = "logits", 227

    def __init__(self, folder=SHARED / "classifiers"):
        self.weights = read(folder / "weights" / "squeezenet1_0.safetensors")
        self.mean, self.std = self.weights["mean"].ravel(), self.weights["std"].ravel()
        lines = (folder / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
        self.class_names = [tuple(line.split("\t", 1)) for line in lines]

    def __call__(self, batch):
        parts = (batch[start : start + TOGETHER] for start in range(0, len(batch), TOGETHER))
        return np.concatenate([self.logits(part) for part in parts])

    def logits(self, images):
        x = relu(self.convolved((images - self.mean) / self.std, "stage1.0", stride=2))
        for stage, fires in STAGES:
            x = pooled(x)
            for fire in range(1, fires + 1):
                x = self.fire(x, f"{stage}.{fire}")
        x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return relu(self.convolved(x, "head")).mean((1, 2))

    def fire(self, x, name):
        x = relu(self.convolved(x, f"{name}.squeeze"))
        wide = self.convolved(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), f"{name}.expand3x3")
        return relu(np.concatenate([self.convolved(x, f"{name}.expand1x1"), wide], 3))

    def convolved(self, x, name, stride=1):
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        channels, _, side, _ = weight.shape
        patches = sliding_window_view(x, (side, side), (1, 2))[:, ::stride, ::stride]
        shape = patches.shape[:3]
        found = patches.reshape(np.prod(shape), -1) @ weight.reshape(channels, -1).T
        return found.reshape(*shape, channels) + bias


def squeezenet1_0():
    return SqueezeNet()
