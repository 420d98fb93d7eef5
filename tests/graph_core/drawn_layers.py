"""Draws configurations and input shapes of any declared layer from its declaration alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from graph_core.dims import Shape
from graph_core.fields import (
    Axes,
    Choice,
    Field,
    Fixed,
    Flag,
    Maybe,
    MaybeReal,
    Number,
    PerAxis,
    Real,
    Sizes,
    resolve_all,
)
from graph_core.layer import Inlet, Layer, Module, Port, Refusal
from graph_core.stated import Text

# Axes whose size torch computes from parameters: drawn at random they would hardly ever fit.
COMPUTED: Mapping[tuple[str, str], Callable[[Layer], int]] = {
    ("rnn", "L"): lambda layer: layer.values["num_layers"] * (2 if layer.values["bidirectional"] else 1),
    ("rnn", "H"): lambda layer: layer.values["hidden_size"],
    ("shape", "Q"): lambda layer: 2 * math.prod(layer.values["kernel_size"]),
    ("shape", "R"): lambda layer: _places(layer.values),
}


def _places(values: Mapping[str, Any]) -> int:
    """How many windows there are; one where none fits."""
    keys = ("output_size", "kernel_size", "stride", "padding", "dilation")
    axes = zip(*(values[key] for key in keys), strict=True)
    return math.prod(max((size + 2 * p - d * (k - 1) - 1) // s + 1, 1) for size, k, s, p, d in axes)


# Types that differ from the usual one are rare, so that most configurations are accepted.
DTYPES = {
    "float": ["float32"] * 8 + ["float64", "bfloat16"],
    "int": ["int64", "int64", "int32"],
    "bool": ["bool"],
}
# Where they use the statistics of the batch, torch asks these for two values a channel; we leave that to the batch at
# hand (see _BatchNorm).
NEEDS_A_BATCH = {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"}
SIZES = (1, 2, 3, 4, 5, 6, 8, 9)


def is_drawn(declaration: type[Layer]) -> bool:
    """Whether a declaration says what torch does: not a graph's ports, nor custom code, whose author does."""
    spelling = declaration.torch
    return not isinstance(spelling, Port) and not (isinstance(spelling, Module) and spelling.code)


@dataclass
class Drawn:
    """A configuration with the shapes and dtypes of its wired inputs, by port."""

    layer: Layer
    given: dict[str, Any]
    shapes: dict[str, Shape]
    dtypes: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{port}={shape} {self.dtypes[port]}" for port, shape in self.shapes.items())
        return f"{type(self.layer).__name__}({self.given}) of {inputs}"

    def with_params(self, **given: Any) -> Drawn:
        """The same with other parameters."""
        return Drawn(configure(type(self.layer), self.given | given), self.given | given, self.shapes, self.dtypes)

    def facts(self, change: Callable[[Shape], Shape] = lambda shape: shape) -> Any:
        """The facts by the declared rule, called as analysis calls it, with ``change`` made to every shape."""
        many = [name for name, inlet in self.layer.inlets.items() if inlet.variadic]
        spread = [change(shape) for port, shape in self.shapes.items() if port not in self.layer.inlets]
        assert not spread or many
        by_name = {port: change(shape) for port, shape in self.shapes.items() if port in self.layer.inlets}
        return self.layer.rule(*spread, **by_name)


def configure(declaration: type[Layer], given: Mapping[str, Any]) -> Layer:
    """The layer with the given parameters and defaults for the others."""
    return declaration(resolve_all(declaration.fields, given, {}))


def values_of(field: Field[Any]) -> st.SearchStrategy[Any]:
    """Small values in the declared range of a parameter."""
    default = field.default
    match field:
        case Fixed():
            return st.just(default)
        case Maybe():
            return st.none() | st.integers(field.least, min(field.most, field.least + 6))
        case Text():
            return st.just(default)
        case MaybeReal():
            return st.none() | st.floats(0.1, 2.0)
        case PerAxis():
            one = st.integers(field.least, min(field.most, field.least + 4))
            return one | st.lists(one, min_size=field.length, max_size=field.length)
        case Number():
            low = max(field.least, -4)
            return st.integers(low, min(field.most, low + 7))
        case Flag():
            return st.booleans()
        case Real():
            low, high = max(field.least, -3.0), min(field.most, 3.0)
            return st.just(default) | st.floats(low, high, allow_nan=False, allow_subnormal=False)
        case Choice():
            return st.sampled_from(field.options)
        case Axes(single=True):
            return st.just(default) | st.integers(-4, 3)
        case Axes():
            orders = st.integers(1, 4).flatmap(lambda rank: st.permutations(range(rank)))
            return orders | st.lists(st.integers(-3, 3), min_size=1, max_size=3)
        case Sizes():
            free = [-1] if field.free else []
            return st.lists(st.sampled_from([*free, 1, 2, 3, 4, 6]), min_size=1, max_size=3).filter(
                lambda sizes: sizes.count(-1) <= 1
            )
    raise AssertionError(f"no values are drawn for a parameter of kind {field.kind}: teach values_of")


def _wired(inlet: Inlet, name: str, draw: Any) -> list[str]:
    if inlet.variadic:
        return [f"{name}{k}" for k in range(draw(st.integers(inlet.least, inlet.least + 1)))]
    return [name] if not inlet.optional or draw(st.booleans()) else []


def _shape(inlet: Inlet, layer: Layer, known: dict[str, int], lead: list[int], draw: Any) -> Shape:
    """A shape by the inlet's pattern. Letters mean the same size at every inlet, an ellipsis the same axes."""
    shape: list[int] = []
    for axis in inlet.axes:
        if axis == "...":
            # A mask's ellipsis may stand for what other ports call N and more, or for nothing.
            full = [known["N"], *lead] if inlet.axes[0] != "N" and "N" in known else lead
            heads = [known.get("N", 1) * layer.values.get("num_heads", 1)]
            shape += draw(st.sampled_from([[], full, heads, [1, *full]])) if inlet.optional else full
            continue
        if axis not in known:
            computed = COMPUTED.get((layer.family, axis))
            known[axis] = computed(layer) if computed else draw(st.sampled_from(SIZES))
        shape.append(known[axis])
    return tuple(shape)


@st.composite
def drawn(draw: Any, declaration: type[Layer]) -> Drawn:
    """A configuration of ``declaration``; often one that its rule accepts, sometimes one that it refuses."""
    given = {}
    for name, parameter in declaration.fields.items():
        # Names in a shape mean nothing without a graph around them, so it is always given here.
        if (isinstance(parameter, Sizes) and parameter.named) or draw(st.booleans()):
            given[name] = draw(values_of(parameter))
    layer = configure(declaration, given)
    known: dict[str, int] = {}
    lead = draw(st.lists(st.sampled_from(SIZES[:5]), max_size=4))
    shapes: dict[str, Shape] = {}
    dtypes: dict[str, str] = {}
    for name, inlet in declaration.inlets.items():
        for port in _wired(inlet, name, draw):
            shape = _shape(inlet, layer, known, lead, draw)
            if shape and draw(st.integers(0, 5)) == 5:
                at = draw(st.integers(0, len(shape) - 1))
                shape = (*shape[:at], draw(st.sampled_from(SIZES)), *shape[at + 1 :])
            shapes[port] = shape
            dtypes[port] = draw(st.sampled_from(DTYPES[draw(st.sampled_from(inlet.kinds))]))
    return mended(Drawn(layer, given, shapes, dtypes))


def mended(case: Drawn) -> Drawn:
    """``case`` with the parameters that its refusals ask for, as far as they do; by chance one in eight stays wrong."""
    if random.Random(repr(case)).random() < 0.125:
        return case
    for _ in range(3):
        try:
            case.facts()
        except Refusal as refusal:
            better = refusal.hints.get("set")
            if not better:
                return case
            case = case.with_params(**better)
        else:
            return case
    return case


def has_enough_values(case: Drawn, train: bool) -> bool:
    """Whether a batch norm that uses the statistics of the batch has more than one value a channel."""
    if type(case.layer).__name__ not in NEEDS_A_BATCH or (case.layer.values["track_running_stats"] and not train):
        return True
    batch, _, *space = case.shapes["x"]
    return math.prod([batch, *space]) > 1
