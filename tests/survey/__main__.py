"""``python -m tests.survey [KIND [NAME …]]``: import models of other packages and compare each with itself.

Each model has a process of its own and a time limit. Results are kept line by line, so that a survey that was stopped
goes on where it was; ``--again`` tries those again that were not equal, and named ones always are. Each row has the
classes and lines of the emitted source beside those of the original; ``--fast`` counts them alone, and keeps nothing.
``--tried`` writes what came of each model into the list beside this file, whose numbers the README tells.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.survey.models import KINDS, survey

TRIED = Path(__file__).parent / "tried.json"


def main() -> None:
    """Survey, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.survey")
    parser.add_argument("kind", nargs="?", choices=KINDS)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--again", action="store_true", help="try those again that were not equal")
    parser.add_argument("--fresh", action="store_true", help="try all again")
    parser.add_argument("--limit", type=float, default=180.0, help="seconds for one model")
    parser.add_argument("--kept", type=Path, default=Path("build/survey.jsonl"), help="where results are kept")
    parser.add_argument("--fast", action="store_true", help="without the comparison")
    parser.add_argument("--tried", action="store_true", help="write the list of what was tried from what is kept")
    parser.add_argument("--one", action="store_true", help="print the row of one model, in this process")
    given = parser.parse_args()
    if given.one:
        from tests.survey.one import row

        print(json.dumps(row(given.kind, given.names[0], proven=not given.fast)))
        return
    rows = {} if given.fresh or given.fast else _kept(given.kept)
    if given.tried:
        _list(rows)
        return
    given.kept.parent.mkdir(parents=True, exist_ok=True)
    for kind in [given.kind] if given.kind else KINDS:
        for name in given.names or survey(kind):
            done = rows.get((kind, name))
            if done and not given.names and (done["state"] == "equal" or not given.again):
                continue
            row = _asked(kind, name, given.limit, ["--fast"] if given.fast else [])
            rows[kind, name] = row
            if not given.fast:
                with given.kept.open("a") as file:
                    file.write(json.dumps(row) + "\n")
            print(f"{kind} {name}: {row['state']} {_read(row)} {row['why'][:400]}", flush=True)
    _tell(rows)


def _kept(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return {(row["kind"], row["name"]): row for row in map(json.loads, lines)}


def _list(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Write the names of what was tried, by kind and by what came of it; of all but equal ones why."""
    found: dict[str, dict[str, Any]] = {kind: {"equal": []} for kind in sorted({kind for kind, _ in rows})}
    for (kind, name), row in sorted(rows.items()):
        if row["state"] == "equal":
            found[kind]["equal"].append(name)
        else:
            found[kind].setdefault(row["state"], {})[name] = row["why"][:200]
    TRIED.write_text(json.dumps(found, indent=1) + "\n")


def _asked(kind: str, name: str, limit: float, flags: list[str]) -> dict[str, Any]:
    """The row of one model, made in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.survey", kind, name, "--one", *flags]
    nothing = {"kind": kind, "name": name, "state": "failed"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    except subprocess.TimeoutExpired:
        return nothing | {"why": f"took more than {limit:g} s"}
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return nothing | {"why": " ".join(done.stderr.split())[-600:]}
    row: dict[str, Any] = json.loads(lines[-1])
    return row


def _read(row: dict[str, Any]) -> str:
    """How an import reads: its classes and lines beside the original's."""
    if "of_lines" not in row:
        return ""
    times = f"× {row['lines'] / row['of_lines']:.2f}"
    return f"({row['classes']} classes of {row['of_classes']}, {row['lines']} lines of {row['of_lines']}, {times})"


def _tell(rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    for kind in KINDS:
        of_kind = [row for key, row in rows.items() if key[0] == kind]
        states = Counter(row["state"] for row in of_kind)
        if not states:
            continue
        whole = states["equal"] + states["differs"] + states["imported"]
        print(f"{kind}: {states.total()} tried, {whole} without opaque nodes, {states['equal']} equal; {states}")
        counted = [row for row in of_kind if "of_lines" in row and row["state"] != "opaque"]
        if counted:
            classes = sum(row["classes"] for row in counted) / sum(row["of_classes"] for row in counted)
            lines = {row["name"]: row["lines"] / row["of_lines"] for row in counted}
            longest = max(lines, key=lambda name: lines[name])
            median = statistics.median(lines.values())
            print(f"  classes × {classes:.2f}; lines × {median:.2f} in the median, × {lines[longest]:.2f} in {longest}")


main()
