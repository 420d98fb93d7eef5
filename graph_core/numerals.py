"""Figures as people read them, in the window and on the command line: four significant digits with a unit, exact below
10,000, a real minus.
"""

from __future__ import annotations

_UNITS = (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3))


def short(value: int, unit: str = "") -> str:
    """``11.69 M``, ``73.73 k``, exact below 10,000; ``unit`` is joined to the prefix: ``1.814 GMACs``."""
    size = abs(value)
    if size < 10_000:
        text, prefix = f"{size:,}", ""
    else:
        prefix, scale = next((p, s) for p, s in _UNITS if size >= s)
        text = _four(size / scale)
        if text == "1000" and prefix != "T":
            at = [p for p, _ in _UNITS].index(prefix) - 1
            prefix, text = _UNITS[at][0], "1.000"
    sign = "−" if value < 0 else ""
    tail = f"{prefix}{unit}"
    return f"{sign}{text} {tail}" if tail else f"{sign}{text}"


def _four(value: float) -> str:
    whole = len(str(int(value)))
    text = f"{value:.{max(0, 4 - whole)}f}"
    return f"{value:.{max(0, 3 - whole)}f}" if len(text.replace(".", "")) > 4 else text


def exact(value: int) -> str:
    """With commas between groups, and a real minus."""
    return f"{value:,}".replace("-", "−")


def bytes_text(value: int) -> str:
    """Bytes by powers of ten: ``46.76 MB``."""
    return short(value, "B")
