"""The training script beside a source: the drawing's optimizer, groups and schedule in torch's own words.

Only literals of the drawing's set-up and names that were checked enter the script.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codegen.emit import trees
from codegen.emit.plan import Plan
from codegen.emit.printing import signature, statement
from codegen.emit.trees import EmitError
from graph_core.fields import FieldError
from graph_core.graph import Project
from graph_core.groups import Share, parameters_of, share_out
from graph_core.optimizers import TRAINING, optimizer_values
from graph_core.schedules import SCHEDULES, schedule_values

_TEMPLATE = Path(__file__).with_name("recipe.txt")
LEAST_FACTOR = 1e-9  # torch's LinearLR takes no start from exactly nothing


def emit_training(project: Project, network: str, module: str) -> str:
    """A script that trains the network whose source is the module ``module``: runs on a .npz file, needs no Netwright.

    Raises EmitError where the drawing has a problem, or more than one input.
    """
    plan = Plan(project, network, trusted_only=True)
    graph = project.networks[plan.network]
    if len(graph.inputs()) != 1:
        raise EmitError(f"A training script needs a network with one input; {graph.name} has {len(graph.inputs())}.")
    setup = project.setup(plan.network)
    values = {name: setup.get("training", {}).get(name, field.default) for name, field in TRAINING.items()}
    for name, field in TRAINING.items():
        try:
            field.check(values[name])
        except FieldError as error:
            raise EmitError(f"Training setting {error}") from error
    shares = share_out(optimizer_values(setup), parameters_of(plan.engine.root(plan.network)))
    schedule = schedule_values(values["schedule"])
    kind = SCHEDULES[schedule["kind"]]
    closes = any(share.kind.name == "LBFGS" for share in shares if share.parameters and not share.frozen)
    step = {"plateau": "loss", "cosine-restarts": "epoch + (batch + 1) / batches"}.get(kind.name, "")
    data = setup.get("training", {}).get("data", "")
    parts = {
        "NETWORK": plan.names[graph.key],
        "MODULE": trees.name(module).id,
        "OPTIMIZERS": _optimizers(shares),
        "SCHEDULE": _schedule(kind.name, schedule),
        "STEP": step,
        "MAKE": _signature(kind.name),
        "EACH": kind.each,
        "CLOSES": closes,
        "DIGITS": data == "digits",
        "SHIFT": int(values["shift"]),
        "EPOCHS": int(values["epochs"]),
        "BATCH": int(values["batch_size"]),
        "SEED": int(values["seed"]),
        "SMOOTHING": float(values["label_smoothing"]),
    }
    return _filled(_TEMPLATE.read_text(encoding="utf-8"), parts)


def _filled(template: str, parts: Mapping[str, Any]) -> str:
    """The template with ``{{NAME}}`` filled in; lines between ``#if NAME`` and ``#end`` stay only where it is true."""
    lines: list[str] = []
    keep = [True]
    for line in template.splitlines():
        word = line.strip()
        if word.startswith("#if "):
            name, _, value = word[4:].partition("=")
            holds = parts[name.removeprefix("not ")] == value if value else bool(parts[name.removeprefix("not ")])
            keep.append(keep[-1] and holds != name.startswith("not "))
        elif word == "#end":
            keep.pop()
        elif keep[-1]:
            lines.append(line)
    text = "\n".join(lines) + "\n"
    for name, value in parts.items():
        word = f"{{{{{name}}}}}"
        text = text.replace(f"{word}\n" if str(value).endswith("\n") else word, str(value))
    return text


def _optimizers(shares: list[Share]) -> str:
    """The body of ``make_optimizers``: one optimizer for each kind, over its groups."""
    lines: list[str] = []
    used = [share for share in shares if share.parameters]
    alone = len(used) == 1 and not used[0].frozen
    if not alone:
        lines.append("    named = dict(model.named_parameters())")
    kinds: dict[str, list[Share]] = {}
    for share in used:
        if share.frozen:
            paths = trees.constant([parameter.path for parameter in share.parameters])
            lines += statement("for name in ", paths, ":", 4)
            lines.append("        named[name].requires_grad_(False)")
        else:
            kinds.setdefault(share.kind.name, []).append(share)
    if not kinds:
        raise EmitError("Every parameter is frozen, so there is nothing to train; free a group.")
    made: list[ast.expr] = []
    for name, mine in kinds.items():
        arguments = _said(mine[0])
        if alone:
            given: ast.expr = trees.declared("model.parameters()")
        elif len(mine) == 1:
            given = _members(mine[0])
        else:
            groups = [_said(share) for share in mine]
            shared = {key for key in arguments if all(group.get(key) == arguments[key] for group in groups)}
            arguments = {key: value for key, value in arguments.items() if key in shared}
            given = ast.List(
                [_group(s, {k: v for k, v in g.items() if k not in shared}) for s, g in zip(mine, groups, strict=True)]
            )
        keywords = [(key, trees.constant(value)) for key, value in arguments.items() if value is not None]
        made.append(trees.call(f"torch.optim.{name}", [given], keywords))
    lines += statement("return ", ast.List(made), "", 4)
    return "\n".join(lines) + "\n"


def _said(share: Share) -> dict[str, Any]:
    """The arguments of a share's optimizer that have to be said: the rate, and what is not torch's default."""
    kind, values = share.kind, share.values
    given = kind.arguments(values)
    differ = {name for name, field in kind.fields.items() if values.get(name, field.default) != field.default}
    said = differ | {"lr"} | {argument for argument, names in kind.packs.items() if differ & set(names)}
    return {name: value for name, value in given.items() if name in said}


def _members(share: Share) -> ast.expr:
    """``[named[name] for name in (…)]``, as a call that the printer knows."""
    paths = trees.constant([parameter.path for parameter in share.parameters])
    loop = ast.comprehension(trees.name("name"), paths, [], 0)
    return trees.call("list", [ast.GeneratorExp(ast.Subscript(trees.name("named"), trees.name("name")), [loop])])


def _group(share: Share, own: Mapping[str, Any]) -> ast.expr:
    return trees.call("dict", [], [("params", _members(share)), *((k, trees.constant(v)) for k, v in own.items())])


def _signature(kind: str) -> str:
    """The head of ``make_schedule``."""
    name = "LRScheduler" if "," in SCHEDULES[kind].torch else SCHEDULES[kind].torch
    arguments = ["optimizer: torch.optim.Optimizer", "steps: int", "epochs: int"]
    return "\n".join(signature("make_schedule", arguments, f"torch.optim.lr_scheduler.{name}", 0)) + "\n"


def _schedule(kind: str, values: Mapping[str, Any]) -> str:
    """The body of ``make_schedule``, as torch's scheduler of that kind takes its arguments."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name != "kind"
    }
    own = [(name, trees.constant(value)) for name, value in given.items()]
    steps, optimizer = trees.name("steps"), trees.name("optimizer")
    scheduler = "torch.optim.lr_scheduler"

    def made(name: str, *positional: ast.expr, keywords: list[tuple[str, ast.expr]]) -> str:
        call = trees.call(f"{scheduler}.{name}", [optimizer, *positional], keywords)
        return "\n".join(statement("return ", call, "", 4)) + "\n"

    if kind == "constant":
        return made("ConstantLR", keywords=[("factor", trees.constant(1.0))])
    if kind == "one-cycle":
        more = [("total_steps", steps), ("cycle_momentum", trees.constant(False))]
        peaks = '    peaks = [group["lr"] for group in optimizer.param_groups]\n'
        return peaks + made("OneCycleLR", trees.name("peaks"), keywords=[*own, *more])
    if kind == "warm-up-cosine":
        warm = f"    warm = min(steps, round({given['warmup_epochs']!r} * steps / epochs))\n"
        start = max(LEAST_FACTOR, float(given["start_factor"]))
        return (
            f"{warm}    up = {scheduler}.LinearLR(optimizer, {start!r}, 1.0, max(1, warm))\n"
            f"    rest = max(1, steps - warm)\n"
            f"    down = {scheduler}.CosineAnnealingLR(optimizer, rest, {float(given['eta_min'])!r})\n"
            f"    return {scheduler}.SequentialLR(optimizer, [up, down], [warm])\n"
        )
    if kind == "cosine":
        return made("CosineAnnealingLR", steps, keywords=own)
    if kind == "linear":
        own = [(n, trees.constant(max(LEAST_FACTOR, float(v)) if n == "start_factor" else v)) for n, v in given.items()]
        return made("LinearLR", keywords=[*own, ("total_iters", steps)])
    if kind == "polynomial":
        return made("PolynomialLR", steps, keywords=own)
    return made(SCHEDULES[kind].torch, keywords=own)
