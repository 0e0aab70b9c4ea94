"""Fuzz one target in this process: `python -m fuzz.one TARGET FOLDER [libFuzzer options]`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["saliency_eval", "tomllib", "PIL"]):
    from .layers import mutated
    from .targets import TARGETS
    from .watch import finding


def main(name: str, folder: Path, options: list[str]) -> None:
    """Every finding is printed once and its input kept; the run goes on."""
    target, known = TARGETS[name], set[str]()
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed{number}").write_bytes(seed)

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if target.words and rng.random() < 0.2:
            at = rng.randrange(len(data) + 1)
            return (data[:at] + rng.choice(target.words) + data[at + rng.randrange(4) :])[:most]
        return mutated(data, target.layers, lambda part: atheris.Mutate(part, max(most, len(part))), rng)[
            :most
        ]

    def one(data: bytes) -> None:
        found = finding(target, data)
        if found is not None and found not in known:
            known.add(found)
            (folder / f"finding{len(known)}").write_bytes(data)
            print(f"FINDING {found}", flush=True)

    longest = 2 * max(map(len, target.seeds))
    arguments = [f"-max_len={longest}", f"-artifact_prefix={folder}/", *options, str(corpus)]
    atheris.Setup([sys.argv[0], *arguments], one, custom_mutator=mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
