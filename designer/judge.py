"""What a drop would do, asked while dragging: whether a wire fits, what it would cost, or why it cannot be.

Answers are tried on the model itself, seen by the analysis alone and taken back, so that they are exact; each is
remembered until the next edit.
"""

from __future__ import annotations

from typing import Any

from designer.canvas.scene import End, Verdict
from designer.document import Document
from designer.numbers import change
from designer.words import told, tr
from graph_core import EditError, edits
from graph_core.bridging import depends_on
from graph_core.evaluate import misfit, source_spec
from graph_core.fixes import cost_of
from graph_core.graph import Graph, Node
from graph_core.layer import BYTES, KINDS, Layer, Spec, layer_types
from graph_core.propagate import engine_of


class DocumentJudge:
    """Judges for one document; see designer.canvas.scene.Judge."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[Any, Verdict] = {}
        self._version = -1

    def wire(self, source: End, target: End) -> Verdict:
        """Would a wire from this output to this input do? The ends are those of the graph that is worked on."""
        return self._remembered(("wire", source, target), lambda: self._judge_wire(source, target))

    def insert(self, what: str, wire: str) -> Verdict:
        """Would a node of the graph that is worked on, or a new one of a type, fit into this wire?"""
        return self._remembered(("insert", what, wire), lambda: self._judge_insert(what, wire))

    def fits(self, type: str, end: End, is_input: bool) -> bool:
        """Whether a new node of that type could be joined to this end: what wire-drop search offers."""
        key = ("fits", type, end, is_input)
        return self._remembered(key, lambda: self._judge_fit(type, end, is_input)).ok

    def gives(self, type: str) -> bool:
        """Whether a node of that type has an output."""
        declaration = layer_types().get(type)
        return bool(declaration.outlets if declaration else self._document.project.graphs[type].outputs())

    def port_for(self, type: str, end: End, is_input: bool) -> str:
        """The port of a new node of that type that a wire from this end goes to, the first that fits; "" for any."""
        declaration = layer_types().get(type)
        if declaration is None:
            return ""
        if is_input:
            kinds = self._kinds_taken(end)
            return next((name for name in declaration.outlets if kinds & _kinds_given(declaration, name)), "")
        spec = source_spec(self._document.context(), end)
        if spec is None:
            return ""
        probe = Node("", type, type)
        fitting = (n for n, inlet in declaration.inlets.items() if misfit(probe, inlet, n, spec) is None)
        name = next(fitting, "")
        return f"{name}0" if name and declaration.inlets[name].variadic else name

    def _kinds_taken(self, end: End) -> set[str]:
        """The kinds of values that an input takes."""
        node = self._document.graph.nodes.get(end[0])
        declaration = layer_types().get(node.type) if node is not None else None
        if declaration is None:
            return set(KINDS)
        inlet = declaration.inlets.get(end[1]) or declaration.inlets.get(end[1].rstrip("0123456789"))
        return set(inlet.kinds) if inlet is not None else set(KINDS)

    def _remembered(self, key: Any, judge: Any) -> Verdict:
        version = engine_of(self._document.project).version
        if version != self._version:
            self._known.clear()
            self._version = version
        key = (self._document.trail, key)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = judge()
        return found

    def _judge_wire(self, source: End, target: End) -> Verdict:
        graph = self._document.graph
        origin, goal = graph.nodes.get(source[0]), graph.nodes.get(target[0])
        if origin is None or goal is None:
            return Verdict(False, tr("Nothing is there any more."))
        if depends_on(graph, source[0], target[0]):
            return Verdict(False, tr("{goal} would feed itself", goal=goal.name))
        reason = self._misfit(graph, goal, target[1], source)
        if reason:
            return Verdict(False, reason)
        return self._try(
            tr("{origin} to {goal}", origin=origin.name, goal=goal.name),
            lambda: edits.connect(graph, _end(source), _end(target)),
        )

    def _misfit(self, graph: Graph, goal: Node, port: str, source: End) -> str:
        declaration = layer_types().get(goal.type)
        if declaration is None:
            return ""
        inlet = declaration.inlets.get(port) or declaration.inlets.get(port.rstrip("0123456789"))
        spec = source_spec(self._document.context(), source)
        if inlet is None or spec is None:
            return ""
        finding = misfit(goal, inlet, port, spec)
        if finding is None or finding.code != "kind":
            return ""
        return told(finding.message)

    def _judge_insert(self, what: str, wire: str) -> Verdict:
        graph = self._document.graph
        if wire not in graph.wires:
            return Verdict(False, tr("There is no wire any more."))
        node = graph.nodes.get(what)
        if node is not None and node.id in (wire.split(".")[0], graph.wires[wire].split(".")[0]):
            return Verdict(False, tr("{node} is at the end of this wire already", node=node.name))

        def make() -> None:
            id = node.id if node is not None else edits.add(graph, what).id
            edits.insert_on_wire(graph, wire, id)

        return self._try(tr("Insert {what}", what=node.name if node is not None else what), make)

    def _judge_fit(self, type: str, end: End, is_input: bool) -> Verdict:
        graph = self._document.graph
        declaration = layer_types().get(type)
        if is_input:
            has = self.port_for(type, end, True) if declaration else graph.project.graphs[type].outputs()
            return Verdict(bool(has))
        if declaration is None:
            return Verdict(bool(graph.project.graphs[type].inputs()))
        if source_spec(self._document.context(), end) is None:
            return Verdict(bool(declaration.inlets))
        return Verdict(bool(self.port_for(type, end, False)))

    def _try(self, sentence: str, make: Any) -> Verdict:
        document = self._document
        before = document.context().totals.errors
        try:
            params, macs, errors = cost_of(document.project, make, document.network)
        except EditError as error:
            return Verdict(False, told(str(error).rstrip(".")))
        cost = tr("{params} params", params=change(params)) if params or not macs else f"{change(macs, 'MACs')}"
        if errors > 0 and before == 0:
            return Verdict(True, tr("{sentence}, with a problem to fix", sentence=sentence), cost)
        return Verdict(True, sentence, cost)


def _kinds_given(declaration: type[Layer], outlet: str) -> set[str]:
    """The kinds of values that an output may give: see Outlet.dtype."""
    dtype = declaration.outlets[outlet].dtype
    if dtype == "quotient":
        return {"float"}
    if dtype in BYTES:
        return {Spec((), dtype).kind}
    inlets = [inlet for inlet in declaration.inlets.values() if not inlet.state]
    if dtype not in ("same", "first") or not inlets:
        return set(KINDS)
    return {kind for inlet in (inlets[:1] if dtype == "first" else inlets) for kind in inlet.kinds}


def _end(end: End) -> str:
    return f"{end[0]}.{end[1]}"
