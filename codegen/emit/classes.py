"""One graph as one class: its arguments, its constructor, its forward."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from codegen.emit import trees
from codegen.emit.containers import Containers
from codegen.emit.docs import harmless
from codegen.emit.forward import Forward
from codegen.emit.frames import Frame
from codegen.emit.naming import Namespace, attribute, stored_name
from codegen.emit.printing import flat
from codegen.emit.scopes import Argument, Scope
from codegen.emit.shapes import Shapes
from codegen.emit.statements import Assign, Class, Evaluate, Function, If, Spot, Statement
from codegen.emit.structure import Style, holds, made_in_constructor, style
from codegen.emit.tables import looped
from codegen.emit.tied import tied_weights
from graph_core.chains import is_chain, role, single
from graph_core.context import Context
from graph_core.dims import Shape
from graph_core.evaluate import axes_of
from graph_core.graph import Graph, Node
from graph_core.layer import Spec

if TYPE_CHECKING:
    from codegen.emit.plan import Plan


class ClassWriter:
    """Writes the class of one graph; ``arguments`` is what its users give it, known once ``write`` has run."""

    def __init__(self, plan: Plan, graph: Graph, name: str, context: Context, instances: Sequence[Context]) -> None:
        self.plan = plan
        self.graph = graph
        self.name = name
        self.context = context
        symbols = plan.project.symbols if plan.is_network(graph) else {}
        self.scope = Scope(graph, context, instances, Namespace(plan.reserved), symbols)
        twins = [(one, one) for one in instances]
        self.frame = Frame(plan, self.scope, graph, context, twins, self.scope.lookup)
        self.forward_names = Namespace(plan.reserved)
        self.variables: set[str] = set()
        self.input_names = {port.id: self._input_name(port) for port in graph.inputs()}
        self.shapes = Shapes(context, [port.id for port in graph.inputs()])
        self.arguments: list[Argument] = []
        self.containers = Containers(self)
        self._attributes = {node.name for node in graph.nodes.values() if not role(node)}
        self._stored: dict[str, str] = {}  # names of the drawing that forward needs -> attribute
        self._axes: dict[str, tuple[str, int, str]] = {}  # name -> (Input id, axis, variable)

    def write(self) -> Class:
        """The whole class."""
        if is_chain(self.graph):
            spots = tuple(self.spot(node) for node in self.graph.nodes.values())
            made = trees.call(trees.declared("super().__init__"), self.frame.chain())
            before, left = looped(made, self.scope.names, spots)
            methods = [self._constructor([*before, Evaluate(left, spots=spots)])]
            return Class(self.name, "nn.Sequential", self._doc(), methods, spots=((self.graph.key, ""),))
        lines = self._made()
        forward = Forward(self).plan()
        stored: list[Statement] = [
            Assign(trees.dotted(f"self.{attr}"), self.scope.lookup(name)) for name, attr in self._stored.items()
        ]
        constructor = self._constructor([Evaluate(trees.declared("super().__init__()")), *stored, *lines])
        methods = [constructor] if self.arguments or stored or lines else []
        arguments = ["self", *(f"{self.input_names[port.id]}: Tensor" for port in self.graph.inputs())]
        count = len(self.graph.outputs())
        returns = "Tensor" if count == 1 else f"tuple[{', '.join(['Tensor'] * count) or '()'}]"
        spots = tuple(self.spot(port) for port in self.graph.inputs())
        methods.append(Function("forward", arguments, returns, forward, spots))
        return Class(self.name, "nn.Module", self._doc(), methods, spots=((self.graph.key, ""),))

    def _constructor(self, body: list[Statement]) -> Function:
        example = self.scope.instances[0].scope if self.scope.instances else self.context.scope
        self.arguments = self.scope.arguments(example)
        texts = ["self"]
        for argument in self.arguments:
            default = "" if argument.default is None else f" = {flat(argument.default)}"
            texts.append(f"{argument.python}: {argument.kind}{default}")
        return Function("__init__", texts, "None", body)

    def _made(self) -> list[Statement]:
        """The constructor lines of all nodes, in the order in which they run."""
        lines: list[Statement] = []
        for id in self.context.order:
            node = self.graph.nodes[id]
            if role(node) or not made_in_constructor(self.graph, node):
                continue
            attribute(node.name)
            if not node.use:
                lines += self.containers.made(node) if "." in node.name else self._made_node(node)
        lines += tied_weights(self)
        return lines

    def _made_node(self, node: Node) -> list[Statement]:
        condition = self.frame.condition(node)
        if condition is False:
            return []
        spots = (self.spot(node),)
        made = self.frame.block(node) if node.type in self.plan.project.graphs else self.frame.layer(node)
        before, made = looped(made, self.scope.names, spots)
        if condition is True:
            return [*before, self._put(node, made, spots)]
        assert isinstance(condition, ast.expr)
        test = trees.fold(condition)
        if holds(node):
            return [If(test, [self._put(node, made, ())], spots=spots)]
        default: ast.expr
        if style(self.graph, node) is Style.LIST:
            default, kind = trees.call("nn.ModuleList"), ""
        elif single(self.graph, node):
            default, kind = trees.passing(), "nn.Module"
        else:
            default, kind = ast.Constant(None), "nn.Module | None"
        first = self._put(node, default, spots, kind)
        return [first, If(test, [*before, self._put(node, made, ())], spots=spots)]

    def _put(self, node: Node, made: ast.expr, spots: tuple[Spot, ...], kind: str = "") -> Statement:
        """The line that makes a node an attribute; one named by a number needs a call."""
        if not node.name.isidentifier():
            name = ast.Constant(node.name)
            return Evaluate(trees.call("self.add_module", [name, made]), spots=spots)
        return Assign(trees.dotted(f"self.{node.name}"), made, kind, spots=spots)

    # What the forward asks.

    def module(self, node: Node) -> ast.expr:
        """The attribute that a node calls: its own, or of the node whose weights it uses."""
        owner = self.graph.nodes.get(node.use, node)
        name = attribute(owner.name)
        if "." in name:
            return self.containers.item(name)
        if not name.isidentifier():
            return trees.call("self.get_submodule", [ast.Constant(name)])
        return trees.dotted(f"self.{name}")

    def forward_lookup(self, name: str) -> ast.expr:
        """A name of the drawing in forward: a size of an input, or what the constructor stored."""
        if name in self._axes:
            return trees.name(self._axes[name][2])
        if name not in self.graph.params:
            for port in self.graph.inputs():
                pattern = axes_of(port) if "shape" in port.params else []
                if name in pattern:
                    variable = self.forward_names.new(name)
                    self._axes[name] = (port.id, pattern.index(name), variable)
                    return trees.name(variable)
        if name not in self._stored:
            self.scope.lookup(name)
            self._stored[name] = stored_name(self.scope.names.of(name), [*self._attributes, *self._stored.values()])
        return trees.dotted(f"self.{self._stored[name]}")

    def axis_statements(self) -> list[Statement]:
        """The first lines of forward: the sizes that it uses by name."""
        lines: list[Statement] = []
        for port in self.graph.inputs():
            wanted = {axis: variable for id, axis, variable in self._axes.values() if id == port.id}
            shape = ast.Attribute(trees.name(self.input_names[port.id]), "shape")
            if len(wanted) == 1:
                [(axis, variable)] = wanted.items()
                lines.append(Assign(trees.name(variable), ast.Subscript(shape, trees.constant(axis))))
            elif wanted:
                count = len(axes_of(port))
                targets = [trees.name(wanted.get(axis, "_")) for axis in range(count)]
                lines.append(Assign(ast.Tuple(list[ast.expr](targets)), shape))
        return lines

    def probe(self, node: Node, tree: ast.expr) -> ast.expr:
        """The tree, recorded under the node's name where the plan asks for that."""
        if not self.plan.probes:
            return tree
        return trees.call("_probe", [trees.name("self"), ast.Constant(node.name), tree])

    def spot(self, node: Node) -> Spot:
        """How spans name a node."""
        return (self.graph.key, node.id)

    def shape_comment(self, node: Node, place: int, shape: Shape) -> str:
        """The shape of an output as a comment; empty where no words are true of all instances."""
        return self.shapes.text(shape, self._others(node, place))

    def _others(self, node: Node, place: int = 0) -> list[tuple[Context, Shape]]:
        """What comes out of a node at a place in each instance."""
        found = [(owner, result.specs) for owner, result in self.frame.twin_results(node) if place < len(result.specs)]
        return [(owner, spec.shape) for owner, specs in found if (spec := specs[place]) is not None]

    def _input_name(self, port: Node) -> str:
        name = attribute(port.name)
        variable = self.forward_names.new(f"x{name}" if name.isdigit() else name.replace("-", "_"))
        self.variables.add(variable)
        return variable

    def _doc(self) -> str:
        """What the drawing notes of it, and what goes in and comes out."""
        given = [self._shape_of(port, self.context.results[port.id].specs[0]) for port in self.graph.inputs()]
        outputs = self.context.outputs()
        found = [self._shape_of(port, outputs[port.id]) for port in self.graph.outputs()]
        shapes = f"{', '.join(given)} → {', '.join(found)}".removesuffix(" → …").strip() + "."
        note = harmless(self.graph.head.get("note"))
        return f"{note}\n\n{shapes}" if note else shapes

    def _shape_of(self, port: Node, spec: Spec | None) -> str:
        return self.shapes.of((spec,), self._others(port))
