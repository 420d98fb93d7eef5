"""Qt's own controls in our look: a proxy over Fusion, without style sheets, so that every control keeps what it can do.

`install(app)` once; `dress` gives one widget a font role, an ink or a glyph that follow the theme. Dynamic
properties that controls read: `primary`, `quiet` and `small` (buttons), `quiet` (combo boxes), `error` and `follows`
(fields).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QLineEdit,
    QPlainTextEdit,
    QProxyStyle,
    QScrollBar,
    QStyle,
    QStyleOption,
    QStyleOptionComplex,
    QStyleOptionFrame,
    QStyleOptionMenuItem,
    QStyleOptionSlider,
    QTabBar,
    QToolTip,
    QWidget,
)

from designer import chrome, controls
from designer.theme import Theme, themes

_PM, _SH, _CT = QStyle.PixelMetric, QStyle.StyleHint, QStyle.ContentsType
_PE, _CE, _CC, _SC, _SE = (
    QStyle.PrimitiveElement,
    QStyle.ControlElement,
    QStyle.ComplexControl,
    QStyle.SubControl,
    QStyle.SubElement,
)

_METRICS: dict[QStyle.PixelMetric, int] = {
    _PM.PM_ScrollBarExtent: 10,
    _PM.PM_ScrollBarSliderMin: 24,
    _PM.PM_SplitterWidth: 1,
    _PM.PM_DockWidgetSeparatorExtent: 1,
    _PM.PM_DockWidgetFrameWidth: 0,
    _PM.PM_DefaultFrameWidth: 1,
    _PM.PM_ButtonMargin: 8,
    _PM.PM_ButtonShiftHorizontal: 0,
    _PM.PM_ButtonShiftVertical: 0,
    _PM.PM_ButtonDefaultIndicator: 0,
    _PM.PM_ButtonIconSize: 14,
    _PM.PM_SmallIconSize: 14,
    _PM.PM_ListViewIconSize: 16,
    _PM.PM_TreeViewIndentation: 16,
    _PM.PM_TabBarTabHSpace: 24,
    _PM.PM_TabBarTabVSpace: 12,
    _PM.PM_TabBarBaseHeight: 1,
    _PM.PM_TabBarBaseOverlap: 1,
    _PM.PM_TabBarTabShiftHorizontal: 0,
    _PM.PM_TabBarTabShiftVertical: 0,
    _PM.PM_IndicatorWidth: 28,
    _PM.PM_IndicatorHeight: 16,
    _PM.PM_CheckBoxLabelSpacing: 8,
    _PM.PM_MenuPanelWidth: 1,
    _PM.PM_MenuHMargin: 4,
    _PM.PM_MenuVMargin: 4,
    _PM.PM_MenuBarPanelWidth: 0,
    _PM.PM_MenuBarItemSpacing: 0,
    _PM.PM_MenuBarHMargin: 4,
    _PM.PM_MenuBarVMargin: 4,
    _PM.PM_ToolTipLabelFrameWidth: 7,
    _PM.PM_LayoutHorizontalSpacing: 8,
    _PM.PM_LayoutVerticalSpacing: 8,
    _PM.PM_LayoutLeftMargin: 12,
    _PM.PM_LayoutRightMargin: 12,
    _PM.PM_LayoutTopMargin: 12,
    _PM.PM_LayoutBottomMargin: 12,
    _PM.PM_HeaderMargin: 6,
    _PM.PM_FocusFrameHMargin: 4,
    _PM.PM_FocusFrameVMargin: 2,
}
_UNSCALED = {_PM.PM_SplitterWidth, _PM.PM_DockWidgetSeparatorExtent, _PM.PM_DefaultFrameWidth, _PM.PM_MenuPanelWidth}

_HINTS: dict[QStyle.StyleHint, int] = {
    _SH.SH_EtchDisabledText: 0,
    _SH.SH_DitherDisabledText: 0,
    _SH.SH_TabBar_Alignment: Qt.AlignmentFlag.AlignLeft.value,
    _SH.SH_TabBar_ElideMode: Qt.TextElideMode.ElideNone.value,
    _SH.SH_ItemView_ShowDecorationSelected: 1,
    _SH.SH_ScrollView_FrameOnlyAroundContents: 0,
    _SH.SH_ComboBox_Popup: 0,
    _SH.SH_ScrollBar_Transient: 0,
    _SH.SH_ScrollBar_LeftClickAbsolutePosition: 0,
    _SH.SH_ToolTipLabel_Opacity: 255,
    _SH.SH_ItemView_ArrowKeysNavigateIntoChildren: 1,
    _SH.SH_UnderlineShortcut: 0,
    _SH.SH_MenuBar_AltKeyNavigation: 1,
    _SH.SH_FocusFrame_AboveWidget: 0,
}

_POPUPS = ("QComboBoxPrivateContainer",)

Draw = Callable[[Theme, Any, QPainter, QWidget | None], None]

_PRIMITIVES: dict[QStyle.PrimitiveElement, Draw] = {
    _PE.PE_PanelButtonCommand: controls.button,
    _PE.PE_PanelButtonTool: controls.tool_button,
    _PE.PE_PanelLineEdit: controls.field,
    _PE.PE_FrameLineEdit: controls.nothing,
    _PE.PE_FrameFocusRect: controls.focus,
    _PE.PE_FrameDefaultButton: controls.nothing,
    _PE.PE_IndicatorCheckBox: controls.switch,
    _PE.PE_IndicatorItemViewItemCheck: controls.check,
    _PE.PE_IndicatorRadioButton: controls.radio,
    _PE.PE_IndicatorBranch: controls.branch,
    _PE.PE_PanelItemViewRow: controls.row,
    _PE.PE_PanelItemViewItem: controls.row,
    _PE.PE_FrameTabBarBase: controls.tab_line,
    _PE.PE_FrameTabWidget: controls.nothing,
    _PE.PE_PanelTipLabel: chrome.tip,
    _PE.PE_PanelMenu: chrome.popup,
    _PE.PE_FrameMenu: controls.nothing,
    _PE.PE_PanelMenuBar: controls.nothing,
    _PE.PE_PanelStatusBar: controls.nothing,
    _PE.PE_FrameStatusBarItem: controls.nothing,
    _PE.PE_FrameDockWidget: controls.nothing,
    _PE.PE_IndicatorDockWidgetResizeHandle: chrome.separator,
    _PE.PE_IndicatorArrowDown: chrome.arrow_down,
    _PE.PE_IndicatorArrowRight: chrome.arrow_right,
    _PE.PE_IndicatorHeaderArrow: chrome.sort_arrow,
    _PE.PE_Frame: chrome.frame,
}
_CONTROLS: dict[QStyle.ControlElement, Draw] = {
    _CE.CE_PushButtonLabel: controls.button_label,
    _CE.CE_TabBarTabShape: controls.tab_shape,
    _CE.CE_TabBarTabLabel: controls.tab_label,
    _CE.CE_MenuItem: chrome.menu_item,
    _CE.CE_MenuEmptyArea: controls.nothing,
    _CE.CE_MenuBarItem: chrome.menu_bar_item,
    _CE.CE_MenuBarEmptyArea: controls.nothing,
    _CE.CE_Splitter: chrome.separator,
    _CE.CE_HeaderSection: chrome.header_section,
    _CE.CE_HeaderEmptyArea: chrome.header_section,
    _CE.CE_ProgressBarGroove: chrome.progress_groove,
    _CE.CE_ProgressBarContents: chrome.progress_contents,
    _CE.CE_ProgressBarLabel: controls.nothing,
    _CE.CE_ShapedFrame: chrome.shaped_frame,
}


class HouseStyle(QProxyStyle):
    """Fusion underneath; what has a look of ours is painted from `themes.current`."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def polish(self, target: Any) -> Any:
        result = super().polish(target)
        if isinstance(target, QAbstractButton | QLineEdit | QComboBox | QAbstractSpinBox | QTabBar | QScrollBar):
            target.setAttribute(Qt.WidgetAttribute.WA_Hover)
        elif isinstance(target, QPlainTextEdit) and target.frameShape() != QFrame.Shape.NoFrame:
            target.viewport().setAutoFillBackground(False)  # it is a field of several lines: its frame fills it
            target.document().setDocumentMargin(themes.current.px(6))
        elif isinstance(target, QAbstractItemView):
            target.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
            parent = target.parent()
            if parent is None or parent.metaObject().className() not in _POPUPS:
                # Lists and trees stand on the panel itself; fields and popups are raised.
                target.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        return result

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        value = _METRICS.get(metric)
        if value is None:
            return super().pixelMetric(metric, option, widget)
        return value if metric in _UNSCALED else themes.current.px(value)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        data: Any = None,
    ) -> int:
        value = _HINTS.get(hint)
        return super().styleHint(hint, option, widget, data) if value is None else value

    def standardIcon(
        self, icon: QStyle.StandardPixmap, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> QIcon:
        if icon == QStyle.StandardPixmap.SP_LineEditClearButton:
            return themes.current.icon("ui_x", "ink3")
        return super().standardIcon(icon, option, widget)

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        theme = themes.current
        if kind == _CT.CT_TabBarTab:
            return controls.tab_size(theme, option, widget)
        if kind == _CT.CT_MenuItem:
            return chrome.menu_item_size(theme, cast(QStyleOptionMenuItem, option), size)
        if kind == _CT.CT_MenuBarItem:
            return QSize(size.width() + theme.px(18), theme.px(26))
        result = super().sizeFromContents(kind, option, size, widget)
        if kind == _CT.CT_PushButton:
            small = widget is not None and widget.property("small")
            bare = not getattr(option, "text", "")
            height = theme.size("button_small" if small else "button")
            result = QSize(height if bare else size.width() + theme.px(18 if small else 24), height)
        elif kind in (_CT.CT_LineEdit, _CT.CT_SpinBox, _CT.CT_ComboBox):
            result.setHeight(theme.size("field"))
        elif kind == _CT.CT_ItemViewItem:
            result.setHeight(max(result.height(), theme.size("row")))
        elif kind == _CT.CT_ToolButton:
            side = theme.size("button_small")
            result = QSize(max(result.width(), side), max(result.height(), side))
        elif kind == _CT.CT_HeaderSection:
            result.setHeight(theme.size("row"))
        elif kind == _CT.CT_ProgressBar:
            result.setHeight(theme.px(4))
        return result

    def subElementRect(self, element: QStyle.SubElement, option: QStyleOption, widget: QWidget | None = None) -> QRect:
        if element == _SE.SE_LineEditContents:
            bare = isinstance(option, QStyleOptionFrame) and option.lineWidth == 0
            return option.rect if bare else option.rect.adjusted(6, 1, -6, -1)
        if element in (_SE.SE_ProgressBarGroove, _SE.SE_ProgressBarContents):
            return option.rect
        if element == _SE.SE_TreeViewDisclosureItem:
            return option.rect
        return super().subElementRect(element, option, widget)

    def subControlRect(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        part: QStyle.SubControl,
        widget: QWidget | None = None,
    ) -> QRect:
        if control == _CC.CC_ScrollBar:
            return chrome.scroll_bar_part(self, cast(QStyleOptionSlider, option), part)
        if control == _CC.CC_SpinBox:  # a plain field: arrow keys and the wheel step it
            if part == _SC.SC_SpinBoxEditField:
                return option.rect.adjusted(8, 1, -8, -1)
            return option.rect if part == _SC.SC_SpinBoxFrame else QRect()
        if control == _CC.CC_ComboBox:
            if part == _SC.SC_ComboBoxEditField:
                return option.rect.adjusted(8, 1, -themes.current.px(22), -1)
            if part == _SC.SC_ComboBoxArrow:
                right = themes.current.px(22)
                return QRect(option.rect.right() - right + 1, option.rect.y(), right, option.rect.height())
            if part == _SC.SC_ComboBoxListBoxPopup:
                return option.rect.translated(0, 2)
        return super().subControlRect(control, option, part, widget)

    def hitTestComplexControl(
        self, control: QStyle.ComplexControl, option: QStyleOptionComplex, at: QPoint, widget: QWidget | None = None
    ) -> QStyle.SubControl:
        if control == _CC.CC_ScrollBar:
            for part in (_SC.SC_ScrollBarSlider, _SC.SC_ScrollBarSubPage, _SC.SC_ScrollBarAddPage):
                if self.subControlRect(control, option, part, widget).contains(at):
                    return part
            return _SC.SC_None
        return super().hitTestComplexControl(control, option, at, widget)

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        draw = _PRIMITIVES.get(element)
        if draw is None:
            super().drawPrimitive(element, option, painter, widget)
        else:
            draw(themes.current, option, painter, widget)

    def drawControl(
        self, element: QStyle.ControlElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        draw = _CONTROLS.get(element)
        if draw is not None:
            draw(themes.current, option, painter, widget)
            return
        if element in (_CE.CE_ItemViewItem, _CE.CE_ComboBoxLabel):
            option.palette.setColor(QPalette.ColorRole.HighlightedText, themes.current.color("ink"))
        elif element == _CE.CE_HeaderLabel:
            option.palette.setColor(QPalette.ColorRole.ButtonText, themes.current.color("ink3"))
        super().drawControl(element, option, painter, widget)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if control == _CC.CC_ScrollBar:
            chrome.scroll_bar(themes.current, self, cast(QStyleOptionSlider, option), painter)
        elif control == _CC.CC_SpinBox:
            controls.field(themes.current, option, painter, widget)
        elif control == _CC.CC_ComboBox:
            controls.combo(themes.current, option, painter, widget)
        else:
            super().drawComplexControl(control, option, painter, widget)


def dress(
    target: QWidget | QAction,
    *,
    font: str | None = None,
    ink: str | None = None,
    glyph: str | None = None,
    glyph_ink: str = "ink2",
    width: int | None = None,
    height: int | None = None,
) -> None:
    """Give a widget (or an action) a font role, a text colour, a glyph by name, or a fixed width or height in px at
    100 %: all kept when the theme or the text size changes.
    """
    looks: dict[str, object] = {"font": font, "ink": ink, "glyph": glyph, "width": width, "height": height}
    if glyph is not None:
        looks["glyph_ink"] = glyph_ink
    other = {f"look_{name}": value for name, value in looks.items() if value is not None}
    if all(target.property(key) == value for key, value in other.items()):
        return  # it is dressed like that, in every theme
    for key, value in other.items():
        target.setProperty(key, value)
    _redress(target, themes.current)


def _redress(target: QWidget | QAction, theme: Theme) -> None:
    font, ink, glyph = (target.property(key) for key in ("look_font", "look_ink", "look_glyph"))
    if font:
        target.setFont(theme.ui_font(font))
    if ink and isinstance(target, QWidget):
        palette = QPalette()
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
                palette.setColor(group, role, theme.color(ink))
        target.setPalette(palette)
    if isinstance(target, QWidget):
        if width := target.property("look_width"):
            target.setFixedWidth(theme.px(width))
        if height := target.property("look_height"):
            target.setFixedHeight(theme.px(height))
    if glyph and isinstance(target, QAction | QAbstractButton):
        target.setIcon(theme.icon(glyph, target.property("look_glyph_ink")))


def _apply(theme: Theme) -> None:
    app = cast(QApplication, QApplication.instance())
    app.setPalette(theme.palette())
    QToolTip.setPalette(theme.palette())
    app.setFont(theme.ui_font("ui"))
    app.setFont(theme.ui_font("small"), "QTipLabel")
    app.setFont(theme.ui_font("caption_strong"), "QHeaderView")
    for top in app.topLevelWidgets():
        # Qt hands a new palette on only while the event loop of exec runs; windows may be shown before it does.
        app.sendEvent(top, QEvent(QEvent.Type.ApplicationPaletteChange))
    for widget in app.allWidgets():
        _redress(widget, theme)
        for action in widget.actions():
            _redress(action, theme)
        widget.update()


_styles: list[HouseStyle] = []  # kept here, or Python would drop what Qt still draws with


def install(app: QApplication) -> HouseStyle:
    """Use this style, the current theme's palette and fonts, and follow the theme from now on. Again: does nothing."""
    if not _styles:
        _styles.append(HouseStyle())
        app.setStyle(_styles[0])
        themes.follow()
        _apply(themes.current)
        themes.changed.connect(_apply)
    return _styles[0]
