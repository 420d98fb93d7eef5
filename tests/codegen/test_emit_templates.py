"""What the templates become: source as people write it, equal to hand-written references in every number."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from codegen import build_module, emit_source
from graph_core import Project, analyze, edits, load
from graph_core.project import FileError
from graph_core.templates import open_template, templates
from tests import templates as drawn
from tests.codegen import references

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = list(drawn.TEMPLATES)
REFERENCES: dict[str, tuple[Callable[[], nn.Module], list[Callable[[], Tensor]]]] = {
    "mlp": (references.mlp, [lambda: torch.randn(3, 1, 8, 8), lambda: torch.randn(1, 1, 8, 8)]),
    "lenet": (references.lenet, [lambda: torch.randn(3, 1, 8, 8), lambda: torch.randn(1, 1, 8, 8)]),
    "resnet18": (references.ResNet18, [lambda: torch.randn(2, 3, 64, 64), lambda: torch.randn(1, 3, 97, 65)]),
    "resblock": (references.ResBlockNet, [lambda: torch.randn(2, 64, 8, 8), lambda: torch.randn(1, 64, 7, 9)]),
    "lstm_classifier": (
        references.LSTMClassifier,
        [lambda: torch.randint(10000, (3, 11)), lambda: torch.randint(10000, (1, 5))],
    ),
    "lstm_gates": (references.LSTMGates, [lambda: torch.randn(3, 1, 8, 8), lambda: torch.randn(1, 1, 5, 8)]),
    "transformer_encoder": (
        references.transformer_encoder,
        [lambda: torch.randn(2, 7, 512), lambda: torch.randn(1, 4, 512)],
    ),
}


def randomize(module: nn.Module) -> None:
    """Random parameters and buffers, so that no output is right by being zero."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if not tensor.is_floating_point():
                continue
            spread = 1.2 / max(1, tensor[0].numel()) ** 0.5 if tensor.dim() > 1 else 0.1
            tensor.normal_(0.0, max(spread, 0.02), generator=generator)
            if "running_var" in name or (name.endswith("weight") and tensor.dim() == 1):
                tensor.abs_().add_(0.8)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_those_that_are_drawn(name: str):
    assert drawn.files()[f"{name}.netw"] == (drawn.FOLDER / f"{name}.netw").read_text(encoding="utf-8"), (
        "run python -m tests.templates"
    )


def test_the_index_lists_the_files():
    assert drawn.files()["index.json"] == (drawn.FOLDER / "index.json").read_text(encoding="utf-8")
    assert [template.name for template in templates()] == NAMES
    assert {path.stem for path in drawn.FOLDER.glob("*.netw")} == set(NAMES)


@pytest.mark.parametrize("name", ["", "nothing", "../secrets", "index"])
def test_an_unknown_template_is_refused(name: str):
    with pytest.raises(FileError, match="There is no template"):
        open_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_emitted_source_is_the_golden_file(name: str):
    assert emit_source(open_template(name)) == (GOLDEN / f"{name}.py").read_text(encoding="utf-8"), (
        "if the new form is meant: netwright emit, then look at the difference"
    )


def test_golden_files_are_formatted_and_clean():
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", GOLDEN / "ruff.toml", "--no-cache", GOLDEN],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_golden_files_have_right_types():
    command = [sys.executable, "-m", "mypy", "--check-untyped-defs", "--disallow-untyped-defs"]
    done = subprocess.run(
        [*command, "--config-file", "", *map(str, sorted(GOLDEN.rglob("*.py")))],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_outputs_equal_the_reference(name: str):
    make, inputs = REFERENCES[name]
    reference, emitted = make().eval(), build_module(open_template(name)).eval()
    randomize(reference)
    emitted.load_state_dict(reference.state_dict(), strict=True)
    torch.manual_seed(1)
    for draw in inputs:
        x = draw()
        expected, found = reference(x), emitted(x)
        assert expected.std() > 0.1
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_equal_the_reference(name: str):
    make, inputs = REFERENCES[name]
    reference, emitted = make().eval(), build_module(open_template(name)).eval()
    randomize(reference)
    emitted.load_state_dict(reference.state_dict(), strict=True)
    torch.manual_seed(1)
    x = inputs[0]()
    for module in (reference, emitted):
        module(x).square().mean().backward()
    expected = {name: p.grad for name, p in reference.named_parameters()}
    found = {name: p.grad for name, p in emitted.named_parameters()}
    assert max(float(gradient.abs().max()) for gradient in expected.values() if gradient is not None) > 1e-4
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_figures_equal_torch(name: str):
    project = open_template(name)
    readout = analyze(project)
    module = build_module(project)
    assert readout.params.total == sum(p.numel() for p in module.parameters())
    assert readout.params.buffers == sum(b.numel() for b in module.buffers())
    root = project.engine.root("main")
    [given] = root.results["x"].specs
    x = torch.zeros(tuple(map(int, given.shape)), dtype=getattr(torch, given.dtype))
    [out] = root.outputs().values()
    with torch.no_grad():
        assert tuple(module.eval()(x).shape) == tuple(int(s) for s in out.shape)


EXACT = {
    "resnet18": (11_689_512, 1_814_073_344),
    "resblock": (230_528, None),
    "transformer_encoder": (18_914_304, None),
}


@pytest.mark.parametrize(("name", "figures"), EXACT.items())
def test_published_figures(name: str, figures: tuple[int, int | None]):
    readout = analyze(open_template(name))
    assert readout.params.total == figures[0]
    assert figures[1] is None or readout.macs == figures[1]


def test_resnet18_has_the_names_and_shapes_of_torchvision():
    expected = json.loads((Path(__file__).parent / "resnet18_state.json").read_text())
    found = {name: list(tensor.shape) for name, tensor in build_module(open_template("resnet18")).state_dict().items()}
    assert found == expected
    assert list(found) == list(expected)
    assert len(found) == 122


def test_the_residual_block_projects_only_where_shapes_differ():
    project = open_template("resblock")
    graph = project.networks["main"]
    edits.set_params(graph, "r1", {"out_channels": 64, "stride": 1})
    assert analyze(project).params.total == 74_112
    module = build_module(project)
    assert sum(p.numel() for p in module.parameters()) == 74_112
    assert not any("shortcut" in name for name in module.state_dict())
    graph.set("r1", stride=2)
    assert any("shortcut" in name for name in build_module(project).state_dict())


def test_source_stands_alone(tmp_path: Path):
    """It runs where nothing but torch is known."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(emit_source(open_template(name)), encoding="utf-8")
    lines = [f"import sys; sys.path.insert(0, {str(tmp_path)!r})"]
    for name in NAMES:
        tree = ast.parse((tmp_path / f"{name}.py").read_text(encoding="utf-8"))
        last = [node.name for node in tree.body if isinstance(node, ast.ClassDef)][-1]
        lines.append(f"import {name}; {name}.{last}()")
    lines.append("print([m for m in ('graph_core', 'codegen') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-I", "-c", "\n".join(lines)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_template_emits_the_same(name: str, tmp_path: Path):
    project: Project = open_template(name)
    path = tmp_path / "copy.netw"
    path.write_text(drawn.dumps(project), encoding="utf-8")
    assert emit_source(load(path)) == emit_source(project)


def test_emission_needs_no_heavy_module():
    code = (
        "import sys; from codegen import emit_source; from graph_core.templates import open_template\n"
        "emit_source(open_template('lenet'))\n"
        "print([m for m in ('torch', 'onnx', 'sympy', 'numpy', 'symengine', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
