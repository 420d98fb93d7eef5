"""What a screen reader hears of the canvas: a list of plates, each with its name, its figures and what it joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface, QColor
from PySide6.QtWidgets import QApplication

from designer.canvas.intents import Intents
from designer.canvas.scene import Plate
from designer.words import told, tr

if TYPE_CHECKING:
    from designer.canvas.surface import Canvas

_installed = False


def install() -> None:
    """Have Qt ask here for the canvas's accessible objects; again does nothing."""
    global _installed
    if not _installed:
        QAccessible.installFactory(_make)
        _installed = True


def _make(key: str, thing: QObject) -> Any:
    # The widget is known by its intents: importing it here would close a circle.
    if not isinstance(thing, Intents):
        return None
    canvas: Canvas = thing  # type: ignore[assignment]
    if canvas.spoken is None:
        canvas.spoken = SpokenCanvas(canvas)
    return canvas.spoken


def sentence(canvas: Canvas, plate: Plate) -> str:
    """A plate in words: name, type and settings, figure, problem, and what feeds it."""
    parts = [plate.name.replace("\n", " ")]
    if plate.detail:
        parts.append(plate.detail)
    if plate.figure:
        parts.append(plate.figure)
    if plate.scan:
        states = " ".join(port.label for port in plate.inputs if port.kind == "state")
        parts.append(tr("scan carrying {states}", states=states or tr("no state")))
    if plate.when == "off":
        parts.append(tr("off"))
    if plate.problem:
        parts.append(told(plate.hint or plate.problem))
    return ", ".join(parts)


def joined(canvas: Canvas, plate: Plate) -> str:
    """Where a plate's inputs come from, with their shapes."""
    snap = canvas.snap
    i = snap.index.get(plate.id)
    if i is None:
        return ""
    said = []
    for k in (snap.target == i).nonzero()[0].tolist():
        wire = snap.wires[k]
        shape = "×".join(axis[0] for axis in wire.axes)
        source = snap.rows[int(snap.source[k])].plate.name
        said.append(tr("from {source} {shape}", source=source, shape=shape).strip())
    return "; ".join(said)


class _Base(QAccessibleInterface):
    """What both kinds answer alike."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas

    def backgroundColor(self) -> QColor:
        return self.canvas.theme.color("canvas")

    def foregroundColor(self) -> QColor:
        return self.canvas.theme.color("ink")

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Names are changed in the document, not here."""

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        return None


class SpokenCanvas(_Base):
    """The canvas as a list."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._plates: dict[str, SpokenPlate] = {}

    def plate(self, name: str) -> SpokenPlate:
        """The object of one plate; the same as long as the canvas lives."""
        if name not in self._plates:
            self._plates[name] = SpokenPlate(self, name)
        return self._plates[name]

    def isValid(self) -> bool:
        return True

    def object(self) -> QObject:
        return self.canvas

    def parent(self) -> Any:
        above = self.canvas.parentWidget() or QApplication.instance()
        return None if above is None else QAccessible.queryAccessibleInterface(above)

    def childCount(self) -> int:
        return len(self.canvas.snap.ids)

    def child(self, index: int) -> Any:
        ids = self.canvas.snap.ids
        return self.plate(ids[index]) if 0 <= index < len(ids) else None

    def childAt(self, x: int, y: int) -> Any:
        found = [i for i in range(self.childCount()) if self.child(i).rect().contains(x, y)]
        return self.child(found[-1]) if found else None

    def focusChild(self) -> Any:
        current = self.canvas.current
        return self.plate(current) if self.canvas.hasFocus() and current in self.canvas.snap.index else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return self.canvas.snap.index.get(getattr(child, "name", ""), -1)

    def rect(self) -> QRect:
        return QRect(self.canvas.mapToGlobal(self.canvas.rect().topLeft()), self.canvas.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.List

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.focusable = True
        state.focused = self.canvas.hasFocus()
        state.multiSelectable = True
        state.invisible = not self.canvas.isVisible()
        return state

    def text(self, kind: QAccessible.Text) -> str:
        if kind == QAccessible.Text.Name:
            return self.canvas.accessibleName()
        if kind == QAccessible.Text.Description:
            return self.canvas.scene.title
        return ""


class SpokenPlate(_Base):
    """One plate as an item of the list."""

    def __init__(self, owner: SpokenCanvas, name: str) -> None:
        super().__init__(owner.canvas)
        self.owner = owner
        self.name = name

    def isValid(self) -> bool:
        return self.name in self.canvas.snap.index

    def object(self) -> Any:
        return None

    def parent(self) -> Any:
        return self.owner

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> Any:
        return None

    def childAt(self, x: int, y: int) -> Any:
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def rect(self) -> QRect:
        row = self.canvas.snap.row_of(self.name)
        if row is None:
            return QRect()
        plate = row.plate
        box = self.canvas.camera.rect_to_view(plate.x, plate.y, plate.w, plate.h).toAlignedRect()
        return QRect(self.canvas.mapToGlobal(box.topLeft()), box.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        canvas = self.canvas
        state.selectable = state.focusable = True
        state.selected = self.name in canvas.selection
        state.focused = canvas.hasFocus() and canvas.current == self.name
        state.invalid = self.name not in canvas.snap.index
        state.offscreen = not canvas.rect().intersects(
            QRect(canvas.mapFromGlobal(self.rect().topLeft()), self.rect().size())
        )
        return state

    def text(self, kind: QAccessible.Text) -> str:
        row = self.canvas.snap.row_of(self.name)
        if row is None:
            return ""
        if kind == QAccessible.Text.Name:
            return sentence(self.canvas, row.plate)
        return joined(self.canvas, row.plate) if kind == QAccessible.Text.Description else ""


def announce_focus(canvas: Canvas) -> None:
    """Tell a screen reader that the keyboard's focus stands on another plate."""
    if QAccessible.isActive() and canvas.hasFocus() and canvas.current in canvas.snap.index:
        event = QAccessibleEvent(canvas, QAccessible.Event.Focus)
        event.setChild(canvas.snap.index[canvas.current])
        QAccessible.updateAccessibility(event)
