"""What the first paint does not show is made when it is first needed, or afterwards, and never shows by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from designer.late import Afterwards, Late
from designer.settings import Settings
from designer.window import MainWindow
from tests.gui.window_rig import WindowRig

TITLES = ("Code", "Definition", "Ledger", "Training", "Compression")


@pytest.fixture
def window(qtbot, house, tmp_path: Path) -> MainWindow:
    """A window that has not been shown."""
    made = MainWindow(Settings(tmp_path / "settings.ini"), lambda files: files.new_from_template("lenet"))
    qtbot.addWidget(made)
    return made


def late_pages(window: MainWindow) -> dict[str, Late]:
    found = {}
    for place in range(window.tabs.count()):
        page = window.tabs.widget(place)
        if isinstance(page, Late):
            found[window.tabs.tabText(place)] = page
    return found


def test_the_first_paint_makes_only_what_it_shows(window: MainWindow) -> None:
    pages = late_pages(window)
    assert set(TITLES) <= set(pages)
    seen: list[list[str]] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and watched is window.canvas and not seen:
                seen.append([title for title, page in pages.items() if page.made])
            return False

    watch = Watch()
    window.canvas.installEventFilter(watch)
    window.show()
    assert QTest.qWaitForWindowExposed(window)
    assert seen == [[]]
    assert not window.rehearsal.sketch_page.isVisible()


def test_everything_is_there_soon_after(qtbot, window: MainWindow) -> None:
    window.show()
    qtbot.waitUntil(lambda: window.afterwards.done)
    assert all(page.made for page in late_pages(window).values())
    assert window.rehearsal.sketch_page.made


def test_a_tab_that_is_clicked_first_is_made_at_once(window: MainWindow) -> None:
    window.show()  # no turn of the event loop follows: nothing is made in advance
    for title, page in late_pages(window).items():
        assert not page.made, title
        window.show_tab(title)
        assert page.made, title
        assert page.focusProxy() is page.content


def test_a_panel_made_late_shows_what_happened_before(qtbot, window: MainWindow, tmp_path: Path) -> None:
    window.rehearsal._run_changed(tmp_path)  # no panel hears it yet
    window.training.run = tmp_path
    assert window.rehearsal.sketch.isEnabled()
    assert window.rehearsal.panel.train.isEnabled()
    window.show()
    window.show_tab("Code")
    qtbot.waitUntil(lambda: "class LeNet" in window.code.source())


def test_nothing_but_the_window_shows_itself(qtbot, house: QApplication, tmp_path: Path) -> None:
    """A widget that is shown before it has a parent is a window: it flashes, and takes the keyboard."""
    shown: list[QWidget] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(watched)
            return False

    watch = Watch()
    house.installEventFilter(watch)
    try:
        rig = WindowRig(qtbot, tmp_path)
        assert rig.window.gallery.isVisible()
        rig.window.files.new_from_template("lenet")
        qtbot.waitUntil(lambda: rig.window.afterwards.done)
        rig.click(rig.middle("conv1"))
        assert rig.window.inspector.findChildren(QLineEdit)
        for title in TITLES:
            rig.window.show_tab(title)
    finally:
        house.removeEventFilter(watch)
    assert shown == [rig.window]


def test_the_outline_of_what_is_opened_at_the_start_shows_its_nodes(qtbot, house: QApplication, tmp_path) -> None:
    made = MainWindow(Settings(tmp_path / "settings.ini"), lambda files: files.new_from_template("lenet"))
    qtbot.addWidget(made)
    tree, model = made.outline.tree, made.outline.model
    assert tree.isExpanded(model.index(0, 0))
    made.files.may_leave = lambda: True


def test_pieces_wait_for_the_first_paint(qtbot, house: QApplication) -> None:
    window, run = QWidget(), []
    qtbot.addWidget(window)
    after = Afterwards(window, [lambda: run.append(1), lambda: run.append(2)])
    QTest.qWait(20)
    assert run == []
    assert not after.done
    window.show()
    qtbot.waitUntil(lambda: after.done)
    assert run == [1, 2]


def test_content_is_made_once(qtbot, house: QApplication) -> None:
    made: list[QWidget] = []

    def make() -> QWidget:
        made.append(QWidget())
        return made[-1]

    page = Late(make)
    qtbot.addWidget(page)
    assert not page.made
    first = page.content
    page.show()
    page.hide()
    page.show()
    assert made == [first]
    assert first.isVisible()
    assert page.isAncestorOf(first)
