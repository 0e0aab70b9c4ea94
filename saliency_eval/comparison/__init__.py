"""Runs against each other: paired differences, tests, and the images that decide."""

from saliency_eval.comparison.paired import ALPHA, WORST, check_options, compare
from saliency_eval.comparison.result import Comparison, Image

__all__ = ["ALPHA", "WORST", "Comparison", "Image", "check_options", "compare"]
