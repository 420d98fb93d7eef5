"""Drawings made by hand for the canvas's tests: they need no graph, only what is painted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from designer.canvas.scene import Activation, Legend, Plate, Port, Scene, Since, Wire, plate_size

X = (Port("x", wired=True),)
Y = (Port("y", wired=True),)
TYPES = [
    ("conv", "conv", "Conv2d 3×3 p1", "36.86 k"),
    ("norm", "bn", "", "128"),
    ("act", "relu", "", ""),
    ("pool", "pool", "MaxPool2d 3×3 s2", ""),
    ("linear", "fc", "Linear 1000", "513.0 k"),
]


def plate(id_: str, family: str, name: str, detail: str = "", figure: str = "", **more: object) -> Plate:
    """A plate of its natural size with one input and one output."""
    kind = more.pop("kind", "layer")
    w, h = plate_size(kind, name, detail, when=str(more.get("when", "")), activation="activation" in more)  # type: ignore[arg-type]
    given = {"w": w, "h": h, "inputs": X, "outputs": Y, **more}
    return Plate(id_, kind, family, name, detail, figure, **given)  # type: ignore[arg-type]


def axes(*sizes: object, changed: str = "") -> tuple[tuple[str, bool, bool], ...]:
    """Label axes; `changed` has a "1" for each axis that changed."""
    marks = changed.ljust(len(sizes), "0")
    return tuple((str(s), m == "1", isinstance(s, str)) for s, m in zip(sizes, marks, strict=True))


def scene_of(plates: list[Plate], wires: list[Wire], **more: object) -> Scene:
    return Scene({p.id: p for p in plates}, {w.id: w for w in wires}, **more)  # type: ignore[arg-type]


def wire(source: str, target: str, *label: object, changed: str = "", values: int = 200_000, **more: object) -> Wire:
    """A wire between "node.port" ends."""
    s, t = source.rsplit(".", 1), target.rsplit(".", 1)
    return Wire(target, (s[0], s[1]), (t[0], t[1]), axes(*label, changed=changed), values, **more)  # type: ignore[arg-type]


def chain(n: int, columns: int = 40) -> Scene:
    """`n` plates in columns, every third one also joined by a skip: about 1.31 wires per plate."""
    plates, wires = [], []
    per = -(-n // columns)
    for k in range(n):
        column, row = divmod(k, per)
        family, name, detail, figure = TYPES[k % len(TYPES)]
        plates.append(plate(f"n{k}", family, f"{name}{k}", detail, figure, x=column * 296.0, y=row * 80.0))
        if k and row:
            wires.append(wire(f"n{k - 1}.y", f"n{k}.x", 64, 56, 56, changed="100" if k % 5 == 0 else ""))
        elif k:
            a, b = plates[k - 1], plates[k]
            lane = b.x - 60
            at = [(a.x + 76, a.y + a.h), (a.x + 76, a.y + a.h + 24), (lane, a.y + a.h + 24), (lane, b.y - 24)]
            at += [(b.x + 76, b.y - 24), (b.x + 76, b.y)]
            wires.append(wire(f"n{k - 1}.y", f"n{k}.x", 64, 28, 28, route=tuple(at)))
        if k % 3 == 0 and row > 3:
            a, b = plates[k - 4], plates[k]
            side = a.x + 152 + 27
            at = [(a.x + 76, a.y + a.h), (a.x + 76, a.y + a.h + 12), (side, a.y + a.h + 12), (side, b.y - 12)]
            at += [(b.x + 76, b.y - 12), (b.x + 76, b.y)]
            wires.append(Wire(f"s{k}", (f"n{k - 4}", "y"), (f"n{k}", "x"), values=3_000, route=tuple(at)))
    return scene_of(plates, wires)


def moved(scene: Scene, ids: set[str], dx: float, dy: float) -> Scene:
    """The scene with some plates elsewhere; all others are the same objects."""
    plates = {i: replace(p, x=p.x + dx, y=p.y + dy) if i in ids else p for i, p in scene.plates.items()}
    since = Since(scene.number, frozenset(ids), frozenset())
    return Scene(plates, scene.wires, scene.title, scene.legend, since)


def stage() -> Scene:
    """ResNet's stem, two opened blocks with a residual arc each, and the rest: what the window's picture shows."""
    plates: list[Plate] = []
    wires: list[Wire] = []

    def down(column: float, top: float, rows: list[tuple[float, Plate]]) -> None:
        for y, p in rows:
            plates.append(replace(p, x=column + (152 - p.w) / 2, y=top + y))

    def join(source: str, target: str, *label: object, changed: str = "", **more: object) -> None:
        wires.append(wire(source, target, *label, changed=changed, **more))

    stem = [
        (0, plate("x", "io", "x", figure="float32")),
        (66, plate("conv1", "conv", "conv1", "Conv2d 7×7 s2 p3", "9,408")),
        (146, plate("bn1", "norm", "bn1", figure="128")),
        (208, plate("relu", "act", "relu")),
        (270, plate("maxpool", "pool", "maxpool", "MaxPool2d 3×3 s2")),
    ]
    down(24, 24, stem)
    join("x.y", "conv1.x", 3, 224, 224, changed="011", values=150_528)
    join("conv1.y", "bn1.x", 64, 112, 112, changed="111", values=802_816)
    join("bn1.y", "relu.x", 64, 112, 112, values=802_816)
    join("relu.y", "maxpool.x", 64, 112, 112, values=802_816)

    def block(name: str, left: float, wide: float, size: str, mid: str, c1: str, c2: str, when: str) -> None:
        title = "BasicBlock" if when == "on" else ""
        plates.append(
            plate(name, "block", name, title, kind="block", opened=True, pager=(0, 2), x=left, y=24.0, w=wide, h=530.0,
                  inputs=(Port("x", wired=True, at=92.0),), outputs=(Port("y", wired=True, at=92.0),))
        )  # fmt: skip
        chosen = c1 == "73.73 k"
        first = "Conv2d 3×3 s2 p1" if chosen else "Conv2d 3×3 p1"
        body = [
            (66, plate(f"{name}.conv1", "conv", "conv1", first, c1)),
            (146, plate(f"{name}.bn1", "norm", "bn1", figure="128" if not chosen else "256")),
            (208, plate(f"{name}.relu", "act", "relu")),
            (270, plate(f"{name}.conv2", "conv", "conv2", "Conv2d 3×3 p1", c2)),
            (350, plate(f"{name}.bn2", "norm", "bn2", figure="128" if not chosen else "256")),
            (408, Plate(f"{name}.add", "operator", "arith", "add", symbol="+", w=26, h=26,
                        inputs=(Port("a", wired=True), Port("b", wired=True)), outputs=Y)),
            (466, plate(f"{name}.relu2", "act", "relu")),
        ]  # fmt: skip
        for y, p in body:
            plates.append(replace(p, parent=name, x=left + 16 + (152 - p.w) / 2, y=24 + y))
        names = ["conv1", "bn1", "relu", "conv2", "bn2", "add", "relu2"]
        axes_ = tuple(int(v) for v in mid.split("×"))
        for a, b in pairwise(names):
            changed = "111" if chosen and a == "conv1" else ""
            port = "a" if b == "add" else "x"
            join(f"{name}.{a}.y", f"{name}.{b}.{port}", *axes_, changed=changed, inside=name)
        cx, axes0 = left + 92, tuple(int(v) for v in size.split("×"))
        join(f"{name}.x", f"{name}.conv1.x", *axes0, inside=name, route=((cx, 54.0), (cx, 90.0)))
        join(f"{name}.relu2.y", f"{name}.y", *axes_, inside=name, route=((cx, 522.0), (cx, 554.0)))
        lane = left + (168 + 27 if when == "off" else 168 + 90)
        add = (cx + 13, 24 + 408 + 13.0)
        d = plate(f"{name}.down", "block", "downsample", kind="block", when="off")
        if when == "off":
            plates.append(replace(d, parent=name, x=lane - 16, y=222.0))
            wires.append(
                Wire(f"{name}.down.x", (name, "x"), (f"{name}.down", "x"), axes(*axes0), 200_704, inside=name,
                     route=((cx, 54.0), (cx, 70.0), (lane, 70.0), (lane, 222.0)))
            )  # fmt: skip
            wires.append(
                Wire(f"{name}.add.b", (f"{name}.down", "y"), (f"{name}.add", "b"), (), 200_704, inside=name,
                     route=((lane, 254.0), (lane, add[1]), add))
            )  # fmt: skip
            return
        d0 = plate(f"{name}.d0", "conv", "downsample.0", "Conv2d 1×1 s2", when="on", w=128)
        d1 = plate(f"{name}.d1", "norm", "downsample.1", w=128)
        plates.append(replace(d0, parent=name, x=lane - 64, y=170.0))
        plates.append(replace(d1, parent=name, x=lane - 64, y=294.0))
        wires.append(
            Wire(f"{name}.d0.x", (name, "x"), (f"{name}.d0", "x"), axes(*axes0), 200_704, inside=name,
                 route=((cx, 54.0), (cx, 70.0), (lane, 70.0), (lane, 170.0)))
        )  # fmt: skip
        join(f"{name}.d0.y", f"{name}.d1.x", *axes_, changed="111", inside=name)
        wires.append(
            Wire(f"{name}.add.b", (f"{name}.d1", "y"), (f"{name}.add", "b"), axes(*axes_), 100_352, inside=name,
                 route=((lane, 326.0), (lane, add[1]), add))
        )  # fmt: skip

    block("layer1", 212, 240, "64×56×56", "64×56×56", "36.86 k", "36.86 k", "off")
    block("layer2", 472, 350, "64×56×56", "128×28×28", "73.73 k", "147.5 k", "on")
    rest = [
        (66, plate("layer3", "block", "layer3", "BasicBlock ×2", "2.100 M", kind="block", repeat=2)),
        (156, plate("layer4", "block", "layer4", "BasicBlock ×2", "8.394 M", kind="block", repeat=2)),
        (242, plate("avgpool", "pool", "avgpool", "AdaptiveAvgPool2d 1×1")),
        (322, plate("flatten", "shape", "flatten")),
        (386, plate("fc", "linear", "fc", "Linear 1000", "513.0 k", changed=True)),
        (466, plate("y", "io", "y", glyph="io_out")),
    ]
    down(856, 24, rest)
    fold = [(100.0, 342.0), (100.0, 380.0), (198.0, 380.0), (198.0, 4.0), (304.0, 4.0), (304.0, 24.0)]
    wires.append(
        Wire("layer1.x", ("maxpool", "y"), ("layer1", "x"), axes(64, 56, 56, changed="011"), 200_704, route=tuple(fold))
    )
    fold = [(304.0, 554.0), (304.0, 578.0), (460.0, 578.0), (460.0, 4.0), (564.0, 4.0), (564.0, 24.0)]
    wires.append(Wire("layer2.x", ("layer1", "y"), ("layer2", "x"), axes(64, 56, 56), 200_704, route=tuple(fold)))
    fold = [(564.0, 554.0), (564.0, 578.0), (838.0, 578.0), (838.0, 4.0), (932.0, 4.0), (932.0, 90.0)]
    wires.append(Wire("layer3.x", ("layer2", "y"), ("layer3", "x"), axes(128, 28, 28), 100_352, route=tuple(fold)))
    join("layer3.y", "layer4.x", 256, 14, 14, changed="111", values=50_176)
    join("layer4.y", "avgpool.x", 512, 7, 7, changed="111", values=25_088)
    join("avgpool.y", "flatten.x", 512, 1, 1, changed="011", values=512)
    join("flatten.y", "fc.x", 512, changed="1", values=512)
    join("fc.y", "y.x", 1000, changed="1", values=1000)
    note = "The stem halves the side\ntwice: 224 → 112 → 56.\nSmall images: stride 1."
    plates.append(plate("note", "io", note, kind="note", x=24.0, y=424.0, inputs=(), outputs=()))
    return scene_of(plates, wires, title="resnet18")


def states() -> Scene:
    """Every state a plate can be in, in a grid."""
    conv = {"detail": "Conv2d 3×3 p1", "figure": "36.86 k"}
    cells = [
        plate("rest", "conv", "rest", **conv),  # type: ignore[arg-type]
        plate("error", "conv", "error", problem="error", **conv),  # type: ignore[arg-type]
        plate("warn", "conv", "warning", problem="warn", **conv),  # type: ignore[arg-type]
        plate("info", "conv", "note", problem="note", **conv),  # type: ignore[arg-type]
        plate("bypassed", "conv", "bypassed", mark="bypassed", **conv),  # type: ignore[arg-type]
        plate("off", "conv", "downsample", "Conv2d 1×1 s2", when="off"),
        plate("proposal", "conv", "shortcut", "Conv2d 1×1 s2", "+8,320", mark="proposal"),
        plate("lens", "conv", "conv1", "Conv2d 3×3 s2", "57.80 M", heat=0.62),
        plate("placed", "conv", "placed", tag="cpu", **conv),  # type: ignore[arg-type]
        plate("frozen", "conv", "frozen", frozen=True, **conv),  # type: ignore[arg-type]
        plate("changed", "linear", "fc", "Linear 1000", "513.0 k", changed=True),
        plate("added", "block", "se_block", "SqueezeExcite", kind="block", mark="added"),
        plate("removed", "act", "dropout", "Dropout 0.1", mark="removed"),
        plate("modified", "conv", "conv1", "k 3×3 → 5×5", mark="modified"),
        plate("stage3", "block", "stage3", "BasicBlock", "919.0 k", kind="block"),
        plate("layer3", "block", "layer3", "BasicBlock ×2", "2.100 M", kind="block", repeat=2),
        plate("enc", "block", "enc", "Layer ×6", "3.152 M", kind="block", repeat=6, shared=True),
        plate("lstm", "rnn", "lstm", "LstmCell, T", "395.3 k", kind="block", scan=True,
              inputs=(*X, Port("h", "state")), outputs=(*Y, Port("c", "state"))),
        plate("proj", "block", "proj", "Projection", "8,448", kind="block", when="on"),
        plate("ports", "attn", "attention", "MultiheadAttention h8", inputs=(
            Port("q", wired=True), Port("i", "int"), Port("mask", "bool", optional=True), Port("h", "state"))),
        plate("ghost", "block", "shortcut", kind="block", when="off"),
        Plate("add", "operator", "arith", "add", symbol="+", w=26, h=26, inputs=(*X, Port("b")), outputs=Y),
        Plate("bad", "operator", "arith", "add", symbol="+", w=26, h=26, inputs=(*X, Port("b")), outputs=Y,
              problem="error"),
        Plate("mul", "operator", "arith", "gate", symbol="×", w=26, h=26, inputs=(*X, Port("b")), outputs=Y,
              named=True),
        plate("note", "io", "Try stride 1\nfor small images.", kind="note", inputs=(), outputs=()),
    ]  # fmt: skip
    placed = [replace(p, x=40.0 + k % 5 * 216 + (152 - p.w) / 2, y=40.0 + k // 5 * 96) for k, p in enumerate(cells)]
    frame = plate("frame", "act", "Stem", "halves the side twice", kind="frame", x=1120.0, y=40.0, w=240.0, h=180.0,
                  inputs=(), outputs=())  # fmt: skip
    inner = plate("framed", "conv", "conv1", "Conv2d 7×7 s2 p3", "9,408", x=1164.0, y=110.0)
    return scene_of([frame, *placed, inner], [])


def families() -> Scene:
    """One plate per family, and wires of every kind."""
    names = ["conv", "linear", "norm", "act", "pool", "rnn", "attn", "emb", "shape", "arith", "gen", "io", "block"]
    plates = [plate(f, f, f.capitalize(), x=40.0, y=40.0 + 44 * k) for k, f in enumerate(names)]
    wires = []
    for k, (values, kind, more) in enumerate(
        [(1_000, "float", {}), (10_000, "float", {}), (100_000, "float", {}), (9_000_000, "float", {}),
         (9_000, "int", {}), (9_000, "bool", {}), (0, "float", {"unknown": True}),
         (90_000, "float", {"error": "add cannot join", "error_label": "now 64×56×56"}),
         (90_000, "float", {"mark": "proposal"})]
    ):  # fmt: skip
        x = 280.0 + k % 5 * 190
        y = 40.0 + k // 5 * 220
        a, b = f"a{k}", f"b{k}"
        plates.append(plate(a, "conv", "conv1", "Conv2d 3×3 p1", x=x, y=y))
        plates.append(plate(b, "act", "relu", x=x + (24 if k == 3 else 0), y=y + 110))
        wires.append(wire(f"{a}.y", f"{b}.x", "N", 64, 56, changed="010", values=values, kind=kind, **more))
    return scene_of(plates, wires)


def broken() -> Scene:
    """A residual block whose shapes do not meet, and the fix drawn beside it: the picture of an error."""
    rows = [
        (0, plate("x", "io", "x")),
        (76, plate("conv1", "conv", "conv1", "Conv2d 3×3 s2 p1", "73.86 k", changed=True)),
        (168, plate("bn1", "norm", "bn1", figure="256")),
        (244, plate("relu", "act", "relu")),
        (320, plate("conv2", "conv", "conv2", "Conv2d 3×3 p1", "147.6 k")),
        (412, plate("bn2", "norm", "bn2", figure="256")),
        (486, Plate("add", "operator", "arith", "add", symbol="+", w=26, h=26, problem="error",
                    inputs=(Port("a", wired=True), Port("b", wired=True)), outputs=Y)),
        (558, plate("relu2", "act", "relu2")),
        (634, plate("y", "io", "y", glyph="io_out")),
    ]  # fmt: skip
    plates = [replace(p, x=148 + (152 - p.w) / 2, y=27.0 + y) for y, p in rows]
    wires = [wire("x.y", "conv1.x", 64, 56, 56, changed="111")]
    chain_ = ["conv1", "bn1", "relu", "conv2", "bn2"]
    for a, b in pairwise(chain_):
        wires.append(wire(f"{a}.y", f"{b}.x", 128, 28, 28, changed="111" if a == "conv1" else ""))
    wires.append(wire("bn2.y", "add.a", 128, 28, 28))
    wires.append(wire("add.y", "relu2.x", unknown=True))
    wires.append(wire("relu2.y", "y.x", unknown=True))
    fix = [
        plate("shortcut", "conv", "shortcut", "Conv2d 1×1 s2", "+8,320", mark="proposal", x=358.0, y=196.0),
        plate("shortcut_bn", "norm", "shortcut_bn", figure="+256", mark="proposal", x=358.0, y=348.0),
    ]
    lane = ((224.0, 59.0), (224.0, 73.0), (434.0, 73.0), (434.0, 196.0))
    wires.append(Wire("shortcut.x", ("x", "y"), ("shortcut", "x"), axes(64, 56, 56), 200_704, route=lane))
    wires.append(wire("shortcut.y", "shortcut_bn.x", 128, 28, 28, mark="proposal"))
    wires.append(
        Wire("add.b", ("shortcut_bn", "y"), ("add", "b"), axes(128, 28, 28), 100_352, mark="proposal",
             error="add cannot join 128×28×28 and 64×56×56", error_label="now 64×56×56",
             route=((434.0, 380.0), (434.0, 526.0), (237.0, 526.0)))
    )  # fmt: skip
    return scene_of([*plates, *fix], wires)


def lit() -> Scene:
    """LeNet under the Activations lens."""
    import numpy as np

    rng = np.random.default_rng(3)
    named = [
        ("x", "io", "", np.eye(8)[None]), ("conv1", "conv", "Conv2d 3×3 p1", rng.random((6, 8, 8)) ** 3),
        ("relu1", "act", "", rng.random((6, 8, 8)) ** 4), ("pool1", "pool", "", rng.random((6, 4, 4)) ** 2),
        ("conv2", "conv", "Conv2d 3×3 p1", rng.random((16, 4, 4)) ** 3),
        ("relu2", "act", "", rng.random((16, 4, 4)) ** 4),
        ("pool2", "pool", "", rng.random((16, 2, 2)) ** 2), ("flatten", "shape", "", rng.random(64) ** 2),
        ("fc1", "linear", "Linear 120", rng.random(120) ** 4), ("relu3", "act", "", rng.random(120) ** 5),
        ("fc2", "linear", "Linear 84", rng.random(84) ** 4), ("y", "io", "", [0, 0, 0, 0.98, 0, 0, 0, 0, 0, 0.02]),
    ]  # fmt: skip
    plates, wires = [], []
    for k, (name, family, detail, values) in enumerate(named):
        column, row = divmod(k, 4)
        marks = tuple("0123456789") if name == "y" else ()
        shown = Activation(values, marks, 3)
        plates.append(plate(name, family, name, detail, activation=shown, x=24.0 + 256 * column, y=28.0 + 120 * row))
        if k and row:
            wires.append(wire(f"{named[k - 1][0]}.y", f"{name}.x", 6, 8, 8, values=900))
        elif k:
            x0, y0 = 24 + 256 * (column - 1) + 104.0, 28 + 120 * 3 + 84.0
            mid, x1 = x0 + 104 + 24, x0 + 256
            at = ((x0, y0), (x0, y0 + 20), (mid, y0 + 20), (mid, 8.0), (x1, 8.0), (x1, 28.0))
            wires.append(Wire(f"{name}.x", (named[k - 1][0], "y"), (name, "x"), axes(16, 4, 4), 900, route=at))
    legend = Legend("Activation, share of the layer’s maximum", "0", "max")
    return scene_of(plates, wires, legend=legend)


def lens() -> Scene:
    """The stage under the MACs lens."""
    scene = stage()
    heats = {"conv1": 0.8, "layer3": 1.0, "layer4": 0.95, "fc": 0.1, "layer1.conv1": 0.45, "layer1.conv2": 0.45,
             "layer2.conv1": 0.3, "layer2.conv2": 0.6, "layer2.d0": 0.2, "bn1": 0.02}  # fmt: skip
    plates = {i: replace(p, heat=heats.get(i), figure="57.80 M" if i in heats else "") for i, p in scene.plates.items()}
    return Scene(plates, scene.wires, legend=Legend("MACs, share of the largest (square root)", "0", "411.0 M"))
