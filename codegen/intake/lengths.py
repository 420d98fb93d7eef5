"""Sizes that know which axis they are of, so that what is decided by the size of the batch can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from codegen.intake.record import Decision, Value

_ARITHMETIC = ["add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "rfloordiv", "mod", "rmod"]
_COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]


class Length(int):
    """A size of a value: a whole number like any other, that tells ``decided`` what it is compared with."""

    origin: tuple[Value, int]
    decided: Callable[[Decision], None]

    __hash__ = int.__hash__

    def __bool__(self) -> bool:
        self.decided(Decision(self.origin, None))
        return int(self) != 0


def length(size: int, origin: tuple[Value, int], decided: Callable[[Decision], None]) -> Length:
    """A size of ``origin``, a value and its axis."""
    made = Length(size)
    made.origin, made.decided = origin, decided
    return made


def sizes(value: Value, decided: Callable[[Decision], None]) -> torch.Size:
    """The sizes of a value."""
    return torch.Size([length(size, (value, axis), decided) for axis, size in enumerate(value.shape)])


def _computes(name: str) -> Callable[[Length, Any], Any]:
    plain = getattr(int, f"__{name}__")

    def method(self: Length, other: Any) -> Any:
        found = plain(self, other)
        return length(found, self.origin, self.decided) if type(found) is int else found

    return method


def _compares(name: str) -> Callable[[Length, Any], Any]:
    plain = getattr(int, f"__{name}__")

    def method(self: Length, other: Any) -> Any:
        self.decided(Decision(self.origin, other.origin if isinstance(other, Length) else None))
        return plain(self, other)

    return method


for _name in _ARITHMETIC:
    setattr(Length, f"__{_name}__", _computes(_name))
for _name in _COMPARISONS:
    setattr(Length, f"__{_name}__", _compares(_name))
