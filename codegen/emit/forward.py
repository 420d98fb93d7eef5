"""Plans forward: which values share a statement, and what the variables are called.

A value that is used once goes into the expression of its user, up to two calls deep and with at most one heavy layer
(one with a matrix of weights, or a block); everything else gets a statement. A statement takes the variable of the
input that it uses up, else ``y``, else the node's own name. A comment tells the shape where it changes.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codegen.emit import trees
from codegen.emit.calls import call_layer, needs_variable, ports_in, results_of
from codegen.emit.loops import write_loop
from codegen.emit.printing import flat
from codegen.emit.statements import Assign, Evaluate, If, Return, Spot, Statement
from codegen.emit.structure import Style, holds, is_heavy, made_in_constructor, reaching_outputs, style
from codegen.emit.values import Value
from graph_core.chains import role, single, wired_ports
from graph_core.context import Result
from graph_core.graph import Node
from graph_core.layer import Layer, Operator, Spec, layer_types
from graph_core.ports import is_state

if TYPE_CHECKING:
    from codegen.emit.classes import ClassWriter

MAX_DEPTH = 2
MAX_LENGTH = 64  # so that with a target and an indentation it stays on one line of 88


@dataclass
class Forward:
    """The statements of one class's forward, made once by ``plan``."""

    writer: ClassWriter
    body: list[Statement] = field(default_factory=list)
    values: dict[tuple[str, str], Value] = field(default_factory=dict)
    live: Counter[str] = field(default_factory=Counter)
    inputs: dict[str, str] = field(default_factory=dict)  # variable of each Input -> its kind

    def plan(self) -> list[Statement]:
        """All statements, the return included."""
        writer = self.writer
        self.reached = reaching_outputs(writer.graph)
        for port in writer.graph.inputs():
            self._begin(port)
        for id in writer.context.order:
            node = writer.graph.nodes[id]
            if id in self.reached and not role(node):
                self._node(node)
        self._finish()
        return [*writer.axis_statements(), *self.body]

    def _begin(self, port: Node) -> None:
        variable = self.writer.input_names[port.id]
        spec = self._result(port).specs[0]
        self.values[port.id, "y"] = Value(
            trees.name(variable), [variable], port, "y", spec, spec, depth=-1, pending=False
        )
        self.live[variable] = self.uses(port, "y")
        self.inputs[variable] = spec.kind if spec else ""

    def _finish(self) -> None:
        outputs = [self._source(port, "x") for port in self.writer.graph.outputs()]
        room = MAX_LENGTH + 8
        for value in outputs:
            if len(outputs) > 1 and sum(len(flat(v.tree)) + 2 for v in outputs) > room:
                self.settle(value)
        spots = tuple(dict.fromkeys(spot for value in outputs for spot in value.spots))
        spots += tuple(self.writer.spot(port) for port in self.writer.graph.outputs())
        comment = self._comment(outputs[0]) if len(outputs) == 1 and outputs[0].pending else ""
        self.body.append(Return(trees.tuple_of([v.tree for v in outputs]), spots=spots, comment=comment))

    # One node.

    def _node(self, node: Node) -> None:
        writer = self.writer
        made = made_in_constructor(writer.graph, node)
        condition = writer.frame.condition(node, None if made else writer.forward_lookup)
        operands = {port: self._source(node, port) for port in wired_ports(writer.graph, node)}
        if condition is False and operands:
            self._pass_on(node, next(iter(operands.values())))
        elif style(writer.graph, node) is not Style.PLAIN:
            write_loop(self, node, operands, condition)
        elif condition is not True and not (made and single(writer.graph, node)) and not holds(node):
            self._guarded(node, operands, condition)
        else:
            self._plain(node, operands, conditional=condition is not True)

    def _plain(self, node: Node, operands: dict[str, Value], *, conditional: bool) -> None:
        writer = self.writer
        result = writer.frame.result(node)
        block = node.type in writer.plan.project.graphs
        heavy = block or is_heavy(result)
        parted = block and not conditional and (len(operands) > 1 or not all(map(self._outlived, operands.values())))
        self._make_room(node, operands, heavy, settle_all=parted or self._by_name(result))
        tree = self._call(node, {port: value.tree for port, value in operands.items()})
        outs = results_of(writer.graph, node, self._layer(node))
        parts = list(operands.values())
        first = parts[0] if parts else None
        value = Value(
            tree=tree,
            refs=[ref for part in parts for ref in part.refs],
            node=node,
            port="",
            spec=self.spec(node, 0),
            base=first.base if first else None,
            depth=max((part.depth for part in parts), default=-1) + (0 if isinstance(tree, ast.BinOp) else 1),
            heavy=heavy + sum(part.heavy for part in parts),
            spots=(*dict.fromkeys(spot for part in parts for spot in part.spots), writer.spot(node)),
        )
        if len(outs) > 1 or isinstance(outs[0], tuple):
            self._unpack(node, value, outs)
            return
        value.port = outs[0]
        value.tree = writer.probe(node, value.tree)
        self.values[node.id, outs[0]] = value
        returned_directly = self._only_user(node, outs[0]) == "output"
        several = self.uses(node, outs[0]) != 1 and not holds(node)  # an attribute is a name already
        if (block and not conditional and not returned_directly and not self._goes_on(node, value)) or several:
            self.settle(value)

    def _outlived(self, value: Value) -> bool:
        """Whether the variables that a value is made from are read later: then what is called with it holds no more."""
        return all(self.live[name] > value.refs.count(name) for name in value.refs)

    def _goes_on(self, node: Node, value: Value) -> bool:
        """Whether a block keeps the shape, for one light user: ``x + self.drop(self.attn(self.norm(x)))``."""
        kept = value.spec is not None and value.base is not None and value.base.shape == value.spec.shape
        users = self._users(node, value.port)
        plain = len(users) == 1 and not role(users[0]) and users[0].type not in self.writer.plan.project.graphs
        return kept and plain and not is_heavy(self.writer.frame.result(users[0]))

    def _layer(self, node: Node) -> Layer | None:
        """The layer that a node is; None for a block."""
        frame = self.writer.frame
        block = node.type in self.writer.plan.project.graphs
        return None if block else frame.result(node).layer or frame.known(node).layer

    def _call(self, node: Node, operands: dict[str, ast.expr], item: str = "") -> ast.expr:
        """The call of a node on the trees of its operands; ``item`` is the variable of a loop over modules."""
        writer = self.writer
        module = None
        if made_in_constructor(writer.graph, node):
            module = trees.name(item) if item else writer.module(node)
        if node.type in writer.plan.project.graphs:
            assert module is not None
            return trees.call(module, operands.values())
        layer = self._layer(node)
        assert layer is not None
        return call_layer(node, layer, module, operands, writer.forward_lookup)

    def _make_room(self, node: Node, operands: dict[str, Value], heavy: bool, *, settle_all: bool) -> None:
        """Give operands statements of their own until one expression with the rest reads well."""
        pending = [value for value in operands.values() if value.pending and not holds(value.node)]
        layer = layer_types().get(node.type)
        operator = layer is not None and isinstance(layer.torch, Operator)
        for value in pending:
            deepest = MAX_DEPTH + (operator and value.heavy > 0)
            if settle_all or value.depth >= deepest or (heavy and value.heavy):
                self.settle(value)
        for value in pending:
            if sum(v.heavy for v in pending if v.pending) > 1:
                self.settle(value)
        for value in pending:
            length = sum(len(flat(v.tree)) + 2 for v in operands.values()) + len(node.name) + 8
            if value.pending and length > MAX_LENGTH:
                self.settle(value)

    def _by_name(self, result: Result) -> bool:
        return result.layer is not None and needs_variable(result.layer)

    # Other forms of statements.

    def _unpack(self, node: Node, value: Value, outs: Sequence[Any]) -> None:
        """A statement that takes several results apart: ``y, (h, c) = self.lstm(x)``."""
        self.spend(value.refs)
        first = True

        def target(item: Any) -> ast.expr:
            nonlocal first
            if isinstance(item, tuple):
                parts = [target(part) for part in item]
                return trees.name("_") if all(_is_blank(part) for part in parts) else ast.Tuple(parts)
            if item == "_" or not self.uses(node, item):
                return trees.name("_")
            wishes = ["y", node.name] if first else [item, f"{node.name}_{item}"]
            variable = self.variable(value.refs if first else [], wishes, self.kind(node, item))
            first = False
            self.define(node, item, variable)
            return trees.name(variable)

        targets = ast.Tuple([target(item) for item in outs])
        comment = self._comment(value)
        self.body.append(Assign(targets, value.tree, spots=value.spots, comment=comment))
        for port in ports_in(outs):
            if self.uses(node, port):
                self.record(node, self.values[node.id, port].tree)

    def _guarded(self, node: Node, operands: dict[str, Value], condition: ast.expr | bool) -> None:
        """An ``if`` in forward: where the condition is false, the first input passes."""
        writer = self.writer
        for value in operands.values():
            if not holds(value.node):
                self.settle(value)
        first = next(iter(operands.values()))
        self.settle(first)
        outs = results_of(writer.graph, node, self._layer(node))
        port = ports_in(outs)[0]
        spots: tuple[Spot, ...] = (writer.spot(node),)
        trees_of = {name: value.tree for name, value in operands.items()}
        test: ast.expr
        if made_in_constructor(writer.graph, node):
            test = ast.Compare(writer.module(node), [ast.IsNot()], [ast.Constant(None)])
        else:
            assert isinstance(condition, ast.expr)
            test = trees.fold(condition)
        made = self._call(node, trees_of)
        variable = self.own(first, spots, node)
        spots = tuple(dict.fromkeys([*spots, *(spot for value in operands.values() for spot in value.spots)]))
        for value in list(operands.values())[1:]:
            self.spend(value.refs)

        def target(item: Any) -> ast.expr:
            if isinstance(item, tuple):
                parts = [target(part) for part in item]
                return trees.name("_") if all(map(_is_blank, parts)) else ast.Tuple(parts)
            return trees.name(variable if item == port else "_")

        targets = trees.tuple_of([target(item) for item in outs])
        self._branch(test, Assign(targets, made, spots=spots))
        self.define(node, port, variable)
        self.record(node, trees.name(variable))

    def _branch(self, test: ast.expr, statement: Statement) -> None:
        """A statement under a condition: with the one before it where that is under the same, or under its opposite."""
        before = self.body[-1] if self.body else None
        if isinstance(before, If) and not self.writer.plan.probes:
            if flat(before.test) == flat(test) and not before.other:
                before.body.append(statement)
                return
            if trees.opposite(before.test, test):
                before.other.append(statement)
                return
        self.body.append(If(test, [statement], spots=()))

    def _pass_on(self, node: Node, value: Value) -> None:
        """A node whose condition never holds: its first output is its first input."""
        port = self.writer.graph.out_ports(node)[0]
        self.settle(value)
        variable = value.refs[0]
        self.live[variable] += self.uses(node, port) - 1
        self.values[node.id, port] = Value(
            value.tree, value.refs, node, port, value.spec, value.spec, depth=-1, pending=False
        )

    # Variables.

    def settle(self, value: Value) -> None:
        """Give a pending value a statement and a variable."""
        if not value.pending:
            return
        comment = self._comment(value)
        self.spend(value.refs)
        state = self._state(value)
        wishes = [*state, "y", value.node.name]
        variable = self.variable([] if state else value.refs, wishes, self.kind(value.node, value.port))
        self.body.append(Assign(trees.name(variable), value.tree, spots=value.spots, comment=comment))
        self.live[variable] = self.uses(value.node, value.port)
        value.tree, value.refs, value.spots = trees.name(variable), [variable], ()
        value.base, value.depth, value.heavy, value.pending = value.spec, -1, 0, False

    def spend(self, refs: Sequence[str]) -> None:
        """What reads these variables is written."""
        for ref in refs:
            self.live[ref] -= 1

    def variable(self, refs: Sequence[str], wishes: Sequence[str], kind: str) -> str:
        """The variable for a new value: one that is used up, else the first wish that is free."""
        for place, ref in enumerate(refs):
            given = self.inputs.get(ref)
            if not self.live[ref] and (given is None or (place == 0 and given == kind)):
                return ref
        for wish in wishes:
            if wish.isidentifier() and not self.live[wish]:
                if wish in self.writer.variables:
                    return wish
                if self.writer.forward_names.free(wish):
                    return self._declare(self.writer.forward_names.new(wish))
        return self._declare(self.writer.forward_names.new(wishes[-1] if wishes[-1].isidentifier() else "y"))

    def _declare(self, variable: str) -> str:
        self.writer.variables.add(variable)
        return variable

    def own(self, value: Value, spots: tuple[Spot, ...], node: Node, place: int = 0) -> str:
        """A variable that holds the value and may be overwritten: its own where this is its last use, else a copy."""
        self.spend(value.refs)
        variable = value.refs[0]
        if not self.live[variable]:
            return variable
        copy = self.variable([], ["y" if not place else f"y{place + 1}", node.name], self.kind(value.node, value.port))
        self.body.append(Assign(trees.name(copy), value.tree, spots=spots))
        self.live[copy] = 1
        return copy

    def define(self, node: Node, port: str, variable: str) -> None:
        """Let a port be what a variable holds."""
        spec = self.spec(node, self.writer.graph.out_ports(node).index(port))
        self.values[node.id, port] = Value(
            trees.name(variable), [variable], node, port, spec, spec, depth=-1, pending=False
        )
        self.live[variable] = self.uses(node, port)

    def offer(self, node: Node, port: str, tree: ast.expr, base: Spec | None, *, settled: bool) -> None:
        """An expression of no variable that is used up: for the only user of a port, else in a statement.

        ``base`` is what its main input was.
        """
        spec = self.spec(node, self.writer.graph.out_ports(node).index(port))
        value = Value(tree, [], node, port, spec, base, depth=0, spots=(self.writer.spot(node),))
        self.values[node.id, port] = value
        if settled or self.writer.plan.probes or self.uses(node, port) != 1:
            self.settle(value)

    def inner_spec(self, node: Node, port: str) -> Spec | None:
        """What comes in at an input of a block, inside it."""
        calls = self._result(node).calls or [call for _, r in self.writer.frame.twin_results(node) for call in r.calls]
        return next((call.context.inputs.get(port) for call in calls), None)

    def record(self, node: Node, tree: ast.expr) -> None:
        """Tell a node's value, where the plan asks for that."""
        if self.writer.plan.probes:
            self.body.append(Evaluate(self.writer.probe(node, tree)))

    # Questions.

    def _source(self, node: Node, port: str) -> Value:
        return self.values[self.writer.graph.incoming[node.id][port]]

    def _users(self, node: Node, port: str) -> list[Node]:
        outgoing = self.writer.graph.outgoing.get(node.id, {})
        nodes = self.writer.graph.nodes
        return [nodes[id] for (id, _), source in outgoing.items() if source == port and id in self.reached]

    def uses(self, node: Node, port: str) -> int:
        """How many inputs read a port."""
        return len(self._users(node, port))

    def _state(self, value: Value) -> list[str]:
        """The name of the state whose next value it is, if it is one: ``h = o * torch.tanh(c)``."""
        users = self._users(value.node, value.port)
        names = [user.name for user in users if role(user) == "output" and is_state(self.writer.graph, user.name)]
        return [name for name in names if not self.live[name]][:1]

    def _only_user(self, node: Node, port: str) -> str:
        users = self._users(node, port)
        return role(users[0]) if len(users) == 1 else ""

    def _result(self, node: Node) -> Result:
        return self.writer.context.results[node.id]

    def spec(self, node: Node, place: int) -> Spec | None:
        """What comes out of a node at a place."""
        specs = self._result(node).specs
        return specs[place] if place < len(specs) else None

    def kind(self, node: Node, port: str) -> str:
        """float, int or bool, of what comes out of a port; empty where it is not known."""
        ports = self.writer.graph.out_ports(node)
        spec = self.spec(node, ports.index(port)) if port in ports else None
        return spec.kind if spec else ""

    def _comment(self, value: Value) -> str:
        if value.spec is None or (value.base is not None and value.base.shape == value.spec.shape):
            return ""
        ports = self.writer.graph.out_ports(value.node)
        place = ports.index(value.port) if value.port in ports else 0
        return self.writer.shape_comment(value.node, place, value.spec.shape)


def _is_blank(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Name) and tree.id == "_"
