"""`dataset.toml` of an own data set: its card, and how its points and boxes are written."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from saliency_eval.datasets.box_files import Convention
from saliency_eval.datasets.card import MOST_TEXT
from saliency_eval.datasets.files import read_file
from saliency_eval.errors import TRUTH, fail, nearest, shown

TEXTS = ("name", "version", "licence", "citation", "source", "summary", "blur")
NUMBERS = ("sigma", "observers", "seconds")
MOST_BYTES = 2**20
MOST_SIGMA = 10_000  # px; a blur beyond any picture
ORDERS = ("row-column", "x-y")
ORIGINS = (0, 1)


class Settings(NamedTuple):
    """What the file says."""

    card: dict[str, Any]
    points: str = ORDERS[0]
    origin: int = ORIGINS[0]
    boxes: Convention = Convention()


def read_toml(path: Path) -> Settings:
    """The settings, or the defaults without the file; raises `unreadable` and the like (exit 4)."""
    if not os.path.lexists(path):
        return Settings({})
    data = read_file(path, MOST_BYTES)
    try:
        given = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        refuse(f"is not TOML: {shown(error, 200)}", "see toml.io for the syntax")
    fixations = subtable(given, "fixations", {"points": ORDERS, "origin": ORIGINS})
    boxes = subtable(given, "boxes", {"origin": ORIGINS, "inclusive": (False, True)})
    known(given, (*TEXTS, *NUMBERS))
    card = {key: value_of_card(key, value) for key, value in given.items()}
    return Settings(card, **fixations, boxes=Convention(**boxes))


def subtable(given: dict[str, Any], name: str, choices: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The settings of a table, which is taken out."""
    table = given.pop(name, {})
    if not isinstance(table, dict):
        refuse(f"must hold a table [{name}]", f"write [{name}] and its settings below it")
    known(table, tuple(choices))
    for key, value in table.items():
        choice(key, value, choices[key])
    return table


def value_of_card(key: str, value: Any) -> Any:
    """A value of the right type: text, or a positive number."""
    if key == "version":
        return re.sub(r"[^A-Za-z0-9._+-]+", "-", str(value))[:40]
    if key in TEXTS and not isinstance(value, str):
        refuse(f"{key} must be text, got {shown(value)}", "put it in quotes")
    if key in TEXTS and len(value) > MOST_TEXT:
        refuse(f"{key} must have at most {MOST_TEXT} characters, got {len(value)}", "shorten it")
    positive = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    if key in NUMBERS and not positive:
        refuse(f"{key} must be a number above 0, got {shown(value)}", "correct or remove it")
    if key == "sigma" and value > MOST_SIGMA:
        refuse(f"sigma must be at most {MOST_SIGMA} px, got {shown(value)}", "correct or remove it")
    return value


def known(table: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Raises for the first key that does not exist."""
    for key in table:
        if key not in keys:
            refuse(f"has the unknown key '{shown(key)}'", nearest(key, keys))


def choice(key: str, value: Any, accepted: tuple[Any, ...]) -> None:
    """Raises for a value that is none of the accepted ones, of which True is not 1."""
    if value not in accepted or isinstance(value, bool) != isinstance(accepted[0], bool):
        refuse(
            f"{key} must be {' or '.join(repr(a).lower() for a in accepted)}, got {shown(repr(value))}",
            "correct or remove it",
        )


def refuse(what: str, remedy: str) -> NoReturn:
    """Raises `unreadable` (exit 4)."""
    fail("unreadable", f"dataset.toml {what}", remedy, file="dataset.toml", exit=TRUTH)
