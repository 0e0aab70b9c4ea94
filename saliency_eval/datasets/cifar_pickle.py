"""The Python batches of CIFAR-10, read without running what a pickle asks for.

A pickle is a program for a machine with a stack. This machine knows numbers, texts, lists and dictionaries; whatever
else is named or called is kept as a description and never looked up.
"""

from __future__ import annotations

import pickletools
from typing import Any, NamedTuple

MOST_OPERATIONS = 1_000_000  # the official files have about 50,000
PUSHED = {"BININT", "BININT1", "BININT2", "SHORT_BINSTRING", "BINSTRING"}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
COUNTED = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
MARK = object()


class Global(NamedTuple):
    """A name that the pickle wants to be imported: module and name."""

    name: str


class Made:
    """What calling something would give, and the state that it would be given."""

    def __init__(self, function: Any, arguments: Any) -> None:
        self.function, self.arguments = function, arguments
        self.state: Any = None


def described(data: bytes) -> Any:
    """What a pickle describes, texts as Latin-1; raises ValueError and its like for what no batch needs."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for number, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if operation.name == "STOP":
            return stack.pop()
        if number == MOST_OPERATIONS:
            raise ValueError("it is too long")
        step(stack, memo, operation.name, argument)
    raise ValueError("it has no end")


def step(stack: list[Any], memo: dict[int, Any], name: str, argument: Any) -> None:
    """One operation."""
    if name in PUSHED:
        stack.append(argument)
    elif name in CONSTANTS:
        stack.append(CONSTANTS[name])
    elif name in COUNTED:
        stack[-COUNTED[name] :] = [tuple(stack[-COUNTED[name] :])]
    else:
        collect(stack, memo, name, argument)


def collect(stack: list[Any], memo: dict[int, Any], name: str, argument: Any) -> None:
    """One operation on lists, dictionaries and what is put aside."""
    match name:
        case "PROTO":
            pass
        case "MARK":
            stack.append(MARK)
        case "EMPTY_DICT":
            stack.append({})
        case "EMPTY_LIST":
            stack.append([])
        case "GLOBAL":
            stack.append(Global(argument))
        case "BINPUT" | "LONG_BINPUT":
            memo[argument] = stack[-1]
        case "BINGET" | "LONG_BINGET":
            stack.append(memo[argument])
        case "TUPLE":
            stack.append(tuple(marked(stack)))
        case "APPENDS":
            found = marked(stack)
            stack[-1].extend(found)
        case "SETITEMS":
            found = marked(stack)
            if not all(isinstance(key, str) for key in found[::2]):  # tuples in tuples would end the process
                raise ValueError("its keys are no texts")
            stack[-1].update(zip(found[::2], found[1::2], strict=True))
        case "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append(Made(function, arguments))
        case "BUILD":
            state = stack.pop()
            stack[-1].state = state
        case _:
            raise ValueError(f"a batch holds no {name}")


def marked(stack: list[Any]) -> list[Any]:
    """What lies above the last mark; both are taken away."""
    place = len(stack) - 1 - next(n for n, one in enumerate(reversed(stack)) if one is MARK)
    found = stack[place + 1 :]
    del stack[place:]
    return found


def bytes_of(made: Any) -> tuple[tuple[int, ...], bytes]:
    """Shape and bytes of a described array of bytes; raises ValueError and its like for any other."""
    version, shape, kind, fortran, text = made.state
    if made.function.name != "numpy.core.multiarray _reconstruct" or kind.function.name != "numpy dtype":
        raise ValueError("its data are no array")
    if (version, fortran) != (1, False) or kind.arguments[0] != "u1":
        raise ValueError("its data are no bytes in rows")
    return shape, text.encode("latin-1")
