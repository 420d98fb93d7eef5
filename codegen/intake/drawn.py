"""Draws bodies: equal ones become one graph, each under the name of its class, by the edits that a person makes."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from codegen.intake.classes import FIRST
from codegen.intake.dialect_modules import INPUT, OUTPUT
from codegen.intake.steps import Body, Ref, Step
from graph_core import edits
from graph_core.blocks import add_graph, free_class_name
from graph_core.graph import Graph, Param, Project
from graph_core.names import BadName, check_class_name, class_name_from


class Drawing:
    """A project that grows from a body, and the tensors that its weights file has to hold besides the state dict."""

    def __init__(self, name: str) -> None:
        self.project = Project.new(name)
        self.graphs: dict[Any, Graph] = {}
        self.contents: dict[str, Tensor] = {}  # state-dict path -> values of a buffer that no state dict holds

    def network(self, body: Body, *, batched: bool) -> None:
        """Draw the outermost body as the network ``main``."""
        graph = self.project.networks["main"]
        with self.project.editing("Import"):
            edits_name = _class_name(body.kind)
            if edits_name != graph.name:
                self.project.record(graph.key, "head", "name", edits_name)
            self._fill(graph, body, root=True, batched=batched)
        self._note_contents(body, "")

    def _note_contents(self, body: Body, path: str) -> None:
        for step in body.steps:
            if step.body is not None and step.use is None:
                self._note_contents(step.body, f"{path}{step.name}.")
            elif "content" in step.params:
                self.contents[f"{path}{step.name}"] = step.params["content"]

    def _graph(self, body: Body) -> Graph:
        key = self._key(body)
        if key not in self.graphs:
            graph = add_graph(self.project, free_class_name(self.project, _class_name(body.kind)))
            self.graphs[key] = graph
            for name in body.params:
                edits.set_graph_param(graph, name, Param())
            self._fill(graph, body)
        return self.graphs[key]

    def _fill(self, graph: Graph, body: Body, *, root: bool = False, batched: bool = True) -> None:
        ids: dict[Step | None, str] = {}
        ports: dict[int, str] = {}
        for place, (value, name, ref) in enumerate(body.inputs):
            params: dict[str, Any] = {}
            if root:
                shape: list[Any] = list(value.shape)
                for axis in value.varies() if batched else []:
                    shape[axis] = "N"
                params = {"shape": shape, "dtype": value.dtype}
            node = edits.add(graph, INPUT, id=f"x{place}", name=name, params=params)
            ports[id(ref)] = f"{node.id}.y"
        for step in body.steps:
            ids[step] = self._step(graph, step, ids, ports)
        for place, (_, ref) in enumerate(body.outputs):
            node = edits.add(graph, OUTPUT, id=f"y{place}")
            edits.connect(graph, self._end(ref, ids, ports), f"{node.id}.x")

    def _step(self, graph: Graph, step: Step, ids: dict[Step | None, str], ports: dict[int, str]) -> str:
        params = dict(step.params)
        params.pop("content", None)
        if step.body is not None:
            inner = self._graph(step.body)
            node = edits.add(graph, inner.key, name=step.name, params=params)
            targets = [port.id for port in inner.inputs()]
            wires = {targets[int(place)]: ref for place, ref in step.inputs.items()}
        else:
            node = edits.add(graph, step.type, name=step.name, params=params)
            wires = dict(step.inputs)
        for port, ref in wires.items():
            edits.connect(graph, self._end(ref, ids, ports), f"{node.id}.{port}")
        if step.use is not None:
            edits.use_weights_of(graph, node.id, ids[step.use])
        return node.id

    def _end(self, ref: Ref, ids: dict[Step | None, str], ports: dict[int, str]) -> str:
        if ref.step is None:
            return ports[id(ref)]
        port = ref.port
        if ref.step.body is not None:
            port = self._graph(ref.step.body).outputs()[int(port)].id
        return f"{ids[ref.step]}.{port}"

    def _key(self, body: Body) -> Any:
        """What two bodies have in common where they are one class."""
        places: dict[Step | None, int] = {step: place for place, step in enumerate(body.steps)}
        inputs = {id(ref): place for place, (_, _, ref) in enumerate(body.inputs)}

        def end(ref: Ref) -> tuple[Any, ...]:
            return ("in", inputs[id(ref)]) if ref.step is None else (places[ref.step], ref.port)

        steps = []
        for step in body.steps:
            params = {name: value for name, value in step.params.items() if name not in FIRST}
            content = step.params.get("content")
            kind = self._key(step.body) if step.body is not None else step.type
            wired = tuple((port, end(ref)) for port, ref in sorted(step.inputs.items()))
            values = (repr(sorted(params.items())), _fingerprint(content), places.get(step.use))
            steps.append((kind, step.name, *values, wired))
        names = tuple(name for _, name, _ in body.inputs)
        return (body.kind, names, tuple(steps), tuple(end(ref) for _, ref in body.outputs))


def _fingerprint(content: Any) -> Any:
    return None if content is None else (tuple(content.shape), str(content.dtype))


def _class_name(kind: str) -> str:
    try:
        return check_class_name(kind)
    except BadName:
        return class_name_from(kind)
