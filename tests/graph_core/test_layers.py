"""Every declaration by itself: complete, in range, spelled as torch spells it, and a dozen lines for a new one."""

from __future__ import annotations

import ast
import inspect
import keyword
from typing import Any

import pytest
import torch

from graph_core import layer as layer_module
from graph_core.dims import Shape, divides
from graph_core.fields import REQUIRED, Choice, FieldError, Fixed, Number, PerAxis, Real, SameAs, Size
from graph_core.layer import (
    FAMILIES,
    KINDS,
    Facts,
    Function,
    Held,
    Inlet,
    Layer,
    Method,
    Module,
    Operator,
    Outlet,
    Phrase,
    Port,
    Refusal,
    facts,
    layer_types,
    replaced_types,
    require,
)
from graph_core.problems import CODES
from tests.graph_core.built_layers import SIGNS, arguments, plain, spelled
from tests.graph_core.drawn_layers import configure

NAMES = list(layer_types())
MODULES = [name for name, declaration in layer_types().items() if isinstance(declaration.torch, Module)]
FUNCTIONS = [name for name, declaration in layer_types().items() if isinstance(declaration.torch, Function | Method)]

MILESTONE = """
Input Output Linear Conv1d Conv2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d AdaptiveAvgPool1d
AdaptiveAvgPool2d BatchNorm1d BatchNorm2d LayerNorm ReLU LeakyReLU ELU GELU SiLU Sigmoid Tanh Hardswish Softplus Mish
Softmax Dropout Flatten Add Mul Concat Embedding PositionalEncoding LSTM GRU MultiheadAttention
ScaledDotProductAttention MatMul Permute Reshape Mean
"""


def test_the_layers_of_the_first_milestone_are_there():
    assert set(MILESTONE.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_is_complete(name: str):
    declaration = layer_types()[name]
    assert declaration.family in FAMILIES
    assert declaration.help.endswith(".")
    assert "\n" not in declaration.help
    assert 20 <= len(declaration.help) <= 120
    assert declaration.source
    assert declaration.stem.isidentifier()
    assert not keyword.iskeyword(declaration.stem)
    assert inspect.getdoc(declaration)
    assert isinstance(declaration.torch, Module | Function | Method | Operator | Phrase | Held | Port)


@pytest.mark.parametrize("name", NAMES)
def test_ports_have_one_meaning_each(name: str):
    declaration = layer_types()[name]
    ports = [*declaration.inlets, *declaration.outlets]
    assert len(set(ports)) == len(ports)
    assert not set(ports) & set(declaration.fields)
    assert all(port.isidentifier() for port in ports)
    for inlet in declaration.inlets.values():
        assert set(inlet.kinds) <= set(KINDS)
        assert inlet.axes.count("...") <= 1
    for outlet in declaration.outlets.values():
        known = {"same", "quotient", "first", *(dtype for names in KINDS.values() for dtype in names)}
        assert outlet.dtype in known or outlet.dtype in declaration.fields


@pytest.mark.parametrize("name", NAMES)
def test_the_rule_takes_the_declared_inlets(name: str):
    declaration = layer_types()[name]
    parameters = list(inspect.signature(declaration.rule).parameters.values())[1:]
    assert [parameter.name for parameter in parameters] == list(declaration.inlets)
    for parameter, inlet in zip(parameters, declaration.inlets.values(), strict=True):
        assert (parameter.kind is parameter.VAR_POSITIONAL) == inlet.variadic
        assert (parameter.default is None) == inlet.optional


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_explained_and_their_defaults_valid(name: str):
    for key, field in layer_types()[name].fields.items():
        assert field.help.endswith("."), key
        assert field.takes, key
        if not getattr(field, "named", False):
            field.resolve_default()
        field.accept(field.default)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_refuse_what_is_out_of_range(name: str):
    for key, field in layer_types()[name].fields.items():
        wrong: list[Any] = [object()]
        if isinstance(field, Number | Real):
            wrong += [2 * field.least - 1 if field.least <= 0 else 0, True, float("inf")]
        if isinstance(field, PerAxis):
            wrong.append([1] * (field.length + 1))
        if isinstance(field, Choice):
            wrong.append("something else")
        if isinstance(field, Fixed):
            wrong.append(not field.default)
        for value in wrong:
            with pytest.raises(FieldError, match=key):
                field.resolve(value, {})


def signature_of(name: str) -> dict[str, inspect.Parameter] | None:
    """The parameters of what a dotted name means; None for builtins, which do not tell."""
    found = spelled(name)
    try:
        return dict(inspect.signature(found.__init__ if inspect.isclass(found) else found).parameters)
    except ValueError:
        return None


def check_defaults(declaration: type[Layer], signature: dict[str, inspect.Parameter]) -> None:
    """Every declared parameter is one of torch's, by its keyword, with torch's default."""
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.values()):
        return
    for key, field in declaration.fields.items():
        if not field.emit:
            continue
        assert field.argument in signature, key
        default = signature[field.argument].default
        if field.required:
            assert default is inspect.Parameter.empty, key
        elif isinstance(field.torch_default, SameAs):
            assert default is None, key
            assert field.torch_default.name in declaration.fields
        else:
            assert field.torch_default == default, key


@pytest.mark.parametrize("name", MODULES)
def test_defaults_are_those_of_torchs_modules(name: str):
    declaration = layer_types()[name]
    assert isinstance(declaration.torch, Module)
    preamble = declaration.torch.preamble
    found = spelled(declaration.torch.name, preamble)
    check_defaults(declaration, dict(inspect.signature(found.__init__).parameters))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_defaults_are_those_of_torchs_functions(name: str):
    declaration = layer_types()[name]
    assert isinstance(declaration.torch, Function | Method)
    prefix = "torch.Tensor." if isinstance(declaration.torch, Method) else ""
    signature = signature_of(prefix + declaration.torch.name)
    if signature is not None:
        check_defaults(declaration, signature)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if layer_types()[name].torch.module])
def test_the_module_of_a_function_does_the_same(name: str):
    layer = configure(layer_types()[name], {})
    by_position, by_keyword = arguments(layer)
    module = spelled(layer.torch.module)(*by_position, **by_keyword)
    x = torch.randn(2, 3, 4)
    if isinstance(layer.torch, Method):
        expected = getattr(x, layer.torch.name)(*by_position, **by_keyword)
    else:
        expected = spelled(layer.torch.name)(x, *by_position, **by_keyword)
    assert torch.equal(module(x), expected)
    given = inspect.signature(type(module).__init__).parameters
    assert all(field.argument in given for field in layer.fields.values())


@pytest.mark.parametrize("name", NAMES)
def test_spellings_name_declared_ports(name: str):
    declaration = layer_types()[name]
    spelling = declaration.torch
    if isinstance(spelling, Operator):
        assert spelling.sign in SIGNS
        assert len(declaration.inlets) == 2
    if isinstance(spelling, Module | Function) and spelling.takes:
        flat = [part for entry in spelling.takes for part in (entry if isinstance(entry, tuple) else (entry,))]
        assert [part.split("=")[-1] for part in flat] == list(declaration.inlets)
    if isinstance(spelling, Module) and spelling.returns:
        flat = [part for entry in spelling.returns for part in (entry if isinstance(entry, tuple) else (entry,))]
        assert [part for part in flat if part != "_"] == list(declaration.outlets)


@pytest.mark.parametrize("name", [name for name in MODULES if layer_types()[name].torch.preamble])
def test_a_preamble_is_one_class_of_that_name(name: str):
    spelling = layer_types()[name].torch
    tree = ast.parse(spelling.preamble)
    assert [type(part) for part in tree.body] == [ast.ClassDef]
    assert tree.body[0].name == spelling.name
    assert ast.get_docstring(tree.body[0])
    known = {"torch", "nn", "Tensor", "super", "int", "float", "bool", "self"}
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert used <= known | bound


def test_every_code_of_a_refusal_is_in_the_catalogue():
    found = set()
    for declaration in layer_types().values():
        tree = ast.parse(inspect.getsource(inspect.getmodule(declaration)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("require", "Refusal"):
                at = 2 if node.func.id == "require" else 1
                if len(node.args) > at:
                    found.add(ast.literal_eval(node.args[at]))
    assert found
    assert found <= set(CODES)


def test_names_of_the_past_are_free():
    assert not set(replaced_types()) & set(layer_types())


def test_positional_encoding_is_the_papers():
    """PE(t, 2i) = sin(t / 10000^(2i/d)), PE(t, 2i+1) = cos(t / 10000^(2i/d)); for odd widths too."""
    make = spelled("PositionalEncoding", layer_types()["PositionalEncoding"].torch.preamble)
    for width in (6, 7):
        table = make(width, max_len=5).pe
        for t in range(5):
            for j in range(width):
                angle = torch.tensor(t / 10000 ** ((j - j % 2) / width))
                wave = torch.cos(angle) if j % 2 else torch.sin(angle)
                assert torch.isclose(table[t, j], wave, atol=1e-6)


def refusal_of(name: str, *shapes: Shape, **given: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        configure(layer_types()[name], given).rule(*shapes)
    return caught.value


def test_refusals_say_the_shapes_and_the_fix():
    heads = refusal_of("MultiheadAttention", (2, 5, 30), (2, 5, 30), (2, 5, 30), num_heads=4)
    assert heads.message == "splits 30 features over 4 heads"
    assert heads.hints == {"set": {"num_heads": 3}}
    pool = refusal_of("MaxPool2d", (1, 16, 4, 4), kernel_size=5)
    assert pool.message == "slides a window of 5×5 over 4×4, which is smaller"
    assert pool.hints == {"set": {"kernel_size": 4}, "also": [{"padding": 1}], "port": "x"}
    groups = refusal_of("Conv2d", (1, 30, 8, 8), out_channels=60, groups=4)
    assert groups.message == "splits 30 channels into 4 groups"
    assert groups.hints == {"set": {"groups": 3}}
    concat = refusal_of("Concat", (1, 64, 8, 8), (1, 32, 4, 8))
    assert concat.message == "cannot join 1×64×8×8 and 1×32×4×8 along axis 1"
    product = refusal_of("MatMul", (2, 5, 8), (2, 5, 8))
    assert product.hints == {"insert": "Transpose", "with": {"dim0": -2, "dim1": -1}, "port": "b"}
    assert refusal_of("Conv1d", (1, 4, 3), padding=3, padding_mode="reflect").hints["set"] == {"padding_mode": "zeros"}
    assert refusal_of("LSTM", (2, 5, 8), (1, 2, 128)).hints == {"port": "c0"}


def test_plain_values_are_what_torch_takes():
    layer = configure(layer_types()["Conv1d"], {})
    assert plain(layer_types()["Conv1d"].fields["kernel_size"], layer.values["kernel_size"]) == 3


def test_a_new_layer_is_a_dozen_lines():
    """Declared here and nowhere else, it stands every check that the others stand."""
    from tests.graph_core import test_layers_against_torch as against

    before = dict(layer_module._registry)
    try:

        class PixelShuffle(Layer):
            """Channels laid out as pixels."""

            torch = Module("nn.PixelShuffle")
            family, stem = "shape", "shuffle"
            help = "Lays out groups of r·r channels as r times larger images."
            source = "torch.nn.PixelShuffle; Shi et al. 2016, arXiv:1609.05158"
            x, y = Inlet("N C H W", "float"), Outlet()
            upscale_factor = Size(2, "How many times larger.", torch=REQUIRED, most=2)

            def rule(self, x: Shape) -> Facts:
                (n, c, h, w), r = x, self.upscale_factor
                require(divides(r * r, c), lambda: f"splits {c} channels by {r * r}", set={"upscale_factor": 1})
                return facts((n, c // (r * r), r * h, r * w))

        assert "PixelShuffle" in layer_types()
        for check in (
            test_a_declaration_is_complete,
            test_ports_have_one_meaning_each,
            test_the_rule_takes_the_declared_inlets,
            test_parameters_are_explained_and_their_defaults_valid,
            test_parameters_refuse_what_is_out_of_range,
            test_defaults_are_those_of_torchs_modules,
            test_spellings_name_declared_ports,
            against.test_facts_are_torchs,
            against.test_what_is_refused_is_refused_by_torch_too,
            against.test_a_hint_mends_what_it_names,
            against.test_rules_on_symbols_are_the_rules_on_ints,
        ):
            check("PixelShuffle")
    finally:
        layer_module._registry.clear()
        layer_module._registry.update(before)
