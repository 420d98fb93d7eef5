"""Graphs as PyTorch source that reads as if written by hand: one class per graph, nothing flattened.

What a person typed enters the source only as an identifier or a literal; see codegen.emit.trees. No torch is needed
to emit, and no part of this project to run what was emitted.
"""

from __future__ import annotations

from codegen.emit.plan import Plan
from codegen.emit.statements import Spans, Spot
from codegen.emit.trees import EmitError
from graph_core.graph import Project

__all__ = ["EmitError", "Spans", "Spot", "class_name", "emit_class", "emit_source", "emit_with_spans"]


def emit_source(project: Project, network: str = "", *, trusted_only: bool = False) -> str:
    """The importable source of a project's networks and the blocks they use, ``network`` last.

    Raises EmitError with one sentence where the drawing has a problem. Without a name the network is
    ``main``, or the first. Custom code that is not trusted stays out: a class that refuses stands for it, or, with
    ``trusted_only``, an EmitError says so.
    """
    return Plan(project, network, trusted_only=trusted_only).write()[0]


def emit_with_spans(project: Project, network: str = "") -> tuple[str, Spans]:
    """The source, and for each node (key of its graph, id) the first and last lines (from 1) that stand for it.

    An empty id stands for the graph's whole class.
    """
    return Plan(project, network).write()


def emit_class(project: Project, network: str = "", *, probes: bool = False) -> tuple[str, str]:
    """The source and the name of the network's class, to be run: raises EmitError for code that is not trusted.

    With ``probes`` every node's value passes through ``_probe(module, name, value)``.

    ``module`` is the one whose forward runs, ``name`` the node's. Modules inside an nn.Sequential that the drawing
    wrote inline have no forward of ours; hooks see those.
    """
    plan = Plan(project, network, probes=probes, trusted_only=True)
    return plan.write()[0], plan.names[project.networks[plan.network].key]


def class_name(project: Project, network: str = "") -> str:
    """What the network's class is called in its source; raises EmitError as emit_source."""
    plan = Plan(project, network)
    return plan.names[project.networks[plan.network].key]
