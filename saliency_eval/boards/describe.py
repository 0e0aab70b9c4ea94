"""`leaderboard.json`: everything that is known of a board; all other files follow from it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from saliency_eval import __version__, stats
from saliency_eval.boards.alike import comparable, model_of
from saliency_eval.boards.samples import Sample, interval, ranked, samples
from saliency_eval.boards.tested import ALPHA, Tested, correction, flips_of, letters, reach, tested
from saliency_eval.core import METRICS
from saliency_eval.formats import places
from saliency_eval.signatures import fields
from saliency_eval.store import folder_name, hashes, mean_of

if TYPE_CHECKING:
    from saliency_eval.boards.board import Apart, Board

SCHEMA = 1
MOST_PAIRS = 2_000  # over all metrics; where there are more, those of the primary metric alone are listed
FLOOR = "centre_bias"
NORMAL = NormalDist().inv_cdf(0.975)  # standard errors in half a 95 % interval
Json = dict[str, Any]
Numbers = Mapping[str, Mapping[int, Json]]  # by metric and place on the board


def document(board: Board) -> Json:
    """The content of `leaderboard.json`; its numbers have 12 significant digits."""
    seed = [board.data.id, board.data.sha256]
    found = samples([*board.runs, *board.ceilings], seed)
    own = {label: sample.first(len(board.runs)) for label, sample in found.items()}
    tests = {label: tested(own[label], board.is_higher(label), seed, len(board.runs)) for label in own}
    numbers = {label: numbers_of(board, label, own[label], tests[label]) for label in own}
    ends = {label: ends_of(board, label, found[label], numbers[label]) for label in own}
    names = labels_of(board)
    document = {
        "schema": SCHEMA,
        "dataset": dataset(board),
        "protocol": board.protocol,
        "order": list(board.labels),
        "primary": board.primary,
        "alpha": ALPHA,
        "bootstrap": {"b": stats.RESAMPLES, "unit": "image", "seed": seed},
        "flips": flips(own.values(), seed, len(board.runs)),
        "metrics": {label: traits(board, label) | ends[label] for label in own},
        "rows": [row(board, place, numbers, ends, names) for place in range(len(board.runs))],
        "pairs": [pair_row(board, label, p) for label in shown_of(board, tests) for p in tests[label].pairs],
        "correlations": list(correlations(board, numbers)),
        "not_ranked": [beside(board, one, found, names) for one in board.apart],
        "reported": [one.to_dict(board.runs) for one in board.reported],
        "generator": {"name": "saliency-eval", "version": __version__},
    }
    rounded: Json = digits(document)
    return rounded


def digits(value: Any) -> Any:
    """Numbers with 12 significant digits, null where they are not finite; everything else as it is."""
    if isinstance(value, Mapping):
        return {key: digits(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [digits(inner) for inner in value]
    if not isinstance(value, float):
        return value
    return float(f"{value:.12g}") if math.isfinite(value) else None


def dataset(board: Board) -> Json:
    """The data set, with what its card said when it was scored on: of several runs the first that says it."""
    said = {
        key: next(filter(None, (getattr(run.data, key) for run in board.runs)), None)
        for key in ("licence", "citation")
    }
    return board.data._asdict() | said


def traits(board: Board, label: str) -> Json:
    """What a reader must know of a metric."""
    metric = METRICS[board.key(label)]
    return (
        {
            "label": metric.traits["label"],
            "better": metric.traits["better"],
            "range": [float(end) for end in metric.traits["range"]],
            "chance": metric.traits["chance"],
            "signature": comparable(board.runs[0].signatures[label]),
        }
        | doubts(board, label)
        | shared(board, label)
    )


def doubts(board: Board, label: str) -> Json:
    """Why a metric may not be believed on these images, if so."""
    found = dict.fromkeys(why for run in board.runs for why in run.doubts.get(label, ()))
    return {"doubts": list(found)} if found else {}


def shared(board: Board, label: str) -> Json:
    """What the values of all models are to be read beside: facts of the images and of the classifier alone."""
    told = [run.facts.get(label, {}) for run in board.runs]
    same = {
        name: value
        for name, value in told[0].items()
        if all(math.isclose(one.get(name, math.nan), value, rel_tol=1e-9) for one in told)
    }
    return {"beside": same} if same else {}


def labels_of(board: Board) -> dict[str, str]:
    """What to call each run: its model, with the digits of the run where that name stands several times."""
    runs = [*board.runs, *(one.scores for one in board.apart if one.scores)]
    times = Counter(run.model for run in runs)
    return {
        folder_name(run): run.model if times[run.model] == 1 else f"{run.model} ({run.digest})"
        for run in runs
    }


# ------------------------------------------------------------------ floor and ceiling


def ends_of(board: Board, label: str, sample: Sample, numbers: Mapping[int, Json]) -> Json:
    """Floor and ceiling of a metric: the centre bias without the image, observers without the observer."""
    floors = [place for place, run in enumerate(board.runs) if model_of(run) == FLOOR and place in numbers]
    first = min(
        floors, key=lambda place: board.runs[place].model, default=None
    )  # the one with fewest options
    ceilings = [k for k, place in enumerate(sample.places) if place >= len(board.runs)]
    floor = None if first is None else {key: numbers[first][key] for key in ("mean", "lo", "hi")}
    return {"floor": floor, "ceiling": plain(sample, ceilings[0]) if ceilings else None}


def plain(sample: Sample, k: int) -> Json:
    """Mean and interval of a column that is not ranked."""
    return {key: value for key, value in interval(sample, k).items() if key != "se"}


def norm(value: float, ends: Json, higher: bool) -> float | None:
    """Where a mean lies between floor (0) and ceiling (1); none where the ceiling is not surely above the floor.

    >>> ends = {"floor": {"mean": 1.25, "lo": 1.2, "hi": 1.3}, "ceiling": {"mean": 0.25, "lo": 0.2, "hi": 0.3}}
    >>> norm(1.0, ends, higher=False)
    0.25
    """
    floor, ceiling = ends["floor"], ends["ceiling"]
    if not (floor and ceiling) or floor["lo"] is None or ceiling["lo"] is None:
        return None
    apart = ceiling["lo"] > floor["hi"] if higher else ceiling["hi"] < floor["lo"]
    return (value - floor["mean"]) / (ceiling["mean"] - floor["mean"]) + 0.0 if apart else None


# ------------------------------------------------------------------ rows


def row(
    board: Board, place: int, numbers: Numbers, ends: Mapping[str, Json], names: Mapping[str, str]
) -> Json:
    """One model: its means, and what its signature has that others may not have."""
    run = board.runs[place]
    signature = fields(run.signatures[board.primary])
    means = {label: cell(board, label, place, numbers[label], ends[label]) for label in board.labels}
    return {
        "rank": rank(means[board.primary]),
        "model": run.model,
        "label": names[folder_name(run)],
        "run": folder_name(run),
        "n": run.n_scored,
        "resize": signature.get("resize"),
        "missing": signature.get("missing"),
        "source": run.source,
        "version": run.version,
        "predictions_sha256": run.predictions_sha256,
        **hashes(run),
        "metrics": means,
    }


def cell(board: Board, label: str, place: int, numbers: Mapping[int, Json], ends: Json) -> Json:
    """One metric of one model: null with a reason where there is no number."""
    run = board.runs[place]
    if place not in numbers:
        empty = ("mean", "lo", "hi", "se", "skew", "rank_lo", "rank_hi", "p_first", "norm")
        return dict.fromkeys(empty) | {"groups": [], "reason": run.reason(label), "drawn": None}
    found = numbers[place]
    few = "one image has" if len(run.ids) == 1 else "so few different scores have"
    reason = f"{few} no interval" if found["lo"] is None else None
    drawn = run.drawn_errors.get(label)
    half = None if drawn is None else NORMAL * drawn
    return {
        **found,
        "norm": norm(found["mean"], ends, board.is_higher(label)),
        "reason": reason,
        "drawn": half,
    }


def rank(cell: Json) -> str:
    """The ranks that the images allow: `1`, `3-4`, or `-` where none can be told."""
    if cell["rank_lo"] is None:
        return "-"
    return places(cell["rank_lo"], cell["rank_hi"])


def beside(board: Board, one: Apart, found: Mapping[str, Sample], names: Mapping[str, str]) -> Json:
    """A run that is not ranked, and why; a ceiling and a run of another signature with their means."""
    described = {"model": one.model, "run": one.run, "reason": one.reason, "detail": one.detail}
    if not one.scores:
        return described | {"label": one.model}
    described |= {"label": names[one.run], **hashes(one.scores)}
    if one.reason == "mixed_signature":
        means = {label: mean_of(one.scores, label) for label in one.scores.labels}
        return described | {"order": list(means), "metrics": means}
    if one.reason != "ceiling":
        return described
    place = next(k for k, run in enumerate([*board.runs, *board.ceilings]) if run is one.scores)
    columns = {label: s.places.index(place) for label, s in found.items() if place in s.places}
    return described | {"metrics": {label: plain(found[label], k) for label, k in columns.items()}}


# ------------------------------------------------------------------ pairs


def numbers_of(board: Board, label: str, sample: Sample, found: Tested) -> dict[int, Json]:
    """What is known of each model in one metric, by place."""
    higher = board.is_higher(label)
    return ranked(sample, higher, letters(sample, higher, found.apart))


def flips(found: Iterable[Sample], seed: Sequence[str], models: int) -> Json:
    """How pairs were tested: flips, the correction for all pairs, and how many places apart the listed ones stand."""
    most, kind = max(flips_of(sample, models) for sample in found), correction(models)
    return {"b": most, "seed": seed, "correction": kind, "reach": None if kind == "holm" else reach(models)}


def shown_of(board: Board, tests: Mapping[str, Tested]) -> Sequence[str]:
    """The metrics whose pairs are listed."""
    count = sum(len(found.pairs) for found in tests.values())
    return board.labels if count <= MOST_PAIRS else [board.primary]


def pair_row(board: Board, label: str, pair: stats.Pair) -> Json:
    """Two models in one metric, the upper row first."""
    found = pair._asdict()
    runs = {end: folder_name(board.runs[found.pop(end)]) for end in ("a", "b")}
    renamed = {"diff": "difference", "lo": "low", "hi": "high"}
    renamed |= {f"p_{correction(len(board.runs))}": "p_holm"}
    return {"metric": label, **runs, **{key: found.pop(name) for key, name in renamed.items()}, **found}


def correlations(board: Board, numbers: Numbers) -> Iterator[Json]:
    """Rank correlations of metrics over at least three models; 1 where they order the models alike."""
    for a, b in combinations(board.labels, 2):
        both = sorted(set(numbers[a]) & set(numbers[b]))
        if len(both) < 3:
            continue
        x, y = (np.array([numbers[label][place]["mean"] for place in both]) for label in (a, b))
        sign = 1 if board.is_higher(a) == board.is_higher(b) else -1
        yield {"a": a, "b": b, "spearman": sign * stats.rank_correlation(x, y)}
