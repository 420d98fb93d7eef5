"""The sketch pad turns strokes into what digits networks know, and shows their answer."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget

from designer.panels import ink
from designer.panels.sketch import LATE, PAD, SketchPanel, percent
from designer.theme import themes
from tests.gui.window_rig import Key


def arc(x: float, y: float, across: float, down: float, start: float, end: float) -> list[tuple[float, float]]:
    turns = [math.radians(start + (end - start) * k / 24) for k in range(25)]
    return [(x + across * math.cos(turn), y + down * math.sin(turn)) for turn in turns]


# Each digit as a person writes it, strokes in a square of 1.
DIGITS: dict[int, list[list[tuple[float, float]]]] = {
    0: [arc(0.5, 0.5, 0.3, 0.42, -90, 270)],
    1: [[(0.35, 0.28), (0.52, 0.1), (0.52, 0.9)]],
    2: [[*arc(0.5, 0.32, 0.26, 0.22, -170, 40), (0.25, 0.9), (0.78, 0.9)]],
    3: [arc(0.47, 0.3, 0.25, 0.2, -150, 90) + arc(0.47, 0.7, 0.28, 0.21, -90, 150)],
    4: [[(0.55, 0.1), (0.2, 0.6), (0.8, 0.6)], [(0.6, 0.35), (0.6, 0.9)]],
    5: [[(0.72, 0.1), (0.32, 0.1), (0.28, 0.45), *arc(0.48, 0.66, 0.26, 0.23, -120, 140)]],
    6: [[(0.66, 0.1), (0.42, 0.3), (0.28, 0.6), *arc(0.5, 0.68, 0.22, 0.21, 180, 540)]],
    7: [[(0.22, 0.12), (0.76, 0.12), (0.42, 0.9)], [(0.35, 0.5), (0.68, 0.5)]],
    8: [arc(0.5, 0.3, 0.2, 0.19, 90, -270) + arc(0.5, 0.7, 0.25, 0.21, -90, 270)],
    9: [[*arc(0.5, 0.32, 0.22, 0.21, 0, -360), (0.72, 0.32), (0.68, 0.9)]],
}


def drawn(digit: int, size: float = 240, x: float = 24, y: float = 24) -> list[list[QPointF]]:
    return [[QPointF(x + size * a, y + size * b) for a, b in stroke] for stroke in DIGITS[digit]]


@pytest.fixture
def panel(house, qtbot) -> SketchPanel:
    made = SketchPanel()
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def draw(qtbot, pad: QWidget, digit: int) -> None:
    for stroke in drawn(digit):
        points = [point.toPoint() for point in stroke]
        qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=points[0])
        for point in points[1:]:
            qtbot.mouseMove(pad, point)
        qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=points[-1])


@pytest.mark.parametrize(("size", "x", "y"), [(240, 24, 24), (110, 150, 20), (150, 10, 120)])
def test_digits_are_recognized_wherever_and_however_large(qapp, size: float, x: float, y: float):
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    known = load_digits()
    judge = SVC(gamma=0.001, C=10).fit(known.data, known.target)
    answers = [int(judge.predict([ink.cells(drawn(digit, size, x, y))])[0]) for digit in DIGITS]
    assert sum(answer == digit for answer, digit in zip(answers, DIGITS, strict=True)) >= 9


def test_a_drawing_is_prepared_like_the_training_digits(qapp):
    for digit in DIGITS:
        counts = ink.cells(drawn(digit))
        assert len(counts) == 64
        assert all(count == int(count) and 0 <= count <= 16 for count in counts)
        assert abs(sum(counts) - ink.INK) < 45, digit
        assert any(counts[:8]), "the ink reaches the top row"
        assert any(counts[56:]), "and the bottom row"
        assert sum(counts[::8]) + sum(counts[7::8]) < 12, "the outer columns are all but empty"


def test_size_and_place_hardly_matter(qapp):
    one, other = ink.cells(drawn(3, 240, 24, 24)), ink.cells(drawn(3, 60, 200, 10))
    assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) < 20


def test_no_ink_is_nothing_and_a_dot_is_a_dot(qapp):
    assert ink.cells([]) == [0.0] * 64
    dot = ink.cells([[QPointF(40, 40)]])
    assert 0 < sum(dot) < 120
    assert dot[0] == dot[63] == 0


def test_drawing_tells_what_the_network_sees(panel: SketchPanel, qtbot):
    heard: list[list[float]] = []
    panel.sketched.connect(heard.append)
    draw(qtbot, panel.pad, 3)
    qtbot.waitUntil(lambda: bool(heard))
    qtbot.wait(2 * LATE)
    assert heard[-1] == panel.cells() == ink.cells(panel.pad.strokes)
    assert len(heard) < 30, "strokes are gathered"
    assert sum(heard[-1]) > 200


def test_the_pad_is_inked_where_the_mouse_went(panel: SketchPanel, qtbot):
    for name in ("light", "dark"):
        themes.choose(name)
        panel.clear()
        assert panel.pad.grab().toImage().pixelColor(100, 105) == themes.current.color("sunken")
        qtbot.mousePress(panel.pad, Qt.MouseButton.LeftButton, pos=QPoint(60, 105))
        qtbot.mouseMove(panel.pad, QPoint(160, 105))
        qtbot.mouseRelease(panel.pad, Qt.MouseButton.LeftButton, pos=QPoint(200, 105))
        assert panel.pad.grab().toImage().pixelColor(100, 105) == themes.current.color("ink")


def test_strokes_end_at_the_border(panel: SketchPanel, qtbot):
    qtbot.mousePress(panel.pad, Qt.MouseButton.LeftButton, pos=QPoint(60, 105))
    qtbot.mouseMove(panel.pad, QPoint(900, -50))
    qtbot.mouseRelease(panel.pad, Qt.MouseButton.LeftButton, pos=QPoint(900, -50))
    assert panel.pad.strokes[0][-1] == QPointF(PAD, 0)


def test_c_clears(panel: SketchPanel, qtbot):
    assert not panel.clear_button.isEnabled()
    draw(qtbot, panel.pad, 1)
    panel.show_probabilities([0.1] * 10)
    with qtbot.waitSignal(panel.cleared):
        qtbot.keyClick(panel.pad, Key.Key_C)
    assert panel.pad.strokes == []
    assert panel.bars.probabilities == ()
    heard = []
    panel.sketched.connect(heard.append)
    qtbot.wait(2 * LATE)
    assert heard == [], "nothing late comes after"
    draw(qtbot, panel.pad, 1)
    qtbot.mouseClick(panel.clear_button, Qt.MouseButton.LeftButton)
    assert panel.pad.strokes == []


def test_it_can_be_drawn_from_the_keyboard(panel: SketchPanel, qtbot):
    panel.pad.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(panel.pad, Key.Key_Up)
    assert panel.pad.strokes == []
    qtbot.keyClick(panel.pad, Key.Key_Space)
    for _ in range(5):
        qtbot.keyClick(panel.pad, Key.Key_Down)
    qtbot.keyClick(panel.pad, Key.Key_Space)
    qtbot.keyClick(panel.pad, Key.Key_Left)
    assert [len(stroke) for stroke in panel.pad.strokes] == [6]
    assert panel.pad.grab().toImage().pixelColor(0, PAD // 2) == themes.current.color("focus")


def test_a_test_image_is_asked_for_and_shown(panel: SketchPanel, qtbot):
    with qtbot.waitSignal(panel.test_image_requested):
        qtbot.mouseClick(panel.test_button, Qt.MouseButton.LeftButton)
    image = [[float((x + y) % 17) for x in range(8)] for y in range(8)]
    with qtbot.waitSignal(panel.sketched) as heard:
        panel.show_image(image)
    assert heard.args == [[value for row in image for value in row]]
    draw(qtbot, panel.pad, 1)
    assert panel.cells() == ink.cells(panel.pad.strokes), "drawing lets go of the image"
    with pytest.raises(ValueError, match="8×8"):
        panel.show_image([[1.0] * 8])


def test_the_answer_is_the_highest_bar(panel: SketchPanel, qtbot):
    chances = [0.0001, 0, 0, 0.981, 0, 0, 0, 0, 0, 0.0189]
    panel.show_probabilities(chances)
    assert (panel.answer.value, panel.answer.unit) == ("3", "98.1 %")
    assert "9 1.9 %" in panel.bars.accessibleName()
    image = panel.bars.grab().toImage()
    row = panel.bars.height() // 10
    assert image.pixelColor(60, 3 * row + row // 2) == themes.current.color("accent")
    assert image.pixelColor(60, 5 * row + row // 2) == themes.current.color("sunken")
    with pytest.raises(ValueError, match="2 probabilities for 10 classes"):
        panel.show_probabilities([0.5, 0.5])
    panel.set_classes(("cat", "dog"))
    panel.show_probabilities([0.25, 0.75])
    assert panel.answer.value == "dog"


@pytest.mark.parametrize(("chance", "words"), [(0, "< 0.1 %"), (0.0004, "< 0.1 %"), (0.0005, "0.1 %"), (1, "100.0 %")])
def test_percent_has_one_decimal(chance: float, words: str):
    assert percent(chance) == words


def test_without_a_trained_network_it_says_what_comes_first(panel: SketchPanel, qtbot):
    panel.setEnabled(False)
    assert panel.note.text() == "train the network first"
    draw(qtbot, panel.pad, 1)
    assert panel.pad.strokes == []
    panel.setEnabled(True)
    assert panel.note.text() == "draw a digit"
