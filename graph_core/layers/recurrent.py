"""Recurrent layers: sequences of steps, batch first (N×T×F).

Stricter than torch: a sequence always has a batch axis, and LSTM takes both of its initial states or neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from graph_core.dims import Dim, Shape, prod, same, shape_text
from graph_core.fields import REQUIRED, Choice, Count, Fixed, Flag, Real, Size
from graph_core.layer import Facts, Inlet, Layer, Module, Outlet, Weight, facts, require


class _Recurrent(Layer):
    """What recurrent layers share: ``gates`` maps of input and state a step, ``pointwise`` work per unit and step.

    ``kept`` values autograd keeps per unit and step, and per unit once, in torch's own steps; cuDNN keeps about as
    many in one piece, oneDNN rounds its piece up to pages.
    """

    family, saves = "rnn", ("x",)
    letters = {"H": "h", "hidden_size": "h"}
    gates: ClassVar[int]
    pointwise: ClassVar[int]
    kept: ClassVar[tuple[int, int]]

    x, h0 = Inlet("N T F", "float"), Inlet("L N H", "float", optional=True, state=True)
    y, h = Outlet(), Outlet(state=True)
    hidden_size = Size(128, "Size of the state.", torch=REQUIRED)
    num_layers = Count(1, "Layers, each fed by the states of the one below.", most=64)
    bias = Flag(True, "Add learned constants (torch has two a gate).", advanced=True)
    batch_first = Fixed(True, "The batch is the first axis.", torch=False)
    dropout = Real(0.0, "Probability of a zero between layers, in training.", least=0.0, most=1.0, advanced=True)
    bidirectional = Flag(False, "Run a second set of weights from the end to the start.")

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _weights(self, features: Dim) -> Iterator[Weight]:
        rows = self.gates * self.hidden_size
        width = features
        for layer in range(self.num_layers):
            for suffix in (f"l{layer}", f"l{layer}_reverse")[: self._directions]:
                yield Weight(f"weight_ih_{suffix}", (rows, width), "gates in")
                yield Weight(f"weight_hh_{suffix}", (rows, self.hidden_size), "gates hidden")
                if self.bias:
                    yield Weight(f"bias_ih_{suffix}", (rows,), "gates", "bias")
                    yield Weight(f"bias_hh_{suffix}", (rows,), "gates", "bias")
            width = self._directions * self.hidden_size

    def _facts(self, x: Shape, initial: dict[str, Shape | None], states: int) -> Facts:
        n, t, features = x
        runs = self.num_layers * self._directions
        state = (runs, n, self.hidden_size)
        for name, shape in initial.items():
            if shape is not None:
                self._check_state(name, shape, state)
        weights = list(self._weights(features))
        macs = n * t * sum_sizes(prod(w.shape) for w in weights if w.role == "weight")
        # Per unit: the sum of both maps and of their biases for each gate, then the cell's own arithmetic.
        work = self.gates * (3 if self.bias else 1) + self.pointwise
        y = (n, t, self._directions * self.hidden_size)
        between = prod(y) * (self.num_layers - 1)  # what each layer above the first takes in
        per_step, once = self.kept
        kept = n * self.hidden_size * runs * (t * per_step + once) + between
        return facts(
            y,
            *(state,) * states,
            weights=weights,
            macs=macs,
            elementwise=n * t * self.hidden_size * (runs * work),
            biases=n * t * self.hidden_size * (runs * self.gates * 2) if self.bias else 0,
            keeps=((kept, "same"), (between if self.dropout else 0, "bool")),
            input_size=features,
        )

    def _check_state(self, name: str, shape: Shape, state: Shape) -> None:
        for given, needed in zip(shape, state, strict=True):
            require(
                same(given, needed),
                lambda: f"takes {name} of {shape_text(state)} (layers × batch × hidden), not {shape_text(shape)}",
                port=name,
                want=state,
            )


def sum_sizes(sizes: Iterator[Dim]) -> Dim:
    """The sum of sizes; 0 for none."""
    total: Dim = 0
    for size in sizes:
        total = total + size
    return total


class RNN(_Recurrent):
    """h′ = tanh(W x + b + U h + c)."""

    torch = Module("nn.RNN", takes=("x", "h0"), returns=("y", "h"))
    stem, words = "rnn", "recurrent elman sequence simple"
    help = "Runs along a sequence with one state: h′ = tanh(W x + U h)."
    source = "torch.nn.RNN; Elman 1990"
    gates, pointwise, kept = 1, 1, (1, 1)

    nonlinearity = Choice("tanh", ("tanh", "relu"), "The function of each step.", advanced=True)

    def rule(self, x: Shape, h0: Shape | None = None) -> Facts:
        return self._facts(x, {"h0": h0}, 1)


class GRU(_Recurrent):
    """Gated recurrent unit: reset and update gates around one state.

    Its arithmetic per unit: three functions, three products, an addition and a subtraction.
    """

    torch = Module("nn.GRU", takes=("x", "h0"), returns=("y", "h"))
    stem, words = "gru", "recurrent gated sequence"
    help = "Runs along a sequence with one state, kept or renewed by two gates."
    source = "torch.nn.GRU; Cho et al. 2014, arXiv:1406.1078"
    gates, pointwise, kept = 3, 8, (7, 0)

    def rule(self, x: Shape, h0: Shape | None = None) -> Facts:
        return self._facts(x, {"h0": h0}, 1)


class LSTM(_Recurrent):
    """Long short-term memory: input, forget and output gates around a cell.

    Its arithmetic per unit: five functions, three products and an addition.
    """

    torch = Module("nn.LSTM", takes=("x", ("h0", "c0")), returns=("y", ("h", "c")))
    stem, words = "lstm", "recurrent memory gated sequence"
    help = "Runs along a sequence with a state and a memory cell, guarded by three gates."
    source = "torch.nn.LSTM; Hochreiter and Schmidhuber 1997"
    gates, pointwise, kept = 4, 9, (7, 0)

    c0, c = Inlet("L N H", "float", optional=True, state=True), Outlet(state=True)

    def rule(self, x: Shape, h0: Shape | None = None, c0: Shape | None = None) -> Facts:
        missing = "h0" if h0 is None else "c0"
        require(
            (h0 is None) is (c0 is None), f"takes h0 and c0 together; {missing} is not wired", "unwired", port=missing
        )
        return self._facts(x, {"h0": h0, "c0": c0}, 2)
