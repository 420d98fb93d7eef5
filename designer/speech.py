"""What a screen reader is told of a node: its type and name, what comes out of it, whether something is wrong."""

from __future__ import annotations

from designer.document import Document
from designer.numbers import exact
from designer.plates import label, settings_text
from designer.words import told, tr
from graph_core import Graph, Node
from graph_core.bypass import is_bypassed
from graph_core.context import Result
from graph_core.layer import layer_types


class Speech:
    """Words for what the document draws; they are made when somebody listens, never while it is drawn."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def of_plate(self, plate: str) -> tuple[str, str] | None:
        """Name and description of a node on the canvas by its id there; None for what is no node of the drawing.

        ``Conv2d conv1, 64×112×112, 1 problem`` and ``7×7 s2 p3; 9,408 parameters; …``.
        """
        document = self._document
        path, _, id = plate.rpartition("/")
        with document.at((*document.base, *document.steps(path))):
            graph = document.graph
            node = graph.nodes.get(id)
            if node is None:
                return None
            name, about = self._of(graph, node, document.context().results.get(id))
        return name, "; ".join(filter(None, (tr("in {block}", block=self._block(path)) if path else "", *about)))

    def _block(self, path: str) -> str:
        """The name of a block that is opened in place."""
        above, _, id = path.rpartition("/")
        with self._document.at((*self._document.base, *self._document.steps(above))):
            return self._document.graph.nodes[id].name

    def _of(self, graph: Graph, node: Node, result: Result | None) -> tuple[str, list[str]]:
        block = graph.project.graphs.get(node.type)
        declaration = layer_types().get(node.type)
        found = self._document.analysis().problems
        problems = [p.message for p in found if (p.graph, p.node) == (graph.key, node.id)]
        name = [f"{block.name if block else node.type} {node.name}"]
        shapes = [label(spec) for spec in result.specs if spec] if result else []
        name += [", ".join(shapes)] if shapes else []
        if is_bypassed(node):
            name.append(tr("bypassed"))
        if problems:
            name.append(tr("1 problem") if len(problems) == 1 else tr("{count} problems", count=len(problems)))
        about = []
        if declaration is not None and declaration.inlets and declaration.outlets:
            about.append(settings_text(declaration, node, result.layer if result else None))
        params = result.totals.trainable + result.totals.frozen if result else 0
        if isinstance(params, int) and params:
            about.append(tr("{count} parameters", count=exact(params)))
        about += [told(problem) for problem in problems]
        return ", ".join(name), about
