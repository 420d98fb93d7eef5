"""Undo and redo of everything: the edits of a project as steps with names, and which of them is on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from graph_core.graph import Change, Edit, Project

LIMIT = 10_000


class _Step:
    """One thing to undo; its identity tells places in the history apart."""

    __slots__ = ("edit", "key")

    def __init__(self, edit: Edit, key: str) -> None:
        self.edit = edit
        self.key = key


class History:
    """Listens to a project's edits. What is undone can be redone until something else is done.

    Steps made inside ``merging(key)`` join the step before them where that was made under the same key: dragging and
    typing are one step each. ``listeners`` are told of every change of the history.
    """

    def __init__(self, project: Project, limit: int = LIMIT) -> None:
        self.project = project
        self.limit = limit
        self.listeners: list[Callable[[], None]] = []
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        # The place below the first step; steps that fall out at the limit become it.
        self._bottom = _Step(Edit("", ()), "")
        self._saved: _Step | None = self._bottom
        self._key = ""
        self._replaying = False
        project.listeners.append(self._note)

    def detach(self) -> None:
        """Stop listening; what was noted can still be looked at."""
        self.project.listeners.remove(self._note)

    @property
    def can_undo(self) -> bool:
        """Whether something was done."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone since the last edit."""
        return bool(self._undone)

    @property
    def undo_title(self) -> str:
        """What ``undo`` would take back; empty for nothing."""
        return self._done[-1].edit.title if self._done else ""

    @property
    def redo_title(self) -> str:
        """What ``redo`` would do again; empty for nothing."""
        return self._undone[-1].edit.title if self._undone else ""

    @property
    def titles(self) -> list[str]:
        """What was done, oldest first."""
        return [step.edit.title for step in self._done]

    @property
    def undone_titles(self) -> list[str]:
        """What was taken back and can be done again, the next one first."""
        return [step.edit.title for step in reversed(self._undone)]

    @property
    def saved_place(self) -> int:
        """After how many steps the drawing was as it is on the disk; -1 where that state is gone."""
        steps = [self._bottom, *self._done, *reversed(self._undone)]
        return next((place for place, step in enumerate(steps) if step is self._saved), -1)

    def undo(self) -> Edit | None:
        """Take back the last step and return the edit that did so; None where there is none. Raises EditError."""
        if not self._done:
            return None
        step = self._done[-1]
        edit = step.edit.inverse()
        self._replay(edit)
        self._done.pop()
        self._undone.append(step)
        self._tell()
        return edit

    def redo(self) -> Edit | None:
        """Do again what was undone last and return the edit; None where there is nothing. Raises EditError."""
        if not self._undone:
            return None
        step = self._undone[-1]
        self._replay(step.edit)
        self._undone.pop()
        self._done.append(step)
        self._tell()
        return step.edit

    @contextmanager
    def merging(self, key: str) -> Iterator[None]:
        """Edits made inside join the last step where that has the same key, and was not saved in between."""
        outer, self._key = self._key, key
        try:
            yield
        finally:
            self._key = outer

    def mark_saved(self) -> None:
        """The drawing as it is now is on the disk."""
        self._saved = self._place
        self._tell()

    def mark_unsaved(self) -> None:
        """The drawing as it is now is on no disk, and neither is anything that undo leads back to."""
        self._saved = None
        self._tell()

    @property
    def is_saved(self) -> bool:
        """Whether the drawing is as it was when last saved, whatever was done and undone since."""
        return self._saved is self._place

    def clear(self) -> None:
        """Forget every step; whether the drawing is saved stays as it is."""
        saved = self.is_saved
        self._done.clear()
        self._undone.clear()
        self._bottom = _Step(Edit("", ()), "")
        self._saved = self._bottom if saved else None
        self._tell()

    @property
    def _place(self) -> _Step:
        return self._done[-1] if self._done else self._bottom

    def _note(self, edit: Edit) -> None:
        if self._replaying:
            return
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last is not None and self._key and last.key == self._key and self._saved is not last:
            changes = _joined(last.edit.changes, edit.changes)
            self._done.pop()
            # Back at the beginning of the step: nothing was done, and the drawing may be as it was saved.
            if changes:
                self._done.append(_Step(Edit(edit.title, changes), self._key))
        else:
            self._done.append(_Step(edit, self._key))
            if len(self._done) > self.limit:
                self._bottom = self._done.pop(0)
        self._tell()

    def _replay(self, edit: Edit) -> None:
        self._replaying = True
        try:
            self.project.apply(edit)
        finally:
            self._replaying = False

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def _joined(before: tuple[Change, ...], after: tuple[Change, ...]) -> tuple[Change, ...]:
    """Both lists of changes as one: entries that were only replaced appear once, the rest one after the other."""
    if not all(c.old is not None and c.new is not None for c in (*before, *after)):
        return (*before, *after)
    joined: dict[tuple[str, str, str], Change] = {}
    for change in (*before, *after):
        place = (change.graph, change.table, change.key)
        first = joined.get(place, change)
        joined[place] = Change(*place, first.old, change.new)
    return tuple(change for change in joined.values() if change.old != change.new)
