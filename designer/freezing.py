"""Which nodes on the canvas are frozen: no parameter below them is trained."""

from __future__ import annotations

from designer.document import Document
from graph_core.groups import frozen_layers, groups_of, parameters_of, share_out
from graph_core.propagate import engine_of


def frozen_below(document: Document) -> frozenset[str]:
    """The frozen nodes by the ids on the way down from the graph that is on the canvas, joined by ``/``."""
    optimizer = document.project.setup(document.network).get("optimizer", {})
    if all(group.get("frozen") is not True for group in groups_of(optimizer)):
        return frozenset()
    root = engine_of(document.project).root(document.network)
    above = "".join(f"{step.node}/" for step in document.base)
    found = frozen_layers(share_out(optimizer, parameters_of(root)))
    return frozenset(ids.removeprefix(above) for ids in found if ids.startswith(above))
