"""The drawing as TikZ: all that the picture has, words that every engine sets, and a document that compiles."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from designer.canvas import export
from designer.canvas.scene import Scene
from designer.canvas.texwords import tex_words
from designer.command import main
from designer.theme import Theme
from graph_core.latex import escape
from tests.gui.canvas_scenes import families, lit, plate, scene_of, stage, states, wire

ENGINE = next((name for name in ("pdflatex", "lualatex") if shutil.which(name)), "")
HAS_TIKZ = bool(ENGINE) and bool(
    subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True, check=False).stdout
    if shutil.which("kpsewhich")
    else 0
)
# The engine's page is looked for in its file, so its objects stay as they are.
READABLE = r"\pdfobjcompresslevel=0" if ENGINE == "pdflatex" else r"\pdfvariable objcompresslevel=0"


def tikz(scene: Scene, theme: str = "light") -> str:
    return export.to_tikz(scene, Theme(theme)).decode()  # type: ignore[arg-type]


def hostile() -> Scene:
    """Names that mean something to TeX, and ones that no usual font has."""
    names = [r"a_b#$%&{}", r"\input{x}", "~^<>|\"'", "卷积层", "x²·⌊H⁄2⌋…", "]};", "a\nb", "é"]
    plates = [plate(f"n{k}", "conv", name, "Conv2d 3×3", y=96.0 * k) for k, name in enumerate(names)]
    wires = [wire(f"n{k}.y", f"n{k + 1}.x", 64, "⌊H/2⌋", changed="01") for k in range(len(names) - 1)]
    return scene_of(plates, wires, title="% \\end{document}\n名")


def test_every_word_and_plate_of_the_picture_is_there(qapp):
    scene = stage()
    text = tikz(scene)
    svg = export.to_svg(scene, Theme("light")).decode()
    words = re.findall(r">\s*([^<>]+?)\s*</text>", svg)
    assert len(words) > 60
    typed = re.findall(r"\\node\[nw text=.*\] at \([^)]*\) \{(.*)\};", text)
    assert len(typed) == len(words)
    named = re.findall(r"minimum height=[\d.]+bp\] \(([^)]*)\) at", text)
    assert len(named) == len(set(named)) == sum(shown.kind != "note" for shown in scene.plates.values())
    assert {"conv1", "conv1-2", "downsample-0"} <= set(named)


def test_a_named_node_lies_around_its_plate(qapp):
    scene = scene_of([plate("a", "conv", "conv1", x=100.0, y=40.0)], [])
    text = tikz(scene)
    named = re.search(r"minimum width=([\d.]+)bp, minimum height=([\d.]+)bp\] \(conv1\) at \(([\d.]+),([\d.]+)\)", text)
    assert named is not None
    wide, high, x, y = map(float, named.groups())
    shown = scene.plates["a"]
    assert (wide, high) == (shown.w * 0.75, shown.h * 0.75)
    assert (x, y) == (export.MARGIN + shown.w / 2, export.MARGIN + shown.h / 2)


def test_names_are_told_apart(qapp):
    plates = [plate("a", "conv", "conv", y=0.0), plate("b", "conv", "conv", y=90.0), plate("c", "conv", "层", y=180.0)]
    names = re.findall(r"minimum height=[\d.]+bp\] \(([^)]*)\)", tikz(scene_of(plates, [])))
    assert names == ["conv", "conv-2", "node"]


def test_colours_have_the_names_of_the_theme(qapp):
    text = tikz(stage())
    assert r"\definecolor{nw-ink}{HTML}{1A1D21}" in text
    assert r"\definecolor{nw-conv}{HTML}{4264CF}" in text
    used = set(re.findall(r"(?:fill|draw|text)=(nw-[\w-]+)", text))
    assert used == set(re.findall(r"\\definecolor\{([\w-]+)\}", text))


def test_words_are_safe():
    assert tex_words(r"a_b\c{}") == escape(r"a_b\c{}")
    assert tex_words("3×3") == r"3\ensuremath{\times}3"
    assert tex_words("卷") == r"\netwrightchar{卷}{5377}"
    assert "\x07" not in tex_words("a\x07b")


def test_the_verb_writes_it(tmp_path: Path):
    assert main(["new", "lenet", "-o", str(tmp_path / "l.netw")]) == 0
    assert main(["render", str(tmp_path / "l.netw"), "-o", str(tmp_path / "l.tex")]) == 0
    text = (tmp_path / "l.tex").read_text(encoding="utf-8")
    assert text.count(r"\begin{tikzpicture}") == text.count(r"\end{tikzpicture}") == 1
    assert "conv1" in text


def test_a_figure_for_a_paper_shows_the_insides_of_blocks_and_has_no_ground(tmp_path: Path, capsys):
    drawing = str(tmp_path / "r.netw")
    assert main(["new", "resnet18", "-o", drawing]) == 0

    def picture(name: str, *options: str) -> QImage:
        assert main(["render", drawing, "-o", str(tmp_path / name), *options]) == 0
        return QImage(str(tmp_path / name))

    closed, opened = picture("c.png"), picture("o.png", "--open", "layer2", "--open", "layer2/downsample", "--bare")
    assert opened.width() > closed.width()
    assert opened.pixelColor(2, 2).alpha() == 0
    assert closed.pixelColor(2, 2).alpha() == 255
    assert main(["render", drawing, "-o", str(tmp_path / "o.tex"), "--open", "all", "--bare"]) == 0
    text = (tmp_path / "o.tex").read_text(encoding="utf-8")
    assert "relu2" in text
    assert "downsample" in text
    assert main(["render", drawing, "-o", str(tmp_path / "x.svg"), "--open", "layer2/stem"]) == 2
    told = capsys.readouterr().err
    assert "BasicBlock has no block stem; --open takes the names of blocks on the way down." in told
    assert not (tmp_path / "x.svg").exists()


@pytest.mark.skipif(not HAS_TIKZ, reason="no TeX engine with TikZ is installed; what is written is checked above")
@pytest.mark.parametrize("made", [families, hostile, lit, stage, states])
def test_it_compiles_to_one_page_of_the_pictures_size(qapp, tmp_path: Path, made):
    scene = made()
    if isinstance(scene, tuple):
        scene = scene[0]
    (tmp_path / "a.tex").write_text(tikz(scene), encoding="utf-8")
    done = subprocess.run(
        [ENGINE, "-interaction=nonstopmode", "-halt-on-error", "-jobname=a", READABLE + r"\input{a.tex}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "(1 page," in done.stdout
    x0, y0, x1, y1 = export.ink_box(export.Snapshot(scene))
    box = re.search(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+) ?\]", (tmp_path / "a.pdf").read_bytes())
    assert box is not None
    assert float(box[1]) == pytest.approx(round(x1 - x0) * 0.75, abs=0.5)
    assert float(box[2]) == pytest.approx(round(y1 - y0) * 0.75, abs=0.5)
