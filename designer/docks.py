"""The columns and docks around the canvas: how they are made, how narrow they may become, and the way round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QWidget

from designer.theme import themes

if TYPE_CHECKING:
    from designer.window import MainWindow

LEFT_MIN, RIGHT_MIN = 204, 288  # at 100 % text size


def split(top: QWidget, bottom: QWidget, sizes: tuple[int, int]) -> QSplitter:
    """Two panels over one another; neither can be folded away."""
    splitter = QSplitter(Qt.Orientation.Vertical)
    splitter.addWidget(top)
    splitter.addWidget(bottom)
    splitter.setSizes(list(sizes))
    splitter.setChildrenCollapsible(False)
    return splitter


def dock(window: QMainWindow, title: str, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    """A dock without a title bar, known to the saved layout by its name."""
    made = QDockWidget(title, window)
    made.setObjectName(name)
    made.setTitleBarWidget(QWidget(made))
    made.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
    made.setWidget(widget)
    window.addDockWidget(area, made)
    return made


def keep_readable(left: QWidget, right: QWidget) -> None:
    """However narrow the window: names and figures stay whole at the present text size."""
    left.setMinimumWidth(themes.current.px(LEFT_MIN))
    right.setMinimumWidth(themes.current.px(RIGHT_MIN))


def next_panel(window: MainWindow, way: int = 1) -> None:
    """F6 walks canvas, palette, outline, inspector, bottom panel."""
    stops: list[QWidget] = [
        window.canvas,
        window.palette_panel.search,
        window.outline.tree,
        window.inspector,
        window.tabs.tabBar(),
    ]
    focused = window.focusWidget()
    here = next((k for k, s in enumerate(stops) if focused is s or (focused and s.isAncestorOf(focused))), 0)
    target = stops[(here + way) % len(stops)]
    if target is window.inspector:
        window.inspector.focus_first()
        if window.inspector.isAncestorOf(window.focusWidget() or window):
            return
        target = stops[(here + 2 * way) % len(stops)]
    target.setFocus(Qt.FocusReason.TabFocusReason)
