"""Shapes as comments write them: ``N × 64 × 56 × 56``, derived axes with a prime."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.emit.scopes import times_of
from graph_core.context import Context
from graph_core.dims import Dim, Expr, Named, Shape
from graph_core.layer import Spec

MAX_AXIS = 14
Others = Sequence[tuple[Context, Shape]]  # the shape in each instance, with where the instance is


class Shapes:
    """The words for the axes of one class; an axis too long to write is its input's name with a prime."""

    def __init__(self, context: Context, inputs: Sequence[str]) -> None:
        results = [context.results.get(id) for id in inputs]
        specs = [result.specs[0] for result in results if result and result.specs]
        self._axes = next((spec.shape for spec in specs if spec), ())
        self._context = context
        self._words: dict[Dim, str] = {}

    def text(self, shape: Shape, others: Others = ()) -> str:
        """``N × 64 × 56 × 56``; ``scalar`` for no axes; empty where a size has no name and differs in ``others``."""
        words = [self._word(place, size, others) for place, size in enumerate(shape)]
        return "" if not all(words) else " × ".join(words) or "scalar"

    def of(self, specs: Sequence[Spec | None], others: Others = ()) -> str:
        """The text of the first spec, with its dtype where that is not the usual one."""
        spec = specs[0] if specs else None
        text = self.text(spec.shape, others) if spec is not None else ""
        if spec is None or not text:
            return "…"
        return text + ("" if spec.dtype == "float32" else f" {spec.dtype}")

    def _word(self, place: int, size: Dim, others: Others) -> str:
        """One axis; a number that is another in other instances by what it is of an argument in all of them."""
        found = [(owner, shape[place]) for owner, shape in others if place < len(shape)]
        if isinstance(size, Expr | Named) or all(isinstance(other, Expr) or other == size for _, other in found):
            return self._axis(place, size)
        for name in (*self._context.inferred, *self._context.graph.params):
            times = {times_of(owner.scope.get(name), other) for owner, other in found}
            if len(times) == 1 and (share := times.pop()) is not None:
                sign, number = share
                return name if number == 1 else f"{number}*{name}" if sign == "*" else f"({name} // {number})"
        return ""

    def _axis(self, place: int, size: Dim) -> str:
        if isinstance(size, Named):
            return size.name
        text = str(size)
        if not isinstance(size, Expr):
            return text
        if len(text) <= MAX_AXIS or text.isidentifier():
            return f"({text})" if " " in text else text
        if size not in self._words:
            mine = self._axes[place] if place < len(self._axes) else None
            word = (mine.name if isinstance(mine, Named) else str(mine)) if mine is not None else "size"
            word = word if word.isidentifier() else "size"
            while f"{word}" in self._words.values() or not word.endswith("′"):
                word += "′"
            self._words[size] = word
        return self._words[size]
