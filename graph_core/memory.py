"""Memory of activations by liveness over the schedule.

Inference: a tensor lives from the node that makes it to the last that reads it; the peak of what lives at once.
Training: every tensor that a layer makes is kept for its gradient. Both at the example sizes.
"""

from __future__ import annotations

from graph_core.context import Call, Context, Result
from graph_core.dims import Dim, prod
from graph_core.graph import Scan
from graph_core.layer import BYTES, Spec
from graph_core.scanning import stacked_ports


def spec_bytes(spec: Spec | None) -> int:
    """Bytes of one tensor; 0 where its size is not known."""
    if spec is None:
        return 0
    size: Dim = prod(spec.shape)
    return int(size) * BYTES[spec.dtype] if isinstance(size, int) else 0


def activations_inference(context: Context) -> int:
    """The most bytes that live at once while the graph runs, its inputs included."""
    return _peak(context, {})


def activations_training(context: Context) -> int:
    """Bytes of all tensors made while the graph runs forward."""
    return _kept(context, {})


def _kept(context: Context, memory: dict[Context, int]) -> int:
    if context not in memory:
        memory[context] = sum(_kept_by(result, memory) for result in context.results.values())
    return memory[context]


def _kept_by(result: Result, memory: dict[Context, int]) -> int:
    if result.calls:
        return sum(_kept(call.context, memory) * call.count * _number(call) for call in result.calls) + _stacked(result)
    if result.facts is None or result.enabled is False:
        return 0
    return sum(spec_bytes(spec) for spec in result.specs)


def _number(call: Call) -> int:
    return int(call.steps) if isinstance(call.steps, int) else 1


def _stacked(result: Result) -> int:
    """Bytes of the outputs of a scan that are stacked: beside the values that the steps themselves make."""
    scan = result.node.run
    if not isinstance(scan, Scan) or not result.calls:
        return 0
    block = result.calls[0].context.graph
    stacked = set(stacked_ports(block, scan))
    ports = zip(block.outputs(), result.specs, strict=False)
    return sum(spec_bytes(spec) for port, spec in ports if port.id in stacked)


def _peak(context: Context, memory: dict[Context, int]) -> int:
    """Sweep the schedule: free a node's outputs after their last reader."""
    if context in memory:
        return memory[context]
    graph = context.graph
    readers = {id: len(graph.outgoing.get(id, {})) for id in context.order}
    live = dict.fromkeys(context.order, 0)
    now = peak = 0
    for id in context.order:
        result = context.results[id]
        inside = max((_peak(call.context, memory) for call in result.calls), default=0)
        given = sum(live.get(source, 0) for source in {s for s, _ in graph.incoming.get(id, {}).values()})
        peak = max(peak, now + max(0, inside - given))
        if isinstance(result.node.run, Scan):
            # The values of all steps live when they are stacked; the inputs of a step are views.
            peak = max(peak, now + _stacked(result) + max(_stacked(result), inside))
        if graph.ports_of_role["output"].get(id) is None and result.enabled is not False:
            live[id] = sum(spec_bytes(spec) for spec in result.specs)
            now += live[id]
            peak = max(peak, now)
        for source, _ in graph.incoming.get(id, {}).values():
            if source in readers:
                readers[source] -= 1
                if not readers[source]:
                    now -= live[source]
                    live[source] = 0
    memory[context] = peak
    return peak
