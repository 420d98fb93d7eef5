"""Sizes: plain ints for the live readout, symbolic expressions for formulas.

The one place that knows the symbolic engine (symengine), which is loaded only when a symbol is first made.
Rules never compare sizes with ``==``, ``%`` or ``<=``: with symbols those silently lie. They ask ``same``,
``divides`` and ``at_least``, which answer True, False or None (unknown). Unknown becomes a stated condition: see
graph_core.conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graph_core import symbolic
from graph_core.conditions import AT_LEAST, DIVIDES, SAME, decided, example, pinned


class Named(int):
    """An int that remembers which symbol it stands for, as long as nothing is computed with it.

    An axis that passes through a layer unchanged keeps its name, so that labels can say ``N × T × 512``
    without a symbolic pass. Two sizes of equal value but different name are different cache keys.
    """

    name: str

    def __new__(cls, value: int, name: str) -> Named:
        """Make the size ``value`` that stands for the symbol ``name``."""
        self = super().__new__(cls, value)
        self.name = name
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Named):
            return int(self) == int(other) and self.name == other.name
        return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((int(self), self.name))

    def __repr__(self) -> str:
        return f"{self.name}={int(self)}"


class Expr:
    """A size as an expression over symbols that stand for positive whole numbers."""

    __slots__ = ("raw",)

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def __add__(self, other: Dim) -> Dim:
        return wrap(self.raw + unwrap(other))

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        return wrap(self.raw - unwrap(other))

    def __rsub__(self, other: Dim) -> Dim:
        return wrap(unwrap(other) - self.raw)

    def __mul__(self, other: Dim) -> Dim:
        return wrap(self.raw * unwrap(other))

    __rmul__ = __mul__

    def __neg__(self) -> Dim:
        return wrap(-self.raw)

    def __floordiv__(self, other: Dim) -> Dim:
        return wrap(symbolic.floor_divide(self.raw, unwrap(other)))

    def __rfloordiv__(self, other: Dim) -> Dim:
        return wrap(symbolic.floor_divide(unwrap(other), self.raw))

    def __pow__(self, other: int) -> Dim:
        return wrap(self.raw**other)

    def __bool__(self) -> bool:
        raise TypeError("a symbolic size has no truth value; ask same(), divides() or at_least()")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expr) and bool(self.raw == other.raw)

    def __hash__(self) -> int:
        return hash(self.raw)

    def __str__(self) -> str:
        return symbolic.text(self.raw)

    __repr__ = __str__


Dim = int | Expr
Shape = tuple[Dim, ...]


def symbol(name: str) -> Expr:
    """The size called ``name``, a positive whole number that is not known yet."""
    return Expr(symbolic.symbol(name))


def wrap(raw: Any) -> Dim:
    """A raw symbolic value as a size: an int where it is one."""
    value = symbolic.as_int(raw)
    return Expr(raw) if value is None else value


def unwrap(size: Dim) -> Any:
    """The raw symbolic value of a size."""
    return size.raw if isinstance(size, Expr) else int(size)


def substitute(size: Dim, values: Mapping[str, int]) -> Dim:
    """``size`` with numbers put in for the symbols named in ``values``."""
    return wrap(symbolic.substitute(size.raw, values)) if isinstance(size, Expr) else size


def symbols_of(size: Dim) -> set[str]:
    """The names of the symbols that ``size`` depends on."""
    return symbolic.names(size.raw) if isinstance(size, Expr) else set()


def plain(size: Dim) -> Dim:
    """A size without the name of the symbol it stands for."""
    return int(size) if isinstance(size, Named) else size


def prod(sizes: Iterable[Dim]) -> Dim:
    """The product of sizes; 1 for none."""
    result: Dim = 1
    for size in sizes:
        result = result * size
    return result


def largest(sizes: Iterable[Dim]) -> Dim:
    """The largest of sizes, whatever their symbols are; of formulas only, since no rule may compare sizes."""
    found = list(sizes)
    return found[0] if len(found) == 1 else wrap(symbolic.largest(map(unwrap, found)))


def alternatives(size: Dim, here: Mapping[str, int]) -> list[Dim]:
    """The sizes of which a formula is the largest, the largest where symbols have these values first."""
    return list(map(wrap, symbolic.alternatives(size.raw, here))) if isinstance(size, Expr) else [size]


def same(a: Dim, b: Dim) -> bool | None:
    """Whether two sizes are equal; None where it depends on the symbols."""
    if isinstance(a, int) and isinstance(b, int):
        return int(a) == int(b)
    if a == b:
        return True
    difference = _difference(a, b)
    if isinstance(difference, int):
        return int(difference) == 0
    apart = symbolic.is_nonnegative(difference.raw - 1) or symbolic.is_nonnegative(-difference.raw - 1)
    return False if apart else _decided(SAME, a, b)


def divides(k: Dim, n: Dim) -> bool | None:
    """Whether ``k`` divides ``n``; None where it depends on the symbols."""
    if isinstance(k, int) and isinstance(n, int):
        return k != 0 and n % k == 0
    if isinstance(k, int) and int(k) == 1:
        return True
    quotient = symbolic.divide(unwrap(n), unwrap(k))
    return True if symbolic.is_whole(quotient) else _decided(DIVIDES, k, n)


def at_least(a: Dim, b: Dim) -> bool | None:
    """Whether ``a >= b``; None where it depends on the symbols."""
    if isinstance(a, int) and isinstance(b, int):
        return int(a) >= int(b)
    difference = _difference(a, b)
    if isinstance(difference, int):
        return difference >= 0
    return True if symbolic.is_nonnegative(difference.raw) else _decided(AT_LEAST, a, b)


def number_of(size: Dim) -> int | None:
    """A size as the number that something has to have: of a symbol its example, while formulas are made; else None."""
    return pinned(size.raw) if isinstance(size, Expr) else int(size)


def example_of(size: Dim) -> int | None:
    """What a size is at the example sizes, while formulas are made; else None."""
    return example(size.raw) if isinstance(size, Expr) else int(size)


def _decided(question: str, a: Dim, b: Dim) -> bool | None:
    return decided(question, symbolic.sympify(unwrap(a)), symbolic.sympify(unwrap(b)))


def _difference(a: Dim, b: Dim) -> Dim:
    return wrap(symbolic.expand(unwrap(a) - unwrap(b)))


def window(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim = 1) -> Dim:
    """Positions of a sliding window: ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 (nn.Conv2d)."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def ceil_divide(a: Dim, b: Dim) -> Dim:
    """⌈a / b⌉ for positive whole sizes."""
    return (a + b - 1) // b


def ceil_window(size: Dim, kernel: Dim, stride: Dim, padding: Dim, dilation: Dim = 1) -> Dim:
    """``window`` with ceil_mode: the last window may start inside the input or its left padding (torch pooling)."""
    positions = (size + 2 * padding - dilation * (kernel - 1) - 1 + stride - 1) // stride + 1
    return positions - 1 if at_least((positions - 1) * stride, size + padding) else positions


def size_text(size: Dim) -> str:
    """A size as it is written in a label: its symbol's name where it has one, else the number or expression."""
    return size.name if isinstance(size, Named) else str(size)


def shape_text(shape: Iterable[Dim]) -> str:
    """A shape as it is written in sentences: ``N×64×56×56``; ``scalar`` for no axes."""
    texts = [size_text(size) for size in shape]
    return "×".join(f"({text})" if " " in text else text for text in texts) or "scalar"
