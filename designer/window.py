"""The main window: docks around the canvas, every command, and what joins them. It holds no state of the drawing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QCloseEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenuBar,
    QSizePolicy,
    QTabWidget,
    QWidget,
)

from designer.actions import Actions
from designer.canvas.surface import Canvas
from designer.center import Center
from designer.commands import commands_of
from designer.docks import dock, keep_readable, split
from designer.document import Document
from designer.drawing import Drawing
from designer.dropped import DroppedFiles
from designer.files import Files
from designer.focus import TabsAsRead
from designer.formulas import Formulas
from designer.inplace import CanvasJudge, InPlace
from designer.judge import DocumentJudge
from designer.keymap import Keymap
from designer.late import Afterwards, Late, Roomy
from designer.lens import Lenses
from designer.measuring import Measuring
from designer.pages import pages
from designer.panels.inspector import Inspector
from designer.panels.outline import OutlinePanel
from designer.panels.palette import PalettePanel
from designer.panels.problems import ProblemsPanel
from designer.panels.readout import ReadoutPanel
from designer.recovery import Recovery
from designer.rehearsal import Rehearsal
from designer.settings import Settings
from designer.sheet_verbs import SheetVerbs
from designer.speech import Speech
from designer.style import dress
from designer.symbolic_shapes import SymbolicShapes
from designer.theme import Choice, themes
from designer.topbar import TopBar
from designer.training import Training
from designer.verbs import Verbs
from designer.widgets import StatusStrip, TabCorner, Text
from designer.words import told, tr
from graph_core import EditError
from graph_core.fixes import Fix, preview

if TYPE_CHECKING:
    from designer.difference.against import Against
    from designer.gallery import Gallery
    from designer.panels.code import CodePanel


class MainWindow(TabsAsRead, QMainWindow):
    """Netwright's window. `settings` may point elsewhere, for tests; `opening` opens something before the panels are
    made, so that they are filled once.
    """

    def __init__(self, settings: Settings | None = None, opening: Callable[[Files], object] | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.setWindowTitle("Netwright")
        self.resize(1600, 1000)
        self.document = Document(self)
        self.drawing = Drawing(self.document)
        self.judge = DocumentJudge(self.document)
        self.canvas = Canvas(themes.current, CanvasJudge(self.document, self.judge))
        self.canvas.words = Speech(self.document).of_plate
        self.verbs = Verbs(self.document, self.drawing, self.judge, self)
        self.in_place = InPlace(self.document, self.drawing, self.judge, self.verbs, self.canvas)
        self.training = Training(self.document, self)
        self.files = Files(self.document, self.settings, self)
        self.files.room = self.drawing.column = lambda: max(560.0, self.canvas.height() - 96.0)
        self.drawing.room = lambda: max(400.0, self.canvas.height() - 32.0)
        self._gallery = Late(self._make_gallery)
        self.measuring = Measuring(self.document, self.training)
        self.lenses = Lenses(self.document, self.measuring)
        self.center = Center(self.document, self.drawing, self.canvas, self._gallery, self.lenses)
        self.setCentralWidget(self.center)
        self.files.said.connect(self.center.say)
        if opening is not None:
            opening(self.files)
        self.dropped = DroppedFiles(self, self.files)
        self.recovery = Recovery(self.document, self.center.say, lambda: self.files.may_leave())
        self.recovery.failed.connect(self.center.say)
        self._make_docks()
        self._make_bars()
        self.rehearsal = Rehearsal(self)
        self._connect_canvas()
        self._connect_document()
        themes.changed.connect(self._retheme)
        self.center.gallery_shown.connect(self._make_room)
        geometry, docks = self.settings.layout()
        if geometry is not None and docks is not None:
            self.restoreGeometry(geometry)
            self.restoreState(docks)
        self._make_room(self.center.in_gallery)
        looked = [self.tabs.widget(place) for place in range(self.tabs.count())]
        late = [page for page in (*looked, self.rehearsal.sketch_page) if isinstance(page, Late)]
        self.afterwards = Afterwards(
            self, [self.recovery.look, lambda: self.verbs.popup, *(partial(getattr, page, "content") for page in late)]
        )

    # Building ------------------------------------------------------------------------------------------------

    def _make_docks(self) -> None:
        layout = themes.current.size
        self.palette_panel = PalettePanel(self.document)
        self.outline = OutlinePanel(self.document)
        self.inspector = Inspector(self.document)
        self.sheet = SheetVerbs(self.document, self.drawing, self.canvas, self.inspector.focus_first, self)
        self.formulas = Formulas(self.document)
        self.canvas.overlay.more = SymbolicShapes(self.document, self.formulas).of
        self.readout = ReadoutPanel(self.document, self.formulas)
        self.problems = ProblemsPanel(self.document)
        self._code = Late(self._make_code)
        self.left = split(self.palette_panel, self.outline, (440, 330))
        self.right_split = split(self.inspector, Roomy(self.readout), (420, 380))
        keep_readable(self.left, self.right_split)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.counts, corner = Text("", "small", "ink2"), TabCorner()
        beside = QHBoxLayout(corner)
        beside.setContentsMargins(0, 0, 12, 0)
        beside.addWidget(self.counts)
        self.tabs.setCornerWidget(corner)
        for title, panel in (
            ("Problems", self.problems),
            ("Code", self._code),
            *pages(self.document, self.formulas),
        ):
            self.add_tab(panel, title)
        self.left_dock = dock(self, tr("Layers and outline"), "left", self.left, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.right_dock = dock(self, tr("Inspector"), "right", self.right_split, Qt.DockWidgetArea.RightDockWidgetArea)
        self.bottom_dock = dock(self, tr("Panels"), "bottom", self.tabs, Qt.DockWidgetArea.BottomDockWidgetArea)
        right = Qt.DockWidgetArea.RightDockWidgetArea
        for corner in (Qt.Corner.TopRightCorner, Qt.Corner.BottomRightCorner):
            self.setCorner(corner, right)
        for corner in (Qt.Corner.TopLeftCorner, Qt.Corner.BottomLeftCorner):
            self.setCorner(corner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.resizeDocks(
            [self.left_dock, self.right_dock], [layout("left"), layout("right")], Qt.Orientation.Horizontal
        )
        self.resizeDocks([self.bottom_dock], [layout("bottom")], Qt.Orientation.Vertical)

    def _make_room(self, gallery: bool) -> None:
        """Before anything is drawn there is nothing to inspect: the templates have the room."""
        self.right_dock.setVisible(not gallery)
        self.bottom_dock.setVisible(not gallery)

    def add_tab(self, panel: QWidget, title: str) -> None:
        """One more page at the bottom, known by its English title; one that needs much room lets the others be low."""
        panel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.tabs.tabBar().setTabData(self.tabs.addTab(panel, told(title)), title)

    def _make_gallery(self) -> Gallery:
        from designer.gallery import Gallery

        gallery = Gallery(self.settings, self._thumbnail)
        gallery.template_chosen.connect(self.files.new_from_template)
        gallery.blank_chosen.connect(self.center.leave_gallery)
        gallery.search_requested.connect(self.search_here)
        gallery.open_chosen.connect(self.files.ask_open)
        gallery.file_chosen.connect(self.files.open)
        return gallery

    def _make_code(self) -> CodePanel:
        from designer.panels.code import CodePanel
        from designer.source import SourceKeeper

        panel = CodePanel()
        SourceKeeper(self.document, panel, self.training)
        return panel

    @cached_property
    def against(self) -> Against:
        """Comparisons with other drawings, made when one is first asked for."""
        from designer.difference.against import Against

        return Against(self)

    @property
    def gallery(self) -> Gallery:
        """The templates, made when they are first looked at."""
        return self._gallery.content

    @property
    def code(self) -> CodePanel:
        """The source, made when it is first looked at."""
        return self._code.content

    def _make_bars(self) -> None:
        menu = QMenuBar()
        menu.setNativeMenuBar(False)
        self.actions_ = Actions(self, self.canvas, menu, commands_of(self))
        self.in_place.tell_keys = self.actions_.tell_keys
        self.keymap = Keymap(self.actions_, self.canvas, self.settings)
        self.files.add_recent_menu(self.actions_.menus["File"], self.actions_["Save"])
        self.topbar = TopBar(self.document, menu)
        self.setMenuWidget(self.topbar)
        self.topbar.search.set_actions(self.actions_.by_text)
        self.topbar.search.left.connect(self._to_canvas)
        status = StatusStrip()
        self.saved_words, self.undo_words, self.worker_words = QLabel(), QLabel(), QLabel(self.training.trainer.state)
        for label in (self.saved_words, self.undo_words, self.worker_words):
            dress(label, font="small", ink="ink2")
        status.addWidget(self.saved_words)
        status.addWidget(self.undo_words)
        status.addPermanentWidget(self.worker_words)
        self.setStatusBar(status)

    # Joining -------------------------------------------------------------------------------------------------

    def _connect_canvas(self) -> None:
        canvas, here, document = self.canvas, self.in_place, self.document
        self.center.picked.connect(here.select)
        here.join_canvas()
        canvas.resized.connect(lambda plate, w, h: [self.sheet.resize(key, w, h) for key in here.take((plate,))])
        canvas.closed.connect(document.fold)
        canvas.paged.connect(document.unfold)
        canvas.left.connect(document.leave)
        canvas.edit_requested.connect(lambda _: self.inspector.focus_first())
        here.join_outline(self.outline.tree)
        self.outline.tree.edit_requested.connect(self.inspector.focus_first)
        canvas.rename_requested.connect(lambda _: self.inspector.focus_name())
        canvas.context_menu.connect(self._menu_at)
        self.palette_panel.chosen.connect(self.place_in_middle)

    def _connect_document(self) -> None:
        document = self.document
        document.refused.connect(self.center.say)
        document.renamed.connect(self._show_state)
        document.replaced.connect(self._show_state)
        self.problems.counted.connect(self._show_counts)
        self.problems.proposed.connect(self._propose)
        self.topbar.export_clicked.connect(self.export)
        self.topbar.train_clicked.connect(self.rehearsal.train_or_pause)
        self.training.state_changed.connect(self.topbar.show_training)
        self.training.trainer.state_changed.connect(self.worker_words.setText)
        self._show_state()
        self.problems.refresh()
        self._show_counts(*(sum(1 for p in document.analysis().problems if p.severity == s) for s in _SEVERITIES))

    def _menu_at(self, ids: tuple[str, ...], wire: str, at: QPoint) -> None:
        on = self.canvas.mapFromGlobal(at)
        on = on if self.canvas.rect().contains(on) else self.canvas.rect().center()  # asked for in the outline
        place = self.canvas.camera.to_canvas(on.toPointF())
        menu = self.in_place.menu(ids, wire, at, (place.x(), place.y()))
        menu.addSeparator()
        menu.addActions([self.actions_["Frame"], self.actions_["Bypass, or stop bypassing" if ids else "Note"]])
        if len(ids) > 1:
            menu.addMenu(self.actions_.menus["Network/Align"])
        menu.exec(at)
        menu.deleteLater()

    def _to_canvas(self) -> None:
        (self.gallery.cards[0] if self.center.in_gallery else self.canvas).setFocus()

    # Commands ------------------------------------------------------------------------------------------------

    def place_in_middle(self, type: str) -> None:
        """Place a layer behind the selected node, into the wire that leaves it, or in the middle of what is seen."""
        canvas, graph = self.canvas, self.document.graph
        self.center.leave_gallery()
        chosen = self.document.selection
        outs = graph.out_ports(graph.nodes[chosen[-1]]) if chosen else []
        if outs:
            plate = canvas.scene.plates[self.document.prefix + chosen[-1]]
            x, y = self.drawing.local(self.document.prefix, plate.x + plate.w / 2, plate.y + plate.h + 56)
            wires = [f"{end[0]}.{end[1]}" for end, out in graph.outgoing.get(chosen[-1], {}).items() if out == outs[0]]
            into = wires[0] if len(wires) == 1 and self.judge.insert(type, wires[0]).ok else ""
            self.verbs.place(type, x, y, into, () if into else (chosen[-1], outs[0]))
            return
        at = canvas.camera.to_canvas(canvas.rect().center().toPointF())
        self.document.dive(())
        self.verbs.place(type, at.x(), at.y())

    def search_here(self) -> None:
        """Search-and-place at the pointer, or in the middle of the canvas."""
        self.center.leave_gallery()
        canvas = self.canvas
        at = canvas.mapFromGlobal(canvas.cursor().pos())
        if not canvas.rect().contains(at):
            at = canvas.rect().center()
        place = canvas.camera.to_canvas(at.toPointF())
        self.in_place.search(place.x(), place.y(), canvas.mapToGlobal(at), (), False)

    def export(self) -> None:
        """The export dialog."""
        from designer.export_dialog import ExportDialog

        ExportDialog(self.document, self.drawing, self.training, self.write_picture, self).exec()

    def write_picture(self, path: Path) -> None:
        """The drawing on the canvas as a picture, in the theme that is shown."""
        from designer.canvas.export import render

        render(self.drawing.scene(), path, themes.current)

    def choose_theme(self, name: Choice) -> None:
        """Light, dark, or as the system says; remembered."""
        self.settings.theme = name
        themes.choose(name)

    def show_tab(self, title: str) -> None:
        """Bring a bottom tab to the front and give it the focus."""
        for place in range(self.tabs.count()):
            if self.tabs.tabBar().tabData(place) == title:
                self.bottom_dock.show()
                self.tabs.setCurrentIndex(place)
                self.tabs.currentWidget().setFocus()

    def focus_search(self) -> None:
        """The command search in the top bar."""
        self.topbar.search.setFocus()
        self.topbar.search.selectAll()

    # Showing -------------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        document = self.document
        history = document.history
        self.actions_["Undo"].setEnabled(history.can_undo)
        self.actions_["Redo"].setEnabled(history.can_redo)
        changed = (
            tr("Unsaved changes")
            if document.unsaved
            else tr("Saved")
            if document.path
            else tr("New drawing, nothing to save")
        )
        self.saved_words.setText(changed)
        self.undo_words.setText(tr("Undo: {edit}", edit=told(history.undo_title)) if history.can_undo else "")
        self.setWindowTitle(f"{'● ' if document.unsaved else ''}{document.name} · Netwright")

    def _propose(self, fix: Fix | None) -> None:
        """Draw a fix that is thought about, and tell what it would come to."""
        self.center.propose(fix)
        change = None
        if fix is not None:
            with suppress(EditError):
                change = preview(self.document.project, fix, self.document.network)[:2]
        self.readout.propose(change)

    def _show_counts(self, errors: int, warnings: int, notes: int) -> None:
        total = errors + warnings + notes
        self.tabs.setTabText(0, tr("Problems {total}", total=total) if total else tr("Problems"))
        counted = [
            (errors, tr("1 error"), tr("{count} errors", count=errors)),
            (warnings, tr("1 warning"), tr("{count} warnings", count=warnings)),
            (notes, tr("1 note"), tr("{count} notes", count=notes)),
        ]
        self.counts.setText(tr(", ").join(one if n == 1 else many for n, one, many in counted if n))

    def _thumbnail(self, name: str, size: QSize) -> tuple[QPixmap, int]:
        from designer.thumbnails import thumbnail

        return thumbnail(name, size, themes.current, self.devicePixelRatioF())

    def _retheme(self, theme: Any) -> None:
        self.canvas.set_theme(theme)
        self.center.pair.set_theme()
        keep_readable(self.left, self.right_split)
        if self._gallery.made:
            self.gallery.forget_thumbnails()
        self.center.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes; end the workers."""
        if not self.files.may_leave():
            event.ignore()
            return
        self.settings.keep_layout(self.saveGeometry(), self.saveState())
        self.training.close()
        self.recovery.end()
        event.accept()

    def showEvent(self, event: QShowEvent) -> None:
        """The canvas has the keyboard first, or the gallery's first card."""
        super().showEvent(event)
        self._to_canvas()


_SEVERITIES = ("error", "warning", "note")
