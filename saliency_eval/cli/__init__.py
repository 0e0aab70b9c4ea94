"""The command line: one thin module for each group of commands. Nothing heavy is imported until a command runs."""

from __future__ import annotations

import sys
import tempfile
import traceback
from typing import Annotated

import typer

from saliency_eval import __version__
from saliency_eval.cli import check, cite, compare, data, info, interrupts, leaderboard, models, report, score
from saliency_eval.cli.configured import configured
from saliency_eval.cli.console import console
from saliency_eval.cli.streams import Outlet, guard
from saliency_eval.errors import (
    DONE,
    ENVIRONMENT,
    INTERNAL,
    INTERRUPTED,
    USAGE,
    Problem,
    SaliencyEvalError,
    shown,
)

UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click is inside some versions of typer

MEMORY = "give it more memory, smaller images or inputs of the classifier, or fewer --workers"

app = typer.Typer(
    name="saliency-eval",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for module in (score, check, compare, report, info, models, cite):
    module.register(app)
app.add_typer(models.app, name="models")
app.add_typer(data.app, name="data")
app.add_typer(leaderboard.app, name="leaderboard")


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        console.print(f"saliency-eval {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,
) -> None:
    """Evaluate saliency maps: score a folder of predictions against a data set.

    Example: saliency-eval score preds/ --data osie --root data/OSIE
    """
    console.debug = debug


def main() -> None:
    """Run the command line; every failure becomes a sentence and an exit status."""
    out, err = guard()
    interrupts.listen()
    console.foresee(sys.argv[1:])
    try:
        status = configured(app)() or DONE
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except Exception as error:
        status = explain(error)
    if status == INTERRUPTED:  # typer itself catches most interruptions
        interrupts.explain()
    raise SystemExit(closing(out, err, status))


def explain(error: Exception) -> int:
    """Say what went wrong; the exit status for it."""
    if isinstance(error, UsageError):
        return explain_usage(error)
    if isinstance(error, SaliencyEvalError):
        problems = error.problems
    elif isinstance(error, OSError):
        where = f" ({shown(error.filename)})" if error.filename else ""
        problems = [Problem("io", f"{error.strerror or error}{where}")]
    elif isinstance(error, MemoryError):
        problems = [Problem("io", f"the memory ended: {shown(error, 200) or 'no reason given'}", MEMORY)]
    else:
        problems = [internal(error)]
    status = SaliencyEvalError(problems).exit_code
    console.fail(problems, status)
    return status


def explain_usage(error: Exception) -> int:
    """A command line that typer refuses, in our own form; without a command, the help."""
    text: str = error.format_message()  # type: ignore[attr-defined]
    if type(error).__name__ == "NoArgsIsHelpError":
        console.print(text)
        return USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context else app.info.name
    console.fail([Problem("usage", text.rstrip("."), f"see {command} --help")], USAGE)
    return USAGE


def internal(error: Exception) -> Problem:
    """A fault of ours; the traceback goes to a file."""
    text = f"{type(error).__name__}: {shown(error, 300)}"
    return Problem("internal", text, log(error), severity_override="error", exit_override=INTERNAL)


def log(error: Exception) -> str:
    """Where the traceback is."""
    if console.debug:
        traceback.print_exception(error)
        return ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="saliency-eval-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return "--debug shows the traceback"
    return f"the traceback is in {file.name}"


def closing(out: Outlet, err: Outlet, status: int) -> int:
    """The exit status, once everything is written; an output that nobody reads any more is no failure."""
    out.flush()
    if out.full and out.failure:
        console.line(f"error[io]: the output cannot be written: {out.failure.strerror}")
        status = status or ENVIRONMENT
    err.flush()
    return status
