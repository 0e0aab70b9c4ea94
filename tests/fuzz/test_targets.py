"""Every fuzz target on a few hundred inputs, without atheris: targets must not rot."""

import random

import pytest

from .layers import mutated, scrambled
from .targets import TARGETS
from .watch import finding

SLOW = {"h5", "mat73"}


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read(name: str) -> None:
    for seed in TARGETS[name].seeds:
        assert finding(TARGETS[name], seed) is None


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_seeds_are_read_or_refused(name: str) -> None:
    target, rng = TARGETS[name], random.Random(7)
    for _ in range(200):
        data = rng.choice(target.seeds)
        for _ in range(rng.choice((1, 1, 2))):
            data = mutated(data, target.layers, lambda part: scrambled(part, rng, target.words), rng)
        assert finding(target, data) is None, data
