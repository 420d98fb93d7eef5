"""Keeps the code panel in step with the document: emitted anew a moment after an edit, the selection both ways, and
values that are typed into the source put into the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QTimer

from designer.document import Document
from designer.panels.code import CodePanel
from designer.training import Training
from designer.words import tr

if TYPE_CHECKING:
    from codegen.emit.back import Put

DELAY_MS = 60
HERE = 250  # nodes that are printed within a few frames; more go to a worker


class SourceKeeper(QObject):
    """Emits only while the panel is seen; edits that come quickly are emitted once."""

    def __init__(self, document: Document, panel: CodePanel, training: Training) -> None:
        super().__init__(panel)
        self._document, self._panel, self._training = document, panel, training
        self._asked = False
        self._stale = True
        self._network = document.network
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        document.altered.connect(self._later)
        document.replaced.connect(self._later)
        document.moved_view.connect(self._look)
        document.selected.connect(self._follow)
        panel.node_at_cursor.connect(self._select)
        panel.edited.connect(self._take_back)
        panel.installEventFilter(self)

    def _look(self) -> None:
        """Another graph is on the canvas; another network has another source."""
        if self._network == self._document.network:
            self._follow()
        else:
            self._later()

    def _later(self, *_: object) -> None:
        self._stale = True
        if self._panel.isVisible():
            self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What was edited while the panel was hidden is emitted when it is seen."""
        if event.type() == QEvent.Type.Show and self._stale:
            self._timer.start()
        return super().eventFilter(watched, event)

    def refresh(self) -> None:
        """Emit the source as of now; a drawing with errors says what keeps it from having one."""
        from codegen.emit import EmitError, emit_with_spans

        self._stale = False
        document = self._document
        self._network = document.network
        if self._is_large():
            self._ask_worker()
            return
        try:
            source, spans = emit_with_spans(document.project, document.network)
        except EmitError as error:
            self._panel.set_problem(str(error))
            return
        self._show(source, spans)

    def _is_large(self) -> bool:
        return sum(len(graph.nodes) for graph in self._document.project.graphs.values()) > HERE

    def _take_back(self, text: str) -> None:
        """Put into the drawing what a person typed into its source, as one edit; else say why that cannot be."""
        from codegen.emit import EmitError
        from codegen.emit.back import flow_back

        document = self._document
        if document.read_only:
            self._panel.refuse(
                tr(
                    "{document} was made by a newer Netwright; save it under another name to edit it.",
                    document=document.name,
                )
            )
        elif self._stale:
            self._panel.refuse(tr("The drawing has changed since; the source is being written anew."))
            self._later()
        elif self._is_large():
            args = {"file": str(self._training.snapshot()), "network": document.network, "text": text}
            job = self._training.answerer.run("back", args)
            job.finished.connect(self._put_answer)
            job.failed.connect(lambda sentence, _: self._panel.refuse(sentence))
        else:
            try:
                puts = flow_back(document.project, document.network, text)
            except EmitError as error:
                self._panel.refuse(str(error))
                return
            self._put(puts)

    def _put_answer(self, answer: dict[str, Any]) -> None:
        from codegen.emit.back import Put

        self._put([Put(*put) for put in answer["puts"]])

    def _put(self, puts: list[Put]) -> None:
        from codegen.emit.back import put_back

        if puts:
            self._document.edit(lambda: put_back(self._document.project, puts))
        self.refresh()  # also where nothing changed: layout and comments are ours

    def _ask_worker(self) -> None:
        """A large drawing is printed beside the window; an answer that an edit has overtaken is not shown."""
        if self._asked:
            self._stale = True
            return
        self._asked = True
        args = {"file": str(self._training.snapshot()), "network": self._document.network}
        job = self._training.answerer.run("emit", args)
        job.finished.connect(self._answered)
        job.failed.connect(lambda sentence, _: self._panel.set_problem(sentence))
        job.ended.connect(self._worker_rests)

    def _answered(self, answer: dict[str, Any]) -> None:
        if not self._stale:
            spans = {(graph, node): [tuple(pair) for pair in lines] for graph, node, lines in answer["spans"]}
            self._show(answer["source"], spans)

    def _worker_rests(self) -> None:
        self._asked = False
        if self._stale:
            self._later()

    def _show(self, source: str, spans: Mapping[Any, Any]) -> None:
        self._panel.set_problem("")
        self._panel.set_source(source, spans)
        self._follow()

    def _follow(self, *_: object) -> None:
        document = self._document
        chosen = document.selection
        self._panel.set_current((document.graph.key, chosen[-1]) if chosen else None)

    def _select(self, spot: object) -> None:
        if isinstance(spot, tuple) and spot[0] == self._document.graph.key and spot[1]:
            self._document.select((spot[1],))
