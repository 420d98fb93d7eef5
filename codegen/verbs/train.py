"""`netwright train`: train a drawing and keep the run in a folder."""

from __future__ import annotations

import argparse
import json
import sys

from codegen.data.catalog import names
from codegen.verbs.bar import interruptible
from codegen.verbs.parsing import add_choice, whole
from graph_core.schedules import SCHEDULES

HELP = "train a network on real data, with checkpoints that continue exactly"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What follows the verb."""
    parser.add_argument("file", metavar="FILE", help="the drawing (.netw)")
    parser.add_argument("--data", metavar="NAME|PATH", help=f"a set ({names()}) or a .npz file with arrays x and y")
    parser.add_argument("--epochs", type=whole, metavar="N", help="passes over the training examples")
    parser.add_argument("--out", required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--seed", type=whole, metavar="N", help="initial weights, order and dropout are drawn from it")
    parser.add_argument("--batch-size", type=whole, metavar="N", help="examples per step")
    add_choice(parser, "--schedule", tuple(SCHEDULES), help="how the learning rate moves")
    parser.add_argument("--network", metavar="NAME", help="which network of the file (default: main, or the first)")
    parser.add_argument("--resume", action="store_true", help="continue the run in DIR, if there is one")
    parser.add_argument("--nproc", type=whole, default=1, metavar="N", help="processes to share the work (default: 1)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train; 0 when done, 130 when interrupted (the checkpoint is kept)."""
    from codegen.train.work import train_drawing

    given = {
        "data": arguments.data,
        "epochs": arguments.epochs,
        "seed": arguments.seed,
        "batch_size": arguments.batch_size,
        "schedule": arguments.schedule,
        "network": arguments.network,
        "resume": arguments.resume,
        "nproc": arguments.nproc,
    }
    with interruptible() as job:
        answer = train_drawing({"file": arguments.file, "out": arguments.out, **given}, job)
    shown = {name: answer[name] for name in ("accuracy", "loss", "epochs", "seconds", "run")}
    if arguments.json:
        print(json.dumps(shown))
    else:
        best = answer["best"]
        epochs = f"{answer['epochs']} epoch{'s' if answer['epochs'] != 1 else ''}"
        line = f"accuracy {answer['accuracy']:.2%} on the test examples after {epochs}"
        line += f" in {answer['seconds']:.1f} s"
        if best:
            line += f" (best {best['test_accuracy']:.2%}, epoch {best['epoch']})"
        print(f"{line}: {answer['run']}")
    if answer["state"] == "stopped":
        print("netwright train: stopped; continue with --resume.", file=sys.stderr)
        return 130
    return 0
