"""The reason in an exporter's error."""

from __future__ import annotations


def cause_of(error: BaseException) -> str:
    """The first line of the innermost cause: exporters wrap it in pages of advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300].rstrip(".") if lines else type(error).__name__
