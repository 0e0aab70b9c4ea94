"""One metric or model in full."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
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
    """Rows of option, default, accepted values and, of those with words for it, what it means."""
    from saliency_eval.options import describe as accepted
    from saliency_eval.options import show
    from saliency_eval.variant import defaults

    plain = defaults(variant.declared)
    means: Mapping[str, str] = variant.declared.traits.get("meanings", {})
    rows = [
        [name, show(value), accepted(variant.kind_of(name)), means.get(name, "")]
        for name, value in plain.items()
    ]
    return [["option", "default", "accepted", "means" if means else ""], *rows]
