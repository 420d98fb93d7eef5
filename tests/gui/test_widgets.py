"""The shared widgets do what their docstrings say, under real keys and clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from designer.theme import themes
from designer.widgets import (
    Banner,
    Breadcrumb,
    Busy,
    EmptyState,
    ExpressionField,
    FamilyTile,
    Field,
    FigureLabel,
    FollowsField,
    HeaderBar,
    KeyHint,
    NameField,
    NumberField,
    PairField,
    Part,
    PathField,
    ProgressLine,
    SearchField,
    Segments,
    ShareBar,
    Skeleton,
    StackBar,
    Toggle,
    button,
)
from tests.gui.conftest import hold
from tests.gui.window_rig import CTRL, SHIFT, Key


def placed(qtbot, *widgets: QWidget) -> QWidget:
    """The widgets in a shown window, the first one with the focus."""
    host = QWidget()
    column = QVBoxLayout(host)
    for widget in widgets:
        column.addWidget(widget)
    host.resize(320, 200)
    hold(host)
    qtbot.addWidget(host)
    with qtbot.waitActive(host):
        host.show()
        host.activateWindow()
    if (focused := QApplication.focusWidget()) is not None:
        focused.clearFocus()  # the window gave it to the first, for a reason other than Tab
    widgets[0].setFocus(Qt.FocusReason.TabFocusReason)
    return host


# Fields ----------------------------------------------------------------------------------------------------------


def test_a_field_tells_of_every_stroke_and_commits_once(house, qtbot):
    field = Field("64")
    placed(qtbot, field)
    edited, committed = [], []
    field.edited.connect(edited.append)
    field.committed.connect(committed.append)
    qtbot.keyClicks(field, "12")  # Tab had chosen all
    assert edited == ["1", "12"]
    qtbot.keyClick(field, Key.Key_Return)
    qtbot.keyClick(field, Key.Key_Return)
    assert committed == ["12"]
    assert field.kept == "12"


def test_leaving_a_field_commits(house, qtbot):
    field, other = Field("64"), Field("")
    placed(qtbot, field, other)
    committed = []
    field.committed.connect(committed.append)
    qtbot.keyClicks(field, "5")
    qtbot.keyClick(field, Key.Key_Tab)
    assert other.hasFocus()
    assert committed == ["5"]


def test_escape_brings_the_old_text_back(house, qtbot):
    field = Field("64")
    placed(qtbot, field)
    edited = []
    field.edited.connect(edited.append)
    qtbot.keyClicks(field, "7")
    field.set_error("wrong")
    qtbot.keyClick(field, Key.Key_Escape)
    assert field.text() == "64"
    assert edited == ["7", "64"]
    assert not field.wrong


def test_a_wrong_text_is_not_committed_and_goes_when_left(house, qtbot):
    field, other = Field("64"), Field("")
    placed(qtbot, field, other)
    committed = []
    field.committed.connect(committed.append)
    qtbot.keyClicks(field, "x")
    field.set_error("out_channels must be a whole number.")
    assert field.toolTip() == "out_channels must be a whole number."
    qtbot.keyClick(field, Key.Key_Tab)
    assert committed == []
    assert field.text() == "64"
    assert field.toolTip() == ""


def test_a_value_set_while_typing_does_not_disturb(house, qtbot):
    field = Field("64")
    placed(qtbot, field)
    qtbot.keyClicks(field, "3")
    field.set_value("99")
    assert field.text() == "3"
    qtbot.keyClick(field, Key.Key_Escape)
    assert field.text() == "99"


def test_a_number_field_checks_its_range_and_steps(house, qtbot):
    field = NumberField("Epochs", 40, 1, 100)
    placed(qtbot, field)
    qtbot.keyClick(field, Key.Key_Up)
    assert field.value == 41
    qtbot.keyClick(field, Key.Key_Down, SHIFT)
    assert field.value == 31
    field.selectAll()
    qtbot.keyClicks(field, "0")
    assert field.value is None
    assert field.toolTip() == "Epochs must be a whole number from 1 to 100."
    field.selectAll()
    qtbot.keyClicks(field, "1e2")
    assert field.value is None
    field.selectAll()
    qtbot.keyClicks(field, "100")
    assert (field.value, field.wrong) == (100, False)
    qtbot.keyClick(field, Key.Key_Up)
    assert field.value == 100


def test_a_real_number_field_steps_by_tenths_of_itself(house, qtbot):
    field = NumberField("Learning rate", 0.01, 0.0, 100.0, whole=False)
    placed(qtbot, field)
    qtbot.keyClick(field, Key.Key_Up)
    assert field.value == pytest.approx(0.011)
    field.selectAll()
    qtbot.keyClicks(field, "nan")
    assert field.value is None
    field.selectAll()
    qtbot.keyClicks(field, "3e-4")
    assert field.value == 3e-4


def test_a_search_field_clears_and_leads_the_list(house, qtbot):
    field = SearchField("Find a layer")
    placed(qtbot, field)
    moved = []
    field.moved.connect(moved.append)
    qtbot.keyClicks(field, "conv")
    qtbot.keyClick(field, Key.Key_Down)
    qtbot.keyClick(field, Key.Key_Up)
    assert moved == [1, -1]
    with qtbot.waitSignal(field.entered):
        qtbot.keyClick(field, Key.Key_Return)
    qtbot.keyClick(field, Key.Key_Escape)
    assert field.text() == ""


def test_an_expression_field_shows_what_it_comes_to(both, qtbot):
    field = ExpressionField("4 * dim", "256")
    placed(qtbot, QWidget(), field)
    shown = field.grab().toImage()
    field.set_result("")
    assert field.grab().toImage() != shown
    assert field.textMargins().left() == 0
    field.set_result("512")
    assert field.accessibleDescription() == "comes to 512"


def test_a_long_expression_is_cut_with_a_sign_only_while_it_rests(house, qtbot):
    field = ExpressionField("stride if i == 0 else 1 + something_long_and_winding", "2")
    placed(qtbot, QPushButton("other"), field)
    resting = field.grab().toImage()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    assert field.grab().toImage() != resting
    qtbot.keyClick(field, Key.Key_End)
    qtbot.keyClicks(field, "1")
    assert field.text().endswith("winding1")


def test_a_pair_is_typed_once_while_its_parts_are_equal(house, qtbot):
    pair = PairField(("3", "3"), "kernel_size")
    host = placed(qtbot, pair)
    edited, committed = [], []
    pair.edited.connect(edited.append)
    pair.committed.connect(committed.append)
    first, second = pair.fields
    qtbot.keyClicks(first, "5")
    qtbot.keyClick(first, Key.Key_Return)
    assert edited == committed == [["5", "5"]]
    second.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClicks(second, "1")
    qtbot.keyClick(second, Key.Key_Return)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClicks(first, "7")
    assert pair.texts == ["7", "1"]
    pair.set_error("too large")
    assert all(field.wrong for field in pair.fields)
    host.close()


def test_a_follows_field_cannot_be_typed_in(house, qtbot):
    field = FollowsField("64", "layer1")
    placed(qtbot, field)
    qtbot.keyClicks(field, "9")
    assert field.text() == "64"
    assert field.accessibleDescription() == "from layer1"


def test_a_name_is_edited_in_place(house, qtbot):
    field = NameField("conv1")
    placed(qtbot, field)
    with qtbot.waitSignal(field.committed) as heard:
        qtbot.keyClicks(field, "stem")
        qtbot.keyClick(field, Key.Key_Return)
    assert heard.args == ["stem"]
    assert field.grab().toImage().pixelColor(5, field.height() - 1) == themes.current.color("focus")


def test_a_path_is_chosen_or_typed(house, qtbot):
    asked = []

    def ask(parent: QWidget, title: str, start: str, pattern: str) -> str:
        asked.append((title, start, pattern))
        return "other.npz"

    field = PathField("digits", "Choose data", "Arrays (*.npz)", ask=ask)
    placed(qtbot, field)
    opener = next(child for child in field.findChildren(QPushButton))
    with qtbot.waitSignal(field.committed) as heard:
        qtbot.mouseClick(opener, Qt.MouseButton.LeftButton)
    assert heard.args == ["other.npz"]
    assert field.path == "other.npz"
    assert asked == [("Choose data", "digits", "Arrays (*.npz)")]


# Choices ---------------------------------------------------------------------------------------------------------


def test_the_word_of_a_switch_follows_where_signals_are_blocked(qtbot, house):
    toggle = Toggle(False)
    qtbot.addWidget(toggle)
    toggle.blockSignals(True)
    toggle.setChecked(True)
    assert toggle.text() == "on"
    toggle.setChecked(False)
    assert toggle.text() == "off"


def test_a_toggle_says_its_state(house, qtbot):
    toggle = Toggle(False)
    placed(qtbot, toggle)
    qtbot.keyClick(toggle, Key.Key_Space)
    assert (toggle.isChecked(), toggle.text()) == (True, "on")


def test_segments_are_clicked_and_walked(house, qtbot):
    row = Segments([("params", "Params"), ("macs", "MACs"), ("latency", "Latency")], "params")
    placed(qtbot, row)
    row.segment("latency").setEnabled(False)
    chosen = []
    row.chosen.connect(chosen.append)
    qtbot.mouseClick(row.segment("macs"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(row.segment("macs"), Qt.MouseButton.LeftButton)
    assert row.current == "macs"
    qtbot.keyClick(row.segment("macs"), Key.Key_Right)
    assert row.current == "params", "the disabled one is passed over"
    assert row.segment("params").hasFocus()
    row.set_current("macs")
    assert chosen == ["macs", "macs", "params"]
    with pytest.raises(KeyError):
        row.set_current("nothing")


def test_optional_segments_can_be_let_go(house, qtbot):
    row = Segments([("params", "Params"), ("macs", "MACs")], optional=True)
    placed(qtbot, row)
    chosen = []
    row.chosen.connect(chosen.append)
    qtbot.mouseClick(row.segment("macs"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(row.segment("macs"), Qt.MouseButton.LeftButton)
    assert chosen == ["macs", ""]
    assert row.current == ""


def test_a_breadcrumb_leads_up(house, qtbot):
    path = Breadcrumb(("resnet18", "layer2", "conv1"))
    placed(qtbot, path)
    steps = path.findChildren(QPushButton)
    assert [step.text() for step in steps] == ["resnet18", "layer2"]
    with qtbot.waitSignal(path.chosen) as heard:
        qtbot.mouseClick(steps[1], Qt.MouseButton.LeftButton)
    assert heard.args == [1]
    path.set_names(("lenet",))
    qtbot.waitUntil(lambda: not path.findChildren(QPushButton))


# Figures and bars ------------------------------------------------------------------------------------------------


def test_a_figure_shows_its_exact_value_and_copies_it(both, qtbot):
    figure = FigureLabel("11.69 M", "params", "11,689,512")
    placed(qtbot, figure)
    assert figure.toolTip() == "11,689,512 params"
    high = figure.sizeHint().height()
    figure.set_change("▲ 461,700", "more")
    assert figure.sizeHint().height() > high
    image = figure.grab().toImage()
    inks = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert themes.current.color("ink").name() in inks
    qtbot.keyClick(figure, Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "11689512"


def test_a_share_bar_is_filled_to_its_share(both, qtbot):
    bar = ShareBar(0.5)
    bar.resize(100, 6)
    qtbot.addWidget(bar)
    image = bar.grab().toImage()
    assert image.pixelColor(40, 3) == themes.current.color("ink2")
    assert image.pixelColor(60, 3) == themes.current.color("sunken")
    bar.set_share(7)
    assert bar.share == 1
    bar.set_share(1e-9)
    assert bar.grab().toImage().pixelColor(50, 3) == themes.current.color("sunken")
    assert bar.accessibleName() == "0.0 %"


def test_a_stack_bar_names_what_fits(house, qtbot):
    bar = StackBar((Part("layer4", 0.718), Part("layer3", 0.18), Part("layer2", 0.06), Part("rest", 0.042)))
    bar.resize(260, 34)
    qtbot.addWidget(bar)
    metrics = bar.fontMetrics()
    told = [text for text, _, _ in bar._labels(metrics)]
    assert told[0] == "layer4 71.8 %"
    assert told[-1] == "rest 4.2 %"
    assert "layer2 6.0 %" not in told
    assert "layer2 6.0 %" in bar.toolTip()
    image = bar.grab().toImage()
    assert image.pixelColor(20, 5) == themes.current.color("accent") != image.pixelColor(200, 5)


def test_a_progress_line_runs_only_in_sight(house, qtbot):
    line = ProgressLine()
    line.resize(100, 2)
    line.run()
    assert not line._timer.isActive()
    placed(qtbot, line)
    assert line._timer.isActive()
    line.set_share(0.5)
    assert not line._timer.isActive()
    line.resize(100, 2)
    image = line.grab().toImage()
    assert image.pixelColor(40, 0) == themes.current.color("accent") != image.pixelColor(60, 0)
    line.run()
    line.hide()
    qtbot.waitUntil(lambda: not line._timer.isActive())


def test_with_reduced_motion_nothing_runs(house, qtbot):
    themes.set_still(True)
    line = ProgressLine()
    line.resize(100, 2)
    line.run()
    placed(qtbot, line)
    assert line.running
    assert not line._timer.isActive()
    line.resize(100, 2)
    assert line.grab().toImage().pixelColor(2, 0) == themes.current.color("accent")


# Strips ----------------------------------------------------------------------------------------------------------


def test_a_banner_says_offers_and_closes(both, qtbot):
    banner = Banner()
    host = placed(qtbot, banner)
    assert banner.isHidden()
    done = []
    banner.show_message("The file is newer than this window.", "warn", [("Save a copy", lambda: done.append(1))])
    assert banner.isVisible()
    qtbot.mouseClick(next(b for b in banner.findChildren(QPushButton) if b.text()), Qt.MouseButton.LeftButton)
    assert done == [1]
    host.resize(400, 80)
    image = banner.grab().toImage()
    assert image.pixelColor(2, image.height() // 2) == themes.current.color("warntint")
    with qtbot.waitSignal(banner.closed):
        qtbot.mouseClick(next(b for b in banner.findChildren(QPushButton) if not b.text()), Qt.MouseButton.LeftButton)
    assert banner.isHidden()
    with pytest.raises(KeyError):
        banner.show_message("a", "catastrophe")


def test_a_banner_reads_no_markup(house, qtbot):
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_message("<b>conv1</b> has no input.")
    assert banner.text.textFormat() == Qt.TextFormat.PlainText
    assert banner.text.text() == "<b>conv1</b> has no input."


def test_busy_waits_before_it_shows_and_can_be_cancelled(house, qtbot):
    busy = Busy()
    placed(qtbot, busy)
    busy.begin("Exporting")
    busy.end()
    qtbot.wait(Busy.DELAY + 60)
    assert busy.isHidden(), "short work does not flicker"
    busy.begin("Exporting", 0.3)
    qtbot.waitUntil(busy.isVisible)
    busy.begin("Still exporting", 0.5)
    assert busy.line.share == 0.5
    with qtbot.waitSignal(busy.cancelled):
        qtbot.mouseClick(busy.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)


def test_the_rest_paints_in_both_themes(both, qtbot):
    header = HeaderBar("Layers")
    header.add(KeyHint("Tab"))
    empty = EmptyState("Layers you place appear here.")
    act = button("Open a file")
    empty.offer(act)
    tile, bones = FamilyTile("conv"), Skeleton(3)
    tile.set_family("io", "io_out")
    bones.setMinimumHeight(bones.sizeHint().height())
    host = placed(qtbot, header, empty, tile, bones)
    assert header.sizeHint().height() == 32
    assert tile.grab().toImage().pixelColor(18, 2) == themes.current.family_tint("io")
    assert bones.grab().toImage().pixelColor(20, 12) == themes.current.color("sunken")
    host.resize(300, 400)
    qtbot.mouseClick(act, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
