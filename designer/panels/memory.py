"""The memory panel: will the network fit into a device, at which sizes, and what takes the room.

Its sizes are tried beside the drawing and leave it alone, until a person says to use them.
"""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from designer.document import Document
from designer.numbers import bytes_text, exact
from designer.panels.memory_bar import MemoryBar, Slice
from designer.panels.tables import LazyPanel
from designer.style import dress
from designer.widgets import Elided, EmptyState, NumberField, Segments, SizeSlider, Text, button
from designer.words import told, tr
from graph_core import edits
from graph_core.evaluate import axes_of
from graph_core.fit import MOST, Most, Question, devices, largest, resized
from graph_core.memory import PRECISIONS, Parts, parts_of, peak_path
from graph_core.pieces import Mode

GIB = 2**30
OTHER = tr("Other memory")
DEFAULT = "GeForce RTX 3060"
_UNCOUNTED = tr(
    "Not counted: the loss, what kernels take for their work, what the driver and the framework hold "
    "(about 0.5 GB for CUDA), and fragmentation."
)


class SizeRow(QWidget):
    """One symbol: slider, field, and the largest value that fits, which a click takes over."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__()
        self.name = name
        self.slider = SizeSlider(tr("Size {name}", name=name), size)
        self.field = NumberField(name, size, 1, MOST)
        dress(self.field, width=84)
        self.most = button("", quiet=True, small=True)
        self.most.setAccessibleName(tr("The most of {name} that fits", name=name))
        self.most.setEnabled(False)  # until it is known
        dress(self.most, font="mono_small")


class MemoryPanel(LazyPanel):
    """Asks graph_core.fit a slice at a time, so that the window never waits; see the file's head."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._chosen: dict[str, int] = {}  # sizes that a person tries; others are the drawing's
        self.rows: dict[str, SizeRow] = {}
        self.most: dict[str, Most] = {}
        self._work: Generator[None, None, None] | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self.device = QComboBox()
        for device in devices():
            self.device.addItem(f"{device.name}, {device.bytes / GIB:.3g} GiB", device.bytes)
        self.device.addItem(OTHER, 0)
        self.device.setAccessibleName(tr("Device"))
        self.device.setCurrentIndex(next(k for k, one in enumerate(devices()) if one.name == DEFAULT))
        self.capacity = NumberField(tr("Memory"), 12, 0.001, 1_000_000, whole=False)
        self.capacity.set_hint(tr("Memory of the device, in GiB (2³⁰ bytes)."))
        dress(self.capacity, width=64)
        self.run = Segments((("inference", tr("Inference")), ("training", tr("Training"))), "training")
        self.run.setAccessibleName(tr("What it does"))
        self.precision = QComboBox()
        for precision in PRECISIONS.values():
            self.precision.addItem(told(precision.title), precision.name)
            self.precision.setItemData(self.precision.count() - 1, told(precision.help), Qt.ItemDataRole.ToolTipRole)
        self.precision.setAccessibleName(tr("Precision"))
        self.use = button(tr("Use these sizes"), small=True)
        self.back = button(tr("Back to the drawing's sizes"), quiet=True, small=True)
        self.bar = MemoryBar()
        self.sentence = Text("", "strong")
        self.sentence.setWordWrap(True)
        self.where = Elided("", "small", "ink2")
        self.empty = EmptyState(tr("Draw a network to see what memory it takes."))
        self._lay_out()
        self._join()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        for part in (self.device, self.capacity, Text("GiB", "small", "ink3"), self.run, self.precision):
            head.addWidget(part)
        head.addStretch()
        head.addWidget(self.back)
        head.addWidget(self.use)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        left = QVBoxLayout()
        left.addLayout(self._grid)
        left.addStretch()
        right = QVBoxLayout()
        right.setSpacing(2)
        for part in (self.sentence, self.bar, self.where):
            right.addWidget(part)
        right.addStretch()
        under = QHBoxLayout()
        under.setSpacing(24)
        under.addLayout(left, 4)
        under.addLayout(right, 6)
        self.filled = QWidget()
        column = QVBoxLayout(self.filled)
        column.setContentsMargins(12, 6, 12, 4)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(under, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.filled, 1)
        whole.addWidget(self.empty, 1)

    def _join(self) -> None:
        self.device.activated.connect(self._take_device)
        self.capacity.edited.connect(self._take_capacity)
        self.run.chosen.connect(lambda _: self.ask())
        self.precision.activated.connect(self._take_precision)
        self.use.clicked.connect(self._use)
        self.back.clicked.connect(self._go_back)
        self._document.replaced.connect(self._go_back)

    # What a person does --------------------------------------------------------------------------------------

    def _take_device(self, place: int) -> None:
        if size := self.device.itemData(place):
            self.capacity.set_value(f"{size / GIB:.6g}")
            self.capacity.set_error("")
        self.ask()

    def _take_capacity(self, _: str) -> None:
        fitting = [k for k in range(self.device.count()) if self.device.itemData(k) == self.limit]
        if self.device.currentIndex() not in fitting:
            self.device.setCurrentIndex(fitting[0] if fitting else self.device.count() - 1)
        self.ask()

    def _take_precision(self) -> None:
        trains = PRECISIONS[self.question.precision].trains
        segment = self.run.segment("training")
        segment.setEnabled(trains)
        segment.setToolTip("" if trains else tr("int8 is for inference: gradients need floats"))
        if not trains:
            self.run.set_current("inference")
        self.precision.setToolTip(told(PRECISIONS[self.question.precision].help))
        self.ask()

    def _try(self, name: str, size: int) -> None:
        """Another size is tried; the drawing stays."""
        if size == self._document.project.symbols.get(name):
            self._chosen.pop(name, None)
        else:
            self._chosen[name] = size
        self.ask()

    def _type(self, row: SizeRow) -> None:
        if row.field.value is not None:
            self._try(row.name, int(row.field.value))

    def _use(self) -> None:
        sizes, project = dict(self._chosen), self._document.project
        words = ", ".join(f"{name} to {size:,}" for name, size in sizes.items())

        def change() -> None:
            for name, size in sizes.items():
                edits.set_symbol(project, name, size)

        self._chosen = {}
        if not self._document.edit(change, f"Set {words}"):
            self._chosen = sizes

    def _go_back(self) -> None:
        self._chosen = {}
        self.ask()

    # What is asked and shown ---------------------------------------------------------------------------------

    @property
    def question(self) -> Question:
        """What is asked, as the controls say."""
        training = self.run.current == "training"
        return Question(self._document.network, training, self.precision.currentData())

    @property
    def limit(self) -> int:
        """Bytes of the device."""
        chosen = self.device.currentData()
        value = self.capacity.value or 0
        return int(chosen) if chosen and f"{chosen / GIB:.6g}" == self.capacity.text() else int(value * GIB)

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes that are tried."""
        return {**self._document.project.symbols, **self._chosen}

    def refresh(self) -> None:
        """The document changed."""
        super().refresh()
        symbols = self._document.project.symbols
        self._chosen = {n: size for n, size in self._chosen.items() if n in symbols and symbols[n] != size}
        if list(self.rows) != list(symbols):
            self._make_rows()
        self.ask()

    def _make_rows(self) -> None:
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        self.rows = {}
        for place, (name, size) in enumerate(self._document.project.symbols.items()):
            row = self.rows[name] = SizeRow(name, size)
            self._grid.addWidget(Text(name, "mono"), place, 0)
            self._grid.addWidget(row.slider, place, 1)
            self._grid.addWidget(row.field, place, 2)
            self._grid.addWidget(row.most, place, 3)
            row.slider.moved.connect(lambda size, name=name: self._try(name, size))
            row.field.edited.connect(lambda _, row=row: self._type(row))
            row.most.clicked.connect(lambda _=False, name=name: self._take_most(name))

    def _take_most(self, name: str) -> None:
        if name in self.most and self.most[name].size:
            self._try(name, int(self.most[name].size or 1))

    def ask(self) -> None:
        """Work it out anew, a slice at a time; what was under way is let go."""
        if not self.isVisible():
            self._stale = True
            return
        drawn = bool(self._document.root_graph.nodes)
        self.filled.setVisible(drawn)
        self.empty.setVisible(not drawn)
        self.most = {}
        for name, row in self.rows.items():
            size = self.sizes[name]
            row.slider.set_size(size)
            if row.field.value != size:
                row.field.set_value(str(size))
                row.field.set_error("")
        self.use.setEnabled(bool(self._chosen))
        self.use.setToolTip("" if self._chosen else tr("The sizes are those of the drawing"))
        self.back.setVisible(bool(self._chosen))
        self._work = self._answer() if drawn else None
        if drawn:
            self._timer.start(0)

    def _go_on(self) -> None:
        try:
            if self._work is not None and self.isVisible():
                next(self._work)
                return
        except StopIteration:
            pass
        self._work = None
        self._timer.stop()

    @property
    def busy(self) -> bool:
        """Whether something is still being worked out."""
        return self._work is not None

    def _answer(self) -> Generator[None, None, None]:
        document, question, sizes, limit = self._document, self.question, self.sizes, self.limit
        yield
        engine = resized(document.project, sizes)
        parts: Parts | None = None
        errors = engine.root(question.network).totals.errors
        yield
        if not errors:
            parts = parts_of(engine, question.network, training=question.training, precision=question.precision)
            mode = Mode(question.training, PRECISIONS[question.precision].activation)
            peak = peak_path(engine, question.network, mode)
            self.where.setText(tr("Most is held at {peak}.", peak=peak) + f" {_UNCOUNTED}" if peak else _UNCOUNTED)
        self.bar.setVisible(parts is not None)
        self.where.setVisible(parts is not None)
        if parts is not None:
            self.bar.show_parts(_slices(parts, training=question.training), limit)
        self._say(parts)
        yield
        for row in self.rows.values():
            row.most.setText("")
            row.slider.set_most(None)
        if document.context().totals.errors:
            return
        for name in self._in_order():
            self.most[name] = yield from largest(document.project, question, sizes, name, limit)
            self._show_most(name)
            self._say(parts)

    def _in_order(self) -> list[str]:
        """The symbols, that of the batch first: the first axis of the first input."""
        names = list(self.rows)
        for port in self._document.root_graph.inputs():
            axes = axes_of(port) if "shape" in port.params else []
            if axes and axes[0] in names:
                names.sort(key=lambda name: name != axes[0])
                break
        return names

    def _show_most(self, name: str) -> None:
        row, most = self.rows[name], self.most[name]
        row.slider.set_most(most.size)
        row.most.setEnabled(bool(most.size))
        row.most.setText(tr("any") if most.size is None else f"≤ {exact(most.size)}" if most.size else tr("none"))
        row.most.setToolTip(
            tr("Memory does not depend on {name}", name=name)
            if most.size is None
            else tr("Set {name} to {size}, the largest that fits", name=name, size=exact(most.size))
            if most.size and most.sound
            else tr("Set {name} to {size}, the largest that the drawing takes", name=name, size=exact(most.size))
            if most.size
            else tr("Not even {name} = 1 fits", name=name)
        )

    def _say(self, parts: Parts | None) -> None:
        question = self.question
        named = self._in_order()[:1]
        at = ", ".join(f"{name} = {self.sizes[name]:,}" for name in self._in_order())
        verb = tr("Training") if question.training else tr("Inference")
        place = tr(" at {at}", at=at) if at else ""
        if parts is None:
            what = (
                tr("The drawing has an error")
                if not self._chosen
                else tr("The drawing has an error{place}", place=place)
            )
            cure = tr("mend it under Problems") if not self._chosen else tr("choose other sizes")
            text, ink = tr("{what}; {cure} to see what memory it takes.", what=what, cure=cure), "error"
        elif parts.total <= self.limit:
            left = bytes_text(self.limit - parts.total)
            text, ink = (
                tr(
                    "{verb}{place} takes {total} and leaves {left} free",
                    verb=verb,
                    place=place,
                    total=bytes_text(parts.total),
                    left=left,
                ),
                "ink",
            )
            text += self._until(named) + tr(".")
        else:
            over = bytes_text(parts.total - self.limit)
            text, ink = (
                tr(
                    "{verb}{place} takes {total}, {over} more than there is",
                    verb=verb,
                    place=place,
                    total=bytes_text(parts.total),
                    over=over,
                ),
                "error",
            )
            text += self._until(named) + tr(".")
        self.sentence.setText(text)
        dress(self.sentence, ink=ink)

    def _until(self, named: list[str]) -> str:
        most = self.most.get(named[0]) if named else None
        if most is None or most.size is None:
            return ""
        if not most.size:
            return tr("; not even {named} = 1 fits, choose a smaller precision or a larger device", named=named[0])
        return tr("; {named} up to {size} fits", named=named[0], size=exact(most.size))


def _slices(parts: Parts, *, training: bool) -> tuple[Slice, ...]:
    return (
        Slice(tr("Weights"), parts.weights),
        Slice(tr("Gradients"), parts.gradients),
        Slice(tr("Optimizer"), parts.optimizer),
        Slice(tr("Inputs"), parts.inputs),
        Slice(tr("Kept for backward"), parts.kept),
        Slice(tr("Their gradients") if training else tr("Activations"), parts.working),
    )
