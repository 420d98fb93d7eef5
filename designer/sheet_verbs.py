"""Verbs of the sheet: frames, notes, bookmarks, lining up, bypassing. Each intent becomes one edit."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF

from designer.canvas.scene import GRID
from designer.canvas.surface import Canvas
from designer.document import Document
from designer.drawing import Drawing
from designer.going import way_to
from designer.marking import MARGIN, TITLE, rects_of
from designer.words import tr
from graph_core import Graph, mark_edits, tidy
from graph_core.bypass import is_bypassed, set_bypassed
from graph_core.marks import LEAST_SIDE, Bookmark, around, is_mark
from graph_core.tidy import Box

FRAME_SIZE = (320.0, 200.0)


class SheetVerbs(QObject):
    """Works on the graph that is worked on; bookmarks are of the graph on the canvas."""

    def __init__(
        self, document: Document, drawing: Drawing, canvas: Canvas, edit_text: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._drawing, self._canvas, self._edit_text = document, drawing, canvas, edit_text

    # Frames and notes ----------------------------------------------------------------------------------------

    def frame_selection(self) -> None:
        """A frame round what is selected, or an empty one in the middle of what is seen; its title is asked for."""
        document = self._document
        boxes = self._boxes()
        self._to_own_sheet(bool(boxes))
        graph = document.graph
        if boxes:
            at, size = around(boxes.values(), MARGIN, TITLE)
        else:
            (x, y), size = self._middle(), FRAME_SIZE
            at = (_grid(x - size[0] / 2), _grid(y - size[1] / 2))
        keep = self._keeper(graph, boxes)
        made: list[str] = []

        def make() -> None:
            keep()
            made.append(mark_edits.add_frame(graph, at, size, tr("Frame")))

        if document.edit(make, tr("Add a frame")):
            document.select(made)
            self._edit_text()

    def add_note(self) -> None:
        """A note in the middle of what is seen; its text is asked for."""
        self._to_own_sheet(False)
        document, graph = self._document, self._document.graph
        x, y = self._middle()
        made: list[str] = []
        if document.edit(lambda: made.append(mark_edits.add_note(graph, (_grid(x - 76), _grid(y - 20))))):
            document.select(made)
            self._edit_text()

    def resize(self, key: str, w: float, h: float) -> None:
        """A frame's lower right corner was dragged."""
        graph = self._document.graph
        size = (max(LEAST_SIDE, w), max(LEAST_SIDE, h))
        self._document.edit(lambda: mark_edits.resize(graph, key, graph.marks[key].at, size))

    def _to_own_sheet(self, chosen: bool) -> None:
        # What goes round nothing that is chosen goes onto the canvas's own sheet.
        if not chosen:
            self._document.dive(())

    def _middle(self) -> tuple[float, float]:
        canvas = self._canvas
        at = canvas.camera.to_canvas(QPointF(canvas.width() / 2, canvas.height() / 2))
        return self._drawing.local("", at.x(), at.y())

    # Bookmarks -----------------------------------------------------------------------------------------------

    def bookmark(self, slot: int) -> None:
        """Go to a bookmark; where the digit has none yet, keep what is seen under it."""
        key = f"bookmark:{slot}"
        document = self._document
        for graph in (document.project.graphs[self._shown().key], *document.project.graphs.values()):
            mark = graph.marks.get(key)
            if isinstance(mark, Bookmark):
                self._go(graph, mark)
                return
        self.set_bookmark(slot)

    def set_bookmark(self, slot: int) -> None:
        """Keep what is seen under a digit."""
        document = self._document
        document.dive(())
        x, y = self._middle()
        zoom = self._canvas.camera.zoom
        document.edit(lambda: mark_edits.set_bookmark(document.graph, slot, (x, y), zoom))

    def _shown(self) -> Graph:
        document = self._document
        with document.at(document.base):
            return document.graph

    def _go(self, graph: Graph, mark: Bookmark) -> None:
        document, canvas = self._document, self._canvas
        if self._shown() is not graph:
            found = way_to(document, graph)
            if found is None:
                document.refused.emit(
                    tr("{graph} is used nowhere; place it to look at its bookmark.", graph=graph.name)
                )
                return
            document.look(found[1], found[0])
        middle = QPointF(canvas.width() / 2, canvas.height() / 2)
        camera = canvas.camera.zoomed(mark.zoom, middle)
        at = camera.to_view(*mark.at)
        canvas.fly_to(camera.moved(middle.x() - at.x(), middle.y() - at.y()))

    # Lining up -----------------------------------------------------------------------------------------------

    def align(self, how: str) -> None:
        """Line up the selected nodes: see tidy.ALIGNMENTS."""
        graph, boxes = self._document.graph, self._boxes()
        self._document.edit(lambda: tidy.align(graph, boxes, how))

    def distribute(self, axis: int) -> None:
        """Make the gaps between the selected nodes equal."""
        graph, boxes = self._document.graph, self._boxes()
        self._document.edit(lambda: tidy.distribute(graph, boxes, axis))

    def snap(self) -> None:
        """Put the selected nodes, or all, onto the grid."""
        graph, boxes = self._document.graph, self._boxes() or rects_of(self._document.graph, self._drawing.positions())
        self._document.edit(lambda: tidy.snap(graph, boxes, float(GRID)))

    def _boxes(self) -> dict[str, Box]:
        document = self._document
        places = self._drawing.positions()
        return rects_of(document.graph, {id: places[id] for id in document.selection})

    def _keeper(self, graph: Graph, boxes: dict[str, Box]) -> Callable[[], None]:
        """Writes down where nodes stand that were only arranged so far, so that they stay in their frame."""
        from graph_core import edits

        loose = {id: box[:2] for id, box in boxes.items() if id not in graph.view}
        return lambda: edits.move(graph, loose)

    # Bypass --------------------------------------------------------------------------------------------------

    def bypass_selection(self) -> None:
        """Bypass the selected nodes, or let them act again where all of them are bypassed."""
        document, graph = self._document, self._document.graph
        ids = document.selection
        if not ids:
            document.refused.emit(tr("Nothing is selected; select the nodes to bypass."))
            return
        on = not all(is_bypassed(graph.nodes[id]) for id in ids)
        document.edit(lambda: set_bypassed(graph, ids, on))


def split(ids: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of nodes, and keys of marks."""
    return tuple(id for id in ids if not is_mark(id)), tuple(id for id in ids if is_mark(id))


def _grid(x: float) -> float:
    return GRID * round(x / GRID)
