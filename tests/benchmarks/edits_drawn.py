"""Random edits of a drawing, each timed with the whole readout, and then taken back, timed too.

Times are of the processor, so that neighbours on the machine do not show in them.

``python -m tests.benchmarks.edits_drawn SUBJECT COUNT`` prints percentiles as JSON.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graph_core import Project, analyze, dumps, edits, loads
from graph_core.fields import Count, Flag, Pair, Size
from graph_core.graph import Edit, EditError, Graph, Node
from graph_core.layer import layer_types
from graph_core.memory import parts_of, standing_of
from graph_core.propagate import engine_of
from tests.benchmarks.models import SUBJECTS

Make = Callable[[], object]


@dataclass
class Timings:
    """Seconds of processor time of each edit, and what it was."""

    seconds: list[float] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """The value below which that share of the timings lies."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def readout(project: Project) -> tuple[Any, ...]:
    """All that the window's readout shows: figures, memory with the peak of activations, problems."""
    analysis, engine = analyze(project), engine_of(project)
    peak = parts_of(engine, "main", training=False).activations
    return analysis.params, analysis.macs, analysis.flops, standing_of(engine, "main"), peak, analysis.problems


def random_edit(project: Project, rng: random.Random) -> Make:
    """One edit of a node that every node is equally likely to get: a parameter, its name, its wire, its place."""
    graph, node = rng.choice([(graph, node) for graph in project.graphs.values() for node in graph.nodes.values()])
    kinds = [_set, _set, _set, _rename, _unwire, _insert, _remove]
    rng.shuffle(kinds)
    for kind in kinds:
        for make in kind(graph, node, rng):
            return make
    return lambda: edits.rename(graph, node.id, f"{node.name}_")


def _set(graph: Graph, node: Node, rng: random.Random) -> Iterator[Make]:
    declaration = layer_types().get(node.type)
    fields = (
        [f for f in declaration.fields.values() if isinstance(f, Size | Pair | Flag | Count)] if declaration else []
    )
    if not fields:
        return
    chosen = rng.choice(fields)
    now = node.params.get(chosen.name, chosen.default)
    value: Any = not now if isinstance(chosen, Flag) else rng.choice([1, 2, 3, 4, 8, 16, 17, 64])
    yield lambda: edits.set_params(graph, node.id, {chosen.name: value})


def _rename(graph: Graph, node: Node, rng: random.Random) -> Iterator[Make]:
    name = f"n{rng.randrange(10**9)}"
    yield lambda: edits.rename(graph, node.id, name)


def _unwire(graph: Graph, node: Node, rng: random.Random) -> Iterator[Make]:
    ports = list(graph.incoming.get(node.id, {}))
    if ports:
        port = rng.choice(ports)
        yield lambda: edits.disconnect(graph, f"{node.id}.{port}")


def _insert(graph: Graph, node: Node, rng: random.Random) -> Iterator[Make]:
    ports = list(graph.incoming.get(node.id, {}))
    if ports:
        wire = f"{node.id}.{rng.choice(ports)}"

        def make() -> None:
            with graph.project.editing("Insert ReLU"):
                edits.insert_on_wire(graph, wire, edits.add(graph, "ReLU").id)

        yield make


def _remove(graph: Graph, node: Node, rng: random.Random) -> Iterator[Make]:
    yield lambda: edits.remove(graph, [node.id], heal=True)


def measure(project: Project, count: int, seed: int = 0) -> Timings:
    """Time ``count`` random edits and as many ways back, each with the readout after it."""
    rng = random.Random(seed)
    done: list[Edit] = []
    project.listeners.append(done.append)
    timings = Timings()
    readout(project)
    gc.collect()
    gc.freeze()  # as the window does once a drawing is open: full collections wait for pauses
    gc.set_threshold(*gc.get_threshold()[:2], 1_000_000_000)
    while len(timings.seconds) < 2 * count:
        make = random_edit(project, rng)
        done.clear()
        start = time.thread_time()
        try:
            make()
        except EditError:
            continue
        readout(project)
        timings.seconds.append(time.thread_time() - start)
        if not done:
            timings.seconds.pop()
            continue
        edit = done[0]
        timings.titles += [edit.title, f"Undo: {edit.title}"]
        start = time.thread_time()
        project.apply(edit.inverse())
        readout(project)
        timings.seconds.append(time.thread_time() - start)
    return timings


def main(subject: str, count: int) -> None:
    """Print the percentiles in milliseconds."""
    timings = measure(loads(dumps(SUBJECTS[subject]())), count)
    found = {name: 1e3 * timings.percentile(share) for name, share in (("p50", 0.5), ("p95", 0.95), ("worst", 1.0))}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
