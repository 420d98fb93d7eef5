"""Values of forward on their way into a statement."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from codegen.emit.statements import Spot
from graph_core.graph import Node
from graph_core.layer import Spec


@dataclass(slots=True)
class Value:
    """What comes out of a port: a variable, or an expression that waits for its only user.

    ``refs`` are the variables it reads, once per use, those of its main input first; ``base`` is the shape from which
    its main input came into the statement.
    """

    tree: ast.expr
    refs: list[str]
    node: Node
    port: str
    spec: Spec | None
    base: Spec | None
    depth: int = 0
    heavy: int = 0
    spots: tuple[Spot, ...] = ()
    pending: bool = True
