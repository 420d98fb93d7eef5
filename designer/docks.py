"""The columns and docks around the canvas: how they are made, and how narrow they may become."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSplitter, QWidget

from designer.theme import themes

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
