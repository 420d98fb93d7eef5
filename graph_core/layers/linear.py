"""Linear maps."""

from __future__ import annotations

from typing import Any

from graph_core.dims import Shape, plain, prod, same, shape_text
from graph_core.fields import REQUIRED, Flag, Size
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Spec, Want, Weight, facts


class Linear(Layer):
    """y = x Wᵀ + b over the last axis."""

    torch = Module("nn.Linear")
    family, stem, words = "linear", "fc", "dense fully connected projection"
    letters = {"F": "d_in", "out_features": "d_out"}
    saves = ("x",)
    help = "Multiplies the last axis by a learned matrix and adds a bias."
    source = "torch.nn.Linear"

    x, y = Inlet("... F", "float"), Outlet()
    out_features = Size(128, "Size of the last axis afterwards.", torch=REQUIRED)
    bias = Flag(True, "Add a learned constant to each feature.")

    @classmethod
    def adapt(cls, have: Spec, want: Want) -> dict[str, Any] | None:
        """Maps the last axis where it is all that differs."""
        if want.spec is None or have.kind != "float" or not have.shape:
            return None
        shape = want.spec.shape
        fits = len(shape) == len(have.shape) and all(map(same, have.shape[:-1], shape[:-1]))
        return {"out_features": plain(shape[-1])} if fits and isinstance(shape[-1], int) else None

    def rule(self, x: Shape) -> Facts:
        *lead, width = x
        y = (*lead, self.out_features)
        weight = Weight("weight", (self.out_features, width), "out in")
        bias = [Weight("bias", (self.out_features,), "out", "bias")] if self.bias else []
        macs = prod(y) * width
        added = prod(y) if self.bias else 0
        notes = _on_an_image(x)
        return facts(
            y, weights=[weight, *bias], macs=macs, elementwise=added, biases=added, notes=notes, in_features=width
        )


def _on_an_image(x: Shape) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """A remark on four axes of which the last two are equal: an image, of which it sees one row at a time."""
    if len(x) != 4 or same(x[2], x[3]) is not True or same(x[3], 1):
        return ()
    message = f"maps each row of {shape_text(x[1:])} by itself; insert a Flatten before it to map all values at once"
    return (("rank-hint", message, {"rank": 2, "port": "x"}),)
