"""A device that rounds otherwise, played by the CPU: what no standard fixes is off by units in the last place."""

import re

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

UNITS = 4  # in the last place, up or down
OF_EACH = re.compile(
    "abs|angle|atan2|avg_pool2d|cdist|cos|deg2rad|exp|fft_fftfreq|hypot|linalg_vector_norm|log2?|log_softmax|mean|norm"
    "|polar|pow|remainder|sgn|sin|sqrt|std|sum|upsample_bi(cubic|linear)2d(_aa)?|xlogy"
)
OF_LARGEST = re.compile(  # by transforms, say
    "b?mm|matmul|einsum|conv2d|convolution|fft_i?r?fft2|linalg_(cholesky|eigh|eigvalsh|solve_triangular)"
)


class OtherRounding(TorchDispatchMode):
    """Sums, products of matrices, transforms and functions differ; what IEEE 754 defines to the last bit does not."""

    def __init__(self):
        super().__init__()
        self.random = torch.Generator().manual_seed(0)
        self.changed = set()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        found = operation(*args, **(kwargs or {}))
        name = operation._schema.name.removeprefix("aten::")
        called = name.strip("_")
        far = OF_LARGEST.fullmatch(called)
        if not (far or free(called, args, kwargs or {})):
            return found
        self.changed.add(called)
        other = tree_map_only(torch.Tensor, lambda values: self.rounded(values, far), found)
        if called == "linalg_eigh":  # which way an axis points is free
            other = other[0], other[1] * self.noise(other[1][..., :1, :]).sign()
        return args[0].copy_(other) if name.endswith("_") else other

    def rounded(self, values, far):
        """Each value off by units of itself, or of the largest one of its plane."""
        if not (values.is_floating_point() or values.is_complex()):
            return values
        away = self.noise(values)
        if values.is_complex():
            away = torch.complex(away, self.noise(values))
        away *= UNITS * torch.finfo(values.dtype).eps
        if far and values.ndim > 1:
            return values + away * values.abs().amax((-2, -1), keepdim=True)
        return values * (1 + away)

    def noise(self, like):
        """A number from -1 to 1 for each value."""
        return 2 * torch.rand(like.shape, generator=self.random, dtype=like.real.dtype) - 1


def free(called, args, given):
    """Is the last digit of each value up to the device?"""
    if called == "div":  # a GPU divides by a number as it multiplies with the inverse
        return not isinstance(args[1], torch.Tensor)
    if called in ("abs", "sgn"):
        return args[0].is_complex()
    return OF_EACH.fullmatch(called) or given.get("alpha", 1) != 1  # a + alpha b is rounded once or twice
