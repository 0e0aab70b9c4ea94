"""Boxes and other regions of an image: thresholds, components, overlap, frames.

Boxes are half-open (top, left, bottom, right) in pixels; the area is (bottom - top)(right - left).
"""
