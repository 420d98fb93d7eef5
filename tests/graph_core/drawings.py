"""Drawings to arrange: the shapes that networks come in, as boxes and wires."""

from __future__ import annotations

from random import Random

from graph_core.arrange import Box, Wire


class Drawing:
    """Boxes and wires under construction; every node has one output, ``y``."""

    def __init__(self) -> None:
        self.boxes: dict[str, Box] = {}
        self.wires: list[Wire] = []

    def plate(self, name: str, *sources: str, height: float = 32, width: float = 152) -> str:
        return self._add(name, Box(width, height), sources)

    def operator(self, name: str, *sources: str) -> str:
        return self._add(name, Box(26, 26, round=True), sources)

    def _add(self, name: str, box: Box, sources: tuple[str, ...]) -> str:
        self.boxes[name] = box
        self.wires += [(source, "y", name, f"p{i}") for i, source in enumerate(sources)]
        return name


def chain(count: int) -> Drawing:
    d = Drawing()
    x = d.plate("n0")
    for i in range(1, count):
        x = d.plate(f"n{i}", x, height=48 if i % 2 else 32)
    return d


def resnet(blocks: tuple[int, ...] = (2, 2, 2, 2)) -> Drawing:
    d = Drawing()
    x = d.plate("x")
    for name, height in (("conv1", 48), ("bn1", 32), ("relu", 32), ("maxpool", 48)):
        x = d.plate(name, x, height=height)
    for stage, count in enumerate(blocks, 1):
        for i in range(count):
            at = f"layer{stage}.{i}."
            y = shortcut = x
            for name, height in (("conv1", 48), ("bn1", 32), ("relu1", 32), ("conv2", 48), ("bn2", 32)):
                y = d.plate(at + name, y, height=height)
            if stage > 1 and i == 0:
                shortcut = d.plate(at + "downsample.0", x, height=48, width=128)
                shortcut = d.plate(at + "downsample.1", shortcut, width=128)
            x = d.plate(at + "relu2", d.operator(at + "add", y, shortcut))
    for name, height in (("avgpool", 48), ("flatten", 32), ("fc", 48), ("y", 32)):
        x = d.plate(name, x, height=height)
    return d


def transformer(layers: int = 2, at: str = "", drawing: Drawing | None = None, memory: str = "") -> Drawing:
    """Pre-norm layers; with ``memory`` each also attends to that node."""
    d = drawing or Drawing()
    x = d.plate(at + "x")
    for i in range(layers):
        p = f"{at}{i}."
        n = d.plate(p + "norm1", x)
        x = d.operator(p + "add1", d.plate(p + "attn", n, n, n, height=48), x)
        if memory:
            n = d.plate(p + "norm2", x)
            x = d.operator(p + "add2", d.plate(p + "cross", n, memory, memory, height=48), x)
        y = d.plate(p + "fc1", d.plate(p + "norm3", x), height=48)
        y = d.plate(p + "fc2", d.plate(p + "gelu", y), height=48)
        x = d.operator(p + "add3", y, x)
    d.plate(at + "y", x)
    return d


def encoder_decoder(layers: int = 3) -> Drawing:
    d = transformer(layers, "enc.")
    return transformer(layers, "dec.", d, f"enc.{layers - 1}.add3")


def inception(count: int = 2) -> Drawing:
    d = Drawing()
    x = d.plate("stem", d.plate("x"), height=48)
    for i in range(count):
        ends = []
        for name, length in (("one", 1), ("three", 2), ("five", 3), ("pool", 2)):
            y = x
            for k in range(length):
                y = d.plate(f"{i}.{name}.{k}", y, height=48)
            ends.append(y)
        x = d.operator(f"{i}.cat", *ends)
    d.plate("y", x)
    return d


def unet(depth: int = 4) -> Drawing:
    d = Drawing()
    x = d.plate("x")
    skips = []
    for i in range(depth):
        x = d.plate(f"down{i}.b", d.plate(f"down{i}.a", x, height=48), height=48)
        skips.append(x)
        x = d.plate(f"pool{i}", x)
    x = d.plate("middle", x, height=48)
    for i in reversed(range(depth)):
        x = d.operator(f"cat{i}", d.plate(f"up{i}", x, height=48), skips[i])
        x = d.plate(f"up{i}.b", d.plate(f"up{i}.a", x, height=48), height=48)
    d.plate("y", x)
    return d


def dense(count: int = 6) -> Drawing:
    """DenseNet-like: every convolution sees all before it."""
    d = Drawing()
    seen = [d.plate("x")]
    for i in range(count):
        seen.append(d.plate(f"conv{i}", d.operator(f"cat{i}", *seen), height=48))
    return d


def gates() -> Drawing:
    """An LSTM cell drawn from its gates: three inputs, two outputs."""
    d = Drawing()
    x = d.operator("cat", d.plate("x"), d.plate("h"))
    c = d.plate("c")
    i, f, g, o = (d.plate(f"act_{k}", d.plate(f"fc_{k}", x, height=48)) for k in "ifgo")
    c = d.operator("c_next", d.operator("forget", f, c), d.operator("input", i, g))
    d.plate("c_out", c)
    d.plate("h_out", d.operator("out", o, d.plate("tanh", c)))
    return d


def conditioned(count: int = 6) -> Drawing:
    """One embedding that every block of a chain takes in."""
    d = Drawing()
    x, t = d.plate("x"), d.plate("embed", d.plate("t"), height=48)
    for i in range(count):
        y = d.plate(f"{i}.norm", d.plate(f"{i}.conv", x, height=48))
        x = d.plate(f"{i}.act", d.operator(f"{i}.scale", y, t))
    return d


def wild(count: int, seed: int, fan: float, reach: float) -> Drawing:
    """Any acyclic graph: up to four inputs per node, mostly from nodes just before."""
    random = Random(seed)
    d = Drawing()
    names = [d.plate("n0")]
    for i in range(1, count):
        inputs = 1
        while random.random() < fan and inputs < 4:
            inputs += 1
        sources = [names[-1 - min(int(random.expovariate(1 / reach)), len(names) - 1)] for _ in range(inputs)]
        if inputs > 1 and random.random() < 0.5:
            names.append(d.operator(f"n{i}", *sources))
        else:
            names.append(
                d.plate(f"n{i}", *sources, height=random.choice([32, 48, 56]), width=random.choice([152, 184]))
            )
    return d


EXAMPLES = {
    "chain": chain(12),
    "resnet18": resnet(),
    "transformer": transformer(),
    "encoder_decoder": encoder_decoder(),
    "inception": inception(),
    "unet": unet(),
    "dense": dense(),
    "gates": gates(),
    "conditioned": conditioned(),
}
