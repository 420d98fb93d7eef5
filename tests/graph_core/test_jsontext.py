"""The quick ways of reading and writing say exactly what the slow ones say."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_core.graph import Node, Repeat
from graph_core.jsontext import FileError, parse_tree
from graph_core.names import natural
from graph_core.project import _encode, _node_text, dumps, loads, node_tree
from graph_core.templates import open_template

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(':,"\\{}[] a\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(':" ab', max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(values, st.sampled_from([(", ", ": "), (",", ":"), (" ,\n", " :\t")]))
def test_every_object_is_read_as_the_json_module_reads_it(value: Any, separators: tuple[str, str]):
    tree = {"a": value}
    assert parse_tree(json.dumps(tree, ensure_ascii=False, separators=separators)) == tree


@pytest.mark.parametrize("colon", [":", " : "])
@pytest.mark.parametrize("note", ['""', '"a:b"', '":::\\":"'])
@pytest.mark.parametrize(
    "inner", ['{"a"% 1, "a"% 2}', '{"b"% [1, {"a"% 1, "c"% {}, "a"% 1}]}', '[{}, [[{"a"% "x", "a"% "x"}]]]']
)
def test_a_key_that_stands_twice_is_found_anywhere(inner: str, note: str, colon: str):
    text = f'{{"n"%{note}, "m"%{inner}}}'.replace("%", colon)
    with pytest.raises(FileError, match="“a” stands twice"):
        parse_tree(text)


@pytest.mark.parametrize("name", ["resnet18", "resblock", "lstm_classifier"])
def test_a_node_is_written_as_the_encoder_writes_it(name: str):
    project = open_template(name)
    project.fill(
        "main", "nodes", "q", Node("q", "Conv2d", 'a"\\ü\n', {"bias": False, "p": 1.5, "k": [3, None], "e": "é"})
    )
    project.fill("main", "nodes", "r", Node("r", "Linear", "r", {}, "a > 1", Repeat(2, True), "q"))
    for graph in project.graphs.values():
        for node in graph.nodes.values():
            assert _node_text(project, node) == _encode(node_tree(project, node))


def test_a_place_that_is_no_number_is_told():
    project = open_template("mlp")
    for place in (float("nan"), float("inf")):
        project.graphs["main"].view["x"] = (place, 0.0)
        with pytest.raises(FileError, match="holds a value that no file can"):
            dumps(project)


def test_a_text_with_colons_is_kept():
    project = open_template("mlp")
    project.fill("", "meta", "note", 'see: "https://example.org"')
    assert loads(dumps(project)).meta == project.meta


def test_numbers_in_names_are_counted():
    ordered = ["a", "a01", "a1", "a1.x", "a2", "a2b", "a10", "ab", "b", "1", "1a", "02", "10"]
    mixed = random.Random(1).sample(ordered, len(ordered))
    assert sorted(mixed, key=natural) == ordered
    assert len({natural(text) for text in ordered}) == len(ordered)
