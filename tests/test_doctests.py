"""The examples of every docstring, run against the installed package."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import saliency_eval

MODULES = sorted(m.name for m in pkgutil.walk_packages(saliency_eval.__path__, "saliency_eval."))


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_examples(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, extraglobs={"np": np}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        t
        for m in MODULES
        if "__main__" not in m
        for t in finder.find(importlib.import_module(m))
        if t.examples
    ]
    assert len(found) > 40
