"""The pages at the bottom that only look at the document, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from designer.document import Document
from designer.late import Late

if TYPE_CHECKING:
    from designer.formulas import Formulas

TALL = "tall"  # the property of a page that wants as much room as curves do


def pages(document: Document, formulas: Formulas) -> Iterator[tuple[str, Late]]:
    """Each page with its title, in the order of the tabs."""

    def definition() -> QWidget:
        from designer.panels.definition import DefinitionPanel

        return DefinitionPanel(document)

    def ledger() -> QWidget:
        from designer.panels.ledger import LedgerPanel

        return LedgerPanel(document)

    def complexity() -> QWidget:
        from designer.panels.complexity import ComplexityPanel

        return ComplexityPanel(document, formulas)

    def memory() -> QWidget:
        from designer.panels.memory import MemoryPanel

        return MemoryPanel(document)

    def history() -> QWidget:
        from designer.panels.history import HistoryPanel

        return HistoryPanel(document)

    for make in (definition, ledger, complexity, memory, history):
        page = Late(make)
        page.setProperty(TALL, make is ledger)
        yield make.__name__.capitalize(), page
