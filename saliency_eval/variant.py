"""Variants: a metric or model with every option fixed, and the signature that parses back to it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from saliency_eval.core import (
    DATASET,
    FIELDS,
    REGISTRIES,
    Declared,
    Fields,
    Options,
    call,
    field_options,
    inputs,
    reached,
)
from saliency_eval.errors import fail, shown, unknown
from saliency_eval.options import convert, show


@dataclass(frozen=True)
class Variant:
    """A metric or model with every option fixed; its text parses back to the same variant.

    Options without effect, such as a seed where nothing is drawn, stand at their default and are not shown.
    """

    key: str
    options: tuple[tuple[str, Any], ...] = field(default=())
    kind: str = "metric"

    @property
    def declared(self) -> Declared:
        return REGISTRIES[self.kind][self.key]

    @functools.cached_property
    def idle(self) -> frozenset[str]:
        """Options that have no effect beside the others."""
        options = dict(self.options)
        found: set[str] = set()
        for prefix, declared in self._declarations():
            own = {o: options[prefix + o] for o in declared.options}
            found |= {prefix + o for o in declared.idle(own)}
        return frozenset(found)

    @property
    def length(self) -> int | None:
        """How long the vector of a metric is for one image; None where it gives a number."""
        found: int | None = self.declared.traits["length"](dict(self.options))
        return found

    @property
    def redrawn(self) -> Variant | None:
        """The same with another seed; None where the metric itself draws nothing."""
        if not self.declared.stochastic or "seed" in self.idle:
            return None
        options = dict(self.options)
        return self.with_options({"seed": (options["seed"] + 1) % 2**63})

    def _declarations(self) -> list[tuple[str, Declared]]:
        return [("", self.declared), *((f"{name}.", FIELDS[name]) for name in reached(self.declared.fields))]

    @property
    def needed(self) -> frozenset[str]:
        """Every field that it cannot do without."""
        required = set(self.declared.fields) - self.declared.optional
        return frozenset[str]().union(*(inputs(name) for name in required))

    def with_options(self, given: Options) -> Variant:
        """The variant with some options changed; plain names are looked up, unknown ones refused."""
        options = dict(self.options)
        full_names = [self._qualified(name) for name in given]
        for name, full, value in zip(given, full_names, given.values(), strict=True):
            if full_names.count(full) > 1:
                fail("usage", f"option {full} of {self.key} stands twice", "write each option once")
            options[full] = convert(value, self.kind_of(full), f"{self.key}({name}=...)")
        changed = replace(self, options=tuple(options.items()))
        plain = defaults(self.declared)
        return replace(
            self, options=tuple((k, plain[k] if k in changed.idle else v) for k, v in options.items())
        )

    def with_known(self, given: Options) -> Variant:
        """The variant with those of the options changed that it has, by full name."""
        known = dict(self.options)
        return self.with_options({k: v for k, v in given.items() if k in known})

    def bound(self, values: Options) -> Variant:
        """The variant with the options that the data set decides, such as `sigma`, filled in."""
        options = dict(self.options)
        for full in [k for k, v in self.options if v == DATASET and k not in self.idle]:
            name = full.rpartition(".")[2]
            if name not in values:
                fail(
                    "undefined_metric",
                    f"{self.key} needs {full}, and the data set states none",
                    f"give it: '{self.key}({full}=...)', or state {name} in the dataset.toml of an own folder",
                    exit=4,
                )
            options[full] = values[name]
        return replace(self, options=tuple(options.items()))

    def __call__(self, fields: Fields) -> Any:
        options = dict(self.options)
        own = {o: options[o] for o in self.declared.options}
        return call(self.declared, fields, own, options)

    @property
    def call(self) -> str:
        """The variant as one would write it: key, and the options that are not at their default."""
        plain = defaults(self.declared)
        changed = [f"{k}={show(v)}" for k, v in self.options if v != plain[k]]
        return f"{self.key}({','.join(changed)})" if changed else self.key

    def refuse_idle(self, named: Iterable[str]) -> Variant:
        """The variant itself, unless one of the named options has no effect in it. Raises `usage`."""
        for name in named:
            if self._qualified(name) in self.idle:
                fail(
                    "usage",
                    f"option {name} has no effect in {self}",
                    "set the option that rules it out as well",
                )
        return self

    def __str__(self) -> str:
        shown_options = ((k, v) for k, v in self.options if k not in self.idle)
        return "|".join([self.key, *(f"{name}:{show(value)}" for name, value in shown_options)])

    def _qualified(self, name: str) -> str:
        known = dict(self.options)
        if name in known:
            return name
        candidates = [k for k in known if k.split(".")[-1] == name]
        if len(candidates) > 1:
            fail("usage", f"option '{name}' of {self.key} may mean " + " or ".join(candidates))
        if not candidates:
            unknown(f"option of {self.key}", name, known)
        return candidates[0]

    def kind_of(self, full: str) -> Any:
        """The annotation of an option, by its full name."""
        owner, _, name = full.rpartition(".")
        return (FIELDS[owner] if owner else self.declared).types[name]


def defaults(declared: Declared) -> dict[str, Any]:
    """Every option of a declared function and of the fields below it, at its default."""
    return {**declared.options, **field_options(declared.fields)}


def variant(key: str, kind: str = "metric", **options: Any) -> Variant:
    """A metric or model with its defaults, some of them changed.

    >>> str(variant("nss", ddof=0))
    'nss|ddof:0|duplicates:unique|constant:nan'
    """
    declared = REGISTRIES[kind][key]
    return Variant(key, tuple(defaults(declared).items()), kind).with_options(options)


# what a signature says beside the options
CONTEXT = (
    "protocol",
    "data",
    "kind",
    "frame",
    "classifier",
    "subset",
    "densities",
    "observers",
    "resize",
    "missing",
    "n",
    "v",
)
FORMS = {
    "metric": "key or key(option=value,option=value)",
    "model": "key, key(option=value,option=value) or path/to/file.py:factory",
}
CALL = re.compile(r"\s*([A-Za-z_0-9]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


def parse(text: str, kind: str = "metric") -> Variant:
    """The variant that a text names: `nss`, `nss(ddof=0)` or a whole signature line.

    >>> parse("nss(ddof=0)") == parse("nss|protocol:mit|ddof:0|n:700|v:0.1.0")
    True
    """
    key, options = read_call(text, kind)
    return variant(key, kind, **options)


def read_call(text: str, kind: str = "metric") -> tuple[str, dict[str, str]]:
    """Key and options as they are written in `key(option=value)` or in a signature line."""
    if "|" in text:
        key, *pairs = text.split("|")
        split = [p.partition(":") for p in pairs if p.partition(":")[0] not in CONTEXT]
    else:
        match = CALL.fullmatch(text)
        if match is None:
            fail("usage", f"'{shown(text)}' is not a {kind}", f"write {FORMS[kind]}")
        key, inner = match[1], match[2] or ""
        split = [p.partition("=") for p in inner.split(",") if p.strip()]
    options: dict[str, str] = {}
    for name, sign, value in split:
        if not sign or name.strip() in options:
            what = "stands twice" if sign else "gives no value"
            fail(
                "usage", f"'{shown(name)}' in '{shown(text)}' {what}", "write option=value, each option once"
            )
        options[name.strip()] = value.strip()
    return key, options
