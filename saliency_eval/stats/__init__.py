"""What can be told from scores: intervals, tests, ranks. Scores are (images, models) of one metric.

No number of one column depends on its neighbours, nor on the cores of the machine.
"""

from saliency_eval.stats.bootstrap import RESAMPLES, percentile, resample_means
from saliency_eval.stats.flips import FEWEST, flips_for, holm, sign_flips
from saliency_eval.stats.intervals import HEAVY_TAIL, Interval, bca, mean_interval, mean_intervals, skewness
from saliency_eval.stats.max_t import max_t
from saliency_eval.stats.pairs import Pair, pair, pairs
from saliency_eval.stats.ranks import letters, p_first, rank_correlation, rank_intervals, ranks
from saliency_eval.stats.signed_ranks import wilcoxon

MOST_VALUE = 1e100  # sums and squares of anything larger leave the range of floats

__all__ = [
    "FEWEST",
    "HEAVY_TAIL",
    "MOST_VALUE",
    "RESAMPLES",
    "Interval",
    "Pair",
    "bca",
    "flips_for",
    "holm",
    "letters",
    "max_t",
    "mean_interval",
    "mean_intervals",
    "p_first",
    "pair",
    "pairs",
    "percentile",
    "rank_correlation",
    "rank_intervals",
    "ranks",
    "resample_means",
    "sign_flips",
    "skewness",
    "wilcoxon",
]
