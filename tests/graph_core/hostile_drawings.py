"""Drawings that nobody vouches for, as texts of files: each opens for repair or is refused in one sentence.

``python -m tests.graph_core.hostile_drawings --large`` puts all of them through reading, analysis, emission and
writing, and prints one line each: its name, the seconds of work, what came of it. It has no more memory than a drawing
may take.
"""

from __future__ import annotations

import itertools
import json
import resource
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

from graph_core.jsontext import MAX_NUMBER

MEMORY = 2**30
SECONDS = 20  # ten times what is allowed: the machine may be busy

Nodes = dict[str, dict[str, Any]]


def node(type: str, name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type, **more}


def drawing(nodes: Nodes, wires: dict[str, str], **more: Any) -> str:
    """The text of a project with one network; ``graphs`` are more graphs, other fields stand as they are."""
    graphs = {"main": {"nodes": nodes, "wires": wires, **more.pop("graph", {})}, **more.pop("graphs", {})}
    return json.dumps({"netw": 1, "symbols": {"N": 1}, "networks": {"main": "main"}, "graphs": graphs, **more})


def around(inner: Nodes, *, first: str = "", last: str = "", inlet: str = "x", **more: Any) -> str:
    """Nodes between an Input and an Output."""
    names = list(inner)
    nodes = {"x": node("Input", "x", set={"shape": ["N", 8]}), **inner, "y": node("Output", "y")}
    wires = {f"{first or names[0]}.{inlet}": "x.y", "y.x": f"{last or names[-1]}.y"}
    return drawing(nodes, wires | more.pop("wires", {}), **more)


def block(inner: Nodes, wires: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A graph with one Input x and one Output y around its nodes in a chain."""
    names = list(inner)
    chain = {f"{b}.x": f"{a}.y" for a, b in itertools.pairwise(names)}
    nodes = {"x": node("Input", "x", set={"shape": ["N", "c"]}), **inner, "y": node("Output", "y")}
    ends = {f"{names[0]}.x": "x.y", "y.x": f"{names[-1]}.y"} if names else {"y.x": "x.y"}
    return {"nodes": nodes, "wires": {**chain, **ends, **(wires or {})}, **more}


def ends(shape: list[Any]) -> str:
    """An Input of that shape, wired to an Output."""
    return drawing({"x": node("Input", "x", set={"shape": shape}), "y": node("Output", "y")}, {"y.x": "x.y"})


def linear(**set: Any) -> dict[str, Any]:
    return node("Linear", "fc", set=set)


def values() -> Iterator[tuple[str, str]]:
    """Numbers and expressions that no parameter can have, in every place that takes one."""
    bad = {
        "power": "9**9**9",
        "negative power": "9 ** -9 ** 9",
        "product": "*".join(["9" * 18] * 20),
        "brackets": "(" * 199 + "1" + ")" * 199,
        "unclosed": "(" * 399,
        "signs": "-" * 398 + "1",
        "nots": "not " * 99 + "1",
        "choices": "1 if N else " * 33 + "1",
        "minima": "min(" * 60 + "1" + ")" * 60,
        "tuple": "(1,) * 9",
        "call": "__import__('os').system('x')",
        "attribute": "N.__class__",
        "unicode": "ﬁ + N",
        "null": "a\0b",
        "long": "1+" * 5000 + "1",
        "division": "1 // (N - 1)",
        "modulo": "1.5 % 0",
        "overflow": "1e308 * 1e308",
        "shift": "2 ** 64 ** 2",
        "text": "'a' * 9",
        "largest": MAX_NUMBER,
        "negative": -3,
        "smallest": -MAX_NUMBER,
        "float": 1e308,
        "list": [[1] * 9] * 9,
        "long list": [1] * 50_000,
        "nothing": None,
        "flag": True,
    }
    for name, value in bad.items():
        yield f"parameter, {name}", around({"l": linear(out_features=value)})
        yield f"shape, {name}", ends(["N", value])
        inner = {"b": block({"l": linear(out_features="width")}, params={"width": value})}
        yield f"default, {name}", around({"b1": node("b", "b1")}, graphs=inner)
        yield f"given, {name}", around({"b1": node("b", "b1", set={"width": value})}, graphs=inner)
        yield f"symbol, {name}", drawing({}, {}, symbols={"N": value})
        yield f"window, {name}", around({"c": node("Conv2d", "c", set={"kernel_size": value, "padding": value})})
        yield (
            f"code, {name}",
            around({"k": node("Custom", "k", set={"macs": value, "outputs": value})}, wires={"k.x0": "x.y"}),
        )
        if isinstance(value, str):
            yield f"condition, {name}", around({"l": node("Linear", "l", when=value)})
        if isinstance(value, str | int):
            yield f"repeat, {name}", around({"b1": node("b", "b1", repeat=value)}, graphs=inner)
            scan = {"axis": value, "over": ["x"], "carry": []}
            yield f"scan, {name}", around({"b1": node("b", "b1", scan=scan)}, graphs=inner)


def structures() -> Iterator[tuple[str, str]]:
    """Loops, loose ends, names and ids, in numbers."""
    n = 10_000
    ring = {f"n{k}": node("ReLU", f"n{k}") for k in range(n)}
    yield "a ring", drawing(ring, {f"n{k}.x": f"n{(k - 1) % n}.y" for k in range(n)})
    yield "a node that feeds itself", around({"l": linear()}, wires={"l.x": "l.y"})
    joins = {f"a{k}": node("Concat", f"a{k}") for k in range(300)}
    yield "a knot", drawing(joins, {f"a{k}.x{j}": f"a{(k + j + 1) % 300}.y" for k in range(300) for j in range(60)})
    yield "wires to nowhere", drawing({}, {f"a{k}.x": f"b{k}.y" for k in range(20_000)})
    yield "wires to ports that are not there", around({"l": linear()}, wires={f"l.q{k}": "x.y" for k in range(14_000)})
    for port in (999_999_999, 10**30):
        far = node("Concat", "c")
        yield f"a port of number {port}", around({"c": far}, inlet="x0", wires={f"c.x{port}": "x.y"})
    same = {f"n{k}": node("ReLU", "name") for k in range(1000)}
    yield "one name for all", drawing(same, {})
    yield "ids that stand twice", '{"netw": 1, "graphs": {"main": {"nodes": {"x": {}, "x": {}}}}}'
    yield "graphs that stand twice", '{"netw": 1, "graphs": {"main": {}, "main": {}}}'
    lenders = {f"n{k}": node("Linear", f"n{k}", use=f"n{(k + 1) % 3000}") for k in range(3000)}
    yield "lenders in a ring", drawing(lenders, {})
    n = 4000
    ties = {f"n{k}.weight": f"n{(k + 1) % n}.weight" for k in range(n)}
    tied = {f"n{k}": node("Linear", f"n{k}") for k in range(n)}
    yield "ties in a ring", drawing(tied, {f"n{k + 1}.x": f"n{k}.y" for k in range(n - 1)}, graph={"ties": ties})
    star = {f"n{k}.weight": "n0.weight" for k in range(1, n)}
    chain = {"n0.x": "x.y"} | {f"n{k + 1}.x": f"n{k}.y" for k in range(n - 1)}
    inlet = {"x": node("Input", "x", set={"shape": ["N", 128]})}
    yield "ties to one", drawing(inlet | tied, chain, graph={"ties": star})
    way = {"/".join(["b"] * 190) + ".weight": "b.weight"}
    yield (
        "a tie down a long way",
        around({"b": node("b", "b")}, graphs={"b": block({"b": node("b", "b")})}, graph={"ties": way}),
    )
    yield "no number", '{"netw": 1, "symbols": {"N": NaN}}'
    yield "no end", '{"netw": 1, "symbols": {"N": Infinity}}'
    yield "many symbols", json.dumps({"netw": 1, "symbols": {f"s{k}": 1 for k in range(50_000)}})
    flat = around({"f": node("Flatten", "f")}, wires={"f.x": "x.y"})
    yield "an axis for each", flat.replace('"N", 8', ", ".join(["1"] * 10_000))
    groups = [{"match": ["*a" * 100 + "b"], "lr": 0.1}] * 60
    net = {f"n{k}": node("Linear", "a" * 55 + str(k)) for k in range(300)}
    wires = {"n0.x": "x.y"} | {f"n{k + 1}.x": f"n{k}.y" for k in range(299)}
    setup = {"main": {"optimizer": {"kind": "SGD", "groups": groups}}}
    yield "patterns that go back", drawing(inlet | net, wires, setups=setup)
    codes = {f"k{k}": node("Custom", f"k{k}", set={"code": f"x{k}=1;" + "a=1;" * 4900}) for k in range(800)}
    yield "much code", drawing(codes, {})


def nested() -> Iterator[tuple[str, str]]:
    """Blocks in blocks: deep, in rings, and in numbers that no computer has time for."""
    n = 10_000
    deep = {f"g{k}": block({"b": node(f"g{k + 1}", "b")}) for k in range(n - 2)}
    yield "ten thousand deep", around({"b": node("g0", "b")}, graphs=deep | {f"g{n - 2}": block({})})
    yield "a ring of blocks", around({"b": node("g0", "b")}, graphs=deep | {f"g{n - 2}": block({"b": node("g0", "b")})})
    both = {"p": block({"b": node("q", "b")}), "q": block({"b": node("p", "b")})}
    yield "two that hold each other", around({"b": node("p", "b")}, graphs=both)
    yield (
        "one that holds itself twice",
        around({"b": node("p", "b")}, graphs={"p": block({"b": node("p", "b"), "c": node("p", "c")})}),
    )
    yield "a network that holds itself", around({"b": node("main", "b")})
    doubled = {f"g{k}": block({"b": node(f"g{k + 1}", "b"), "c": node(f"g{k + 1}", "c")}) for k in range(60)}
    yield "sixty doublings", around({"b": node("g0", "b")}, graphs=doubled | {"g60": block({"l": linear()})})
    half = {"p": "w * 2", "q": "w * 2 + 1"}
    unlike = {
        f"g{k}": block({i: node(f"g{k + 1}", i, set={"w": text}) for i, text in half.items()}, params={"w": 1})
        for k in range(40)
    }
    last = {"g40": block({"l": linear(out_features="1 + w % 7")}, params={"w": 1})}
    yield "forty doublings, all unlike", around({"b": node("g0", "b")}, graphs=unlike | last)
    for times in (4096, 2**31 - 1):
        steps = {
            f"g{k}": block({"b": node(f"g{k + 1}", "b", set={"w": "w + i"}, repeat=times)}, params={"w": 1})
            for k in range(6)
        }
        end = {"g6": block({"l": linear(out_features="8 + w % 2")}, params={"w": 1})}
        yield f"repeats ×{times} in repeats, all unlike", around({"b": node("g0", "b")}, graphs=steps | end)
        alike = {f"g{k}": block({"b": node(f"g{k + 1}", "b", repeat=times)}) for k in range(20)}
        yield (
            f"repeats ×{times} in repeats",
            around({"b": node("g0", "b")}, graphs=alike | {"g20": block({"l": linear(out_features=8)})}),
        )
    sizes = {
        "x": node("Input", "x", set={"shape": ["N", *[2**31 - 1] * 15]}),
        "r": node("ReLU", "r"),
        "y": node("Output", "y"),
    }
    yield "a tensor beyond counting", drawing(sizes, {"r.x": "x.y", "y.x": "r.y"})


def heavy() -> Iterator[tuple[str, str]]:
    """Those that take seconds, as they are large."""
    for times in (4096, 2**31 - 1):
        grow = block({"l": linear(out_features="c + 1")})
        yield f"widths that grow ×{times}", around({"b": node("g", "b", repeat=times)}, graphs={"g": grow})
        shared = node("g", "b", repeat={"times": times, "shared": True})
        yield f"shared widths that grow ×{times}", around({"b": shared}, graphs={"g": grow})
    wide = {f"b{k}": node("g", f"b{k}", set={"w": k + 1}) for k in range(14_000)}
    one = {"g": block({"l": linear(out_features="w")}, params={"w": 1})}
    wires = {f"b{k}.x": "x.y" for k in range(14_000)}
    yield "fourteen thousand instances", around(wide, graphs=one, wires=wires)


def every(*, large: bool) -> Iterator[tuple[str, str]]:
    """All of them by name, those that take seconds where asked."""
    yield from values()
    yield from structures()
    yield from nested()
    if large:
        yield from heavy()


class Late(BaseException):
    """It took too long."""


def put_through(text: str) -> str:
    """What comes of a text: ``refused: …``, or ``opened: …`` with what emission said."""
    from codegen.emit import EmitError, emit_source
    from graph_core import EditError, FileError, analyze, dumps, loads

    try:
        project = loads(text)
    except FileError as error:
        return f"refused: {error}"
    saved = dumps(project)
    if dumps(loads(saved)) != saved:
        return "FAILED: it changes when it is saved twice"
    try:
        a = analyze(project)
        problems = [p.message for p in a.problems]
        a.memory  # noqa: B018 - worked out when asked for
        if any(not p.isprintable() for p in problems):
            return "FAILED: a sentence that cannot be printed"
        problems and problems[0]
        emit_source(project)
    except (EmitError, EditError) as error:
        return f"opened: {error}"
    return "opened"


def main() -> None:
    """Put every drawing through, without more memory or time than it may take."""

    def late(*_: Any) -> None:
        raise Late

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, late)
    wanted = next((word for word in sys.argv[1:] if word != "--large"), "")
    for name, text in every(large="--large" in sys.argv):
        if wanted not in name:
            continue
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        start = time.process_time()
        try:
            said = put_through(text)
        except Late:
            said = "FAILED: too long"
        except BaseException as error:
            said = f"FAILED: {type(error).__name__}: {error}"
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        print(f"{name}\t{time.process_time() - start:.2f}\t{said[:300]}", flush=True)


if __name__ == "__main__":
    main()
