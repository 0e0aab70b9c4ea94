"""Compares two histories of the benchmarks: what costs more than before, in ratios, whatever the machines.

    pytest tests/benchmarks --benchmark-enable --benchmark-json new.json
    python tests/benchmarks/compare.py old.json new.json

The ratios are those of `extra_info`, in units of decoding a map in the same run, and MiB; seconds are not looked at.
Exit 1 when one has grown by more than the factor, or is no longer measured.
"""

import argparse
import json
import math
import sys

FACTOR = 1.25  # by which ratios of one code differ between runs and machines


def ratios(path):
    """The figures of a file of `--benchmark-json` by name."""
    with open(path, encoding="utf-8") as file:
        measured = json.load(file)["benchmarks"]
    found = {}
    for benchmark in measured:
        for name, figure in benchmark["extra_info"].items():
            if isinstance(figure, int | float) and math.isfinite(figure):
                found[f"{benchmark['fullname']}: {name}"] = figure
    return found


def compared(old, new, factor):
    """Lines on what became slower, is gone, became faster or is new; and is anything wrong?"""
    both = sorted(old.keys() & new.keys(), key=lambda name: -new[name] / old[name])
    slower = [f"slower {line(name, old, new)}" for name in both if new[name] > factor * old[name]]
    gone = [f"gone   {name}: {old[name]:.3g}" for name in sorted(old.keys() - new.keys())]
    faster = [f"faster {line(name, old, new)}" for name in both if factor * new[name] < old[name]]
    added = [f"new    {name}: {new[name]:.3g}" for name in sorted(new.keys() - old.keys())]
    count = f"{len(both)} ratios compared, {len(slower)} grew by more than {factor:g}"
    return [*slower, *gone, *faster, *added, count], bool(slower or gone or not both)


def line(name, old, new):
    """A ratio then and now."""
    return f"{name}: {old[name]:.3g} -> {new[name]:.3g} ({new[name] / old[name]:.2f} x)"


def main(arguments):
    """Compare two files; 0 when nothing became slower."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--factor", type=float, default=FACTOR, help=f"default {FACTOR}")
    given = parser.parse_args(arguments)
    lines, wrong = compared(ratios(given.old), ratios(given.new), given.factor)
    print("\n".join(lines))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
