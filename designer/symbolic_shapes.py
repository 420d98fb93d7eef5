"""The shape of a wire over the symbols, on hover: ``N × 4·d × ⌊H/2⌋`` beside the numbers that it comes to here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.canvas.scene import Wire
from designer.document import Document
from designer.formulas import Formulas

if TYPE_CHECKING:
    from graph_core.dims import Dim, Shape


class SymbolicShapes:
    """Reads what the formulas have found already: nothing is worked out for it."""

    def __init__(self, document: Document, formulas: Formulas) -> None:
        self._document, self._formulas = document, formulas

    def of(self, wire: Wire) -> str:
        """What follows the label of a wire; empty where that says it all, or while formulas are worked out."""
        look, document = self._formulas.look, self._document
        if look is None or self._formulas.busy or look.network != document.network:
            return ""
        path, port = wire.source
        place = 0
        if wire.inside and path == wire.inside:  # what an opened block is given: an Input inside of it
            path = f"{path}/{port}"
        else:
            place = self._place(path, port)
        ids = "/".join([*(step.node for step in document.base), path])
        shapes = [shape for shape in look.shapes.get((ids, place), ()) if _values(shape, look.symbols) == wire.values]
        if len(shapes) != 1 or all(_is_plain(size) for size in shapes[0]):
            return ""
        from graph_core.formula_text import shape_formula

        return f" · {shape_formula(shapes[0])}"

    def _place(self, path: str, port: str) -> int:
        """At which place a port of a node on the canvas stands."""
        above, _, id = path.rpartition("/")
        context = self._document.contexts().get(f"{above}/" if above else "")
        node = context.graph.nodes.get(id) if context is not None else None
        ports = context.graph.out_ports(node) if context is not None and node is not None else ()
        return ports.index(port) if port in ports else -1


def _values(shape: Shape, symbols: dict[str, int]) -> int:
    """Values per sample at the example sizes."""
    from graph_core.dims import prod, substitute

    size = substitute(prod(size for size in shape if str(size) != "N"), symbols)
    return int(size) if isinstance(size, int) else -1


def _is_plain(size: Dim) -> bool:
    """Whether the label has a size in the same words already: a number, or one symbol."""
    return isinstance(size, int) or str(size).isidentifier()
