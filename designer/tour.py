"""The tour: five steps from a drawing to a trained network, each done by hand, or shown by a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QTimer
from PySide6.QtWidgets import QWidget

from designer.search import best, catalogue
from designer.tour_card import Ring, TourCard, beside
from designer.words import tr

if TYPE_CHECKING:
    from designer.window import MainWindow
    from graph_core import Node

TEMPLATE = "lenet"
STEPS = 5
_FOLLOW = 120  # ms: how soon the card is beside a target that has moved
_POOL, _CONV, _LINEAR = "pool2", "conv2", "fc1"
WORDS = {
    1: tr("This is LeNet. Data flow down; each wire carries its shape. Hover a wire to read it."),
    2: tr("Press Tab and type drop; Enter places Dropout."),
    3: tr("Drop it on the wire before fc1. The readout moves; nothing is typed twice."),
    4: tr("Set kernel_size of pool2 to 5: one problem. Alt+Enter applies its fix."),
    5: tr("Press F5 to train the network on handwritten digits."),
}
BROKEN = tr("A window of 5×5 does not fit on 4×4, and Problems says so. Alt+Enter applies the fix.")
LEARNING = tr("It learns; the curves follow every epoch.")
DRAW = tr("Draw a digit, and see what the network reads.")
DONE = tr("Done: a trained network, and its code as PyTorch.")


class Tour(QObject):
    """Runs on the window given; `step` is 0 while it does not run, and one more than the last when all is done."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.step = 0
        self.card, self.ring = TourCard(window), Ring(window)
        self._before: frozenset[str] = frozenset()
        self._placed = ""
        self._was_broken = False
        self._opening = False
        self._timer = QTimer(self)
        self._timer.setInterval(_FOLLOW)
        self._timer.timeout.connect(self._place)
        self.card.skipped.connect(self.end)
        self.card.pressed.connect(self._show_how)
        # What an edit selects comes after it, and a step may select something else.
        window.document.edited.connect(lambda *_: QTimer.singleShot(0, self, self._look))
        window.document.replaced.connect(self._replaced)
        window.canvas.hovered.connect(self._hovered)
        training = window.training
        training.state_changed.connect(lambda *_: self._speak())
        training.finished.connect(lambda *_: self._speak())
        training.predicted.connect(lambda *_: self._predicted())

    # Steps ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, on a fresh LeNet; where a person would rather keep what is open, not at all."""
        window = self._window
        document = window.document
        window.settings.toured = True
        fresh = document.path is None and not document.unsaved and self._node(_POOL) is not None
        if not fresh:
            self._opening = True
            window.files.new_from_template(TEMPLATE)
            self._opening = False
        if document.path is not None or document.unsaved or self._node(_POOL) is None:
            return
        self._go(1)

    def end(self) -> None:
        """Leave the drawing as it is, and the window to its person."""
        if self.step:
            self.step = 0
            self._timer.stop()
            self.card.hide()
            self.ring.hide()
            self._window.canvas.setFocus()

    def _go(self, step: int) -> None:
        window, self.step = self._window, step
        if step == 2:
            self._before = frozenset(window.document.graph.nodes)
            window.document.select(())
            window.canvas.setFocus()
        elif step == 4:
            self._was_broken = False
            window.tabs.setCurrentIndex(0)
            pool = self._node(_POOL)
            if pool is not None:
                window.document.select((pool.id,))
        elif step == 5:
            window.document.select(())
            window.canvas.setFocus()
        self._timer.start()
        self._speak()

    def _look(self) -> None:
        """Whether the edit was what the step asks for."""
        graph = self._window.document.graph
        if self.step == 2:
            fresh = [id for id in graph.nodes if id not in self._before]
            if fresh:
                self._placed = fresh[-1]
                self._go(3)
        if self.step == 3:
            last = self._node(_LINEAR)
            fed = last is not None and graph.incoming.get(last.id, {}).get("x", ("", ""))[0] == self._placed
            if self._placed not in graph.nodes:
                self._go(2)  # it was taken back
            elif fed and graph.incoming.get(self._placed):
                self._go(4)
        elif self.step == 4:
            broken = any(problem.severity == "error" for problem in self._window.document.analysis().problems)
            if self._was_broken and not broken:
                self._go(5)
            else:
                self._was_broken = broken
                self._speak()

    def _hovered(self, _plate: str, wire: str) -> None:
        if self.step == 1 and wire:
            self._go(2)

    def _predicted(self) -> None:
        if self.step == STEPS and not self._window.training.running:
            self._go(STEPS + 1)

    def _replaced(self) -> None:
        if not self._opening:
            self.end()

    # Showing -------------------------------------------------------------------------------------------------

    def _speak(self) -> None:
        if not self.step:
            return
        training = self._window.training
        if self.step > STEPS:
            self.card.say(DONE, "", tr("Close tour"), tr("Show code"))
        else:
            words, go = WORDS[self.step], tr("Next") if self.step == 1 else tr("Show me")
            if self.step == 4 and self._was_broken:
                words = BROKEN
            elif self.step == 5 and training.running:
                words, go = LEARNING, ""
            elif self.step == 5 and training.run is not None:
                words = DRAW
            self.card.say(words, tr("{step} of {count}", step=self.step, count=STEPS), tr("Skip tour"), go)
        self._place()

    def _show_how(self) -> None:
        """The step's button: what it asks for is done."""
        window, training = self._window, self._window.training
        if self.step == 1:
            self._go(2)
        elif self.step == 2:
            at = window.canvas.camera.to_canvas(window.canvas.rect().center().toPointF())
            window.verbs.place(best(catalogue(window.document.project), "drop")[0].type, at.x() + 320, at.y())
        elif self.step == 3:
            last = self._node(_LINEAR)
            if last is not None:
                window.verbs.move_into_wire((self._placed,), f"{last.id}.x", 0, 0)
                window.verbs.arrange_all()
                window.canvas.fit()
        elif self.step == 4 and self._was_broken:
            window.problems.apply_first()
        elif self.step == 4:
            pool = self._node(_POOL)
            if pool is not None:
                window.document.edit(lambda: window.document.graph.set(pool.id, kernel_size=5))
        elif self.step == 5 and training.run is None:
            window.rehearsal.train_or_pause()
        elif self.step == 5:
            training.ask_test_image()
        else:
            self.end()
            window.show_tab("Code")

    def _place(self) -> None:
        if not self.step:
            return
        window = self._window
        top = window.topbar.geometry().bottom()
        room = window.rect().adjusted(8, top + 8, -8, -8)
        target = self._target().intersected(window.rect())
        self.ring.setGeometry(target.adjusted(-4, -4, 4, 4))
        self.ring.setVisible(self.step <= STEPS)
        self.ring.raise_()
        self.card.move(beside(target, self.card.size(), room))
        self.card.raise_()

    def _target(self) -> QRect:
        """What the step speaks of, in the window."""
        window, training = self._window, self._window.training
        if self.step == 1:
            node = self._node(_CONV)
            return self._around(node.id if node else "", above=40)
        if self.step == 2:
            spot = self._of(window.canvas)
            return QRect(spot.center() - QPoint(90, 60), spot.center() + QPoint(90, 60))
        if self.step == 3:
            node = self._node(_LINEAR)
            return self._around(node.id if node else "", above=40)
        if self.step == 4:
            return self._of(window.problems if self._was_broken else window.inspector)
        if self.step > STEPS or training.running:
            return self._of(window.tabs)
        return self._of(window.topbar.train if training.run is None else window.rehearsal.sketch_page)

    def _of(self, widget: QWidget) -> QRect:
        return QRect(widget.mapTo(self._window, QPoint()), widget.size())

    def _around(self, plate: str, above: float) -> QRect:
        """A plate and the piece of wire above it; without one, the canvas."""
        canvas = self._window.canvas
        found = canvas.scene.plates.get(plate)
        if found is None:
            return self._of(canvas)
        box = canvas.camera.rect_to_view(found.x, found.y - above, found.w, found.h + above).toRect()
        return box.translated(canvas.mapTo(self._window, QPoint())).intersected(self._of(canvas))

    def _node(self, name: str) -> Node | None:
        return self._window.document.root_graph.by_name(name)


def start_tour(window: MainWindow) -> Tour:
    """Begin the tour on a window, anew where it runs already."""
    tour = window.findChild(Tour) or Tour(window)
    tour.end()
    tour.start()
    return tour
