"""Linear maps."""

from __future__ import annotations

from graph_core.dims import Shape, prod
from graph_core.fields import REQUIRED, Flag, Size
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Weight, facts


class Linear(Layer):
    """y = x Wᵀ + b over the last axis."""

    torch = Module("nn.Linear")
    family, stem, words = "linear", "fc", "dense fully connected projection"
    help = "Multiplies the last axis by a learned matrix and adds a bias."
    source = "torch.nn.Linear"

    x, y = Inlet("... F", "float"), Outlet()
    out_features = Size(128, "Size of the last axis afterwards.", torch=REQUIRED)
    bias = Flag(True, "Add a learned constant to each feature.")

    def rule(self, x: Shape) -> Facts:
        *lead, width = x
        y = (*lead, self.out_features)
        weight = Weight("weight", (self.out_features, width), "out in")
        bias = [Weight("bias", (self.out_features,), "out", "bias")] if self.bias else []
        macs = prod(y) * width
        return facts(y, weights=[weight, *bias], macs=macs, elementwise=prod(y) if self.bias else 0, in_features=width)
