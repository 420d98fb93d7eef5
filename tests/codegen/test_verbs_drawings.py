"""The headless verbs about drawings: what they print, what they write, how they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.verbs import run_verb
from graph_core import Project, edits, load, save
from graph_core.architecture import FiveTuple, five_tuple
from graph_core.templates import open_template, templates
from tests.graph_core.test_peaks import shrinking


@pytest.fixture
def lenet(tmp_path: Path) -> str:
    path = str(tmp_path / "lenet.netw")
    assert run_verb("new", ["lenet", "-o", path]) == 0
    return path


def broken(tmp_path: Path) -> str:
    project = open_template("lenet")
    project.networks["main"].set("p2", kernel_size=5)
    save(project, tmp_path / "broken.netw")
    return str(tmp_path / "broken.netw")


def test_templates_come_one_a_line_name_first(capsys: pytest.CaptureFixture[str]):
    assert run_verb("templates", []) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [template.name for template in templates()]


def test_new_writes_a_file_that_loads(lenet: str):
    assert load(lenet).name == "lenet"


def test_new_keeps_what_somebody_drew(lenet: str, capsys: pytest.CaptureFixture[str]):
    assert run_verb("new", ["mlp", "-o", lenet]) == 0, "an untouched template may go"
    Path(lenet).write_text("mine", encoding="utf-8")
    assert run_verb("new", ["mlp", "-o", lenet]) == 1
    assert Path(lenet).read_text(encoding="utf-8") == "mine"
    assert "--force" in capsys.readouterr().err
    assert run_verb("new", ["mlp", "-o", lenet, "--force"]) == 0
    assert load(lenet).name == "mlp"


def test_check_says_that_a_sound_drawing_is(lenet: str, capsys: pytest.CaptureFixture[str]):
    assert run_verb("check", [lenet]) == 0
    assert run_verb("check", [lenet, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"sound": True, "problems": [], "fresh": []}


def test_check_names_the_error_and_its_fix(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = broken(tmp_path)
    assert run_verb("check", [path]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("error pool2: pool2 ")
    assert " Fix: " in line
    assert run_verb("check", [path, "--json"]) == 1
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert {"code", "severity", "path", "message", "fix"} <= set(problem)
    assert (problem["severity"], problem["path"]) == ("error", "pool2")


def test_summary_has_the_promised_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(tmp_path / "r.netw")
    run_verb("new", ["resnet18", "-o", path])
    assert run_verb("summary", [path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["params"] == {"trainable": 11_689_512, "frozen": 0, "buffers": 9_620}
    assert found["macs"] == 1_814_073_344
    assert set(found["memory"]) == {"params", "grads", "optimizer", "activations_inference", "activations_training"}
    rows = {row["path"]: row for row in found["layers"]}
    assert rows["layer2.0.downsample.0"]["params"] == 64 * 128
    assert set(rows["conv1"]) == {"id", "path", "type", "output", "params", "macs", "flops"}
    assert found["problems"] == []


def test_summary_at_another_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(tmp_path / "t.netw")
    run_verb("new", ["transformer_encoder", "-o", path])
    macs = []
    for size in ("128", "256"):
        assert run_verb("summary", [path, "--json", "--set", f"T={size}"]) == 0
        macs.append(json.loads(capsys.readouterr().out)["macs"])
    # Twice the length is twice the projections and four times the products of queries and keys.
    projections, products = 6 * 128 * (4 * 512**2 + 2 * 512 * 2048), 6 * 2 * 128**2 * 512
    assert macs == [projections + products, 2 * projections + 4 * products]


def test_summary_counts_memory_at_a_precision(lenet: str, capsys: pytest.CaptureFixture[str]):
    memory = {}
    for precision in ("fp32", "bf16", "int8"):
        assert run_verb("summary", [lenet, "--json", "--precision", precision, "--set", "N=8"]) == 0
        memory[precision] = json.loads(capsys.readouterr().out)["memory"]
    assert {name: 2 * size for name, size in memory["bf16"].items() if "training" not in name} == {
        name: size for name, size in memory["fp32"].items() if "training" not in name
    }
    assert memory["int8"]["params"] * 4 == memory["fp32"]["params"]
    assert memory["int8"]["grads"] == memory["int8"]["activations_training"] == 0
    assert run_verb("summary", [lenet, "--precision", "int8"]) == 0
    told = capsys.readouterr().out
    assert "memory, inference" in told
    assert "memory, training" not in told


def test_summary_prints_layers_totals_and_formulas(lenet: str, capsys: pytest.CaptureFixture[str]):
    assert run_verb("summary", [lenet]) == 0
    out = capsys.readouterr().out
    assert "conv1" in out
    assert "1×16×8×8" in out
    assert "formulas over N; bytes are those of float32" in out
    told = dict(line.strip().split(" = ") for line in out.splitlines() if " = " in line)
    told = {name.strip(): text for name, text in told.items()}
    assert told["MACs"].split() == ["109,224·N", "O(N)"]
    assert told["bytes of activations, inference"].split() == ["8,448·N", "O(N)"]
    assert told["bytes in all, training"].split() == ["13,568·N", "+", "500,704", "O(N)"]
    assert "conv1 MACs" in told


def test_summary_says_which_moment_is_the_peak_and_names_no_symbol_in_vain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    project = shrinking()
    edits.set_symbol(project, "Q", 7)
    path = str(tmp_path / "shrinking.netw")
    save(project, path)
    assert run_verb("summary", [path]) == 0
    out = capsys.readouterr().out
    assert "formulas over N, D, H; bytes" in out
    assert "= 12·N·H² + 32·N + max(32·N·H², 4·N·D)" in out
    assert out.count("the first sum is the largest while 8·H² is at least D") == 2  # in inference and in training
    assert run_verb("summary", [path, "--json"]) == 0
    formulas = json.loads(capsys.readouterr().out)["formulas"]
    assert list(formulas["symbols"]) == list(formulas["order_by_symbol"]) == ["N", "D", "H"]
    assert formulas["memory"]["activations_inference"].startswith("max(")
    assert formulas["order_by_symbol"]["D"]["memory"]["inference"] == "O(D)"


def test_check_and_emit_say_the_same_of_an_empty_drawing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(tmp_path / "empty.netw")
    save(Project.new("tiny"), path)
    sentence = "Tiny is empty; place an Input, the layers and an Output."
    assert run_verb("check", [path]) == 1
    assert capsys.readouterr().out == f"error: {sentence} Fix: Place an Input.\n"
    assert run_verb("emit", [path]) == 1
    assert sentence in capsys.readouterr().err
    assert run_verb("summary", [path]) == 0


def test_summary_says_totals_as_the_window_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(tmp_path / "r.netw")
    assert run_verb("new", ["resnet18", "-o", path]) == 0
    assert run_verb("summary", [path]) == 0
    out = capsys.readouterr().out
    assert "parameters         11,689,512 (11.69 M)" in out
    assert "buffers            9,620\n" in out
    assert "MACs               1,814,073,344 (1.814 G)" in out
    # Bytes by powers of ten: weights and buffers, and the peak of activations.
    assert f"memory, inference  {(46_796_608 + 7_024_640) / 1e6:.2f} MB" in out
    assert "iB" not in out


def test_emit_writes_and_prints_the_same(lenet: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run_verb("emit", [lenet, "-o", str(tmp_path / "model.py")]) == 0
    assert run_verb("emit", [lenet]) == 0
    assert capsys.readouterr().out == (tmp_path / "model.py").read_text(encoding="utf-8")


def test_definition_is_read_back_from_all_its_forms(
    lenet: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lenet.json"
    assert run_verb("definition", [lenet, "--format", "json", "-o", str(out)]) == 0
    assert run_verb("definition", [lenet]) == 0
    found = FiveTuple.from_text(capsys.readouterr().out)
    assert FiveTuple.from_json(json.loads(out.read_text(encoding="utf-8"))) == found
    assert [row.path for row in found.rows] == ["conv1", "conv2", "fc1", "fc2", "fc3"]
    assert run_verb("definition", [lenet, "--format", "latex", "--symbols"]) == 0
    assert capsys.readouterr().out == five_tuple(load(lenet), symbolic=True).to_latex()


def test_definition_refuses_what_defines_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.tex"
    assert run_verb("definition", [broken(tmp_path), "-o", str(out)]) == 1
    assert not out.exists()
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("netwright definition: Consecutive shapes compose: not in this drawing, since pool2 ")


def test_check_and_summary_tell_what_is_wrong_with_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = open_template("lenet")
    edits.set_setup(project, "main", "optimizer", {"groups": [{"match": ["conv9"], "lr": 0.1}]})
    save(project, tmp_path / "a.netw")
    assert run_verb("check", [str(tmp_path / "a.netw")]) == 1
    assert "error optimizer: Group 1 names conv9, which matches no parameter" in capsys.readouterr().out
    assert run_verb("summary", [str(tmp_path / "a.netw"), "--json"]) == 0
    assert [p["code"] for p in json.loads(capsys.readouterr().out)["problems"]] == ["group"]


def test_emit_refuses_a_drawing_with_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "model.py"
    assert run_verb("emit", [broken(tmp_path), "-o", str(out)]) == 1
    assert not out.exists()
    assert "netwright emit: pool2 " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("check", ["nothing.netw"]),
        ("summary", ["nothing.netw"]),
        ("emit", ["nothing.netw"]),
        ("new", ["nothing", "-o", "x.netw"]),
        ("summary", ["FILE", "--set", "T"]),
        ("summary", ["FILE", "--set", "Q=3"]),
        ("summary", ["FILE", "--set", "N=0"]),
        ("summary", ["FILE", "--network", "nothing"]),
        ("emit", ["FILE", "--network", "nothing"]),
        ("definition", ["FILE", "--network", "nothing"]),
        ("definition", ["nothing.netw"]),
        ("new", ["mlp", "-o", "no/such/folder/x.netw"]),
    ],
)
def test_wrong_usage_is_one_line_and_two(
    verb: str, arguments: list[str], lenet: str, capsys: pytest.CaptureFixture[str]
):
    assert run_verb(verb, [lenet if argument == "FILE" else argument for argument in arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"netwright {verb}: ")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"netw": 99}', '{"netw": 1, "graphs": 3}'])
def test_an_unreadable_file_is_one_line_and_two(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "x.netw"
    path.write_text(text, encoding="utf-8")
    for verb in ("check", "summary", "emit"):
        assert run_verb(verb, [str(path)]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert "x.netw" in line


def test_they_load_no_torch(lenet: str):
    code = (
        "import sys; from codegen.verbs import run_verb\n"
        f"for verb in ('check', 'summary', 'definition', 'emit'): run_verb(verb, [{lenet!r}])\n"
        "run_verb('templates', [])\n"
        "sys.exit(1 if {'torch', 'PySide6', 'onnx', 'sympy'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
