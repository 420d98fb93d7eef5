"""What an architecture is: graphs, layer declarations, shapes, figures and problems. Knows neither torch nor Qt."""

from graph_core.analysis import Analysis, analyze
from graph_core.graph import EditError, Graph, Node, Param, Project, Repeat, Scan
from graph_core.layer import layer_types
from graph_core.project import FileError, dumps, load, loads, save

__all__ = [
    "Analysis",
    "EditError",
    "FileError",
    "Graph",
    "Node",
    "Param",
    "Project",
    "Repeat",
    "Scan",
    "analyze",
    "dumps",
    "layer_types",
    "load",
    "loads",
    "save",
]
