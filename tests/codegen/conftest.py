"""One network trained for all: its drawing, its run and its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.job import Job
from graph_core import save
from tests.codegen.drawings import lenet


@pytest.fixture(scope="session")
def lenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawing of a LeNet for digits."""
    path = tmp_path_factory.mktemp("lenet") / "lenet.netw"
    save(lenet(), path)
    return path


@pytest.fixture(scope="session")
def lenet_run(lenet_file: Path) -> Path:
    """The folder of a short run that trained it."""
    from codegen.train.work import train_drawing

    folder = lenet_file.parent / "run"
    train_drawing({"file": str(lenet_file), "out": str(folder)}, Job())
    return folder
