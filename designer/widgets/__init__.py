"""Small widgets that the panels share. All take their look from the current theme and work from the keyboard."""

from designer.widgets.bars import Part, ProgressLine, ShareBar, StackBar
from designer.widgets.choices import Breadcrumb, Segments, Toggle
from designer.widgets.fields import (
    ExpressionField,
    Field,
    FollowsField,
    NameField,
    NumberField,
    SearchField,
)
from designer.widgets.groups import PairField, PathField
from designer.widgets.labels import Caption, Elided, FamilyTile, FigureLabel, HeaderBar, KeyHint, Text, button
from designer.widgets.slider import SizeSlider
from designer.widgets.strips import Badge, Banner, Busy, EmptyState, Skeleton, StatusStrip, Strip, TabCorner

__all__ = [
    "Badge",
    "Banner",
    "Breadcrumb",
    "Busy",
    "Caption",
    "Elided",
    "EmptyState",
    "ExpressionField",
    "FamilyTile",
    "Field",
    "FigureLabel",
    "FollowsField",
    "HeaderBar",
    "KeyHint",
    "NameField",
    "NumberField",
    "PairField",
    "Part",
    "PathField",
    "ProgressLine",
    "SearchField",
    "Segments",
    "ShareBar",
    "SizeSlider",
    "Skeleton",
    "StackBar",
    "StatusStrip",
    "Strip",
    "TabCorner",
    "Text",
    "Toggle",
    "button",
]
