"""Loops in forward: over the iterations of a block, and along an axis with states carried from step to step."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from codegen.emit import trees
from codegen.emit.naming import singular
from codegen.emit.scopes import value_tree
from codegen.emit.statements import Assign, Evaluate, For, If
from codegen.emit.structure import Style, style
from codegen.emit.trees import EmitError
from graph_core.chains import single
from graph_core.evaluate import axes_of
from graph_core.graph import Graph, Node, Repeat, Scan
from graph_core.scanning import state_pairs

if TYPE_CHECKING:
    from codegen.emit.forward import Forward
    from codegen.emit.values import Value

    Operands = Mapping[str, Value]


def write_loop(forward: Forward, node: Node, operands: Operands, condition: ast.expr | bool) -> None:
    """The statements of a block that repeats or scans."""
    for value in operands.values():
        forward.settle(value)
    if isinstance(node.run, Scan):
        _Scanned(forward, node, node.run, operands).write(guarded=condition is not True)
    else:
        _repeated(forward, node, operands, condition)


def _there(forward: Forward, node: Node) -> ast.expr:
    """The test that a module has been made, as its condition held in the constructor."""
    return ast.Compare(forward.writer.module(node), [ast.IsNot()], [ast.Constant(None)])


def _repeated(forward: Forward, node: Node, operands: Operands, condition: ast.expr | bool) -> None:
    """A loop over the iterations of a block; its outputs go into its first inputs again."""
    writer = forward.writer
    block = writer.plan.project.graphs[node.type]
    outs = [port.id for port in block.outputs()]
    spots = (writer.spot(node),)
    variables: list[str] = []
    arguments: list[ast.expr] = []
    for place, value in enumerate(operands.values()):
        if place < len(outs):
            variables.append(forward.own(value, spots, node, place))
            arguments.append(trees.name(variables[-1]))
        else:
            arguments.append(value.tree)
    for port in outs[len(variables) :]:
        variables.append(forward.variable([], [port, f"{node.name}_{port}"], ""))
    assert isinstance(node.run, Repeat)
    loops = style(writer.graph, node) is Style.LOOP
    item = "" if loops else writer.forward_names.new(singular(node.name))
    module = writer.module(node) if loops else trees.name(item)
    step = Assign(trees.tuple_of([trees.name(v) for v in variables]), trees.call(module, arguments))
    over = writer.module(node)
    if loops:
        times = node.run.times
        count = trees.author(times, writer.forward_lookup) if isinstance(times, str) else trees.constant(times)
        over = trees.call("range", [count])
    loop = For(trees.name(item or "_"), over, [step], spots=spots)
    if condition is not True and loops and not single(writer.graph, node):
        forward.body.append(If(_there(forward, node), [loop], spots=spots))
    else:
        forward.body.append(loop)
    for value in list(operands.values())[len(outs) :]:
        forward.spend(value.refs)
    for port, variable in zip(outs, variables, strict=True):
        forward.define(node, port, variable)
        forward.record(node, trees.name(variable))


class _Scanned:
    """One scan: ``for x_t in x.unbind(1)``, states from step to step, the other results stacked."""

    def __init__(self, forward: Forward, node: Node, scan: Scan, operands: Operands) -> None:
        self.forward = forward
        self.node = node
        self.scan = scan
        self.operands = operands
        self.block: Graph = forward.writer.plan.project.graphs[node.type]
        self.pairs = state_pairs(self.block, scan)
        self.spots = (forward.writer.spot(node),)
        self.states: dict[str, str] = {}  # Input -> variable
        self.lists: dict[str, str] = {}  # Output -> the list of its values
        self.passing: list[str] = []  # variables of one step's results
        self.used = [port for port in self.block.outputs() if forward.uses(node, port.id)]

    def write(self, *, guarded: bool) -> None:
        """The statements; where the block's condition is false, the first input passes."""
        forward, writer = self.forward, self.forward.writer
        if not guarded or single(writer.graph, self.node):
            self._statements()
            self._results()
            return
        first = self.block.outputs()[0]
        given = next(iter(self.operands.values()))
        passed = forward.own(given, self.spots, self.node)
        forward.live.update([*given.refs, passed])  # it is read inside, and must outlast that
        body, forward.body = forward.body, []
        self._statements()
        self._results(settled=True)
        if forward.uses(self.node, first.id):
            result = forward.values[self.node.id, first.id]
            forward.body.append(Assign(trees.name(passed), result.tree, spots=self.spots))
        body.append(If(_there(forward, self.node), forward.body, spots=self.spots))
        forward.body = body
        forward.define(self.node, first.id, passed)

    def _statements(self) -> None:
        """What goes before the loop, and the loop."""
        forward, writer = self.forward, self.forward.writer
        for port in self.block.inputs():
            if port.id in self.pairs:
                self._begin(port)
        for port in self.used:
            if port.id not in self.pairs.values():
                list_ = self._variable(port.name if port.name.endswith("s") else f"{port.name}s")
                self.lists[port.id] = list_
                forward.body.append(Assign(trees.name(list_), ast.List([]), spots=self.spots))
        items: dict[str, str] = {}
        walks: list[ast.expr] = []
        for id, value in self.operands.items():
            if id in self.scan.over:
                items[id] = self._variable(f"{value.refs[0]}_t")
                unbind = ast.Attribute(value.tree, "unbind")
                walks.append(trees.call(unbind, [trees.constant(self.scan.axis)]))
        target = trees.tuple_of([trees.name(item) for item in items.values()])
        strict = [("strict", trees.constant(True))]
        walk = walks[0] if len(walks) == 1 else trees.call("zip", walks, strict)
        trees_of = {id: value.tree for id, value in self.operands.items()}
        trees_of |= {id: trees.name(variable) for id, variable in {**self.states, **items}.items()}
        step = trees.call(writer.module(self.node), [trees_of[port.id] for port in self.block.inputs()])
        forward.body.append(For(target, walk, self._step(step), spots=self.spots))
        forward.spend(self.passing + list(items.values()))
        for id, value in self.operands.items():
            if id not in self.states:
                forward.spend(value.refs)

    def _begin(self, port: Node) -> None:
        """The variable of a state and what it begins with."""
        forward = self.forward
        value = self.operands.get(port.id)
        if value is None:
            variable = self._variable(port.name)
            forward.body.append(Assign(trees.name(variable), self._zeros(port), spots=self.spots))
        else:
            forward.spend(value.refs)
            variable = value.refs[0]
            if forward.live[variable]:
                variable = self._variable(port.name)
                forward.body.append(Assign(trees.name(variable), value.tree, spots=self.spots))
            else:
                forward.live[variable] = 1
        self.states[port.id] = variable

    def _zeros(self, port: Node) -> ast.expr:
        """``x.new_zeros(…)`` of the shape that the state's Input declares, on the device of what comes in."""
        spec = self.forward.inner_spec(self.node, port.id)
        values = list(self.operands.values())
        alike = next((v for v in values if v.spec and spec and v.spec.dtype == spec.dtype), None)
        like = alike or values[0]
        sizes = [trees.fold(value_tree(axis, self._size)) for axis in axes_of(port)]
        dtype = str(spec.dtype if spec else port.params.get("dtype", "float32"))
        keywords = [] if alike else [("dtype", trees.dotted(f"torch.{dtype}"))]
        return trees.call(ast.Attribute(like.tree, "new_zeros"), sizes, keywords)

    def _size(self, name: str) -> ast.expr:
        """A name in the shape of a state: a parameter of the block, or a size of something that comes in."""
        if name in self.block.params:
            given: Any = self.node.params.get(name, self.block.params[name].default)
            return value_tree(given, self.forward.writer.forward_lookup)
        for port in self.block.inputs():
            value = self.operands.get(port.id)
            axes = axes_of(port) if "shape" in port.params else []
            if value is not None and name in axes:
                place = axes.index(name)
                place += port.id in self.scan.over and place >= self.scan.axis
                return ast.Subscript(ast.Attribute(value.tree, "shape"), trees.constant(place))
        raise EmitError(f"{self.node.name} begins a state with zeros, but nothing says how large {name:.60} is.")

    def _step(self, call: ast.expr) -> list[Any]:
        """The body of the loop."""
        back = {out: self.states[into] for into, out in self.pairs.items()}
        outs = self.block.outputs()
        if len(outs) == 1 and outs[0].id in self.lists:
            return [self._append(outs[0].id, call)]
        targets: list[ast.expr] = []
        appends = []
        for port in outs:
            if port.id in back:
                targets.append(trees.name(back[port.id]))
            elif port.id in self.lists:
                self.passing.append(self._variable(f"{port.name}_t"))
                item = trees.name(self.passing[-1])
                targets.append(item)
                appends.append(self._append(port.id, item))
            else:
                targets.append(trees.name("_"))
        return [Assign(trees.tuple_of(targets), call, spots=self.spots), *appends]

    def _append(self, out: str, value: ast.expr) -> Evaluate:
        return Evaluate(trees.call(f"{self.lists[out]}.append", [value]), spots=self.spots)

    def _results(self, *, settled: bool = False) -> None:
        """What the outputs are after the loop."""
        forward = self.forward
        along = next(value for id, value in self.operands.items() if id in self.scan.over)
        back = {out: self.states[into] for into, out in self.pairs.items()}
        for variable in back.values():
            forward.live[variable] -= 1
        for port in self.block.outputs():
            if port.id in back:
                forward.define(self.node, port.id, back[port.id])
        for port in self.used:
            if port.id not in back:
                axis = [("dim", trees.constant(self.scan.axis))]
                stack = trees.call("torch.stack", [trees.name(self.lists[port.id])], axis)
                forward.offer(self.node, port.id, stack, along.spec, settled=settled)
        if self.used:
            forward.record(self.node, forward.values[self.node.id, self.used[0].id].tree)

    def _variable(self, wish: str) -> str:
        """A variable for something inside the scan, kept for it."""
        wish = wish if wish.isidentifier() else f"x{wish}"
        variable = self.forward.variable([], [wish, f"{self.node.name}_{wish}"], "")
        self.forward.live[variable] += 1
        return variable
