"""The menu of what is under the pointer, or chosen in the outline: plates, a wire, or the sheet itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from designer.document import Document
from designer.judge import DocumentJudge
from designer.verbs import Verbs
from designer.wire_menu import add_wire, add_wires
from designer.words import tr


def context_menu(
    window: QWidget,
    document: Document,
    judge: DocumentJudge,
    verbs: Verbs,
    ids: tuple[str, ...],
    wire: str,
    at: QPoint,
    place: tuple[float, float],
    toggle: Callable[[], None],
    opened: bool,
) -> QMenu:
    """What can be done to plates or a wire; ``place`` is where the pointer stands on the sheet, ``at`` on the screen.

    ``toggle`` opens the last of the plates in place, or closes it where it is ``opened``.
    """
    menu, graph = QMenu(window), document.graph
    if ids:
        menu.addAction(tr("Duplicate with wires"), verbs.duplicate_selection)
        menu.addAction(tr("Cut"), verbs.cut_selection)
        menu.addAction(tr("Copy"), verbs.copy_selection)
        menu.addAction(tr("Collapse to block…"), verbs.collapse_selection)
        if any(graph.nodes[id].type in graph.project.graphs for id in ids if id in graph.nodes):
            last = [id for id in ids if id in graph.nodes][-1]
            menu.addAction(tr("Open block"), lambda: document.enter(last))
            menu.addAction(tr("Close in place") if opened else tr("Open in place"), toggle)
            menu.addAction(tr("Expand block"), verbs.expand_selection)
        if len(ids) > 1:
            menu.addAction(tr("Connect in order"), verbs.connect_selection)
        elif ids[0] in graph.nodes:
            menu.addSeparator()
            add_wires(menu, document, judge, verbs, ids[0], at)
        menu.addSeparator()
        menu.addAction(tr("Remove and heal"), lambda: verbs.remove(ids, True))
        menu.addAction(tr("Remove with wires"), lambda: verbs.remove(ids, False))
    elif wire:
        menu.addAction(tr("Insert a layer…"), lambda: verbs.search_into(wire, place, at))
        add_wire(menu, document, judge, verbs, wire)
        menu.addSeparator()
        menu.addAction(tr("Remove the wire"), lambda: verbs.remove_wires((wire,)))
    else:
        menu.addAction(tr("Place a layer…"), lambda: verbs.search(*place, at, (), False))
        menu.addAction(tr("Paste"), lambda: verbs.paste_at(place))
        menu.addAction(tr("Arrange"), verbs.arrange_all)
    return menu
