"""What the command line says: results on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TextIO

from saliency_eval import __version__
from saliency_eval.errors import Problem, problem_lines, shown

LONGEST = 2000  # characters of a message
UNTOUCHED = "interrupted; the same command starts again"


class Console:
    """Where text goes, in which format; set by each command."""

    def __init__(self) -> None:
        self.format = "text"
        self.command = ""
        self.quiet = False
        self.debug = False
        self.answered = False  # is the one JSON document out?
        self.interrupted = UNTOUCHED

    def foresee(self, arguments: Sequence[str]) -> None:
        """Note command and format before the options are parsed, for mistakes in them."""
        self.quiet = self.answered = False
        self.interrupted = UNTOUCHED
        words = [a for a in arguments if not a.startswith("-")]
        self.command = " ".join(words[: 2 if words[:1] in (["data"], ["leaderboard"]) else 1])
        pairs = pairwise(arguments)
        json_wanted = "--format=json" in arguments or ("--format", "json") in pairs
        if not any(a.startswith("--format") for a in arguments):
            json_wanted = os.environ.get("SALIENCY_EVAL_FORMAT") == "json"
        self.format = "json" if json_wanted else "text"

    def begin(self, command: str, format: str = "text", quiet: bool = False) -> None:
        """Note what runs and how it answers."""
        self.command, self.format, self.quiet = command, format, quiet

    def aside(self) -> contextlib.AbstractContextManager[object]:
        """What code of others prints meanwhile goes beside the result."""
        return contextlib.redirect_stdout(sys.stderr)

    def print(self, text: str = "") -> None:
        """A line of the result."""
        put(text, sys.stdout)

    def line(self, text: str) -> None:
        """A line beside the result."""
        put(text, sys.stderr)

    def note(self, text: str) -> None:
        """A line beside the result, unless quiet."""
        if not self.quiet:
            self.line(text)

    def problems(self, problems: Iterable[Problem]) -> None:
        """Findings, the worst first; of those that are no errors nothing when quiet."""
        found = list(problems)
        for severity in ("error", "warning", "note"):
            tell = self.line if severity == "error" else self.note
            for text in problem_lines(p for p in found if p.severity == severity):
                tell(one_line(text))

    def document(self, exit_code: int, problems: Sequence[Problem] = (), **content: Any) -> None:
        """The one JSON document that a command prints."""
        given = {
            "schema": 1,
            "command": self.command,
            "exit_code": exit_code,
            **content,
            "problems": [p.to_dict() for p in problems],
            "version": __version__,
        }
        self.answered = True
        self.print(json.dumps(given, indent=1, allow_nan=False))

    def answer(self, problems: Sequence[Problem], exit_code: int) -> None:
        """The document of a command that did nothing, where one is wanted and none is out yet."""
        if self.format == "json" and not self.answered:
            self.document(exit_code, problems, results=[])

    def fail(self, problems: Sequence[Problem], exit_code: int) -> None:
        """Say why the command did nothing."""
        self.answer(problems, exit_code)
        self.problems(p for p in problems if p.severity != "note")


def one_line(text: str) -> str:
    """A message that cannot break its line or steer the terminal, whatever names it quotes."""
    return shown(" ".join(part.strip() for part in text.split("\n")), LONGEST)


def put(text: str, stream: TextIO) -> None:
    """Print in whatever encoding the stream has."""
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def arrow(better: str) -> str:
    """The direction of a metric, in the characters that the terminal has."""
    encoding = (sys.stdout.encoding or "").lower()
    up, down = ("\u2191", "\u2193") if encoding.startswith("utf") else ("^", "v")
    return up if better == "higher" else down


def columns(rows: Sequence[Sequence[str]], align: str = "") -> list[str]:
    """Rows as text columns; `align` has one of `<` and `>` for each column."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    signs = align or "<" * len(widths)
    return [
        "  ".join(f"{cell:{s}{w}}" for cell, s, w in zip(row, signs, widths, strict=True)).rstrip()
        for row in rows
    ]


def width() -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size().columns


console = Console()

__all__ = ["Console", "arrow", "columns", "console", "shown", "width"]
