"""What each declaration says that autograd keeps, and which memory its output shares, against torch itself."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from graph_core.dims import prod
from graph_core.layer import BYTES, KINDS, Facts, Refusal, Spec, layer_types
from graph_core.promotion import mixed_types
from tests.graph_core.built_layers import call, make
from tests.graph_core.drawn_layers import Drawn, drawn, has_enough_values, is_drawn
from tests.graph_core.test_layers_against_torch import expected_dtypes

# What torch keeps of these, or whether it copies, depends on more than their shapes.
OPEN = frozenset(
    [
        "Cast",
        "BatchNormWith",
        "GroupNorm",
        "RMSNorm",
        "LayerNormWith",
        "BorderPad",
        "GroupNormWith",
        "RMSNormWith",
        "BatchStatisticsNorm",
        "Normalize",
        "Softsign",
        "InstanceNorm1d",
        "InstanceNorm2d",
        "InstanceNorm3d",
        "LogSigmoid",
        "Lookup",
        "Gather",
        "Where",
    ]
)
SPELLED = [
    name
    for name, declaration in layer_types().items()
    if is_drawn(declaration) and declaration.inlets and name not in OPEN
]
pytestmark = pytest.mark.hypothesis


def _values(case: Drawn, port: str) -> int:
    """How many values come in at a port."""
    return math.prod(int(size) for size in case.shapes[port])


def _dropout(case: Drawn) -> int:
    """A fused dropout (of a GPU) keeps one byte a value; the CPU a mask of the input's type, or one zero for p = 1."""
    p, size = case.layer.values["p"], BYTES[case.dtypes["x"]]
    return 0 if p == 0 else size - _values(case, "x") if p == 1 else _values(case, "x") * (size - 1)


def _recurrent(case: Drawn) -> int | None:
    """The CPU copies a sequence that is not in steps' order for each direction, and its dropout is not fused."""
    batch, steps, _ = case.shapes["x"]
    if case.layer.values["dropout"]:
        return None
    twice = case.layer.values["bidirectional"] and batch > 1 and steps > 1
    return _values(case, "x") * BYTES[case.dtypes["x"]] if twice else 0


def _multihead(case: Drawn) -> int | None:
    """Dropout keeps the CPU from fusing; a mask of bools is made one of numbers, one for a single sample not copied."""
    if case.layer.values["dropout"] or ("key_padding_mask" in case.shapes and case.shapes["query"][0] == 1):
        return None
    size = BYTES[case.dtypes["query"]]
    bools = [
        port
        for port, dtype in case.dtypes.items()
        if dtype == "bool" and port == "attn_mask" and "key_padding_mask" not in case.dtypes
    ]
    return sum(_values(case, port) * (size - 1) for port in bools)


def _product(case: Drawn) -> int:
    """What is no float has no gradient, so that the factor beside it is not kept."""
    beside = [one for one, other in ("ab", "ba") if case.dtypes[other] not in KINDS["float"]]
    return -sum(_values(case, port) * BYTES[case.dtypes[port]] for port in beside)


def _quotient(case: Drawn) -> int | None:
    """As of a product, but that the divisor is kept for both gradients."""
    return 0 if all(dtype in KINDS["float"] for dtype in case.dtypes.values()) else None


def _matrices(case: Drawn) -> int | None:
    """Matrices that are used for several of the others may be copied for each."""
    return 0 if case.shapes["a"][:-2] == case.shapes["b"][:-2] else None


def _halves(case: Drawn) -> int | None:
    """The CPU keeps statistics of halves as halves, and computes unfused attention on them in float32."""
    return None if "bfloat16" in case.dtypes.values() else 0


# Where torch on a CPU keeps more or less than is declared: by type, how many bytes, or None where that is left open.
OTHERWISE: Mapping[str, Callable[[Drawn], int | None]] = {
    "Dropout": _dropout,
    "RNN": _recurrent,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "MultiheadAttention": _multihead,
    "Mul": _product,
    "Div": _quotient,
    "MatMul": _matrices,
    "BatchNorm1d": _halves,
    "BatchNorm2d": _halves,
    "BatchNorm3d": _halves,
    "LayerNorm": _halves,
    "ScaledDotProductAttention": _halves,
}


def declared_bytes(case: Drawn, facts: Facts) -> int:
    """Bytes that the declaration says are kept, each port's values once."""
    layer = case.layer
    outlets = dict(zip(layer.outlets, facts.outputs, strict=True))
    dtypes = dict(zip(layer.outlets, expected_dtypes(case), strict=True))
    first = next(iter(dtypes.values()))
    total = 0
    for port in layer.saves if facts.saves is None else facts.saves:
        if port in case.shapes:
            total += int(prod(case.shapes[port])) * BYTES[case.dtypes[port]]
        elif port in outlets:
            total += int(prod(outlets[port])) * BYTES[dtypes[port]]
    for count, dtype in facts.keeps:
        wide = "float64" if first == "float64" else "float32"
        total += int(count) * BYTES[{"same": first, "wide": wide}.get(dtype, dtype)]
    return total


def storage(tensor: torch.Tensor) -> int:
    """What tells one piece of memory from another."""
    return tensor.untyped_storage().data_ptr()


def run(case: Drawn, facts: Facts) -> tuple[int, bool]:
    """Bytes of distinct memory that torch keeps for backward, weights aside, and whether the output is the input's."""
    module = make(case.layer, facts)
    tensors: dict[str, torch.Tensor] = {}
    for port, shape in case.shapes.items():
        dtype = getattr(torch, case.dtypes[port])
        if dtype.is_floating_point and "mask" not in port:
            tensors[port] = torch.randn(shape, dtype=dtype).requires_grad_() * 1
        else:
            tensors[port] = torch.zeros(shape, dtype=dtype)
    owned = {storage(t) for t in [*module.parameters(), *module.buffers()]} if module is not None else set()
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if storage(tensor) not in owned:
            kept[storage(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = call(case.layer, module, tensors)
    first = next(iter(tensors.values()))
    shared = any(storage(tensor) == storage(first) for tensor in outputs.values())
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values()), shared


@pytest.mark.parametrize("name", SPELLED)
def test_autograd_keeps_what_is_declared(name: str) -> None:
    @settings(max_examples=max(settings().max_examples // 3, 5), suppress_health_check=list(HealthCheck))
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        try:
            facts = case.facts()
        except Refusal:
            assume(False)
            return
        specs = [Spec(shape, case.dtypes[port]) for port, shape in case.shapes.items()]
        assume(not mixed_types(case.layer, facts, specs) and has_enough_values(case, train=True))
        with warnings.catch_warnings(), torch.backends.mkldnn.flags(enabled=False):
            warnings.simplefilter("ignore")
            found, shared = run(case, facts)
        assert shared == bool(case.layer.shares_memory(training=True))
        extra = OTHERWISE[name](case) if name in OTHERWISE else 0
        assert extra is None or found == declared_bytes(case, facts) + extra

    check()
