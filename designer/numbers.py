"""Figures as people read them: four significant digits with a unit, exact below 10,000, a real minus, ▲ ▼ ±0."""

from __future__ import annotations

from graph_core.numerals import bytes_text, exact, short

__all__ = ["bytes_text", "change", "exact", "percent", "short", "split"]


def split(value: int, unit: str = "") -> tuple[str, str]:
    """The figure and its unit apart, as large figures are set: ``("11.69 M", "params")``, ``("1.814", "GMACs")``."""
    if unit in ("MACs", "FLOPs", "B"):
        figure, _, tail = short(value, unit).partition(" ")
        return figure, tail
    return short(value), unit


def change(value: int, unit: str = "", *, precise: bool = False) -> str:
    """``▲ 461,700``, ``▼ 1.777 G``, ``±0``."""
    if value == 0:
        return "±0"
    text = exact(abs(value)) if precise else short(abs(value), unit)
    return f"{'▲' if value > 0 else '▼'} {text}"


def percent(share: float) -> str:
    """With one decimal."""
    return f"{100 * share:.1f} %"
