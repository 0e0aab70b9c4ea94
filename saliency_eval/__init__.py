"""Evaluation of saliency maps: metrics, data sets, runs and boards, with signed numbers."""

__version__ = "0.1.0"
