"""What a screen reader hears of the canvas: a list of plates, each with its name, its figures and what it joins."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleSelectionInterface,
    QColor,
)
from PySide6.QtWidgets import QApplication
from shiboken6 import VoidPtr

from designer.canvas.intents import Intents
from designer.canvas.scene import Plate
from designer.words import told, tr

if TYPE_CHECKING:
    from designer.canvas.snapshot import Snapshot
    from designer.canvas.surface import Canvas

Words = Callable[[str], tuple[str, str] | None]  # a plate's id -> its name and description; None: as it is written

# What an object cannot do is a null pointer to Qt. PySide makes none of None, and ends with a segmentation fault.
NOTHING = VoidPtr(0, 0, False)

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
    """A plate in words: what `canvas.words` calls it, else what is written on it; then how it runs."""
    words = canvas.words(plate.id) if canvas.words is not None else None
    if words is not None:
        parts = [words[0]]
    else:
        kind = {"frame": tr("Frame"), "note": tr("Note")}.get(plate.kind, "")
        parts = [f"{kind} {plate.name}".strip().replace("\n", " "), *filter(None, (plate.detail, plate.figure))]
    if plate.scan:
        states = " ".join(port.label for port in plate.inputs if port.kind == "state")
        parts.append(tr("scan carrying {states}", states=states or tr("no state")))
    if plate.when == "off":
        parts.append(tr("off"))
    if plate.problem and words is None:
        parts.append(told(plate.hint or plate.problem))
    return ", ".join(parts)


def description(canvas: Canvas, plate: Plate) -> str:
    """What else there is to say of a plate: settings, figures and problems, and what feeds it."""
    words = canvas.words(plate.id) if canvas.words is not None else None
    return "; ".join(filter(None, (words[1] if words else "", joined(canvas, plate))))


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


def reading_order(snap: Snapshot) -> dict[str, int]:
    """The plates along the wires, as they run; of those that could be next, the one furthest to the left and up."""
    count = len(snap.ids)
    after: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for wire, source, target in zip(snap.wires, snap.source.tolist(), snap.target.tolist(), strict=True):
        if wire.inside != snap.ids[target]:  # what leaves an opened block was read before what lies in it
            after[source].append(target)
            waits[target] += 1
    places = [(x, y, k) for k, (x, y) in enumerate(snap.rect[:, :2].tolist())]
    ready = [place for place in places if not waits[place[2]]]
    heapify(ready)
    order: dict[str, int] = {}
    while ready:
        here = heappop(ready)[2]
        order[snap.ids[here]] = len(order)
        for k in after[here]:
            waits[k] -= 1
            if not waits[k]:
                heappush(ready, places[k])
    for _, _, k in sorted(places):  # in a loop nothing comes first
        order.setdefault(snap.ids[k], len(order))
    return order


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


class SpokenCanvas(_Base):
    """The canvas as a list."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._plates: dict[str, SpokenPlate] = {}
        self._choice = _Choice(self)
        self._read: tuple[Snapshot, dict[str, int]] | None = None

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

    def order(self) -> dict[str, int]:
        """The plates in the order in which they are read, and the place of each in it."""
        if self._read is None or self._read[0] is not self.canvas.snap:
            self._read = self.canvas.snap, reading_order(self.canvas.snap)
        return self._read[1]

    def childCount(self) -> int:
        return len(self.canvas.snap.ids)

    def child(self, index: int) -> Any:
        return self.plate(tuple(self.order())[index]) if 0 <= index < self.childCount() else None

    def childAt(self, x: int, y: int) -> Any:
        at = self.canvas.camera.to_canvas(QPointF(self.canvas.mapFromGlobal(QPoint(x, y))))
        left, top, w, h = self.canvas.snap.rect.T
        under = (left <= at.x()) & (at.x() < left + w) & (top <= at.y()) & (at.y() < top + h)
        found = under.nonzero()[0]
        return self.plate(self.canvas.snap.ids[int(found[-1])]) if len(found) else None

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        return self._choice if kind == QAccessible.InterfaceType.SelectionInterface else NOTHING

    def focusChild(self) -> Any:
        current = self.canvas.current
        return self.plate(current) if self.canvas.hasFocus() and current in self.canvas.snap.index else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return self.order().get(getattr(child, "name", ""), -1)

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
        self._acts = _Acts(owner.canvas, name)

    def isValid(self) -> bool:
        return self.name in self.canvas.snap.index

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        return self._acts if kind == QAccessible.InterfaceType.ActionInterface else NOTHING

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
        state.hasPopup = True
        state.expandable = canvas.is_block(self.name)
        state.expanded = state.expandable and canvas.scene.plates[self.name].opened
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
        return description(self.canvas, row.plate) if kind == QAccessible.Text.Description else ""


class _Choice(QAccessibleSelectionInterface):
    """The canvas's selection, to be read and changed."""

    def __init__(self, spoken: SpokenCanvas) -> None:
        super().__init__()
        self._spoken, self._canvas = spoken, spoken.canvas

    def selectedItemCount(self) -> int:
        return len(self._canvas.selection)

    def selectedItems(self) -> list[Any]:
        return [self._spoken.plate(plate) for plate in self._canvas.selection]

    def isSelected(self, child: QAccessibleInterface) -> bool:
        return getattr(child, "name", "") in self._canvas.selection

    def select(self, child: QAccessibleInterface) -> bool:
        return self._choose((*self._canvas.selection, getattr(child, "name", "")))

    def unselect(self, child: QAccessibleInterface) -> bool:
        return self._choose(tuple(plate for plate in self._canvas.selection if plate != getattr(child, "name", "")))

    def selectAll(self) -> bool:
        return self._choose(tuple(self._canvas.snap.index))

    def clear(self) -> bool:
        return self._choose(())

    def _choose(self, plates: tuple[str, ...]) -> bool:
        self._canvas.select(plates)
        return set(self._canvas.selection) == set(plates)


class _Acts(QAccessibleActionInterface):
    """What a screen reader can do to a plate: choose it, add it to the choice or take it out, ask for its menu."""

    def __init__(self, canvas: Canvas, name: str) -> None:
        super().__init__()
        self._canvas, self._name = canvas, name

    def actionNames(self) -> list[str]:
        return [self.pressAction(), self.toggleAction(), self.setFocusAction(), self.showMenuAction()]

    def keyBindingsForAction(self, name: str) -> list[str]:
        return []

    def doAction(self, name: str) -> None:
        canvas = self._canvas
        if self._name not in canvas.snap.index:
            return
        if name == self.toggleAction():
            canvas.toggle(self._name)
            return
        canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        canvas.set_current(self._name)
        canvas.reveal(self._name)
        if name != self.setFocusAction():
            canvas.select((self._name,))
        if name == self.showMenuAction():  # which is open until something is chosen: whoever asked is answered first
            QTimer.singleShot(0, canvas, canvas.ask_for_menu)


def announce_selection(canvas: Canvas) -> None:
    """Tell a screen reader that other plates are selected than before."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(canvas, QAccessible.Event.SelectionWithin))


def announce_plates(canvas: Canvas, before: Snapshot) -> None:
    """Tell a screen reader that plates came or went."""
    if QAccessible.isActive() and before.ids != canvas.snap.ids:
        QAccessible.updateAccessibility(QAccessibleEvent(canvas, QAccessible.Event.ObjectReorder))


def announce_focus(canvas: Canvas) -> None:
    """Tell a screen reader that the keyboard's focus stands on another plate."""
    if QAccessible.isActive() and canvas.hasFocus() and canvas.current in canvas.snap.index:
        event = QAccessibleEvent(canvas, QAccessible.Event.Focus)
        if canvas.spoken is not None:
            event.setChild(canvas.spoken.order()[canvas.current])
        QAccessible.updateAccessibility(event)
