"""Opens the window in a language and goes through it, in a process of its own: words are fixed when it is made.

`python -m tests.walk LANGUAGE` prints one line of JSON: `shown`, every text that a widget, menu, tip, dialog or screen
reader has, with where it was; `unknown`, the texts that the catalogue was asked for in vain.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.graph_core.wrong_drawings import WRONG

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from designer.window import MainWindow

TEXTS = ("text", "title", "placeholderText", "toolTip", "accessibleName", "accessibleDescription", "windowTitle")
NO_WORDS = ("QPlainTextEdit", "QLineEdit", "QKeySequenceEdit", "SourceView")  # hold what a person typed, or source


def main(language: str) -> None:
    """Walk, and tell."""
    os.environ |= {"NETWRIGHT_LANG": language, "QT_QPA_PLATFORM": "offscreen"}
    os.environ["XDG_STATE_HOME"] = os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()
    from designer.application import application

    app = application(speaking=True)
    from designer import words
    from designer.settings import Settings
    from designer.window import MainWindow

    window = MainWindow(Settings(Path(tempfile.mkdtemp()) / "settings.ini"))
    window.files.may_leave = lambda: True
    window.resize(1600, 1000)
    window.show()
    shown: dict[str, str] = {}
    for place in _places(window):
        for _ in range(4):
            app.processEvents()
        for widget in app.topLevelWidgets():
            if widget.isVisible():  # what is hidden inside of the window is shown sooner or later
                for text in _texts(widget):
                    shown.setdefault(text, place)
    print(json.dumps({"shown": shown, "unknown": words.unknown()}, ensure_ascii=False), flush=True)
    os._exit(0)


def _places(window: MainWindow) -> Iterator[str]:
    """Goes from place to place, and says where it is."""
    yield "gallery"
    yield from _tour(window)
    window.files.new_from_template("lenet")
    yield from _tabs(window, "LeNet")
    window.center.find(replacing=True)
    yield "find and replace"
    yield from _dialogs(window)
    yield from _nodes(window)
    window.files.new_from_template("lstm_gates")
    yield from _nodes(window)
    yield from _edits(window)
    yield from _problems(window)


def _tabs(window: MainWindow, where: str) -> Iterator[str]:
    for place in range(window.tabs.count()):
        window.tabs.setCurrentIndex(place)
        yield f"{where}, {window.tabs.tabBar().tabData(place)}"
    window.rehearsal.show_sketch_pad()
    yield "sketch pad"
    window.rehearsal.sketch_dock.hide()


def _tour(window: MainWindow) -> Iterator[str]:
    from designer.tour import start_tour

    tour = start_tour(window)
    for step in range(1, 6):  # the fourth has a second sentence, the fifth would train
        yield f"tour, step {step}"
        tour.card.go.click() if step < 5 else tour.end()


def _dialogs(window: MainWindow) -> Iterator[str]:
    from PySide6.QtWidgets import QMessageBox

    from designer.export_dialog import ExportDialog
    from designer.key_sheet import KeySheet

    export = ExportDialog(window.document, window.drawing, window.training, window.write_picture, window)
    keys = KeySheet(window.actions_, window.keymap, window)
    asked = QMessageBox(window)
    asked.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
    for dialog in (export, keys, asked):
        dialog.show()
        yield type(dialog).__name__
        if dialog is export:
            for place in range(export.format.count()):
                export.format.setCurrentIndex(place)
                yield f"export as {export.format.itemData(place)}"
        dialog.hide()
        dialog.deleteLater()


def _nodes(window: MainWindow) -> Iterator[str]:
    document = window.document
    ids = list(document.graph.nodes)
    for id in ids:
        document.select([id])
        yield f"inspector of {document.graph.nodes[id].type}"
    document.select(ids[:2])
    yield "inspector of two nodes"
    for chosen, wire in ((tuple(ids[:2]), ""), ((), next(iter(document.graph.wires))), ((), "")):
        menu = window.in_place.menu(chosen, wire, window.pos(), (0.0, 0.0))
        menu.show()
        yield "menu of the canvas"
        for inner in [action.menu() for action in menu.actions() if action.menu() is not None]:
            inner.aboutToShow.emit()
            yield "menu within the menu of the canvas"
        menu.hide()
    document.select([])
    yield "inspector of the network"


def _edits(window: MainWindow) -> Iterator[str]:
    """Steps that undo and the history tell."""
    document, verbs = window.document, window.verbs
    ids = list(document.graph.nodes)
    verbs.place("Linear", 900.0, 0.0)
    document.select(ids[1:3])
    for act in (verbs.duplicate_selection, verbs.arrange_all, window.sheet.frame_selection, window.sheet.add_note):
        act()
        yield "an edit"
    document.select(ids[1:3])
    window.sheet.align("left")
    window.sheet.bypass_selection()
    verbs.remove(tuple(ids[2:3]), True)
    window.sheet.set_bookmark(1)
    window.show_tab("History")
    yield "history"
    while document.history.can_undo:
        document.undo()
    document.mark_saved()


def _problems(window: MainWindow) -> Iterator[str]:
    """Some ways in which a drawing can be wrong, on the panel, in the inspector and on the canvas."""
    from graph_core import Project

    window.show_tab("Problems")
    for wrong in WRONG[::8]:
        project = Project.new("main")
        wrong.draw(project.networks["main"])
        window.document.new(project)
        if wrong.node in window.document.graph.nodes:
            window.document.select([wrong.node])
        yield f"problem {wrong.code}"
        window.document.mark_saved()


def _texts(widget: QWidget) -> Iterator[str]:
    """Every text of a widget and of what is in it."""
    from PySide6.QtWidgets import QAbstractItemView, QComboBox, QMenu, QTabBar, QWidget

    for one in (widget, *widget.findChildren(QWidget)):
        names = [name for name in TEXTS if not (name == "text" and type(one).__name__ in NO_WORDS)]
        for name in names:
            said = getattr(type(one), name, None)  # an attribute may have a name of Qt's
            yield from _lines(said(one)) if callable(said) else ()
        if isinstance(one, QMenu):
            yield from (action.text().partition("\t")[0].replace("&", "") for action in one.actions())
        elif isinstance(one, QTabBar):
            yield from (one.tabText(place) for place in range(one.count()))
        elif isinstance(one, QComboBox):
            yield from (one.itemText(place) for place in range(one.count()))
        elif isinstance(one, QAbstractItemView) and one.model() is not None:
            yield from _cells(one.model())


def _lines(value: Any) -> list[str]:
    return value.split("\n") if isinstance(value, str) else []


def _cells(model: Any, parent: Any = None) -> Iterator[str]:
    from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

    parent = QModelIndex() if parent is None else parent
    for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
        head = model.headerData(column, Qt.Orientation.Horizontal)
        yield from _lines(head)
        for row in range(min(model.rowCount(parent), 200)):
            index = model.index(row, column, parent)
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                yield from _lines(model.data(index, role))
            if column == 0 and model.rowCount(index):
                yield from _cells(model, index)


if __name__ == "__main__":
    main(sys.argv[1])
