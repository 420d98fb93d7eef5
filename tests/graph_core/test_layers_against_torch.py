"""Every declaration against torch: what the rule says of drawn configurations is what torch makes of them.

On meta tensors: output shapes and dtypes, names and shapes of weights and buffers, multiply-adds. On small CPU tensors:
torch takes what we accept, and refuses what we refuse, but for a reviewed list. A new declaration is covered as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from graph_core.conditions import deciding
from graph_core.dims import Named, Shape, substitute, symbol
from graph_core.layer import (
    KINDS,
    Facts,
    Module,
    Refusal,
    Spec,
    layer_types,
)
from graph_core.promotion import mixed_types, promote_types, quotient_type, result_type
from tests.graph_core.built_layers import call, make
from tests.graph_core.drawn_layers import Drawn, configure, drawn, has_enough_values, is_drawn

SPELLED = [name for name, declaration in layer_types().items() if is_drawn(declaration)]

# Torch adds positions of another float type than the sequence's, and promotes; see mixed_types. Of the others it reads
# the size or the type of one input only, or promotes too.
ADDED_POSITIONS = {"PositionalEncoding", "LearnedPositions", "ExpandBatch", "RMSNorm", "Einsum", "SliceScatter"}
ADDED_POSITIONS |= {"InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"}
# Where a sum has one term, einsum multiplies element by element, which the counter does not count.
UNCOUNTED = {"Einsum"}

# What we refuse and torch takes: by type, when. Each is said in the docstring of its class or file.
STRICTER: Mapping[str, Callable[[Drawn], bool]] = {
    "MaxPool1d": lambda case: case.layer.values["dilation"] != (1,),
    "MaxPool2d": lambda case: case.layer.values["dilation"] != (1, 1),
    "LayerNorm": lambda case: len(case.shapes["x"]) < case.layer.values["axes"],
    "ScaledDotProductAttention": lambda case: len({shape[:-2] for shape in case.shapes.values()}) > 1,
    "PositionalEncoding": lambda case: case.layer.values["max_len"] == 1,
    "LearnedPositions": lambda case: case.layer.values["max_len"] == 1,
    "AddMM": lambda case: case.shapes["x"] == (1,),  # torch spreads a single number
    "SliceScatter": lambda case: True,  # torch cuts at the ends
    "Slice": lambda case: True,  # torch gives tensors of no values, and cuts at the ends
    "GroupNorm": lambda case: True,  # what follows the wire is not known where it refuses
    "ExpandBatch": lambda case: True,  # torch takes a tensor of as many samples as it is
    "LSTM": lambda case: ("h0" in case.shapes) != ("c0" in case.shapes),
}
pytestmark = pytest.mark.hypothesis


@pytest.fixture(autouse=True)
def _slow_path() -> Iterator[None]:
    """The fused path of MultiheadAttention counts nothing; and torch's warnings are not what is tested."""
    before = torch.backends.mha.get_fastpath_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.backends.mha.set_fastpath_enabled(before)


def few() -> Any:
    """Fewer examples a type than the profile's, since there are many types."""
    most = max(settings().max_examples // 3, 5)
    return settings(max_examples=most, suppress_health_check=list(HealthCheck))


def tensors(case: Drawn, device: str) -> dict[str, torch.Tensor]:
    """Inputs of the drawn shapes. Integers are zeros, which every table has."""
    made = {}
    for port, shape in case.shapes.items():
        dtype = getattr(torch, case.dtypes[port])
        make_one = torch.randn if dtype.is_floating_point and device == "cpu" else torch.zeros
        made[port] = make_one(shape, dtype=dtype, device=device)
    return made


def refused_with(case: Drawn) -> str:
    """The sentence of the rule's refusal; empty where it accepts."""
    try:
        case.facts()
    except Refusal as refusal:
        return refusal.message
    return ""


def accepted(case: Drawn) -> Facts | None:
    """The rule's facts, or None where it refuses, or where float types are mixed that may not be."""
    try:
        facts = case.facts()
    except Refusal:
        return None
    return None if mixture(case, facts) else facts


def mixture(case: Drawn, facts: Facts) -> str:
    """What is said of its float types, if they may not meet."""
    return mixed_types(case.layer, facts, [Spec(shape, case.dtypes[port]) for port, shape in case.shapes.items()])


def expected_dtypes(case: Drawn) -> list[str]:
    """The dtypes of the outlets as declared: by name, or promoted from the inputs."""
    specs = [Spec(shape, case.dtypes[port]) for port, shape in case.shapes.items()]
    computed = {"same": result_type(specs), "quotient": quotient_type(specs)}
    computed |= {"first": specs[0].dtype} if specs else {}
    computed |= {name: value for name, value in case.layer.values.items() if name == "dtype"}
    return [computed.get(outlet.dtype, outlet.dtype) for outlet in case.layer.outlets.values()]


def check_on_meta(case: Drawn, facts: Facts) -> None:
    """Shapes, dtypes, state dict, parameters and multiply-adds are torch's."""
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.device("meta"):
        module = make(case.layer, facts)
    if module is not None:
        state = module.eval().state_dict()
        declared = {w.name: (tuple(w.shape), w.dtype) for w in facts.weights}
        assert {n: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for n, t in state.items()} == declared
        assert list(state) == list(declared)
        buffers = {name for name, _ in module.named_buffers()}
        assert buffers == {w.name for w in facts.weights if w.role == "buffer"}
        assert all(w.role == "bias" for w in facts.weights if "bias" in w.name)
    else:
        assert facts.weights == ()
    assert all(not w.axes or len(w.axes.split()) == len(w.shape) for w in facts.weights)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        outputs = call(case.layer, module, tensors(case, "meta"))
    assert list(outputs) == list(case.layer.outlets)
    assert [tuple(t.shape) for t in outputs.values()] == [tuple(shape) for shape in facts.outputs]
    assert [str(t.dtype).removeprefix("torch.") for t in outputs.values()] == expected_dtypes(case)
    assert counter.get_total_flops() == 2 * facts.macs or type(case.layer).__name__ in UNCOUNTED


def run_on_cpu(case: Drawn, facts: Facts, train: bool) -> None:
    """Make it and run it on small CPU tensors."""
    torch.backends.mha.set_fastpath_enabled(True)
    module = make(case.layer, facts)
    if module is not None:
        module.train(train)
    with torch.set_grad_enabled(train):
        outputs = call(case.layer, module, tensors(case, "cpu"))
    assert [tuple(t.shape) for t in outputs.values()] == [tuple(shape) for shape in facts.outputs]


def check_against_torch(case: Drawn) -> bool:
    """All of it for one configuration; whether the rule accepts it."""
    facts = accepted(case)
    if facts is None:
        return False
    assert len(facts.outputs) == len(case.layer.outlets)
    if has_enough_values(case, train=False):
        check_on_meta(case, facts)
        run_on_cpu(case, facts, train=False)
    if has_enough_values(case, train=True):
        run_on_cpu(case, facts, train=True)
    return True


@pytest.mark.parametrize("name", SPELLED)
def test_facts_are_torchs(name: str):
    seen: set[bool] = set()

    @few()
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        seen.add(check_against_torch(case))

    check()
    assert True in seen, "no drawn configuration was accepted; teach drawn_layers what this layer needs"


@pytest.mark.parametrize("name", SPELLED)
def test_what_is_refused_is_refused_by_torch_too(name: str):
    stricter = STRICTER.get(name, lambda case: False)

    @few()
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        if not refused_with(case) or stricter(case):
            return
        follows = sound_follows(case)
        if follows is None:
            return
        with pytest.raises((RuntimeError, ValueError, IndexError, AssertionError, TypeError)):
            run_torch(case, follows)

    check()


NAMES = [name for kind in KINDS.values() for name in kind]


@pytest.mark.parametrize("one", NAMES)
def test_types_are_promoted_as_torch_does(one: str):
    for other in NAMES:
        mine, theirs = getattr(torch, one), getattr(torch, other)
        assert f"torch.{promote_types([one, other])}" == str(torch.promote_types(mine, theirs))
        for a, b in (((2,), ()), ((), (2,)), ((), ()), ((2,), (2,))):
            specs, tensors = (Spec(a, one), Spec(b, other)), (torch.zeros(a, dtype=mine), torch.zeros(b, dtype=theirs))
            assert f"torch.{result_type(specs)}" == str(torch.result_type(*tensors))
            assert f"torch.{quotient_type(specs)}" == str(torch.div(tensors[0], tensors[1] + 1).dtype)


@pytest.mark.parametrize("name", SPELLED)
def test_float_types_that_may_not_meet_do_not_meet_in_torch(name: str):
    """Inputs of float64, or of float64 and float32, at a layer that does not promote them."""
    declaration = layer_types()[name]

    @few()
    @given(drawn(declaration), st.booleans())
    def check(case: Drawn, every: bool) -> None:
        floats = [port for port, dtype in case.dtypes.items() if dtype in KINDS["float"]]
        case.dtypes |= dict.fromkeys(floats, "float32") | dict.fromkeys(floats if every else floats[:1], "float64")
        if refused_with(case):
            return
        facts = case.facts()
        if mixture(case, facts) and name not in ADDED_POSITIONS:
            with pytest.raises((RuntimeError, ValueError, AssertionError)):
                run_torch(case, facts)

    check()


# Where a rule turns from yes to no: type, parameters, shapes by port, whether it accepts.
EDGES: list[tuple[str, dict[str, Any], dict[str, Shape], bool]] = [
    ("Conv1d", {"padding": 4, "padding_mode": "reflect"}, {"x": (1, 2, 5)}, True),
    ("Conv1d", {"padding": 5, "padding_mode": "reflect"}, {"x": (1, 2, 5)}, False),
    ("Conv2d", {"padding": [0, 5], "padding_mode": "circular"}, {"x": (1, 2, 5, 5)}, True),
    ("Conv2d", {"padding": [0, 6], "padding_mode": "circular"}, {"x": (1, 2, 5, 5)}, False),
    ("Conv2d", {"padding": 9, "padding_mode": "replicate"}, {"x": (1, 2, 5, 5)}, True),
    ("Conv2d", {"kernel_size": 3, "dilation": 2, "padding": 1}, {"x": (1, 2, 3, 3)}, True),
    ("Conv2d", {"kernel_size": 3, "dilation": 2, "padding": 1}, {"x": (1, 2, 3, 2)}, False),
    ("Conv2d", {"out_channels": 6, "groups": 3}, {"x": (1, 9, 5, 5)}, True),
    ("Conv2d", {"out_channels": 8, "groups": 3}, {"x": (1, 9, 5, 5)}, False),
    ("MaxPool2d", {"stride": 3, "ceil_mode": True}, {"x": (1, 2, 3, 4)}, True),
    ("AvgPool1d", {"stride": 3, "ceil_mode": True}, {"x": (1, 2, 3)}, True),
    ("AvgPool2d", {"kernel_size": 3, "padding": 1, "ceil_mode": True}, {"x": (1, 2, 2, 7)}, True),
    ("MaxPool1d", {"kernel_size": 5, "stride": 1, "padding": 2}, {"x": (1, 2, 1)}, True),
    ("MaxPool1d", {"kernel_size": 5, "stride": 1, "padding": 3}, {"x": (1, 2, 9)}, False),
    ("MaxPool1d", {"kernel_size": 3, "ceil_mode": True}, {"x": (1, 2, 2)}, True),
    ("MaxPool1d", {"kernel_size": 4, "ceil_mode": True}, {"x": (1, 2, 1)}, False),
    ("BatchNorm1d", {}, {"x": (2, 3, 4, 5)}, False),
    ("Mean", {"dim": [1, -2]}, {"x": (2, 3, 4)}, False),
    ("Mean", {"dim": [0, 1, 2], "keepdim": True}, {"x": (2, 3, 4)}, True),
    ("Softmax", {"dim": -3}, {"x": (2, 3, 4)}, True),
    ("Softmax", {"dim": 3}, {"x": (2, 3, 4)}, False),
    ("Select", {"dim": 1, "index": 4}, {"x": (2, 5, 3)}, True),
    ("Select", {"dim": 1, "index": 5}, {"x": (2, 5, 3)}, False),
    ("Select", {"dim": 1, "index": -5}, {"x": (2, 5, 3)}, True),
    ("Select", {"dim": 1, "index": -6}, {"x": (2, 5, 3)}, False),
    ("Narrow", {"dim": 1, "start": 2, "length": 3}, {"x": (2, 5, 3)}, True),
    ("Narrow", {"dim": 1, "start": 3, "length": 3}, {"x": (2, 5, 3)}, False),
    ("Unsqueeze", {"dim": -1}, {"x": (2, 5)}, True),
    ("Unsqueeze", {"dim": 2}, {"x": (2, 5)}, True),
    ("Unsqueeze", {"dim": 3}, {"x": (2, 5)}, False),
    ("Stack", {"dim": 2}, {"x0": (2, 3), "x1": (2, 3)}, True),
    ("Stack", {"dim": 3}, {"x0": (2, 3), "x1": (2, 3)}, False),
    ("Stack", {"dim": 0}, {"x0": (2, 3), "x1": (3, 2)}, False),
    ("Scale", {"factor": -0.5}, {"x": (2, 3)}, True),
    ("Flatten", {"start_dim": 2, "end_dim": 1}, {"x": (2, 5, 3)}, False),
    ("Permute", {"dims": [0, 2, -1]}, {"x": (2, 5, 3)}, False),
    ("Reshape", {"shape": [5, -1, 2]}, {"x": (2, 4, 5)}, True),
    ("Reshape", {"shape": [3, -1]}, {"x": (2, 4, 5)}, False),
    ("Reshape", {"shape": [4, 6]}, {"x": (2, 4, 5)}, False),
    ("Embedding", {"num_embeddings": 5, "padding_idx": 4}, {"x": (2, 3)}, True),
    ("Embedding", {"num_embeddings": 5, "padding_idx": 5}, {"x": (2, 3)}, False),
    ("PositionalEncoding", {"max_len": 5}, {"x": (2, 5, 7)}, True),
    ("LearnedPositions", {"max_len": 5}, {"x": (2, 6, 7)}, False),
    (
        "LSTM",
        {"hidden_size": 3, "num_layers": 2, "bidirectional": True},
        {"x": (2, 5, 7), "h0": (4, 2, 3), "c0": (4, 2, 3)},
        True,
    ),
    ("GRU", {"hidden_size": 3, "num_layers": 2}, {"x": (2, 5, 7), "h0": (4, 2, 3)}, False),
    ("MatMul", {}, {"a": (3, 1, 2, 4), "b": (5, 4, 6)}, True),
    ("MatMul", {}, {"a": (3, 2, 4), "b": (5, 4, 6)}, False),
    ("Add", {}, {"a": (3, 1), "b": (2, 1, 4)}, True),
    ("Concat", {"dim": -1}, {"x0": (2, 3), "x1": (2, 1), "x2": (2, 4)}, True),
    ("Concat", {"dim": 1}, {"x0": (2, 3), "x1": (2, 3, 1)}, False),
    (
        "MultiheadAttention",
        {"num_heads": 2},
        {
            "query": (3, 4, 6),
            "key": (3, 5, 6),
            "value": (3, 5, 6),
            "key_padding_mask": (3, 5),
            "attn_mask": (6, 4, 5),
        },
        True,
    ),
    (
        "MultiheadAttention",
        {"num_heads": 2},
        {"query": (3, 4, 6), "key": (3, 5, 6), "value": (3, 5, 6), "attn_mask": (3, 4, 5)},
        False,
    ),
    (
        "ScaledDotProductAttention",
        {},
        {"query": (2, 3, 4, 6), "key": (2, 3, 5, 6), "value": (2, 3, 5, 7), "attn_mask": (1, 4, 5)},
        True,
    ),
    (
        "ScaledDotProductAttention",
        {"is_causal": True},
        {"query": (2, 4, 6), "key": (2, 4, 6), "value": (2, 4, 6), "attn_mask": (4, 4)},
        False,
    ),
    (
        "ScaledDotProductAttention",
        {"is_causal": True},
        {"query": (2, 4, 6), "key": (2, 5, 6), "value": (2, 5, 6)},
        True,
    ),
]


@pytest.mark.parametrize(("name", "params", "shapes", "fits"), EDGES)
def test_edges_are_where_torch_has_them(name: str, params: dict[str, Any], shapes: dict[str, Shape], fits: bool):
    declaration = layer_types()[name]
    kinds = {port: declaration.inlets.get(port, next(iter(declaration.inlets.values()))).kinds for port in shapes}
    dtypes = {port: KINDS[kinds[port][0]][0] for port in shapes}
    case = Drawn(configure(declaration, params), params, shapes, dtypes)
    assert check_against_torch(case) is fits, refused_with(case)
    if not fits and (follows := sound_follows(case)) is not None:
        with pytest.raises((RuntimeError, ValueError, IndexError, AssertionError)):
            run_torch(case, follows)


def sound_follows(case: Drawn) -> Facts | None:
    """What follows the wire, which a refusing rule does not say: nothing for what is no module, else as the same type
    with default parameters says; None where it refuses those too."""
    if not isinstance(case.layer.torch, Module):
        return Facts(())
    return accepted(Drawn(configure(type(case.layer), {}), {}, case.shapes, case.dtypes))


def run_torch(case: Drawn, facts: Facts) -> None:
    with torch.no_grad():
        call(case.layer, make(case.layer, facts), tensors(case, "cpu"))


@pytest.mark.parametrize("name", SPELLED)
def test_a_hint_mends_what_it_names(name: str):
    @few()
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        try:
            case.facts()
        except Refusal as refusal:
            assert_hints_help(case, refusal)

    check()


def assert_hints_help(case: Drawn, refusal: Refusal) -> None:
    if better := refusal.hints.get("set"):
        assert refused_with(case.with_params(**better)) != refusal.message, better
    if inserted := refusal.hints.get("insert"):
        assert inserted in layer_types()
    if port := refusal.hints.get("port"):
        assert port in case.layer.inlets


def by_value(shape: Shape) -> Shape:
    """Equal sizes as one symbol; 1 stays 1, since broadcasting makes it another case."""
    return tuple(size if size == 1 else symbol(f"s{size}") for size in shape)


def with_names(shape: Shape) -> Shape:
    """Sizes that remember a symbol."""
    return tuple(Named(size, f"s{size}") for size in shape)


def numbers(value: Any) -> Any:
    """Facts as plain ints, with the symbols' values put in."""
    if isinstance(value, Facts):
        weights = [(w.name, numbers(w.shape), w.axes, w.role, w.dtype) for w in value.weights]
        return [*map(numbers, (value.outputs, value.macs, value.elementwise)), weights, numbers(dict(value.follows))]
    if isinstance(value, dict):
        return {name: numbers(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [numbers(part) for part in value]
    return int(substitute(value, {f"s{n}": n for n in range(1, 100)}))


@pytest.mark.parametrize("name", SPELLED)
def test_rules_on_symbols_are_the_rules_on_ints(name: str):
    @few()
    @given(drawn(layer_types()[name]))
    def check(case: Drawn) -> None:
        facts = accepted(case)
        if facts is None:
            return
        assert numbers(case.facts(with_names)) == numbers(facts)
        with deciding({f"s{n}": n for n in range(1, 100)}):
            assert numbers(case.facts(by_value)) == numbers(facts)

    check()


@given(st.sampled_from(["ReLU", "Conv2d", "LSTM"]))
def test_facts_are_remembered_by_configuration(name: str):
    declaration = layer_types()[name]
    one, other = (declaration({n: f.resolve_default() for n, f in declaration.fields.items()}) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
