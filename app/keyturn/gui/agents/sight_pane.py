"""What an agent sees: every reviewed name of every server with a tick."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.side_pane import SidePane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.text import Text
from keyturn.presentation.sights import SightChoice, SightGroup, SightSheet


class SightPane(SidePane):
    """Takes ticks; whether they show more than now is worked out elsewhere."""

    save_wanted = Signal(str, object)
    """Agent, and the texts of the rows that are ticked; None for everything."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="agent_sight", parent=parent)
        words = look.words
        self._sheet: SightSheet | None = None
        self._groups: list[tuple[ChoiceRow, str, list[tuple[ChoiceRow, str]]]] = []
        self.title = Text(look, Type.TITLE, wrap=True)
        intro = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("agents.sight_intro"))
        self.save = Button(look, Kind.PRIMARY, words("agents.sight_save"), name="save_sight")
        self.top.addWidget(self.title, 1)
        self.head.addWidget(intro)
        self.action_row.addWidget(self.save)
        self.save.clicked.connect(self._on_save)

    @property
    def agent(self) -> str:
        """Return the agent whose list it is; "" for none."""
        return self._sheet.agent if self._sheet is not None else ""

    def show_sheet(self, sheet: SightSheet) -> None:
        """Begin with what an agent sees now."""
        self._sheet = sheet
        self.show_actions()
        self.outcome.say(None)
        self.title.say(sheet.title)
        self.clear_body()
        words = self.look.words
        all_text, some_text = words("agents.sight_all_row"), words("agents.sight_some_row")
        self.all = ChoiceRow(self.look, all_text, name="sight_all", radio=True)
        self.some = ChoiceRow(self.look, some_text, name="sight_some", radio=True)
        self.all.setChecked(not sheet.limited)
        self.some.setChecked(sheet.limited)
        for row in (self.all, self.some):
            self.body.addWidget(row)
        self._groups = [self._add_group(n, group) for n, group in enumerate(sheet.groups)]
        self.body.addStretch()

    def ticked(self) -> tuple[str, ...] | None:
        """Return the rows that are ticked; None where everything is to be seen."""
        if self.all.isChecked():
            return None
        rows: list[str] = []
        for whole, row, names in self._groups:
            rows += [row] if whole.isChecked() else _ticked(names)
        return tuple(rows)

    def _add_group(
        self, number: int, group: SightGroup
    ) -> tuple[ChoiceRow, str, list[tuple[ChoiceRow, str]]]:
        self.add_title(group.server)
        whole = self._add_row(f"sight_{number}_whole", group.whole)
        names = [
            (self._add_row(f"sight_{number}_{place}", choice), choice.row)
            for place, choice in enumerate(group.names)
        ]
        return whole, group.whole.row, names

    def _add_row(self, name: str, choice: SightChoice) -> ChoiceRow:
        row = ChoiceRow(self.look, choice.text, choice.note, name=name)
        row.setChecked(choice.ticked)
        row.clicked.connect(self._on_ticked)
        self.body.addWidget(row)
        return row

    def _on_ticked(self) -> None:
        """Take it that a list is meant, once something is ticked or not."""
        self.some.setChecked(True)
        self.outcome.say(None)

    def _on_save(self) -> None:
        self.save_wanted.emit(self.agent, self.ticked())


def _ticked(names: list[tuple[ChoiceRow, str]]) -> list[str]:
    return [row for box, row in names if box.isChecked()]
