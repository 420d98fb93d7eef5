"""What rules of several families share: axes by number, values that would fit, windows that slide."""

from __future__ import annotations

from collections.abc import Sequence

from graph_core.dims import Dim, Expr, Shape, at_least, shape_text
from graph_core.layer import require


def axis_of(number: int, x: Shape, name: str = "dim") -> int:
    """The position, from 0, of the axis called ``number`` (negative: from the end) by the parameter ``name``."""
    rank = len(x)
    require(
        -rank <= number < rank,
        lambda: f"has no axis {number} for {name}: its input {shape_text(x)} has axes {-rank} to {rank - 1}",
        "parameter",
        set={name: -1},
    )
    return number % rank


def nearest_divisor(near: Dim, *numbers: Dim) -> int | None:
    """The whole number nearest to ``near`` that divides all ``numbers``; None where one of them is a symbol."""
    if isinstance(near, Expr) or any(isinstance(n, Expr) for n in numbers):
        return None
    whole = [int(n) for n in numbers if not isinstance(n, Expr)]
    divisors = [k for k in range(1, min(min(whole), 4096) + 1) if all(n % k == 0 for n in whole)]
    return min(divisors, key=lambda k: (abs(k - int(near)), k))


def stored(sizes: Sequence[Dim]) -> int | list[int] | None:
    """Sizes of the axes as a drawing stores them: one number where all are equal; None where one is a symbol."""
    numbers = [int(size) for size in sizes if not isinstance(size, Expr)]
    if len(numbers) < len(sizes):
        return None
    return numbers[0] if len(set(numbers)) == 1 else numbers


def fitting_kernel(space: Sequence[Dim], kernel: Shape, padding: Shape, dilation: Shape) -> dict[str, object] | None:
    """The hint that sets the largest window, up to ``kernel``, that fits into ``space`` on every axis."""
    sizes: list[Dim] = []
    for size, k, p, d in zip(space, kernel, padding, dilation, strict=True):
        if at_least(size + 2 * p, d * (k - 1) + 1):
            sizes.append(k)
        else:
            sizes.append((size + 2 * p - 1) // d + 1)
    fit = stored(sizes)
    return None if fit is None else {"kernel_size": fit}
