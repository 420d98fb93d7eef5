"""How the window's furniture is painted: menus, tips, lines, headings, progress, scroll bars. For the style only."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QFrame,
    QPlainTextEdit,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QStyleOptionFrame,
    QStyleOptionHeader,
    QStyleOptionMenuItem,
    QStyleOptionProgressBar,
    QStyleOptionSlider,
    QWidget,
)

from designer.controls import box, field
from designer.theme import Theme

_State = QStyle.StateFlag
_SC = QStyle.SubControl


def _on(option: QStyleOption, flag: QStyle.StateFlag) -> bool:
    return bool(option.state & flag)


def tip(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A tool tip is a small card."""
    painter.fillRect(option.rect, theme.color("raised"))
    painter.setPen(QPen(theme.color("line2"), 1))
    painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
    bottom = QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1)
    painter.fillRect(bottom, theme.color("strong"))


def popup(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The ground of a menu."""
    painter.fillRect(option.rect, theme.color("raised"))
    painter.setPen(QPen(theme.color("line2"), 1))
    painter.drawRect(option.rect.adjusted(0, 0, -1, -1))


def menu_item_size(theme: Theme, item: QStyleOptionMenuItem, size: QSize) -> QSize:
    """Rows of 26, room for a mark on the left and a gap before the keys."""
    if item.menuItemType == QStyleOptionMenuItem.MenuItemType.Separator:
        return QSize(size.width(), theme.px(9))
    words, _, _ = item.text.partition("\t")
    plain = words.replace("&", "")
    width = QFontMetrics(item.font).horizontalAdvance(plain) + theme.px(28 + 24 + 12)
    return QSize(max(width, theme.px(160)), theme.px(26))


def menu_item(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """One row of a menu: mark or icon, words, keys in mono, a chevron for a submenu."""
    item = cast(QStyleOptionMenuItem, option)
    rect = item.rect
    if item.menuItemType == QStyleOptionMenuItem.MenuItemType.Separator:
        painter.fillRect(QRect(rect.left(), rect.center().y(), rect.width(), 1), theme.color("line"))
        return
    enabled, chosen = _on(item, _State.State_Enabled), _on(item, _State.State_Selected)
    if chosen:
        box(painter, rect, theme.radius("field") - 1, theme.color("acctint" if enabled else "hover"), None)
    ink = theme.color("ink" if enabled else "ink3")
    side = theme.px(14)
    mark = QRectF(rect.left() + theme.px(8), rect.center().y() - side / 2 + 0.5, side, side)
    if item.checkType != QStyleOptionMenuItem.CheckType.NotCheckable:
        if item.checked:
            theme.paint_glyph(painter, "ui_ok", mark, theme.color("accent"))
    elif not item.icon.isNull():
        item.icon.paint(painter, mark.toRect())
    painter.save()
    words, _, keys = item.text.partition("\t")
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextHideMnemonic
    inner = rect.adjusted(theme.px(28), 0, -theme.px(10), 0)
    painter.setFont(item.font)
    painter.setPen(ink)
    painter.drawText(inner, flags | Qt.AlignmentFlag.AlignLeft, words)
    if item.menuItemType == QStyleOptionMenuItem.MenuItemType.SubMenu:
        small = theme.px(12)
        place = QRectF(rect.right() - theme.px(8) - small, rect.center().y() - small / 2 + 0.5, small, small)
        theme.paint_glyph(painter, "ui_chevr", place, theme.color("ink3"))
    elif keys:
        painter.setFont(theme.ui_font("mono_small"))
        painter.setPen(theme.color("ink3"))
        painter.drawText(inner, flags | Qt.AlignmentFlag.AlignRight, keys)
    painter.restore()


def menu_bar_item(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """A word of the menu bar."""
    item = cast(QStyleOptionMenuItem, option)
    if _on(item, _State.State_Selected):
        fill = theme.color("acctint" if _on(item, _State.State_Sunken) else "hover")
        box(painter, item.rect, theme.radius("field"), fill, None)
    painter.save()
    painter.setPen(theme.color("ink" if _on(item, _State.State_Enabled) else "ink3"))
    painter.drawText(item.rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextHideMnemonic, item.text)
    painter.restore()


def separator(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The line between docks or splitter panes."""
    painter.fillRect(option.rect, theme.color("line"))


def arrow_down(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The chevron of what opens below."""
    _chevron(theme, "ui_chev", option, painter)


def arrow_right(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The chevron of what opens to the right."""
    _chevron(theme, "ui_chevr", option, painter)


def _chevron(theme: Theme, name: str, option: QStyleOption, painter: QPainter) -> None:
    side = min(theme.px(12), option.rect.width(), option.rect.height())
    middle = QRectF(option.rect).center()
    place = QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
    theme.paint_glyph(painter, name, place, theme.color("ink2" if _on(option, _State.State_Enabled) else "ink3"))


def sort_arrow(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """Which way a table is sorted."""
    header = cast(QStyleOptionHeader, option)
    if header.sortIndicator == QStyleOptionHeader.SortIndicator.None_:
        return
    middle, half = QRectF(option.rect).center(), 3.5
    up = header.sortIndicator == QStyleOptionHeader.SortIndicator.SortUp
    path = QPainterPath(middle + QPointF(-half, 2 if up else -2))
    path.lineTo(middle + QPointF(half, 2 if up else -2))
    path.lineTo(middle + QPointF(0, -2.5 if up else 2.5))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(path, theme.color("ink2"))
    painter.restore()


def header_section(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The ground of a table's heading."""
    painter.fillRect(option.rect, theme.color("panel"))
    line = QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1)
    painter.fillRect(line, theme.color("line2"))


def progress_groove(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The track of a progress bar."""
    box(painter, option.rect, option.rect.height() / 2, theme.color("sunken"), QPen(theme.color("strong"), 1))


def progress_contents(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """What is done of it. With no known end nothing is filled: the words beside it say what runs."""
    bar = cast(QStyleOptionProgressBar, option)
    span = bar.maximum - bar.minimum
    if span <= 0 or bar.progress <= bar.minimum:
        return
    width = round(option.rect.width() * (bar.progress - bar.minimum) / span)
    filled = QRect(option.rect.left(), option.rect.top(), max(width, option.rect.height()), option.rect.height())
    box(painter, filled, option.rect.height() / 2, theme.color("accent"), None)


def frame(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """The border of a scroll area that asked for one; a text of several lines is a field."""
    if isinstance(widget, QPlainTextEdit):
        field(theme, option, painter, widget)
    elif isinstance(option, QStyleOptionFrame) and option.lineWidth > 0:
        by_keys = _on(option, _State.State_HasFocus) and _on(option, _State.State_KeyboardFocusChange)
        edge = QPen(theme.color("focus"), 2) if by_keys else QPen(theme.color("line2"), 1)
        box(painter, option.rect, theme.radius("field"), None, edge)


def shaped_frame(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    """Lines are hairlines, boxes have a thin border."""
    shape = cast(QStyleOptionFrame, option).frameShape
    rect = option.rect
    if shape == QFrame.Shape.HLine:
        painter.fillRect(QRect(rect.left(), rect.center().y(), rect.width(), 1), theme.color("line"))
    elif shape == QFrame.Shape.VLine:
        painter.fillRect(QRect(rect.center().x(), rect.top(), 1, rect.height()), theme.color("line"))
    elif shape != QFrame.Shape.NoFrame:
        frame(theme, option, painter, widget)


def scroll_bar_part(style: QProxyStyle, option: QStyleOptionSlider, part: QStyle.SubControl) -> QRect:
    """No arrows: the groove is the whole bar, the slider its visible share."""
    rect = option.rect
    if part == _SC.SC_ScrollBarGroove:
        return rect
    across = option.orientation == Qt.Orientation.Horizontal
    length = rect.width() if across else rect.height()
    span = option.maximum - option.minimum
    least = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarSliderMin, option, None)
    size = length if span <= 0 else max(least, round(length * option.pageStep / (span + option.pageStep)))
    size = min(size, length)
    start = QStyle.sliderPositionFromValue(
        option.minimum, option.maximum, option.sliderPosition, length - size, option.upsideDown
    )
    reach = {
        _SC.SC_ScrollBarSlider: (start, size),
        _SC.SC_ScrollBarSubPage: (0, start),
        _SC.SC_ScrollBarAddPage: (start + size, length - start - size),
    }.get(part)
    if reach is None:
        return QRect()
    at, wide = reach
    return (
        QRect(rect.x() + at, rect.y(), wide, rect.height())
        if across
        else QRect(rect.x(), rect.y() + at, rect.width(), wide)
    )


def scroll_bar(theme: Theme, style: QProxyStyle, option: QStyleOptionSlider, painter: QPainter) -> None:
    """A slim thumb, darker under the mouse; nothing while all is in sight."""
    if option.maximum <= option.minimum:
        return
    active = _on(option, _State.State_MouseOver) or bool(option.activeSubControls & _SC.SC_ScrollBarSlider)
    thumb = QRectF(scroll_bar_part(style, option, _SC.SC_ScrollBarSlider))
    across = option.orientation == Qt.Orientation.Horizontal
    inset = 2.0 if active else 3.0
    thumb = thumb.adjusted(2, inset, -2, -inset) if across else thumb.adjusted(inset, 2, -inset, -2)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("ink3" if active else "strong"))
    radius = min(thumb.width(), thumb.height()) / 2
    painter.drawRoundedRect(thumb, radius, radius)
    painter.restore()
