"""A run's folder: what was asked, what came of it, and the weights.

    run.json            settings, data, what happened each epoch, the result (plain JSON, for people and tools)
    drawing.netw        the drawing that was trained
    model.py            its source, for reading; it is never executed from here
    model.safetensors   the weights at the end, whose accuracy is the run's result
    best.safetensors    the weights of the epoch that did best on the test examples (so its accuracy flatters)
    last.safetensors    the checkpoint: weights, optimizer state, random state and position, for continuing exactly

Every file is written whole or not at all, and none holds code that is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.errors import Unusable
from codegen.files import write_atomic, write_json
from codegen.train.settings import Settings

FORMAT = 1
RECORD, DRAWING, SOURCE = "run.json", "drawing.netw", "model.py"
WEIGHTS, BEST, LAST = "model.safetensors", "best.safetensors", "last.safetensors"


@dataclass
class Run:
    """The record of a run; `save` writes it to run.json.

    `state` is `running`, `paused`, `stopped`, `finished` or `failed`. `history` has one row per epoch: epoch (from 1),
    train_loss, train_accuracy, test_loss, test_accuracy, lr, seconds (since the start, pauses not counted).
    """

    folder: Path
    settings: Settings
    identity: dict[str, Any]
    state: str = "running"
    threads: int = 1
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Write run.json."""
        write_json(
            self.folder / RECORD,
            {
                "netwright_run": FORMAT,
                "state": self.state,
                "settings": self.settings.to_json(),
                "identity": self.identity,
                "threads": self.threads,
                "versions": self.versions,
                "best": self.best,
                "result": self.result,
                "history": self.history,
            },
        )

    @classmethod
    def create(cls, folder: Path, settings: Settings, identity: dict[str, Any], files: dict[str, bytes]) -> Run:
        """A new run in `folder`, which may exist but must not hold a run. Raises Unusable."""
        if (folder / RECORD).exists():
            raise Unusable(f"{folder} already holds a run; continue it with --resume, or choose another folder.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                write_atomic(folder / name, content)
        except OSError as error:
            raise Unusable(f"The run cannot be kept in {folder}: {error.strerror}.") from None
        run = cls(folder, settings, identity)
        run.save()
        return run

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run kept in `folder`. Raises Unusable with one sentence if there is none or its record is damaged."""
        path = folder / RECORD
        try:
            record = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise Unusable(f"{folder} holds no run: there is no {RECORD} in it.") from None
        except OSError as error:
            raise Unusable(f"{path} cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            raise Unusable(f"{path} is not JSON.") from None
        if not isinstance(record, dict) or record.get("netwright_run") != FORMAT:
            raise Unusable(f"{path} is not the record of a run of this version (netwright_run: {FORMAT}).")
        kinds = {"state": str, "settings": dict, "identity": dict, "threads": int, "versions": dict}
        kinds |= {"best": dict, "result": dict, "history": list}
        for name, kind in kinds.items():
            if not isinstance(record.get(name), kind):
                raise Unusable(f"{path} has no proper {name}.")
        settings = Settings.from_json(record["settings"])
        rest = {name: record[name] for name in kinds if name not in ("settings", "identity")}
        return cls(folder, settings, record["identity"], **rest)

    def path(self, name: str) -> Path:
        """Where the run keeps the file called ``name``."""
        return self.folder / name

    def check_same(self, settings: Settings, identity: dict[str, Any]) -> None:
        """Raises Unusable, naming the first difference, unless the run was started with these settings and identity."""
        for name, old, new in _differences(self.settings.to_json(), settings.to_json()):
            raise Unusable(
                f"The run in {self.folder} was started with {name} {_short(old)}, not {_short(new)}; "
                "continue it with the same settings or start a new run."
            )
        for name, value in identity.items():
            if self.identity.get(name) != value:
                raise Unusable(f"The {name} has changed since the run in {self.folder} was started; start a new run.")


def _differences(old: dict[str, Any], new: dict[str, Any], owner: str = "") -> Iterator[tuple[str, Any, Any]]:
    """What differs, by name, down to the field."""
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after, f"{owner}{name}'s ")
        elif before != after:
            yield f"{owner}{name}", before, after


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def digest(content: bytes) -> str:
    """The hash by which a run knows its drawing's source again."""
    return hashlib.sha256(content).hexdigest()
