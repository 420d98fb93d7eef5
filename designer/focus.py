"""Tab goes through a window as a page is read: by where things stand, not by when they were made.

Forms that are made anew with every selection, and panels that are made when they are first looked at, would otherwise
all come last, in an order that depends on what was done before.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QScrollArea, QWidget

Placed = tuple[QRect, list[QWidget]]  # where a part stands in what holds it, and the stops that it has


class TabsAsRead:
    """For a window (before its Qt class among the bases): Tab and Shift+Tab walk its stops in reading order."""

    def focusNextPrevChild(self, forward: bool) -> bool:
        """See QWidget."""
        assert isinstance(self, QWidget)
        here = self.focusWidget()
        stops = reading_order(self, here)
        if not stops:
            return False
        place = stops.index(here) if here in stops else -1 if forward else 0
        target = stops[(place + (1 if forward else -1)) % len(stops)]
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        target.setFocus(reason)
        show(target)
        return True


def reading_order(held: QWidget, also: QWidget | None = None) -> list[QWidget]:
    """What Tab stops at in a widget, itself first: row by row where rows can be told apart, else column by column.

    `also` is one more stop, such as one that has the focus by a click.
    """
    parts: list[Placed] = []
    for child in held.children():
        if isinstance(child, QWidget) and not child.isHidden() and not child.isWindow():
            stops = reading_order(child, also)
            if stops:
                parts.append((child.geometry(), stops))
    return ([held] if held is also or is_stop(held) else []) + _read(parts)


def is_stop(widget: QWidget) -> bool:
    """Whether Tab stops at a widget that is shown."""
    return bool(
        widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
        and widget.isEnabled()
        and widget.focusProxy() is None
        and widget.isVisible()
    )


def show(widget: QWidget) -> None:
    """Scroll all that holds a widget so far that it is seen."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea) and above.widget() is not None:
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()


def _read(parts: list[Placed]) -> list[QWidget]:
    if len(parts) > 1:
        for down in (True, False):
            groups = _parted(parts, down=down)
            if len(groups) > 1:
                return [stop for group in groups for stop in _read(group)]
        parts = sorted(parts, key=lambda part: (part[0].top(), part[0].left()))
    return [stop for _, stops in parts for stop in stops]


def _parted(parts: list[Placed], *, down: bool) -> list[list[Placed]]:
    """The parts in groups with a line between them that crosses none: rows, or columns."""

    def start(part: Placed) -> int:
        return part[0].top() if down else part[0].left()

    def end(part: Placed) -> int:
        return part[0].bottom() if down else part[0].right()

    groups: list[list[Placed]] = []
    reached = 0
    for part in sorted(parts, key=start):
        if groups and start(part) <= reached:
            groups[-1].append(part)
            reached = max(reached, end(part))
        else:
            groups.append([part])
            reached = end(part)
    return groups
