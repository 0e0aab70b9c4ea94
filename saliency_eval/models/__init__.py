"""Reference models. Importing this package declares them; none needs torch at import."""

from saliency_eval.models import baselines, boxes, fourier, independent, pyramids, surrounds, whitening

__all__ = ["baselines", "boxes", "fourier", "independent", "pyramids", "surrounds", "whitening"]
