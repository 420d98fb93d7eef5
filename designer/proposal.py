"""A fix as it would look: what it adds and changes, drawn dashed over the drawing as it is."""

from __future__ import annotations

from dataclasses import replace

from designer.canvas.scene import Plate, Scene, Wire
from designer.document import Document
from designer.drawing import Drawing
from graph_core import EditError
from graph_core.fixes import Fix
from graph_core.propagate import engine_of

MOST = 2_000  # plates; in a larger drawing a preview would be felt while one walks through the problems


def proposed(document: Document, drawing: Drawing, scene: Scene, fix: Fix) -> Scene:
    """The scene with the fix drawn as a proposal; the same scene where it cannot be made, or changes nothing seen.

    What is wrong stays to be seen until the fix is applied: badges, the failing end of a wire, unknown shapes.
    """
    if len(scene.plates) > MOST:
        return scene
    trial = Drawing(document)
    trial.room = drawing.room
    try:
        with document.project.trying():
            fix.make()
            after = trial.scene()
    except EditError:
        return scene
    finally:
        engine_of(document.project).root(document.network)
    plates = {id: _plate(scene.plates.get(id), plate) for id, plate in after.plates.items()}
    wires = {id: _wire(scene.wires.get(id), wire) for id, wire in after.wires.items()}
    return Scene(plates, wires, scene.title, scene.legend)


def _plate(now: Plate | None, then: Plate) -> Plate:
    if now is None:
        return replace(then, mark="proposal", changed=False)
    if (now.name, now.detail, now.when, now.repeat) != (then.name, then.detail, then.when, then.repeat):
        return replace(then, mark="proposal", problem=now.problem, hint=now.hint)
    return now if (now.x, now.y) == (then.x, then.y) else replace(now, x=then.x, y=then.y, inputs=then.inputs)


def _wire(now: Wire | None, then: Wire) -> Wire:
    if now is None or now.source != then.source:
        error, told = (now.error, now.error_label) if now is not None else ("", "")
        return replace(then, mark="proposal", error=error, error_label=told)
    return now if now.route == then.route else replace(now, route=then.route)
