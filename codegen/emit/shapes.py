"""Shapes as comments write them: ``N × 64 × 56 × 56``, derived axes with a prime."""

from __future__ import annotations

from collections.abc import Sequence

from graph_core.context import Context
from graph_core.dims import Dim, Expr, Named, Shape
from graph_core.layer import Spec

MAX_AXIS = 14


class Shapes:
    """The words for the axes of one class; an axis too long to write is its input's name with a prime."""

    def __init__(self, context: Context, inputs: Sequence[str]) -> None:
        results = [context.results.get(id) for id in inputs]
        specs = [result.specs[0] for result in results if result and result.specs]
        self._axes = next((spec.shape for spec in specs if spec), ())
        self._words: dict[Dim, str] = {}

    def text(self, shape: Shape) -> str:
        """``N × 64 × 56 × 56``; ``scalar`` for no axes."""
        return " × ".join(self._axis(place, size) for place, size in enumerate(shape)) or "scalar"

    def of(self, specs: Sequence[Spec | None]) -> str:
        """The text of the first spec, with its dtype where that is not the usual one."""
        spec = specs[0] if specs else None
        if spec is None:
            return "…"
        return self.text(spec.shape) + ("" if spec.dtype == "float32" else f" {spec.dtype}")

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
