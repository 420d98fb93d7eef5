"""Bytes that a network needs: weights, gradients, optimizer state, and activations at their peak, by precision.

What each precision means is said once, in ``PRECISIONS``. Not counted, since no drawing tells it: the loss and what it
keeps, workspaces that kernels take for themselves, what the framework and the device's driver hold (about half a
gigabyte for CUDA), and fragmentation. The drawing's own dtypes stand: only what is drawn as float32 is scaled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graph_core.dims import Dim, prod
from graph_core.groups import frozen_values, groups_of, parameters_of, share_out, state_values
from graph_core.layer import BYTES, Spec
from graph_core.liveness import living_of
from graph_core.optimizers import kind_of
from graph_core.pieces import Mode
from graph_core.propagate import Engine


@dataclass(frozen=True, slots=True)
class Precision:
    """Bytes of one value that is drawn as float32, by what it is; ``copy`` is a second copy of each weight."""

    name: str
    title: str
    weight: int
    buffer: int
    gradient: int
    state: int
    activation: int
    copy: int = 0
    trains: bool = True
    help: str = ""


PRECISIONS: Final[Mapping[str, Precision]] = {
    precision.name: precision
    for precision in (
        Precision("fp32", "float32", 4, 4, 4, 4, 4, help="Everything in float32, as drawn."),
        Precision("bf16", "bfloat16", 2, 2, 2, 2, 2, help="Everything in bfloat16: model.to(torch.bfloat16)."),
        Precision("fp16", "float16", 2, 2, 2, 2, 2, help="Everything in float16: model.half()."),
        Precision(
            "mixed",
            "mixed, 16 and 32 bit",
            4,
            4,
            4,
            4,
            2,
            copy=2,
            help="Weights, gradients and optimizer in float32, a 16-bit copy of each weight, activations in 16 bits: "
            "torch.autocast, except for the few layers that it runs in float32.",
        ),
        Precision(
            "int8",
            "int8",
            1,
            4,
            0,
            0,
            1,
            trains=False,
            help="Inference with each parameter and activation in one byte; scales, some bytes a channel, not counted.",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes by what they are for. ``weights`` with buffers and copies; ``kept`` is what autograd keeps for backward.

    ``working`` is what lives besides when most is held: tensors in inference, gradients of activations in training.
    ``inputs`` are the network's own, held by the caller throughout.
    """

    weights: int
    gradients: int
    optimizer: int
    inputs: int
    kept: int
    working: int

    @property
    def activations(self) -> int:
        """Everything that grows with the batch."""
        return self.inputs + self.kept + self.working

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.gradients + self.optimizer + self.activations


def spec_bytes(spec: Spec | None) -> int:
    """Bytes of one tensor as drawn; 0 where its size is not known."""
    if spec is None:
        return 0
    size: Dim = prod(spec.shape)
    return int(size) * BYTES[spec.dtype] if isinstance(size, int) else 0


def standing_of(engine: Engine, network: str, *, precision: str = "fp32") -> tuple[int, int, int]:
    """Bytes that do not depend on the batch: weights with buffers, gradients, optimizer state.

    Raises KeyError for a precision that is not one of PRECISIONS.
    """
    chosen = PRECISIONS[precision]
    totals = engine.root(network).totals
    trainable, frozen, buffers, size = (
        int(n) if isinstance(n, int) else 0 for n in (totals.trainable, totals.frozen, totals.buffers, totals.bytes)
    )
    # Weights are float32; the only other numbers are the 8-byte counters among the buffers.
    counters = (size - 4 * (trainable + frozen + buffers)) // 4
    weights = (trainable + frozen) * (chosen.weight + chosen.copy) + (buffers - counters) * chosen.buffer + counters * 8
    learned, state = _learned(engine, network, trainable)
    return weights, learned * chosen.gradient, state * chosen.state


def parts_of(engine: Engine, network: str, *, training: bool, precision: str = "fp32") -> Parts:
    """What a network needs at the engine's sizes. Raises KeyError for a precision that is not one of PRECISIONS."""
    weights, gradients, optimizer = standing_of(engine, network, precision=precision)
    root = engine.root(network)
    mode = Mode(training, PRECISIONS[precision].activation)
    inputs = sum(
        mode.bytes_of(root.results[id].specs[0]) for id in root.graph.ports_of_role["input"] if id in root.results
    )
    piece = living_of(engine).sweep(root, mode).piece
    if not training:
        return Parts(weights, 0, 0, inputs, 0, piece.high)
    return Parts(weights, gradients, optimizer, inputs, piece.keeps, piece.high - piece.keeps)


def _learned(engine: Engine, network: str, trainable: int) -> tuple[int, int]:
    """How many values have a gradient, and how many the optimizer keeps, its groups considered."""
    optimizer = engine.project.setup(network).get("optimizer", {})
    if not groups_of(optimizer):
        return trainable, trainable * kind_of(optimizer).state_per_parameter(optimizer)
    shares = share_out(optimizer, parameters_of(engine.root(network)))
    return trainable - frozen_values(shares), state_values(shares)


def peak_path(engine: Engine, network: str, mode: Mode) -> str:
    """The state-dict path of the layer that runs when most is held; empty where nothing is."""
    living, context = living_of(engine), engine.root(network)
    names: list[str] = []
    while True:
        sweep = living.sweep(context, mode)
        id = sweep.peak_node()
        if not id:
            return ".".join(names)
        result = context.results[id]
        names.append(result.node.name)
        if not result.calls:
            return ".".join(names)
        # Kept values pile up, so that the last of equal iterations holds most.
        call = max(result.calls, key=lambda call: (living.sweep(call.context, mode).piece.high, call.first))
        if result.node.run is not None and not result.node.run.shared:
            names.append(str(call.first + call.count - 1 if mode.training else call.first))
        context = call.context
