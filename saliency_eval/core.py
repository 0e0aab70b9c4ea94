"""The one idea: a declared function reads the fields of an image by the names of its parameters.

Positional parameters are the fields that it needs, keyword-only parameters its options. A parameter `rng`
makes it stochastic: its generator is seeded from the variant and the stimulus id, never from the order of
work. Metrics, models and derived fields are all that.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

import numpy as np

from saliency_eval.errors import fail, unknown

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
Options = Mapping[str, Any]
DATASET = "dataset"  # an option of this value is filled in from the card of the data set


# ------------------------------------------------------------------ declarations


@dataclass(frozen=True)
class Declared:
    """A function with the fields it reads, its options with defaults and types, and its traits."""

    kind: str
    key: str
    function: Callable[..., Any]
    fields: tuple[str, ...]
    optional: frozenset[str]  # fields that may be absent
    options: Options
    types: Mapping[str, Any]
    stochastic: bool
    traits: Mapping[str, Any]

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]


class Registry(Mapping[str, Declared]):
    """Declared functions by key; an unknown key is answered with the nearest one."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Declared] = {}

    def declare(self, key: str, function: Callable[..., Any], **traits: Any) -> Declared:
        """Enter a function under a key; its signature says the rest."""
        parameters = inspect.signature(function).parameters.values()
        hints = typing.get_type_hints(inspect.unwrap(function))
        by_position = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
        by_keyword = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "rng"]
        if key in self._entries:
            raise ValueError(f"the {self.kind} '{key}' is declared twice")
        self._entries[key] = Declared(
            self.kind,
            key,
            function,
            tuple(p.name for p in by_position),
            frozenset(p.name for p in by_position if p.default is not p.empty),
            {p.name: p.default for p in by_keyword},
            {p.name: hints[p.name] for p in by_keyword},
            any(p.name == "rng" for p in parameters),
            traits,
        )
        return self._entries[key]

    def __getitem__(self, key: str) -> Declared:
        if key not in self._entries:
            unknown(self.kind, key, self._entries)
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


FIELDS = Registry("field")
METRICS = Registry("metric")
MODELS = Registry("model")
REGISTRIES = {"metric": METRICS, "model": MODELS}


def derived(**traits: Any) -> Callable[[F], F]:
    """Declare a field that follows from other fields; it is computed when first read."""

    def declare(function: F) -> F:
        FIELDS.declare(function.__name__, function, **traits)
        return function

    return declare


@functools.cache
def inputs(name: str) -> frozenset[str]:
    """Every field that a field rests on, itself included."""
    below = FIELDS[name].fields if name in FIELDS else ()
    return frozenset({name}).union(*(inputs(b) for b in below))


def reached(fields: tuple[str, ...]) -> list[str]:
    """The derived fields that some fields rest on."""
    return sorted(frozenset().union(*(inputs(name) for name in fields)) & set(FIELDS))


def field_options(fields: tuple[str, ...]) -> dict[str, Any]:
    """Options of all derived fields below, under their qualified names: `density.sigma`."""
    return {f"{name}.{o}": v for name in reached(fields) for o, v in FIELDS[name].options.items()}


# ------------------------------------------------------------------ fields of an image


class Lazy(Generic[T]):
    """A field that is loaded when first read."""

    def __init__(self, load: Callable[[], T]) -> None:
        self.load = load


class Fields:
    """The fields of one image by name: given, lazily loaded, or derived and then kept.

    >>> image = Fields("i1", shape=(3, 4), fixations=np.array([[0, 0], [2, 3]]))
    >>> image["shape"]
    (3, 4)
    """

    def __init__(self, id: str, parent: Fields | None = None, **given: Any) -> None:
        self.id = id
        self.parent = parent
        self.given = given if parent else {"id": id, **given}
        self._derived: dict[Any, Any] = {}

    def child(self, **given: Any) -> Fields:
        """The same image seen with further or other fields; what does not rest on them is shared."""
        return Fields(self.id, self, **given)

    def has(self, name: str) -> bool:
        """Is the field given, here or above?"""
        return name in self.given or (self.parent is not None and self.parent.has(name))

    def __getitem__(self, name: str) -> Any:
        return self.read(name, {})

    def read(self, name: str, options: Options) -> Any:
        """The value of a field; `options` may hold qualified options of derived fields."""
        if name in self.given:
            value = self.given[name]
            if isinstance(value, Lazy):
                value = self.given[name] = value.load()
            return value
        if self.parent is not None and not (name in FIELDS and inputs(name) & set(self.given)):
            return self.parent.read(name, options)
        if name not in FIELDS:
            fail("undefined_metric", f"image '{self.id}' has no field '{name}'", image=self.id, exit=4)
        settings = field_options((name,)) | {k: v for k, v in options.items() if k in field_options((name,))}
        key = (name, *settings.items())
        if key not in self._derived:
            own = {o: settings[f"{name}.{o}"] for o in FIELDS[name].options}
            self._derived[key] = call(FIELDS[name], self, own, options)
        return self._derived[key]


Stimulus = Fields


def call(declared: Declared, fields: Fields, own: Options, options: Options) -> Any:
    """Read the fields that a declared function names and apply it to them."""
    names = [n for n in declared.fields if n not in declared.optional or fields.has(n)]
    values = {name: fields.read(name, options) for name in names}
    if declared.stochastic:
        text = f"{declared.key}|" + "|".join(f"{k}:{show(v)}" for k, v in sorted(own.items()))
        return declared.function(**values, **own, rng=generator(text, fields.id))
    return declared.function(**values, **own)


def generator(*words: object) -> np.random.Generator:
    """A random generator that depends on the words alone.

    >>> int(generator("auc_borji", "i1").integers(1000))
    39
    """
    digest = hashlib.sha256("\0".join(str(w) for w in words).encode("utf-8", "surrogateescape")).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype="<u4"))


# ------------------------------------------------------------------ variants and their signatures


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
            found |= {prefix + o for o in declared.traits.get("idle", lambda o: ())(own)}
        return frozenset(found)

    def _declarations(self) -> list[tuple[str, Declared]]:
        return [("", self.declared), *((f"{name}.", FIELDS[name]) for name in reached(self.declared.fields))]

    def with_options(self, given: Options) -> Variant:
        """The variant with some options changed; plain names are looked up, unknown ones refused."""
        options = dict(self.options)
        for name, value in given.items():
            full = self._qualified(name)
            options[full] = convert(value, self._type(full), f"{self.key}({name}=...)")
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
        """The variant with the options that the data set decides filled in."""
        open_options = [k for k, v in self.options if v == DATASET and k not in self.idle]
        for name in open_options:
            if name not in values:
                fail(
                    "undefined_metric",
                    f"{self.key} needs {name}, and the data set states none",
                    f"give it: '{self.key}({name}=...)'",
                    exit=4,
                )
        return replace(
            self, options=tuple((k, float(values[k]) if k in open_options else v) for k, v in self.options)
        )

    def __call__(self, fields: Fields) -> Any:
        options = dict(self.options)
        own = {o: options[o] for o in self.declared.options}
        return call(self.declared, fields, own, options)

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

    def _type(self, full: str) -> Any:
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


CONTEXT = ("protocol", "data", "split", "kind", "resize", "missing", "model", "n", "v")  # not options
CALL = re.compile(r"\s*([a-z_0-9]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


def parse(text: str, kind: str = "metric") -> Variant:
    """The variant that a text names: `nss`, `nss(ddof=0)` or a whole signature line.

    >>> parse("nss(ddof=0)") == parse("nss|protocol:mit|ddof:0|n:700|v:0.1.0")
    True
    """
    if "|" in text:
        key, *pairs = text.split("|")
        split = [p.partition(":") for p in pairs]
    else:
        match = CALL.fullmatch(text)
        if match is None:
            fail("usage", f"'{text}' is not a {kind}", "write key or key(option=value,option=value)")
        key, inner = match[1], match[2] or ""
        split = [p.partition("=") for p in inner.split(",") if p.strip()]
    options = {}
    for name, sign, value in split:
        if not sign:
            fail("usage", f"'{name}' in '{text}' gives no value", "write option=value")
        if name.strip() not in CONTEXT:
            options[name.strip()] = value.strip()
    return variant(key, kind, **options)


def show(value: Any) -> str:
    """An option value as text: exact, without blanks."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def convert(value: Any, kind: Any, where: str) -> Any:
    """A value of the annotated type: text is read, everything else is checked."""
    for accepted in _alternatives(kind):
        result = _as(value, accepted)
        if result is not None:
            return result
    fail("usage", f"{where} cannot be '{value}'", f"expected {_describe(kind)}")


def _as(value: Any, kind: Any) -> Any:
    if typing.get_origin(kind) is Literal:
        return next((a for a in typing.get_args(kind) if str(a) == str(value)), None)
    text = str(value).lower()
    if kind is bool:
        return {"true": True, "false": False}.get(text)
    if isinstance(value, bool) or kind not in (int, float):
        return None
    try:
        number = _number(text)
    except (ValueError, OverflowError):
        return None
    if kind is int:
        return int(number) if number.is_integer() else None
    return number if np.isfinite(number) else None


def _number(text: str) -> float:
    base, power, exponent = text.partition("^")
    return float(base) ** float(exponent) if power else float(base)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def _describe(kind: Any) -> str:
    if len(_alternatives(kind)) > 1:
        return " or ".join(_describe(k) for k in _alternatives(kind))
    if typing.get_origin(kind) is Literal:
        return " or ".join(str(a) for a in typing.get_args(kind))
    return {int: "a whole number", float: "a number", bool: "true or false"}[kind]
