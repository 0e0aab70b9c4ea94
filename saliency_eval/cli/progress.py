"""How far a command is: a bar on a terminal, and the sentence that an interruption ends with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from saliency_eval.cli.console import console, shown

CONTINUES = {True: "continues", False: "continues without --no-resume"}  # by --resume


@contextmanager
def bar(total: int | None, label: str, *, again: str = "starts again") -> Iterator[Callable[[int], object]]:
    """To be told how many images were finished, of a total if one is known.

    `again` says what the same command does after an interruption.
    """
    from tqdm import tqdm

    done = 0
    with tqdm(
        total=total, desc=shown(label)[-30:], unit="image", disable=console.quiet or None, leave=False
    ) as seen:

        def step(count: int) -> None:
            nonlocal done
            done += count
            seen.update(count)

        try:
            yield step
        except KeyboardInterrupt:
            of = "" if total is None else f" of {total}"
            console.interrupted = f"interrupted after {done}{of}; the same command {again}"
            raise
