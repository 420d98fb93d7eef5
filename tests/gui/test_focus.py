"""Tab through the window: as it is read, to everything, with the focus to be seen, and out of everything again."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QScrollArea, QWidget

from designer.export_dialog import ExportDialog
from designer.focus import is_stop, reading_order
from designer.gallery import Card
from designer.import_dialog import ImportDialog
from designer.key_sheet import KeySheet
from tests.gui.window_rig import CTRL, SHIFT, Key, WindowRig

TABS = ("Problems", "Code", "Definition", "Ledger", "Complexity", "Memory", "History", "Training", "Compression")


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.files.new_from_template("lenet")
    rig.window.activateWindow()
    assert QTest.qWaitForWindowActive(rig.window, 20_000)
    return rig


def walk(window: QWidget, start: QWidget, *, backwards: bool = False) -> list[QWidget]:
    """Where Tab stops, from a stop on and round to it again."""
    start.setFocus(Qt.FocusReason.TabFocusReason)
    stops: list[QWidget] = []
    while (here := window.focusWidget()) not in stops:
        assert here is not None
        stops.append(here)
        QTest.keyClick(here, Key.Key_Tab, SHIFT if backwards else Qt.KeyboardModifier.NoModifier)
        QApplication.processEvents()
    assert window.focusWidget() is stops[0], "it comes round to where it began"
    return stops


def wanted(window: QWidget) -> set[QWidget]:
    """All that a person can use from the keyboard, whatever order it has."""
    return {widget for widget in window.findChildren(QWidget) if widget.window() is window and is_stop(widget)}


def scrolled(widget: QWidget) -> QScrollArea | None:
    """The innermost area that scrolls a widget, if one does."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    return above


def part(widget: QWidget) -> QWidget:
    """The part of the window that a widget stands in: what scrolls as one, or a dock, or the window."""
    above: QWidget | None = scrolled(widget)
    while above is None and widget.parentWidget() is not None:
        widget = widget.parentWidget()
        above = widget if isinstance(widget, QDockWidget) or widget.isWindow() else None
    assert above is not None
    return above


def place(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def assert_read(stops: list[QWidget]) -> None:
    """In each part nothing comes before what stands above it, or left of it in its row."""
    for first, second in combinations(stops, 2):
        if part(first) is not part(second) or first.isAncestorOf(second):
            continue
        a, b = place(first), place(second)
        stacked = a.left() <= b.right() and b.left() <= a.right()
        abreast = a.top() <= b.bottom() and b.top() <= a.bottom()
        assert not (stacked and b.bottom() < a.top()), (first, second)
        assert not (abreast and b.right() < a.left()), (first, second)


@pytest.mark.parametrize("title", TABS)
def test_tab_walks_every_panel_as_it_is_read(rig: WindowRig, qtbot, title: str) -> None:
    window = rig.window
    rig.click(rig.middle("conv1"))
    window.show_tab(title)
    qtbot.waitUntil(lambda: window.afterwards.done)
    rig.turn()
    window.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # where Tab places a layer: see below
    stops = walk(window, window.topbar.network)
    assert set(stops) == wanted(window)
    assert_read(stops)
    parts = [part(stop) for stop in stops]
    runs = sum(1 for a, b in pairwise(parts) if a is not b)
    assert runs <= 2 * len(set(parts)), "a part is read to its end before another is begun"
    back = walk(window, stops[0], backwards=True)
    assert back == [stops[0], *reversed(stops[1:])]


def test_forms_that_are_made_anew_keep_their_place(rig: WindowRig) -> None:
    names = []
    for _ in range(2):
        for name in ("conv1", "fc1"):
            rig.click(rig.middle(name))
            rig.turn()
            stops = reading_order(rig.window)
            names.append([stop.accessibleName() for stop in stops if rig.window.inspector.isAncestorOf(stop)])
    assert names[0] == names[2]
    assert names[0][:4] == ["Name", "out_channels", "kernel_size 1", "kernel_size 2"]
    assert names[1][:2] == ["Name", "out_features"]


def test_what_is_scrolled_away_comes_into_sight(rig: WindowRig) -> None:
    rig.click(QPoint(5, 5))
    rig.window.resize(1500, 620)
    rig.turn()
    inspector = rig.window.inspector
    stops = [stop for stop in reading_order(rig.window) if inspector.isAncestorOf(stop)]
    assert stops[-1].visibleRegion().isEmpty()
    stops[-2].setFocus()
    QTest.keyClick(stops[-2], Key.Key_Tab)
    rig.turn()
    assert rig.window.focusWidget() is stops[-1]
    assert not stops[-1].visibleRegion().isEmpty()


@pytest.mark.parametrize("title", ["Problems", "Ledger", "Training"])
def test_the_focus_is_seen_wherever_it_is(rig: WindowRig, title: str) -> None:
    window = rig.window
    rig.click(rig.middle("conv1"))
    window.show_tab(title)
    rig.turn()
    window.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    window.topbar.search.setFocus(Qt.FocusReason.TabFocusReason)
    seen: set[QWidget] = set()
    unseen: list[str] = []
    stop, focused = window.topbar.search, QImage()
    while stop not in seen:
        seen.add(stop)
        around = place(stop).adjusted(-4, -4, 4, 4)
        QTest.keyClick(stop, Key.Key_Tab)
        rig.turn()
        stayed = not focused.isNull() and around.center() == place(stop).center()  # it was not scrolled
        if stayed and window.grab(around).toImage() == focused:
            unseen.append(f"{type(stop).__name__} {stop.accessibleName()}")
        stop = window.focusWidget()
        focused = window.grab(place(stop).adjusted(-4, -4, 4, 4)).toImage()
    assert len(seen) > 25
    assert not unseen


def test_the_canvas_and_the_templates_are_no_traps(rig: WindowRig) -> None:
    window = rig.window
    for held, key in ((SHIFT, Key.Key_Tab), (Qt.KeyboardModifier.NoModifier, Key.Key_F6), (SHIFT, Key.Key_F6)):
        rig.canvas.setFocus()
        rig.key(key, held)
        assert window.focusWidget() is not rig.canvas
    window.files.new()
    rig.turn()
    cards = [card for card in window.gallery.cards if card.isVisible()]
    cards[0].setFocus()
    while isinstance(here := window.focusWidget(), Card):
        QTest.keyClick(here, Key.Key_Down)  # the arrows lead on to what stands below
        assert window.focusWidget() is not here
    assert window.gallery.isAncestorOf(window.focusWidget())
    cards[0].setFocus()
    QTest.keyClick(cards[0], Key.Key_Tab, SHIFT)
    assert window.focusWidget() is window.gallery.search


def test_the_bar_that_finds_is_walked_before_the_canvas(rig: WindowRig) -> None:
    window = rig.window
    rig.key(Key.Key_H, CTRL)
    rig.turn()
    window.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    bar = window.center.finder
    QTest.keyClicks(bar.query, "conv")
    stops = walk(window, window.topbar.network)
    assert set(stops) == wanted(window)
    assert_read(stops)
    mine = [stop for stop in stops if bar.isAncestorOf(stop)]
    assert mine[0] is bar.query
    assert mine[-3:] == [bar.new, bar.one, bar.all]
    first = stops.index(bar.query)
    assert stops[first : first + len(mine)] == mine, "it is walked to its end"


@pytest.mark.parametrize("make", ["export", "keys", "import", "import a program"])
def test_dialogs_are_walked_as_they_are_read(rig: WindowRig, make: str) -> None:
    window = rig.window
    if make == "keys":
        dialog: QWidget = KeySheet(window.actions_, window.keymap, window)
    elif make != "export":
        asked = dialog = ImportDialog(rig.document, window.files, window)
        if make == "import":
            asked.more.click()
            asked.trust.setChecked(True)
        else:
            asked.source.segment("program").click()
    else:
        dialog = ExportDialog(rig.document, window.drawing, window.training, window.write_picture, window)
    dialog.show()
    dialog.activateWindow()
    assert QTest.qWaitForWindowActive(dialog, 20_000)
    stops = walk(dialog, reading_order(dialog)[0])
    assert set(stops) == wanted(dialog)
    assert_read(stops)
    dialog.close()
    dialog.deleteLater()
