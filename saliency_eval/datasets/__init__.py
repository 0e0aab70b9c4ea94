"""Adapters of data sets: one module for each official on-disk layout."""
