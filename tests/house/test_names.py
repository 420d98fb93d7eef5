"""Nothing outside the declarations knows a layer type by name.

The names stand in graph_core/layers/, in the tables that translate them into a foreign language
(codegen/**/dialect*.py), in templates and in tests: nowhere else, so that a new layer touches one file.
"""

from __future__ import annotations

import ast
from fnmatch import fnmatch

import pytest

from graph_core.layer import layer_types
from tests.house.source import Source, docstrings, imports, sources, within

AT_HOME = ("graph_core/layers/*", "codegen/*dialect*.py", "codegen/*/dialect*/*.py", "assets/*")

# Words that are also names of layer types, and mean something else there. May only shrink.
OTHER_MEANINGS = {
    # Titles of families.
    ("graph_core/layer.py", "Embedding"),
    ("graph_core/layer.py", "Linear"),
    # What an output shape is called on the screen.
    ("designer/panels/inspector.py", "Output"),
    ("designer/panels/ledger.py", "Output"),
    # What stands in emitted source where a condition is false, whatever the layer.
    ("codegen/emit/trees.py", "Identity"),
}


def names_known(source: Source) -> set[str]:
    """The layer types that ``source`` names in a string or as ``nn.Name``, or imports from their declarations."""
    types = set(layer_types())
    spelled = {spelling: name for name in types for spelling in (name, f"nn.{name}", f"torch.nn.{name}")}
    skipped = docstrings(source.tree)
    found = {
        spelled[node.value]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and id(node) not in skipped and node.value in spelled
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in types and ast.unparse(node.value) in ("nn", "torch.nn"):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and within(node.module or "", ("graph_core.layers",)):
            found |= {alias.name for alias in node.names} & types
    return found


def at_home(source: Source) -> bool:
    """Whether ``source`` is a place where layer types have names."""
    return any(fnmatch(source.path, pattern) for pattern in AT_HOME)


def test_layer_types_have_names_at_home_only():
    found = {(source.path, name) for source in sources() if not at_home(source) for name in names_known(source)}
    assert found - OTHER_MEANINGS == set()
    assert OTHER_MEANINGS - found == set(), "no longer there: take it off the list"


def test_only_the_registry_imports_the_declarations():
    found = {
        source.path
        for source in sources("codegen", "designer")
        for one in imports(source)
        if within(one.name, ("graph_core.layers",))
    }
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        'if node.type == "Conv2d": pass',
        'match node.type:\n    case "Conv2d": pass',
        'TABLE = {"Conv2d": 1}',
        'line = f"{name} = " + "nn.Conv2d"',
        "from graph_core.layers.convolution import Conv2d",
        "isinstance(layer, nn.Conv2d)",
        "x: torch.nn.Conv2d",
    ],
)
def test_a_name_is_seen(text: str):
    assert names_known(Source("designer/made_up.py", text)) == {"Conv2d"}


def test_words_about_layers_pass():
    assert names_known(Source("designer/made_up.py", '"""Conv2d"""\nx = "a Conv2d"\n"Conv2d"')) == set()
