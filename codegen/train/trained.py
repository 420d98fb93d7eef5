"""A run's network with its weights: rebuilt from the drawing in the run's folder, never from code kept there."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from codegen.drawing import Drawing, open_drawing
from codegen.errors import Unusable
from codegen.train.checkpoint import Checkpoint, load_tensors
from codegen.train.run import DRAWING, LAST, WEIGHTS, Run


def weights_of(run: Run) -> dict[str, Tensor]:
    """The weights that a run ended with or, while it goes on, its last checkpoint's. Raises Unusable."""
    if run.path(WEIGHTS).exists():
        return load_tensors(run.path(WEIGHTS))[0]
    if run.path(LAST).exists():
        return Checkpoint.read(run.path(LAST)).model
    raise Unusable(f"The run in {run.folder} has no weights yet; let it finish an epoch.")


def drawing_of_run(run: Run) -> Drawing:
    """The drawing that a run trained. Raises Unusable or Refusal."""
    return open_drawing(run.path(DRAWING), str(run.identity.get("network", "")))


def load_weights(module: nn.Module, weights: dict[str, Tensor], folder: Path) -> nn.Module:
    """The module with these weights, in eval mode. Raises Unusable if they belong to another network."""
    try:
        module.load_state_dict(weights)
    except RuntimeError:
        own = module.state_dict()
        odd = sorted(set(own) ^ set(weights))
        odd += [name for name in own if name in weights and own[name].shape != weights[name].shape]
        first = odd[0] if odd else "a tensor"
        raise Unusable(f"The weights of the run in {folder} are not those of this drawing: {first} differs.") from None
    return module.eval()


def trained_module(drawing: Drawing, run: Run) -> nn.Module:
    """The drawing's module with the run's weights, in eval mode. Raises Unusable or Refusal."""
    return load_weights(drawing.build(), weights_of(run), run.folder)
