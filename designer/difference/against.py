"""With what the open drawing is compared: another file, or its own as it was saved or as git has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QFileDialog

from designer.background import InParts, Steps, go_through
from designer.canvas.snapshot import Snapshot
from designer.difference.comparison import Comparison
from designer.files import FILTER, sentence_of
from designer.going import look_at
from designer.late import MANY
from designer.opening import made
from designer.words import tr
from graph_core import Project, edits
from graph_core.jsontext import FileError
from graph_core.project import load, loads

if TYPE_CHECKING:
    from designer.difference.rail import Rail
    from designer.window import MainWindow


class Against(QObject):
    """Begins and ends comparisons in a window. What cannot be compared is told in one sentence."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._document = window, window.document
        self.comparison: Comparison | None = None
        self._telling = False
        self._git: QProcess | None = None
        self._parts = InParts(self)
        self._document.selected.connect(self._follow)
        self._document.replaced.connect(self.end)

    @property
    def rail(self) -> Rail | None:
        """The list of changes, while there is a comparison."""
        return self._window.center.pair.rail

    # Beginning -----------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Choose a file to compare with."""
        folder = str(self._document.path.parent if self._document.path else Path.home())
        name, _ = QFileDialog.getOpenFileName(self._window, tr("Compare with"), folder, FILTER)
        if name:
            self.file(Path(name))

    def file(self, path: Path) -> None:
        """Compare with a file."""
        self._begin(path, lambda: load(path, newer_ok=True), path.name)

    def saved(self) -> None:
        """Compare with the open drawing's own file, as it was saved."""
        path = self._document.path
        if path is None:
            self._document.refused.emit(tr("The drawing has no file yet; save it, and later changes can be compared."))
        else:
            self._begin(path, lambda: load(path, newer_ok=True), tr("{file}, saved", file=path.name))

    def committed(self) -> None:
        """Compare with the version that git's HEAD has of the open drawing's file."""
        path, refuse = self._document.path, self._document.refused.emit
        if path is None:
            refuse(tr("The drawing has no file yet; save it and commit it, and later changes can be compared."))
        elif (git := shutil.which("git")) is None:
            refuse(tr("The command git is not there; install it, or compare with a file."))
        elif self._git is None:
            process = self._git = QProcess(self)
            process.finished.connect(lambda code, _: self._fetched(process, path, code))
            # Raw content: no filter, no hook, nothing of the repository is run.
            process.start(git, ["-C", str(path.parent), "cat-file", "blob", f"HEAD:./{path.name}"])

    def _fetched(self, process: QProcess, path: Path, code: int) -> None:
        self._git = None
        text = bytes(process.readAllStandardOutput().data())
        process.deleteLater()
        if path != self._document.path:
            return
        if code != 0:
            self._document.refused.emit(
                tr("git has no version of {file} in HEAD; commit the file first.", file=path.name)
            )
        else:
            self._begin(path, lambda: loads(text.decode("utf-8"), newer_ok=True), f"{path.name}, HEAD", len(text))

    def _begin(self, path: Path, make: Callable[[], Project], title: str, size: int = 0) -> None:
        try:
            other = made(make, size or (path.stat().st_size if path.is_file() else 0))
        except (FileError, OSError, UnicodeDecodeError) as error:
            self._document.refused.emit(sentence_of(path, error))
            return
        self.begin(other, title)

    def begin(self, other: Project, title: str) -> None:
        """Show what changed from a drawing, which from now on is the comparison's own, to the open one.

        Of large drawings in turns of the event loop after this one, so that none of them is long.
        """
        self.end()
        center = self._window.center
        center.leave_gallery()
        large = max(sum(len(g.nodes) for g in p.graphs.values()) for p in (other, self._document.project)) > MANY
        if large:
            self._parts.begin(self._showing(other, title))
        else:
            go_through(self._showing(other, title))

    def _showing(self, other: Project, title: str) -> Steps:
        center, pair, lenses = self._window.center, self._window.center.pair, self._window.lenses
        yield partial(_stand_alike, other, self._document.project)
        comparison = Comparison(self._document, other, title)
        self.comparison = comparison
        yield
        yield from comparison.other_steps(lenses)
        rail = pair.begin(comparison)
        yield
        scene = comparison.other_scene(lenses)
        snap = yield partial(Snapshot, scene, pair.other.snap if pair.other is not None else None)
        pair.show_other(scene, snap)
        yield
        comparison.went.connect(self._went)
        rail.ended.connect(self.end)
        pair.picked.connect(self._picked)
        if pair.other is not None:
            pair.other.opened.connect(self._open)
            pair.other.peeked.connect(self._peek)
            pair.other.left.connect(self._document.leave)
        center.compare(comparison)

    def end(self) -> None:
        """The open drawing alone again."""
        self._parts.stop()
        if self.comparison is None:
            return
        comparison, self.comparison = self.comparison, None
        center = self._window.center
        if center.comparison is not None:
            center.pair.picked.disconnect(self._picked)
        center.pair.end()
        comparison.end()
        center.compare(None)
        self._window.canvas.setFocus()

    # Going along ---------------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """The next change, or the one before."""
        if self.comparison is None:
            self._document.refused.emit(tr("Nothing is compared; choose File › Compare with…."))
        elif not self.comparison.rows:
            self._document.refused.emit(tr("There is no difference to step through."))
        else:
            self.comparison.step(by)

    def _went(self, place: int) -> None:
        """Look at a change, wherever it is, on both canvases."""
        document, comparison = self._document, self.comparison
        if comparison is None:
            return
        row = comparison.rows[place]
        spot = row.spot or row.was
        graph = document.project.graphs.get(spot[0]) if spot is not None else None
        if spot is None or graph is None:
            return
        self._telling = True
        there = look_at(document, graph)
        if there:
            document.select((row.spot[1],) if row.spot is not None else ())
        self._telling = False
        if not there:
            return
        self._window.center.settle()
        self._window.center.pair.look_at(row, document.prefix)

    def _follow(self, *_: object) -> None:
        """What is selected is selected on the other canvas, and in the list."""
        document, comparison, pair = self._document, self.comparison, self._window.center.pair
        if comparison is None or self._telling or pair.other is None or pair.rail is None:
            return
        pair.other.select([document.prefix + id for id in document.chosen])
        places = [comparison.row_of((document.graph.key, id)) for id in document.chosen]
        found = next((place for place in reversed(places) if place >= 0), -1)
        if found >= 0:
            comparison.row = found
        pair.rail.show_row(found)

    def _picked(self, plate: str) -> None:
        """A node of the other drawing: the same here, else the change that took it away."""
        comparison, window = self.comparison, self._window
        if comparison is None:
            return
        if plate in window.canvas.scene.plates:
            window.in_place.select((plate,))
            return
        prefix, _, id = plate.rpartition("/")
        contexts = comparison.before.contexts()
        context = contexts.get(f"{prefix}/" if prefix else "")
        place = comparison.row_of((context.graph.key, id), old=True) if context is not None else -1
        if place >= 0:
            comparison.row = place
            if self.rail is not None:
                self.rail.show_row(place)

    def _open(self, plate: str) -> None:
        if plate in self._window.canvas.scene.plates:
            self._window.in_place.open(plate)

    def _peek(self, plate: str) -> None:
        if plate in self._window.canvas.scene.plates:
            self._window.in_place.toggle(plate)


def _stand_alike(other: Project, project: Project) -> None:
    """A drawing that nobody has placed stands where the nodes of the same ids do in the open one."""
    for key, graph in other.graphs.items():
        here = project.graphs.get(key)
        if here is not None and not graph.view:
            places = {id: at for id, at in here.view.items() if id in graph.nodes}
            if places:
                edits.move(graph, places)
