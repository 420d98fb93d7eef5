"""What autograd keeps for backward, as a formula: a sum of tensors, of which the sizes may be symbols.

Which tensors are kept does not depend on sizes, and the sweep of graph_core.liveness adds up whole numbers. So each
size is told to it as a number of its own, far apart from all others: a power of a huge base. What it finds then reads
as digits, how often each size is counted.
"""

from __future__ import annotations

from typing import Final

from graph_core.context import Context
from graph_core.dims import Dim, Expr
from graph_core.liveness import living_of
from graph_core.pieces import Mode
from graph_core.propagate import Engine

DIGIT: Final = 192  # bits: more than any count of bytes that a drawing comes to
MOST: Final = 256  # sizes that are told apart


class Marks(Mode):
    """Training in float32, in which a size that depends on symbols is a power of the base."""

    places: dict[Expr, int]

    def whole(self, size: Dim) -> int:
        """The size itself where it is a number."""
        if isinstance(size, Expr):
            return 1 << (DIGIT * self.places.setdefault(size, len(self.places) + 1))
        return int(size)


def kept_bytes(engine: Engine, root: Context) -> Dim | None:
    """The bytes that stay for backward after the forward pass, in float32, over the symbols of ``root``.

    None where a block runs as often as a symbol says, or where there are too many different sizes.
    """
    if _counts_symbols(root, set()):
        return None
    marks = Marks(training=True)
    marks.places = {}
    found = living_of(engine).sweep(root, marks).piece.keeps
    if len(marks.places) > MOST:
        return None
    digits = (1 << DIGIT) - 1
    total: Dim = found & digits
    for size, place in marks.places.items():
        total = total + ((found >> (DIGIT * place)) & digits) * size
    return total


def _counts_symbols(context: Context, seen: set[int]) -> bool:
    if id(context) in seen:
        return False
    seen.add(id(context))
    calls = [call for result in context.results.values() for call in result.calls]
    return any(
        call.symbolic is not None or isinstance(call.steps, Expr) or _counts_symbols(call.context, seen)
        for call in calls
    )
