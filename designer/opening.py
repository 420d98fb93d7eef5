"""Reading a drawing for the window: large ones beside it, analyzed, so that it goes on painting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from designer.background import in_background
from designer.figures import figures_of
from graph_core import Project, analyze
from graph_core.project import FileError, load
from graph_core.propagate import engine_of

LARGE = 200_000  # bytes of a file that is read beside the window


def first_network(project: Project) -> str:
    """The network that is looked at first; there may be none."""
    networks = list(project.networks)
    return "main" if "main" in networks or not networks else networks[0]


def _read(path: Path) -> tuple[Project, bool]:
    """The project of a file, analyzed, and whether it is newer than this Netwright. Raises FileError."""
    newer = False
    try:
        project = load(path)
    except FileError as error:
        if not getattr(error, "newer", False):
            raise
        project, newer = load(path, newer_ok=True), True
    if not project.networks:
        raise FileError(f"{path.name}: The drawing holds no network; add one to its networks.")
    _analyze(project)
    return project, newer


def _analyze(project: Project) -> Project:
    """Find out beforehand what the window asks for first."""
    network = first_network(project)
    figures_of(project, network)
    engine = engine_of(project)
    root = engine.root(network)
    if root.order:  # as after an edit, so that the first one finds ready what all of them need
        engine.touched[root] = {root.order[0]}
        figures_of(project, network)
    analyze(project, network)
    return project


def made(make: Callable[[], Project], size: int) -> Project:
    """A project that is read from so many bytes by `make`, analyzed. Raises what `make` raises."""

    def work() -> Project:
        project = make()
        return _analyze(project) if project.networks else project

    return in_background(work) if size > LARGE else work()


def opened(path: Path) -> tuple[Project, bool]:
    """The project of a file, and whether it is newer than this Netwright. Raises FileError in one sentence."""
    large = path.is_file() and path.stat().st_size > LARGE
    return in_background(lambda: _read(path)) if large else _read(path)
