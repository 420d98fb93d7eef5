"""Layered layout of a drawing: data flow down, skips run in lanes, long chains fold into columns.

    layout = arrange(boxes, wires, height=700, near=present)
    layout = route(positions, boxes, wires)          # the wires for positions set by hand
    router = Router(positions, boxes, wires)         # the same, kept: move a few boxes, route only their wires

Plain data in and out, deterministic; nothing here knows what a layer is.
"""

from __future__ import annotations

from graph_core.arrange.boxes import Box, Layout, Point, Route, Side, Wire, port_offsets
from graph_core.arrange.place import arrange, place
from graph_core.arrange.router import Router, route, route_some

__all__ = [
    "Box",
    "Layout",
    "Point",
    "Route",
    "Router",
    "Side",
    "Wire",
    "arrange",
    "place",
    "port_offsets",
    "route",
    "route_some",
]
