"""Documents of boards made by hand, so that pages are tested without scoring."""

import hashlib
import json
from itertools import combinations
from statistics import NormalDist

import numpy as np

TRAITS = {
    "auc_judd": ("AUC-Judd", "higher", [0, 1], 0.5),
    "nss": ("NSS", "higher", [None, None], 0.0),
    "kld": ("KL divergence", "lower", [0, None], None),
    "shuffled_auc": ("shuffled AUC", "higher", [0, 1], 0.5),
    "cc": ("CC", "higher", [-1, 1], 0.0),
    "sim": ("SIM", "higher", [0, 1], None),
    "ig": ("information gain", "higher", [None, None], 0.0),
    "emd": ("EMD", "lower", [0, None], None),
}


def document(names=("deep", "shallow", "centre bias"), metrics=("auc_judd", "nss", "kld"), n=300, seed=0):
    """A board of as many models as names, the first the best; neighbours are told apart or not by chance."""
    rng = np.random.default_rng(seed)
    levels = np.sort(rng.uniform(0.6, 0.8, len(names)))[::-1]
    shared = rng.normal(0, 0.08, (n, 1))
    columns = {}
    for m in metrics:
        sign = -1 if TRAITS[m][1] == "lower" else 1
        scores = levels + shared + rng.normal(0, 0.06, (n, len(names)))
        columns[m] = (scores - 0.5) * 3 if TRAITS[m][2] == [None, None] else 0.5 + sign * (scores - 0.5)
    order = np.argsort(-columns[metrics[0]].mean(0), kind="stable")
    columns = {m: scores[:, order] for m, scores in columns.items()}
    runs = [f"run-{hashlib.sha256(str(k).encode()).hexdigest()[:8]}" for k in range(len(names))]
    pairs = [pair for m in metrics for pair in pairs_of(m, runs, columns[m])]
    rows = [row(name, run, k, columns, n) for k, (name, run) in enumerate(zip(names, runs, strict=True))]
    letter(rows, pairs, metrics)
    made = {
        "schema": 1,
        "dataset": {
            "id": "toy", "version": "1", "tag": "toy@1#0f0f0f0f", "sha256": "0f" * 32, "n": n, "licence": "CC-BY-4.0",
            "citation": "A. Author, B. Author: A set of toys. Journal of Toys 1 (2026).",
        },
        "protocol": "mit", "order": list(metrics), "primary": metrics[0], "alpha": 0.05,
        "bootstrap": {"b": 10000, "unit": "image", "seed": ["toy", "0f"]},
        "flips": {"b": 10000, "seed": ["toy", "0f"], "correction": "holm", "reach": None},
        "metrics": {m: traits(m, columns[m], n) for m in metrics},
        "rows": rows, "pairs": pairs, "not_ranked": [], "reported": [],
        "correlations": [{"a": a, "b": b, "spearman": 0.5} for a, b in combinations(metrics, 2)],
        "generator": {"name": "saliency-eval", "version": "0.1.0"},
    }  # fmt: skip
    return json.loads(json.dumps(made))


def traits(m, scores, n):
    """What a reader must know of a metric; the ceiling is better than every model."""
    label, better, range, chance = TRAITS[m]
    top = scores.mean(0).max() + 0.05 if better == "higher" else scores.mean(0).min() - 0.05
    low = scores.mean(0).min() if better == "higher" else scores.mean(0).max()
    return {
        "label": label, "better": better, "range": range, "chance": chance,
        "signature": f"{m}|protocol:mit|data:toy@1#0f0f0f0f|kind:map|n:{n}",
        "floor": {"mean": low, "lo": low - 0.01, "hi": low + 0.01},
        "ceiling": {"mean": top, "lo": top - 0.005, "hi": top + 0.005},
    }  # fmt: skip


def row(name, run, place, columns, n):
    """One model with normal intervals."""
    return {
        "rank": str(place + 1), "model": name, "label": name, "run": run, "n": n, "resize": "none", "missing": None,
        "version": "0.1.0", "source": "", "scores_sha256": "0f" * 32,
        "metrics": {m: mean_of(scores, place, TRAITS[m][1]) for m, scores in columns.items()},
    }  # fmt: skip


def mean_of(scores, place, better):
    """Mean, interval, and a rank interval of one place more and less."""
    means, se = scores.mean(0), scores.std(0, ddof=1) / len(scores) ** 0.5
    rank = 1 + int(np.sum(means > means[place] if better == "higher" else means < means[place]))
    return {
        "mean": means[place], "lo": means[place] - 1.96 * se[place], "hi": means[place] + 1.96 * se[place],
        "se": se[place], "skew": 0.1, "n": len(scores), "rank_lo": max(rank - 1, 1),
        "rank_hi": min(rank + 1, len(means)), "p_first": 0.9 if rank == 1 else 0.05, "norm": 0.9 - 0.05 * rank,
        "groups": [], "reason": None,
    }  # fmt: skip


def pairs_of(m, runs, scores):
    """Differences of all pairs with normal p-values, after Bonferroni."""
    pairs = list(combinations(range(len(runs)), 2))
    for i, j in pairs:
        difference = scores[:, i] - scores[:, j]
        mean, se = difference.mean(), difference.std(ddof=1) / len(difference) ** 0.5
        p = 2 * NormalDist().cdf(-abs(mean / se))
        wins = int(np.sum(difference > 0 if TRAITS[m][1] == "higher" else difference < 0))
        yield {
            "a": runs[i], "b": runs[j], "metric": m, "diff": mean, "lo": mean - 1.96 * se, "hi": mean + 1.96 * se,
            "p": p, "p_holm": min(1.0, p * len(pairs)), "p_wilcoxon": p, "wins": wins, "ties": 0,
            "losses": len(difference) - wins,
        }  # fmt: skip


def letter(rows, pairs, metrics):
    """Letters of the maximal runs of a metric's own order in which no pair is apart."""
    for m in metrics:
        sign = -1 if TRAITS[m][1] == "higher" else 1
        order = sorted(rows, key=lambda row, m=m, sign=sign: sign * row["metrics"][m]["mean"])
        apart = {frozenset((p["a"], p["b"])) for p in pairs if p["metric"] == m and p["p_holm"] < 0.05}
        ends = []
        for first in range(len(order)):
            last = first
            while last + 1 < len(order) and all(
                frozenset((order[k]["run"], order[last + 1]["run"])) not in apart
                for k in range(first, last + 1)
            ):
                last += 1
            if not ends or last > ends[-1][1]:
                ends.append((first, last))
        for number, (first, last) in enumerate(ends):
            for k in range(first, last + 1):
                order[k]["metrics"][m]["groups"].append(chr(97 + number % 26) * (1 + number // 26))
