"""Drawings from PyTorch modules: one run is recorded, and drawn as the blocks and layers that it went through."""

from __future__ import annotations

from codegen.intake.module import Imported, ImportRefused, import_module, import_with_report

__all__ = ["ImportRefused", "Imported", "import_module", "import_with_report"]
