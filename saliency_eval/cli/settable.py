"""What may be set other than by flags: the options of all commands, read from their declarations."""

from __future__ import annotations

import functools
import reprlib
import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer

from saliency_eval.cli.options import Count
from saliency_eval.errors import shown

EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", Count: "a whole number or auto"}
TEXT = "text"


class Option(NamedTuple):
    """An option that may be configured: its key, the parameter of typer, and the type of its values."""

    key: str
    parameter: Any
    base: type
    many: bool


class Setting(NamedTuple):
    """A value that is no flag, and where it is from."""

    value: Any
    origin: str  # environment or file
    where: str


Settings = dict[str, dict[str, Setting]]  # by command and name of the parameter


def leaves(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its words, such as `data check`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, f"{above}{name} ")
        else:
            yield above + name, command


@functools.lru_cache(maxsize=64)  # reading the annotations is slow, and every option asks for it
def options(command: Any) -> dict[str, Option]:
    """The options of a command that may be configured, by key."""
    hints = typing.get_type_hints(command.callback)
    found = (
        Option(key_of(p), p, *type_of(hints[p.name]))
        for p in command.params
        if p.param_type_name == "option" and p.expose_value and not p.is_eager
    )
    return {option.key: option for option in found}


def key_of(parameter: Any) -> str:
    """The long name of an option, written with underscores."""
    return str(max(parameter.opts, key=len)).lstrip("-").replace("-", "_")


def type_of(hint: Any) -> tuple[type, bool]:
    """The type of one value, and whether there may be several.

    >>> type_of(list[str] | None), type_of(int)
    ((<class 'str'>, True), (<class 'int'>, False))
    """
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        hint = next(h for h in typing.get_args(hint) if h is not type(None))
    if typing.get_origin(hint) is list:
        return typing.get_args(hint)[0], True
    return hint, False


def fits(base: Any, value: Any) -> bool:
    """Is a value of a file of the type of an option? What is no number is text, without a NUL."""
    if base is bool or isinstance(value, bool):
        return base is bool and isinstance(value, bool)
    if base in EXPECTED:
        return (
            isinstance(value, int)
            or (base is float and isinstance(value, float))
            or (base is Count and value == "auto")
        )
    return isinstance(value, str) and "\0" not in value


def converted(option: Option, value: Any, command: Any) -> str:
    """Why typer would refuse a value of the right type, or nothing."""
    try:
        option.parameter.process_value(typer.Context(command), value)
    except typer.BadParameter as error:
        return f"cannot be {text_of(value)}: {shown(error.message, 200).rstrip('.')}"
    return ""


def text_of(value: Any) -> str:
    """A value for a message, short whatever it is."""
    return str(value).lower() if isinstance(value, bool) else shown(reprlib.repr(value))
