"""Classifiers, as metrics and models see them: a batch of images in, probabilities out."""

from __future__ import annotations

from saliency_eval.classifiers.contract import Classifier, open_classifier

__all__ = ["Classifier", "open_classifier"]
