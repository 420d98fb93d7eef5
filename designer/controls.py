"""How single controls are painted: buttons, fields, tabs, rows, menus, scroll bars. Called by the style only."""

from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPen
from PySide6.QtWidgets import (
    QStyle,
    QStyleOption,
    QStyleOptionButton,
    QStyleOptionFrame,
    QStyleOptionTab,
    QStyleOptionViewItem,
    QTabBar,
    QWidget,
)

from designer.theme import Theme

_State = QStyle.StateFlag
_SC = QStyle.SubControl


def nothing(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """What other styles draw here is left out."""


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """`one` with a share of `other` in it, in sRGB: for hover and press of filled controls."""
    parts = zip((one.red(), one.green(), one.blue()), (other.red(), other.green(), other.blue()), strict=True)
    return QColor(*(round(a + (b - a) * share) for a, b in parts))


def box(painter: QPainter, rect: QRect, radius: float, fill: QColor | None, edge: QPen | None) -> None:
    """A rounded rectangle whose border lies inside `rect`, on whole pixels."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = edge.widthF() / 2 if edge else 0.0
    painter.setPen(edge or Qt.PenStyle.NoPen)
    painter.setBrush(fill or Qt.BrushStyle.NoBrush)
    inner = QRectF(rect).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(inner, max(radius - inset, 0.0), max(radius - inset, 0.0))
    painter.restore()


def _on(option: QStyleOption, flag: QStyle.StateFlag) -> bool:
    return bool(option.state & flag)


def _keyboard_focus(option: QStyleOption) -> bool:
    return _on(option, _State.State_HasFocus) and _on(option, _State.State_KeyboardFocusChange)


def _ring(theme: Theme, painter: QPainter, rect: QRect, radius: float, on_accent: bool = False) -> None:
    """Keyboard focus on a control: 2 px accent; inside a filled one a gap of the surface sets it off."""
    box(painter, rect, radius, None, QPen(theme.color("focus"), 2))
    if on_accent:
        box(painter, rect.adjusted(2, 2, -2, -2), radius - 1, None, QPen(theme.color("raised"), 1.5))


def button(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A push button: primary is filled with the accent, quiet has no border until the mouse is over it."""
    enabled, over = _on(option, _State.State_Enabled), _on(option, _State.State_MouseOver)
    down = _on(option, _State.State_Sunken)
    primary, quiet = (bool(widget is not None and widget.property(name)) for name in ("primary", "quiet"))
    radius = theme.radius("field")
    if primary and enabled:
        fill = mixed(theme.color("accent"), theme.color("ink"), 0.22 if down else 0.1 if over else 0.0)
        box(painter, option.rect, radius, fill, None)
    elif _on(option, _State.State_On):
        box(painter, option.rect, radius, theme.color("acctint"), QPen(theme.color("accent"), 1))
    else:
        fill = theme.color("sunken" if down else "hover" if over and enabled else "raised")
        edge = QPen(theme.color("strong" if enabled else "line2"), 1)
        if not quiet:
            box(painter, option.rect, radius, fill, edge)
        elif enabled and (over or down):
            box(painter, option.rect, radius, fill, None)
    if _keyboard_focus(option):
        _ring(theme, painter, option.rect, radius, primary)


def button_label(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A button's glyph and word, together in its middle."""
    item = cast(QStyleOptionButton, option)
    enabled = _on(item, _State.State_Enabled)
    primary = enabled and bool(widget is not None and widget.property("primary"))
    gap = theme.px(7) if item.text and not item.icon.isNull() else 0
    side = item.iconSize.width() if not item.icon.isNull() else 0
    words = QFontMetrics(painter.font()).size(Qt.TextFlag.TextShowMnemonic, item.text).width() if item.text else 0
    left = item.rect.center().x() - (side + gap + words) // 2 + 1
    if side:
        mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
        item.icon.paint(painter, QRect(left, item.rect.center().y() - side // 2 + 1, side, side), mode=mode)
    ink = theme.color("ink3") if not enabled else theme.color("onacc") if primary else item.palette.buttonText().color()
    painter.setPen(ink)
    rect = QRect(left + side + gap, item.rect.y(), words + 4, item.rect.height())
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextHideMnemonic, item.text)


def tool_button(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A tool button: bare until the mouse is over it."""
    radius = theme.radius("field")
    if _on(option, _State.State_On):
        box(painter, option.rect, radius, theme.color("acctint"), QPen(theme.color("accent"), 1))
    elif _on(option, _State.State_Sunken):
        box(painter, option.rect, radius, theme.color("sunken"), None)
    elif _on(option, _State.State_MouseOver) and _on(option, _State.State_Enabled):
        box(painter, option.rect, radius, theme.color("hover"), None)
    if _keyboard_focus(option):
        _ring(theme, painter, option.rect, radius)


def field(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The frame of a line edit or spin box. A line edit inside another control (no frame of its own) has none."""
    if isinstance(option, QStyleOptionFrame) and option.lineWidth == 0:
        return
    enabled = _on(option, _State.State_Enabled)
    wrong, follows = (bool(widget is not None and widget.property(name)) for name in ("error", "follows"))
    fill, edge = theme.color("raised" if enabled else "panel"), QPen(theme.color("strong" if enabled else "line2"), 1)
    if follows:
        fill, edge = theme.color("panel"), QPen(theme.color("line2"), 1)
        edge.setDashPattern([4, 3])
    if wrong:
        edge = QPen(theme.color("error"), 1.5)
    if _on(option, _State.State_HasFocus):
        edge = QPen(theme.color("error" if wrong else "focus"), 2)
    elif enabled and not follows and not wrong and _on(option, _State.State_MouseOver):
        edge = QPen(theme.color("ink3"), 1)
    box(painter, option.rect, theme.radius("field"), fill, edge)


def combo(theme: Theme, option: Any, painter: QPainter, widget: QWidget | None) -> None:
    """A combo box is a field with a chevron; a quiet one is a word with a chevron until mouse or focus is on it."""
    quiet = bool(widget is not None and widget.property("quiet"))
    if not quiet or _keyboard_focus(option):
        field(theme, option, painter, widget)
    elif _on(option, _State.State_MouseOver) and _on(option, _State.State_Enabled):
        box(painter, option.rect, theme.radius("field"), theme.color("hover"), None)
    ink = theme.color("ink2" if _on(option, _State.State_Enabled) else "ink3")
    side = theme.px(12)
    right, middle = option.rect.right() - theme.px(7), option.rect.center().y() + 0.5
    theme.paint_glyph(painter, "ui_chev", QRectF(right - side, middle - side / 2, side, side), ink)


def focus(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The keyboard's place, where a control does not draw it itself."""
    # Qt says of every current row that the keyboard was used; the window knows whether it was.
    if widget is None or widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange):
        box(painter, option.rect, theme.radius("field"), None, QPen(theme.color("focus"), 2))


def row_focus(theme: Theme, option: QStyleOptionViewItem, painter: QPainter) -> None:
    """The keyboard's place in a list or a tree whose rows are painted by hand; around the row, over its whole width."""
    if _on(option, _State.State_HasFocus):
        whole = QStyleOption(option)
        whole.rect = option.rect.adjusted(-option.rect.left() + 1, 0, 0, 0)
        apart = not _on(option, _State.State_Selected)  # then nothing else tells where the keyboard is
        focus(theme, whole, painter, None if apart else option.widget)


def switch(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A check box: knob left is off, right and filled is on; in between a bar is "some"."""
    on, enabled = _on(option, _State.State_On), _on(option, _State.State_Enabled)
    rect = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    filled = on and enabled
    hot = enabled and _on(option, _State.State_MouseOver)
    edge = theme.color("accent") if filled else theme.color("ink3" if hot else "strong" if enabled else "line2")
    painter.setPen(QPen(edge, 1))
    painter.setBrush(theme.color("accent") if filled else theme.color("sunken"))
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("onacc") if filled else edge)
    radius = rect.height() / 2 - 2.5
    if _on(option, _State.State_NoChange):
        painter.drawRoundedRect(QRectF(rect.center().x() - 5, rect.center().y() - 1.5, 10, 3), 1.5, 1.5)
    else:
        reach = rect.width() / 2 - rect.height() / 2
        painter.drawEllipse(rect.center() + QPointF(reach if on else -reach, 0), radius, radius)
    painter.restore()


def check(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The check box of a row."""
    on = _on(option, _State.State_On)
    fill = theme.color("accent" if on else "raised")
    box(painter, option.rect, 3, fill, None if on else QPen(theme.color("strong"), 1))
    if on:
        theme.paint_glyph(painter, "ui_ok", QRectF(option.rect).adjusted(2, 2, -2, -2), theme.color("onacc"))


def radio(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """One of several: a ring, with a dot where it is chosen."""
    on = _on(option, _State.State_On)
    place = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("accent" if on else "strong"), 1))
    painter.setBrush(theme.color("raised"))
    painter.drawEllipse(place)
    if on:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawEllipse(place.center(), place.width() / 4, place.height() / 4)


def branch(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A tree's chevron; no lines."""
    if _on(option, _State.State_Children):
        name = "ui_chev" if _on(option, _State.State_Open) else "ui_chevr"
        side = theme.px(12)
        middle = QRectF(option.rect).center()
        theme.paint_glyph(
            painter, name, QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side), theme.color("ink3")
        )


def row(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The ground of a row: selection in the accent's tint with a bar at its left end, hover in a grey."""
    if _on(option, _State.State_Selected):
        painter.fillRect(option.rect, theme.color("acctint"))
        if option.rect.left() <= 0:
            painter.fillRect(QRect(0, option.rect.y(), 2, option.rect.height()), theme.color("accent"))
    elif _on(option, _State.State_MouseOver) and _on(option, _State.State_Enabled):
        painter.fillRect(option.rect, theme.color("hover"))
    elif isinstance(option, QStyleOptionViewItem) and option.backgroundBrush.style() != Qt.BrushStyle.NoBrush:
        painter.fillRect(option.rect, option.backgroundBrush)


def tab_line(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The hairline under a row of tabs."""
    bottom = option.rect.bottom()
    painter.fillRect(QRect(option.rect.left(), bottom, option.rect.width(), 1), theme.color("line"))


def _count_of(option: QStyleOptionTab, widget: QWidget | None) -> str:
    index = getattr(option, "tabIndex", -1)
    data = widget.tabData(index) if isinstance(widget, QTabBar) and index >= 0 else None
    return str(data) if isinstance(data, int) and data > 0 else ""


def tab_size(theme: Theme, option: QStyleOption, widget: QWidget | None) -> QSize:
    """Wide enough for the semibold label, so that choosing a tab moves none of the others."""
    tab = cast(QStyleOptionTab, option)
    width = QFontMetrics(theme.ui_font("strong")).horizontalAdvance(tab.text) + theme.px(24)
    if count := _count_of(tab, widget):
        width += theme.px(18) + QFontMetrics(theme.ui_font("caption")).horizontalAdvance(count)
    return QSize(width, theme.size("tabs"))


def tab_shape(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The chosen tab is underlined in the accent."""
    rect = option.rect
    painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme.color("line"))
    if _on(option, _State.State_Selected):
        inset = theme.px(8)
        painter.fillRect(
            QRect(rect.left() + inset, rect.bottom() - 1, rect.width() - 2 * inset, 2), theme.color("accent")
        )
    if _keyboard_focus(option):
        _ring(theme, painter, rect.adjusted(3, 4, -3, -4), theme.radius("field"))


def tab_label(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A tab's word, and in a pill the count that `QTabBar.setTabData` gave it."""
    tab = cast(QStyleOptionTab, option)
    chosen, over = _on(option, _State.State_Selected), _on(option, _State.State_MouseOver)
    enabled = _on(option, _State.State_Enabled)
    painter.save()
    painter.setFont(theme.ui_font("strong" if chosen else "ui"))
    painter.setPen(theme.color("ink3" if not enabled else "ink" if chosen or over else "ink2"))
    rect = tab.rect.adjusted(theme.px(12), 0, 0, 0)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextHideMnemonic
    painter.drawText(rect, flags, tab.text)
    if count := _count_of(tab, widget):
        font = theme.ui_font("caption")
        wide = QFontMetrics(font).horizontalAdvance(count) + theme.px(10)
        high = theme.px(16)
        pill = QRect(tab.rect.right() - theme.px(12) - wide, tab.rect.center().y() - high // 2, wide, high)
        box(painter, pill, high / 2, theme.color("sunken"), None)
        painter.setFont(font)
        painter.setPen(theme.color("ink2"))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, count)
    painter.restore()
