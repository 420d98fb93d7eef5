"""Keeps the code panel in step with the document: emitted anew a moment after an edit, the selection both ways."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from designer.document import Document
from designer.panels.code import CodePanel

DELAY_MS = 60


class SourceKeeper(QObject):
    """Emits only while the panel is seen; edits that come quickly are emitted once."""

    def __init__(self, document: Document, panel: CodePanel) -> None:
        super().__init__(panel)
        self._document, self._panel = document, panel
        self._spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self._stale = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        document.edited.connect(self._later)
        document.replaced.connect(self._later)
        document.moved_view.connect(self._follow)
        document.selected.connect(self._follow)
        panel.node_at_cursor.connect(self._select)
        panel.shown.connect(self._seen)

    def _later(self, *_: object) -> None:
        self._stale = True
        if self._panel.isVisible():
            self._timer.start()

    def _seen(self) -> None:
        if self._stale:
            self.refresh()

    def refresh(self) -> None:
        """Emit the source as of now; a drawing with errors says what keeps it from having one."""
        from codegen.emit import EmitError, emit_with_spans

        self._stale = False
        try:
            source, spans = emit_with_spans(self._document.project, self._document.network)
        except EmitError as error:
            self._spans = {}
            self._panel.set_error(str(error))
            return
        self._spans = {(graph, node): list(lines) for (graph, node), lines in spans.items()}
        self._panel.set_source(source, {f"{graph}/{node}": lines for (graph, node), lines in self._spans.items()})
        self._follow()

    def _follow(self, *_: object) -> None:
        document = self._document
        self._panel.show_nodes([f"{document.graph.key}/{id}" for id in document.selection])

    def _select(self, key: str) -> None:
        graph, _, node = key.partition("/")
        if node and graph == self._document.graph.key:
            self._document.select((node,))
