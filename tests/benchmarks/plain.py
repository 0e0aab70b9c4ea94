"""Every kernel as one writes it from its formula: float64, loops over fixations and thresholds, whole arrays.

Parameters are named after the fields that they take, like those of the package. `MIT` and `EXACT` are the metrics of
these protocols.
"""

import inspect

import numpy as np
from ot import emd2
from scipy.ndimage import gaussian_filter, map_coordinates
from test_resize import dense_resize

BITS = 2.0**-52


def applied(function, fields):
    """A function of this module on the fields that its parameters name."""
    return function(*(fields[name] for name in inspect.signature(function).parameters))


def once(points):
    """Each pixel once."""
    return np.unique(points, axis=0)


def at(values, points):
    return values[tuple(points.T)]


def unfixated(saliency, fixations):
    free = np.ones(saliency.shape, bool)
    free[tuple(fixations.T)] = False
    return saliency[free]


def share(values):
    return values / values.sum()


def from_minimum(values):
    return values - values.min()


# ------------------------------------------------------------------ AUC


def pairs_won(positives, negatives):
    """Share of pairs in which the positive is larger, ties one half."""
    return np.mean([np.mean(negatives < value) + np.mean(negatives == value) / 2 for value in positives])


def area(positives, negatives, thresholds):
    """Under the ROC curve through falling thresholds, by trapezoids."""
    fp = [np.mean(negatives >= threshold) for threshold in thresholds]
    tp = [np.mean(positives >= threshold) for threshold in thresholds]
    return np.trapezoid([0, *tp, 1], [0, *fp, 1])


def auc(saliency, fixations):
    return pairs_won(at(saliency, fixations), saliency)


def auc_judd(saliency, fixations):
    """With the expected jitter: thresholds at fixated values only, equal pixels in random order."""
    positives, negatives = at(saliency, once(fixations)), unfixated(saliency, fixations)
    low = positives.min()
    tied, equal, above = np.sum(positives == low), np.sum(negatives == low), np.sum(negatives > low)
    bias = (above + equal * tied / (tied + 1)) / (2 * len(negatives) * len(positives))
    return pairs_won(positives, negatives) + bias


def auc_judd_grouped(saliency, fixations):
    positives = at(saliency, fixations)
    return area(positives, unfixated(saliency, fixations), sorted(set(positives), reverse=True))


def on_grid(saliency, positives, negatives):
    """The curve over thresholds 1, 0.9, ..., 0 of the min-max normalised map."""
    low, high = saliency.min(), saliency.max()
    positives, negatives = ((values - low) / (high - low) for values in (positives, negatives))
    return area(positives, negatives, [k * 0.1 for k in range(10, -1, -1)])


def auc_borji(saliency, fixations):
    return on_grid(saliency, at(saliency, once(fixations)), saliency)


def shuffled_auc(saliency, fixations, other_fixations):
    return on_grid(saliency, at(saliency, once(fixations)), at(saliency, other_fixations))


def shuffled_auc_exact(saliency, fixations, other_fixations):
    return pairs_won(at(saliency, fixations), at(saliency, other_fixations))


# ------------------------------------------------------------------ values at fixations, densities


def nss(saliency, fixations):
    return np.mean(at((saliency - saliency.mean()) / saliency.std(ddof=1), once(fixations)))


def nss_of_all(saliency, fixations):
    return np.mean(at((saliency - saliency.mean()) / saliency.std(), fixations))


def cc(saliency, density):
    s, d = saliency - saliency.mean(), density - density.mean()
    return np.sum(s * d) / np.sqrt(np.sum(s**2) * np.sum(d**2))


def sim(saliency, density):
    return np.minimum(share(from_minimum(saliency)), share(from_minimum(density))).sum()


def sim_of_sums(saliency, density):
    return np.minimum(share(saliency), share(density)).sum()


def kld(saliency, density):
    p, q = share(saliency), share(density)
    return np.sum(q * np.log(BITS + q / (p + BITS)))


def kld_floored(saliency, density):
    p, q = share(saliency + 1e-20), share(density + 1e-20)
    return np.sum(q * (np.log(q) - np.log(p)))


def ig(saliency, fixations, baseline):
    p, b = share(from_minimum(saliency)), share(from_minimum(baseline))
    return np.mean(at(np.log2(BITS + p) - np.log2(BITS + b), once(fixations)))


def ig_of_sums(saliency, fixations, baseline):
    p, b = share(saliency), share(baseline)
    return np.mean(at(np.log2(1e-20 + p) - np.log2(1e-20 + b), fixations))


def emd(saliency, density):
    """All mass of one grid of cells of 32 px moved onto another."""
    size = tuple(-(-n // 32) for n in density.shape)
    maps = (dense_resize(saliency, size), dense_resize(density, size, factor=1 / 32))
    source, target = (share(np.maximum(values, 0)).ravel() for values in maps)
    cells = np.argwhere(np.ones(size))
    cost = np.array([np.sqrt(np.sum((cells - cell) ** 2, 1)) for cell in cells])
    return emd2(source, target, cost, numItermax=10_000_000)


MIT = {
    "auc_judd": auc_judd,
    "auc_borji": auc_borji,
    "shuffled_auc(others=all)": shuffled_auc,
    "nss": nss,
    "cc": cc,
    "sim": sim,
    "kld": kld,
    "ig": ig,
    "shuffled_auc": shuffled_auc,
    "emd": emd,
}
EXACT = {
    "auc": auc,
    "auc_judd": auc_judd_grouped,
    "shuffled_auc": shuffled_auc_exact,
    "nss": nss_of_all,
    "sim": sim_of_sums,
    "kld": kld_floored,
    "ig": ig_of_sums,
}
TOLERANCE = {"emd": 1e-9}  # relative; others 1e-12


# ------------------------------------------------------------------ fields


def counts(points, shape):
    """How often each pixel is fixated."""
    made = np.zeros(shape)
    np.add.at(made, tuple(points.T), 1)
    return made


def density(fixations, shape, sigma):
    return gaussian_filter(counts(once(fixations), shape), sigma, mode="constant")


def density_reflected(fixations, shape, sigma):
    return gaussian_filter(counts(once(fixations), shape), sigma, mode="reflect")


def density_antonio(fixations, shape):
    """Periodic on the square of the next power of two, which the cut-off 8 gives a width."""
    n = 2 ** int(np.ceil(np.log2(max(shape))))
    square = counts(once(fixations), (n, n))
    blurred = gaussian_filter(square, n * np.sqrt(2 * np.log(2)) / (16 * np.pi), mode="wrap", truncate=8)
    return blurred[: shape[0], : shape[1]]


def on_others(images, own, moved):
    """The fixations of every other image, each moved by its size."""
    return np.concatenate([moved(points, size) for id, (size, points) in images.items() if id != own])


def other_fixations(images, own, shape):
    """Each pixel that is fixated on another image, once all are of one size."""
    return once(on_others(images, own, lambda points, size: points * shape // size))


def baseline(images, own, shape, sigma):
    """The blurred fixations of all other images, with one percent of a uniform map."""
    points = on_others(images, own, lambda points, size: ((points + 0.5) * shape / size).astype(int))
    blurred = gaussian_filter(counts(points, shape), sigma, mode="constant")
    return 0.99 * share(blurred) + 0.01 / blurred.size


def histogram(values):
    """Number of pixels of each of 256 levels."""
    return np.array([np.count_nonzero(values == level) for level in range(256)])


def zoom3(values, shape):
    """Cubic spline, corner pixels on the corners."""
    lines = [np.linspace(0, n - 1, m) for n, m in zip(values.shape, shape, strict=True)]
    return map_coordinates(values, np.meshgrid(*lines, indexing="ij"), order=3)
