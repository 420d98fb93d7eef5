"""A member of a training team: `python -m codegen.train.member`, started by the leader, which tells it the run."""

from __future__ import annotations

import sys
from pathlib import Path

from codegen.data.arrays import load_data
from codegen.errors import Refusal
from codegen.job import Control
from codegen.train.examples import as_tensors
from codegen.train.loop import Loop, repeatable
from codegen.train.run import Run
from codegen.train.team import Partners, leave_with, read_spec
from codegen.train.trained import drawing_of_run


def main() -> int:
    """Load what the leader loads, say `ready`, and take part until it is over."""
    leader = open(0, "rb", buffering=0)  # noqa: SIM115 - read to the end of this process, by a thread without locks
    spec = read_spec(leader)
    leave_with(leader)
    try:
        run = Run.open(Path(spec["run"]))
        drawing = drawing_of_run(run)
        examples = as_tensors(load_data(run.settings.data), drawing.takes(), drawing.input_dtype())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        with repeatable(run):
            team = Partners(spec["rank"], spec["size"], Path(spec["meeting"]))
            Loop(drawing.build, examples, run, lambda report: None, Control(), team).follow()
        team.leave()
    except Refusal as refusal:
        print(f"training process {spec['rank']}: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
