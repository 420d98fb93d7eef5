"""Random edits with keys and mouse, checked against the model after every one: bytes, undo, redo, and the picture."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from graph_core import dumps, loads
from graph_core.marks import Bookmark
from tests.gui.window_rig import ALT, CTRL, SHIFT, Key, WindowRig

KEYS = {
    "heal": (Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
    "remove": (Key.Key_Delete, SHIFT),
    "duplicate": (Key.Key_D, CTRL),
    "connect": (Key.Key_C, Qt.KeyboardModifier.NoModifier),
    "bypass": (Key.Key_B, Qt.KeyboardModifier.NoModifier),
    "expand": (Key.Key_G, CTRL | SHIFT),
    "frame": (Key.Key_J, CTRL),
    "note": (Key.Key_N, SHIFT),
    "arrange": (Key.Key_L, CTRL),
    "copy": (Key.Key_C, CTRL),
    "cut": (Key.Key_X, CTRL),
    "paste": (Key.Key_V, CTRL),
    "bookmark": (Key.Key_3, CTRL),
    "fix": (Key.Key_Return, ALT),
    "all": (Key.Key_A, CTRL),
    "leave": (Key.Key_Up, ALT),
}
ACTIONS = ("Align left edges", "Align middles", "Distribute across", "Distribute downwards", "Snap to the grid")
number = st.integers(0, 10_000)


def machine(rig: WindowRig, template: str) -> type[RuleBasedStateMachine]:
    """A machine that works in one window; each run begins with a fresh drawing."""

    class Edits(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            rig.leaving = True  # nothing asks whether the last run's drawing is to be saved
            rig.window.files.new_from_template(template)
            self.states = [rig.bytes()]
            self.place = 0

        # What is done -----------------------------------------------------------------------------------------

        def _note(self, *, typed: bool = False) -> None:
            """What the edits since the last look have made; the history tells how many there were.

            What is typed into one field joins the step before it, and takes that away where it comes back to its start.
            """
            done = len(rig.document.history.titles)
            if typed and done == self.place - 1:
                self.place = done
                del self.states[done + 1 :]
            if typed and done == self.place and done and rig.bytes() != self.states[done]:
                self.states[done:] = [rig.bytes()]
            if done == self.place:
                assert rig.bytes() == self.states[self.place]
                return
            assert done > self.place
            del self.states[self.place + 1 :]
            # States in between are seen by taking back what came last.
            found = [rig.bytes()]
            for _ in range(done - self.place - 1):
                rig.document.undo()
                found.append(rig.bytes())
            for _ in range(done - self.place - 1):
                rig.document.redo()
            assert rig.bytes() == found[0]
            self.states += reversed(found)
            self.place = done

        def _plates(self) -> list[str]:
            return list(rig.canvas.scene.plates)

        def _select(self, picks: list[int]) -> None:
            plates = self._plates()
            rig.canvas.setFocus()
            rig.canvas.select([plates[k % len(plates)] for k in picks] if plates else [])

        def _let_go(self) -> None:
            """Close the search that a wire opens where it is let go in the void."""
            popup = rig.window.verbs.popup
            if popup.isVisible():
                rig.turn()
                QTest.keyClick(popup.field, Key.Key_Escape)
                assert not popup.isVisible()

        @rule(picks=st.lists(number, max_size=4), verb=st.sampled_from(sorted(KEYS)))
        def press(self, picks: list[int], verb: str) -> None:
            self._select(picks)
            rig.key(*KEYS[verb])
            self._note()

        @rule(picks=st.lists(number, min_size=1, max_size=4), action=st.sampled_from(ACTIONS))
        def line_up(self, picks: list[int], action: str) -> None:
            self._select(picks)
            rig.window.actions_[action].trigger()
            self._note()

        @rule(picks=st.lists(number, min_size=1, max_size=3))
        def collapse(self, picks: list[int]) -> None:
            self._select(picks)
            if rig.document.selection:
                rig.window.verbs.collapse(rig.document.selection, "Part")
            self._note()

        @rule(pick=number, dx=st.integers(-40, 40), dy=st.integers(-40, 40))
        def drag(self, pick: int, dx: int, dy: int) -> None:
            plates = list(rig.canvas.scene.plates.values())
            if plates:
                plate = plates[pick % len(plates)]
                rig.canvas.reveal(plate.id)
                start = rig.at(plate.x + plate.w * 0.4, plate.y + plate.h / 2)
                rig.drag(start, start + QPoint(dx * 8, dy * 8))
            self._let_go()
            self._note()

        @rule(one=number, two=number)
        def wire(self, one: int, two: int) -> None:
            nodes = list(rig.graph.nodes.values())
            if len(nodes) > 1:
                source, target = nodes[one % len(nodes)], nodes[two % len(nodes)]
                outs, ins = rig.graph.out_ports(source), rig.graph.in_ports(target)
                shown = rig.canvas.scene.plates
                if outs and ins and source is not target and not rig.document.prefix and source.id in shown:
                    start = rig.port_of(source.id, outs[one % len(outs)])
                    rig.drag(start, rig.port_of(target.id, ins[two % len(ins)]))
            self._let_go()
            self._note()

        @rule(words=st.sampled_from(["relu", "drop", "linear", "add", "flatten"]))
        def place(self, words: str) -> None:
            rig.canvas.setFocus()
            rig.key(Key.Key_Tab)
            rig.turn()  # the popup takes the keyboard over
            popup = rig.window.verbs.popup
            assert popup.isVisible()
            QTest.keyClicks(popup.field, words)
            QTest.keyClick(popup.field, Key.Key_Return)
            self._note()

        @rule(picks=st.lists(number, min_size=1, max_size=3), field=number, text=st.sampled_from(["3", "64", "0", "x"]))
        def type_in(self, picks: list[int], field: int, text: str) -> None:
            self._select(picks)
            form = rig.window.inspector.form
            editors = list(form.editors.values()) if form is not None else []
            entries = editors[field % len(editors)].findChildren(QLineEdit) if editors else []
            if entries and entries[0].isEnabled():
                entries[0].setFocus()
                entries[0].selectAll()
                QTest.keyClicks(entries[0], text)
                rig.canvas.setFocus()
            self._note(typed=True)

        @rule(pick=number)
        def enter(self, pick: int) -> None:
            self._select([pick])
            rig.key(Key.Key_Return, CTRL)
            self._note()

        # What is taken back -----------------------------------------------------------------------------------

        @rule(times=st.integers(1, 4))
        def undo(self, times: int) -> None:
            rig.canvas.setFocus()
            for _ in range(times):
                rig.key(Key.Key_Z, CTRL)
                self.place = max(0, self.place - 1)
                assert rig.bytes() == self.states[self.place]

        @rule(times=st.integers(1, 4))
        def redo(self, times: int) -> None:
            rig.canvas.setFocus()
            for _ in range(times):
                rig.key(Key.Key_Z, CTRL | SHIFT)
                self.place = min(len(self.states) - 1, self.place + 1)
                assert rig.bytes() == self.states[self.place]

        # What holds -------------------------------------------------------------------------------------------

        @invariant()
        def the_window_goes_on(self) -> None:
            rig.turn()

        @invariant()
        def the_picture_is_the_model(self) -> None:
            document = rig.document
            with document.at(document.base):
                graph = document.graph
            marks = {key for key, mark in graph.marks.items() if not isinstance(mark, Bookmark)}
            assert set(rig.canvas.scene.plates) == set(graph.nodes) | marks
            assert all(id in document.graph.nodes or id in document.graph.marks for id in document.chosen)

        @invariant()
        def the_file_reads_back(self) -> None:
            text = rig.bytes()
            assert dumps(loads(text)) == text

        def teardown(self) -> None:
            if hasattr(self, "states"):
                for _ in range(self.place):
                    rig.document.undo()
                assert rig.bytes() == self.states[0]

    return Edits


@pytest.fixture
def rig(rig: WindowRig) -> WindowRig:
    rig.window.activateWindow()
    return rig


def test_random_edits(rig: WindowRig) -> None:
    run(rig, "mlp", 6, 30)


@pytest.mark.soak
@pytest.mark.parametrize("template", ["mlp", "lenet", "resblock", "lstm_gates", "transformer_encoder"])
def test_fifty_thousand_random_edits(rig: WindowRig, template: str) -> None:
    run(rig, template, 200, 50)


def run(rig: WindowRig, template: str, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine(rig, template),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
