"""How far a command is: a bar on a terminal, and the sentence that an interruption ends with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from saliency_eval.cli.console import console, shown


@contextmanager
def bar(
    total: int | None, label: str, *, resumable: bool = False, resume: bool = True
) -> Iterator[Callable[[int], object]]:
    """To be told how many images were finished, of a total if one is known.

    `resumable` when what was done is not lost on interruption; without `resume` it is all done anew if asked for again.
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
            goes_on = "continues" if resume else "continues without --no-resume"
            then = goes_on if resumable else "starts again"
            of = "" if total is None else f" of {total}"
            console.interrupted = f"interrupted after {done}{of}; the same command {then}"
            raise
