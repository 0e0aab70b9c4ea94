"""All metrics: plain functions on arrays. A module is a kind of truth.

>>> from saliency_eval import metrics
>>> metrics.nss([[0, 0], [0, 4]], [[1, 1]])
1.5
"""

from saliency_eval.metrics.density import cc, emd, kld, sim
from saliency_eval.metrics.fixation import ig, nss
from saliency_eval.metrics.roc import auc, auc_borji, auc_judd, shuffled_auc

__all__ = ["auc", "auc_borji", "auc_judd", "cc", "emd", "ig", "kld", "nss", "shuffled_auc", "sim"]
