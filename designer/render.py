"""The verb `render`: the drawing as a picture, with no display needed."""

from __future__ import annotations

import argparse
from pathlib import Path

from codegen.errors import Refusal, Unusable
from codegen.files import check_output
from codegen.verbs.opening import add_network, chosen_network, opened
from codegen.verbs.parsing import add_choice, real

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
    try:
        render(Drawing(document).scene(), out, Theme(arguments.theme), scale=arguments.scale)
    except OSError as error:
        raise Unusable(f"{out.name} cannot be written: {error.strerror or error}.") from error
    del app
    return 0
