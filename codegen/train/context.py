"""A trained network with everything that judging it needs: what quantization and export start from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from codegen.data.arrays import load_data
from codegen.data.catalog import CATALOG
from codegen.drawing import Drawing
from codegen.errors import Unusable
from codegen.train.examples import Examples, as_tensors
from codegen.train.loop import MANY_PARAMETERS
from codegen.train.run import Run
from codegen.train.trained import trained_module


@dataclass(frozen=True)
class Trained:
    """A drawing with the weights of a run, and the run's data in the shape that the network takes."""

    drawing: Drawing
    run: Run
    module: nn.Module
    examples: Examples

    def notes(self) -> dict[str, str]:
        """What an exported file says of its origin and of what it takes."""
        data = self.run.settings.data
        notes = {"data": Path(data).name, "classes": json.dumps(list(self.examples.classes))}
        if data in CATALOG:
            notes["values"] = f"{CATALOG[data].low:g} to {CATALOG[data].high:g}"
        if "accuracy" in self.run.result:
            notes["accuracy"] = f"{self.run.result['accuracy']:.4f}"
        return notes


def open_trained(drawing: Drawing, folder: Path) -> Trained:
    """A drawing with the weights of the run in `folder`. Raises Unusable or Refusal, in one sentence.

    Small networks are set to run on one thread from here on: a second one only waits for the first.
    """
    run = Run.open(folder)
    module = trained_module(drawing, run)
    data = load_data(run.settings.data)
    if data.digest() != run.identity.get("data"):
        raise Unusable(f"The data {run.settings.data} has changed since the run in {folder}; train again.")
    if sum(p.numel() for p in module.parameters()) < MANY_PARAMETERS:
        torch.set_num_threads(1)
    return Trained(drawing, run, module, as_tensors(data, drawing.takes(), drawing.input_dtype()))
