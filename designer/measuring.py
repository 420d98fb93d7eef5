"""Measurements of the open drawing: how long each node takes and what it gives, by a worker, as of when it was run."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from PySide6.QtCore import QObject, Signal

from designer.document import Document
from designer.jobs import Job
from designer.training import Training
from designer.words import told, tr
from graph_core import Graph, Node, Project

STATISTICS = {
    "std": tr("Standard deviation"),
    "mean": tr("Mean value"),
    "zeros": tr("Share of zeros"),
    "nans": tr("Share of NaN"),
    "largest": tr("Largest value"),
}
SHARES = ("zeros", "nans")


class Measuring(QObject):
    """`changed` tells of a new measurement or of none, `progressed` of the share that is done, `ended` that nothing
    runs any more. A measurement is of one network; edits leave it and make it stale.
    """

    changed = Signal()
    progressed = Signal(float)
    ended = Signal()

    def __init__(self, document: Document, training: Training) -> None:
        super().__init__(document)
        self._document, self._training = document, training
        self.layers: dict[str, dict[str, float | None]] = {}
        self.total = 0.0
        self.told = ""  # on what it was measured
        self._inclusive: dict[str, float] = {}
        self._network = ""
        self._then: Any = None
        self._job: Job | None = None
        document.replaced.connect(self._forget)

    @property
    def busy(self) -> bool:
        """Whether the worker is at it."""
        return self._job is not None

    @property
    def there(self) -> bool:
        """Whether the network that is looked at has been measured."""
        return bool(self.layers) and self._network == self._document.network

    @property
    def stale(self) -> bool:
        """Whether the drawing is not what was measured."""
        return self._then is not None and self._then != _state(self._document.project)

    def measure(self) -> None:
        """Ask the worker; what keeps it from being run is told."""
        document = self._document
        if self._job is not None:
            return
        error = next((p.message for p in document.analysis().problems if p.severity == "error"), "")
        if error:
            document.refused.emit(tr("{problem}; mend it before measuring.", problem=told(error)))
            return
        args = {"file": str(self._training.snapshot(weights=True)), "network": document.network}
        project, network, then = document.project, document.network, _state(document.project)
        job = self._job = self._training.answerer.run("measure", args)
        self.progressed.emit(0.0)
        job.progressed.connect(lambda report: self.progressed.emit(float(report.get("done", 0.0))))
        job.finished.connect(lambda answer: self._take(answer, project, network, then))
        job.failed.connect(self._failed)
        job.ended.connect(self._end)

    def cancel(self) -> None:
        """Stop measuring."""
        if self._job is not None:
            self._job.cancel()

    def _take(self, answer: dict[str, Any], project: Project, network: str, then: Any) -> None:
        if self._document.project is not project:
            return
        self.layers, self.total = answer["layers"], float(answer["seconds"])
        self._network, self._then = network, then
        sums: dict[str, float] = defaultdict(float)
        for path, layer in self.layers.items():
            seconds = layer.get("seconds") or 0.0
            parts = path.split(".")
            for k in range(1, len(parts) + 1):
                sums[".".join(parts[:k])] += seconds
        self._inclusive = dict(sums)
        threads = tr("1 thread") if answer["threads"] == 1 else tr("{n} threads", n=answer["threads"])
        self.told = tr("batch {n}, {device}, {threads}", n=answer["batch"], device=answer["device"], threads=threads)
        self.changed.emit()

    def _failed(self, sentence: str, kind: str) -> None:
        if kind != "cancelled":
            self._document.refused.emit(told(sentence))

    def _end(self) -> None:
        self._job = None
        self.ended.emit()

    def _forget(self) -> None:
        self.cancel()
        known = self._then is not None
        self.layers, self._inclusive, self._then, self._network = {}, {}, None, ""
        if known:
            self.changed.emit()

    # What was found --------------------------------------------------------------------------------------------

    def of_same(self, graph: Graph, node: Node) -> bool:
        """Whether a node is as it was measured."""
        nodes = self._then[0].get(graph.key) if self._then is not None else None
        return nodes is not None and nodes[0].get(node.id) == node

    def seconds(self, path: str) -> float | None:
        """What a node takes, all that lies inside included."""
        return self._inclusive.get(path)

    def statistic(self, path: str, name: str) -> float | None:
        """A statistic of what a node gives; of a block that repeats, of its last iteration."""
        layer = self.layers.get(path)
        if layer is None or name not in layer:
            last = [p for p in self.layers if p.rpartition(".")[0] == path and p.rpartition(".")[2].isdigit()]
            layer = self.layers[max(last, key=lambda p: int(p.rpartition(".")[2]))] if last else None
        value = layer.get(name) if layer is not None else None
        return None if value is None else float(value)

    @property
    def with_nan(self) -> int:
        """How many nodes give NaN."""
        return sum(bool(layer.get("nans")) for layer in self.layers.values())


def _state(project: Project) -> Any:
    """What a measurement depends on: nodes are never changed, so to compare is to compare identities."""
    graphs = {key: (dict(g.nodes), dict(g.wires), dict(g.params), dict(g.ties)) for key, g in project.graphs.items()}
    return graphs, dict(project.symbols)
