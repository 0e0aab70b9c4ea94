"""Interruption: by Ctrl-C or a request to end, without leaving workers behind."""

from __future__ import annotations

import signal
import sys
import time

from saliency_eval.cli.console import console
from saliency_eval.errors import INTERRUPTED, Problem

TOGETHER = 1.0  # seconds within which several signals are one
_heard = float("-inf")


def listen() -> None:
    """Treat a request to end like Ctrl-C, unless the shell asked for neither to be heard."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


def interrupt(number: int, frame: object) -> None:
    """End what is being done; a signal that follows at once says no more, and must not disturb the ending."""
    global _heard
    if time.monotonic() - _heard > TOGETHER:
        _heard = time.monotonic()
        raise KeyboardInterrupt


def explain() -> None:
    """Stop the workers and say so; further signals do not disturb this."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    message, _, remedy = console.interrupted.partition("; ")
    problem = Problem("interrupted", message, remedy, severity_override="error", exit_override=INTERRUPTED)
    console.answer([problem], INTERRUPTED)
    console.line(console.interrupted)
    stop_workers()


def stop_workers() -> None:
    """End the worker processes at once: they would finish their images first.

    Joblib, asked to do that, fails where something was sent to a worker in the same moment.
    """
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for process in active_children():
            process.terminate()
