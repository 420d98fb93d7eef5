"""The dialect of fake quantization covers every layer type that owns a matrix, or says why not."""

from __future__ import annotations

from codegen.compress.dialect import FORMS, IN_FLOAT
from graph_core import layer_types
from graph_core.fields import resolve_all
from graph_core.layer import Layer


def owns_matrices(declaration: type[Layer]) -> bool:
    """Whether a default layer of that type has weights besides its biases and buffers."""
    shapes = [
        None if inlet.optional else tuple(8 for axis in inlet.axes if axis != "...")
        for inlet in declaration.inlets.values()
    ]
    facts = declaration(resolve_all(declaration.fields, {}, {})).rule(*shapes)
    return any(weight.role == "weight" for weight in facts.weights)


def test_every_layer_type_with_a_matrix_is_covered():
    owners = {name for name, declaration in layer_types().items() if declaration.owns_weights()}
    owners = {name for name in owners if owns_matrices(layer_types()[name])}
    covered = {form.__name__ for form in FORMS}
    assert covered | set(IN_FLOAT) == owners
    assert covered & set(IN_FLOAT) == set()
