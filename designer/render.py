"""The verb `render`: the drawing as a picture, with no display needed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.errors import Refusal, Unusable
from codegen.files import check_output
from codegen.verbs.opening import add_network, chosen_network, opened
from codegen.verbs.parsing import add_choice, real

if TYPE_CHECKING:
    from designer.document import Document

HELP = "write a drawing as an SVG, PNG or PDF picture, or as TikZ"
SUFFIXES = (".svg", ".png", ".pdf", ".tex")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("-o", "--out", required=True, metavar="OUT", help="picture.svg, .png, .pdf or .tex")
    add_choice(parser, "--theme", ("light", "dark"), default="light", help="default: light")
    parser.add_argument(
        "--scale", type=real(0.1, 10), metavar="X", default=2.0, help="pixels per unit of a PNG, 0.1 … 10 (default: 2)"
    )
    parser.add_argument(
        "--open",
        action="append",
        default=[],
        metavar="BLOCK",
        help="open a block where it stands, by its name (layer1, or layer1/conv inside of another); all: every one",
    )
    parser.add_argument("--bare", action="store_true", help="without the sheet's colour: for a page of its own")
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Paint and write; 0 done, 1 the drawing cannot be painted."""
    out = Path(arguments.out)
    check_output(out)
    if out.suffix.lower() not in SUFFIXES:
        raise Unusable(f"{out.name} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    project = opened(arguments.file)
    network = chosen_network(project, arguments.network)
    if not project.networks[network].nodes:
        raise Refusal(f"The network {network} is empty; place a layer before painting it.")

    from designer.canvas.export import application, render

    app = application()
    from designer.document import Document
    from designer.drawing import Drawing
    from designer.theme import Theme

    document = Document()
    document.new(project)
    document.look((), network)
    for name in arguments.open:
        _open(document, name)
    try:
        scene = Drawing(document).scene()
        render(scene, out, Theme(arguments.theme), scale=arguments.scale, bare=arguments.bare)
    except OSError as error:
        raise Unusable(f"{out.name} cannot be written: {error.strerror or error}.") from error
    del app
    return 0


def _open(document: Document, way: str) -> None:
    """Open a block in place, and those that it lies in; by its name, or all that lie on the sheet."""
    if way == "all":
        for id, node in list(document.graph.nodes.items()):
            if node.type in document.project.graphs:
                document.unfold(id)
        return
    graph, path = document.graph, ""
    for name in way.split("/"):
        node = graph.by_name(name)
        if node is None or node.type not in document.project.graphs:
            raise Unusable(f"{graph.name} has no block {name}; --open takes the names of blocks on the way down.")
        path = f"{path}/{node.id}" if path else node.id
        if path not in document.opened:
            document.unfold(path)
        graph = document.project.graphs[node.type]
