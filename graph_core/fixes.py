"""Fixes: for a problem, the edits that would mend it, each with a title and a preview of its change in cost.

Which layer bridges two shapes is asked of the declarations (``Layer.adapt``); no layer type is named here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from graph_core import edits, ties
from graph_core.bridging import bridges, context_of, depends, detail_of, input_behind, inputs_of, inserter, joined_ports
from graph_core.choosing import choose, keep, place_text, stands
from graph_core.edits import DEFAULT
from graph_core.ends import end_of, settled, told
from graph_core.graph import EditError, Graph, Node, Project, Repeat, Scan
from graph_core.layer import KINDS, Layer, Spec, Want, layer_types
from graph_core.names import BadName, check_name, identifier_from, numbered
from graph_core.problems import Finding, Problem
from graph_core.propagate import engine_of


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a problem: a title that says what it does, and the edit."""

    title: str
    make: Callable[[], None]
    detail: str = ""
    step: str = ""  # what undo calls it, where the title alone does not say what it is about
    choice: bool = False  # no better than its fellows: each is shown, and one is to be chosen

    def apply(self, project: Project) -> None:
        """Do it, as one edit named by its title."""
        with project.editing(self.step or self.title):
            self.make()


def fixes(project: Project, problem: Problem, network: str = "main") -> list[Fix]:
    """What would mend the problem, best first; raises nothing, an unfixable problem has none."""
    finding = Finding(problem.code, problem.message, problem.port, problem.hints)
    return list(_fixes(project, network, problem.graph, problem.node, finding))


def first_fix_title(project: Project, network: str, graph: str, node: str, finding: Finding) -> str | None:
    """The title of the best fix, None where there is none."""
    best = next(_fixes(project, network, graph, node, finding), None)
    return best.title if best else None


def preview(project: Project, fix: Fix, network: str = "main") -> tuple[int, int, int]:
    """The change of parameters, MACs and errors that a fix would bring; the drawing is left as it is.

    Raises EditError where the fix cannot be made.
    """
    return cost_of(project, fix.make, network)


def cost_of(project: Project, make: Callable[[], Any], network: str = "main") -> tuple[int, int, int]:
    """The change of parameters, MACs and errors that any edit would bring, tried and taken back unseen."""
    engine = engine_of(project)
    before, wrong = engine.root(network).totals, _misdrawn(project, network)
    with project.trying():
        make()
        if network not in project.networks:
            raise EditError(f"That takes the network {network} away.")
        after, left = engine.root(network).totals, _misdrawn(project, network)
    engine.root(network)  # whoever holds the analysis sees the drawing as it is, not as it was tried
    change = after.minus(before)
    params = change.trainable + change.frozen
    assert isinstance(params, int)
    assert isinstance(change.macs, int)
    return int(params), int(change.macs), change.errors + left - wrong


def _misdrawn(project: Project, network: str) -> int:
    """How many errors there are in the structure of a network's graphs."""
    graphs = engine_of(project).structures(project.networks[network].key)
    return sum(1 for _, findings in graphs for _, finding in findings if finding.severity == "error")


def _fixes(project: Project, network: str, key: str, id: str, finding: Finding) -> Iterator[Fix]:
    if "conflict" in finding.hints:
        yield from _choice_fixes(project, finding.hints["conflict"])
        return
    if not key:
        yield from _setup_fixes(project, network, id, finding)
        return
    graph = project.graphs[key]
    node = graph.nodes.get(id)
    hints = finding.hints
    if "wire" in hints and hints["wire"] in graph.wires:
        yield Fix(_unwiring(graph, hints["wire"]), lambda: edits.disconnect(graph, hints["wire"]))
        return
    if "tie" in hints:
        yield from _tie_fixes(graph, hints["tie"])
        return
    if node is None:
        yield from _graph_fixes(graph, finding)
        return
    known = edits.fields_of(project, node.type) or {} if node.type in layer_types() else {}
    if "order" in hints:
        yield from _bridge_fixes(project, network, graph, node, finding)
    for values in (hints.get("set"), *hints.get("also", ())):
        if values and all(name in known for name in values):
            yield Fix(f"Set {' and '.join(map(_shown, values, values.values()))}", _setter(graph, id, values))
    match finding.code:
        case "broadcast":
            yield from _join_fixes(project, network, graph, node)
        case "axes" | "kind" | "shape" | "width" | "rank-hint":
            yield from _bridge_fixes(project, network, graph, node, finding)
            if finding.code == "kind":
                yield from _dtype_fixes(project, network, graph, node, finding)
        case "missing-parameter":
            yield from _given_fixes(project, network, graph, node, hints["parameter"])
        case "identity":
            yield Fix(f"Remove {node.name}", lambda: edits.remove(graph, [id], heal=True))
            yield Fix("Remove the condition", lambda: edits.set_when(graph, id, ""))
        case "unwired":
            yield from _wire_fixes(project, network, graph, node, finding.port)
        case "unused":
            yield Fix(f"Remove {node.name}", lambda: edits.remove(graph, [id]))
        case "unknown-type" | "recursion" | "depth":
            yield Fix(f"Remove {node.name}", lambda: edits.remove(graph, [id], heal=True))
        case "sharing" if isinstance(node.run, Repeat) and node.run.shared and not node.use:
            times = node.run.times
            yield Fix("Give each step weights of its own", lambda: edits.set_repeat(graph, id, times))
        case "sharing" if node.use:
            yield Fix("Give it weights of its own", lambda: edits.use_weights_of(graph, id, ""))
        case "symbol":
            symbol = hints["symbol"]
            yield Fix(f"Set {symbol} to 16", lambda: edits.set_symbol(project, symbol, 16))
        case "passed":
            lost = hints["lost"]
            reader = graph.nodes[lost.partition(".")[0]].name
            if node.when:
                yield Fix("Remove the condition", lambda: edits.set_when(graph, id, ""))
            elif node.run is not None:
                yield Fix(f"Run {node.name} once", lambda: edits.set_repeat(graph, id, 1))
            yield Fix(f"Unwire {reader}", lambda: edits.disconnect(graph, lost))
        case "condition":
            yield Fix("Remove the condition", lambda: edits.set_when(graph, id, ""))
        case "name":
            yield _rename_fix(graph, node)
        case "run":
            yield Fix(f"Run {node.name} once", lambda: edits.set_repeat(graph, id, 1))
        case "scan-over" | "scan-port" | "scan-axis" | "scan-state":
            yield from _scan_fixes(project, graph, node, finding)
        case "parameter":
            yield from _default_fixes(project, graph, node, finding)


def _unwiring(graph: Graph, wire: str) -> str:
    ends = [graph.nodes.get(end.partition(".")[0]) for end in (graph.wires[wire], wire)]
    source, target = (node.name if node else "" for node in ends)
    return f"Remove the wire from {source} to {target}" if source and target else "Remove the wire"


def _choice_fixes(project: Project, conflict: str) -> Iterator[Fix]:
    """Either side of a conflict; what was drawn since, too, where that is neither."""
    found = project.conflicts.get(conflict)
    if found is None:
        return
    about = place_text(project, found)
    for side in ("ours", "theirs"):
        yield Fix(f"Take {side}", partial(choose, project, conflict, side), about, f"Take {side} for {about}", True)
    if not any(stands(project, found, side) for side in ("ours", "theirs")):
        yield Fix("Keep as it is", partial(keep, project, conflict), about, f"Keep {about} as it is", True)


def _shown(name: str, value: Any) -> str:
    return f"{name} to {'×'.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _setter(graph: Graph, id: str, values: Mapping[str, Any]) -> Callable[[], None]:
    return lambda: edits.set_params(graph, id, values)


def _tie_fixes(graph: Graph, target: str) -> Iterator[Fix]:
    """Ends with the steps that there are; and untying."""
    source = graph.ties.get(target, target)
    ends = settled(graph, end_of(target)).text, settled(graph, end_of(source), one=True).text
    if ends != (target, source) and ends[0] != ends[1]:

        def tie() -> None:
            with graph.project.editing(f"Tie {told(graph, ends[0])}"):
                ties.untie(graph, target)
                ties.tie(graph, *ends)

        yield Fix(f"Tie {told(graph, ends[0])} to {told(graph, ends[1])}", tie)
    yield Fix(f"Untie {told(graph, target)}", lambda: ties.untie(graph, target))


def _graph_fixes(graph: Graph, finding: Finding) -> Iterator[Fix]:
    """Place the missing Input or Output, on the first loose end."""
    role = {"empty": "input", "no-input": "input", "no-output": "output"}.get(finding.code)
    if role is None:
        return
    type = next(name for name, d in layer_types().items() if getattr(d.torch, "role", "") == role)

    def make() -> None:
        port = edits.add(graph, type)
        for id, node in list(graph.nodes.items()):
            if id == port.id:
                continue
            if role == "input":
                free = [p for p in graph.in_ports(node) if p not in graph.incoming.get(id, {})]
                if free:
                    edits.connect(graph, f"{port.id}.{graph.out_ports(port)[0]}", f"{id}.{free[0]}")
                    return
            elif graph.out_ports(node) and not graph.outgoing.get(id):
                edits.connect(graph, f"{id}.{graph.out_ports(node)[0]}", f"{port.id}.{graph.in_ports(port)[0]}")
                return

    yield Fix(f"Place an {type}", make)


def _join_fixes(project: Project, network: str, graph: Graph, node: Node) -> Iterator[Fix]:
    """Project the shortcut: put a bridging layer on the input whose source runs earlier; or take the join out."""
    context = context_of(project, network, graph)
    if context is None:
        return
    inputs = inputs_of(context, node)
    ports = [port for port in joined_ports(graph, node.id) if port in inputs]
    if len(ports) >= 2:
        shortcut, trunk = ports[0], ports[-1]
        for port, other in ((shortcut, trunk), (trunk, shortcut)):
            for declaration, params in bridges(inputs[port][1], Want(spec=inputs[other][1])):
                what = "a projection" if declaration.owns_weights() else declaration.__name__
                title = f"Insert {what} on the shortcut" if port == shortcut else f"Insert {what} before {node.name}"
                detail = detail_of(declaration, params, inputs[port][1], inputs[other][1])
                yield Fix(title, inserter(graph, f"{node.id}.{port}", declaration, params, "shortcut"), detail)
    if graph.out_ports(node):
        keep = ports[-1] if ports else ""

        def remove() -> None:
            if keep:
                for target, _ in list(graph.outgoing.get(node.id, {}).items()):
                    edits.connect(graph, inputs[keep][0], f"{target[0]}.{target[1]}")
            edits.remove(graph, [node.id])

        yield Fix("Remove the shortcut", remove)


def _bridge_fixes(project: Project, network: str, graph: Graph, node: Node, finding: Finding) -> Iterator[Fix]:
    """Put a layer on the wire that fails: the one that the rule names, or those that give what it wants."""
    context = context_of(project, network, graph)
    inputs = inputs_of(context, node) if context else {}
    if finding.port not in inputs:
        return
    have, hints = inputs[finding.port][1], finding.hints
    found: list[tuple[type[Layer], Mapping[str, Any]]] = []
    if "insert" in hints:
        found.append((layer_types()[hints["insert"]], hints.get("with", {})))
    for want in _wants(have, hints):
        found += bridges(have, want)
    for declaration, params in found:
        make = inserter(graph, f"{node.id}.{finding.port}", declaration, params)
        yield Fix(f"Insert {declaration.__name__} before {node.name}", make)


def _wants(have: Spec, hints: Mapping[str, Any]) -> Iterator[Want]:
    """What would fit, in the words of a rule's hints."""
    if "order" in hints:
        yield Want(order=tuple(hints["order"]))
    if "want" in hints:
        yield Want(spec=Spec(tuple(hints["want"]), have.dtype))
    if "rank" in hints:
        yield Want(rank=hints["rank"])
    if "kind" in hints:
        yield Want(kind=hints["kind"].split(" or ")[0])


def _dtype_fixes(project: Project, network: str, graph: Graph, node: Node, finding: Finding) -> Iterator[Fix]:
    """Give the Input behind a wire the kind of values that is wanted; without one in mind, torch's usual floats."""
    context = context_of(project, network, graph)
    kind = finding.hints.get("kind", "").split(" or ")[0]
    dtype = KINDS[kind or "float"][0]
    for port, (source, spec) in (inputs_of(context, node) if context else {}).items():
        wrong = port == finding.port if kind else spec.kind == "float" and spec.dtype != dtype
        origin = input_behind(graph, source.partition(".")[0]) if wrong else None
        if origin is not None:
            yield Fix(f"Set dtype of {origin.name} to {dtype}", _setter(graph, origin.id, {"dtype": dtype}))


def _given_fixes(project: Project, network: str, graph: Graph, node: Node, name: str) -> Iterator[Fix]:
    """Give a block's parameter what other instances of it give, else the width of what comes in."""
    others = [n for g in project.graphs.values() for n in g.nodes.values() if n.type == node.type and n is not node]
    given = next((n.params[name] for n in others if isinstance(n.params.get(name), int | float)), None)
    if given is None:
        context = context_of(project, network, graph)
        specs = [spec for _, spec in (inputs_of(context, node) if context else {}).values()]
        widths = [spec.shape[1] for spec in specs if len(spec.shape) > 1]
        given = next((int(width) for width in widths if isinstance(width, int)), None)
    if given is not None:
        yield Fix(f"Set {name} to {given}", _setter(graph, node.id, {name: given}))


def _wire_fixes(project: Project, network: str, graph: Graph, node: Node, port: str) -> Iterator[Fix]:
    """Wire a loose end that does not depend on the node."""
    position = engine_of(project).schedule_of(graph).position
    loose = [
        other
        for other in graph.nodes.values()
        if other.id != node.id and graph.out_ports(other) and not graph.outgoing.get(other.id)
    ]
    loose.sort(key=lambda other: -position.get(other.id, -1))
    for other in loose[:3]:
        if not depends(graph, other.id, node.id):
            source = f"{other.id}.{graph.out_ports(other)[0]}"
            yield Fix(f"Wire {other.name} to {node.name}", _wirer(graph, source, f"{node.id}.{port}"))
    yield Fix(f"Remove {node.name}", lambda: edits.remove(graph, [node.id], heal=True))


def _wirer(graph: Graph, source: str, target: str) -> Callable[[], None]:
    return lambda: edits.connect(graph, source, target)


def _rename_fix(graph: Graph, node: Node) -> Fix:
    stem = identifier_from(node.name, "node")
    try:
        check_name(stem)
    except BadName:
        stem = f"{stem}_"
    name = numbered(stem, graph.names, bare=True)
    return Fix(f"Rename it to {name}", lambda: edits.rename(graph, node.id, name))


def _default_fixes(project: Project, graph: Graph, node: Node, finding: Finding) -> Iterator[Fix]:
    for name in node.params:
        if f": {name}" in finding.message:
            yield Fix(f"Set {name} back to its default", _setter(graph, node.id, {name: DEFAULT}))


def _scan_fixes(project: Project, graph: Graph, node: Node, finding: Finding) -> Iterator[Fix]:
    """Other words for the scan itself, or for a port of its block."""
    hints, block = finding.hints, project.graphs[node.type]
    if "rename" in hints:
        key, port, name = hints["rename"]
        title = f"Rename the output {block.nodes[port].name} of {block.name} to {name}"
        yield Fix(title, lambda: edits.rename(project.graphs[key], port, name))
    if "shape" in hints:
        key, port, axes = hints["shape"]
        title = f"Set the shape of {block.nodes[port].name} in {block.name} to {'×'.join(map(str, axes))}"
        yield Fix(title, lambda: edits.set_params(project.graphs[key], port, {"shape": axes}))
    if isinstance(scan := hints.get("scan"), Scan):
        names = {port.id: port.name for port in block.inputs()}
        old = node.run if isinstance(node.run, Scan) else scan
        if scan.axis != old.axis:
            title = f"Scan along axis {scan.axis}"
        elif gone := [id for id in (*old.over, *old.carry) if (*scan.over, *scan.carry).count(id) == 0]:
            title = f"Take {', '.join(names.get(id, id) for id in gone)} out of the scan"
        elif new := [names[id] for id in scan.over if id not in old.over]:
            title = f"Scan along {', '.join(new)}"
        else:
            title = f"Only carry {names.get(finding.port, finding.port)}"
        yield Fix(title, lambda: edits.set_scan(graph, node.id, scan.axis, scan.over, scan.carry))


def _setup_fixes(project: Project, network: str, part: str, finding: Finding) -> Iterator[Fix]:
    for hint in finding.hints.get("setup", ()):
        yield Fix(hint["title"], partial(edits.set_setup, project, network, hint["part"], hint["values"]))
    if "setup" in finding.hints or "." in finding.port:
        return
    values = finding.hints.get("set") or {finding.port: None}
    name = next(iter(values))
    title = f"Set {name} to {values[name]}" if values[name] is not None else f"Set {name} back to its default"
    yield Fix(title, lambda: edits.set_setup(project, network, part, values))
