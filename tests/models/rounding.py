"""A device that rounds otherwise, played by the CPU: what no standard fixes is off by units in the last place."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

UNITS = 4  # in the last place, up or down
OF_EACH = (
    *(
        "abs",
        "angle",
        "atan2",
        "avg_pool2d",
        "cdist",
        "cos",
        "deg2rad",
        "exp",
        "hypot",
        "log",
        "polar",
        "pow",
    ),
    *("sin", "softmax", "sqrt", "xlogy", "mean", "norm", "std", "sum", "var", "upsample"),
)
OF_LARGEST = (
    "conv2d",
    "convolution",
    "einsum",
    "fft_fft",
    "fft_ifft",
    "linalg",
    "matmul",
)  # by transforms, say


class OtherRounding(TorchDispatchMode):
    """Sums, products of matrices, transforms and functions differ; what IEEE 754 defines to the last bit does not."""

    def __init__(self):
        super().__init__()
        self.random = torch.Generator().manual_seed(0)
        self.changed = set()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        found = operation(*args, **(kwargs or {}))
        name = operation._schema.name.removeprefix("aten::")
        # a GPU divides by a number as it multiplies with the inverse
        by_number = name == "div" and not isinstance(args[1], torch.Tensor)
        far = any(word in name for word in OF_LARGEST)
        if far or by_number or any(word in name for word in OF_EACH):
            self.changed.add(name)
            return tree_map_only(torch.Tensor, lambda values: self.rounded(values, far), found)
        return found

    def rounded(self, values, far):
        """Each value off by units of itself, or of the largest one of its plane."""
        if not (values.is_floating_point() or values.is_complex()):
            return values
        real = values.real if values.is_complex() else values
        away = torch.rand(values.shape, generator=self.random, dtype=real.dtype).mul_(2).sub_(1)
        away *= UNITS * torch.finfo(real.dtype).eps
        if far and values.ndim > 1:
            return values + away * values.abs().amax((-2, -1), keepdim=True)
        return values * (1 + away)
