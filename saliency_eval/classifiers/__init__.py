"""Classifiers, as metrics and models see them: a batch of images in, probabilities out."""

from __future__ import annotations

from saliency_eval.classifiers.contract import Classifier
from saliency_eval.classifiers.load import load_classifier, open_classifier

__all__ = ["Classifier", "load_classifier", "open_classifier"]
