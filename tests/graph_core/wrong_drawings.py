"""Every way a drawing can be wrong: how to draw it, what is said of it, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from graph_core import Graph, Param, Repeat, edits
from graph_core.blocks import add_graph
from graph_core.ties import tie

Draw = Callable[[Graph], None]


@dataclass(frozen=True)
class Wrong:
    """One wrong drawing. ``said`` is the whole sentence of the only problem of that code; ``fixes`` all titles.

    ``left`` are codes that may remain once the best fix is made, where it brings the next thing to light.
    """

    code: str
    draw: Draw
    said: str
    fixes: tuple[str, ...] = ()
    node: str = "l"
    left: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # codes that this drawing has besides


def line(g: Graph, type: str, shape: list[Any], dtype: str = "float32", **params: Any) -> None:
    """Input, one layer called layer, a ReLU behind it that says nothing of its own, Output."""
    g.add("Input", id="x", shape=shape, dtype=dtype)
    g.add(type, id="l", name="layer", **params)
    g.add("Output", id="y")
    g.connect("x.y", f"l.{g.in_ports(g.nodes['l'])[0]}")
    g.connect(f"l.{g.out_ports(g.nodes['l'])[0]}", "y.x")


def split_never(g: Graph) -> None:
    """A block of two outputs that runs no time at all, and whose second output is read."""
    block = add_graph(g.project, "Split")
    block.add("Input", id="x", name="x", shape=["N", "features"])
    for id, name in (("y", "y"), ("z", "other")):
        block.add("Output", id=id, name=name)
        block.connect("x.y", f"{id}.x")
    line(g, "Split", ["N", 4])
    g.add("Output", id="h", name="last")
    g.connect("l.z", "h.x")
    edits.set_repeat(g, "l", 0)


def asleep(g: Graph) -> None:
    """A sum with one wire, which does not act at the example sizes, but would at others."""
    line(g, "Add", ["N", 4])
    g.add("ReLU", id="z", name="stray")
    g.connect("x.y", "z.x")
    edits.set_when(g, "l", "N > 1")


def remembering(g: Graph) -> None:
    """An LSTM that never acts, whose last state is read."""
    line(g, "LSTM", ["N", 5, 4], hidden_size=4)
    g.add("Output", id="h", name="last")
    g.connect("l.h", "h.x")
    edits.set_when(g, "l", "1 == 2")


def after(draw: Draw, *types: str) -> Draw:
    """The same drawing with more layers behind the wrong one: they wait, and say nothing."""

    def make(g: Graph) -> None:
        draw(g)
        for type in types:
            edits.insert_on_wire(g, "y.x", g.add(type).id)

    return make


def two(g: Graph, type: str, first: list[Any], second: list[Any], **params: Any) -> None:
    """Two inputs into one layer."""
    g.add("Input", id="x", shape=first)
    g.add("Input", id="z", shape=second)
    g.add(type, id="l", name="layer", **params)
    g.add("Output", id="y")
    for source, port in zip("xz", g.in_ports(g.nodes["l"]), strict=False):
        g.connect(f"{source}.y", f"l.{port}")
    g.connect(f"l.{g.out_ports(g.nodes['l'])[0]}", "y.x")


def residual(g: Graph) -> None:
    g.add("Input", id="x", shape=["N", 8, 16, 16])
    g.add("Conv2d", id="c", name="conv1", out_channels=16, stride=2, padding=1)
    g.add("Add", id="l", name="layer")
    g.add("Output", id="y")
    for wire in (("x.y", "c.x"), ("c.y", "l.a"), ("x.y", "l.b"), ("l.y", "y.x")):
        g.connect(*wire)


def mlp_skip(g: Graph) -> None:
    g.add("Input", id="x", shape=["N", 64])
    g.add("Linear", id="c", out_features=32)
    g.add("Add", id="l", name="layer")
    g.add("Output", id="y")
    for wire in (("x.y", "c.x"), ("c.y", "l.a"), ("x.y", "l.b"), ("l.y", "y.x")):
        g.connect(*wire)


def attention(key: list[Any], **params: Any) -> Draw:
    def draw(g: Graph) -> None:
        g.add("Input", id="x", shape=["N", 10, 30])
        g.add("Input", id="z", shape=key)
        g.add("MultiheadAttention", id="l", name="layer", **params)
        g.add("Output", id="y")
        for source, port in (("x", "query"), ("z", "key"), ("x", "value")):
            g.connect(f"{source}.y", f"l.{port}")
        g.connect(f"l.{g.out_ports(g.nodes['l'])[0]}", "y.x")

    return draw


def block(g: Graph, shape: list[Any], given: list[Any], type: str = "ReLU", **params: Any) -> Graph:
    """A block called Block of one layer, and a network that uses it once."""
    inner = add_graph(g.project, "Block")
    for name in params.pop("needs", ()):
        edits.set_graph_param(inner, name, Param())
    inner.add("Input", id="x", shape=shape)
    inner.add(type, id="k", name="inner", **params)
    inner.add("Output", id="y")
    inner.connect("x.y", "k.x")
    inner.connect("k.y", "y.x")
    line(g, "Block", given)
    return inner


def widened(g: Graph) -> None:
    block(g, ["N", "c"], ["N", 8], "Linear", out_features="width", needs=["width"])


def two_widths(g: Graph) -> None:
    inner = add_graph(g.project, "Block")
    for id in ("x", "z"):
        inner.add("Input", id=id, shape=["N", "c", "H", "W"])
    inner.add("Add", id="a")
    inner.add("Output", id="y")
    for wire in (("x.y", "a.a"), ("z.y", "a.b"), ("a.y", "y.x")):
        inner.connect(*wire)
    g.add("Input", id="x", shape=["N", 3, 8, 8])
    g.add("Input", id="z", shape=["N", 5, 8, 8])
    g.add("Block", id="l", name="layer")
    g.add("Output", id="y")
    for wire in (("x.y", "l.x"), ("z.y", "l.z"), ("l.y", "y.x")):
        g.connect(*wire)


def edited(draw: Draw, change: Callable[[Graph], None]) -> Draw:
    def make(g: Graph) -> None:
        draw(g)
        change(g)

    return make


def recorded(draw: Draw, table: str, key: str, value: Any) -> Draw:
    """What no edit makes, but a file may hold."""

    def make(g: Graph) -> None:
        draw(g)
        with g.project.editing("break"):
            entry = value(g) if callable(value) else value
            g.project.record(g.key, table, key, entry)

    return make


def plain(g: Graph) -> None:
    line(g, "Linear", ["N", 8])


def cycle(g: Graph) -> None:
    plain(g)
    g.add("Add", id="a", name="add")
    edits.insert_on_wire(g, "l.x", "a")
    g.connect("l.y", "a.b")


def loose(g: Graph) -> None:
    plain(g)
    g.add("Linear", id="z", name="stray")
    g.connect("x.y", "z.x")


def itself(g: Graph) -> None:
    inner = block(g, ["N", "c"], ["N", 8])
    inner.add("Block", id="b", name="again")
    edits.insert_on_wire(inner, "y.x", "b")


def deep(g: Graph) -> None:
    name = ""
    for k in range(66):
        graph = add_graph(g.project, f"B{k}")
        line(graph, name or "ReLU", ["N", "c"])
        name = graph.key
    line(g, name, ["N", 8])


def untied(g: Graph) -> None:
    plain(g)
    g.add("Linear", id="k", name="other", out_features=9)
    edits.insert_on_wire(g, "y.x", "k")
    tie(g, "k.weight", "l.weight")


def borrowed(g: Graph) -> None:
    plain(g)
    g.add("Linear", id="k", name="other")
    edits.insert_on_wire(g, "y.x", "k")
    edits.use_weights_of(g, "k", "l")


def shared_steps(g: Graph) -> None:
    block(g, ["N", "c"], ["N", 8], "Linear", out_features=4)
    edits.set_repeat(g, "l", 3, shared=True)


OWN = "class Own(nn.Module):\n    def forward(self, x):\n        return x\n"

WRONG: tuple[Wrong, ...] = (
    Wrong(
        "broadcast",
        after(residual, "BatchNorm2d", "ReLU"),
        "layer cannot join 16×8×8 and 8×16×16",
        ("Insert a projection on the shortcut", "Remove the shortcut"),
    ),
    Wrong(
        "broadcast",
        after(mlp_skip, "ReLU"),
        "layer cannot join 32 and 64",
        ("Insert a projection on the shortcut", "Insert a projection before layer", "Remove the shortcut"),
    ),
    Wrong(
        "broadcast",
        lambda g: two(g, "Add", ["N", 20, 8], ["N", 8, 20]),
        "layer cannot join 20×8 and 8×20",
        ("Insert Permute on the shortcut", "Insert Permute before layer", "Remove the shortcut"),
    ),
    Wrong(
        "window",
        after(lambda g: line(g, "MaxPool2d", ["N", 4, 4, 4], kernel_size=5), "ReLU"),
        "layer slides a window of 5×5 over 4×4, which is smaller",
        ("Set kernel_size to 4", "Set padding to 1"),
    ),
    Wrong(
        "window",
        lambda g: line(g, "Conv2d", ["N", 3, 4, 2], kernel_size=[5, 3]),
        "layer slides a window of 5×3 over 4×2, which is smaller",
        ("Set kernel_size to 4×2", "Set padding to 1"),
    ),
    Wrong(
        "window",
        lambda g: line(g, "Conv2d", ["N", 32, 32, 3], kernel_size=5),
        "layer slides a window of 5×5 over 32×3, which is smaller",
        ("Insert Permute before layer", "Set kernel_size to 5×3", "Set padding to 0×1"),
    ),
    Wrong(
        "window",
        lambda g: line(g, "Conv1d", ["N", 3, 4], padding=4, padding_mode="reflect"),
        "layer pads 4 values by 4 in reflect mode, more than there are",
        ("Set padding_mode to zeros",),
    ),
    Wrong(
        "groups",
        after(lambda g: line(g, "Conv2d", ["N", 6, 8, 8], groups=4, out_channels=12), "ReLU"),
        "layer splits 6 channels into 4 groups",
        ("Set groups to 3",),
    ),
    Wrong(
        "heads",
        after(attention(["N", 10, 30], num_heads=4), "LayerNorm"),
        "layer splits 30 features over 4 heads",
        ("Set num_heads to 3",),
    ),
    Wrong(
        "shape",
        attention(["N", 10, 20], num_heads=3),
        "layer takes key of N×10×30, not N×10×20",
        ("Insert Linear before layer",),
    ),
    Wrong(
        "shape",
        lambda g: two(g, "MatMul", ["N", 5, 8], ["N", 5, 8]),
        "layer cannot multiply N×5×8 by N×5×8: 8 columns meet 5 rows",
        ("Insert Transpose before layer",),
    ),
    Wrong(
        "shape",
        lambda g: two(g, "MatMul", ["N", 5, 8], ["N", 6, 7]),
        "layer cannot multiply N×5×8 by N×6×7: 8 columns meet 6 rows",
        ("Insert Linear before layer",),
    ),
    Wrong(
        "shape",
        lambda g: two(g, "Concat", ["N", 8, 4], ["N", 8, 6]),
        "layer cannot join N×8×4 and N×8×6 along axis 1",
        ("Set dim to 2",),
    ),
    Wrong(
        "shape",
        lambda g: two(g, "Concat", ["N", 8, 4, 2], ["N", 8, 6, 3]),
        "layer cannot join N×8×4×2 and N×8×6×3 along axis 1",
    ),
    Wrong(
        "shape",
        edited(lambda g: line(g, "Reshape", ["N", 4, 6]), lambda g: g.set("l", shape=[5, 5])),
        "layer cannot lay out the 24 values of 4×6 as 5×5",
        ("Set shape to -1",),
    ),
    Wrong(
        "shape",
        lambda g: block(g, ["N", 3, "H", "W"], ["N", 5, 8, 8]) and None,
        "layer takes 3 at x and gets N×5×8×8",
        ("Insert Conv2d before layer",),
    ),
    Wrong(
        "width",
        after(two_widths, "ReLU"),
        "layer has two sizes for c: 3 and 5",
        ("Insert Conv2d before layer",),
    ),
    Wrong(
        "axes",
        after(lambda g: line(g, "Conv2d", ["N", 784]), "ReLU"),
        "layer takes 4 axes (N C H W) and gets 2: N×784",
        ("Insert Reshape before layer",),
    ),
    Wrong("axes", lambda g: line(g, "Conv2d", ["N", 7]), "layer takes 4 axes (N C H W) and gets 2: N×7"),
    Wrong(
        "axes",
        lambda g: line(g, "LSTM", ["N", 5, 4, 4]),
        "layer takes 3 axes (N T F) and gets 4: N×5×4×4",
        ("Insert Flatten before layer",),
    ),
    Wrong(
        "axes",
        lambda g: line(g, "BatchNorm1d", ["N", 6, 4, 4]),
        "layer takes N×C or N×C×L, not the 4 axes of N×6×4×4",
        ("Insert Flatten before layer",),
    ),
    Wrong(
        "axes",
        lambda g: block(g, ["N", "features"], ["N", 3, 8, 8]) and None,
        "layer takes 2 axes (N features) at x and gets 4: N×3×8×8",
        ("Insert Flatten before layer",),
    ),
    Wrong(
        "axes",
        lambda g: line(g, "Permute", ["N", 3, 8, 8]),
        "layer orders 3 axes, and its input N×3×8×8 has 4",
        ("Set dims to 0×2×3×1",),
    ),
    Wrong(
        "rank-hint",
        lambda g: line(g, "Linear", ["N", 16, 5, 5], out_features=10),
        "layer maps each row of 16×5×5 by itself; insert a Flatten before it to map all values at once",
        ("Insert Flatten before layer",),
    ),
    Wrong(
        "kind",
        after(lambda g: line(g, "Linear", ["N", 8], "int64"), "ReLU"),
        "layer takes float values at x and gets int64",
        ("Insert Embedding before layer", "Set dtype of x to float32"),
    ),
    Wrong(
        "kind",
        after(lambda g: line(g, "Embedding", ["N", 8]), "Dropout"),
        "layer takes int values at x and gets float32",
        ("Set dtype of x to int64",),
    ),
    Wrong(
        "kind",
        lambda g: line(g, "Linear", ["N", 8], "float64"),
        "layer gets float64 values beside weights of float32; make them float32 at the Input",
        ("Set dtype of x to float32",),
    ),
    Wrong(
        "parameter",
        lambda g: line(g, "Linear", ["N", 8], out_features="nowhere + 1"),
        "layer: out_features: There is no value called nowhere here; known: N",
        ("Set out_features back to its default",),
    ),
    Wrong(
        "parameter",
        recorded(plain, "nodes", "l", lambda g: replace(g.nodes["l"], params={"out_features": -3})),
        "layer: out_features is -3; it takes a whole number from 1",
        ("Set out_features back to its default",),
    ),
    Wrong(
        "parameter",
        lambda g: line(g, "Narrow", ["N", 4], start=3, length=2),
        "layer keeps positions up to 5 of an axis of 4",
        ("Set start to 0 and length to 1",),
    ),
    Wrong(
        "condition",
        edited(plain, lambda g: edits.set_when(g, "l", "nowhere > 1")),
        "layer has a condition that cannot be computed: There is no value called nowhere here; known: N",
        ("Remove the condition",),
    ),
    Wrong(
        "identity",
        edited(plain, lambda g: edits.set_when(g, "l", "1 == 2")),
        "layer never acts: 1 == 2 is never true",
        ("Remove layer", "Remove the condition"),
    ),
    Wrong(
        "unwired",
        asleep,
        "layer has no wire at b",
        ("Wire stray to layer", "Remove layer"),
        others=("unused",),
    ),
    Wrong(
        "unwired",
        edited(plain, lambda g: (g.disconnect("l.x"), edits.set_when(g, "l", "1 == 2"))),
        "layer has no wire at x",
        ("Wire x to layer", "Remove layer"),
        others=("identity", "unused"),
    ),
    Wrong(
        "passed",
        split_never,
        "layer only passes its first input on as it repeats ×0, so last cannot read its output other; "
        "let it run or remove that wire",
        ("Run layer once", "Unwire last"),
        left=("unwired",),
    ),
    Wrong(
        "passed",
        remembering,
        "layer only passes its first input on where its condition is false, so last cannot read its output h; "
        "remove the condition or remove that wire",
        ("Remove the condition", "Unwire last"),
        others=("identity",),
        left=("unwired",),
    ),
    Wrong(
        "missing-parameter",
        after(widened, "ReLU"),
        "layer gives no width, which Block needs",
        ("Set width to 8",),
    ),
    Wrong(
        "symbol",
        after(lambda g: line(g, "Linear", ["N", "T", 8]), "ReLU"),
        "x has an axis T without an example value; give the symbol T one",
        ("Set T to 16",),
        node="x",
    ),
    Wrong(
        "unwired",
        after(edited(plain, lambda g: g.disconnect("l.x")), "ReLU"),
        "layer has no wire at x",
        ("Wire x to layer", "Remove layer"),
        others=("unused",),
    ),
    Wrong(
        "dangling",
        after(recorded(plain, "wires", "l.x", "gone.y"), "ReLU"),
        "The wire gone.y to l.x ends at gone, which is not there",
        ("Remove the wire",),
        node="",
        left=("unwired", "unused"),
        others=("unused",),
    ),
    Wrong(
        "dangling",
        recorded(plain, "wires", "l.q", "x.y"),
        "layer has a wire at q, an input it does not have",
        ("Remove the wire from x to layer",),
    ),
    Wrong(
        "cycle",
        after(cycle, "ReLU"),
        "add feeds itself: add → layer → add",
        ("Remove the wire from layer to add",),
        node="a",
        left=("unwired",),
    ),
    Wrong(
        "recursion",
        after(itself, "ReLU"),
        "layer is a Block inside a Block",
        ("Remove layer",),
    ),
    Wrong("depth", deep, "layer holds blocks nested deeper than 64", ("Remove layer",)),
    Wrong(
        "unknown-type",
        recorded(after(plain, "ReLU"), "nodes", "l", lambda g: replace(g.nodes["l"], type="Plugin")),
        "layer is of the unknown type Plugin",
        ("Remove layer",),
    ),
    Wrong(
        "name",
        recorded(plain, "nodes", "l", lambda g: replace(g.nodes["l"], name="forward")),
        "“forward” is taken by torch.nn.Module itself; choose another name",
        ("Rename it to forward_",),
    ),
    Wrong(
        "sharing",
        borrowed,
        "other needs other weight shapes than layer, whose weights it uses",
        ("Give it weights of its own",),
        node="k",
    ),
    Wrong(
        "sharing",
        shared_steps,
        "layer repeats with one set of weights, but its steps need different weight shapes",
        ("Give each step weights of its own",),
    ),
    Wrong(
        "tie",
        untied,
        "other.weight is tied to layer.weight, but their shapes differ: 9×128 and 128×8",
        ("Untie other.weight",),
        node="k",
    ),
    Wrong(
        "run",
        recorded(plain, "nodes", "l", lambda g: replace(g.nodes["l"], run=Repeat(3))),
        "layer repeats, which only a block can; collapse it to a block first",
        ("Run layer once",),
    ),
    Wrong(
        "empty",
        lambda g: None,
        "Main is empty; place an Input, the layers and an Output",
        ("Place an Input",),
        node="",
        left=("no-output",),
    ),
    Wrong(
        "no-input",
        edited(plain, lambda g: g.remove("x")),
        "Main has no Input; place one and wire it to the first layer",
        ("Place an Input",),
        node="",
        others=("unwired",),
    ),
    Wrong(
        "no-output",
        edited(plain, lambda g: g.remove("y")),
        "Main has no Output; place one after the last layer",
        ("Place an Output",),
        node="",
    ),
    Wrong("unused", loose, "stray reaches no output", ("Remove stray",), node="z"),
    Wrong(
        "untrusted",
        lambda g: line(g, "Custom", ["N", 8], code=OWN),
        "layer holds code that is not trusted on this computer; read it, and trust it where you do",
    ),
)

# Where else the other codes are tested: they are about set-ups, merges, scans and the tuple.
ELSEWHERE = {
    **dict.fromkeys(["scan-over", "scan-port", "scan-axis", "scan-length", "scan-state"], "test_scan.py"),
    **dict.fromkeys(["optimizer", "optimizer-shape", "group", "group-order"], "test_architecture.py"),
    **dict.fromkeys(["frozen", "schedule", "training"], "test_architecture.py"),
    "tuple": "test_architecture.py",
    "instances": "test_hostile_files.py",
    "conflict": "test_conflict_file.py",
    "returned": "test_custom.py",
}
