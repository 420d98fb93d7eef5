"""``python -m tests.survey_intake [NAME …]``: how imports of torchvision's models read, beside the originals.

For each model one line of JSON: classes and lines of the emitted source and of the original's own classes in use,
opaque nodes, and whether outputs and gradients are equal (stirred weights, evaluation and training, two batch sizes).
Each has a process of its own; ``--fast`` leaves the comparison out.
"""

from __future__ import annotations

import argparse
import inspect
import json
import statistics
import subprocess
import sys
from typing import Any

MODELS = [
    "alexnet",
    "convnext_tiny",
    "convnext_small",
    "convnext_base",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "efficientnet_v2_s",
    "efficientnet_v2_m",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "mnasnet1_3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_x_1_6gf",
    "regnet_x_8gf",
    "regnet_y_400mf",
    "regnet_y_1_6gf",
    "regnet_y_16gf",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5",
    "squeezenet1_0",
    "squeezenet1_1",
    "swin_t",
    "swin_s",
    "swin_v2_t",
    "swin_v2_s",
    "vgg11",
    "vgg11_bn",
    "vgg16",
    "vgg16_bn",
    "vit_b_16",
    "vit_b_32",
    "wide_resnet50_2",
]
SIZES = {"inception_v3": 96, "maxvit": 224, "swin_v2": 256, "swin": 224, "vit": 224}
# Auxiliary heads run in training only, so that there the outputs are others.
ARGUMENTS = {name: {"init_weights": False, "aux_logits": False} for name in ("googlenet", "inception_v3")}


def row(name: str, *, proven: bool) -> dict[str, Any]:
    """How the import of one model came out."""
    import torch

    from codegen import emit_source
    from codegen.intake import import_with_report
    from codegen.intake.proof import prove
    from tests.codegen.intake.packaged import torchvision_models

    torch.manual_seed(0)
    module = getattr(torchvision_models(), name)(**ARGUMENTS.get(name, {})).eval()
    size = next((size for prefix, size in SIZES.items() if name.startswith(prefix)), 64)
    inputs = (torch.randn(2, 3, size, size),)
    own = {type(child) for child in module.modules() if not type(child).__module__.startswith("torch.")}
    found = import_with_report(module, inputs)
    source = emit_source(found.project)
    result: dict[str, Any] = {
        "name": name,
        "classes": source.count("\nclass "),
        "of": len(own),
        "lines": len(source.splitlines()),
        "of_lines": sum(len(inspect.getsource(kind).splitlines()) for kind in own),
        "opaque": len(found.opaque),
    }
    if proven:
        proof = prove(module, found.project, inputs, batched=found.batched)
        result |= {"equal": proof["equal"], "reason": proof["reason"]}
        for what in ("outputs", "gradients"):
            result[what] = max((one[what] for one in proof["comparison"]), default=float("inf"))
    return result


def main() -> None:
    """Survey, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.survey_intake")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--fast", action="store_true", help="without the comparison")
    parser.add_argument("--one", action="store_true", help="in this process")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(row(given.names[0], proven=not given.fast)))
        return
    rows: list[dict[str, Any]] = []
    for name in given.names or MODELS:
        command = [sys.executable, "-W", "ignore", "-m", "tests.survey_intake", name, "--one"]
        done = subprocess.run([*command, *(["--fast"] if given.fast else [])], capture_output=True, text=True)
        failed = {"name": name, "failed": done.stderr[-300:]}
        rows.append(json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else failed)
        print(json.dumps(rows[-1]), flush=True)
    good = [one for one in rows if "failed" not in one]
    if good:
        ratios = [one["lines"] / one["of_lines"] for one in good]
        classes = sum(one["classes"] for one in good) / sum(one["of"] for one in good)
        print(f"{len(rows)} tried, {len(good)} imported, {sum(not one['opaque'] for one in good)} without opaque nodes")
        print(f"{sum(bool(one.get('equal')) for one in good)} equal; classes × {classes:.2f}")
        print(f"lines × {statistics.median(ratios):.2f} in the median, × {max(ratios):.2f} at most")


if __name__ == "__main__":
    main()
