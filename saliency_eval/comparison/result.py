"""What a comparison is, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saliency_eval import notebook
from saliency_eval.comparison import text
from saliency_eval.errors import shown
from saliency_eval.formats import ARROWS
from saliency_eval.run import DataId
from saliency_eval.stats import HEAVY_TAIL, Interval, Pair, skewness

if TYPE_CHECKING:
    import pandas as pd


class Image(NamedTuple):
    """An image that decides, and the difference of two models on it."""

    id: str
    difference: float


@dataclass(frozen=True, repr=False)
class Comparison:
    """Models compared by one metric on the images that all of them were scored on.

    `pairs` are in the order of the models, the first against the second first; a `difference` is the mean of the
    first less that of the second, and a win is an image on which the first is better, whatever the direction of the
    metric. `scores` (images, models) are in the order of `ids`.
    """

    data: DataId
    protocol: str
    metric: str
    better: str
    models: tuple[str, ...]
    means: tuple[Interval, ...]
    pairs: tuple[Pair, ...]
    ids: tuple[str, ...]
    scores: NDArray[np.float64]
    signatures: tuple[str, ...]
    bootstrap: int
    flips: int
    alpha: float
    worst: int

    def winner(self, pair: Pair) -> str | None:
        """The better one of a pair if they are told apart: if p after Holm is below alpha."""
        if not pair.p_holm < self.alpha:
            return None
        return self.models[pair.a if (pair.difference > 0) == (self.better == "higher") else pair.b]

    def deciding(self, pair: Pair) -> tuple[list[Image], list[Image]]:
        """The images on which the first, and on which the second of a pair is ahead by most; equal ones by name."""
        differences = self.scores[:, pair.a] - self.scores[:, pair.b]
        ahead = differences if self.better == "higher" else -differences
        found = []
        for gain in (ahead, -ahead):
            rows = [row for row in np.argsort(-gain, kind="stable")[: self.worst] if gain[row] > 0]
            found.append([Image(self.ids[row], float(differences[row])) for row in rows])
        return found[0], found[1]

    @property
    def title(self) -> str:
        """What is compared, and where."""
        return f"{self.metric} {ARROWS[self.better]} on {self.where}"

    @property
    def where(self) -> str:
        """The data, the protocol, and how many images count."""
        return f"{self.data.id}@{self.data.version}, protocol {self.protocol}, {len(self.ids)} images"

    @property
    def method(self) -> str:
        """How the numbers were made."""
        count, every = len(self.pairs), "all " if self.flips == 2 ** len(self.ids) else ""
        return (
            f"Percentile intervals of {self.bootstrap} resamples of images; p of {every}{self.flips} sign flips, Holm "
            f"over {count} pair{'s' * (count != 1)}, alpha {self.alpha:g}. A difference is the first less the "
            "second, a win an image on which the first is better."
        )

    @property
    def smallest(self) -> float:
        """The smallest p after Holm that any of the pairs could have."""
        every = self.flips == 2 ** len(self.ids)
        return min(1.0, len(self.pairs) * (2 / self.flips if every else 1 / (self.flips + 1)))

    @property
    def tails(self) -> dict[tuple[str, ...], float]:
        """The skews that are beyond what an interval bears: of the scores of a model, of the differences of a pair."""
        gaps = [self.scores[:, pair.a] - self.scores[:, pair.b] for pair in self.pairs]
        names = [
            *((name,) for name in self.models),
            *((self.models[p.a], self.models[p.b]) for p in self.pairs),
        ]
        skews = map(float, skewness(np.column_stack([self.scores, *gaps])))
        return {whose: skew for whose, skew in zip(names, skews, strict=True) if abs(skew) > HEAVY_TAIL}

    def rows(self) -> list[dict[str, Any]]:
        """The pairs by name: models, means, difference, interval, tests, wins, and the better one or None."""
        found = []
        for pair in self.pairs:
            names = {"first": self.models[pair.a], "second": self.models[pair.b]}
            means = {"mean_first": self.means[pair.a].mean, "mean_second": self.means[pair.b].mean}
            numbers = dict(zip(pair._fields[2:], pair[2:], strict=True))
            found.append({**names, **means, **numbers, "better": self.winner(pair)})
        return found

    def to_frame(self) -> pd.DataFrame:
        """One row for each pair: `first`, `second`, `difference`, `low`, `high`, `p`, `p_holm`, `wins` and so on."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def to_markdown(self) -> str:
        """Means, pairs and the images that decide as a Markdown page."""
        return text.to_markdown(self)

    def to_csv(self) -> str:
        """The pairs as RFC 4180, with whole names and all digits."""
        return text.to_csv(self)

    def to_dict(self) -> dict[str, Any]:
        """Flat, for trackers: `model_1`, `mean_1` ..., and `difference_1_2`, `p_1_2`, `wins_1_2` ... of each pair."""
        flat: dict[str, Any] = {
            "data": self.data.tag, "protocol": self.protocol, "metric": self.metric, "direction": self.better,
            "n": len(self.ids), "bootstrap": self.bootstrap, "flips": self.flips, "alpha": self.alpha,
        }  # fmt: skip
        for k, (name, mean) in enumerate(zip(self.models, self.means, strict=True), start=1):
            flat |= {f"model_{k}": name, f"mean_{k}": mean.mean, f"low_{k}": mean.low, f"high_{k}": mean.high}
        for pair, row in zip(self.pairs, self.rows(), strict=True):
            for key in (*pair._fields[2:], "better"):
                flat[f"{key}_{pair.a + 1}_{pair.b + 1}"] = row[key] if row[key] == row[key] else None
        return flat

    def _repr_html_(self) -> str:
        """What a notebook shows: the pairs, and the signatures folded below; at most 50 kB."""
        return notebook.table(
            self.title, text.PAIRS, text.pairs(self), [self.method, *text.notes(self), *self.signatures]
        )

    def __repr__(self) -> str:
        return f"<{', '.join(map(shown, self.models))}: {shown(self.title, 300)}>"
