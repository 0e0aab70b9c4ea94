"""Weights of a network, read from a file that cannot hold code: safetensors, or a state dict of torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saliency_eval.disk import check_plain
from saliency_eval.errors import TRUTH, fail, shown

TYPES = {  # of safetensors, by the names of torch
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
HEADER = 100_000_000  # bytes; the limit of the format


def put(weights: Path, module: Any, name: str, what: str = "classifier") -> None:
    """Load a file of weights into a network. Raises the code `what` (exit 4) where they do not fit."""
    state = read(weights)
    try:
        module.load_state_dict(state)
    except (RuntimeError, ValueError, TypeError, AttributeError, KeyError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = " ".join(lines[1:3] or lines)
        text = f"the weights in {shown(weights)} must fit {shown(name)}: {shown(said, 200)}"
        fail(what, text, "give weights that were saved from the same network")


def read(path: Path) -> dict[str, Any]:
    """A state dict: tensors by name."""
    try:
        check_plain(path.stat().st_mode)
        state = safetensors(path) if path.suffix == ".safetensors" else saved(path)
    except FileNotFoundError:
        fail(
            "not_available",
            f"weights must lie in a file, there is no {shown(path)}",
            "correct --weights",
            exit=TRUTH,
        )
    except Exception as error:  # whatever a damaged file makes of its reader
        text = f"the weights in {shown(path)} cannot be read ({type(error).__name__}: {shown(error, 120)})"
        fail(
            "unreadable",
            text,
            "save them as safetensors, or as torch.save(net.state_dict(), file)",
            exit=TRUTH,
        )
    inner = state.get("state_dict", state) if isinstance(state, Mapping) else None
    if not isinstance(inner, Mapping) or not inner or not all(isinstance(name, str) for name in inner):
        text = f"the weights in {shown(path)} must be a state dict, got {shown(type(state).__name__)}"
        fail("unreadable", text, "save them as torch.save(net.state_dict(), file)", exit=TRUTH)
    return dict(inner)


def saved(path: Path) -> Any:
    """What torch saved, read without running any code of it."""
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def safetensors(path: Path) -> dict[str, Any]:
    """The tensors of a safetensors file: the size of a header in JSON, the header, numbers."""
    import torch

    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    if not 10 <= start <= min(HEADER, len(raw)):
        raise ValueError("its header has no possible size")
    header = json.loads(raw[8:start])
    header.pop("__metadata__", None)
    content, found = bytearray(raw[start:]), {}
    places = {name: entry["data_offsets"] for name, entry in header.items()}
    for name, (begin, end) in places.items():
        if not 0 <= begin <= end <= len(content):
            raise ValueError(f"{name} lies outside the file")
    if sum(end - begin for begin, end in places.values()) > len(content):
        raise ValueError("its tensors need more bytes than it has")
    for name, entry in header.items():
        kind, (begin, end) = getattr(torch, TYPES[entry["dtype"]]), places[name]
        flat = torch.frombuffer(content[begin:end], dtype=kind) if end > begin else torch.empty(0, dtype=kind)
        found[name] = flat.reshape(entry["shape"])
    return found
