"""Reference models. Importing this package declares them; none needs torch at import."""

from saliency_eval.models import baselines, boxes, fourier, independent

__all__ = ["baselines", "boxes", "fourier", "independent"]
from saliency_eval.models import pyramids, whitening

__all__ = ["baselines", "boxes", "fourier", "pyramids", "whitening"]
from saliency_eval.models import surrounds

__all__ = ["baselines", "boxes", "fourier", "surrounds"]
