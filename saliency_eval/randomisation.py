"""Does a method look at what a network has learned? Its maps are compared while weights are drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saliency_eval.check import finite
from saliency_eval.classifiers.networks import evaluating, is_network
from saliency_eval.core import generator
from saliency_eval.errors import fail, nearest, shown
from saliency_eval.maps import Floats

if TYPE_CHECKING:
    import pandas as pd

Order = Literal["cascade", "independent", "full"]
Method = Callable[[Any, Any, Any], Any]  # network, images, labels -> maps (n, height, width)


@dataclass(frozen=True, repr=False)
class RandomisationCheck:
    """How like the maps of the network are those of its randomised states, by rank correlation.

    `layers` name the layer that was randomised last; `spearman` (states, images) compares the maps, `absolute` their
    magnitudes, `reference` the maps of |x|, which looks at the image alone. NaN where a map has one value everywhere.
    """

    order: Order
    layers: tuple[str, ...]
    spearman: Floats
    absolute: Floats
    reference: Floats

    def __repr__(self) -> str:
        states, images = self.spearman.shape
        return f"<{self.order} randomisation of {images} images, {states} states: rank correlation {self.average:.4g}>"

    @property
    def average(self) -> float:
        """Mean correlation over the randomised states; the network as it is does not count."""
        return mean(self.spearman.ravel())

    @property
    def average_absolute(self) -> float:
        """Mean correlation of the magnitudes over the randomised states."""
        return mean(self.absolute.ravel())

    @property
    def undefined(self) -> int:
        """How many comparisons met a map of one value everywhere."""
        return int(np.isnan(self.spearman).sum())

    def summary(self) -> pd.DataFrame:
        """One row for each randomised state: means over images, their standard errors, and the reference."""
        import pandas as pd

        rows = [
            {
                "layer": layer,
                "spearman": mean(own),
                "spearman_se": standard_error(own),
                "absolute": mean(magnitudes),
                "absolute_se": standard_error(magnitudes),
                "reference": mean(reference),
                "undefined": int(np.isnan(own).sum()),
            }
            for layer, own, magnitudes, reference in zip(
                self.layers, self.spearman, self.absolute, self.reference, strict=True
            )
        ]
        return pd.DataFrame(rows).set_index("layer")


def randomisation_check(
    method: Method, module: Any, images: Any, labels: Any, *, order: Order = "cascade", seed: int = 0
) -> RandomisationCheck:
    """Compare the maps of a method before and after the weights of a network are drawn anew.

    `method(module, images, labels)` gives maps (n, height, width); `module` is a network of torch; `images` are what it
    takes, a tensor (n, channels, height, width). `order`: `cascade` draws layers anew from the output down, one more
    in each state; `independent` one layer in each state; `full` is the last state of the cascade. Layers are drawn by
    their own initialiser, or their values shuffled where they have none. Network and random state are as before in the
    end. Raises `usage` for another order and for what is no network with weights, `shape` and `non_finite` for what are
    no maps of one shape.

    Spearman's correlation of the ranks of all pixels, average ranks for ties: sum r s / sqrt(sum r^2 sum s^2) of the
    centred ranks r, s.
    Source: Adebayo et al. 2018, arXiv:1810.03292.

    >>> import torch
    >>> net = torch.nn.Conv2d(1, 1, 1)
    >>> images = torch.arange(6.0).reshape(1, 1, 2, 3)
    >>> seen = randomisation_check(lambda net, images, labels: images[:, 0], net, images, None)
    >>> seen.layers, seen.average
    (('network',), 1.0)
    """
    if order not in get_args(Order):
        fail("usage", f"order cannot be '{shown(order)}'", nearest(order, get_args(Order)))
    layers = layers_of(module)
    rows = []
    with kept(module) as restore, evaluating(module):
        before, plain = maps_of(method, module, images, labels, seed), magnitude(images)
        for name, drawn in states(list(layers), order):
            if order == "independent":
                restore()
            for layer in drawn:
                draw(layers[layer], number_of(layer, seed))
            after = maps_of(method, module, images, labels, seed, before)
            found = similarities(before, after), similarities(abs(before), abs(after))
            rows.append((name, *found, similarities(plain, magnitude(images))))
    names, own, magnitudes, reference = zip(*rows, strict=True)
    return RandomisationCheck(order, names, *(np.array(one) for one in (own, magnitudes, reference)))


def states(layers: Sequence[str], order: Order) -> list[tuple[str, Sequence[str]]]:
    """The states by name, with the layers that are drawn anew on the way to each.

    >>> states(["head", "stem"], "full")
    [('stem', ['head', 'stem'])]
    """
    return [(layers[-1], layers)] if order == "full" else [(layer, [layer]) for layer in layers]


# ------------------------------------------------------------------ the network


def layers_of(module: Any) -> dict[str, Any]:
    """Its parts that hold parameters themselves, from the output down. Raises `usage` where there is none."""
    if not is_network(module):
        fail("usage", f"module must be a network of torch, got {shown(type(module).__name__)}")
    own = ((name, part) for name, part in module.named_modules() if [*part.parameters(recurse=False)])
    found = {name or "network": part for name, part in own}
    if not found:
        text = f"a network must have weights to be randomised, {shown(type(module).__name__)} has none"
        fail("usage", text, "give one that has learned something")
    return dict(reversed(found.items()))


def number_of(layer: str, seed: int) -> int:
    """The seed of a layer, the same in every order."""
    return int(generator("randomisation", seed, layer).integers(2**62))


@contextmanager
def kept(module: Any) -> Iterator[Callable[[], None]]:
    """Parameters, buffers and random state are as before in the end; what is given brings the former back earlier."""
    import torch

    tensors = [*module.parameters(), *module.buffers()]
    copies = [one.detach().clone() for one in tensors]

    def restore() -> None:
        with torch.no_grad():
            for one, copy in zip(tensors, copies, strict=True):
                one.copy_(copy)

    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    numbers = np.random.get_state()
    with torch.random.fork_rng(list(devices)):
        try:
            yield restore
        finally:
            restore()
            np.random.set_state(numbers)


def seeded(number: int) -> None:
    """Let torch draw from here; devices that it has not used yet are left alone."""
    import torch

    torch.default_generator.manual_seed(number)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(number)


def draw(part: Any, number: int) -> None:
    """Weights of one layer as they were before any training."""
    import torch

    seeded(number)
    own = getattr(part, "reset_parameters", getattr(part, "_reset_parameters", None))
    if own is not None:
        own()
        return
    with torch.no_grad():
        for one in part.parameters(recurse=False):
            flat = one.detach().reshape(-1)
            one.copy_(flat[torch.randperm(len(flat)).to(one.device)].reshape(one.shape))


# ------------------------------------------------------------------ maps


def maps_of(
    method: Method, module: Any, images: Any, labels: Any, seed: int, before: Floats | None = None
) -> Floats:
    """The maps of a method; whatever it draws is the same in every state. Raises `shape`, `non_finite`."""
    seeded(seed)
    np.random.seed(seed % 2**32)
    maps = numbers_of(method(module, images, labels))
    wanted = (len(images), *maps.shape[1:]) if before is None else before.shape
    if maps.ndim != 3 or maps.shape != wanted:
        text = (
            f"a method must give maps ({len(images)}, height, width), alike in every state, got {maps.shape}"
        )
        fail("shape", text, "give one map for each image, without channels")
    for one in maps:
        finite(one, "a map of the method")
    return maps


def numbers_of(values: Any) -> Floats:
    """An array, of a tensor as well."""
    return np.asarray(values.detach().cpu().numpy() if hasattr(values, "detach") else values, np.float64)


def magnitude(images: Any) -> Floats:
    """|x|, the largest over channels: a map that no network changes."""
    return np.asarray(abs(numbers_of(images)).max(axis=1))


def similarities(before: Floats, after: Floats) -> Floats:
    """Spearman's correlation of each pair of maps; NaN where one has one value everywhere."""
    return np.array([spearman(one.ravel(), other.ravel()) for one, other in zip(before, after, strict=True)])


def spearman(one: Floats, other: Floats) -> float:
    """Correlation of average ranks.

    >>> spearman(np.array([1.0, 2.0, 3.0, 3.0]), np.array([0.0, 5.0, 7.0, 7.0]))
    1.0
    """
    from scipy.stats import rankdata

    ranks = [rankdata(values) - (len(values) + 1) / 2 for values in (one, other)]
    first, both, second = ranks[0] @ ranks[0], ranks[0] @ ranks[1], ranks[1] @ ranks[1]
    return float(both / np.sqrt(first * second)) if first and second else float("nan")


def mean(values: Floats) -> float:
    """The mean of those that are defined."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")


def standard_error(values: Floats) -> float:
    """The standard error of the mean of those that are defined."""
    there = values[~np.isnan(values)]
    return float(there.std(ddof=1) / np.sqrt(len(there))) if len(there) > 1 else float("nan")
