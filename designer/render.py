"""The verb `render`: the drawing as a picture, with no display needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

HELP = "the drawing as an SVG, PNG or PDF"
SUFFIXES = (".svg", ".png", ".pdf")


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 1 it could not be written, 2 wrong usage or an unreadable file."""
    parser = argparse.ArgumentParser(prog="netwright render", description=f"Writes {HELP}.")
    parser.add_argument("file", type=Path, metavar="FILE", help="a .netw drawing")
    parser.add_argument("-o", "--out", type=Path, required=True, help="picture.svg, .png or .pdf")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--scale", type=float, default=2.0, help="pixels per unit, for PNG")
    arguments = parser.parse_args(argv)
    if arguments.out.suffix.lower() not in SUFFIXES:
        return _say(f"{arguments.out.name} must end in {', '.join(SUFFIXES)}.", 2)
    if not 0.1 <= arguments.scale <= 10:
        return _say(f"--scale is {arguments.scale:g}; it takes a number from 0.1 to 10.", 2)
    from graph_core.project import FileError, load

    try:
        project = load(arguments.file)
    except (FileError, OSError) as error:
        sentence = str(error) if isinstance(error, FileError) else f"{arguments.file}: {error.strerror}."
        return _say(sentence, 2)
    from designer.canvas.export import application, render

    app = application()
    from designer.document import Document
    from designer.drawing import Drawing
    from designer.theme import Theme

    document = Document()
    document.new(project)
    try:
        render(Drawing(document).scene(), arguments.out, Theme(arguments.theme), scale=arguments.scale)
    except (OSError, ValueError) as error:
        return _say(f"{arguments.out} could not be written: {getattr(error, 'strerror', None) or error}.", 1)
    del app
    return 0


def _say(sentence: str, code: int) -> int:
    print(f"netwright render: {sentence}", file=sys.stderr)
    return code
