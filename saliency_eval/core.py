"""The one idea: a declared function reads the fields of an image by the names of its parameters.

Positional parameters are the fields that it needs, keyword-only parameters its options. A parameter `rng`
makes it stochastic: its generator is seeded from the variant and the stimulus id, never from the order of
work. Metrics, models and derived fields are all that.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from saliency_eval.errors import fail, unknown
from saliency_eval.options import bind, checked, show, types_of
from saliency_eval.profiling import stage

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

    def idle(self, options: Options) -> frozenset[str]:
        """Options that have no effect beside the others."""
        return frozenset(self.traits.get("idle", lambda o: ())(options))

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
        hints = types_of(function)
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
    """Declare a field that follows from other fields; it is computed when first read.

    The function stays callable by hand, with its options checked.
    """

    def declare(function: F) -> F:
        declared = FIELDS.declare(function.__name__, function, **traits)

        @functools.wraps(function)
        def by_hand(*arrays: Any, **options: Any) -> Any:
            return function(**checked(bind(function, options, *arrays), declared.types, declared.key))

        return by_hand  # type: ignore[return-value]

    return declare


@functools.cache
def inputs(name: str) -> frozenset[str]:
    """Every field that a field rests on, itself included."""
    below = FIELDS[name].fields if name in FIELDS else ()
    return frozenset({name}).union(*(inputs(b) for b in below))


def reached(fields: tuple[str, ...]) -> list[str]:
    """The derived fields that some fields rest on."""
    return sorted(frozenset().union(*(inputs(name) for name in fields)) & set(FIELDS))


@functools.cache
def field_options(fields: tuple[str, ...]) -> Options:
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
        settings = {k: options.get(k, v) for k, v in field_options((name,)).items()}
        key = (name, *settings.items())
        if key not in self._derived:
            own = {o: settings[f"{name}.{o}"] for o in FIELDS[name].options}
            self._derived[key] = call(FIELDS[name], self, own, options)
        return self._derived[key]


Stimulus = Fields


def call(declared: Declared, fields: Fields, own: Options, options: Options) -> Any:
    """Read the fields that a declared function names and apply it to them."""
    with stage(declared.key):
        return apply(declared, fields, own, options)


def apply(declared: Declared, fields: Fields, own: Options, options: Options) -> Any:
    """Apply a declared function to its fields."""
    names = [n for n in declared.fields if n not in declared.optional or fields.has(n)]
    values = {name: fields.read(name, options) for name in names}
    if declared.stochastic and "seed" not in declared.idle(own):
        text = f"{declared.key}|" + "|".join(f"{k}:{show(v)}" for k, v in sorted(own.items()))
        return declared.function(**values, **own, rng=generator(text, fields.id))
    return declared.function(**values, **own)


def generator(*words: object) -> np.random.Generator:
    """A random generator that depends on the words alone.

    >>> int(generator("auc_borji", "i1").integers(1000))
    39
    """
    text = "\0".join(map(str, words))
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        data = text.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(data).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype="<u4"))
