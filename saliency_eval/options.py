"""Option values: their types and ranges, read from text and written to signatures."""

from __future__ import annotations

import inspect
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from saliency_eval.errors import fail, shown, unknown


class Range(NamedTuple):
    """The numbers that an option takes, ends included."""

    low: float
    high: float


Share = Annotated[float, Range(0, 1)]
Sigma = Annotated[float, Range(0, 5000)]  # px
Count = Annotated[int, Range(1, 1_000_000)]
Seed = Annotated[int, Range(0, 2**63)]


def types_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Annotations of the parameters, ranges included."""
    return typing.get_type_hints(inspect.unwrap(function), include_extras=True)


def checked(given: Mapping[str, Any], kinds: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Arguments with the options among them converted to their types."""
    return {k: convert(v, kinds[k], f"{owner}({k}=...)") if k in kinds else v for k, v in given.items()}


def bind(function: Callable[..., Any], options: Mapping[str, Any], *arrays: Any) -> dict[str, Any]:
    """Arguments by name; an option that does not exist is answered with the nearest one. Raises `usage`."""
    signature = inspect.signature(function)
    for name in options:
        if name not in signature.parameters:
            unknown(f"option of {function.__name__}", name, signature.parameters)
    try:
        return dict(signature.bind(*arrays, **options).arguments)
    except TypeError as error:
        fail("usage", f"{function.__name__}{signature} cannot be called so: {error}")


def convert(value: Any, kind: Any, where: str) -> Any:
    """A value of the annotated type: text is read, everything else is checked. Raises `usage`."""
    for accepted in alternatives(kind):
        result = _as(value, accepted)
        if result is not None:
            return result
    fail("usage", f"{where} cannot be '{shown(value)}'", f"it takes {describe(kind)}")


def alternatives(kind: Any) -> tuple[Any, ...]:
    """The types that an annotation unites."""
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def describe(kind: Any) -> str:
    """What an option takes, in words.

    >>> describe(Annotated[int, Range(1, 9)] | Literal["all"])
    'a whole number of 1 to 9, or all'
    """
    if len(alternatives(kind)) > 1:
        return ", or ".join(describe(k) for k in alternatives(kind))
    if typing.get_origin(kind) is Annotated:
        base, limits = typing.get_args(kind)
        return f"{describe(base)} of {show(limits.low)} to {show(limits.high)}"
    if typing.get_origin(kind) is Literal:
        return " or ".join(str(a) for a in typing.get_args(kind))
    return {int: "a whole number", float: "a number", bool: "true or false"}[kind]


def show(value: Any) -> str:
    """An option value as text: exact, without blanks.

    >>> show(24.0), show(True), show(2.0**-52)
    ('24', 'true', '2.220446049250313e-16')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def split_list(text: str) -> list[str]:
    """A comma-separated list; commas inside parentheses belong to an item.

    >>> split_list("nss,cc(sigma=19,border=zero)")
    ['nss', 'cc(sigma=19,border=zero)']
    """
    return [item.strip() for item in re.split(r",(?![^(]*\))", text) if item.strip()]


def _as(value: Any, kind: Any) -> Any:
    if typing.get_origin(kind) is Annotated:
        base, limits = typing.get_args(kind)
        number = _as(value, base)
        return number if number is not None and limits.low <= number <= limits.high else None
    if typing.get_origin(kind) is Literal:
        return next((a for a in typing.get_args(kind) if str(a) == str(value)), None)
    text = str(value).lower()
    if kind is bool:
        return {"true": True, "false": False}.get(text)
    return None if isinstance(value, bool) else _number(text, kind)


def _number(text: str, kind: type) -> Any:
    base, power, exponent = text.partition("^")
    if kind is int and base.strip("+-").isdecimal() and not power:
        return int(base)  # exact, beyond the whole numbers of a float too
    try:
        number = float(base) ** float(exponent) if power else float(base)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    if isinstance(number, complex) or not math.isfinite(number) or (kind is int and not number.is_integer()):
        return None
    return kind(number)
