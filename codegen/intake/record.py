"""What a run of a module was: values, the operators that made them, and the calls of modules around those."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor, nn


@dataclass(eq=False, slots=True)
class Value:
    """One tensor as it was when an operator made it; a change in place makes another value.

    ``kind`` is input, weight (a parameter or buffer, at ``path``), constant (a tensor that was there before the run)
    or made. ``stale`` tells why it may not be read any more.
    """

    tensor: Tensor
    kind: str = "made"
    path: str = ""
    maker: Op | None = None
    scope: Scope | None = None  # where it was made; of a weight or an input, none
    stale: str = ""
    fixed: bool = False  # it depends on no input and on no weight
    grows: bool = False  # whether a gradient could flow through it to an input or a weight
    cut: bool = False  # though one could, none does: it was made where gradients are off
    twin: Value | None = None  # the same value in a run at another batch size
    whole: Tensor | None = None  # the tensor that it is a part of, as whole[:, 2:4] is,
    place: Any = None  # and where

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(self.tensor.shape)

    def varies(self) -> list[int]:
        """The axes whose size depends on the batch."""
        other = self.twin.shape if self.twin is not None else self.shape
        return [axis for axis, (a, b) in enumerate(zip(self.shape, other, strict=False)) if a != b]

    @property
    def dtype(self) -> str:
        """Its type by torch's name."""
        return str(self.tensor.dtype).removeprefix("torch.")


@dataclass(eq=False, slots=True)
class Op:
    """One call: of a torch function by its name, or of a ``module`` whose inside is not looked at.

    Arguments nest as they were given, with a ``Value`` for each tensor.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: list[Value] = field(default_factory=list)
    result: Any = None  # the outs, nested as they were returned
    module: nn.Module | None = None
    path: str = ""
    mode: bool = False  # whether the module is in training mode
    scope: Scope | None = None
    fault: str = ""  # why it cannot be drawn, where that is known already
    twin: Op | None = None  # the same call in a run at another batch size
    trained: Op | None = None  # the same call in a run in training mode

    def inputs(self) -> Iterator[Value]:
        """Every value that it reads, in order."""
        yield from values_in((self.args, self.kwargs))


@dataclass(eq=False, slots=True)
class Scope:
    """One call of a module whose inside was recorded."""

    path: str
    module: nn.Module
    parent: Scope | None = None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    items: list[Op | Scope] = field(default_factory=list)
    result: Any = None
    fault: str = ""  # why its inside cannot be drawn
    reads: int = 0  # of the outermost call: how often it asked the data for a yes or no
    # Of the outermost call: kinds of what it returns beside tensors, numbers of inputs that it changes in place, and
    # paths of modules in which it leaves something.
    lost: list[str] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    remembers: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)  # comparisons of sizes in this call

    @property
    def kind(self) -> str:
        """The name of its class."""
        return type(self.module).__name__

    def chain(self) -> list[Scope]:
        """The scopes from the outermost to this one."""
        above: list[Scope] = []
        here: Scope | None = self
        while here is not None:
            above.append(here)
            here = here.parent
        return above[::-1]

    def ops(self) -> Iterator[Op]:
        """Every operator inside, in the order in which they ran."""
        for item in self.items:
            if isinstance(item, Op):
                yield item
            else:
                yield from item.ops()


class Decision(NamedTuple):
    """A comparison of two sizes, each an axis of a value; a number that is no size is None."""

    one: tuple[Value, int]
    other: tuple[Value, int] | None

    def of_batch(self) -> bool:
        """Whether what follows the batch is compared with what does not."""
        varying = [end is not None and end[1] in end[0].varies() for end in self]
        return varying[0] != varying[1]


def scopes_of(scope: Scope) -> Iterator[Scope]:
    """The scopes inside of a scope, outer ones first, in the order in which they were called."""
    for item in scope.items:
        if isinstance(item, Scope):
            yield item
            yield from scopes_of(item)


def tensors_in(part: Any) -> Iterator[Tensor]:
    """The tensors in nested results, dataclasses included, in order."""
    if isinstance(part, Tensor):
        yield part
    elif isinstance(part, tuple | list):
        for one in part:
            yield from tensors_in(one)
    elif isinstance(part, dict):
        for one in part.values():
            yield from tensors_in(one)
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        for one in dataclasses.fields(part):
            yield from tensors_in(getattr(part, one.name))


def values_in(part: Any) -> Iterator[Value]:
    """The values in nested arguments, in order."""
    if isinstance(part, Value):
        yield part
    elif isinstance(part, tuple | list):
        for one in part:
            yield from values_in(one)
    elif isinstance(part, dict):
        for one in part.values():
            yield from values_in(one)
    elif isinstance(part, slice):
        yield from values_in((part.start, part.stop, part.step))
