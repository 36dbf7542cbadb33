"""The settings' screen: one column of sections, thinned out by a search."""

from typing import Final, assert_never

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from keyturn.gui.forms.outcome import OutcomeLine, PageNote
from keyturn.gui.look import Look
from keyturn.gui.settings.pin_line import PinLine
from keyturn.gui.settings.rows import AboutLine, ActionLine, RowFrame, SettingLine
from keyturn.gui.settings.second_line import SecondLine
from keyturn.gui.settings.weakened_line import WeakenedLine
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.inputs import SearchField
from keyturn.gui.widgets.layouts import EDGE, column, divider, least_height, pane, row
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.settings import (
    AboutRow,
    ActionRow,
    PinRow,
    Row,
    SecondRow,
    SettingRow,
    SettingSection,
    SettingsPage,
    WeakenedRow,
)
from keyturn.presentation.settings_builder import PIN, QUIT, SettingsBuilder

_HEADER: Final = 56
_READING: Final = 880
_SEARCH: Final = 280
_BUTTON_ABOVE: Final = 64
"""A button, what parts it from the line below it, and air."""


class _Section(QWidget):
    """A title and its rows; rows that the search leaves out are hidden, not rebuilt."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = Text(look, Type.TITLE)
        words.say(title)
        self.place: QVBoxLayout = column(self)
        self.place.addWidget(words)
        self.place.addSpacing(4)
        self.place.addWidget(divider())


class SettingsView(QFrame):
    """Fed by the presenter; tells it what a person wants."""

    search_wanted = Signal(str)
    setting_changed = Signal(str, str)
    action_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._sections: dict[str, _Section] = {}
        self.lines: dict[str, RowFrame] = {}
        words = look.words
        said = PinRow(key=PIN, title=words("settings.pin"), note=words("settings.pin_note"))
        self.pin = PinLine(look, said)
        self.second = SecondLine(look, SettingsBuilder(words).second())
        self.weakened = WeakenedLine(look, SettingsBuilder(words).weakened())
        self.setObjectName("settings_page")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.search = SearchField(look, look.words("settings.search"), name="find_setting")
        self._nothing = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self._scroll = ScrollPane("panel", (16, 16, 16, 24))
        self._column = column(gap=24)
        self._build()
        self.note = PageNote(look, self, self.search.line)
        self.setFocusProxy(self.search)
        self.search.line.textChanged.connect(self._on_search)
        self._said: OutcomeLine | None = None
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._laid_out.timeout.connect(self._bring_up)
        for outcome in (self.pin.outcome, self.second.outcome, self.weakened.outcome):
            self._keep_in_sight(outcome)

    def show_page(self, page: SettingsPage) -> None:
        """Show the sections that are left, in their places."""
        shown = {row.key for section in page.sections for row in section.rows}
        for section in page.sections:
            self._show_section(section)
        titles = {section.title for section in page.sections}
        for title, place in self._sections.items():
            place.setVisible(title in titles)
        for key, line in self.lines.items():
            line.setVisible(key in shown)
        self._nothing.say(page.nothing_found)
        self._nothing.setVisible(bool(page.nothing_found))

    def setting(self, key: str) -> SettingLine:
        """Return the row of a setting; raises KeyError for one that there is not."""
        line = self.lines[key]
        if not isinstance(line, SettingLine):
            raise KeyError(key)
        return line

    def action(self, key: str) -> ActionLine:
        """Return the row of an action; raises KeyError for one that there is not."""
        line = self.lines[key]
        if not isinstance(line, ActionLine):
            raise KeyError(key)
        return line

    def ask_quit(self) -> None:
        """Bring the way out on screen and ask its question, which nothing here answers."""
        self.search.line.clear()
        line = self.action(QUIT)
        line.press()
        self._scroll.ensureWidgetVisible(line, 0, 24)

    def _on_search(self, text: str) -> None:
        """Begin what is left at its top: the first that was found must not be above the edge."""
        self.search_wanted.emit(text)
        self._scroll.verticalScrollBar().setValue(0)

    def _keep_in_sight(self, outcome: OutcomeLine) -> None:
        """Bring what is said there on screen, with the button above it that it is about."""
        outcome.said.connect(self._on_said)

    def _on_said(self) -> None:
        said = self.sender()
        self._said = said if isinstance(said, OutcomeLine) else None
        # It has its place only once the rows were laid out with it.
        self._laid_out.start()

    def _bring_up(self) -> None:
        if self._said is not None:
            above = self._look.theme.tall(_BUTTON_ABOVE)
            self._scroll.ensureWidgetVisible(self._said, 0, above)

    def _build(self) -> None:
        header = pane("panel", edge="bottom", name="settings_bar")
        least_height(header, self._look.theme, _HEADER)
        title = Text(self._look, Type.TITLE)
        title.say(self._look.words("settings.title"))
        self.search.setMaximumWidth(_SEARCH)
        line = row(header, (16, EDGE, 16, 0), gap=8)
        line.addWidget(title)
        line.addStretch()
        line.addWidget(self.search, 1)
        reading = QWidget()
        reading.setMaximumWidth(_READING)
        reading.setLayout(self._column)
        self._column.addWidget(self._nothing)
        beside = row()
        beside.addWidget(reading, 1)
        beside.addStretch()
        self._scroll.body.addLayout(beside)
        self._scroll.body.addStretch()
        layout = column(self)
        layout.addWidget(header)
        layout.addWidget(self._scroll, 1)

    def _show_section(self, section: SettingSection) -> None:
        place = self._sections.get(section.title)
        if place is None:
            place = self._sections[section.title] = _Section(self._look, section.title)
            self._column.addWidget(place)
        for said in section.rows:
            if said.key in self.lines:
                self._show_again(self.lines[said.key], said)
                continue
            line = self.lines[said.key] = self._line(said)
            place.place.addWidget(line)

    def _line(self, said: Row) -> RowFrame:
        match said:
            case SettingRow():
                line = SettingLine(self._look, said)
                line.changed.connect(self.setting_changed)
                return line
            case ActionRow():
                action = ActionLine(self._look, said)
                action.wanted.connect(self.action_wanted)
                self._keep_in_sight(action.outcome)
                return action
            case PinRow():
                return self.pin
            case SecondRow():
                return self.second
            case WeakenedRow():
                return self.weakened
            case AboutRow():
                return AboutLine(self._look, said)
            case _:
                assert_never(said)

    def _show_again(self, line: RowFrame, said: Row) -> None:
        if isinstance(line, SettingLine) and isinstance(said, SettingRow):
            line.show_setting(said)
        elif isinstance(line, ActionLine) and isinstance(said, ActionRow):
            line.show_action(said)
        elif isinstance(line, AboutLine) and isinstance(said, AboutRow):
            line.show_about(said)
