"""The command line: one thin module for each group of commands. Nothing heavy is imported until a command runs."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from typing import Annotated

import typer

from saliency_eval import __version__
from saliency_eval.cli import data, info, models, score
from saliency_eval.cli.console import console
from saliency_eval.errors import DONE, ENVIRONMENT, INTERNAL, INTERRUPTED, Problem, SaliencyEvalError

app = typer.Typer(
    name="saliency-eval",
    help="Evaluate saliency maps: score a folder of predictions against a data set.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for module in (score, info, models):
    module.register(app)
app.add_typer(data.app, name="data")


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
    """Evaluate saliency maps: score a folder of predictions against a data set."""
    console.debug = debug


def main() -> None:
    """Run the command line; every failure becomes a sentence and an exit status."""
    try:
        app()
    except SaliencyEvalError as error:
        console.fail(error.problems, error.exit_code)
        leave(error.exit_code)
    except KeyboardInterrupt:
        console.note("interrupted; the same command starts again")
        leave(INTERRUPTED)
    except BrokenPipeError:
        leave(DONE)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        console.fail([Problem("io", f"{error.strerror or error}{where}")], ENVIRONMENT)
        leave(ENVIRONMENT)
    except Exception as error:
        report_internal(error)
        leave(INTERNAL)


def leave(status: int) -> None:
    """End the process; a standard output that nobody reads any more is not an error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(status)


def report_internal(error: Exception) -> None:
    """One line for a fault of ours; the traceback goes to a file."""
    if console.debug:
        traceback.print_exception(error)
        return
    with tempfile.NamedTemporaryFile(
        "w", prefix="saliency-eval-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
    ) as log:
        traceback.print_exception(error, file=log)
    console.line(f"error[internal]: {type(error).__name__}: {error}; the traceback is in {log.name}")
