"""What an architecture becomes: source, trained weights, compressed and exported models.

Importing this package loads neither torch nor onnx: what needs them is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codegen.build import build_module
    from codegen.emit import emit_source
    from codegen.intake import import_module

__all__ = ["build_module", "emit_source", "import_module"]

_HOMES = {"build_module": "codegen.build", "emit_source": "codegen.emit", "import_module": "codegen.intake"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
