"""Which custom code the user of this computer trusts: by its content, never by what a file says of itself.

Each trusted text lies as one file in the user's own folder, named by its SHA-256, so that it can be read and deleted
with any editor. A drawing has no say in it; one character of difference is another text.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from graph_core.graph import Node, Project
from graph_core.layer import Module, layer_types


def folder() -> Path:
    """Where trusted texts lie."""
    import platformdirs

    return Path(platformdirs.user_data_dir("netwright")) / "trusted"


def digest(code: str) -> str:
    """The name of a text: its SHA-256."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def is_trusted(code: str) -> bool:
    """Whether the user trusts this very text; what comes with Netwright itself is trusted."""
    if code in _ours():
        return True
    try:
        return (folder() / f"{digest(code)}.py").read_bytes() == code.encode("utf-8", "surrogatepass")
    except OSError:
        return False


def trust(code: str) -> None:
    """From now on this text may run on this computer, for this user. Raises OSError."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    temporary = place / f".{secrets.token_hex(6)}.tmp"
    try:
        temporary.write_bytes(code.encode("utf-8", "surrogatepass"))
        os.replace(temporary, place / f"{digest(code)}.py")
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def distrust(code: str) -> None:
    """This text may not run any more. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        (folder() / f"{digest(code)}.py").unlink()


def code_of(project: Project, node: Node) -> str | None:
    """The custom code that a node holds; None where it holds none."""
    declaration = layer_types().get(node.type) if node.type not in project.graphs else None
    if declaration is None or not isinstance(declaration.torch, Module) or not declaration.torch.code:
        return None
    code = node.params.get("code", declaration.fields["code"].default)
    return code if isinstance(code, str) else ""


def codes_in(project: Project) -> Iterator[tuple[str, Node, str]]:
    """Every node of a project that holds code: the key of its graph, the node, the code."""
    types = _types()
    for key, graph in project.graphs.items():
        for node in graph.nodes.values():
            code = code_of(project, node) if node.type in types else None
            if code is not None:
                yield key, node, code


def _types() -> list[str]:
    """The layer types that hold code."""
    return [name for name, d in layer_types().items() if isinstance(d.torch, Module) and d.torch.code]


def _ours() -> set[str]:
    return {str(layer_types()[name].fields["code"].default) for name in _types()}
