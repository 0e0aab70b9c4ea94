"""One metric or model in full."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from saliency_eval.cli.console import columns, console

if TYPE_CHECKING:
    from saliency_eval.variant import Variant


def describe(variant: Variant) -> None:
    """Its signature, what it computes, and what may be set."""
    console.print(f"{variant}\n\n{inspect.getdoc(variant.declared.function)}")
    if variant.options:
        console.print()
        for text in columns(options(variant)):
            console.print(text)


def options(variant: Variant) -> list[list[str]]:
    """Rows of option, default and accepted values."""
    from saliency_eval.options import describe as accepted
    from saliency_eval.options import show

    rows = [[name, show(value), accepted(variant.kind_of(name))] for name, value in variant.options]
    return [["option", "default", "accepted"], *rows]
