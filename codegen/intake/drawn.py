"""Draws classes: each becomes one graph under its own name, by the edits that a person makes."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from codegen.intake.dialect_modules import INPUT, OUTPUT
from codegen.intake.steps import Body, Definition, End, Line
from graph_core import edits
from graph_core.blocks import add_graph, free_class_name
from graph_core.chains import CLOSED, chain_of
from graph_core.graph import Graph, Param, Project
from graph_core.names import BadName, check_class_name, class_name_from, numbered


class Drawing:
    """A project that grows from a class, and the tensors that its weights file has to hold besides the state dict."""

    def __init__(self, name: str) -> None:
        self.project = Project.new(name)
        self.graphs: dict[int, Graph] = {}
        self.contents: dict[str, Tensor] = {}  # state-dict path -> values of a buffer that no state dict holds

    def network(self, definition: Definition, body: Body, *, batched: bool) -> None:
        """Draw the class of the outermost body as the network ``main``."""
        graph = self.project.networks["main"]
        with self.project.editing("Import"):
            name = _class_name(body.kind)
            if name != graph.name:
                self.project.record(graph.key, "head", "name", name)
            self._fill(graph, definition, root=body, batched=batched)
        self._note_contents(body, "")

    def _note_contents(self, body: Body, path: str) -> None:
        closed = body.definition is not None and body.definition.closed
        for number, step in enumerate(body.steps):
            name = str(number) if closed else step.name
            if step.turns:
                for place, turn in enumerate(step.turns):
                    self._note_contents(turn, f"{path}{name}.{place}.")
            elif step.body is not None and step.use is None:
                self._note_contents(step.body, f"{path}{name}.")
            elif "content" in step.params:
                self.contents[f"{path}{name}"] = step.params["content"]

    def _graph(self, definition: Definition) -> Graph:
        key = id(definition)
        if key not in self.graphs:
            graph = add_graph(self.project, free_class_name(self.project, _class_name(definition.kind)))
            self.graphs[key] = graph
            for name, default in definition.params.items():
                edits.set_graph_param(graph, name, Param(_plain(default)))
            self._fill(graph, definition)
            kept = [line.name for line in definition.lines if "content" in line.params]
            if kept:
                note = f"The values of {', '.join(kept)} are kept with the weights of the drawing."
                self.project.record(graph.key, "head", "note", note)
            if form := _form(graph, definition):
                self.project.record(graph.key, "head", "form", form)
            if definition.closed:
                self.project.record(graph.key, "head", CLOSED, True)
        return self.graphs[key]

    def _fill(self, graph: Graph, definition: Definition, *, root: Body | None = None, batched: bool = True) -> None:
        ids: dict[Line | None, str] = {}
        ports: list[str] = []
        for place, (name, axes) in enumerate(definition.inputs):
            params: dict[str, Any] = {"shape": axes} if axes is not None else {}
            if root is not None:
                value = root.inputs[place][0]
                shape: list[Any] = list(value.shape)
                for axis in value.varies() if batched else []:
                    shape[axis] = "N"
                params = {"shape": shape, "dtype": value.dtype}
            node = edits.add(graph, INPUT, id=f"x{place}", name=name, params=params)
            ports.append(f"{node.id}.y")
        for line in definition.lines:
            ids[line] = self._line(graph, line, ids, ports)
        for place, end in enumerate(definition.outputs):
            node = edits.add(graph, OUTPUT, id=numbered(f"y{place}", graph.nodes, bare=True))
            edits.connect(graph, self._end(end, ids, ports), f"{node.id}.x")

    def _line(self, graph: Graph, line: Line, ids: dict[Line | None, str], ports: list[str]) -> str:
        params = {name: _plain(value) for name, value in line.params.items() if name != "content"}
        wires = dict(line.inputs)
        kind = line.type
        if line.definition is not None:
            inner = self._graph(line.definition)
            kind = inner.key
            params = {n: value for n, value in params.items() if value != _plain(line.definition.params[n])}
            targets = [port.id for port in inner.inputs()]
            wires = {targets[int(place)]: end for place, end in line.inputs.items()}
        node = edits.add(graph, kind, name=line.name, params=params)
        for port, end in wires.items():
            edits.connect(graph, self._end(end, ids, ports), f"{node.id}.{port}")
        if line.use is not None:
            edits.use_weights_of(graph, node.id, ids[line.use])
        if line.times:
            # As a text, for the number 1 is no repeat, and this is a list of one.
            edits.set_repeat(graph, node.id, "1" if line.times == 1 else line.times)
        if line.when:
            edits.set_when(graph, node.id, line.when)
        return node.id

    def _end(self, end: End, ids: dict[Line | None, str], ports: list[str]) -> str:
        line, port = end
        if line is None:
            return ports[int(port)]
        if line.definition is not None:
            port = self._graph(line.definition).outputs()[int(port)].id
        return f"{ids[line]}.{port}"


def _form(graph: Graph, definition: Definition) -> str:
    """How a chain is written: an nn.Sequential of a person's own as one, others as lists where they are used."""
    nodes = chain_of(graph)
    if not nodes or any("." in node.name for node in nodes):
        return ""
    several = len(nodes) > 1
    if definition.alone and not definition.container:
        return "class" if several and definition.sequential else ""
    listed = definition.container or (several and all(node.name[-1].isdigit() for node in nodes))
    return "list" if listed and nodes[0].name != "0" else ""


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _class_name(kind: str) -> str:
    try:
        return check_class_name(kind)
    except BadName:
        return class_name_from(kind)
