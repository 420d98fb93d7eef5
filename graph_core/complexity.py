"""Exact formulas over the symbols of a drawing: of a whole network with its conditions and growth, and of one layer.

The rules that give the live figures run on symbols instead of numbers. Where the symbols have their example sizes, the
formulas have the values of the live figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graph_core.context import Context, Result
from graph_core.dims import Dim
from graph_core.evaluate import source_spec
from graph_core.graph import EditError, Project
from graph_core.layer import layer_types
from graph_core.letters import Wired, generic
from graph_core.propagate import engine_of


@dataclass(frozen=True)
class LayerFormula:
    """What one call of a layer costs, in letters: ``letters`` has the value of each letter here.

    ``order`` is that of the MACs, or of the element-wise work where there are none, for one sample: the letter N of a
    batch axis is left out of it (not of the formulas). The formulas hold where the ``conditions`` do.
    """

    params: Dim
    buffers: Dim
    macs: Dim
    elementwise: Dim
    order: str
    letters: Mapping[str, int]
    conditions: tuple[str, ...]
    source: str


def layer_formula(project: Project, network: str, ids: str, path: str = "") -> LayerFormula:
    """The formula of a layer that runs, by the ``id`` of its LayerRow; ``path`` of that row tells iterations apart.

    Raises EditError where there is no such layer, or where it has no result.
    """
    context, result = _find(project, network, ids, path)
    if result.layer is None or result.facts is None:
        raise EditError(f"{result.node.name} has no figures yet; solve its problem first.")
    layer, found = result.layer, generic(result.layer, _wired(context, result), result.facts)
    params, buffers, macs, elementwise = found.figures.values()
    conditions = tuple(condition.text for condition in found.conditions)
    return LayerFormula(params, buffers, macs, elementwise, found.order, found.letters, conditions, layer.source)


def _find(project: Project, network: str, ids: str, path: str) -> tuple[Context, Result]:
    context = engine_of(project).root(network)
    *blocks, last = ids.split("/")
    names = path.split(".")
    for id in blocks:
        result = context.results.get(id)
        if result is None or not result.calls:
            raise EditError(f"There is no layer {ids} in {network}.")
        step = 0
        # A path has the name of each block, and the number of its iteration where that has weights of its own.
        if names and names.pop(0) == result.node.name and result.node.run and names and names[0].isdigit():
            step = int(names.pop(0))
        call = next((c for c in result.calls if c.first <= step < c.first + c.count), result.calls[0])
        context = call.context
    if last not in context.results:
        raise EditError(f"There is no layer {ids} in {network}.")
    return context, context.results[last]


def _wired(context: Context, result: Result) -> list[Wired]:
    """The wired ports of a layer in the order in which its rule takes them."""
    wires = context.graph.incoming.get(result.node.id, {})
    found: list[Wired] = []
    for name, inlet in layer_types()[result.node.type].inlets.items():
        ports = [port for port in wires if port == name or (inlet.variadic and port.startswith(name))]
        for port in sorted(ports, key=lambda port: (len(port), port)):
            spec = source_spec(context, wires[port])
            if spec is not None:
                sizes = tuple(int(size) for size in spec.shape if isinstance(size, int))
                found.append(Wired(inlet, wires[port], sizes))
    return found
