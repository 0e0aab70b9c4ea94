"""Interruption: by Ctrl-C or a request to end, without leaving workers behind."""

from __future__ import annotations

import signal
import sys

from saliency_eval.cli.console import console
from saliency_eval.errors import INTERRUPTED, Problem


def listen() -> None:
    """Treat a request to end like Ctrl-C."""
    signal.signal(signal.SIGTERM, interrupt)


def interrupt(number: int, frame: object) -> None:
    """End what is being done."""
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
    """End the processes of joblib at once: they would finish their images first."""
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
