"""Qt's controls take their look from the theme and keep what they can do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTabBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.style import dress
from designer.theme import themes
from designer.widgets import button
from tests.gui.conftest import hold
from tests.gui.window_rig import Key


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def shown(qtbot, widget: QWidget) -> QWidget:
    hold(widget)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_controls_have_the_sizes_of_the_look(house, qtbot):
    assert button("Train").sizeHint().height() == 28
    assert button("Pause", small=True).sizeHint().height() == 24
    for field in (QLineEdit(), QComboBox(), QSpinBox()):
        qtbot.addWidget(field)
        assert field.sizeHint().height() == 26
    tabs = QTabBar()
    qtbot.addWidget(tabs)
    tabs.addTab("Problems")
    assert tabs.tabRect(0).height() == 34


def test_sizes_follow_the_text_size(house, qtbot):
    field = QLineEdit()
    qtbot.addWidget(field)
    themes.set_scale(2.0)
    assert button("Train").sizeHint().height() == 56
    assert field.sizeHint().height() == 52
    assert house.font().pixelSize() == 26


def test_a_primary_button_is_filled_with_the_accent(both, qtbot):
    theme = themes.current
    primary, plain = shown(qtbot, button("Train", primary=True)), shown(qtbot, button("Export"))
    assert picture(primary).pixelColor(4, 14) == theme.color("accent")
    assert picture(plain).pixelColor(4, 14) == theme.color("raised")
    assert theme.color("onacc").name() in colours(picture(primary))
    primary.setEnabled(False)
    assert picture(primary).pixelColor(4, 14) != theme.color("accent")


def test_hover_and_press_can_be_seen(house, qtbot):
    plain = shown(qtbot, button("Export"))
    rest = picture(plain).pixelColor(4, 14)
    qtbot.mouseMove(plain, QPoint(4, 14))
    qtbot.mousePress(plain, Qt.MouseButton.LeftButton)
    assert picture(plain).pixelColor(4, 14) == themes.current.color("sunken") != rest
    with qtbot.waitSignal(plain.clicked):
        qtbot.mouseRelease(plain, Qt.MouseButton.LeftButton)


def test_the_focus_of_a_field_is_two_pixels_of_accent(both, qtbot):
    host = QWidget()
    column = QVBoxLayout(host)
    first, second = QLineEdit("a"), QLineEdit("b")
    column.addWidget(first)
    column.addWidget(second)
    shown(qtbot, host)
    host.activateWindow()
    second.setFocus()
    qtbot.waitUntil(second.hasFocus)
    accent, strong = themes.current.color("focus"), themes.current.color("strong")
    x = second.width() // 2
    assert [picture(second).pixelColor(x, y) for y in (0, 1)] == [accent, accent]
    assert picture(first).pixelColor(x, 0) == strong
    assert picture(first).pixelColor(x, 1) == themes.current.color("raised")
    second.setProperty("error", True)
    assert picture(second).pixelColor(x, 0) == themes.current.color("error")


def test_a_text_of_several_lines_is_a_field_on_all_four_sides(both, qtbot):
    first, second = QPlainTextEdit(), QPlainTextEdit()
    hold = QWidget()
    column = QVBoxLayout(hold)
    column.addWidget(first)
    column.addWidget(second)
    qtbot.addWidget(hold)
    hold.resize(240, 160)
    hold.show()
    hold.activateWindow()
    second.setFocus()
    qtbot.waitUntil(second.hasFocus)
    for text, ink in ((first, "strong"), (second, "focus")):
        image, x, y = picture(text), text.width() // 2, text.height() // 2
        edges = [(0, y), (text.width() - 1, y), (x, 0), (x, text.height() - 1)]
        assert {image.pixelColor(*edge).name() for edge in edges} == {themes.current.color(ink).name()}
        assert image.pixelColor(0, 0).name() != themes.current.color("raised").name(), "its corners are round"
        assert image.pixelColor(x, y) == themes.current.color("raised")


def test_keyboard_focus_shows_on_a_button_and_the_mouse_leaves_none(house, qtbot):
    host = QWidget()
    column = QVBoxLayout(host)
    first, second = button("One"), button("Two")
    column.addWidget(first)
    column.addWidget(second)
    shown(qtbot, host)
    host.activateWindow()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    qtbot.keyClick(first, Key.Key_Tab)
    assert second.hasFocus()
    assert picture(second).pixelColor(second.width() // 2, 1) == themes.current.color("focus")


def test_a_check_box_is_a_switch(both, qtbot):
    box = shown(qtbot, QCheckBox("bias"))
    off = picture(box)
    qtbot.keyClick(box, Key.Key_Space)
    assert box.isChecked()
    on = picture(box)
    middle = box.height() // 2
    assert on.pixelColor(14, middle) == themes.current.color("accent")
    assert off.pixelColor(14, middle) == themes.current.color("sunken")
    assert on.pixelColor(20, middle) == themes.current.color("onacc"), "the knob went right"
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, middle))
    assert not box.isChecked()


def test_the_chosen_tab_is_underlined_and_no_tab_jumps(both, qtbot):
    tabs = shown(qtbot, QTabBar())
    for name in ("Problems", "Code", "Ledger"):
        tabs.addTab(name)
    tabs.setExpanding(False)
    tabs.adjustSize()
    accent = themes.current.color("accent")
    places = [tabs.tabRect(k) for k in range(3)]
    for chosen in range(3):
        tabs.setCurrentIndex(chosen)
        image = picture(tabs)
        under = [image.pixelColor(tabs.tabRect(k).center().x(), tabs.tabRect(k).bottom()) for k in range(3)]
        assert [colour == accent for colour in under] == [k == chosen for k in range(3)]
        assert [tabs.tabRect(k) for k in range(3)] == places
    qtbot.keyClick(tabs, Key.Key_Left)
    assert tabs.currentIndex() == 1


def test_a_tab_makes_room_for_its_count(house, qtbot):
    tabs = shown(qtbot, QTabBar())
    tabs.addTab("Problems")
    bare = tabs.tabSizeHint(0).width()
    tabs.setTabData(0, 3)
    assert tabs.tabSizeHint(0).width() > bare


def test_a_chosen_row_is_tinted_to_its_left_end(both, qtbot):
    tree = QTreeWidget()
    tree.setHeaderHidden(True)
    tree.setFrameShape(QTreeWidget.Shape.NoFrame)
    parent = QTreeWidgetItem(tree, ["layer1"])
    QTreeWidgetItem(parent, ["conv1"])
    parent.setExpanded(True)
    tree.setCurrentItem(parent.child(0))
    shown(qtbot, tree)
    image = picture(tree)
    rect = tree.visualItemRect(parent.child(0))
    assert rect.height() == 24
    assert image.pixelColor(0, rect.center().y()) == themes.current.color("accent")
    assert image.pixelColor(4, rect.center().y()) == themes.current.color("acctint")
    assert image.pixelColor(tree.width() - 4, rect.center().y()) == themes.current.color("acctint")
    assert image.pixelColor(4, tree.visualItemRect(parent).center().y()) != themes.current.color("acctint")
    assert image.pixelColor(4, tree.height() - 4) == themes.current.color("panel")


def test_a_scroll_bar_pages_and_drags(house, qtbot):
    area = QScrollArea()
    inner = QWidget()
    inner.setFixedSize(100, 2000)
    area.setWidget(inner)
    area.resize(200, 200)
    shown(qtbot, area)
    bar = area.verticalScrollBar()
    assert bar.width() == 10
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, bar.height() - 3))
    paged = bar.value()
    assert paged > 0
    bar.setValue(0)
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, 4))
    qtbot.mouseMove(bar, QPoint(5, 60))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, 60))
    assert bar.value() > 300
    thumb = picture(bar)
    assert {themes.current.color("ink3").name(), themes.current.color("strong").name()} & colours(thumb)


def test_a_spin_box_steps_without_arrows(house, qtbot):
    spin = shown(qtbot, QSpinBox())
    qtbot.keyClick(spin, Key.Key_Up)
    assert spin.value() == 1


def test_a_combo_box_opens_and_chooses(house, qtbot):
    combo = QComboBox()
    combo.addItems(["zeros", "reflect", "circular"])
    shown(qtbot, combo)
    qtbot.mouseClick(combo, Qt.MouseButton.LeftButton)
    view = combo.view()
    qtbot.waitUntil(view.isVisible)
    qtbot.keyClick(view, Key.Key_Down)
    qtbot.keyClick(view, Key.Key_Return)
    assert combo.currentText() == "reflect"


def test_a_quiet_combo_box_is_a_word_and_a_chevron(both, qtbot):
    combo = QComboBox()
    combo.addItem("since save")
    shown(qtbot, combo)
    middle = combo.width() // 2
    assert picture(combo).pixelColor(middle, 0) == themes.current.color("strong")
    combo.clearFocus()
    combo.setProperty("quiet", True)
    assert picture(combo).pixelColor(middle, 0) == themes.current.color("panel")
    assert themes.current.color("ink").name() in colours(picture(combo))


def test_a_menu_shows_words_keys_and_marks(both, qtbot):
    menu = QMenu()
    qtbot.addWidget(menu)
    save = menu.addAction("Save")
    save.setShortcut("Ctrl+S")
    bare = menu.sizeHint().width()
    grid = menu.addAction("Grid")
    grid.setCheckable(True)
    grid.setChecked(True)
    menu.addAction("Train the network on the chosen data")
    assert menu.sizeHint().width() > bare
    menu.popup(QPoint(0, 0))
    menu.setActiveAction(save)
    image = picture(menu)
    assert themes.current.color("acctint").name() in colours(image)
    assert themes.current.color("accent").name() in colours(image), "the mark of what is on"
    qtbot.keyClick(menu, Key.Key_Down)
    with qtbot.waitSignal(grid.triggered):
        qtbot.keyClick(menu, Key.Key_Return)
    assert not grid.isChecked()


def test_everything_changes_with_the_theme(house, qtbot):
    host, plain, field = QWidget(), button("Stop", "ui_stop"), QLineEdit()
    column = QVBoxLayout(host)
    column.addWidget(plain)
    column.addWidget(field)
    shown(qtbot, host)
    icon = plain.icon().cacheKey()
    themes.choose("dark")
    assert picture(plain).pixelColor(4, 14) == themes.current.color("raised") == QColor("#252B31")
    assert plain.icon().cacheKey() != icon
    assert plain.palette().buttonText().color() == themes.current.color("ink")
    assert field.palette().text().color() == themes.current.color("ink")
    assert picture(host).pixelColor(1, 1) == themes.current.color("panel")


def test_dress_takes_only_what_the_theme_has(house, qtbot):
    plain = QPushButton("x")
    qtbot.addWidget(plain)
    with pytest.raises(KeyError):
        dress(plain, font="gigantic")
    with pytest.raises(KeyError):
        dress(plain, ink="mauve")
