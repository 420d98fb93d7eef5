"""`netwright trust`: read the custom code of a drawing, and say whether it may run on this computer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable

from codegen.errors import Refusal, Unusable
from codegen.verbs.opening import opened
from graph_core.trust import codes_in, digest, distrust, is_trusted, trust

HELP = "show the custom code of a drawing, and trust it: only then may it be trained, exported or built"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("--yes", action="store_true", help="trust all of it without being asked")
    parser.add_argument("--withdraw", action="store_true", help="trust none of it any more")
    parser.add_argument("--json", action="store_true", help="print each code, its SHA-256, and whether it is trusted")


def run(arguments: argparse.Namespace) -> int:
    """Show each text once, and ask where a person can answer: 0 all of it is trusted now, 1 not."""
    project = opened(arguments.file)
    nodes: dict[str, list[str]] = {}
    for key, node, code in codes_in(project):
        nodes.setdefault(code, []).append(f"{project.graphs[key].name}.{node.name}")
    if arguments.withdraw:
        _each(distrust, nodes)
    elif arguments.yes:
        _each(trust, (code for code in nodes if not is_trusted(code)))
    if arguments.json:
        rows = [
            {"nodes": users, "sha256": digest(code), "trusted": is_trusted(code), "code": code}
            for code, users in nodes.items()
        ]
        print(json.dumps({"codes": rows}))
    elif not nodes:
        print("The drawing holds no custom code.")
    else:
        for code, users in nodes.items():
            _show(code, users, ask=not (arguments.yes or arguments.withdraw))
    return 0 if all(map(is_trusted, nodes)) or arguments.withdraw else 1


def _each(change: Callable[[str], None], codes: Iterable[str]) -> None:
    try:
        for code in codes:
            change(code)
    except OSError as error:
        raise Unusable(f"What is trusted cannot be noted: {error.strerror or error}.") from error


def _show(code: str, users: list[str], *, ask: bool) -> None:
    """Print one text with the state of its trust; ask for it on a terminal."""
    print(f"# {', '.join(users)}")
    # What a text could do to a terminal (colours, hidden lines) is shown instead of done.
    print("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in code).rstrip("\n"))
    if is_trusted(code) or not ask:
        print(f"# {'trusted' if is_trusted(code) else 'not trusted'} on this computer")
        return
    if not sys.stdin.isatty():
        raise Refusal("The code above is not trusted; where you trust it, say so with --yes.")
    if input("# Trust this code? [y/N] ").strip().lower() in ("y", "yes"):
        _each(trust, [code])
    print(f"# {'trusted' if is_trusted(code) else 'not trusted'} on this computer")
