"""The open document: a project, where it lies, what was undone, which graph is looked at, what is selected.

The model owns the truth; everything on the screen listens to a Document and can be thrown away. All changes go
through `Document.edit`, which turns a refusal into one sentence instead of an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from designer.figures import Figures, figures_of
from designer.opening import first_network, opened
from designer.settings import weights_store
from designer.steps import Step, steps_along
from graph_core import Analysis, EditError, Graph, Node, Project, analyze
from graph_core.chains import name_in
from graph_core.context import Context
from graph_core.fixes import Fix
from graph_core.graph import Edit
from graph_core.history import History
from graph_core.kept import carry_weights
from graph_core.marks import is_mark
from graph_core.project import FileError, save
from graph_core.propagate import engine_of


class Document(QObject):
    """Signals fire after the fact: `edited` with the edit, and then `altered` unless nodes only stand elsewhere,
    `replaced` for another project, `moved_view` for another graph on the canvas, `unfolded` for a block opened or
    closed in place, `selected` with node ids, `refused` with a sentence, `renamed` for another path or saved state.

    `trail` leads to the graph that is worked on. Its first `depth` steps lead to the graph on the canvas, the others
    through blocks that are opened there in place: `opened` has the iteration that each shows, by its ids joined by /.
    """

    edited = Signal(object)
    altered = Signal(object)
    replaced = Signal()
    moved_view = Signal()
    unfolded = Signal()
    selected = Signal(tuple)
    refused = Signal(str)
    renamed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = Project.new()
        self.path: Path | None = None
        self.read_only = False
        self.network = "main"
        self.trail: tuple[Step, ...] = ()
        self.depth = 0
        self.opened: dict[str, int] = {}
        self.chosen: tuple[str, ...] = ()
        self._analysis: Analysis | None = None
        self._adopt(self.project)

    # The project ---------------------------------------------------------------------------------------------

    def new(self, project: Project | None = None) -> None:
        """Start on a fresh drawing, or on one that was made elsewhere and has no file yet."""
        self.path, self.read_only = None, False
        self._adopt(project or Project.new())
        self.replaced.emit()

    def open(self, path: Path) -> None:
        """Open a file. Raises FileError in one sentence and leaves the open document as it is."""
        project, read_only = opened(path)
        self.path, self.read_only = path, read_only
        self._adopt(project)
        self.replaced.emit()

    def recover(self, project: Project, path: Path | None, saved: Project | None) -> None:
        """Go on with a drawing that no file has yet; `saved` is what its file at `path` has."""
        self._adopt(saved or project)
        had = self.saved_nodes, self.saved_figures
        self.path, self.read_only, project.file = path, False, path
        self._adopt(project)
        self.saved_nodes, self.saved_figures = had
        self.history.mark_unsaved()
        self.replaced.emit()

    def save(self, path: Path) -> None:
        """Save with the weights that the drawing refers to, whole or not at all. Raises FileError or OSError."""
        if self.read_only and path == self.path:
            raise FileError(f"{path.name} was made by a newer Netwright; save it under another name.")
        take_back = carry_weights(self.project, self.path, path, weights_store())
        try:
            save(self.project, path)
        except BaseException:
            take_back()
            raise
        self.path, self.read_only = path, False
        self.mark_saved()

    def mark_saved(self) -> None:
        """From here on, changes are told against the drawing as it is now."""
        self.history.mark_saved()
        self.saved_nodes = self._all_nodes()
        self.saved_figures = self.figures()
        self.renamed.emit()

    def _adopt(self, project: Project) -> None:
        if self._on_edit in self.project.listeners:
            self.project.listeners.remove(self._on_edit)  # what happens to a drawing that is not shown is not ours
        self.project = project
        self.history = History(project)
        self.history.listeners.append(self.renamed.emit)  # undone is only what the history has noted
        project.listeners.append(self._on_edit)
        self.network = first_network(project)
        self.trail, self.chosen, self._analysis = (), (), None
        self.depth, self.opened = 0, {}
        self.saved_nodes = self._all_nodes()
        self.saved_figures = self.last_figures = self._now = self.figures()

    def _all_nodes(self) -> dict[tuple[str, str], Node]:
        return {(key, id): node for key, graph in self.project.graphs.items() for id, node in graph.nodes.items()}

    def is_changed(self, graph: str, node: Node) -> bool:
        """Whether a node differs from what was saved."""
        return self.saved_nodes.get((graph, node.id)) != node

    @property
    def name(self) -> str:
        """The file's name, or the project's as long as it has no file."""
        return self.path.name if self.path else self.project.name

    @property
    def unsaved(self) -> bool:
        """Whether there are changes that no file has."""
        return not self.history.is_saved

    # Editing -------------------------------------------------------------------------------------------------

    def edit(self, change: Callable[[], Any], title: str = "") -> bool:
        """Make a change by functions of graph_core.edits, as one edit; a refusal is told, nothing is changed."""
        try:
            if title:
                with self.project.editing(title):
                    change()
            else:
                change()
        except EditError as error:
            self.refused.emit(str(error))
            return False
        return True

    def apply_fix(self, fix: Fix) -> bool:
        """Apply a fix as one edit."""
        return self.edit(lambda: fix.apply(self.project))

    def undo(self) -> None:
        """Take the last edit back."""
        if self.history.can_undo:
            self.history.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self.history.can_redo:
            self.history.redo()

    def _on_edit(self, edit: Edit) -> None:
        places = bool(edit.changes) and all(change.table == "view" for change in edit.changes)
        if not places:
            self._analysis = None
        self.leave_what_is_gone()
        self.last_figures, self._now = self._now, self.figures()
        alive = tuple(id for id in self.chosen if id in self.graph.nodes or id in self.graph.marks)
        self.edited.emit(edit)
        if not places:
            self.altered.emit(edit)
        if alive != self.chosen:
            self.select(alive)

    def look_again(self) -> None:
        """What lies outside of the drawing has changed (which code is trusted): everything is shown anew."""
        self._analysis = None
        self.edited.emit(Edit("", ()))
        self.altered.emit(Edit("", ()))

    # Looking -------------------------------------------------------------------------------------------------

    @property
    def root_graph(self) -> Graph:
        """The graph of the network that is looked at."""
        return self.project.networks[self.network]

    @property
    def graph(self) -> Graph:
        """The graph that is worked on: the one on the canvas, or of a block opened in it."""
        graph = self.root_graph
        for step in self.trail:
            graph = self.project.graphs[graph.nodes[step.node].type]
        return graph

    def context(self) -> Context:
        """The analysis of that graph, in the instance that was opened."""
        context = engine_of(self.project).root(self.network)
        for step in self.trail:
            context = self.inside(context, step)
        return context

    def inside(self, context: Context, step: Step) -> Context:
        """The analysis of a block in a graph's; where it does not run, that of an example."""
        calls = context.results[step.node].calls if step.node in context.results else ()
        found = next((c.context for c in calls if c.first <= step.iteration < c.first + c.count), None)
        block = context.graph.nodes[step.node].type
        return found if found is not None else engine_of(self.project).example(block)

    def contexts(self) -> dict[str, Context]:
        """The analyses of all that is drawn: of the graph on the canvas, and of the blocks opened in it by prefix."""
        found = {}
        for path in ("", *self.opened):
            with self.at((*self.base, *self.steps(path))):
                found[f"{path}/" if path else ""] = self.context()
        return found

    @contextmanager
    def at(self, trail: tuple[Step, ...]) -> Iterator[None]:
        """For a question, not for an edit: `graph` and `context` are those at the end of another trail."""
        before, self.trail = self.trail, trail
        try:
            yield
        finally:
            self.trail = before

    def analysis(self) -> Analysis:
        """The readout of the network, as of the last edit."""
        if self._analysis is None:
            self._analysis = analyze(self.project, self.network)
        return self._analysis

    def figures(self) -> Figures:
        """The totals as of now."""
        return figures_of(self.project, self.network)

    def enter(self, node: str, iteration: int = 0) -> None:
        """Look into a block of the graph on the canvas."""
        if self.graph.nodes[node].type in self.project.graphs:
            self.look((*self.trail, Step(node, iteration)))

    def leave(self) -> None:
        """Look at the graph above, with the block that was left selected."""
        if len(self.trail) > self.depth:
            left = self.trail[-1].node
            self.dive(self.trail[self.depth : -1])
            self.select((left,))
        elif self.trail:
            left = self.trail[-1].node
            self.look(self.trail[:-1])
            self.select((left,))

    def look(self, trail: Iterable[Step], network: str = "") -> None:
        """Look at another graph of the project."""
        if network:
            self.network = network
            self._analysis = None
        self.trail = tuple(trail)
        self.depth, self.opened = len(self.trail), {}
        self.chosen = ()
        self.moved_view.emit()
        self.selected.emit(())

    def select(self, ids: Iterable[str]) -> None:
        """Select nodes, frames and notes of the graph on the canvas."""
        graph = self.graph
        chosen = tuple(dict.fromkeys(id for id in ids if id in graph.nodes or id in graph.marks))
        if chosen != self.chosen:
            self.chosen = chosen
            self.selected.emit(self.selection)

    @property
    def selection(self) -> tuple[str, ...]:
        """The selected nodes, in the order chosen."""
        return tuple(id for id in self.chosen if not is_mark(id))

    @property
    def marked(self) -> tuple[str, ...]:
        """The selected frames and notes."""
        return tuple(id for id in self.chosen if is_mark(id))

    def reveal(self, graph: str, node: str, id_path: str) -> None:
        """Look at the place of a problem or a listed layer, and select it. `id_path` joins ids by ``/``."""
        *blocks, last = id_path.split("/") if id_path else [node]
        here = self.root_graph
        trail: list[Step] = []
        for block in blocks:
            if block not in here.nodes or here.nodes[block].type not in self.project.graphs:
                break
            trail.append(Step(block))
            here = self.project.graphs[here.nodes[block].type]
        self.go(trail)
        self.select((last or node,))

    # In place ------------------------------------------------------------------------------------------------

    @property
    def base(self) -> tuple[Step, ...]:
        """The steps to the graph on the canvas."""
        return self.trail[: self.depth]

    @property
    def prefix(self) -> str:
        """What stands before the ids of the graph that is worked on, on the canvas: ``layer1/``, or nothing."""
        return "".join(f"{step.node}/" for step in self.trail[self.depth :])

    def steps(self, path: str) -> tuple[Step, ...]:
        """The steps from the graph on the canvas to a block opened in it, by its ids joined by ``/``."""
        return steps_along(path, self.opened)

    def dive(self, steps: Iterable[Step]) -> None:
        """Work on the graph of a block opened in place (or, with no steps, on the canvas's own)."""
        trail = (*self.base, *steps)
        if trail != self.trail:
            self.trail, had = trail, self.chosen
            self.chosen = ()
            if had:
                self.selected.emit(())

    def go(self, trail: Iterable[Step]) -> None:
        """Work on a graph: without another look where blocks are opened in place on the way there."""
        trail, path = tuple(trail), ""
        nodes = [step.node for step in trail]
        if nodes == [step.node for step in self.trail]:
            return
        if nodes[: self.depth] == [step.node for step in self.base]:
            path = "/".join(nodes[self.depth :])
            if not path or path in self.opened:
                self.dive(self.steps(path))
                return
        self.look(trail)

    def unfold(self, path: str, iteration: int = 0) -> None:
        """Open a block of the canvas in place, or show another iteration of an opened one."""
        steps = self.steps(path.rpartition("/")[0])
        with self.at((*self.base, *steps)):
            node = self.graph.nodes.get(path.rpartition("/")[2])
            if node is None or node.type not in self.project.graphs:
                return
        self.opened[path] = iteration
        self.trail = (*self.base, *self.steps(self.prefix.rstrip("/")))
        self.unfolded.emit()

    def fold(self, path: str) -> None:
        """Close a block that is opened in place; what was worked on inside is left."""
        inner = f"{path}/"
        if self.prefix.startswith(inner):
            above, _, block = path.rpartition("/")
            self.dive(self.steps(above))
            self.select((block,))
        self.opened = {k: i for k, i in self.opened.items() if k != path and not k.startswith(inner)}
        self.unfolded.emit()

    def leave_what_is_gone(self) -> None:
        """After an undo the block that is looked into may not be there any more."""
        if self.network not in self.project.networks:
            self.network = next(iter(self.project.networks), "main")
        graph = self.root_graph
        kept: list[Step] = []
        for step in self.trail:
            node = graph.nodes.get(step.node)
            if node is None or node.type not in self.project.graphs:
                break
            kept.append(step)
            graph = self.project.graphs[node.type]
        if len(kept) < len(self.trail):
            self.trail = tuple(kept)
            if self.depth > len(kept):
                self.depth, self.opened = len(kept), {}
                self.moved_view.emit()
        self._fold_what_is_gone()

    def _fold_what_is_gone(self) -> None:
        for path in sorted(self.opened):
            above, _, block = path.rpartition("/")
            there = not above or above in self.opened
            if there:
                with self.at((*self.base, *self.steps(above))):
                    node = self.graph.nodes.get(block)
                there = node is not None and node.type in self.project.graphs
            if not there:
                del self.opened[path]

    def state_path(self, node: str) -> str:
        """The state-dict path of a node of the graph on the canvas: ``layer1.0.conv1``."""
        context, parts = engine_of(self.project).root(self.network), list[str]()
        for step in self.trail:
            parts.append(name_in(context, step.node))
            run = context.graph.nodes[step.node].run
            if run is not None and not run.shared:
                parts.append(str(step.iteration))
            context = self.inside(context, step)
        return ".".join([*parts, name_in(context, node)])
