"""A device that is not the CPU, played by it: every operation refuses tensors that do not lie together.

Run as a program it takes each model there, and prints how far its maps are from those of the CPU.
"""

import functools
import json

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from saliency_eval import models as _declared  # noqa: F401  (declares the models)
from saliency_eval.core import MODELS
from saliency_eval.models.batched import maps_of

HERE, FAR = torch.device("cpu"), "far:0"


class FarTensor(torch.Tensor):
    """A tensor that says that it lies there; `near` has its values."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, near):
        made = torch.Tensor._make_wrapper_subclass(
            cls, near.shape, strides=near.stride(), dtype=near.dtype, device=FAR
        )
        made.near = near
        return made

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return run(operation, args, kwargs)


def run(operation, args, kwargs):
    """An operation where its tensors lie; numbers may come from anywhere."""
    leaves = tree_leaves((args, kwargs or {}))
    far = any(isinstance(leaf, FarTensor) for leaf in leaves)
    if far and any(type(leaf) is torch.Tensor and leaf.ndim for leaf in leaves):
        raise RuntimeError(f"{operation}: tensors on two devices")
    sent = {leaf.type for leaf in leaves if isinstance(leaf, torch.device)}
    args, kwargs = tree_map(brought, (args, kwargs or {}))
    found = operation(*args, **kwargs)
    return tree_map(taken, found) if sent == {"far"} or (far and not sent) else found


def brought(leaf):
    if isinstance(leaf, FarTensor):
        return leaf.near
    return HERE if isinstance(leaf, torch.device) else leaf


def taken(leaf):
    return FarTensor(leaf) if type(leaf) is torch.Tensor else leaf


class Operations(TorchDispatchMode):
    """Operations that make tensors from none are asked where as well."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return run(operation, args, kwargs)


class Numbers(TorchFunctionMode):
    """Lists of numbers become tensors here, and are sent."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function is torch.Tensor.new_tensor and isinstance(args[0], FarTensor):
            return FarTensor(torch.tensor(*args[1:], **{"dtype": args[0].dtype} | kwargs))
        if function is torch.tensor and torch.device(kwargs.get("device") or HERE).type == "far":
            return FarTensor(torch.tensor(*args, **kwargs | {"device": HERE}))
        return function(*args, **kwargs)


def careless(images):
    """A model with a tensor that stays here."""
    return images.mean(1) + torch.zeros(images.shape[-2:])


def far_away(run, images, options):
    """What is made there, or what is raised."""
    try:
        with Numbers(), Operations():
            return run(images, options, FAR)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


if __name__ == "__main__":
    _setup_privateuseone_for_python_backend("far")
    images = list(np.random.default_rng(0).integers(0, 256, (2, 140, 160, 3), dtype=np.uint8))
    images[1][20:60, 20:60] //= 4
    apart = {"careless": far_away(functools.partial(maps_of, careless), images, {})}
    for key, declared in MODELS.items():
        if "batch" in declared.traits:
            options = declared.options | ({"side": 32} if "side" in declared.options else {})
            here = declared.traits["batch"](images, options)
            there = far_away(declared.traits["batch"], images, options)
            apart[key] = there if isinstance(there, str) else float(np.abs(here - there).max())
    print(json.dumps(apart))
