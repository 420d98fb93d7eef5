"""Files that nobody vouches for: refused in one sentence, or opened for repair, and never more than that."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_core import edits, jsontext
from graph_core.analysis import analyze
from graph_core.graph import Project
from graph_core.project import FileError, dumps, load, loads, save

TREE: dict[str, Any] = {
    "netw": 1,
    "meta": {"name": "t"},
    "symbols": {"N": 1},
    "networks": {"main": "main"},
    "setups": {"main": {"optimizer": {"kind": "SGD"}, "training": {}}},
    "graphs": {
        "B": {
            "head": {"name": "Block"},
            "params": {"width": 4},
            "nodes": {
                "x": {"name": "x", "type": "Input", "set": {"shape": ["N", "c", "H", "W"]}},
                "c": {"name": "conv", "type": "Conv2d", "set": {"out_channels": "width"}, "when": "width > c"},
                "y": {"name": "y", "type": "Output"},
            },
            "wires": {"c.x": "x.y", "y.x": "c.y"},
        },
        "main": {
            "nodes": {
                "x": {"name": "x", "type": "Input", "set": {"shape": ["N", 3, 32, 32]}},
                "b": {"name": "blocks", "type": "B", "set": {"width": 8}, "repeat": {"times": 2, "shared": False}},
                "y": {"name": "y", "type": "Output"},
            },
            "wires": {"b.x": "x.y", "y.x": "b.y"},
        },
    },
    "view": {"main": {"x": [0, 0]}},
}


def changed(path: str, value: Any) -> str:
    """The text of TREE with the value at ``path`` replaced, or put in."""
    tree = deepcopy(TREE)
    *way, last = path.split("/")
    at = tree
    for step in way:
        at = at[step]
    at[last] = value
    return json.dumps(tree)


def refused(text: str, *, by: Any = loads) -> str:
    """The one sentence with which ``text`` is refused."""
    with pytest.raises(FileError) as error:
        by(text)
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 400
    assert message.endswith(".")
    return message


def test_the_tree_itself_is_sound():
    assert analyze(loads(json.dumps(TREE))).problems == ()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("netw", "1", "netw is a text"),
        ("netw", True, "netw is true"),
        ("netw", 0, "netw is 0"),
        ("netw", None, 'has no "netw"'),
        ("netw", 7, "newer Netwright"),
        ("colour", 1, "colour is no field of the file"),
        ("meta", [], "meta is a list; it takes an object"),
        ("meta/name", "", "meta.name is"),
        ("meta/x", [[[[[[[[[[[[[[1]]]]]]]]]]]]]], "nested deeper than 12"),
        ("symbols", {"class": 1}, "“class” is a word of Python"),
        ("symbols/T", -4, "symbols.T is -4"),
        ("symbols/T", 2**63, "symbols.T is 9223372036854775808"),
        ("symbols/T", 1.5, "symbols.T is 1.5"),
        ("symbols/T", True, "symbols.T is True"),
        ("networks/other", "nowhere", "networks.other is nowhere; it takes one of the file's graphs: B, main"),
        ("networks/other", ["B"], "networks.other is"),
        ("networks/a b", "B", "“a b” is no name"),
        ("setups/none", {}, "setups.none is no network"),
        ("setups/main", 3, "setups.main is a number"),
        ("setups/main/optimiser", {}, "setups.main.optimiser is unknown"),
        ("setups/main/optimizer", [], "setups.main.optimizer is a list"),
        ("setups/main/optimizer/groups", {}, "setups.main.optimizer.groups is an object; it takes a list"),
        ("setups/main/optimizer/groups", [3], "setups.main.optimizer.groups.0 is a number"),
        ("setups/main/optimizer/groups", [{"match": 3}], "setups.main.optimizer.groups.0.match is a number"),
        ("setups/main/optimizer/groups", [{"match": [3]}], "groups.0.match is a list; it takes a list of paths"),
        ("graphs", None, "graphs is null"),
        ("graphs/a\nb", {}, "cannot be an id"),
        ("graphs/Conv2d", {}, "graphs.Conv2d is the name of a layer type"),
        ("graphs/B", 3, "graphs.B is a number"),
        ("graphs/B/extra", 3, "graphs.extra is no field of a graph"),
        ("graphs/B/head/name", "int", "graphs.B.head.name: “int” is a builtin"),
        ("graphs/B/head/name", "Main", "both become the class Main"),
        ("graphs/B/params", {"lambda": 3}, "“lambda” is a word of Python"),
        ("graphs/B/params/width", {"a": 1}, "graphs.B.params.width is an object"),
        ("graphs/B/nodes/c", None, "graphs.B.nodes.c is null"),
        ("graphs/B/nodes/c", {"type": "Conv2d"}, "graphs.B.nodes.c has no name"),
        ("graphs/B/nodes/c", {"name": "c"}, "graphs.B.nodes.c has no type"),
        ("graphs/B/nodes/c/typ", 1, "typ is no field of a node"),
        ("graphs/B/nodes/c/name", "a b", "graphs.B.nodes.c.name is a b"),
        ("graphs/B/nodes/c/name", "x\n    import os", "graphs.B.nodes.c.name is"),
        ("graphs/B/nodes/c/name", "ﬁ", "graphs.B.nodes.c.name is"),
        ("graphs/B/nodes/c/name", 3, "graphs.B.nodes.c.name is 3"),
        ("graphs/B/nodes/c/type", "os.system('x')", "graphs.B.nodes.c.type is"),
        ("graphs/B/nodes/c/type", 3, "graphs.B.nodes.c.type is 3"),
        ("graphs/B/nodes/c/set", [], "graphs.B.nodes.c.set is a list"),
        ("graphs/B/nodes/c/set/stride", {}, "graphs.B.nodes.c.set.stride is an object"),
        ("graphs/B/nodes/c/set/stride", 2**63, "graphs.B.nodes.c.set.stride is beyond 2⁶³"),
        ("graphs/B/nodes/c/set/stride", [1, 2**63], "graphs.B.nodes.c.set.stride.1 is beyond 2⁶³"),
        ("graphs/B/nodes/c/set/a-b", 1, "“a-b” is no name"),
        ("graphs/B/nodes/c/set/stride", "9" * 100_001, "has 100,001 characters"),
        ("graphs/B/nodes/c/when", 3, "graphs.B.nodes.c.when is 3"),
        ("graphs/B/nodes/c/use", 3, "graphs.B.nodes.c.use: “3” cannot be an id"),
        ("graphs/main/nodes/b/repeat", -1, "graphs.main.nodes.b.repeat is -1"),
        ("graphs/main/nodes/b/repeat", True, "graphs.main.nodes.b.repeat is True"),
        ("graphs/main/nodes/b/repeat/times", None, "graphs.main.nodes.b.repeat is None"),
        ("graphs/main/nodes/b/repeat/shared", 1, "graphs.main.nodes.b.repeat has times"),
        ("graphs/main/nodes/../../etc", {"name": "x", "type": "Input"}, "etc"),
        ("graphs/B/wires/c.x", 3, "graphs.B.wires.c.x is a number"),
        ("graphs/B/wires/c.x", "x", "graphs.B.wires.x names no port"),
        ("graphs/B/wires/c", "x.y", "graphs.B.wires.c names no port"),
        ("graphs/B/wires/c.x", "x.y.z", "names no port"),
        ("view/nowhere", {}, "view.nowhere is no graph"),
        ("view/main/x", [0], "view.main.x is [0]"),
        ("view/main/x", [0, "0"], "view.main.x is"),
        ("view/main/x", [0, 1e300], "view.main.x is"),
        ("view/main/x", [True, 0], "view.main.x is"),
    ],
)
def test_what_is_not_in_our_form_is_refused(path: str, value: Any, sentence: str):
    if path == "graphs/main/nodes/../../etc":
        text = json.dumps(TREE).replace('"b": {', '"../../etc": {')
    else:
        text = changed(path, value)
    assert sentence in refused(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("   \n", "is empty"),
        ("[]", "a list, not a drawing"),
        ("3", "a number, not a drawing"),
        ("null", "null, not a drawing"),
        ("{}", 'has no "netw"'),
        ('{"netw": 1', "is broken at line 1"),
        ("\x00\x01\x02", "is broken at line 1"),
        ('{"netw": 1, "netw": 1}', "“netw” stands twice"),
        ('{"netw": 1, "meta": {"a": NaN}}', "NaN is no number"),
        ('{"netw": 1, "meta": {"a": -Infinity}}', "-Infinity is no number"),
        ('{"netw": 1, "meta": {"a": 1e999}}', "meta.a is infinite"),
        ('{"netw": ' + "9" * 5000 + "}", "thousands of digits"),
        ('{"netw": 1, "meta": {"a": "\\ud800"}}', "surrogate"),
        ('{"netw": 1, "meta": {"\\udc00": 1}}', "surrogate"),
        ("[" * 10_000 + "]" * 10_000, "nested too deep"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested too deep"),
        ('{"netw": 1, "meta": {"a": "' + "x" * 200_000 + '"}}', "has 200,000 characters"),
        ('{"netw": 1, "meta": [' + "[]," * 300_000 + "1]}", "more than 500,000 values"),
        (" " * (jsontext.MAX_BYTES + 1), "MiB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_text_that_is_no_drawing_is_refused(text: str, sentence: str):
    assert sentence in refused(text)


def test_every_prefix_of_a_file_is_refused():
    text = dumps(loads(json.dumps(TREE)))
    for end in range(0, len(text) - 2, 7):
        refused(text[:end])


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("graphs/B/nodes/c/type", "PluginLayer", "unknown-type"),
        ("graphs/B/nodes/c/set/stride", "1 +", "parameter"),
        ("graphs/B/nodes/c/set/stride", "__import__('os').system('x')", "parameter"),
        ("graphs/B/nodes/c/set/stride", "9 ** 9 ** 9", "parameter"),
        ("graphs/B/nodes/c/set/stride", "(" * 399, "parameter"),
        ("graphs/B/nodes/c/set/stride", "x" * 5000, "parameter"),
        ("graphs/B/nodes/c/set/stride", "a\x00b", "parameter"),
        ("graphs/B/nodes/c/set/stride", 0, "parameter"),
        ("graphs/B/nodes/c/set/stride", -7, "parameter"),
        ("graphs/B/nodes/c/set/stride", [[1], 1], "parameter"),
        ("graphs/B/nodes/c/set/stride", None, "parameter"),
        ("graphs/B/nodes/c/when", "1 +", "condition"),
        ("graphs/B/nodes/c/when", "nothing == 3", "condition"),
        ("graphs/B/nodes/c/name", "class", "name"),
        ("graphs/B/nodes/c/name", "forward", "name"),
        ("graphs/B/nodes/c/name", "x", "name"),
        ("graphs/B/nodes/c/use", "nobody", "sharing"),
        ("graphs/B/nodes/c/type", "B", "recursion"),
        ("graphs/B/wires/y.x", "nobody.y", "dangling"),
        ("graphs/B/wires/nobody.x", "c.y", "dangling"),
        ("graphs/B/wires/c.q", "x.y", "dangling"),
        ("graphs/B/wires/c.x", "c.y", "cycle"),
        ("graphs/main/nodes/b/repeat/times", "nothing", "parameter"),
        ("graphs/main/nodes/x/set/shape", ["N", -3, 2, 2], "parameter"),
        ("graphs/main/nodes/x/set/shape", ["Q", 3, 2, 2], "symbol"),
        ("graphs/main/nodes/x/set/shape", None, "parameter"),
        ("graphs/main/nodes/x/set/shape", "N + ", "parameter"),
        ("graphs/main/nodes/x/set/shape", [[1], 3], "parameter"),
        ("graphs/B/nodes/x/set/shape", None, "axes"),
        ("graphs/B/nodes/x/set/shape", [None, [3], "H +", 32], "shape"),
    ],
)
def test_a_drawing_that_is_wrong_opens_for_repair(path: str, value: Any, code: str):
    project = loads(changed(path, value))
    assert code in {problem.code for problem in analyze(project).problems}
    assert dumps(loads(dumps(project))) == dumps(project)


def test_a_file_that_is_no_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes(b'{"netw": 1, "meta": {"name": "\xe9"}}')
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf" + json.dumps(TREE).encode())
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(300 * 2**20)
    cases = [
        ("pipe", "pipe: It is no ordinary file"),
        (".", "It is no ordinary file"),
        ("missing", "missing cannot be opened: No such file"),
        ("loop", "loop cannot be opened: Too many"),
        ("latin", "latin: Byte 30 is no UTF-8"),
        ("huge", "huge: It has 300 MiB"),
        ("a\x00b", "cannot be opened"),
    ]
    for name, sentence in cases:
        with pytest.raises(FileError) as error:
            load(tmp_path / name)
        assert sentence in str(error.value)
    assert load(tmp_path / "bom").name == "t"


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "."])
def test_saving_onto_what_is_no_file_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match="folder or a device"):
        save(Project.new(), path)
    assert os.listdir(tmp_path) == []


def test_saving_into_no_folder_is_refused(tmp_path: Path):
    with pytest.raises(FileError, match=r"a\.netw cannot be saved: No such file or directory"):
        save(Project.new(), tmp_path / "none" / "a.netw")


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object(), "\ud800"])
def test_a_value_that_no_file_can_hold_leaves_the_old_file(tmp_path: Path, value: object):
    project = Project.new()
    path = tmp_path / "a.netw"
    save(project, path)
    before = path.read_bytes()
    with project.editing("x"):
        project.record("", "meta", "x", value)
    with pytest.raises(FileError, match="cannot be saved"):
        save(project, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.netw"]


BOMBS = """
import sys, time
from graph_core.project import loads, FileError
from graph_core.analysis import analyze
row = '"n%d": {"name": "n%d", "type": "%s"}'
n = 160_000
bombs = [
    '{"netw": 1, "meta": {"a": [' + "[]," * 240_000 + '1]}}',
    '{"netw": 1, "graphs": {' + ",".join('"g%d": {}' % k for k in range(n)) + "}}",
    '{"netw": 1, "graphs": {' + ",".join('"g%d": {}' % k for k in range(10_000)) + "}}",
    '{"netw": 1, "networks": {"main": "main"}, "graphs": {"main": {"nodes": {'
    + ",".join(row % (k, k, "What") for k in range(n)) + "}}}}",
]
# Blocks in a chain, each used twice by the next: 2^60 instances.
graphs = ['"g0": {"nodes": {"x": {"name": "x", "type": "Input"}, "y": {"name": "y", "type": "Output"}}}']
for k in range(1, 60):
    graphs.append('"g%d": {"nodes": {%s, %s}}' % (k, row % (1, 1, "g%d" % (k - 1)), row % (2, 2, "g%d" % (k - 1))))
bombs.append('{"netw": 1, "networks": {"main": "g59"}, "graphs": {%s}}' % ",".join(graphs))
# A chain of 3,000 blocks, each inside the next.
graphs = ['"g0": {}'] + ['"g%d": {"nodes": {%s}}' % (k, row % (1, 1, "g%d" % (k - 1))) for k in range(1, 3000)]
bombs.append('{"netw": 1, "networks": {"main": "g2999"}, "graphs": {%s}}' % ",".join(graphs))
which = int(sys.argv[1])
start = time.process_time()
try:
    project = loads(bombs[which])
    if which > 3:
        analyze(project).problems
    print("opened")
except FileError as error:
    print(error)
print(time.process_time() - start, file=sys.stderr)
"""


@pytest.mark.parametrize("bomb", range(6))
def test_bombs_take_neither_long_nor_much_memory(bomb: int):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))  # ten times what is allowed: the machine may be busy

    done = subprocess.run(
        [sys.executable, "-c", BOMBS, str(bomb)], preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


SAID = {
    "parameter, power": "opened: fc: out_features: The exponent 387420489 is larger than 64.",
    "shape, negative": "opened: x: shape is (N=1, -3); it takes a list of sizes from 1.",
    "symbol, largest": "refused: symbols.N is 9223372036854775807; an example size is a whole number",
    "no number": "refused: NaN is no number that a drawing can hold; write a finite one.",
    "ids that stand twice": "refused: “x” stands twice in one place; keep one of them.",
    "a ring": "opened: n0 feeds itself: n0 → n1 → n2 → n3 → n4 → n5 → … → n0.",
    "a node that feeds itself": "opened: fc feeds itself: fc → fc.",
    "wires to nowhere": "opened: The wire b0.y to a0.x ends at b0, which is not there.",
    "a port of number 999999999": "opened: c has a wire at x999999999, an input it does not have.",
    "much code": "refused: The file holds 15,",
    "ten thousand deep": "opened: b holds blocks nested deeper than 64.",
    "a ring of blocks": "opened: b is a G0 inside a G0.",
    "two that hold each other": "opened: b is a P inside a P.",
    "sixty doublings": "opened",
    "forty doublings, all unlike": "opened: ",
    "repeats ×2147483647 in repeats": "opened",
}


@pytest.mark.parametrize("size", ["", pytest.param("--large", marks=pytest.mark.soak)])
def test_every_hostile_drawing_opens_for_repair_or_is_refused(size: str):
    """In a process with 1 GiB: reading, analysis, memory, emission and writing of each, none for long."""
    words = [sys.executable, "-m", "tests.graph_core.hostile_drawings", *size.split()]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    said = {name: words for name, _, words in (line.split("\t") for line in done.stdout.splitlines())}
    assert len(said) > 285
    assert {name: words for name, words in said.items() if words.startswith("FAILED")} == {}
    assert {name: said[name] for name, words in SAID.items() if not said[name].startswith(words)} == {}
    assert all(words.startswith(("opened", "refused: ")) and words.isprintable() for words in said.values())


def test_too_many_different_instances_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("graph_core.propagate.MAX_INSIDE", 50)
    tree = deepcopy(TREE)
    tree["graphs"]["B"]["nodes"]["c"]["set"]["kernel_size"] = 1
    tree["graphs"]["main"]["nodes"]["b"] |= {"repeat": 30, "set": {"width": "8 + i"}}
    project = loads(json.dumps(tree))
    [problem] = analyze(project).problems
    assert problem.code == "instances"
    assert problem.message.startswith("blocks comes to more than ")
    assert problem.message.endswith(" nodes in different instances of blocks; give blocks fewer different values")
    assert analyze(project).problems == analyze(loads(dumps(project))).problems
    edits.set_repeat(project.networks["main"], "b", 3)
    assert analyze(project).problems == ()


def _opened(what: Any, by: Any) -> Project | None:
    """The project, or None where it is refused in one printable sentence."""
    try:
        return by(what)
    except FileError as error:
        message = str(error)
    assert message.isprintable()
    return None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Conv2d", "B", "x.y", "c", "x", "1 + width", "main", "Input", "N"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _places(tree: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [way]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, part in items:
        found += _places(part, (*way, key))
    return found


PLACES = [way for way in _places(TREE) if way]


@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=150)
def test_any_change_of_a_tree_is_refused_or_opens(changes: list[tuple[tuple[Any, ...], Any, bool]]):
    tree = deepcopy(TREE)
    for way, value, gone in changes:
        at: Any = tree
        try:
            for step in way[:-1]:
                at = at[step]
            if gone:
                del at[way[-1]]
            else:
                at[way[-1]] = value
        except (KeyError, TypeError, IndexError):
            continue
    text = json.dumps(tree)
    project = _opened(text, loads)
    if project is None:
        return
    assert isinstance(analyze(project).problems, tuple)
    saved = dumps(project)
    assert dumps(loads(saved)) == saved


@given(st.binary(max_size=60), st.integers(0, 3000), st.integers(0, 40))
@settings(max_examples=150)
def test_any_bytes_are_refused_or_open(tmp_path_factory: Any, noise: bytes, at: int, gone: int):
    path = tmp_path_factory.getbasetemp() / "noise.netw"
    data = dumps(loads(json.dumps(TREE))).encode()
    path.write_bytes(data[:at] + noise + data[at + gone :])
    project = _opened(path, load)
    if project is not None:
        assert dumps(loads(dumps(project))) == dumps(project)
