"""What rules of several families share: axes by number, values that would fit, windows that slide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from graph_core.dims import Dim, Expr, Shape, at_least, divides, same, shape_text
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


def splits(field: str, groups: Dim, numbers: Mapping[str, Dim]) -> None:
    """Require that ``groups``, the value of the parameter ``field``, divides numbers of things, told by their names."""
    for name, number in numbers.items():
        require(
            divides(groups, number),
            partial("splits {} {} into {} groups".format, number, name, groups),
            "groups",
            set=lambda: {field: nearest_divisor(groups, *numbers.values())},
        )


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


def fitting_padding(
    space: Sequence[Dim], kernel: Shape, padding: Shape, dilation: Shape, *, half: bool = False
) -> list[dict[str, object]] | None:
    """The hints that set the smallest padding with which the window fits; at most ``half`` of it, where asked."""
    sizes: list[Dim] = []
    for size, k, p, d in zip(space, kernel, padding, dilation, strict=True):
        if at_least(size + 2 * p, d * (k - 1) + 1):
            sizes.append(p)
        else:
            sizes.append((d * (k - 1) + 2 - size) // 2)
        if half and at_least(k, 2 * sizes[-1]) is False:
            return None
    fit = stored(sizes)
    return None if fit is None else [{"padding": fit}]


def channels_first(x: Shape) -> tuple[int, ...] | None:
    """The order of axes that puts the last one behind the batch, where that one looks like the colours of an image."""
    colours = len(x) == 4 and isinstance(x[3], int) and int(x[3]) in (1, 3)
    return (0, 3, 1, 2) if colours and same(x[1], x[2]) and at_least(x[1], x[3] + 1) else None
