"""The middle of the window: breadcrumb and lenses over the canvas, or the gallery while the drawing is empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from time import thread_time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from designer.background import Steps, go_through, in_background
from designer.canvas.scene import Legend, Scene
from designer.canvas.snapshot import Snapshot
from designer.canvas.surface import Canvas
from designer.difference.pair import Pair
from designer.document import Document
from designer.drawing import Drawing
from designer.late import MANY, Late
from designer.lens import MEASURED, Lenses
from designer.lens_bar import LensBar
from designer.style import dress
from designer.widgets import Banner, Breadcrumb, Busy, Strip
from designer.words import tr
from graph_core.fixes import Fix
from graph_core.graph import Edit

if TYPE_CHECKING:
    from designer.difference.comparison import Comparison
    from designer.find_bar import FindBar

LIT = Legend(tr("Activation, share of the layer's largest"), "0", tr("max"), tr("lit by the sketch pad's digit"))

TURN = 0.010  # seconds of a turn of the event loop that drawing may take


class Center(QWidget):
    """Shows what the document looks at, and keeps the canvas's scene up to date."""

    lens_changed = Signal(str)
    gallery_shown = Signal(bool)
    picked = Signal(tuple)  # (plate ids): chosen on the canvas by a person, not by the document

    def __init__(self, document: Document, drawing: Drawing, canvas: Canvas, gallery: Late, lenses: Lenses) -> None:
        super().__init__()
        self._document, self._drawing, self._lenses = document, drawing, lenses
        self.canvas, self.gallery, self.pair = canvas, gallery, Pair(canvas)
        self.comparison: Comparison | None = None
        self._gallery_wanted = True
        self._telling = False
        self._fix: Fix | None = None
        self._made: Scene | None = None
        self._making: Steps | None = None  # a large scene, in parts
        self._answer: Any = None  # of the job that the last part asked for
        self._fit_then = False
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._next_part)
        self.crumbs = Breadcrumb()
        self.lens_bar = LensBar(lenses)
        self.lenses = self.lens_bar.segments
        self.bar = Strip("canvas", "overlay")
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(8, 0, 12, 0)
        row.addWidget(self.crumbs)
        row.addStretch()
        row.addWidget(self.lens_bar)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.pair)
        self.stack.addWidget(gallery)
        self.banner = Banner(self, card=True)
        self.banner.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.busy = Busy()
        layout.addWidget(self.bar)
        layout.addWidget(self.busy)
        layout.addWidget(self.stack, 1)
        self.lens_bar.chosen.connect(self.set_lens)
        lenses.changed.connect(self._relit)
        lenses.measuring.progressed.connect(self._measuring)
        lenses.measuring.ended.connect(self.busy.end)
        self.busy.cancelled.connect(lenses.measuring.cancel)
        canvas.legend_clicked.connect(lenses.toggle_scale)
        self.crumbs.chosen.connect(lambda level: document.look(document.base[: max(0, level - 1)]))
        canvas.selection_changed.connect(lambda plates: None if self._telling else self.picked.emit(plates))
        document.selected.connect(self._show_selection)
        document.edited.connect(self._edited)
        document.replaced.connect(self._start_over)
        document.moved_view.connect(self._look_elsewhere)
        document.unfolded.connect(self._show_all)
        dress(self.bar, font="ui")
        self._start_over()

    @cached_property
    def finder(self) -> FindBar:
        """Find and replace, made when it is first asked for."""
        from designer.find_bar import FindBar

        bar = FindBar(self._document)
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(1, bar)
        bar.left.connect(bar.hide)
        bar.left.connect(self.canvas.setFocus)
        return bar

    def find(self, *, replacing: bool = False) -> None:
        """Find nodes, and replace."""
        self.leave_gallery()
        self.finder.open(replacing=replacing)

    def leave_gallery(self) -> None:
        """Show the canvas although nothing is drawn yet, and on it the document as of now."""
        self.settle()
        self._gallery_wanted = False
        self._choose_page()
        self.canvas.setFocus()

    @property
    def lens(self) -> str:
        """The lens that is on, "" for none."""
        return self._lenses.lens

    def toggle_lens(self) -> None:
        """Put the lens out, or light the one that was lit last."""
        self.set_lens("" if self.lens else self._lenses.last)

    def set_lens(self, lens: str) -> None:
        """Colour the plates by a figure; an empty name for none. One that cannot be put on says why."""
        spread = bool(self._drawing.activations)
        if (reason := self._lenses.why_not(lens)) and not (lens == "activations" and spread):
            self._document.refused.emit(reason)
            self.lens_bar.refresh()
            return
        self._lenses.choose(lens)
        if lens != "activations":
            self._drawing.activations = {}
        self._relit()
        if spread != bool(self._drawing.activations):
            self.canvas.fit()

    def _relit(self) -> None:
        if self.lens in MEASURED and self._lenses.why_not(self.lens) and not self._drawing.activations:
            self._lenses.choose("")
        self.lens_bar.lit = bool(self._drawing.activations)
        self.lens_bar.refresh()
        self.lens_changed.emit(self.lens)
        self._redraw()

    def _redraw(self) -> None:
        """Draw all of it: at once, or in the turns to come where it is large."""
        if len(self._document.graph.nodes) > MANY:
            self._show_soon()
        else:
            self.refresh()

    def _measuring(self, share: float) -> None:
        self.busy.begin(tr("Measuring the network forward"), share or None)

    def show_activations(self, activations: dict[str, object]) -> None:
        """Light the nodes up with what they did with one sample; keys are ids of the graph on the canvas."""
        spread = self.lens == "activations" and bool(self._drawing.activations)
        self._drawing.activations = activations
        self._lenses.choose("activations")
        self._relit()
        if not spread:
            self.canvas.fit()

    def refresh(self, *_: object) -> None:
        """Paint the document as of now."""
        self._later.stop()
        self._made = self._making = None
        self._show(self._scene())

    def _scene(self) -> Scene:
        go_through(self._steps())
        return self._drawn()

    def _steps(self) -> Steps:
        """Draw the document as of now, with a stop after each part of the work."""
        if self._drawing.activations:
            self._drawing.heat, legend = {}, LIT
        else:
            self._drawing.heat, legend = self._lenses.heat(self._document, self._document.contexts())
        yield from self._drawing.steps(legend)
        if self.comparison is not None and self._fix is None:
            yield from self.comparison.steps(self._drawing.made, self._lenses)

    def _drawn(self) -> Scene:
        scene = self._drawing.made
        if self._fix is not None:
            from designer.proposal import proposed

            scene = proposed(self._document, self._drawing, scene, self._fix)
        return scene if self.comparison is None else self.comparison.marked(scene)

    def compare(self, comparison: Comparison | None) -> None:
        """Mark what changed from another drawing, which stands beside; None: nothing is compared any more."""
        self.comparison = comparison
        if comparison is not None:
            comparison.compared.connect(self.refresh)
        self._fit_then = True
        self._redraw()

    def _show(self, scene: Scene, snap: Snapshot | None = None, beside: Snapshot | None = None) -> None:
        self.canvas.show_scene(scene, snap)
        if self.comparison is not None:
            self.pair.show_other(self.comparison.other_scene(self._lenses), beside)
        self.crumbs.set_names(self._names())
        self._choose_page()
        if self._fit_then and self.canvas.isVisible():  # else it fits by itself when it is shown and has a size
            self.canvas.fit()
            self.canvas.setFocus()
        self._fit_then = False

    def _edited(self, edit: Edit) -> None:
        self._fix = None  # it was made for the drawing as it was
        pending = self._making is not None or self._made is not None
        if pending or sum(change.table in ("nodes", "wires", "view") for change in edit.changes) > MANY:
            self._show_soon()
        else:
            self.refresh()

    def _show_soon(self) -> None:
        """Draw what is large in turns of the event loop after this one, so that none of them is long."""
        self._made, self._making, self._answer = None, self._steps(), None
        self._later.start()

    def _next_part(self) -> None:
        until, steps = thread_time() + TURN, self._making
        while steps is not None and thread_time() < until:
            try:
                job = steps.send(self._answer)
            except StopIteration:
                self._making, self._made = None, self._drawn()
                break
            answer = in_background(job) if job is not None else None
            if steps is not self._making:
                return  # drawn by somebody who could not wait
            self._answer = answer
        if steps is not None:
            self._later.start()
            return
        scene, self._made = self._made, None
        if scene is not None:
            before, other = self.canvas.snap, self.pair.other
            snap = in_background(lambda: Snapshot(scene, before))
            there = self.comparison.other_scene(self._lenses) if self.comparison is not None else None
            was = other.snap if other is not None else None
            beside = None
            if there is not None and was is not None and was.scene is not there:
                beside = in_background(lambda: Snapshot(there, was))
            if not self._later.isActive() and self.canvas.snap is before and other is self.pair.other:
                self._show(scene, snap, beside)
                self._show_selection(self._document.selection)

    def settle(self) -> None:
        """Have the canvas show the document as of now, if it does not yet."""
        if self._later.isActive():
            self.refresh()
            self._show_selection(self._document.selection)

    def propose(self, fix: Fix | None) -> None:
        """Draw a fix as a proposal, until None is proposed."""
        if fix is not self._fix:
            self._fix = fix
            self.refresh()

    def _names(self) -> list[str]:
        document = self._document
        names = [document.name.removesuffix(".netw"), document.network]
        graph = document.root_graph
        for step in document.base:
            node = graph.nodes[step.node]
            names.append(node.name)
            graph = document.project.graphs[node.type]
        return names

    def _start_over(self) -> None:
        self._gallery_wanted = self._document.path is None and not self._document.root_graph.nodes
        self._lenses.choose("")
        self._fix = None
        self.lens_bar.lit = False
        self.lens_bar.refresh()
        self._drawing.forget()
        self._telling = True  # another drawing may have nodes of the same ids, of which none is chosen
        self.canvas.select(())
        self.canvas.current = ""
        self._telling = False
        self._fit_then = True
        if self.isVisible() and len(self._document.graph.nodes) > MANY:
            self._show_soon()
        else:
            self.refresh()

    def _look_elsewhere(self) -> None:
        self._drawing.activations = {}  # they are those of another graph's nodes
        self._drawing.forget()
        self.refresh()
        self.canvas.fit()

    def _show_all(self) -> None:
        """A block was opened or closed in place: plates stand elsewhere now."""
        self.refresh()
        self.canvas.fit()
        self._show_selection()

    def _choose_page(self) -> None:
        empty = not self._document.root_graph.nodes and len(self._document.project.graphs) == 1
        if not empty:
            self._gallery_wanted = False
        self.stack.setCurrentIndex(1 if empty and self._gallery_wanted else 0)
        self.bar.setVisible(self.stack.currentIndex() == 0)
        self.gallery_shown.emit(self.in_gallery)

    @property
    def in_gallery(self) -> bool:
        """Whether the templates are shown, and not the canvas."""
        return self.stack.currentIndex() == 1

    def _show_selection(self, *_: object) -> None:
        plates = tuple(self._document.prefix + id for id in self._document.chosen)
        if tuple(self.canvas.selection) != plates:
            self._telling = True
            self.canvas.select(plates)
            self._telling = False
            if len(plates) == 1:
                self.canvas.reveal(plates[0])

    def say(self, sentence: str, kind: str = "error", fixes: Sequence[tuple[str, Callable[[], None]]] = ()) -> None:
        """One strip over the canvas, with a button (words, what it does) per fix; the document is untouched."""
        self.banner.show_message(sentence, kind, fixes)
        self._place_banner()
        self.banner.raise_()

    def _place_banner(self) -> None:
        width = max(200, min(self.width() - 32, max(self.banner.one_line(), 720)))
        self.banner.resize(width, self.banner.arrange(width))
        below = min(self.bar.height() + 8, self.height() - self.banner.height() - 8)  # over the bar where it is high
        self.banner.move((self.width() - self.banner.width()) // 2, max(0, below))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The strip stays in the middle."""
        super().resizeEvent(event)
        self._place_banner()
