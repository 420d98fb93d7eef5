"""A Python package: the source, the weights beside it, and a function that puts them together."""

from __future__ import annotations

import keyword
from pathlib import Path

from torch import nn

from codegen.drawing import Drawing
from codegen.emit import class_name
from codegen.errors import Unusable
from codegen.files import write_atomic
from codegen.train.checkpoint import save_tensors

_INIT = '''"""{title} with its weights: ``import {package}; model = {package}.load()``."""

from pathlib import Path

from safetensors.torch import load_file

from .model import {name}

__all__ = ["{name}", "load"]


def load(device: str = "cpu") -> {name}:
    """The network with its weights, in eval mode. Needs torch and safetensors."""
    weights = load_file(Path(__file__).with_name("weights.safetensors"), device=device)
    model = {name}().to(device)
    model.load_state_dict(weights)
    return model.eval()
'''


def check_package(folder: Path) -> None:
    """Raises Unusable for a folder that Python cannot import."""
    name = folder.name
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise Unusable(f"{name[:60]!r} cannot be imported; name the package with letters, digits and underscores.")


def export_package(drawing: Drawing, module: nn.Module, folder: Path) -> list[Path]:
    """Write the package `folder`: `__init__.py`, `model.py`, `weights.safetensors` and the mark of a typed package.

    Raises OSError, and Refusal for code that is not trusted.
    """
    name = class_name(drawing.project, drawing.network)
    start = _INIT.format(title=name, package=folder.name, name=name)
    source = drawing.source
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "model.py", folder / "weights.safetensors", folder / "py.typed", folder / "__init__.py"]
    write_atomic(files[0], source.encode())
    save_tensors(files[1], module.state_dict(), {})
    write_atomic(files[2], b"")
    write_atomic(files[3], start.encode())
    return files
