"""The whole file: which graphs become classes, in which order, and what the file needs above them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codegen.emit.classes import ClassWriter
from codegen.emit.helpers import Helpers
from codegen.emit.naming import class_names
from codegen.emit.statements import Class, Page, Spans
from codegen.emit.structure import never_acts
from codegen.emit.trees import EmitError
from graph_core.analysis import analyze
from graph_core.chains import is_inline, role
from graph_core.context import Call, Context
from graph_core.expressions import names_in
from graph_core.graph import Graph, Project, Repeat
from graph_core.names import BadName, check_identifier
from graph_core.order import blocks_used, callees_first
from graph_core.propagate import engine_of

_MODULES = {"torch": "import torch", "F": "import torch.nn.functional as F"}
_ORDERED = "from collections import OrderedDict"
# What is wrong with a set-up does not concern the source.
_HARMLESS = ("optimizer", "optimizer-shape", "group", "group-order", "frozen", "schedule", "training", "tuple")
_DOC = re.compile(r'"""(?s:.*?)"""')  # a note may speak of torch; that is no use of it
_PROBE = """
def _probe(module: nn.Module, name: str, value: Tensor) -> Tensor:
    return value
"""


class Plan:
    """What all classes of a file share."""

    def __init__(
        self, project: Project, network: str = "", *, probes: bool = False, trusted_only: bool = False
    ) -> None:
        known = list(project.networks)
        network = network or ("main" if "main" in known else next(iter(known), ""))
        if network not in known:
            raise EmitError(f"There is no network {network}; there are: {', '.join(known) or 'none'}.")
        self.project = project
        self.network = network
        self.probes = probes
        self.engine = engine_of(project)
        self.classes: dict[str, ClassWriter] = {}
        roots = [name for name in known if name != network and project.networks[name].nodes] + [network]
        for name in reversed(roots):
            _require_sound(project, name)
        self.instances = _instances([self.engine.root(name) for name in roots])
        self._add_sleeping()
        keys = [key for key in callees_first(project)[0] if key in self.instances]
        for key in keys:
            _require_names(project.graphs[key])
        last = project.networks[network].key
        if not any(last in blocks_used(project.graphs[key]) for key in keys):  # else its users come after it
            keys.sort(key=lambda key: key == last)
        networks = {project.networks[name].key for name in roots}
        self._keys = [key for key in keys if key in networks or not is_inline(project.graphs[key])]
        self.helpers = Helpers([project.graphs[key] for key in keys], trusted_only=trusted_only)
        wanted = [(key, project.graphs[key].name) for key in reversed(self._keys)]
        self.names = class_names(wanted, self.helpers.reserved)
        self.reserved = {*self.names.values(), *self.helpers.reserved, "_probe", "_"}

    def _add_sleeping(self) -> None:
        """Blocks that no instance reaches as their conditions are false everywhere: they are written all the same."""
        todo = list(self.instances)
        while todo:
            key = todo.pop()
            for node in self.project.graphs[key].nodes.values():
                found = node.type in self.project.graphs and node.type not in self.instances
                if found and not never_acts(node) and (names_in(node.when) or not self.instances[key]):
                    self.instances[node.type] = []
                    todo.append(node.type)

    def is_network(self, graph: Graph) -> bool:
        """Whether the graph is one of the project's networks, so that symbols are known in it."""
        return graph.key in self.project.network_keys.values()

    def write(self) -> tuple[str, Spans]:
        """The source, and the lines of each node."""
        bodies: list[Class] = []
        for key in self._keys:
            graph = self.project.graphs[key]
            writer = ClassWriter(self, graph, self.names[key], self._context(graph), self.instances[key])
            self.classes[key] = writer
            bodies.append(writer.write())
        page = Page()
        for body in bodies:
            page.blank(2)
            page.write(body)
        head = self._head("\n".join(page.lines))
        shift = len(head)
        spans = {spot: [(a + shift, b + shift) for a, b in lines] for spot, lines in page.spans.items()}
        page.lines[:0] = head
        return page.text(), spans

    def _context(self, graph: Graph) -> Context:
        """Where a class is written from: its definition, or the root where the drawing has no names in it."""
        concrete = self.instances[graph.key]
        if self.is_network(graph) and len(concrete) == 1 and not graph.params and not _uses_names(graph):
            return concrete[0]
        return self.engine.definition(graph.key)

    def _head(self, body: str) -> list[str]:
        """The docstring, the imports that the rest uses, and helper classes.

        No name of a drawing can be one of those that are looked for (graph_core.names.EMITTED_NAMES).
        """
        imports, helpers = self.helpers.write()
        helpers += [_PROBE.strip("\n")] if self.probes else []
        text = "\n".join((_DOC.sub("", body), *helpers))
        ends = {**dict.fromkeys(_MODULES, r"\."), "Tensor": r"\b"}  # a layer may be called F, and is self.F then
        used = {name for name, end in ends.items() if re.search(rf"(?<![.\w]){name}{end}", text)}
        lines = [f'"""{_title(self.project.name)}: made with Netwright."""', ""]
        lines += [line for name, line in _MODULES.items() if name in used]
        lines.append("from torch import Tensor, nn" if "Tensor" in used else "from torch import nn")
        imports += [_ORDERED] if "OrderedDict(" in text else []
        lines[2:2] = [*imports, *([""] if imports else [])]
        for helper in helpers:
            lines += ["", "", *helper.split("\n")]
        return lines


def _title(text: str) -> str:
    """A project's name with nothing in it that could end a docstring."""
    kept = re.sub(r"[^\w .,+()×-]", " ", text, flags=re.UNICODE)
    return " ".join(kept.split())[:60] or "Network"


def _uses_names(graph: Graph) -> bool:
    """Whether any parameter, condition or number of repetitions refers to a name."""
    for node in graph.nodes.values():
        if role(node) == "input":
            continue
        if node.when or (isinstance(node.run, Repeat) and isinstance(node.run.times, str)):
            return True
        if any(_texts(value) for value in node.params.values()):
            return True
    return False


def _texts(value: object) -> set[str]:
    if isinstance(value, list | tuple):
        return {name for part in value for name in _texts(part)}
    return set(names_in(value.removeprefix("=")) - {"i"}) if isinstance(value, str) else set()


def _instances(roots: list[Context]) -> dict[str, list[Context]]:
    """Every concrete context below the roots, by the key of its graph, those of users before those of blocks."""
    found: dict[str, list[Context]] = {}
    seen: set[int] = set()
    todo = list(reversed(roots))
    while todo:
        context = todo.pop()
        if id(context) in seen:
            continue
        seen.add(id(context))
        found.setdefault(context.graph.key, []).append(context)
        todo += [call.context for call in reversed(list(_calls(context)))]
    return found


def _calls(context: Context) -> Iterator[Call]:
    for id in context.order:
        yield from context.results[id].calls


def _require_names(graph: Graph) -> None:
    """Raise EmitError for a parameter whose name is none: the symbolic engine takes no text but a name."""
    try:
        for name in graph.params:
            check_identifier(name)
    except BadName as error:
        raise EmitError(f"{graph.name}: {error}") from error


def _require_sound(project: Project, network: str) -> None:
    """Raise EmitError with the first problem that keeps the network from being written."""
    for problem in analyze(project, network).problems:
        if problem.severity == "error" and problem.code not in _HARMLESS:
            raise EmitError(problem.message if problem.message.endswith(".") else f"{problem.message}.")
