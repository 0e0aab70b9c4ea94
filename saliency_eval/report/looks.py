"""One model's map of one image, read by the readers that scoring uses, as the metrics saw it."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from saliency_eval.core import Stimulus
from saliency_eval.models.runner import whole_map
from saliency_eval.predictions.base import Predictions
from saliency_eval.report.curves import Curve
from saliency_eval.report.terms import seen
from saliency_eval.tasks import fields_of, views_of
from saliency_eval.variant import Variant


class Look(NamedTuple):
    """A map to look at, and the image as it was scored: once, or once for each observer that is left out."""

    shown: NDArray[Any]
    views: tuple[Stimulus, ...]

    def curves(self, variant: Variant) -> list[Curve]:
        """The ROC curve of each view, under an AUC."""
        found = (seen(variant, view) for view in self.views)
        return [one for one in found if isinstance(one, Curve)]


def look(predictions: Predictions, stimulus: Stimulus, rule: str) -> Look | None:
    """The map of an image, brought to its size by a resize rule; None where there is none.

    Raises SaliencyEvalError for a map that scoring refuses.
    """
    if not predictions.has(stimulus.id):
        return None
    reading = predictions.fetch(stimulus.id).read(stimulus["shape"])
    views = tuple(fields_of(stimulus, values, given, rule) for values, given in views_of(reading))
    if not views:
        return None
    return Look(views[0]["saliency"].values if reading.views is None else whole_map(reading), views)
